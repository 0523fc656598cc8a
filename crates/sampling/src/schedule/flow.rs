//! Straight paths from noise to data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};

/// alpha = 1 - t, sigma = t: data at t = 0, noise at t = 1.
///
/// Flow matching and rectified flow: Lipman et al. (2023), Liu, Gong and Liu (2023). Papers on
/// interpolants put the data at t = 1 instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Flow {
    /// Time at which sampling ends. Default: 0.001.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub t_min: f64,
}

impl Default for Flow {
    fn default() -> Self {
        Self { t_min: 1e-3 }
    }
}

impl NoiseSchedule for Flow {
    fn name(&self) -> &'static str {
        "flow"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.t_min,
            noisy: 1.0,
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        (-t).ln_1p()
    }

    fn sigma(&self, t: f64) -> f64 {
        t
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        -1.0 / (1.0 - t)
    }

    fn dsigma(&self, _t: f64) -> f64 {
        1.0
    }

    fn alpha(&self, t: f64) -> f64 {
        1.0 - t
    }

    // alpha times d ln(alpha)/dt would be 0 times infinity at t = 1.
    fn dalpha(&self, _t: f64) -> f64 {
        -1.0
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        1.0 / (1.0 + lambda.exp())
    }
}
