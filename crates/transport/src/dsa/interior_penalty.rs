//! Modified interior penalty (MIP) diffusion acceleration for discontinuous Galerkin schemes.
//!
//! Fick's law holds exactly in each cell, J = -D f', D = m2/sigma_tr with m2 = sum w mu^2/W
//! (1/3), and the unknown is the scalar flux alone. With `[f]` the value below an edge less that
//! above, `{f}` the mean of the two, and all test functions w of degree p on the cells,
//!
//! ```text
//! (sigma_a f, w) + (D f', w') + sum over edges  kappa [f][w] - {D f'}[w] - [f]{D w'}
//!     = (sigma_0 c0, w)
//! kappa = max(g0, C p (p + 1)/2 (D/h below + D/h above)),    g0 = sum_{mu>0} w mu/W
//! ```
//!
//! The published form has 1/4, which is what g0 tends to with many ordinates. In thick cells g0
//! itself is the better choice: with it the terms of the edges are those of the sweep, and the
//! radius of S4 in cells of 1024 mean free paths is 0.003 where 1/4 gives 0.0425.
//!
//! An end through which nothing enters adds kappa f w - (f D w' + D f' w)/2 with outward
//! derivatives and kappa = max(g0, C p (p + 1) D/h); one that sends back the part beta > 0 has
//! J = gamma (1 - beta)/(1 + beta) f outwards, gamma = 2/W sum_{mu>0} w mu. Lumped schemes have a
//! lumped mass.
//!
//! The matrix is symmetric and positive definite, block tridiagonal with blocks of p + 1. It is
//! factored once, T_i = A_ii - G_(i-1)^T A_(i-1,i), G_i = T_i^-1 A_(i,i+1):
//!
//! ```text
//! y_i = b_i - G_(i-1)^T y_(i-1)          x_i = T_i^-1 y_i - G_i x_(i+1)
//! ```
//!
//! In a periodic slab the last cell is eliminated after the others (its Schur complement).
//!
//! Less effective than [`consistent_p1`](super::consistent_p1) in cells of one to ten mean free
//! paths (spectral radius up to about 0.5), and with scattering strongly forward, as the current
//! is not corrected. It is what is left of that method where Fick's law is imposed, and the form
//! that carries over to more dimensions.
//!
//! Source: Wang and Ragusa, Nucl. Sci. Eng. 166 (2010) 145.

use super::LowOrder;
use super::cell_kinds::Kind;
use super::dense::inverse;
use super::edge_diffusion::THINNEST;
use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::fourier::{C, Matrix};
use crate::params::Scheme;

type Block<const D: usize> = [[f64; D]; D];

/// What the form needs to know of a cell.
#[derive(Clone, Copy, Debug)]
struct Cell {
    width: f64,
    diffusion: f64,
    absorption: f64,
    scattering: f64,
    lumped: bool,
}

impl Cell {
    /// The cell of a kind of `disc`.
    fn of_kind(disc: &Discretization, group: usize, total: &[f64], kind: &Kind) -> Self {
        let o = disc.ordinates();
        let second = 2.0 * o.half_range(2) / o.weight_sum();
        let factor =
            super::current_moment(o).map_or(0.0, |m| o.factor[m] * o.weight_sum() * second);
        let material = &disc.materials()[kind.material];
        let scatter = |l| kind.scattering_factor * material.scatter(l, group, group);
        let total = total[kind.material];
        let transport = (total - factor * scatter(1)).max(THINNEST / kind.width);
        Self {
            width: kind.width,
            diffusion: second / transport,
            absorption: total - scatter(0),
            scattering: scatter(0),
            lumped: disc.scheme() == Scheme::LumpedLinearDiscontinuous,
        }
    }

    /// Integral of P_k^2.
    fn mass(&self, k: usize) -> f64 {
        if self.lumped {
            self.width
        } else {
            self.width / (2 * k + 1) as f64
        }
    }

    /// P_k at the lower (0) or upper (1) edge.
    fn value(end: usize, k: usize) -> f64 {
        if end == 0 && k % 2 == 1 { -1.0 } else { 1.0 }
    }

    /// D P_k' there.
    fn slope(&self, end: usize, k: usize) -> f64 {
        // dP_k/dxi at +-1 is (+-1)^(k - 1) k (k + 1)/2.
        let sign = if end == 0 && k.is_multiple_of(2) {
            -1.0
        } else {
            1.0
        };
        sign * self.diffusion * (k * (k + 1)) as f64 / self.width
    }

    /// (sigma_a f, w) + (D f', w').
    fn volume<const D: usize>(&self) -> Block<D> {
        let mut a = [[0.0; D]; D];
        for (k, row) in a.iter_mut().enumerate() {
            for (d, a) in row.iter_mut().enumerate() {
                if (k + d).is_multiple_of(2) {
                    // Integral of P_k' P_d' over xi is min(k, d)(min(k, d) + 1).
                    let least = k.min(d);
                    *a = 2.0 * self.diffusion / self.width * (least * (least + 1)) as f64;
                }
            }
            row[k] += self.absorption * self.mass(k);
        }
        a
    }

    /// (sigma_0 c, w) for coefficient k of c.
    fn source(&self, k: usize) -> f64 {
        self.scattering * self.mass(k)
    }
}

/// The terms of an edge: rows and columns of the cell below, of that above, and rows of the cell
/// below with columns of that above.
fn edge<const D: usize>(below: &Cell, above: &Cell, constant: f64, least: f64) -> [Block<D>; 3] {
    let p = (D - 1) as f64;
    let kappa = (0.5 * constant * p * (p + 1.0))
        * (below.diffusion / below.width + above.diffusion / above.width);
    let kappa = kappa.max(least);
    // [f] and {D f'} of the coefficients of either cell.
    let jump = |side: usize, k: usize| match side {
        0 => Cell::value(1, k),
        _ => -Cell::value(0, k),
    };
    let mean = |side: usize, k: usize| match side {
        0 => 0.5 * below.slope(1, k),
        _ => 0.5 * above.slope(0, k),
    };
    [(0, 0), (1, 1), (0, 1)].map(|(row, column)| {
        let mut a = [[0.0; D]; D];
        for (k, a) in a.iter_mut().enumerate() {
            for (d, a) in a.iter_mut().enumerate() {
                *a = kappa * jump(column, d) * jump(row, k)
                    - mean(column, d) * jump(row, k)
                    - jump(column, d) * mean(row, k);
            }
        }
        a
    })
}

/// The terms of the end `side`.
fn end<const D: usize>(
    disc: &Discretization,
    side: usize,
    cell: &Cell,
    constant: f64,
    least: f64,
) -> Block<D> {
    let beta = disc.boundaries()[side].albedo();
    let outward = if side == 0 { -1.0 } else { 1.0 };
    let p = (D - 1) as f64;
    let mut a = [[0.0; D]; D];
    for (k, row) in a.iter_mut().enumerate() {
        for (d, a) in row.iter_mut().enumerate() {
            let (f, w) = (Cell::value(side, d), Cell::value(side, k));
            *a = if beta == 0.0 {
                let kappa = (constant * p * (p + 1.0) * cell.diffusion / cell.width).max(least);
                let cross = f * cell.slope(side, k) + cell.slope(side, d) * w;
                kappa * f * w - 0.5 * outward * cross
            } else {
                2.0 * least * (1.0 - beta) / (1.0 + beta) * f * w
            };
        }
    }
    a
}

/// Least penalty: the partial current of an isotropic flux of 1, about 1/4.
fn least_penalty(disc: &Discretization) -> f64 {
    disc.ordinates().half_range(1) / disc.ordinates().weight_sum()
}

/// T_i^-1 and G_i.
#[derive(Clone, Copy, Debug)]
struct Pivot<const D: usize> {
    inverse: Block<D>,
    above: Block<D>,
}

/// The last cell of a periodic slab.
struct Last<const D: usize> {
    /// Solution of the others for the last cell's unit values: `[cell]`.
    others: Vec<Block<D>>,
    /// From the last cell to the first and to the last but one.
    coupling: [Block<D>; 2],
    inverse: Block<D>,
}

/// Modified interior penalty diffusion; see the module.
pub struct InteriorPenalty<const D: usize> {
    pivots: Vec<Pivot<D>>,
    last: Option<Last<D>>,
    /// Scattering cross section times width, by cell.
    source: Vec<f64>,
    lumped: bool,
    x: Vec<[f64; D]>,
}

impl<const D: usize> InteriorPenalty<D> {
    /// The low-order problem of one group; `total` is by material, `constant` is C.
    pub fn new(disc: &Discretization, group: usize, total: &[f64], constant: f64) -> Self {
        let mesh = disc.mesh();
        let n = mesh.len();
        let least = least_penalty(disc);
        let cell = |i: usize| {
            let kind = Kind {
                material: mesh.material[i] as usize,
                width: mesh.width(i),
                scattering_factor: mesh.scattering_factor(i),
            };
            Cell::of_kind(disc, group, total, &kind)
        };
        let periodic = disc.boundaries()[0] == Boundary::Periodic;
        let wrap: [Block<D>; 3] = edge(&cell(n - 1), &cell(0), constant, least);
        let mut pivots: Vec<Pivot<D>> = Vec::with_capacity(n);
        // Terms of the edge below a cell in its own rows, and between it and the cell below.
        let mut under: Block<D> = match periodic {
            true => wrap[1],
            false => end(disc, 0, &cell(0), constant, least),
        };
        let mut last_diagonal = [[0.0; D]; D];
        let mut last_coupling = [[0.0; D]; D];
        let eliminated = if periodic { n - 1 } else { n };
        let mut from_below = [[0.0; D]; D];
        for i in 0..n {
            let mut diagonal = sum(cell(i).volume(), under);
            let (own, next, between) = if i + 1 < n {
                let [a, b, c] = edge(&cell(i), &cell(i + 1), constant, least);
                (a, b, c)
            } else if periodic {
                (wrap[0], wrap[1], [[0.0; D]; D])
            } else {
                let a = end(disc, 1, &cell(i), constant, least);
                (a, [[0.0; D]; D], [[0.0; D]; D])
            };
            diagonal = sum(diagonal, own);
            under = next;
            if i == eliminated {
                last_diagonal = diagonal;
                break;
            }
            if let Some(before) = pivots.last() {
                diagonal = difference(diagonal, product(transpose(before.above), from_below));
            }
            let inverse = invert(diagonal);
            if i + 1 == eliminated && periodic {
                last_coupling = between;
            }
            let above = match i + 1 < eliminated {
                true => product(inverse, between),
                false => [[0.0; D]; D],
            };
            pivots.push(Pivot { inverse, above });
            from_below = between;
        }
        let mut me = Self {
            pivots,
            last: None,
            source: (0..n).map(|i| cell(i).source(0)).collect(),
            lumped: disc.scheme() == Scheme::LumpedLinearDiscontinuous,
            x: vec![[0.0; D]; n],
        };
        if periodic {
            me.close(wrap[2], last_diagonal, last_coupling);
        }
        me
    }

    /// Adds the last cell of a periodic slab: `wrap` has its rows and the columns of the first
    /// cell, `before` the rows of the last but one and its columns.
    fn close(&mut self, wrap: Block<D>, diagonal: Block<D>, before: Block<D>) {
        let n = self.x.len();
        if n == 1 {
            let all = sum(diagonal, sum(wrap, transpose(wrap)));
            self.last = Some(Last {
                others: Vec::new(),
                coupling: [[[0.0; D]; D]; 2],
                inverse: invert(all),
            });
            return;
        }
        let mut others = vec![[[0.0; D]; D]; n - 1];
        for d in 0..D {
            self.x.fill([0.0; D]);
            for k in 0..D {
                self.x[0][k] += wrap[d][k];
                self.x[n - 2][k] += before[k][d];
            }
            self.substitute();
            for (z, x) in others.iter_mut().zip(&self.x) {
                for k in 0..D {
                    z[k][d] = x[k];
                }
            }
        }
        let coupling = [wrap, transpose(before)];
        let away = sum(
            product(coupling[0], others[0]),
            product(coupling[1], others[n - 2]),
        );
        self.last = Some(Last {
            others,
            coupling,
            inverse: invert(difference(diagonal, away)),
        });
    }

    /// Forward and back substitution in the eliminated cells.
    fn substitute(&mut self) {
        let n = self.pivots.len();
        for i in 1..n {
            let y = self.x[i - 1];
            for (y, row) in y.iter().zip(&self.pivots[i - 1].above) {
                for (x, g) in self.x[i].iter_mut().zip(row) {
                    *x -= g * y;
                }
            }
        }
        for i in (0..n).rev() {
            let p = &self.pivots[i];
            let mut x = apply(&p.inverse, &self.x[i]);
            if i + 1 < n {
                let away = apply(&p.above, &self.x[i + 1]);
                for k in 0..D {
                    x[k] -= away[k];
                }
            }
            self.x[i] = x;
        }
    }
}

impl<const D: usize> LowOrder for InteriorPenalty<D> {
    fn correct(&mut self, _: &Discretization, change: &[f64], flux: &mut [f64]) {
        let n = self.x.len();
        for (i, x) in self.x.iter_mut().enumerate() {
            for k in 0..D {
                let mass = if self.lumped {
                    1.0
                } else {
                    1.0 / (2 * k + 1) as f64
                };
                x[k] = self.source[i] * mass * change[i * D + k];
            }
        }
        self.substitute();
        if let Some(last) = &self.last {
            let mut b = self.x[n - 1];
            if n > 1 {
                let first = apply(&last.coupling[0], &self.x[0]);
                let before = apply(&last.coupling[1], &self.x[n - 2]);
                for k in 0..D {
                    b[k] -= first[k] + before[k];
                }
            }
            let b = apply(&last.inverse, &b);
            for (x, z) in self.x.iter_mut().zip(&last.others) {
                let away = apply(z, &b);
                for k in 0..D {
                    x[k] -= away[k];
                }
            }
            self.x[n - 1] = b;
        }
        for (flux, x) in flux.iter_mut().zip(self.x.as_flattened()) {
            *flux += x;
        }
    }

    fn name(&self) -> &'static str {
        "modified interior penalty"
    }
}

/// The symbol on the flux: from the change to the correction. `least` is the floor of the penalty
/// where it is not that of the quadrature.
pub(crate) fn symbol<const D: usize>(
    disc: &Discretization,
    group: usize,
    total: &[f64],
    constant: f64,
    least: Option<f64>,
    kind: &Kind,
    theta: f64,
) -> Matrix {
    let cell = Cell::of_kind(disc, group, total, kind);
    let volume: Block<D> = cell.volume();
    let [below, above, between] = edge::<D>(
        &cell,
        &cell,
        constant,
        least.unwrap_or_else(|| least_penalty(disc)),
    );
    let up = C::from_polar(1.0, theta);
    let mut matrix = Matrix::zeros(D);
    let mut right = vec![vec![C::default(); D]; D];
    for k in 0..D {
        for d in 0..D {
            *matrix.at_mut(k, d) = up * between[k][d]
                + up.conj() * between[d][k]
                + (volume[k][d] + below[k][d] + above[k][d]);
        }
        right[k][k] = C::from(cell.source(k));
    }
    matrix.solve(&mut right);
    Matrix {
        n: D,
        entries: right.concat(),
    }
}

#[inline(always)]
fn apply<const D: usize>(a: &Block<D>, x: &[f64; D]) -> [f64; D] {
    let mut y = [0.0; D];
    for k in 0..D {
        for d in 0..D {
            y[k] += a[k][d] * x[d];
        }
    }
    y
}

fn entries<const D: usize>(f: impl Fn(usize, usize) -> f64) -> Block<D> {
    let mut a = [[0.0; D]; D];
    for (k, row) in a.iter_mut().enumerate() {
        for (d, a) in row.iter_mut().enumerate() {
            *a = f(k, d);
        }
    }
    a
}

fn sum<const D: usize>(a: Block<D>, b: Block<D>) -> Block<D> {
    entries(|k, d| a[k][d] + b[k][d])
}

fn difference<const D: usize>(a: Block<D>, b: Block<D>) -> Block<D> {
    entries(|k, d| a[k][d] - b[k][d])
}

fn transpose<const D: usize>(a: Block<D>) -> Block<D> {
    entries(|k, d| a[d][k])
}

fn product<const D: usize>(a: Block<D>, b: Block<D>) -> Block<D> {
    entries(|k, d| (0..D).map(|j| a[k][j] * b[j][d]).sum())
}

/// The inverse; that of a block which is singular (all closed and nothing absorbs) is taken as 0.
fn invert<const D: usize>(a: Block<D>) -> Block<D> {
    match inverse(a.as_flattened(), D) {
        Some(b) => entries(|k, d| b[k * D + d]),
        None => [[0.0; D]; D],
    }
}
