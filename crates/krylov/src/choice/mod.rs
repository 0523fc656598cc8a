//! Linear solvers by name, and the choice of one.
//!
//! [`LinearParams`] are the keys of a case file and of the command line; [`LinearSolver`] puts
//! method and preconditioner together for one matrix and solves as many systems with it as wanted.
//! Where a name is `auto`, [`choose`] takes what its cost model says is fastest for the matrix at
//! hand, and says why.

mod auto;
mod least_squares;
mod params;
mod solver;
#[cfg(test)]
mod tests;

pub use auto::{Choice, choose, comparison};
pub use least_squares::{is_least_squares, solve_least_squares};
pub use params::{Hints, LinearParams, MethodName, PreconditionerName};
pub use solver::{Chooseable, LinearError, LinearSolver, Outcome};
