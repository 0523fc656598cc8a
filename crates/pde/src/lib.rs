//! Solvers of partial differential equations.
//!
//! * [`spectral`]: Fourier pseudo-spectral methods with exponential or implicit-explicit
//!   Runge-Kutta steps, for semi-linear equations on periodic grids in 1-D, 2-D and 3-D.
//! * [`finite_volume`]: conservative schemes for scalar laws with walls, inflow, outflow,
//!   Dirichlet and Neumann boundaries, in 1-D and 2-D.
//! * [`elliptic`]: Poisson, diffusion with jumps and tensors, advection-diffusion, Darcy flow,
//!   Helmholtz, and implicit heat conduction, by finite volumes in 1-D, 2-D and 3-D.

pub mod elliptic;
pub mod finite_volume;
mod initial;
pub mod spectral;
mod time;

pub use initial::RandomField;
pub use time::TimeParams;
