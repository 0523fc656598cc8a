//! DPM-Solver and DPM-Solver++ of one step: exponential Runge-Kutta methods in lambda.
//!
//! With m the predicted noise or the predicted data (see [`exponential`](crate::exponential) for a
//! and w_k), h the step in lambda, and stages at lambda_s + r_1 h and lambda_s + r_2 h:
//!
//! ```text
//! order 1   x_t = a x + w_0 m
//! order 2   x_1 = order 1 up to r_1 h,  m_1 = m(x_1)
//!           x_t = a x + w_0 m + w_0/(2 r_1) (m_1 - m)            standard
//!           x_t = a x + w_0 m + w_1/(r_1 h) (m_1 - m)            Taylor
//! order 3   x_2 = a x + w_0 m + w_1/(r_1 h) (m_1 - m) up to r_2 h,  m_2 = m(x_2)
//!           x_t = a x + w_0 m + w_1/(r_2 h) (m_2 - m)            standard
//!           x_t = a x + w_0 m + w_1/h D_1 + w_2/h^2 D_2          Taylor
//!           D_1 and D_2 from the parabola through m, m_1, m_2
//! ```
//!
//! A step of order p asks the model p times. Order 3 needs r_2 = 2/3 with either weights: elsewhere
//! the second-order error of m_1, or of the parabola, comes through.
//!
//! Measured orders on the mixture of three Gaussians, from 160 to 640 steps: 1.00, 2.01 and 3.03
//! (noise form), 1.00, 1.97 and 2.97 (data form). Bad at: few evaluations, where a multistep method
//! spends them better; noisy models, whose differences it divides by r h.
//!
//! Lu, Zhou, Bao, Chen, Li and Zhu, DPM-Solver (2022) and DPM-Solver++ (2022).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::Form;
use crate::model::Model;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// How a step of one step weighs the differences of its stages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageWeights {
    /// As published: one difference, weighed so that the order conditions hold.
    #[default]
    Standard,
    /// The Taylor series with every derivative replaced by a difference quotient.
    Taylor,
}

/// DPM-Solver (`form = "noise"`) and DPM-Solver++ (`form = "data"`) of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DpmSolver {
    /// Order, and evaluations a step: 1, 2 or 3. Default: 2.
    #[schemars(range(min = 1, max = 3))]
    pub order: usize,
    /// The prediction taken to be smooth. Default: data.
    pub form: Form,
    /// Weights of the differences. Default: standard.
    pub variant: StageWeights,
    /// Place of the second evaluation within the step, between 0 and 1. Default: 1/2 at order 2,
    /// 1/3 at order 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub r1: Option<f64>,
    /// Place of the third evaluation within the step, between r1 and 1. Default: 2/3, the one place
    /// that gives third order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub r2: Option<f64>,
}

impl Default for DpmSolver {
    fn default() -> Self {
        Self::new(2, Form::Data)
    }
}

impl DpmSolver {
    /// The published method of an order.
    pub fn new(order: usize, form: Form) -> Self {
        Self {
            order,
            form,
            variant: StageWeights::Standard,
            r1: None,
            r2: None,
        }
    }

    /// Orders and places as they are used.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for an order or a place that is none.
    pub(super) fn stages(&self) -> Result<Stages, SamplingError> {
        check_order(self.order, 1)?;
        let stages = Stages {
            order: self.order,
            form: self.form,
            variant: self.variant,
            r1: (self.r1).unwrap_or(if self.order == 3 { 1.0 / 3.0 } else { 0.5 }),
            r2: self.r2.unwrap_or(2.0 / 3.0),
        };
        if !(stages.r1 > 0.0 && stages.r1 <= 1.0) {
            return Err(SamplingError::parameter(
                "r1",
                format!(
                    "it is {}, and the second evaluation lies within the step: above 0, at most 1",
                    stages.r1
                ),
            ));
        }
        if self.order == 3 && !(stages.r2 > stages.r1 && stages.r2 <= 1.0) {
            return Err(SamplingError::parameter(
                "r2",
                format!(
                    "it is {}, and the third evaluation lies behind the second, r1 = {}, and within the step: at most 1",
                    stages.r2, stages.r1
                ),
            ));
        }
        Ok(stages)
    }
}

impl Presets for DpmSolver {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![
            ("dpm_1", Self::new(1, Form::Noise)),
            ("dpm_2s", Self::new(2, Form::Noise)),
            ("dpm_3s", Self::new(3, Form::Noise)),
            ("dpmpp_2s", Self::new(2, Form::Data)),
            ("dpmpp_3s", Self::new(3, Form::Data)),
        ]
    }
}

impl Sampler for DpmSolver {
    fn name(&self) -> String {
        let taylor = if self.variant == StageWeights::Taylor {
            ", Taylor weights"
        } else {
            ""
        };
        format!("{} {}S{taylor}", family(self.form), self.order)
    }

    fn properties(&self) -> Properties {
        let third = self.r2.is_none_or(|r2| (r2 - 2.0 / 3.0).abs() < 1e-12);
        let order = if third { self.order } else { self.order.min(2) };
        Properties {
            evaluations_per_step: self.order as f64,
            reaches_zero_noise: self.form == Form::Data,
            ..Properties::deterministic(order as f64, self.order + 2)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        let stages = self.stages()?;
        check_ends(&self.name(), self.form, grid)?;
        let walk = Walk::new(problem, grid, x)?;
        let length = walk.x.len();
        Ok(Box::new(Steps {
            stages,
            first: vec![0.0; length],
            work: Work::new(self.order, length),
            walk,
        }))
    }
}

struct Steps {
    stages: Stages,
    walk: Walk,
    first: Vec<f64>,
    work: Work,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let Walk { model, x, .. } = &mut self.walk;
        model.predict(self.stages.form.prediction(), x, &from, &mut self.first);
        (self.stages).step(model, (&from, &to), x, &self.first, &mut self.work);
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

/// One step of one step: its order, form, weights and places of evaluation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stages {
    pub(super) order: usize,
    pub(super) form: Form,
    pub(super) variant: StageWeights,
    pub(super) r1: f64,
    pub(super) r2: f64,
}

/// Arrays of one step: the state of a stage, and the later predictions.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) stage: Vec<f64>,
    pub(super) second: Vec<f64>,
    pub(super) third: Vec<f64>,
}

impl Work {
    /// For steps up to `order` of batches of `length` numbers.
    pub(super) fn new(order: usize, length: usize) -> Self {
        Self {
            stage: vec![0.0; length],
            second: vec![0.0; if order > 1 { length } else { 0 }],
            third: vec![0.0; if order > 2 { length } else { 0 }],
        }
    }
}

impl Stages {
    /// Takes `x` over one step, given the prediction m at its start.
    ///
    /// A step from lambda = -infinity or to lambda = infinity has no inner points, and is taken with
    /// order 1, which the data form knows how to do.
    pub(super) fn step(
        &self,
        model: &mut Model,
        (from, to): (&Node, &Node),
        x: &mut Vec<f64>,
        m: &[f64],
        work: &mut Work,
    ) {
        let h = to.lambda - from.lambda;
        let order = if h.is_finite() { self.order } else { 1 };
        if order == 1 {
            first_order(self.form, (from, to), x, m, &mut work.stage);
        } else {
            let inner = model.schedule().node_at_lambda(from.lambda + self.r1 * h);
            first_order(self.form, (from, &inner), x, m, &mut work.stage);
            model.predict(
                self.form.prediction(),
                &work.stage,
                &inner,
                &mut work.second,
            );
            if order == 2 {
                self.second_order((from, to), x, m, &work.second, &mut work.stage);
            } else {
                let inner = self.third_stage(model, (from, to), x, m, work);
                model.predict(self.form.prediction(), &work.stage, &inner, &mut work.third);
                self.third_order((from, to), x, m, work);
            }
        }
        std::mem::swap(x, &mut work.stage);
    }

    /// The second-order end of the step, from m and m_1.
    pub(super) fn second_order(
        &self,
        (from, to): (&Node, &Node),
        x: &[f64],
        m: &[f64],
        second: &[f64],
        out: &mut [f64],
    ) {
        let h = to.lambda - from.lambda;
        let w0 = self.form.weight(0, from, to);
        let b = match self.variant {
            StageWeights::Standard => w0 / (2.0 * self.r1),
            StageWeights::Taylor => self.form.weight(1, from, to) / (self.r1 * h),
        };
        let a = self.form.carry(from, to);
        combine(out, a, x, [(w0 - b, m), (b, second)]);
    }

    /// The state x_2, into `work.stage`, and its node.
    pub(super) fn third_stage(
        &self,
        model: &Model,
        (from, to): (&Node, &Node),
        x: &[f64],
        m: &[f64],
        work: &mut Work,
    ) -> Node {
        let h = to.lambda - from.lambda;
        let inner = model.schedule().node_at_lambda(from.lambda + self.r2 * h);
        let a = self.form.carry(from, &inner);
        let w0 = self.form.weight(0, from, &inner);
        let b = self.form.weight(1, from, &inner) / (self.r1 * h);
        combine(&mut work.stage, a, x, [(w0 - b, m), (b, &work.second)]);
        inner
    }

    /// The third-order end of the step, from m, m_1 and m_2, into `work.stage`.
    pub(super) fn third_order(
        &self,
        (from, to): (&Node, &Node),
        x: &[f64],
        m: &[f64],
        work: &mut Work,
    ) {
        let h = to.lambda - from.lambda;
        let (r1, r2) = (self.r1, self.r2);
        let a = self.form.carry(from, to);
        let w0 = self.form.weight(0, from, to);
        let w1 = self.form.weight(1, from, to) / h;
        let (b1, b2) = match self.variant {
            StageWeights::Standard => (0.0, w1 / r2),
            StageWeights::Taylor => {
                // D_1 = (r2 d1 - r1 d2)/(r2 - r1), D_2 = 2 (d2 - d1)/(r2 - r1), d_i = (m_i - m)/r_i
                let w2 = self.form.weight(2, from, to) / (h * h);
                let b1 = (w1 * r2 - 2.0 * w2) / (r1 * (r2 - r1));
                let b2 = (2.0 * w2 - w1 * r1) / (r2 * (r2 - r1));
                (b1, b2)
            }
        };
        let terms = [(w0 - b1 - b2, m), (b1, &work.second), (b2, &work.third)];
        combine(&mut work.stage, a, x, terms);
    }
}

/// x_t = a x + w_0 m
pub(super) fn first_order(
    form: Form,
    (from, to): (&Node, &Node),
    x: &[f64],
    m: &[f64],
    out: &mut [f64],
) {
    let w0 = form.weight(0, from, to);
    combine(out, form.carry(from, to), x, [(w0, m)]);
}

/// `out = a x + sum_j b_j m_j`, unknown by unknown.
pub(super) fn combine<const N: usize>(
    out: &mut [f64],
    a: f64,
    x: &[f64],
    terms: [(f64, &[f64]); N],
) {
    for (i, (out, x)) in out.iter_mut().zip(x).enumerate() {
        let mut sum = a * x;
        for (b, m) in terms {
            sum += b * m[i];
        }
        *out = sum;
    }
}

/// Name of the methods of a form.
pub(super) fn family(form: Form) -> &'static str {
    match form {
        Form::Noise => "DPM-Solver",
        Form::Data => "DPM-Solver++",
    }
}

/// Refuses orders below `least` and above 3.
pub(super) fn check_order(order: usize, least: usize) -> Result<(), SamplingError> {
    if (least..=3).contains(&order) {
        return Ok(());
    }
    Err(SamplingError::parameter(
        "order",
        format!("it is {order}, and the method has the orders {least} to 3"),
    ))
}

/// Refuses the ends of a grid that the noise form cannot step from or to.
pub(super) fn check_ends(name: &str, form: Form, grid: &[Node]) -> Result<(), SamplingError> {
    if form == Form::Data {
        return Ok(());
    }
    if grid.last().is_some_and(Node::is_clean) {
        return Err(SamplingError::ZeroNoise {
            sampler: name.to_owned(),
            reason:
                "a step of infinite length in lambda amplifies the predicted noise without bound"
                    .to_owned(),
        });
    }
    if let Some(node) = grid.first().filter(|node| node.alpha == 0.0) {
        return Err(SamplingError::unfit(
            name,
            format!(
                "alpha is 0 at its first time, t = {}, and the noise form divides by it; begin later (`from`), or take `form = \"data\"`",
                node.t
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DpmSolver, StageWeights};
    use crate::analytic::{GaussianMixture, Target};
    use crate::error::SamplingError;
    use crate::exponential::Form;
    use crate::grid::{FinalStep, GridParams};
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::sampler::Sampler;
    use crate::samplers::tests::{
        STARTS, assert_golden, distance, end, error, order, three_gaussians,
    };
    use crate::schedule::{Flow, VarianceExploding, VarianceLinear};

    #[test]
    fn reproduces_the_golden_trajectories() {
        let first = DpmSolver::new(1, Form::Noise);
        assert_golden(&first, 10, [2.0392111324, 0.1440450143]);
        assert_golden(&first, 20, [2.0979806447, 0.1548656197]);
        let second = DpmSolver::new(2, Form::Noise);
        assert_golden(&second, 10, [2.2037111947, 0.1771882594]);
        assert_golden(&second, 20, [2.1663774423, 0.1697637151]);
        let third = DpmSolver::new(3, Form::Noise);
        assert_golden(&third, 10, [2.1545298071, 0.1681441234]);
        assert_golden(&third, 20, [2.1552600436, 0.1681263804]);
        let data = DpmSolver::new(2, Form::Data);
        assert_golden(&data, 10, [2.1366100586, 0.1627968602]);
        assert_golden(&data, 20, [2.1511162164, 0.1663600603]);
    }

    #[test]
    fn has_the_order_of_its_stages_in_both_forms_and_with_both_weights() {
        for form in [Form::Noise, Form::Data] {
            for variant in [StageWeights::Standard, StageWeights::Taylor] {
                for p in 1..=3 {
                    let sampler = DpmSolver {
                        variant,
                        ..DpmSolver::new(p, form)
                    };
                    let grid = GridParams::lambda();
                    let slope =
                        (error(&sampler, &grid, 160) / error(&sampler, &grid, 640)).log2() / 2.0;
                    assert!(
                        (slope - p as f64).abs() < 0.15,
                        "{}: {slope}",
                        sampler.name()
                    );
                }
            }
        }
    }

    #[test]
    fn keeps_the_third_order_only_where_the_third_evaluation_is_at_two_thirds() {
        for variant in [StageWeights::Standard, StageWeights::Taylor] {
            for (r1, r2, expected) in [(0.25, 0.75, 2.0), (0.25, 2.0 / 3.0, 3.0)] {
                let sampler = DpmSolver {
                    variant,
                    r1: Some(r1),
                    r2: Some(r2),
                    ..DpmSolver::new(3, Form::Noise)
                };
                assert_eq!(sampler.properties().order, Some(expected));
                let slope = order(&sampler, &GridParams::lambda(), 640);
                assert!(
                    (slope - expected).abs() < 0.15,
                    "{variant:?}, r2 = {r2}: {slope}"
                );
            }
        }
    }

    /// A single Gaussian on the linear variance-preserving schedule, and its exact end.
    pub(super) fn gaussian(deviation: f64) -> (Problem, Vec<f64>) {
        let target = GaussianMixture::single(&[1.0, -2.0], deviation);
        let schedule = Arc::new(VarianceLinear::default());
        let problem = Problem::new(schedule, Arc::new(target.clone()));
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 1)
            .expect("grid");
        let mut exact = STARTS.to_vec();
        assert!(target.flow(&nodes[0], &nodes[1], &mut exact));
        (problem, exact)
    }

    #[test]
    fn follows_the_affine_flow_of_gaussian_data() {
        let (problem, exact) = gaussian(0.5);
        let sampler = DpmSolver::new(3, Form::Noise);
        for (steps, expected) in [(20, 1.40e-4), (40, 1.47e-5), (80, 1.67e-6)] {
            let found = distance(
                &end(&sampler, &problem, &GridParams::lambda(), steps),
                &exact,
            );
            assert!(
                (found / expected - 1.0).abs() < 0.005,
                "{steps} steps: {found:e}, {expected:e} expected"
            );
        }
    }

    #[test]
    fn data_of_a_single_point_are_reached_in_one_step_by_every_order() {
        let (problem, exact) = gaussian(0.0);
        for form in [Form::Noise, Form::Data] {
            for p in 1..=3 {
                let sampler = DpmSolver::new(p, form);
                let found = distance(&end(&sampler, &problem, &GridParams::lambda(), 1), &exact);
                // Beyond order 1 differences of predictions, weighed by e^h = 1.5e4, carry rounding.
                let rounding = if p == 1 { 1e-11 } else { 1e-9 };
                assert!(found <= rounding, "{}: {found:e}", sampler.name());
            }
        }
    }

    #[test]
    fn works_where_data_and_noise_do_not_keep_the_variance() {
        let target = GaussianMixture::three().checked().expect("three");
        let exploding = Problem::new(
            Arc::new(VarianceExploding::default()),
            Arc::new(target.clone()),
        );
        let straight = Problem::new(Arc::new(Flow::default()), Arc::new(target));
        let mut flow_grid = GridParams::lambda();
        (flow_grid.from, flow_grid.to) = (Some(0.99), Some(0.01));
        for (problem, grid) in [(exploding, GridParams::lambda()), (straight, flow_grid)] {
            let reference = end(&DpmSolver::new(3, Form::Data), &problem, &grid, 6000);
            for (form, p) in [(Form::Noise, 2), (Form::Noise, 3), (Form::Data, 2)] {
                let sampler = DpmSolver::new(p, form);
                let at = |steps| distance(&end(&sampler, &problem, &grid, steps), &reference);
                let slope = (at(320) / at(640)).log2();
                assert!(
                    (slope - p as f64).abs() < 0.25,
                    "{} on {}: {slope}",
                    sampler.name(),
                    problem.schedule.name()
                );
            }
        }
    }

    #[test]
    fn the_data_form_ends_at_no_noise_and_the_noise_form_refuses() {
        let problem = three_gaussians();
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        let nodes = grid.nodes(problem.schedule.as_ref(), 20).expect("grid");
        let x = end(&DpmSolver::new(3, Form::Data), &problem, &grid, 40);
        assert!(x.iter().all(|x| x.is_finite()));
        let refused =
            DpmSolver::new(2, Form::Noise).start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
        assert!(matches!(
            refused.err(),
            Some(SamplingError::ZeroNoise { .. })
        ));
    }

    #[test]
    fn refuses_orders_and_places_that_are_none() {
        let problem = three_gaussians();
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 4)
            .expect("grid");
        let sampler = DpmSolver::default();
        for (bad, key) in [
            (
                DpmSolver {
                    order: 4,
                    ..sampler.clone()
                },
                "order",
            ),
            (
                DpmSolver {
                    r1: Some(0.0),
                    ..sampler.clone()
                },
                "r1",
            ),
            (
                DpmSolver {
                    order: 3,
                    r2: Some(0.2),
                    ..sampler.clone()
                },
                "r2",
            ),
        ] {
            let refused = bad.start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
            match refused.err() {
                Some(SamplingError::Parameter { key: found, .. }) => assert_eq!(found, key),
                other => panic!("{key}: {other:?}"),
            }
        }
    }
}
