//! The `[solver]` table of spectral problems, and what can be wrong with a problem.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::scheme::Scheme;

/// Fourier pseudo-spectral solution on a periodic grid of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpectralParams {
    /// Time integrator. Default: `etdrk4`.
    pub scheme: Scheme,
    /// Fraction of the modes along each axis that is kept. 2/3 makes products of two fields free
    /// of aliasing, 1/2 products of three, 1 keeps all modes. Equations without nonlinear terms
    /// keep all modes whatever stands here. Dimensionless, at least 0.05, at most 1. Default: 2/3.
    #[schemars(extend("minimum" = 0.05, "maximum" = 1.0))]
    pub dealias: f64,
    /// Points M of the contour on which the coefficients of the exponential integrators are
    /// averaged; a multiple of 4, from 16 to 4096. Default: 32, which is exact to rounding.
    #[schemars(range(min = 16, max = 4096))]
    pub contour_points: usize,
}

impl Default for SpectralParams {
    fn default() -> Self {
        Self {
            scheme: Scheme::default(),
            dealias: 2.0 / 3.0,
            contour_points: 32,
        }
    }
}

impl SpectralParams {
    /// The defaults with another integrator.
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            ..Self::default()
        }
    }
}

/// `2 dimensions`, `1 to 3 dimensions`.
fn dimensions(least: usize, most: usize) -> String {
    match (least, most) {
        (1, 1) => "1 dimension".to_owned(),
        _ if least == most => format!("{least} dimensions"),
        _ => format!("{least} to {most} dimensions"),
    }
}

/// A problem that the spectral solver cannot take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpectralError {
    /// The grid holds cell averages.
    #[error("spectral methods work on point values: give the mesh `points` instead of `cells`")]
    NotPoints,
    /// An axis has ends.
    #[error(
        "spectral methods need a periodic grid, but axis {axis} is not periodic: set `periodic` to true, or use finite volumes"
    )]
    NotPeriodic {
        /// Name of the axis.
        axis: char,
    },
    /// An axis is stretched.
    #[error("spectral methods need equal spacing, but axis {axis} is stretched: use `uniform`")]
    NotUniform {
        /// Name of the axis.
        axis: char,
    },
    /// The equation does not exist in so many dimensions.
    #[error("this equation is for {}, the mesh has {found}", dimensions(*least, *most))]
    Dimension {
        /// Dimensions of the mesh.
        found: usize,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// The equation and the grid do not go together.
    #[error("{reason}")]
    Equation {
        /// What does not fit.
        reason: String,
    },
    /// Too few points for any mode beside the mean.
    #[error(
        "axis {axis} has {points} points: with dealias = {dealias} no mode but the mean is left, at least {least} points are needed"
    )]
    TooFewPoints {
        /// Name of the axis.
        axis: char,
        /// Points of the axis.
        points: usize,
        /// Fraction of modes kept.
        dealias: f64,
        /// Fewest points that work.
        least: usize,
    },
    /// A number out of its range.
    #[error("`{key}` is {value}, it must be {expected}")]
    Range {
        /// Key in the case file.
        key: &'static str,
        /// Number found.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// Neither a step nor a tolerance, or both.
    #[error(
        "the spectral solver takes either `step` (fixed steps) or `tolerance` (error control), found {found}"
    )]
    StepChoice {
        /// What was found.
        found: &'static str,
    },
    /// `cfl` was given.
    #[error(
        "`cfl` = {cfl} chooses the steps of finite volumes; for a spectral solver give `step` or `tolerance`"
    )]
    Cfl {
        /// Courant number given.
        cfl: f64,
    },
    /// No trajectory.
    #[error("a batch needs at least 1 trajectory, found 0")]
    NoTrajectory,
    /// An equation with more inputs or products than the solver's fixed tables hold.
    #[error("the equation has {found} {what}, at most {most} are possible")]
    TooManyOperands {
        /// `inputs` or `products`.
        what: &'static str,
        /// Number found.
        found: usize,
        /// Most that work.
        most: usize,
    },
    /// An input, output or integral of the equation names a field that does not exist.
    #[error("the equation refers to field number {field}, but has {fields} fields")]
    NoSuchField {
        /// Number found.
        field: usize,
        /// Fields of the equation.
        fields: usize,
    },
}
