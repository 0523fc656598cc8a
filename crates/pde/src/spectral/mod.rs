//! Fourier pseudo-spectral methods on periodic grids.

mod equation;
pub mod equations;
mod expression;

pub use equation::{Operand, Quadratic, SpectralEquation, Symbol, Wavenumber};
pub use expression::{ExpressionEquation, ExpressionError, ExpressionParams};
