//! A schedule given as a table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};
use crate::error::SamplingError;

/// Times with alpha and sigma; between them ln alpha and lambda = ln(alpha/sigma) are linear in t.
///
/// Beyond the first and the last time their intervals are continued. The derivatives jump at the
/// times of the table (they are those of the interval above): take many of them where a method of
/// high order in t is to show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Times, growing with the noise.
    pub t: Vec<f64>,
    /// Size of the data at each time, positive.
    pub alpha: Vec<f64>,
    /// Size of the noise at each time, positive; sigma/alpha grows.
    pub sigma: Vec<f64>,
}

impl Table {
    /// The schedule.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where the columns differ in length or have fewer than two
    /// numbers, where times do not grow, a size is not positive, or sigma/alpha does not grow.
    pub fn schedule(&self) -> Result<Tabulated, SamplingError> {
        let n = self.t.len();
        if n < 2 || self.alpha.len() != n || self.sigma.len() != n {
            return Err(SamplingError::parameter(
                "t",
                format!(
                    "the table has {n} times, {} alphas and {} sigmas; it needs as many of each, and at least 2",
                    self.alpha.len(),
                    self.sigma.len()
                ),
            ));
        }
        for i in 0..n {
            let (t, alpha, sigma) = (self.t[i], self.alpha[i], self.sigma[i]);
            let positive = |v: f64| v.is_finite() && v > 0.0;
            if !(t.is_finite() && positive(alpha) && positive(sigma)) {
                return Err(SamplingError::parameter(
                    "t",
                    format!(
                        "row {i} is t = {t}, alpha = {alpha}, sigma = {sigma}; all are finite and both sizes positive"
                    ),
                ));
            }
        }
        let log_alpha: Vec<f64> = self.alpha.iter().map(|v| v.ln()).collect();
        let lambda: Vec<f64> = (log_alpha.iter().zip(&self.sigma))
            .map(|(a, sigma)| a - sigma.ln())
            .collect();
        for i in 1..n {
            if !(self.t[i] > self.t[i - 1] && lambda[i] < lambda[i - 1]) {
                return Err(SamplingError::parameter(
                    "t",
                    format!(
                        "rows {} and {i} have t = {}, {} and sigma/alpha = {}, {}; both must grow from row to row",
                        i - 1,
                        self.t[i - 1],
                        self.t[i],
                        (-lambda[i - 1]).exp(),
                        (-lambda[i]).exp()
                    ),
                ));
            }
        }
        Ok(Tabulated {
            t: self.t.clone(),
            log_alpha,
            lambda,
        })
    }
}

/// The schedule of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub struct Tabulated {
    t: Vec<f64>,
    log_alpha: Vec<f64>,
    lambda: Vec<f64>,
}

impl Tabulated {
    /// Number of the interval of `t`, and the share of it that lies below `t`.
    fn find(&self, t: f64) -> (usize, f64) {
        let above = self.t.partition_point(|&v| v <= t);
        let k = above.clamp(1, self.t.len() - 1) - 1;
        (k, (t - self.t[k]) / (self.t[k + 1] - self.t[k]))
    }

    fn value(&self, column: &[f64], t: f64) -> f64 {
        let (k, share) = self.find(t);
        column[k] + share * (column[k + 1] - column[k])
    }

    fn slope(&self, column: &[f64], t: f64) -> f64 {
        let (k, _) = self.find(t);
        (column[k + 1] - column[k]) / (self.t[k + 1] - self.t[k])
    }
}

impl NoiseSchedule for Tabulated {
    fn name(&self) -> &'static str {
        "table"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: self.t[0],
            noisy: self.t[self.t.len() - 1],
        }
    }

    fn log_alpha(&self, t: f64) -> f64 {
        self.value(&self.log_alpha, t)
    }

    fn lambda(&self, t: f64) -> f64 {
        self.value(&self.lambda, t)
    }

    fn sigma(&self, t: f64) -> f64 {
        (self.log_alpha(t) - self.lambda(t)).exp()
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        self.slope(&self.log_alpha, t)
    }

    fn dsigma(&self, t: f64) -> f64 {
        self.sigma(t) * (self.slope(&self.log_alpha, t) - self.slope(&self.lambda, t))
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        let above = self.lambda.partition_point(|&v| v > lambda);
        let k = above.clamp(1, self.t.len() - 1) - 1;
        let share = (lambda - self.lambda[k]) / (self.lambda[k + 1] - self.lambda[k]);
        self.t[k] + share * (self.t[k + 1] - self.t[k])
    }
}
