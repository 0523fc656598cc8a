//! The contract between a problem without time and everything that solves it.

use crate::drive::Control;
use crate::simulation::FieldSpec;
use crate::state::{RestoreError, State};

/// One iteration of a solve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// Number of the iteration; 0 is the first guess.
    pub index: usize,
    /// The residual norm that is tested.
    pub residual: f64,
    /// The norm at which the solve will stop.
    pub target: f64,
}

/// How a solve ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether the residual, computed afresh, meets the stopping rule.
    pub converged: bool,
    /// Whether the observer asked to stop.
    pub interrupted: bool,
    /// What the solver says of its end: `converged`, `stagnated`, ...
    pub status: String,
    /// What to try where it did not converge; empty otherwise.
    pub advice: String,
    /// Method and preconditioner, as the field writes them.
    pub method: String,
    /// Iterations.
    pub iterations: usize,
    /// ||b - A x|| / ||b|| of the last iterate, computed afresh.
    pub relative_residual: f64,
}

/// A solve that could not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SolveFault {
    /// What is wrong with the system, the method or the preconditioner.
    pub reason: String,
}

/// A problem without time: fields on one grid that satisfy an equation, found by one solve.
pub trait Stationary {
    /// Names and units of the fields.
    fn fields(&self) -> Vec<FieldSpec>;

    /// Writes field number `field` of the current iterate into `out`, one value a grid point, x
    /// fastest.
    fn sample(&mut self, field: usize, out: &mut [f64]);

    /// Names of the integrals, norms and balances, in the order of [`Stationary::quantities`].
    fn quantity_names(&self) -> Vec<String>;

    /// Appends the integrals, norms and balances of the current iterate to `out`.
    fn quantities(&mut self, out: &mut Vec<f64>);

    /// Solves, from the current iterate on; `observer` hears of each iteration and may stop the
    /// solve. Whatever the outcome, the last iterate is kept.
    ///
    /// # Errors
    /// [`SolveFault`] where the solve could not begin; the iterate is then the one before.
    fn solve(
        &mut self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Outcome, SolveFault>;

    /// Writes the current iterate, bit for bit.
    fn save(&self, state: &mut State);

    /// Takes over what [`Stationary::save`] wrote, as first guess.
    ///
    /// # Errors
    /// [`RestoreError`] where an entry is missing or has another length; nothing is changed.
    fn restore(&mut self, state: &State) -> Result<(), RestoreError>;
}
