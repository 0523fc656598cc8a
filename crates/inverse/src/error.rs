//! What can be wrong with an inverse problem.

use pdesolve_krylov::SolveError;
use pdesolve_sampling::SamplingError;

/// An inverse problem that cannot be solved.
#[derive(Debug, thiserror::Error)]
pub enum InverseError {
    /// The sampling part.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// The linear system of the data.
    #[error("the system of the data: {0}")]
    Solve(#[from] SolveError),
    /// Sizes that do not fit, or a number that makes no sense.
    #[error("`{key}`: {reason}")]
    Parameter {
        /// What is wrong.
        key: &'static str,
        /// What was found and what was expected.
        reason: String,
    },
}

impl InverseError {
    pub(crate) fn parameter(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Parameter {
            key,
            reason: reason.into(),
        }
    }

    pub(crate) fn length(
        key: &'static str,
        found: usize,
        expected: usize,
    ) -> Result<(), InverseError> {
        if found == expected {
            return Ok(());
        }
        Err(Self::parameter(
            key,
            format!("it has {found} numbers, and {expected} are expected"),
        ))
    }
}
