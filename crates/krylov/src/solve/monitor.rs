//! The stopping rule at work: one record an iteration.

use pdesolve_core::Control;

use super::params::{ResidualNorm, StoppingRule};
use super::report::{Breakdown, Status};
use crate::scalar::Scalar;
use crate::vector;

/// One iteration, as an observer hears of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration {
    /// Number of the iteration; 0 is the first guess.
    pub index: usize,
    /// The tested residual norm.
    pub residual: f64,
    /// The norm at which the solve will stop.
    pub target: f64,
}

/// Holds residual norms against the stopping rule, keeps their history, asks the observer.
///
/// A method calls [`Monitor::begin`] with the norm of its first residual and [`Monitor::record`]
/// after each iteration, and returns as soon as one of them gives a status.
pub struct Monitor<'a> {
    pub(super) rule: &'a StoppingRule,
    pub(super) history: &'a mut Vec<f64>,
    pub(super) observer: &'a mut dyn FnMut(&Iteration) -> Control,
    pub(super) reference: f64,
    pub(super) target: f64,
    /// ||A|| and ||b||, for the backward error.
    pub(super) operator_norm: f64,
    pub(super) rhs_norm: f64,
}

impl Monitor<'_> {
    /// The norm that is tested.
    pub fn norm(&self) -> ResidualNorm {
        self.rule.norm
    }

    /// Iterations so far.
    pub fn iterations(&self) -> usize {
        self.history.len().saturating_sub(1)
    }

    /// Iterations still allowed.
    pub fn remaining(&self) -> usize {
        self.rule.max_iterations.saturating_sub(self.iterations())
    }

    /// Whether the observer hears and the rule tests the backward error, for which
    /// [`Monitor::backward_error`] gives the value.
    pub fn backward_error(&self, residual_norm: f64, x_norm: f64) -> f64 {
        let size = self.operator_norm * x_norm + self.rhs_norm;
        if size > 0.0 {
            residual_norm / size
        } else {
            0.0
        }
    }

    /// The tested norm of a method that carries the residual b - A x alone: its 2-norm, or the
    /// backward error.
    pub fn of_residual<T: Scalar>(&self, residual_norm: f64, x: &[T]) -> f64 {
        match self.rule.norm {
            ResidualNorm::BackwardError => self.backward_error(residual_norm, vector::norm2_f64(x)),
            _ => residual_norm,
        }
    }

    /// The norm at which the solve will stop.
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Takes the norm of the residual with which the method begins. It enters the history only
    /// as entry 0: after a residual replacement the iterations are counted on.
    pub fn begin(&mut self, residual: f64) -> Option<Status> {
        if self.history.is_empty() {
            self.history.push(residual);
            return self.judge(residual);
        }
        self.judge_silently(residual)
    }

    /// Takes the norm after one more iteration.
    pub fn record(&mut self, residual: f64) -> Option<Status> {
        self.history.push(residual);
        self.judge(residual)
    }

    fn judge(&mut self, residual: f64) -> Option<Status> {
        let iteration = Iteration {
            index: self.iterations(),
            residual,
            target: self.target,
        };
        let control = (self.observer)(&iteration);
        match self.judge_silently(residual) {
            None if control == Control::Interrupt => Some(Status::Interrupted),
            status => status,
        }
    }

    fn judge_silently(&self, residual: f64) -> Option<Status> {
        if !residual.is_finite() {
            Some(Status::Breakdown(Breakdown::NotFinite))
        } else if residual <= self.target {
            Some(Status::Converged)
        } else if residual > self.rule.divergence * self.reference {
            Some(Status::Diverged)
        } else if self.remaining() == 0 {
            Some(Status::MaxIterations)
        } else {
            None
        }
    }
}
