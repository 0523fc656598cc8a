//! Tangential diffusion: what the off-diagonal entries of K add to the fluxes.
//!
//! Take two axes a, b and a corner of the cells in their plane, with the two a-faces and two
//! b-faces that meet there. With the widths of the half cells around the corner as weights,
//!
//! ```text
//! D_a u = mean over the two a-faces of (u_above - u_below) / distance,     D_b u likewise,
//! a-flux gains  - (half width along b) K_ab D_b u,      b-flux gains  - (half width along a) K_ab D_a u
//! ```
//!
//! for the part of the face next to the corner, K_ab being the mean over the cells around it. This
//! is the gradient of the energy sum over corners of V K_ab (D_a u)(D_b u), hence symmetric; with the
//! normal fluxes it has 9 points in 2-D. At the ends of an axis:
//!
//! * Dirichlet: the boundary value takes the place of the missing cell;
//! * Neumann: the co-normal flux of the a-faces is given and gains nothing, and D_a u follows from
//!   it: K_aa D_a u + K_ab D_b u + K_ac D_c u = K_aa g along the outward normal. What this puts between
//!   b and c is taken into K_bc of the half cell at the boundary: K_bc - K_ab K_ac / K_aa.
//!
//! Source: after the support-operator schemes of Shashkov and Steinberg (1996),
//! J. Comput. Phys. 129, 383, on a tensor-product grid.

use super::boundary::Sides;
use super::conductivity::CellTensor;
use super::faces::TwoPoint;
use super::geometry::Geometry;

/// What a flux depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// The unknown of this cell.
    Cell(usize),
    /// The prescribed number of this boundary face.
    Data(usize),
}

/// One more term in the flux through a face.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrossEntry {
    pub(super) axis: usize,
    pub(super) face: usize,
    pub(super) term: Term,
    pub(super) factor: f64,
}

/// One of the two faces of an axis that meet at a corner.
struct Wing {
    face: usize,
    /// Number of the face along its axis.
    along: usize,
    /// Half the width, across, of the cells beside it.
    half: f64,
    /// `half` over the sum of both.
    share: f64,
}

/// A corner in the plane of two axes.
struct Corner<'a> {
    geometry: &'a Geometry,
    two_point: &'a TwoPoint,
    axes: [usize; 2],
    wings: [Vec<Wing>; 2],
}

/// All terms of the off-diagonal entries of K.
pub(super) fn cross_terms(
    geometry: &Geometry,
    two_point: &TwoPoint,
    tensor: &CellTensor,
    sides: &Sides,
) -> Vec<CrossEntry> {
    let mut entries = Vec::new();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let Some(mixed) = mixed_entry(geometry, tensor, sides, a, b) else {
            continue;
        };
        let third = (0..geometry.dim()).find(|&c| c != a && c != b);
        let depth = third.map_or(1, |c| geometry.axes[c].n);
        let corners = |axis: usize| {
            let axis = &geometry.axes[axis];
            axis.n + usize::from(!axis.periodic)
        };
        for level in 0..depth {
            let thickness = third.map_or(1.0, |c| geometry.axes[c].width[level]);
            for j in 0..corners(b) {
                for i in 0..corners(a) {
                    let mut place = [0; 3];
                    place[a] = i;
                    place[b] = j;
                    if let Some(c) = third {
                        place[c] = level;
                    }
                    let corner = Corner {
                        geometry,
                        two_point,
                        axes: [a, b],
                        wings: [wings(geometry, a, b, place), wings(geometry, b, a, place)],
                    };
                    let around = Around::of(&corner, place, tensor, &mixed);
                    corner.add(&around, thickness, sides, place, &mut entries);
                }
            }
        }
    }
    entries
}

/// K_ab in the cells, without what a Neumann condition at the ends of the third axis takes from it.
fn mixed_entry(
    geometry: &Geometry,
    tensor: &CellTensor,
    sides: &Sides,
    a: usize,
    b: usize,
) -> Option<Vec<f64>> {
    let given = |p: usize, q: usize| tensor.mixed(p.min(q), p.max(q));
    let own = given(a, b);
    let third = (0..geometry.dim()).find(|&c| c != a && c != b);
    let beside = third.and_then(|c| Some((c, given(a, c)?, given(b, c)?)));
    let Some((c, ac, bc)) = beside else {
        return own.map(<[f64]>::to_vec);
    };
    let mut mixed = own.map_or_else(|| vec![0.0; geometry.cells()], <[f64]>::to_vec);
    let last = geometry.axes[c].n - 1;
    for (side, end) in [(0, 0), (1, last)] {
        if sides[c][side]
            .as_ref()
            .is_none_or(|condition| condition.alpha != 0.0)
        {
            continue;
        }
        for (cell, mixed) in mixed.iter_mut().enumerate() {
            if geometry.along(c, cell) == end {
                *mixed -= 0.5 * ac[cell] * bc[cell] / tensor.along(c)[cell];
            }
        }
    }
    Some(mixed)
}

/// The faces of `axis` that meet at the corner `place`, one on each side of it along `across`.
fn wings(geometry: &Geometry, axis: usize, across: usize, place: [usize; 3]) -> Vec<Wing> {
    let other = &geometry.axes[across];
    let rows = neighbours(geometry, across, place[across]);
    let total: f64 = rows.iter().map(|&row| 0.5 * other.width[row]).sum();
    rows.iter()
        .map(|&row| {
            let mut at = place;
            at[across] = row;
            let half = 0.5 * other.width[row];
            Wing {
                face: geometry.face_index(axis, at),
                along: place[axis],
                half,
                share: half / total,
            }
        })
        .collect()
}

/// Cells below and above corner `i` of an axis, as far as there are any.
fn neighbours(geometry: &Geometry, axis: usize, i: usize) -> Vec<usize> {
    let axis = &geometry.axes[axis];
    let below = if i > 0 {
        Some(i - 1)
    } else {
        axis.periodic.then(|| axis.n - 1)
    };
    let above = (i < axis.n).then_some(i);
    below.into_iter().chain(above).collect()
}

/// Means of entries of K over the cells around a corner.
struct Around {
    mixed: f64,
    own: [f64; 2],
}

impl Around {
    fn of(corner: &Corner<'_>, place: [usize; 3], tensor: &CellTensor, mixed: &[f64]) -> Self {
        let [a, b] = corner.axes;
        let geometry = corner.geometry;
        let mut means = Self {
            mixed: 0.0,
            own: [0.0; 2],
        };
        let mut total = 0.0;
        for &j in &neighbours(geometry, b, place[b]) {
            for &i in &neighbours(geometry, a, place[a]) {
                let mut at = place;
                (at[a], at[b]) = (i, j);
                let cell = geometry.cell_index(at);
                let weight = geometry.axes[a].width[i] * geometry.axes[b].width[j];
                total += weight;
                means.mixed += weight * mixed[cell];
                means.own[0] += weight * tensor.along(a)[cell];
                means.own[1] += weight * tensor.along(b)[cell];
            }
        }
        means.mixed /= total;
        means.own = means.own.map(|k| k / total);
        means
    }
}

impl Corner<'_> {
    /// Terms of the difference along the axis `which` of the two.
    fn difference(&self, which: usize) -> Vec<(Term, f64)> {
        let axis = self.axes[which];
        let mut terms = Vec::with_capacity(4);
        for wing in &self.wings[which] {
            let face = self.geometry.face(axis, wing.face);
            let distance: f64 = [face.below, face.above]
                .iter()
                .flatten()
                .map(|&cell| self.geometry.half_width(axis, cell))
                .sum();
            let factor = wing.share / distance;
            let beyond = || Term::Data(self.two_point.data_of(axis, wing.face));
            terms.push((face.above.map_or_else(beyond, Term::Cell), factor));
            terms.push((face.below.map_or_else(beyond, Term::Cell), -factor));
        }
        terms
    }

    /// Where the axis ends here with a Neumann condition: the direction of its outward normal.
    fn neumann(&self, which: usize, sides: &Sides, place: [usize; 3]) -> Option<f64> {
        let axis = self.axes[which];
        let end = &self.geometry.axes[axis];
        let (side, outward) = match place[axis] {
            0 if !end.periodic => (0, -1.0),
            i if i == end.n => (1, 1.0),
            _ => return None,
        };
        let neumann = sides[axis][side].as_ref().is_some_and(|c| c.alpha == 0.0);
        neumann.then_some(outward)
    }

    fn add(
        &self,
        around: &Around,
        thickness: f64,
        sides: &Sides,
        place: [usize; 3],
        entries: &mut Vec<CrossEntry>,
    ) {
        let given = [0, 1].map(|which| self.neumann(which, sides, place));
        for which in 0..2 {
            let other = 1 - which;
            if given[which].is_some() {
                continue;
            }
            // The flux along `which` gains the difference along `other`.
            let terms = match given[other] {
                None => self.difference(other),
                Some(outward) => {
                    let slope = around.mixed / around.own[other];
                    let mut terms = self.difference(which);
                    for (_, factor) in &mut terms {
                        *factor *= -slope;
                    }
                    for wing in &self.wings[other] {
                        let data = self.two_point.data_of(self.axes[other], wing.face);
                        let g =
                            wing.share * outward / self.weight_of_derivative(other, sides, place);
                        terms.push((Term::Data(data), g));
                    }
                    terms
                }
            };
            let axis = self.axes[which];
            for wing in &self.wings[which] {
                let scale = -wing.half * thickness * around.mixed;
                let twin = self.twin(axis, wing);
                for &(term, factor) in &terms {
                    for face in [Some(wing.face), twin].into_iter().flatten() {
                        entries.push(CrossEntry {
                            axis,
                            face,
                            term,
                            factor: scale * factor,
                        });
                    }
                }
            }
        }
    }

    /// beta of the Neumann condition at this end.
    fn weight_of_derivative(&self, which: usize, sides: &Sides, place: [usize; 3]) -> f64 {
        let axis = self.axes[which];
        let side = usize::from(place[axis] > 0);
        sides[axis][side].as_ref().map_or(1.0, |c| c.beta)
    }

    /// The second number of the face that a periodic axis stores twice.
    fn twin(&self, axis: usize, wing: &Wing) -> Option<usize> {
        let own = &self.geometry.axes[axis];
        (own.periodic && wing.along == 0).then(|| wing.face + own.n * own.stride)
    }
}
