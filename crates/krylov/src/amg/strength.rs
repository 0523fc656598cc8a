//! Which entries of a matrix are strong: the graph along which unknowns are aggregated.
//!
//! ```text
//! symmetric measure   a_ij^2 > theta^2 |a_ii a_jj|
//! ```
//!
//! Errors that relaxation leaves are smooth along strong entries only. The symmetric measure fails
//! where rows have positive entries that matter, as for rotated anisotropy in finite elements; there
//! the [evolution measure](super::evolution) looks at what relaxation does to a spike.
//!
//! Source: Vanek, Mandel and Brezina (1996), Computing 56, 179.

use rayon::prelude::*;

use crate::csr::Csr;

/// Rows that one task looks at.
pub(crate) const ROWS: usize = 8192;

/// For each entry of A whether it is strong by the symmetric measure; the diagonal never is.
pub(crate) fn symmetric_strength(a: &Csr<f64>, diagonal: &[f64], theta: f64) -> Vec<bool> {
    let squared = theta * theta;
    strength_by(a, |i, j, v| {
        i != j && v * v > squared * (diagonal[i] * diagonal[j]).abs()
    })
}

/// For each entry a_ij of A whether `strong(i, j, a_ij)`.
pub(crate) fn strength_by(
    a: &Csr<f64>,
    strong: impl Fn(usize, usize, f64) -> bool + Sync,
) -> Vec<bool> {
    let values = a.values();
    strength_by_place(a, |i, j, at| strong(i, j, values[at]))
}

/// For each entry of A, that in row i and column j stored at `at`, whether `strong(i, j, at)`.
pub(crate) fn strength_by_place(
    a: &Csr<f64>,
    strong: impl Fn(usize, usize, usize) -> bool + Sync,
) -> Vec<bool> {
    let mut mask = vec![false; a.nnz()];
    split_entries(a, &mut mask)
        .into_par_iter()
        .for_each(|(rows, mut mask)| {
            for i in rows {
                let begin = a.offsets()[i] as usize;
                let (columns, _) = a.row(i);
                let (own, rest) = mask.split_at_mut(columns.len());
                mask = rest;
                for (at, (m, &j)) in (begin..).zip(own.iter_mut().zip(columns)) {
                    *m = strong(i, j as usize, at);
                }
            }
        });
    mask
}

/// Blocks of rows with the part of `data`, one item an entry of A, that belongs to them.
pub(crate) fn split_entries<'d, T>(
    a: &Csr<f64>,
    mut data: &'d mut [T],
) -> Vec<(std::ops::Range<usize>, &'d mut [T])> {
    let offsets = a.offsets();
    let mut pieces = Vec::with_capacity(a.nrows().div_ceil(ROWS));
    for start in (0..a.nrows()).step_by(ROWS) {
        let end = (start + ROWS).min(a.nrows());
        let (own, rest) = data.split_at_mut((offsets[end] - offsets[start]) as usize);
        data = rest;
        pieces.push((start..end, own));
    }
    pieces
}
