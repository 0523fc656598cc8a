//! The dense eigenvalue problems of the projected matrices, by faer.

use faer::{Mat, Side};
use num_complex::Complex;

use super::EigenError;
use crate::scalar::{Real, Scalar};

fn to_complex<T: Scalar>(v: T) -> Complex<f64> {
    Complex::new(v.re().as_f64(), v.im().as_f64())
}

/// A complex number as `T`; a real type drops the imaginary part.
pub(super) fn from_complex<T: Scalar>(v: Complex<f64>) -> T {
    T::from_parts(T::from_f64(v.re).re(), T::from_f64(v.im).re())
}

/// Eigenvalues in rising order and orthonormal eigenvectors `[pair][row]` of the Hermitian matrix
/// `h`, given by rows; only the lower triangle is read.
pub(super) fn hermitian<T: Scalar>(
    h: &[T],
    size: usize,
) -> Result<(Vec<f64>, Vec<Vec<T>>), EigenError> {
    if h.iter().any(|v| !v.finite()) {
        return Err(EigenError::NotFinite);
    }
    let failed = |_| EigenError::Projected { size };
    let entry = |i: usize, j: usize| to_complex(h[i * size + j]);
    if T::IS_COMPLEX {
        let found = Mat::from_fn(size, size, entry)
            .self_adjoint_eigen(Side::Lower)
            .map_err(failed)?;
        let (s, u) = (found.S().column_vector(), found.U());
        let vectors = (0..size).map(|k| (0..size).map(|i| from_complex(u[(i, k)])).collect());
        Ok(((0..size).map(|k| s[k].re).collect(), vectors.collect()))
    } else {
        let found = Mat::from_fn(size, size, |i, j| entry(i, j).re)
            .self_adjoint_eigen(Side::Lower)
            .map_err(failed)?;
        let (s, u) = (found.S().column_vector(), found.U());
        let vectors = (0..size).map(|k| (0..size).map(|i| T::from_f64(u[(i, k)])).collect());
        Ok(((0..size).map(|k| s[k]).collect(), vectors.collect()))
    }
}

/// An eigenvalue with its vector.
pub(super) type Pair = (Complex<f64>, Vec<Complex<f64>>);

/// Eigenvalues and eigenvectors of norm one of the matrix `h`, given by rows, in no
/// order.
pub(super) fn general<T: Scalar>(h: &[T], size: usize) -> Result<Vec<Pair>, EigenError> {
    if h.iter().any(|v| !v.finite()) {
        return Err(EigenError::NotFinite);
    }
    let entry = |i: usize, j: usize| to_complex(h[i * size + j]);
    let found = if T::IS_COMPLEX {
        Mat::from_fn(size, size, entry).eigen()
    } else {
        Mat::from_fn(size, size, |i, j| entry(i, j).re).eigen()
    }
    .map_err(|_| EigenError::Projected { size })?;
    let (s, u) = (found.S().column_vector(), found.U());
    let pair = |k: usize| {
        let vector: Vec<Complex<f64>> = (0..size).map(|i| u[(i, k)]).collect();
        let norm = vector.iter().map(Complex::norm_sqr).sum::<f64>().sqrt();
        (s[k], vector.iter().map(|v| v / norm).collect())
    };
    Ok((0..size).map(pair).collect())
}
