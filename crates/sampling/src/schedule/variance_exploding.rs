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
