//! Linear solvers: Krylov methods, preconditioners, multigrid.
//!
//! * [`LinearOperator`] is a matrix or anything that multiplies like one; [`Csr`] is a sparse
//!   matrix in compressed rows, [`BlockCsr`] one of small dense blocks.
//! * [`Preconditioner`] is a fixed linear map, [`VaryingPreconditioner`] any map at all; only the
//!   flexible methods accept the latter.
//! * [`Solver`] runs one of the [`methods`] on a reusable workspace under one [`StoppingRule`],
//!   and tells in a [`Report`] why it stopped and what the true residual is.
//! * [`LeastSquares`] does the same for matrices of any shape.
//! * [`eigen`] finds a few eigenvalues of a large matrix.
//! * [`stencil`] multiplies on Cartesian grids without a matrix; [`multigrid`] and [`fast_poisson`]
//!   solve on them.
//! * [`gallery`] holds the matrices on which all of this is tried.
//!
//! Everything gives the same bits for any number of threads.

pub mod amg;
mod block_csr;
pub mod choice;
pub mod csr;
pub mod eigen;
pub mod fast_poisson;
pub mod gallery;
pub mod methods;
pub mod multigrid;
mod operator;
mod preconditioner;
pub mod preconditioners;
mod scalar;
mod solve;
pub mod stencil;
pub mod vector;

pub use block_csr::{BlockCsr, BlockSizeError};
pub use csr::{Csr, CsrError};
pub use operator::{AdjointOperator, LinearOperator, NullSpace, Singular};
pub use preconditioner::{Identity, Preconditioner, VaryingPreconditioner};
pub use scalar::{Real, Scalar};
pub use solve::{
    Breakdown, Iteration, LeastSquares, LeastSquaresIteration, LeastSquaresMethod,
    LeastSquaresMonitor, LeastSquaresReport, LeastSquaresRule, LeastSquaresStatus, LinearSystem,
    Method, Monitor, Reference, Report, ResidualNorm, SolveError, Solver, Status, StoppingRule,
    Workspace,
};
