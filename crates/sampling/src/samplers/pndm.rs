//! PNDM: Adams-Bashforth weights of equal steps on the predicted noise, carried by DDIM.
//!
//! ```text
//! x_t = (alpha_t/alpha_s) x_s + (sigma_t - (alpha_t/alpha_s) sigma_s) e
//! e   = e_0;  (3 e_0 - e_1)/2;  (23 e_0 - 16 e_1 + 5 e_2)/12;  (55 e_0 - 59 e_1 + 37 e_2 - 9 e_3)/24
//! ```
//!
//! e_j is the prediction of j steps before; the first steps have the length that the history allows.
//! Two ways to begin:
//!
//! * `repeated` (PLMS): DDIM to the second node, ask there, and take the first step again with the
//!   mean of both predictions. The one in between is then forgotten: n steps take n + 1 evaluations.
//! * `runge_kutta` (PRK): the first three steps have four stages each, at t, twice at the middle of
//!   the step in t, and at its end, with the weights 1/6, 1/3, 1/3, 1/6, each stage carried by DDIM:
//!   n steps take n + 9 evaluations.
//!
//! Order 2 for steps even in t: the weights are those of equal steps, and do not see that the noise
//! counts unevenly in a step. The error constant is small. Measured from 160 to 640 steps: 1.82.
//! A step to zero noise is one of DDIM.
//!
//! Source: Liu, Ren, Lin and Zhao, Pseudo numerical methods for diffusion models on manifolds (2022).
//!
//! Bad at: grids that are not even in t; high accuracy.

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

/// How [`Pndm`] begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PndmStart {
    /// The first step is taken twice (PLMS).
    #[default]
    Repeated,
    /// Three steps of four stages (PRK).
    RungeKutta,
}

/// PNDM.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pndm {
    /// How it begins. Default: repeated.
    pub start: PndmStart,
}

impl Presets for Pndm {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![("plms", Self::default())]
    }
}

impl Sampler for Pndm {
    fn name(&self) -> String {
        match self.start {
            PndmStart::Repeated => "PNDM (PLMS)",
            PndmStart::RungeKutta => "PNDM (PRK, PLMS)",
        }
        .to_owned()
    }

    fn properties(&self) -> Properties {
        Properties {
            reaches_zero_noise: true,
            ..Properties::deterministic(2.0, 8)
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
        Ok(Box::new(Steps {
            start: self.start,
            history: History::new(4, length),
            stage: vec![0.0; length],
            e: vec![0.0; length],
            sum: vec![0.0; length],
            walk,
        }))
    }
}

/// Adams-Bashforth weights of equal steps, by the number of predictions.
const ADAMS_BASHFORTH: [&[f64]; 4] = [
    &[1.0],
    &[1.5, -0.5],
    &[23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0],
    &[55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
];

struct Steps {
    start: PndmStart,
    walk: Walk,
    history: History,
    stage: Vec<f64>,
    e: Vec<f64>,
    sum: Vec<f64>,
}

impl Steps {
    /// Asks at `node` for the noise of x carried there from `from` with the noise `e`; into `e`.
    fn stage(&mut self, from: &Node, node: &Node) {
        let (a, b) = noise_transfer(from, node);
        self.stage.copy_from_slice(&self.walk.x);
        update(&mut self.stage, a, &self.e, b);
        (self.walk.model).predict(Parameterisation::Noise, &self.stage, node, &mut self.e);
    }
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let newest = self.history.push(from);
        (self.walk.model).predict(Parameterisation::Noise, &self.walk.x, &from, newest);
        self.e.copy_from_slice(newest);
        self.sum.fill(0.0);
        if to.is_clean() {
            add(&mut self.sum, &self.e, 1.0);
        } else if self.start == PndmStart::Repeated && self.walk.position == 0 {
            add(&mut self.sum, &self.e, 0.5);
            self.stage(&from, &to);
            add(&mut self.sum, &self.e, 0.5);
        } else if self.start == PndmStart::RungeKutta && self.walk.position < 3 {
            let middle = self.walk.model.schedule().node(0.5 * (from.t + to.t));
            add(&mut self.sum, &self.e, 1.0 / 6.0);
            for (node, weight) in [(middle, 1.0 / 3.0), (middle, 1.0 / 3.0), (to, 1.0 / 6.0)] {
                self.stage(&from, &node);
                add(&mut self.sum, &self.e, weight);
            }
        } else {
            let weights = ADAMS_BASHFORTH[self.history.len() - 1];
            for (age, &weight) in weights.iter().enumerate() {
                add(&mut self.sum, self.history.values(age), weight);
            }
        }
        let (a, b) = noise_transfer(&from, &to);
        update(&mut self.walk.x, a, &self.sum, b);
        self.walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.history.save("history", state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.walk.restore(state)?;
        self.history.restore("history", state)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pndm, PndmStart};
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::model::Model;
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::sampler::Sampler;
    use crate::samplers::Presets;
    use crate::samplers::tests::{STARTS, distance, end, error, three_gaussians};

    #[test]
    fn errors_in_even_time_are_those_measured_before() {
        let grid = GridParams::spaced(GridKind::Time);
        for (steps, known) in [(10, 1.57e-1), (40, 1.14e-3), (160, 1.92e-4), (640, 1.54e-5)] {
            let found = error(&Pndm::default(), &grid, steps);
            assert!((found / known - 1.0).abs() < 0.01, "{steps} steps: {found}");
        }
    }

    #[test]
    fn the_start_costs_one_evaluation_and_that_of_runge_kutta_nine() {
        let problem = three_gaussians();
        let grid = GridParams::spaced(GridKind::Time);
        let nodes = grid.nodes(problem.schedule.as_ref(), 10).expect("grid");
        for (start, expected) in [(PndmStart::Repeated, 11), (PndmStart::RungeKutta, 19)] {
            let mut path = Pndm { start }
                .start(&problem, &nodes, STARTS.to_vec(), Noise::new(1))
                .expect("start");
            while !path.finished() {
                path.advance().expect("finite");
            }
            assert_eq!(path.evaluations(), expected);
        }
    }

    #[test]
    fn the_start_of_runge_kutta_keeps_order_two() {
        let sampler = Pndm {
            start: PndmStart::RungeKutta,
        };
        let grid = GridParams::spaced(GridKind::Time);
        let found = (error(&sampler, &grid, 160) / error(&sampler, &grid, 640)).log2() / 2.0;
        assert!((1.7..2.2).contains(&found), "{found}");
    }

    #[test]
    fn a_step_to_zero_noise_returns_the_predicted_data() {
        let problem = three_gaussians();
        let last = problem.schedule.node(1e-3);
        let clean = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        for (name, sampler) in Pndm::presets() {
            let before = end(&sampler, &problem, &GridParams::lambda(), 11);
            let mut data = vec![0.0; before.len()];
            Model::new(&problem).predict(Parameterisation::Data, &before, &last, &mut data);
            let found = end(&sampler, &problem, &clean, 12);
            assert!(distance(&found, &data) < 1e-12, "{name}: {found:?}");
        }
    }
}
