//! SSOR: a forward and a backward sweep of SOR; symmetric Gauss-Seidel for omega = 1.
//!
//! ```text
//! M = omega / (2 - omega) (D/omega + L) D^-1 (D/omega + U),     A = L + D + U
//!   = (I + omega L D^-1)  D / (omega (2 - omega))  (I + omega D^-1 U)
//! ```
//!
//! For Hermitian positive definite A and 0 < omega < 2, M is Hermitian positive definite, and with
//! omega = 1 the symmetric Gauss-Seidel iteration. The best omega of a model problem is
//! 2 / (1 + 2 sin(pi h / 2)), with which the condition number of M^-1 A grows like 1/h instead of
//! 1/h^2 (Axelsson 1972); it is flat around the optimum.
//!
//! Source: Young (1971). The second form is what is stored: as much memory as the matrix. Bad at:
//! what ILU(0) and IC(0) are bad at, and usually a little worse than they; but it cannot break down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;

use super::error::{SetupError, check_matrix};
use super::gauss_seidel::{check_omega, inverse_diagonal, strict_part};
use super::triangular::Factors;

/// Options of [`Ssor`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SsorParams {
    /// omega, between 0 and 2. Default: 1, symmetric Gauss-Seidel.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 2.0))]
    pub omega: f64,
}

impl Default for SsorParams {
    fn default() -> Self {
        Self { omega: 1.0 }
    }
}

/// z = M^-1 r. Hermitian positive definite where A is.
#[derive(Clone, Debug)]
pub struct Ssor<T> {
    factors: Factors<T>,
    params: SsorParams,
}

impl<T: Scalar> Ssor<T> {
    /// From a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`], omega out of its range, and what makes no matrix.
    pub fn new(a: &Csr<T>, params: &SsorParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        check_omega(params.omega)?;
        let omega = T::from_f64(params.omega);
        let weight = T::from_f64(params.omega * (2.0 - params.omega));
        let inverse = inverse_diagonal(a)?;
        let lower = strict_part(a, false, |_, j, v| omega * v * inverse[j])?;
        let upper = strict_part(a, true, |i, _, v| omega * v * inverse[i])?;
        let scaled = inverse.iter().map(|&d| weight * d).collect();
        Ok(Self {
            factors: Factors::new(lower, scaled, upper),
            params: params.clone(),
        })
    }

    /// From another matrix with the same options.
    ///
    /// # Errors
    /// As [`Ssor::new`]; the old numbers then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a, &self.params)?;
        Ok(())
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for Ssor<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::methods::Cg;
    use crate::operator::LinearOperator;
    use crate::preconditioners::test_matrices::{assert_symmetric_positive, random_sparse};
    use crate::solve::Solver;

    /// (D/omega + L) or (D/omega + U) times x.
    fn triangle(a: &Csr<f64>, omega: f64, above: bool, x: &[f64]) -> Vec<f64> {
        (0..a.nrows())
            .map(|i| {
                let (columns, values) = a.row(i);
                columns
                    .iter()
                    .zip(values)
                    .map(|(&j, &v)| match (j as usize).cmp(&i) {
                        std::cmp::Ordering::Equal => v / omega * x[i],
                        std::cmp::Ordering::Greater if above => v * x[j as usize],
                        std::cmp::Ordering::Less if !above => v * x[j as usize],
                        _ => 0.0,
                    })
                    .sum()
            })
            .collect()
    }

    #[test]
    fn it_inverts_the_product_in_its_definition() {
        let n = 40;
        let a = random_sparse(n, 5, 4);
        let z = gallery::noise(n, 1);
        for omega in [0.6, 1.0, 1.7] {
            let mut y = triangle(&a, omega, true, &z);
            for (y, d) in y.iter_mut().zip(a.diagonal()) {
                *y *= omega / (2.0 - omega) / d;
            }
            let r = triangle(&a, omega, false, &y);
            let mut own = vec![0.0; n];
            Ssor::new(&a, &SsorParams { omega })
                .unwrap()
                .apply(&r, &mut own);
            for (a, b) in own.iter().zip(&z) {
                assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} {b}");
            }
        }
    }

    #[test]
    fn with_omega_one_it_is_a_symmetric_gauss_seidel_sweep_from_zero() {
        let a = gallery::poisson(&[7, 5]);
        let n = a.nrows();
        let b = gallery::noise(n, 2);
        let mut x = vec![0.0; n];
        for i in (0..n).chain((0..n).rev()) {
            let (columns, values) = a.row(i);
            let rest: f64 = columns
                .iter()
                .zip(values)
                .filter(|(j, _)| **j as usize != i)
                .map(|(&j, &v)| v * x[j as usize])
                .sum();
            x[i] = (b[i] - rest) / a.get(i, i);
        }
        let mut z = vec![0.0; n];
        Ssor::new(&a, &SsorParams::default())
            .unwrap()
            .apply(&b, &mut z);
        for (z, x) in z.iter().zip(&x) {
            assert!((z - x).abs() <= 1e-14 * (1.0 + x.abs()));
        }
        assert_symmetric_positive(n, &mut Ssor::new(&a, &SsorParams { omega: 1.5 }).unwrap());
    }

    #[test]
    fn the_best_omega_halves_the_growth_of_iterations_with_the_mesh() {
        let count = |m: usize, omega: f64| {
            let a = gallery::poisson(&[m, m]);
            let b = gallery::noise(m * m, 5);
            let mut x = vec![0.0; m * m];
            let mut ssor = Ssor::new(&a, &SsorParams { omega }).unwrap();
            let report = Solver::new(Cg::default())
                .solve(&a, &mut ssor, &b, &mut x)
                .unwrap();
            assert!(report.converged());
            let mut r = vec![0.0; m * m];
            a.residual(&b, &x, &mut r);
            report.iterations as f64
        };
        let best = |m: usize| {
            let h = 1.0 / (m + 1) as f64;
            2.0 / (1.0 + 2.0 * (std::f64::consts::PI * h / 2.0).sin())
        };
        let plain = count(160, 1.0) / count(40, 1.0);
        let tuned = count(160, best(160)) / count(40, best(40));
        // Four times finer: 4 without, 2 with.
        assert!((3.0..4.5).contains(&plain), "{plain}");
        assert!((1.6..2.6).contains(&tuned), "{tuned}");
    }
}
