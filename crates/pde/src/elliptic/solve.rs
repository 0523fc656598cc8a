//! The linear solve: which method, which preconditioner, when to stop.

use pdesolve_core::{Control, Iterate, Outcome, SolveFault};
use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::{
    Csr, Identity, LinearOperator, Method, NullSpace, Preconditioner, Reference, Report,
    ResidualNorm, Singular, Solver, Status, StoppingRule, Workspace,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A Krylov method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinearMethod {
    /// Conjugate gradients for symmetric positive definite matrices.
    #[default]
    Auto,
    /// Conjugate gradients: symmetric positive definite matrices.
    Cg,
}

/// A preconditioner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinearPreconditioner {
    /// The diagonal.
    #[default]
    Auto,
    /// None.
    None,
    /// The diagonal.
    Jacobi,
}

/// A Krylov method, its preconditioner and its stopping rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinearParams {
    /// Krylov method. Default: `auto`.
    pub method: LinearMethod,
    /// Preconditioner. Default: `auto`.
    pub preconditioner: LinearPreconditioner,
    /// Tolerance of the residual relative to the reference. Default: 1e-8.
    #[schemars(range(min = 0))]
    pub relative_tolerance: f64,
    /// Tolerance of the residual in units of b. Default: 0.
    #[schemars(range(min = 0))]
    pub absolute_tolerance: f64,
    /// Largest number of iterations. Default: 10000.
    pub max_iterations: usize,
    /// The residual norm that is tested. Default: `true`.
    pub norm: ResidualNorm,
    /// What the relative tolerance is relative to. Default: `right_hand_side`.
    pub reference: Reference,
    /// A residual norm above this multiple of the reference ends the solve as diverged. Default:
    /// 1e10.
    #[schemars(extend("exclusiveMinimum" = 1.0))]
    pub divergence: f64,
}

impl Default for LinearParams {
    fn default() -> Self {
        let rule = StoppingRule::default();
        Self {
            method: LinearMethod::default(),
            preconditioner: LinearPreconditioner::default(),
            relative_tolerance: rule.relative_tolerance,
            absolute_tolerance: rule.absolute_tolerance,
            max_iterations: rule.max_iterations,
            norm: rule.norm,
            reference: rule.reference,
            divergence: rule.divergence,
        }
    }
}

impl LinearParams {
    /// The default choice with another relative tolerance.
    pub fn relative(relative_tolerance: f64) -> Self {
        Self {
            relative_tolerance,
            ..Self::default()
        }
    }

    /// The stopping rule.
    pub fn rule(&self) -> StoppingRule {
        StoppingRule {
            relative_tolerance: self.relative_tolerance,
            absolute_tolerance: self.absolute_tolerance,
            max_iterations: self.max_iterations,
            norm: self.norm,
            reference: self.reference,
            divergence: self.divergence,
        }
    }
}

/// What is known of a matrix beside its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// A = A^T.
    pub symmetric: bool,
    /// Eigenvalues of both signs may occur.
    pub indefinite: bool,
}

/// A method and a preconditioner made for one matrix, for one solve or many.
pub struct LinearSolver {
    method: LinearMethod,
    preconditioner: Box<dyn Preconditioner<f64>>,
    rule: StoppingRule,
    name: String,
    history: Vec<f64>,
}

impl LinearSolver {
    /// Chooses what is left to choose, and makes the preconditioner.
    ///
    /// # Errors
    /// [`SolveFault`] where the preconditioner cannot be made of this matrix.
    pub fn new(
        matrix: &Csr<f64>,
        traits: Traits,
        params: &LinearParams,
    ) -> Result<Self, SolveFault> {
        let method = match params.method {
            LinearMethod::Auto => LinearMethod::Cg,
            chosen => chosen,
        };
        let (preconditioner, with): (Box<dyn Preconditioner<f64>>, &str) =
            match params.preconditioner {
                LinearPreconditioner::None => (Box::new(Identity), "no preconditioner"),
                LinearPreconditioner::Auto | LinearPreconditioner::Jacobi => {
                    (Box::new(Diagonal::of(matrix)?), "jacobi")
                }
            };
        let _ = traits;
        Ok(Self {
            method,
            preconditioner,
            rule: params.rule(),
            name: format!("{} with {with}", Cg::<f64>::NAME),
            history: Vec::new(),
        })
    }

    /// Method and preconditioner, as the field writes them.
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

    fn run<A: LinearOperator<f64> + ?Sized>(
        &mut self,
        operator: &A,
        b: &[f64],
        x: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Report, SolveFault> {
        match self.method {
            LinearMethod::Auto | LinearMethod::Cg => {
                self.with(Cg::default(), operator, b, x, observer)
            }
        }
    }

    fn with<A, K>(
        &mut self,
        method: K,
        operator: &A,
        b: &[f64],
        x: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Report, SolveFault>
    where
        A: LinearOperator<f64> + ?Sized,
        K: Method<f64, dyn Preconditioner<f64>>,
    {
        let mut solver = Solver::with_rule(method, self.rule.clone());
        let mut hear = |iteration: &pdesolve_krylov::Iteration| {
            observer(&Iterate {
                index: iteration.index,
                residual: iteration.residual,
                target: iteration.target,
            })
        };
        let report = solver
            .solve_observed(operator, self.preconditioner.as_mut(), b, x, &mut hear)
            .map_err(|error| SolveFault {
                reason: error.to_string(),
            })?;
        self.history.clear();
        self.history.extend_from_slice(solver.history());
        Ok(report)
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
    let traits = Traits {
        symmetric: matrix.is_hermitian(1e-12),
        indefinite: matrix.diagonal().iter().any(|d| *d <= 0.0),
    };
    let mut solver = LinearSolver::new(matrix, traits, params)?;
    let report = solver.solve(matrix, None, b, x, observer)?;
    Ok((report, solver.history))
}

/// The inverse moduli of the diagonal: positive definite whatever the matrix.
struct Diagonal {
    inverse: Vec<f64>,
}

impl Diagonal {
    fn of(matrix: &Csr<f64>) -> Result<Self, SolveFault> {
        let diagonal = matrix.diagonal();
        match diagonal.iter().position(|d| *d == 0.0) {
            Some(row) => Err(SolveFault {
                reason: format!("jacobi needs a diagonal without zeros, row {row} has one"),
            }),
            None => Ok(Self {
                inverse: diagonal.iter().map(|d| 1.0 / d.abs()).collect(),
            }),
        }
    }
}

impl Preconditioner<f64> for Diagonal {
    fn apply(&mut self, r: &[f64], z: &mut [f64]) {
        for ((z, r), d) in z.iter_mut().zip(r).zip(&self.inverse) {
            *z = r * d;
        }
    }
}
