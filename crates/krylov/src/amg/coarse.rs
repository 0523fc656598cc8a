//! The solve on the coarsest level, by an explicit inverse.
//!
//! The matrix is small and dense there, and one product with its inverse costs less than two
//! triangular solves, whose rows wait for each other.
//!
//! With S A S of unit diagonal, S = |diag A|^(-1/2):
//! * symmetric A: Cholesky with diagonal pivoting, which stops at the rank r where the largest pivot
//!   left is below 1e-12;
//! * otherwise, and where a pivot is negative: Gauss elimination with complete pivoting, which stops
//!   alike.
//!
//! The pivot block inverted, and zero elsewhere, is a generalised inverse G: A G A = A, symmetric and
//! semi-definite where A is. So a pure Neumann problem needs no special treatment; its null space is
//! projected out by the solver.
//!
//! Source: Golub and Van Loan (2013), Matrix Computations, sections 3.4 and 4.2.8.

use crate::csr::Csr;
use crate::scalar::Real;
use crate::vector;

/// Pivots below, on the scale of a unit diagonal, are zero.
const RANK_TOLERANCE: f64 = 1e-12;

/// A generalised inverse, dense, row by row.
#[derive(Clone, Debug)]
pub(crate) struct DenseInverse<T> {
    n: usize,
    entries: Vec<T>,
}

impl<T: Real> DenseInverse<T> {
    /// G for A, with A G A = A.
    pub(crate) fn new(a: &Csr<f64>) -> Self {
        let n = a.nrows();
        let scale: Vec<f64> = a
            .diagonal()
            .iter()
            .map(|d| if *d == 0.0 { 1.0 } else { 1.0 / d.abs().sqrt() })
            .collect();
        let mut dense = vec![0.0; n * n];
        for i in 0..n {
            let (columns, values) = a.row(i);
            for (&j, &v) in columns.iter().zip(values) {
                dense[i * n + j as usize] = scale[i] * v * scale[j as usize];
            }
        }
        let symmetric =
            (0..n).all(|i| (0..i).all(|j| (dense[i * n + j] - dense[j * n + i]).abs() <= 1e-10));
        let inverse = symmetric
            .then(|| semidefinite_inverse(&dense, n))
            .flatten()
            .unwrap_or_else(|| general_inverse(dense, n));
        let entries = inverse
            .iter()
            .enumerate()
            .map(|(k, v)| T::from_f64(scale[k / n] * v * scale[k % n]))
            .collect();
        Self { n, entries }
    }

    /// x = G b.
    pub(crate) fn solve(&self, b: &[T], x: &mut [T]) {
        vector::for_blocks(x, &|start, x: &mut [T]| {
            for (i, x) in (start..).zip(x) {
                *x = vector::dot(&self.entries[i * self.n..(i + 1) * self.n], b);
            }
        });
    }

    /// Bytes of the inverse.
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&self.entries[..])
    }

    /// Whether all entries are finite.
    pub(crate) fn is_finite(&self) -> bool {
        vector::first_not_finite(&self.entries).is_none()
    }
}

/// Generalised inverse of a symmetric positive semi-definite matrix; none where it is indefinite.
fn semidefinite_inverse(a: &[f64], n: usize) -> Option<Vec<f64>> {
    // l holds rows of the factor in pivoted order, lower triangle.
    let mut order: Vec<usize> = (0..n).collect();
    let mut left: Vec<f64> = (0..n).map(|i| a[i * n + i]).collect();
    let mut l = vec![0.0; n * n];
    let mut rank = n;
    for k in 0..n {
        let pivot = (k..n).max_by(|&p, &q| left[p].total_cmp(&left[q]))?;
        order.swap(k, pivot);
        left.swap(k, pivot);
        if pivot != k {
            for j in 0..k {
                l.swap(k * n + j, pivot * n + j);
            }
        }
        if left[k] <= RANK_TOLERANCE {
            rank = k;
            break;
        }
        let root = left[k].sqrt();
        l[k * n + k] = root;
        let (done, below) = l.split_at_mut((k + 1) * n);
        let row = &done[k * n..k * n + k];
        for (i, other) in (k + 1..n).zip(below.chunks_exact_mut(n)) {
            let s = vector::dot(row, &other[..k]);
            other[k] = (a[order[i] * n + order[k]] - s) / root;
            left[i] -= other[k] * other[k];
        }
    }
    if left[rank..].iter().any(|&d| d < -1e-8) {
        return None;
    }
    // w = L^-1, row by row: w_i = (e_i - sum_{j<i} l_ij w_j) / l_ii.
    let mut w = vec![0.0; rank * n];
    for i in 0..rank {
        let (done, rest) = w.split_at_mut(i * n);
        let own = &mut rest[..n];
        for (j, other) in done.chunks_exact(n).enumerate() {
            let factor = l[i * n + j];
            for (v, o) in own[..=j].iter_mut().zip(&other[..=j]) {
                *v -= factor * o;
            }
        }
        own[i] += 1.0;
        let inverse = 1.0 / l[i * n + i];
        own[..=i].iter_mut().for_each(|v| *v *= inverse);
    }
    // G = L^-T L^-1, in the given order.
    let mut g = vec![0.0; rank * rank];
    for row in w.chunks_exact(n) {
        for p in 0..rank {
            let factor = row[p];
            if factor != 0.0 {
                for (g, v) in g[p * rank..].iter_mut().zip(&row[..=p]) {
                    *g += factor * v;
                }
            }
        }
    }
    let mut out = vec![0.0; n * n];
    for p in 0..rank {
        for q in 0..=p {
            out[order[p] * n + order[q]] = g[p * rank + q];
            out[order[q] * n + order[p]] = g[p * rank + q];
        }
    }
    Some(out)
}

/// Generalised inverse by complete pivoting: P A Q = L U, G = Q U^-1 L^-1 P on the pivot block.
fn general_inverse(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    let (mut rows, mut columns): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..n).collect());
    let mut rank = n;
    for k in 0..n {
        let (mut size, mut at) = (0.0, (k, k));
        for i in k..n {
            for j in k..n {
                if a[i * n + j].abs() > size {
                    (size, at) = (a[i * n + j].abs(), (i, j));
                }
            }
        }
        if size <= RANK_TOLERANCE {
            rank = k;
            break;
        }
        rows.swap(k, at.0);
        columns.swap(k, at.1);
        if at.0 != k {
            for j in 0..n {
                a.swap(k * n + j, at.0 * n + j);
            }
        }
        if at.1 != k {
            for i in 0..n {
                a.swap(i * n + k, i * n + at.1);
            }
        }
        let (done, below) = a.split_at_mut((k + 1) * n);
        let row = &done[k * n..];
        for other in below.chunks_exact_mut(n) {
            let factor = other[k] / row[k];
            other[k] = factor;
            for (v, r) in other[k + 1..].iter_mut().zip(&row[k + 1..]) {
                *v -= factor * r;
            }
        }
    }
    // Column by column of the identity: forward, then backward.
    let mut out = vec![0.0; n * n];
    let mut y = vec![0.0; rank];
    for c in 0..rank {
        y.fill(0.0);
        y[c] = 1.0;
        for i in c + 1..rank {
            y[i] = -(c..i).map(|j| a[i * n + j] * y[j]).sum::<f64>();
        }
        for i in (0..rank).rev() {
            let s: f64 = (i + 1..rank).map(|j| a[i * n + j] * y[j]).sum();
            y[i] = (y[i] - s) / a[i * n + i];
        }
        for i in 0..rank {
            out[columns[i] * n + rows[c]] = y[i];
        }
    }
    out
}
