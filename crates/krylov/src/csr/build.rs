//! Making sparse matrices: from compressed rows, from triplets, and by transposition.

use rayon::prelude::*;

use super::Csr;
use crate::scalar::Scalar;
use crate::vector;

/// Arrays that are not a sparse matrix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// The array of row offsets does not fit.
    #[error("row offsets must begin with 0, not decrease, and end with the number of entries: {0}")]
    Offsets(String),
    /// An index lies outside the matrix.
    #[error("entry ({row}, {column}) lies outside a matrix of {nrows} x {ncols} (indices from 0)")]
    Outside {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// Rows of the matrix.
        nrows: usize,
        /// Columns of the matrix.
        ncols: usize,
    },
    /// Columns of a row do not increase.
    #[error("the columns of row {row} do not increase strictly: {left} stands before {right}")]
    Order {
        /// Row.
        row: usize,
        /// Column before.
        left: usize,
        /// Column after.
        right: usize,
    },
    /// More rows, columns or entries than 32 bits count.
    #[error(
        "{count} {what} are more than the {} that 32-bit indices can count",
        u32::MAX
    )]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        count: usize,
    },
}

impl<T: Scalar> Csr<T> {
    /// A matrix from its compressed rows.
    ///
    /// # Errors
    /// [`CsrError`] where the arrays break an invariant of [`Csr`].
    pub fn new(
        nrows: usize,
        ncols: usize,
        offsets: Vec<u32>,
        columns: Vec<u32>,
        values: Vec<T>,
    ) -> Result<Self, CsrError> {
        check_size("rows", nrows)?;
        check_size("columns", ncols)?;
        check_size("entries", values.len())?;
        let bad = |text: String| Err(CsrError::Offsets(text));
        if offsets.len() != nrows + 1 {
            return bad(format!("{} offsets for {nrows} rows", offsets.len()));
        }
        if columns.len() != values.len() {
            return bad(format!(
                "{} columns and {} values",
                columns.len(),
                values.len()
            ));
        }
        if offsets[0] != 0 || offsets[nrows] as usize != values.len() {
            return bad(format!(
                "they run from {} to {}, there are {} entries",
                offsets[0],
                offsets[nrows],
                values.len()
            ));
        }
        for row in 0..nrows {
            if offsets[row] > offsets[row + 1] {
                return bad(format!("row {row} ends before it begins"));
            }
            let own = &columns[offsets[row] as usize..offsets[row + 1] as usize];
            if let Some(pair) = own.windows(2).find(|pair| pair[0] >= pair[1]) {
                return Err(CsrError::Order {
                    row,
                    left: pair[0] as usize,
                    right: pair[1] as usize,
                });
            }
            if let Some(&column) = own.last().filter(|&&j| j as usize >= ncols) {
                return Err(CsrError::Outside {
                    row,
                    column: column as usize,
                    nrows,
                    ncols,
                });
            }
        }
        Ok(Self {
            nrows,
            ncols,
            offsets,
            columns,
            values,
        })
    }

    /// A matrix from arrays that keep the invariants by construction.
    pub(crate) fn from_parts(
        nrows: usize,
        ncols: usize,
        offsets: Vec<u32>,
        columns: Vec<u32>,
        values: Vec<T>,
    ) -> Self {
        debug_assert!(
            Self::new(
                nrows,
                ncols,
                offsets.clone(),
                columns.clone(),
                values.clone()
            )
            .is_ok(),
            "compressed rows keep their invariants"
        );
        Self {
            nrows,
            ncols,
            offsets,
            columns,
            values,
        }
    }

    /// A matrix from entries `(row, column, value)` in any order; those at one place are added, in
    /// the order in which they come.
    ///
    /// # Errors
    /// [`CsrError`] for entries outside the matrix, or too many of them.
    pub fn from_triplets(
        nrows: usize,
        ncols: usize,
        entries: &[(u32, u32, T)],
    ) -> Result<Self, CsrError> {
        check_size("rows", nrows)?;
        check_size("columns", ncols)?;
        check_size("entries", entries.len())?;
        if let Some(&(row, column, _)) = entries
            .iter()
            .find(|(i, j, _)| *i as usize >= nrows || *j as usize >= ncols)
        {
            return Err(CsrError::Outside {
                row: row as usize,
                column: column as usize,
                nrows,
                ncols,
            });
        }
        // Counting sort by rows keeps the order of entries at one place.
        let mut starts = vec![0u32; nrows + 1];
        for (i, _, _) in entries {
            starts[*i as usize + 1] += 1;
        }
        for i in 0..nrows {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut sorted = vec![(0u32, T::zero()); entries.len()];
        for &(i, j, v) in entries {
            let place = &mut next[i as usize];
            sorted[*place as usize] = (j, v);
            *place += 1;
        }
        let mut offsets = Vec::with_capacity(nrows + 1);
        let mut columns = Vec::with_capacity(entries.len());
        let mut values = Vec::with_capacity(entries.len());
        offsets.push(0);
        for i in 0..nrows {
            let row = &mut sorted[starts[i] as usize..starts[i + 1] as usize];
            row.sort_by_key(|&(j, _)| j);
            let begin = columns.len();
            for &mut (j, v) in row {
                if columns.len() > begin && columns.last() == Some(&j) {
                    if let Some(last) = values.last_mut() {
                        *last += v;
                    }
                } else {
                    columns.push(j);
                    values.push(v);
                }
            }
            offsets.push(columns.len() as u32);
        }
        Ok(Self::from_parts(nrows, ncols, offsets, columns, values))
    }

    /// The identity.
    pub fn identity(n: usize) -> Self {
        let count = u32::try_from(n).expect("an identity of at most 2^32 rows");
        Self::from_parts(
            n,
            n,
            (0..=count).collect(),
            (0..count).collect(),
            vec![T::one(); n],
        )
    }

    /// A^T, without conjugation.
    ///
    /// Each thread makes a range of the rows of A^T and reads all columns of A for it: the reading
    /// is cheap beside the scattered writing, and needs no exchange.
    pub fn transpose(&self) -> Self {
        let parts = if self.nnz() < vector::GRAIN {
            1
        } else {
            rayon::current_num_threads()
        };
        let mut offsets = vec![0u32; self.ncols + 1];
        let width = self.ncols.div_ceil(parts).max(1);
        offsets[1..]
            .par_chunks_mut(width)
            .enumerate()
            .for_each(|(part, counts)| {
                let first = (part * width) as u32;
                for &j in &self.columns {
                    if let Some(count) = counts.get_mut(j.wrapping_sub(first) as usize) {
                        *count += 1;
                    }
                }
            });
        for j in 0..self.ncols {
            offsets[j + 1] += offsets[j];
        }
        let mut columns = vec![0u32; self.nnz()];
        let mut values = vec![T::zero(); self.nnz()];
        let (mut rest_columns, mut rest_values) = (&mut columns[..], &mut values[..]);
        let mut pieces = Vec::with_capacity(parts);
        for first in (0..self.ncols).step_by(width) {
            let last = (first + width).min(self.ncols);
            let size = (offsets[last] - offsets[first]) as usize;
            let (c, rest) = rest_columns.split_at_mut(size);
            rest_columns = rest;
            let (v, rest) = rest_values.split_at_mut(size);
            rest_values = rest;
            pieces.push((&offsets[first..last], first as u32, c, v));
        }
        pieces
            .into_par_iter()
            .for_each(|(offsets, first, columns, values)| {
                let base = offsets[0];
                let mut next: Vec<u32> = offsets.iter().map(|o| o - base).collect();
                for i in 0..self.nrows {
                    let (own, entries) = self.row(i);
                    for (&j, &v) in own.iter().zip(entries) {
                        if let Some(place) = next.get_mut(j.wrapping_sub(first) as usize) {
                            columns[*place as usize] = i as u32;
                            values[*place as usize] = v;
                            *place += 1;
                        }
                    }
                }
            });
        Self::from_parts(self.ncols, self.nrows, offsets, columns, values)
    }
}

pub(super) fn check_size(what: &'static str, count: usize) -> Result<(), CsrError> {
    if u32::try_from(count).is_ok() {
        Ok(())
    } else {
        Err(CsrError::TooLarge { what, count })
    }
}
