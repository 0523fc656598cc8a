//! Flow through porous ground: -div(K grad p) = q, with the velocity v = -K grad p.
//!
//! The velocity written for a cell is, along each axis, the mean of those of its two faces. The
//! face velocities themselves balance q in every cell, to the accuracy of the solve:
//! `cell_balance(p)` is the largest imbalance of a cell over the flow through the domain.
//!
//! Good values: sigma 1 to 3 and correlation lengths of 5 cells and more.

use pdesolve_core::FieldSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conductivity::Conductivity;
use super::error::EllipticError;
use super::problem::{Compile, EllipticProblem, Terms};

/// -div(K grad p) = q, v = -K grad p.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Darcy {
    /// K: a number, an expression in x, y, z, a tensor, or a random field
    /// `{ kind = "log_normal", sigma = 2, correlation_length = 0.1 }`; positive definite. Default: 1.
    pub permeability: Conductivity,
}

impl Default for Darcy {
    fn default() -> Self {
        Self {
            permeability: Conductivity::Constant(1.0),
        }
    }
}

impl EllipticProblem for Darcy {
    fn field(&self) -> FieldSpec {
        FieldSpec::new("p")
    }

    fn terms(
        &self,
        dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>> {
        let tensor = self.permeability.compile("permeability", dim, compile)?;
        Ok(tensor.map(|tensor| Terms {
            written_conductivity: Some("permeability"),
            written_flux: Some("velocity"),
            ..Terms::diffusion("permeability", tensor)
        }))
    }
}
