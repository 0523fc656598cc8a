//! Products of a sparse matrix with vectors.

use super::{Csr, kernels};
use crate::operator::{AdjointOperator, LinearOperator};
use crate::scalar::{Real, Scalar};
use crate::vector;

impl<T: Scalar> LinearOperator<T> for Csr<T> {
    fn nrows(&self) -> usize {
        self.nrows
    }

    fn ncols(&self) -> usize {
        self.ncols
    }

    fn apply(&self, x: &[T], y: &mut [T]) {
        assert!(
            x.len() == self.ncols && y.len() == self.nrows,
            "vectors that fit the matrix"
        );
        vector::for_blocks(y, &|start, y: &mut [T]| {
            kernels::rows(self, x, start, y, |_, sum| sum);
        });
    }

    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        assert!(
            x.len() == self.ncols && r.len() == self.nrows && b.len() == self.nrows,
            "vectors that fit the matrix"
        );
        vector::for_blocks(r, &|start, r: &mut [T]| {
            let b = &b[start..start + r.len()];
            kernels::rows(self, x, start, r, |k, sum| b[k] - sum);
        });
    }

    fn diagonal(&self) -> Option<Vec<T>> {
        Some(Self::diagonal(self))
    }

    fn norm(&self) -> Option<f64> {
        Some(self.norm_inf().as_f64())
    }
}

impl<T: Scalar> AdjointOperator<T> for Csr<T> {
    /// y = A^H x by scattering rows, on one thread: for many products transpose the matrix once.
    fn apply_adjoint(&self, x: &[T], y: &mut [T]) {
        assert!(
            x.len() == self.nrows && y.len() == self.ncols,
            "vectors that fit the matrix"
        );
        vector::fill(T::zero(), y);
        for (i, &xi) in x.iter().enumerate() {
            let (columns, values) = self.row(i);
            for (&j, &v) in columns.iter().zip(values) {
                y[j as usize] += v.conj() * xi;
            }
        }
    }
}
