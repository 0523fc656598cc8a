//! Targets whose denoiser is known in closed form, so that samplers can be measured.

mod empirical;
mod gaussian_process;
mod mixture;

use std::sync::Arc;

pub use empirical::Empirical;
pub use gaussian_process::{
    Covariance, CovarianceMatrix, GaussianProcess, GaussianProcessParams, Points,
    SquaredExponential,
};
pub use mixture::GaussianMixture;
use pdesolve_core::rng;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::denoiser::Denoiser;
use crate::error::SamplingError;
use crate::schedule::Node;

/// A distribution of data that is known exactly.
pub trait Target: Denoiser {
    /// Draws one sample into `out`.
    fn draw(&self, generator: &mut ChaCha8Rng, out: &mut [f64]);

    /// Mean and variance of each unknown of the data.
    fn moments(&self) -> (Vec<f64>, Vec<f64>);

    /// Carries the batch `x` along the exact probability flow from one node to another; `false`
    /// where no closed form is known (the batch is then as it was).
    fn flow(&self, _from: &Node, _to: &Node, _x: &mut [f64]) -> bool {
        false
    }

    /// Draws `samples` independent samples, `[sample][unknown]`.
    fn draws(&self, seed: u64, samples: usize) -> Vec<f64> {
        let unknowns = self.unknowns();
        let mut out = vec![0.0; samples * unknowns];
        for (index, out) in out.chunks_mut(unknowns).enumerate() {
            // A stream of its own, apart from those of sampling.
            self.draw(&mut rng(seed, u64::MAX - 1, index as u64), out);
        }
        out
    }
}

/// The distribution that is sampled; `kind` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TargetParams {
    /// A mixture of isotropic Gaussians.
    GaussianMixture(GaussianMixture),
    /// A multivariate Gaussian with a dense covariance.
    GaussianProcess(GaussianProcessParams),
    /// A finite set of points.
    Empirical(Empirical),
}

impl TargetParams {
    /// Number of classes that the model can be conditioned on.
    pub fn classes(&self) -> usize {
        match self {
            Self::GaussianMixture(mixture) => mixture.weights.len(),
            Self::GaussianProcess(_) | Self::Empirical(_) => 0,
        }
    }

    /// The same with the points of a process that names none placed at `coordinates`, one row a
    /// point.
    pub fn placed(&self, coordinates: impl FnOnce() -> Vec<Vec<f64>>) -> Self {
        let mut placed = self.clone();
        if let Self::GaussianProcess(process) = &mut placed
            && let Covariance::SquaredExponential(kernel) = &mut process.covariance
            && kernel.points.is_none()
        {
            kernel.points = Some(Points::Given(coordinates()));
        }
        placed
    }

    /// The target.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for numbers that make no distribution.
    pub fn build(&self) -> Result<Arc<dyn Target>, SamplingError> {
        Ok(match self {
            Self::GaussianMixture(params) => Arc::new(params.clone().checked()?),
            Self::GaussianProcess(params) => Arc::new(params.build()?),
            Self::Empirical(params) => Arc::new(params.clone().checked()?),
        })
    }
}
