//! What every solver of pdesolve shares.
//!
//! * [`Simulation`]: something that can be advanced in time, sampled, saved and restored.
//! * [`drive`]: the loop that takes a simulation through its output times and tells an
//!   [`Observer`] about each step.
//! * [`State`]: what a checkpoint holds, as named arrays.
//! * [`rng`]: random numbers keyed by (seed, stream, index).
//! * [`codes`]: the error codes that users see, each with its explanation.
//!
//! This crate knows nothing of meshes, files or terminals.

pub mod codes;
mod drive;
mod seed;
mod simulation;
mod state;

pub use drive::{Control, DriveError, Observer, Report, StopReason, drive};
pub use seed::rng;
pub use simulation::{FieldSpec, Fit, Simulation, Step, StepError, fit_step};
pub use state::{RestoreError, State};
