//! Rectangular systems, and square ones that are to be solved as least squares.

use pdesolve_core::Control;

use super::params::{LinearParams, MethodName, PreconditionerName};
use super::solver::{Chooseable, LinearError, Outcome};
use crate::csr::Csr;
use crate::methods::{Cgls, Lsmr, Lsqr};
use crate::scalar::Scalar;
use crate::solve::{
    Breakdown, Iteration, LeastSquares, LeastSquaresMethod, LeastSquaresReport, LeastSquaresRule,
    LeastSquaresStatus, Report, Status,
};
use crate::vector;

/// Whether a system is solved as least squares: by its shape, or because the method says so.
pub fn is_least_squares<T: Scalar>(a: &Csr<T>, params: &LinearParams) -> bool {
    matches!(
        params.method,
        MethodName::Lsqr | MethodName::Lsmr | MethodName::Cgls
    ) || (a.nrows() != a.ncols() && params.method == MethodName::Auto)
}

/// min ||b - A x||_2 by LSQR, LSMR (also for `auto`) or CGLS, from the guess in x.
///
/// The relative tolerance of the stopping rule is taken for both tolerances of Paige and Saunders, and
/// its largest number of iterations; its other keys have no meaning here.
///
/// # Errors
/// [`LinearError`] for vectors that do not fit and matrices that are not finite.
pub fn solve_least_squares<T: Chooseable>(
    a: &Csr<T>,
    params: &LinearParams,
    b: &[T],
    x: &mut [T],
    observer: &mut dyn FnMut(&Iteration) -> Control,
) -> Result<Outcome, LinearError> {
    if let Some((row, column)) = a.first_not_finite() {
        return Err(LinearError::not_finite(a, row, column));
    }
    if !matches!(
        params.preconditioner,
        PreconditionerName::Auto | PreconditionerName::None
    ) {
        return Err(LinearError::Incompatible {
            what: "least squares".to_owned(),
            with: params.preconditioner.name().to_owned(),
            why: "the methods for least squares here take no preconditioner",
        });
    }
    match params.method {
        MethodName::Lsqr => run(Lsqr::default(), a, params, b, x, observer),
        MethodName::Cgls => run(Cgls::default(), a, params, b, x, observer),
        _ => run(Lsmr::default(), a, params, b, x, observer),
    }
}

fn run<T: Chooseable, K: LeastSquaresMethod<T>>(
    method: K,
    a: &Csr<T>,
    params: &LinearParams,
    b: &[T],
    x: &mut [T],
    observer: &mut dyn FnMut(&Iteration) -> Control,
) -> Result<Outcome, LinearError> {
    let tolerance = params.stop.relative_tolerance;
    let rule = LeastSquaresRule {
        max_iterations: params.stop.max_iterations,
        ..LeastSquaresRule::tolerance(tolerance)
    };
    let reference = vector::norm2_f64(b);
    let target = tolerance * reference;
    let mut solver = LeastSquares::with_rule(method, rule);
    let found = solver.solve_observed(a, b, x, &mut |index, it| {
        observer(&Iteration {
            index,
            residual: it.residual,
            target,
        })
    })?;
    let history: Vec<f64> = solver.history().iter().map(|it| it.residual).collect();
    Ok(Outcome {
        report: report(&found, reference, &history),
        history,
        method: K::NAME.to_lowercase(),
        preconditioner: "none".to_owned(),
        reason: if params.method == MethodName::Auto {
            "the matrix is not square: the residual is minimised".to_owned()
        } else {
            String::new()
        },
        description: format!(
            "{}: ||A^H (b - A x)|| = {:.3e}, condition at least {:.2e}",
            meaning(found.status),
            found.adjoint_residual,
            found.condition
        ),
        memory_bytes: 0,
    })
}

fn meaning(status: LeastSquaresStatus) -> &'static str {
    match status {
        LeastSquaresStatus::Consistent => "A x = b has a solution",
        LeastSquaresStatus::LeastSquares => "A x = b has no solution, x is the nearest",
        LeastSquaresStatus::ConditionLimit => "stopped at the limit of the condition number",
        _ => "not yet a least-squares solution",
    }
}

fn report(found: &LeastSquaresReport, reference: f64, history: &[f64]) -> Report {
    Report {
        status: match found.status {
            LeastSquaresStatus::Consistent | LeastSquaresStatus::LeastSquares => Status::Converged,
            LeastSquaresStatus::ConditionLimit | LeastSquaresStatus::Stagnated => Status::Stagnated,
            LeastSquaresStatus::MaxIterations => Status::MaxIterations,
            LeastSquaresStatus::Interrupted => Status::Interrupted,
            LeastSquaresStatus::NotFinite => Status::Breakdown(Breakdown::NotFinite),
        },
        iterations: found.iterations,
        true_residual: found.residual,
        true_relative_residual: if reference > 0.0 {
            found.residual / reference
        } else {
            0.0
        },
        carried_residual: history.last().copied().unwrap_or(0.0),
        reference,
        replacements: found.replacements,
        inconsistency: 0.0,
    }
}
