//! The contract between a time-dependent solver and everything that runs it.

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

/// Why a step could not be taken. The simulation still holds the state before the step.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// The new state holds an infinity or a NaN.
    #[error(
        "field `{field}` became {value} at cell {cell:?} in step {step} (t = {time:.6e}, dt = {dt:.3e}, CFL number {cfl:.3})"
    )]
    NonFinite {
        /// Name of the field.
        field: String,
        /// The offending value.
        value: f64,
        /// Grid index (x, then y, then z), as many entries as the grid has dimensions. Where
        /// the method is global (spectral) and spoils all cells at once, the cell in which the
        /// last good state was largest.
        cell: Vec<usize>,
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

/// A step size fitted to the next time that must be hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Size to take.
    pub dt: f64,
    /// Whether the step ends on the limit; the time is then set to the limit itself, so that
    /// rounding does not accumulate.
    pub lands: bool,
}

/// Fits a wished step `dt` to `limit`.
///
/// A remainder within 1e-9 of `dt` counts as `dt`, so that a fixed step whose multiples are the
/// output times never changes size (and its coefficients are computed once).
pub fn fit_step(time: f64, dt: f64, limit: f64) -> Fit {
    let left = limit - time;
    if (left - dt).abs() <= 1e-9 * dt {
        Fit { dt, lands: true }
    } else if left < dt {
        Fit {
            dt: left,
            lands: true,
        }
    } else {
        Fit { dt, lands: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_within_rounding_of_the_limit_keeps_its_size() {
        let fit = fit_step(0.9 + 1e-13, 0.1, 1.0);
        assert_eq!(
            fit,
            Fit {
                dt: 0.1,
                lands: true
            }
        );
    }

    #[test]
    fn a_step_past_the_limit_is_cut() {
        let fit = fit_step(0.95, 0.1, 1.0);
        assert!(fit.lands && (fit.dt - 0.05).abs() < 1e-15);
        assert!(!fit_step(0.0, 0.1, 1.0).lands);
    }
}
