//! Steady transport div(c u) - div(D grad u) = f in a given flow c.
//!
//! With central advection the order is 2, but where the cell Peclet number |c| h / D exceeds 2 the
//! solution oscillates from cell to cell. Upwind advection never does (the matrix is an M-matrix),
//! at order 1: it adds the diffusivity |c| h / 2.
//!
//! A Dirichlet value at an outlet makes a boundary layer of width D / |c|; a Neumann condition with
//! gradient 0 lets the flow carry u out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conductivity::{Coefficient, Conductivity};
use super::error::EllipticError;
use super::problem::{Compile, EllipticProblem, Terms};

/// The value that the flow carries through a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdvectionScheme {
    /// That of the cell from which the flow comes: order 1, free of oscillation.
    Upwind,
    /// Interpolated between both cells: order 2 where |c| h / D is below 2.
    #[default]
    Central,
}

/// div(c u) - div(D grad u) = f.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SteadyAdvectionDiffusion {
    /// c, one entry an axis: a number or an expression in x, y, z. Default: 1 along x.
    #[schemars(length(min = 1, max = 3))]
    pub velocity: Vec<Coefficient>,
    /// D: a number, an expression or a tensor; positive definite. Default: 0.1.
    pub diffusivity: Conductivity,
    /// Value that the flow carries through a face. Default: `central`.
    pub advection: AdvectionScheme,
}

impl Default for SteadyAdvectionDiffusion {
    fn default() -> Self {
        Self {
            velocity: vec![Coefficient::Constant(1.0)],
            diffusivity: Conductivity::Constant(0.1),
            advection: AdvectionScheme::default(),
        }
    }
}

impl EllipticProblem for SteadyAdvectionDiffusion {
    fn terms(
        &self,
        dim: usize,
        compile: &mut Compile<'_>,
    ) -> Result<Option<Terms>, Vec<EllipticError>> {
        if self.velocity.len() != dim {
            return Err(vec![EllipticError::Coefficient {
                key: "velocity".to_owned(),
                reason: format!(
                    "`velocity` has {} entries, but the mesh has {dim} axes",
                    self.velocity.len()
                ),
            }]);
        }
        let tensor = self.diffusivity.compile("diffusivity", dim, compile)?;
        let velocity: Vec<_> = self
            .velocity
            .iter()
            .enumerate()
            .filter_map(|(axis, entry)| compile(&format!("velocity[{axis}]"), entry))
            .collect();
        if velocity.len() < dim {
            return Ok(None);
        }
        Ok(tensor.map(|tensor| Terms {
            velocity: Some((velocity, self.advection)),
            ..Terms::diffusion("diffusivity", tensor)
        }))
    }
}
