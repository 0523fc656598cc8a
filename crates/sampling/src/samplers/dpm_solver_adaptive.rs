//! DPM-Solver and DPM-Solver++ with steps chosen by an estimate of the error.
//!
//! Two methods of one step share their evaluations: the orders 1 and 2 (r_1 = 1/2), or 2 and 3
//! (r_1 = 1/3, r_2 = 2/3) of [`DpmSolver`]. One attempt with a step h in lambda, p the higher order:
//!
//! 1. x_low and x_high, p evaluations.
//! 2. E = the largest over the samples of the root mean square of (x_high - x_low)/delta,
//!    delta = max(atol, rtol max(|x_low|, |x_prev|)), x_prev the x_low of the step before.
//! 3. E <= 1: the step is taken, with x_high. Otherwise x stays.
//! 4. h becomes min(safety h E^(-1/p), lambda_end - lambda).
//!
//! The ends of the grid are the ends of the integration; its inner nodes are not used. As published,
//! a refused attempt asks the model anew: p evaluations each, taken or not.
//!
//! Bad at: batches of unlike samples, which all take the steps of the worst, so that a sample's path
//! depends on its company. The pair of orders 1 and 2 is no
//! bargain: on the mixture of three Gaussians it needs 102 evaluations for an error of 9.0e-3 with the
//! default tolerances (noise form), where 40 fixed steps need 80 for 3.9e-3. The pair of orders 2 and
//! 3 needs 51 for 1.4e-3.
//!
//! Lu, Zhou, Bao, Chen, Li and Zhu, DPM-Solver (2022).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dpm_solver::{Stages, Work, check_ends, family, first_order};
use super::{DpmSolver, Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::Form;
use crate::model::Model;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// DPM-Solver with chosen steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DpmSolverAdaptive {
    /// The higher order of the pair, 2 or 3. Default: 3.
    #[schemars(range(min = 2, max = 3))]
    pub order: usize,
    /// The prediction taken to be smooth. Default: noise.
    pub form: Form,
    /// Error allowed in an unknown, whatever its size. Default: 0.0078.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub atol: f64,
    /// Error allowed in an unknown, as a share of its size. Default: 0.05.
    #[schemars(range(min = 0))]
    pub rtol: f64,
    /// First step in lambda. Default: 0.05.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub h0: f64,
    /// Share of the step that the estimate allows, below 1. Default: 0.9.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub safety: f64,
}

impl Default for DpmSolverAdaptive {
    fn default() -> Self {
        Self::new(3, Form::Noise)
    }
}

impl DpmSolverAdaptive {
    /// The published tolerances with the pair up to `order`.
    pub fn new(order: usize, form: Form) -> Self {
        Self {
            order,
            form,
            atol: 0.0078,
            rtol: 0.05,
            h0: 0.05,
            safety: 0.9,
        }
    }

    fn check(&self) -> Result<(), SamplingError> {
        if !(2..=3).contains(&self.order) {
            return Err(SamplingError::parameter(
                "order",
                format!("it is {}, and there are pairs up to 2 and 3", self.order),
            ));
        }
        for (key, value) in [("atol", self.atol), ("h0", self.h0)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(SamplingError::parameter(
                    key,
                    format!("it is {value}, and is positive"),
                ));
            }
        }
        if !(self.rtol.is_finite() && self.rtol >= 0.0) {
            return Err(SamplingError::parameter(
                "rtol",
                format!("it is {}, and is not negative", self.rtol),
            ));
        }
        if !(self.safety > 0.0 && self.safety < 1.0) {
            return Err(SamplingError::parameter(
                "safety",
                format!("it is {}, and lies between 0 and 1", self.safety),
            ));
        }
        Ok(())
    }
}

impl Presets for DpmSolverAdaptive {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![
            ("dpm_adaptive_2", Self::new(2, Form::Noise)),
            ("dpm_adaptive_3", Self::new(3, Form::Noise)),
            ("dpmpp_adaptive_2", Self::new(2, Form::Data)),
            ("dpmpp_adaptive_3", Self::new(3, Form::Data)),
        ]
    }
}

impl Sampler for DpmSolverAdaptive {
    fn name(&self) -> String {
        format!("{} {}({})", family(self.form), self.order, self.order - 1)
    }

    fn properties(&self) -> Properties {
        Properties {
            evaluations_per_step: self.order as f64,
            adaptive: true,
            ..Properties::deterministic(self.order as f64, self.order + 4)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        self.check()?;
        check_ends(&self.name(), self.form, grid)?;
        let Walk { model, x, grid, .. } = Walk::new(problem, grid, x)?;
        let (first, last) = (grid[0], grid[grid.len() - 1]);
        if !(first.lambda.is_finite() && last.lambda.is_finite()) {
            return Err(SamplingError::grid(format!(
                "a step control in lambda needs a finite lambda at both ends, and it runs from {} to {}; begin later (`from`) and end at the smallest noise (`final = \"sigma_min\"`)",
                first.lambda, last.lambda
            )));
        }
        let length = x.len();
        Ok(Box::new(Steps {
            stages: DpmSolver::new(self.order, self.form).stages()?,
            h: self.h0,
            params: self.clone(),
            model,
            previous: x.clone(),
            x,
            ends: (first, last),
            node: first,
            steps: 0,
            rejected: 0,
            first: vec![0.0; length],
            low: vec![0.0; length],
            work: Work::new(self.order, length),
        }))
    }
}

struct Steps {
    params: DpmSolverAdaptive,
    stages: Stages,
    model: Model,
    x: Vec<f64>,
    /// The lower order's end of the step before.
    previous: Vec<f64>,
    ends: (Node, Node),
    node: Node,
    h: f64,
    steps: usize,
    rejected: usize,
    first: Vec<f64>,
    low: Vec<f64>,
    work: Work,
}

impl Steps {
    /// Both ends of a step to `to`: the lower order's in `low`, the higher one's in `work.stage`.
    fn attempt(&mut self, to: &Node) {
        let (from, stages) = (self.node, self.stages);
        let form = stages.form;
        let (model, work) = (&mut self.model, &mut self.work);
        model.predict(form.prediction(), &self.x, &from, &mut self.first);
        let h = to.lambda - from.lambda;
        let inner = model.schedule().node_at_lambda(from.lambda + stages.r1 * h);
        first_order(form, (&from, &inner), &self.x, &self.first, &mut work.stage);
        model.predict(form.prediction(), &work.stage, &inner, &mut work.second);
        let ends = (&from, to);
        if stages.order == 2 {
            first_order(form, ends, &self.x, &self.first, &mut self.low);
            stages.second_order(ends, &self.x, &self.first, &work.second, &mut work.stage);
        } else {
            stages.second_order(ends, &self.x, &self.first, &work.second, &mut self.low);
            let inner = stages.third_stage(model, ends, &self.x, &self.first, work);
            model.predict(form.prediction(), &work.stage, &inner, &mut work.third);
            stages.third_order(ends, &self.x, &self.first, work);
        }
    }

    /// E, the estimate of the error as a multiple of the one that is allowed.
    fn estimate(&self) -> f64 {
        let unknowns = self.model.unknowns();
        let (atol, rtol) = (self.params.atol, self.params.rtol);
        let mut largest = 0.0;
        for start in (0..self.x.len()).step_by(unknowns) {
            let mut sum = 0.0;
            for i in start..start + unknowns {
                let (low, previous) = (self.low[i], self.previous[i]);
                let delta = atol.max(rtol * low.abs().max(previous.abs()));
                sum += ((self.work.stage[i] - low) / delta).powi(2);
            }
            let e = (sum / unknowns as f64).sqrt();
            // A NaN stays one.
            if e > largest || e.is_nan() {
                largest = e;
            }
        }
        largest
    }
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let last = self.ends.1;
        let span = last.lambda - self.ends.0.lambda;
        loop {
            let left = last.lambda - self.node.lambda;
            if self.h < left && self.h < 1e-9 * span {
                return Err(SamplingError::StepTooSmall {
                    h: self.h,
                    lambda: self.node.lambda,
                });
            }
            // A rest too short to be a step of its own is taken along.
            let to = if self.h >= left * (1.0 - 1e-9) {
                last
            } else {
                let lambda = self.node.lambda + self.h;
                self.model.schedule().node_at_lambda(lambda)
            };
            self.attempt(&to);
            (self.model).check_finite(&self.work.stage, self.steps + 1, &to)?;
            let e = self.estimate();
            let h = to.lambda - self.node.lambda;
            self.h = self.params.safety * h * e.powf(-1.0 / self.params.order as f64);
            if e <= 1.0 {
                // No error at all allows any step; a finite number can be saved.
                self.h = self.h.min(span);
                std::mem::swap(&mut self.x, &mut self.work.stage);
                std::mem::swap(&mut self.previous, &mut self.low);
                self.node = to;
                self.steps += 1;
                return Ok(());
            }
            self.rejected += 1;
        }
    }

    fn finished(&self) -> bool {
        self.node.lambda >= self.ends.1.lambda
    }

    fn node(&self) -> Node {
        self.node
    }

    fn batch(&self) -> &[f64] {
        &self.x
    }

    fn steps(&self) -> usize {
        self.steps
    }

    fn rejected(&self) -> usize {
        self.rejected
    }

    fn evaluations(&self) -> u64 {
        self.model.evaluations()
    }

    fn save(&self, state: &mut State) {
        state.put("x", &self.x);
        state.put("previous", &self.previous);
        state.put("lambda", &[self.node.lambda, self.h]);
        state.put_counter("steps", self.steps as u64);
        state.put_counter("rejected", self.rejected as u64);
        state.put_counter("evaluations", self.model.evaluations());
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let x = state.get("x", self.x.len())?;
        let previous = state.get("previous", self.x.len())?;
        let place = state.get("lambda", 2)?;
        let steps = state.counter("steps")?;
        let rejected = state.counter("rejected")?;
        let evaluations = state.counter("evaluations")?;
        self.x.copy_from_slice(x);
        self.previous.copy_from_slice(previous);
        // The ends are kept as they were given, to the last bit.
        self.node = match place[0] {
            lambda if lambda == self.ends.0.lambda => self.ends.0,
            lambda if lambda == self.ends.1.lambda => self.ends.1,
            lambda => self.model.schedule().node_at_lambda(lambda),
        };
        self.h = place[1];
        self.steps = steps as usize;
        self.rejected = rejected as usize;
        self.model.set_evaluations(evaluations);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pdesolve_core::Control;

    use super::DpmSolverAdaptive;
    use crate::error::SamplingError;
    use crate::exponential::Form;
    use crate::grid::GridParams;
    use crate::noise::Noise;
    use crate::sampler::{SampleReport, Trajectory, sample};
    use crate::samplers::tests::{EXACT, STARTS, distance, three_gaussians};

    fn run(sampler: &DpmSolverAdaptive) -> Result<SampleReport, SamplingError> {
        let problem = three_gaussians();
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 1)
            .expect("grid");
        let mut watch = |_: &dyn Trajectory| Control::Continue;
        let starts = STARTS.to_vec();
        sample(sampler, &problem, &nodes, starts, Noise::new(1), &mut watch)
    }

    #[test]
    fn a_smaller_tolerance_gives_a_smaller_error_and_every_attempt_costs_its_order() {
        let mut refused = 0;
        for form in [Form::Noise, Form::Data] {
            for order in [2, 3] {
                let mut before = f64::INFINITY;
                for rtol in [1e-1, 1e-2, 1e-3, 1e-4] {
                    let sampler = DpmSolverAdaptive {
                        rtol,
                        atol: 0.1 * rtol,
                        ..DpmSolverAdaptive::new(order, form)
                    };
                    let report = run(&sampler).expect("an end");
                    let attempts = report.steps + report.rejected;
                    assert_eq!(report.evaluations, (order * attempts) as u64);
                    refused += report.rejected;
                    let error = distance(&report.x, &EXACT);
                    assert!(error < before, "{sampler:?}: {error}, {before} before");
                    before = error;
                }
                assert!(before < 1e-2, "{form:?} {order}: {before}");
            }
        }
        assert!(refused > 0);
    }

    #[test]
    fn a_tolerance_below_rounding_ends_with_an_error() {
        let sampler = DpmSolverAdaptive {
            rtol: 0.0,
            atol: 1e-40,
            ..DpmSolverAdaptive::default()
        };
        let failed = run(&sampler).err();
        assert!(
            matches!(failed, Some(SamplingError::StepTooSmall { .. })),
            "{failed:?}"
        );
    }

    #[test]
    fn refuses_parameters_that_are_none() {
        let good = DpmSolverAdaptive::default;
        for (bad, key) in [
            (DpmSolverAdaptive { order: 1, ..good() }, "order"),
            (
                DpmSolverAdaptive {
                    atol: 0.0,
                    ..good()
                },
                "atol",
            ),
            (
                DpmSolverAdaptive {
                    rtol: -1.0,
                    ..good()
                },
                "rtol",
            ),
            (
                DpmSolverAdaptive {
                    h0: f64::NAN,
                    ..good()
                },
                "h0",
            ),
            (
                DpmSolverAdaptive {
                    safety: 1.0,
                    ..good()
                },
                "safety",
            ),
        ] {
            match run(&bad).err() {
                Some(SamplingError::Parameter { key: found, .. }) => assert_eq!(found, key),
                other => panic!("{key}: {other:?}"),
            }
        }
    }
}
