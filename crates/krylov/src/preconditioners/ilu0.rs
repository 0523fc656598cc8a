//! ILU(0): incomplete LU on the pattern of A.
//!
//! ```text
//! for each row i
//!   for k < i in the pattern of row i, k increasing
//!     l_ik = a_ik / u_kk
//!     a_ij = a_ij - l_ik u_kj    for j > k in the pattern of row i
//!   u_ij = a_ij for j >= i
//! ```
//!
//! (L U)_ij = a_ij on the pattern; outside it stands the fill that was dropped. With a relaxation
//! omega, omega times the dropped fill of a row is subtracted from its diagonal: omega = 1 is the
//! modified factorisation (Gustafsson 1978), which keeps row sums, L U 1 = A 1, and lowers the
//! condition number of a second-order elliptic problem from O(h^-2) to O(h^-1); 0.9 to 0.97 is safer.
//!
//! Source: Meijerink and van der Vorst (1977), Math. Comp. 31, 148: it exists for M-matrices. Bad
//! at: indefinite problems, matrices with small diagonal entries (nothing is pivoted), and, as
//! every such factor, growing meshes. Order matters: for flows follow the stream
//! ([`downstream`](super::ordering::downstream)).

use num_traits::Float;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};

use super::error::{SetupError, check_matrix, check_option};
use super::ilut::is_zero_pivot;
use super::triangular::{Factors, Triangle};

/// Options of [`Ilu0`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ilu0Params {
    /// Part of the dropped fill that is moved to the diagonal, 0 to 1. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub relaxation: f64,
}

/// z = (L U)^-1 r with factors on the pattern of A. Symmetric where A is, up to rounding.
#[derive(Clone, Debug)]
pub struct Ilu0<T> {
    factors: Factors<T>,
    params: Ilu0Params,
}

impl<T: Scalar> Ilu0<T> {
    /// Factors a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`], [`SetupError::ZeroPivot`], a parameter out of its range, and
    /// what makes no matrix.
    pub fn new(a: &Csr<T>, params: &Ilu0Params) -> Result<Self, SetupError> {
        check_matrix(a)?;
        check_relaxation(params.relaxation)?;
        let factors = factor_on_pattern(a, a.offsets(), a.columns(), params.relaxation)?;
        Ok(Self {
            factors,
            params: params.clone(),
        })
    }

    /// Factors another matrix with the same options.
    ///
    /// # Errors
    /// As [`Ilu0::new`]; the old factors then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a, &self.params)?;
        Ok(())
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for Ilu0<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

pub(crate) fn check_relaxation(omega: f64) -> Result<(), SetupError> {
    check_option(
        "relaxation",
        omega,
        (0.0..=1.0).contains(&omega),
        "between 0 and 1",
    )
}

/// Incomplete LU on a pattern that holds that of A; its columns increase within each row.
pub(crate) fn factor_on_pattern<T: Scalar>(
    a: &Csr<T>,
    offsets: &[u32],
    columns: &[u32],
    relaxation: f64,
) -> Result<Factors<T>, SetupError> {
    let n = a.nrows();
    let omega = T::from_f64(relaxation);
    let half = (columns.len() - n.min(columns.len())).div_ceil(2) + n;
    let mut lower = Triangle::with_capacity(n, half);
    // Rows of U over their diagonal entry.
    let mut upper = Triangle::with_capacity(n, half);
    let mut inverse: Vec<T> = Vec::with_capacity(n);
    let mut w = vec![T::zero(); n];
    // Row in whose pattern a column was last seen, counted from 1.
    let mut seen = vec![0u32; n];

    for i in 0..n {
        let own = &columns[offsets[i] as usize..offsets[i + 1] as usize];
        let stamp = i as u32 + 1;
        for &j in own {
            seen[j as usize] = stamp;
            w[j as usize] = T::zero();
        }
        if seen[i] != stamp {
            return Err(SetupError::MissingDiagonal { row: i });
        }
        let (given, values) = a.row(i);
        let mut norm: T::Real = num_traits::Zero::zero();
        for (&j, &v) in given.iter().zip(values) {
            w[j as usize] = v;
            norm = Float::max(norm, v.modulus());
        }
        let mut dropped = T::zero();
        let mut below = 0;
        for &k in own.iter().take_while(|k| (**k as usize) < i) {
            below += 1;
            let row = k as usize;
            // u_kk l_ik.
            let scaled = w[row];
            let (others, ratios) = upper.row(row);
            for (&j, &u) in others.iter().zip(ratios) {
                if seen[j as usize] == stamp {
                    w[j as usize] -= scaled * u;
                } else {
                    dropped += scaled * u;
                }
            }
            lower.push(k, scaled * inverse[row]);
        }
        let pivot = w[i] - omega * dropped;
        if is_zero_pivot(pivot, norm) {
            return Err(SetupError::ZeroPivot {
                row: i,
                value: pivot.modulus().as_f64(),
            });
        }
        let inverse_pivot = T::one() / pivot;
        for &j in &own[below + 1..] {
            upper.push(j, w[j as usize] * inverse_pivot);
        }
        lower.end_row()?;
        upper.end_row()?;
        inverse.push(inverse_pivot);
    }
    Ok(Factors::new(lower, inverse, upper))
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::operator::LinearOperator;
    use crate::preconditioners::test_matrices::random_sparse;
    use crate::vector;

    /// M as a dense matrix, from products of the factors with unit vectors.
    fn product(a: &Csr<f64>, params: &Ilu0Params) -> Vec<Vec<f64>> {
        let n = a.nrows();
        let mut inverse = crate::preconditioners::test_matrices::dense_inverse(
            n,
            &mut Ilu0::new(a, params).unwrap(),
        );
        crate::preconditioners::test_matrices::dense_invert(n, &mut inverse);
        (0..n)
            .map(|i| (0..n).map(|j| inverse[j * n + i]).collect())
            .collect()
    }

    #[test]
    fn product_of_the_factors_equals_the_matrix_on_its_pattern() {
        let a = crate::gallery::recirculating_flow(6, 0.02);
        let m = product(&a, &Ilu0Params::default());
        let mut outside: f64 = 0.0;
        for (i, row) in m.iter().enumerate() {
            for (j, &v) in row.iter().enumerate() {
                if a.row(i).0.contains(&(j as u32)) {
                    assert!((v - a.get(i, j)).abs() <= 1e-11 * a.norm_inf(), "{i} {j}");
                } else {
                    outside = outside.max(v.abs());
                }
            }
        }
        assert!(outside > 1e-3, "fill was dropped");
    }

    #[test]
    fn the_modified_factorisation_keeps_row_sums() {
        let a = crate::gallery::recirculating_flow(6, 0.02);
        let m = product(&a, &Ilu0Params { relaxation: 1.0 });
        for (i, row) in m.iter().enumerate() {
            let sum: f64 = row.iter().sum();
            let expected: f64 = a.row(i).1.iter().sum();
            assert!((sum - expected).abs() <= 1e-10 * a.norm_inf());
        }
    }

    #[test]
    fn complex_tridiagonal_matrices_are_solved_exactly() {
        let a = crate::gallery::poisson(&[50]).map(|v| Complex::new(v, 0.4 * v * v));
        let x: Vec<Complex<f64>> = crate::gallery::noise(100, 8)
            .chunks(2)
            .map(|c| Complex::new(c[0], c[1]))
            .collect();
        let (mut b, mut z) = (x.clone(), x.clone());
        a.apply(&x, &mut b);
        Ilu0::new(&a, &Ilu0Params::default())
            .unwrap()
            .apply(&b, &mut z);
        vector::axpy(Complex::new(-1.0, 0.0), &x, &mut z);
        assert!(vector::norm2(&z) <= 1e-12 * vector::norm2(&x));
    }

    #[test]
    fn rebuilding_equals_making_anew() {
        let a = random_sparse(50, 4, 3);
        let b = a.map(|v| v * 2.0 + 0.01);
        let params = Ilu0Params::default();
        let mut m = Ilu0::new(&a, &params).unwrap();
        m.rebuild(&b).unwrap();
        let mut fresh = Ilu0::new(&b, &params).unwrap();
        let r = crate::gallery::noise(50, 1);
        let (mut y, mut z) = (vec![0.0; 50], vec![0.0; 50]);
        m.apply(&r, &mut y);
        fresh.apply(&r, &mut z);
        assert_eq!(y, z);
    }

    #[test]
    fn a_hole_in_the_diagonal_and_a_zero_pivot_are_named() {
        let params = Ilu0Params::default();
        let hole = Csr::from_triplets(2, 2, &[(0, 0, 1.0), (1, 0, 1.0)]).unwrap();
        assert_eq!(
            Ilu0::new(&hole, &params).unwrap_err(),
            SetupError::MissingDiagonal { row: 1 }
        );
        let singular =
            Csr::from_triplets(2, 2, &[(0, 0, 1.0), (0, 1, 2.0), (1, 0, 2.0), (1, 1, 4.0)])
                .unwrap();
        assert_eq!(
            Ilu0::new(&singular, &params).unwrap_err(),
            SetupError::ZeroPivot { row: 1, value: 0.0 }
        );
        assert!(matches!(
            Ilu0::new(&singular, &Ilu0Params { relaxation: 1.5 }),
            Err(SetupError::Parameter { .. })
        ));
    }
}
