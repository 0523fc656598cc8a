//! EDM: Runge-Kutta of two stages in the noise itself, with noise added before each step.
//!
//! In y = x/alpha and s = sigma/alpha every schedule is the variance-exploding one, and the
//! probability flow is
//!
//! ```text
//! dy/ds = eps(y, s) = (y - x0)/s
//! ```
//!
//! One of N steps, from s to s':
//!
//! 1. churn: s^ = s (1 + gamma), y^ = y + s_noise sqrt(s^^2 - s^2) z with
//!    gamma = min(churn/N, sqrt(2) - 1) where s_min <= s <= s_max, and 0 elsewhere;
//! 2. d = eps(y^, s^), h = s' - s^;
//! 3. d' = eps(y^ + a h d, s^ + a h);
//! 4. y' = y^ + h ((1 - 1/(2a)) d + d'/(2a)).
//!
//! a = 1 is Heun's method, 1/2 the midpoint rule, 2/3 Ralston's method. Order 2 in the step for
//! every a, measured 2.0 on a mixture. The noise of step 1 is added exactly in law and step 4 takes
//! it out again, so that with s_noise = 1 the law is right as N grows.
//!
//! A step to zero noise, and one from a node without data (alpha = 0, where y is not finite), is an
//! Euler step with one call of the model: N steps with the end at zero noise cost 2N - 1 calls.
//! s^ goes no further than the noisy end of the schedule, beyond which a model knows nothing.
//!
//! Two calls a step; multistep methods reach the same order with one. Even steps in lambda do not
//! suit it: a Karras grid does.
//!
//! Source: Karras, Aittala, Aila and Laine (2022), algorithms 1 to 3.

use std::f64::consts::SQRT_2;

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

/// EDM.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Edm {
    /// Where the second stage stands within the step: 1 Heun, 1/2 midpoint, 2/3 Ralston. Default: 1.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0.0))]
    pub alpha: f64,
    /// Noise added, over all steps together: each of N steps raises sigma by the factor 1 + churn/N,
    /// at most sqrt(2). Default: 0.
    #[schemars(range(min = 0))]
    pub churn: f64,
    /// Smallest sigma/alpha at which noise is added. Default: 0.
    #[schemars(range(min = 0))]
    pub s_min: f64,
    /// Largest sigma/alpha at which noise is added. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub s_max: Option<f64>,
    /// Size of the added noise against the one that keeps the law; slightly above 1 makes up for
    /// models that remove too much. Default: 1.
    #[schemars(range(min = 0))]
    pub s_noise: f64,
}

impl Default for Edm {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            churn: 0.0,
            s_min: 0.0,
            s_max: None,
            s_noise: 1.0,
        }
    }
}

impl Edm {
    /// Second stage at the share `alpha` of the step, no noise added.
    pub fn at(alpha: f64) -> Self {
        Self {
            alpha,
            ..Self::default()
        }
    }
}

impl Presets for Edm {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![
            ("edm_heun", Self::default()),
            ("edm_midpoint", Self::at(0.5)),
            ("edm_ralston", Self::at(2.0 / 3.0)),
            (
                "edm_churn",
                Self {
                    churn: 40.0,
                    s_min: 0.05,
                    s_max: Some(50.0),
                    s_noise: 1.003,
                    ..Self::default()
                },
            ),
        ]
    }
}

impl Sampler for Edm {
    fn name(&self) -> String {
        let stage = if self.alpha == 1.0 {
            "EDM Heun".to_owned()
        } else if self.alpha == 0.5 {
            "EDM midpoint".to_owned()
        } else if self.alpha == 2.0 / 3.0 {
            "EDM Ralston".to_owned()
        } else {
            format!("EDM, alpha = {}", self.alpha)
        };
        if self.churn > 0.0 {
            format!("{stage}, churn = {}", self.churn)
        } else {
            stage
        }
    }

    fn properties(&self) -> Properties {
        Properties {
            evaluations_per_step: 2.0,
            stochastic: self.churn > 0.0,
            reaches_zero_noise: true,
            ..Properties::deterministic(2.0, if self.churn > 0.0 { 5 } else { 4 })
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if !(self.alpha > 0.0 && self.alpha <= 1.0) {
            return Err(SamplingError::parameter(
                "alpha",
                format!(
                    "it is {}; the second stage stands within the step, above 0 and at most at 1",
                    self.alpha
                ),
            ));
        }
        let walk = Walk::new(problem, grid, x)?;
        let length = walk.x.len();
        let churn = Churn::new(
            [self.churn, self.s_min, self.s_noise],
            self.s_max,
            &walk,
            noise,
        )?;
        Ok(Box::new(Steps {
            alpha: self.alpha,
            churn,
            slope: vec![0.0; length],
            stage: vec![0.0; length],
            second: vec![0.0; length],
            walk,
        }))
    }
}

/// The noise that is added before each step.
pub(super) struct Churn {
    gamma: f64,
    s_min: f64,
    s_max: f64,
    s_noise: f64,
    // Noisy end of the schedule, in sigma/alpha.
    top: f64,
    noise: Noise,
    draw: Vec<f64>,
}

impl Churn {
    /// With `churn`, `s_min`, `s_noise` and `s_max`, over all the steps of `walk`.
    pub(super) fn new(
        [churn, s_min, s_noise]: [f64; 3],
        s_max: Option<f64>,
        walk: &Walk,
        noise: Noise,
    ) -> Result<Self, SamplingError> {
        for (key, value) in [("churn", churn), ("s_min", s_min), ("s_noise", s_noise)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(SamplingError::parameter(
                    key,
                    format!("it is {value}, and is finite and not negative"),
                ));
            }
        }
        let s_max = s_max.unwrap_or(f64::INFINITY);
        if s_max.is_nan() || s_max < s_min {
            return Err(SamplingError::parameter(
                "s_max",
                format!("it is {s_max}, and noise is added between s_min = {s_min} and s_max"),
            ));
        }
        let schedule = walk.model.schedule();
        let steps = (walk.grid.len() - 1) as f64;
        Ok(Self {
            gamma: (churn / steps).min(SQRT_2 - 1.0),
            s_min,
            s_max,
            s_noise,
            top: schedule.node(schedule.range().noisy).rho(),
            noise,
            draw: vec![0.0; if churn > 0.0 { walk.x.len() } else { 0 }],
        })
    }

    /// Adds the noise of the step from `from` to the batch; where it then stands.
    pub(super) fn raise(&mut self, walk: &mut Walk, from: Node) -> Node {
        let s = from.rho();
        let raised = (s * (1.0 + self.gamma)).min(self.top);
        let idle = self.gamma == 0.0 || s < self.s_min || s > self.s_max;
        if idle || !s.is_finite() || raised <= s {
            return from;
        }
        let node = walk.model.schedule().node_at_lambda(-raised.ln());
        let key = Noise::key(walk.position, 0);
        self.noise
            .normal(key, walk.model.unknowns(), &mut self.draw);
        let scale = node.alpha / from.alpha;
        let fresh = node.alpha * self.s_noise * (raised * raised - s * s).sqrt();
        for (x, z) in walk.x.iter_mut().zip(&self.draw) {
            *x = scale * *x + fresh * z;
        }
        node
    }
}

/// The Euler step y' = y + (s' - s) (y - x0)/s, written in x; `data` is workspace.
///
/// Finite also where alpha or the new sigma is zero.
pub(super) fn euler(walk: &mut Walk, from: &Node, to: &Node, data: &mut [f64]) {
    walk.model
        .predict(Parameterisation::Data, &walk.x, from, data);
    let kept = to.sigma / from.sigma;
    let gained = to.alpha - kept * from.alpha;
    for (x, data) in walk.x.iter_mut().zip(data.iter()) {
        *x = kept * *x + gained * data;
    }
}

struct Steps {
    alpha: f64,
    churn: Churn,
    walk: Walk,
    slope: Vec<f64>,
    stage: Vec<f64>,
    second: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let from = self.churn.raise(&mut self.walk, from);
        if to.is_clean() || from.alpha == 0.0 {
            euler(&mut self.walk, &from, &to, &mut self.slope);
            return self.walk.arrive();
        }
        let (a, s) = (self.alpha, from.rho());
        let h = to.rho() - s;
        let middle = if a == 1.0 {
            to
        } else {
            let schedule = self.walk.model.schedule();
            schedule.node_at_lambda(-(s + a * h).ln())
        };
        let walk = &mut self.walk;
        walk.model
            .predict(Parameterisation::Noise, &walk.x, &from, &mut self.slope);
        let y = 1.0 / from.alpha;
        for ((stage, x), d) in self.stage.iter_mut().zip(&walk.x).zip(&self.slope) {
            *stage = middle.alpha * (y * x + a * h * d);
        }
        walk.model.predict(
            Parameterisation::Noise,
            &self.stage,
            &middle,
            &mut self.second,
        );
        let (first, second) = (h * (1.0 - 0.5 / a), h * 0.5 / a);
        for ((x, d), e) in walk.x.iter_mut().zip(&self.slope).zip(&self.second) {
            *x = to.alpha * (y * *x + first * d + second * e);
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
pub(super) mod tests {
    use std::sync::Arc;

    use pdesolve_core::Control;

    use super::Edm;
    use crate::analytic::GaussianMixture;
    use crate::error::SamplingError;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::sampler::{SampleReport, Sampler, Trajectory, sample};
    use crate::samplers::tests::{STARTS, assert_golden, distance, end, order, three_gaussians};
    use crate::schedule::{Flow, VarianceExploding};

    fn run(
        sampler: &dyn Sampler,
        problem: &Problem,
        grid: &GridParams,
        steps: usize,
        x: Vec<f64>,
    ) -> SampleReport {
        let nodes = grid.nodes(problem.schedule.as_ref(), steps).expect("grid");
        let mut watch = |_: &dyn Trajectory| Control::Continue;
        sample(sampler, problem, &nodes, x, Noise::new(5), &mut watch).expect("sampled")
    }

    fn karras() -> GridParams {
        GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::spaced(GridKind::Karras { rho: 7.0 })
        }
    }

    /// The mixture in the variance-exploding schedule from sigma = 80 to 0.
    fn exploding(sampler: &dyn Sampler, steps: usize) -> SampleReport {
        let target = GaussianMixture::three().checked().expect("a mixture");
        let problem = Problem::new(Arc::new(VarianceExploding::default()), Arc::new(target));
        let starts = STARTS.map(|x| 80.0 * x).to_vec();
        run(sampler, &problem, &karras(), steps, starts)
    }

    /// Ends of `samples` samples of N(0, 0.25) from sigma = 80 to 0.
    pub(crate) fn gaussian_ends(sampler: &dyn Sampler, steps: usize, samples: usize) -> Vec<f64> {
        let target = GaussianMixture::single(&[0.0], 0.5);
        let problem = Problem::new(Arc::new(VarianceExploding::default()), Arc::new(target));
        let node = problem.schedule.node(80.0);
        let mut x = problem.prior(&node, samples, &Noise::new(8));
        // The law at sigma = 80 is wider than the noise by the data.
        let wider = (80.0f64 * 80.0 + 0.25).sqrt() / 80.0;
        x.iter_mut().for_each(|x| *x *= wider);
        run(sampler, &problem, &karras(), steps, x).x
    }

    pub(crate) fn variance(x: &[f64]) -> f64 {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)
    }

    #[test]
    fn heun_reproduces_the_published_cost_and_the_errors_of_the_mixture() {
        let heun = Edm::default();
        let exact = exploding(&heun, 4096).x;
        for (steps, known) in [
            (10, 0.32),
            (18, 6.34e-2),
            (36, 1.11e-2),
            (72, 2.48e-3),
            (144, 5.84e-4),
            (288, 1.42e-4),
        ] {
            let report = exploding(&heun, steps);
            assert_eq!(report.evaluations, 2 * steps as u64 - 1);
            let error = distance(&report.x, &exact);
            let digits = if steps == 10 { 0.02 } else { 0.005 };
            assert!((error / known - 1.0).abs() < digits, "{steps}: {error:e}");
        }
    }

    #[test]
    fn heun_reproduces_the_golden_trajectory() {
        let heun = Edm::default();
        assert_golden(&heun, 10, [2.2724471898, 0.1828240609]);
        assert_golden(&heun, 20, [2.1761189541, 0.1717091136]);
    }

    #[test]
    fn every_place_of_the_second_stage_gives_second_order() {
        for alpha in [1.0, 2.0 / 3.0, 0.5, 0.3] {
            let order = order(&Edm::at(alpha), &GridParams::lambda(), 160);
            assert!((order - 2.0).abs() < 0.15, "alpha = {alpha}: {order}");
        }
    }

    #[test]
    fn starts_without_data_in_straight_paths() {
        let mut target = GaussianMixture::three().checked().expect("a mixture");
        target.parameterisation = crate::Parameterisation::Data;
        let problem = Problem::new(Arc::new(Flow::default()), Arc::new(target));
        let grid = GridParams::spaced(GridKind::Time);
        let fine = end(&Edm::default(), &problem, &grid, 2000);
        let coarse = end(&Edm::default(), &problem, &grid, 100);
        let off = distance(&coarse, &fine);
        assert!(off < 0.05, "{off}");
    }

    #[test]
    fn churn_keeps_the_variance_of_gaussian_data() {
        let samples = 100_000;
        let sampler = Edm {
            churn: 10.0,
            ..Edm::default()
        };
        let error = (2.0 / samples as f64).sqrt();
        let off = |steps| variance(&gaussian_ends(&sampler, steps, samples)) / 0.25 - 1.0;
        let (coarse, fine) = (off(10), off(160));
        assert!(fine.abs() < 4.0 * error, "{fine}");
        // What is left at few steps is bias, not chance.
        assert!(coarse.abs() > 8.0 * error, "{coarse}");
    }

    #[test]
    fn churn_draws_the_same_numbers_on_every_number_of_threads() {
        let sampler = Edm {
            churn: 10.0,
            ..Edm::default()
        };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads")
                .install(|| gaussian_ends(&sampler, 10, 1000))
        };
        assert_eq!(on(1), on(8));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
        let rest = pool.expect("threads").install(|| exploding(&sampler, 12).x);
        assert_eq!(rest, exploding(&sampler, 12).x);
    }

    #[test]
    fn refuses_numbers_without_sense() {
        let problem = three_gaussians();
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 4)
            .expect("grid");
        let base = Edm::default();
        for (key, bad) in [
            ("alpha", Edm::at(0.0)),
            ("alpha", Edm::at(1.5)),
            ("alpha", Edm::at(f64::NAN)),
            (
                "churn",
                Edm {
                    churn: -1.0,
                    ..base.clone()
                },
            ),
            (
                "s_min",
                Edm {
                    s_min: f64::NAN,
                    ..base.clone()
                },
            ),
            (
                "s_noise",
                Edm {
                    s_noise: f64::INFINITY,
                    ..base.clone()
                },
            ),
            (
                "s_max",
                Edm {
                    s_min: 2.0,
                    s_max: Some(1.0),
                    ..base
                },
            ),
        ] {
            match bad.start(&problem, &nodes, STARTS.to_vec(), Noise::new(1)) {
                Err(SamplingError::Parameter { key: found, .. }) => assert_eq!(found, key),
                Err(other) => panic!("{key}: {other}"),
                Ok(_) => panic!("{key} was accepted"),
            }
        }
    }
}
