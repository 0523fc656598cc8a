//! The numbers that vectors and matrices hold: f32, f64 and their complex pairs.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::Neg;

use num_complex::Complex;
use num_traits::{Float, NumAssign};

/// An entry of a vector or matrix: `f32`, `f64`, `Complex<f32>` or `Complex<f64>`.
pub trait Scalar:
    NumAssign + Neg<Output = Self> + Sum + Copy + Default + Debug + Display + Send + Sync + 'static
{
    /// The real numbers that belong to it.
    type Real: Real;

    /// Whether it has an imaginary part.
    const IS_COMPLEX: bool;

    /// Complex conjugate; the number itself where it is real.
    fn conj(self) -> Self;

    /// Real part.
    fn re(self) -> Self::Real;

    /// Imaginary part; zero where it is real.
    fn im(self) -> Self::Real;

    /// re + i im; the real part alone where the type is real.
    fn from_parts(re: Self::Real, im: Self::Real) -> Self;

    /// |z|.
    fn modulus(self) -> Self::Real;

    /// |z|^2.
    fn modulus_squared(self) -> Self::Real;

    /// A real number as this type.
    fn from_real(value: Self::Real) -> Self;

    /// An f64, rounded, as this type.
    fn from_f64(value: f64) -> Self;

    /// Neither infinite nor NaN, in both parts.
    fn finite(self) -> bool;
}

/// A real [`Scalar`]: `f32` or `f64`.
pub trait Real: Scalar<Real = Self> + Float {
    /// The number as f64.
    fn as_f64(self) -> f64;
}

macro_rules! real {
    ($t:ty) => {
        impl Scalar for $t {
            type Real = $t;
            const IS_COMPLEX: bool = false;

            #[inline]
            fn conj(self) -> Self {
                self
            }
            #[inline]
            fn re(self) -> Self {
                self
            }
            #[inline]
            fn im(self) -> Self {
                0.0
            }
            #[inline]
            fn from_parts(re: Self, _im: Self) -> Self {
                re
            }
            #[inline]
            fn modulus(self) -> Self {
                self.abs()
            }
            #[inline]
            fn modulus_squared(self) -> Self {
                self * self
            }
            #[inline]
            fn from_real(value: Self) -> Self {
                value
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline]
            fn finite(self) -> bool {
                self.is_finite()
            }
        }

        impl Real for $t {
            #[inline]
            fn as_f64(self) -> f64 {
                f64::from(self)
            }
        }

        impl Scalar for Complex<$t> {
            type Real = $t;
            const IS_COMPLEX: bool = true;

            #[inline]
            fn conj(self) -> Self {
                Complex::conj(&self)
            }
            #[inline]
            fn re(self) -> $t {
                self.re
            }
            #[inline]
            fn im(self) -> $t {
                self.im
            }
            #[inline]
            fn from_parts(re: $t, im: $t) -> Self {
                Complex::new(re, im)
            }
            #[inline]
            fn modulus(self) -> $t {
                self.norm()
            }
            #[inline]
            fn modulus_squared(self) -> $t {
                self.norm_sqr()
            }
            #[inline]
            fn from_real(value: $t) -> Self {
                Complex::new(value, 0.0)
            }
            #[inline]
            fn from_f64(value: f64) -> Self {
                Complex::new(value as $t, 0.0)
            }
            #[inline]
            fn finite(self) -> bool {
                self.re.is_finite() && self.im.is_finite()
            }
        }
    };
}

real!(f32);
real!(f64);
