//! Failures of a run as diagnostics: each with its code, what happened and what to try.

use pdesolve_core::{StepError, codes};
use pdesolve_io::IoError;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::load::Loaded;
use crate::registry::Solver;
use crate::run::RunError;
use crate::schema::Case;

impl Loaded<Case> {
    /// What to say of a run that failed.
    pub fn diagnose_run(&self, error: &RunError) -> Diagnostics {
        match error {
            RunError::Case(findings) => self.diagnose(findings),
            RunError::Input(error) | RunError::Output(error) => file_fault(error).into(),
            RunError::OtherCase { path, difference } => Diagnostic::error(
                codes::OTHER_CASE,
                format!("`{}` is a checkpoint of another case", path.display()),
            )
            .note(difference.clone())
            .note("nothing was overwritten")
            .help("run the case that made it, choose another file with `--output`, or leave out `--resume`")
            .into(),
            RunError::Restore { path, source } => Diagnostic::error(
                codes::OTHER_CASE,
                format!("`{}` does not fit this case: {source}", path.display()),
            )
            .note("nothing was overwritten")
            .help("leave out `--resume` to start afresh")
            .into(),
            RunError::NotSolved {
                outcome,
                checkpoint,
                output,
            } => {
                let mut diagnostic = Diagnostic::error(
                    codes::NOT_SOLVED,
                    format!(
                        "the solve ended after {} iterations of {}: {}; the relative residual is {:.3e}",
                        outcome.iterations,
                        outcome.method,
                        outcome.status,
                        outcome.relative_residual
                    ),
                )
                .note(format!(
                    "the last iterate is kept in `{}` and `{}`",
                    output.display(),
                    checkpoint.display()
                ));
                if !outcome.advice.is_empty() {
                    diagnostic = diagnostic.help(outcome.advice.clone());
                }
                diagnostic.into()
            }
            RunError::Solve { reason } => Diagnostic::error(
                codes::NOT_SOLVED,
                format!("the solve could not begin: {reason}"),
            )
            .into(),
            RunError::Step {
                source,
                checkpoint,
                output,
            } => step_fault(source, &self.case.solver)
                .note(format!(
                    "the last good state is kept in `{}` and `{}`",
                    output.display(),
                    checkpoint.display()
                ))
                .into(),
        }
    }
}

/// A file that cannot be read or written.
pub fn file_fault(error: &IoError) -> Diagnostic {
    let path = error.path().display().to_string();
    let code = match error {
        _ if path.ends_with(".checkpoint.h5") => codes::BAD_CHECKPOINT,
        IoError::MatrixMarket { fault, .. } => fault.code(),
        // What cannot be read is the fault of the input, not of the place of the output.
        IoError::System { action: "read", .. } => codes::NOT_OUR_FILE,
        IoError::NoDirectory { .. }
        | IoError::IsDirectory { .. }
        | IoError::NotAFile { .. }
        | IoError::System { .. }
        | IoError::FieldName { .. }
        | IoError::Hdf5 { .. }
        | IoError::Extension { .. } => codes::CANNOT_WRITE,
        _ => codes::NOT_OUR_FILE,
    };
    let diagnostic = Diagnostic::error(code, error.to_string());
    match code {
        codes::BAD_CHECKPOINT => diagnostic
            .note("nothing was overwritten")
            .help("remove it to start afresh, or leave out `--resume`"),
        codes::CANNOT_WRITE => diagnostic.help("choose another place with `--output PATH`"),
        _ => match error.advice() {
            Some(advice) => diagnostic.help(advice),
            None => diagnostic,
        },
    }
}

fn step_fault(error: &StepError, solver: &Solver) -> Diagnostic {
    let message = error.to_string();
    match error {
        StepError::NonFinite { cfl, .. } => {
            // Each solver chooses its steps by another key, and refuses that of the other.
            let help = match (solver, *cfl > 1.0) {
                (Solver::Spectral(_), true) => {
                    "the CFL number is above 1: take a smaller `time.step`, or give `time.tolerance` instead"
                }
                (Solver::Spectral(_), false) => {
                    "halve `time.step`, give `time.tolerance` instead, or take more points"
                }
                (Solver::FiniteVolume(_), true) => {
                    "the CFL number is above 1: take a smaller `time.step`, or give `time.cfl` instead"
                }
                (Solver::Linear(_) | Solver::Implicit(_), _) => {
                    "look for infinities in the source, the initial data and the boundary values"
                }
                (Solver::DiscreteOrdinates(_), _) => {
                    "look for infinities in the source, the initial data and what enters at the boundaries"
                }
                (Solver::Sampler(_), _) => "take more steps, or another `solver.sampler`",
                (Solver::FiniteVolume(_), false) => {
                    "halve `time.step` or `time.cfl`, or take more cells"
                }
            };
            Diagnostic::error(codes::NON_FINITE, message).help(help)
        }
        StepError::StepTooSmall { .. } => Diagnostic::error(codes::STEP_TOO_SMALL, message)
            .help("loosen `time.tolerance`, or look at the last frame for a singularity"),
        StepError::Courant { .. } => Diagnostic::error(codes::BEYOND_COURANT, message)
            .help("take a smaller `time.step`, or give `time.cfl` instead"),
        StepError::TimeStandsStill { .. } => Diagnostic::error(codes::TIME_STANDS_STILL, message)
            .help("take larger steps, or count the time from a nearer `time.start`"),
        StepError::Failed { .. } => Diagnostic::error(codes::STEP_FAILED, message)
            .help("take more steps, or another method"),
        StepError::LinearSolve { .. } => Diagnostic::error(codes::LINEAR_SOLVE, message)
            .help("take a smaller step, and check the sign of the diffusivity"),
    }
}
