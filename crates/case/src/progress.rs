//! How a run tells the outside of its progress. Crates below the command line print nothing.

use std::path::PathBuf;

use pdesolve_core::{Iterate, Outcome};

/// What is about to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// Title of the case, or the name of its file.
    pub title: String,
    /// One line: problem, grid and scheme, for instance `burgers on 256 points with etdrk4`.
    pub summary: String,
    /// Time at which the run begins (that of the checkpoint where it is resumed).
    pub start: f64,
    /// Time at which it ends.
    pub end: f64,
    /// Whether there is no time: one solve.
    pub steady: bool,
    /// Accepted steps before this run: not 0 where it is resumed.
    pub steps: u64,
    /// File that is written.
    pub output: PathBuf,
}

/// One accepted step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepped {
    /// Number of accepted steps so far.
    pub index: u64,
    /// Time after the step.
    pub time: f64,
    /// Size of the step.
    pub dt: f64,
    /// Attempts refused before this step was accepted.
    pub rejected: u32,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Whether the end was reached, or the steady problem solved; otherwise the run was interrupted and its state saved.
    pub reached_end: bool,
    /// Time reached.
    pub time: f64,
    /// Steps accepted in this run.
    pub steps: u64,
    /// Steps refused in this run.
    pub rejected: u64,
    /// Smallest and largest step; `None` where none was taken.
    pub dt_range: Option<(f64, f64)>,
    /// Wall-clock seconds.
    pub wall_seconds: f64,
    /// Frames written to the output file in this run.
    pub frames: usize,
    /// The file written.
    pub output: PathBuf,
    /// The checkpoint, where one was left behind.
    pub checkpoint: Option<PathBuf>,
    /// How the solve of a steady problem went.
    pub solve: Option<Outcome>,
    /// Lines worth a look: balances, errors against `exact`, name and value each.
    pub results: Vec<(String, f64)>,
}

/// Hears of a run as it goes. All methods do nothing unless overridden.
pub trait Progress {
    /// Something to know that is not an error, for instance that there was nothing to resume.
    fn note(&mut self, _text: &str) {}

    /// Before the first step.
    fn started(&mut self, _run: &Started) {}

    /// After each accepted step. `monitor` computes the monitored quantities, name and value
    /// each: call it only when they will be shown.
    fn step(&mut self, _step: &Stepped, _monitor: &mut dyn FnMut() -> Vec<(String, f64)>) {}

    /// After each iteration of the solve of a steady problem.
    fn iteration(&mut self, _iterate: &Iterate) {}

    /// After a frame was written to the output file.
    fn output(&mut self, _time: f64, _frame: usize) {}

    /// After a checkpoint was written.
    fn checkpoint(&mut self, _time: f64) {}

    /// At the end of a run that reached its end or was interrupted.
    fn finished(&mut self, _run: &Finished) {}
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {}
