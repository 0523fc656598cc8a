//! Runs a case and holds its output against its `[[expect]]` tables.

use pdesolve_io::VtkHdfFile;

use crate::measure::{MeasureError, Measured, measure};
use crate::progress::Progress;
use crate::run::{RunError, RunOptions, run};
use crate::schema::Case;

/// A case that could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The output lacks what is measured.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The run was interrupted.
    #[error("interrupted at t = {time}")]
    Interrupted {
        /// Time reached.
        time: f64,
    },
}

/// Whether `verify` would run this case: it has an expectation of the asked kind.
pub fn is_verifiable(case: &Case, long: bool) -> bool {
    case.expect.iter().any(|expect| long || !expect.long)
}

/// Runs the case and measures each of its expectations (those marked `long` only if `long`).
///
/// # Errors
/// [`VerifyError`]. An expectation that is not met is no error, but a [`Measured`] that does not
/// pass.
pub fn verify(
    case: &Case,
    options: &RunOptions<'_>,
    long: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<Measured>, VerifyError> {
    let finished = run(case, options, progress)?;
    if !finished.reached_end {
        return Err(VerifyError::Interrupted {
            time: finished.time,
        });
    }
    let file = VtkHdfFile::open(&options.output).map_err(MeasureError::from)?;
    case.expect
        .iter()
        .filter(|expect| long || !expect.long)
        .map(|expect| measure(case, expect, &file).map_err(VerifyError::from))
        .collect()
}
