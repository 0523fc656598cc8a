//! The linear solve: which method, which preconditioner, when to stop.

use pdesolve_core::{Control, Iterate, Outcome, SolveFault};
use pdesolve_krylov::amg::{Amg, AmgParams};
use pdesolve_krylov::methods::{BiCgStab, Cg, Gmres, Minres};
use pdesolve_krylov::preconditioners::{Ic0, Ic0Params, Ilut, IlutParams, Jacobi, JacobiParams};
use pdesolve_krylov::{
    Csr, Identity, LinearOperator, Method, NullSpace, Preconditioner, Reference, Report,
    ResidualNorm, Singular, Solver, Status, StoppingRule,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows up to which an incomplete factor is preferred to multigrid.
const SMALL: usize = 3000;

/// A Krylov method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinearMethod {
    /// What suits the equation: `cg` where it is symmetric and definite, `minres` where it is
    /// symmetric only, `gmres` otherwise.
    #[default]
    Auto,
    /// Conjugate gradients: symmetric positive definite matrices.
    Cg,
    /// Minimal residuals: symmetric matrices.
    Minres,
    /// Generalised minimal residuals, restarted after 30 iterations: any matrix.
    Gmres,
    /// Stabilised bi-conjugate gradients: any matrix, with short recurrences.
    BiCgStab,
}

/// A preconditioner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LinearPreconditioner {
    /// What suits the method and the size: `amg`, or `ic0` for small matrices, with `cg`; `jacobi`
    /// with `minres`; `ilut` otherwise.
    #[default]
    Auto,
    /// None.
    None,
    /// The diagonal.
    Jacobi,
    /// Incomplete Cholesky factor without fill: symmetric positive definite matrices.
    Ic0,
    /// Incomplete LU factors by threshold: any matrix.
    Ilut,
    /// Algebraic multigrid with smoothed aggregation: diffusion.
    Amg,
}

impl LinearMethod {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cg => "cg",
            Self::Minres => "minres",
            Self::Gmres => "gmres",
            Self::BiCgStab => "bicgstab",
        }
    }
}

impl LinearPreconditioner {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::None => "no preconditioner",
            Self::Jacobi => "jacobi",
            Self::Ic0 => "ic0",
            Self::Ilut => "ilut",
            Self::Amg => "amg",
        }
    }
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
pub struct MatrixTraits {
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

/// Fills in what is left to choose.
fn choose(
    matrix: &Csr<f64>,
    traits: MatrixTraits,
    params: &LinearParams,
) -> (LinearMethod, LinearPreconditioner) {
    let method = match (params.method, traits) {
        (
            LinearMethod::Auto,
            MatrixTraits {
                symmetric: false, ..
            },
        ) => LinearMethod::Gmres,
        (
            LinearMethod::Auto,
            MatrixTraits {
                indefinite: true, ..
            },
        ) => LinearMethod::Minres,
        (LinearMethod::Auto, _) => LinearMethod::Cg,
        (chosen, _) => chosen,
    };
    let preconditioner = match (params.preconditioner, method) {
        (LinearPreconditioner::Auto, LinearMethod::Minres) => {
            let positive = matrix.diagonal().iter().all(|d| *d > 0.0);
            if positive {
                LinearPreconditioner::Jacobi
            } else {
                LinearPreconditioner::None
            }
        }
        (LinearPreconditioner::Auto, LinearMethod::Cg) if matrix.nrows() <= SMALL => {
            LinearPreconditioner::Ic0
        }
        (LinearPreconditioner::Auto, LinearMethod::Cg) => LinearPreconditioner::Amg,
        (LinearPreconditioner::Auto, _) => LinearPreconditioner::Ilut,
        (chosen, _) => chosen,
    };
    (method, preconditioner)
}

impl LinearSolver {
    /// Chooses what is left to choose, and makes the preconditioner.
    ///
    /// # Errors
    /// [`SolveFault`] where the preconditioner cannot be made of this matrix.
    pub fn new(
        matrix: &Csr<f64>,
        traits: MatrixTraits,
        params: &LinearParams,
    ) -> Result<Self, SolveFault> {
        let (method, chosen) = choose(matrix, traits, params);
        let preconditioner = make(matrix, chosen).map_err(|reason| SolveFault {
            reason: format!("`{}` cannot be set up: {reason}", chosen.name()),
        })?;
        Ok(Self {
            method,
            preconditioner,
            rule: params.rule(),
            name: format!("{} with {}", method.name(), chosen.name()),
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
            LinearMethod::Minres => self.with(Minres::default(), operator, b, x, observer),
            LinearMethod::Gmres => self.with(Gmres::default(), operator, b, x, observer),
            LinearMethod::BiCgStab => self.with(BiCgStab::default(), operator, b, x, observer),
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
    let traits = MatrixTraits {
        symmetric: matrix.is_hermitian(1e-12),
        indefinite: matrix.diagonal().iter().any(|d| *d <= 0.0),
    };
    let mut solver = LinearSolver::new(matrix, traits, params)?;
    let report = solver.solve(matrix, None, b, x, observer)?;
    Ok((report, solver.history))
}

/// Makes a preconditioner; the reason where the matrix does not allow it.
fn make(
    matrix: &Csr<f64>,
    chosen: LinearPreconditioner,
) -> Result<Box<dyn Preconditioner<f64>>, String> {
    fn boxed<M: Preconditioner<f64> + 'static, E: std::fmt::Display>(
        made: Result<M, E>,
    ) -> Result<Box<dyn Preconditioner<f64>>, String> {
        match made {
            Ok(made) => Ok(Box::new(made)),
            Err(error) => Err(error.to_string()),
        }
    }
    match chosen {
        LinearPreconditioner::Auto | LinearPreconditioner::None => Ok(Box::new(Identity)),
        LinearPreconditioner::Jacobi => boxed(Jacobi::new(matrix, &JacobiParams::default())),
        LinearPreconditioner::Ic0 => boxed(Ic0::new(matrix, &Ic0Params::default())),
        LinearPreconditioner::Ilut => boxed(Ilut::new(matrix, &IlutParams::default())),
        LinearPreconditioner::Amg => boxed(Amg::new(matrix, &AmgParams::default())),
    }
}
