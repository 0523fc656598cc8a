//! DPM-Solver and DPM-Solver++ that spend a given number of evaluations: "DPM-Solver-fast".
//!
//! The budget K is the number of steps of the grid. Steps of the wanted order, with one or two lower
//! ones at the end, use it up:
//!
//! ```text
//! order 3   K mod 3 = 0: 3, ..., 3, 2, 1    1: 3, ..., 3, 1    2: 3, ..., 3, 2
//! order 2   K mod 2 = 0: 2, ..., 2          1: 2, ..., 2, 1
//! ```
//!
//! 1. The steps are even in lambda between the ends of the grid, whose inner nodes are not used.
//! 2. A step of order p is one of [`DpmSolver`], with p evaluations.
//! 3. A first step from pure noise and a last one to zero noise (data form) are taken as the grid
//!    has them, with order 1 and one evaluation; the rest is spent between them.
//!
//! A last step of order 1 leaves an error of second order in the step, so that order 2 is claimed,
//! for order 3 too; the noise is small there, and so is that error. From 480 to
//! 1920 evaluations of the mixture the slope is 3.01 (noise form) and 3.03 (data form). Bad at:
//! budgets below ten: with 8 the error is 1.5 (noise form) and 0.22 (data form).
//!
//! Lu, Zhou, Bao, Chen, Li and Zhu, DPM-Solver (2022).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dpm_solver::{Stages, Work, check_ends, check_order, family};
use super::walk::walks;
use super::{DpmSolver, Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::Form;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::{Node, NoiseSchedule};

/// DPM-Solver of one step on a budget of evaluations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DpmSolverFast {
    /// Highest order of a step, 1 to 3. Default: 3.
    #[schemars(range(min = 1, max = 3))]
    pub order: usize,
    /// The prediction taken to be smooth. Default: noise.
    pub form: Form,
}

impl Default for DpmSolverFast {
    fn default() -> Self {
        Self::new(3, Form::Noise)
    }
}

impl DpmSolverFast {
    /// Steps up to `order`.
    pub fn new(order: usize, form: Form) -> Self {
        Self { order, form }
    }
}

/// Orders of the steps that spend `budget` evaluations.
fn orders(order: usize, budget: usize) -> Vec<usize> {
    let mut orders = vec![order; budget / order];
    match (order, budget % order) {
        // As published: the last three evaluations make a step of order 2 and one of order 1.
        (3, 0) if budget > 0 => {
            orders.pop();
            orders.extend([2, 1]);
        }
        (_, 0) => (),
        (_, rest) => orders.push(rest),
    }
    orders
}

/// The orders of all steps and the nodes between them.
fn plan(order: usize, schedule: &dyn NoiseSchedule, grid: &[Node]) -> (Vec<usize>, Vec<Node>) {
    let mut inner = grid;
    let (mut head, mut tail) = (None, None);
    if inner.len() > 1 && !inner[0].lambda.is_finite() {
        head = Some(inner[0]);
        inner = &inner[1..];
    }
    if inner.len() > 1 && !inner[inner.len() - 1].lambda.is_finite() {
        tail = Some(inner[inner.len() - 1]);
        inner = &inner[..inner.len() - 1];
    }
    let between = orders(order, inner.len() - 1);
    let (first, last) = (inner[0], inner[inner.len() - 1]);
    let share = (last.lambda - first.lambda) / between.len().max(1) as f64;
    let mut nodes: Vec<Node> = head.into_iter().chain([first]).collect();
    nodes.extend(
        (1..between.len()).map(|i| schedule.node_at_lambda(first.lambda + i as f64 * share)),
    );
    if !between.is_empty() {
        nodes.push(last);
    }
    nodes.extend(tail);
    let ones = |end: Option<Node>| end.map(|_| 1);
    let all = ones(head).into_iter().chain(between).chain(ones(tail));
    (all.collect(), nodes)
}

impl Presets for DpmSolverFast {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![
            ("dpm_fast", Self::new(3, Form::Noise)),
            ("dpmpp_fast", Self::new(3, Form::Data)),
        ]
    }
}

impl Sampler for DpmSolverFast {
    fn name(&self) -> String {
        format!("{}-fast, order {}", family(self.form), self.order)
    }

    fn properties(&self) -> Properties {
        Properties {
            evaluations_per_step: self.order as f64,
            reaches_zero_noise: self.form == Form::Data,
            adaptive: true,
            ..Properties::deterministic(self.order.min(2) as f64, self.order + 2)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        check_order(self.order, 1)?;
        check_ends(&self.name(), self.form, grid)?;
        let mut walk = Walk::new(problem, grid, x)?;
        let (orders, nodes) = plan(self.order, problem.schedule.as_ref(), grid);
        walk.grid = nodes;
        let length = walk.x.len();
        // The stages of each order up to the highest.
        let stages = (1..=3)
            .map(|order| DpmSolver::new(order, self.form).stages())
            .collect::<Result<_, _>>()?;
        Ok(Box::new(Steps {
            orders,
            stages,
            first: vec![0.0; length],
            work: Work::new(self.order, length),
            walk,
        }))
    }
}

struct Steps {
    orders: Vec<usize>,
    stages: Vec<Stages>,
    walk: Walk,
    first: Vec<f64>,
    work: Work,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let stages = &self.stages[self.orders[self.walk.position] - 1];
        let Walk { model, x, .. } = &mut self.walk;
        model.predict(stages.form.prediction(), x, &from, &mut self.first);
        stages.step(model, (&from, &to), x, &self.first, &mut self.work);
        self.walk.arrive()
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
    use pdesolve_core::Control;

    use super::{DpmSolverFast, orders};
    use crate::exponential::Form;
    use crate::grid::{FinalStep, GridParams};
    use crate::noise::Noise;
    use crate::sampler::{Trajectory, sample};
    use crate::samplers::DpmSolver;
    use crate::samplers::tests::{STARTS, distance, end, error, three_gaussians};

    #[test]
    fn the_orders_are_the_published_ones_and_spend_the_budget() {
        assert_eq!(orders(3, 12), [3, 3, 3, 2, 1]);
        assert_eq!(orders(3, 10), [3, 3, 3, 1]);
        assert_eq!(orders(3, 11), [3, 3, 3, 2]);
        assert_eq!(orders(3, 3), [2, 1]);
        assert_eq!(orders(2, 7), [2, 2, 2, 1]);
        let problem = three_gaussians();
        for final_step in [FinalStep::SigmaMin, FinalStep::Zero] {
            let grid = GridParams {
                final_step,
                ..GridParams::lambda()
            };
            for order in 1..=3 {
                for budget in 2..16 {
                    let nodes = grid.nodes(problem.schedule.as_ref(), budget).expect("grid");
                    let mut watch = |_: &dyn Trajectory| Control::Continue;
                    let sampler = DpmSolverFast::new(order, Form::Data);
                    let starts = STARTS.to_vec();
                    let noise = Noise::new(1);
                    let report = sample(&sampler, &problem, &nodes, starts, noise, &mut watch)
                        .expect("an end");
                    assert_eq!(report.evaluations, budget as u64, "{sampler:?}");
                }
            }
        }
    }

    #[test]
    fn an_even_budget_of_order_two_is_dpm_solver_of_order_two() {
        let (problem, grid) = (three_gaussians(), GridParams::lambda());
        let fast = end(&DpmSolverFast::new(2, Form::Noise), &problem, &grid, 20);
        let plain = end(&DpmSolver::new(2, Form::Noise), &problem, &grid, 10);
        assert!(distance(&fast, &plain) < 1e-12);
    }

    #[test]
    fn has_third_order_where_no_step_of_order_one_ends_it() {
        let grid = GridParams::lambda();
        for form in [Form::Noise, Form::Data] {
            let sampler = DpmSolverFast::new(3, form);
            // 161 and 641 steps.
            let slope = (error(&sampler, &grid, 482) / error(&sampler, &grid, 1922)).log2()
                / (641.0_f64 / 161.0).log2();
            assert!((slope - 3.0).abs() < 0.15, "{form:?}: {slope}");
        }
    }
}
