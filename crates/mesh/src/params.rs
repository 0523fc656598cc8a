//! The `[mesh]` table of a case file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, MeshError};
use crate::grid::{Centring, Grid};

/// A Cartesian grid in one, two or three dimensions: one list entry an axis, in the order x, y, z.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeshParams {
    /// Number of cells along each axis; values are cell averages. Give either `cells` or `points`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3), inner(range(min = 1)))]
    pub cells: Option<Vec<usize>>,
    /// Number of points along each axis; values stand at the points. On a periodic axis the point
    /// at `upper` is the one at `lower` and is not counted. Spectral methods need `points`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3), inner(range(min = 2)))]
    pub points: Option<Vec<usize>>,
    /// Lower end of each axis, in length units. Default: 0 on every axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub lower: Option<Vec<f64>>,
    /// Upper end of each axis, in length units.
    #[schemars(length(min = 1, max = 3))]
    pub upper: Vec<f64>,
    /// Whether the two ends of each axis are identified. Default: true on every axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub periodic: Option<Vec<bool>>,
    /// How the spacing varies along each axis. Default: uniform on every axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub stretching: Option<Vec<Stretching>>,
}

/// How the spacing varies along an axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Stretching {
    /// Equal spacing.
    #[default]
    Uniform,
    /// Spacing grows by a constant factor from one cell to the next; the last cell is `ratio`
    /// times the first.
    Geometric {
        /// Last spacing over first spacing, in the limit of many cells; positive.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        ratio: f64,
    },
    /// Spacing refined towards both ends: x = (1 + tanh(s (2 xi - 1)) / tanh(s)) / 2.
    Tanh {
        /// Strength s; positive, 1 is mild, 3 is strong.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        strength: f64,
    },
}

impl Stretching {
    /// Whether this leaves the spacing equal.
    pub fn is_uniform(&self) -> bool {
        matches!(self, Self::Uniform)
    }

    /// The monotone map of [0, 1] onto itself.
    pub(crate) fn map(&self, axis: char) -> Result<Box<dyn Fn(f64) -> f64>, MeshError> {
        let bad = |reason: String| Err(MeshError::Stretching { axis, reason });
        match *self {
            Self::Uniform => Ok(Box::new(|xi| xi)),
            Self::Geometric { ratio } if !(ratio.is_finite() && ratio > 0.0) => {
                bad(format!("`ratio` is {ratio}, it must be positive"))
            }
            Self::Geometric { ratio } if (ratio - 1.0).abs() < 1e-12 => Ok(Box::new(|xi| xi)),
            Self::Geometric { ratio } => {
                let growth = ratio.ln();
                Ok(Box::new(move |xi| (growth * xi).exp_m1() / growth.exp_m1()))
            }
            Self::Tanh { strength } if !(strength.is_finite() && strength > 0.0) => {
                bad(format!("`strength` is {strength}, it must be positive"))
            }
            Self::Tanh { strength } => Ok(Box::new(move |xi| {
                0.5 * (1.0 + (strength * (2.0 * xi - 1.0)).tanh() / strength.tanh())
            })),
        }
    }
}

impl MeshParams {
    /// Builds the grid.
    ///
    /// # Errors
    /// All that is wrong with the table, not only the first thing.
    pub fn build(&self) -> Result<Grid, Vec<MeshError>> {
        let mut errors = Vec::new();
        let (centring, counts) = match (&self.cells, &self.points) {
            (Some(cells), None) => (Centring::Cell, cells),
            (None, Some(points)) => (Centring::Point, points),
            (Some(_), Some(_)) => return Err(vec![MeshError::Centring { found: "both" }]),
            (None, None) => return Err(vec![MeshError::Centring { found: "neither" }]),
        };
        let dim = counts.len();
        let mut lengths = vec![("upper", self.upper.len())];
        lengths.extend(self.lower.as_ref().map(|v| ("lower", v.len())));
        lengths.extend(self.periodic.as_ref().map(|v| ("periodic", v.len())));
        lengths.extend(self.stretching.as_ref().map(|v| ("stretching", v.len())));
        for (key, found) in lengths {
            if found != dim {
                errors.push(MeshError::Axes {
                    key,
                    found,
                    expected: dim,
                });
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut axes = Vec::with_capacity(dim);
        for (a, (&n, name)) in counts.iter().zip(['x', 'y', 'z']).enumerate() {
            let lower = self.lower.as_ref().map_or(0.0, |v| v[a]);
            let periodic = self.periodic.as_ref().is_none_or(|v| v[a]);
            let stretching = self
                .stretching
                .as_ref()
                .map_or(Stretching::Uniform, |v| v[a].clone());
            let make = match centring {
                Centring::Cell => Axis::stretched_cells,
                Centring::Point => Axis::stretched_points,
            };
            match make(name, lower, self.upper[a], n, periodic, &stretching) {
                Ok(axis) => axes.push(axis),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(Grid::new(centring, axes))
        } else {
            Err(errors)
        }
    }
}
