//! What can be wrong with a sampling problem.

/// A problem that cannot be sampled, or a sampling that failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SamplingError {
    /// A number of the method, schedule or target makes no sense.
    #[error("`{key}`: {reason}")]
    Parameter {
        /// Name of the parameter, as in the case file, below the table it belongs to.
        key: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// The times of the steps cannot be used.
    #[error("the time grid cannot be used: {reason}")]
    Grid {
        /// What was found and what was expected.
        reason: String,
    },
    /// A method that cannot step to the end without noise.
    #[error(
        "{sampler} cannot step to zero noise: {reason}; end the grid at the smallest noise (`final = \"sigma_min\"`) or take a method that predicts data"
    )]
    ZeroNoise {
        /// Name of the sampler.
        sampler: String,
        /// Why not.
        reason: String,
    },
    /// The method does not fit the schedule, the model or the task.
    #[error("{sampler} cannot be used here: {reason}")]
    Unfit {
        /// Name of the sampler.
        sampler: String,
        /// Why not, and what to take instead.
        reason: String,
    },
    /// The batch holds an infinity or a NaN.
    #[error("{value} in sample {sample}, unknown {unknown}, after step {step} (t = {t:.6e})")]
    NonFinite {
        /// Number of the sample.
        sample: usize,
        /// Number of the unknown.
        unknown: usize,
        /// The offending value.
        value: f64,
        /// Number of the step.
        step: usize,
        /// Time of the schedule after the step.
        t: f64,
    },
    /// The error control asks for steps that are too small.
    #[error(
        "the error control asked for a step of {h:.3e} in lambda at lambda = {lambda:.6}, too small to go on"
    )]
    StepTooSmall {
        /// Step asked for.
        h: f64,
        /// Where.
        lambda: f64,
    },
}

impl SamplingError {
    /// [`SamplingError::Parameter`].
    pub fn parameter(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Parameter {
            key: key.into(),
            reason: reason.into(),
        }
    }

    /// [`SamplingError::Grid`].
    pub fn grid(reason: impl Into<String>) -> Self {
        Self::Grid {
            reason: reason.into(),
        }
    }

    /// [`SamplingError::Unfit`].
    pub fn unfit(sampler: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Unfit {
            sampler: sampler.into(),
            reason: reason.into(),
        }
    }
}
