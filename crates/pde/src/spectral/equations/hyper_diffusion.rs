//! Hyper-diffusion: fourth-order damping that spares long waves.
//!
//! ```text
//! u_t = -mu laplace^2 u
//! L(k) = -mu |k|^4
//! ```
//!
//! What to expect: modes decay by exp(-mu |k|^4 t); unlike diffusion it has no maximum principle,
//! so a step overshoots. Exponential steps are exact for any step size.
//!
//! Sources: the hyper-viscosity of turbulence simulations; exponax and APEBench carry it as one of
//! their linear scenarios.
//! Good values: mu = 7.5e-5 on a box of length 1 damps mode 2 pi by e in 9 time units and mode
//! 20 pi in 1e-3.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Wavenumber};

/// Hyper-diffusion u_t = -mu laplace^2 u, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HyperDiffusion {
    /// Hyper-diffusivity mu, length^4/time. Default: 7.5e-5.
    #[schemars(extend("minimum" = 0.0))]
    pub hyper_diffusivity: f64,
}

impl Default for HyperDiffusion {
    fn default() -> Self {
        Self {
            hyper_diffusivity: 7.5e-5,
        }
    }
}

impl SpectralEquation for HyperDiffusion {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(-self.hyper_diffusivity * k.squared() * k.squared())
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
    fn rhs_is_minus_the_bilaplacian() {
        let equation = HyperDiffusion {
            hyper_diffusivity: 0.2,
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| -0.2 * u.bilaplace(x));
    }
}
