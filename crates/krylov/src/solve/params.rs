//! When a solve stops.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The quantity that is held against the tolerance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResidualNorm {
    /// ||b - A x||_2. Every method offers it but GMRES preconditioned from the left.
    #[default]
    True,
    /// ||M^-1 (b - A x)||_2.
    Preconditioned,
    /// (r^H M^-1 r)^(1/2) with r = b - A x: for M = A the energy norm of the error.
    Natural,
    /// ||b - A x||_2 / (||A|| ||x||_2 + ||b||_2): the least relative change of A and b that makes x
    /// exact (Rigal and Gaches 1967). The tolerance is compared with it directly.
    BackwardError,
}

impl ResidualNorm {
    /// Name in a case file.
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Preconditioned => "preconditioned",
            Self::Natural => "natural",
            Self::BackwardError => "backward_error",
        }
    }
}

/// What the relative tolerance is relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The norm of b: a good first guess saves iterations.
    #[default]
    RightHandSide,
    /// The norm of b - A x for the first guess: every solve gains the same number of digits.
    InitialResidual,
}

/// The stopping rule of all methods: the residual norm is at most
/// `max(relative_tolerance * reference, absolute_tolerance)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StoppingRule {
    /// Tolerance relative to the reference. Default: 1e-8.
    #[schemars(range(min = 0))]
    pub relative_tolerance: f64,
    /// Tolerance in units of b. Default: 0.
    #[schemars(range(min = 0))]
    pub absolute_tolerance: f64,
    /// Largest number of iterations. Default: 10000.
    pub max_iterations: usize,
    /// The residual norm that is tested. Default: `true`.
    pub norm: ResidualNorm,
    /// What the relative tolerance is relative to. Default: `right_hand_side`.
    pub reference: Reference,
    /// A residual norm above this multiple of the reference ends the solve as diverged. Default:
    /// 1e10.
    #[schemars(extend("exclusiveMinimum" = 1.0))]
    pub divergence: f64,
}

impl Default for StoppingRule {
    fn default() -> Self {
        Self {
            relative_tolerance: 1e-8,
            absolute_tolerance: 0.0,
            max_iterations: 10_000,
            norm: ResidualNorm::True,
            reference: Reference::RightHandSide,
            divergence: 1e10,
        }
    }
}

impl StoppingRule {
    /// The default rule with another relative tolerance.
    pub fn relative(relative_tolerance: f64) -> Self {
        Self {
            relative_tolerance,
            ..Self::default()
        }
    }
}
