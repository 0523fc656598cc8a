//! The `[time]` table of a case file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shortest fixed step in units of the run: more steps than its inverse no run ever finishes.
pub(crate) const SHORTEST_STEP: f64 = 1e-12;

/// From when to when, and with which steps.
///
/// Give `step` for steps of fixed size, or `tolerance` for steps chosen by error control. Finite
/// volumes also take `cfl` (and use 0.4 where none of the three is given). Steps are cut so that
/// output times are hit exactly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeParams {
    /// Time of the initial state. Default: 0.
    #[serde(default)]
    pub start: f64,
    /// Time at which the run ends.
    pub end: f64,
    /// Fixed step h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub step: Option<f64>,
    /// Error allowed in one step, relative to the largest value of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub tolerance: Option<f64>,
    /// Courant number: largest |speed| dt / dx of a step (finite volumes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cfl: Option<f64>,
    /// First step under error control. Default: 1/1024 of the unit of time, from where it shrinks
    /// or grows to what the tolerance allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub first_step: Option<f64>,
    /// Smallest step that error control may take; below it the run stops with an error.
    /// Default: 1e-12 of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub min_step: Option<f64>,
    /// Largest step that error control or the Courant number may choose. Default: no
    /// bound under error control; for finite volumes 1/64 of the unit of time where there is a
    /// source, a prescribed boundary value or implicit diffusion, or nothing moves, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub max_step: Option<f64>,
}

impl TimeParams {
    /// Fixed steps of size `step` from 0 to `end`.
    pub fn fixed(end: f64, step: f64) -> Self {
        Self {
            step: Some(step),
            ..Self::until(end)
        }
    }

    /// Steps chosen by error control, from 0 to `end`.
    pub fn adaptive(end: f64, tolerance: f64) -> Self {
        Self {
            tolerance: Some(tolerance),
            ..Self::until(end)
        }
    }

    /// From 0 to `end`, nothing said of the steps.
    pub fn until(end: f64) -> Self {
        Self {
            start: 0.0,
            end,
            step: None,
            tolerance: None,
            cfl: None,
            first_step: None,
            min_step: None,
            max_step: None,
        }
    }
}
