//! The semi-discrete right-hand side du/dt = -div F + s, and its boundary and source integrals.

use std::sync::Arc;

use pdesolve_mesh::{Grid, Row, deterministic_sum};
use rayon::prelude::*;

use super::average::CellQuadrature;
use super::boundary::{Condition, Sides};
use super::face_flux::{AxisFaces, FaceFlux, GHOSTS, Given, Terms, extrapolate};
use super::ledger::Rates;
use super::numerical_flux::ScalarLaw;
use super::params::{FiniteVolumeParams, Reconstruction};

/// A function of time and position, evaluated along a grid line: a source, in u/time.
pub type SpaceTime = Arc<dyn Fn(Row<'_>, &mut [f64]) + Send + Sync>;

/// Cells below which a task is not worth handing to another thread.
const CELLS_A_TASK: usize = 4096;

/// The discretised equation and the workspace of one evaluation.
pub(super) struct Residual {
    pub(super) law: Arc<dyn ScalarLaw>,
    pub(super) grid: Grid,
    pub(super) params: FiniteVolumeParams,
    pub(super) axes: Vec<AxisFaces>,
    pub(super) sides: Sides,
    source: Option<SpaceTime>,
    quadrature: CellQuadrature,
    per_dx: Vec<f64>,
    /// Fluxes along x, `[row][face]`.
    flux_x: Vec<f64>,
    /// Fluxes along y, `[face][i]`; empty in 1-D.
    flux_y: Vec<f64>,
    /// Ghost rows below and above, nearest first: `[side][ghost][i]`; empty in 1-D.
    ghost_rows: [Vec<f64>; 2],
    /// Prescribed numbers along bottom and top.
    given_rows: [Vec<f64>; 2],
    /// Means of the source over the cells, and its values at one set of points.
    source_mean: Vec<f64>,
    source_point: Vec<f64>,
    /// Time of `source_mean`: the last stage of an implicit step is the first of the next.
    source_time: f64,
    /// Integral of the source over each row.
    row_source: Vec<f64>,
}

impl Residual {
    pub(super) fn new(
        law: Arc<dyn ScalarLaw>,
        grid: &Grid,
        sides: Sides,
        source: Option<SpaceTime>,
        params: &FiniteVolumeParams,
    ) -> Self {
        let axes: Vec<AxisFaces> = grid.axes().iter().map(AxisFaces::new).collect();
        let (nx, rows) = (axes[0].cells, grid.rows());
        let in_2d = |n: usize| if axes.len() > 1 { n } else { 0 };
        let with_source = if source.is_some() { grid.len() } else { 0 };
        // The midpoint rule for cell means is of order 2, three Gauss points of order 6.
        let points = if is_weno(params.reconstruction) { 3 } else { 1 };
        Self {
            per_dx: axes[0].width.iter().map(|h| 1.0 / h).collect(),
            flux_x: vec![0.0; (nx + 1) * rows],
            flux_y: vec![0.0; in_2d(nx * (rows + 1))],
            ghost_rows: [(); 2].map(|()| vec![0.0; in_2d(GHOSTS * nx)]),
            given_rows: [(); 2].map(|()| vec![0.0; in_2d(nx)]),
            source_mean: vec![0.0; with_source],
            source_point: vec![0.0; with_source],
            source_time: f64::NAN,
            row_source: vec![0.0; rows],
            quadrature: CellQuadrature::new(grid, points),
            law,
            grid: grid.clone(),
            params: params.clone(),
            axes,
            sides,
            source,
        }
    }

    /// Writes the chosen terms of du/dt at time `t` into `out` and returns their integrals.
    /// The source counts as transport.
    pub(super) fn evaluate(
        &mut self,
        u: &[f64],
        t: f64,
        terms: Terms,
        fourth_order: bool,
        out: &mut [f64],
    ) -> Rates {
        let nx = self.axes[0].cells;
        let in_2d = self.axes.len() > 1;
        let source = self.source.as_ref().filter(|_| terms.transport);
        let kernel = FaceFlux {
            law: &*self.law,
            flux: self.params.flux,
            reconstruction: self.params.reconstruction,
            limiter: self.params.limiter,
            fourth_order,
            terms,
        };
        if in_2d {
            for upper in [false, true] {
                let side = usize::from(upper);
                fill_rows(
                    &*self.law,
                    &self.grid,
                    &self.axes[1],
                    self.sides[1][side].as_ref(),
                    upper,
                    t,
                    u,
                    &mut self.given_rows[side],
                    &mut self.ghost_rows[side],
                );
            }
            let (y, rows) = (&self.axes[1], u.len() / nx);
            let (ghosts, given) = (&self.ghost_rows, &self.given_rows);
            let sides = &self.sides[1];
            let row = |padded: usize| -> &[f64] {
                let (values, k) = if padded < GHOSTS {
                    (ghosts[0].as_slice(), GHOSTS - 1 - padded)
                } else if padded - GHOSTS < rows {
                    (u, padded - GHOSTS)
                } else {
                    (ghosts[1].as_slice(), padded - GHOSTS - rows)
                };
                &values[k * nx..(k + 1) * nx]
            };
            let face_row = |(j, flux): (usize, &mut [f64])| {
                let stencil = std::array::from_fn(|k| row(j + k));
                let side = if j == 0 {
                    Some(0)
                } else if j == rows {
                    Some(1)
                } else {
                    None
                };
                let given = side.and_then(|s| sides[s].as_ref().map(|c| (c, given[s].as_slice())));
                let near = !y.periodic && (j <= 1 || j + 1 >= rows);
                kernel.across_y(y, j, stencil, given, near, flux);
            };
            self.flux_y
                .par_chunks_mut(nx)
                .with_min_len(CELLS_A_TASK.div_ceil(nx))
                .enumerate()
                .for_each(face_row);
        }

        // Slices of length 0 a row stand in where there is no source.
        let with_source = if source.is_some() { nx } else { 0 };
        let known = self.source_time == t;
        let (flux_y, axes, sides) = (&self.flux_y, &self.axes, &self.sides[0]);
        let (grid, quadrature) = (&self.grid, &self.quadrature);
        let update = |j: usize,
                      out: &mut [f64],
                      flux_x: &mut [f64],
                      mean: &mut [f64],
                      point: &mut [f64],
                      total: &mut f64| {
            let cells = &u[j * nx..(j + 1) * nx];
            let y = grid.row(j, t).y;
            let x = ends(grid, 0);
            let given: [Given<'_>; 2] = std::array::from_fn(|side| {
                let condition = sides[side].as_ref()?;
                Some((condition, condition.data(t, [x[side], y, 0.0])))
            });
            kernel.along_x(&axes[0], cells, given, flux_x);
            for (i, (out, h)) in out.iter_mut().zip(&axes[0].width).enumerate() {
                *out = (flux_x[i] - flux_x[i + 1]) / h;
            }
            if let Some(axis) = axes.get(1) {
                let (below, above) = flux_y[j * nx..(j + 2) * nx].split_at(nx);
                let h = axis.width[j];
                for ((out, below), above) in out.iter_mut().zip(below).zip(above) {
                    *out += (below - above) / h;
                }
            }
            *total = 0.0;
            if let Some(source) = source {
                if !known {
                    quadrature.average_row(&**source, j, t, point, mean);
                }
                for (out, mean) in out.iter_mut().zip(&*mean) {
                    *out += mean;
                }
                let height = axes.get(1).map_or(1.0, |axis| axis.width[j]);
                *total = height * deterministic_sum(nx, |i| axes[0].width[i] * mean[i]);
            }
        };
        if !in_2d {
            update(
                0,
                out,
                &mut self.flux_x,
                &mut self.source_mean,
                &mut self.source_point,
                &mut self.row_source[0],
            );
        } else if with_source > 0 {
            out.par_chunks_mut(nx)
                .zip(self.flux_x.par_chunks_mut(nx + 1))
                .zip(self.source_mean.par_chunks_mut(nx))
                .zip(self.source_point.par_chunks_mut(nx))
                .zip(&mut self.row_source)
                .with_min_len(CELLS_A_TASK.div_ceil(nx))
                .enumerate()
                .for_each(|(j, ((((out, flux), mean), point), total))| {
                    update(j, out, flux, mean, point, total);
                });
        } else {
            out.par_chunks_mut(nx)
                .zip(self.flux_x.par_chunks_mut(nx + 1))
                .zip(&mut self.row_source)
                .with_min_len(CELLS_A_TASK.div_ceil(nx))
                .enumerate()
                .for_each(|(j, ((out, flux), total))| {
                    update(j, out, flux, &mut [], &mut [], total);
                });
        }
        if source.is_some() {
            self.source_time = t;
        }
        self.rates()
    }

    /// Boundary and source integrals of the fluxes just computed, summed in fixed order.
    fn rates(&self) -> Rates {
        let (nx, rows) = (self.axes[0].cells, self.row_source.len());
        let mut outflow = 0.0;
        if !self.axes[0].periodic {
            outflow += deterministic_sum(rows, |j| {
                let flux = &self.flux_x[j * (nx + 1)..(j + 1) * (nx + 1)];
                self.axes.get(1).map_or(1.0, |axis| axis.width[j]) * (flux[nx] - flux[0])
            });
        }
        if let Some(axis) = self.axes.get(1).filter(|axis| !axis.periodic) {
            let top = &self.flux_y[axis.cells * nx..];
            outflow += deterministic_sum(nx, |i| self.axes[0].width[i] * (top[i] - self.flux_y[i]));
        }
        Rates {
            outflow,
            source: deterministic_sum(rows, |j| self.row_source[j]),
        }
    }

    /// Adds `factor` times the part of the diffusive term that the boundaries prescribe at time `t`
    /// and that does not depend on u.
    pub(super) fn add_prescribed_diffusion(&mut self, t: f64, factor: f64, out: &mut [f64]) {
        let (nx, rows) = (self.axes[0].cells, self.grid.rows());
        for upper in [false, true] {
            let side = usize::from(upper);
            if let Some(condition) = &self.sides[0][side] {
                let x = ends(&self.grid, 0)[side];
                let i = if upper { nx - 1 } else { 0 };
                let scale = factor * self.law.diffusivity() / self.axes[0].width[i];
                let half = self.axes[0].half_width(upper);
                for j in 0..rows {
                    let data = condition.data(t, [x, self.grid.row(j, t).y, 0.0]);
                    out[j * nx + i] += scale * condition.gradient(data, 0.0, half);
                }
            }
            if let Some(condition) = &self.sides[1][side] {
                let y = ends(&self.grid, 1)[side];
                let j = if upper { rows - 1 } else { 0 };
                let scale = factor * self.law.diffusivity() / self.axes[1].width[j];
                let half = self.axes[1].half_width(upper);
                for (i, &x) in self.grid.axes()[0].samples().iter().enumerate() {
                    let data = condition.data(t, [x, y, 0.0]);
                    out[j * nx + i] += scale * condition.gradient(data, 0.0, half);
                }
            }
        }
    }

    /// Largest Courant number a unit of time, over the cells and what may enter through the
    /// boundaries at time `t`.
    pub(super) fn courant_rate(&self, u: &[f64], t: f64) -> f64 {
        let nx = self.axes[0].cells;
        let per_dy = |j: usize| self.axes.get(1).map_or(0.0, |axis| 1.0 / axis.width[j]);
        let row = |(j, row): (usize, &[f64])| self.law.courant_rate(row, &self.per_dx, per_dy(j));
        let inside = if self.axes.len() == 1 {
            row((0, u))
        } else {
            u.par_chunks(nx)
                .with_min_len(CELLS_A_TASK.div_ceil(nx))
                .enumerate()
                .map(row)
                .reduce(|| 0.0, f64::max)
        };
        inside.max(self.entering_rate(t))
    }

    fn entering_rate(&self, t: f64) -> f64 {
        let rows = self.grid.rows();
        let per = |axis: usize, i: usize| self.axes.get(axis).map_or(0.0, |a| 1.0 / a.width[i]);
        let mut largest = 0.0f64;
        for (side, condition) in self.sides[0].iter().enumerate() {
            let Some(condition) = condition else { continue };
            let x = ends(&self.grid, 0)[side];
            let i = if side == 1 { self.axes[0].cells - 1 } else { 0 };
            for j in 0..rows {
                let data = condition.data(t, [x, self.grid.row(j, t).y, 0.0]);
                if let Some(u) = condition.entering(data) {
                    let rate = self.law.courant_rate(&[u], &[per(0, i)], per(1, j));
                    largest = largest.max(rate);
                }
            }
        }
        for (side, condition) in self.sides[1].iter().enumerate() {
            let Some(condition) = condition else { continue };
            let y = ends(&self.grid, 1)[side];
            let j = if side == 1 { rows - 1 } else { 0 };
            for (i, &x) in self.grid.axes()[0].samples().iter().enumerate() {
                if let Some(u) = condition.entering(condition.data(t, [x, y, 0.0])) {
                    let rate = self.law.courant_rate(&[u], &[per(0, i)], per(1, j));
                    largest = largest.max(rate);
                }
            }
        }
        largest
    }

    /// Whether a source or prescribed boundary values, both functions of time, act on the state.
    pub(super) fn is_driven(&self) -> bool {
        let mut conditions = self.sides.iter().flatten().flatten();
        self.source.is_some() || conditions.any(Condition::is_prescribed)
    }

    /// Sum over the axes of nu / h^2 with the smallest h.
    pub(super) fn diffusion_rate(&self) -> f64 {
        let per_axis = |axis: &AxisFaces| {
            let h = axis.width.iter().copied().fold(f64::INFINITY, f64::min);
            1.0 / (h * h)
        };
        self.law.diffusivity() * self.axes.iter().map(per_axis).sum::<f64>()
    }

    /// Whether explicit diffusion is of order 4.
    pub(super) fn fourth_order_diffusion(&self) -> bool {
        is_weno(self.params.reconstruction)
    }
}

fn is_weno(reconstruction: Reconstruction) -> bool {
    matches!(
        reconstruction,
        Reconstruction::Weno5 | Reconstruction::Weno5Z
    )
}

/// Coordinates of the two ends of an axis.
pub(super) fn ends(grid: &Grid, axis: usize) -> [f64; 2] {
    let faces = grid.axes()[axis].faces();
    [faces[0], faces[faces.len() - 1]]
}

/// Fills the numbers prescribed along bottom or top, and the ghost rows behind.
#[expect(clippy::too_many_arguments, reason = "called from one place")]
fn fill_rows(
    law: &dyn ScalarLaw,
    grid: &Grid,
    axis: &AxisFaces,
    condition: Option<&Condition>,
    upper: bool,
    t: f64,
    u: &[f64],
    given: &mut [f64],
    ghosts: &mut [f64],
) {
    let (nx, n) = (given.len(), axis.cells);
    if let Some(condition) = condition {
        let y = ends(grid, 1)[usize::from(upper)];
        for (given, &x) in given.iter_mut().zip(grid.axes()[0].samples()) {
            *given = condition.data(t, [x, y, 0.0]);
        }
    }
    for (k, ghosts) in ghosts.chunks_exact_mut(nx).enumerate() {
        if let Some(condition) = condition {
            if condition.extrapolates() {
                let (first, second) = axis.last_two(upper);
                for (i, ghost) in ghosts.iter_mut().enumerate() {
                    let (u, before) = (u[first * nx + i], u[second * nx + i]);
                    *ghost = extrapolate(law, 1, axis, k, upper, u, before);
                }
                continue;
            }
            let (j, distance) = axis.mirror(k, upper);
            let inside = &u[j * nx..(j + 1) * nx];
            for ((ghost, &u), &given) in ghosts.iter_mut().zip(inside).zip(&*given) {
                *ghost = condition.ghost(given, u, distance);
            }
        } else {
            let j = if upper { k % n } else { n - 1 - k % n };
            ghosts.copy_from_slice(&u[j * nx..(j + 1) * nx]);
        }
    }
}
