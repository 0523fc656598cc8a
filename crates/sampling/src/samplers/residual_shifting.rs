//! ResShift: a Markov chain between a given field y and the data.
//!
//! ```text
//! q(x_t | x_0) = N(x_0 + eta_t (y - x_0), kappa^2 eta_t)      eta rises from nearly 0 to nearly 1
//! q(x_t | x_s, x_0) = N(r x_s + (1 - r) x_0, kappa^2 eta_t (1 - r)),   r = eta_t/eta_s,  t < s
//! ```
//!
//! and a step draws from the second with the predicted data for x_0. In the terms of this crate
//! alpha = 1 - eta, sigma = kappa sqrt(eta): the schedule `residual_shifting`. On any other schedule
//! the same chain, with the same marginals alpha x_0 + (1 - alpha) y + sigma eps, is
//!
//! ```text
//! x_t = r x_s + (alpha_t - r alpha_s) x_0 + [1 - alpha_t - r (1 - alpha_s)] y + sigma_t sqrt(1 - r) z
//! r   = sigma_t^2/sigma_s^2
//! ```
//!
//! 1. Predict x_0 at x - (1 - alpha) y, an ordinary noised sample: any denoiser of the data serves.
//! 2. Draw x_t. The step to zero noise returns the predicted data.
//!
//! Weak order 1. Yue, Wang and Loy (2023). Made for few steps from a field y close to the data (a
//! coarse or degraded one); where y says nothing of the data it is a slow sampler of first order.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Mean, Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::{add, update};
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// ResShift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResidualShifting {
    /// The field y at which the chain begins. Default: 0.
    pub field: Mean,
    /// Adds (1 - alpha) y to the batch it starts from: for starts drawn as noise of mean zero.
    /// Default: false.
    pub shift_start: bool,
}

impl Presets for ResidualShifting {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![("resshift", Self::default())]
    }
}

impl Sampler for ResidualShifting {
    fn name(&self) -> String {
        "ResShift".to_owned()
    }

    fn properties(&self) -> Properties {
        Properties {
            stochastic: true,
            reaches_zero_noise: true,
            ..Properties::deterministic(1.0, 5)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if let Some(pair) = grid.windows(2).find(|pair| pair[1].sigma > pair[0].sigma) {
            return Err(SamplingError::unfit(
                self.name(),
                format!(
                    "sigma rises from {} to {} between t = {} and t = {}, and the chain takes noise away in every step",
                    pair[0].sigma, pair[1].sigma, pair[0].t, pair[1].t
                ),
            ));
        }
        let mut walk = Walk::new(problem, grid, x)?;
        let length = walk.x.len();
        let field = self.field.spread("field", problem.unknowns(), length)?;
        if self.shift_start {
            add(&mut walk.x, &field, 1.0 - grid[0].alpha);
        }
        Ok(Box::new(Steps {
            centred: vec![0.0; length],
            data: vec![0.0; length],
            draw: vec![0.0; length],
            field,
            noise,
            walk,
        }))
    }
}

struct Steps {
    noise: Noise,
    walk: Walk,
    field: Vec<f64>,
    /// x - (1 - alpha) y.
    centred: Vec<f64>,
    data: Vec<f64>,
    draw: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        self.centred.copy_from_slice(&walk.x);
        add(&mut self.centred, &self.field, from.alpha - 1.0);
        walk.model
            .predict(Parameterisation::Data, &self.centred, &from, &mut self.data);
        let r = (to.sigma / from.sigma).powi(2);
        update(&mut walk.x, r, &self.data, to.alpha - r * from.alpha);
        let of_field = (1.0 - to.alpha) - r * (1.0 - from.alpha);
        add(&mut walk.x, &self.field, of_field);
        let fresh = to.sigma * (1.0 - r).sqrt();
        if fresh > 0.0 {
            let key = Noise::key(walk.position, 0);
            (self.noise).normal(key, walk.model.unknowns(), &mut self.draw);
            add(&mut walk.x, &self.draw, fresh);
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

    use super::ResidualShifting;
    use crate::analytic::GaussianMixture;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::sampler::Sampler;
    use crate::samplers::Mean;
    use crate::schedule;

    /// With data N(m, s^2) a step is affine in x, so mean and variance of the chain follow a
    /// recurrence, which the samples must meet; and with s = 0, where the prediction is exact,
    /// every marginal is N(alpha m + (1 - alpha) y, sigma^2).
    #[test]
    fn moments_of_the_chain_meet_their_closed_form_within_four_standard_errors() {
        let (m, y) = (1.0, -0.5);
        let samples = 20_000;
        for s in [0.0, 0.4] {
            let problem = Problem::new(
                Arc::new(schedule::ResidualShifting::default()),
                Arc::new(GaussianMixture::single(&[m], s)),
            );
            let grid = GridParams {
                final_step: FinalStep::Zero,
                ..GridParams::spaced(GridKind::Time)
            };
            let nodes = grid.nodes(problem.schedule.as_ref(), 15).expect("grid");
            let first = nodes[0];
            let mut variance = first.alpha.powi(2) * s * s + first.sigma.powi(2);
            let mut starts = vec![0.0; samples];
            Noise::new(8).normal(Noise::START, 1, &mut starts);
            for x in &mut starts {
                *x = first.alpha * m + variance.sqrt() * *x;
            }
            let sampler = ResidualShifting {
                field: Mean::Everywhere(y),
                shift_start: true,
            };
            let mut trajectory = sampler
                .start(&problem, &nodes, starts, Noise::new(9))
                .expect("start");
            for pair in nodes.windows(2) {
                let (from, to) = (pair[0], pair[1]);
                trajectory.advance().expect("step");
                // x_0 = m + k (x - mean of x), k = alpha s^2/(alpha^2 s^2 + sigma^2).
                let seen = from.alpha.powi(2) * s * s + from.sigma.powi(2);
                let k = from.alpha * s * s / seen;
                let r = (to.sigma / from.sigma).powi(2);
                let gain = r + (1.0 - r) * k;
                variance = gain * gain * variance + to.sigma.powi(2) * (1.0 - r);
                let wanted = to.alpha * m + (1.0 - to.alpha) * y;
                if s == 0.0 {
                    assert!((variance - to.sigma.powi(2)).abs() < 1e-14);
                }
                let n = samples as f64;
                let batch = trajectory.batch();
                let mean = batch.iter().sum::<f64>() / n;
                let spread = batch.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                let off = (mean - wanted).abs();
                assert!(off <= 4.0 * (variance / n).sqrt() + 1e-12, "mean off {off}");
                let off = (spread - variance).abs();
                let error = variance * (2.0 / n).sqrt();
                assert!(off <= 4.0 * error + 1e-12, "variance off {off}");
            }
        }
    }
}
