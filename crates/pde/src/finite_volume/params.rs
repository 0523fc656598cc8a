//! The `[solver]` table of a finite-volume case, and what can be wrong with one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::muscl::Limiter;
use super::numerical_flux::NumericalFlux;

/// How states at the faces are found from cell averages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reconstruction {
    /// Constant in each cell: order 1, monotone.
    Upwind,
    /// A limited line in each cell: order 2, free of oscillation; also on stretched grids.
    #[default]
    Muscl,
    /// WENO with the weights of Jiang and Shu: order 5, for u of order one, equal cells.
    Weno5,
    /// WENO with the weights of Borges et al.: order 5, sharper, for u of any size, equal cells.
    Weno5Z,
}

/// How the diffusive term is stepped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Diffusion {
    /// Implicit where explicit steps would have to be much smaller than the Courant number asks
    /// (a quarter in 1-D, a sixteenth in 2-D) or than the fixed step; decided at the first step.
    #[default]
    Auto,
    /// Explicit: steps stay below 0.4 h^2 / (nu dim).
    Explicit,
    /// Implicit: the step is not limited by diffusion.
    Implicit,
}

/// Finite volumes: SSP Runge-Kutta in time, upwind, MUSCL or WENO5 in space.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FiniteVolumeParams {
    /// How states at the faces are found from cell averages. Default: `muscl`.
    pub reconstruction: Reconstruction,
    /// Slope limiter of `muscl`. Default: `van_leer`.
    pub limiter: Limiter,
    /// Flux between the two states at a face. Default: `godunov`.
    pub flux: NumericalFlux,
    /// How the diffusive term is stepped. Default: `auto`.
    pub diffusion: Diffusion,
}

/// A finite-volume problem that cannot be set up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FiniteVolumeError {
    /// The grid has three axes.
    #[error("finite volumes work on meshes with 1 or 2 axes, this one has {found}")]
    Dimensions {
        /// Axes of the grid.
        found: usize,
    },
    /// The values stand at points.
    #[error("finite volumes need `cells` in the mesh, this one has `points`")]
    Centring,
    /// WENO5 on unequal cells.
    #[error(
        "`weno5` needs cells of equal size, but axis {axis} is stretched: use `muscl` or `upwind`"
    )]
    Stretched {
        /// Axis name.
        axis: char,
    },
    /// A parameter of the equation.
    #[error("{reason}")]
    Law {
        /// What is wrong with it.
        reason: String,
    },
    /// A boundary has no condition.
    #[error(
        "boundary `{name}` has no condition: give one (wall, inflow, outflow, dirichlet, neumann) or make axis {axis} periodic"
    )]
    MissingCondition {
        /// Name of the boundary.
        name: &'static str,
        /// Its axis.
        axis: char,
    },
    /// A condition for a boundary that is identified with the opposite one.
    #[error("boundary `{name}` has a condition, but axis {axis} is periodic")]
    PeriodicCondition {
        /// Name of the boundary.
        name: &'static str,
        /// Its axis.
        axis: char,
    },
    /// A condition for a boundary the grid lacks.
    #[error("there is no boundary `{name}`: this mesh has {}", .known.join(", "))]
    UnknownBoundary {
        /// Name given.
        name: String,
        /// Names of the grid's boundaries.
        known: Vec<&'static str>,
    },
    /// A key of `[time]` out of range.
    #[error("`{key}` is {found}, {expected}")]
    Time {
        /// Name of the key.
        key: &'static str,
        /// Value found.
        found: f64,
        /// What is expected.
        expected: &'static str,
    },
    /// A fixed step too large for explicit diffusion.
    #[error(
        "`step` is {step:.3e}, but explicit diffusion on this mesh is stable only below {limit:.3e}: use a smaller step, or diffusion = \"implicit\""
    )]
    DiffusiveLimit {
        /// Step asked for.
        step: f64,
        /// Largest stable step.
        limit: f64,
    },
}
