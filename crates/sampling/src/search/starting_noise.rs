//! The start that serves all conditions: where to begin instead of drawing noise.
//!
//! A conditional model of low noise in its data (a restored or a forecast field) ends nearly at the
//! same place from every start, and what remains is the bias of the start. Take M candidates, a set
//! of conditions y_v with the true data z_v, and
//!
//! ```text
//! x_T = argmin over candidates of  1/V sum_v |h(x_T, y_v) - z_v|^2        h the sampler
//! ```
//!
//! Used again for new conditions it beats drawn noise in mean squared error, at no further cost, and
//! with no variance left: it is a point estimate, no sample of the posterior, and two different
//! fields never come of one condition.
//!
//! The error of the best on the validation set is below what new conditions will see, the more so the
//! fewer conditions and the more candidates there are.
//!
//! Source: Ma, Yang, Yang, Fu and Liu (2023), diffusion ODEs with optimal boundary conditions.

use rayon::prelude::*;

use crate::error::SamplingError;
use crate::noise::Noise;
use crate::problem::{OwnedCondition, Problem};
use crate::sampler::Sampler;
use crate::schedule::Node;

/// The best start, and how good all were.
#[derive(Clone, Debug, PartialEq)]
pub struct BestStart {
    /// The start, one value an unknown.
    pub start: Vec<f64>,
    /// Its number among the candidates.
    pub number: usize,
    /// Mean squared distance to the truth, summed over unknowns, of each candidate; infinite where its
    /// run was.
    pub errors: Vec<f64>,
}

/// The best of the starts `candidates` (`[candidate][unknown]`) for `sampler` along `grid`, on the
/// conditions of `problem`, whose true data are `truth` (`[condition][unknown]`).
///
/// Numbers that `problem` is conditioned on come one row a condition; a class, or nothing, is the same
/// condition for every row of the truth.
///
/// # Errors
/// [`SamplingError::Parameter`] where sizes do not fit, [`SamplingError::Unfit`] for samplers that draw
/// noise, and as [`Sampler::start`].
pub fn optimal_start(
    problem: &Problem,
    sampler: &dyn Sampler,
    grid: &[Node],
    candidates: &[f64],
    truth: &[f64],
) -> Result<BestStart, SamplingError> {
    let unknowns = problem.unknowns();
    for (key, values) in [("candidates", candidates), ("truth", truth)] {
        if values.is_empty() || !values.len().is_multiple_of(unknowns) {
            return Err(SamplingError::parameter(
                key,
                format!(
                    "{} numbers are given, and one sample of this model has {unknowns}",
                    values.len()
                ),
            ));
        }
    }
    let conditions = truth.len() / unknowns;
    if let OwnedCondition::Values(values) = &problem.condition
        && !values.len().is_multiple_of(conditions)
    {
        return Err(SamplingError::parameter(
            "truth",
            format!(
                "it has {conditions} rows, and the {} numbers of the condition are not one row each",
                values.len()
            ),
        ));
    }
    if sampler.properties().stochastic {
        return Err(SamplingError::unfit(
            sampler.name(),
            "it draws noise on its way, and the start alone must determine the end; take a deterministic one such as `ddim`",
        ));
    }
    let errors: Vec<f64> = (candidates.par_chunks(unknowns))
        .map(|start| {
            let batch = start.repeat(conditions);
            let mut run = sampler.start(problem, grid, batch, Noise::new(0))?;
            while !run.finished() {
                if run.advance().is_err() {
                    return Ok(f64::INFINITY);
                }
            }
            let sum: f64 = (run.batch().iter().zip(truth))
                .map(|(x, z)| (x - z).powi(2))
                .sum();
            let error = sum / conditions as f64;
            Ok(if error.is_finite() {
                error
            } else {
                f64::INFINITY
            })
        })
        .collect::<Result<_, SamplingError>>()?;
    // Of equals the first.
    let number = (0..errors.len())
        .min_by(|&a, &b| errors[a].total_cmp(&errors[b]))
        .unwrap_or(0);
    Ok(BestStart {
        start: candidates[number * unknowns..(number + 1) * unknowns].to_vec(),
        number,
        errors,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::optimal_start;
    use crate::denoiser::{Condition, Denoiser};
    use crate::error::SamplingError;
    use crate::grid::GridParams;
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::{OwnedCondition, Problem};
    use crate::samplers::{Ddim, Edm};
    use crate::schedule::{Node, VarianceLinear};

    /// Spread of the data about what they are conditioned on.
    const SPREAD: f64 = 0.1;

    /// Two unknowns, Gaussian about the two numbers of the condition.
    struct About;

    impl Denoiser for About {
        fn unknowns(&self) -> usize {
            2
        }

        fn parameterisation(&self) -> Parameterisation {
            Parameterisation::Data
        }

        fn evaluate(&self, x: &[f64], node: &Node, condition: Condition<'_>, out: &mut [f64]) {
            let Condition::Values(values) = condition else {
                panic!("a condition is given")
            };
            let variance = (node.alpha * SPREAD).powi(2) + node.sigma.powi(2);
            let gain = node.alpha * SPREAD.powi(2) / variance;
            for ((out, x), y) in out.iter_mut().zip(x).zip(values) {
                *out = y + gain * (x - node.alpha * y);
            }
        }
    }

    fn problem(conditions: &[f64]) -> Problem {
        Problem {
            condition: OwnedCondition::Values(conditions.into()),
            ..Problem::new(Arc::new(VarianceLinear::default()), Arc::new(About))
        }
    }

    fn normal(seed: u64, count: usize) -> Vec<f64> {
        let mut x = vec![0.0; 2 * count];
        Noise::new(seed).normal(0, 2, &mut x);
        x
    }

    /// Truth that lies off the condition by a bias, which the model does not know, and by its spread.
    fn truth(conditions: &[f64], seed: u64) -> Vec<f64> {
        let off = normal(seed, conditions.len() / 2);
        (conditions.iter().zip(&off).enumerate())
            .map(|(i, (y, xi))| y + [0.08, -0.05][i % 2] + SPREAD * xi)
            .collect()
    }

    #[test]
    fn the_best_start_is_the_one_whose_exact_flow_ends_nearest() {
        let conditions = normal(1, 32);
        let problem = problem(&conditions);
        let truth = truth(&conditions, 2);
        let candidates = normal(3, 64);
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 400)
            .expect("grid");
        let found =
            optimal_start(&problem, &Ddim::default(), &nodes, &candidates, &truth).expect("runs");
        // The flow of a Gaussian keeps (x - alpha y)/deviation.
        let (from, to) = (nodes[0], nodes[400]);
        let deviation = |n: &Node| ((n.alpha * SPREAD).powi(2) + n.sigma.powi(2)).sqrt();
        let errors: Vec<f64> = (candidates.chunks(2))
            .map(|start| {
                let mut sum = 0.0;
                for (i, (y, z)) in conditions.iter().zip(&truth).enumerate() {
                    let kept = (start[i % 2] - from.alpha * y) / deviation(&from);
                    sum += (to.alpha * y + deviation(&to) * kept - z).powi(2);
                }
                sum / 32.0
            })
            .collect();
        let nearest = (0..64).min_by(|&a, &b| errors[a].total_cmp(&errors[b]));
        assert_eq!(Some(found.number), nearest);
        assert_eq!(found.start, candidates[2 * found.number..][..2]);
        for (found, exact) in found.errors.iter().zip(&errors) {
            assert!((found / exact - 1.0).abs() < 0.05, "{found} {exact}");
        }
    }

    #[test]
    fn it_beats_drawn_noise_on_conditions_it_has_not_seen() {
        let (seen, held) = (normal(1, 32), normal(11, 256));
        let candidates = normal(3, 64);
        let validation = problem(&seen);
        let nodes = GridParams::lambda()
            .nodes(validation.schedule.as_ref(), 10)
            .expect("grid");
        let ddim = Ddim::default();
        let best =
            optimal_start(&validation, &ddim, &nodes, &candidates, &truth(&seen, 2)).expect("runs");
        let test = problem(&held);
        let truth = truth(&held, 12);
        let kept = optimal_start(&test, &ddim, &nodes, &best.start, &truth).expect("runs");
        let drawn = optimal_start(&test, &ddim, &nodes, &normal(13, 256), &truth).expect("runs");
        let drawn = drawn.errors.iter().sum::<f64>() / 256.0;
        assert!(kept.errors[0] < 0.6 * drawn, "{} {drawn}", kept.errors[0]);
    }

    #[test]
    fn sizes_that_do_not_fit_and_noisy_samplers_are_refused() {
        let conditions = normal(1, 4);
        let problem = problem(&conditions);
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 4)
            .expect("grid");
        let ddim = Ddim::default();
        for (candidates, truth) in [
            (&[][..], &[0.0; 8][..]),
            (&[0.0; 3], &[0.0; 8]),
            (&[0.0; 2], &[0.0; 6]),
        ] {
            let error = optimal_start(&problem, &ddim, &nodes, candidates, truth);
            assert!(
                matches!(error, Err(SamplingError::Parameter { .. })),
                "{error:?}"
            );
        }
        let noisy = Edm {
            churn: 10.0,
            ..Edm::default()
        };
        let error = optimal_start(&problem, &noisy, &nodes, &[0.0; 2], &[0.0; 8]);
        assert!(
            matches!(error, Err(SamplingError::Unfit { .. })),
            "{error:?}"
        );
    }
}
