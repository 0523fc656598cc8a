//! Tabulated symbols: numbers that multiply the coefficients of a field.

use num_complex::Complex64;

use super::equation::Symbol;
use super::modes::Modes;

/// A symbol at every kept mode, stored as what it is: odd derivatives are imaginary, even ones
/// real, and the identity needs no table.
#[derive(Clone, Debug)]
pub(super) enum Multiplier {
    Constant(f64),
    Real(Vec<f64>),
    /// Imaginary parts of purely imaginary numbers.
    Imaginary(Vec<f64>),
    Complex(Vec<Complex64>),
}

impl Multiplier {
    /// Tabulates `scale` times `symbol` in the order of `modes`.
    pub(super) fn new(symbol: &Symbol, modes: &Modes, scale: f64) -> Self {
        let function = match symbol {
            Symbol::Constant(c) => return Self::Constant(scale * c),
            Symbol::Function(function) => function,
        };
        let at = |mode: usize| scale * modes.symbol(mode, function.as_ref());
        let (mut real, mut imaginary) = (true, true);
        for mode in 0..modes.len() {
            let value = at(mode);
            real &= value.im == 0.0;
            imaginary &= value.re == 0.0;
        }
        if real {
            Self::Real((0..modes.len()).map(|m| at(m).re).collect())
        } else if imaginary {
            Self::Imaginary((0..modes.len()).map(|m| at(m).im).collect())
        } else {
            Self::Complex((0..modes.len()).map(at).collect())
        }
    }

    /// to = S from, for the modes starting at `start`.
    pub(super) fn apply(&self, start: usize, from: &[Complex64], to: &mut [Complex64]) {
        let n = from.len();
        let to = &mut to[..n];
        match self {
            Self::Constant(1.0) => to.copy_from_slice(from),
            Self::Constant(c) => {
                for (t, &u) in to.iter_mut().zip(from) {
                    *t = c * u;
                }
            }
            Self::Real(s) => {
                for ((t, &u), &s) in to.iter_mut().zip(from).zip(&s[start..start + n]) {
                    *t = s * u;
                }
            }
            Self::Imaginary(s) => {
                for ((t, &u), &s) in to.iter_mut().zip(from).zip(&s[start..start + n]) {
                    *t = Complex64::new(-s * u.im, s * u.re);
                }
            }
            Self::Complex(s) => {
                for ((t, &u), &s) in to.iter_mut().zip(from).zip(&s[start..start + n]) {
                    *t = s * u;
                }
            }
        }
    }

    /// to += S from, for the modes starting at `start`.
    pub(super) fn add(&self, start: usize, from: &[Complex64], to: &mut [Complex64]) {
        let n = from.len();
        let to = &mut to[..n];
        match self {
            Self::Constant(c) => {
                for (t, &u) in to.iter_mut().zip(from) {
                    *t += c * u;
                }
            }
            Self::Real(s) => {
                for ((t, &u), &s) in to.iter_mut().zip(from).zip(&s[start..start + n]) {
                    *t += s * u;
                }
            }
            Self::Imaginary(s) => {
                for ((t, &u), &s) in to.iter_mut().zip(from).zip(&s[start..start + n]) {
                    *t += Complex64::new(-s * u.im, s * u.re);
                }
            }
            Self::Complex(s) => {
                for ((t, &u), &s) in to.iter_mut().zip(from).zip(&s[start..start + n]) {
                    *t += s * u;
                }
            }
        }
    }
}
