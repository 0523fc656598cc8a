//! Fluxes of a solution, the velocity they make, and whether they balance the sources.

use pdesolve_mesh::deterministic_sum;

use super::assemble::Discretisation;
use super::cross::Term;

/// The balance of a solution.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Balance {
    /// Integral of F over the boundary: what leaves.
    pub(super) outflow: f64,
    /// Integral of f - r u: what is made.
    pub(super) source: f64,
    /// Largest |what is made - what leaves| of a cell, over what passes through the domain.
    pub(super) worst_cell: f64,
}

impl Discretisation {
    /// F of every face of an axis, positive along it.
    pub(super) fn fluxes(&self, axis: usize, u: &[f64], data: &[f64]) -> Vec<f64> {
        let factors = &self.two_point.axes[axis];
        let mut fluxes: Vec<f64> = (0..factors.below.len())
            .map(|index| {
                let face = self.geometry.face(axis, index);
                let of = |cell: Option<usize>| cell.map_or(0.0, |c| u[c]);
                factors.below[index] * of(face.below) + factors.above[index] * of(face.above)
            })
            .collect();
        for (face, g) in self.two_point.boundary.iter().zip(data) {
            if face.axis == axis {
                fluxes[face.face] += face.factor * g;
            }
        }
        for entry in self.cross.iter().filter(|entry| entry.axis == axis) {
            fluxes[entry.face] += entry.factor
                * match entry.term {
                    Term::Cell(cell) => u[cell],
                    Term::Data(k) => data[k],
                };
        }
        fluxes
    }

    /// -K grad u + c u along an axis: in each cell the mean over its two faces.
    pub(super) fn velocity(&self, axis: usize, u: &[f64], data: &[f64], out: &mut [f64]) {
        let fluxes = self.fluxes(axis, u, data);
        for (cell, out) in out.iter_mut().enumerate() {
            let [lower, upper] = self.geometry.faces_of(axis, cell);
            let area = self.geometry.volumes[cell] / (2.0 * self.geometry.half_width(axis, cell));
            *out = 0.5 * (fluxes[lower] + fluxes[upper]) / area;
        }
    }

    /// Holds the fluxes of u against the averages `source` of f.
    pub(super) fn balance(&self, u: &[f64], source: &[f64], data: &[f64]) -> Balance {
        let volumes = &self.geometry.volumes;
        let mut leaves = vec![0.0; u.len()];
        let (mut outflow, mut passes) = (0.0, 0.0);
        for axis in 0..self.geometry.dim() {
            let fluxes = self.fluxes(axis, u, data);
            for (cell, leaves) in leaves.iter_mut().enumerate() {
                let [lower, upper] = self.geometry.faces_of(axis, cell);
                *leaves += fluxes[upper] - fluxes[lower];
            }
            for face in self.two_point.boundary.iter().filter(|f| f.axis == axis) {
                let flux = fluxes[face.face];
                outflow += if face.side == 0 { -flux } else { flux };
                passes += flux.abs();
            }
        }
        let made = |cell: usize| {
            let consumed = self.reaction.as_ref().map_or(0.0, |r| r[cell] * u[cell]);
            volumes[cell] * (source[cell] - consumed)
        };
        passes += deterministic_sum(u.len(), |cell| made(cell).abs());
        let worst = (0..u.len()).fold(0.0, |worst: f64, cell| {
            let defect = (made(cell) - leaves[cell]).abs();
            if defect.is_nan() {
                f64::NAN
            } else {
                worst.max(defect)
            }
        });
        Balance {
            outflow,
            source: deterministic_sum(u.len(), made),
            worst_cell: if passes > 0.0 { worst / passes } else { worst },
        }
    }
}
