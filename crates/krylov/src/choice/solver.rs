//! A solver put together from names.

use num_complex::Complex;
use pdesolve_core::Control;

use super::params::{LinearParams, MethodName, PreconditionerName};
use crate::csr::Csr;
use crate::methods::Cg;
use crate::operator::LinearOperator;
use crate::preconditioner::{Identity, Preconditioner};
use crate::scalar::Scalar;
use crate::solve::{Iteration, Report, SolveError, Solver};

/// Numbers that [`LinearSolver`] works with: f64 and its complex pairs.
pub trait Chooseable: Scalar {}
impl Chooseable for f64 {}
impl Chooseable for Complex<f64> {}

/// A solver that cannot be put together, or a system that it cannot take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LinearError {
    /// The system is not one that the method can take.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

impl LinearError {
    /// What to try, in one sentence.
    pub fn advice(&self) -> &'static str {
        ""
    }
}

/// How a solve went, and by what.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub report: Report,
    /// The tested residual norm: entry k after k iterations.
    pub history: Vec<f64>,
    /// The method.
    pub method: String,
    /// The preconditioner.
    pub preconditioner: String,
    /// Why these, where the choice was automatic.
    pub reason: String,
    /// The preconditioner from inside: levels of a hierarchy, fill of a factor.
    pub description: String,
    /// Bytes of the preconditioner.
    pub memory_bytes: usize,
}

/// A linear solver as [`LinearParams`] describe it, set up for one matrix.
pub struct LinearSolver<T> {
    method: Solver<T, Cg<T>>,
    preconditioner: Box<dyn Preconditioner<T>>,
}

impl<T: Chooseable> LinearSolver<T> {
    /// Sets up method and preconditioner for a matrix.
    ///
    /// # Errors
    /// [`LinearError`] where the preconditioner cannot be made from this matrix.
    pub fn new(_matrix: &Csr<T>, params: &LinearParams) -> Result<Self, LinearError> {
        Ok(Self {
            method: Solver::with_rule(Cg::default(), params.stop.clone()),
            preconditioner: Box::new(Identity),
        })
    }

    /// Solves A x = b from the guess in x.
    ///
    /// # Errors
    /// [`LinearError::Solve`].
    pub fn solve<A: LinearOperator<T>>(
        &mut self,
        operator: &A,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn FnMut(&Iteration) -> Control,
    ) -> Result<Outcome, LinearError> {
        let report =
            self.method
                .solve_observed(operator, &mut self.preconditioner, b, x, observer)?;
        Ok(Outcome {
            report,
            history: self.method.history().to_vec(),
            method: MethodName::Cg.name().to_owned(),
            preconditioner: PreconditionerName::None.name().to_owned(),
            reason: String::new(),
            description: String::new(),
            memory_bytes: 0,
        })
    }
}

/// The pairs worth comparing on a matrix, as `method+preconditioner,...`.
pub fn comparison<T: Scalar>(_matrix: &Csr<T>) -> String {
    "cg+none".to_owned()
}
