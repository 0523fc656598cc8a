//! Sparse matrices in compressed rows, with 32-bit indices.
//!
//! Row i holds the entries `offsets[i]..offsets[i + 1]` of `columns` and `values`, columns strictly
//! increasing: for f64 that is 12 bytes an entry and 4 a row. At 128^3 unknowns a product with the
//! 7-point matrix moves 104 bytes a row, and memory, not arithmetic, sets its speed.

mod build;
mod convert;
pub(crate) mod galerkin;
pub(crate) mod kernels;
pub(crate) mod multiply;
mod product;
pub(crate) mod row_sum;

#[cfg(test)]
mod tests;

pub use build::CsrError;

use crate::scalar::{Real, Scalar};

/// A sparse matrix in compressed rows.
///
/// Invariants, checked when it is made: offsets do not decrease, columns increase strictly within a
/// row and lie below `ncols`.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr<T> {
    nrows: usize,
    ncols: usize,
    offsets: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<T>,
}

impl<T: Scalar> Csr<T> {
    /// Number of rows.
    pub fn nrows(&self) -> usize {
        self.nrows
    }

    /// Number of columns.
    pub fn ncols(&self) -> usize {
        self.ncols
    }

    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Where rows begin: `nrows + 1` numbers.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// Column of each entry.
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// Value of each entry.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Value of each entry, to be changed; the pattern stays.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Columns and values of a row.
    #[inline]
    pub fn row(&self, i: usize) -> (&[u32], &[T]) {
        let range = self.offsets[i] as usize..self.offsets[i + 1] as usize;
        (&self.columns[range.clone()], &self.values[range])
    }

    /// Entry (i, j); zero where none is stored.
    pub fn get(&self, i: usize, j: usize) -> T {
        let (columns, values) = self.row(i);
        columns
            .binary_search(&(j as u32))
            .map_or(T::zero(), |k| values[k])
    }

    /// The diagonal; zero where no entry is stored.
    pub fn diagonal(&self) -> Vec<T> {
        (0..self.nrows.min(self.ncols))
            .map(|i| self.get(i, i))
            .collect()
    }

    /// The diagonal, by all threads.
    pub(crate) fn par_diagonal(&self) -> Vec<T> {
        let mut d = vec![T::zero(); self.nrows.min(self.ncols)];
        crate::vector::for_blocks(&mut d, &|start, d: &mut [T]| {
            for (i, d) in (start..).zip(d) {
                *d = self.get(i, i);
            }
        });
        d
    }

    /// ||A||_inf, the largest sum of moduli over a row.
    pub fn norm_inf(&self) -> T::Real {
        (0..self.nrows).fold(num_traits::Zero::zero(), |largest: T::Real, i| {
            let sum: T::Real = self.row(i).1.iter().map(|v| v.modulus()).sum();
            num_traits::Float::max(largest, sum)
        })
    }

    /// Place (row, column) of the first entry that is infinite or NaN.
    pub fn first_not_finite(&self) -> Option<(usize, usize)> {
        let k = crate::vector::first_not_finite(&self.values)?;
        let row = self.offsets.partition_point(|&o| o as usize <= k) - 1;
        Some((row, self.columns[k] as usize))
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.offsets[..])
            + size_of_val(&self.columns[..])
            + size_of_val(&self.values[..])
    }

    /// The same matrix with other numbers, for instance f64 rounded to f32.
    pub fn map<U: Scalar>(&self, convert: impl Fn(T) -> U) -> Csr<U> {
        Csr {
            nrows: self.nrows,
            ncols: self.ncols,
            offsets: self.offsets.clone(),
            columns: self.columns.clone(),
            values: self.values.iter().map(|&v| convert(v)).collect(),
        }
    }

    /// [`Csr::map`] by all threads.
    pub(crate) fn par_map<U: Scalar>(&self, convert: impl Fn(T) -> U + Sync) -> Csr<U> {
        let copy = |from: &[u32]| {
            let mut to = vec![0u32; from.len()];
            crate::vector::copy_any(from, &mut to);
            to
        };
        Csr {
            nrows: self.nrows,
            ncols: self.ncols,
            offsets: copy(&self.offsets),
            columns: copy(&self.columns),
            values: mapped(&self.values, convert),
        }
    }

    /// The same matrix with other numbers, without copying the pattern.
    pub(crate) fn into_map<U: Scalar>(self, convert: impl Fn(T) -> U + Sync) -> Csr<U> {
        Csr {
            nrows: self.nrows,
            ncols: self.ncols,
            offsets: self.offsets,
            columns: self.columns,
            values: mapped(&self.values, convert),
        }
    }

    /// ||A - A^H||_max / ||A||_max <= `tolerance`, the pattern included.
    pub fn is_hermitian(&self, tolerance: f64) -> bool {
        if self.nrows != self.ncols {
            return false;
        }
        let largest = self
            .values
            .iter()
            .fold(0.0, |m: f64, v| m.max(v.modulus().as_f64()));
        (0..self.nrows).all(|i| {
            let (columns, values) = self.row(i);
            columns.iter().zip(values).all(|(&j, &v)| {
                let other = self.get(j as usize, i).conj();
                (v - other).modulus().as_f64() <= tolerance * largest
            })
        })
    }
}

fn mapped<T: Scalar, U: Scalar>(from: &[T], convert: impl Fn(T) -> U + Sync) -> Vec<U> {
    let mut to = vec![U::zero(); from.len()];
    crate::vector::for_blocks(&mut to, &|start, to: &mut [U]| {
        for (to, &from) in to.iter_mut().zip(&from[start..]) {
            *to = convert(from);
        }
    });
    to
}
