//! Products of sparse matrices by rows (Gustavson 1978, ACM TOMS 4, 250).
//!
//! ```text
//! c_i* = sum over k of a_ik b_k*
//! ```
//!
//! A row of C is gathered in an unsorted list; `marker[j]` remembers where column j stands in it,
//! so each term costs one look-up, and nothing is cleared between rows. Rows are independent and
//! their terms are added in the order of the row of A: the bits do not depend on the threads.
//!
//! The Galerkin product R A P goes in two steps, A P and R (A P), for 7-point matrices with half the
//! additions of the triple sum. A P is needed once and keeps its rows unsorted, in blocks.

use rayon::prelude::*;

use super::{Csr, CsrError};
use crate::scalar::Scalar;

/// Rows that share one allocation.
const ROWS_A_BLOCK: usize = 8192;

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

/// A sparse matrix whose rows are not sorted, in blocks of rows.
pub(crate) struct RowBlocks<T> {
    nrows: usize,
    ncols: usize,
    blocks: Vec<Block<T>>,
}

/// [`ROWS_A_BLOCK`] rows, the last block perhaps fewer.
pub(crate) struct Block<T> {
    /// Where rows begin, from 0.
    pub(crate) offsets: Vec<u32>,
    pub(crate) columns: Vec<u32>,
    pub(crate) values: Vec<T>,
}

impl<T> Block<T> {
    /// A block without rows, with room for the offsets of `count` of them.
    pub(crate) fn with_rows(count: usize) -> Self {
        let mut offsets = Vec::with_capacity(count + 1);
        offsets.push(0);
        Self {
            offsets,
            columns: Vec::new(),
            values: Vec::new(),
        }
    }
}

/// Where each column stands in the row that is being gathered.
struct Marker {
    place: Vec<u32>,
    /// Places below belong to rows that are done.
    base: u32,
}

impl Marker {
    fn new(ncols: usize) -> Self {
        Self {
            place: vec![0; ncols],
            base: 1,
        }
    }

    /// Begins a row of at most `bound` entries.
    fn begin(&mut self, bound: usize) {
        if self.base as usize + bound >= u32::MAX as usize {
            self.place.fill(0);
            self.base = 1;
        }
    }
}

/// Adds `factor * b_k*` to the row gathered in `columns` and `values` from `begin` on.
#[inline]
fn add_row<T: Scalar, U: Copy + Widen<T>>(
    marker: &mut Marker,
    begin: usize,
    columns: &mut Vec<u32>,
    values: &mut Vec<T>,
    factor: T,
    other: (&[u32], &[U]),
) {
    let base = marker.base;
    for (&j, &v) in other.0.iter().zip(other.1) {
        let place = &mut marker.place[j as usize];
        let term = factor * v.widen();
        if *place < base {
            *place = base + (columns.len() - begin) as u32;
            columns.push(j);
            values.push(term);
        } else {
            values[begin + (*place - base) as usize] += term;
        }
    }
}

/// A B with unsorted rows.
pub(crate) fn product_blocks<T, U>(a: &Csr<T>, b: &Csr<U>) -> RowBlocks<T>
where
    T: Scalar,
    U: Scalar + Widen<T>,
{
    assert_eq!(a.ncols, b.nrows, "factors that fit");
    let count = a.nrows.div_ceil(ROWS_A_BLOCK);
    let blocks = (0..count)
        .into_par_iter()
        .map_init(
            || Marker::new(b.ncols),
            |marker, block| {
                let rows = block * ROWS_A_BLOCK..((block + 1) * ROWS_A_BLOCK).min(a.nrows);
                let mut offsets = Vec::with_capacity(rows.len() + 1);
                offsets.push(0);
                let (mut columns, mut values) = (Vec::new(), Vec::new());
                for i in rows.clone() {
                    let begin = columns.len();
                    marker.begin(b.ncols);
                    let (own, entries) = a.row(i);
                    for (&k, &v) in own.iter().zip(entries) {
                        add_row(
                            marker,
                            begin,
                            &mut columns,
                            &mut values,
                            v,
                            b.row(k as usize),
                        );
                    }
                    marker.base += (columns.len() - begin) as u32;
                    offsets.push(columns.len() as u32);
                    // The rows so far tell how many entries the block will have.
                    if i - rows.start == 63 {
                        let expected = columns.len() / 64 * rows.len();
                        columns.reserve(expected + expected / 8);
                        values.reserve(expected + expected / 8);
                    }
                }
                Block {
                    offsets,
                    columns,
                    values,
                }
            },
        )
        .collect();
    RowBlocks {
        nrows: a.nrows,
        ncols: b.ncols,
        blocks,
    }
}

impl<T: Scalar> RowBlocks<T> {
    #[inline]
    fn row(&self, i: usize) -> (&[u32], &[T]) {
        let block = &self.blocks[i / ROWS_A_BLOCK];
        let k = i % ROWS_A_BLOCK;
        let range = block.offsets[k] as usize..block.offsets[k + 1] as usize;
        (&block.columns[range.clone()], &block.values[range])
    }

    /// R times this matrix, rows sorted.
    ///
    /// # Errors
    /// [`CsrError::TooLarge`] for more entries than 32 bits count.
    pub(crate) fn times_left<U>(&self, r: &Csr<U>) -> Result<Csr<T>, CsrError>
    where
        U: Scalar + Widen<T>,
    {
        assert_eq!(r.ncols, self.nrows, "factors that fit");
        let rows_a_block = (r.nrows / 256).clamp(64, ROWS_A_BLOCK);
        let blocks: Vec<Block<T>> = (0..r.nrows.div_ceil(rows_a_block))
            .into_par_iter()
            .map_init(
                || (Marker::new(self.ncols), Vec::new(), Vec::new()),
                |(marker, found, sums), block| {
                    let rows = block * rows_a_block..((block + 1) * rows_a_block).min(r.nrows);
                    let mut offsets = Vec::with_capacity(rows.len() + 1);
                    offsets.push(0);
                    let (mut columns, mut values) = (Vec::new(), Vec::new());
                    for i in rows {
                        found.clear();
                        sums.clear();
                        marker.begin(self.ncols);
                        let (own, entries) = r.row(i);
                        for (&k, &v) in own.iter().zip(entries) {
                            add_row(marker, 0, found, sums, v.widen(), self.row(k as usize));
                        }
                        found.sort_unstable();
                        for &j in found.iter() {
                            columns.push(j);
                            values.push(sums[(marker.place[j as usize] - marker.base) as usize]);
                        }
                        marker.base += found.len() as u32;
                        offsets.push(columns.len() as u32);
                    }
                    Block {
                        offsets,
                        columns,
                        values,
                    }
                },
            )
            .collect();
        joined(r.nrows, self.ncols, &blocks)
    }

    /// The values of R times this matrix, into the pattern that [`RowBlocks::times_left`] found.
    pub(crate) fn times_left_into<U>(&self, r: &Csr<U>, c: &mut Csr<T>)
    where
        U: Scalar + Widen<T>,
    {
        assert!(
            r.ncols == self.nrows && c.nrows == r.nrows && c.ncols == self.ncols,
            "factors and product that fit"
        );
        let rows_a_block = (r.nrows / 256).clamp(64, ROWS_A_BLOCK);
        let (offsets, columns) = (&c.offsets, &c.columns);
        split_rows(offsets, rows_a_block, &mut c.values)
            .into_par_iter()
            .for_each_init(
                || vec![0u32; self.ncols],
                |place, (rows, values)| {
                    values.fill(T::zero());
                    let first = offsets[rows.start] as usize;
                    for i in rows {
                        let begin = offsets[i] as usize;
                        let end = offsets[i + 1] as usize;
                        for (k, &j) in (begin..end).zip(&columns[begin..end]) {
                            place[j as usize] = (k - first) as u32;
                        }
                        let (own, entries) = r.row(i);
                        for (&k, &v) in own.iter().zip(entries) {
                            let factor: T = v.widen();
                            let (js, vs) = self.row(k as usize);
                            for (&j, &v) in js.iter().zip(vs) {
                                values[place[j as usize] as usize] += factor * v;
                            }
                        }
                    }
                },
            );
    }
}

/// Blocks of sorted rows as one matrix.
pub(crate) fn joined<T: Scalar>(
    nrows: usize,
    ncols: usize,
    blocks: &[Block<T>],
) -> Result<Csr<T>, CsrError> {
    let nnz: usize = blocks.iter().map(|b| b.columns.len()).sum();
    if u32::try_from(nnz).is_err() {
        return Err(CsrError::TooLarge {
            what: "entries",
            count: nnz,
        });
    }
    let mut offsets = Vec::with_capacity(nrows + 1);
    offsets.push(0u32);
    for block in blocks {
        let base = offsets[offsets.len() - 1];
        offsets.extend(block.offsets[1..].iter().map(|o| base + o));
    }
    let mut columns = vec![0u32; nnz];
    let mut values = vec![T::zero(); nnz];
    let (mut left_columns, mut left_values) = (&mut columns[..], &mut values[..]);
    let mut pieces = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (c, rest) = left_columns.split_at_mut(block.columns.len());
        left_columns = rest;
        let (v, rest) = left_values.split_at_mut(block.columns.len());
        left_values = rest;
        pieces.push((block, c, v));
    }
    pieces.into_par_iter().for_each(|(block, c, v)| {
        c.copy_from_slice(&block.columns);
        v.copy_from_slice(&block.values);
    });
    Ok(Csr::from_parts(nrows, ncols, offsets, columns, values))
}

/// Rows in blocks, each with the slice of `values` that belongs to it.
fn split_rows<'v, T>(
    offsets: &[u32],
    rows_a_block: usize,
    mut values: &'v mut [T],
) -> Vec<(std::ops::Range<usize>, &'v mut [T])> {
    let nrows = offsets.len() - 1;
    let mut pieces = Vec::with_capacity(nrows.div_ceil(rows_a_block));
    for start in (0..nrows).step_by(rows_a_block) {
        let end = (start + rows_a_block).min(nrows);
        let (own, rest) = values.split_at_mut((offsets[end] - offsets[start]) as usize);
        values = rest;
        pieces.push((start..end, own));
    }
    pieces
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
        product_blocks_of(b).times_left(self)
    }

    /// The Galerkin product R A P.
    ///
    /// # Errors
    /// [`CsrError::TooLarge`] for more entries than 32 bits count.
    ///
    /// # Panics
    /// Unless the factors fit.
    pub fn galerkin(&self, r: &Self, p: &Self) -> Result<Self, CsrError> {
        product_blocks(self, p).times_left(r)
    }
}

/// A matrix as blocks of its rows.
fn product_blocks_of<T: Scalar>(b: &Csr<T>) -> RowBlocks<T> {
    let blocks = (0..b.nrows)
        .step_by(ROWS_A_BLOCK)
        .map(|start| {
            let end = (start + ROWS_A_BLOCK).min(b.nrows);
            let range = b.offsets[start] as usize..b.offsets[end] as usize;
            Block {
                offsets: b.offsets[start..=end]
                    .iter()
                    .map(|o| o - b.offsets[start])
                    .collect(),
                columns: b.columns[range.clone()].to_vec(),
                values: b.values[range].to_vec(),
            }
        })
        .collect();
    RowBlocks {
        nrows: b.nrows,
        ncols: b.ncols,
        blocks,
    }
}
