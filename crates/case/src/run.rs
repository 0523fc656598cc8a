//! The run driver: takes a case from its initial state, or a checkpoint, to its end.
//!
//! A run writes three things: frames and history into `<name>.vtkhdf` (valid for a reader at any
//! moment), checkpoints into `<name>.checkpoint.h5` (written aside and renamed), and at its end
//! the pictures the case asks for. Steps land on output times exactly; a checkpoint holds the
//! state bit for bit, so a run that was interrupted, killed or extended gives the same numbers
//! as one that was not, provided that the time at which it ended is an output time of both (the
//! last step is cut to hit the end).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use pdesolve_core::{
    Control, DriveError, Observer, Outcome, Simulation, State, Step, StepError, StopReason,
};
use pdesolve_io::{IoError, RunMeta, VtkHdfWriter, checkpoint};
use pdesolve_mesh::Grid;

use crate::finding::Finding;
use crate::fingerprint::{difference, fingerprint};
use crate::prepare::{Task, prepare};
use crate::progress::{Finished, Progress, Started, Stepped};
use crate::results::history_columns;
use crate::run_steady::run_steady;
use crate::schema::Case;

/// Wall-clock seconds between checkpoints where the case does not say.
const CHECKPOINT_EVERY: f64 = 30.0;

/// Where a run writes, and how it begins and ends.
pub struct RunOptions<'a> {
    /// The output file; the checkpoint stands beside it.
    pub output: PathBuf,
    /// Continue from the checkpoint beside the output file, where there is one.
    pub resume: bool,
    /// The effective case as TOML, kept in the output file.
    pub case_text: String,
    /// Set from outside to stop after the current step, with the state saved.
    pub interrupt: &'a AtomicBool,
}

/// A run that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The case cannot be run as it stands; nothing was written.
    #[error("the case has {} fault(s)", .0.len())]
    Case(Vec<Finding>),
    /// A file could not be read or written before the run began; nothing was overwritten.
    #[error(transparent)]
    Input(IoError),
    /// The checkpoint belongs to another case; nothing was overwritten.
    #[error("{path} is a checkpoint of another case: {difference}")]
    OtherCase {
        /// The checkpoint.
        path: PathBuf,
        /// First key in which the two differ, with both values.
        difference: String,
    },
    /// The checkpoint does not fit.
    #[error("{path} does not fit this case: {source}")]
    Restore {
        /// The checkpoint.
        path: PathBuf,
        /// What does not fit.
        source: pdesolve_core::RestoreError,
    },
    /// The solver failed; the state before the failing step was saved.
    #[error("{source}")]
    Step {
        /// What happened.
        source: Box<StepError>,
        /// The checkpoint that holds the last good state.
        checkpoint: PathBuf,
        /// The output file, whose last frame is the last good state.
        output: PathBuf,
    },
    /// A steady problem was not solved; the last iterate was kept.
    #[error("{}, after {} iterations of {}", .outcome.status, .outcome.iterations, .outcome.method)]
    NotSolved {
        /// How the solve ended.
        outcome: Box<Outcome>,
        /// The checkpoint that holds the last iterate.
        checkpoint: PathBuf,
        /// The output file, whose frame is the last iterate.
        output: PathBuf,
    },
    /// The solve of a steady problem could not begin.
    #[error("{reason}")]
    Solve {
        /// Why not.
        reason: String,
    },
    /// A file could not be written during the run.
    #[error(transparent)]
    Output(IoError),
}

/// The checkpoint that belongs to an output file.
pub fn checkpoint_path(output: &Path) -> PathBuf {
    beside(output, ".checkpoint.h5")
}

/// The file beside an output file whose name ends in `ending`. Only a final `.vtkhdf` makes room
/// for it: `nu0.01` and `nu0.02` are two runs, with two files.
pub(crate) fn beside(output: &Path, ending: &str) -> PathBuf {
    let stem = match output.extension() {
        Some(extension) if extension == "vtkhdf" => output.file_stem(),
        _ => output.file_name(),
    };
    let mut name = stem.unwrap_or_default().to_owned();
    name.push(ending);
    output.with_file_name(name)
}

/// Runs a case.
///
/// # Errors
/// [`RunError`]; in all cases what was written before stays readable.
pub fn run(
    case: &Case,
    options: &RunOptions<'_>,
    progress: &mut dyn Progress,
) -> Result<Finished, RunError> {
    let mut prepared = prepare(case).map_err(RunError::Case)?;
    let checkpoint = checkpoint_path(&options.output);
    let print = fingerprint(case);
    checkpoint::check_place(&checkpoint).map_err(RunError::Input)?;
    let state = if options.resume {
        load_checkpoint(&checkpoint, &print)?
    } else {
        None
    };
    if options.resume && state.is_none() {
        progress.note(&format!(
            "there is no checkpoint {} to resume from: starting afresh",
            checkpoint.display()
        ));
    }
    for remark in crate::transport::remarks(case) {
        progress.note(&remark);
    }
    let specs: Vec<_> = prepared
        .written
        .iter()
        .map(|&field| prepared.fields[field].clone())
        .collect();
    let meta = RunMeta {
        case_text: options.case_text.clone(),
        title: case.title.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: case.seed,
        schema: case.schema,
    };
    if let Some(folder) = options
        .output
        .parent()
        .filter(|f| !f.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)
            .map_err(|source| RunError::Input(IoError::system("create", folder, source)))?;
    }
    if let Some(state) = &state {
        let restored = match &mut prepared.task {
            Task::March(simulation) => simulation.restore(state),
            Task::Solve(problem) => problem.restore(state),
        };
        restored.map_err(|source| RunError::Restore {
            path: checkpoint.clone(),
            source,
        })?;
    }
    let simulation = match &mut prepared.task {
        Task::March(simulation) => simulation.as_mut(),
        // It has one frame, which is written anew.
        Task::Solve(_) => {
            let writer = VtkHdfWriter::create(&options.output, &prepared.grid, &specs, &meta)
                .map_err(RunError::Input)?;
            let paths = (options.output.clone(), checkpoint);
            return run_steady(case, prepared, writer, paths, &print, options, progress);
        }
    };
    let writer = match &state {
        Some(_) if options.output.exists() => {
            let time = simulation.time();
            VtkHdfWriter::extend(&options.output, &prepared.grid, &specs, &meta, time)
        }
        Some(_) => {
            progress.note(&format!(
                "{} is gone: a new one begins with the frames after t = {}",
                options.output.display(),
                simulation.time()
            ));
            VtkHdfWriter::create(&options.output, &prepared.grid, &specs, &meta)
        }
        None => VtkHdfWriter::create(&options.output, &prepared.grid, &specs, &meta),
    }
    .map_err(RunError::Input)?;

    let start = simulation.time();
    let first_step = simulation.steps();
    progress.started(&Started {
        title: case.title.clone(),
        summary: summary(case, &prepared.grid),
        start,
        end: case.end(),
        steady: false,
        steps: first_step,
        output: options.output.clone(),
    });
    let quantity_names = simulation.quantity_names();
    let history_names = history_columns(case, &quantity_names);
    let mut recorder = Recorder {
        frame: vec![vec![0.0; prepared.grid.len()]; prepared.written.len()],
        written: &prepared.written,
        frames: 0,
        last_frame: writer.last_time(),
        writer,
        stale: state.is_none(),
        last_dt: 0.0,
        history_names,
        history: Vec::new(),
        history_every: case.output.history_every,
        monitored: prepared
            .monitored
            .iter()
            .map(|&q| (q, quantity_names[q].clone()))
            .collect(),
        print,
        checkpoint: checkpoint.clone(),
        checkpoint_every: case.output.checkpoint_every.unwrap_or(CHECKPOINT_EVERY),
        last_checkpoint: Instant::now(),
        interrupt: options.interrupt,
        progress,
    };
    if state.is_none() {
        if prepared.write_initial {
            recorder.output(simulation).map_err(RunError::Output)?;
        } else {
            recorder.record(simulation);
        }
    }
    let report = match pdesolve_core::drive(simulation, &prepared.output_times, &mut recorder) {
        Ok(report) => report,
        Err(DriveError::Observer(error)) => return Err(RunError::Output(error)),
        Err(DriveError::Step(source)) => {
            recorder.keep(simulation).map_err(RunError::Output)?;
            return Err(RunError::Step {
                source: Box::new(source),
                checkpoint,
                output: options.output.clone(),
            });
        }
    };
    recorder.save(simulation).map_err(RunError::Output)?;
    let mut values = Vec::new();
    simulation.quantities(&mut values);
    let results = recorder
        .monitored
        .iter()
        .map(|(q, name)| (name.clone(), values[*q]))
        .collect();
    recorder
        .writer
        .finish(&[
            ("wall_seconds", report.wall_seconds),
            ("steps", (first_step + report.steps) as f64),
            ("rejected_steps", report.rejected as f64),
        ])
        .map_err(RunError::Output)?;
    let finished = Finished {
        reached_end: report.stop == StopReason::ReachedEnd,
        time: report.time,
        steps: report.steps,
        rejected: report.rejected,
        dt_range: report.dt_range,
        wall_seconds: report.wall_seconds,
        frames: recorder.frames,
        output: options.output.clone(),
        checkpoint: Some(checkpoint),
        solve: None,
        results,
    };
    recorder.progress.finished(&finished);
    Ok(finished)
}

/// One line: problem, grid, method.
pub(crate) fn summary(case: &Case, grid: &Grid) -> String {
    let shape: Vec<String> = grid.shape().iter().map(usize::to_string).collect();
    let batch = match case.trajectories {
        1 => String::new(),
        n => format!(", {n} trajectories"),
    };
    format!(
        "{} on {} {}{batch}, {}",
        case.problem.kind(),
        shape.join(" x "),
        match grid.centring() {
            pdesolve_mesh::Centring::Point => "points",
            pdesolve_mesh::Centring::Cell => "cells",
        },
        case.solver.describe()
    )
}

fn load_checkpoint(path: &Path, print: &str) -> Result<Option<State>, RunError> {
    if !path.exists() {
        return Ok(None);
    }
    let (state, found) = checkpoint::read(path).map_err(RunError::Input)?;
    match difference(&found, print) {
        None => Ok(Some(state)),
        Some(difference) => Err(RunError::OtherCase {
            path: path.to_owned(),
            difference,
        }),
    }
}

/// Writes what the drive loop comes by.
struct Recorder<'a> {
    written: &'a [usize],
    frame: Vec<Vec<f64>>,
    writer: VtkHdfWriter,
    frames: usize,
    last_frame: Option<f64>,
    /// Whether the checkpoint on the disk, if any, is that of an earlier run.
    stale: bool,
    last_dt: f64,
    history_names: Vec<String>,
    /// Rows not yet in the file.
    history: Vec<Vec<f64>>,
    history_every: Option<u64>,
    monitored: Vec<(usize, String)>,
    print: String,
    checkpoint: PathBuf,
    checkpoint_every: f64,
    last_checkpoint: Instant,
    interrupt: &'a AtomicBool,
    progress: &'a mut dyn Progress,
}

impl Recorder<'_> {
    /// Adds a row to the history.
    fn record(&mut self, sim: &mut dyn Simulation) {
        let mut row = vec![sim.time(), sim.steps() as f64, self.last_dt];
        sim.quantities(&mut row);
        self.history.push(row);
    }

    /// Hands the rows over to the writer, which stores them with the next frame.
    fn hand_over(&mut self) -> Result<(), IoError> {
        for row in self.history.drain(..) {
            self.writer.append_history(&self.history_names, &row)?;
        }
        Ok(())
    }

    /// Removes the checkpoint of an earlier run before the first content of this one appears
    /// under its name: a checkpoint always belongs to the output file beside it, or a run killed
    /// before its own first checkpoint would be resumed from the other's.
    fn drop_stale(&mut self) -> Result<(), IoError> {
        if self.stale {
            checkpoint::remove(&self.checkpoint)?;
            self.stale = false;
        }
        Ok(())
    }

    /// A checkpoint, and before it all history up to it: rows that a checkpoint has passed are
    /// not computed again.
    fn save(&mut self, sim: &dyn Simulation) -> Result<(), IoError> {
        self.drop_stale()?;
        self.hand_over()?;
        self.writer.flush_history()?;
        self.write_checkpoint(sim)
    }

    fn write_checkpoint(&mut self, sim: &dyn Simulation) -> Result<(), IoError> {
        let mut state = State::default();
        sim.save(&mut state);
        checkpoint::write(&self.checkpoint, &state, &self.print)?;
        self.last_checkpoint = Instant::now();
        self.progress.checkpoint(sim.time());
        Ok(())
    }

    /// After a failed step: the last good state becomes the last frame and the checkpoint.
    fn keep(&mut self, sim: &mut dyn Simulation) -> Result<(), IoError> {
        if self.last_frame.is_none_or(|time| time < sim.time()) {
            self.write_frame(sim)?;
        }
        self.write_checkpoint(sim)
    }

    fn write_frame(&mut self, sim: &mut dyn Simulation) -> Result<(), IoError> {
        for (&field, values) in self.written.iter().zip(&mut self.frame) {
            sim.sample(field, values);
        }
        self.record(sim);
        self.hand_over()?;
        self.drop_stale()?;
        self.writer.append(sim.time(), &self.frame)?;
        self.frames += 1;
        self.last_frame = Some(sim.time());
        Ok(())
    }
}

impl Observer for Recorder<'_> {
    type Error = IoError;

    fn step(&mut self, sim: &mut dyn Simulation, step: &Step) -> Result<Control, IoError> {
        self.last_dt = step.dt;
        if self
            .history_every
            .is_some_and(|n| step.index.is_multiple_of(n))
        {
            self.record(sim);
        }
        let monitored = &self.monitored;
        self.progress.step(
            &Stepped {
                index: step.index,
                time: step.time,
                dt: step.dt,
                rejected: step.rejected,
            },
            &mut || {
                let mut values = Vec::new();
                sim.quantities(&mut values);
                monitored
                    .iter()
                    .map(|(q, name)| (name.clone(), values[*q]))
                    .collect()
            },
        );
        if self.checkpoint_every > 0.0
            && self.last_checkpoint.elapsed().as_secs_f64() > self.checkpoint_every
        {
            self.save(sim)?;
        }
        Ok(if self.interrupt.load(Ordering::Relaxed) {
            Control::Interrupt
        } else {
            Control::Continue
        })
    }

    fn output(&mut self, sim: &mut dyn Simulation) -> Result<(), IoError> {
        // The step that landed here may have recorded its row already.
        let time = sim.time();
        self.history.retain(|row| row[0] < time);
        self.write_frame(sim)?;
        self.progress.output(time, self.frames);
        if self.checkpoint_every == 0.0 {
            self.write_checkpoint(sim)?;
        }
        Ok(())
    }
}
