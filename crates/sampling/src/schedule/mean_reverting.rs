//! Schedules of diffusions that revert to a mean.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};
use crate::error::SamplingError;

/// How the rate f(t) of the reversion depends on time, up to a factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReversionRate {
    /// 1 - cos^2(c (t + s))/cos^2(c s), s = 0.008, c = pi/(2 (1 + s)).
    #[default]
    Cosine,
    /// 1.
    Constant,
}

/// Of dx = f (mu - x) dt + g dw with g^2 = 2 f s^2:
/// alpha = exp(-int_0^t f), sigma = s sqrt(1 - alpha^2), t in (0, 1].
///
/// Luo, Gustafsson, Zhao, Sjolund and Schon (2023, IR-SDE), in continuous time. f is scaled so that
/// alpha = `alpha_end` at t = 1. With s = 1 the schedule is variance preserving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeanReverting {
    /// Rate of the reversion over time. Default: cosine.
    pub rate: ReversionRate,
    /// Standard deviation s of the noise that is left of everything. Default: 1.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub sigma_infinity: f64,
    /// Size of the data at t = 1. Default: 0.01.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub alpha_end: f64,
    /// Time at which sampling ends. Default: 0.01.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub t_min: f64,
}

impl Default for MeanReverting {
    fn default() -> Self {
        Self {
            rate: ReversionRate::Cosine,
            sigma_infinity: 1.0,
            alpha_end: 0.01,
            t_min: 0.01,
        }
    }
}

const SHIFT: f64 = 0.008;
const TURN: f64 = 0.5 * PI / (1.0 + SHIFT);

impl ReversionRate {
    fn value(self, t: f64) -> f64 {
        match self {
            Self::Cosine => 1.0 - ((TURN * (t + SHIFT)).cos() / (TURN * SHIFT).cos()).powi(2),
            Self::Constant => 1.0,
        }
    }

    /// Its integral from 0.
    fn integral(self, t: f64) -> f64 {
        match self {
            Self::Cosine => {
                let sines = (2.0 * TURN * (t + SHIFT)).sin() - (2.0 * TURN * SHIFT).sin();
                t - (0.5 * t + sines / (4.0 * TURN)) / (TURN * SHIFT).cos().powi(2)
            }
            Self::Constant => t,
        }
    }
}

impl MeanReverting {
    /// The same, if its numbers make a schedule.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where they do not.
    pub fn checked(&self) -> Result<Self, SamplingError> {
        if !(self.sigma_infinity.is_finite() && self.sigma_infinity > 0.0) {
            return Err(SamplingError::parameter(
                "sigma_infinity",
                format!("it is {}, and is positive", self.sigma_infinity),
            ));
        }
        for (key, value) in [("alpha_end", self.alpha_end), ("t_min", self.t_min)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(SamplingError::parameter(
                    key,
                    format!("it is {value}, and lies between 0 and 1"),
                ));
            }
        }
        Ok(self.clone())
    }

    /// f over the rate's own shape.
    fn scale(&self) -> f64 {
        -self.alpha_end.ln() / self.rate.integral(1.0)
    }
}

impl NoiseSchedule for MeanReverting {
    fn name(&self) -> &'static str {
        "mean_reverting"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.t_min,
            noisy: 1.0,
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        -self.scale() * self.rate.integral(t)
    }

    fn sigma(&self, t: f64) -> f64 {
        self.sigma_infinity * (-(2.0 * self.log_alpha(t)).exp_m1()).sqrt()
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        -self.scale() * self.rate.value(t)
    }

    fn dsigma(&self, t: f64) -> f64 {
        let s = self.sigma_infinity;
        -s * s * (2.0 * self.log_alpha(t)).exp() * self.dlog_alpha(t) / self.sigma(t)
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        // ln alpha = -ln(1 + e^(-2 l))/2 with l the lambda of s = 1.
        let l = lambda + self.sigma_infinity.ln();
        let softplus = (-2.0 * l).max(0.0) + (-2.0 * l.abs()).exp().ln_1p();
        let wanted = 0.5 * softplus / self.scale();
        if self.rate == ReversionRate::Constant {
            return wanted;
        }
        // Newton's method kept within a bracket; the integral grows with t, and is convex.
        let (mut low, mut high) = (0.0, 1.0);
        while self.rate.integral(high) < wanted && high < 1.5 {
            high += 0.1;
        }
        let mut t: f64 = 0.5 * (low + high);
        for _ in 0..100 {
            let off = self.rate.integral(t) - wanted;
            if off > 0.0 {
                high = t;
            } else {
                low = t;
            }
            let newton = t - off / self.rate.value(t);
            let next = if newton > low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            if (next - t).abs() <= 1e-16 * t {
                break;
            }
            t = next;
        }
        t
    }
}

#[cfg(test)]
mod tests {
    use super::{MeanReverting, ReversionRate};
    use crate::schedule::NoiseSchedule;

    #[test]
    fn times_and_rates_fit_the_sizes_of_data_and_noise() {
        for rate in [ReversionRate::Cosine, ReversionRate::Constant] {
            let schedule = MeanReverting {
                rate,
                sigma_infinity: 0.3,
                ..MeanReverting::default()
            };
            assert!((schedule.alpha(1.0) - 0.01).abs() < 1e-15);
            for t in [0.01, 0.1, 0.5, 0.9, 1.0] {
                let back = schedule.t_of_lambda(schedule.lambda(t));
                assert!((back - t).abs() < 1e-9 * t, "{rate:?} {t} {back}");
                let h = 1e-5 * t;
                let slope = |f: &dyn Fn(f64) -> f64| (f(t + h) - f(t - h)) / (2.0 * h);
                let (a, s) = (
                    slope(&|t| schedule.log_alpha(t)),
                    slope(&|t| schedule.sigma(t)),
                );
                assert!((a / schedule.dlog_alpha(t) - 1.0).abs() < 1e-6);
                assert!((s / schedule.dsigma(t) - 1.0).abs() < 1e-6);
                // g^2 = 2 f s^2.
                let g2 = -2.0 * schedule.dlog_alpha(t) * 0.09;
                assert!((schedule.diffusion2(t) / g2 - 1.0).abs() < 1e-9);
            }
        }
    }
}
