//! ETDRK1, the exponential Euler method.
//!
//! ```text
//! v+ = e^z v + h phi_1(z) N(v),   phi_1(z) = (e^z - 1) / z,   z = L h.
//! ```
//!
//! Order 1, exact where N is constant. S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430,
//! eq. 4.

use super::phi::{Coefficients, LinearPart, contour_mean};
use super::scheme::{Coefficient, Update};

/// e^z, h phi_1.
pub(super) fn coefficients(linear: &LinearPart, h: f64, points: usize) -> Coefficients {
    linear.tabulate(|l| {
        let z = l * h;
        let [f1] = contour_mean(z, points, |r| [h * (r.exp() - 1.0) / r]);
        [z.exp(), f1]
    })
}

pub(super) fn update<T: Coefficient>(c: &[Vec<T>], update: Update<'_>) {
    let Update {
        range, v, n, out, ..
    } = update;
    let len = range.len();
    let [e, f1] = [0, 1].map(|i| &c[i][range.clone()][..len]);
    let (v, n, out) = (&v[..len], &n[..len], &mut out[..len]);
    for i in 0..len {
        out[i] = e[i].times(v[i]) + f1[i].times(n[i]);
    }
}
