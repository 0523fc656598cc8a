//! Heat conduction u_t = div(K grad u) + f, stepped implicitly: no step is too large to be stable,
//! however much K jumps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conductivity::Conductivity;
use super::error::EllipticError;
use super::problem::{Compile, EllipticProblem, Terms};

/// u_t = div(K grad u) + f.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Heat {
    /// K: a number, an expression in x, y, z, a tensor or a random field; positive definite.
    /// Default: 1.
    pub conductivity: Conductivity,
}

impl Default for Heat {
    fn default() -> Self {
        Self {
            conductivity: Conductivity::Constant(1.0),
        }
    }
}

impl EllipticProblem for Heat {
    fn terms(
        &self,
        dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>> {
        let tensor = self.conductivity.compile("conductivity", dim, compile)?;
        let varies = !matches!(self.conductivity, Conductivity::Constant(_));
        Ok(tensor.map(|tensor| Terms {
            written_conductivity: varies.then_some("conductivity"),
            ..Terms::diffusion("conductivity", tensor)
        }))
    }
}
