//! Denoising Markov chains: Langevin in the data and Gibbs in the noise level, then a short flow.
//!
//! The chain lives on pairs (x, level) with the law pi(level) p_level(x), pi uniform over K noise
//! levels evenly spaced in lambda. Each chain in turn:
//!
//! 1. x <- x + (eta/2) sigma^2 grad log p_level(x) + sqrt(eta) sigma z;
//! 2. level <- drawn from p(level given x) ~ p_level(x), in closed form;
//! 3. after n_skip rounds of 1 and 2, a pair is picked and taken by the probability flow from its
//!    own noise to none: one sample. The chain goes on from where it was.
//!
//! The step of 1 scales with the noise, so that it is stable at every level; it is not Metropolised
//! and leaves a bias of the order of eta. Chains cross between modes at high noise and come back.
//!
//! The published pick is the pair of the smallest noise among the n_skip ones, which makes the flow
//! short. **It is biased**, since the noise of a pair depends on its place: on the mixture of weights
//! 0.5, 0.3, 0.2 it was measured to give 0.452, 0.306, 0.242 (standard error 0.008). The pick `last`
//! is free of that (0.492, 0.299, 0.209) and costs a longer flow.
//!
//! Samples of one chain are correlated. The model must know p(level given x): for analytic targets
//! [`NoisePosterior`]; a network needs a second one that classifies noise levels.
//!
//! Source: Kim and Ye (2023), Denoising MCMC (there the step is eta, not eta sigma^2).

use pdesolve_core::{Control, rng};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analytic::GaussianMixture;
use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::grid::{FinalStep, GridKind, GridParams};
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Trajectory, sample};
use crate::samplers::Edm;
use crate::schedule::{Node, NoiseSchedule};

/// A model that knows how likely a noisy sample is at each noise.
pub trait NoisePosterior: Denoiser {
    /// ln p_t(x) of one sample at `node`, up to a constant that does not depend on the node.
    fn log_likelihood(&self, x: &[f64], node: &Node) -> f64;
}

impl NoisePosterior for GaussianMixture {
    fn log_likelihood(&self, x: &[f64], node: &Node) -> f64 {
        let exponent = |k: usize| {
            let v = (node.alpha * self.deviations[k]).powi(2) + node.sigma * node.sigma;
            let squares = x
                .iter()
                .zip(&self.means[k])
                .map(|(x, m)| (x - node.alpha * m).powi(2));
            self.weights[k].ln() - 0.5 * x.len() as f64 * v.ln() - squares.sum::<f64>() / (2.0 * v)
        };
        let all = 0..self.weights.len();
        let top = all.clone().map(exponent).fold(f64::NEG_INFINITY, f64::max);
        top + all.map(|k| (exponent(k) - top).exp()).sum::<f64>().ln()
    }
}

/// Which pair of a round becomes a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The one of the smallest noise: short flows, biased shares of the modes.
    #[default]
    Smallest,
    /// The last one: no bias.
    Last,
}

/// Denoising Langevin and Gibbs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LangevinGibbs {
    /// Size eta of the Langevin step, as a share of sigma^2. Default: 0.1.
    #[schemars(extend("exclusiveMinimum" = 0.0), range(max = 1))]
    pub eta: f64,
    /// Noise levels K, evenly in lambda between the ends of the schedule. Default: 64.
    #[schemars(range(min = 2))]
    pub levels: usize,
    /// Rounds between two samples of a chain. Default: 10.
    #[schemars(range(min = 1))]
    pub skip: usize,
    /// Rounds before the first sample. Default: 200.
    pub burn_in: usize,
    /// Steps of the flow from the picked noise to none. Default: 10.
    #[schemars(range(min = 1))]
    pub steps: usize,
    /// Which pair becomes a sample. Default: smallest.
    pub pick: Pick,
}

impl Default for LangevinGibbs {
    fn default() -> Self {
        Self {
            eta: 0.1,
            levels: 64,
            skip: 10,
            burn_in: 200,
            steps: 10,
            pick: Pick::Smallest,
        }
    }
}

/// The samples of [`langevin_gibbs`].
#[derive(Clone, Debug, PartialEq)]
pub struct ChainReport {
    /// `[chain][sample][unknown]`.
    pub x: Vec<f64>,
    /// sigma/alpha from which each sample was taken, `[chain][sample]`.
    pub noise: Vec<f64>,
    /// Calls of the model for one sample, a sample each, those of the burn-in shared out.
    pub evaluations_per_sample: f64,
}

/// Runs `chains` independent chains and takes `samples` samples from each.
///
/// Chain number i draws from a stream of its own: the result depends on nothing but `seed`. The
/// model is asked sample by sample, as each has a noise of its own.
///
/// # Errors
/// [`SamplingError`] for parameters out of range, schedules without finite lambda at their ends,
/// and samples that are not finite.
pub fn langevin_gibbs<M: NoisePosterior + Clone + 'static>(
    params: &LangevinGibbs,
    model: &M,
    schedule: &std::sync::Arc<dyn NoiseSchedule>,
    chains: usize,
    samples: usize,
    seed: u64,
) -> Result<ChainReport, SamplingError> {
    if !(params.eta > 0.0 && params.eta <= 1.0) {
        return Err(SamplingError::parameter(
            "eta",
            format!(
                "it is {}; the share of sigma^2 lies above 0 and at most at 1",
                params.eta
            ),
        ));
    }
    for (key, value, least) in [
        ("levels", params.levels, 2),
        ("skip", params.skip, 1),
        ("steps", params.steps, 1),
        ("chains", chains, 1),
        ("samples", samples, 1),
    ] {
        if value < least {
            return Err(SamplingError::parameter(
                key,
                format!("it is {value}; at least {least} is needed"),
            ));
        }
    }
    let levels = GridParams::lambda().nodes(schedule.as_ref(), params.levels - 1)?;
    let problem = Problem::new(schedule.clone(), std::sync::Arc::new(model.clone()));
    let parts = (0..chains)
        .into_par_iter()
        .map(|chain| run_chain(params, model, &problem, &levels, chain, samples, seed))
        .collect::<Result<Vec<_>, _>>()?;
    let mut report = ChainReport {
        x: Vec::with_capacity(chains * samples * model.unknowns()),
        noise: Vec::with_capacity(chains * samples),
        evaluations_per_sample: 0.0,
    };
    let mut evaluations = 0;
    for (x, noise, calls) in parts {
        report.x.extend(x);
        report.noise.extend(noise);
        evaluations += calls;
    }
    report.evaluations_per_sample = evaluations as f64 / (chains * samples) as f64;
    Ok(report)
}

/// Samples, their noises, and calls of the model of one chain.
fn run_chain<M: NoisePosterior>(
    params: &LangevinGibbs,
    model: &M,
    problem: &Problem,
    levels: &[Node],
    chain: usize,
    samples: usize,
    seed: u64,
) -> Result<(Vec<f64>, Vec<f64>, u64), SamplingError> {
    let mut generator = rng(seed, 0, chain as u64);
    let normal = |generator: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(generator) };
    let unknowns = model.unknowns();
    let (score_a, score_b) = {
        let from = model.parameterisation();
        let both = |node: &Node| from.convert(Parameterisation::Score, node);
        levels.iter().map(both).unzip::<f64, f64, Vec<_>, Vec<_>>()
    };
    let mut level = 0;
    let mut x: Vec<f64> = (0..unknowns)
        .map(|_| levels[0].sigma * normal(&mut generator))
        .collect();
    let mut prediction = vec![0.0; unknowns];
    let mut weights = vec![0.0; levels.len()];
    let mut calls = 0;
    let mut round = |x: &mut [f64], level: &mut usize, calls: &mut u64| {
        let node = &levels[*level];
        model.evaluate(x, node, Condition::None, &mut prediction);
        *calls += 1;
        let drift = 0.5 * params.eta * node.sigma * node.sigma;
        let spread = params.eta.sqrt() * node.sigma;
        for (x, m) in x.iter_mut().zip(&prediction) {
            let score = score_a[*level] * *x + score_b[*level] * m;
            *x += drift * score + spread * normal(&mut generator);
        }
        *level = draw_level(model, x, levels, &mut weights, generator.random());
    };
    for _ in 0..params.burn_in {
        round(&mut x, &mut level, &mut calls);
    }
    let (mut out, mut noise) = (Vec::new(), Vec::new());
    let (mut picked, mut picked_level) = (x.clone(), level);
    for _ in 0..samples {
        for i in 0..params.skip {
            round(&mut x, &mut level, &mut calls);
            let better = match params.pick {
                Pick::Last => true,
                Pick::Smallest => i == 0 || level > picked_level,
            };
            if better {
                picked.copy_from_slice(&x);
                picked_level = level;
            }
        }
        let node = &levels[picked_level];
        noise.push(node.rho());
        // A level at the clean end has nothing left to integrate but the last step.
        let steps = if picked_level + 1 == levels.len() {
            1
        } else {
            params.steps.max(2)
        };
        let grid = GridParams {
            final_step: FinalStep::Zero,
            from: Some(node.t),
            ..GridParams::spaced(GridKind::Karras { rho: 7.0 })
        }
        .nodes(problem.schedule.as_ref(), steps)?;
        let mut watch = |_: &dyn Trajectory| Control::Continue;
        let end = sample(
            &Edm::default(),
            problem,
            &grid,
            picked.clone(),
            Noise::new(seed),
            &mut watch,
        )?;
        calls += end.evaluations;
        out.extend(end.x);
    }
    Ok((out, noise, calls))
}

/// The level at the share `u` of p(level given x).
fn draw_level<M: NoisePosterior>(
    model: &M,
    x: &[f64],
    levels: &[Node],
    weights: &mut [f64],
    u: f64,
) -> usize {
    for (w, node) in weights.iter_mut().zip(levels) {
        *w = model.log_likelihood(x, node);
    }
    let top = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for w in weights.iter_mut() {
        *w = (*w - top).exp();
    }
    let mut left = u * weights.iter().sum::<f64>();
    for (level, w) in weights.iter().enumerate() {
        left -= w;
        if left < 0.0 {
            return level;
        }
    }
    levels.len() - 1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{ChainReport, LangevinGibbs, NoisePosterior, Pick, langevin_gibbs};
    use crate::analytic::GaussianMixture;
    use crate::denoiser::{Condition, Denoiser};
    use crate::schedule::{NoiseSchedule, VarianceExploding};

    fn run(pick: Pick, chains: usize, samples: usize) -> ChainReport {
        let schedule: Arc<dyn NoiseSchedule> = Arc::new(VarianceExploding {
            sigma_min: 0.05,
            sigma_max: 10.0,
        });
        let params = LangevinGibbs {
            pick,
            levels: 32,
            ..LangevinGibbs::default()
        };
        let mixture = GaussianMixture::three();
        langevin_gibbs(&params, &mixture, &schedule, chains, samples, 3).expect("sampled")
    }

    fn shares(x: &[f64]) -> [f64; 3] {
        let means = GaussianMixture::three().means;
        let mut shares = [0.0; 3];
        for x in x.chunks(2) {
            let far = |k: &usize| (x[0] - means[*k][0]).hypot(x[1] - means[*k][1]);
            let near = (0..3)
                .min_by(|a, b| far(a).total_cmp(&far(b)))
                .expect("three");
            shares[near] += 2.0 / x.len() as f64;
        }
        let total: f64 = shares.iter().sum();
        shares.map(|s| s / total)
    }

    #[test]
    fn likelihood_has_the_noise_of_the_model_as_its_slope() {
        let mixture = GaussianMixture::three();
        let node = VarianceExploding::default().node(0.7);
        let x = [0.4, -0.3];
        let mut eps = [0.0; 2];
        mixture.evaluate(&x, &node, Condition::None, &mut eps);
        for i in 0..2 {
            let h = 1e-5;
            let (mut up, mut down) = (x, x);
            up[i] += h;
            down[i] -= h;
            let slope = (mixture.log_likelihood(&up, &node) - mixture.log_likelihood(&down, &node))
                / (2.0 * h);
            assert!((slope + eps[i] / node.sigma).abs() < 1e-8);
        }
    }

    #[test]
    fn the_last_pair_gives_each_component_its_share() {
        let report = run(Pick::Last, 4000, 2);
        let shares = shares(&report.x);
        for (share, weight) in shares.iter().zip([0.5, 0.3, 0.2]) {
            // The two samples of a chain may be alike: the chains alone count.
            let error = (weight * (1.0 - weight) / 4000.0_f64).sqrt();
            assert!((share - weight).abs() < 4.0 * error, "{shares:?}");
        }
    }

    #[test]
    fn the_smallest_noise_shortens_the_flow_and_biases_the_shares() {
        let small = run(Pick::Smallest, 4000, 1);
        let last = run(Pick::Last, 4000, 1);
        let mean = |r: &ChainReport| r.noise.iter().sum::<f64>() / r.noise.len() as f64;
        assert!(mean(&small) < 0.5 * mean(&last));
        let error = (0.25 / 4000.0_f64).sqrt();
        assert!((shares(&small.x)[0] - 0.5).abs() > 4.0 * error);
    }

    #[test]
    fn chains_do_not_depend_on_each_other_or_on_threads() {
        let all = run(Pick::Smallest, 8, 2);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let few = pool.expect("thread").install(|| run(Pick::Smallest, 3, 2));
        assert_eq!(all.x[..few.x.len()], few.x);
    }
}
