//! DDIM(eta): exponential Euler, with a share of fresh noise.
//!
//! ```text
//! x_t = alpha_t x0 + sqrt(sigma_t^2 - c^2) eps + c z,   c = eta sigma_t sqrt(1 - e^(-2h))
//! ```
//!
//! eta = 0 is the exponential Euler step in either form,
//! `x_t = (alpha_t/alpha_s) x_s - sigma_t (e^h - 1) eps`: order 1, exact where the data are a single
//! point. In variance-preserving schedules eta = 1 is ancestral sampling.
//!
//! With e^(-2h) = (sigma_t alpha_s / (sigma_s alpha_t))^2, c is in variance-preserving schedules the
//! `c_1 = eta sqrt((1 - a/a')(1 - a')/(1 - a))` of Song, Meng and Ermon (2021), a and a' being the
//! squares of alpha before and after.

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

/// DDIM(eta).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ddim {
    /// Share of fresh noise: 0 none, 1 as much as ancestral sampling. Default: 0.
    #[schemars(range(min = 0, max = 1))]
    pub eta: f64,
}

impl Presets for Ddim {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![
            ("ddim", Self { eta: 0.0 }),
            ("ddim_eta_1", Self { eta: 1.0 }),
        ]
    }
}

impl Sampler for Ddim {
    fn name(&self) -> String {
        if self.eta == 0.0 {
            "DDIM".to_owned()
        } else {
            format!("DDIM, eta = {}", self.eta)
        }
    }

    fn properties(&self) -> Properties {
        Properties {
            stochastic: self.eta > 0.0,
            reaches_zero_noise: true,
            ..Properties::deterministic(1.0, if self.eta > 0.0 { 3 } else { 2 })
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if !(0.0..=1.0).contains(&self.eta) {
            return Err(SamplingError::parameter(
                "eta",
                format!("it is {}, and lies between 0 and 1", self.eta),
            ));
        }
        let walk = Walk::new(problem, grid, x)?;
        let length = walk.x.len();
        Ok(Box::new(Steps {
            eta: self.eta,
            data: vec![0.0; length],
            draw: vec![0.0; if self.eta > 0.0 { length } else { 0 }],
            noise,
            walk,
        }))
    }
}

struct Steps {
    eta: f64,
    noise: Noise,
    walk: Walk,
    data: Vec<f64>,
    draw: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        walk.model
            .predict(Parameterisation::Data, &walk.x, &from, &mut self.data);
        let h = to.lambda - from.lambda;
        let fresh = self.eta * to.sigma * (-(-2.0 * h).exp_m1()).sqrt();
        let kept = (to.sigma * to.sigma - fresh * fresh).max(0.0).sqrt();
        // alpha_t x0 + kept (x - alpha_s x0)/sigma_s
        let a = kept / from.sigma;
        let b = to.alpha - a * from.alpha;
        for (x, data) in walk.x.iter_mut().zip(&self.data) {
            *x = a * *x + b * data;
        }
        if fresh > 0.0 {
            let key = Noise::key(walk.position, 0);
            self.noise
                .normal(key, walk.model.unknowns(), &mut self.draw);
            for (x, z) in walk.x.iter_mut().zip(&self.draw) {
                *x += fresh * z;
            }
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
    use super::Ddim;
    use crate::grid::GridParams;
    use crate::samplers::tests::{assert_golden, order};

    #[test]
    fn reproduces_the_golden_trajectory() {
        let ddim = Ddim::default();
        assert_golden(&ddim, 10, [2.0392111324, 0.1440450143]);
        assert_golden(&ddim, 20, [2.0979806447, 0.1548656197]);
    }

    #[test]
    fn is_of_first_order() {
        let order = order(&Ddim::default(), &GridParams::lambda(), 160);
        assert!((order - 1.0).abs() < 0.15, "{order}");
    }
}
