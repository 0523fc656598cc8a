//! Noise schedules: how large data and noise are in `x_t = alpha_t x_0 + sigma_t eps`.

mod flow;
mod mean_reverting;
mod residual_shifting;
mod variance_exploding;
mod variance_preserving;

use std::fmt::Debug;
use std::sync::Arc;

pub use flow::Flow;
pub use mean_reverting::{MeanReverting, ReversionRate};
pub use residual_shifting::ResidualShifting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use variance_exploding::VarianceExploding;
pub use variance_preserving::VarianceLinear;

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
        Ok(match self {
            Self::VpLinear(params) => Arc::new(params.clone()),
            Self::Edm(params) => Arc::new(params.clone()),
            Self::Flow(params) => Arc::new(params.clone()),
            Self::MeanReverting(params) => Arc::new(params.checked()?),
            Self::ResidualShifting(params) => Arc::new(params.checked()?),
        })
    }
}
