//! DDPM: ancestral sampling, the reverse of the Markov chain that added the noise.
//!
//! The chain that goes from less noise (t) to more (s) is x_s = (alpha_s/alpha_t) x_t + b z with
//! b^2 = sigma_s^2 (1 - e^(-2h)), h = lambda_t - lambda_s. Given x_s and the data, x_t is Gaussian;
//! with the predicted data in place of the data,
//!
//! ```text
//! x_t = (sigma_t/sigma_s) e^(-h) x_s + alpha_t (1 - e^(-2h)) x0 + c z
//! small   c^2 = sigma_t^2 (1 - e^(-2h))     the variance given the data
//! large   c^2 = sigma_s^2 (1 - e^(-2h))     the variance of the forward step, b^2
//! ```
//!
//! on any pair of nodes of any schedule. On neighbouring levels of the discrete chain these are the
//! published beta (1 - abar')/(1 - abar) and beta. The small variance is exact where the data are a
//! single point; the large one where the schedule keeps the variance and the data are standard
//! normal. The small variance is DDIM with eta = 1. A step to zero noise returns the predicted data,
//! without noise.
//!
//! Weak order 1 in the largest step. On a Gaussian of deviation 0.5, from 80 to 160 steps even in
//! lambda, the variance has the order 0.94 (small) and 1.02 (large). Bad at: few steps; with 80
//! the variance of that Gaussian is off by 11 % (small) and 5 % (large). Hundreds are usual.
//!
//! Ho, Jain and Abbeel, Denoising diffusion probabilistic models (2020).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// How much noise a step of ancestral sampling adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PosteriorVariance {
    /// The variance of the step given the data, sigma_t^2 (1 - e^(-2h)).
    #[default]
    Small,
    /// The variance of the forward step, sigma_s^2 (1 - e^(-2h)).
    Large,
}

/// Ancestral sampling.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ddpm {
    /// Variance of the noise added. Default: small.
    pub variance: PosteriorVariance,
}

impl Presets for Ddpm {
    fn presets() -> Vec<(&'static str, Self)> {
        let with = |variance| Self { variance };
        vec![
            ("ddpm", with(PosteriorVariance::Small)),
            ("ddpm_large", with(PosteriorVariance::Large)),
        ]
    }
}

impl Sampler for Ddpm {
    fn name(&self) -> String {
        match self.variance {
            PosteriorVariance::Small => "DDPM".to_owned(),
            PosteriorVariance::Large => "DDPM, large variance".to_owned(),
        }
    }

    fn properties(&self) -> Properties {
        Properties {
            stochastic: true,
            reaches_zero_noise: true,
            ..Properties::deterministic(1.0, 3)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        let walk = Walk::new(problem, grid, x)?;
        let length = walk.x.len();
        Ok(Box::new(Steps {
            variance: self.variance,
            noise,
            data: vec![0.0; length],
            draw: vec![0.0; length],
            walk,
        }))
    }
}

struct Steps {
    variance: PosteriorVariance,
    noise: Noise,
    walk: Walk,
    data: Vec<f64>,
    draw: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        (walk.model).predict(Parameterisation::Data, &walk.x, &from, &mut self.data);
        let h = to.lambda - from.lambda;
        // Finite also where h is not: e^(-h) is then 0.
        let share = -(-2.0 * h).exp_m1();
        let a = to.sigma / from.sigma * (-h).exp();
        let b = to.alpha * share;
        let c = match self.variance {
            _ if to.is_clean() => 0.0,
            PosteriorVariance::Small => to.sigma * share.sqrt(),
            PosteriorVariance::Large => from.sigma * share.sqrt(),
        };
        let key = Noise::key(walk.position, 0);
        (self.noise).normal(key, walk.model.unknowns(), &mut self.draw);
        for ((x, data), z) in walk.x.iter_mut().zip(&self.data).zip(&self.draw) {
            *x = a * *x + b * data + c * z;
        }
        walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.walk.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Ddpm, PosteriorVariance};
    use crate::analytic::GaussianMixture;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::model::Model;
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::sampler::Sampler;
    use crate::samplers::Ddim;
    use crate::samplers::dpm_solver_sde::tests::law_order;
    use crate::samplers::tests::{STARTS, distance, end, three_gaussians};
    use crate::schedule::{Flow, VpDiscrete};

    const BOTH: [PosteriorVariance; 2] = [PosteriorVariance::Small, PosteriorVariance::Large];

    #[test]
    fn the_small_variance_is_ddim_with_all_its_noise() {
        let mut target = GaussianMixture::three().checked().expect("three");
        target.parameterisation = Parameterisation::Data;
        let straight = Problem::new(Arc::new(Flow::default()), Arc::new(target));
        let mut from_pure_noise = GridParams::spaced(GridKind::Time);
        (from_pure_noise.from, from_pure_noise.to) = (Some(1.0), Some(0.01));
        from_pure_noise.final_step = FinalStep::Zero;
        let vp = three_gaussians();
        for (problem, grid) in [(&vp, GridParams::lambda()), (&straight, from_pure_noise)] {
            let ancestral = end(&Ddpm::default(), problem, &grid, 30);
            let ddim = end(&Ddim { eta: 1.0 }, problem, &grid, 30);
            let off = distance(&ancestral, &ddim);
            assert!(off < 1e-12, "{}: {off:e}", problem.schedule.name());
        }
    }

    #[test]
    fn a_step_of_the_discrete_chain_is_the_published_one() {
        let schedule = Arc::new(VpDiscrete::default().schedule().expect("defaults"));
        let target = GaussianMixture::three().checked().expect("three");
        let problem = Problem::new(schedule, Arc::new(target));
        let level = 400;
        // The table of the chain, as published.
        let beta = |n: usize| 1e-4 + (0.02 - 1e-4) * n as f64 / 999.0;
        let abar = |n: usize| (0..=n).map(|i| 1.0 - beta(i)).product::<f64>();
        let (b, now, next) = (beta(level), abar(level), abar(level - 1));
        let node = |n: usize| problem.schedule.node((n as f64 + 1.0) / 1000.0);
        let grid = [node(level), node(level - 1)];
        let mut data = [0.0; 8];
        Model::new(&problem).predict(Parameterisation::Data, &STARTS, &grid[0], &mut data);
        let mut z = [0.0; 8];
        Noise::new(4).normal(Noise::key(0, 0), 2, &mut z);
        for variance in BOTH {
            let deviation = match variance {
                PosteriorVariance::Small => (b * (1.0 - next) / (1.0 - now)).sqrt(),
                PosteriorVariance::Large => b.sqrt(),
            };
            let expected: Vec<f64> = (0..8)
                .map(|i| {
                    let data = next.sqrt() * b * data[i];
                    let kept = (1.0 - b).sqrt() * (1.0 - next) * STARTS[i];
                    (data + kept) / (1.0 - now) + deviation * z[i]
                })
                .collect();
            let sampler = Ddpm { variance };
            let mut steps = sampler
                .start(&problem, &grid, STARTS.to_vec(), Noise::new(4))
                .expect("started");
            steps.advance().expect("a step");
            let off = distance(steps.batch(), &expected);
            assert!(off < 1e-12, "{variance:?}: {off:e}");
        }
    }

    #[test]
    fn the_law_of_gaussian_data_is_met_with_weak_order_one() {
        for variance in BOTH {
            let order = law_order(&Ddpm { variance }, 80);
            assert!((order - 1.0).abs() < 0.15, "{variance:?}: {order}");
        }
    }

    #[test]
    fn no_noise_is_added_at_the_end_without_noise() {
        let problem = three_gaussians();
        let zero = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        let nodes = zero.nodes(problem.schedule.as_ref(), 21).expect("grid");
        for variance in BOTH {
            let sampler = Ddpm { variance };
            let x = end(&sampler, &problem, &GridParams::lambda(), 20);
            let mut data = vec![0.0; x.len()];
            Model::new(&problem).predict(Parameterisation::Data, &x, &nodes[20], &mut data);
            let off = distance(&end(&sampler, &problem, &zero, 21), &data);
            assert!(off < 1e-14, "{variance:?}: {off:e}");
        }
    }
}
