//! ETDRK3, the third-order exponential Runge-Kutta method of Cox and Matthews.
//!
//! ```text
//! a  = e^(z/2) v + Q N(v),                      Q = h (e^(z/2) - 1) / z
//! b  = e^z v + h phi_1(z) (2 N(a) - N(v)),      z = L h
//! v+ = e^z v + f1 N(v) + 4 f2 N(a) + f3 N(b)
//! f1 = h (-4 - z + e^z (4 - 3 z + z^2)) / z^3
//! f2 = h (2 + z + e^z (z - 2)) / z^3
//! f3 = h (-4 - 3 z - z^2 + e^z (4 - z)) / z^3
//! ```
//!
//! S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430, eqs. 23-25.

use super::phi::{Coefficients, LinearPart, contour_mean};
use super::scheme::{Coefficient, Update};

/// e^(z/2), Q, e^z, h phi_1, f1, 4 f2, f3.
pub(super) fn coefficients(linear: &LinearPart, h: f64, points: usize) -> Coefficients {
    linear.tabulate(|l| {
        let z = l * h;
        let [q, phi1, f1, f2, f3] = contour_mean(z, points, |r| {
            let (e, r2, r3) = (r.exp(), r * r, r * r * r);
            [
                h * ((r / 2.0).exp() - 1.0) / r,
                h * (e - 1.0) / r,
                h * (-4.0 - r + e * (4.0 - 3.0 * r + r2)) / r3,
                4.0 * h * (2.0 + r + e * (r - 2.0)) / r3,
                h * (-4.0 - 3.0 * r - r2 + e * (4.0 - r)) / r3,
            ]
        });
        [(z / 2.0).exp(), q, z.exp(), phi1, f1, f2, f3]
    })
}

pub(super) fn update<T: Coefficient>(c: &[Vec<T>], update: Update<'_>) {
    let Update {
        stage,
        range,
        v,
        n,
        work,
        out,
        value,
    } = update;
    let len = range.len();
    let [e2, q, e, phi1, f1, f2, f3] = [0, 1, 2, 3, 4, 5, 6].map(|i| &c[i][range.clone()][..len]);
    let (v, n) = (&v[..len], &n[..len]);
    let (out, value) = (&mut out[..len], &mut value[..len]);
    // b up to the term with N(a).
    let b = &mut work[..len];
    match stage {
        0 => {
            for i in 0..len {
                value[i] = e2[i].times(v[i]) + q[i].times(n[i]);
                let linear = e[i].times(v[i]);
                b[i] = linear - phi1[i].times(n[i]);
                out[i] = linear + f1[i].times(n[i]);
            }
        }
        1 => {
            for i in 0..len {
                value[i] = b[i] + phi1[i].times(2.0 * n[i]);
                out[i] += f2[i].times(n[i]);
            }
        }
        _ => {
            for i in 0..len {
                out[i] += f3[i].times(n[i]);
            }
        }
    }
}
