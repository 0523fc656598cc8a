//! Helmholtz' equation -laplace u - k^2 u = f, real: standing waves in a closed cavity.
//!
//! The matrix is symmetric but indefinite as soon as k^2 exceeds the lowest eigenvalue of -laplace
//! (pi^2 (1/a^2 + 1/b^2) in an a x b box with u = 0 around): conjugate gradients fail, MINRES
//! works, slowly. Near an eigenvalue u grows without bound. Take 10 cells a wave length 2 pi / k and
//! more: the phase error grows as k^3 h^2.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conductivity::{Coefficient, Tensor};
use super::error::EllipticError;
use super::problem::{Compile, EllipticProblem, Terms};

/// -laplace u - k^2 u = f.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Helmholtz {
    /// k: a number or an expression in x, y, z, in 1/length. Default: 1.
    pub wave_number: Coefficient,
}

impl Default for Helmholtz {
    fn default() -> Self {
        Self {
            wave_number: Coefficient::Constant(1.0),
        }
    }
}

impl EllipticProblem for Helmholtz {
    fn terms(
        &self,
        _dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>> {
        let unit = compile("", &Coefficient::Constant(1.0));
        let (Some(unit), Some(k)) = (unit, compile("wave_number", &self.wave_number)) else {
            return Ok(None);
        };
        Ok(Some(Terms {
            reaction: Some(Arc::new(move |t, place| -k(t, place).powi(2))),
            indefinite: true,
            ..Terms::diffusion("", Tensor::Isotropic(unit))
        }))
    }
}
