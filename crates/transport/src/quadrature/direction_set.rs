//! Directions on the unit sphere.
//!
//! Weights sum to 4 pi, the area of the sphere. The z axis is the polar axis: that of a cylinder.

use super::self_test::{MomentError, MomentKind};

/// Directions and weights on the unit sphere.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectionSet {
    /// Unit vectors (x, y, z): `[direction]`.
    pub omega: Vec<[f64; 3]>,
    /// Weights, sum 4 pi: `[direction]`.
    pub weight: Vec<f64>,
    /// All polynomials in x, y, z up to this degree are integrated exactly.
    pub exact: usize,
    /// All powers of z up to this one are integrated exactly.
    pub exact_axial: usize,
}

impl DirectionSet {
    /// The set with all reflections of the directions of one octant; `weight` sums to anything.
    pub(super) fn from_octant(
        octant: &[([f64; 3], f64)],
        exact: usize,
        exact_axial: usize,
    ) -> Self {
        let sum: f64 = octant.iter().map(|(_, w)| w).sum();
        let scale = std::f64::consts::FRAC_PI_2 / sum;
        let (mut omega, mut weight) = (Vec::new(), Vec::new());
        for signs in 0..8 {
            let sign = |axis: usize| if signs >> axis & 1 == 0 { 1.0 } else { -1.0 };
            for (direction, w) in octant {
                omega.push([0, 1, 2].map(|axis| sign(axis) * direction[axis]));
                weight.push(scale * w);
            }
        }
        Self {
            omega,
            weight,
            exact,
            exact_axial,
        }
    }

    /// Number of directions.
    pub fn len(&self) -> usize {
        self.omega.len()
    }

    /// Whether there are no directions.
    pub fn is_empty(&self) -> bool {
        self.omega.is_empty()
    }

    /// Mean of x^a y^b z^c over the sphere.
    pub fn mean(&self, [a, b, c]: [usize; 3]) -> f64 {
        let sum: f64 = (self.omega.iter().zip(&self.weight))
            .map(|([x, y, z], w)| w * x.powi(a as i32) * y.powi(b as i32) * z.powi(c as i32))
            .sum();
        sum / (4.0 * std::f64::consts::PI)
    }

    /// How well the means of all monomials x^a y^b z^c and of the powers of z are met, degree by
    /// degree up to `degree`.
    pub fn self_test(&self, degree: usize) -> Vec<MomentError> {
        let mut table = Vec::new();
        for d in 0..=degree {
            let mut error: f64 = 0.0;
            for a in 0..=d {
                for b in 0..=d - a {
                    let power = [a, b, d - a - b];
                    error = error.max((self.mean(power) - exact_mean(power)).abs());
                }
            }
            table.push(MomentError {
                kind: MomentKind::Sphere,
                degree: d,
                error,
                exact: d <= self.exact,
            });
        }
        table.extend((0..=degree).map(|d| MomentError {
            kind: MomentKind::Axial,
            degree: d,
            error: (self.mean([0, 0, d]) - exact_mean([0, 0, d])).abs(),
            exact: d <= self.exact_axial,
        }));
        table
    }
}

/// Mean of x^a y^b z^c over the sphere: (a-1)!! (b-1)!! (c-1)!!/(a+b+c+1)!! where all are even.
pub(super) fn exact_mean(power: [usize; 3]) -> f64 {
    if power.iter().any(|p| p % 2 == 1) {
        return 0.0;
    }
    let odd = |n: usize| (1..=n).step_by(2).map(|k| k as f64).product::<f64>();
    let above: f64 = power.iter().map(|&p| odd(p)).product();
    above / odd(power.iter().sum::<usize>() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_means_are_those_of_the_sphere() {
        assert_eq!(exact_mean([0, 0, 0]), 1.0);
        assert!((exact_mean([2, 0, 0]) - 1.0 / 3.0).abs() < 1e-16);
        assert!((exact_mean([2, 2, 0]) - 1.0 / 15.0).abs() < 1e-16);
        assert!((exact_mean([2, 2, 2]) - 1.0 / 105.0).abs() < 1e-16);
        assert!((exact_mean([0, 6, 0]) - 1.0 / 7.0).abs() < 1e-16);
        assert_eq!(exact_mean([1, 2, 0]), 0.0);
    }
}
