//! Steady diffusion -div(K grad u) + r u = f, with K a number, a function or a symmetric tensor.
//!
//! K may jump from cell to cell: the normal flux uses its harmonic mean. Jumps that run along cell
//! faces keep the order 2; where they cross cells the order falls to 1 near them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conductivity::{Coefficient, Conductivity};
use super::error::EllipticError;
use super::problem::{Compile, EllipticProblem, Terms};

/// -div(K grad u) + r u = f.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SteadyDiffusion {
    /// K: a number, an expression in x, y, z, a tensor `{ xx = ..., yy = ..., xy = ... }` or a
    /// random field `{ kind = "log_normal", ... }`; positive definite. Default: 1.
    pub conductivity: Conductivity,
    /// r, a number or an expression; not negative. Default: 0.
    pub reaction: Coefficient,
}

impl Default for SteadyDiffusion {
    fn default() -> Self {
        Self {
            conductivity: Conductivity::Constant(1.0),
            reaction: Coefficient::Constant(0.0),
        }
    }
}

impl EllipticProblem for SteadyDiffusion {
    fn terms(
        &self,
        dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>> {
        let tensor = self.conductivity.compile("conductivity", dim, compile)?;
        let reaction = match self.reaction.constant() {
            Some(0.0) => None,
            _ => match compile("reaction", &self.reaction) {
                Some(reaction) => Some(reaction),
                None => return Ok(None),
            },
        };
        let varies = !matches!(self.conductivity, Conductivity::Constant(_));
        Ok(tensor.map(|tensor| Terms {
            reaction,
            written_conductivity: varies.then_some("conductivity"),
            ..Terms::diffusion("conductivity", tensor)
        }))
    }
}
