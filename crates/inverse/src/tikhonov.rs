//! Tikhonov regularisation: least squares held to a first guess, the answer without a model.
//!
//! ```text
//! min over x   |A x - y|^2 + w |x - m|^2
//! (A^T A + w I)(x - m) = A^T (y - A m)
//! ```
//!
//! It is the posterior mean where the prior is N(m, s^2 I) and the data have the noise sigma_y:
//! w = (sigma_y/s)^2. Where the size of the noise alone is known, [`Tikhonov::by_discrepancy`]
//! takes the weight at which the data are met as well as they are known and no better.
//!
//! Solved by LSQR on the damped problem, never through A^T A. What no datum sees stays as guessed:
//! nothing is known here of how the unknowns hang together.
//!
//! Sources: Tikhonov (1963), Soviet Math. Dokl. 4, 1035; Morozov (1966), Soviet Math. Dokl. 7, 414.

use pdesolve_krylov::methods::Lsqr;
use pdesolve_krylov::{AdjointOperator, LeastSquares, LeastSquaresRule, LeastSquaresStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::InverseError;

/// Least squares held to a first guess.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tikhonov {
    /// Weight w of the guess; 0 is plain least squares, the solution nearest to the guess.
    /// Default: 1e-2.
    #[schemars(range(min = 0))]
    pub weight: f64,
    /// Tolerance of LSQR, relative to the operator and the data. Default: 1e-12.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub tolerance: f64,
    /// Largest number of iterations of LSQR. Default: 10000.
    #[schemars(range(min = 1))]
    pub max_iterations: usize,
}

impl Default for Tikhonov {
    fn default() -> Self {
        Self {
            weight: 1e-2,
            tolerance: 1e-12,
            max_iterations: 10_000,
        }
    }
}

/// Factor to which [`Tikhonov::by_discrepancy`] finds the weight.
const WEIGHT_FACTOR: f64 = 1.0 + 1e-9;

impl Tikhonov {
    /// The solution for the data `y`, held to `guess`.
    ///
    /// # Errors
    /// [`InverseError`] where a parameter makes no sense, sizes do not fit, or LSQR does not converge.
    pub fn solve<A: AdjointOperator<f64> + ?Sized>(
        &self,
        operator: &A,
        y: &[f64],
        guess: &[f64],
    ) -> Result<Vec<f64>, InverseError> {
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            let reason = format!("it is {}, and must not be negative", self.weight);
            return Err(InverseError::parameter("weight", reason));
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            let reason = format!("it is {}, and lies between 0 and 1", self.tolerance);
            return Err(InverseError::parameter("tolerance", reason));
        }
        InverseError::length("y", y.len(), operator.nrows())?;
        InverseError::length("guess", guess.len(), operator.ncols())?;
        let mut unexplained = vec![0.0; y.len()];
        operator.residual(y, guess, &mut unexplained);
        let rule = LeastSquaresRule {
            atol: self.tolerance,
            btol: self.tolerance,
            conlim: 0.0,
            damping: self.weight.sqrt(),
            max_iterations: self.max_iterations,
        };
        let mut x = vec![0.0; guess.len()];
        let mut lsqr = LeastSquares::with_rule(Lsqr::default(), rule);
        let report = lsqr.solve(operator, &unexplained, &mut x)?;
        let solved = report.status.converged() || report.status == LeastSquaresStatus::Stagnated;
        if !solved {
            return Err(InverseError::parameter(
                "max_iterations",
                format!(
                    "LSQR stopped after {} iterations ({:?}); allow more, or enlarge `weight` or `tolerance`",
                    report.iterations, report.status
                ),
            ));
        }
        for (x, m) in x.iter_mut().zip(guess) {
            *x += m;
        }
        Ok(x)
    }

    /// The solution with the weight at which |A x - y|^2 = m sigma_y^2 (m data), and that weight.
    ///
    /// Weights between 1e-12 and 1e12 times sigma_y^2 are tried, by bisection of their logarithm.
    ///
    /// # Errors
    /// As [`solve`](Self::solve); and [`InverseError::Parameter`] where none of these weights leaves
    /// a misfit of that size.
    pub fn by_discrepancy<A: AdjointOperator<f64> + ?Sized>(
        &self,
        operator: &A,
        y: &[f64],
        sigma_y: f64,
        guess: &[f64],
    ) -> Result<(Vec<f64>, f64), InverseError> {
        if !(sigma_y.is_finite() && sigma_y > 0.0) {
            let reason = format!("it is {sigma_y}, and must be positive");
            return Err(InverseError::parameter("sigma_y", reason));
        }
        let wanted = y.len() as f64 * sigma_y * sigma_y;
        let mut seen = vec![0.0; y.len()];
        let mut at = |weight: f64| -> Result<(Vec<f64>, f64), InverseError> {
            let x = Self {
                weight,
                ..self.clone()
            }
            .solve(operator, y, guess)?;
            operator.residual(y, &x, &mut seen);
            let misfit = seen.iter().map(|r| r * r).sum();
            Ok((x, misfit))
        };
        let (mut low, mut high) = (1e-12 * sigma_y * sigma_y, 1e12 * sigma_y * sigma_y);
        let (least, most) = (at(low)?.1, at(high)?.1);
        if !(least <= wanted && wanted <= most) {
            return Err(InverseError::parameter(
                "sigma_y",
                format!(
                    "a misfit of {wanted} is asked for, and it lies between {least} and {most} for every weight"
                ),
            ));
        }
        while high > low * WEIGHT_FACTOR {
            let middle = (low * high).sqrt();
            if at(middle)?.1 < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok((at(low)?.0, low))
    }
}

#[cfg(test)]
mod tests {
    use pdesolve_krylov::LinearOperator;
    use pdesolve_sampling::analytic::GaussianProcess;
    use pdesolve_sampling::{Noise, Parameterisation};

    use super::Tikhonov;
    use crate::operators::DenseMatrix;
    use crate::posterior::GaussianPosterior;
    use crate::posterior::tests::process_32;

    fn matrix() -> (DenseMatrix, Vec<f64>, Vec<f64>) {
        let mut entries = vec![0.0; 5 * 8];
        Noise::new(3).normal(0, entries.len(), &mut entries);
        let rows: Vec<Vec<f64>> = entries.chunks(8).map(<[f64]>::to_vec).collect();
        let guess: Vec<f64> = (0..8).map(|i| f64::from(i).sin()).collect();
        let y = vec![1.0, -0.5, 2.0, 0.3, 0.7];
        (DenseMatrix::new(&rows).unwrap(), y, guess)
    }

    #[test]
    fn is_the_posterior_mean_of_uncorrelated_unknowns() {
        let (a, y, guess) = matrix();
        let (s, sigma_y) = (0.7, 0.2);
        let unit = |i: usize, j: usize| if i == j { s * s } else { 0.0 };
        let rows: Vec<Vec<f64>> = (0..8)
            .map(|i| (0..8).map(|j| unit(i, j)).collect())
            .collect();
        let prior = GaussianProcess::new(guess.clone(), &rows, Parameterisation::Noise).unwrap();
        let posterior = GaussianPosterior::new(&prior, &a, &y, sigma_y).unwrap();
        let tikhonov = Tikhonov {
            weight: (sigma_y / s) * (sigma_y / s),
            ..Tikhonov::default()
        };
        let found = tikhonov.solve(&a, &y, &guess).unwrap();
        for (found, exact) in found.iter().zip(&posterior.mean) {
            assert!((found - exact).abs() < 1e-10, "{found} for {exact}");
        }
    }

    #[test]
    fn the_discrepancy_leaves_the_misfit_that_was_asked_for() {
        let (a, y, guess) = matrix();
        let (x, weight) = Tikhonov::default()
            .by_discrepancy(&a, &y, 0.1, &guess)
            .unwrap();
        let mut seen = vec![0.0; 5];
        a.residual(&y, &x, &mut seen);
        let misfit: f64 = seen.iter().map(|r| r * r).sum();
        assert!((misfit - 0.05).abs() < 1e-8 && weight > 0.0, "{misfit}");
        let error = Tikhonov::default().by_discrepancy(&a, &y, 1e3, &guess);
        assert!(error.is_err());
    }

    #[test]
    fn what_no_sensor_sees_stays_as_guessed() {
        let (_, mask, y) = process_32();
        let x = Tikhonov::default()
            .solve(&mask, &y, &vec![0.25; 32])
            .unwrap();
        assert!(x[0] == 0.25 && (x[3] - 0.25).abs() > 0.1);
    }

    #[test]
    fn bad_parameters_are_refused() {
        let (a, y, guess) = matrix();
        let negative = Tikhonov {
            weight: -1.0,
            ..Tikhonov::default()
        };
        assert!(negative.solve(&a, &y, &guess).is_err());
        assert!(Tikhonov::default().solve(&a, &y[1..], &guess).is_err());
        assert!(Tikhonov::default().solve(&a, &y, &guess[1..]).is_err());
    }
}
