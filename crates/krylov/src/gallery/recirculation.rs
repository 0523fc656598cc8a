//! Advection and diffusion, -eps lap u + w . grad u = f, in flows whose streamlines close.
//!
//! First-order upwind differences for w . grad u, second differences for the Laplacian, zero
//! boundary values, all scaled by h^2 with h = 1/(n + 1). The matrix is an M-matrix for every eps,
//! with row sums zero away from the boundary. No ordering of the unknowns follows the flow, so
//! downstream Gauss-Seidel solves nothing in one sweep.

use super::from_rows;
use crate::csr::Csr;

/// One vortex in the unit square, w = (4 x (x - 1) (1 - 2y), -4 y (y - 1) (1 - 2x)), on n x n inner
/// points. The first index runs fastest.
pub fn recirculating_flow(n: usize, eps: f64) -> Csr<f64> {
    upwind(n, eps, |[x, y]| {
        [
            4.0 * x * (x - 1.0) * (1.0 - 2.0 * y),
            -4.0 * y * (y - 1.0) * (1.0 - 2.0 * x),
        ]
    })
}

/// Solid rotation of the unit cube about an axis, w = (1/2 - y, x - 1/2, 1/4), with a slow rise
/// along it: on n x n x n inner points. The first index runs fastest.
pub fn rotating_flow(n: usize, eps: f64) -> Csr<f64> {
    upwind(n, eps, |[x, y, _z]| [0.5 - y, x - 0.5, 0.25])
}

/// h^2 (-eps lap + w . grad) on n^D points.
fn upwind<const D: usize>(n: usize, eps: f64, velocity: impl Fn([f64; D]) -> [f64; D]) -> Csr<f64> {
    let h = 1.0 / (n + 1) as f64;
    let strides: [usize; D] = std::array::from_fn(|axis| n.pow(axis as u32));
    from_rows(n.pow(D as u32), |i, row| {
        let place = strides.map(|stride| i / stride % n);
        let w = velocity(place.map(|k| (k + 1) as f64 * h));
        let mut diagonal = 0.0;
        for ((&stride, k), w) in strides.iter().zip(place).zip(w) {
            let before = eps + h * w.max(0.0);
            let behind = eps + h * (-w).max(0.0);
            diagonal += before + behind;
            if k > 0 {
                row.push((i - stride, -before));
            }
            if k + 1 < n {
                row.push((i + stride, -behind));
            }
        }
        row.push((i, diagonal));
    })
}
