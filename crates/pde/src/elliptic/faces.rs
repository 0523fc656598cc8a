//! Fluxes through faces, linear in the two cells beside them and the boundary value on them.
//!
//! ```text
//! F = below u_below + above u_above + data g,      positive along the axis
//! inside     diffusion  T (u_below - u_above),  T = A / (d_below/K_below + d_above/K_above)
//!            advection  A c_n u_face,           u_face upwind, or linear between the centres
//! boundary   as boundary.rs says
//! ```
//!
//! At a boundary K itself is needed where a derivative is given: with K of the cell in the half cell
//! and K_b at the face, both conditions are of order 2,
//!
//! ```text
//! beta F/(A K_b) + alpha u_b = g,   u_b = u_P + d F/(A K_P)     (F: K du/dn, inwards)
//! ```

use super::boundary::Sides;
use super::conductivity::{CellTensor, PointFunction};
use super::geometry::{Face, Geometry};
use super::steady_advection_diffusion::AdvectionScheme;

/// The faces of one axis.
pub(super) struct AxisFluxes {
    /// Factor of the cell below each face; 0 where there is none.
    pub(super) below: Vec<f64>,
    /// Factor of the cell above each face.
    pub(super) above: Vec<f64>,
}

/// One face of the boundary.
pub(super) struct BoundaryFace {
    pub(super) axis: usize,
    /// 0 at the lower end, 1 at the upper.
    pub(super) side: usize,
    pub(super) face: usize,
    pub(super) cell: usize,
    pub(super) centre: [f64; 3],
    /// Factor of its g in its own flux.
    pub(super) factor: f64,
}

/// All fluxes of two-point form.
pub(super) struct TwoPoint {
    pub(super) axes: Vec<AxisFluxes>,
    pub(super) boundary: Vec<BoundaryFace>,
}

impl TwoPoint {
    /// Number of a face among those of the boundary.
    pub(super) fn data_of(&self, axis: usize, face: usize) -> usize {
        let found = self
            .boundary
            .binary_search_by_key(&(axis, face), |b| (b.axis, b.face));
        // Only faces at the ends of axes are asked for, and all of them are listed.
        found.unwrap_or_else(|_| unreachable!("face {face} of axis {axis} is no boundary"))
    }
}

/// c and how it carries u.
pub(super) type Flow<'a> = Option<(&'a [PointFunction], AdvectionScheme)>;

/// Computes the factors of all faces. `at_end` gives K along an axis at a place of the boundary,
/// where that is known.
pub(super) fn two_point(
    geometry: &Geometry,
    tensor: &CellTensor,
    at_end: &dyn Fn(usize, [f64; 3]) -> Option<f64>,
    flow: Flow<'_>,
    sides: &Sides,
) -> TwoPoint {
    let mut boundary = Vec::new();
    let axes = (0..geometry.dim())
        .map(|axis| {
            let k = tensor.along(axis);
            let count = geometry.face_count(axis);
            let (mut below, mut above) = (vec![0.0; count], vec![0.0; count]);
            for index in 0..count {
                let face = geometry.face(axis, index);
                let speed = flow.map_or(0.0, |(c, _)| {
                    face.area * c[axis](0.0, geometry.face_centre(axis, &face))
                });
                let central = flow.is_some_and(|(_, s)| s == AdvectionScheme::Central);
                match (face.below, face.above) {
                    (Some(b), Some(a)) => {
                        let (db, da) = (geometry.half_width(axis, b), geometry.half_width(axis, a));
                        let t = face.area / (db / k[b] + da / k[a]);
                        let (from_below, from_above) = if central {
                            (da / (db + da), db / (db + da))
                        } else if speed > 0.0 {
                            (1.0, 0.0)
                        } else {
                            (0.0, 1.0)
                        };
                        below[index] = t + speed * from_below;
                        above[index] = -t + speed * from_above;
                    }
                    (None, Some(cell)) | (Some(cell), None) => {
                        let side = usize::from(face.above.is_none());
                        let centre = geometry.face_centre(axis, &face);
                        let positive = |k: &f64| k.is_finite() && *k > 0.0;
                        let end = End {
                            geometry,
                            axis,
                            face: &face,
                            cell,
                            k: k[cell],
                            k_face: at_end(axis, centre).filter(positive).unwrap_or(k[cell]),
                            speed,
                            central,
                        };
                        let (own, factor) = end.factors(side, sides);
                        if side == 0 {
                            above[index] = own;
                        } else {
                            below[index] = own;
                        }
                        boundary.push(BoundaryFace {
                            axis,
                            side,
                            face: index,
                            cell,
                            centre,
                            factor,
                        });
                    }
                    (None, None) => {}
                }
            }
            AxisFluxes { below, above }
        })
        .collect();
    TwoPoint { axes, boundary }
}

/// A face at an end of an axis.
struct End<'a> {
    geometry: &'a Geometry,
    axis: usize,
    face: &'a Face,
    cell: usize,
    /// K of the cell and at the face.
    k: f64,
    k_face: f64,
    /// A c along the axis.
    speed: f64,
    central: bool,
}

impl End<'_> {
    /// Factors of the cell and of g in the flux along the axis.
    fn factors(&self, side: usize, sides: &Sides) -> (f64, f64) {
        let Some(condition) = &sides[self.axis][side] else {
            return (0.0, 0.0);
        };
        let (alpha, beta) = (condition.alpha, condition.beta);
        let outward = if side == 0 { -1.0 } else { 1.0 };
        let d = self.geometry.half_width(self.axis, self.cell);
        let scale = 1.0 / (alpha * d / self.k + beta / self.k_face);
        // -K A du/dn, turned from the outward normal to the axis.
        let diffusion = outward * self.face.area * scale;
        let (mut own, mut data) = (diffusion * alpha, -diffusion);
        let leaves = self.speed * outward > 0.0;
        if leaves && !self.central {
            own += self.speed;
        } else {
            own += self.speed * scale * beta / self.k_face;
            data += self.speed * scale * d / self.k;
        }
        (own, data)
    }
}
