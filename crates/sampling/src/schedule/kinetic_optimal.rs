//! The schedule of least kinetic energy for Gaussian data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};

/// sigma = t and alpha such that the standard deviation of x_t, sqrt(alpha^2 s^2 + sigma^2), runs
/// evenly from s to 1: alpha^2 = (1 - t)(1 - t + 2 t/s), for data of standard deviation s.
///
/// Samples of Gaussian data then move at constant speed; no other schedule has a smaller kinetic
/// energy, (1 - s)^2 an unknown. For s = 1 it preserves variance. alpha' is infinite at t = 1,
/// hence the default end short of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KineticOptimal {
    /// Standard deviation s of the data. Default: 0.5.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub deviation: f64,
    /// Time at which sampling ends. Default: 0.001.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub t_min: f64,
    /// Time at which sampling begins. Default: 0.9999.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub t_max: f64,
}

impl Default for KineticOptimal {
    fn default() -> Self {
        Self {
            deviation: 0.5,
            t_min: 1e-3,
            t_max: 0.9999,
        }
    }
}

impl NoiseSchedule for KineticOptimal {
    fn name(&self) -> &'static str {
        "kinetic_optimal"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.t_min,
            noisy: self.t_max,
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        // (1 - t + 2 t/s) - 1 = t (2/s - 1)
        0.5 * ((-t).ln_1p() + (t * (2.0 / self.deviation - 1.0)).ln_1p())
    }

    fn sigma(&self, t: f64) -> f64 {
        t
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        let slope = 2.0 / self.deviation - 1.0;
        0.5 * (slope / (1.0 + slope * t) - 1.0 / (1.0 - t))
    }

    fn dsigma(&self, _t: f64) -> f64 {
        1.0
    }

    // With u = (1 - t)/t: (alpha/sigma)^2 = u^2 + 2 u/s.
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        let q = (2.0 * lambda).exp();
        let s = 1.0 / self.deviation;
        1.0 / (1.0 + q / (s + (s * s + q).sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::KineticOptimal;
    use crate::schedule::NoiseSchedule;

    #[test]
    fn the_deviation_of_the_noised_data_runs_evenly() {
        for deviation in [0.1, 0.5, 1.0, 3.0] {
            let schedule = KineticOptimal {
                deviation,
                ..KineticOptimal::default()
            };
            for t in [1e-3, 0.2, 0.5, 0.9, 0.999] {
                let node = schedule.node(t);
                let spread = (node.alpha * deviation).hypot(node.sigma);
                assert!((spread - (deviation + (1.0 - deviation) * t)).abs() < 1e-14);
                let back = schedule.t_of_lambda(node.lambda);
                assert!((back - t).abs() < 1e-13, "{deviation} {t} {back}");
                let h = 1e-6;
                let slope = (schedule.alpha(t + h) - schedule.alpha(t - h)) / (2.0 * h);
                assert!((node.alpha_dot / slope - 1.0).abs() < 1e-5);
            }
        }
    }
}
