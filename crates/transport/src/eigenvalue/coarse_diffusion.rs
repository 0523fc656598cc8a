//! Diffusion in coarse cells that agrees with a transport sweep: the low-order eigenproblem of the
//! accelerations.
//!
//! ```text
//! A_(i+1) J_(i+1) - A_i J_i + V_i (T - S)_i Phi_i = (1/k) V_i chi F_i Phi_i
//! J_i = left_i Phi_(i-1) + right_i Phi_i + given_i
//! ```
//!
//! Phi_i are the scalar fluxes of all groups in coarse cell i, cross sections are weighted with
//! the flux of the sweep, and `left`, `right`, `given` are chosen by each acceleration so that the
//! flux of the sweep has the edge currents J of the sweep. The balance of a cell is that of the
//! sweep: at convergence its eigenvalue is that of the transport problem, and its flux the
//! transport flux.
//!
//! With `given` = 0 this is an eigenproblem; otherwise Phi is scaled by its production, 1. Newton's
//! method finds Phi and lambda = 1/k together, after a few inverse iterations from the flux of the
//! sweep; each step eliminates one block tridiagonal matrix, blocks of G x G.

use std::ops::Range;

use pdesolve_krylov::LinearOperator;
use pdesolve_krylov::eigen::{ArnoldiParams, arnoldi};

use super::larger;
use crate::discretization::{Discretization, TransportError};
use crate::dsa::dense::inverse;
use crate::flux::Moments;

/// The low-order problem and its workspace.
pub(crate) struct CoarseDiffusion {
    /// Fine cells of each coarse cell.
    pub(crate) cells: Vec<Range<usize>>,
    groups: usize,
    volume: Vec<f64>,
    /// Areas of the edges: `[edge]`.
    area: Vec<f64>,
    width: Vec<f64>,
    /// Mean flux: `[cell][group]`.
    pub(crate) flux: Vec<f64>,
    /// Transport cross section, mean: `[cell][group]`.
    transport: Vec<f64>,
    /// T - S and chi F: `[cell][to][from]`.
    removal: Vec<f64>,
    fission: Vec<f64>,
    /// nu sigma_f: `[cell][group]`.
    nu_fission: Vec<f64>,
    /// Currents: `[edge][group]`.
    pub(crate) left: Vec<f64>,
    pub(crate) right: Vec<f64>,
    pub(crate) given: Vec<f64>,
}

/// The flux that the fission of a flux makes.
struct Products<'a> {
    problem: &'a CoarseDiffusion,
    pivots: Vec<Vec<f64>>,
}

impl LinearOperator<f64> for Products<'_> {
    fn nrows(&self) -> usize {
        self.problem.flux.len()
    }

    fn ncols(&self) -> usize {
        self.nrows()
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        self.problem.emit(x, y);
        self.problem.back_substitute(&self.pivots, y);
    }
}

/// Inverse iterations before Newton's method, and where it fails.
const WARM_UP: [usize; 2] = [10, 3000];

impl CoarseDiffusion {
    /// A low-order problem whose coarse cells are these ranges of fine ones.
    ///
    /// # Errors
    /// [`TransportError::Unsupported`] in a periodic slab.
    pub(crate) fn new(
        disc: &Discretization,
        cells: Vec<Range<usize>>,
    ) -> Result<Self, TransportError> {
        if disc.boundaries()[0] == crate::Boundary::Periodic {
            return Err(TransportError::Unsupported(
                "the accelerations of the eigenvalue iteration know no periodic slab: use power \
                 iteration without, or Arnoldi"
                    .to_owned(),
            ));
        }
        let mesh = disc.mesh();
        let groups = disc.groups();
        let n = cells.len();
        let edge = |i: usize| if i == n { mesh.len() } else { cells[i].start };
        let volume = (cells.iter())
            .map(|c| c.clone().map(|cell| mesh.volume(cell)).sum())
            .collect();
        Ok(Self {
            groups,
            volume,
            area: (0..=n).map(|i| mesh.area(edge(i))).collect(),
            width: (0..n)
                .map(|i| mesh.edges[edge(i + 1)] - mesh.edges[edge(i)])
                .collect(),
            flux: vec![0.0; n * groups],
            transport: vec![0.0; n * groups],
            removal: vec![0.0; n * groups * groups],
            fission: vec![0.0; n * groups * groups],
            nu_fission: vec![0.0; n * groups],
            left: vec![0.0; (n + 1) * groups],
            right: vec![0.0; (n + 1) * groups],
            given: vec![0.0; (n + 1) * groups],
            cells,
        })
    }

    /// Mean fluxes and cross sections of the coarse cells, weighted with `flux`.
    pub(crate) fn collapse(&mut self, disc: &Discretization, flux: &Moments) {
        let n = self.groups;
        let (mesh, dofs) = (disc.mesh(), disc.dofs());
        for (i, range) in self.cells.iter().enumerate() {
            let removal = &mut self.removal[i * n * n..][..n * n];
            let fission = &mut self.fission[i * n * n..][..n * n];
            removal.fill(0.0);
            fission.fill(0.0);
            for g in 0..n {
                let values = flux.group(g);
                let (mut sum, mut transport, mut nu) = (0.0, 0.0, 0.0);
                for cell in range.clone() {
                    let phi = mesh.volume(cell) * values[cell * dofs];
                    let m = disc.material(cell);
                    let factor = mesh.scattering_factor(cell);
                    sum += phi;
                    let forward = factor * m.scatter(1, g, g);
                    transport += phi * (m.total[g] - forward).max(0.1 * m.total[g]);
                    nu += phi * m.nu_fission[g];
                    removal[g * n + g] += phi * m.total[g];
                    for to in 0..n {
                        removal[to * n + g] -= phi * factor * m.scatter(0, g, to);
                        fission[to * n + g] += phi * m.chi[to] * m.nu_fission[g];
                    }
                }
                self.flux[i * n + g] = sum / self.volume[i];
                if sum == 0.0 {
                    // Nothing to weight with: any number removes nothing from nothing.
                    removal[g * n + g] = 1.0;
                    sum = 1.0;
                }
                self.transport[i * n + g] = transport / sum;
                self.nu_fission[i * n + g] = nu / sum;
                for to in 0..n {
                    removal[to * n + g] /= sum;
                    fission[to * n + g] /= sum;
                }
            }
        }
    }

    /// Conductance D/h of the inner edge i, harmonic over its two cells, plus `extra`.
    pub(crate) fn conductance(&self, i: usize, g: usize, extra: f64) -> f64 {
        let n = self.groups;
        let resistance = |c: usize| {
            let h = self.width[c];
            // Half a cell of sigma mean free paths a cm; a void conducts well, but not without end.
            0.5 * h * 3.0 * self.transport[c * n + g].max(1e-6 / h)
        };
        1.0 / (resistance(i - 1) + resistance(i)) + extra
    }

    /// Number of coarse cells.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Number of the fine edge at the coarse edge i.
    pub(crate) fn fine_edge(&self, i: usize) -> usize {
        self.cells
            .get(i)
            .map_or(self.cells[self.len() - 1].end, |c| c.start)
    }

    /// Whether edge i is an end of the mesh.
    pub(crate) fn is_end(&self, i: usize) -> bool {
        i == 0 || i == self.len()
    }

    /// Solves for flux and k, from those of the sweep on. `None` where no positive solution is
    /// found; the flux is then that of the sweep, scaled to production 1.
    pub(crate) fn solve(&mut self, k: f64) -> Option<f64> {
        let scale = 1.0 / self.production(&self.flux);
        let mut start = self.flux.clone();
        start.iter_mut().for_each(|phi| *phi *= scale);
        for warm_up in WARM_UP {
            self.flux.copy_from_slice(&start);
            if let Some(k) = self.newton(k, warm_up) {
                return Some(k);
            }
        }
        self.flux.copy_from_slice(&start);
        None
    }

    /// Ratio of the two largest eigenvalues of the problem with `given` = 0, by Krylov-Schur.
    /// `None` where there is one unknown only, or the second one is not found.
    pub(crate) fn dominance_ratio(&self) -> Option<f64> {
        if self.flux.len() < 2 {
            return None;
        }
        let products = Products {
            problem: self,
            pivots: self.factor(0.0)?,
        };
        let params = ArnoldiParams {
            count: 2,
            tolerance: 1e-8,
            max_restarts: 200,
            ..ArnoldiParams::default()
        };
        let pairs = arnoldi(&products, &params).ok().filter(|p| p.converged)?;
        Some(pairs.values[1].norm() / pairs.values[0].norm())
    }

    fn production(&self, flux: &[f64]) -> f64 {
        let n = self.groups;
        (0..self.len())
            .map(|i| {
                let f: f64 = (0..n)
                    .map(|g| self.nu_fission[i * n + g] * flux[i * n + g])
                    .sum();
                self.volume[i] * f
            })
            .sum()
    }

    fn newton(&mut self, k: f64, warm_up: usize) -> Option<f64> {
        let mut lambda = 1.0 / k;
        let size = self.flux.len();
        let sources: Vec<f64> = (0..self.len())
            .flat_map(|i| (0..self.groups).map(move |g| (i, g)))
            .map(|(i, g)| {
                self.area[i] * self.given[i * self.groups + g]
                    - self.area[i + 1] * self.given[(i + 1) * self.groups + g]
            })
            .collect();
        let mut fission = vec![0.0; size];
        let unshifted = self.factor(0.0)?;
        for _ in 0..warm_up {
            self.emit(&self.flux, &mut fission);
            let mut phi: Vec<f64> = (fission.iter().zip(&sources))
                .map(|(f, c)| lambda * f + c)
                .collect();
            self.back_substitute(&unshifted, &mut phi);
            let p = self.production(&phi);
            if !p.is_finite() || p <= 0.0 {
                return None;
            }
            lambda /= p;
            let moved = (phi.iter().zip(&self.flux))
                .fold(0.0, |m: f64, (a, b)| larger(m, (a / p - b).abs()));
            let top = phi.iter().fold(0.0, |m: f64, a| m.max(a.abs()));
            phi.iter_mut().for_each(|x| *x /= p);
            self.flux = phi;
            if moved < 1e-14 * top {
                break;
            }
        }
        let mut residual = vec![0.0; size];
        for _ in 0..20 {
            self.emit(&self.flux, &mut fission);
            self.multiply(&self.flux, &mut residual);
            for ((r, f), c) in residual.iter_mut().zip(&fission).zip(&sources) {
                *r = c - (*r - lambda * f);
            }
            // Next to the eigenvalue the matrix is nearly singular, as it should be; where it is
            // so to the last bit, one next to it serves as well.
            let factored = self
                .factor(lambda)
                .or_else(|| self.factor(lambda * (1.0 - 1e-12)))?;
            let (mut y, mut z) = (fission.clone(), residual.clone());
            self.back_substitute(&factored, &mut y);
            self.back_substitute(&factored, &mut z);
            let missing = 1.0 - self.production(&self.flux) - self.production(&z);
            let step = missing / self.production(&y);
            let mut moved: f64 = 0.0;
            let mut top: f64 = 0.0;
            for ((phi, z), y) in self.flux.iter_mut().zip(&z).zip(&y) {
                let d = z + step * y;
                *phi += d;
                moved = larger(moved, d.abs());
                top = larger(top, phi.abs());
            }
            lambda += step;
            if !lambda.is_finite() || !moved.is_finite() {
                return None;
            }
            if moved <= 1e-12 * top && step.abs() <= 1e-13 * lambda {
                break;
            }
        }
        let positive = self.flux.iter().all(|&phi| phi >= 0.0);
        (positive && lambda > 0.0)
            .then(|| 1.0 / lambda)
            .filter(|k| k.is_finite())
    }

    /// V chi F phi.
    fn emit(&self, flux: &[f64], out: &mut [f64]) {
        let n = self.groups;
        for i in 0..self.len() {
            for to in 0..n {
                let row = &self.fission[(i * n + to) * n..][..n];
                let sum: f64 = row.iter().zip(&flux[i * n..]).map(|(f, phi)| f * phi).sum();
                out[i * n + to] = self.volume[i] * sum;
            }
        }
    }

    /// Net outflow plus removal, without `given`.
    fn multiply(&self, flux: &[f64], out: &mut [f64]) {
        let n = self.groups;
        for i in 0..self.len() {
            for to in 0..n {
                let row = &self.removal[(i * n + to) * n..][..n];
                let sum: f64 = row.iter().zip(&flux[i * n..]).map(|(r, phi)| r * phi).sum();
                out[i * n + to] = self.volume[i] * sum
                    + self.area[i + 1] * self.current(flux, i + 1, to)
                    - self.area[i] * self.current(flux, i, to);
            }
        }
    }

    /// Current of edge i, without `given`.
    fn current(&self, flux: &[f64], i: usize, g: usize) -> f64 {
        let n = self.groups;
        let mut j = 0.0;
        if i > 0 {
            j += self.left[i * n + g] * flux[(i - 1) * n + g];
        }
        if i < self.len() {
            j += self.right[i * n + g] * flux[i * n + g];
        }
        j
    }

    /// Inverses of the pivot blocks of the matrix less lambda times fission.
    fn factor(&self, lambda: f64) -> Option<Vec<Vec<f64>>> {
        let n = self.groups;
        let mut pivots: Vec<Vec<f64>> = Vec::with_capacity(self.len());
        for i in 0..self.len() {
            let mut block: Vec<f64> = (self.removal[i * n * n..][..n * n].iter())
                .zip(&self.fission[i * n * n..])
                .map(|(r, f)| self.volume[i] * (r - lambda * f))
                .collect();
            for g in 0..n {
                block[g * n + g] += self.area[i + 1] * self.left[(i + 1) * n + g]
                    - self.area[i] * self.right[i * n + g];
            }
            if i > 0 {
                let before = &pivots[i - 1];
                for to in 0..n {
                    for from in 0..n {
                        block[to * n + from] -=
                            self.lower(i, to) * before[to * n + from] * self.upper(i - 1, from);
                    }
                }
            }
            pivots.push(inverse(&block, n)?);
        }
        Some(pivots)
    }

    /// What row i takes of cell i - 1, and what it takes of cell i + 1.
    fn lower(&self, i: usize, g: usize) -> f64 {
        -self.area[i] * self.left[i * self.groups + g]
    }

    fn upper(&self, i: usize, g: usize) -> f64 {
        self.area[i + 1] * self.right[(i + 1) * self.groups + g]
    }

    fn back_substitute(&self, pivots: &[Vec<f64>], x: &mut [f64]) {
        let n = self.groups;
        let mut scratch = vec![0.0; n];
        let mut times = |pivot: &[f64], x: &mut [f64]| {
            for (row, s) in pivot.chunks_exact(n).zip(&mut scratch) {
                *s = row.iter().zip(&*x).map(|(p, x)| p * x).sum();
            }
            x.copy_from_slice(&scratch);
        };
        times(&pivots[0], &mut x[..n]);
        for i in 1..self.len() {
            for g in 0..n {
                x[i * n + g] -= self.lower(i, g) * x[(i - 1) * n + g];
            }
            times(&pivots[i], &mut x[i * n..(i + 1) * n]);
        }
        let mut behind = vec![0.0; n];
        for i in (0..self.len() - 1).rev() {
            for (g, b) in behind.iter_mut().enumerate() {
                *b = self.upper(i, g) * x[(i + 1) * n + g];
            }
            times(&pivots[i], &mut behind);
            for (x, b) in x[i * n..(i + 1) * n].iter_mut().zip(&behind) {
                *x -= b;
            }
        }
    }
}
