//! Fluxes through the faces of one grid line (along x) or one row of faces (across y).
//!
//! Both directions use the same kernels: a face needs the averages of the three cells on either
//! side, so along x the six stencil slices are shifted views of one line, and across y they are six
//! rows. Faces are worked off in blocks whose states fit on the stack.

use std::ops::Range;

use pdesolve_mesh::Axis;

use super::boundary::Condition;
use super::muscl::{self, Limiter, Ratios, Spacing};
use super::numerical_flux::{NumericalFlux, ScalarLaw};
use super::params::Reconstruction;
use super::{upwind, weno5};

/// Cells needed beyond a face.
pub(super) const GHOSTS: usize = 3;
/// Faces worked off together.
const BLOCK: usize = 128;

/// Which terms a flux holds.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// f(u) and the source.
    pub(super) transport: bool,
    /// -nu du/dn.
    pub(super) diffusion: bool,
}

/// Geometry of one axis as the kernels need it.
pub(super) struct AxisFaces {
    pub(super) cells: usize,
    pub(super) periodic: bool,
    /// Width of each cell.
    pub(super) width: Vec<f64>,
    /// 1 / distance of the centres on either side of each face; periodic neighbours at the ends.
    /// A boundary face mirrors its cell.
    pub(super) per_distance: Vec<f64>,
    /// Slope ratios of MUSCL at each face; empty on a uniform axis.
    pub(super) ratios: Vec<Ratios>,
}

impl AxisFaces {
    pub(super) fn new(axis: &Axis) -> Self {
        let cells = axis.len();
        let width: Vec<f64> = (0..cells).map(|i| axis.width(i)).collect();
        // Width of a cell beyond the ends: its periodic image or its mirror image.
        let beyond = |i: isize| -> f64 {
            let n = cells as isize;
            let inside = if axis.is_periodic() {
                i.rem_euclid(n)
            } else if i < 0 {
                (-1 - i).min(n - 1)
            } else if i >= n {
                (2 * n - 1 - i).max(0)
            } else {
                i
            };
            width[inside as usize]
        };
        let distance = |face: isize| 0.5 * (beyond(face - 1) + beyond(face));
        let faces = 0..=cells as isize;
        let ratio = |f: isize| {
            let (l, r) = (beyond(f - 1), beyond(f));
            [
                l / distance(f - 1),
                l / distance(f),
                r / distance(f),
                r / distance(f + 1),
            ]
        };
        let per_distance = if axis.is_uniform() {
            vec![cells as f64 / axis.length(); cells + 1]
        } else {
            faces.clone().map(|f| 1.0 / distance(f)).collect()
        };
        Self {
            cells,
            periodic: axis.is_periodic(),
            ratios: if axis.is_uniform() {
                Vec::new()
            } else {
                faces.map(ratio).collect()
            },
            width,
            per_distance,
        }
    }

    /// The cell that ghost number `k` (0 is next to the boundary) mirrors, and the distance of its
    /// centre from the boundary.
    pub(super) fn mirror(&self, k: usize, upper: bool) -> (usize, f64) {
        let k = k.min(self.cells - 1);
        let index = |k: usize| if upper { self.cells - 1 - k } else { k };
        let nearer: f64 = (0..k).map(|k| self.width[index(k)]).sum();
        (index(k), nearer + 0.5 * self.width[index(k)])
    }

    /// The boundary cell and the one before it.
    pub(super) fn last_two(&self, upper: bool) -> (usize, usize) {
        (self.mirror(0, upper).0, self.mirror(1, upper).0)
    }

    /// Distance of the centre of the first (`upper` false) or last cell from its boundary.
    pub(super) fn half_width(&self, upper: bool) -> f64 {
        0.5 * self.width[if upper { self.cells - 1 } else { 0 }]
    }
}

/// A condition with the number prescribed at one point.
pub(super) type Given<'a> = Option<(&'a Condition, f64)>;

/// All that the flux through a face depends on beside the state.
pub(super) struct FaceFlux<'a> {
    pub(super) law: &'a dyn ScalarLaw,
    pub(super) flux: NumericalFlux,
    pub(super) reconstruction: Reconstruction,
    pub(super) limiter: Limiter,
    /// Diffusive flux of order 4 where the stencil is inside the domain.
    pub(super) fourth_order: bool,
    pub(super) terms: Terms,
}

impl FaceFlux<'_> {
    /// Fluxes along +x through the `nx + 1` faces of a line of cells.
    pub(super) fn along_x(
        &self,
        axis: &AxisFaces,
        cells: &[f64],
        sides: [Given<'_>; 2],
        flux: &mut [f64],
    ) {
        let n = cells.len();
        let ghosts = self.line_ghosts(axis, cells, sides);
        let mut line = [0.0; BLOCK + 2 * GHOSTS];
        for (block, flux) in flux.chunks_mut(BLOCK).enumerate() {
            let (first, m) = (block * BLOCK, flux.len());
            // line[k] is cell first - 3 + k.
            for (k, value) in line[..m + 5].iter_mut().enumerate() {
                let padded = first + k;
                *value = if padded < GHOSTS {
                    ghosts[0][GHOSTS - 1 - padded]
                } else if padded - GHOSTS < n {
                    cells[padded - GHOSTS]
                } else {
                    ghosts[1][padded - GHOSTS - n]
                };
            }
            let stencil = std::array::from_fn(|k| &line[k..k + m]);
            let spacing = if axis.ratios.is_empty() {
                Spacing::Uniform
            } else {
                Spacing::Each(&axis.ratios[first..first + m])
            };
            let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
            if self.terms.transport {
                self.states(stencil, spacing, &mut left[..m], &mut right[..m]);
                if let (Some((condition, data)), 0) = (sides[0], first) {
                    let half = axis.half_width(false);
                    left[0] = condition.outer(data, right[0], cells[0], half);
                }
                if let (Some((condition, data)), true) = (sides[1], first + m == n + 1) {
                    let half = axis.half_width(true);
                    right[m - 1] = condition.outer(data, left[m - 1], cells[n - 1], half);
                }
                self.law
                    .face_fluxes(self.flux, 0, &left[..m], &right[..m], flux);
            } else {
                flux.fill(0.0);
            }
            if self.terms.diffusion {
                let block = |faces: Range<usize>| {
                    faces.start.clamp(first, first + m) - first
                        ..faces.end.clamp(first, first + m) - first
                };
                // Faces inside the domain, and those whose four-point stencil is.
                let [lower, upper] = sides.map(|given| usize::from(given.is_some()));
                let narrow = lower..n + 1 - upper;
                let wide = if self.fourth_order && n > 2 {
                    2 * lower..n + 1 - 2 * upper
                } else {
                    0..0
                };
                let per_distance = &axis.per_distance[first..first + m];
                self.subtract_gradient(&stencil, per_distance, block(narrow), block(wide), flux);
            }
        }
        for (upper, given) in [false, true].into_iter().zip(sides) {
            if let Some((condition, data)) = given {
                let (face, cell) = if upper { (n, n - 1) } else { (0, 0) };
                let half = axis.half_width(upper);
                self.finish(condition, data, cells[cell], half, upper, &mut flux[face]);
            }
        }
    }

    /// Fluxes along +y through the row of faces below cell row `j` (above the last for `j = ny`).
    /// `rows[k]` is cell row j - 3 + k, ghost rows included; `given` holds the condition and its
    /// numbers along the row where the faces are a boundary; `near` says that the row next to them
    /// is, so that the wide diffusive stencil would reach beyond it.
    pub(super) fn across_y(
        &self,
        axis: &AxisFaces,
        j: usize,
        rows: [&[f64]; 6],
        given: Option<(&Condition, &[f64])>,
        near: bool,
        flux: &mut [f64],
    ) {
        let upper = j == axis.cells;
        let half = axis.half_width(upper);
        let inside = if upper { rows[2] } else { rows[3] };
        let spacing = match axis.ratios.get(j) {
            None => Spacing::Uniform,
            Some(&ratios) => Spacing::Same(ratios),
        };
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        for (block, flux) in flux.chunks_mut(BLOCK).enumerate() {
            let (first, m) = (block * BLOCK, flux.len());
            let stencil = rows.map(|row| &row[first..first + m]);
            if self.terms.transport {
                self.states(stencil, spacing, &mut left[..m], &mut right[..m]);
                if let Some((condition, data)) = given {
                    for i in 0..m {
                        let (data, u) = (data[first + i], inside[first + i]);
                        if upper {
                            right[i] = condition.outer(data, left[i], u, half);
                        } else {
                            left[i] = condition.outer(data, right[i], u, half);
                        }
                    }
                }
                self.law
                    .face_fluxes(self.flux, 1, &left[..m], &right[..m], flux);
            } else {
                flux.fill(0.0);
            }
            if self.terms.diffusion {
                let per_distance = [axis.per_distance[j]; BLOCK];
                let narrow = if given.is_none() { 0..m } else { 0..0 };
                let wide = if self.fourth_order && !near {
                    narrow.clone()
                } else {
                    0..0
                };
                self.subtract_gradient(&stencil, &per_distance[..m], narrow, wide, flux);
            }
            if let Some((condition, data)) = given {
                for (i, flux) in flux.iter_mut().enumerate() {
                    let (u, data) = (inside[first + i], data[first + i]);
                    self.finish(condition, data, u, half, upper, flux);
                }
            }
        }
    }

    fn states(
        &self,
        stencil: [&[f64]; 6],
        spacing: Spacing<'_>,
        left: &mut [f64],
        right: &mut [f64],
    ) {
        match self.reconstruction {
            Reconstruction::Upwind => upwind::reconstruct(stencil, left, right),
            Reconstruction::Muscl => {
                muscl::reconstruct(self.limiter, stencil, spacing, left, right);
            }
            Reconstruction::Weno5 => weno5::reconstruct_js(stencil, left, right),
            Reconstruction::Weno5Z => weno5::reconstruct_z(stencil, left, right),
        }
    }

    /// flux -= nu du/dn: faces in `wide` (a part of `narrow`) by the four-point formula
    /// (15 (c - b) - (d - a)) / (12 h), exact for cell averages of quartics, the rest of `narrow`
    /// by two points.
    fn subtract_gradient(
        &self,
        [_, a, b, c, d, _]: &[&[f64]; 6],
        per_distance: &[f64],
        narrow: Range<usize>,
        wide: Range<usize>,
        flux: &mut [f64],
    ) {
        let nu = self.law.diffusivity();
        let wide = if wide.is_empty() {
            narrow.end..narrow.end
        } else {
            wide
        };
        for i in (narrow.start..wide.start).chain(wide.end..narrow.end) {
            flux[i] -= nu * per_distance[i] * (c[i] - b[i]);
        }
        for i in wide {
            let difference = 15.0 * (c[i] - b[i]) - (d[i] - a[i]);
            flux[i] -= nu / 12.0 * per_distance[i] * difference;
        }
    }

    /// Completes the flux through a boundary face, which holds the transport so far.
    #[inline]
    fn finish(
        &self,
        condition: &Condition,
        data: f64,
        u: f64,
        half: f64,
        upper: bool,
        flux: &mut f64,
    ) {
        if condition.is_wall() {
            *flux = 0.0;
        } else if self.terms.diffusion {
            // Fluxes count along +axis, the normal derivative outwards.
            let outward = self.law.diffusivity() * condition.gradient(data, u, half);
            *flux += if upper { -outward } else { outward };
        }
    }

    /// Values of the ghost cells of a line, nearest first.
    fn line_ghosts(
        &self,
        axis: &AxisFaces,
        cells: &[f64],
        sides: [Given<'_>; 2],
    ) -> [[f64; GHOSTS]; 2] {
        let n = cells.len();
        let mut ghosts = [[0.0; GHOSTS]; 2];
        for (upper, (ghosts, given)) in [false, true].into_iter().zip(ghosts.iter_mut().zip(sides))
        {
            for (k, ghost) in ghosts.iter_mut().enumerate() {
                let (cell, distance) = axis.mirror(k, upper);
                *ghost = match given {
                    Some((condition, _)) if condition.extrapolates() => {
                        let (first, second) = axis.last_two(upper);
                        extrapolate(self.law, 0, axis, k, upper, cells[first], cells[second])
                    }
                    Some((condition, data)) => condition.ghost(data, cells[cell], distance),
                    None if upper => cells[k % n],
                    None => cells[n - 1 - k % n],
                };
            }
        }
        ghosts
    }
}

/// Value of ghost cell `k` on the line through the boundary cell, average `u`, and the one before
/// it; `u` itself where the flow comes in.
#[inline]
pub(super) fn extrapolate(
    law: &dyn ScalarLaw,
    number: usize,
    axis: &AxisFaces,
    k: usize,
    upper: bool,
    u: f64,
    before: f64,
) -> f64 {
    let speed = law.speed(number, u);
    let leaves = if upper { speed > 0.0 } else { speed < 0.0 };
    if !leaves {
        return u;
    }
    let (first, second) = axis.last_two(upper);
    let apart = 0.5 * (axis.width[first] + axis.width[second]);
    let beyond = axis.half_width(upper) + axis.mirror(k, upper).1;
    u + (u - before) * beyond / apart
}
