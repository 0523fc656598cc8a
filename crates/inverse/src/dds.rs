//! DDS: decomposed diffusion sampling, a few conjugate gradient steps towards the data in each step.
//!
//! ```text
//! x0, eps   predictions of the model at x
//! x0^       K conjugate gradient steps on M x0^ = b, begun at x0:
//!             noisy       M = I + gamma A^T A,   b = x0 + gamma A^T y
//!             noiseless   M = A^T A,             b = A^T y
//! x'        = alpha' x0^ + sigma' (sqrt(1 - eta^2) eps + eta z)
//! ```
//!
//! eta is the share of fresh noise, not the eta of DDIM. Where A A^T is a multiple of I (sensors)
//! one conjugate gradient step is exact. Good values of gamma are 1/sigma_y^2: with 1 the data are
//! not met where the noise of the data is small.
//!
//! The mean over samples converges to near the posterior mean, to first order in the number of
//! steps. The spread of the samples is **not** that of the posterior, and depends on gamma, eta and
//! the number of steps: this is no calibrated posterior sampler.
//!
//! Source: Chung, Lee and Ye (2024), "Decomposed diffusion sampler for accelerating large-scale
//! inverse problems".

use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::{AdjointOperator, Identity, Solver, StoppingRule};
use pdesolve_sampling::{Model, Node, Noise, Parameterisation, Problem, SamplingError};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::InverseError;
use crate::normal::Normal;

/// Decomposed diffusion sampling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dds {
    /// Share of fresh noise in a step. Default: 0.85.
    #[schemars(range(min = 0, max = 1))]
    pub eta: f64,
    /// Weight of the data against the prediction; about 1/sigma_y^2. Default: 1.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub gamma: f64,
    /// Conjugate gradient steps K. Default: 5.
    #[schemars(range(min = 1))]
    pub cg_steps: usize,
    /// Takes the data to be exact: gamma is then not used. Default: false.
    pub noiseless: bool,
}

impl Default for Dds {
    fn default() -> Self {
        Self {
            eta: 0.85,
            gamma: 1.0,
            cg_steps: 5,
            noiseless: false,
        }
    }
}

/// Residual at which the conjugate gradients stop.
const CG_TOLERANCE: f64 = 1e-10;

impl Dds {
    /// Takes the batch `x` (`[sample][unknown]`), noisy as at the first node of `grid`, to the last
    /// node, given the data `y` = A x + noise. All samples see the same data.
    ///
    /// # Errors
    /// [`InverseError`] where a parameter makes no sense, sizes do not fit, or a number overflows.
    pub fn sample<A: AdjointOperator<f64> + ?Sized>(
        &self,
        problem: &Problem,
        operator: &A,
        y: &[f64],
        grid: &[Node],
        mut x: Vec<f64>,
        noise: Noise,
    ) -> Result<Vec<f64>, InverseError> {
        let n = problem.unknowns();
        self.check(operator, y, grid, &x, n)?;
        let mut weighted = vec![0.0; n];
        operator.apply_adjoint(y, &mut weighted);
        if !self.noiseless {
            for b in &mut weighted {
                *b *= self.gamma;
            }
        }
        let mut model = Model::new(problem);
        let (mut data, mut eps) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut draw = vec![0.0; x.len()];
        for (step, ends) in grid.windows(2).enumerate() {
            let (from, to) = (ends[0], ends[1]);
            model.predict(Parameterisation::Data, &x, &from, &mut data);
            for ((eps, x), x0) in eps.iter_mut().zip(&x).zip(&data) {
                *eps = (x - from.alpha * x0) / from.sigma;
            }
            self.meet_data(operator, &weighted, n, &mut data)?;
            noise.normal(Noise::key(step, 0), n, &mut draw);
            let fresh = self.eta * to.sigma;
            let kept = (1.0 - self.eta * self.eta).sqrt() * to.sigma;
            for (i, x) in x.iter_mut().enumerate() {
                *x = to.alpha * data[i] + kept * eps[i] + fresh * draw[i];
            }
            model.check_finite(&x, step + 1, &to)?;
        }
        Ok(x)
    }

    /// K conjugate gradient steps from each sample of `data` towards the solution of M x = b.
    fn meet_data<A: AdjointOperator<f64> + ?Sized>(
        &self,
        operator: &A,
        weighted: &[f64],
        n: usize,
        data: &mut [f64],
    ) -> Result<(), InverseError> {
        let rule = StoppingRule {
            relative_tolerance: 0.0,
            absolute_tolerance: CG_TOLERANCE,
            max_iterations: self.cg_steps,
            ..StoppingRule::default()
        };
        let (identity, gamma) = if self.noiseless {
            (0.0, 1.0)
        } else {
            (1.0, self.gamma)
        };
        data.par_chunks_mut(n).with_min_len(16).try_for_each_init(
            || {
                let solver = Solver::with_rule(Cg::default(), rule.clone());
                (Normal::new(operator, identity, gamma), solver, vec![0.0; n])
            },
            |(normal, solver, b), x0| {
                for ((b, x0), w) in b.iter_mut().zip(x0.iter()).zip(weighted) {
                    *b = identity * x0 + w;
                }
                solver.solve(&*normal, &mut Identity, b, x0)?;
                Ok(())
            },
        )
    }

    fn check<A: AdjointOperator<f64> + ?Sized>(
        &self,
        operator: &A,
        y: &[f64],
        grid: &[Node],
        x: &[f64],
        n: usize,
    ) -> Result<(), InverseError> {
        if !(0.0..=1.0).contains(&self.eta) {
            let reason = format!("it is {}, and lies between 0 and 1", self.eta);
            return Err(InverseError::parameter("eta", reason));
        }
        if !(self.gamma.is_finite() && self.gamma > 0.0) {
            let reason = format!("it is {}, and must be positive", self.gamma);
            return Err(InverseError::parameter("gamma", reason));
        }
        if self.cg_steps == 0 {
            return Err(InverseError::parameter("cg_steps", "it is 0; at least 1"));
        }
        InverseError::length("operator", operator.ncols(), n)?;
        InverseError::length("y", y.len(), operator.nrows())?;
        if x.is_empty() || !x.len().is_multiple_of(n) {
            let reason = format!("{} numbers are no samples of {n} unknowns", x.len());
            return Err(InverseError::parameter("x", reason));
        }
        if grid.len() < 2 || grid[..grid.len() - 1].iter().any(Node::is_clean) {
            return Err(SamplingError::grid(
                "it has at least one step, and noise at each node but the last",
            )
            .into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pdesolve_krylov::methods::Cg;
    use pdesolve_krylov::{AdjointOperator, Identity, LinearOperator, Solver, StoppingRule};
    use pdesolve_sampling::Noise;

    use super::Dds;
    use crate::normal::Normal;
    use crate::posterior::GaussianPosterior;
    use crate::posterior::tests::{SIGMA_Y, grid, problem, process_32};

    const SAMPLES: usize = 1000;

    fn samples(dds: &Dds, steps: usize) -> Vec<f64> {
        let (prior, mask, y) = process_32();
        let (problem, grid) = (problem(&prior), grid(steps));
        let noise = Noise::new(1);
        let x = problem.prior(&grid[0], SAMPLES, &noise);
        dds.sample(&problem, &mask, &y, &grid, x, noise).unwrap()
    }

    /// Distance of the mean of the samples from the posterior mean, relative to the latter.
    fn error_of_mean(dds: &Dds, steps: usize) -> f64 {
        let (prior, mask, y) = process_32();
        let exact = GaussianPosterior::new(&prior, &mask, &y, SIGMA_Y)
            .unwrap()
            .mean;
        let found = samples(dds, steps);
        let mean = |i: usize| found.chunks(32).map(|x| x[i]).sum::<f64>() / SAMPLES as f64;
        let off: f64 = (0..32).map(|i| (mean(i) - exact[i]).powi(2)).sum();
        (off / exact.iter().map(|v| v * v).sum::<f64>()).sqrt()
    }

    #[test]
    fn the_mean_of_samples_nears_the_posterior_mean() {
        let dds = Dds {
            gamma: 400.0,
            ..Dds::default()
        };
        for (steps, bound) in [(50, 0.04), (100, 0.022), (200, 0.014)] {
            let error = error_of_mean(&dds, steps);
            assert!(error <= bound, "{steps} steps: {error}");
        }
    }

    #[test]
    fn too_small_a_gamma_leaves_the_data_unmet() {
        let error = error_of_mean(&Dds::default(), 50);
        assert!(error > 0.06, "{error}");
    }

    #[test]
    fn noiseless_data_are_met_exactly() {
        let (_, mask, y) = process_32();
        let dds = Dds {
            noiseless: true,
            ..Dds::default()
        };
        let mut seen = vec![0.0; y.len()];
        for x in samples(&dds, 20).chunks(32) {
            mask.apply(x, &mut seen);
            assert!(seen.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn one_conjugate_gradient_step_solves_for_sensors() {
        let (_, mask, y) = process_32();
        let mut x: Vec<f64> = (0..32).map(|i| f64::from(i).cos()).collect();
        let mut b = vec![0.0; 32];
        mask.apply_adjoint(&y, &mut b);
        for (b, x) in b.iter_mut().zip(&x) {
            *b = x + 400.0 * *b;
        }
        let rule = StoppingRule {
            relative_tolerance: 0.0,
            absolute_tolerance: 1e-10,
            max_iterations: 1,
            ..StoppingRule::default()
        };
        let mut solver = Solver::with_rule(Cg::default(), rule);
        let normal = Normal::new(&mask, 1.0, 400.0);
        let report = solver.solve(&normal, &mut Identity, &b, &mut x).unwrap();
        assert!(
            report.iterations == 1 && report.true_residual < 1e-10,
            "{report:?}"
        );
    }

    #[test]
    fn bad_parameters_are_refused() {
        let (prior, mask, y) = process_32();
        let (problem, grid) = (problem(&prior), grid(10));
        let noise = Noise::new(1);
        for dds in [
            Dds {
                eta: 1.5,
                ..Dds::default()
            },
            Dds {
                gamma: 0.0,
                ..Dds::default()
            },
            Dds {
                cg_steps: 0,
                ..Dds::default()
            },
        ] {
            let x = vec![0.0; 32];
            assert!(dds.sample(&problem, &mask, &y, &grid, x, noise).is_err());
        }
        let dds = Dds::default();
        assert!(
            dds.sample(&problem, &mask, &y[1..], &grid, vec![0.0; 32], noise)
                .is_err()
        );
        assert!(
            dds.sample(&problem, &mask, &y, &grid, vec![0.0; 31], noise)
                .is_err()
        );
    }
}
