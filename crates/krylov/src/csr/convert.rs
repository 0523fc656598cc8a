//! To and from the sparse matrices of nalgebra-sparse and faer.
//!
//! ```
//! use pdesolve_krylov::{Csr, gallery};
//! use nalgebra_sparse::CscMatrix;
//!
//! let a = gallery::poisson(&[5, 4]);
//! let theirs = CscMatrix::from(&a);
//! assert_eq!(Csr::try_from(&theirs)?, a);
//! # Ok::<(), pdesolve_krylov::CsrError>(())
//! ```
//!
//! Values, stored zeros included, come over as they are; entries of the same place are added. The
//! other programs count with 64-bit indices: a matrix that has more rows, columns or entries than 32
//! bits count is refused.

use faer::Index;
use faer::sparse::{
    SparseColMat, SparseColMatRef, SparseRowMat, SparseRowMatRef, SymbolicSparseColMat,
    SymbolicSparseRowMat,
};
use nalgebra_sparse::{CooMatrix, CscMatrix, CsrMatrix};

use super::build::check_size;
use super::{Csr, CsrError};
use crate::scalar::Scalar;

/// Compressed rows with 64-bit indices, sorted.
fn from_compressed<T: Scalar>(
    nrows: usize,
    ncols: usize,
    offsets: &[usize],
    columns: &[usize],
    values: &[T],
) -> Result<Csr<T>, CsrError> {
    check_size("rows", nrows)?;
    check_size("columns", ncols)?;
    check_size("entries", values.len())?;
    // Within these sizes no index is cut short.
    let narrow = |indices: &[usize]| indices.iter().map(|&i| i as u32).collect();
    Csr::new(
        nrows,
        ncols,
        narrow(offsets),
        narrow(columns),
        values.to_vec(),
    )
}

/// Compressed rows, perhaps unsorted and with gaps between the rows.
fn from_rows<T: Scalar, I: Index>(
    (nrows, ncols): (usize, usize),
    offsets: &[I],
    counts: Option<&[I]>,
    columns: &[I],
    values: &[T],
) -> Result<Csr<T>, CsrError> {
    check_size("rows", nrows)?;
    check_size("columns", ncols)?;
    let mut entries = Vec::with_capacity(values.len());
    for i in 0..nrows {
        let begin = offsets[i].zx();
        let end = counts.map_or_else(|| offsets[i + 1].zx(), |counts| begin + counts[i].zx());
        for (j, &v) in columns[begin..end].iter().zip(&values[begin..end]) {
            entries.push((i as u32, j.zx() as u32, v));
        }
    }
    Csr::from_triplets(nrows, ncols, &entries)
}

fn widen(indices: &[u32]) -> Vec<usize> {
    indices.iter().map(|&i| i as usize).collect()
}

/// Indices for faer: u32, u64 and usize all hold 32 bits.
fn indices<I: Index>(from: &[u32]) -> Vec<I> {
    from.iter().map(|&i| I::truncate(i as usize)).collect()
}

impl<T: Scalar> TryFrom<&CsrMatrix<T>> for Csr<T> {
    type Error = CsrError;

    fn try_from(a: &CsrMatrix<T>) -> Result<Self, CsrError> {
        let (offsets, columns, values) = a.csr_data();
        from_compressed(a.nrows(), a.ncols(), offsets, columns, values)
    }
}

impl<T: Scalar> TryFrom<&CscMatrix<T>> for Csr<T> {
    type Error = CsrError;

    /// Compressed columns of A are compressed rows of its transpose.
    fn try_from(a: &CscMatrix<T>) -> Result<Self, CsrError> {
        let (offsets, rows, values) = a.csc_data();
        check_size("rows", a.nrows())?;
        check_size("columns", a.ncols())?;
        Ok(from_compressed(a.ncols(), a.nrows(), offsets, rows, values)?.transpose())
    }
}

impl<T: Scalar> TryFrom<&CooMatrix<T>> for Csr<T> {
    type Error = CsrError;

    fn try_from(a: &CooMatrix<T>) -> Result<Self, CsrError> {
        check_size("rows", a.nrows())?;
        check_size("columns", a.ncols())?;
        let entries: Vec<_> = a
            .triplet_iter()
            .map(|(i, j, &v)| (i as u32, j as u32, v))
            .collect();
        Self::from_triplets(a.nrows(), a.ncols(), &entries)
    }
}

impl<T: Scalar> From<&Csr<T>> for CsrMatrix<T> {
    fn from(a: &Csr<T>) -> Self {
        let (offsets, columns) = (widen(a.offsets()), widen(a.columns()));
        Self::try_from_csr_data(a.nrows(), a.ncols(), offsets, columns, a.values().to_vec())
            .expect("compressed rows keep their invariants")
    }
}

impl<T: Scalar> From<&Csr<T>> for CscMatrix<T> {
    fn from(a: &Csr<T>) -> Self {
        let t = a.transpose();
        let (offsets, rows) = (widen(t.offsets()), widen(t.columns()));
        Self::try_from_csc_data(a.nrows(), a.ncols(), offsets, rows, t.values().to_vec())
            .expect("compressed rows keep their invariants")
    }
}

impl<T: Scalar> From<&Csr<T>> for CooMatrix<T> {
    fn from(a: &Csr<T>) -> Self {
        let rows = (0..a.nrows())
            .flat_map(|i| std::iter::repeat_n(i, a.row(i).0.len()))
            .collect();
        let columns = widen(a.columns());
        Self::try_from_triplets(a.nrows(), a.ncols(), rows, columns, a.values().to_vec())
            .expect("compressed rows keep their invariants")
    }
}

impl<T: Scalar, I: Index> TryFrom<SparseRowMatRef<'_, I, T>> for Csr<T> {
    type Error = CsrError;

    fn try_from(a: SparseRowMatRef<'_, I, T>) -> Result<Self, CsrError> {
        let (nrows, ncols, offsets, counts, columns) = a.symbolic().parts();
        from_rows((nrows, ncols), offsets, counts, columns, a.val())
    }
}

impl<T: Scalar, I: Index> TryFrom<SparseColMatRef<'_, I, T>> for Csr<T> {
    type Error = CsrError;

    fn try_from(a: SparseColMatRef<'_, I, T>) -> Result<Self, CsrError> {
        let (nrows, ncols, offsets, counts, rows) = a.symbolic().parts();
        Ok(from_rows((ncols, nrows), offsets, counts, rows, a.val())?.transpose())
    }
}

impl<T: Scalar, I: Index> From<&Csr<T>> for SparseRowMat<I, T> {
    fn from(a: &Csr<T>) -> Self {
        let (offsets, columns) = (indices(a.offsets()), indices(a.columns()));
        let pattern =
            SymbolicSparseRowMat::new_checked(a.nrows(), a.ncols(), offsets, None, columns);
        Self::new(pattern, a.values().to_vec())
    }
}

impl<T: Scalar, I: Index> From<&Csr<T>> for SparseColMat<I, T> {
    fn from(a: &Csr<T>) -> Self {
        let t = a.transpose();
        let (offsets, rows) = (indices(t.offsets()), indices(t.columns()));
        let pattern = SymbolicSparseColMat::new_checked(a.nrows(), a.ncols(), offsets, None, rows);
        Self::new(pattern, t.values().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::gallery;

    /// 5 x 4, with an empty row, an empty column and a stored zero.
    fn sample() -> Csr<Complex<f64>> {
        let data = gallery::noise(16, 1);
        let value = |k: usize| Complex::new(data[2 * k], data[2 * k + 1]);
        let entries = [
            (0, 1, value(0)),
            (0, 3, value(1)),
            (1, 0, value(2)),
            (3, 1, value(3)),
            (3, 3, Complex::new(0.0, 0.0)),
            (4, 0, value(4)),
            (4, 3, value(5)),
        ];
        Csr::from_triplets(5, 4, &entries).unwrap()
    }

    #[test]
    fn matrices_of_nalgebra_come_and_go_unchanged() {
        let a = sample();
        assert_eq!(Csr::try_from(&CsrMatrix::from(&a)).unwrap(), a);
        assert_eq!(Csr::try_from(&CscMatrix::from(&a)).unwrap(), a);
        assert_eq!(Csr::try_from(&CooMatrix::from(&a)).unwrap(), a);
        let theirs = CscMatrix::from(&a);
        for (i, j, &v) in theirs.triplet_iter() {
            assert_eq!(v, a.get(i, j));
        }
    }

    #[test]
    fn matrices_of_faer_come_and_go_unchanged() {
        let a = sample();
        let rows = SparseRowMat::<usize, _>::from(&a);
        assert_eq!(Csr::try_from(rows.as_ref()).unwrap(), a);
        let columns = SparseColMat::<u32, _>::from(&a);
        assert_eq!(Csr::try_from(columns.as_ref()).unwrap(), a);
        let dense = columns.to_dense();
        for i in 0..5 {
            for j in 0..4 {
                assert_eq!(dense[(i, j)], a.get(i, j));
                assert_eq!(rows.to_dense()[(i, j)], a.get(i, j));
            }
        }
    }

    #[test]
    fn entries_at_one_place_are_added() {
        let rows = vec![1, 0, 1];
        let theirs = CooMatrix::try_from_triplets(2, 2, rows, vec![1, 0, 1], vec![1.0, 2.0, 3.0]);
        let a = Csr::try_from(&theirs.unwrap()).unwrap();
        assert_eq!((a.nnz(), a.get(1, 1), a.get(0, 0)), (2, 4.0, 2.0));
    }

    #[test]
    fn unsorted_rows_of_faer_are_sorted() {
        let pattern = SymbolicSparseRowMat::new_unsorted_checked(
            2,
            3,
            vec![0usize, 2, 3],
            None,
            vec![2, 0, 1],
        );
        let theirs = SparseRowMat::new(pattern, vec![1.0, 2.0, 3.0]);
        let a = Csr::try_from(theirs.as_ref()).unwrap();
        assert_eq!(a.row(0), (&[0, 2][..], &[2.0, 1.0][..]));
        assert_eq!(a.get(1, 1), 3.0);
    }

    #[test]
    fn indices_beyond_32_bits_are_refused() {
        let large = 1usize << 33;
        let refused = |error| {
            let expected = CsrError::TooLarge {
                what: "columns",
                count: large,
            };
            assert_eq!(error, expected);
        };
        let rows = CsrMatrix::try_from_csr_data(1, large, vec![0, 1], vec![large - 1], vec![1.0]);
        refused(Csr::try_from(&rows.unwrap()).unwrap_err());
        let coo = CooMatrix::try_from_triplets(1, large, vec![0], vec![large - 1], vec![1.0]);
        refused(Csr::try_from(&coo.unwrap()).unwrap_err());
        let pattern =
            SymbolicSparseRowMat::new_checked(1, large, vec![0, 1], None, vec![large - 1]);
        let theirs = SparseRowMat::<usize, f64>::new(pattern, vec![1.0]);
        refused(Csr::try_from(theirs.as_ref()).unwrap_err());
        let tall = CscMatrix::try_from_csc_data(large, 1, vec![0, 1], vec![large - 1], vec![1.0]);
        assert!(matches!(
            Csr::try_from(&tall.unwrap()),
            Err(CsrError::TooLarge { what: "rows", .. })
        ));
    }
}
