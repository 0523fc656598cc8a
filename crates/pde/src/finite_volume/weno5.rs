//! Fifth-order weighted essentially non-oscillatory reconstruction.
//!
//! The state at face i+1/2 seen from cell i is a mean of three parabolas through three cells each,
//!
//! ```text
//! q0 = (2 a - 7 b + 11 c)/6,   q1 = (-b + 5 c + 2 d)/6,   q2 = (2 c + 5 d - e)/6,
//! ```
//!
//! with a..e = u_{i-2}..u_{i+2}. Weights 1/10, 6/10, 3/10 give order 5 on smooth data; they are
//! reduced where the smoothness measures
//!
//! ```text
//! B0 = 13/12 (a - 2b + c)^2 + 1/4 (a - 4b + 3c)^2,   B1 = 13/12 (b - 2c + d)^2 + 1/4 (b - d)^2,
//! B2 = 13/12 (c - 2d + e)^2 + 1/4 (3c - 4d + e)^2
//! ```
//!
//! say that a parabola crosses a jump:
//! * Jiang-Shu: w_k ~ d_k / (1e-6 + B_k)^2 (the number is for u of order one);
//! * WENO-Z: w_k ~ d_k (1 + (|B0 - B2| / (1e-40 + B_k))^2): the same for u of any size, and less
//!   dissipative at extrema.
//!
//! The state seen from the other cell is the mirror image. Needs equal cells.
//!
//! Sources: G.-S. Jiang, C.-W. Shu, J. Comput. Phys. 126 (1996) 202; R. Borges et al., J. Comput.
//! Phys. 227 (2008) 3191.

/// Jiang-Shu weights; `stencil` as in `upwind`.
pub(super) fn reconstruct_js(stencil: [&[f64]; 6], left: &mut [f64], right: &mut [f64]) {
    let weights = |b: [f64; 3]| {
        let w = |d: f64, b: f64| {
            let s = 1e-6 + b;
            d / (s * s)
        };
        [w(0.1, b[0]), w(0.6, b[1]), w(0.3, b[2])]
    };
    with(weights, stencil, left, right);
}

/// WENO-Z weights; `stencil` as in `upwind`.
pub(super) fn reconstruct_z(stencil: [&[f64]; 6], left: &mut [f64], right: &mut [f64]) {
    let weights = |b: [f64; 3]| {
        let tau = (b[0] - b[2]).abs();
        let w = |d: f64, b: f64| {
            let ratio = tau / (1e-40 + b);
            d * (1.0 + ratio * ratio)
        };
        [w(0.1, b[0]), w(0.6, b[1]), w(0.3, b[2])]
    };
    with(weights, stencil, left, right);
}

fn with(
    weights: impl Fn([f64; 3]) -> [f64; 3] + Copy,
    stencil: [&[f64]; 6],
    left: &mut [f64],
    right: &mut [f64],
) {
    let n = left.len();
    // Equal lengths known to the compiler: the loop is free of bounds checks.
    let [s0, s1, s2, s3, s4, s5] = stencil.map(|s| &s[..n]);
    let right = &mut right[..n];
    for i in 0..n {
        left[i] = state([s0[i], s1[i], s2[i], s3[i], s4[i]], weights);
        right[i] = state([s5[i], s4[i], s3[i], s2[i], s1[i]], weights);
    }
}

/// State at the face beyond the middle cell, in the direction of `e`.
#[inline(always)]
fn state([a, b, c, d, e]: [f64; 5], weights: impl Fn([f64; 3]) -> [f64; 3]) -> f64 {
    let square = |x: f64| x * x;
    let [w0, w1, w2] = weights([
        13.0 / 12.0 * square(a - 2.0 * b + c) + 0.25 * square(a - 4.0 * b + 3.0 * c),
        13.0 / 12.0 * square(b - 2.0 * c + d) + 0.25 * square(b - d),
        13.0 / 12.0 * square(c - 2.0 * d + e) + 0.25 * square(3.0 * c - 4.0 * d + e),
    ]);
    let q0 = 2.0 * a - 7.0 * b + 11.0 * c;
    let q1 = -b + 5.0 * c + 2.0 * d;
    let q2 = 2.0 * c + 5.0 * d - e;
    (w0 * q0 + w1 * q1 + w2 * q2) / (6.0 * (w0 + w1 + w2))
}
