//! Fourier pseudo-spectral methods on periodic grids.

mod equation;
pub mod equations;

pub use equation::{Operand, SpectralEquation, Symbol, Wavenumber};
