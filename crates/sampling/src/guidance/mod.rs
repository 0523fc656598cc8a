//! Changes of a model's prediction while it is being sampled.
//!
//! Each changes the predicted data x0, from which the form that a sampler asks for is made; they
//! apply in the order in which a [`Problem`](crate::Problem) lists them.

mod classifier_free;
mod data_consistency;
mod energy;
mod threshold;

use std::sync::Arc;

pub use classifier_free::{ClassifierFree, GuidanceWeight};
pub use data_consistency::DataConsistency;
pub use energy::{Energy, EnergyGradient, LinearEnergy, QuadraticEnergy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use threshold::{DynamicThreshold, StaticThreshold};

use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// One call of the model, as a guidance sees it.
pub struct GuidanceCall<'a> {
    /// The batch `[sample][unknown]`.
    pub x: &'a [f64],
    /// Where.
    pub node: &'a Node,
    /// What the prediction was conditioned on.
    pub condition: Condition<'a>,
    denoiser: &'a dyn Denoiser,
    evaluations: &'a mut u64,
    scratch: &'a mut Vec<f64>,
}

impl<'a> GuidanceCall<'a> {
    pub(crate) fn new(
        x: &'a [f64],
        node: &'a Node,
        condition: Condition<'a>,
        denoiser: &'a dyn Denoiser,
        evaluations: &'a mut u64,
        scratch: &'a mut Vec<f64>,
    ) -> Self {
        Self {
            x,
            node,
            condition,
            denoiser,
            evaluations,
            scratch,
        }
    }

    /// Number of unknowns of one sample.
    pub fn unknowns(&self) -> usize {
        self.denoiser.unknowns()
    }

    /// Asks the model once more, under another condition; the data it predicts. Counted.
    pub fn data_under(&mut self, condition: Condition<'_>) -> &[f64] {
        self.scratch.resize(self.x.len(), 0.0);
        (self.denoiser).evaluate(self.x, self.node, condition, self.scratch);
        *self.evaluations += 1;
        let from = self.denoiser.parameterisation();
        let (a, b) = from.convert(Parameterisation::Data, self.node);
        for (m, x) in self.scratch.iter_mut().zip(self.x) {
            *m = a * x + b * *m;
        }
        self.scratch
    }
}

/// Changes the data that a model predicts.
pub trait Guidance: Send + Sync {
    /// Changes the predicted data `data` (`[sample][unknown]`) in place.
    fn adjust(&self, call: &mut GuidanceCall<'_>, data: &mut [f64]);
}

/// A change of the prediction; `kind` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GuidanceParams {
    /// Past the conditional prediction, away from that without condition: Ho and Salimans (2022).
    ClassifierFree(ClassifierFree),
    /// Towards a given sample, by a quadratic energy.
    QuadraticEnergy(QuadraticEnergy),
    /// Down a given slope, by a linear energy.
    LinearEnergy(LinearEnergy),
    /// Observed unknowns replace their prediction.
    DataConsistency(DataConsistency),
    /// Clips the predicted data.
    StaticThreshold(StaticThreshold),
    /// Clips and scales the predicted data by a quantile of each sample: Saharia et al. (2022).
    DynamicThreshold(DynamicThreshold),
}

impl GuidanceParams {
    /// The guidance of samples with `unknowns` unknowns.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for numbers out of their range and lists that do not fit a sample.
    pub fn build(&self, unknowns: usize) -> Result<Arc<dyn Guidance>, SamplingError> {
        Ok(match self {
            Self::ClassifierFree(params) => {
                params.check()?;
                Arc::new(params.clone())
            }
            Self::QuadraticEnergy(params) => Arc::new(params.guidance(unknowns)?),
            Self::LinearEnergy(params) => Arc::new(params.guidance(unknowns)?),
            Self::DataConsistency(params) => {
                params.check(unknowns)?;
                Arc::new(params.clone())
            }
            Self::StaticThreshold(params) => {
                params.check()?;
                Arc::new(params.clone())
            }
            Self::DynamicThreshold(params) => {
                params.check()?;
                Arc::new(params.clone())
            }
        })
    }
}

#[cfg(test)]
mod tests;
