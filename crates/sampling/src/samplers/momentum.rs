//! Momentum on Adams-Bashforth steps: Polyak's heavy ball, Nesterov's, and the generalised one.
//!
//! With y = x/alpha and rho = sigma/alpha a step is `y <- y + (rho_t - rho_s) u`:
//!
//! ```text
//! heavy ball    v <- (1 - beta) v + beta p,    u = v                          p = AB_k(eps)
//! Nesterov      v <- (1 - beta) v + beta p,    u = (1 - beta) v + beta p
//! generalised   v <- (1 - beta) v + beta eps,  u = sum_j c_j(k, beta) v_j / beta
//! ```
//!
//! On DPM-Solver++ 2M the damping is that of the heavy ball, with the data predicted:
//!
//! ```text
//! v <- (1 - beta) v + beta (m_0 + (m_0 - m_1)/(2 r)),   r = (lambda_s - lambda_{s-1})/h
//! x_t = (sigma_t/sigma_s) x_s + alpha_t (1 - e^{-h}) v,  h = lambda_t - lambda_s
//! ```
//!
//! v begins as the first prediction, and v_j is the v of j steps before. AB_k has the weights of
//! equal steps: 1; (3, -1)/2; (23, -16, 5)/12; (55, -59, 37, -9)/24. beta = 1 is plain AB_k in all
//! three. The first steps have the order that their history allows.
//!
//! A step to zero noise is one of DDIM with the undamped prediction.
//!
//! The heavy ball and Nesterov's are of first order whatever k is: damping buys stability with
//! accuracy. Generalised momentum of order k with beta < 1 is written as order k - 1 + beta
//! ("1.8": k = 2, beta = 0.8); what falls between the orders is its error constant.
//!
//! Source: Wizadwongsa, Chinchuthakun, Khungurn, Raj and Suwajanakorn, Diffusion sampling with
//! momentum for mitigating divergence artifacts (2024).
//!
//! Bad at: accuracy with many steps. It is meant for strong guidance with few steps.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::noise_transfer::{needs_data_at_start, noise_transfer};
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::{add, update};
use crate::history::History;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// Which momentum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MomentumKind {
    /// Polyak's heavy ball.
    HeavyBall,
    /// Nesterov's.
    Nesterov,
    /// Generalised heavy ball: the damping comes first, the extrapolation after it.
    #[default]
    Generalised,
    /// Heavy ball on DPM-Solver++ 2M, whose `order` is 2.
    Data2m,
}

/// Momentum on Adams-Bashforth steps in rho = sigma/alpha.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Momentum {
    /// Which momentum. Default: generalised.
    pub momentum: MomentumKind,
    /// Number k of predictions combined. Default: 2.
    #[schemars(range(min = 1, max = 4))]
    pub order: usize,
    /// Share beta of the new in v, above 0; 1 is no momentum. Default: 0.8.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0.0))]
    pub beta: f64,
}

impl Default for Momentum {
    fn default() -> Self {
        Self {
            momentum: MomentumKind::Generalised,
            order: 2,
            beta: 0.8,
        }
    }
}

impl Presets for Momentum {
    fn presets() -> Vec<(&'static str, Self)> {
        let of = |momentum| Self {
            momentum,
            ..Self::default()
        };
        vec![
            ("heavy_ball", of(MomentumKind::HeavyBall)),
            ("nesterov", of(MomentumKind::Nesterov)),
            ("ghvb_1_8", of(MomentumKind::Generalised)),
            ("dpmpp_2m_heavy_ball", of(MomentumKind::Data2m)),
        ]
    }
}

impl Sampler for Momentum {
    fn name(&self) -> String {
        let kind = match self.momentum {
            MomentumKind::HeavyBall => "Heavy ball on",
            MomentumKind::Nesterov => "Nesterov momentum on",
            MomentumKind::Generalised => "GHVB on",
            MomentumKind::Data2m => {
                return format!("Heavy ball on DPM-Solver++ 2M, beta = {}", self.beta);
            }
        };
        format!("{kind} AB{}, beta = {}", self.order, self.beta)
    }

    fn properties(&self) -> Properties {
        let order = match self.momentum {
            // Constant-step weights keep every k >= 2 at order 2.
            _ if self.beta == 1.0 => self.order.min(2) as f64,
            MomentumKind::Generalised => (self.order as f64 - 1.0 + self.beta).min(2.0),
            _ => 1.0,
        };
        Properties {
            reaches_zero_noise: true,
            ..Properties::deterministic(order, self.order + 3)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if !(1..=4).contains(&self.order) {
            return Err(SamplingError::parameter(
                "order",
                format!("it is {}, and lies between 1 and 4", self.order),
            ));
        }
        if !(self.beta > 0.0 && self.beta <= 1.0) {
            return Err(SamplingError::parameter(
                "beta",
                format!("it is {}, and lies above 0 and not above 1", self.beta),
            ));
        }
        if self.momentum == MomentumKind::Data2m && self.order != 2 {
            return Err(SamplingError::parameter(
                "order",
                format!("it is {}, and with momentum = data_2m it is 2", self.order),
            ));
        }
        let walk = Walk::new(problem, grid, x)?;
        needs_data_at_start(grid)?;
        let length = walk.x.len();
        Ok(Box::new(Steps {
            params: self.clone(),
            history: History::new(self.order, length),
            velocity: vec![0.0; length],
            increment: vec![0.0; length],
            walk,
        }))
    }
}

/// c_j(k, b): the weights of generalised momentum, which for b = 1 are those of Adams-Bashforth.
fn coefficients(k: usize, b: f64) -> [f64; 4] {
    match k {
        1 => [b, 0.0, 0.0, 0.0],
        2 => [(2.0 + b) / 2.0, -(2.0 - b) / 2.0, 0.0, 0.0],
        3 => [
            (18.0 + 5.0 * b) / 12.0,
            -(24.0 - 8.0 * b) / 12.0,
            (6.0 - b) / 12.0,
            0.0,
        ],
        _ => [
            (46.0 + 9.0 * b) / 24.0,
            -(78.0 - 19.0 * b) / 24.0,
            (42.0 - 5.0 * b) / 24.0,
            -(10.0 - b) / 24.0,
        ],
    }
}

struct Steps {
    params: Momentum,
    walk: Walk,
    /// Predictions, or with generalised momentum the v of past steps.
    history: History,
    velocity: Vec<f64>,
    increment: Vec<f64>,
}

impl Steps {
    /// A step of DPM-Solver++ 2M with a damped increment.
    fn advance_data(&mut self, from: &Node, to: &Node) -> Result<(), SamplingError> {
        let walk = &mut self.walk;
        let first = self.history.is_empty();
        let newest = self.history.push(*from);
        walk.model
            .predict(Parameterisation::Data, &walk.x, from, newest);
        self.increment.copy_from_slice(newest);
        let h = to.lambda - from.lambda;
        if first {
            self.velocity.copy_from_slice(&self.increment);
        } else {
            let r = (from.lambda - self.history.node(1).lambda) / h;
            let half = 0.5 / r;
            update(
                &mut self.increment,
                1.0 + half,
                self.history.values(1),
                -half,
            );
        }
        let beta = self.params.beta;
        update(&mut self.velocity, 1.0 - beta, &self.increment, beta);
        let weight = -to.alpha * (-h).exp_m1();
        update(&mut walk.x, to.sigma / from.sigma, &self.velocity, weight);
        walk.arrive()
    }
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        if to.is_clean() {
            let (carry, step) = noise_transfer(&from, &to);
            let e = &mut self.increment;
            walk.model
                .predict(Parameterisation::Noise, &walk.x, &from, e);
            update(&mut walk.x, carry, e, step);
            return walk.arrive();
        }
        let (beta, kind) = (self.params.beta, self.params.momentum);
        if kind == MomentumKind::Data2m {
            return self.advance_data(&from, &to);
        }
        let generalised = kind == MomentumKind::Generalised;
        let first = self.history.is_empty();
        let newest = self.history.push(from);
        walk.model
            .predict(Parameterisation::Noise, &walk.x, &from, newest);
        if generalised {
            if first {
                self.velocity.copy_from_slice(newest);
            }
            update(&mut self.velocity, 1.0 - beta, newest, beta);
            newest.copy_from_slice(&self.velocity);
        }
        let (carry, step) = noise_transfer(&from, &to);
        let b = if generalised { beta } else { 1.0 };
        self.increment.fill(0.0);
        for (age, c) in coefficients(self.history.len(), b)[..self.history.len()]
            .iter()
            .enumerate()
        {
            add(&mut self.increment, self.history.values(age), c / b);
        }
        if !generalised {
            if first {
                self.velocity.copy_from_slice(&self.increment);
            }
            update(&mut self.velocity, 1.0 - beta, &self.increment, beta);
            if kind == MomentumKind::Nesterov {
                update(&mut self.increment, beta, &self.velocity, 1.0 - beta);
            } else {
                self.increment.copy_from_slice(&self.velocity);
            }
        }
        update(&mut walk.x, carry, &self.increment, step);
        walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.history.save("history", state);
        state.put("velocity", &self.velocity);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let velocity = state.get("velocity", self.velocity.len())?.to_vec();
        self.walk.restore(state)?;
        self.history.restore("history", state)?;
        self.velocity.copy_from_slice(&velocity);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Momentum, MomentumKind};
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::model::Model;
    use crate::parameterisation::Parameterisation;
    use crate::samplers::tests::{distance, end, error, order, three_gaussians};
    use crate::samplers::{Presets, SamplerParams};

    #[test]
    fn orders_in_even_time_are_those_measured_before() {
        let grid = GridParams::spaced(GridKind::Time);
        for (momentum, low, high, at_160) in [
            (MomentumKind::HeavyBall, 0.9, 1.1, 9.68e-3),
            (MomentumKind::Generalised, 1.7, 2.0, 5.87e-4),
        ] {
            let sampler = Momentum {
                momentum,
                ..Momentum::default()
            };
            let (coarse, fine) = (error(&sampler, &grid, 160), error(&sampler, &grid, 640));
            let found = (coarse / fine).log2() / 2.0;
            assert!((low..high).contains(&found), "{momentum:?}: {found}");
            assert!(
                (coarse / at_160 - 1.0).abs() < 0.01,
                "{momentum:?}: {coarse}"
            );
        }
    }

    #[test]
    fn beta_1_is_adams_bashforth_in_every_kind() {
        let problem = three_gaussians();
        let grid = GridParams::spaced(GridKind::Time);
        for order in 1..=4 {
            let of = |momentum| {
                let sampler = Momentum {
                    momentum,
                    order,
                    beta: 1.0,
                };
                end(&sampler, &problem, &grid, 20)
            };
            let plain = of(MomentumKind::HeavyBall);
            assert!(distance(&plain, &of(MomentumKind::Nesterov)) < 1e-12);
            assert!(distance(&plain, &of(MomentumKind::Generalised)) < 1e-12);
        }
    }

    #[test]
    fn a_step_to_zero_noise_returns_the_predicted_data() {
        let problem = three_gaussians();
        let last = problem.schedule.node(1e-3);
        let clean = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        for (name, sampler) in Momentum::presets() {
            let before = end(&sampler, &problem, &GridParams::lambda(), 11);
            let mut data = vec![0.0; before.len()];
            Model::new(&problem).predict(Parameterisation::Data, &before, &last, &mut data);
            let found = end(&sampler, &problem, &clean, 12);
            assert!(distance(&found, &data) < 1e-12, "{name}: {found:?}");
        }
    }

    #[test]
    fn damped_2m_is_of_first_order_and_with_beta_1_it_is_plain_2m() {
        let grid = GridParams::lambda();
        let damped = |beta| Momentum {
            momentum: MomentumKind::Data2m,
            order: 2,
            beta,
        };
        let presets = SamplerParams::presets();
        let (_, plain) = (presets.iter())
            .find(|(name, _)| *name == "dpmpp_2m")
            .expect("a preset");
        let problem = three_gaussians();
        let off = distance(
            &end(&damped(1.0), &problem, &grid, 20),
            &end(plain.sampler(), &problem, &grid, 20),
        );
        assert!(off < 1e-12, "{off}");
        let found = order(&damped(0.8), &grid, 320);
        assert!((found - 1.0).abs() < 0.1, "{found}");
    }
}
