//! Products of sparse matrices by rows (Gustavson 1978, ACM TOMS 4, 250).
//!
//! ```text
//! c_i* = sum over k of a_ik b_k*
//! ```
//!
//! Rows are independent and their terms are added in the order of the row of A: the bits do not
//! depend on how rows are shared among threads. Each thread appends to arrays of its own, which are
//! joined in the end; with one thread they are the matrix as they stand.

use std::ops::Range;

use rayon::prelude::*;

use super::galerkin::galerkin;
use super::row_sum::RowSum;
use super::{Csr, CsrError};
use crate::scalar::Scalar;
use crate::vector;

/// Some consecutive rows of a matrix that is being made.
#[derive(Default)]
pub(crate) struct Part<T> {
    /// Where each row ends.
    pub(crate) ends: Vec<usize>,
    pub(crate) columns: Vec<u32>,
    pub(crate) values: Vec<T>,
}

impl<T: Scalar> Csr<T> {
    /// C = A B.
    ///
    /// # Errors
    /// [`CsrError::TooLarge`] for more entries than 32 bits count.
    ///
    /// # Panics
    /// Unless A has as many columns as B rows.
    pub fn multiply(&self, b: &Self) -> Result<Self, CsrError> {
        assert_eq!(self.ncols, b.nrows, "factors that fit");
        by_rows(self.nrows, b.ncols, &self.offsets, |rows, part| {
            let mut sum = RowSum::new(b.ncols);
            for i in rows {
                sum.begin();
                let (columns, values) = self.row(i);
                for (&k, &v) in columns.iter().zip(values) {
                    sum.add_row(v, b, k as usize);
                }
                sum.append_sorted(part);
            }
        })
    }

    /// The Galerkin product R A P.
    ///
    /// # Errors
    /// [`CsrError::TooLarge`] for more entries than 32 bits count.
    ///
    /// # Panics
    /// Unless the factors fit.
    pub fn galerkin(&self, r: &Self, p: &Self) -> Result<Self, CsrError> {
        galerkin(r, self, p)
    }
}

fn check_entries(count: usize) -> Result<(), CsrError> {
    if u32::try_from(count).is_ok() {
        return Ok(());
    }
    Err(CsrError::TooLarge {
        what: "entries",
        count,
    })
}

/// A matrix whose rows `append` makes, a range of them at a time; `work` counts, up to each row,
/// what they cost.
pub(crate) fn by_rows<T: Scalar>(
    nrows: usize,
    ncols: usize,
    work: &[u32],
    append: impl Fn(Range<usize>, &mut Part<T>) + Sync,
) -> Result<Csr<T>, CsrError> {
    let mut parts: Vec<Part<T>> = ranges(work)
        .into_par_iter()
        .map(|rows| {
            let mut part = Part {
                ends: Vec::with_capacity(rows.len()),
                ..Part::default()
            };
            append(rows, &mut part);
            part
        })
        .collect();
    let nnz: usize = parts.iter().map(|p| p.columns.len()).sum();
    check_entries(nnz)?;
    let mut offsets = Vec::with_capacity(nrows + 1);
    offsets.push(0u32);
    for part in &parts {
        let base = offsets[offsets.len() - 1];
        offsets.extend(part.ends.iter().map(|&end| base + end as u32));
    }
    let first = if parts.is_empty() {
        Part::default()
    } else {
        parts.swap_remove(0)
    };
    // swap_remove has put the last part in front.
    if parts.len() > 1 {
        parts.rotate_left(1);
    }
    let (mut columns, mut values) = (first.columns, first.values);
    columns.reserve_exact(nnz - columns.len());
    values.reserve_exact(nnz - values.len());
    for part in parts {
        columns.extend_from_slice(&part.columns);
        values.extend_from_slice(&part.values);
    }
    columns.shrink_to_fit();
    values.shrink_to_fit();
    Ok(Csr::from_parts(nrows, ncols, offsets, columns, values))
}

/// Ranges of rows of about equal work: one a thread, or a few. They change nothing in a result.
pub(crate) fn ranges(work: &[u32]) -> Vec<Range<usize>> {
    let nrows = work.len() - 1;
    let total = work[nrows] as usize;
    let threads = rayon::current_num_threads();
    let parts = if threads == 1 || total < vector::GRAIN {
        1
    } else {
        4 * threads
    };
    let mut starts: Vec<usize> = (0..parts)
        .map(|p| {
            work.partition_point(|&w| (w as usize) < total / parts * p)
                .min(nrows)
        })
        .collect();
    starts.push(nrows);
    if let Some(first) = starts.first_mut() {
        *first = 0;
    }
    starts
        .windows(2)
        .map(|w| w[0]..w[1])
        .filter(|r| !r.is_empty())
        .collect()
}
