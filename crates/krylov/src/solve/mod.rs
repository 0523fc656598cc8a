//! The frame in which every Krylov method runs.
//!
//! A method is only its recurrence ([`Method::iterate`]). What must be the same for all of them
//! stands here once, in [`Solver::solve`]:
//!
//! 1. lengths are checked, and b and the first guess for infinities and NaNs;
//! 2. b = 0 gives x = 0 exactly, in no iteration;
//! 3. for a singular operator with known null space, b is projected onto the range, the
//!    preconditioned residuals and x are kept orthogonal to the null space;
//! 4. the method iterates until the [`StoppingRule`] is met by the residual it carries along;
//! 5. b - A x is computed afresh. Where it does not meet the rule, the carried residual has drifted
//!    off by rounding: it is replaced by the fresh one and the method goes on from there. When that
//!    no longer halves the fresh residual, the attainable accuracy is reached and the solve ends as
//!    [`Status::Stagnated`]: no convergence is claimed that the true residual does not show
//!    (van der Vorst and Ye 2000; Greenbaum 1997).

mod least_squares;
mod monitor;
mod params;
mod report;
#[cfg(test)]
mod tests;

use pdesolve_core::Control;

pub use least_squares::{
    LeastSquares, LeastSquaresIteration, LeastSquaresMethod, LeastSquaresMonitor,
    LeastSquaresReport, LeastSquaresRule, LeastSquaresStatus,
};
pub use monitor::{Iteration, Monitor};
pub use params::{Reference, ResidualNorm, StoppingRule};
pub use report::{Breakdown, Report, SolveError, Status};

use crate::operator::{LinearOperator, NullSpace};
use crate::preconditioner::VaryingPreconditioner;
use crate::scalar::Scalar;
use crate::vector;

/// A x = b as a method sees it: products with A, and the preconditioner.
pub struct LinearSystem<'a, T, A: ?Sized, M: ?Sized> {
    /// A.
    pub operator: &'a A,
    preconditioner: &'a mut M,
    null_space: Option<&'a NullSpace<T>>,
}

impl<T: Scalar, A: LinearOperator<T> + ?Sized, M: VaryingPreconditioner<T> + ?Sized>
    LinearSystem<'_, T, A, M>
{
    /// Number of unknowns.
    pub fn len(&self) -> usize {
        self.operator.ncols()
    }

    /// Whether there are no unknowns.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// y = A x.
    pub fn apply(&self, x: &[T], y: &mut [T]) {
        self.operator.apply(x, y);
    }

    /// z = M^-1 r, without its part in the null space.
    pub fn precondition(&mut self, r: &[T], z: &mut [T]) {
        self.preconditioner.apply_varying(r, z);
        if let Some(null_space) = self.null_space {
            null_space.project(z);
        }
    }
}

/// The memory of a method.
pub trait Workspace {
    /// Name as the field writes it, for messages.
    const NAME: &'static str;

    /// Makes room for `n` unknowns; keeps what is there where n has not changed.
    fn resize(&mut self, n: usize);

    /// Whether the method can test this norm.
    fn supports(&self, norm: ResidualNorm) -> bool {
        norm == ResidualNorm::True
    }
}

/// A Krylov method that accepts preconditioners of type `M`.
///
/// Methods that need a fixed linear preconditioner implement it for
/// `M: `[`Preconditioner`](crate::Preconditioner), the flexible ones for
/// `M: `[`VaryingPreconditioner`]: the compiler refuses the others.
pub trait Method<T: Scalar, M: VaryingPreconditioner<T> + ?Sized>: Workspace {
    /// Improves x, with `r = b - A x` given on entry, until the monitor gives a status.
    ///
    /// The method may use `r` as it likes. It calls [`Monitor::begin`] once and
    /// [`Monitor::record`] once an iteration, does not allocate (its memory came from
    /// [`Workspace::resize`]), and leaves x finite.
    fn iterate<A: LinearOperator<T> + ?Sized>(
        &mut self,
        system: &mut LinearSystem<'_, T, A, M>,
        x: &mut [T],
        r: &mut [T],
        monitor: &mut Monitor<'_>,
    ) -> Status;
}

/// A Krylov method with its memory and its stopping rule, reusable from solve to solve.
///
/// ```
/// use pdesolve_krylov::{Identity, Solver, gallery, methods::Cg};
///
/// let a = gallery::poisson(&[20, 20]);
/// let b = vec![1.0; 400];
/// let mut x = vec![0.0; 400];
/// let mut solver = Solver::new(Cg::default());
/// let report = solver.solve(&a, &mut Identity, &b, &mut x)?;
/// assert!(report.converged());
/// println!("{} iterations, residuals {:?}", report.iterations, solver.history());
/// # Ok::<(), pdesolve_krylov::SolveError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Solver<T, K> {
    /// The method.
    pub method: K,
    /// When to stop.
    pub rule: StoppingRule,
    residual: Vec<T>,
    rhs: Vec<T>,
    /// M^-1 r for the norms that need it.
    preconditioned: Vec<T>,
    history: Vec<f64>,
}

impl<T: Scalar, K: Workspace> Solver<T, K> {
    /// A solver with the default stopping rule.
    pub fn new(method: K) -> Self {
        Self::with_rule(method, StoppingRule::default())
    }

    /// A solver with this stopping rule.
    pub fn with_rule(method: K, rule: StoppingRule) -> Self {
        Self {
            method,
            rule,
            residual: Vec::new(),
            rhs: Vec::new(),
            preconditioned: Vec::new(),
            history: Vec::new(),
        }
    }

    /// The tested residual norm of the last solve: entry k after k iterations.
    pub fn history(&self) -> &[f64] {
        &self.history
    }

    /// Solves A x = b, starting from what x holds.
    ///
    /// # Errors
    /// [`SolveError`] where the system is not one; x is then untouched. A solve that does not
    /// converge is no error but a [`Status`].
    pub fn solve<A, M>(
        &mut self,
        operator: &A,
        preconditioner: &mut M,
        b: &[T],
        x: &mut [T],
    ) -> Result<Report, SolveError>
    where
        A: LinearOperator<T> + ?Sized,
        M: VaryingPreconditioner<T> + ?Sized,
        K: Method<T, M>,
    {
        self.solve_observed(operator, preconditioner, b, x, &mut |_| Control::Continue)
    }

    /// As [`Solver::solve`]; `observer` hears of each iteration and may stop the solve.
    ///
    /// # Errors
    /// As [`Solver::solve`].
    pub fn solve_observed<A, M>(
        &mut self,
        operator: &A,
        preconditioner: &mut M,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn FnMut(&Iteration) -> Control,
    ) -> Result<Report, SolveError>
    where
        A: LinearOperator<T> + ?Sized,
        M: VaryingPreconditioner<T> + ?Sized,
        K: Method<T, M>,
    {
        let n = operator.ncols();
        check::<T, K, A>(operator, b, x)?;
        let norm = self.rule.norm;
        if !self.method.supports(norm) {
            return Err(SolveError::UnsupportedNorm {
                method: K::NAME,
                norm: norm.name(),
                reason: "the method does not compute it",
            });
        }
        let operator_norm = match (norm, operator.norm()) {
            (ResidualNorm::BackwardError, None) => {
                return Err(SolveError::UnsupportedNorm {
                    method: K::NAME,
                    norm: norm.name(),
                    reason: "the operator does not know its norm",
                });
            }
            (_, found) => found.unwrap_or(0.0),
        };
        self.method.resize(n);
        self.residual.resize(n, T::zero());
        self.history.clear();

        let null_space = operator.null_space();
        let mut inconsistency = 0.0;
        let b_norm_given = vector::norm2_f64(b);
        let b = match null_space {
            Some(null_space) => {
                self.rhs.resize(n, T::zero());
                vector::copy(b, &mut self.rhs);
                null_space.project(&mut self.rhs);
                if b_norm_given > 0.0 {
                    let kept = vector::norm2_f64(&self.rhs) / b_norm_given;
                    inconsistency = (1.0 - kept * kept).max(0.0).sqrt();
                }
                null_space.project(x);
                &self.rhs[..]
            }
            None => b,
        };
        let rhs_norm = vector::norm2_f64(b);
        // What projection leaves of a b that lies in the null space is rounding.
        let is_rounding = null_space.is_some() && rhs_norm <= 1e-14 * b_norm_given;
        let is_zero = b.iter().all(|v| *v == T::zero());
        if is_zero || (is_rounding && rhs_norm.is_finite()) {
            vector::fill(T::zero(), x);
            self.history.push(0.0);
            return Ok(Report {
                status: Status::Converged,
                iterations: 0,
                true_residual: rhs_norm,
                true_relative_residual: 0.0,
                carried_residual: 0.0,
                reference: rhs_norm,
                replacements: 0,
                inconsistency,
            });
        }

        let r = &mut self.residual;
        operator.residual(b, x, r);
        if let Some(index) = vector::first_not_finite(r) {
            return Err(SolveError::OperatorNotFinite { index });
        }
        let first = vector::norm2_f64(r);
        let mut system = LinearSystem {
            operator,
            preconditioner,
            null_space,
        };
        let (base, true_reference) = match self.rule.reference {
            Reference::RightHandSide => (b, rhs_norm),
            Reference::InitialResidual => (&r[..], first),
        };
        let reference = match norm {
            ResidualNorm::True => true_reference,
            ResidualNorm::BackwardError => 1.0,
            ResidualNorm::Preconditioned | ResidualNorm::Natural => {
                let z = &mut self.preconditioned;
                z.resize(n, T::zero());
                system.precondition(base, z);
                match norm {
                    ResidualNorm::Natural => natural_norm(base, z),
                    _ => vector::norm2_f64(z),
                }
            }
        };
        let target = (self.rule.relative_tolerance * reference).max(self.rule.absolute_tolerance);
        let mut monitor = Monitor {
            rule: &self.rule,
            history: &mut self.history,
            observer,
            reference,
            target,
            operator_norm,
            rhs_norm,
        };

        let mut replacements = 0;
        let mut true_residual = first;
        let status = loop {
            let status = self.method.iterate(&mut system, x, r, &mut monitor);
            if let Some(null_space) = null_space {
                null_space.project(x);
            }
            let before = true_residual;
            operator.residual(b, x, r);
            true_residual = vector::norm2_f64(r);
            if status != Status::Converged {
                break status;
            }
            let fresh = match norm {
                ResidualNorm::True => true_residual,
                ResidualNorm::BackwardError => {
                    monitor.backward_error(true_residual, vector::norm2_f64(x))
                }
                ResidualNorm::Preconditioned | ResidualNorm::Natural => {
                    let z = &mut self.preconditioned;
                    system.precondition(r, z);
                    match norm {
                        ResidualNorm::Natural => natural_norm(r, z),
                        _ => vector::norm2_f64(z),
                    }
                }
            };
            if fresh <= target {
                break Status::Converged;
            }
            if replacements > 0 && true_residual > 0.5 * before {
                break Status::Stagnated;
            }
            if monitor.remaining() == 0 {
                break Status::MaxIterations;
            }
            replacements += 1;
        };
        Ok(Report {
            status,
            iterations: monitor.iterations(),
            true_residual,
            true_relative_residual: if true_reference > 0.0 {
                true_residual / true_reference
            } else {
                0.0
            },
            carried_residual: self.history.last().copied().unwrap_or(0.0),
            reference,
            replacements,
            inconsistency,
        })
    }
}

/// (r^H z)^(1/2), and NaN where the product is negative.
fn natural_norm<T: Scalar>(r: &[T], z: &[T]) -> f64 {
    use crate::scalar::Real;
    vector::dot(r, z).re().as_f64().sqrt()
}

fn check<T: Scalar, K: Workspace, A: LinearOperator<T> + ?Sized>(
    operator: &A,
    b: &[T],
    x: &[T],
) -> Result<(), SolveError> {
    let (rows, columns) = (operator.nrows(), operator.ncols());
    if rows != columns {
        return Err(SolveError::NotSquare {
            method: K::NAME,
            rows,
            columns,
        });
    }
    check_vectors(rows, columns, b, x)
}

/// Lengths and finiteness of right-hand side and first guess, and whether the former is too small to
/// have a norm.
pub(crate) fn check_vectors<T: Scalar>(
    rows: usize,
    columns: usize,
    b: &[T],
    x: &[T],
) -> Result<(), SolveError> {
    for (what, vector, expected) in [("the right-hand side", b, rows), ("x", x, columns)] {
        if vector.len() != expected {
            return Err(SolveError::Length {
                what,
                found: vector.len(),
                expected,
            });
        }
        if let Some(index) = vector::first_not_finite(vector) {
            return Err(SolveError::NotFinite {
                what,
                index,
                value: vector[index].to_string(),
            });
        }
    }
    if vector::norm2_f64(b) == 0.0 && b.iter().any(|v| *v != T::zero()) {
        return Err(SolveError::Underflow);
    }
    Ok(())
}
