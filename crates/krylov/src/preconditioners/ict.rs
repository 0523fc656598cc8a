//! ICT(tau, p): incomplete Cholesky by threshold and fill, for Hermitian positive definite A.
//!
//! ```text
//! for each row i of U = L^H,  A = L D L^H
//!   w_j = a_ij for j > i,   d_i = a_ii (1 + alpha)
//!   for all k < i with u_ki != 0
//!     d_i = d_i - |u_ki|^2 d_k,   w = w - conj(u_ki) d_k u_k
//!   drop w_j with |w_j| < tau ||a_i||_2, keep the p largest
//!   u_i = w / d_i
//! ```
//!
//! p is given by `largest_per_row` or by a fill factor f as `p = ceil(f nnz(A) / (2 n))`: L and
//! L^H together then hold at most about f nnz(A) entries. A pivot that is not positive makes the
//! factorisation start again with a larger diagonal shift alpha, as in [`Ic0`](super::Ic0).
//!
//! Source: Lin and More (1999), SIAM J. Sci. Comput. 21, 24, for the p largest; Saad's ILUT for the
//! threshold. Bad at: very irregular rows, where one p suits none; set-up is serial.

use num_traits::Float;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};

use super::error::{SetupError, check_matrix, check_option};
use super::ic0::{is_positive, with_shift};
use super::ilut::keep_largest;
use super::triangular::{Factors, Triangle};

/// Options of [`Ict`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IctParams {
    /// tau: entries below tau times the 2-norm of their row of A are dropped. Default: 1e-3.
    #[schemars(range(min = 0))]
    pub drop_tolerance: f64,
    /// L and L^H together hold at most about this many times the entries of A. Default: 3.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub fill_factor: f64,
    /// p: largest number of entries in a column of L below the diagonal; takes the place of the
    /// fill factor. Default: none.
    pub largest_per_row: Option<usize>,
    /// alpha: the diagonal is multiplied by 1 + alpha. Default: 0.
    #[schemars(range(min = 0))]
    pub shift: f64,
    /// Whether a pivot that is not positive makes the factorisation start again with a larger
    /// alpha. Default: true.
    pub retry: bool,
}

impl Default for IctParams {
    fn default() -> Self {
        Self {
            drop_tolerance: 1e-3,
            fill_factor: 3.0,
            largest_per_row: None,
            shift: 0.0,
            retry: true,
        }
    }
}

/// z = (L D L^H)^-1 r. Hermitian positive definite.
#[derive(Clone, Debug)]
pub struct Ict<T> {
    factors: Factors<T>,
    shift: f64,
    params: IctParams,
}

impl<T: Scalar> Ict<T> {
    /// Factors a Hermitian matrix. Only its upper triangle is read.
    ///
    /// # Errors
    /// [`SetupError::NotHermitian`] for a matrix that differs from its mirror image by more than
    /// half its digits, [`SetupError::NotPositive`], [`SetupError::MissingDiagonal`], a parameter
    /// out of its range, and what makes no matrix.
    pub fn new(a: &Csr<T>, params: &IctParams) -> Result<Self, SetupError> {
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
        check_hermitian(a)?;
        let n = a.nrows();
        let p = params
            .largest_per_row
            .unwrap_or_else(|| (fill * a.nnz() as f64 / (2 * n) as f64).ceil() as usize)
            .min(n);
        let (factors, shift) = with_shift(a, params.shift, params.retry, |alpha| {
            factor(a, alpha, tau, p)
        })?;
        Ok(Self {
            factors,
            shift,
            params: params.clone(),
        })
    }

    /// Factors another matrix with the same options.
    ///
    /// # Errors
    /// As [`Ict::new`]; the old factors then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a, &self.params)?;
        Ok(())
    }

    /// alpha with which the factorisation succeeded.
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Entries of L, D and L^H.
    pub fn nnz(&self) -> usize {
        self.factors.nnz_off_diagonal() + self.factors.len()
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for Ict<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

/// The first entry that differs from its mirror image beyond half the digits of its row.
pub(crate) fn check_hermitian<T: Scalar>(a: &Csr<T>) -> Result<(), SetupError> {
    let half = Float::sqrt(<T::Real as Float>::epsilon());
    for row in 0..a.nrows() {
        let (columns, values) = a.row(row);
        let largest = values
            .iter()
            .fold(<T::Real as num_traits::Zero>::zero(), |m, v| {
                Float::max(m, v.modulus())
            });
        for (&j, &v) in columns.iter().zip(values) {
            let column = j as usize;
            if (v - a.get(column, row).conj()).modulus() > half * largest {
                return Err(SetupError::NotHermitian { row, column });
            }
        }
    }
    Ok(())
}

const NONE: u32 = u32::MAX;

fn factor<T: Scalar>(a: &Csr<T>, alpha: f64, tau: f64, p: usize) -> Result<Factors<T>, SetupError> {
    let n = a.nrows();
    let scale = T::Real::from_f64(1.0 + alpha);
    let mut upper: Triangle<T> = Triangle::with_capacity(n, a.nnz());
    let mut d: Vec<T::Real> = Vec::with_capacity(n);
    // Rows k whose next unused entry stands in column i form a chain: first[i], then following[k].
    let mut first = vec![NONE; n];
    let mut following = vec![NONE; n];
    let mut next: Vec<u32> = Vec::with_capacity(n);
    let mut w = vec![T::zero(); n];
    let mut in_row = vec![false; n];
    let mut row: Vec<u32> = Vec::new();
    let mut kept: Vec<(u32, T)> = Vec::new();

    for i in 0..n {
        let (columns, values) = a.row(i);
        let norm = Float::sqrt(values.iter().map(|v| v.modulus_squared()).sum::<T::Real>());
        let threshold = T::Real::from_f64(tau) * norm;
        let mut own = norm;
        for (&j, &v) in columns.iter().zip(values) {
            let column = j as usize;
            if column == i {
                own = v.re();
            } else if column > i {
                w[column] = v;
                in_row[column] = true;
                row.push(j);
            }
        }
        let mut pivot = own * scale;
        let mut k = first[i];
        while k != NONE {
            let after = following[k as usize];
            let at = next[k as usize] as usize;
            let end = upper.offsets[k as usize + 1] as usize;
            let u = upper.values[at];
            let scaled = u.conj() * T::from_real(d[k as usize]);
            pivot -= (scaled * u).re();
            for (&j, &u) in upper.columns[at + 1..end]
                .iter()
                .zip(&upper.values[at + 1..end])
            {
                let column = j as usize;
                if in_row[column] {
                    w[column] -= scaled * u;
                } else {
                    w[column] = -(scaled * u);
                    in_row[column] = true;
                    row.push(j);
                }
            }
            if at + 1 < end {
                next[k as usize] += 1;
                let column = upper.columns[at + 1] as usize;
                following[k as usize] = first[column];
                first[column] = k;
            }
            k = after;
        }
        if !is_positive::<T>(pivot, own) {
            return Err(SetupError::NotPositive {
                row: i,
                pivot: pivot.as_f64(),
            });
        }
        for j in row.drain(..) {
            in_row[j as usize] = false;
            let value = w[j as usize];
            if value != T::zero() && value.modulus() >= threshold {
                kept.push((j, value));
            }
        }
        keep_largest(&mut kept, p);
        next.push(upper.columns.len() as u32);
        if let Some(&(j, _)) = kept.first() {
            following[i] = first[j as usize];
            first[j as usize] = i as u32;
        }
        let inverse = T::from_real(<T::Real as num_traits::One>::one() / pivot);
        for (j, v) in kept.drain(..) {
            upper.push(j, v * inverse);
        }
        upper.end_row()?;
        d.push(pivot);
    }
    let inverse = d
        .iter()
        .map(|&d| T::from_real(<T::Real as num_traits::One>::one() / d))
        .collect();
    Ok(Factors::new(upper.adjoint(), inverse, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::methods::Cg;
    use crate::operator::LinearOperator;
    use crate::preconditioners::test_matrices::{assert_symmetric_positive, random_spd};
    use crate::preconditioners::{Ic0, Ic0Params};
    use crate::solve::Solver;

    #[test]
    fn without_dropping_it_solves_exactly() {
        let a = random_spd(80, 4, 1);
        let params = IctParams {
            drop_tolerance: 0.0,
            largest_per_row: Some(80),
            ..IctParams::default()
        };
        let mut m = Ict::new(&a, &params).unwrap();
        let b = gallery::noise(80, 2);
        let (mut z, mut r) = (vec![0.0; 80], vec![0.0; 80]);
        m.apply(&b, &mut z);
        a.residual(&b, &z, &mut r);
        assert!(crate::vector::norm2(&r) <= 1e-12 * crate::vector::norm2(&b));
    }

    #[test]
    fn it_is_symmetric_positive_definite() {
        let a = gallery::poisson(&[9, 8]);
        assert_symmetric_positive(72, &mut Ict::new(&a, &IctParams::default()).unwrap());
    }

    #[test]
    fn smaller_thresholds_save_iterations_and_ic0_is_beaten() {
        let a = gallery::poisson(&[60, 60]);
        let b = gallery::noise(3600, 1);
        let mut solver = Solver::new(Cg::default());
        let mut count = |m: &mut dyn Preconditioner<f64>| {
            let mut x = vec![0.0; 3600];
            let report = solver.solve(&a, m, &b, &mut x).unwrap();
            assert!(report.converged());
            report.iterations
        };
        let mut last = count(&mut Ic0::new(&a, &Ic0Params::default()).unwrap());
        for drop_tolerance in [1e-2, 1e-3, 1e-4] {
            let params = IctParams {
                drop_tolerance,
                fill_factor: 10.0,
                ..IctParams::default()
            };
            let own = count(&mut Ict::new(&a, &params).unwrap());
            assert!(own < last, "{own} after {last}");
            last = own;
        }
    }

    #[test]
    fn matrices_that_do_not_fit_are_named() {
        let params = IctParams::default();
        let skew = Csr::from_triplets(2, 2, &[(0, 0, 1.0), (0, 1, 0.5), (1, 0, -0.5), (1, 1, 1.0)])
            .unwrap();
        assert_eq!(
            Ict::new(&skew, &params).unwrap_err(),
            SetupError::NotHermitian { row: 0, column: 1 }
        );
        let indefinite =
            Csr::from_triplets(2, 2, &[(0, 0, 1.0), (0, 1, 2.0), (1, 0, 2.0), (1, 1, 1.0)])
                .unwrap();
        let strict = IctParams {
            retry: false,
            ..IctParams::default()
        };
        assert_eq!(
            Ict::new(&indefinite, &strict).unwrap_err(),
            SetupError::NotPositive {
                row: 1,
                pivot: -3.0
            }
        );
    }
}
