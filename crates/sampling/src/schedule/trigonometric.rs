//! Quarter of a circle from data to noise.

use std::f64::consts::FRAC_PI_2;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};

/// alpha = cos(pi t/2), sigma = sin(pi t/2): data at t = 0, noise at t = 1.
///
/// The angle of v-prediction in Salimans and Ho (2022); the variance-preserving interpolant of
/// Albergo and Vanden-Eijnden (2023), who put the data at t = 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trigonometric {
    /// Time at which sampling ends. Default: 0.001.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub t_min: f64,
}

impl Default for Trigonometric {
    fn default() -> Self {
        Self { t_min: 1e-3 }
    }
}

impl NoiseSchedule for Trigonometric {
    fn name(&self) -> &'static str {
        "trigonometric"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.t_min,
            noisy: 1.0,
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        self.alpha(t).ln()
    }

    // The sine of the rest of the angle is exactly 0 at t = 1.
    fn alpha(&self, t: f64) -> f64 {
        (FRAC_PI_2 * (1.0 - t)).sin()
    }

    fn sigma(&self, t: f64) -> f64 {
        (FRAC_PI_2 * t).sin()
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        -FRAC_PI_2 / (FRAC_PI_2 * (1.0 - t)).tan()
    }

    fn dsigma(&self, t: f64) -> f64 {
        FRAC_PI_2 * self.alpha(t)
    }

    // alpha times d ln(alpha)/dt would be 0 times infinity at t = 1.
    fn dalpha(&self, t: f64) -> f64 {
        -FRAC_PI_2 * self.sigma(t)
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        (-lambda).exp().atan() / FRAC_PI_2
    }
}
