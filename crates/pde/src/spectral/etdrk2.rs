//! ETDRK2, the second-order exponential Runge-Kutta method of Cox and Matthews.
//!
//! ```text
//! a  = e^z v + h phi_1(z) N(v)
//! v+ = a + h phi_2(z) (N(a) - N(v)),   phi_2(z) = (e^z - 1 - z) / z^2,   z = L h.
//! ```
//!
//! S. M. Cox, P. C. Matthews, J. Comput. Phys. 176 (2002) 430, eqs. 20-22.

use super::phi::{Coefficients, LinearPart, contour_mean};
use super::scheme::{Coefficient, Update};

/// e^z, h phi_1, h phi_2.
pub(super) fn coefficients(linear: &LinearPart, h: f64, points: usize) -> Coefficients {
    linear.tabulate(|l| {
        let z = l * h;
        let [f1, f2] = contour_mean(z, points, |r| {
            let e = r.exp();
            [h * (e - 1.0) / r, h * (e - 1.0 - r) / (r * r)]
        });
        [z.exp(), f1, f2]
    })
}

pub(super) fn update<T: Coefficient>(c: &[Vec<T>], update: Update<'_>) {
    let Update {
        stage,
        range,
        v,
        n,
        work: n_v,
        out,
        value,
    } = update;
    let len = range.len();
    let [e, f1, f2] = [0, 1, 2].map(|i| &c[i][range.clone()][..len]);
    let (v, n, n_v, out) = (&v[..len], &n[..len], &mut n_v[..len], &mut out[..len]);
    if stage == 0 {
        for i in 0..len {
            out[i] = e[i].times(v[i]) + f1[i].times(n[i]);
        }
        n_v.copy_from_slice(n);
        value[..len].copy_from_slice(out);
    } else {
        for i in 0..len {
            out[i] += f2[i].times(n[i] - n_v[i]);
        }
    }
}
