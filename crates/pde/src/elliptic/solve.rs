//! The linear solve: method and preconditioner by name, chosen by what the equation tells where
//! the case leaves them open.

use pdesolve_core::{Control, Iterate, Outcome, SolveFault};
pub use pdesolve_krylov::choice::{LinearParams, MethodName, PreconditionerName};
use pdesolve_krylov::{
    Csr, Iteration, LinearOperator, NullSpace, Report, Singular, Status, choice,
};

/// What the equation tells of its matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatrixTraits {
    /// A = A^T.
    pub symmetric: bool,
    /// Eigenvalues of both signs may occur.
    pub indefinite: bool,
    /// The constants are mapped to zero: no Dirichlet or Robin condition, no reaction.
    pub singular: bool,
}

/// Fills in what suits an indefinite equation, which the entries of its matrix do not show.
fn with_traits(matrix: &Csr<f64>, traits: MatrixTraits, params: &LinearParams) -> LinearParams {
    let mut chosen = params.clone();
    if !(traits.symmetric && traits.indefinite) {
        return chosen;
    }
    if chosen.method == MethodName::Auto {
        chosen.method = MethodName::Minres;
    }
    if chosen.method == MethodName::Minres && chosen.preconditioner == PreconditionerName::Auto {
        let positive = matrix.diagonal().iter().all(|d| *d > 0.0);
        chosen.preconditioner = if positive {
            PreconditionerName::Jacobi
        } else {
            PreconditionerName::None
        };
    }
    chosen
}

/// A method and a preconditioner made for one matrix, for one solve or many.
pub struct LinearSolver {
    solver: choice::LinearSolver<f64>,
    name: String,
    history: Vec<f64>,
}

impl LinearSolver {
    /// Chooses what is left to choose, and makes the preconditioner.
    ///
    /// # Errors
    /// [`SolveFault`] where the two do not go together, or the preconditioner cannot be made of
    /// this matrix.
    pub fn new(
        matrix: &Csr<f64>,
        traits: MatrixTraits,
        params: &LinearParams,
    ) -> Result<Self, SolveFault> {
        let params = with_traits(matrix, traits, params);
        let hints = choice::Hints {
            indefinite: traits.indefinite,
            singular: traits.singular,
            ..choice::Hints::default()
        };
        let solver =
            choice::LinearSolver::with_hints(matrix, &params, &hints).map_err(|e| fault(&e))?;
        let chosen = solver.choice();
        let name = match chosen.preconditioner {
            PreconditionerName::None => format!("{} without preconditioner", chosen.method.name()),
            preconditioner => format!("{} with {}", chosen.method.name(), preconditioner.name()),
        };
        Ok(Self {
            solver,
            name,
            history: Vec::new(),
        })
    }

    /// Method and preconditioner, as the case names them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tested residual norm of the last solve: entry k after k iterations.
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// Solves A x = b from what x holds; with a null space, b and x are kept orthogonal to it.
    ///
    /// # Errors
    /// [`SolveFault`] where the system is none; x is then untouched.
    pub fn solve(
        &mut self,
        matrix: &Csr<f64>,
        null_space: Option<&NullSpace<f64>>,
        b: &[f64],
        x: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Report, SolveFault> {
        match null_space {
            Some(space) => self.run(&Singular::new(matrix, space.clone()), b, x, observer),
            None => self.run(matrix, b, x, observer),
        }
    }

    fn run<A: LinearOperator<f64>>(
        &mut self,
        operator: &A,
        b: &[f64],
        x: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Report, SolveFault> {
        let mut hear = |iteration: &Iteration| {
            observer(&Iterate {
                index: iteration.index,
                residual: iteration.residual,
                target: iteration.target,
            })
        };
        let outcome = self
            .solver
            .solve(operator, b, x, &mut hear)
            .map_err(|e| fault(&e))?;
        self.history = outcome.history;
        Ok(outcome.report)
    }

    /// A report in the words of [`Outcome`].
    pub(super) fn outcome(&self, report: &Report) -> Outcome {
        Outcome {
            converged: report.converged(),
            interrupted: report.status == Status::Interrupted,
            status: report.status.to_string(),
            advice: report.status.advice().to_owned(),
            method: self.name.clone(),
            iterations: report.iterations,
            relative_residual: report.true_relative_residual,
        }
    }
}

fn fault(error: &choice::LinearError) -> SolveFault {
    let reason = match error.advice() {
        "" => error.to_string(),
        advice => format!("{error}: {advice}"),
    };
    SolveFault { reason }
}

/// Solves A x = b once, from what x holds, and gives the residual norm after each iteration.
///
/// # Errors
/// [`SolveFault`] where the system, the method or the preconditioner does not fit.
pub fn solve_linear(
    matrix: &Csr<f64>,
    b: &[f64],
    x: &mut [f64],
    params: &LinearParams,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) -> Result<(Report, Vec<f64>), SolveFault> {
    let traits = MatrixTraits {
        symmetric: matrix.is_hermitian(1e-12),
        indefinite: matrix.diagonal().iter().any(|d| *d <= 0.0),
        singular: false,
    };
    let mut solver = LinearSolver::new(matrix, traits, params)?;
    let report = solver.solve(matrix, None, b, x, observer)?;
    Ok((report, solver.history))
}
