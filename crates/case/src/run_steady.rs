//! The run of a problem without time: one solve, one frame, and the history of its residual.
//!
//! The history has a row an iteration; quantities stand in its last row, that of the solution. A
//! solve that was interrupted or did not converge leaves its last iterate as the frame and as a
//! checkpoint, from which `--resume` goes on; one that converged leaves no checkpoint.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use pdesolve_core::{Control, State, Stationary};
use pdesolve_io::{IoError, VtkHdfWriter, checkpoint};

use crate::prepare::{Prepared, Task};
use crate::progress::{Finished, Progress, Started};
use crate::results::history_columns;
use crate::run::{RunError, RunOptions, summary};
use crate::schema::Case;
use crate::transport::negative_flux;

/// Solves the problem and writes what there is to write. `paths` are those of the output file and
/// of the checkpoint.
pub(crate) fn run_steady(
    case: &Case,
    prepared: Prepared,
    mut writer: VtkHdfWriter,
    paths: (PathBuf, PathBuf),
    print: &str,
    options: &RunOptions<'_>,
    progress: &mut dyn Progress,
) -> Result<Finished, RunError> {
    let (output, checkpoint) = paths;
    let Task::Solve(mut problem) = prepared.task else {
        return Err(RunError::Solve {
            reason: "the problem has a time".to_owned(),
        });
    };
    progress.started(&Started {
        title: case.title.clone(),
        summary: summary(case, &prepared.grid),
        start: 0.0,
        end: 0.0,
        steady: true,
        steps: 0,
        output: output.clone(),
    });
    let began = Instant::now();
    let mut residuals = Vec::new();
    let outcome = problem
        .solve(&mut |iterate| {
            residuals.push(iterate.residual);
            progress.iteration(iterate);
            if options.interrupt.load(Ordering::Relaxed) {
                Control::Interrupt
            } else {
                Control::Continue
            }
        })
        .map_err(|fault| RunError::Solve {
            reason: fault.reason,
        })?;
    let wall_seconds = began.elapsed().as_secs_f64();

    let mut quantities = Vec::new();
    problem.quantities(&mut quantities);
    let names = problem.quantity_names();
    let mut negative = Vec::new();
    let mut write = || -> Result<(), IoError> {
        let columns = history_columns(case, &names);
        let last = residuals.len().saturating_sub(1);
        for (iteration, residual) in residuals.iter().enumerate() {
            let mut row = vec![iteration as f64, *residual];
            if iteration == last {
                row.extend(&quantities);
            } else {
                row.resize(columns.len(), f64::NAN);
            }
            writer.append_history(&columns, &row)?;
        }
        let mut frame = vec![vec![0.0; prepared.grid.len()]; prepared.written.len()];
        for (&field, values) in prepared.written.iter().zip(&mut frame) {
            problem.sample(field, values);
            let name = &prepared.fields[field].name;
            negative.extend(negative_flux(case, name, values));
        }
        writer.append(0.0, &frame)?;
        if outcome.converged {
            checkpoint::remove(&checkpoint)?;
        } else {
            keep(problem.as_ref(), &checkpoint, print)?;
        }
        writer.finish(&[
            ("wall_seconds", wall_seconds),
            ("iterations", outcome.iterations as f64),
        ])
    };
    write().map_err(RunError::Output)?;
    progress.output(0.0, 1);
    if !outcome.converged && !outcome.interrupted {
        return Err(RunError::NotSolved {
            outcome: Box::new(outcome),
            checkpoint,
            output,
        });
    }
    negative.iter().for_each(|text| progress.note(text));
    for (name, value) in names.iter().zip(&quantities) {
        if name.starts_with("incompatibility(") && *value > INCOMPATIBLE {
            progress.note(&format!(
                "the source and the boundary fluxes do not cancel ({name} = {value:.2e}): a problem without a given value has no solution then; what is left over was taken evenly out of the source"
            ));
        }
    }
    let results = prepared
        .monitored
        .iter()
        // What a method does not measure is not a number.
        .filter(|&&q| !quantities[q].is_nan() || case.output.monitor.is_some())
        .map(|&q| (names[q].clone(), quantities[q]))
        .collect();
    let finished = Finished {
        reached_end: outcome.converged,
        time: 0.0,
        steps: outcome.iterations as u64,
        rejected: 0,
        dt_range: None,
        wall_seconds,
        frames: 1,
        output,
        checkpoint: (!outcome.converged).then_some(checkpoint),
        solve: Some(outcome),
        results,
    };
    progress.finished(&finished);
    Ok(finished)
}

/// Part of the source and boundary fluxes that may be rounding or quadrature error.
const INCOMPATIBLE: f64 = 1e-6;

/// Keeps the last iterate.
fn keep(problem: &dyn Stationary, path: &std::path::Path, print: &str) -> Result<(), IoError> {
    let mut state = State::default();
    problem.save(&mut state);
    checkpoint::write(path, &state, print)
}
