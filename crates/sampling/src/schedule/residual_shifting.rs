//! The schedule of chains that shift the residual between two fields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};
use crate::error::SamplingError;

/// alpha = 1 - eta, sigma = kappa sqrt(eta), sqrt(eta) = a (b/a)^(t^p) with
/// a = min(m/kappa, m), b = sqrt(eta_end), t in \[0, 1\].
///
/// Yue, Wang and Loy (2023, ResShift): step n of their T is t = (n - 1)/(T - 1), so that T times
/// even in t are theirs, and the last step goes to no noise. Below p = 1 the rates are infinite at
/// t = 0: methods that integrate in t do not serve there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResidualShifting {
    /// Noise kappa beside the residual. Default: 2.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub kappa: f64,
    /// Smallest noise m. Default: 0.04.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub min_noise: f64,
    /// Exponent p. Default: 0.3.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub power: f64,
    /// sqrt(eta) at t = 1. Default: 0.99.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub root_eta_end: f64,
}

impl Default for ResidualShifting {
    fn default() -> Self {
        Self {
            kappa: 2.0,
            min_noise: 0.04,
            power: 0.3,
            root_eta_end: 0.99,
        }
    }
}

impl ResidualShifting {
    /// The same, if its numbers make a schedule.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where they do not.
    pub fn checked(&self) -> Result<Self, SamplingError> {
        for (key, value) in [
            ("kappa", self.kappa),
            ("min_noise", self.min_noise),
            ("power", self.power),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(SamplingError::parameter(
                    key,
                    format!("it is {value}, and is positive"),
                ));
            }
        }
        let a = self.root_eta_start();
        if !(self.root_eta_end > a && self.root_eta_end < 1.0) {
            return Err(SamplingError::parameter(
                "root_eta_end",
                format!(
                    "it is {}, and lies between {a} (where the chain begins) and 1",
                    self.root_eta_end
                ),
            ));
        }
        Ok(self.clone())
    }

    fn root_eta_start(&self) -> f64 {
        (self.min_noise / self.kappa).min(self.min_noise)
    }

    fn root_eta(&self, t: f64) -> f64 {
        let a = self.root_eta_start();
        a * (self.root_eta_end / a).powf(t.powf(self.power))
    }

    fn droot_eta(&self, t: f64) -> f64 {
        let ratio = (self.root_eta_end / self.root_eta_start()).ln();
        self.root_eta(t) * ratio * self.power * t.powf(self.power - 1.0)
    }
}

impl NoiseSchedule for ResidualShifting {
    fn name(&self) -> &'static str {
        "residual_shifting"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: 0.0,
            noisy: 1.0,
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        (-self.root_eta(t).powi(2)).ln_1p()
    }

    fn sigma(&self, t: f64) -> f64 {
        self.kappa * self.root_eta(t)
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        let root = self.root_eta(t);
        -2.0 * root * self.droot_eta(t) / (1.0 - root * root)
    }

    fn dsigma(&self, t: f64) -> f64 {
        self.kappa * self.droot_eta(t)
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        // (1 - r^2)/(kappa r) = e^lambda, the positive root r of r^2 + c r - 1 = 0.
        let c = self.kappa * lambda.exp();
        let root = 2.0 / (c + (c * c + 4.0).sqrt());
        let a = self.root_eta_start();
        let exponent = (root / a).ln() / (self.root_eta_end / a).ln();
        exponent.max(0.0).powf(1.0 / self.power)
    }
}

#[cfg(test)]
mod tests {
    use super::ResidualShifting;
    use crate::schedule::NoiseSchedule;

    #[test]
    fn times_and_rates_fit_the_sizes_of_data_and_noise() {
        let schedule = ResidualShifting::default();
        assert!((schedule.sigma(0.0) - 0.04).abs() < 1e-16);
        assert!((schedule.alpha(1.0) - (1.0 - 0.99 * 0.99)).abs() < 1e-15);
        for t in [0.01, 0.1, 0.5, 1.0] {
            assert!((schedule.t_of_lambda(schedule.lambda(t)) - t).abs() < 1e-12);
            let h = 1e-5 * t;
            let slope = |f: &dyn Fn(f64) -> f64| (f(t + h) - f(t - h)) / (2.0 * h);
            let (a, s) = (
                slope(&|t| schedule.log_alpha(t)),
                slope(&|t| schedule.sigma(t)),
            );
            assert!((a / schedule.dlog_alpha(t) - 1.0).abs() < 1e-6);
            assert!((s / schedule.dsigma(t) - 1.0).abs() < 1e-6);
        }
    }
}
