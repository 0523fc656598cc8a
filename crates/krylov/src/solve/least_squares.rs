//! The frame of the least-squares methods: min ||A x - b||^2 + damping^2 ||x||^2 for A of any shape.
//!
//! Damping is not the business of a method. With damping d > 0 all of them see the operator
//! A' = (A; d I) and b' = (b; 0), whose plain least-squares problem is the damped one; LSQR on it
//! gives the same iterates as LSQR with damping built in, and first guesses and restarts need no
//! special care.
//!
//! With r = b' - A' x, an iteration ends by one of three rules (Paige and Saunders 1982):
//!
//! 1. ||r|| <= btol ||b|| + atol ||A'|| ||x||: the system is consistent, and solved;
//! 2. ||A'^H r|| <= atol ||A'|| ||r||: x is a least-squares solution;
//! 3. cond(A') >= conlim: more iterations would fit noise.
//!
//! Here atol and btol are the relative errors of the data A and b. ||A'|| and the condition number
//! are those of the bidiagonal matrix so far, and grow towards the Frobenius norm of A' and its
//! condition number. As in [`Solver::solve`](crate::Solver::solve), r and A'^H r are computed afresh
//! before convergence is claimed.

use pdesolve_core::Control;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SolveError, check_vectors};
use crate::operator::{AdjointOperator, LinearOperator};
use crate::scalar::Scalar;
use crate::vector;

/// When a least-squares solve stops, and the damping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeastSquaresRule {
    /// Relative error of the entries of A. Default: 1e-8.
    #[schemars(range(min = 0))]
    pub atol: f64,
    /// Relative error of the entries of b. Default: 1e-8.
    #[schemars(range(min = 0))]
    pub btol: f64,
    /// Largest condition number; 0 for no limit. Default: 1e8.
    #[schemars(range(min = 0))]
    pub conlim: f64,
    /// The factor d of min ||A x - b||^2 + d^2 ||x||^2. Default: 0.
    #[schemars(range(min = 0))]
    pub damping: f64,
    /// Largest number of iterations. Default: 10000.
    pub max_iterations: usize,
}

impl Default for LeastSquaresRule {
    fn default() -> Self {
        Self {
            atol: 1e-8,
            btol: 1e-8,
            conlim: 1e8,
            damping: 0.0,
            max_iterations: 10_000,
        }
    }
}

impl LeastSquaresRule {
    /// The default rule with both tolerances set, and no limit of the condition number.
    pub fn tolerance(tolerance: f64) -> Self {
        Self {
            atol: tolerance,
            btol: tolerance,
            conlim: 0.0,
            ..Self::default()
        }
    }
}

/// Why a least-squares solve stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeastSquaresStatus {
    /// A x = b is solved to the tolerance (rule 1).
    Consistent,
    /// x is a least-squares solution to the tolerance (rule 2).
    LeastSquares,
    /// The estimate of the condition number reached its limit (rule 3).
    ConditionLimit,
    /// The allowed iterations are used up.
    MaxIterations,
    /// Computed afresh, the residuals no longer fall: rounding allows no more.
    Stagnated,
    /// The observer asked to stop.
    Interrupted,
    /// A scalar of the iteration became infinite or NaN; x is the last finite iterate.
    NotFinite,
}

impl LeastSquaresStatus {
    /// Whether x solves the problem to the tolerances.
    pub fn converged(self) -> bool {
        matches!(self, Self::Consistent | Self::LeastSquares)
    }
}

/// Where an iteration stands, by the recurrences of the method.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LeastSquaresIteration {
    /// ||b' - A' x||.
    pub residual: f64,
    /// ||A'^H (b' - A' x)||.
    pub adjoint_residual: f64,
    /// Estimate of ||A'||_F, from below until rounding has spoilt orthogonality.
    pub operator_norm: f64,
    /// Estimate of the condition number of A', from below as well.
    pub condition: f64,
    /// ||x||.
    pub solution_norm: f64,
}

/// What a least-squares solve did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquaresReport {
    /// Why it stopped.
    pub status: LeastSquaresStatus,
    /// Iterations: a product with A and one with A^H each.
    pub iterations: usize,
    /// ||b - A x||, computed afresh.
    pub residual: f64,
    /// ||A^H (b - A x) - damping^2 x||, computed afresh.
    pub adjoint_residual: f64,
    /// Estimate of ||A'||_F, from below until rounding has spoilt orthogonality.
    pub operator_norm: f64,
    /// Estimate of the condition number of A', from below as well.
    pub condition: f64,
    /// ||x||.
    pub solution_norm: f64,
    /// Times the iteration was started again from residuals computed afresh.
    pub replacements: usize,
}

impl LeastSquaresReport {
    /// Whether x solves the problem to the tolerances.
    pub fn converged(&self) -> bool {
        self.status.converged()
    }
}

/// Holds iterations against the rule, keeps their history, asks the observer.
pub struct LeastSquaresMonitor<'a> {
    rule: &'a LeastSquaresRule,
    history: &'a mut Vec<LeastSquaresIteration>,
    observer: &'a mut dyn FnMut(usize, &LeastSquaresIteration) -> Control,
    rhs_norm: f64,
    operator_norm: f64,
    condition: f64,
}

impl LeastSquaresMonitor<'_> {
    /// Takes the residuals with which the method begins.
    pub fn begin(&mut self, iteration: LeastSquaresIteration) -> Option<LeastSquaresStatus> {
        if self.history.is_empty() {
            return self.record(iteration);
        }
        self.judge(&iteration)
    }

    /// Takes the state after one more iteration.
    pub fn record(&mut self, iteration: LeastSquaresIteration) -> Option<LeastSquaresStatus> {
        self.history.push(iteration);
        let index = self.iterations();
        let control = (self.observer)(index, &iteration);
        match self.judge(&iteration) {
            None if control == Control::Interrupt => Some(LeastSquaresStatus::Interrupted),
            status => status,
        }
    }

    fn iterations(&self) -> usize {
        self.history.len().saturating_sub(1)
    }

    fn judge(&mut self, iteration: &LeastSquaresIteration) -> Option<LeastSquaresStatus> {
        let LeastSquaresIteration {
            residual,
            adjoint_residual,
            solution_norm,
            ..
        } = *iteration;
        if ![residual, adjoint_residual, solution_norm]
            .iter()
            .all(|v| v.is_finite())
        {
            return Some(LeastSquaresStatus::NotFinite);
        }
        // After a restart the estimates begin anew from below; the larger ones remain true.
        self.operator_norm = self.operator_norm.max(iteration.operator_norm);
        self.condition = self.condition.max(iteration.condition);
        if let Some(status) = self.solved(iteration) {
            Some(status)
        } else if self.rule.conlim > 0.0 && self.condition >= self.rule.conlim {
            Some(LeastSquaresStatus::ConditionLimit)
        } else if self.iterations() >= self.rule.max_iterations {
            Some(LeastSquaresStatus::MaxIterations)
        } else {
            None
        }
    }

    /// Rules 1 and 2.
    fn solved(&self, iteration: &LeastSquaresIteration) -> Option<LeastSquaresStatus> {
        let (consistent, least_squares) = self.excess(iteration);
        if consistent <= 1.0 {
            Some(LeastSquaresStatus::Consistent)
        } else if least_squares <= 1.0 {
            Some(LeastSquaresStatus::LeastSquares)
        } else {
            None
        }
    }

    /// The left-hand sides of rules 1 and 2 over the right-hand sides.
    fn excess(&self, iteration: &LeastSquaresIteration) -> (f64, f64) {
        let over = |left: f64, right: f64| {
            if left <= right {
                left.min(1.0)
            } else {
                left / right
            }
        };
        let LeastSquaresRule { atol, btol, .. } = self.rule;
        let norm = self.operator_norm;
        (
            over(
                iteration.residual,
                btol * self.rhs_norm + atol * norm * iteration.solution_norm,
            ),
            over(iteration.adjoint_residual, atol * norm * iteration.residual),
        )
    }
}

/// A method for min ||b - A x||.
pub trait LeastSquaresMethod<T: Scalar> {
    /// Name as the field writes it, for messages.
    const NAME: &'static str;

    /// Makes room for a matrix of this size.
    fn resize(&mut self, rows: usize, columns: usize);

    /// Improves x, with `r = b - A x` given on entry, until the monitor gives a status.
    ///
    /// It may use `r` as it likes, does not allocate, and leaves x finite. One iteration is one
    /// product with A and one with A^H.
    fn iterate<A: AdjointOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut LeastSquaresMonitor<'_>,
    ) -> LeastSquaresStatus;
}

/// A' = (A; d I), or A itself for d = 0.
struct Damped<'a, A: ?Sized> {
    operator: &'a A,
    damping: f64,
}

impl<T: Scalar, A: AdjointOperator<T> + ?Sized> LinearOperator<T> for Damped<'_, A> {
    fn nrows(&self) -> usize {
        let extra = if self.damping > 0.0 { self.ncols() } else { 0 };
        self.operator.nrows() + extra
    }

    fn ncols(&self) -> usize {
        self.operator.ncols()
    }

    fn apply(&self, x: &[T], y: &mut [T]) {
        let (top, bottom) = y.split_at_mut(self.operator.nrows());
        self.operator.apply(x, top);
        if self.damping > 0.0 {
            vector::axpby(T::from_f64(self.damping), x, T::zero(), bottom);
        }
    }
}

impl<T: Scalar, A: AdjointOperator<T> + ?Sized> AdjointOperator<T> for Damped<'_, A> {
    fn apply_adjoint(&self, x: &[T], y: &mut [T]) {
        let (top, bottom) = x.split_at(self.operator.nrows());
        self.operator.apply_adjoint(top, y);
        if self.damping > 0.0 {
            vector::axpy(T::from_f64(self.damping), bottom, y);
        }
    }
}

/// A least-squares method with its memory and its stopping rule, reusable from solve to solve.
///
/// ```
/// use pdesolve_krylov::{Csr, LeastSquares, methods::Lsqr};
///
/// // A line through three points that lie on none.
/// let a = Csr::from_triplets(3, 2, &[(0, 0, 1.0), (1, 0, 1.0), (2, 0, 1.0), (1, 1, 1.0), (2, 1, 2.0)])?;
/// let mut x = [0.0_f64; 2];
/// let report = LeastSquares::new(Lsqr::default()).solve(&a, &[0.0, 1.0, 1.0], &mut x)?;
/// assert!(report.converged());
/// assert!((x[0] - 1.0 / 6.0).abs() < 1e-12 && (x[1] - 0.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LeastSquares<T, K> {
    /// The method.
    pub method: K,
    /// When to stop.
    pub rule: LeastSquaresRule,
    residual: Vec<T>,
    adjoint_residual: Vec<T>,
    history: Vec<LeastSquaresIteration>,
}

impl<T: Scalar, K: LeastSquaresMethod<T>> LeastSquares<T, K> {
    /// A solver with the default rule.
    pub fn new(method: K) -> Self {
        Self::with_rule(method, LeastSquaresRule::default())
    }

    /// A solver with this rule.
    pub fn with_rule(method: K, rule: LeastSquaresRule) -> Self {
        Self {
            method,
            rule,
            residual: Vec::new(),
            adjoint_residual: Vec::new(),
            history: Vec::new(),
        }
    }

    /// The iterations of the last solve: entry k after k of them.
    pub fn history(&self) -> &[LeastSquaresIteration] {
        &self.history
    }

    /// Solves min ||A x - b||^2 + damping^2 ||x||^2, starting from what x holds.
    ///
    /// From x = 0 and without damping, the solution of least norm is found where there are many.
    ///
    /// # Errors
    /// [`SolveError`] for vectors that do not fit or are not finite; x is then untouched.
    pub fn solve<A: AdjointOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        b: &[T],
        x: &mut [T],
    ) -> Result<LeastSquaresReport, SolveError> {
        self.solve_observed(operator, b, x, &mut |_, _| Control::Continue)
    }

    /// As [`LeastSquares::solve`]; `observer` hears of each iteration and may stop the solve.
    ///
    /// # Errors
    /// As [`LeastSquares::solve`].
    pub fn solve_observed<A: AdjointOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn FnMut(usize, &LeastSquaresIteration) -> Control,
    ) -> Result<LeastSquaresReport, SolveError> {
        let (rows, columns) = (operator.nrows(), operator.ncols());
        check_vectors(rows, columns, b, x)?;
        let damped = Damped {
            operator,
            damping: self.rule.damping,
        };
        self.method.resize(damped.nrows(), columns);
        let r = &mut self.residual;
        r.resize(damped.nrows(), T::zero());
        self.adjoint_residual.resize(columns, T::zero());
        self.history.clear();
        let rhs_norm = vector::norm2_f64(b);
        if rhs_norm == 0.0 {
            vector::fill(T::zero(), x);
            self.history.push(LeastSquaresIteration::default());
            return Ok(LeastSquaresReport {
                status: LeastSquaresStatus::Consistent,
                iterations: 0,
                residual: 0.0,
                adjoint_residual: 0.0,
                operator_norm: 0.0,
                condition: 0.0,
                solution_norm: 0.0,
                replacements: 0,
            });
        }
        damped_residual(&damped, b, x, r);
        if let Some(index) = vector::first_not_finite(r) {
            return Err(SolveError::OperatorNotFinite { index });
        }
        let mut monitor = LeastSquaresMonitor {
            rule: &self.rule,
            history: &mut self.history,
            observer,
            rhs_norm,
            operator_norm: 0.0,
            condition: 0.0,
        };
        let mut replacements = 0;
        let mut before = f64::INFINITY;
        let (status, fresh) = loop {
            let status = self.method.iterate(&damped, x, r, &mut monitor);
            damped_residual(&damped, b, x, r);
            damped.apply_adjoint(r, &mut self.adjoint_residual);
            let fresh = LeastSquaresIteration {
                residual: vector::norm2_f64(r),
                adjoint_residual: vector::norm2_f64(&self.adjoint_residual),
                operator_norm: monitor.operator_norm,
                condition: monitor.condition,
                solution_norm: vector::norm2_f64(x),
            };
            if !status.converged() {
                break (status, fresh);
            }
            if let Some(status) = monitor.solved(&fresh) {
                break (status, fresh);
            }
            let (consistent, least_squares) = monitor.excess(&fresh);
            let excess = consistent.min(least_squares);
            // Below this, A'^H r is the rounding of r, and a restart from it would follow noise.
            let size = rhs_norm + fresh.operator_norm * fresh.solution_norm;
            let rounding = 10.0 * epsilon::<T>() * fresh.operator_norm * size;
            if excess > 0.5 * before || fresh.adjoint_residual <= rounding {
                break (LeastSquaresStatus::Stagnated, fresh);
            }
            if monitor.iterations() >= monitor.rule.max_iterations {
                break (LeastSquaresStatus::MaxIterations, fresh);
            }
            before = excess;
            replacements += 1;
        };
        Ok(LeastSquaresReport {
            status,
            iterations: monitor.iterations(),
            residual: vector::norm2_f64(&r[..rows]),
            adjoint_residual: fresh.adjoint_residual,
            operator_norm: fresh.operator_norm,
            condition: fresh.condition,
            solution_norm: fresh.solution_norm,
            replacements,
        })
    }
}

fn epsilon<T: Scalar>() -> f64 {
    use crate::scalar::Real;
    <T::Real as num_traits::Float>::epsilon().as_f64()
}

/// r = (b; 0) - A' x.
fn damped_residual<T: Scalar, A: AdjointOperator<T> + ?Sized>(
    damped: &Damped<'_, A>,
    b: &[T],
    x: &[T],
    r: &mut [T],
) {
    let (top, bottom) = r.split_at_mut(b.len());
    damped.operator.residual(b, x, top);
    if damped.damping > 0.0 {
        vector::axpby(T::from_f64(-damped.damping), x, T::zero(), bottom);
    }
}
