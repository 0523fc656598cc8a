//! SPAI-0: the diagonal M that minimises ||I - M A||_F.
//!
//! ```text
//! m_i = conj(a_ii) / sum_j |a_ij|^2
//! ```
//!
//! z_i = m_i r_i. Each row is a least squares problem in one unknown. On a diagonally dominant row
//! it is a damped Jacobi whose damping follows from the matrix, so it smooths without a parameter:
//! that is its use in multigrid, with the parallelism of Jacobi.
//!
//! Source: Broker and Grote (2002), Appl. Numer. Math. 41, 61. Bad at: being the only
//! preconditioner; it is a scaling.

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;

use super::error::{SetupError, check_matrix};
use super::jacobi::multiply;

/// z_i = m_i r_i. Hermitian where the diagonal of A is real, positive where it is positive.
#[derive(Clone, Debug)]
pub struct Spai0<T> {
    m: Vec<T>,
}

impl<T: Scalar> Spai0<T> {
    /// From a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`], for which m_i would be zero, and what makes no matrix.
    pub fn new(a: &Csr<T>) -> Result<Self, SetupError> {
        check_matrix(a)?;
        let mut m = a.diagonal();
        for (row, m) in m.iter_mut().enumerate() {
            if *m == T::zero() {
                return Err(SetupError::MissingDiagonal { row });
            }
            let sum: T::Real = a.row(row).1.iter().map(|v| v.modulus_squared()).sum();
            *m = m.conj() / T::from_real(sum);
        }
        Ok(Self { m })
    }

    /// From another matrix.
    ///
    /// # Errors
    /// As [`Spai0::new`]; the old numbers then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a)?;
        Ok(())
    }

    /// m_i.
    pub fn diagonal(&self) -> &[T] {
        &self.m
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.m[..])
    }
}

impl<T: Scalar> Preconditioner<T> for Spai0<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        multiply(&self.m, r, z);
    }
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::preconditioners::test_matrices::random_sparse;

    /// ||I - M A||_F^2, part of row i, as a function of m_i.
    fn defect(a: &Csr<Complex<f64>>, i: usize, m: Complex<f64>) -> f64 {
        (0..a.ncols())
            .map(|j| {
                let identity = if i == j { 1.0 } else { 0.0 };
                (Complex::new(identity, 0.0) - m * a.get(i, j)).norm_sqr()
            })
            .sum()
    }

    #[test]
    fn no_other_diagonal_comes_nearer_to_the_inverse() {
        let a = random_sparse(30, 4, 6).map(|v| Complex::new(v, 0.5 * v * v - 1.0));
        let m = Spai0::new(&a).unwrap();
        for (i, &own) in m.diagonal().iter().enumerate() {
            let least = defect(&a, i, own);
            for step in 0..8 {
                let angle = f64::from(step) * std::f64::consts::FRAC_PI_4;
                for size in [1e-4, 1e-2, 1.0] {
                    let other = own + Complex::from_polar(size * own.norm(), angle);
                    assert!(defect(&a, i, other) > least);
                }
            }
        }
    }
}
