//! A schedule of solvers: each step with its own time, form, order, derivatives and corrector.
//!
//! One step, from lambda_s over h, is a Taylor step of the exponential integrator,
//!
//! ```text
//! x_t = a x_s + sum_(k < order) w_k m^(k)
//! ```
//!
//! with m the predicted noise or data and m^(k) its derivatives at lambda_s, estimated by
//!
//! * `full`: differences through the last `order` predictions;
//! * `low`: derivative k by differences through the last k + 1 predictions only, so that with three
//!   terms the first derivative is a difference of two;
//! * `single`: calls within the step: order 2 is `x_t = a x_s + w_0 m(h/2)`, order 3 has calls at
//!   h/3 and 2h/3 and `x_t = a x_s + w_0 m + w_1 (m(2h/3) - m)/(2h/3)`.
//!
//! The corrector repeats the step once the prediction at its end is known (the next step needs it
//! anyway), with differences through that and the last `order` ones; it costs no call. The last step
//! has none, and a step to zero noise is the first-order data step.
//!
//! Multistep orders start low: as many predictions as there are. Order 3 of a constant schedule
//! needs a start that the full interval forgives; a searched schedule is good for the grid and
//! model it was searched on, not in the limit of many steps. [`crate::search`] finds them.
//!
//! Source: Liu, Ning, Yang and Wang (2023), the unified sampling framework; its steps are those of
//! Lu et al. (2022) and Zhao et al. (2023). There the first derivative is drawn from
//! any number of predictions and the others take all: up to three terms these are `full` and `low`.
//! Their program also scales the first derivative by 1 + c h, leaves out the first call, expands a
//! third form, and corrects `low` steps by few predictions where all are taken here.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::{Form, add, update};
use crate::history::History;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// How a step estimates derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Derivative {
    /// Differences through all of the last `order` predictions.
    #[default]
    Full,
    /// Differences through as few predictions as each derivative needs.
    Low,
    /// Calls of the model within the step.
    Single,
}

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SolverStep {
    /// Time at which the step ends; 0 is the end without noise. Default: that of the grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
    /// Whether noise or data are expanded. Default: data.
    pub form: Form,
    /// Terms of the Taylor series. Default: 2.
    #[schemars(range(min = 1, max = 3))]
    pub order: usize,
    /// Where derivatives come from. Default: full.
    pub derivative: Derivative,
    /// Whether the step is corrected. Default: false.
    pub corrector: bool,
}

impl Default for SolverStep {
    fn default() -> Self {
        Self {
            time: None,
            form: Form::Data,
            order: 2,
            derivative: Derivative::Full,
            corrector: false,
        }
    }
}

/// A schedule of solvers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SolverSchedule {
    /// The steps; the last one serves all further steps of the grid. With times in all of them they
    /// replace the nodes of the grid after its first. Default: one of second order.
    pub steps: Vec<SolverStep>,
}

impl Default for SolverSchedule {
    fn default() -> Self {
        Self {
            steps: vec![SolverStep::default()],
        }
    }
}

impl Presets for SolverSchedule {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![("scheduled", Self::default())]
    }
}

impl Sampler for SolverSchedule {
    fn name(&self) -> String {
        format!("solver schedule of {} entries", self.steps.len())
    }

    fn properties(&self) -> Properties {
        let calls = |s: &SolverStep| match s.derivative {
            Derivative::Single => s.order as f64,
            _ => 1.0,
        };
        // On a long grid the last entry decides.
        let last = self.steps.last().copied().unwrap_or_default();
        // The first derivative through two predictions alone is of first order, whatever follows it.
        let predictor = match last.derivative {
            Derivative::Low => last.order.min(2),
            _ => last.order,
        };
        // The corrector weighs one prediction more, made where the predictor ended.
        let order = predictor + usize::from(last.corrector);
        Properties {
            evaluations_per_step: calls(&last),
            reaches_zero_noise: true,
            ..Properties::deterministic(order as f64, 13)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if self.steps.is_empty() {
            return Err(SamplingError::parameter(
                "steps",
                "there are none; at least one is needed",
            ));
        }
        if let Some(step) = self.steps.iter().find(|s| !(1..=3).contains(&s.order)) {
            return Err(SamplingError::parameter(
                "steps.order",
                format!("it is {}; orders are 1, 2 and 3", step.order),
            ));
        }
        let mut walk = Walk::new(problem, grid, x)?;
        if !walk.grid[0].lambda.is_finite() {
            return Err(SamplingError::grid(format!(
                "steps in lambda need data at the start, and alpha is {} at t = {}; give `from`",
                grid[0].alpha, grid[0].t
            )));
        }
        let timed = self.steps.iter().filter(|s| s.time.is_some()).count();
        if timed > 0 {
            if timed != self.steps.len() {
                return Err(SamplingError::parameter(
                    "steps.time",
                    format!(
                        "{timed} of {} steps have one; give all or none",
                        self.steps.len()
                    ),
                ));
            }
            walk.grid.truncate(1);
            for step in &self.steps {
                let t = step.time.unwrap_or(0.0);
                let last = walk.grid[walk.grid.len() - 1];
                let node = if t == 0.0 {
                    Node::CLEAN
                } else {
                    problem.schedule.node(t)
                };
                let falls = t >= 0.0 && t < last.t && node.lambda > last.lambda;
                if !falls {
                    return Err(SamplingError::grid(format!(
                        "the times of the schedule must fall from that of the first node, and {t} follows {}",
                        last.t
                    )));
                }
                walk.grid.push(node);
            }
        }
        let length = walk.x.len();
        Ok(Box::new(Steps {
            steps: self.steps.clone(),
            data: History::new(4, length),
            noise: History::new(4, length),
            before: vec![0.0; length],
            stage: vec![0.0; length],
            inner: [vec![0.0; length], vec![0.0; length]],
            walk,
        }))
    }
}

struct Steps {
    steps: Vec<SolverStep>,
    walk: Walk,
    // The predictions in both forms, so that steps may differ in theirs.
    data: History,
    noise: History,
    // The batch at the beginning of the last step, for its corrector.
    before: Vec<f64>,
    stage: Vec<f64>,
    inner: [Vec<f64>; 2],
}

impl Steps {
    fn choice(&self, position: usize) -> SolverStep {
        self.steps[position.min(self.steps.len() - 1)]
    }

    /// Asks the model where the batch stands.
    fn ask(&mut self, from: &Node) {
        let walk = &mut self.walk;
        let data = self.data.push(*from);
        (walk.model).predict(Parameterisation::Data, &walk.x, from, data);
        let noise = self.noise.push(*from);
        let (a, b) = Parameterisation::Data.convert(Parameterisation::Noise, from);
        for ((noise, data), x) in noise.iter_mut().zip(data.iter()).zip(&walk.x) {
            *noise = a * x + b * data;
        }
    }

    /// Repeats the step before, which ended at the newest prediction.
    fn correct(&mut self, step: SolverStep, begin: &Node, end: &Node) {
        let history = match step.form {
            Form::Noise => &self.noise,
            Form::Data => &self.data,
        };
        // Newest first: the end, the beginning, and what came before.
        let points = history.len().min(step.order + 1);
        self.walk.x.copy_from_slice(&self.before);
        taylor(
            step.form,
            history,
            points,
            false,
            begin,
            end,
            &mut self.walk.x,
        );
    }
}

/// `x = a x + sum_(k < n) w_k m^(k)` from `from` to `to`, the derivatives at `from` through the newest
/// `n` predictions each, or where `low` through the newest k + 1 alone.
fn taylor(
    form: Form,
    history: &History,
    n: usize,
    low: bool,
    from: &Node,
    to: &Node,
    x: &mut [f64],
) {
    let mut weights = [0.0; 4];
    let mut u = [0.0; 4];
    for (u, age) in u.iter_mut().zip(0..n) {
        *u = history.node(age).lambda - from.lambda;
    }
    for k in 0..n {
        // m^(k) is the sum of m_j times the k-th derivative of Lagrange polynomial j at 0.
        let used = if low { k + 1 } else { n };
        let w = form.weight(k, from, to);
        for (j, weight) in weights[..used].iter_mut().enumerate() {
            *weight += w * lagrange(&u[..used], j, k);
        }
    }
    let a = form.carry(from, to);
    update(x, a, history.values(0), weights[0]);
    for (j, &weight) in weights[..n].iter().enumerate().skip(1) {
        add(x, history.values(j), weight);
    }
}

/// Derivative number `k` at 0 of the Lagrange polynomial of node `j` of at most four `nodes`.
fn lagrange(nodes: &[f64], j: usize, k: usize) -> f64 {
    // Coefficients of the product of (u - u_i)/(u_j - u_i), grown factor by factor.
    let mut c = [1.0, 0.0, 0.0, 0.0];
    let mut degree = 0;
    for (i, &v) in nodes.iter().enumerate() {
        if i == j {
            continue;
        }
        let d = nodes[j] - v;
        degree += 1;
        for p in (0..=degree).rev() {
            let below = if p > 0 { c[p - 1] } else { 0.0 };
            let same = if p < degree { c[p] } else { 0.0 };
            c[p] = (below - v * same) / d;
        }
    }
    c[k] * crate::exponential::factorial(k)
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let position = self.walk.position;
        let mut step = self.choice(position);
        self.ask(&from);
        if position > 0 {
            let last = self.choice(position - 1);
            if last.corrector {
                let begin = self.walk.grid[position - 1];
                self.correct(last, &begin, &from);
            }
        }
        self.before.copy_from_slice(&self.walk.x);
        if to.is_clean() {
            step = SolverStep {
                form: Form::Data,
                order: 1,
                derivative: Derivative::Full,
                ..step
            };
        }
        let history = match step.form {
            Form::Noise => &self.noise,
            Form::Data => &self.data,
        };
        let form = step.form;
        let walk = &mut self.walk;
        if step.derivative != Derivative::Single || step.order == 1 {
            let n = step.order.min(history.len());
            let low = step.derivative == Derivative::Low;
            taylor(form, history, n, low, &from, &to, &mut walk.x);
            return walk.arrive();
        }
        let h = to.lambda - from.lambda;
        let m = history.values(0);
        let share = if step.order == 2 { 0.5 } else { 1.0 / 3.0 };
        let inside = |share: f64, walk: &Walk| {
            (walk.model.schedule()).node_at_lambda(from.lambda + share * h)
        };
        let node = inside(share, walk);
        let [first, second] = &mut self.inner;
        self.stage.copy_from_slice(&walk.x);
        update(
            &mut self.stage,
            form.carry(&from, &node),
            m,
            form.weight(0, &from, &node),
        );
        (walk.model).predict(form.prediction(), &self.stage, &node, first);
        let a = form.carry(&from, &to);
        if step.order == 2 {
            update(&mut walk.x, a, first, form.weight(0, &from, &to));
            return walk.arrive();
        }
        let node = inside(2.0 / 3.0, walk);
        let slope = form.weight(1, &from, &node) / (h / 3.0);
        self.stage.copy_from_slice(&walk.x);
        update(
            &mut self.stage,
            form.carry(&from, &node),
            m,
            form.weight(0, &from, &node) - slope,
        );
        add(&mut self.stage, first, slope);
        (walk.model).predict(form.prediction(), &self.stage, &node, second);
        let slope = form.weight(1, &from, &to) / (2.0 * h / 3.0);
        update(&mut walk.x, a, m, form.weight(0, &from, &to) - slope);
        add(&mut walk.x, second, slope);
        walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.data.save("data", state);
        self.noise.save("noise", state);
        state.put("before", &self.before);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let before = state.get("before", self.before.len())?;
        self.data.restore("data", state)?;
        self.noise.restore("noise", state)?;
        self.before.copy_from_slice(before);
        self.walk.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Derivative, SolverSchedule, SolverStep};
    use crate::analytic::GaussianMixture;
    use crate::denoiser::Condition;
    use crate::exponential::Form;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::sampler::{Sampler, Trajectory};
    use crate::samplers::tests::{
        STARTS, assert_golden, distance, end, error, order, three_gaussians,
    };
    use crate::schedule::{Flow, Node};

    fn every(form: Form, order: usize, derivative: Derivative, corrector: bool) -> SolverSchedule {
        SolverSchedule {
            steps: vec![SolverStep {
                time: None,
                form,
                order,
                derivative,
                corrector,
            }],
        }
    }

    #[test]
    fn contains_the_solvers_it_unites() {
        use Derivative::{Full, Single};
        let ddim = every(Form::Data, 1, Full, false);
        assert_golden(&ddim, 10, [2.0392111324, 0.1440450143]);
        let two = every(Form::Noise, 2, Single, false);
        assert_golden(&two, 10, [2.2037111947, 0.1771882594]);
        let three = every(Form::Noise, 3, Single, false);
        assert_golden(&three, 20, [2.1552600436, 0.1681263804]);
        let two = every(Form::Data, 2, Single, false);
        assert_golden(&two, 10, [2.1366100586, 0.1627968602]);
        // DPM-Solver++ 3M with its Taylor start.
        let multi = every(Form::Data, 3, Full, false);
        for (steps, known) in [(10, 6.97e-2), (40, 5.04e-3), (160, 5.94e-5)] {
            let off = error(&multi, &GridParams::lambda(), steps);
            assert!((off / known - 1.0).abs() < 0.005, "{steps}: {off:e}");
        }
    }

    #[test]
    fn orders_are_those_of_the_series_and_the_corrector_gains_one() {
        use Derivative::{Full, Low};
        for (derivative, terms, corrector, expected) in [
            (Full, 1, false, 1.0),
            (Full, 2, false, 2.0),
            (Full, 3, false, 3.0),
            (Low, 2, false, 2.0),
            (Full, 1, true, 2.0),
            (Full, 2, true, 3.0),
        ] {
            let sampler = every(Form::Data, terms, derivative, corrector);
            let found = order(&sampler, &GridParams::lambda(), 160);
            assert!((found - expected).abs() < 0.35, "{sampler:?}: {found}");
        }
    }

    /// Eight steps that differ in every respect.
    fn mixed() -> SolverSchedule {
        use Derivative::{Full, Low, Single};
        use Form::{Data, Noise};
        let steps = [
            (Noise, 1, Full, true),
            (Noise, 2, Full, true),
            (Data, 3, Low, true),
            (Data, 3, Full, false),
            (Noise, 2, Single, true),
            (Data, 3, Single, false),
            (Noise, 3, Low, false),
            (Data, 2, Full, true),
        ];
        SolverSchedule {
            steps: (steps.iter())
                .map(|&(form, order, derivative, corrector)| SolverStep {
                    time: None,
                    form,
                    order,
                    derivative,
                    corrector,
                })
                .collect(),
        }
    }

    /// The times of [`mixed`] in the golden run; the first is that of the start.
    const TIMES: [f64; 9] = [1.0, 0.8, 0.62, 0.45, 0.3, 0.18, 0.09, 0.03, 1e-3];

    fn timed(mut schedule: SolverSchedule, times: &[f64]) -> SolverSchedule {
        for (step, &time) in schedule.steps.iter_mut().zip(times) {
            step.time = Some(time);
        }
        schedule
    }

    #[test]
    fn mixed_schedules_reproduce_an_independent_program() {
        // Which solves the Taylor systems for the derivatives and takes the integrals by Simpson's
        // rule: no Lagrange polynomials, no phi functions.
        let known = [
            2.137043956111,
            0.193625247737,
            -0.977212242739,
            1.757239132253,
            0.497669997827,
            -1.854794879168,
            -1.339080262259,
            0.716597249900,
        ];
        let problem = three_gaussians();
        let x = end(&mixed(), &problem, &GridParams::lambda(), 8);
        assert!(distance(&x, &known) < 1e-10, "{x:?}");
        // And with times of its own, whatever the grid says beyond its first node.
        let x = end(
            &timed(mixed(), &TIMES[1..]),
            &problem,
            &GridParams::lambda(),
            3,
        );
        assert!(
            distance(&x[..2], &[2.203367595822, 0.221216241698]) < 1e-10,
            "{x:?}"
        );
    }

    #[test]
    fn derivatives_and_correctors_reproduce_the_program_of_the_authors() {
        // Its `update` in double precision; for `low` the first derivative has one difference and the
        // second has both.
        use Derivative::{Full, Low};
        use Form::{Data, Noise};
        let problem = three_gaussians();
        for (form, order, derivative, corrector, known) in [
            (
                Noise,
                3,
                Low,
                false,
                [
                    2.134875362886,
                    0.173495208765,
                    -1.000135276412,
                    1.750288283607,
                    0.453088026235,
                    -1.828472215373,
                    -1.333178100379,
                    0.906863193536,
                ],
            ),
            (
                Noise,
                3,
                Full,
                false,
                [
                    2.137199131136,
                    0.181771895426,
                    -1.001231660068,
                    1.759236416597,
                    0.446003750227,
                    -1.853796615885,
                    -1.347219629853,
                    0.903927950369,
                ],
            ),
            (
                Data,
                3,
                Low,
                false,
                [
                    2.126171083768,
                    0.227239381759,
                    -0.926974638201,
                    1.739853421342,
                    0.786905343358,
                    -1.599250981820,
                    -1.282793117207,
                    0.363319921798,
                ],
            ),
            (
                Data,
                3,
                Full,
                false,
                [
                    1.959999756711,
                    0.264197876532,
                    -0.641192703450,
                    1.511031849077,
                    1.395854275485,
                    -0.902498987289,
                    -0.967927112870,
                    -0.477733639929,
                ],
            ),
            (
                Noise,
                2,
                Full,
                true,
                [
                    2.191726325073,
                    0.179651437328,
                    -1.085087963342,
                    1.837871820344,
                    0.275186712822,
                    -2.087749321612,
                    -1.435399650847,
                    0.985927872950,
                ],
            ),
            (
                Data,
                2,
                Full,
                true,
                [
                    2.214403942511,
                    0.227036719331,
                    -1.066850039684,
                    1.885770616361,
                    0.220195743453,
                    -2.281672196467,
                    -1.526747350342,
                    0.978242772422,
                ],
            ),
        ] {
            let steps = vec![every(form, order, derivative, corrector).steps[0]; 8];
            let sampler = timed(SolverSchedule { steps }, &TIMES[1..]);
            let x = end(&sampler, &problem, &GridParams::lambda(), 8);
            assert!(distance(&x, &known) < 1e-10, "{sampler:?}: {x:?}");
        }
    }

    #[test]
    fn times_of_the_steps_are_those_of_an_explicit_grid_bit_for_bit() {
        let problem = three_gaussians();
        let grid = GridParams::spaced(GridKind::Explicit {
            times: TIMES.to_vec(),
        });
        let given = end(&mixed(), &problem, &grid, 8);
        let own = end(
            &timed(mixed(), &TIMES[1..]),
            &problem,
            &GridParams::lambda(),
            8,
        );
        assert_eq!(given, own);
    }

    #[test]
    fn a_step_to_zero_noise_returns_the_predicted_data_whatever_its_entry_says() {
        let problem = three_gaussians();
        let mut times = TIMES;
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::spaced(GridKind::Explicit {
                times: times[..8].to_vec(),
            })
        };
        for (form, derivative) in [
            (Form::Noise, Derivative::Single),
            (Form::Noise, Derivative::Full),
            (Form::Data, Derivative::Low),
        ] {
            let mut schedule = mixed();
            // The last but one has no corrector, so that the last begins where it ended.
            schedule.steps[7] = SolverStep {
                form,
                derivative,
                order: 3,
                ..schedule.steps[7]
            };
            let x = end(&schedule, &problem, &grid, 8);
            let mut before = schedule.clone();
            before.steps.truncate(7);
            let before = end(&timed(before, &TIMES[1..8]), &problem, &grid, 8);
            let node = problem.schedule.node(TIMES[7]);
            let mut data = vec![0.0; 8];
            (problem.denoiser).evaluate(&before, &node, Condition::None, &mut data);
            for (eps, x) in data.iter_mut().zip(&before) {
                *eps = (x - node.sigma * *eps) / node.alpha;
            }
            assert!(distance(&x, &data) < 1e-13, "{x:?} {data:?}");
            // Time 0 is the same end.
            times[8] = 0.0;
            let own = end(
                &timed(schedule, &times[1..]),
                &problem,
                &GridParams::lambda(),
                8,
            );
            assert_eq!(own, x);
        }
    }

    #[test]
    fn calls_and_order_follow_from_the_last_entry_and_its_corrector() {
        use Derivative::{Full, Low, Single};
        for (terms, derivative, corrector, claimed, calls) in [
            (2, Full, false, 2.0, 1.0),
            (2, Full, true, 3.0, 1.0),
            (1, Full, true, 2.0, 1.0),
            (3, Low, false, 2.0, 1.0),
            (3, Low, true, 3.0, 1.0),
            (2, Single, true, 3.0, 2.0),
            (3, Single, false, 3.0, 3.0),
        ] {
            let sampler = every(Form::Data, terms, derivative, corrector);
            let properties = sampler.properties();
            assert_eq!(properties.order, Some(claimed), "{sampler:?}");
            assert_eq!(properties.evaluations_per_step, calls, "{sampler:?}");
            let found = order(&sampler, &GridParams::lambda(), 160);
            assert!((found - claimed).abs() < 0.35, "{sampler:?}: {found}");
        }
    }

    #[test]
    fn schedules_that_make_no_sense_are_refused_with_what_to_take_instead() {
        let problem = three_gaussians();
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 8)
            .expect("grid");
        let refusal = |schedule: &SolverSchedule, problem: &Problem, nodes: &[Node]| {
            schedule
                .start(problem, nodes, STARTS.to_vec(), Noise::new(1))
                .err()
                .unwrap_or_else(|| panic!("accepted: {schedule:?}"))
                .to_string()
        };
        let none = SolverSchedule { steps: Vec::new() };
        assert!(refusal(&none, &problem, &nodes).contains("at least one"));
        for terms in [0, 4] {
            let text = refusal(
                &every(Form::Data, terms, Derivative::Full, false),
                &problem,
                &nodes,
            );
            assert!(text.contains("orders are 1, 2 and 3"), "{text}");
        }
        let mut some = mixed();
        some.steps[2].time = Some(0.5);
        assert!(refusal(&some, &problem, &nodes).contains("1 of 8 steps have one"));
        for times in [
            [0.8, 0.9, 0.45, 0.3, 0.18, 0.09, 0.03, 1e-3],
            [1.0, 0.9, 0.45, 0.3, 0.18, 0.09, 0.03, 1e-3],
            [0.9, 0.8, 0.45, 0.3, 0.18, 0.09, 0.03, -1.0],
            [0.9, 0.8, 0.45, 0.3, f64::NAN, 0.09, 0.03, 1e-3],
            [0.9, 0.8, 0.45, 0.3, 0.2, 0.09, 0.0, 0.0],
        ] {
            let text = refusal(&timed(mixed(), &times), &problem, &nodes);
            assert!(text.contains("must fall"), "{times:?}: {text}");
        }
        // No data at the start: lambda is not finite there.
        let target = GaussianMixture {
            parameterisation: Parameterisation::Data,
            ..GaussianMixture::three()
        };
        let flow = Problem::new(
            Arc::new(Flow::default()),
            Arc::new(target.checked().expect("three components")),
        );
        let nodes = GridParams::spaced(GridKind::Time)
            .nodes(flow.schedule.as_ref(), 8)
            .expect("grid");
        assert!(refusal(&mixed(), &flow, &nodes).contains("give `from`"));
        assert!(
            mixed()
                .start(&flow, &nodes[1..], STARTS.to_vec(), Noise::new(1))
                .is_ok()
        );
    }

    #[test]
    fn a_mixed_schedule_goes_on_bit_for_bit_from_every_step() {
        let problem = three_gaussians();
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 8)
            .expect("grid");
        let start = || {
            (mixed().start(&problem, &nodes, STARTS.to_vec(), Noise::new(1))).expect("a schedule")
        };
        let finish = |mut run: Box<dyn Trajectory>| {
            while !run.finished() {
                run.advance().expect("smooth");
            }
            run.batch().to_vec()
        };
        let whole = finish(start());
        let mut run = start();
        while !run.finished() {
            let mut state = pdesolve_core::State::default();
            run.save(&mut state);
            let mut rest = start();
            rest.restore(&state).expect("its own state");
            assert_eq!(finish(rest), whole);
            run.advance().expect("smooth");
        }
    }
}
