//! The contract between a time-dependent solver and everything that runs it.

use std::fmt;

use crate::state::{RestoreError, State};

/// Name and unit of one scalar field of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Name as the equation writes it, for instance `u` or `vorticity`.
    pub name: String,
    /// Unit as text (`m/s`); empty where the problem is dimensionless.
    pub units: String,
}

impl FieldSpec {
    /// A dimensionless field.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            units: String::new(),
        }
    }
}

/// One accepted time step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Number of accepted steps so far, this one included.
    pub index: u64,
    /// Time after the step.
    pub time: f64,
    /// Size of the step.
    pub dt: f64,
    /// Attempts that the error control refused before this step was accepted.
    pub rejected: u32,
}

/// Where a field became infinite or NaN: a grid index (x, then y, then z), as many entries as the
/// grid has dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this cell first.
    Cell(Vec<usize>),
    /// Everywhere at once, as with global (spectral) methods. The cell is the one in which the
    /// last good state was largest: a hint, not the place of the fault.
    Everywhere {
        /// Grid index of the largest value before the step.
        largest_before: Vec<usize>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(cell) => write!(f, "at cell {cell:?}"),
            Self::Everywhere { largest_before } => write!(
                f,
                "everywhere at once (largest before the step at cell {largest_before:?})"
            ),
        }
    }
}

/// Why a step could not be taken. The simulation still holds the state before the step.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// The new state holds an infinity or a NaN.
    #[error(
        "field `{field}` became {value} {place} in step {step} (t = {time:.6e}, dt = {dt:.3e}, CFL number {cfl:.3})"
    )]
    NonFinite {
        /// Name of the field.
        field: String,
        /// The offending value.
        value: f64,
        /// Where.
        place: Place,
        /// Time at which the step began.
        time: f64,
        /// Number of the step that failed.
        step: u64,
        /// Size of the step that failed.
        dt: f64,
        /// Largest `|speed| dt / dx` over the last good state; NaN where the equation has no
        /// transport speed.
        cfl: f64,
    },
    /// Error control asked for a step below the smallest one allowed.
    #[error(
        "the error control asked for a step of {dt:.3e}, below the smallest allowed {dt_min:.3e}, in step {step} (t = {time:.6e}): estimated error is {error:.3} times the tolerance"
    )]
    StepTooSmall {
        /// Time at which the step began.
        time: f64,
        /// Number of the step that failed.
        step: u64,
        /// Step size asked for.
        dt: f64,
        /// Smallest step size allowed.
        dt_min: f64,
        /// Estimated error over tolerance in the last attempt.
        error: f64,
    },
    /// A fixed step is beyond the Courant number up to which the method is stable.
    #[error(
        "the step of {dt:.3e} has the Courant number {courant:.3} in step {step} (t = {time:.6e}), above the limit {limit}: the largest stable step is {dt_max:.3e}"
    )]
    Courant {
        /// Time at which the step begins.
        time: f64,
        /// Number of the step.
        step: u64,
        /// Size of the step.
        dt: f64,
        /// Sum over the axes of `|speed| dt / dx`, its largest over the cells.
        courant: f64,
        /// Largest Courant number allowed.
        limit: f64,
        /// Step that has this Courant number.
        dt_max: f64,
    },
    /// The step is so small against the time that adding it changes nothing.
    #[error(
        "the time stands still: in step {step} a step of {dt:.3e} is lost in rounding, numbers near t = {time:.6e} are about {spacing:.1e} apart"
    )]
    TimeStandsStill {
        /// Current time.
        time: f64,
        /// Number of the step.
        step: u64,
        /// Size of the step.
        dt: f64,
        /// Distance between neighbouring numbers near the current time.
        spacing: f64,
    },
    /// The step has no result, for a reason of the method's own.
    #[error("step {step} failed: {reason}")]
    Failed {
        /// Number of the step that failed.
        step: u64,
        /// What the method said.
        reason: String,
    },
    /// A linear system inside the step could not be solved.
    #[error("the linear system of step {step} (t = {time:.6e}) could not be solved: {reason}")]
    LinearSolve {
        /// Time at which the step began.
        time: f64,
        /// Number of the step that failed.
        step: u64,
        /// What the solver said.
        reason: String,
    },
}

impl StepError {
    /// [`StepError::TimeStandsStill`] at `time`, in step number `step`.
    pub fn time_stands_still(time: f64, step: u64, dt: f64) -> Self {
        Self::TimeStandsStill {
            time,
            step,
            dt,
            spacing: f64::EPSILON * time.abs(),
        }
    }
}

/// A solver that carries fields forward in time.
///
/// All fields live on one grid, at its sample points, in the grid's array order (x fastest).
pub trait Simulation {
    /// Current time.
    fn time(&self) -> f64;

    /// Accepted steps so far.
    fn steps(&self) -> u64;

    /// Takes one step, at most up to `limit`, and lands on `limit` exactly when it gets there.
    ///
    /// # Errors
    /// [`StepError`]; the state is then the one before the step.
    fn advance(&mut self, limit: f64) -> Result<Step, StepError>;

    /// Names and units of the fields. A batch of trajectories lists each trajectory's fields.
    fn fields(&self) -> Vec<FieldSpec>;

    /// Writes field number `field` into `out`, one value a grid point, x fastest.
    fn sample(&mut self, field: usize, out: &mut [f64]);

    /// Names of the monitored integrals and norms, in the order of [`Simulation::quantities`].
    fn quantity_names(&self) -> Vec<String>;

    /// Appends the monitored integrals and norms of the current state to `out`.
    fn quantities(&mut self, out: &mut Vec<f64>);

    /// Largest `|speed| dt / dx` of the current state, where the equation has a transport
    /// speed.
    fn cfl(&mut self) -> Option<f64> {
        None
    }

    /// Writes all that the continuation depends on, bit for bit: state, time, step counter,
    /// step-size controller.
    fn save(&self, state: &mut State);

    /// Takes over what [`Simulation::save`] wrote.
    ///
    /// # Errors
    /// [`RestoreError`] where an entry is missing or has another length; nothing is changed.
    fn restore(&mut self, state: &State) -> Result<(), RestoreError>;
}
