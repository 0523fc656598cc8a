//! How a solve ended.

use std::fmt;

/// A coefficient of the iteration that vanished: the method cannot go on from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakdown {
    /// The residual became orthogonal to the shadow residual (BiCGStab, IDR(s), TFQMR).
    ShadowResidual,
    /// A stabilisation or normalisation coefficient is zero.
    ZeroCoefficient,
    /// The Krylov space is invariant, and the projected matrix is singular: A is singular, and b
    /// not in its range.
    SingularProjection,
    /// A scalar of the iteration became infinite or NaN; x is the last finite iterate.
    NotFinite,
}

/// Why a solve stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status {
    /// The stopping rule is met, by the residual computed afresh.
    Converged,
    /// The allowed iterations are used up.
    MaxIterations,
    /// The residual computed afresh no longer falls: rounding (or an inconsistent system) allows no
    /// more.
    Stagnated,
    /// The residual grew beyond [`StoppingRule::divergence`](crate::StoppingRule::divergence).
    Diverged,
    /// The method cannot continue.
    Breakdown(Breakdown),
    /// p^H A p <= 0 for a search direction p: the matrix is not positive definite. The method keeps
    /// the direction.
    IndefiniteOperator {
        /// p^H A p / p^H p.
        curvature: f64,
    },
    /// r^H M^-1 r < 0 for a residual r: the preconditioner is not positive definite.
    IndefinitePreconditioner,
    /// The observer asked to stop.
    Interrupted,
}

impl Status {
    /// What to try, in one sentence; empty after convergence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Converged => "",
            Self::MaxIterations => {
                "allow more iterations, or use a stronger preconditioner (AMG for elliptic problems, ILUT for transport-dominated ones)"
            }
            Self::Stagnated => {
                "the tolerance lies below what rounding allows for this matrix, or the system has no solution: loosen the tolerance, scale the rows, or give the null space"
            }
            Self::Diverged => {
                "the preconditioner amplifies the residual: use another one, or a stronger shift or fill"
            }
            Self::Breakdown(Breakdown::SingularProjection) => {
                "the matrix is singular and b is not in its range: check the boundary conditions, or give the null space"
            }
            Self::Breakdown(Breakdown::NotFinite) => {
                "numbers overflowed: scale the system, or use another preconditioner"
            }
            Self::Breakdown(_) => "start from another guess, or use GMRES, which cannot break down",
            Self::IndefiniteOperator { .. } => {
                "the matrix is not positive definite: use MINRES where it is symmetric, GMRES or BiCGStab where it is not"
            }
            Self::IndefinitePreconditioner => {
                "the preconditioner is not symmetric positive definite: use one that is, or FGMRES"
            }
            Self::Interrupted => "x is the last iterate: start again from it",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converged => f.write_str("converged"),
            Self::MaxIterations => f.write_str("not converged in the allowed iterations"),
            Self::Stagnated => f.write_str("stagnated"),
            Self::Diverged => f.write_str("diverged"),
            Self::Breakdown(Breakdown::ShadowResidual) => {
                f.write_str("broke down: the residual is orthogonal to the shadow residual")
            }
            Self::Breakdown(Breakdown::ZeroCoefficient) => {
                f.write_str("broke down: a coefficient vanished")
            }
            Self::Breakdown(Breakdown::SingularProjection) => {
                f.write_str("broke down: the matrix is singular on the Krylov space")
            }
            Self::Breakdown(Breakdown::NotFinite) => {
                f.write_str("broke down: a coefficient is not finite")
            }
            Self::IndefiniteOperator { curvature } => write!(
                f,
                "the matrix is not positive definite: curvature {curvature:.3e} along a direction"
            ),
            Self::IndefinitePreconditioner => {
                f.write_str("the preconditioner is not positive definite")
            }
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// What a solve did. The residual history stays with the solver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// Why it stopped.
    pub status: Status,
    /// Iterations, as the method counts them.
    pub iterations: usize,
    /// ||b - A x||_2 of the final x, computed afresh.
    pub true_residual: f64,
    /// The same over ||b||_2; over ||b - A x0||_2 where the rule refers to the first guess.
    pub true_relative_residual: f64,
    /// The tested norm that the method carried along, for the final x.
    pub carried_residual: f64,
    /// What the relative tolerance referred to.
    pub reference: f64,
    /// Times the residual that the method carried along said converged, the one computed afresh
    /// did not, and the method went on from the latter.
    pub replacements: usize,
    /// Part of b in the null space of a singular operator, over ||b||_2: it was taken out of b.
    /// Zero for other operators.
    pub inconsistency: f64,
}

impl Report {
    /// Whether the stopping rule is met.
    pub fn converged(&self) -> bool {
        self.status == Status::Converged
    }
}

/// A system that cannot be solved as it was given.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SolveError {
    /// The matrix is not square.
    #[error(
        "{method} needs a square matrix, this one has {rows} rows and {columns} columns: use LSQR or LSMR for least squares"
    )]
    NotSquare {
        /// Name of the method.
        method: &'static str,
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// A vector has the wrong length.
    #[error("{what} has {found} entries, the matrix asks for {expected}")]
    Length {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that fits.
        expected: usize,
    },
    /// A vector holds an infinity or a NaN.
    #[error("{what} holds {value} at index {index}")]
    NotFinite {
        /// Which vector.
        what: &'static str,
        /// Where.
        index: usize,
        /// The entry, as text.
        value: String,
    },
    /// The right-hand side is so small that its norm underflows.
    #[error(
        "the right-hand side is not zero, but its norm underflows: scale the system to numbers near 1"
    )]
    Underflow,
    /// The operator gives infinities or NaNs.
    #[error(
        "the matrix times the first guess is not finite at index {index}: it holds infinities or NaNs"
    )]
    OperatorNotFinite {
        /// First row.
        index: usize,
    },
    /// The method cannot test this norm.
    #[error("{method} cannot test the norm `{norm}`: {reason}")]
    UnsupportedNorm {
        /// Name of the method.
        method: &'static str,
        /// Name of the norm.
        norm: &'static str,
        /// Why.
        reason: &'static str,
    },
}
