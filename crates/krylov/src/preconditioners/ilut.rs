//! ILUT(tau, p): incomplete LU with dual threshold.
//!
//! ```text
//! for each row i
//!   w = a_i
//!   for k < i with w_k != 0, k increasing (fill included)
//!     w_k = w_k / u_kk;           drop w_k where |w_k u_kk| < tau ||a_i||_2
//!     w = w - w_k u_k
//!   drop w_j with |w_j| < tau ||a_i||_2
//!   keep the p largest of the L part and the p largest of the U part; u_ii always
//! ```
//!
//! Source: Saad (1994), Num. Lin. Alg. Appl. 1, 387; there the multiplier w_k itself is held against
//! the norm, here what it stands for in the row, w_k u_kk: scaling the matrix changes nothing. tau decides accuracy, p bounds memory. p is
//! given directly by `largest_per_row`, or by a fill factor f as
//! `p = ceil(f nnz(A) / (2 n))`, so that L and U together hold at most about f nnz(A) entries: the
//! same bound that `fill_factor` sets in SuperLU's and SciPy's spilu. Those also pivot, reorder the
//! columns and drop relative to a column of the factor, so equal numbers do not give equal factors.
//! With tau = 0 and p = n this is Gaussian elimination without pivoting.
//!
//! Bad at: matrices with small diagonal entries (nothing is pivoted); the factor of a symmetric
//! matrix is not symmetric, use ICT there. Set-up is serial.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use num_traits::Float;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};

use super::error::{SetupError, check_matrix, check_option};
use super::triangular::{Factors, Triangle};

/// Options of [`Ilut`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IlutParams {
    /// tau: entries below tau times the 2-norm of their row of A are dropped. Default: 1e-3.
    #[schemars(range(min = 0))]
    pub drop_tolerance: f64,
    /// L and U together hold at most about this many times the entries of A. Default: 5.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub fill_factor: f64,
    /// p: largest number of entries in a row of L, and off the diagonal in a row of U; takes the
    /// place of the fill factor. Default: none.
    pub largest_per_row: Option<usize>,
}

impl Default for IlutParams {
    fn default() -> Self {
        Self {
            drop_tolerance: 1e-3,
            fill_factor: 5.0,
            largest_per_row: None,
        }
    }
}

/// z = (L U)^-1 r with incomplete factors. Not symmetric.
#[derive(Clone, Debug)]
pub struct Ilut<T> {
    factors: Factors<T>,
    params: IlutParams,
}

impl<T: Scalar> Ilut<T> {
    /// Factors a matrix.
    ///
    /// # Errors
    /// [`SetupError::ZeroPivot`] where elimination meets a zero on the diagonal, a parameter out of
    /// its range, and what makes no matrix.
    pub fn new(a: &Csr<T>, params: &IlutParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        let tau = params.drop_tolerance;
        check_option(
            "drop_tolerance",
            tau,
            tau.is_finite() && tau >= 0.0,
            "a number >= 0",
        )?;
        let fill = params.fill_factor;
        check_option("fill_factor", fill, fill > 0.0, "positive")?;
        let n = a.nrows();
        let p = params
            .largest_per_row
            .unwrap_or_else(|| (fill * a.nnz() as f64 / (2 * n) as f64).ceil() as usize)
            .min(n);
        Ok(Self {
            factors: factor(a, tau, p)?,
            params: params.clone(),
        })
    }

    /// Factors another matrix with the same options.
    ///
    /// # Errors
    /// As [`Ilut::new`]; the old factors then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a, &self.params)?;
        Ok(())
    }

    /// Entries of L and U, the unit diagonal of L not counted.
    pub fn nnz(&self) -> usize {
        self.factors.nnz_off_diagonal() + self.factors.len()
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for Ilut<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

fn factor<T: Scalar>(a: &Csr<T>, tau: f64, p: usize) -> Result<Factors<T>, SetupError> {
    let n = a.nrows();
    let mut lower = Triangle::with_capacity(n, a.nnz());
    // Rows of U over their diagonal entry; the diagonal apart.
    let mut upper = Triangle::with_capacity(n, a.nnz());
    let mut diagonal: Vec<T> = Vec::with_capacity(n);

    let mut w = vec![T::zero(); n];
    let mut in_row = vec![false; n];
    let mut eliminated: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
    let mut left: Vec<(u32, T)> = Vec::new();
    let mut right: Vec<(u32, T)> = Vec::new();
    let mut right_columns: Vec<u32> = Vec::new();

    for i in 0..n {
        let (columns, values) = a.row(i);
        let norm = Float::sqrt(values.iter().map(|v| v.modulus_squared()).sum::<T::Real>());
        let threshold = T::Real::from_f64(tau) * norm;
        w[i] = T::zero();
        for (&j, &v) in columns.iter().zip(values) {
            let k = j as usize;
            w[k] = v;
            if k < i {
                in_row[k] = true;
                eliminated.push(Reverse(j));
            } else if k > i {
                in_row[k] = true;
                right_columns.push(j);
            }
        }
        while let Some(Reverse(k)) = eliminated.pop() {
            let row = k as usize;
            in_row[row] = false;
            // u_kk l_ik: what the entry contributes to row i.
            let scaled = w[row];
            if scaled == T::zero() || scaled.modulus() < threshold {
                continue;
            }
            let (own, ratios) = upper.row(row);
            for (&j, &u) in own.iter().zip(ratios) {
                let m = j as usize;
                let update = scaled * u;
                if m == i {
                    w[i] -= update;
                } else if in_row[m] {
                    w[m] -= update;
                } else {
                    in_row[m] = true;
                    w[m] = -update;
                    if m < i {
                        eliminated.push(Reverse(j));
                    } else {
                        right_columns.push(j);
                    }
                }
            }
            left.push((k, scaled / diagonal[row]));
        }
        for j in right_columns.drain(..) {
            in_row[j as usize] = false;
            let value = w[j as usize];
            if value != T::zero() && value.modulus() >= threshold {
                right.push((j, value));
            }
        }
        let pivot = w[i];
        if is_zero_pivot(pivot, norm) {
            return Err(SetupError::ZeroPivot {
                row: i,
                value: pivot.modulus().as_f64(),
            });
        }
        keep_largest(&mut left, p);
        keep_largest(&mut right, p);
        for (j, v) in left.drain(..) {
            lower.push(j, v);
        }
        for (j, v) in right.drain(..) {
            upper.push(j, v / pivot);
        }
        lower.end_row()?;
        upper.end_row()?;
        diagonal.push(pivot);
    }
    for d in &mut diagonal {
        *d = T::one() / *d;
    }
    Ok(Factors::new(lower, diagonal, upper))
}

/// Whether a pivot is zero, or what rounding leaves of zero in a row of this norm.
pub(crate) fn is_zero_pivot<T: Scalar>(pivot: T, row_norm: T::Real) -> bool {
    let rounding = T::Real::from_f64(4.0) * <T::Real as Float>::epsilon() * row_norm;
    // Written so that NaN counts as zero.
    !(pivot.modulus() > rounding && pivot.finite())
}

/// Keeps the `p` entries of largest modulus, in increasing columns; of equal ones the first.
pub(crate) fn keep_largest<T: Scalar>(entries: &mut Vec<(u32, T)>, p: usize) {
    if entries.len() > p {
        if p > 0 {
            entries.select_nth_unstable_by(p - 1, |(i, a), (j, b)| {
                let (a, b) = (a.modulus_squared(), b.modulus_squared());
                b.partial_cmp(&a)
                    .unwrap_or(std::cmp::Ordering::Equal)
                    .then(i.cmp(j))
            });
        }
        entries.truncate(p);
    }
    entries.sort_unstable_by_key(|&(j, _)| j);
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::operator::LinearOperator;
    use crate::preconditioners::test_matrices::random_sparse;
    use crate::vector;

    #[test]
    fn without_dropping_it_solves_exactly() {
        let a = random_sparse(80, 6, 1);
        let params = IlutParams {
            drop_tolerance: 0.0,
            largest_per_row: Some(80),
            ..IlutParams::default()
        };
        let mut m = Ilut::new(&a, &params).unwrap();
        let x = crate::gallery::noise(80, 2);
        let (mut b, mut z) = (vec![0.0; 80], vec![0.0; 80]);
        a.apply(&x, &mut b);
        m.apply(&b, &mut z);
        vector::axpy(-1.0, &x, &mut z);
        assert!(vector::norm2(&z) <= 1e-12 * vector::norm2(&x));
    }

    #[test]
    fn no_row_holds_more_than_p_entries_and_accuracy_grows_with_them() {
        let a = crate::gallery::recirculating_flow(24, 0.01);
        let n = a.nrows();
        let x = crate::gallery::noise(n, 4);
        let (mut b, mut z) = (vec![0.0; n], vec![0.0; n]);
        a.apply(&x, &mut b);
        let mut last = f64::INFINITY;
        for p in [2, 5, 10, 40] {
            let params = IlutParams {
                drop_tolerance: 0.0,
                largest_per_row: Some(p),
                ..IlutParams::default()
            };
            let mut m = Ilut::new(&a, &params).unwrap();
            assert!(m.nnz() <= n * (2 * p + 1));
            m.apply(&b, &mut z);
            vector::axpy(-1.0, &x, &mut z);
            let error = vector::norm2(&z);
            assert!(error < last, "p = {p}: {error} after {last}");
            last = error;
        }
    }

    #[test]
    fn the_fill_factor_bounds_the_entries_of_both_factors() {
        let a = crate::gallery::recirculating_flow(24, 0.01);
        for fill_factor in [1.0, 2.0, 4.0] {
            let params = IlutParams {
                drop_tolerance: 0.0,
                fill_factor,
                ..IlutParams::default()
            };
            let nnz = Ilut::new(&a, &params).unwrap().nnz() as f64;
            assert!(nnz <= fill_factor * a.nnz() as f64 + 3.0 * a.nrows() as f64);
        }
    }

    #[test]
    fn complex_matrices_are_factored_too() {
        let a = random_sparse(60, 5, 7).map(|v| Complex::new(v, 0.3 * v * v - 0.1));
        let params = IlutParams {
            drop_tolerance: 0.0,
            largest_per_row: Some(60),
            ..IlutParams::default()
        };
        let mut m = Ilut::new(&a, &params).unwrap();
        let x: Vec<Complex<f64>> = crate::gallery::noise(120, 2)
            .chunks(2)
            .map(|c| Complex::new(c[0], c[1]))
            .collect();
        let (mut b, mut z) = (x.clone(), x.clone());
        a.apply(&x, &mut b);
        m.apply(&b, &mut z);
        vector::axpy(Complex::new(-1.0, 0.0), &x, &mut z);
        assert!(vector::norm2(&z) <= 1e-11 * vector::norm2(&x));
    }

    #[test]
    fn a_zero_pivot_is_named() {
        let a = Csr::from_triplets(2, 2, &[(0, 1, 1.0), (1, 0, 1.0)]).unwrap();
        assert_eq!(
            Ilut::new(&a, &IlutParams::default()).unwrap_err(),
            SetupError::ZeroPivot { row: 0, value: 0.0 }
        );
        let singular =
            Csr::from_triplets(2, 2, &[(0, 0, 1.0), (0, 1, 3.0), (1, 0, 0.1), (1, 1, 0.3)])
                .unwrap();
        assert!(matches!(
            Ilut::new(&singular, &IlutParams::default()),
            Err(SetupError::ZeroPivot { row: 1, .. })
        ));
    }

    #[test]
    fn options_out_of_range_are_named() {
        let a = crate::gallery::poisson(&[3]);
        let params = IlutParams {
            drop_tolerance: -1.0,
            ..IlutParams::default()
        };
        let text = Ilut::new(&a, &params).unwrap_err().to_string();
        assert!(text.contains("drop_tolerance is -1"), "{text}");
    }
}
