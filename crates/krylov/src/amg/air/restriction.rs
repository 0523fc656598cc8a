//! Local approximate ideal restriction, and interpolation from one point.
//!
//! With fine points first, A = (A_FF A_FC; A_CF A_CC). The ideal restriction R = (Z I) with
//! Z = -A_CF A_FF^-1 makes the coarse equation free of what F points hold: R A e = S e_C, S the
//! Schur complement. Its rows are dense. Here row i keeps the F points N_i within one or two strong
//! steps of C point i, and asks for the same there:
//!
//! ```text
//! (R A)_ij = 0 for j in N_i:     sum_{k in N_i} z_ik a_kj = -a_ij
//! ```
//!
//! one small dense system a row. For advection two steps upstream reach nearly all that matters.
//!
//! Source: Manteuffel, Ruge and Southworth (2018), SIAM J. Sci. Comput. 40, A4105.

use crate::amg::strength::strength_by;
use crate::csr::multiply::{Part, by_rows};
use crate::csr::{Csr, CsrError};

/// A pivot below this part of the largest entry counts as zero.
const LEAST_PIVOT: f64 = 1e-12;

/// Number of each C point among its kind.
fn numbered(coarse: &[bool]) -> (Vec<u32>, usize) {
    let mut count = 0;
    let number = coarse
        .iter()
        .map(|&c| {
            let own = count;
            count += u32::from(c);
            own
        })
        .collect();
    (number, count as usize)
}

/// For each entry of A whether |a_ij| >= theta max_{k != i} |a_ik|.
fn large_entries(a: &Csr<f64>, theta: f64) -> Vec<bool> {
    let mut threshold = vec![0.0; a.nrows()];
    crate::vector::for_blocks(&mut threshold, &|start, threshold: &mut [f64]| {
        for (i, threshold) in (start..).zip(threshold) {
            let (columns, values) = a.row(i);
            let others = columns
                .iter()
                .zip(values)
                .filter(|&(&j, _)| j as usize != i);
            *threshold = theta * others.fold(0.0, |m: f64, (_, v)| m.max(v.abs()));
        }
    });
    strength_by(a, |i, j, v| i != j && v != 0.0 && v.abs() >= threshold[i])
}

/// R: one row a C point, in their order, entries for F points within `distance` (1 or 2) steps along
/// entries of at least `theta` of the largest in their row.
pub(super) fn restriction(
    a: &Csr<f64>,
    coarse: &[bool],
    theta: f64,
    distance: usize,
) -> Result<Csr<f64>, CsrError> {
    let n = a.nrows();
    let large = large_entries(a, theta);
    let strong_fine = |i: usize| {
        let begin = a.offsets()[i] as usize;
        let columns = a.row(i).0;
        columns
            .iter()
            .zip(&large[begin..begin + columns.len()])
            .filter(|&(&j, &s)| s && !coarse[j as usize])
            .map(|(&j, _)| j)
    };
    let points: Vec<u32> = (0..n as u32).filter(|&i| coarse[i as usize]).collect();
    let work: Vec<u32> = (0..=points.len() as u32).collect();
    by_rows(points.len(), n, &work, |rows, part: &mut Part<f64>| {
        let mut local = Local::default();
        for &i in &points[rows] {
            let near = &mut local.points;
            near.clear();
            near.extend(strong_fine(i as usize));
            if distance > 1 {
                for at in 0..near.len() {
                    near.extend(strong_fine(near[at] as usize));
                }
            }
            near.sort_unstable();
            near.dedup();
            local.solve(a, i as usize);
            let own = local.points.partition_point(|&k| k < i);
            let push = |range: std::ops::Range<usize>, part: &mut Part<f64>| {
                for (&k, &z) in local.points[range.clone()].iter().zip(&local.z[range]) {
                    if z != 0.0 {
                        part.columns.push(k);
                        part.values.push(z);
                    }
                }
            };
            push(0..own, part);
            part.columns.push(i);
            part.values.push(1.0);
            push(own..local.points.len(), part);
            part.ends.push(part.columns.len());
        }
    })
}

/// The system of one C point.
#[derive(Default)]
struct Local {
    /// N_i, increasing.
    points: Vec<u32>,
    /// The transpose of A on N_i, row by row.
    matrix: Vec<f64>,
    z: Vec<f64>,
}

impl Local {
    /// z with sum_k z_k a_kj = -a_ij on the points, by elimination with row exchanges. A singular
    /// system leaves z_k = -a_ik / a_kk.
    fn solve(&mut self, a: &Csr<f64>, i: usize) {
        let Self { points, matrix, z } = self;
        let m = points.len();
        matrix.clear();
        matrix.resize(m * m, 0.0);
        for (column, &k) in points.iter().enumerate() {
            gather(a, k as usize, points, |row, v| matrix[row * m + column] = v);
        }
        let diagonal: Vec<f64> = (0..m).map(|k| matrix[k * m + k]).collect();
        z.clear();
        z.resize(m, 0.0);
        gather(a, i, points, |row, v| z[row] = -v);
        if !eliminate(matrix, z) {
            z.fill(0.0);
            gather(a, i, points, |row, v| {
                if diagonal[row] != 0.0 {
                    z[row] = -v / diagonal[row];
                }
            });
        }
    }
}

/// Calls `found(place, a_ij)` for the entries of row i whose column is points[place].
fn gather(a: &Csr<f64>, i: usize, points: &[u32], mut found: impl FnMut(usize, f64)) {
    let (columns, values) = a.row(i);
    let mut place = 0;
    for (&j, &v) in columns.iter().zip(values) {
        while place < points.len() && points[place] < j {
            place += 1;
        }
        if place < points.len() && points[place] == j {
            found(place, v);
        }
    }
}

/// Solves M z = z in place; false where M is singular, with z then of no use.
fn eliminate(matrix: &mut [f64], z: &mut [f64]) -> bool {
    let m = z.len();
    let largest = matrix.iter().fold(0.0, |l: f64, v| l.max(v.abs()));
    for k in 0..m {
        let pivot = (k..m)
            .max_by(|&p, &q| matrix[p * m + k].abs().total_cmp(&matrix[q * m + k].abs()))
            .unwrap_or(k);
        if matrix[pivot * m + k].abs() <= LEAST_PIVOT * largest {
            return false;
        }
        if pivot != k {
            for j in k..m {
                matrix.swap(k * m + j, pivot * m + j);
            }
            z.swap(k, pivot);
        }
        let (done, below) = matrix.split_at_mut((k + 1) * m);
        let row = &done[k * m..];
        let (z_done, z_below) = z.split_at_mut(k + 1);
        for (other, z) in below.chunks_exact_mut(m).zip(z_below) {
            let factor = other[k] / row[k];
            if factor != 0.0 {
                for (v, r) in other[k + 1..].iter_mut().zip(&row[k + 1..]) {
                    *v -= factor * r;
                }
                *z -= factor * z_done[k];
            }
        }
    }
    for k in (0..m).rev() {
        let sum: f64 = (k + 1..m).map(|j| matrix[k * m + j] * z[j]).sum();
        z[k] = (z[k] - sum) / matrix[k * m + k];
    }
    true
}

/// P: each F point takes the value of the C point with the largest |a_ij|.
///
/// Constant along the strongest connection is all that advection asks for; a better P would make
/// R A P denser.
pub(super) fn one_point_interpolation(
    a: &Csr<f64>,
    strong: &[bool],
    coarse: &[bool],
) -> Result<Csr<f64>, CsrError> {
    let (number, count) = numbered(coarse);
    let n = a.nrows();
    by_rows(n, count, a.offsets(), |rows, part: &mut Part<f64>| {
        for i in rows {
            if coarse[i] {
                part.columns.push(number[i]);
            } else {
                let (columns, values) = a.row(i);
                let begin = a.offsets()[i] as usize;
                let mut best = (0.0, None);
                for ((&j, &v), &s) in columns.iter().zip(values).zip(&strong[begin..]) {
                    if s && coarse[j as usize] && v.abs() > best.0 {
                        best = (v.abs(), Some(number[j as usize]));
                    }
                }
                part.columns.extend(best.1);
            }
            part.values.resize(part.columns.len(), 1.0);
            part.ends.push(part.columns.len());
        }
    })
}
