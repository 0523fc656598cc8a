//! Variance-preserving schedules: alpha^2 + sigma^2 = 1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};

/// ln alpha = -(beta_1 - beta_0) t^2/4 - beta_0 t/2, sigma = sqrt(1 - alpha^2), t in (0, 1].
///
/// Song, Sohl-Dickstein, Kingma, Kumar, Ermon and Poole (2021). The inverse of lambda is that of
/// Lu et al. (2022): u = 2 (beta_1 - beta_0) ln(1 + e^(-2 lambda)),
/// t = u / ((sqrt(beta_0^2 + u) + beta_0)(beta_1 - beta_0)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VarianceLinear {
    /// Noise rate beta_0 at t = 0. Default: 0.1.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub beta_0: f64,
    /// Noise rate beta_1 at t = 1. Default: 20.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub beta_1: f64,
}

impl Default for VarianceLinear {
    fn default() -> Self {
        Self {
            beta_0: 0.1,
            beta_1: 20.0,
        }
    }
}

impl NoiseSchedule for VarianceLinear {
    fn name(&self) -> &'static str {
        "vp_linear"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: 1e-3,
            noisy: 1.0,
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        -0.25 * (self.beta_1 - self.beta_0) * t * t - 0.5 * self.beta_0 * t
    }

    fn sigma(&self, t: f64) -> f64 {
        (-(2.0 * self.log_alpha(t)).exp_m1()).sqrt()
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        -0.5 * (self.beta_1 - self.beta_0) * t - 0.5 * self.beta_0
    }

    fn dsigma(&self, t: f64) -> f64 {
        -(2.0 * self.log_alpha(t)).exp() * self.dlog_alpha(t) / self.sigma(t)
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        let slope = self.beta_1 - self.beta_0;
        // ln(1 + e^(-2 lambda)) without overflow for large negative lambda.
        let softplus = (-2.0 * lambda).max(0.0) + (-2.0 * lambda.abs()).exp().ln_1p();
        let u = 2.0 * slope * softplus;
        // With equal rates the schedule is exponential, and t = softplus/beta_0.
        2.0 * softplus / ((self.beta_0 * self.beta_0 + u).sqrt() + self.beta_0)
    }
}
