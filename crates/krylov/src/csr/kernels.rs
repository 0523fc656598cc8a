//! The inner loop of a product with a matrix in compressed rows: sum_j a_ij x_j, row by row.
//!
//! Checking each `x[j]` and each slice of a row against its bounds costs more than the arithmetic:
//! on one core the checked loop reads the 7-point matrix at half the speed of memory, this one at
//! three quarters of it or more, and with two cores at nine tenths (`examples/bench_spmv.rs`). Hence this module reads without checks. That is sound because a [`Csr`] can
//! only be made with offsets that do not decrease and end with the number of entries, and with
//! columns below `ncols`; the pattern cannot be changed afterwards. What the matrix cannot promise,
//! the length of `x` and the range of rows, is checked once at the door.
//!
//! The processor prefetches each array on its own, but only as far as the next page; asking for the
//! entries a few hundred places ahead takes another third off the time.
//!
//! A row is summed in one fixed order (four interleaved sums), so the result does not depend on how
//! rows are shared among threads.
#![allow(unsafe_code)]

use super::Csr;
use crate::scalar::Scalar;

/// y_k = finish(k, sum_j a_ij x_j) for the rows i = start + k, k = 0..`y.len()`.
///
/// # Panics
/// Unless x has as many entries as the matrix columns, and the rows exist.
#[inline]
pub(crate) fn rows<T: Scalar>(
    a: &Csr<T>,
    x: &[T],
    start: usize,
    y: &mut [T],
    finish: impl Fn(usize, T) -> T,
) {
    update_rows(a, x, start, y, |k, _, sum| finish(k, sum));
}

/// y_k = finish(k, y_k, sum_j a_ij x_j) for the rows i = start + k, k = 0..`y.len()`.
///
/// # Panics
/// As [`rows`].
#[inline]
pub(crate) fn update_rows<T: Scalar>(
    a: &Csr<T>,
    x: &[T],
    start: usize,
    y: &mut [T],
    finish: impl Fn(usize, T, T) -> T,
) {
    assert!(
        x.len() == a.ncols() && start + y.len() <= a.nrows(),
        "rows and vectors that fit the matrix"
    );
    let (columns, values) = (a.columns(), a.values());
    let ends = &a.offsets()[start + 1..=start + y.len()];
    let mut begin = a.offsets()[start] as usize;
    for (k, (y, &end)) in y.iter_mut().zip(ends).enumerate() {
        let end = end as usize;
        // SAFETY: the range is a row of the matrix, and x has `ncols` entries.
        let sum = unsafe { row_sum(columns, values, x, begin, end) };
        *y = finish(k, *y, sum);
        begin = end;
    }
}

/// Entries ahead of the current one that are asked for: 1 KiB of columns.
const AHEAD: usize = 256;

/// Asks for entries that will be needed soon.
#[inline(always)]
pub(crate) fn prefetch<T>(data: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that the program sees and faults at no address; the
        // pointer is not dereferenced.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(data.as_ptr().wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (data, at);
}

/// Sum of `values[k] x[columns[k]]` over `begin..end`.
///
/// # Safety
/// `begin <= end`, both within `columns` and `values`, and these columns lie within `x`.
#[inline(always)]
unsafe fn row_sum<T: Scalar>(
    columns: &[u32],
    values: &[T],
    x: &[T],
    begin: usize,
    end: usize,
) -> T {
    // SAFETY: k stays within the range the caller vouches for.
    let term = |k: usize| unsafe {
        *values.get_unchecked(k) * *x.get_unchecked(*columns.get_unchecked(k) as usize)
    };
    prefetch(values, begin + AHEAD);
    prefetch(columns, begin + AHEAD);
    let mut k = begin;
    // The 7-point stencil, without a loop.
    if end - begin == 7 {
        return ((term(k) + term(k + 4)) + (term(k + 1) + term(k + 5)))
            + ((term(k + 2) + term(k + 6)) + term(k + 3));
    }
    let mut sums = [T::zero(); 4];
    while k + 4 <= end {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += term(k + lane);
        }
        k += 4;
    }
    for sum in &mut sums {
        if k < end {
            *sum += term(k);
            k += 1;
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// One block of a forward Gauss-Seidel sweep from x = 0:
/// x_i = inverse_i (b_i - sum over block rows j < i of a_ij x_j), for the rows that `x` holds.
///
/// # Panics
/// Unless the rows exist, and vectors fit the matrix.
pub(crate) fn forward_from_zero<T: Scalar>(
    a: &Csr<T>,
    inverse: &[T],
    b: &[T],
    start: usize,
    x: &mut [T],
) {
    check_sweep(a, inverse, b, b, start, x);
    let (offsets, columns, values) = (a.offsets(), a.columns(), a.values());
    for k in 0..x.len() {
        let i = start + k;
        // SAFETY: i < nrows by the check; offsets, columns and values belong together; columns in
        // start..i index x below k.
        unsafe {
            let (begin, end) = (
                *offsets.get_unchecked(i) as usize,
                *offsets.get_unchecked(i + 1) as usize,
            );
            let mut sum = *b.get_unchecked(i);
            let mut at = begin;
            while at < end {
                let j = *columns.get_unchecked(at) as usize;
                if j >= i {
                    break;
                }
                if j >= start {
                    sum -= *values.get_unchecked(at) * *x.get_unchecked(j - start);
                }
                at += 1;
            }
            *x.get_unchecked_mut(k) = sum * *inverse.get_unchecked(i);
        }
    }
}

/// One block of a forward Gauss-Seidel sweep: x_i = old_i + inverse_i (b_i - sum_j a_ij y_j), where y
/// holds new values for the block rows before i and `old` ones elsewhere.
///
/// # Panics
/// Unless the rows exist, and vectors fit the matrix.
pub(crate) fn forward<T: Scalar>(
    a: &Csr<T>,
    inverse: &[T],
    b: &[T],
    old: &[T],
    start: usize,
    x: &mut [T],
) {
    check_sweep(a, inverse, b, old, start, x);
    for k in 0..x.len() {
        // SAFETY: row start + k < nrows by the check.
        unsafe { relax(a, inverse, b, old, start, x, k, |j, i| j >= start && j < i) };
    }
}

/// As [`forward`], from the last row to the first: y holds new values for the block rows after i.
///
/// # Panics
/// Unless the rows exist, and vectors fit the matrix.
pub(crate) fn backward<T: Scalar>(
    a: &Csr<T>,
    inverse: &[T],
    b: &[T],
    old: &[T],
    start: usize,
    x: &mut [T],
) {
    check_sweep(a, inverse, b, old, start, x);
    let end = start + x.len();
    for k in (0..x.len()).rev() {
        // SAFETY: row start + k < nrows by the check.
        unsafe { relax(a, inverse, b, old, start, x, k, |j, i| j > i && j < end) };
    }
}

/// Relaxes row start + k, with new values where `is_new(j, i)`.
///
/// # Safety
/// The vectors passed [`check_sweep`], k < `x.len()`, and `is_new` only holds for rows of x.
#[allow(clippy::too_many_arguments)]
#[inline(always)]
unsafe fn relax<T: Scalar>(
    a: &Csr<T>,
    inverse: &[T],
    b: &[T],
    old: &[T],
    start: usize,
    x: &mut [T],
    k: usize,
    is_new: impl Fn(usize, usize) -> bool,
) {
    let i = start + k;
    let (offsets, columns, values) = (a.offsets(), a.columns(), a.values());
    // SAFETY: as the caller vouches.
    unsafe {
        let (begin, end) = (
            *offsets.get_unchecked(i) as usize,
            *offsets.get_unchecked(i + 1) as usize,
        );
        let (mut sum_old, mut sum_new) = (T::zero(), T::zero());
        for at in begin..end {
            let j = *columns.get_unchecked(at) as usize;
            let v = *values.get_unchecked(at);
            if is_new(j, i) {
                sum_new += v * *x.get_unchecked(j - start);
            } else {
                sum_old += v * *old.get_unchecked(j);
            }
        }
        *x.get_unchecked_mut(k) = *old.get_unchecked(i)
            + *inverse.get_unchecked(i) * (*b.get_unchecked(i) - sum_old - sum_new);
    }
}

/// What the sweeps rely on.
fn check_sweep<T: Scalar>(a: &Csr<T>, inverse: &[T], b: &[T], old: &[T], start: usize, x: &[T]) {
    let n = a.nrows();
    assert!(
        a.ncols() == n
            && inverse.len() == n
            && b.len() == n
            && old.len() == n
            && start + x.len() <= n,
        "rows and vectors that fit the matrix"
    );
}
