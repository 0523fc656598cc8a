//! A sparse row as the sum of many: the accumulator of sparse products.
//!
//! Values are summed in a dense vector, beside a list of the columns met; stamps tell which sums
//! belong to this row, so nothing is cleared in between. Whether a column is new cannot be foreseen,
//! so it is found out without a branch.
//!
//! This loop runs some hundred million times in a set-up, and checked indices take half its
//! instructions, so it goes without. That is sound because every column comes from a matrix, or an
//! earlier sum, with as many columns as this one, which is checked once a row; and because the list
//! holds each column once, so that its length stays below that of the dense vector.
#![allow(unsafe_code)]

use super::Csr;
use super::kernels::prefetch;
use super::multiply::Part;
use crate::scalar::Scalar;

/// Conversion between the numbers of two factors.
pub(crate) trait Widen<T> {
    /// The same number, rounded where it must be.
    fn widen(self) -> T;
}

impl<T: Scalar> Widen<T> for T {
    #[inline]
    fn widen(self) -> T {
        self
    }
}

impl Widen<f64> for f32 {
    #[inline]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

/// Entries ahead of a row that are asked for while it is added: rows are often taken in order.
const AHEAD: usize = 64;

/// Sums a row of sparse terms.
pub(crate) struct RowSum<T> {
    sums: Vec<T>,
    stamps: Vec<u32>,
    stamp: u32,
    found: Vec<u32>,
    count: usize,
}

impl<T: Scalar> RowSum<T> {
    pub(crate) fn new(ncols: usize) -> Self {
        Self {
            sums: vec![T::zero(); ncols],
            stamps: vec![0; ncols],
            stamp: 0,
            // One place more, which is written before it is known whether a column is new.
            found: vec![0; ncols + 1],
            count: 0,
        }
    }

    /// Number of columns.
    pub(crate) fn ncols(&self) -> usize {
        self.sums.len()
    }

    /// Begins a row without entries.
    #[inline]
    pub(crate) fn begin(&mut self) {
        if self.stamp == u32::MAX {
            self.stamps.fill(0);
            self.stamp = 0;
        }
        self.stamp += 1;
        self.count = 0;
    }

    /// Adds `v` in column j.
    ///
    /// # Panics
    /// Unless there is such a column.
    #[inline]
    pub(crate) fn add(&mut self, j: u32, v: T) {
        assert!((j as usize) < self.sums.len(), "a column of the row");
        // SAFETY: checked.
        unsafe { self.add_unchecked(j, v) };
    }

    /// # Safety
    /// j is below the number of columns.
    #[inline(always)]
    unsafe fn add_unchecked(&mut self, j: u32, v: T) {
        let at = j as usize;
        // SAFETY: `sums` and `stamps` have an entry for each column. `count` counts columns met for
        // the first time, at most all of them, and `found` has one place more.
        unsafe {
            let stamp = self.stamps.get_unchecked_mut(at);
            let fresh = *stamp != self.stamp;
            *stamp = self.stamp;
            let sum = self.sums.get_unchecked_mut(at);
            *sum = std::hint::select_unpredictable(fresh, T::zero(), *sum) + v;
            *self.found.get_unchecked_mut(self.count) = j;
            self.count += usize::from(fresh);
        }
    }

    /// Adds `factor` times row i of b.
    ///
    /// # Panics
    /// Unless b has as many columns as this row.
    #[inline]
    pub(crate) fn add_row<U: Scalar + Widen<T>>(&mut self, factor: T, b: &Csr<U>, i: usize) {
        assert_eq!(b.ncols(), self.sums.len(), "rows of one length");
        let (columns, values) = b.row(i);
        let ahead = b.offsets()[i] as usize + AHEAD;
        prefetch(b.columns(), ahead);
        prefetch(b.values(), ahead);
        for (&j, &v) in columns.iter().zip(values) {
            // SAFETY: columns of b are below their number.
            unsafe { self.add_unchecked(j, factor * v.widen()) };
        }
    }

    /// Adds `factor` times a list of entries that another sum with as many columns has found.
    ///
    /// # Safety
    /// All columns are below the number of columns of this row.
    #[inline]
    pub(crate) unsafe fn add_list(&mut self, factor: T, columns: &[u32], values: &[T]) {
        for (&j, &v) in columns.iter().zip(values) {
            // SAFETY: as the caller vouches.
            unsafe { self.add_unchecked(j, factor * v) };
        }
    }

    /// The columns met, in the order of the first term.
    #[inline]
    pub(crate) fn columns(&self) -> &[u32] {
        &self.found[..self.count]
    }

    /// The sum in a column that was met.
    #[inline]
    pub(crate) fn sum(&self, j: u32) -> T {
        self.sums[j as usize]
    }

    /// Appends the row, sorted.
    #[inline]
    pub(crate) fn append_sorted(&mut self, part: &mut Part<T>) {
        let found = &mut self.found[..self.count];
        sort(found);
        part.columns.extend_from_slice(found);
        let sums = &self.sums;
        part.values.extend(found.iter().map(|&j| sums[j as usize]));
        part.ends.push(part.columns.len());
    }
}

/// Sorts few numbers, mostly in order already.
#[inline]
fn sort(columns: &mut [u32]) {
    if columns.len() > 16 {
        columns.sort_unstable();
        return;
    }
    for k in 1..columns.len() {
        let own = columns[k];
        let mut at = k;
        while at > 0 && columns[at - 1] > own {
            columns[at] = columns[at - 1];
            at -= 1;
        }
        columns[at] = own;
    }
}
