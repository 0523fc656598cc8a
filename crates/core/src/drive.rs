//! The loop that takes a simulation through its output times.

use std::time::Instant;

use crate::simulation::{Simulation, Step, StepError};

/// What an observer wants to happen after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop after this step; the caller saves the state.
    Interrupt,
}

/// Hears of each step and each output time: progress bars, files and monitors hang here.
pub trait Observer {
    /// What can go wrong in an observer, for instance a full disk.
    type Error;

    /// Called after each accepted step.
    ///
    /// # Errors
    /// Ends the drive.
    fn step(&mut self, _sim: &mut dyn Simulation, _step: &Step) -> Result<Control, Self::Error> {
        Ok(Control::Continue)
    }

    /// Called at each output time, after the step that landed on it; `sim.time()` is that time
    /// exactly.
    ///
    /// # Errors
    /// Ends the drive.
    fn output(&mut self, _sim: &mut dyn Simulation) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Why a drive ended without error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The last output time was reached.
    ReachedEnd,
    /// The observer asked to stop.
    Interrupted,
}

/// What a drive did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Why it ended.
    pub stop: StopReason,
    /// Time reached.
    pub time: f64,
    /// Steps accepted during this drive.
    pub steps: u64,
    /// Steps refused by the error control during this drive.
    pub rejected: u64,
    /// Smallest and largest accepted step; `None` where no step was taken.
    pub dt_range: Option<(f64, f64)>,
    /// Wall-clock seconds, observers included.
    pub wall_seconds: f64,
}

/// A drive that failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DriveError<E> {
    /// The solver could not take a step.
    #[error(transparent)]
    Step(StepError),
    /// The observer failed.
    #[error("{0}")]
    Observer(E),
}

/// Advances `sim` through the increasing times `outputs`, landing on each exactly.
///
/// Times at or before the current time are skipped (they were written before a restart). The
/// initial state is not an output of the loop: write it before the call.
///
/// # Errors
/// [`DriveError`]; the simulation then holds its last good state.
pub fn drive<O: Observer>(
    sim: &mut dyn Simulation,
    outputs: &[f64],
    observer: &mut O,
) -> Result<Report, DriveError<O::Error>> {
    let started = Instant::now();
    let mut report = Report {
        stop: StopReason::ReachedEnd,
        time: sim.time(),
        steps: 0,
        rejected: 0,
        dt_range: None,
        wall_seconds: 0.0,
    };
    'outputs: for &target in outputs {
        if target <= sim.time() {
            continue;
        }
        while sim.time() < target {
            let step = sim.advance(target).map_err(DriveError::Step)?;
            report.steps += 1;
            report.rejected += u64::from(step.rejected);
            let (low, high) = report.dt_range.unwrap_or((step.dt, step.dt));
            report.dt_range = Some((low.min(step.dt), high.max(step.dt)));
            let control = observer.step(sim, &step).map_err(DriveError::Observer)?;
            if control == Control::Interrupt {
                if sim.time() == target {
                    observer.output(sim).map_err(DriveError::Observer)?;
                }
                report.stop = StopReason::Interrupted;
                break 'outputs;
            }
        }
        observer.output(sim).map_err(DriveError::Observer)?;
    }
    report.time = sim.time();
    report.wall_seconds = started.elapsed().as_secs_f64();
    Ok(report)
}
