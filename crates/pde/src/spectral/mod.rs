//! Fourier pseudo-spectral methods on periodic grids.
//!
//! [`Spectral`] advances a [`SpectralEquation`] du/dt = L u + N(u, t): L is a number per Fourier
//! mode, N is formed at the grid points and transformed back. Accuracy in space is exponential
//! for smooth fields; steep fronts need enough points to resolve them (there is no shock
//! capturing: see [`crate::finite_volume`]). In time, [`Scheme`] lists exponential and
//! implicit-explicit Runge-Kutta methods, with fixed or error-controlled steps.
//!
//! The parts: `modes` (which modes, in which order), `transform` (FFTs), `multiplier` (symbols),
//! `phi` (functions of L), `etdrk1` to `etdrk4` and `imex` (the methods), `engine` (one step),
//! `control` (step sizes), `simulation` (all of it behind [`pdesolve_core::Simulation`]).

mod control;
mod engine;
mod equation;
pub mod equations;
mod etdrk1;
mod etdrk2;
mod etdrk3;
mod etdrk4;
mod expression;
mod imex;
mod modes;
mod multiplier;
mod params;
mod phi;
mod scheme;
mod simulation;
mod transform;

pub use equation::{Operand, Quadratic, SpectralEquation, Symbol, Wavenumber};
pub use expression::{ExpressionEquation, ExpressionError, ExpressionParams};
pub use params::{SpectralError, SpectralParams};
pub use scheme::Scheme;
pub use simulation::Spectral;

#[cfg(test)]
mod test_equations;
#[cfg(test)]
mod tests;
