//! Elliptic problems by finite volumes on Cartesian cells in 1-D, 2-D and 3-D, uniform or stretched.
//!
//! ```text
//! -div(K grad u) + div(c u) + r u = f,      or in time      u_t = div(K grad u) + f
//! ```
//!
//! with K a number, a function, one function an axis, a symmetric tensor or a log-normal random
//! field. Integrated over cell i the equation says, exactly,
//!
//! ```text
//! sum_faces F + V_i (r u)_i = V_i f_i,      F = integral of (c u - K grad u) . n over a face,
//! ```
//!
//! and every F is linear in the unknowns and the boundary values:
//!
//! 1. normal diffusion by the two-point flux A (u_P - u_N) / (d_P/K_P + d_N/K_N): the harmonic mean,
//!    which is exact for a 1-D solution that is linear on both sides of a jump of K at a face;
//! 2. tangential diffusion, where K is a full tensor, by differences averaged around the corners
//!    of the cells (9 points in 2-D, 19 in 3-D; symmetric);
//! 3. advection upwind or central;
//! 4. conditions at the ends: Dirichlet, Neumann, Robin, periodic.
//!
//! What leaves a cell through a face enters its neighbour, because both read the same F: the fluxes
//! of the solution balance the sources to the accuracy of the solve, which is reported as
//! `balance(u)` and `cell_balance(u)`.
//!
//! # Order
//! u is of order 2 in the mesh width in the L2 and maximum norms, also on smoothly stretched
//! grids and with jumps of K along cell faces; 1 with upwind advection, and where jumps of K cross
//! cells.
//!
//! # What it is bad at
//! A full tensor whose axes are oblique to the mesh and whose ratio of eigenvalues exceeds about
//! 10 gives an iteration matrix that is no M-matrix: extrema may overshoot.

mod assemble;
mod balance;
mod boundary;
mod conductivity;
mod cross;
mod darcy;
mod error;
mod faces;
mod geometry;
mod heat;
mod helmholtz;
mod implicit;
mod log_normal;
mod poisson;
mod problem;
mod solve;
mod steady;
mod steady_advection_diffusion;
mod steady_diffusion;

#[cfg(test)]
mod tests;

pub use assemble::{Assembly, Discretisation};
pub use boundary::{EllipticBoundary, EllipticCondition};
pub use conductivity::{
    Coefficient, Conductivity, PointFunction, RandomConductivity, TensorEntries,
};
pub use darcy::Darcy;
pub use error::EllipticError;
pub use heat::Heat;
pub use helmholtz::Helmholtz;
pub use implicit::{ImplicitDiffusion, ImplicitParams, ImplicitScheme};
pub use log_normal::{Covariance, LogNormal};
pub use poisson::Poisson;
pub use problem::{Compile, EllipticProblem, Terms};
pub use solve::{
    LinearParams, LinearSolver, MatrixTraits, MethodName, PreconditionerName, solve_linear,
};
pub use steady::Steady;
pub use steady_advection_diffusion::{AdvectionScheme, SteadyAdvectionDiffusion};
pub use steady_diffusion::SteadyDiffusion;
