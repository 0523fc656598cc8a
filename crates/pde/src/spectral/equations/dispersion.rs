//! Linear dispersion, the linear part of the Korteweg-de Vries equation.
//!
//! ```text
//! u_t + delta d/dx laplace u = 0        (1-D: u_t + delta u_xxx = 0)
//! L(k) = i delta k_x |k|^2
//! ```
//!
//! What to expect: modes keep their amplitude and travel with phase speed -delta |k|^2 along x,
//! so a pulse breaks up into a train of waves, the short ones ahead. L is imaginary: exponential
//! steps are exact for any step size only with complex coefficients.
//!
//! Sources: G. B. Whitham, Linear and Nonlinear Waves (1974), chapter 11; exponax and APEBench.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Wavenumber};

/// Linear dispersion u_t + delta d/dx laplace u = 0, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Dispersion {
    /// Dispersion coefficient delta, length^3/time. Default: 2.5e-4.
    pub dispersion: f64,
}

impl Default for Dispersion {
    fn default() -> Self {
        Self { dispersion: 2.5e-4 }
    }
}

impl SpectralEquation for Dispersion {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::new(0.0, self.dispersion * k.x * k.squared())
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        Vec::new()
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        Vec::new()
    }

    fn products(&self, _row: Row<'_>, _inputs: &[&[f64]], _products: &mut [&mut [f64]]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_is_minus_the_third_derivative() {
        let equation = Dispersion { dispersion: 0.4 };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            -0.4 * (u.d([3, 0, 0], x) + u.d([1, 2, 0], x) + u.d([1, 0, 2], x))
        });
    }
}
