//! MRS: exponential integrators of a diffusion that reverts to a given mean.
//!
//! ```text
//! dx  = f (mu - x) dt + g dw                    forwards; mu = 0 is the usual diffusion
//! x_t = alpha_t x_0 + (1 - alpha_t) mu + sigma_t eps
//! ```
//!
//! so that z = x - (1 - alpha) mu is an ordinary noised sample of the data, and the model is asked
//! at z: any denoiser of the data serves. With A and W the numbers of the step of z,
//!
//! ```text
//! x_t = A x_s + [1 - alpha_t - A (1 - alpha_s)] mu + W (m + D/2) + S n,
//! D = 0 (order 1) or (m - m_-1)/r0 (order 2), r0 = (lambda_s - lambda_s-1)/h, n standard normal
//! ```
//!
//! | form, equation | m | A | W | S |
//! |---|---|---|---|---|
//! | noise, ode | eps | alpha_t/alpha_s | -sigma_t (e^h - 1) | 0 |
//! | data, ode | x0 | sigma_t/sigma_s | alpha_t (1 - e^(-h)) | 0 |
//! | noise, sde | eps | alpha_t/alpha_s | -2 sigma_t (e^h - 1) | sigma_t sqrt(e^(2h) - 1) |
//! | data, sde | x0 | (sigma_t/sigma_s) e^(-h) | alpha_t (1 - e^(-2h)) | sigma_t sqrt(1 - e^(-2h)) |
//!
//! The first step, and one to zero noise, are of order 1. With mu = 0 these are DPM-Solver (order 2
//! in its two-step form) and DPM-Solver++ 2M, bit for bit.
//!
//! Orders 1 and 2 measured on the exact flow of a Gaussian. Li et al. (2025, a fast sampler for
//! mean reverting diffusion); the diffusion is IR-SDE of Luo et al. (2023). Bad at nothing that the
//! solvers with mu = 0 are good at; the noise form is unstable at large steps near the data, as
//! theirs is.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::{Form, add, update};
use crate::history::History;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// A field to which a diffusion reverts: one number for all unknowns, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Mean {
    /// The same everywhere.
    Everywhere(f64),
    /// One number an unknown, the same for all samples; or one for each of the batch,
    /// `[sample][unknown]`.
    Field(Vec<f64>),
}

impl Default for Mean {
    fn default() -> Self {
        Self::Everywhere(0.0)
    }
}

impl Mean {
    /// One number for each of the batch.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] under the name `key` for another length and for numbers that
    /// are not finite.
    pub fn spread(
        &self,
        key: &str,
        unknowns: usize,
        length: usize,
    ) -> Result<Vec<f64>, SamplingError> {
        let all = match self {
            Self::Everywhere(value) => vec![*value; length],
            Self::Field(values) if values.len() == length => values.clone(),
            Self::Field(values) if values.len() == unknowns => values.repeat(length / unknowns),
            Self::Field(values) => {
                return Err(SamplingError::parameter(
                    key,
                    format!(
                        "it has {} numbers; give one, one an unknown ({unknowns}), or one for each of the batch ({length})",
                        values.len()
                    ),
                ));
            }
        };
        match all.iter().find(|v| !v.is_finite()) {
            Some(v) => Err(SamplingError::parameter(
                key,
                format!("one of its numbers is {v}, and all are finite"),
            )),
            None => Ok(all),
        }
    }
}

/// Which of the equations with the same distributions is integrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Equation {
    /// The probability-flow equation, without noise.
    #[default]
    Ode,
    /// The stochastic equation.
    Sde,
}

/// MRS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeanReverting {
    /// Order: 1 or 2. Default: 2.
    #[schemars(range(min = 1, max = 2))]
    pub order: usize,
    /// Whether noise or data are taken to be smooth. Default: data.
    pub form: Form,
    /// With or without noise on the way. Default: ode.
    pub equation: Equation,
    /// The mean mu. Default: 0.
    pub mean: Mean,
    /// Adds (1 - alpha) mu to the batch it starts from: for starts drawn as noise of mean zero.
    /// Default: false.
    pub shift_start: bool,
}

impl Default for MeanReverting {
    fn default() -> Self {
        Self {
            order: 2,
            form: Form::Data,
            equation: Equation::Ode,
            mean: Mean::default(),
            shift_start: false,
        }
    }
}

impl Presets for MeanReverting {
    fn presets() -> Vec<(&'static str, Self)> {
        let of = |order, form, equation| Self {
            order,
            form,
            equation,
            ..Self::default()
        };
        vec![
            ("mrs_noise_1", of(1, Form::Noise, Equation::Ode)),
            ("mrs_noise_2", of(2, Form::Noise, Equation::Ode)),
            ("mrs_data_1", of(1, Form::Data, Equation::Ode)),
            ("mrs_data_2", of(2, Form::Data, Equation::Ode)),
            ("mrs_sde_noise_2", of(2, Form::Noise, Equation::Sde)),
            ("mrs_sde_data_1", of(1, Form::Data, Equation::Sde)),
            ("mrs_sde_data_2", of(2, Form::Data, Equation::Sde)),
        ]
    }
}

impl Sampler for MeanReverting {
    fn name(&self) -> String {
        let form = match self.form {
            Form::Noise => "noise",
            Form::Data => "data",
        };
        let equation = match self.equation {
            Equation::Ode => "",
            Equation::Sde => " SDE",
        };
        format!("MRS{equation}, {form} form, order {}", self.order)
    }

    fn properties(&self) -> Properties {
        let stochastic = self.equation == Equation::Sde;
        let order = if stochastic { 1.0 } else { self.order as f64 };
        Properties {
            stochastic,
            reaches_zero_noise: self.form == Form::Data,
            ..Properties::deterministic(order, 3 + self.order + usize::from(stochastic))
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if !(1..=2).contains(&self.order) {
            return Err(SamplingError::parameter(
                "order",
                format!("it is {}, and the orders are 1 and 2", self.order),
            ));
        }
        if self.form == Form::Noise && grid.last().is_some_and(Node::is_clean) {
            return Err(SamplingError::ZeroNoise {
                sampler: self.name(),
                reason: "the noise form divides by the noise".to_owned(),
            });
        }
        if let Some(node) = grid.iter().find(|node| node.alpha <= 0.0) {
            return Err(SamplingError::unfit(
                self.name(),
                format!(
                    "alpha is {} at t = {}, and a step in lambda starts with data; start at a smaller time",
                    node.alpha, node.t
                ),
            ));
        }
        let mut walk = Walk::new(problem, grid, x)?;
        let length = walk.x.len();
        let mean = self.mean.spread("mean", problem.unknowns(), length)?;
        if self.shift_start {
            add(&mut walk.x, &mean, 1.0 - grid[0].alpha);
        }
        let draws = if self.equation == Equation::Sde {
            length
        } else {
            0
        };
        Ok(Box::new(Steps {
            form: self.form,
            equation: self.equation,
            centred: vec![0.0; length],
            draw: vec![0.0; draws],
            history: History::new(self.order, length),
            mean,
            noise,
            walk,
        }))
    }
}

/// (A, W, S) of one step.
fn coefficients(form: Form, equation: Equation, from: &Node, to: &Node) -> (f64, f64, f64) {
    let h = to.lambda - from.lambda;
    let (a, w) = (form.carry(from, to), form.weight(0, from, to));
    match (equation, form) {
        (Equation::Ode, _) => (a, w, 0.0),
        (Equation::Sde, Form::Noise) => (a, 2.0 * w, to.sigma * (2.0 * h).exp_m1().sqrt()),
        (Equation::Sde, Form::Data) => {
            let fresh = -(-2.0 * h).exp_m1();
            (a * (-h).exp(), to.alpha * fresh, to.sigma * fresh.sqrt())
        }
    }
}

struct Steps {
    form: Form,
    equation: Equation,
    noise: Noise,
    walk: Walk,
    mean: Vec<f64>,
    /// z = x - (1 - alpha) mu.
    centred: Vec<f64>,
    history: History,
    draw: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        self.centred.copy_from_slice(&walk.x);
        add(&mut self.centred, &self.mean, from.alpha - 1.0);
        let prediction = self.history.push(from);
        walk.model
            .predict(self.form.prediction(), &self.centred, &from, prediction);
        let (a, w, s) = coefficients(self.form, self.equation, &from, &to);
        let now = self.history.values(0);
        if self.history.len() == 2 && !to.is_clean() {
            let r0 = (from.lambda - self.history.node(1).lambda) / (to.lambda - from.lambda);
            let slope = 0.5 * w / r0;
            update(&mut walk.x, a, now, w + slope);
            add(&mut walk.x, self.history.values(1), -slope);
        } else {
            update(&mut walk.x, a, now, w);
        }
        add(
            &mut walk.x,
            &self.mean,
            (1.0 - to.alpha) - a * (1.0 - from.alpha),
        );
        if s > 0.0 {
            let key = Noise::key(walk.position, 0);
            (self.noise).normal(key, walk.model.unknowns(), &mut self.draw);
            add(&mut walk.x, &self.draw, s);
        }
        walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.history.save("history", state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.history.restore("history", state)?;
        self.walk.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Equation, Mean, MeanReverting};
    use crate::analytic::{GaussianMixture, Target};
    use crate::exponential::Form;
    use crate::grid::GridParams;
    use crate::model::Model;
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::sampler::Sampler;
    use crate::samplers::tests::{STARTS, assert_golden, distance, end, three_gaussians};
    use crate::schedule;

    const FORMS: [Form; 2] = [Form::Noise, Form::Data];

    #[test]
    fn reproduces_the_golden_trajectories_of_the_solvers_with_mean_zero() {
        for form in FORMS {
            let first = MeanReverting {
                order: 1,
                form,
                ..MeanReverting::default()
            };
            assert_golden(&first, 10, [2.0392111324, 0.1440450143]);
            assert_golden(&first, 20, [2.0979806447, 0.1548656197]);
        }
        let second = MeanReverting::default();
        assert_golden(&second, 10, [2.2421399042, 0.1642481382]);
        assert_golden(&second, 20, [2.1714247458, 0.1687878648]);
    }

    #[test]
    fn with_mean_zero_it_is_the_usual_solver_bit_for_bit() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda())
            .nodes(problem.schedule.as_ref(), 12)
            .expect("grid");
        for form in FORMS {
            let mut model = Model::new(&problem);
            let mut x = STARTS.to_vec();
            let mut last: Option<Vec<f64>> = None;
            for i in 0..12 {
                let (from, to) = (nodes[i], nodes[i + 1]);
                let mut m = vec![0.0; x.len()];
                model.predict(form.prediction(), &x, &from, &mut m);
                let (a, w) = (form.carry(&from, &to), form.weight(0, &from, &to));
                let slope = if i > 0 {
                    let r0 = (from.lambda - nodes[i - 1].lambda) / (to.lambda - from.lambda);
                    0.5 * w / r0
                } else {
                    0.0
                };
                for j in 0..x.len() {
                    x[j] = a * x[j] + (w + slope) * m[j];
                    if let Some(last) = &last {
                        x[j] += -slope * last[j];
                    }
                }
                last = Some(m);
            }
            let sampler = MeanReverting {
                form,
                ..MeanReverting::default()
            };
            assert_eq!(end(&sampler, &problem, &GridParams::lambda(), 12), x);
        }
    }

    fn reverting(sigma_infinity: f64) -> (Problem, GaussianMixture) {
        let target = GaussianMixture::single(&[1.0, -2.0], 0.5);
        let schedule = schedule::MeanReverting {
            sigma_infinity,
            ..Default::default()
        };
        (
            Problem::new(Arc::new(schedule), Arc::new(target.clone())),
            target,
        )
    }

    /// Orders between 80 and 160 steps against x_t = (1 - alpha_t) mu + alpha_t m
    /// + sqrt(v_t/v_s) [x_s - (1 - alpha_s) mu - alpha_s m], v = alpha^2 s^2 + sigma^2.
    #[test]
    fn has_orders_one_and_two_on_the_exact_flow_of_a_gaussian_that_reverts_to_a_mean() {
        let (problem, target) = reverting(0.7);
        let mu = [0.8, -0.3];
        let range = problem.schedule.range();
        let (noisy, clean) = (
            problem.schedule.node(range.noisy),
            problem.schedule.node(range.clean),
        );
        let mut exact = STARTS.to_vec();
        for (i, x) in exact.iter_mut().enumerate() {
            *x -= (1.0 - noisy.alpha) * mu[i % 2];
        }
        assert!(target.flow(&noisy, &clean, &mut exact));
        for (i, x) in exact.iter_mut().enumerate() {
            *x += (1.0 - clean.alpha) * mu[i % 2];
        }
        for form in FORMS {
            for order in [1, 2] {
                let sampler = MeanReverting {
                    order,
                    form,
                    mean: Mean::Field(mu.to_vec()),
                    ..MeanReverting::default()
                };
                let grid = GridParams::lambda();
                let error = |n| distance(&end(&sampler, &problem, &grid, n), &exact);
                let errors = [160, 320].map(error);
                let measured = (errors[0] / errors[1]).log2();
                assert!(
                    (measured - order as f64).abs() < 0.15,
                    "{form:?} {order}: {measured}"
                );
            }
        }
    }

    #[test]
    fn stochastic_steps_leave_the_moments_of_a_gaussian_within_four_standard_errors() {
        let (problem, _) = reverting(0.7);
        let mu = [0.8, -0.3];
        let nodes = (GridParams::lambda())
            .nodes(problem.schedule.as_ref(), 100)
            .expect("grid");
        let samples = 20_000;
        let first = nodes[0];
        let last = nodes[100];
        let mut starts = vec![0.0; 2 * samples];
        Noise::new(5).normal(Noise::START, 2, &mut starts);
        let deviation = (first.alpha * first.alpha * 0.25 + first.sigma * first.sigma).sqrt();
        let data = [1.0, -2.0];
        for (i, x) in starts.iter_mut().enumerate() {
            *x = *x * deviation + first.alpha * data[i % 2];
        }
        for form in FORMS {
            let sampler = MeanReverting {
                form,
                equation: Equation::Sde,
                mean: Mean::Field(mu.to_vec()),
                shift_start: true,
                ..MeanReverting::default()
            };
            let mut trajectory = sampler
                .start(&problem, &nodes, starts.clone(), Noise::new(6))
                .expect("start");
            while !trajectory.finished() {
                trajectory.advance().expect("step");
            }
            let v = last.alpha * last.alpha * 0.25 + last.sigma * last.sigma;
            for unknown in 0..2 {
                let x = || trajectory.batch().iter().skip(unknown).step_by(2);
                let n = samples as f64;
                let mean = x().sum::<f64>() / n;
                let variance = x().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                let wanted = last.alpha * data[unknown] + (1.0 - last.alpha) * mu[unknown];
                let off = (mean - wanted).abs() / (v / n).sqrt();
                let spread = (variance - v).abs() / (v * (2.0 / n).sqrt());
                assert!(off < 4.0 && spread < 4.0, "{form:?}: {off} {spread}");
            }
        }
    }

    #[test]
    fn refuses_orders_lengths_and_ends_it_cannot_use() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda())
            .nodes(problem.schedule.as_ref(), 4)
            .expect("grid");
        for (sampler, word) in [
            (
                MeanReverting {
                    order: 3,
                    ..MeanReverting::default()
                },
                "order",
            ),
            (
                MeanReverting {
                    mean: Mean::Field(vec![0.0; 3]),
                    ..MeanReverting::default()
                },
                "mean",
            ),
        ] {
            let refusal = sampler
                .start(&problem, &nodes, STARTS.to_vec(), Noise::new(1))
                .err()
                .expect("refused");
            assert!(refusal.to_string().contains(word), "{refusal}");
        }
    }
}
