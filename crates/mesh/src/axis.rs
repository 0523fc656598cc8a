//! One coordinate axis of a Cartesian grid.

use crate::params::{Layer, Stretching};

/// A grid that cannot be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MeshError {
    /// Too few samples along an axis.
    #[error("axis {axis} has {found} {what}, at least {least} are needed")]
    TooFew {
        /// Axis name.
        axis: char,
        /// `cells` or `points`.
        what: &'static str,
        /// Number asked for.
        found: usize,
        /// Least number that works.
        least: usize,
    },
    /// `upper` is not above `lower`, or one of them is not finite.
    #[error("axis {axis} runs from {lower} to {upper}: both must be finite and upper above lower")]
    Extent {
        /// Axis name.
        axis: char,
        /// Lower end.
        lower: f64,
        /// Upper end.
        upper: f64,
    },
    /// Two lists that describe the same axes have different lengths.
    #[error("`{key}` has {found} entries, but the mesh has {expected} axes")]
    Axes {
        /// Key in the case file.
        key: &'static str,
        /// Entries found.
        found: usize,
        /// Entries expected.
        expected: usize,
    },
    /// Both or none of `cells` and `points` are given.
    #[error("a mesh has either `cells` or `points`, found {found}")]
    Centring {
        /// What was found.
        found: &'static str,
    },
    /// A mesh of `cells` or `points` without `upper`.
    #[error("[mesh] lacks the key `upper`")]
    NoUpper,
    /// A key that `layers` makes superfluous.
    #[error("`{key}` stands beside `layers`, which say this already")]
    BesideLayers {
        /// Key in the case file.
        key: &'static str,
    },
    /// A bad layer.
    #[error("layer {number}: {reason}")]
    Layer {
        /// Its number, from 0.
        number: usize,
        /// Its key that is wrong.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Stored coordinates that do not form an axis.
    #[error("axis {axis}: {reason}")]
    Coordinates {
        /// Axis name.
        axis: char,
        /// What is wrong with them.
        reason: String,
    },
    /// A stretching parameter out of its range.
    #[error("axis {axis}: {reason}")]
    Stretching {
        /// Axis name.
        axis: char,
        /// What is wrong with it.
        reason: String,
    },
}

/// An axis: `n` samples between `lower` and `upper`.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    name: char,
    periodic: bool,
    uniform: bool,
    faces: Vec<f64>,
    samples: Vec<f64>,
}

impl Axis {
    /// `n` cells of equal size; values are cell averages.
    ///
    /// # Errors
    /// [`MeshError`] for an empty axis or a bad extent.
    pub fn cells(
        name: char,
        lower: f64,
        upper: f64,
        n: usize,
        periodic: bool,
    ) -> Result<Self, MeshError> {
        Self::stretched_cells(name, lower, upper, n, periodic, &Stretching::Uniform)
    }

    /// `n` cells whose sizes follow `stretching`.
    ///
    /// # Errors
    /// [`MeshError`] for an empty axis, a bad extent or a bad stretching parameter.
    pub fn stretched_cells(
        name: char,
        lower: f64,
        upper: f64,
        n: usize,
        periodic: bool,
        stretching: &Stretching,
    ) -> Result<Self, MeshError> {
        check(name, "cells", lower, upper, n, 1)?;
        let map = stretching.map(name)?;
        let faces = subdivide(lower, upper, n, &map);
        let samples = faces.windows(2).map(|f| 0.5 * (f[0] + f[1])).collect();
        Ok(Self {
            name,
            periodic,
            uniform: stretching.is_uniform(),
            faces,
            samples,
        })
    }

    /// The cells of `layers`, one layer after the other, the first beginning at `lower`. The axis
    /// is uniform where all cells have the same width.
    ///
    /// # Errors
    /// All that is wrong with the layers: [`MeshError::Layer`] each, or [`MeshError::Extent`].
    pub fn layered_cells(
        name: char,
        lower: f64,
        layers: &[Layer],
        periodic: bool,
    ) -> Result<Self, Vec<MeshError>> {
        let mut errors = Vec::new();
        let mut faces = vec![lower];
        let mut from = lower;
        for (number, layer) in layers.iter().enumerate() {
            let mut bad = |key: &'static str, reason: String| {
                errors.push(MeshError::Layer {
                    number,
                    key,
                    reason,
                });
            };
            let Layer {
                to,
                cells,
                stretching,
            } = layer;
            if *cells == 0 {
                bad("cells", "it has no cells".to_owned());
            } else if !to.is_finite() || *to <= from {
                let reason = format!("it ends at {to}, which is not above its beginning at {from}");
                bad("to", reason);
            } else {
                match stretching.map(name) {
                    Ok(map) => faces.extend(subdivide(from, *to, *cells, &map).drain(1..)),
                    Err(MeshError::Stretching { reason, .. }) => bad("stretching", reason),
                    Err(other) => errors.push(other),
                }
            }
            if to.is_finite() {
                from = *to;
            }
        }
        if !lower.is_finite() || layers.is_empty() {
            errors.push(MeshError::Extent {
                axis: name,
                lower,
                upper: from,
            });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let begins = std::iter::once(lower).chain(layers.iter().map(|layer| layer.to));
        let width = |(from, layer): (f64, &Layer)| (layer.to - from) / layer.cells as f64;
        let widths: Vec<f64> = begins.zip(layers).map(width).collect();
        let equal = |h: &f64| (h - widths[0]).abs() <= 1e-12 * widths[0];
        Ok(Self {
            name,
            periodic,
            uniform: layers.iter().all(|layer| layer.stretching.is_uniform())
                && widths.iter().all(equal),
            samples: faces.windows(2).map(|f| 0.5 * (f[0] + f[1])).collect(),
            faces,
        })
    }

    /// `n` points of equal spacing: `upper` itself is a point unless the axis is periodic.
    ///
    /// # Errors
    /// [`MeshError`] for fewer than 2 points or a bad extent.
    pub fn points(
        name: char,
        lower: f64,
        upper: f64,
        n: usize,
        periodic: bool,
    ) -> Result<Self, MeshError> {
        Self::stretched_points(name, lower, upper, n, periodic, &Stretching::Uniform)
    }

    /// `n` points whose spacing follows `stretching`.
    ///
    /// # Errors
    /// [`MeshError`] for fewer than 2 points, a bad extent or a bad stretching parameter.
    pub fn stretched_points(
        name: char,
        lower: f64,
        upper: f64,
        n: usize,
        periodic: bool,
        stretching: &Stretching,
    ) -> Result<Self, MeshError> {
        check(name, "points", lower, upper, n, 2)?;
        let map = stretching.map(name)?;
        let intervals = if periodic { n } else { n - 1 };
        let mut samples = subdivide(lower, upper, intervals, &map);
        samples.truncate(n);
        // The dual cells around the points carry the quadrature weights.
        let mut faces = Vec::with_capacity(n + 1);
        let last = if periodic {
            samples[0] + (upper - lower)
        } else {
            upper
        };
        let before = if periodic {
            samples[n - 1] - (upper - lower)
        } else {
            lower
        };
        faces.push(0.5 * (before + samples[0]));
        faces.extend(samples.windows(2).map(|p| 0.5 * (p[0] + p[1])));
        faces.push(0.5 * (samples[n - 1] + last));
        Ok(Self {
            name,
            periodic,
            uniform: stretching.is_uniform(),
            faces,
            samples,
        })
    }

    /// An axis from stored coordinates: `samples`, and the `faces` between and around them, as
    /// [`Axis::samples`] and [`Axis::faces`] gave them. Readers of files need this to give back an
    /// equal axis; it recomputes nothing.
    ///
    /// # Errors
    /// [`MeshError::Coordinates`] unless there is one face more than samples, all are finite,
    /// both increase, and each sample lies between its faces.
    pub fn from_parts(
        name: char,
        periodic: bool,
        uniform: bool,
        samples: Vec<f64>,
        faces: Vec<f64>,
    ) -> Result<Self, MeshError> {
        let bad = |reason: String| Err(MeshError::Coordinates { axis: name, reason });
        if samples.is_empty() || faces.len() != samples.len() + 1 {
            return bad(format!(
                "{} faces around {} samples, one more than samples is needed",
                faces.len(),
                samples.len()
            ));
        }
        if !samples.iter().chain(&faces).all(|x| x.is_finite()) {
            return bad("a coordinate is not finite".to_owned());
        }
        if let Some(i) = faces.windows(2).position(|f| f[0] >= f[1]) {
            return bad(format!(
                "face {} at {} does not lie above face {i} at {}",
                i + 1,
                faces[i + 1],
                faces[i]
            ));
        }
        // A point axis that is not periodic ends on its first and last sample.
        if let Some(i) =
            (0..samples.len()).position(|i| samples[i] < faces[i] || samples[i] > faces[i + 1])
        {
            return bad(format!(
                "sample {i} at {} lies outside its cell from {} to {}",
                samples[i],
                faces[i],
                faces[i + 1]
            ));
        }
        Ok(Self {
            name,
            periodic,
            uniform,
            faces,
            samples,
        })
    }

    /// `x`, `y` or `z`.
    pub fn name(&self) -> char {
        self.name
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// An axis always has samples.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Whether the two ends are identified.
    pub fn is_periodic(&self) -> bool {
        self.periodic
    }

    /// Whether all samples have the same spacing.
    pub fn is_uniform(&self) -> bool {
        self.uniform
    }

    /// Coordinates of the samples: points, or cell centres.
    pub fn samples(&self) -> &[f64] {
        &self.samples
    }

    /// Cell faces, one more than samples. For a point axis these bound the dual cells, whose
    /// widths are the weights of the trapezoidal rule.
    pub fn faces(&self) -> &[f64] {
        &self.faces
    }

    /// Width of (dual) cell `i`.
    pub fn width(&self, i: usize) -> f64 {
        if self.uniform && self.periodic {
            // One value for all, free of the rounding of face differences.
            self.length() / self.len() as f64
        } else {
            self.faces[i + 1] - self.faces[i]
        }
    }

    /// Smallest distance between neighbouring samples.
    pub fn min_spacing(&self) -> f64 {
        (0..self.len())
            .map(|i| self.width(i))
            .fold(f64::INFINITY, f64::min)
    }

    /// Length of the axis, from end to end.
    pub fn length(&self) -> f64 {
        self.faces[self.len()] - self.faces[0]
    }
}

fn check(
    name: char,
    what: &'static str,
    lower: f64,
    upper: f64,
    n: usize,
    least: usize,
) -> Result<(), MeshError> {
    if n < least {
        return Err(MeshError::TooFew {
            axis: name,
            what,
            found: n,
            least,
        });
    }
    if !(lower.is_finite() && upper.is_finite() && upper > lower) {
        return Err(MeshError::Extent {
            axis: name,
            lower,
            upper,
        });
    }
    Ok(())
}

/// End points and interior nodes of `n` intervals; `map` takes [0, 1] onto itself.
fn subdivide(lower: f64, upper: f64, n: usize, map: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let mut nodes: Vec<f64> = (0..=n)
        .map(|i| lower + (upper - lower) * map(i as f64 / n as f64))
        .collect();
    nodes[0] = lower;
    nodes[n] = upper;
    nodes
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn stored_coordinates_give_an_equal_axis_and_bad_ones_an_error() {
        let axis = Axis::points('x', -1.0, 2.0, 7, true).unwrap();
        let parts = |samples: &[f64], faces: &[f64]| {
            Axis::from_parts('x', true, true, samples.to_vec(), faces.to_vec())
        };
        assert_eq!(parts(axis.samples(), axis.faces()).unwrap(), axis);
        for (samples, faces) in [
            (&[][..], &[0.0][..]),
            (&[0.5], &[0.0, 1.0, 2.0]),
            (&[0.5], &[1.0, 0.0]),
            (&[f64::NAN], &[0.0, 1.0]),
            (&[1.5], &[0.0, 1.0]),
        ] {
            assert!(parts(samples, faces).is_err(), "{samples:?} {faces:?}");
        }
    }
}
