//! Runge-Kutta methods in rho = sigma/alpha.
//!
//! With y = x/alpha the probability-flow equation is `dy/drho = eps(alpha y, rho)`, and a step from
//! rho_s to rho_t = rho_s + d is
//!
//! ```text
//! k_i = eps at rho_s + c_i d, y_s + d sum_j a_ij k_j;     y_t = y_s + d sum_i b_i k_i
//! ```
//!
//! | method | c | order, claimed |
//! |---|---|---|
//! | Heun | 0, 1 | 2 |
//! | Kutta | 0, 1/2, 1 | 3 |
//! | classical | 0, 1/2, 1/2, 1 | 4 |
//!
//! A step to zero noise is one of Euler (DDIM), since the model cannot be asked there.
//!
//! Sources: Karras et al. (2022) for Heun (theirs, without fresh noise); Zhang and Chen (2023).
//!
//! Bad at: few evaluations; the first steps of a grid even in lambda are very long in rho.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::noise_transfer::{needs_data_at_start, noise_transfer};
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::{add, update};
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// The method of [`RhoRungeKutta`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RhoMethod {
    /// Heun's: two stages, order 2.
    #[default]
    Heun,
    /// Kutta's: three stages, order 3.
    Kutta3,
    /// The classical one: four stages, order 4.
    Rk4,
}

type Stage = (f64, &'static [f64]);

impl RhoMethod {
    /// (c_i, a_i) of the stages, and b.
    fn tableau(self) -> (&'static [Stage], &'static [f64]) {
        match self {
            Self::Heun => (&[(0.0, &[]), (1.0, &[1.0])], &[0.5, 0.5]),
            Self::Kutta3 => (
                &[(0.0, &[]), (0.5, &[0.5]), (1.0, &[-1.0, 2.0])],
                &[1.0 / 6.0, 2.0 / 3.0, 1.0 / 6.0],
            ),
            Self::Rk4 => (
                &[
                    (0.0, &[]),
                    (0.5, &[0.5]),
                    (0.5, &[0.0, 0.5]),
                    (1.0, &[0.0, 0.0, 1.0]),
                ],
                &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
            ),
        }
    }
}

/// Runge-Kutta in rho = sigma/alpha.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RhoRungeKutta {
    /// The method. Default: heun.
    pub order: RhoMethod,
}

impl Presets for RhoRungeKutta {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![
            (
                "rho_heun",
                Self {
                    order: RhoMethod::Heun,
                },
            ),
            (
                "rho_kutta3",
                Self {
                    order: RhoMethod::Kutta3,
                },
            ),
            (
                "rho_rk4",
                Self {
                    order: RhoMethod::Rk4,
                },
            ),
        ]
    }
}

impl Sampler for RhoRungeKutta {
    fn name(&self) -> String {
        match self.order {
            RhoMethod::Heun => "Heun in sigma/alpha",
            RhoMethod::Kutta3 => "Kutta 3 in sigma/alpha",
            RhoMethod::Rk4 => "RK4 in sigma/alpha",
        }
        .to_owned()
    }

    fn properties(&self) -> Properties {
        // In all three the order is the number of stages.
        let stages = self.order.tableau().1.len();
        Properties {
            evaluations_per_step: stages as f64,
            reaches_zero_noise: true,
            ..Properties::deterministic(stages as f64, stages + 2)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        let walk = Walk::new(problem, grid, x)?;
        needs_data_at_start(grid)?;
        let length = walk.x.len();
        let stages = self.order.tableau().1.len();
        Ok(Box::new(Steps {
            method: self.order,
            k: vec![vec![0.0; length]; stages],
            stage: vec![0.0; length],
            walk,
        }))
    }
}

struct Steps {
    method: RhoMethod,
    walk: Walk,
    k: Vec<Vec<f64>>,
    stage: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        let noise = Parameterisation::Noise;
        if to.is_clean() {
            walk.model.predict(noise, &walk.x, &from, &mut self.k[0]);
            let (a, b) = noise_transfer(&from, &to);
            update(&mut walk.x, a, &self.k[0], b);
            return walk.arrive();
        }
        let (stages, b) = self.method.tableau();
        let d = to.rho() - from.rho();
        for (i, &(c, a)) in stages.iter().enumerate() {
            let node = if c == 0.0 {
                from
            } else if c == 1.0 {
                to
            } else {
                let lambda = -(from.rho() + c * d).ln();
                walk.model.schedule().node_at_lambda(lambda)
            };
            let carry = node.alpha / from.alpha;
            for (stage, x) in self.stage.iter_mut().zip(&walk.x) {
                *stage = carry * x;
            }
            for (k, a) in self.k.iter().zip(a) {
                add(&mut self.stage, k, node.alpha * d * a);
            }
            walk.model
                .predict(noise, &self.stage, &node, &mut self.k[i]);
        }
        let carry = to.alpha / from.alpha;
        for x in &mut walk.x {
            *x *= carry;
        }
        for (k, b) in self.k.iter().zip(b) {
            add(&mut walk.x, k, to.alpha * d * b);
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
    use super::{RhoMethod, RhoRungeKutta};
    use crate::grid::{FinalStep, GridParams};
    use crate::model::Model;
    use crate::parameterisation::Parameterisation;
    use crate::samplers::Presets;
    use crate::samplers::tests::{assert_golden, distance, end, error, three_gaussians};

    #[test]
    fn heun_reproduces_the_golden_trajectory() {
        let heun = RhoRungeKutta::default();
        assert_golden(&heun, 10, [2.2724471898, 0.1828240609]);
        assert_golden(&heun, 20, [2.1761189541, 0.1717091136]);
    }

    #[test]
    fn orders_are_two_three_and_four() {
        // Kutta's method settles at its order only with short steps.
        for (order, claimed, steps) in [
            (RhoMethod::Heun, 2.0, 160),
            (RhoMethod::Kutta3, 3.0, 1280),
            (RhoMethod::Rk4, 4.0, 320),
        ] {
            let sampler = RhoRungeKutta { order };
            let off = |n| error(&sampler, &GridParams::lambda(), n);
            let found = (off(steps) / off(2 * steps)).log2();
            assert!((found - claimed).abs() < 0.15, "{order:?}: {found}");
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
        for (name, sampler) in RhoRungeKutta::presets() {
            let before = end(&sampler, &problem, &GridParams::lambda(), 11);
            let mut data = vec![0.0; before.len()];
            Model::new(&problem).predict(Parameterisation::Data, &before, &last, &mut data);
            let found = end(&sampler, &problem, &clean, 12);
            assert!(distance(&found, &data) < 1e-12, "{name}: {found:?}");
        }
    }
}
