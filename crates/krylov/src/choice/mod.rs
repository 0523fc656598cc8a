//! Linear solvers by name, and the choice of one.

mod params;
mod solver;

pub use params::{LinearParams, MethodName, PreconditionerName};
pub use solver::{Chooseable, LinearError, LinearSolver, Outcome, comparison};
