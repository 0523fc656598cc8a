//! Jacobi: M = D, the diagonal of A.
//!
//! ```text
//! diagonal   d_i = a_ii
//! l1         d_i = a_ii + sum_{j != i} |a_ij|   (a_ii > 0)
//! ```
//!
//! z = D^-1 r. The l1 variant makes x <- x + D^-1 (b - A x) converge for every Hermitian positive
//! definite A, because D - A is then diagonally dominant, hence semidefinite (Baker, Falgout, Kolev
//! and Yang 2011); as a preconditioner it is no better than the diagonal.
//!
//! Bad at: anything but scaling. It removes jumps of the coefficient from the condition number, and
//! leaves its growth with the mesh.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::vector;

use super::error::{SetupError, check_matrix};

/// Which diagonal is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JacobiDiagonal {
    /// a_ii.
    #[default]
    Diagonal,
    /// a_ii + sum of |a_ij| over the rest of the row; needs real a_ii > 0.
    L1,
}

/// Options of [`Jacobi`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JacobiParams {
    /// Which diagonal is taken. Default: `diagonal`.
    pub kind: JacobiDiagonal,
}

/// z = D^-1 r. Hermitian positive definite where all d_i are real and positive.
#[derive(Clone, Debug)]
pub struct Jacobi<T> {
    inverse: Vec<T>,
}

impl<T: Scalar> Jacobi<T> {
    /// From a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`] for a zero on the diagonal, [`SetupError::NotPositive`] for
    /// l1 with one that is not positive, and what makes no matrix.
    pub fn new(a: &Csr<T>, params: &JacobiParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        let mut diagonal = a.diagonal();
        if params.kind == JacobiDiagonal::L1 {
            for (row, d) in diagonal.iter_mut().enumerate() {
                let own = d.re();
                if own <= T::Real::from_f64(0.0) {
                    return Err(SetupError::NotPositive {
                        row,
                        pivot: own.as_f64(),
                    });
                }
                let (columns, values) = a.row(row);
                let rest: T::Real = columns
                    .iter()
                    .zip(values)
                    .filter(|(j, _)| **j as usize != row)
                    .map(|(_, v)| v.modulus())
                    .sum();
                *d = T::from_real(own + rest);
            }
        }
        Self::from_diagonal(&diagonal)
    }

    /// From the diagonal of an operator, with or without a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`] for a zero, [`SetupError::NotFinite`] for an infinity or NaN.
    pub fn from_diagonal(diagonal: &[T]) -> Result<Self, SetupError> {
        if let Some(row) = vector::first_not_finite(diagonal) {
            return Err(SetupError::NotFinite { row, column: row });
        }
        if let Some(row) = diagonal.iter().position(|d| *d == T::zero()) {
            return Err(SetupError::MissingDiagonal { row });
        }
        Ok(Self {
            inverse: diagonal.iter().map(|&d| T::one() / d).collect(),
        })
    }

    /// 1/d_i.
    pub fn inverse_diagonal(&self) -> &[T] {
        &self.inverse
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&self.inverse[..])
    }
}

impl<T: Scalar> Preconditioner<T> for Jacobi<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        multiply(&self.inverse, r, z);
    }
}

/// z_i = d_i r_i.
pub(crate) fn multiply<T: Scalar>(d: &[T], r: &[T], z: &mut [T]) {
    assert!(
        r.len() == d.len() && z.len() == d.len(),
        "vectors that fit the matrix"
    );
    vector::for_blocks(z, &|start, z: &mut [T]| {
        for ((z, &d), &r) in z.iter_mut().zip(&d[start..]).zip(&r[start..]) {
            *z = d * r;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::operator::LinearOperator;

    #[test]
    fn divides_by_the_diagonal() {
        let a = Csr::from_triplets(2, 2, &[(0, 0, 4.0), (0, 1, 1.0), (1, 1, -2.0)]).unwrap();
        let mut z = [0.0; 2];
        Jacobi::new(&a, &JacobiParams::default())
            .unwrap()
            .apply(&[1.0, 1.0], &mut z);
        assert_eq!(z, [0.25, -0.5]);
    }

    #[test]
    fn l1_iteration_converges_where_the_diagonal_diverges() {
        // All eigenvalues of this matrix are 1 or 1 + 3 * 0.9, of D^-1 A up to 3.7 > 2.
        let entries: Vec<(u32, u32, f64)> = (0..4u32)
            .flat_map(|i| (0..4u32).map(move |j| (i, j, if i == j { 1.9 } else { 0.9 })))
            .collect();
        let a = Csr::from_triplets(4, 4, &entries).unwrap();
        let error_after = |kind| {
            let mut m = Jacobi::new(&a, &JacobiParams { kind }).unwrap();
            let (mut x, mut r, mut z) = (vec![1.0, 0.5, 0.2, 0.9], vec![0.0; 4], vec![0.0; 4]);
            for _ in 0..200 {
                a.residual(&[0.0; 4], &x, &mut r);
                m.apply(&r, &mut z);
                vector::axpy(1.0, &z, &mut x);
            }
            vector::norm2(&x)
        };
        assert!(error_after(JacobiDiagonal::L1) < 1e-10);
        assert!(error_after(JacobiDiagonal::Diagonal) > 1e10);
    }

    #[test]
    fn names_what_is_wrong() {
        let params = JacobiParams::default();
        let hole = Csr::from_triplets(2, 2, &[(0, 0, 1.0), (1, 0, 1.0)]).unwrap();
        assert_eq!(
            Jacobi::new(&hole, &params).unwrap_err(),
            SetupError::MissingDiagonal { row: 1 }
        );
        let wide = Csr::from_triplets(1, 2, &[(0, 0, 1.0)]).unwrap();
        assert!(matches!(
            Jacobi::new(&wide, &params),
            Err(SetupError::NotSquare { .. })
        ));
        let empty = Csr::<f64>::from_triplets(0, 0, &[]).unwrap();
        assert_eq!(Jacobi::new(&empty, &params).unwrap_err(), SetupError::Empty);
        let mut bad = gallery::poisson(&[3]);
        bad.values_mut()[3] = f64::NAN;
        assert_eq!(
            Jacobi::new(&bad, &params).unwrap_err(),
            SetupError::NotFinite { row: 1, column: 1 }
        );
    }
}
