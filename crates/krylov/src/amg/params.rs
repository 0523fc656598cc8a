//! What a multigrid hierarchy is built and cycled with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Classical, Relaxation, SmoothedAggregation};

/// How coarse levels are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Coarsening {
    /// Aggregates with smoothed interpolation.
    SmoothedAggregation(SmoothedAggregation),
    /// Coarse points among the fine ones.
    Classical(Classical),
}

impl Default for Coarsening {
    fn default() -> Self {
        Self::SmoothedAggregation(SmoothedAggregation::default())
    }
}

/// In which order the levels are visited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cycle {
    /// Each level once down, once up.
    #[default]
    V,
    /// Each coarse level twice.
    W,
}

/// The numbers in which the hierarchy is stored and cycled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// f32: two thirds of the memory and of the traffic. Set-up still computes in f64.
    #[default]
    Single,
    /// f64.
    Double,
}

/// Parameters of [`Amg`](super::Amg).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AmgParams {
    /// How coarse levels are made. Default: smoothed aggregation.
    pub coarsening: Coarsening,
    /// Relaxation on all levels but the coarsest. Default: `gauss_seidel`.
    pub relaxation: Relaxation,
    /// Sweeps before, and as many after, the coarse correction. Default: 1.
    #[schemars(range(min = 1, max = 100))]
    pub sweeps: usize,
    /// In which order the levels are visited. Default: `v`.
    pub cycle: Cycle,
    /// Numbers of the hierarchy. Default: `single`.
    pub precision: Precision,
    /// A level of at most this many rows is the last and solved exactly, up to 2000; where coarsening
    /// ends above that, the last level is relaxed. Default: 300.
    #[schemars(range(min = 1, max = 2000))]
    pub coarse_size: usize,
    /// Most levels. Default: 20.
    #[schemars(range(min = 1))]
    pub max_levels: usize,
    /// Rows that belong to one node, consecutive: 2 or 3 for elasticity. Default: 1.
    #[schemars(range(min = 1, max = 16))]
    pub block_size: usize,
}

impl Default for AmgParams {
    fn default() -> Self {
        Self {
            coarsening: Coarsening::default(),
            relaxation: Relaxation::default(),
            sweeps: 1,
            cycle: Cycle::V,
            precision: Precision::Single,
            coarse_size: 300,
            max_levels: 20,
            block_size: 1,
        }
    }
}
