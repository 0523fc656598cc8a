//! Variance-preserving schedules: alpha^2 + sigma^2 = 1.

use std::f64::consts::FRAC_PI_2;

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

/// alpha = cos(phi)/cos(phi_0), phi = (pi/2)(t + s)/(1 + s), phi_0 its value at t = 0,
/// sigma = sqrt(1 - alpha^2).
///
/// Nichol and Dhariwal (2021), divided by its value at t = 0, so that alpha starts at 1. Towards
/// t = 1 lambda falls to minus infinity; sampling begins where it passes `lambda_min`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VpCosine {
    /// Offset s, which keeps the noise rate above zero at t = 0. Default: 0.008.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub offset: f64,
    /// ln(alpha/sigma) at which sampling begins. Default: -5.1, as Lu et al. (2022) cut it.
    #[schemars(extend("exclusiveMaximum" = 0.0))]
    pub lambda_min: f64,
}

impl Default for VpCosine {
    fn default() -> Self {
        Self {
            offset: 0.008,
            lambda_min: -5.1,
        }
    }
}

impl VpCosine {
    /// d phi/dt.
    fn rate(&self) -> f64 {
        FRAC_PI_2 / (1.0 + self.offset)
    }

    /// phi at t.
    fn angle(&self, t: f64) -> f64 {
        self.rate() * (t + self.offset)
    }
}

impl NoiseSchedule for VpCosine {
    fn name(&self) -> &'static str {
        "vp_cosine"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: 1e-3,
            noisy: self.t_of_lambda(self.lambda_min),
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        self.alpha(t).ln()
    }

    fn alpha(&self, t: f64) -> f64 {
        self.angle(t).cos() / self.angle(0.0).cos()
    }

    // sigma^2 = (cos^2 phi_0 - cos^2 phi)/cos^2 phi_0, as a product that keeps its digits at t = 0.
    fn sigma(&self, t: f64) -> f64 {
        let start = self.angle(0.0);
        let product = (self.rate() * t).sin() * (self.angle(t) + start).sin();
        product.sqrt() / start.cos()
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        -self.rate() * self.angle(t).tan()
    }

    fn dsigma(&self, t: f64) -> f64 {
        -self.alpha(t).powi(2) * self.dlog_alpha(t) / self.sigma(t)
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        let start = self.angle(0.0);
        let alpha = (1.0 + (-2.0 * lambda).exp()).sqrt().recip();
        let sigma = (1.0 + (2.0 * lambda).exp()).sqrt().recip();
        // phi from both its sine and its cosine, then phi - phi_0 from the product of `sigma`.
        let noise = (start.cos() * sigma).powi(2);
        let angle = (start.sin().powi(2) + noise)
            .sqrt()
            .atan2(alpha * start.cos());
        (noise / (angle + start).sin()).asin() / self.rate()
    }
}
