//! The Cahn-Hilliard equation: a mixture that separates and keeps its mass.
//!
//! ```text
//! u_t = D laplace (u^3 - u - gamma laplace u)
//! L(k) = D |k|^2 - D gamma |k|^4,    N(u) = -D |k|^2 (u^3)^
//! ```
//!
//! What to expect: a mixture with |u| < 1/sqrt(3) separates, fastest at |k|^2 = 1/(2 gamma), into
//! regions of u = -1 and +1 with walls tanh(x / sqrt(2 gamma)), which coarsen slowly: lengths grow
//! as t^(1/3). The integral of u is conserved exactly, and the energy, the integral of
//! (1 - u^2)^2/4 + gamma |grad u|^2/2, never grows. N is stiff too (second derivatives of u^3):
//! steps much above gamma / D lose accuracy in the walls.
//!
//! Sources: J. W. Cahn and J. E. Hilliard, J. Chem. Phys. 28 (1958) 258; parameters of exponax.
//! Good values: D = 1e-2, gamma = 1e-3 on a box of length 1, which needs 64 points or more.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Cahn-Hilliard equation u_t = D laplace (u^3 - u - gamma laplace u), field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CahnHilliard {
    /// Mobility D, length^2/time. Default: 1e-2.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub mobility: f64,
    /// Gradient energy coefficient gamma, length^2; walls are about 4 sqrt(gamma) wide.
    /// Default: 1e-3.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub gamma: f64,
}

impl Default for CahnHilliard {
    fn default() -> Self {
        Self {
            mobility: 1e-2,
            gamma: 1e-3,
        }
    }
}

impl SpectralEquation for CahnHilliard {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        let k2 = k.squared();
        Complex64::from(self.mobility * k2 * (1.0 - self.gamma * k2))
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        let mobility = self.mobility;
        let laplace = Symbol::of(move |k| Complex64::from(-mobility * k.squared()));
        vec![Operand::new(0, laplace)]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (g, u) in products[0].iter_mut().zip(inputs[0]) {
            *g = u * u * u;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::{Reference, Waves, assert_rhs_equals};

    #[test]
    fn rhs_is_the_laplacian_of_the_chemical_potential() {
        let equation = CahnHilliard {
            mobility: 0.3,
            gamma: 0.05,
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            let v = u.at(x);
            let laplace_cubed = 3.0 * v * v * u.laplace(x) + 6.0 * v * u.grad2(x);
            0.3 * (laplace_cubed - u.laplace(x) - 0.05 * u.bilaplace(x))
        });
    }

    #[test]
    fn mass_does_not_change() {
        let grid = Reference::new(2, 14);
        let rates = grid.rhs(&CahnHilliard::default(), &[Waves::generic(2, 1)], 0.0);
        let scale: f64 = rates[0].iter().map(|r| r.abs()).sum();
        assert!(rates[0].iter().sum::<f64>().abs() < 1e-13 * scale);
    }
}
