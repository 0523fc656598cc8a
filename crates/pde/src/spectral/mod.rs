//! Fourier pseudo-spectral methods on periodic grids.

mod equation;
pub mod equations;

pub use equation::{Operand, Quadratic, SpectralEquation, Symbol, Wavenumber};
