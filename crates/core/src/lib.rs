//! What every solver of pdesolve shares.
//!
//! * [`Simulation`]: something that can be advanced in time, sampled, saved and restored.
//! * [`Stationary`]: a problem without time, found by one solve.
//! * [`drive`]: the loop that takes a simulation through its output times and tells an
//!   [`Observer`] about each step.
//! * [`Clock`]: counts equal steps, so that long runs take as many as they should.
//! * [`State`]: what a checkpoint holds, as named arrays.
//! * [`rng`]: random numbers keyed by (seed, stream, index).
//! * [`codes`]: the error codes that users see, each with its explanation.
//!
//! This crate knows nothing of meshes, files or terminals.

mod clock;
pub mod codes;
mod drive;
mod seed;
mod simulation;
mod state;
mod stationary;

pub use clock::{Clock, Fit};
pub use drive::{Control, DriveError, Observer, Report, StopReason, drive};
pub use seed::rng;
pub use simulation::{FieldSpec, Place, Simulation, Step, StepError};
pub use state::{RestoreError, State};
pub use stationary::{Iterate, Outcome, SolveFault, Stationary};
