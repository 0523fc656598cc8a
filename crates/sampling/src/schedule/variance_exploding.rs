//! Variance-exploding schedules: alpha = 1.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};

/// alpha = 1, sigma = t.
///
/// Karras, Aittala, Aila and Laine (2022); the time of this schedule is the noise itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VarianceExploding {
    /// Noise at which sampling ends. Default: 0.002.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub sigma_min: f64,
    /// Noise at which sampling begins. Default: 80.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub sigma_max: f64,
}

impl Default for VarianceExploding {
    fn default() -> Self {
        Self {
            sigma_min: 0.002,
            sigma_max: 80.0,
        }
    }
}

impl NoiseSchedule for VarianceExploding {
    fn name(&self) -> &'static str {
        "edm"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.sigma_min,
            noisy: self.sigma_max,
        }
    }

    fn log_alpha(&self, _t: f64) -> f64 {
        0.0
    }

    fn sigma(&self, t: f64) -> f64 {
        t
    }

    fn dlog_alpha(&self, _t: f64) -> f64 {
        0.0
    }

    fn dsigma(&self, _t: f64) -> f64 {
        1.0
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        (-lambda).exp()
    }
}

/// alpha = 1, sigma = sqrt(t): a Brownian motion from the data.
///
/// The variance-exploding equation of Song et al. (2021) in the time of its variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VarianceExplodingSqrt {
    /// Noise at which sampling ends. Default: 0.02.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub sigma_min: f64,
    /// Noise at which sampling begins. Default: 100.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub sigma_max: f64,
}

impl Default for VarianceExplodingSqrt {
    fn default() -> Self {
        Self {
            sigma_min: 0.02,
            sigma_max: 100.0,
        }
    }
}

impl NoiseSchedule for VarianceExplodingSqrt {
    fn name(&self) -> &'static str {
        "ve_sqrt"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.sigma_min * self.sigma_min,
            noisy: self.sigma_max * self.sigma_max,
        }
    }

    fn log_alpha(&self, _t: f64) -> f64 {
        0.0
    }

    fn sigma(&self, t: f64) -> f64 {
        t.sqrt()
    }

    fn dlog_alpha(&self, _t: f64) -> f64 {
        0.0
    }

    fn dsigma(&self, t: f64) -> f64 {
        0.5 / t.sqrt()
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        (-2.0 * lambda).exp()
    }
}
