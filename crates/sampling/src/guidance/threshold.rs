//! Thresholds on the predicted data, meant for pictures with values in \[-1, 1\].
//!
//! ```text
//! static     x0 <- clip(x0, -c, c)
//! dynamic    x0 <- clip(x0, -s, s) (c/s),   s = max(quantile_q |x0|, c), of each sample
//! ```
//!
//! Never on by default, and seldom right for physical fields: it cuts amplitudes, and the dynamic
//! form shrinks whole samples. It makes the prediction less smooth, which costs high-order methods
//! their order. Saharia et al. (2022), who take q = 0.995 and c = 1; quantiles are interpolated
//! linearly between the sorted values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Guidance, GuidanceCall};
use crate::error::SamplingError;

/// Clips the predicted data to \[-bound, bound\].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticThreshold {
    /// Largest size of a value. Required.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub bound: f64,
}

/// Clips each sample to a quantile of its own sizes, and scales it into \[-bound, bound\].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamicThreshold {
    /// Largest size of a value. Required.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub bound: f64,
    /// The quantile q. Default: 0.995.
    #[serde(default = "quantile")]
    #[schemars(range(min = 0, max = 1))]
    pub quantile: f64,
}

fn quantile() -> f64 {
    0.995
}

fn check_bound(bound: f64) -> Result<(), SamplingError> {
    if bound > 0.0 && bound.is_finite() {
        return Ok(());
    }
    Err(SamplingError::parameter(
        "bound",
        format!("it is {bound}, and must be positive and finite"),
    ))
}

impl StaticThreshold {
    pub(super) fn check(&self) -> Result<(), SamplingError> {
        check_bound(self.bound)
    }
}

impl DynamicThreshold {
    pub(super) fn check(&self) -> Result<(), SamplingError> {
        check_bound(self.bound)?;
        if (0.0..=1.0).contains(&self.quantile) {
            return Ok(());
        }
        Err(SamplingError::parameter(
            "quantile",
            format!("it is {}, and lies between 0 and 1", self.quantile),
        ))
    }
}

impl Guidance for StaticThreshold {
    fn adjust(&self, _call: &mut GuidanceCall<'_>, data: &mut [f64]) {
        for x0 in data {
            *x0 = x0.clamp(-self.bound, self.bound);
        }
    }
}

impl Guidance for DynamicThreshold {
    fn adjust(&self, call: &mut GuidanceCall<'_>, data: &mut [f64]) {
        let unknowns = call.unknowns();
        call.scratch.resize(unknowns, 0.0);
        for data in data.chunks_mut(unknowns) {
            for (size, x0) in call.scratch.iter_mut().zip(&*data) {
                *size = x0.abs();
            }
            let s = interpolated_quantile(call.scratch, self.quantile).max(self.bound);
            for x0 in data {
                *x0 = x0.clamp(-s, s) * (self.bound / s);
            }
        }
    }
}

/// Quantile `q` of `values`, interpolated between the two nearest; reorders them.
fn interpolated_quantile(values: &mut [f64], q: f64) -> f64 {
    let place = q * (values.len() - 1) as f64;
    let below = place as usize;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    if high.is_finite() {
        low + (place - below as f64) * (high - low)
    } else {
        low
    }
}
