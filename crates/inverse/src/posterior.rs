//! The exact posterior of a Gaussian prior N(m, C) and data y = A x + sigma_y z.
//!
//! ```text
//! G = C A^T (A C A^T + sigma_y^2 I)^-1
//! mean = m + G (y - A m),   covariance = (I - G A) C
//! ```

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use pdesolve_krylov::AdjointOperator;
use pdesolve_sampling::analytic::GaussianProcess;

use crate::error::InverseError;

/// Mean and covariance of the unknowns, given the data.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianPosterior {
    /// The mean.
    pub mean: Vec<f64>,
    /// The covariance, `[row][column]`.
    pub covariance: Vec<f64>,
}

impl GaussianPosterior {
    /// The posterior of `prior` after the data `y` with standard deviation `sigma_y`.
    ///
    /// # Errors
    /// [`InverseError::Parameter`] where sizes do not fit, or A C A^T + sigma_y^2 I is singular.
    pub fn new<A: AdjointOperator<f64> + ?Sized>(
        prior: &GaussianProcess,
        operator: &A,
        y: &[f64],
        sigma_y: f64,
    ) -> Result<Self, InverseError> {
        let (m, n) = (operator.nrows(), operator.ncols());
        InverseError::length("prior", prior.mean().len(), n)?;
        InverseError::length("y", y.len(), m)?;
        let c = prior.covariance();
        // A C, row by row of the symmetric C.
        let mut ac = Mat::<f64>::zeros(m, n);
        let mut seen = vec![0.0; m];
        for j in 0..n {
            operator.apply(&c[j * n..(j + 1) * n], &mut seen);
            for i in 0..m {
                ac[(i, j)] = seen[i];
            }
        }
        let mut s = Mat::<f64>::zeros(m, m);
        for j in 0..m {
            let row: Vec<f64> = (0..n).map(|k| ac[(j, k)]).collect();
            operator.apply(&row, &mut seen);
            for i in 0..m {
                s[(i, j)] = seen[i] + if i == j { sigma_y * sigma_y } else { 0.0 };
            }
        }
        let factor = s.llt(Side::Lower).map_err(|_| {
            InverseError::parameter("sigma_y", "A C A^T + sigma_y^2 I is singular: enlarge it")
        })?;
        let gain = factor.solve(&ac);
        operator.apply(prior.mean(), &mut seen);
        let mut mean = prior.mean().to_vec();
        let mut covariance = c.to_vec();
        for j in 0..n {
            for i in 0..m {
                mean[j] += gain[(i, j)] * (y[i] - seen[i]);
                for k in 0..n {
                    covariance[j * n + k] -= gain[(i, j)] * ac[(i, k)];
                }
            }
        }
        Ok(Self { mean, covariance })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use pdesolve_sampling::analytic::{GaussianProcess, GaussianProcessParams};
    use pdesolve_sampling::{Node, Problem, ScheduleParams};

    use super::GaussianPosterior;
    use crate::operators::Mask;

    pub(crate) const SIGMA_Y: f64 = 0.05;

    /// A process on 32 points of a line, seen at twelve of them.
    pub(crate) fn process_32() -> (GaussianProcess, Mask, Vec<f64>) {
        let prior = GaussianProcessParams::unit_spaced(32, 4.0, 1.0, 1e-3);
        let sensors = vec![1, 3, 6, 8, 11, 14, 16, 19, 22, 24, 27, 30];
        let y = sensors.iter().map(|&i| (0.3 * i as f64).sin()).collect();
        (prior.build().unwrap(), Mask::new(32, sensors).unwrap(), y)
    }

    pub(crate) fn problem(prior: &GaussianProcess) -> Problem {
        let schedule = ScheduleParams::default().build().unwrap();
        Problem::new(schedule, Arc::new(prior.clone()))
    }

    /// Of a thousand steps with noise rates from 1e-4 to 0.02, linear in the number of the step.
    pub(crate) fn node(step: usize) -> Node {
        let beta = |n: usize| 1e-4 + (0.02 - 1e-4) * n as f64 / 999.0;
        let a: f64 = (0..=step).map(|n| 1.0 - beta(n)).product();
        let (alpha, sigma) = (a.sqrt(), (1.0 - a).sqrt());
        Node {
            t: (step + 1) as f64 / 1000.0,
            alpha,
            sigma,
            lambda: (alpha / sigma).ln(),
            alpha_dot: 0.0,
            sigma_dot: 0.0,
        }
    }

    /// Every (1000/steps)-th of them, down to no noise.
    pub(crate) fn grid(steps: usize) -> Vec<Node> {
        let skip = 1000 / steps;
        let nodes = (0..steps).rev().map(|k| node(k * skip));
        nodes.chain([Node::CLEAN]).collect()
    }

    #[test]
    fn reproduces_the_golden_posterior_mean() {
        let (prior, mask, y) = process_32();
        let posterior = GaussianPosterior::new(&prior, &mask, &y, SIGMA_Y).unwrap();
        for (at, expected) in [(0, 0.0651165200), (10, 0.1391546681), (31, 0.2011424602)] {
            let found = posterior.mean[at];
            assert!((found - expected).abs() < 1e-9, "{at}: {found}");
        }
        let variance = |i: usize| posterior.covariance[i * 32 + i];
        assert!((0..32).all(|i| variance(i) > 0.0 && variance(i) < 1.001));
        assert!(variance(30) < SIGMA_Y * SIGMA_Y);
    }
}
