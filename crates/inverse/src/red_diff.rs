//! RED-diff: the data and a denoiser pull at one estimate, and Adam follows.
//!
//! ```text
//! mu      = A^+ y
//! for each noisy node of the grid, from noise to data:
//!   x     = alpha mu + sigma z,   eps the noise that the model predicts at x
//!   g     = c w(sigma/alpha) (eps - z)/n + v A^T (A mu - y)/m
//!   mu    = mu - Adam(g)
//! ```
//!
//! n unknowns, m data, z fresh noise, c and v the weights of model and data. eps - z is the gradient
//! of a distance between N(mu, 0) and the prior at this noise; the model is not differentiated.
//!
//! For a Gaussian prior N(0, C) and alpha^2 + sigma^2 = 1 the mean of eps - z over z is
//! alpha sigma (alpha^2 C + sigma^2 I)^-1 mu, so that mu tends to
//! (v A^T A/m + Q)^-1 v A^T y/m, where Q = c w alpha sigma (alpha^2 C + sigma^2 I)^-1/n. That is the
//! most likely field of a *changed* prior, and not the posterior mean. The noise of the data enters
//! only through the ratio of the weights. One estimate comes out, without any spread.
//!
//! Source: Mardani, Song, Kautz and Vahdat (2024), "A variational perspective on solving inverse
//! problems with diffusion models". Adam: Kingma and Ba (2015).

use pdesolve_krylov::AdjointOperator;
use pdesolve_sampling::{Model, Node, Noise, Parameterisation, Problem, SamplingError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::InverseError;
use crate::tikhonov::Tikhonov;

/// Weight w of the model as a function of r = sigma/alpha.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoiseWeight {
    /// r.
    #[default]
    Linear,
    /// sqrt(r).
    Sqrt,
    /// r^2.
    Square,
    /// ln(1 + r).
    Log,
    /// min(r, 1).
    Min,
    /// r^(2/3).
    Power,
    /// 1.
    Const,
}

impl NoiseWeight {
    /// w(r).
    pub fn at(self, r: f64) -> f64 {
        match self {
            Self::Linear => r,
            Self::Sqrt => r.sqrt(),
            Self::Square => r * r,
            Self::Log => r.ln_1p(),
            Self::Min => r.min(1.0),
            Self::Power => r.powf(2.0 / 3.0),
            Self::Const => 1.0,
        }
    }
}

/// Regularisation by denoising with a diffusion model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RedDiff {
    /// Weight of the model over the noise. Default: linear.
    pub noise_weight: NoiseWeight,
    /// Factor c of the model. Default: 0.25.
    #[schemars(range(min = 0))]
    pub prior_weight: f64,
    /// Factor v of the data. Default: 1.
    #[schemars(range(min = 0))]
    pub data_weight: f64,
    /// Step of Adam. Default: 0.1.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: f64,
    /// Memory of Adam for the gradient and for its square. Default: 0.9 and 0.99.
    pub memory: [f64; 2],
}

impl Default for RedDiff {
    fn default() -> Self {
        Self {
            noise_weight: NoiseWeight::default(),
            prior_weight: 0.25,
            data_weight: 1.0,
            learning_rate: 0.1,
            memory: [0.9, 0.99],
        }
    }
}

/// Keeps Adam from dividing by zero.
const ADAM_FLOOR: f64 = 1e-8;

impl RedDiff {
    /// An estimate of the unknowns for the data `y` = A x + noise: one step of Adam at each node of
    /// `grid` that has noise. Begins at the least-squares solution of least norm.
    ///
    /// # Errors
    /// As [`refine`](Self::refine).
    pub fn estimate<A: AdjointOperator<f64> + ?Sized>(
        &self,
        problem: &Problem,
        operator: &A,
        y: &[f64],
        grid: &[Node],
        noise: Noise,
    ) -> Result<Vec<f64>, InverseError> {
        let least_squares = Tikhonov {
            weight: 0.0,
            ..Tikhonov::default()
        };
        let mu = least_squares.solve(operator, y, &vec![0.0; operator.ncols()])?;
        self.refine(problem, operator, y, grid, mu, noise)
    }

    /// As [`estimate`](Self::estimate), from a batch `mu` (`[sample][unknown]`) of estimates that
    /// differ in their noise or in where they begin, all for the same data.
    ///
    /// # Errors
    /// [`InverseError`] where a parameter makes no sense, sizes do not fit, or a number overflows.
    pub fn refine<A: AdjointOperator<f64> + ?Sized>(
        &self,
        problem: &Problem,
        operator: &A,
        y: &[f64],
        grid: &[Node],
        mut mu: Vec<f64>,
        noise: Noise,
    ) -> Result<Vec<f64>, InverseError> {
        self.check(problem, operator, y, grid, &mu)?;
        let mut gradient = Gradient::new(problem, operator, y, mu.len());
        let (mut first, mut second) = (vec![0.0; mu.len()], vec![0.0; mu.len()]);
        let [keep_first, keep_second] = self.memory;
        let (mut left_first, mut left_second) = (1.0, 1.0);
        for (step, node) in grid.iter().filter(|node| !node.is_clean()).enumerate() {
            noise.normal(Noise::key(step, 0), problem.unknowns(), &mut gradient.draw);
            gradient.evaluate(self, node, &mu);
            left_first *= keep_first;
            left_second *= keep_second;
            for (i, g) in gradient.value.iter().enumerate() {
                first[i] = keep_first * first[i] + (1.0 - keep_first) * g;
                second[i] = keep_second * second[i] + (1.0 - keep_second) * g * g;
                let mean = first[i] / (1.0 - left_first);
                let size = (second[i] / (1.0 - left_second)).sqrt();
                mu[i] -= self.learning_rate * mean / (size + ADAM_FLOOR);
            }
            gradient.model.check_finite(&mu, step + 1, node)?;
        }
        Ok(mu)
    }

    fn check<A: AdjointOperator<f64> + ?Sized>(
        &self,
        problem: &Problem,
        operator: &A,
        y: &[f64],
        grid: &[Node],
        mu: &[f64],
    ) -> Result<(), InverseError> {
        for (key, value) in [
            ("prior_weight", self.prior_weight),
            ("data_weight", self.data_weight),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                let reason = format!("it is {value}, and must not be negative");
                return Err(InverseError::parameter(key, reason));
            }
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            let reason = format!("it is {}, and must be positive", self.learning_rate);
            return Err(InverseError::parameter("learning_rate", reason));
        }
        if self.memory.iter().any(|m| !(0.0..1.0).contains(m)) {
            let reason = format!("they are {:?}, and lie from 0 to below 1", self.memory);
            return Err(InverseError::parameter("memory", reason));
        }
        let n = problem.unknowns();
        InverseError::length("operator", operator.ncols(), n)?;
        InverseError::length("y", y.len(), operator.nrows())?;
        if mu.is_empty() || !mu.len().is_multiple_of(n) {
            let reason = format!("{} numbers are no estimates of {n} unknowns", mu.len());
            return Err(InverseError::parameter("mu", reason));
        }
        let usable = |node: &Node| node.is_clean() || (node.alpha > 0.0 && node.sigma > 0.0);
        if grid.iter().all(Node::is_clean) || !grid.iter().all(usable) {
            return Err(SamplingError::grid(
                "its nodes have data and noise, at least one of them; take `from` below the time at which alpha is 0",
            )
            .into());
        }
        Ok(())
    }
}

/// The gradient g with its workspace.
struct Gradient<'a, A: ?Sized> {
    model: Model,
    operator: &'a A,
    y: &'a [f64],
    /// z, set by the caller
    draw: Vec<f64>,
    value: Vec<f64>,
    x: Vec<f64>,
    /// A mu - y of one sample
    misfit: Vec<f64>,
    /// A^T (A mu - y) of one sample
    pull: Vec<f64>,
}

impl<'a, A: AdjointOperator<f64> + ?Sized> Gradient<'a, A> {
    fn new(problem: &Problem, operator: &'a A, y: &'a [f64], length: usize) -> Self {
        Self {
            model: Model::new(problem),
            operator,
            y,
            draw: vec![0.0; length],
            value: vec![0.0; length],
            x: vec![0.0; length],
            misfit: vec![0.0; y.len()],
            pull: vec![0.0; problem.unknowns()],
        }
    }

    /// g of the batch `mu`, with the noise in `draw`.
    fn evaluate(&mut self, red: &RedDiff, node: &Node, mu: &[f64]) {
        let n = self.pull.len();
        for ((x, mu), z) in self.x.iter_mut().zip(mu).zip(&self.draw) {
            *x = node.alpha * mu + node.sigma * z;
        }
        let (model, value) = (&mut self.model, &mut self.value);
        model.predict(Parameterisation::Noise, &self.x, node, value);
        let prior = red.prior_weight * red.noise_weight.at(node.rho()) / n as f64;
        let data = red.data_weight / self.y.len() as f64;
        let samples = mu.chunks(n).zip(self.draw.chunks(n));
        for ((mu, z), g) in samples.zip(value.chunks_mut(n)) {
            self.operator.apply(mu, &mut self.misfit);
            for (r, y) in self.misfit.iter_mut().zip(self.y) {
                *r -= y;
            }
            self.operator.apply_adjoint(&self.misfit, &mut self.pull);
            for ((g, z), pull) in g.iter_mut().zip(z).zip(&self.pull) {
                *g = prior * (*g - z) + data * pull;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use faer::linalg::solvers::Solve;
    use faer::{Mat, Side};
    use pdesolve_krylov::LinearOperator;
    use pdesolve_sampling::analytic::{GaussianProcess, Target};
    use pdesolve_sampling::{Node, Noise};

    use super::{Gradient, NoiseWeight, RedDiff};
    use crate::operators::Mask;
    use crate::posterior::GaussianPosterior;
    use crate::posterior::tests::{SIGMA_Y, grid, problem, process_32};

    const SENSORS: [usize; 12] = [1, 3, 6, 8, 11, 14, 16, 19, 22, 24, 27, 30];

    /// H = A^T A/m + Q at one node, and A^T y/m: the mean gradient is H mu - A^T y/m. Built from
    /// the covariance, without the modes that the denoiser uses.
    fn mean_gradient(
        red: &RedDiff,
        prior: &GaussianProcess,
        node: &Node,
        y: &[f64],
    ) -> (Mat<f64>, Mat<f64>) {
        let (a, s) = (node.alpha * node.alpha, node.sigma * node.sigma);
        let c = prior.covariance();
        let noisy = Mat::from_fn(32, 32, |i, j| {
            a * c[i * 32 + j] + if i == j { s } else { 0.0 }
        });
        let inverse = noisy
            .llt(Side::Lower)
            .unwrap()
            .solve(Mat::<f64>::identity(32, 32));
        let w = red.prior_weight * red.noise_weight.at(node.rho());
        let factor = w * node.alpha * node.sigma / 32.0;
        let mut h = Mat::from_fn(32, 32, |i, j| factor * inverse[(i, j)]);
        let mut b = Mat::zeros(32, 1);
        for (&at, y) in SENSORS.iter().zip(y) {
            h[(at, at)] += red.data_weight / 12.0;
            b[(at, 0)] = red.data_weight * y / 12.0;
        }
        (h, b)
    }

    #[test]
    fn the_mean_gradient_meets_its_closed_form_within_four_standard_errors() {
        const DRAWS: usize = 100_000;
        let (prior, mask, y) = process_32();
        let problem = problem(&prior);
        let nodes = grid(&problem, 20);
        let mu: Vec<f64> = (0..32).map(|i| f64::from(i).cos()).collect();
        let at = Mat::from_fn(32, 1, |i, _| mu[i]);
        let batch = mu.repeat(1000);
        let red = RedDiff::default();
        for node in [&nodes[4], &nodes[17]] {
            let mut gradient = Gradient::new(&problem, &mask, &y, batch.len());
            let (mut sum, mut squares) = (vec![0.0; 32], vec![0.0; 32]);
            for key in 0..(DRAWS / 1000) as u64 {
                Noise::new(5).normal(key, 32, &mut gradient.draw);
                gradient.evaluate(&red, node, &batch);
                for g in gradient.value.chunks(32) {
                    for i in 0..32 {
                        sum[i] += g[i];
                        squares[i] += g[i] * g[i];
                    }
                }
            }
            let (h, b) = mean_gradient(&red, &prior, node, &y);
            let exact = &h * &at - &b;
            let count = DRAWS as f64;
            for i in 0..32 {
                let mean = sum[i] / count;
                let error = ((squares[i] / count - mean * mean) / count).sqrt();
                let off = (mean - exact[(i, 0)]).abs();
                assert!(error > 0.0 && off < 4.0 * error, "{i}: {off} of {error}");
            }
        }
    }

    #[test]
    fn at_one_noise_the_estimates_settle_about_the_changed_map() {
        const CHAINS: usize = 400;
        let (prior, mask, y) = process_32();
        let problem = problem(&prior);
        let node = grid(&problem, 20)[13];
        let red = RedDiff {
            learning_rate: 0.01,
            ..RedDiff::default()
        };
        let (h, b) = mean_gradient(&red, &prior, &node, &y);
        let exact = h.llt(Side::Lower).unwrap().solve(&b);
        let found = red
            .refine(
                &problem,
                &mask,
                &y,
                &[node; 2000],
                vec![0.0; 32 * CHAINS],
                Noise::new(2),
            )
            .unwrap();
        let posterior = GaussianPosterior::new(&prior, &mask, &y, SIGMA_Y).unwrap();
        let (mut worst, mut elsewhere) = (0.0f64, 0.0f64);
        for i in 0..32 {
            let values = || found.chunks(32).map(|x| x[i]);
            let mean = values().sum::<f64>() / CHAINS as f64;
            let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / CHAINS as f64;
            let error = (variance / CHAINS as f64).sqrt();
            worst = worst.max((mean - exact[(i, 0)]).abs() / error);
            elsewhere = elsewhere.max((mean - posterior.mean[i]).abs() / error);
        }
        assert!(worst < 4.0, "{worst}");
        assert!(elsewhere > 8.0, "{elsewhere}");
    }

    /// Distance from the posterior mean, relative to it, for data drawn from the prior.
    fn distance(red: &RedDiff, seed: u64) -> f64 {
        let (prior, mask, _) = process_32();
        let problem = problem(&prior);
        let (mut y, mut z) = (vec![0.0; 12], vec![0.0; 12]);
        mask.apply(&prior.draws(seed, 1), &mut y);
        Noise::new(seed).normal(7, 12, &mut z);
        for (y, z) in y.iter_mut().zip(&z) {
            *y += SIGMA_Y * z;
        }
        let exact = GaussianPosterior::new(&prior, &mask, &y, SIGMA_Y)
            .unwrap()
            .mean;
        let nodes = grid(&problem, 1000);
        let found = red
            .estimate(&problem, &mask, &y, &nodes, Noise::new(seed))
            .unwrap();
        let off: f64 = found.iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum();
        (off / exact.iter().map(|v| v * v).sum::<f64>()).sqrt()
    }

    #[test]
    fn ends_near_the_posterior_mean_and_not_at_it() {
        for prior_weight in [0.01, 0.25, 1.0] {
            let red = RedDiff {
                prior_weight,
                ..RedDiff::default()
            };
            for seed in 1..=4 {
                let distance = distance(&red, seed);
                assert!(distance > 0.015 && distance < 0.06, "{distance}");
            }
        }
    }

    #[test]
    fn weights_follow_their_formulas() {
        use NoiseWeight::{Const, Linear, Log, Min, Power, Sqrt, Square};
        let weights = [Linear, Sqrt, Square, Log, Min, Power, Const];
        let expected = [8.0, 8f64.sqrt(), 64.0, 9f64.ln(), 1.0, 4.0, 1.0];
        for (weight, expected) in weights.into_iter().zip(expected) {
            assert!((weight.at(8.0) - expected).abs() < 1e-13, "{weight:?}");
        }
        assert_eq!(Min.at(0.3), 0.3);
    }

    #[test]
    fn bad_parameters_are_refused() {
        let (prior, mask, y) = process_32();
        let problem = problem(&prior);
        let nodes = grid(&problem, 10);
        let refused = |red: &RedDiff, mask: &Mask, y: &[f64], nodes: &[Node]| {
            red.estimate(&problem, mask, y, nodes, Noise::new(1))
                .is_err()
        };
        let red = RedDiff::default();
        for red in [
            RedDiff {
                prior_weight: -1.0,
                ..red.clone()
            },
            RedDiff {
                learning_rate: 0.0,
                ..red.clone()
            },
            RedDiff {
                memory: [0.9, 1.0],
                ..red.clone()
            },
        ] {
            assert!(refused(&red, &mask, &y, &nodes));
        }
        assert!(refused(&red, &mask, &y[1..], &nodes));
        assert!(refused(&red, &mask, &y, &[Node::CLEAN]));
        assert!(refused(
            &red,
            &Mask::new(31, vec![1]).unwrap(),
            &[0.0],
            &nodes
        ));
    }
}
