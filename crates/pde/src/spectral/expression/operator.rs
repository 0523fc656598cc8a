//! Linear differential operators with constant coefficients, as polynomials in d/dx, d/dy, d/dz.

use std::collections::BTreeMap;

use num_complex::Complex64;

use crate::spectral::{Symbol, Wavenumber};

/// sum_n c_n (d/dx)^n_x (d/dy)^n_y (d/dz)^n_z, without terms of coefficient 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Operator(BTreeMap<[u32; 3], f64>);

impl Operator {
    /// The identity.
    pub(super) fn identity() -> Self {
        Self(BTreeMap::from([([0; 3], 1.0)]))
    }

    /// The derivative of the given orders.
    pub(super) fn derivative(orders: [u32; 3]) -> Self {
        Self(BTreeMap::from([(orders, 1.0)]))
    }

    /// First derivative along an axis.
    pub(super) fn along(axis: usize) -> Self {
        let mut orders = [0; 3];
        orders[axis] = 1;
        Self::derivative(orders)
    }

    /// The Laplacian in `dim` dimensions.
    pub(super) fn laplace(dim: usize) -> Self {
        let mut sum = Self::default();
        for axis in 0..dim {
            sum.add(&Self::along(axis).after(&Self::along(axis)));
        }
        sum
    }

    /// `laplace`, `bilaplace`, or `d` and the letters of axes (`dxxy`), as an operator.
    pub(super) fn named(name: &str, dim: usize) -> Option<Self> {
        match name {
            "laplace" => Some(Self::laplace(dim)),
            "bilaplace" => Some(Self::laplace(dim).after(&Self::laplace(dim))),
            _ => {
                let letters = name.strip_prefix('d').filter(|rest| !rest.is_empty())?;
                let mut orders = [0; 3];
                for letter in letters.chars() {
                    orders["xyz".find(letter)?] += 1;
                }
                Some(Self::derivative(orders))
            }
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Coefficient of the identity.
    pub(super) fn identity_part(&self) -> f64 {
        self.0.get(&[0; 3]).copied().unwrap_or(0.0)
    }

    /// All terms but the identity.
    pub(super) fn derivative_part(&self) -> Self {
        let mut rest = self.clone();
        rest.0.remove(&[0; 3]);
        rest
    }

    /// Orders and coefficients of the terms.
    pub(super) fn terms(&self) -> impl Iterator<Item = ([u32; 3], f64)> + '_ {
        self.0.iter().map(|(orders, c)| (*orders, *c))
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (orders, c) in other.terms() {
            *self.0.entry(orders).or_insert(0.0) += c;
        }
        self.0.retain(|_, c| *c != 0.0);
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        let mut scaled = self.clone();
        scaled.0.values_mut().for_each(|c| *c *= factor);
        scaled.0.retain(|_, c| *c != 0.0);
        scaled
    }

    /// This operator applied after another.
    pub(super) fn after(&self, first: &Self) -> Self {
        let mut product = Self::default();
        for (a, c) in self.terms() {
            for (b, d) in first.terms() {
                let orders = [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
                product.add(&Self(BTreeMap::from([(orders, c * d)])));
            }
        }
        product
    }

    /// A factor and an operator whose first coefficient is 1: multiples of one operator share
    /// the second.
    pub(super) fn normalised(&self) -> (f64, Self) {
        match self.0.values().next() {
            Some(&first) => {
                let mut operator = self.clone();
                operator.0.values_mut().for_each(|c| *c /= first);
                (first, operator)
            }
            None => (0.0, self.clone()),
        }
    }

    /// The symbol: each derivative gives a factor i k.
    pub(super) fn at(&self, k: Wavenumber) -> Complex64 {
        self.terms()
            .map(|(n, c)| {
                let size =
                    c * k.x.powi(n[0] as i32) * k.y.powi(n[1] as i32) * k.z.powi(n[2] as i32);
                match (n[0] + n[1] + n[2]) % 4 {
                    0 => Complex64::new(size, 0.0),
                    1 => Complex64::new(0.0, size),
                    2 => Complex64::new(-size, 0.0),
                    _ => Complex64::new(0.0, -size),
                }
            })
            .sum()
    }

    /// The symbol, for inputs and outputs.
    pub(super) fn symbol(&self) -> Symbol {
        if self.derivative_part().is_zero() {
            return Symbol::Constant(self.identity_part());
        }
        let operator = self.clone();
        Symbol::of(move |k| operator.at(k))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_those_of_the_derivatives() {
        let k = Wavenumber {
            x: 2.0,
            y: -3.0,
            z: 0.5,
        };
        let at = |name| Operator::named(name, 3).unwrap().at(k);
        assert_eq!(at("dx"), Complex64::new(0.0, 2.0));
        assert_eq!(at("dxy"), Complex64::new(6.0, 0.0));
        assert_eq!(at("dxxx"), Complex64::new(0.0, -8.0));
        assert_eq!(at("dzzzz"), Complex64::new(0.0625, 0.0));
        assert_eq!(at("laplace"), Complex64::new(-13.25, 0.0));
        assert_eq!(at("bilaplace"), Complex64::new(13.25 * 13.25, 0.0));
        assert_eq!(Operator::named("d", 3), None);
        assert_eq!(Operator::named("dt", 3), None);
    }
}
