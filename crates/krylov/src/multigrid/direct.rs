//! The coarsest level: the dense inverse, from faer's Cholesky factors.
//!
//! A level of a hundred unknowns is cheaper to multiply with than to solve, and a product needs no
//! workspace. For a singular A (constants map to zero) the inverse is that of
//! A + alpha 1 1^T / n, and right-hand side and solution have their mean taken out: the
//! pseudoinverse.

use faer::linalg::solvers::{DenseSolveCore, Llt};
use faer::{Mat, Side};

use super::MultigridError;
use crate::csr::Csr;
use crate::scalar::Real;

/// A^-1 or the pseudoinverse, dense, rows of n.
#[derive(Clone, Debug)]
pub(super) struct DenseInverse<T> {
    inverse: Vec<T>,
    n: usize,
}

impl<T: Real> DenseInverse<T> {
    pub(super) fn new(a: &Csr<T>, singular: bool) -> Result<Self, MultigridError> {
        let n = a.nrows();
        let mut dense = Mat::<f64>::zeros(n, n);
        let mut trace = 0.0;
        for i in 0..n {
            let (columns, values) = a.row(i);
            for (&j, v) in columns.iter().zip(values) {
                dense[(i, j as usize)] = v.as_f64();
            }
            trace += dense[(i, i)];
        }
        let scale = if trace > 0.0 { trace / n as f64 } else { 1.0 };
        if singular {
            for j in 0..n {
                for i in 0..n {
                    dense[(i, j)] += scale / n as f64;
                }
            }
        }
        let factors = Llt::new(dense.as_ref(), Side::Lower)
            .map_err(|_| MultigridError::CoarseNotDefinite { n })?;
        let mut inverse = factors.inverse();
        if singular {
            // (A + alpha q q^T)^-1 = A^+ + q q^T / alpha for the unit vector q in the null space.
            for j in 0..n {
                for i in 0..n {
                    inverse[(i, j)] -= 1.0 / (scale * n as f64);
                }
            }
        }
        let inverse = (0..n * n)
            .map(|k| T::from_f64(0.5 * (inverse[(k / n, k % n)] + inverse[(k % n, k / n)])))
            .collect();
        Ok(Self { inverse, n })
    }

    /// x = A^-1 b.
    pub(super) fn solve(&self, b: &[T], x: &mut [T]) {
        for (x, row) in x.iter_mut().zip(self.inverse.chunks_exact(self.n)) {
            *x = row.iter().zip(b).map(|(&a, &b)| a * b).sum();
        }
    }
}
