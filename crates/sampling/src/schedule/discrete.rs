//! The discrete chain on which most published networks were trained, as a schedule of real times.
//!
//! ```text
//! abar_n = prod_(i <= n) (1 - beta_i),  n = 0 .. T-1
//! t_n = (n + 1)/T,  ln alpha(t_n) = ln(abar_n)/2,  sigma = sqrt(1 - alpha^2)
//! ```
//!
//! Between the labels ln alpha is linear in t, as in Lu et al. (2022), who extrapolate below t_0; here
//! it ends at ln alpha = 0 at t = 0, so that there is noise at every positive time. At a label the
//! derivatives are those of the interval above it.

use std::f64::consts::FRAC_PI_2;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NoiseSchedule, TimeRange};
use crate::error::SamplingError;

/// Noise rates of the discrete chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Betas {
    /// Evenly from `first` to `last`: Ho, Jain and Abbeel (2020), 1e-4 to 0.02.
    Linear {
        /// beta_0.
        first: f64,
        /// beta_(T-1).
        last: f64,
    },
    /// min(1 - f((n+1)/T)/f(n/T), cap), f(t) = cos^2((pi/2)(t + 0.008)/1.008): Nichol and Dhariwal
    /// (2021), who cap at 0.999.
    Cosine {
        /// Largest rate.
        cap: f64,
    },
}

impl Default for Betas {
    fn default() -> Self {
        Self::Linear {
            first: 1e-4,
            last: 0.02,
        }
    }
}

/// A chain of T noise levels: the parameters of [`Discrete`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VpDiscrete {
    /// Noise rates. Default: linear from 1e-4 to 0.02.
    pub betas: Betas,
    /// Number T of noise levels. Default: 1000.
    #[schemars(range(min = 2))]
    pub levels: usize,
    /// Sampling begins at the last label with ln(alpha/sigma) above this. Default: -5.1, as
    /// Lu et al. (2022) cut it; it matters for cosine rates only.
    #[schemars(extend("exclusiveMaximum" = 0.0))]
    pub lambda_min: f64,
}

impl Default for VpDiscrete {
    fn default() -> Self {
        Self {
            betas: Betas::default(),
            levels: 1000,
            lambda_min: -5.1,
        }
    }
}

impl VpDiscrete {
    /// The schedule.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where there are fewer than two levels, or a rate is not between
    /// 0 and 1.
    pub fn schedule(&self) -> Result<Discrete, SamplingError> {
        if self.levels < 2 {
            return Err(SamplingError::parameter(
                "levels",
                format!("there are {}, and at least 2 are needed", self.levels),
            ));
        }
        let count = self.levels as f64;
        let rate = |n: usize| match self.betas {
            Betas::Linear { first, last } => first + (last - first) * n as f64 / (count - 1.0),
            Betas::Cosine { cap } => {
                let f = |t: f64| (FRAC_PI_2 * (t + 0.008) / 1.008).cos().powi(2);
                (1.0 - f((n + 1) as f64 / count) / f(n as f64 / count)).min(cap)
            }
        };
        let mut log_alpha = vec![0.0];
        let mut sum = 0.0;
        for n in 0..self.levels {
            let beta = rate(n);
            if !(beta > 0.0 && beta < 1.0) {
                return Err(SamplingError::parameter(
                    "betas",
                    format!("rate {n} is {beta}, and rates lie between 0 and 1, both excluded"),
                ));
            }
            sum += 0.5 * (-beta).ln_1p();
            log_alpha.push(sum);
        }
        let mut schedule = Discrete {
            log_alpha,
            noisy: 1.0,
        };
        let begin = (1..=self.levels)
            .rev()
            .find(|&n| schedule.lambda(n as f64 / count) >= self.lambda_min);
        match begin {
            Some(n) if n > 1 => schedule.noisy = n as f64 / count,
            _ => {
                return Err(SamplingError::parameter(
                    "lambda_min",
                    format!(
                        "it is {}, and no label but the first lies above it: lambda runs from {} to {}",
                        self.lambda_min,
                        schedule.lambda(1.0 / count),
                        schedule.lambda(1.0)
                    ),
                ));
            }
        }
        Ok(schedule)
    }
}

/// The schedule of [`VpDiscrete`].
#[derive(Clone, Debug, PartialEq)]
pub struct Discrete {
    /// At t = 0, 1/T, 2/T .. 1.
    log_alpha: Vec<f64>,
    noisy: f64,
}

impl Discrete {
    fn levels(&self) -> f64 {
        (self.log_alpha.len() - 1) as f64
    }

    /// The interval in which `t` lies.
    fn interval(&self, t: f64) -> usize {
        ((t * self.levels()).max(0.0) as usize).min(self.log_alpha.len() - 2)
    }
}

impl NoiseSchedule for Discrete {
    fn name(&self) -> &'static str {
        "vp_discrete"
    }

    fn range(&self) -> TimeRange {
        TimeRange {
            clean: 1.0 / self.levels(),
            noisy: self.noisy,
        }
    }

    fn labels(&self) -> Option<usize> {
        Some(self.log_alpha.len() - 1)
    }

    fn log_alpha(&self, t: f64) -> f64 {
        let k = self.interval(t);
        let [low, high] = [self.log_alpha[k], self.log_alpha[k + 1]];
        low + (t * self.levels() - k as f64) * (high - low)
    }

    fn sigma(&self, t: f64) -> f64 {
        (-(2.0 * self.log_alpha(t)).exp_m1()).sqrt()
    }

    fn dlog_alpha(&self, t: f64) -> f64 {
        let k = self.interval(t);
        (self.log_alpha[k + 1] - self.log_alpha[k]) * self.levels()
    }

    fn dsigma(&self, t: f64) -> f64 {
        -(2.0 * self.log_alpha(t)).exp() * self.dlog_alpha(t) / self.sigma(t)
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        // alpha^2 = 1/(1 + e^(-2 lambda)), without overflow for large negative lambda.
        let softplus = (-2.0 * lambda).max(0.0) + (-2.0 * lambda.abs()).exp().ln_1p();
        let wanted = -0.5 * softplus;
        let above = self.log_alpha.partition_point(|&v| v > wanted);
        let k = above.clamp(1, self.log_alpha.len() - 1) - 1;
        let [low, high] = [self.log_alpha[k], self.log_alpha[k + 1]];
        (k as f64 + (wanted - low) / (high - low)) / self.levels()
    }
}

#[cfg(test)]
mod tests {
    use super::{Betas, VpDiscrete};
    use crate::schedule::NoiseSchedule;

    #[test]
    fn linear_rates_end_at_the_known_product() {
        let schedule = VpDiscrete::default().schedule().expect("defaults");
        let last = schedule.alpha(1.0).powi(2);
        assert!(
            (last / 4.035829765375676e-5 - 1.0).abs() < 1e-12,
            "{last:e}"
        );
        assert!((schedule.alpha(1e-3).powi(2) - 0.9999).abs() < 1e-15);
        assert_eq!(schedule.range().noisy, 1.0);
    }

    #[test]
    fn cosine_rates_begin_at_the_last_label_above_the_cut() {
        let params = VpDiscrete {
            betas: Betas::Cosine { cap: 0.999 },
            ..VpDiscrete::default()
        };
        let schedule = params.schedule().expect("a schedule");
        let noisy = schedule.range().noisy;
        assert!(noisy < 1.0);
        assert!(schedule.lambda(noisy) >= -5.1 && schedule.lambda(noisy + 1e-3) < -5.1);
        // The products of the uncapped rates telescope to f(t)/f(0), the continuous schedule.
        let continuous = crate::schedule::VpCosine::default();
        for t in [0.001, 0.25, 0.5, 0.9] {
            assert!((schedule.log_alpha(t) - continuous.log_alpha(t)).abs() < 1e-12);
        }
    }
}
