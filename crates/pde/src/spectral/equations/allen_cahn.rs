//! The Allen-Cahn equation: phases that coarsen without conservation.
//!
//! ```text
//! u_t = D laplace u + r (u - u^3)
//! L(k) = r - D |k|^2,    N(u) = -r u^3
//! ```
//!
//! What to expect: u goes to -1 or +1 within a few times 1/r; the walls between, of profile
//! tanh(x sqrt(r / (2 D))), then move by curvature (a disc of radius R obeys R^2 = R0^2 - 2 D t in
//! two dimensions). The energy, the integral of D |grad u|^2/2 + r (1 - u^2)^2/4, never grows. In
//! one dimension walls are almost at rest. Resolve the wall with four points or more.
//!
//! Sources: S. M. Allen and J. W. Cahn, Acta Metall. 27 (1979) 1085; parameters of exponax.
//! Good values: D = 5e-3, r = 1 on a box of length 2 pi.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Allen-Cahn equation u_t = D laplace u + r (u - u^3), field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AllenCahn {
    /// Diffusivity D, length^2/time. Default: 5e-3.
    #[schemars(extend("minimum" = 0.0))]
    pub diffusivity: f64,
    /// Reaction rate r, 1/time. Default: 1.
    pub rate: f64,
}

impl Default for AllenCahn {
    fn default() -> Self {
        Self {
            diffusivity: 5e-3,
            rate: 1.0,
        }
    }
}

impl SpectralEquation for AllenCahn {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(self.rate - self.diffusivity * k.squared())
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::Constant(-self.rate))]
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
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_is_diffusion_plus_bistable_reaction() {
        let equation = AllenCahn {
            diffusivity: 0.2,
            rate: 1.3,
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            0.2 * u.laplace(x) + 1.3 * (u.at(x) - u.at(x).powi(3))
        });
    }
}
