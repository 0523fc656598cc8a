//! Direct solution of (I - c D) u = r, D the two-point discretisation of nu div grad.
//!
//! 1-D: one tridiagonal system, by the Thomas algorithm; on a periodic axis the two corner entries
//! are a rank-one change, undone by the Sherman-Morrison formula.
//!
//! 2-D: D = D_x + D_y acts on one axis each, so the eigenvectors of D_x decouple the lines
//! (R. E. Lynch, J. R. Rice, D. H. Thomas, Numer. Math. 6 (1964) 185). With H the widths along x,
//! H^{1/2} D_x H^{-1/2} = Q L Q^T is symmetric, and
//!
//! 1. r' = Q^T H^{1/2} r, a matrix product along every row;
//! 2. for every mode m a tridiagonal system along y, (1 - c L_m) I - c D_y;
//! 3. u = H^{-1/2} Q u'.
//!
//! Two products of nx^2 ny multiplications a solve; the eigenvectors are computed once (nx^3), and a
//! new c costs one pass over the cells, where a sparse factorisation would have to be redone: the
//! step size is free to change at every step.

use faer::linalg::evd;
use faer::linalg::matmul::matmul;
use faer::prelude::default;
use faer::{Accum, Mat, MatMut, MatRef, Par, diag::Diag};
use rayon::prelude::*;

use super::boundary::Sides;
use super::face_flux::AxisFaces;

/// Rows of one matrix product. Fixed, so that the bits do not depend on the number of threads.
const ROWS: usize = 32;

/// The tridiagonal matrix of one axis, corners included.
struct Tridiagonal {
    lower: Vec<f64>,
    diagonal: Vec<f64>,
    upper: Vec<f64>,
    periodic: bool,
}

impl Tridiagonal {
    /// nu d^2/dx^2 with the homogeneous part of the boundary conditions.
    fn new(nu: f64, axis: &AxisFaces, sides: &[Option<super::Condition>; 2]) -> Self {
        let n = axis.cells;
        let (mut lower, mut diagonal, mut upper) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for i in 0..n {
            let h = axis.width[i];
            if i > 0 || axis.periodic {
                lower[i] = nu * axis.per_distance[i] / h;
            }
            if i + 1 < n || axis.periodic {
                upper[i] = nu * axis.per_distance[i + 1] / h;
            }
            diagonal[i] = -lower[i] - upper[i];
        }
        for (upper, condition) in [false, true].into_iter().zip(sides) {
            if let Some(condition) = condition {
                let cell = if upper { n - 1 } else { 0 };
                let per_u = condition.gradient(0.0, 1.0, axis.half_width(upper));
                diagonal[cell] += nu * per_u / axis.width[cell];
            }
        }
        Self {
            lower,
            diagonal,
            upper,
            periodic: axis.periodic,
        }
    }
}

/// Eigenvectors of the x axis, with the scaling by the widths worked in: `[mode][cell]` and
/// `[cell][mode]`, row by row.
struct Modes {
    to_modes: Vec<f64>,
    from_modes: Vec<f64>,
}

/// The solver: matrices of the axes, factors for the current c, workspace.
pub(super) struct ImplicitDiffusion {
    modes: Option<Modes>,
    /// Eigenvalue of each mode along x; a single 0 in 1-D.
    eigenvalues: Vec<f64>,
    line: Tridiagonal,
    c: f64,
    /// `[cell][mode]` along the line: 1 / pivot, and the eliminated upper diagonal.
    per_pivot: Vec<f64>,
    eliminated: Vec<f64>,
    /// Correction for the corners of a periodic line.
    correction: Vec<f64>,
    /// Ratio of corner to gamma (see `factorise`), and 1 / (1 + v.z) of each mode.
    corner: f64,
    per_denominator: Vec<f64>,
    scratch: Vec<f64>,
}

impl ImplicitDiffusion {
    /// Sets up the matrices; in 2-D computes the eigenvectors.
    pub(super) fn new(nu: f64, axes: &[AxisFaces], sides: &Sides) -> Result<Self, String> {
        let last = axes.len() - 1;
        let line = Tridiagonal::new(nu, &axes[last], &sides[last]);
        let (modes, eigenvalues) = if last == 0 {
            (None, vec![0.0])
        } else {
            let x = Tridiagonal::new(nu, &axes[0], &sides[0]);
            let (modes, eigenvalues) = diagonalise(&x, &axes[0].width)?;
            (Some(modes), eigenvalues)
        };
        let (m, n) = (eigenvalues.len(), line.diagonal.len());
        let in_2d = if modes.is_some() { m * n } else { 0 };
        Ok(Self {
            per_pivot: vec![0.0; m * n],
            eliminated: vec![0.0; m * n],
            correction: vec![0.0; if line.periodic { m * n } else { 0 }],
            corner: 0.0,
            per_denominator: vec![0.0; m],
            scratch: vec![0.0; in_2d],
            c: f64::NAN,
            modes,
            eigenvalues,
            line,
        })
    }

    /// Replaces r by the solution of (I - c D) u = r.
    pub(super) fn solve(&mut self, c: f64, r: &mut [f64]) {
        if c != self.c {
            self.factorise(c);
        }
        let Some(modes) = &self.modes else {
            return self.solve_lines(r);
        };
        transform(&modes.to_modes, r, &mut self.scratch);
        let mut scratch = std::mem::take(&mut self.scratch);
        self.solve_lines(&mut scratch);
        self.scratch = scratch;
        if let Some(modes) = &self.modes {
            transform(&modes.from_modes, &self.scratch, r);
        }
    }

    /// Eliminates below the diagonal for all modes at once.
    ///
    /// Periodic corners: with A = T + u v^T, u = (g, 0.., b), v = (1, 0.., a/g), where a is the
    /// corner of the first row, b that of the last and g = -T_00, T has its first and last diagonal
    /// entries changed by -g and -ab/g, and x = y - z (v.y)/(1 + v.z) with T y = r, T z = u.
    fn factorise(&mut self, c: f64) {
        self.c = c;
        let (m, n) = (self.eigenvalues.len(), self.line.diagonal.len());
        let (a, b) = (-c * self.line.lower[0], -c * self.line.upper[n - 1]);
        let periodic = self.line.periodic && n > 1;
        // One g for all modes: the diagonal of the mode 0 is the smallest.
        let g = -(1.0 - c * self.line.diagonal[0]);
        for j in 0..n {
            let lower = if j > 0 { -c * self.line.lower[j] } else { 0.0 };
            let upper = if j + 1 < n {
                -c * self.line.upper[j]
            } else {
                0.0
            };
            let mut diagonal = 1.0 - c * self.line.diagonal[j];
            if self.line.periodic && n == 1 {
                diagonal = 1.0;
            }
            if periodic && j == 0 {
                diagonal -= g;
            }
            if periodic && j == n - 1 {
                diagonal -= a * b / g;
            }
            for i in 0..m {
                let before = if j > 0 {
                    self.eliminated[(j - 1) * m + i]
                } else {
                    0.0
                };
                let per_pivot = 1.0 / (diagonal - c * self.eigenvalues[i] - lower * before);
                self.per_pivot[j * m + i] = per_pivot;
                self.eliminated[j * m + i] = upper * per_pivot;
            }
        }
        if periodic {
            let mut z = std::mem::take(&mut self.correction);
            z.fill(0.0);
            z[..m].fill(g);
            z[(n - 1) * m..].fill(b);
            self.solve_tridiagonal(&mut z);
            self.corner = a / g;
            for i in 0..m {
                self.per_denominator[i] = 1.0 / (1.0 + z[i] + self.corner * z[(n - 1) * m + i]);
            }
            self.correction = z;
        }
    }

    fn solve_lines(&self, r: &mut [f64]) {
        self.solve_tridiagonal(r);
        let (m, n) = (self.eigenvalues.len(), self.line.diagonal.len());
        if !self.line.periodic || n == 1 {
            return;
        }
        for i in 0..m {
            let factor = (r[i] + self.corner * r[(n - 1) * m + i]) * self.per_denominator[i];
            for j in 0..n {
                r[j * m + i] -= factor * self.correction[j * m + i];
            }
        }
    }

    /// Forward elimination and back substitution, all modes side by side.
    fn solve_tridiagonal(&self, r: &mut [f64]) {
        let (m, n) = (self.eigenvalues.len(), self.line.diagonal.len());
        for j in 0..n {
            let lower = if j > 0 {
                -self.c * self.line.lower[j]
            } else {
                0.0
            };
            let (before, row) = r.split_at_mut(j * m);
            let row = &mut row[..m];
            if let Some(start) = before.len().checked_sub(m) {
                for (x, before) in row.iter_mut().zip(&before[start..]) {
                    *x -= lower * before;
                }
            }
            for (x, per_pivot) in row.iter_mut().zip(&self.per_pivot[j * m..]) {
                *x *= per_pivot;
            }
        }
        for j in (0..n.saturating_sub(1)).rev() {
            let (row, after) = r[j * m..(j + 2) * m].split_at_mut(m);
            for ((x, after), e) in row.iter_mut().zip(after).zip(&self.eliminated[j * m..]) {
                *x -= e * *after;
            }
        }
    }
}

/// out = M row, for every row: M is square, row by row.
fn transform(matrix: &[f64], rows: &[f64], out: &mut [f64]) {
    let n = matrix.len().isqrt();
    let matrix = MatRef::from_row_major_slice(matrix, n, n);
    out.par_chunks_mut(ROWS * n)
        .zip(rows.par_chunks(ROWS * n))
        .for_each(|(out, rows)| {
            let count = rows.len() / n;
            matmul(
                MatMut::from_column_major_slice_mut(out, n, count),
                Accum::Replace,
                matrix,
                MatRef::from_column_major_slice(rows, n, count),
                1.0,
                Par::Seq,
            );
        });
}

/// Eigenvectors and eigenvalues of the matrix of one axis.
fn diagonalise(axis: &Tridiagonal, width: &[f64]) -> Result<(Modes, Vec<f64>), String> {
    let n = width.len();
    let root: Vec<f64> = width.iter().map(|h| h.sqrt()).collect();
    let mut symmetric = Mat::<f64>::zeros(n, n);
    for i in 0..n {
        symmetric[(i, i)] += axis.diagonal[i];
        for (entry, j) in [
            (axis.lower[i], (i + n - 1) % n),
            (axis.upper[i], (i + 1) % n),
        ] {
            symmetric[(i, j)] += entry * root[i] / root[j];
        }
    }
    let mut vectors = Mat::<f64>::zeros(n, n);
    let mut values = Diag::<f64>::zeros(n);
    // Sequential: the bits must not depend on the number of threads.
    let scratch =
        evd::self_adjoint_evd_scratch::<f64>(n, evd::ComputeEigenvectors::Yes, Par::Seq, default());
    evd::self_adjoint_evd(
        symmetric.as_ref(),
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        faer::dyn_stack::MemStack::new(&mut faer::dyn_stack::MemBuffer::new(scratch)),
        default(),
    )
    .map_err(|error| format!("eigenvectors of the diffusion along x: {error:?}"))?;
    let entry = |mode: usize, cell: usize| vectors[(cell, mode)];
    let fill =
        |f: &dyn Fn(usize, usize) -> f64| (0..n * n).map(|k| f(k / n, k % n)).collect::<Vec<f64>>();
    let modes = Modes {
        to_modes: fill(&|mode, cell| entry(mode, cell) * root[cell]),
        from_modes: fill(&|cell, mode| entry(mode, cell) / root[cell]),
    };
    Ok((modes, (0..n).map(|m| values.column_vector()[m]).collect()))
}
