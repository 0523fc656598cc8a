//! The Galerkin product R A P.
//!
//! ```text
//! (R A P)_i* = sum over k of r_ik (A P)_k*,    (A P)_k* = sum over j of a_kj p_j*
//! ```
//!
//! Two products take half the additions of the triple sum, but A P is larger than A and used once:
//! writing it to memory and reading it back costs more than the additions. So its rows are made
//! when they are first asked for and kept in a ring that fits in cache; rows of R that follow each
//! other mostly ask for the same rows. One that was overwritten meanwhile is made again: for an
//! order without any locality that costs the triple sum, and nothing else.
//!
//! The one unchecked call hands a row of the ring to the [sum](super::row_sum): its columns come
//! from a sum of the same width.
#![allow(unsafe_code)]

use std::ops::Range;

use rayon::prelude::*;

use super::kernels::prefetch;
use super::multiply::{Part, by_rows, ranges};
use super::row_sum::{RowSum, Widen};
use super::{Csr, CsrError};
use crate::scalar::Scalar;

/// Entries of the ring: 12 MiB for f64.
const RING: usize = 1 << 20;

/// Rows of A P that were made last.
struct ProductRows<'m, T, U> {
    a: &'m Csr<T>,
    p: &'m Csr<U>,
    sum: RowSum<T>,
    /// Where the ring holds each row, counted from the first entry ever written, plus one; zero for
    /// rows never made.
    place: Vec<u64>,
    length: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<T>,
    /// Entries ever written, gaps at the end of the ring included.
    head: u64,
}

impl<'m, T: Scalar, U: Scalar + Widen<T>> ProductRows<'m, T, U> {
    fn new(a: &'m Csr<T>, p: &'m Csr<U>) -> Self {
        let size = RING.max(p.ncols()).next_power_of_two();
        Self {
            a,
            p,
            sum: RowSum::new(p.ncols()),
            place: vec![0; a.nrows()],
            length: vec![0; a.nrows()],
            columns: vec![0; size],
            values: vec![T::zero(); size],
            head: 0,
        }
    }

    /// Row k of A P, unsorted.
    #[inline]
    fn row(&mut self, k: usize) -> (&[u32], &[T]) {
        let size = self.columns.len() as u64;
        let place = self.place[k];
        if place == 0 || self.head > place - 1 + size {
            self.make(k);
        }
        let begin = self.begin(k);
        let end = begin + self.length[k] as usize;
        (&self.columns[begin..end], &self.values[begin..end])
    }

    /// Where row k begins in the ring, whose size is a power of two.
    #[inline]
    fn begin(&self, k: usize) -> usize {
        (self.place[k].wrapping_sub(1) as usize) & (self.columns.len() - 1)
    }

    /// Asks for row k, if it has been made.
    #[inline]
    fn prefetch(&self, k: usize) {
        let begin = self.begin(k);
        prefetch(&self.columns, begin);
        prefetch(&self.values, begin);
        prefetch(&self.values, begin + 8);
    }

    fn make(&mut self, k: usize) {
        self.sum.begin();
        let (columns, values) = self.a.row(k);
        let ahead = self.a.offsets[k] as usize + 128;
        prefetch(&self.a.columns, ahead);
        prefetch(&self.a.values, ahead);
        for (&j, &v) in columns.iter().zip(values) {
            self.sum.add_row(v, self.p, j as usize);
        }
        let found = self.sum.columns();
        let size = self.columns.len();
        let mut begin = self.head as usize & (size - 1);
        if begin + found.len() > size {
            self.head += (size - begin) as u64;
            begin = 0;
        }
        let end = begin + found.len();
        self.columns[begin..end].copy_from_slice(found);
        for (to, &j) in self.values[begin..end].iter_mut().zip(found) {
            *to = self.sum.sum(j);
        }
        self.place[k] = self.head + 1;
        self.length[k] = found.len() as u32;
        self.head += found.len() as u64;
    }
}

/// R A P.
///
/// # Errors
/// [`CsrError::TooLarge`] for more entries than 32 bits count.
///
/// # Panics
/// Unless the factors fit.
pub(crate) fn galerkin<T, U>(r: &Csr<U>, a: &Csr<T>, p: &Csr<U>) -> Result<Csr<T>, CsrError>
where
    T: Scalar,
    U: Scalar + Widen<T>,
{
    assert!(r.ncols == a.nrows && a.ncols == p.nrows, "factors that fit");
    by_rows(r.nrows, p.ncols, &r.offsets, |rows, part: &mut Part<T>| {
        let mut product = ProductRows::new(a, p);
        let mut sum = RowSum::new(p.ncols);
        for i in rows {
            sum_row(r, &mut product, i, &mut sum);
            sum.append_sorted(part);
        }
    })
}

/// The values of R A P into the pattern that [`galerkin`] found: the same bits.
///
/// # Panics
/// Unless factors and product fit.
pub(crate) fn galerkin_values<T, U>(r: &Csr<U>, a: &Csr<T>, p: &Csr<U>, c: &mut Csr<T>)
where
    T: Scalar,
    U: Scalar + Widen<T>,
{
    assert!(
        r.ncols == a.nrows && a.ncols == p.nrows && c.nrows == r.nrows && c.ncols == p.ncols,
        "factors and product that fit"
    );
    let (offsets, columns) = (&c.offsets, &c.columns);
    let mut rest = &mut c.values[..];
    let parts: Vec<(Range<usize>, &mut [T])> = ranges(&r.offsets)
        .into_iter()
        .map(|rows| {
            let size = (offsets[rows.end] - offsets[rows.start]) as usize;
            let (own, other) = std::mem::take(&mut rest).split_at_mut(size);
            rest = other;
            (rows, own)
        })
        .collect();
    parts.into_par_iter().for_each(|(rows, values)| {
        let mut product = ProductRows::new(a, p);
        let mut sum = RowSum::new(p.ncols);
        let first = offsets[rows.start] as usize;
        for i in rows {
            sum_row(r, &mut product, i, &mut sum);
            let own = offsets[i] as usize..offsets[i + 1] as usize;
            let values = &mut values[own.start - first..own.end - first];
            for (v, &j) in values.iter_mut().zip(&columns[own]) {
                *v = sum.sum(j);
            }
        }
    });
}

/// Row i of R A P.
#[inline]
fn sum_row<T, U>(r: &Csr<U>, product: &mut ProductRows<'_, T, U>, i: usize, sum: &mut RowSum<T>)
where
    T: Scalar,
    U: Scalar + Widen<T>,
{
    assert_eq!(sum.ncols(), product.p.ncols, "rows of one length");
    sum.begin();
    let (own, entries) = r.row(i);
    for (at, (&k, &v)) in own.iter().zip(entries).enumerate() {
        if let Some(&next) = own.get(at + 2) {
            product.prefetch(next as usize);
        }
        let (columns, values) = product.row(k as usize);
        // SAFETY: the columns were found by a sum with p.ncols columns, as many as this one has.
        unsafe { sum.add_list(v.widen(), columns, values) };
    }
}
