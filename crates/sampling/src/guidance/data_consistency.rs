//! Data consistency: unknowns that were observed are put in the place of their prediction.
//!
//! ```text
//! x0_i <- y_i        for each observed unknown i
//! ```
//!
//! A sampler that ends without noise returns the observed values to rounding. Exact where the
//! unknowns are independent. Where they are not, the other unknowns learn of y only through the next calls of
//! the model, which see a batch that holds it: a fair completion in many steps, and no draw of the
//! posterior. For noisy observations take an energy instead: replacement trusts them fully.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Guidance, GuidanceCall};
use crate::error::SamplingError;

/// Replacement of observed unknowns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataConsistency {
    /// Numbers of the observed unknowns, from 0. Required.
    pub entries: Vec<usize>,
    /// What was observed, one value an entry, the same for all samples. Required.
    pub values: Vec<f64>,
}

impl DataConsistency {
    pub(super) fn check(&self, unknowns: usize) -> Result<(), SamplingError> {
        if let Some(entry) = self.entries.iter().find(|entry| **entry >= unknowns) {
            return Err(SamplingError::parameter(
                "entries",
                format!("one of them is {entry}; the {unknowns} unknowns are numbered from 0"),
            ));
        }
        let mut sorted = self.entries.clone();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SamplingError::parameter(
                "entries",
                format!("{} is there twice; each unknown has one value", pair[0]),
            ));
        }
        if self.values.len() != self.entries.len() || !self.values.iter().all(|v| v.is_finite()) {
            return Err(SamplingError::parameter(
                "values",
                format!(
                    "there are {} for {} entries; each has one, and it is finite",
                    self.values.len(),
                    self.entries.len()
                ),
            ));
        }
        Ok(())
    }
}

impl Guidance for DataConsistency {
    fn adjust(&self, call: &mut GuidanceCall<'_>, data: &mut [f64]) {
        for data in data.chunks_mut(call.unknowns()) {
            for (entry, value) in self.entries.iter().zip(&self.values) {
                data[*entry] = *value;
            }
        }
    }
}
