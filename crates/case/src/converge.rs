//! Convergence studies: the case is solved on a sequence of halved steps or meshes, and the
//! observed orders log2(e_{l} / e_{l+1}) are held against the expected one.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use pdesolve_core::{Control, DriveError, Observer, Simulation, Step, StepError, StopReason};
use pdesolve_mesh::{Grid, difference_norms, restrict};

use crate::finding::Finding;
use crate::measure::exact_values;
use crate::prepare::{Task, prepare};
use crate::schema::{Case, ConvergeParams, Refine};

/// One level of a study.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Step h, or mesh width along x.
    pub size: f64,
    /// Steps taken; iterations of a steady problem.
    pub steps: u64,
    /// ||u - exact||_2 / ||exact||_2 at the end.
    pub error: f64,
    /// max |u - exact| at the end.
    pub max_error: f64,
    /// log2 of the error of the level before over this one.
    pub order: Option<f64>,
}

/// A finished study.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// What was halved.
    pub refine: Refine,
    /// The levels, coarsest first.
    pub levels: Vec<Level>,
    /// Order expected.
    pub expected_order: f64,
    /// How far the observed order may fall short.
    pub slack: f64,
    /// What the errors are taken against.
    pub reference: &'static str,
}

impl Study {
    /// Order between the last two levels.
    pub fn observed_order(&self) -> f64 {
        self.levels
            .last()
            .and_then(|level| level.order)
            .unwrap_or(f64::NAN)
    }

    /// Whether the observed order is high enough; a NaN is not.
    pub fn passes(&self) -> bool {
        self.observed_order() >= self.expected_order - self.slack
    }
}

/// A study that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum ConvergeError {
    /// The case, or a refined one, cannot be run.
    #[error("the case has {} fault(s)", .0.len())]
    Case(Vec<Finding>),
    /// A run failed.
    #[error("level {level}: {source}")]
    Step {
        /// Number of the level, from 0.
        level: usize,
        /// What happened.
        source: StepError,
    },
    /// A steady problem was not solved.
    #[error("level {level}: {reason}")]
    Unsolved {
        /// Number of the level, from 0.
        level: usize,
        /// What happened.
        reason: String,
    },
    /// It was stopped from outside.
    #[error("interrupted after {levels} levels")]
    Interrupted {
        /// Levels that were finished.
        levels: usize,
    },
}

/// Runs the study that the case asks for in `[converge]`; `on_level` hears of each level.
///
/// # Errors
/// [`ConvergeError`].
pub fn converge(
    case: &Case,
    interrupt: &AtomicBool,
    on_level: &mut dyn FnMut(&Level),
) -> Result<Study, ConvergeError> {
    let fault = |key: &str, text: &str| {
        ConvergeError::Case(vec![Finding::new("E0311", key, text.to_owned())])
    };
    let params = case
        .converge
        .as_ref()
        .ok_or_else(|| fault("converge", "the case has no `[converge]` table"))?;
    if params.refine == Refine::Step && case.step().is_none() {
        return Err(fault(
            "converge.refine",
            "refining the step needs a fixed `time.step`",
        ));
    }
    let reference = match &params.exact {
        Some(_) => None,
        None => Some(solve(case, params, params.levels + 1, interrupt)?),
    };
    let mut levels: Vec<Level> = Vec::new();
    for number in 0..params.levels {
        let run = solve(case, params, number, interrupt)?;
        let exact = match (&params.exact, &reference) {
            (Some(text), _) => exact_values(text, case, &run.grid, case.end())
                .map_err(|error| fault("converge.exact", &error.to_string()))?,
            (None, Some(fine)) => restrict(&fine.grid, &fine.values, &run.grid)
                .ok_or_else(|| fault("converge.refine", "the meshes do not nest"))?,
            (None, None) => Vec::new(),
        };
        let (error, max_error) = difference_norms(&run.grid, &run.values, &exact);
        let level = Level {
            size: run.size,
            steps: run.steps,
            error,
            max_error,
            order: levels.last().map(|before| (before.error / error).log2()),
        };
        on_level(&level);
        levels.push(level);
    }
    Ok(Study {
        refine: params.refine,
        levels,
        expected_order: params.expected_order,
        slack: params.slack,
        reference: if params.exact.is_some() {
            "the exact solution"
        } else {
            "a run refined two levels further"
        },
    })
}

struct Solved {
    grid: Grid,
    values: Vec<f64>,
    size: f64,
    steps: u64,
}

/// The case on level `number`, solved to its end.
fn solve(
    case: &Case,
    params: &ConvergeParams,
    number: usize,
    interrupt: &AtomicBool,
) -> Result<Solved, ConvergeError> {
    let mut refined = case.clone();
    refined.output = crate::schema::OutputParams::default();
    refined.expect.clear();
    let factor = 2f64.powi(number as i32);
    match params.refine {
        Refine::Step => {
            set_step(&mut refined, case.step().map(|h| h / factor));
        }
        Refine::Mesh => {
            for counts in [&mut refined.mesh.cells, &mut refined.mesh.points] {
                for n in counts.iter_mut().flatten() {
                    *n <<= number;
                }
            }
            for layer in refined.mesh.layers.iter_mut().flatten() {
                layer.cells <<= number;
            }
            let finer = |h| h / factor.powf(params.step_exponent);
            set_step(&mut refined, case.step().map(finer));
        }
    }
    let mut prepared = prepare(&refined).map_err(ConvergeError::Case)?;
    let field = prepared
        .fields
        .iter()
        .position(|spec| spec.name == params.field)
        .ok_or_else(|| {
            ConvergeError::Case(vec![Finding::new(
                "E0303",
                "converge.field",
                format!("this problem has no field `{}`", params.field),
            )])
        })?;
    let mut values = vec![0.0; prepared.grid.len()];
    let steps = match &mut prepared.task {
        Task::March(simulation) => {
            let mut watch = Watch { interrupt };
            let times = &prepared.output_times;
            let report = pdesolve_core::drive(simulation.as_mut(), times, &mut watch).map_err(
                |DriveError::Step(source)| ConvergeError::Step {
                    level: number,
                    source,
                },
            )?;
            if report.stop == StopReason::Interrupted {
                return Err(ConvergeError::Interrupted { levels: number });
            }
            simulation.sample(field, &mut values);
            report.steps
        }
        Task::Solve(problem) => {
            let outcome = problem
                .solve(&mut |_| asked(interrupt))
                .map_err(|fault| unsolved(number, fault.reason))?;
            if outcome.interrupted {
                return Err(ConvergeError::Interrupted { levels: number });
            }
            if !outcome.converged {
                let reason = format!(
                    "{} after {} iterations of {}",
                    outcome.status, outcome.iterations, outcome.method
                );
                return Err(unsolved(number, reason));
            }
            problem.sample(field, &mut values);
            outcome.iterations as u64
        }
    };
    let size = match params.refine {
        Refine::Step => refined.step().unwrap_or(f64::NAN),
        Refine::Mesh => prepared.grid.axes()[0].min_spacing(),
    };
    Ok(Solved {
        grid: prepared.grid,
        values,
        size,
        steps,
    })
}

/// Stops a drive from outside.
struct Watch<'a> {
    interrupt: &'a AtomicBool,
}

impl Observer for Watch<'_> {
    type Error = Infallible;

    fn step(&mut self, _: &mut dyn Simulation, _: &Step) -> Result<Control, Infallible> {
        Ok(asked(self.interrupt))
    }
}

/// What an interrupt flag asks for.
fn asked(interrupt: &AtomicBool) -> Control {
    if interrupt.load(Ordering::Relaxed) {
        Control::Interrupt
    } else {
        Control::Continue
    }
}

fn unsolved(level: usize, reason: String) -> ConvergeError {
    ConvergeError::Unsolved { level, reason }
}

fn set_step(case: &mut Case, step: Option<f64>) {
    if let Some(time) = &mut case.time {
        time.step = step;
    }
}
