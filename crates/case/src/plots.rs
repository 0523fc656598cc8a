//! The `[[plot]]` tables: pictures drawn at the end of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlotParams {
    /// What kind of picture.
    pub kind: PlotKind,
    /// Field drawn. Default: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Times drawn, as curves or as panels side by side. Default: six frames for `lines`, the
    /// last for `map`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<f64>>,
    /// History columns drawn, for `history`; the two fields of the plane, for `trajectories`
    /// (default: the first two).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// Logarithmic value axis, for `history`.
    #[serde(default)]
    pub log: bool,
}

/// Kinds of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlotKind {
    /// A 1-D field as curves, one a time.
    Lines,
    /// A 1-D field over x and t, as colours.
    SpaceTime,
    /// A 2-D field as colours (of a 3-D field, the middle z plane).
    Map,
    /// Quantities over time.
    History,
    /// The ways of sampled points in the plane of two fields, `names`, with their ends as dots.
    Trajectories,
}
