//! ETDRK4, the fourth-order exponential Runge-Kutta method of Cox and Matthews.
//!
//! ```text
//! a  = e^(z/2) v + Q N(v),                      Q = h (e^(z/2) - 1) / z,   z = L h
//! b  = e^(z/2) v + Q N(a)
//! c  = e^(z/2) a + Q (2 N(b) - N(v))
//! v+ = e^z v + f1 N(v) + 2 f2 (N(a) + N(b)) + f3 N(c)
//! f1 = h (-4 - z + e^z (4 - 3 z + z^2)) / z^3
//! f2 = h (2 + z + e^z (z - 2)) / z^3
//! f3 = h (-4 - 3 z - z^2 + e^z (4 - z)) / z^3
//! ```
//!
//! S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430, eqs. 26-29. Order 4 on smooth
//! problems; where N is stiff too (order reduction, M. Hochbruck, A. Ostermann, SIAM J. Numer.
//! Anal. 43 (2005) 1069) it can fall to 2.

use super::phi::{Coefficients, LinearPart, contour_mean};
use super::scheme::{Coefficient, Update};

/// e^(z/2), Q, e^z, f1, 2 f2, f3.
pub(super) fn coefficients(linear: &LinearPart, h: f64, points: usize) -> Coefficients {
    linear.tabulate(|l| {
        let z = l * h;
        let [q, f1, f2, f3] = contour_mean(z, points, |r| {
            let (e, r2, r3) = (r.exp(), r * r, r * r * r);
            [
                h * ((r / 2.0).exp() - 1.0) / r,
                h * (-4.0 - r + e * (4.0 - 3.0 * r + r2)) / r3,
                2.0 * h * (2.0 + r + e * (r - 2.0)) / r3,
                h * (-4.0 - 3.0 * r - r2 + e * (4.0 - r)) / r3,
            ]
        });
        [(z / 2.0).exp(), q, z.exp(), f1, f2, f3]
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
    let [e2, q, e, f1, f2, f3] = [0, 1, 2, 3, 4, 5].map(|i| &c[i][range.clone()][..len]);
    let (v, n) = (&v[..len], &n[..len]);
    let (out, value) = (&mut out[..len], &mut value[..len]);
    // c without its term in N(b): known after stage 0, so that N(v) and a need not be kept.
    let part_of_c = &mut work[..len];
    match stage {
        0 => {
            for i in 0..len {
                let q_n = q[i].times(n[i]);
                value[i] = e2[i].times(v[i]) + q_n;
                part_of_c[i] = e2[i].times(value[i]) - q_n;
                out[i] = e[i].times(v[i]) + f1[i].times(n[i]);
            }
        }
        1 => {
            for i in 0..len {
                value[i] = e2[i].times(v[i]) + q[i].times(n[i]);
                out[i] += f2[i].times(n[i]);
            }
        }
        2 => {
            for i in 0..len {
                value[i] = part_of_c[i] + q[i].times(2.0 * n[i]);
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
