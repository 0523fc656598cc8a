//! UniPC: an exponential multistep predictor and a corrector that asks the model no further time.
//!
//! With m the prediction of the [`Form`], h the step in lambda, and w_k the weights of the
//! exponential integrator, both halves of a step from s to t are
//!
//! ```text
//! x_t = a x_s + w_0 m_0 + sum_i q_i (m_i - m_0)
//! sum_i q_i (lambda_i - lambda_s)^k/k! = w_k,   k = 1..n        (order conditions)
//! ```
//!
//! m_0 is the prediction at s. One step of order p:
//!
//! 1. predict x_t with the p - 1 predictions before m_0 (n = p - 1);
//! 2. ask the model at the predicted x_t: m_t;
//! 3. correct: start again from x_s, m_t being one more of the m_i (n = p);
//! 4. keep m_t, unrevised, as the m_0 of the next step.
//!
//! The variants differ where one m_i is used (predictor of order 2, corrector of order 1): the
//! conditions give q = w_1/(lambda_i - lambda_s), which `varying` takes. `bh2` takes half of w_0 and
//! `bh1` half of its limit for small h, both over r = (lambda_i - lambda_s)/h. With more points the
//! conditions have one solution, and the three variants are one.
//!
//! Order: the predictor alone (UniP-p) p, with the corrector (UniPC-p) p + 1 from a start of that
//! order. Measured on the reference mixture: UniPC-1 2.0, UniPC-2 3.0, UniPC-3 3.8, UniP-3 3.2; the
//! first step, of order 1 corrected to 2, allows no more than 3 in the end. UniP-2 `varying` and
//! UniP-3 are the multistep DPM-Solver++ with consistent derivatives.
//!
//! Towards zero noise the data form steps with w_0 alone and returns x0, whatever the variant. The
//! noise form cannot go there.
//!
//! Bad at: grids so coarse that the corrector's point is itself far off (order 3 with 10 steps loses
//! to order 2 on the reference mixture).
//!
//! Source: Zhao, Bai, Rao, Zhou and Lu (2023).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::{Form, add, factorial};
use crate::history::History;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// How the one weight is chosen where a single difference of predictions is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UniPcVariant {
    /// B(h) = h: the weight is half the length of the step.
    Bh1,
    /// B(h) = e^h - 1: the weight is half that of the newest prediction.
    #[default]
    Bh2,
    /// The weight that the order condition gives.
    Varying,
}

/// UniPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UniPc {
    /// Order p of the predictor; the corrector adds one. Default: 3.
    #[schemars(range(min = 1, max = 3))]
    pub order: usize,
    /// Weight of a single difference of predictions. Default: bh2.
    pub variant: UniPcVariant,
    /// What is taken to be smooth: the predicted data or noise. Default: data.
    pub form: Form,
    /// Whether each step but the last is corrected. Default: true.
    pub corrector: bool,
    /// Whether the order falls to 1 towards the last step: meant for very coarse grids; the
    /// last step then holds the order at 2 in the limit. Default: false.
    pub lower_order_final: bool,
}

impl Default for UniPc {
    fn default() -> Self {
        Self {
            order: 3,
            variant: UniPcVariant::Bh2,
            form: Form::Data,
            corrector: true,
            lower_order_final: false,
        }
    }
}

impl UniPc {
    /// UniPC of the given order, all else by default.
    pub fn of_order(order: usize) -> Self {
        Self {
            order,
            ..Self::default()
        }
    }

    /// Begins, with room for at least `kept` predictions.
    pub(super) fn steps(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        kept: usize,
    ) -> Result<Steps, SamplingError> {
        if !(1..=3).contains(&self.order) {
            return Err(SamplingError::parameter(
                "order",
                format!("it is {}, and UniPC has the orders 1, 2 and 3", self.order),
            ));
        }
        let walk = Walk::new(problem, grid, x)?;
        if self.form == Form::Noise {
            if grid[grid.len() - 1].is_clean() {
                return Err(SamplingError::ZeroNoise {
                    sampler: self.name(),
                    reason: "the predicted noise is divided by sigma, which is 0 there".to_owned(),
                });
            }
            if grid[0].alpha == 0.0 {
                return Err(SamplingError::unfit(
                    self.name(),
                    "the noise form divides by alpha, and alpha is 0 where the grid begins; take `form = \"data\"`, or begin later",
                ));
            }
        }
        let length = walk.x.len();
        Ok(Steps {
            params: self.clone(),
            history: History::new(kept.max(self.order + usize::from(self.corrector)), length),
            base: vec![0.0; length],
            walk,
        })
    }
}

impl Presets for UniPc {
    fn presets() -> Vec<(&'static str, Self)> {
        let third = |variant| Self {
            variant,
            ..Self::default()
        };
        let no_corrector = Self {
            corrector: false,
            ..Self::default()
        };
        vec![
            ("unip_3", no_corrector),
            ("unipc_1", Self::of_order(1)),
            ("unipc_2", Self::of_order(2)),
            ("unipc_3", Self::of_order(3)),
            ("unipc_3_bh1", third(UniPcVariant::Bh1)),
            ("unipc_3_varying", third(UniPcVariant::Varying)),
        ]
    }
}

impl Sampler for UniPc {
    fn name(&self) -> String {
        let pair = if self.corrector { "UniPC" } else { "UniP" };
        let variant = match self.variant {
            UniPcVariant::Bh1 => " bh1",
            UniPcVariant::Bh2 => "",
            UniPcVariant::Varying => " varying",
        };
        let form = match self.form {
            Form::Data => "",
            Form::Noise => ", noise form",
        };
        format!("{pair}-{}{variant}{form}", self.order)
    }

    fn properties(&self) -> Properties {
        let corrector = usize::from(self.corrector);
        // The start holds the orders of three and four predictions at 3.
        let order = (self.order + corrector).min(if self.lower_order_final { 2 } else { 3 });
        Properties {
            reaches_zero_noise: self.form == Form::Data,
            ..Properties::deterministic(order as f64, self.order + corrector + 2)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        Ok(Box::new(self.steps(problem, grid, x, 0)?))
    }
}

/// UniPC under way.
pub(super) struct Steps {
    params: UniPc,
    pub(super) walk: Walk,
    /// Predictions, the newest at the node where the batch stands (none before the first step).
    pub(super) history: History,
    /// The batch before the step.
    base: Vec<f64>,
}

impl Steps {
    /// Asks the model where the batch stands, and keeps the answer.
    fn ask(&mut self, node: Node) {
        let out = self.history.push(node);
        let prediction = self.params.form.prediction();
        (self.walk.model).predict(prediction, &self.walk.x, &node, out);
    }

    /// Order of the step: by what is left, what is known, and where lambda is finite.
    fn step_order(&self, from: &Node, to: &Node) -> usize {
        if !(to.lambda - from.lambda).is_finite() {
            return 1;
        }
        let wanted = if self.params.lower_order_final {
            self.params.order.min(self.walk.left())
        } else {
            self.params.order
        };
        let mut known = 1;
        while known < wanted.min(self.history.len()) && self.history.node(known).lambda.is_finite()
        {
            known += 1;
        }
        known
    }

    /// x = a base + w_0 m_0 + sum_i q_i (m_i - m_0), with m_0 of age `newest` and the `older`
    /// predictions before it; where `newest` is 1, the prediction of age 0 at the end is one more.
    fn combine(&mut self, from: &Node, to: &Node, newest: usize, older: usize) {
        let form = self.params.form;
        let h = to.lambda - from.lambda;
        // Ages and places r = (lambda_i - lambda_s)/h of the m_i.
        let mut ages = [0; 3];
        let mut r = [1.0; 3];
        for i in 0..older {
            ages[i] = newest + 1 + i;
            r[i] = (self.history.node(ages[i]).lambda - from.lambda) / h;
        }
        let n = older + newest;
        let w0 = form.weight(0, from, to);
        let mut q = [0.0; 3];
        if n == 1 && self.params.variant != UniPcVariant::Varying {
            let b = match (self.params.variant, form) {
                (UniPcVariant::Bh1, Form::Data) => to.alpha * h,
                (UniPcVariant::Bh1, Form::Noise) => -to.sigma * h,
                _ => w0,
            };
            q[0] = 0.5 * b / r[0];
        } else {
            let mut moments = [0.0; 3];
            for k in 1..=n {
                moments[k - 1] = factorial(k) * form.weight(k, from, to) / h.powi(k as i32);
            }
            q = interpolate(&r[..n], &moments[..n]);
        }
        let a = form.carry(from, to);
        let b = w0 - q[..n].iter().sum::<f64>();
        let m = self.history.values(newest);
        for ((x, base), m) in self.walk.x.iter_mut().zip(&self.base).zip(m) {
            *x = a * base + b * m;
        }
        for (age, q) in ages[..n].iter().zip(q) {
            add(&mut self.walk.x, self.history.values(*age), q);
        }
    }
}

/// Weights q_i with sum_i q_i r_i^k = moments[k - 1] for k = 1..n: a functional of polynomials that
/// vanish at 0, expressed by their values at the n <= 3 places r_i.
///
/// q_i is the functional of `(r/r_i) prod_(j /= i) (r - r_j)/(r_i - r_j)`.
pub(super) fn interpolate(r: &[f64], moments: &[f64]) -> [f64; 3] {
    let mut q = [0.0; 3];
    for i in 0..r.len() {
        // Coefficients of the polynomial, from r^1.
        let mut c = [1.0 / r[i], 0.0, 0.0];
        for j in (0..r.len()).filter(|&j| j != i) {
            let d = r[i] - r[j];
            for k in (0..3).rev() {
                let below = if k > 0 { c[k - 1] } else { 0.0 };
                c[k] = (below - r[j] * c[k]) / d;
            }
        }
        q[i] = c.iter().zip(moments).map(|(c, m)| c * m).sum();
    }
    q
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        if self.history.is_empty() {
            self.ask(from);
        }
        let order = self.step_order(&from, &to);
        self.base.copy_from_slice(&self.walk.x);
        self.combine(&from, &to, 0, order - 1);
        if self.walk.left() > 1 {
            self.ask(to);
            if self.params.corrector && (to.lambda - from.lambda).is_finite() {
                self.combine(&from, &to, 1, order - 1);
            }
        }
        self.walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.history.save("predictions", state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.history.restore("predictions", state)?;
        self.walk.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{UniPc, UniPcVariant, interpolate};
    use crate::analytic::{GaussianMixture, Target};
    use crate::error::SamplingError;
    use crate::exponential::Form;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::sampler::Sampler;
    use crate::samplers::tests::{
        STARTS, assert_golden, distance, end, error, order, three_gaussians,
    };
    use crate::schedule::{Flow, VarianceLinear};

    fn lambda() -> GridParams {
        GridParams::lambda()
    }

    #[test]
    fn reproduces_the_golden_trajectories() {
        assert_golden(&UniPc::of_order(2), 10, [2.2026862600, 0.1696045673]);
        assert_golden(&UniPc::of_order(2), 20, [2.1583494592, 0.1692966216]);
        assert_golden(&UniPc::of_order(3), 10, [2.0824376992, 0.1816878293]);
        assert_golden(&UniPc::of_order(3), 20, [2.1530442371, 0.1685834154]);
    }

    #[test]
    fn is_one_order_above_its_predictor() {
        for variant in [UniPcVariant::Bh1, UniPcVariant::Bh2, UniPcVariant::Varying] {
            for p in [1, 2] {
                let unipc = UniPc {
                    variant,
                    ..UniPc::of_order(p)
                };
                // bh1 nears its order last: 3.28 from 160 steps, 3.12 from 640.
                let order = order(&unipc, &lambda(), 640);
                assert!(
                    (order - p as f64 - 1.0).abs() < 0.15,
                    "{variant:?} {p}: {order}"
                );
            }
            let third = UniPc {
                variant,
                ..UniPc::of_order(3)
            };
            let order = order(&third, &lambda(), 320);
            assert!((3.0..4.2).contains(&order), "{variant:?}: {order}");
        }
    }

    #[test]
    fn the_noise_form_is_one_order_above_its_predictor_too() {
        for p in [1, 2] {
            let unipc = UniPc {
                form: Form::Noise,
                ..UniPc::of_order(p)
            };
            let order = order(&unipc, &lambda(), 320);
            assert!((order - p as f64 - 1.0).abs() < 0.15, "{p}: {order}");
        }
    }

    #[test]
    fn without_corrector_order_3_errs_as_the_multistep_method_with_consistent_derivatives() {
        // The variants part in the second step only, by less than the digits below.
        for variant in [UniPcVariant::Bh2, UniPcVariant::Varying] {
            let unip = UniPc {
                corrector: false,
                variant,
                ..UniPc::default()
            };
            let measured = error(&unip, &lambda(), 640);
            assert!((measured - 6.79e-7).abs() < 0.005e-7, "{measured:e}");
        }
    }

    #[test]
    fn weights_integrate_polynomials_through_their_places() {
        let r = [-0.7, -2.1, 1.0];
        let moments = [0.3, -1.1, 2.5];
        let q = interpolate(&r, &moments);
        for k in 1..=3 {
            let sum: f64 = r.iter().zip(q).map(|(r, q)| q * r.powi(k as i32)).sum();
            assert!((sum - moments[k - 1]).abs() < 1e-13, "{k}: {sum}");
        }
    }

    #[test]
    fn follows_the_affine_flow_of_gaussian_data() {
        let target = GaussianMixture::single(&[1.0, -2.0], 0.5);
        let problem = Problem::new(
            Arc::new(VarianceLinear::default()),
            Arc::new(target.clone()),
        );
        let nodes = lambda().nodes(problem.schedule.as_ref(), 1).expect("grid");
        let mut exact = STARTS.to_vec();
        assert!(target.flow(&nodes[0], &nodes[1], &mut exact));
        for (steps, expected) in [(20, 1.45e-4), (40, 5.10e-5), (80, 5.09e-6)] {
            let x = end(&UniPc::default(), &problem, &lambda(), steps);
            let off = distance(&x, &exact);
            assert!((off / expected - 1.0).abs() < 0.002, "{steps}: {off:e}");
        }
    }

    #[test]
    fn returns_the_predicted_data_at_zero_noise_in_every_variant() {
        let problem = three_gaussians();
        let to_noise = lambda();
        let to_zero = GridParams {
            final_step: FinalStep::Zero,
            ..lambda()
        };
        for variant in [UniPcVariant::Bh1, UniPcVariant::Bh2, UniPcVariant::Varying] {
            let unipc = UniPc {
                variant,
                ..UniPc::default()
            };
            let zero = end(&unipc, &problem, &to_zero, 13);
            // The prediction that is returned was asked for at the predicted batch, where the grid
            // one step shorter ends without a corrector.
            let nodes = to_zero.nodes(problem.schedule.as_ref(), 13).expect("grid");
            let short = end(&unipc, &problem, &to_noise, 12);
            let mut model = crate::model::Model::new(&problem);
            let mut x0 = vec![0.0; short.len()];
            model.predict(Parameterisation::Data, &short, &nodes[12], &mut x0);
            assert_eq!(zero, x0, "{variant:?}");
        }
        let noise = UniPc {
            form: Form::Noise,
            ..UniPc::default()
        };
        let nodes = to_zero.nodes(problem.schedule.as_ref(), 5).expect("grid");
        let refused = noise.start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
        assert!(matches!(
            refused.err(),
            Some(SamplingError::ZeroNoise { .. })
        ));
    }

    #[test]
    fn starts_from_pure_noise_of_straight_paths() {
        let target = GaussianMixture::three().checked().expect("mixture");
        let problem = Problem::new(
            Arc::new(Flow::default()),
            Arc::new(GaussianMixture {
                parameterisation: Parameterisation::Data,
                ..target
            }),
        );
        let grid = GridParams {
            spacing: GridKind::Time,
            from: Some(1.0),
            ..lambda()
        };
        let [coarse, middle, fine] =
            [240, 480, 960].map(|steps| end(&UniPc::default(), &problem, &grid, steps));
        let order = (distance(&coarse, &middle) / distance(&middle, &fine)).log2();
        assert!((3.0..4.2).contains(&order), "{order}");
        let noise = UniPc {
            form: Form::Noise,
            ..UniPc::default()
        };
        let nodes = grid.nodes(problem.schedule.as_ref(), 9).expect("grid");
        let refused = noise.start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
        assert!(matches!(refused.err(), Some(SamplingError::Unfit { .. })));
    }

    #[test]
    fn refuses_orders_it_does_not_have() {
        let problem = three_gaussians();
        let nodes = lambda().nodes(problem.schedule.as_ref(), 5).expect("grid");
        for p in [0, 4] {
            let refused =
                UniPc::of_order(p).start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
            let text = refused.err().expect("refused").to_string();
            assert!(
                text.contains("order") && text.contains(&p.to_string()),
                "{text}"
            );
        }
    }
}
