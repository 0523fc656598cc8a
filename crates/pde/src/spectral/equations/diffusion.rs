//! Diffusion (the heat equation).
//!
//! ```text
//! u_t = D laplace u
//! L(k) = -D |k|^2
//! ```
//!
//! What to expect: each Fourier mode decays by exp(-D |k|^2 t), the integral stays, extrema
//! shrink. Exponential steps are exact for any step size.
//!
//! Sources: J. Fourier 1822; exponax and APEBench (D = 0.008 on a box of length 1).

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Wavenumber};

/// Diffusion u_t = D laplace u, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Diffusion {
    /// Diffusivity D, length^2/time. Default: 0.008.
    #[schemars(extend("minimum" = 0.0))]
    pub diffusivity: f64,
}

impl Default for Diffusion {
    fn default() -> Self {
        Self { diffusivity: 0.008 }
    }
}

impl SpectralEquation for Diffusion {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(-self.diffusivity * k.squared())
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
    fn rhs_is_the_laplacian() {
        let equation = Diffusion { diffusivity: 0.7 };
        assert_rhs_equals(&equation, 1..=3, |u, x| 0.7 * u.laplace(x));
    }
}
