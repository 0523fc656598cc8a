//! What a case file says of a sampling problem.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::analytic::TargetParams;
use crate::grid::GridParams;
use crate::guidance::GuidanceParams;
use crate::samplers::{Ddim, SamplerParams};
use crate::schedule::ScheduleParams;

/// Samples of a distribution whose denoiser is known exactly.
///
/// Without `[mesh]` a sample is a point: one field for each of its coordinates (`x1`, `x2`, ...),
/// over the number of the sample. With `[mesh]` a sample is a field on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamplingParams {
    /// The distribution of the data.
    pub target: TargetParams,
    /// How data turn into noise. Default: the linear variance-preserving schedule.
    #[serde(default)]
    pub schedule: ScheduleParams,
    /// Class that the model is conditioned on; of a mixture, the number of a component, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<usize>,
    /// What the predictions are guided by, in turn. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guidance: Vec<GuidanceParams>,
    /// Where sampling starts, one row a sample. Default: as many draws of noise as there are
    /// `trajectories`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub starts: Option<Vec<Vec<f64>>>,
}

/// The sampler, and where its steps stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingSolverParams {
    /// The method. Default: DDIM.
    pub sampler: SamplerParams,
    /// Number of steps from noise to data. Default: 20.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub steps: usize,
    /// Where the steps stand. Default: evenly in lambda, to the smallest noise.
    pub grid: GridParams,
}

impl Default for SamplingSolverParams {
    fn default() -> Self {
        Self {
            sampler: SamplerParams::Ddim(Ddim::default()),
            steps: 20,
            grid: GridParams::default(),
        }
    }
}
