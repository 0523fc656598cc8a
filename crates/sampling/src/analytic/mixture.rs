//! A mixture of isotropic Gaussians.
//!
//! Seen through noise, component k has the variance v_k = alpha^2 s_k^2 + sigma^2 about alpha m_k:
//!
//! ```text
//! r_k   = w_k v_k^(-d/2) exp(-|x - alpha m_k|^2/(2 v_k)), scaled to sum 1
//! eps   = sigma sum_k r_k (x - alpha m_k)/v_k
//! x0    = sum_k r_k [m_k + alpha s_k^2 (x - alpha m_k)/v_k]
//! ```

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// A mixture of isotropic Gaussians: weights, means and standard deviations.
///
/// Conditioned on class k it is its component number k.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GaussianMixture {
    /// Weights w_k; scaled to sum 1.
    pub weights: Vec<f64>,
    /// Means m_k, one row a component.
    pub means: Vec<Vec<f64>>,
    /// Standard deviations s_k; 0 makes a component a single point.
    pub deviations: Vec<f64>,
    /// What the denoiser predicts. Default: noise.
    #[serde(default)]
    pub parameterisation: Parameterisation,
}

impl GaussianMixture {
    /// Three components in the plane on which the orders of the documentation are measured:
    /// weights 0.5, 0.3, 0.2, means (2, 0), (-1, 1.5), (-0.5, -2), deviations 0.3, 0.4, 0.5.
    pub fn three() -> Self {
        Self {
            weights: vec![0.5, 0.3, 0.2],
            means: vec![vec![2.0, 0.0], vec![-1.0, 1.5], vec![-0.5, -2.0]],
            deviations: vec![0.3, 0.4, 0.5],
            parameterisation: Parameterisation::Noise,
        }
    }

    /// One Gaussian.
    pub fn single(mean: &[f64], deviation: f64) -> Self {
        Self {
            weights: vec![1.0],
            means: vec![mean.to_vec()],
            deviations: vec![deviation],
            parameterisation: Parameterisation::Noise,
        }
    }

    /// The same with weights that sum to 1.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for lists of different lengths and numbers that make no
    /// distribution.
    pub fn checked(mut self) -> Result<Self, SamplingError> {
        let n = self.weights.len();
        if n == 0 {
            return Err(SamplingError::parameter(
                "weights",
                "there are none; a mixture has at least one component",
            ));
        }
        if let Some(w) = self.weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
            return Err(SamplingError::parameter(
                "weights",
                format!("one of them is {w}; weights are positive"),
            ));
        }
        for (key, found) in [
            ("means", self.means.len()),
            ("deviations", self.deviations.len()),
        ] {
            if found != n {
                return Err(SamplingError::parameter(
                    key,
                    format!("there are {found} for {n} weights; each component has one"),
                ));
            }
        }
        let d = self.means[0].len();
        if d == 0 || self.means.iter().any(|m| m.len() != d) {
            return Err(SamplingError::parameter(
                "means",
                "all means have the same number of coordinates, at least one",
            ));
        }
        if self.means.iter().flatten().any(|v| !v.is_finite()) {
            return Err(SamplingError::parameter(
                "means",
                "all coordinates are finite",
            ));
        }
        if let Some(s) = self
            .deviations
            .iter()
            .find(|s| !(s.is_finite() && **s >= 0.0))
        {
            return Err(SamplingError::parameter(
                "deviations",
                format!("one of them is {s}; standard deviations are not negative"),
            ));
        }
        let sum: f64 = self.weights.iter().sum();
        for w in &mut self.weights {
            *w /= sum;
        }
        Ok(self)
    }

    fn evaluate_one(
        &self,
        x: &[f64],
        node: &Node,
        components: std::ops::Range<usize>,
        out: &mut [f64],
    ) {
        let (alpha, sigma) = (node.alpha, node.sigma);
        let d = x.len() as f64;
        let variance = |k: usize| alpha * alpha * self.deviations[k].powi(2) + sigma * sigma;
        let exponent = |k: usize| {
            let squares = x
                .iter()
                .zip(&self.means[k])
                .map(|(x, m)| (x - alpha * m).powi(2));
            self.weights[k].ln()
                - 0.5 * d * variance(k).ln()
                - squares.sum::<f64>() / (2.0 * variance(k))
        };
        let top = components
            .clone()
            .map(exponent)
            .fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = components.clone().map(|k| (exponent(k) - top).exp()).sum();
        let (of_batch, of_data, of_noise) = self.parameterisation.parts(node);
        out.fill(0.0);
        for k in components {
            let r = (exponent(k) - top).exp() / total;
            let v = variance(k);
            // Data and noise both, so that no form has to be divided by a small alpha or sigma.
            for ((out, x), m) in out.iter_mut().zip(x).zip(&self.means[k]) {
                let off = (x - alpha * m) / v;
                let data = m + alpha * self.deviations[k].powi(2) * off;
                *out += r * (of_data * data + of_noise * sigma * off);
            }
        }
        if of_batch != 0.0 {
            for (out, x) in out.iter_mut().zip(x) {
                *out += of_batch * x;
            }
        }
    }
}

impl Denoiser for GaussianMixture {
    fn unknowns(&self) -> usize {
        self.means[0].len()
    }

    fn parameterisation(&self) -> Parameterisation {
        self.parameterisation
    }

    fn evaluate(&self, x: &[f64], node: &Node, condition: Condition<'_>, out: &mut [f64]) {
        let n = self.unknowns();
        let components = match condition {
            Condition::Class(k) if k < self.weights.len() => k..k + 1,
            _ => 0..self.weights.len(),
        };
        out.par_chunks_mut(n)
            .with_min_len(64)
            .zip(x.par_chunks(n))
            .for_each(|(out, x)| self.evaluate_one(x, node, components.clone(), out));
    }
}

impl Target for GaussianMixture {
    fn draw(&self, generator: &mut ChaCha8Rng, out: &mut [f64]) {
        let mut u: f64 = generator.random();
        let mut k = 0;
        while k + 1 < self.weights.len() && u >= self.weights[k] {
            u -= self.weights[k];
            k += 1;
        }
        for (out, m) in out.iter_mut().zip(&self.means[k]) {
            let z: f64 = StandardNormal.sample(generator);
            *out = m + self.deviations[k] * z;
        }
    }

    fn moments(&self) -> (Vec<f64>, Vec<f64>) {
        let d = self.unknowns();
        let average = |f: &dyn Fn(usize) -> f64| -> f64 {
            (0..self.weights.len())
                .map(|k| self.weights[k] * f(k))
                .sum()
        };
        let mean: Vec<f64> = (0..d).map(|i| average(&|k| self.means[k][i])).collect();
        let variance = (0..d)
            .map(|i| {
                average(&|k| self.deviations[k].powi(2) + (self.means[k][i] - mean[i]).powi(2))
            })
            .collect();
        (mean, variance)
    }

    /// Of one component: affine, x_t = alpha_t m + sqrt(v_t/v_s) (x_s - alpha_s m).
    fn flow(&self, from: &Node, to: &Node, x: &mut [f64]) -> bool {
        if self.weights.len() > 1 {
            return false;
        }
        let s2 = self.deviations[0].powi(2);
        let variance = |node: &Node| node.alpha * node.alpha * s2 + node.sigma * node.sigma;
        let ratio = (variance(to) / variance(from)).sqrt();
        for x in x.chunks_mut(self.unknowns()) {
            for (x, m) in x.iter_mut().zip(&self.means[0]) {
                *x = to.alpha * m + ratio * (*x - from.alpha * m);
            }
        }
        true
    }
}
