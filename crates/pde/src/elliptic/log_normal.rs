//! A log-normal random conductivity, the standard model of ground: K = K_g exp(sigma G).
//!
//! G is a Gaussian field with zero mean, unit variance and covariance C(r), drawn as a sum of N
//! waves (randomisation method):
//!
//! ```text
//! G(x) = N^{-1/2} sum_m a_m cos(k_m . x) + b_m sin(k_m . x),      a_m, b_m standard normal,
//! ```
//!
//! with wave vectors k_m drawn from the spectral density of C: normal with deviation 1/l for
//! C = exp(-r^2 / (2 l^2)), multivariate Cauchy for C = exp(-r/l). Mean and covariance of the
//! ensemble are exact for every N; single realisations are Gaussian in the limit of many waves.
//! The waves do not depend on the mesh: the same seed gives the same function on a finer one.
//! Along a periodic axis wave numbers are rounded to those that fit.
//!
//! Source: Kramer, Kurbanmuradov and Sabelfeld (2007), J. Comput. Phys. 226, 897.

use std::f64::consts::TAU;

use pdesolve_core::rng;
use pdesolve_mesh::Grid;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::EllipticError;
use crate::initial::{Mode, sum_of_modes};

/// Stream of random numbers, apart from those of initial data.
const STREAM: u64 = 1 << 32;

/// How the logarithm of K is correlated over a distance r.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Covariance {
    /// exp(-r / l): rough, as measured in aquifers.
    #[default]
    Exponential,
    /// exp(-r^2 / (2 l^2)): smooth.
    Gaussian,
}

/// K = geometric_mean * exp(sigma G), G a Gaussian random field of unit variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Standard deviation of log K. Default: 1.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 20))]
    pub sigma: f64,
    /// Correlation length l, in length units.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub correlation_length: f64,
    /// Median of K. Default: 1.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub geometric_mean: f64,
    /// Covariance of log K over a distance. Default: `exponential`.
    #[serde(default)]
    pub covariance: Covariance,
    /// Number of waves N. Default: 1000.
    #[serde(default = "thousand")]
    #[schemars(range(min = 1, max = 100_000))]
    pub waves: usize,
}

fn one() -> f64 {
    1.0
}
fn thousand() -> usize {
    1000
}

impl LogNormal {
    pub(super) fn check(&self, key: &str) -> Result<(), Vec<EllipticError>> {
        let mut errors = Vec::new();
        for (name, value, fine) in [
            ("sigma", self.sigma, self.sigma >= 0.0),
            (
                "correlation_length",
                self.correlation_length,
                self.correlation_length > 0.0,
            ),
            (
                "geometric_mean",
                self.geometric_mean,
                self.geometric_mean > 0.0,
            ),
        ] {
            if !(fine && value.is_finite()) {
                errors.push(EllipticError::Coefficient {
                    key: format!("{key}.{name}"),
                    reason: format!("`{name}` is {value}: it must be positive"),
                });
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// K at the centre of each cell, x fastest.
    pub fn draw(&self, grid: &Grid, seed: u64) -> Vec<f64> {
        let mut values = self.gaussian(grid, seed);
        for value in &mut values {
            *value = self.geometric_mean * (self.sigma * *value).exp();
        }
        values
    }

    /// G at the centre of each cell.
    pub(super) fn gaussian(&self, grid: &Grid, seed: u64) -> Vec<f64> {
        let mut random = rng(seed, STREAM, 0);
        // Box-Muller, in pairs.
        let mut normal_pair = move || {
            let u: f64 = random.random::<f64>().max(f64::MIN_POSITIVE);
            let (s, c) = (TAU * random.random::<f64>()).sin_cos();
            let r = (-2.0 * u.ln()).sqrt();
            [r * c, r * s]
        };
        let size = 1.0 / (self.waves as f64).sqrt();
        let modes: Vec<Mode> = (0..self.waves)
            .map(|_| {
                let [a, b] = normal_pair();
                // Three numbers whatever the dimension, so that all draws come in the same order.
                let [[k0, k1], [k2, chi]] = [normal_pair(), normal_pair()];
                let scale = match self.covariance {
                    Covariance::Gaussian => self.correlation_length,
                    Covariance::Exponential => self.correlation_length * chi.abs().max(1e-12),
                };
                let mut l = [0.0; 3];
                for ((l, k), axis) in l.iter_mut().zip([k0, k1, k2]).zip(grid.axes()) {
                    *l = k / scale * axis.length() / TAU;
                    if axis.is_periodic() {
                        *l = l.round();
                    }
                }
                Mode {
                    l,
                    cosine: size * a,
                    sine: size * b,
                }
            })
            .collect();
        sum_of_modes(grid, &modes)
    }
}
