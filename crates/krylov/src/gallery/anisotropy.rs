//! Anisotropic diffusion -div(K grad u) with constant K, along the axes or turned.
//!
//! K = Q diag(1, eps) Q^T, where Q turns by an angle: diffusion is strong along the direction of
//! that angle from the first axis. The first index of a point belongs to the first axis, the
//! second index runs fastest; h = 1.

use super::from_stencil;
use crate::csr::Csr;

/// -u_xx - eps u_yy by second differences on n x n points, zero boundary values. Strong couplings
/// are those between rows n apart.
///
/// Errors that change slowly in the strong direction only are out of reach for point smoothers, so
/// coarsening must follow that direction.
pub fn aligned_anisotropy(n: usize, eps: f64) -> Csr<f64> {
    from_stencil(
        n,
        &[
            [0.0, -1.0, 0.0],
            [-eps, 2.0 * (1.0 + eps), -eps],
            [0.0, -1.0, 0.0],
        ],
    )
}

/// -div(K grad u) with K turned by `angle` (radians), by bilinear finite elements on n x n inner
/// points, zero boundary values.
///
/// With angle = pi/6 the strong direction meets no neighbour of a point: no stencil entry says
/// where it leads.
pub fn rotated_anisotropy(n: usize, eps: f64, angle: f64) -> Csr<f64> {
    let (s, c) = angle.sin_cos();
    let k_xx = c * c + eps * s * s;
    let k_yy = s * s + eps * c * c;
    let k_xy = (1.0 - eps) * c * s;
    // One-dimensional linear elements between neighbours at distance -1, 0, 1: stiffness, mass,
    // and the derivative against the function itself.
    let stiffness = [-1.0, 2.0, -1.0];
    let mass = [1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0];
    let slope = [-0.5, 0.0, 0.5];
    let mut stencil = [[0.0; 3]; 3];
    for p in 0..3 {
        for q in 0..3 {
            stencil[p][q] = k_xx * stiffness[p] * mass[q] + k_yy * mass[p] * stiffness[q]
                - 2.0 * k_xy * slope[p] * slope[q];
        }
    }
    from_stencil(n, &stencil)
}
