//! Second-order reconstruction with slope limiters (van Leer 1979).
//!
//! In cell i of width h_i, u is a line through the average with increment s over the cell,
//!
//! ```text
//! s = phi(p, q),   p = h_i (u_i - u_{i-1}) / d_{i-1/2},   q = h_i (u_{i+1} - u_i) / d_{i+1/2},
//! ```
//!
//! where d is the distance of two centres. The limiter phi is 0 where p and q differ in sign, so no
//! new extremum arises; every phi here is a mean of p and q on smooth data, which gives order 2
//! away from extrema. At an extremum a TVD scheme can only be of order 1, in ever fewer cells: the
//! order is 2 in L1, 1.8 in L2, and less in the maximum norm. On stretched grids the limited face
//! value is also kept between the averages of the two cells of the face.
//!
//! | limiter | phi for p, q of one sign | character |
//! |---|---|---|
//! | minmod | the smaller | most dissipative |
//! | van Leer | 2pq/(p+q) | smooth, the default |
//! | MC | smallest of 2p, 2q, (p+q)/2 | sharper |
//! | superbee | larger of min(2p,q), min(p,2q) | squares waves off |
//! | none | (p+q)/2, whatever the signs | oscillates at jumps; order 2 in every norm |
//!
//! Source: P. K. Sweby, SIAM J. Numer. Anal. 21 (1984) 995; LeVeque (2002), section 6.11.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The slope limiter of MUSCL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limiter {
    /// The smaller of the two slopes; the most dissipative.
    Minmod,
    /// Harmonic mean; smooth, sharper than minmod.
    #[default]
    VanLeer,
    /// Monotonised central: the central slope, at most twice the smaller.
    Mc,
    /// The steepest that is still free of oscillation; turns waves into squares.
    Superbee,
    /// No limiting, the central slope: for smooth solutions only.
    None,
}

/// Cell width over centre distance for the two cells at a face, `[h_l/d_before, h_l/d_face,
/// h_r/d_face, h_r/d_after]`; all 1 on a uniform axis.
pub(super) type Ratios = [f64; 4];

/// How the ratios run along the faces handed to [`reconstruct`].
#[derive(Clone, Copy)]
pub(super) enum Spacing<'a> {
    /// All cells equal.
    Uniform,
    /// The same ratios at every face (faces of one row across a stretched axis).
    Same(Ratios),
    /// One entry a face (faces along a stretched axis).
    Each(&'a [Ratios]),
}

/// States on both sides of the faces from a limited line in each cell; `stencil` as in `upwind`.
pub(super) fn reconstruct(
    limiter: Limiter,
    stencil: [&[f64]; 6],
    spacing: Spacing<'_>,
    left: &mut [f64],
    right: &mut [f64],
) {
    match limiter {
        Limiter::Minmod => with(minmod, stencil, spacing, left, right),
        Limiter::VanLeer => with(van_leer, stencil, spacing, left, right),
        Limiter::Mc => with(mc, stencil, spacing, left, right),
        Limiter::Superbee => with(superbee, stencil, spacing, left, right),
        Limiter::None => with(central, stencil, spacing, left, right),
    }
}

fn with(
    phi: impl Fn(f64, f64) -> f64 + Copy,
    stencil: [&[f64]; 6],
    spacing: Spacing<'_>,
    left: &mut [f64],
    right: &mut [f64],
) {
    // An unlimited slope stays unlimited.
    let bounded = phi(1.0, -1.0) == 0.0 && phi(3.0, -1.0) == 0.0;
    match spacing {
        Spacing::Uniform => {
            let [_, a, b, c, d, _] = stencil;
            for (i, (l, r)) in left.iter_mut().zip(right).enumerate() {
                let (p, q, s) = (b[i] - a[i], c[i] - b[i], d[i] - c[i]);
                *l = b[i] + 0.5 * phi(p, q);
                *r = c[i] - 0.5 * phi(q, s);
            }
        }
        Spacing::Same(ratios) => stretched(phi, stencil, |_| ratios, bounded, left, right),
        Spacing::Each(ratios) => stretched(phi, stencil, |i| ratios[i], bounded, left, right),
    }
}

fn stretched(
    phi: impl Fn(f64, f64) -> f64,
    [_, a, b, c, d, _]: [&[f64]; 6],
    ratios: impl Fn(usize) -> Ratios,
    bounded: bool,
    left: &mut [f64],
    right: &mut [f64],
) {
    for (i, (l, r)) in left.iter_mut().zip(right).enumerate() {
        let (p, q, s) = (b[i] - a[i], c[i] - b[i], d[i] - c[i]);
        let w = ratios(i);
        let (low, high) = (b[i].min(c[i]), b[i].max(c[i]));
        *l = b[i] + 0.5 * phi(w[0] * p, w[1] * q);
        *r = c[i] - 0.5 * phi(w[2] * q, w[3] * s);
        if bounded {
            *l = l.max(low).min(high);
            *r = r.max(low).min(high);
        }
    }
}

#[inline]
fn central(p: f64, q: f64) -> f64 {
    0.5 * (p + q)
}

#[inline]
fn minmod(p: f64, q: f64) -> f64 {
    if p * q > 0.0 {
        p.signum() * p.abs().min(q.abs())
    } else {
        0.0
    }
}

#[inline]
fn van_leer(p: f64, q: f64) -> f64 {
    if p * q > 0.0 {
        2.0 * p * q / (p + q)
    } else {
        0.0
    }
}

#[inline]
fn mc(p: f64, q: f64) -> f64 {
    if p * q > 0.0 {
        let bound = 2.0 * p.abs().min(q.abs());
        p.signum() * (0.5 * (p + q)).abs().min(bound)
    } else {
        0.0
    }
}

#[inline]
fn superbee(p: f64, q: f64) -> f64 {
    if p * q > 0.0 {
        let (p_size, q_size) = (p.abs(), q.abs());
        let steepest = (2.0 * p_size).min(q_size).max(p_size.min(2.0 * q_size));
        p.signum() * steepest
    } else {
        0.0
    }
}
