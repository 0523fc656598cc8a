//! First-order reconstruction: u is constant in each cell (Godunov 1959).
//!
//! Monotone and of order 1; a moving profile spreads like the solution of an advection-diffusion
//! equation with diffusivity |a| h (1 - CFL)/2. Works on any spacing.

/// States on both sides of the faces: those of the two adjacent cells.
///
/// `stencil[k]` holds, for each face, the average of the k-th of the six cells around it; the face
/// lies between `stencil[2]` and `stencil[3]`.
pub(super) fn reconstruct(stencil: [&[f64]; 6], left: &mut [f64], right: &mut [f64]) {
    left.copy_from_slice(stencil[2]);
    right.copy_from_slice(stencil[3]);
}
