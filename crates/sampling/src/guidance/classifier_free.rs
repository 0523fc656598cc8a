//! Classifier-free guidance: away from the prediction without a condition, past that with one.
//!
//! ```text
//! x0 = x0(none) + w [x0(c) - x0(none)]          w = 1: the conditional model
//! x0 = x0(c)    + v [x0(c) - x0(none)]          v = 0: the conditional model;  w = 1 + v
//! ```
//!
//! Both conventions are in use and are often confused, so the parameter says which one it is. All
//! predictions are linear in each other at one x, so that guiding the data is guiding the noise.
//!
//! One call of the model more at each prediction. It samples no distribution that can be named: the
//! guided score c^w u^(1 - w) of noised densities is not the noised score of one density (except for
//! Gaussians of one variance at all noises, where means are extrapolated by w). Ho and Salimans (2022).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Guidance, GuidanceCall};
use crate::denoiser::Condition;
use crate::error::SamplingError;

/// How strongly a condition guides, in one of two conventions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuidanceWeight {
    /// w, counted from the prediction without condition: 0 ignores the condition, 1 is the
    /// conditional model, above 1 exaggerates.
    FromUnconditional(f64),
    /// v = w - 1, counted from the conditional prediction: -1 ignores the condition, 0 is the
    /// conditional model, above 0 exaggerates.
    BeyondConditional(f64),
}

impl GuidanceWeight {
    /// The weight w, counted from the prediction without condition.
    pub fn from_unconditional(self) -> f64 {
        match self {
            Self::FromUnconditional(w) => w,
            Self::BeyondConditional(v) => 1.0 + v,
        }
    }
}

/// Classifier-free guidance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassifierFree {
    /// The weight, under the name of its convention. Required.
    pub weight: GuidanceWeight,
}

impl ClassifierFree {
    pub(super) fn check(&self) -> Result<(), SamplingError> {
        let w = self.weight.from_unconditional();
        if w.is_finite() {
            return Ok(());
        }
        Err(SamplingError::parameter(
            "weight",
            format!("it is {w}, and must be finite"),
        ))
    }
}

impl Guidance for ClassifierFree {
    fn adjust(&self, call: &mut GuidanceCall<'_>, data: &mut [f64]) {
        let w = self.weight.from_unconditional();
        let free = call.data_under(Condition::None);
        for (x0, free) in data.iter_mut().zip(free) {
            *x0 = free + w * (*x0 - free);
        }
    }
}
