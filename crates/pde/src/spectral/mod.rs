//! Fourier pseudo-spectral methods on periodic grids.

mod equation;

pub use equation::{Operand, SpectralEquation, Symbol, Wavenumber};
