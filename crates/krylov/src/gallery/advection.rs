//! Flow straight through the unit square: pure advection by upwind differences, and advection with
//! diffusion by central ones.

use super::{from_rows, from_stencil};
use crate::csr::Csr;

/// Pure advection w . grad u = f with w = (1, 1), first-order upwind, on n x n points of which the
/// inflow sides are known: (n - 1)^2 unknowns, diagonal 2, both upstream neighbours -1. The first
/// index runs fastest.
///
/// Lower triangular: a Gauss-Seidel sweep in this order is exact. Its eigenvalues are all equal and
/// say nothing of the difficulty, the matrix is as far from normal as can be.
pub fn upwind_advection(n: usize) -> Csr<f64> {
    upwind_advection_along(n, [1.0, 1.0])
}

/// As [`upwind_advection`], with any velocity of two components, neither negative: diagonal
/// w_1 + w_2, upstream neighbours -w_1 and -w_2 (where not zero).
///
/// # Panics
/// For negative components, or none positive.
pub fn upwind_advection_along(n: usize, velocity: [f64; 2]) -> Csr<f64> {
    let [u, v] = velocity;
    assert!(
        u >= 0.0 && v >= 0.0 && u + v > 0.0,
        "a flow to the right and up"
    );
    let m = n - 1;
    from_rows(m * m, |row, entries| {
        entries.push((row, u + v));
        if row % m > 0 && u > 0.0 {
            entries.push((row - 1, -u));
        }
        if row >= m && v > 0.0 {
            entries.push((row - m, -v));
        }
    })
}

/// Advection and diffusion -lap u + w . grad u = f with constant w = (1, 1/2) |w|, central
/// differences on n x n inner points, zero boundary values, scaled by h^2.
///
/// `peclet` = |w_1| h / 2 is the number of the grid cell: off-diagonal entries -1 +- peclet and
/// -1 +- peclet/2. Above 1 the matrix is no longer an M-matrix and the solution oscillates.
pub fn central_advection(n: usize, peclet: f64) -> Csr<f64> {
    from_stencil(
        n,
        &[
            [0.0, -1.0 - 0.5 * peclet, 0.0],
            [-1.0 - peclet, 4.0, -1.0 + peclet],
            [0.0, -1.0 + 0.5 * peclet, 0.0],
        ],
    )
}
