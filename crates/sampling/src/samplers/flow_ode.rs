//! The flow dx/dt = v(x, t) by an explicit Runge-Kutta method in the time of the schedule.
//!
//! ```text
//! v   = alpha' E[x_0 | x] + sigma' E[eps | x]          the primes are d/dt
//! k_i = v(x_s + a_i h k_(i-1), t_s + a_i h),           h = t_t - t_s < 0
//! x_t = x_s + h sum_i b_i k_i
//! ```
//!
//! | method | a | b | order | evaluations a step |
//! |---|---|---|---|---|
//! | euler | 0 | 1 | 1 | 1 |
//! | heun | 0, 1 | 1/2, 1/2 | 2 | 2 |
//! | midpoint | 0, 1/2 | 0, 1 | 2 | 2 |
//! | rk4 | 0, 1/2, 1/2, 1 | 1/6, 1/3, 1/3, 1/6 | 4 | 4 |
//!
//! Each stage leans on the one before it alone, so two arrays serve all methods. A step to zero
//! noise returns the predicted data, which on straight paths is the Euler step.
//!
//! Made for straight paths (alpha = 1 - t, sigma = t), where the time of the schedule is the natural
//! one and the velocity is finite even at alpha = 0: Lipman, Chen, Ben-Hamu, Nickel and Le (2023),
//! Liu, Gong and Liu (2023). Bad at schedules whose velocity varies over many scales in t, such as
//! the variance-preserving ones: sigma' grows like t^(-1/2) at small t, and steps even in lambda
//! do better there in an exponential integrator.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::add;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// An explicit Runge-Kutta method, each stage of which leans on the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OdeMethod {
    /// Euler: order 1.
    Euler,
    /// Heun, the explicit trapezium: order 2.
    #[default]
    Heun,
    /// The explicit midpoint rule: order 2.
    Midpoint,
    /// The classical method of Kutta: order 4.
    Rk4,
}

impl OdeMethod {
    /// (a_i, b_i) of each stage.
    pub fn stages(self) -> &'static [(f64, f64)] {
        match self {
            Self::Euler => &[(0.0, 1.0)],
            Self::Heun => &[(0.0, 0.5), (1.0, 0.5)],
            Self::Midpoint => &[(0.0, 0.0), (0.5, 1.0)],
            Self::Rk4 => &[
                (0.0, 1.0 / 6.0),
                (0.5, 1.0 / 3.0),
                (0.5, 1.0 / 3.0),
                (1.0, 1.0 / 6.0),
            ],
        }
    }

    /// Order of the error in the step.
    pub fn order(self) -> f64 {
        match self {
            Self::Euler => 1.0,
            Self::Heun | Self::Midpoint => 2.0,
            Self::Rk4 => 4.0,
        }
    }
}

/// The flow by a Runge-Kutta method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowOde {
    /// The method. Default: heun.
    pub method: OdeMethod,
}

impl Presets for FlowOde {
    fn presets() -> Vec<(&'static str, Self)> {
        [
            ("flow_euler", OdeMethod::Euler),
            ("flow_heun", OdeMethod::Heun),
            ("flow_midpoint", OdeMethod::Midpoint),
            ("flow_rk4", OdeMethod::Rk4),
        ]
        .map(|(name, method)| (name, Self { method }))
        .to_vec()
    }
}

impl Sampler for FlowOde {
    fn name(&self) -> String {
        match self.method {
            OdeMethod::Euler => "flow by Euler",
            OdeMethod::Heun => "flow by Heun",
            OdeMethod::Midpoint => "flow by the midpoint rule",
            OdeMethod::Rk4 => "flow by RK4",
        }
        .to_owned()
    }

    fn properties(&self) -> Properties {
        let stages = self.method.stages().len();
        Properties {
            evaluations_per_step: stages as f64,
            reaches_zero_noise: true,
            ..Properties::deterministic(self.method.order(), if stages == 1 { 2 } else { 4 })
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
        for node in grid.iter().filter(|node| !node.is_clean()) {
            self.check_velocity(problem, node)?;
        }
        let length = walk.x.len();
        let more = if self.method == OdeMethod::Euler {
            0
        } else {
            length
        };
        Ok(Box::new(Steps {
            method: self.method,
            velocity: vec![0.0; length],
            stage: vec![0.0; more],
            sum: vec![0.0; more],
            walk,
        }))
    }
}

impl FlowOde {
    /// Refuses a node at which the prediction of the model gives no finite velocity.
    fn check_velocity(&self, problem: &Problem, node: &Node) -> Result<(), SamplingError> {
        if !(node.alpha_dot.is_finite() && node.sigma_dot.is_finite()) {
            return Err(SamplingError::unfit(
                self.name(),
                format!(
                    "at t = {} the schedule changes at the rates alpha' = {}, sigma' = {}, and the flow needs finite ones; move that end of the grid, or take a sampler in lambda such as `ddim`",
                    node.t, node.alpha_dot, node.sigma_dot
                ),
            ));
        }
        let from = problem.denoiser.parameterisation();
        let through: &[Parameterisation] = if problem.guidance.is_empty() {
            &[Parameterisation::Flow]
        } else {
            // Guidance is applied to the predicted data.
            &[Parameterisation::Data, Parameterisation::Flow]
        };
        let mut form = from;
        for &to in through {
            let (a, b) = form.convert(to, node);
            if !(a.is_finite() && b.is_finite()) {
                return Err(SamplingError::unfit(
                    self.name(),
                    format!(
                        "at t = {} alpha is {}, and a prediction of the form {from:?} gives no velocity there; start at a smaller time, or take a model that predicts flow, v or data",
                        node.t, node.alpha
                    ),
                ));
            }
            form = to;
        }
        Ok(())
    }
}

struct Steps {
    method: OdeMethod,
    walk: Walk,
    /// k_i.
    velocity: Vec<f64>,
    /// Where k_i is taken.
    stage: Vec<f64>,
    /// sum_i b_i k_i.
    sum: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        if to.is_clean() {
            let data = &mut self.velocity;
            walk.model
                .predict(Parameterisation::Data, &walk.x, &from, data);
            walk.x.copy_from_slice(data);
            return walk.arrive();
        }
        let h = to.t - from.t;
        let flow = Parameterisation::Flow;
        walk.model.predict(flow, &walk.x, &from, &mut self.velocity);
        let stages = self.method.stages();
        if stages.len() == 1 {
            add(&mut walk.x, &self.velocity, h);
            return walk.arrive();
        }
        self.sum.fill(0.0);
        add(&mut self.sum, &self.velocity, stages[0].1);
        for &(a, b) in &stages[1..] {
            self.stage.copy_from_slice(&walk.x);
            add(&mut self.stage, &self.velocity, a * h);
            let node = if a == 1.0 {
                to
            } else {
                walk.model.schedule().node(from.t + a * h)
            };
            walk.model
                .predict(flow, &self.stage, &node, &mut self.velocity);
            add(&mut self.sum, &self.velocity, b);
        }
        add(&mut walk.x, &self.sum, h);
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

    use super::{FlowOde, OdeMethod};
    use crate::analytic::{GaussianMixture, Target};
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::sampler::Sampler;
    use crate::samplers::tests::{EXACT, STARTS, distance, end, three_gaussians};
    use crate::schedule::{Flow, NoiseSchedule};

    const METHODS: [OdeMethod; 4] = [
        OdeMethod::Euler,
        OdeMethod::Heun,
        OdeMethod::Midpoint,
        OdeMethod::Rk4,
    ];

    fn straight(target: GaussianMixture) -> Problem {
        let target = target.checked().expect("target");
        Problem::new(Arc::new(Flow::default()), Arc::new(target))
    }

    fn predicting_flow(mut target: GaussianMixture) -> GaussianMixture {
        target.parameterisation = Parameterisation::Flow;
        target
    }

    /// The exact flow on straight paths: the exact one of the variance-preserving schedule carried
    /// over, since y = x/alpha as a function of sigma/alpha is the same in every schedule.
    fn carried() -> (GridParams, Vec<f64>, Vec<f64>) {
        let vp = three_gaussians().schedule;
        let flow = Flow::default();
        let ends = [1.0, 1e-3].map(|t| {
            let from = vp.node(t);
            (from, flow.node_at_lambda(from.lambda))
        });
        let scaled = |x: &[f64], i: usize| {
            let (from, to) = &ends[i];
            x.iter().map(|x| x * to.alpha / from.alpha).collect()
        };
        let grid = GridParams {
            from: Some(ends[0].1.t),
            to: Some(ends[1].1.t),
            ..GridParams::spaced(GridKind::Time)
        };
        (grid, scaled(&STARTS, 0), scaled(&EXACT, 1))
    }

    fn run(
        method: OdeMethod,
        problem: &Problem,
        grid: &GridParams,
        n: usize,
        x: &[f64],
    ) -> Vec<f64> {
        let nodes = grid.nodes(problem.schedule.as_ref(), n).expect("grid");
        let mut trajectory = FlowOde { method }
            .start(problem, &nodes, x.to_vec(), Noise::new(1))
            .expect("start");
        while !trajectory.finished() {
            trajectory.advance().expect("step");
        }
        trajectory.batch().to_vec()
    }

    #[test]
    fn every_method_has_its_order_on_straight_paths() {
        let (grid, starts, exact) = carried();
        let problem = straight(predicting_flow(GaussianMixture::three()));
        for method in METHODS {
            let error = |n| distance(&run(method, &problem, &grid, n, &starts), &exact);
            let errors = [160, 320].map(error);
            let order = (errors[0] / errors[1]).log2();
            assert!((order - method.order()).abs() < 0.15, "{method:?} {order}");
        }
    }

    #[test]
    fn every_method_has_its_order_on_the_variance_preserving_schedule() {
        let problem = three_gaussians();
        for method in METHODS {
            let sampler = FlowOde { method };
            let grid = GridParams::lambda();
            let error = |n| distance(&end(&sampler, &problem, &grid, n), &EXACT);
            let errors = [160, 320].map(error);
            let order = (errors[0] / errors[1]).log2();
            assert!((order - method.order()).abs() < 0.15, "{method:?} {order}");
        }
    }

    #[test]
    fn starts_where_no_data_are_left_and_follows_the_exact_flow_of_a_gaussian() {
        let target = predicting_flow(GaussianMixture::single(&[1.0, -2.0], 0.5));
        let problem = straight(target.clone());
        let schedule = Flow::default();
        let mut exact = STARTS.to_vec();
        assert!(target.flow(&schedule.node(1.0), &schedule.node(1e-3), &mut exact));
        let grid = GridParams::spaced(GridKind::Time);
        for method in METHODS {
            let error = |n| distance(&run(method, &problem, &grid, n, &STARTS), &exact);
            let order = (error(80) / error(160)).log2();
            // The midpoint rule does better on this target: its errors cancel between the ends.
            assert!(order > method.order() - 0.15, "{method:?} {order}");
        }
    }

    #[test]
    fn refuses_a_start_where_predicted_noise_says_nothing_of_the_velocity() {
        let problem = straight(GaussianMixture::three());
        let nodes = GridParams::spaced(GridKind::Time)
            .nodes(problem.schedule.as_ref(), 4)
            .expect("grid");
        let refusal = FlowOde::default()
            .start(&problem, &nodes, STARTS.to_vec(), Noise::new(1))
            .err()
            .expect("refused");
        assert!(refusal.to_string().contains("predicts flow"), "{refusal}");
    }

    #[test]
    fn single_points_are_reached_in_one_step_on_straight_paths() {
        let problem = straight(predicting_flow(GaussianMixture::single(&[1.0, -2.0], 0.0)));
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::spaced(GridKind::Time)
        };
        let x = run(OdeMethod::Euler, &problem, &grid, 1, &STARTS);
        for x in x.chunks(2) {
            assert!(distance(x, &[1.0, -2.0]) < 1e-14, "{x:?}");
        }
    }
}
