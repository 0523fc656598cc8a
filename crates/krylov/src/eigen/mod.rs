//! A few eigenvalues and eigenvectors of a large matrix.
//!
//! | matrix | wanted | method |
//! |---|---|---|
//! | Hermitian | smallest or largest | [`lanczos`] |
//! | Hermitian, with a preconditioner | smallest | [`lobpcg`] |
//! | general | by modulus, real or imaginary part | [`arnoldi`] |
//!
//! Only products with A are needed. Eigenvalues inside the spectrum are reached by handing over the
//! operator (A - sigma I)^-1 instead, whose largest eigenvalues 1/(lambda - sigma) belong to the
//! lambda next to sigma.
//!
//! Every pair comes with its residual ||A v - lambda v||, ||v|| = 1, computed afresh: for Hermitian
//! A an eigenvalue lies within that distance of lambda.

mod arnoldi;
mod lanczos;
mod lobpcg;
mod small;
#[cfg(test)]
mod tests;

pub use arnoldi::{ArnoldiParams, Part, arnoldi, arnoldi_from};
pub use lanczos::{LanczosParams, lanczos};
pub use lobpcg::{LobpcgParams, lobpcg};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::LinearOperator;
use crate::scalar::Scalar;
use crate::vector;

/// An end of the spectrum of a Hermitian matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The eigenvalues furthest to the left.
    #[default]
    Smallest,
    /// The eigenvalues furthest to the right.
    Largest,
}

/// Eigenvalues with their vectors: `V` is the type of a value, `T` that of an entry of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenpairs<V, T> {
    /// Eigenvalues, the one that was asked for most first.
    pub values: Vec<V>,
    /// Eigenvectors of norm one, `[pair][row]`.
    pub vectors: Vec<Vec<T>>,
    /// ||A v - lambda v|| of each pair.
    pub residuals: Vec<f64>,
    /// Whether all residuals met the tolerance.
    pub converged: bool,
    /// Restarts, or iterations of a method without.
    pub iterations: usize,
    /// Products with A.
    pub products: usize,
}

/// A problem that cannot be solved as it was given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EigenError {
    /// The matrix is not square.
    #[error("eigenvalues need a square matrix, this one has {rows} rows and {columns} columns")]
    NotSquare {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// More eigenvalues than the method can find.
    #[error("{count} eigenvalues asked for, this method finds 1 to {largest} of {n}")]
    Count {
        /// How many.
        count: usize,
        /// How many there can be.
        largest: usize,
        /// Rows of the matrix.
        n: usize,
    },
    /// A product with the matrix, or the preconditioner, gave infinities or NaNs.
    #[error("a product gave infinities or NaNs: the matrix or the preconditioner holds some")]
    NotFinite,
    /// The dense eigenvalue problem was not solved.
    #[error("the projected eigenvalue problem of {size} rows was not solved")]
    Projected {
        /// Its rows.
        size: usize,
    },
}

fn check<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    count: usize,
    largest: usize,
) -> Result<usize, EigenError> {
    let (rows, columns) = (operator.nrows(), operator.ncols());
    if rows != columns {
        return Err(EigenError::NotSquare { rows, columns });
    }
    if count == 0 || count > largest {
        return Err(EigenError::Count {
            count,
            largest,
            n: rows,
        });
    }
    Ok(rows)
}

/// Makes `v` orthogonal to an orthonormal basis, by Gram-Schmidt twice; returns the coefficients
/// that were taken out, in `h`, and the norm of what is left.
fn orthogonalise<T: Scalar>(basis: &[Vec<T>], v: &mut [T], h: &mut [T]) -> f64 {
    h.fill(T::zero());
    for _ in 0..2 {
        for (q, h) in basis.iter().zip(h.iter_mut()) {
            let c = vector::dot(q, v);
            vector::axpy(-c, q, v);
            *h += c;
        }
    }
    vector::norm2_f64(v)
}

/// A random unit vector orthogonal to the basis: the next one where a Krylov space is exhausted.
fn random_direction<T: Scalar>(basis: &[Vec<T>], seed: u64, index: u64, v: &mut [T]) {
    let mut h = vec![T::zero(); basis.len()];
    crate::methods::fill_noise(seed, index, v);
    let norm = orthogonalise(basis, v, &mut h);
    vector::scale(T::from_f64(norm.recip()), v);
    let norm = orthogonalise(basis, v, &mut h);
    vector::scale(T::from_f64(norm.recip()), v);
}

/// sum_i basis_i q_i.
fn combine<T: Scalar>(basis: &[Vec<T>], q: &[T], out: &mut [T]) {
    vector::fill(T::zero(), out);
    for (v, &q) in basis.iter().zip(q) {
        vector::axpy(q, v, out);
    }
}

/// ||A v - lambda v||, with room for A v.
fn residual<T: Scalar, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    lambda: T,
    v: &[T],
    av: &mut [T],
) -> f64 {
    operator.apply(v, av);
    vector::axpy(-lambda, v, av);
    vector::norm2_f64(av)
}
