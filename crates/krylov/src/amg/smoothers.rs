//! Relaxation: removes the part of the error that interpolation does not reach.
//!
//! ```text
//! x = x + S (b - A x)      before (S) and after (S^T) the coarse correction
//! ```
//!
//! | relaxation | S |
//! |---|---|
//! | SPAI0 | diag(a_ii / sum_j a_ij^2): minimises the Frobenius norm of I - S A over diagonals |
//! | Jacobi | damping D^-1 |
//! | Gauss-Seidel | (D + L_B)^-1 before, (D + U_B)^-1 after |
//! | Chebyshev | q(D^-1 A) D^-1, where 1 - t q(t) is least on \[rho/8, rho\], rho that of D^-1 A |
//!
//! For symmetric A the cycle is then symmetric. The first sweep before the correction starts from
//! zero: for a diagonal S it is a scaling.
//!
//! Gauss-Seidel sweeps run in blocks of rows: within a block each row uses what rows before it have
//! just found (L_B), across blocks the values from before the sweep. The blocks depend on the size
//! of the matrix only, so the result does not depend on the number of threads.
//!
//! Sources: Broeker and Grote (2002), Appl. Numer. Math. 41, 61 (SPAI0); Baker, Falgout, Kolev and
//! Yang (2011), SIAM J. Sci. Comput. 33, 2864 (block Gauss-Seidel); Adams, Brezina, Hu and Tuminaro
//! (2003), J. Comput. Phys. 188, 593 (Chebyshev).

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::smoothed_aggregation::spectral_radius;
use crate::csr::{Csr, kernels};
use crate::scalar::Real;
use crate::vector;

/// Most blocks of a Gauss-Seidel sweep.
const BLOCKS: usize = 16;

/// Fewest rows of a block.
const LEAST_ROWS: usize = 8192;

/// Which relaxation is used on all levels but the coarsest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relaxation {
    /// Diagonal approximate inverse of least Frobenius norm.
    Spai0,
    /// Damped Jacobi.
    Jacobi {
        /// Factor before D^-1, between 0 and 1; 2/3 is usual.
        #[schemars(range(min = 0.01, max = 1))]
        damping: f64,
    },
    /// Gauss-Seidel, forward before and backward after the coarse correction.
    #[default]
    GaussSeidel,
    /// A Chebyshev polynomial of D^-1 A: as parallel as Jacobi, and stronger.
    Chebyshev {
        /// Products with A in a sweep, at least 1; 2 to 4 are usual.
        #[schemars(range(min = 1, max = 100))]
        degree: usize,
    },
}

/// A Chebyshev sweep damps the eigenvalues from the largest down to it over this.
const CHEBYSHEV_RANGE: f64 = 8.0;

/// The relaxation of a level.
#[derive(Clone, Debug)]
pub(crate) enum Smoother<T> {
    Diagonal {
        s: Vec<T>,
    },
    GaussSeidel {
        inverse: Vec<T>,
        block: usize,
    },
    Chebyshev {
        inverse: Vec<T>,
        radius: f64,
        degree: usize,
    },
}

impl<T: Real> Smoother<T> {
    pub(crate) fn new(kind: Relaxation, a: &Csr<f64>) -> Self {
        let reciprocal = |d: f64| if d == 0.0 { 0.0 } else { 1.0 / d };
        let mut s = vec![T::zero(); a.nrows()];
        vector::for_blocks(&mut s, &|start, s: &mut [T]| {
            for (i, s) in (start..).zip(s) {
                *s = T::from_f64(match kind {
                    Relaxation::Spai0 => {
                        let (columns, values) = a.row(i);
                        let mut diagonal = 0.0;
                        let mut squares = 0.0;
                        for (&j, v) in columns.iter().zip(values) {
                            squares += v * v;
                            if j as usize == i {
                                diagonal = *v;
                            }
                        }
                        diagonal * reciprocal(squares)
                    }
                    Relaxation::Jacobi { damping } => damping * reciprocal(a.get(i, i)),
                    Relaxation::GaussSeidel | Relaxation::Chebyshev { .. } => {
                        reciprocal(a.get(i, i))
                    }
                });
            }
        });
        match kind {
            Relaxation::Spai0 | Relaxation::Jacobi { .. } => Self::Diagonal { s },
            Relaxation::GaussSeidel => Self::GaussSeidel {
                inverse: s,
                block: a.nrows().div_ceil(BLOCKS).max(LEAST_ROWS),
            },
            Relaxation::Chebyshev { degree } => Self::Chebyshev {
                inverse: s,
                radius: spectral_radius(a, None, &a.par_diagonal()),
                degree: degree.max(1),
            },
        }
    }

    /// x = S b: a sweep from zero; `work` is scratch.
    pub(crate) fn first(&self, a: &Csr<T>, b: &[T], x: &mut [T], work: &mut [T]) {
        match self {
            Self::Chebyshev {
                inverse,
                radius,
                degree,
            } => {
                vector::fill(T::zero(), x);
                chebyshev(a, inverse, *radius, *degree, b, x, work);
            }
            Self::Diagonal { s } => vector::for_blocks(x, &|start, x: &mut [T]| {
                for ((x, &s), &b) in x.iter_mut().zip(&s[start..]).zip(&b[start..]) {
                    *x = s * b;
                }
            }),
            Self::GaussSeidel { inverse, block } => {
                for_parts(*block, x, |start, x| {
                    kernels::forward_from_zero(a, inverse, b, start, x);
                });
            }
        }
    }

    /// x = x + S (b - A x); `old` is scratch.
    pub(crate) fn before(&self, a: &Csr<T>, b: &[T], x: &mut Vec<T>, old: &mut Vec<T>) {
        if let Self::Chebyshev {
            inverse,
            radius,
            degree,
        } = self
        {
            return chebyshev(a, inverse, *radius, *degree, b, x, old);
        }
        std::mem::swap(x, old);
        match self {
            Self::Chebyshev { .. } => {}
            Self::Diagonal { s } => jacobi(a, s, b, old, x),
            Self::GaussSeidel { inverse, block } => {
                for_parts(*block, x, |start, x| {
                    kernels::forward(a, inverse, b, old, start, x);
                });
            }
        }
    }

    /// x = x + S^T (b - A x); `old` is scratch.
    pub(crate) fn after(&self, a: &Csr<T>, b: &[T], x: &mut Vec<T>, old: &mut Vec<T>) {
        if let Self::Chebyshev {
            inverse,
            radius,
            degree,
        } = self
        {
            return chebyshev(a, inverse, *radius, *degree, b, x, old);
        }
        std::mem::swap(x, old);
        match self {
            Self::Chebyshev { .. } => {}
            Self::Diagonal { s } => jacobi(a, s, b, old, x),
            Self::GaussSeidel { inverse, block } => {
                for_parts(*block, x, |start, x| {
                    kernels::backward(a, inverse, b, old, start, x);
                });
            }
        }
    }

    /// Bytes of its arrays.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Self::Diagonal { s } => size_of_val(&s[..]),
            Self::GaussSeidel { inverse, .. } | Self::Chebyshev { inverse, .. } => {
                size_of_val(&inverse[..])
            }
        }
    }

    /// Whether all factors are finite.
    pub(crate) fn is_finite(&self) -> bool {
        let (Self::Diagonal { s }
        | Self::GaussSeidel { inverse: s, .. }
        | Self::Chebyshev { inverse: s, .. }) = self;
        vector::first_not_finite(s).is_none()
    }
}

/// x = old + S (b - A old), S diagonal.
fn jacobi<T: Real>(a: &Csr<T>, s: &[T], b: &[T], old: &[T], x: &mut [T]) {
    vector::for_blocks(x, &|start, x: &mut [T]| {
        let end = start + x.len();
        let (s, b, own) = (&s[start..end], &b[start..end], &old[start..end]);
        kernels::rows(a, old, start, x, |k, sum| own[k] + s[k] * (b[k] - sum));
    });
}

/// x = x + q(D^-1 A) D^-1 (b - A x), with d the steps.
fn chebyshev<T: Real>(
    a: &Csr<T>,
    inverse: &[T],
    radius: f64,
    degree: usize,
    b: &[T],
    x: &mut [T],
    d: &mut [T],
) {
    let (high, low) = (radius, radius / CHEBYSHEV_RANGE);
    let (centre, half) = ((high + low) / 2.0, (high - low) / 2.0);
    let mut rho = half / centre;
    for step in 0..degree {
        // d = keep d + take D^-1 (b - A x)
        let (keep, take) = if step == 0 {
            (0.0, 1.0 / centre)
        } else {
            let next = 1.0 / (2.0 * centre / half - rho);
            let pair = (next * rho, 2.0 * next / half);
            rho = next;
            pair
        };
        let (keep, take) = (T::from_f64(keep), T::from_f64(take));
        let from = &*x;
        vector::for_blocks(d, &|start, d: &mut [T]| {
            let end = start + d.len();
            let (b, inverse) = (&b[start..end], &inverse[start..end]);
            // On the first step d may hold anything, even NaN.
            if step == 0 {
                kernels::rows(a, from, start, d, |k, sum| take * inverse[k] * (b[k] - sum));
            } else {
                kernels::update_rows(a, from, start, d, |k, old, sum| {
                    keep * old + take * inverse[k] * (b[k] - sum)
                });
            }
        });
        vector::axpy(T::one(), d, x);
    }
}

/// Hands the blocks of x to `sweep`, with their first row.
fn for_parts<T: Real>(block: usize, x: &mut [T], sweep: impl Fn(usize, &mut [T]) + Sync) {
    if x.len() <= block {
        sweep(0, x);
    } else {
        x.par_chunks_mut(block)
            .enumerate()
            .for_each(|(part, x)| sweep(part * block, x));
    }
}
