//! Consistent P1 acceleration for discontinuous Galerkin schemes.
//!
//! The error is taken as linear in the cosine, psi = F0/W + mu F1/(W m2) with W = sum w and
//! m2 = sum w mu^2/W, and put into the equations of the sweep, upwind terms included. With D
//! Legendre coefficients of F0 and F1 in a cell, M_k = h/(2 k + 1) (h for k > 0 where the mass is
//! lumped) and test function P_k, the moments 0 and 1 are
//!
//! ```text
//! [P_k Phi0] - 2 sum' F1_d    + sigma_a  M_k F0_k = M_k sigma_0 c0_k
//! [P_k Phi1] - 2 m2 sum' F0_d + sigma_tr M_k F1_k = M_k sigma_1 c1_k
//! ```
//!
//! sum' runs over d < k with k - d odd, c is the change, and [.] is the upper edge less the lower.
//! What crosses an edge comes from both sides: from the cell below u, that above v,
//!
//! ```text
//! Phi = u + v,   u = ( g0 F0 + F1/2, m2/2 F0 + g2 F1) at the upper edge of the cell below
//!                v = (-g0 F0 + F1/2, m2/2 F0 - g2 F1) at the lower edge of the cell above
//! g0 = sum_{mu>0} w mu/W,   g2 = sum_{mu>0} w mu^3/(W m2)
//! ```
//!
//! Cells meet in two numbers each way only. So the system of 2 D unknowns a cell is not factored
//! by blocks: the response of a cell alone, (u, v out) = a + M (u, v in), is made once for each
//! kind of cell, and all that lies below an edge acts on the cell above as u = R v + b:
//!
//! ```text
//! up     H_i = (I - R_i M_vu)^-1          R_(i+1) = M_uv + M_uu H_i R_i M_vv
//!        b_(i+1) = a_u + M_uu H_i (b_i + R_i a_v)
//! down   u_i = H_i (b_i + R_i (a_v + M_vv v_(i+1)))      v_i = a_v + M_vu u_i + M_vv v_(i+1)
//! ```
//!
//! R and H do not depend on the change and are made once. This is invariant imbedding; as R
//! reflects at most what falls on it, rounding does not grow. Two numbers may depend on each
//! other (with two ordinates they do): nothing is divided by that.
//!
//! At an end that reflects the part beta, u = beta (-v0, v1); where the reflection is white,
//! u = -beta v0 (1, W m2/(2 sum_{mu>0} w mu)). A periodic slab is solved for x = (u_0, v_n) given;
//! x = (u_n, v_0) are four equations more.
//!
//! The spectral radius falls with the width of the cells, from 0.2247 c in thin ones. With two
//! ordinates the error is linear in mu and nothing of it is left after one iteration. For the
//! linear characteristic scheme this is the operator of a near relative, not its own.
//!
//! Source: Larsen, Nucl. Sci. Eng. 82 (1982) 47; McCoy and Larsen, ibid. 64; Warsa, Wareing and
//! Morel, Nucl. Sci. Eng. 141 (2002) 236. Elimination: Bellman, Kalaba and Wing, J. Math. Phys. 1
//! (1960) 280.

use super::LowOrder;
use super::cell_kinds::{Kind, cell_kinds};
use super::dense::inverse;
use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::fourier::{C, Matrix};
use crate::params::Scheme;

type Pair = [f64; 2];
type Matrix2 = [[f64; 2]; 2];

/// Response of one kind of cell; `in` and `out` are (u0, u1, v0, v1).
#[derive(Clone, Debug)]
pub(crate) struct Response<const D: usize> {
    /// Out from the change: `[c0, c1][out][d]`.
    pub(crate) out_change: [[[f64; D]; 4]; 2],
    /// Out from in.
    pub(crate) out_in: [[f64; 4]; 4],
    /// Cell from the change: `[F0, F1][c0, c1][k][d]`.
    pub(crate) cell_change: [[[[f64; D]; D]; 2]; 2],
    /// Cell from in: `[F0, F1][k][in]`.
    pub(crate) cell_in: [[[f64; 4]; D]; 2],
}

/// Constants of the quadrature.
#[derive(Clone, Copy, Debug)]
struct Angular {
    g0: f64,
    g2: f64,
    second: f64,
    /// sigma_1 times this is the factor of the current in the moment 1 of the scattering source.
    first_factor: f64,
}

impl Angular {
    fn new(disc: &Discretization) -> Self {
        let o = disc.ordinates();
        let w = o.weight_sum();
        let second = 2.0 * o.half_range(2) / w;
        Self {
            g0: o.half_range(1) / w,
            g2: o.half_range(3) / (w * second),
            second,
            first_factor: super::current_moment(o).map_or(0.0, |m| o.factor[m] * w * second),
        }
    }
}

impl<const D: usize> Response<D> {
    /// The response of a cell with total cross section `total`, and whose scattering within the
    /// group is `sigma_0`, `sigma_1`.
    fn new(a: &Angular, lumped: bool, h: f64, total: f64, sigma_0: f64, sigma_1: f64) -> Self {
        let n = 2 * D;
        let sign = |d: usize| if d % 2 == 1 { -1.0 } else { 1.0 };
        let mass = |k: usize| if lumped { h } else { h / (2 * k + 1) as f64 };
        let half_second = 0.5 * a.second;
        let mut matrix = vec![0.0; n * n];
        for k in 0..D {
            let (row0, row1) = (k * n, (D + k) * n);
            for d in 0..D {
                // Upper edge less lower edge, of what the cell itself sends out.
                let (up, down) = (1.0, sign(k) * sign(d));
                matrix[row0 + d] += (up + down) * a.g0;
                matrix[row0 + D + d] += (up - down) * 0.5;
                matrix[row1 + d] += (up - down) * half_second;
                matrix[row1 + D + d] += (up + down) * a.g2;
                if d < k && (k - d) % 2 == 1 {
                    matrix[row0 + D + d] -= 2.0;
                    matrix[row1 + d] -= 2.0 * a.second;
                }
            }
            matrix[row0 + k] += (total - sigma_0) * mass(k);
            matrix[row1 + D + k] += (total - sigma_1) * mass(k);
        }
        // Beyond what numbers can hold there is no correction: the iteration goes on without.
        let inv = inverse(&matrix, n).unwrap_or_else(|| vec![0.0; n * n]);
        let mut me = Self {
            out_change: [[[0.0; D]; 4]; 2],
            out_in: [[0.0; 4]; 4],
            cell_change: [[[[0.0; D]; D]; 2]; 2],
            cell_in: [[[0.0; 4]; D]; 2],
        };
        for f in 0..2 {
            for k in 0..D {
                let row = (f * D + k) * n;
                for d in 0..D {
                    me.cell_change[f][0][k][d] = inv[row + d] * mass(d) * sigma_0;
                    me.cell_change[f][1][k][d] = inv[row + D + d] * mass(d) * sigma_1;
                    for moment in 0..2 {
                        let value = inv[row + moment * D + d];
                        me.cell_in[f][k][moment] += sign(d) * value;
                        me.cell_in[f][k][2 + moment] -= value;
                    }
                }
            }
        }
        for k in 0..D {
            // Weight of F0_k and F1_k in (u0, u1, v0, v1) out.
            let weights = [
                [a.g0, 0.5],
                [half_second, a.g2],
                [-a.g0 * sign(k), 0.5 * sign(k)],
                [half_second * sign(k), -a.g2 * sign(k)],
            ];
            for (out, weight) in weights.iter().enumerate() {
                for (f, weight) in weight.iter().enumerate() {
                    for d in 0..D {
                        for c in 0..2 {
                            me.out_change[c][out][d] += weight * me.cell_change[f][c][k][d];
                        }
                    }
                    for into in 0..4 {
                        me.out_in[out][into] += weight * me.cell_in[f][k][into];
                    }
                }
            }
        }
        me
    }

    /// The response of a kind of cell of `disc`.
    pub(crate) fn of_kind(disc: &Discretization, group: usize, total: &[f64], kind: &Kind) -> Self {
        let angular = Angular::new(disc);
        let m = &disc.materials()[kind.material];
        let s = kind.scattering_factor;
        Self::new(
            &angular,
            disc.scheme() == Scheme::LumpedLinearDiscontinuous,
            kind.width,
            total[kind.material],
            s * m.scatter(0, group, group),
            s * angular.first_factor * m.scatter(1, group, group),
        )
    }

    /// The symbol on `[F0, F1][dof]`: from the change to the correction.
    pub(crate) fn symbol(&self, theta: f64) -> Matrix {
        // What enters from below left the cell below, and what enters from above that above.
        let up = C::from_polar(1.0, theta);
        let phase = [up.conj(), up.conj(), up, up];
        let mut matrix = Matrix::zeros(4);
        let mut out = vec![vec![C::default(); 2 * D]; 4];
        for (i, out) in out.iter_mut().enumerate() {
            for (j, phase) in phase.iter().enumerate() {
                let own = f64::from(u8::from(i == j));
                *matrix.at_mut(i, j) = C::from(own) - phase * self.out_in[i][j];
            }
            for d in 0..D {
                out[d] = C::from(self.out_change[0][i][d]);
                out[D + d] = C::from(self.out_change[1][i][d]);
            }
        }
        matrix.solve(&mut out);
        let mut symbol = Matrix::zeros(2 * D);
        for row in 0..2 * D {
            let (f, k) = (row / D, row % D);
            for column in 0..2 * D {
                let own = self.cell_change[f][column / D][k][column % D];
                let entering: C = (out.iter().zip(&phase).zip(&self.cell_in[f][k]))
                    .map(|((out, phase), cell)| phase * out[column] * cell)
                    .sum();
                *symbol.at_mut(row, column) = entering + own;
            }
        }
        symbol
    }

    /// Block of [`Response::out_in`]: 0 is u, 1 is v.
    fn block(&self, out: usize, into: usize) -> Matrix2 {
        let m = |i: usize, j: usize| self.out_in[2 * out + i][2 * into + j];
        [[m(0, 0), m(0, 1)], [m(1, 0), m(1, 1)]]
    }
}

/// R and H at the lower edge of a cell.
#[derive(Clone, Copy, Debug)]
struct Below {
    reflection: Matrix2,
    round: Matrix2,
}

/// Consistent P1 equations; see the module.
pub struct ConsistentP1<const D: usize> {
    responses: Vec<Response<D>>,
    kind: Vec<u32>,
    below: Vec<Below>,
    /// b at the lower edge of each cell, and at the upper end.
    given: Vec<Pair>,
    /// From b at the upper end to v there.
    upper_end: Matrix2,
    /// Inverse of the equations that join the ends of a periodic slab, by rows.
    join: Option<Vec<f64>>,
    current_moment: Option<usize>,
}

impl<const D: usize> ConsistentP1<D> {
    /// The low-order problem of one group; `total` is by material.
    pub fn new(disc: &Discretization, group: usize, total: &[f64]) -> Self {
        let (kinds, kind) = cell_kinds(disc.mesh());
        let responses: Vec<Response<D>> = kinds
            .iter()
            .map(|k| Response::of_kind(disc, group, total, k))
            .collect();
        let mut reflection = reflection(disc, 0);
        let mut below = Vec::with_capacity(kind.len());
        for &k in &kind {
            let r = &responses[k as usize];
            let round = inverse2(minus(IDENTITY, product(reflection, r.block(1, 0))));
            below.push(Below { reflection, round });
            let through = product(round, product(reflection, r.block(1, 1)));
            reflection = plus(r.block(0, 1), product(r.block(0, 0), through));
        }
        let end = self::reflection(disc, 1);
        let round = inverse2(minus(IDENTITY, product(reflection, end)));
        let mut me = Self {
            given: vec![[0.0; 2]; kind.len() + 1],
            responses,
            kind,
            below,
            upper_end: product(end, round),
            join: None,
            current_moment: super::current_moment(disc.ordinates()),
        };
        if disc.boundaries()[0] == Boundary::Periodic {
            me.join = Some(me.join_ends(reflection));
        }
        me
    }

    /// The inverse of x - (u_n, v_0), as it depends on x = (u_0, v_n).
    ///
    /// Where all is closed and nothing absorbs, the equations are singular: x is then left alone.
    fn join_ends(&mut self, reflection: Matrix2) -> Vec<f64> {
        let mut matrix = vec![0.0; 16];
        for j in 0..4 {
            let mut x = [0.0; 4];
            x[j] = 1.0;
            self.given[0] = [x[0], x[1]];
            for i in 0..self.kind.len() {
                let (m, b) = (&self.responses[self.kind[i] as usize], self.below[i]);
                self.given[i + 1] = times(m.block(0, 0), times(b.round, self.given[i]));
            }
            let mut v = [x[2], x[3]];
            let u = add(*self.last(), times(reflection, v));
            for i in (0..self.kind.len()).rev() {
                let (m, b) = (&self.responses[self.kind[i] as usize], self.below[i]);
                let through = times(m.block(1, 1), v);
                let u = times(b.round, add(self.given[i], times(b.reflection, through)));
                v = add(through, times(m.block(1, 0), u));
            }
            for (i, out) in [u[0], u[1], v[0], v[1]].into_iter().enumerate() {
                matrix[4 * i + j] = x[i] - out;
            }
        }
        inverse(&matrix, 4).unwrap_or_else(|| vec![0.0; 16])
    }

    fn last(&self) -> &Pair {
        self.given.last().expect("one more than there are cells")
    }

    /// Up: b at all edges, from b at the lower end.
    fn up(&mut self, lower: Pair, change: &[f64], first: usize) {
        self.given[0] = lower;
        for i in 0..self.kind.len() {
            let m = &self.responses[self.kind[i] as usize];
            let own = emitted(m, change, first, i);
            let Below { reflection, round } = self.below[i];
            let at = add(self.given[i], times(reflection, [own[2], own[3]]));
            self.given[i + 1] = add([own[0], own[1]], times(m.block(0, 0), times(round, at)));
        }
    }

    /// Down: from v at the upper end to v at the lower, telling `cell` what enters each cell.
    fn down(
        &self,
        upper: Pair,
        change: &[f64],
        first: usize,
        mut cell: impl FnMut(usize, &Response<D>, [f64; 4]),
    ) -> Pair {
        let mut v = upper;
        for i in (0..self.kind.len()).rev() {
            let m = &self.responses[self.kind[i] as usize];
            let own = emitted(m, change, first, i);
            let Below { reflection, round } = self.below[i];
            let out = add([own[2], own[3]], times(m.block(1, 1), v));
            let u = times(round, add(self.given[i], times(reflection, out)));
            cell(i, m, [u[0], u[1], v[0], v[1]]);
            v = add(out, times(m.block(1, 0), u));
        }
        v
    }
}

/// What a cell sends out by itself.
#[inline(always)]
fn emitted<const D: usize>(m: &Response<D>, change: &[f64], first: usize, cell: usize) -> [f64; 4] {
    let mut out = [0.0; 4];
    for (j, out) in out.iter_mut().enumerate() {
        for d in 0..D {
            *out += m.out_change[0][j][d] * change[cell * D + d];
        }
        if first != 0 {
            for d in 0..D {
                *out += m.out_change[1][j][d] * change[first + cell * D + d];
            }
        }
    }
    out
}

impl<const D: usize> LowOrder for ConsistentP1<D> {
    fn correct(&mut self, _: &Discretization, change: &[f64], flux: &mut [f64]) {
        // Place of the current among the moments; 0 where it is not there.
        let first = self.current_moment.map_or(0, |m| m * self.kind.len() * D);
        let (mut lower, mut upper) = ([0.0; 2], [0.0; 2]);
        self.up(lower, change, first);
        if let Some(join) = &self.join {
            let u = *self.last();
            let v = self.down(upper, change, first, |_, _, _| ());
            let p = [u[0], u[1], v[0], v[1]];
            let row = |i: usize| -> f64 { (0..4).map(|j| join[4 * i + j] * p[j]).sum() };
            let x = [row(0), row(1), row(2), row(3)];
            (lower, upper) = ([x[0], x[1]], [x[2], x[3]]);
            self.up(lower, change, first);
        } else {
            upper = times(self.upper_end, *self.last());
        }
        self.down(upper, change, first, |i, m, entering| {
            for f in 0..if first == 0 { 1 } else { 2 } {
                let at = f * first + i * D;
                for k in 0..D {
                    let mut sum = 0.0;
                    for d in 0..D {
                        sum += m.cell_change[f][0][k][d] * change[i * D + d];
                    }
                    if first != 0 {
                        for d in 0..D {
                            sum += m.cell_change[f][1][k][d] * change[first + i * D + d];
                        }
                    }
                    for (into, entering) in entering.iter().enumerate() {
                        sum += m.cell_in[f][k][into] * entering;
                    }
                    flux[at + k] += sum;
                }
            }
        });
    }

    fn name(&self) -> &'static str {
        "consistent P1"
    }
}

/// What enters at an end from what leaves there, both as pairs.
fn reflection(disc: &Discretization, side: usize) -> Matrix2 {
    let o = disc.ordinates();
    match disc.boundaries()[side] {
        Boundary::Vacuum | Boundary::Incident(_) | Boundary::Periodic => [[0.0; 2]; 2],
        Boundary::Reflecting { albedo } => [[-albedo, 0.0], [0.0, albedo]],
        Boundary::White { albedo } => {
            // An even flux psi enters with the moments (+-mu, mu^2): the sign is that of the side.
            let ratio = o.half_range(2) / o.half_range(1);
            let toward = if side == 0 { 1.0 } else { -1.0 };
            [[-albedo, 0.0], [-toward * albedo * ratio, 0.0]]
        }
    }
}

const IDENTITY: Matrix2 = [[1.0, 0.0], [0.0, 1.0]];

#[inline(always)]
fn times(a: Matrix2, x: Pair) -> Pair {
    a.map(|row| row[0] * x[0] + row[1] * x[1])
}

#[inline(always)]
fn add(a: Pair, b: Pair) -> Pair {
    [a[0] + b[0], a[1] + b[1]]
}

fn product(a: Matrix2, b: Matrix2) -> Matrix2 {
    a.map(|row| [0, 1].map(|j| row[0] * b[0][j] + row[1] * b[1][j]))
}

fn plus(a: Matrix2, b: Matrix2) -> Matrix2 {
    [add(a[0], b[0]), add(a[1], b[1])]
}

fn minus(a: Matrix2, b: Matrix2) -> Matrix2 {
    plus(a, b.map(|row| row.map(|x| -x)))
}

/// The inverse; where all is closed and nothing absorbs there is none, and nothing is sent round.
fn inverse2([[a, b], [c, d]]: Matrix2) -> Matrix2 {
    let determinant = a * d - b * c;
    if determinant.abs() <= 1e-15 * ((a * d).abs() + (b * c).abs()) {
        return IDENTITY;
    }
    [[d, -b], [-c, a]].map(|row| row.map(|x| x / determinant))
}
