//! Shadow vectors of the methods that test the residual against a second Krylov space.
//!
//! BiCGStab, BiCGStab(l), TFQMR and IDR(s) divide by products with fixed shadow vectors. Where such
//! a product vanishes the method breaks down, though x may be far from the solution. It then starts
//! anew from its x with another, random, shadow, for which the same accident is improbable; it is
//! given up only when that happens several times without progress.

use pdesolve_core::rng;
use rand_distr::{Distribution, StandardNormal};

use crate::scalar::{Real, Scalar};
use crate::vector;

/// Restarts in a row that may fail to halve the residual.
const ATTEMPTS: u64 = 5;

/// Normally distributed entries, in both parts of a complex number: the same for the same
/// `(seed, index)`.
pub(crate) fn fill_noise<T: Scalar>(seed: u64, index: u64, v: &mut [T]) {
    let mut generator = rng(seed, 0, index);
    let mut normal = || {
        let z: f64 = StandardNormal.sample(&mut generator);
        T::from_f64(z).re()
    };
    for v in v {
        let re = normal();
        let im = if T::IS_COMPLEX {
            normal()
        } else {
            num_traits::Zero::zero()
        };
        *v = T::from_parts(re, im);
    }
}

/// Whether x^H y is zero but for rounding, given `size` = ||x|| ||y||.
pub(super) fn vanishes<T: Scalar>(product: T, size: f64) -> bool {
    let epsilon = <T::Real as num_traits::Float>::epsilon().as_f64();
    product.modulus().as_f64() <= epsilon * size
}

/// x = x + a d; whether ||x|| is finite.
///
/// For a singular A the part of x in its null space can grow without bound, and the residual does
/// not show it. The sum of squares overflows long before the entries do.
pub(super) fn step<T: Scalar>(a: T, d: &[T], x: &mut [T]) -> bool {
    vector::axpy_norm2_squared(a, d, x).as_f64().is_finite()
}

/// Counts the breakdowns of one solve.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    drawn: u64,
    in_vain: u64,
    residual: f64,
}

impl Restarts {
    /// The index of the next shadow to draw, or nothing where the method should give up.
    pub(super) fn next(&mut self, residual: f64) -> Option<u64> {
        if self.drawn > 0 && residual <= 0.5 * self.residual {
            self.in_vain = 0;
        }
        if self.in_vain == ATTEMPTS {
            return None;
        }
        self.in_vain += 1;
        self.drawn += 1;
        self.residual = residual;
        Some(self.drawn)
    }
}
