//! Finite-volume methods for scalar conservation laws on Cartesian cells in 1-D and 2-D.
//!
//! ```text
//! u_t + div f(u) = div(nu grad u) + s(x, t)
//! ```
//!
//! The unknowns are the averages of u over the cells. Integrated over cell i and divided by its
//! volume the equation becomes, exactly,
//!
//! ```text
//! du_i/dt = - sum_axes (F_{i+1/2} - F_{i-1/2}) / h_i + s_i,      F = mean of f(u) - nu du/dn over a face,
//! ```
//!
//! and a scheme is a choice of F from the averages:
//!
//! 1. reconstruct u on both sides of each face from the averages along the axis:
//!    [`upwind`](Reconstruction::Upwind) (order 1), [`muscl`](Reconstruction::Muscl) (2) or
//!    [`weno5`](Reconstruction::Weno5) (5);
//! 2. solve the Riemann problem at the face: exact Godunov or Rusanov ([`NumericalFlux`]);
//! 3. subtract the diffusive flux nu du/dn by central differences;
//! 4. step in time by the third-order SSP Runge-Kutta method, with the diffusion explicit, or
//!    implicit by the IMEX pair ARK3(2)4L\[2\]SA, also of order 3.
//!
//! Whatever the choice, what leaves a cell through a face enters its neighbour, so the integral of
//! u changes by boundary flux and source alone. [`FiniteVolume`] accumulates both from the very
//! numbers it steps with, and reports the difference as `balance(u)`, which stays at rounding
//! level.
//!
//! # Order
//! In 1-D the orders are those above. In 2-D a face mean is computed from one state a face: the
//! mean of a *linear* f is f of the mean, so advection keeps the full order, while for a nonlinear
//! f this is the midpoint rule and the scheme is of second order in the mesh width (with the small
//! error constant of the reconstruction). Diffusion is of order 4 beside explicit WENO5 and of order 2
//! otherwise; values near boundaries other than periodic ones are of order 2.
//!
//! # What it is bad at
//! Contact-like profiles of linear advection spread: over n cells, about n^{1/6} cells for WENO5,
//! n^{1/2} for upwind. WENO5 needs equal cells. Very anisotropic diffusion is not covered: nu is
//! one number.

mod advection_diffusion;
mod average;
mod boundary;
mod burgers;
mod face_flux;
mod imex_ark3;
mod implicit_diffusion;
mod ledger;
mod muscl;
mod numerical_flux;
mod params;
mod residual;
mod solver;
mod ssp_rk3;
mod upwind;
mod weno5;

#[cfg(test)]
mod tests;

pub use advection_diffusion::AdvectionDiffusion;
pub use average::{cell_averages, cell_averages_of_rows};
pub use boundary::{BoundaryConditions, BoundaryValue, Condition};
pub use burgers::Burgers;
pub(crate) use ledger::CompensatedSum;
pub use muscl::Limiter;
pub use numerical_flux::{NumericalFlux, ScalarLaw};
pub use params::{Diffusion, FiniteVolumeError, FiniteVolumeParams, Reconstruction};
pub use residual::SpaceTime;
pub use solver::FiniteVolume;
