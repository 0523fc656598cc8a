//! Noise schedules: how large data and noise are in `x_t = alpha_t x_0 + sigma_t eps`.

mod discrete;
mod flow;
mod kinetic_optimal;
mod mean_reverting;
mod residual_shifting;
mod table;
mod trigonometric;
mod variance_exploding;
mod variance_preserving;

use std::fmt::Debug;
use std::sync::Arc;

pub use discrete::{Betas, Discrete, VpDiscrete};
pub use flow::Flow;
pub use kinetic_optimal::KineticOptimal;
pub use mean_reverting::{MeanReverting, ReversionRate};
pub use residual_shifting::ResidualShifting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use table::{Table, Tabulated};
pub use trigonometric::Trigonometric;
pub use variance_exploding::{VarianceExploding, VarianceExplodingSqrt};
pub use variance_preserving::{VarianceLinear, VpCosine};

use crate::error::SamplingError;

/// What a sampler needs to know of the schedule at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Time of the schedule.
    pub t: f64,
    /// Size of the data.
    pub alpha: f64,
    /// Size of the noise.
    pub sigma: f64,
    /// ln(alpha/sigma); infinite where there is no noise left.
    pub lambda: f64,
    /// d alpha/dt.
    pub alpha_dot: f64,
    /// d sigma/dt.
    pub sigma_dot: f64,
}

impl Node {
    /// The end without noise: alpha = 1, sigma = 0. No denoiser is ever asked there.
    pub const CLEAN: Self = Self {
        t: 0.0,
        alpha: 1.0,
        sigma: 0.0,
        lambda: f64::INFINITY,
        alpha_dot: 0.0,
        sigma_dot: 0.0,
    };

    /// Whether there is no noise left.
    pub fn is_clean(&self) -> bool {
        self.sigma == 0.0
    }

    /// sigma/alpha: the noise of the same data scaled to alpha = 1.
    pub fn rho(&self) -> f64 {
        self.sigma / self.alpha
    }
}

/// The times between which a schedule is used by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRange {
    /// Where sampling ends: next to no noise.
    pub clean: f64,
    /// Where sampling begins: next to no data.
    pub noisy: f64,
}

/// Sizes of data and noise over the time of a diffusion. Noise grows with t.
pub trait NoiseSchedule: Debug + Send + Sync {
    /// Value of `schedule.kind`.
    fn name(&self) -> &'static str;

    /// Times between which sampling runs by default.
    fn range(&self) -> TimeRange;

    /// ln alpha; minus infinity where no data are left.
    fn log_alpha(&self, t: f64) -> f64;

    /// Size of the noise.
    fn sigma(&self, t: f64) -> f64;

    /// d ln(alpha)/dt.
    fn dlog_alpha(&self, t: f64) -> f64;

    /// d sigma/dt.
    fn dsigma(&self, t: f64) -> f64;

    /// Time at which ln(alpha/sigma) is `lambda`.
    fn t_of_lambda(&self, lambda: f64) -> f64;

    /// Number T of the labels 0 .. T-1 of a discrete chain, label n standing at t = (n + 1)/T; `None`
    /// for schedules of continuous time.
    fn labels(&self) -> Option<usize> {
        None
    }

    /// Size of the data.
    fn alpha(&self, t: f64) -> f64 {
        self.log_alpha(t).exp()
    }

    /// d alpha/dt.
    fn dalpha(&self, t: f64) -> f64 {
        self.alpha(t) * self.dlog_alpha(t)
    }

    /// ln(alpha/sigma), half the logarithmic signal-to-noise ratio.
    fn lambda(&self, t: f64) -> f64 {
        self.log_alpha(t) - self.sigma(t).ln()
    }

    /// g^2 of the stochastic equation: d(sigma^2)/dt - 2 sigma^2 d ln(alpha)/dt.
    fn diffusion2(&self, t: f64) -> f64 {
        let sigma = self.sigma(t);
        2.0 * sigma * (self.dsigma(t) - sigma * self.dlog_alpha(t))
    }

    /// All of it at one time.
    fn node(&self, t: f64) -> Node {
        Node {
            t,
            alpha: self.alpha(t),
            sigma: self.sigma(t),
            lambda: self.lambda(t),
            alpha_dot: self.dalpha(t),
            sigma_dot: self.dsigma(t),
        }
    }

    /// All of it where ln(alpha/sigma) is `lambda`, which is kept as it was given.
    fn node_at_lambda(&self, lambda: f64) -> Node {
        Node {
            lambda,
            ..self.node(self.t_of_lambda(lambda))
        }
    }
}

/// The noise schedule; `kind` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScheduleParams {
    /// Variance preserving, noise rate linear in time: Song et al. (2021).
    VpLinear(VarianceLinear),
    /// Variance exploding, sigma = t: Karras et al. (2022).
    Edm(VarianceExploding),
    /// Straight paths alpha = 1 - t, sigma = t: Lipman et al., Liu et al. (2023).
    Flow(Flow),
    /// Least kinetic energy for Gaussian data of a known standard deviation.
    KineticOptimal(KineticOptimal),
    /// Variance preserving, alpha a cosine: Nichol and Dhariwal (2021).
    VpCosine(VpCosine),
    /// The discrete chain of Ho, Jain and Abbeel (2020) and its kin.
    VpDiscrete(VpDiscrete),
    /// Variance exploding, sigma = sqrt(t): Song et al. (2021).
    VeSqrt(VarianceExplodingSqrt),
    /// Quarter of a circle, alpha = cos(pi t/2), sigma = sin(pi t/2).
    Trigonometric(Trigonometric),
    /// A table of times, alpha and sigma.
    Table(Table),
    /// Towards a mean, at a constant or a cosine rate: Luo et al. (2023).
    MeanReverting(MeanReverting),
    /// alpha = 1 - eta, sigma = kappa sqrt(eta): Yue, Wang and Loy (2023).
    ResidualShifting(ResidualShifting),
}

impl Default for ScheduleParams {
    fn default() -> Self {
        Self::VpLinear(VarianceLinear::default())
    }
}

impl ScheduleParams {
    /// The schedule.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for numbers that make no schedule.
    pub fn build(&self) -> Result<Arc<dyn NoiseSchedule>, SamplingError> {
        let positive = |key: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                return Ok(());
            }
            Err(SamplingError::parameter(
                key,
                format!("it is {value}, and must be positive and finite"),
            ))
        };
        let between_0_and_1 = |key: &str, value: f64| {
            if value > 0.0 && value < 1.0 {
                return Ok(());
            }
            Err(SamplingError::parameter(
                key,
                format!("it is {value}, and lies between 0 and 1, both excluded"),
            ))
        };
        let noises = |min: f64, max: f64| {
            positive("sigma_min", min)?;
            positive("sigma_max", max)?;
            if min < max {
                return Ok(());
            }
            Err(SamplingError::parameter(
                "sigma_max",
                format!("it is {max}, and must be above sigma_min = {min}"),
            ))
        };
        Ok(match self {
            Self::VpLinear(params) => {
                positive("beta_0", params.beta_0)?;
                positive("beta_1", params.beta_1)?;
                Arc::new(params.clone())
            }
            Self::Edm(params) => {
                noises(params.sigma_min, params.sigma_max)?;
                Arc::new(params.clone())
            }
            Self::Flow(params) => {
                between_0_and_1("t_min", params.t_min)?;
                Arc::new(params.clone())
            }
            Self::VpCosine(params) => {
                positive("offset", params.offset)?;
                let range = params.range();
                if !(params.lambda_min.is_finite() && range.noisy > range.clean) {
                    return Err(SamplingError::parameter(
                        "lambda_min",
                        format!(
                            "it is {}, and must be finite and below {}, where sampling ends",
                            params.lambda_min,
                            params.lambda(range.clean)
                        ),
                    ));
                }
                Arc::new(params.clone())
            }
            Self::VpDiscrete(params) => Arc::new(params.schedule()?),
            Self::VeSqrt(params) => {
                noises(params.sigma_min, params.sigma_max)?;
                Arc::new(params.clone())
            }
            Self::Trigonometric(params) => {
                between_0_and_1("t_min", params.t_min)?;
                Arc::new(params.clone())
            }
            Self::Table(params) => Arc::new(params.schedule()?),
            Self::KineticOptimal(params) => {
                positive("deviation", params.deviation)?;
                Arc::new(params.clone())
            }
            Self::MeanReverting(params) => Arc::new(params.checked()?),
            Self::ResidualShifting(params) => Arc::new(params.checked()?),
        })
    }
}

#[cfg(test)]
mod tests;
