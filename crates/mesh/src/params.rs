//! The `[mesh]` table of a case file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, MeshError};
use crate::grid::{Centring, Grid};

/// A Cartesian grid in one, two or three dimensions: one list entry an axis, in the order x, y, z.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeshParams {
    /// Number of cells along each axis; values are cell averages. Give one of `cells`, `points`
    /// and `layers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3), inner(range(min = 1)))]
    pub cells: Option<Vec<usize>>,
    /// Number of points along each axis; values stand at the points. On a periodic axis the point
    /// at `upper` is the one at `lower` and is not counted. Spectral methods need `points`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3), inner(range(min = 2)))]
    pub points: Option<Vec<usize>>,
    /// The cells of a mesh with one axis, layer by layer, the first beginning at `lower`: instead
    /// of `cells`, `upper` and `stretching`. Faces stand exactly where one layer meets the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub layers: Option<Vec<Layer>>,
    /// Lower end of each axis, in length units. Default: 0 on every axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub lower: Option<Vec<f64>>,
    /// Upper end of each axis, in length units. With `layers` it is the end of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub upper: Option<Vec<f64>>,
    /// Whether the two ends of each axis are identified. Default: true on every axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub periodic: Option<Vec<bool>>,
    /// How the spacing varies along each axis. Default: uniform on every axis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3))]
    pub stretching: Option<Vec<Stretching>>,
}

/// A layer of cells: from the end of the layer before it, or the lower end of the axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Coordinate where the layer ends, in length units; above the end of the layer before.
    pub to: f64,
    /// Number of cells.
    #[schemars(range(min = 1))]
    pub cells: usize,
    /// How the spacing varies through the layer. Default: uniform.
    #[serde(default, skip_serializing_if = "Stretching::is_uniform")]
    pub stretching: Stretching,
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
        if let Some(layers) = &self.layers {
            return self.build_layers(layers);
        }
        let mut errors = Vec::new();
        let (centring, counts) = match (&self.cells, &self.points) {
            (Some(cells), None) => (Centring::Cell, cells),
            (None, Some(points)) => (Centring::Point, points),
            (Some(_), Some(_)) => return Err(vec![MeshError::Centring { found: "both" }]),
            (None, None) => return Err(vec![MeshError::Centring { found: "neither" }]),
        };
        let Some(upper) = &self.upper else {
            return Err(vec![MeshError::NoUpper]);
        };
        let dim = counts.len();
        let mut lengths = vec![("upper", upper.len())];
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
            match make(name, lower, upper[a], n, periodic, &stretching) {
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

    /// One axis of cells, layer by layer.
    fn build_layers(&self, layers: &[Layer]) -> Result<Grid, Vec<MeshError>> {
        let mut errors = Vec::new();
        for (key, given) in [
            ("cells", self.cells.is_some()),
            ("points", self.points.is_some()),
            ("upper", self.upper.is_some()),
            ("stretching", self.stretching.is_some()),
        ] {
            if given {
                errors.push(MeshError::BesideLayers { key });
            }
        }
        for (key, found) in [
            ("lower", self.lower.as_ref().map(Vec::len)),
            ("periodic", self.periodic.as_ref().map(Vec::len)),
        ] {
            if let Some(found) = found.filter(|&n| n != 1) {
                let expected = 1;
                errors.push(MeshError::Axes {
                    key,
                    found,
                    expected,
                });
            }
        }
        let lower = self.lower.as_ref().map_or(0.0, |v| v[0]);
        let periodic = self.periodic.as_ref().is_none_or(|v| v[0]);
        match Axis::layered_cells('x', lower, layers, periodic) {
            Ok(axis) if errors.is_empty() => Ok(Grid::new(Centring::Cell, vec![axis])),
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Layer, MeshParams, Stretching};
    use crate::axis::MeshError;

    fn layer(to: f64, cells: usize) -> Layer {
        Layer {
            to,
            cells,
            stretching: Stretching::Uniform,
        }
    }

    fn layered(layers: Vec<Layer>) -> MeshParams {
        MeshParams {
            lower: Some(vec![-1.0]),
            layers: Some(layers),
            periodic: Some(vec![false]),
            ..MeshParams::default()
        }
    }

    #[test]
    fn faces_stand_exactly_at_the_ends_of_the_layers() {
        let ends = [0.1, 0.3, 1.0 / 3.0, 2.0];
        let mut layers: Vec<Layer> = ends.iter().map(|&to| layer(to, 7)).collect();
        layers[1].stretching = Stretching::Tanh { strength: 2.0 };
        layers[3].stretching = Stretching::Geometric { ratio: 5.0 };
        let grid = layered(layers).build().unwrap();
        let axis = &grid.axes()[0];
        assert_eq!(axis.len(), 28);
        assert_eq!(axis.faces()[0], -1.0);
        for (k, end) in ends.iter().enumerate() {
            assert_eq!(axis.faces()[7 * (k + 1)], *end);
        }
        assert!(axis.faces().windows(2).all(|f| f[1] > f[0]));
        assert!(!axis.is_uniform());
    }

    #[test]
    fn one_layer_is_the_axis_that_cells_and_upper_give_and_equal_widths_are_uniform() {
        let plain = MeshParams {
            cells: Some(vec![12]),
            lower: Some(vec![-1.0]),
            upper: Some(vec![0.5]),
            periodic: Some(vec![false]),
            ..MeshParams::default()
        };
        let one = layered(vec![layer(0.5, 12)]).build().unwrap();
        assert_eq!(one, plain.build().unwrap());
        let two = layered(vec![layer(-0.7, 3), layer(0.3, 10)]);
        assert!(two.build().unwrap().is_uniform());
        let two = layered(vec![layer(-0.7, 3), layer(0.3, 9)]);
        assert!(!two.build().unwrap().is_uniform());
    }

    #[test]
    fn every_fault_of_the_layers_is_reported() {
        let mut mesh = layered(vec![layer(0.0, 0), layer(0.0, 4), layer(f64::NAN, 1)]);
        mesh.upper = Some(vec![1.0]);
        mesh.lower = Some(vec![-1.0, 0.0]);
        let errors = mesh.build().unwrap_err();
        let place = |error: &MeshError| match error {
            MeshError::BesideLayers { key } | MeshError::Axes { key, .. } => (9, *key),
            MeshError::Layer { number, key, .. } => (*number, *key),
            other => panic!("{other}"),
        };
        let places: Vec<_> = errors.iter().map(place).collect();
        assert_eq!(
            places,
            [
                (9, "upper"),
                (9, "lower"),
                (0, "cells"),
                (1, "to"),
                (2, "to")
            ]
        );
        let mut mesh = layered(vec![layer(0.5, 3)]);
        mesh.layers = None;
        mesh.cells = Some(vec![3]);
        assert_eq!(mesh.build().unwrap_err(), [MeshError::NoUpper]);
    }
}
