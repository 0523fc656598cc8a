//! The evolution measure of strength: what relaxation does to a spike.
//!
//! ```text
//! z = e_i^T M^2,   M = I - D^-1 A / rho(D^-1 A)       a spike at i, after two steps
//! d_ij = |1 - z_i / z_j|                              how far j is from following i
//! j strong for i   where  z_j has the sign of z_i and d_ij <= epsilon min over m of d_im
//! ```
//!
//! Relaxation spreads a spike along the directions in which errors are smooth afterwards, whatever
//! the signs and sizes of single entries: so this finds the direction of a rotated anisotropy, where
//! positive entries mislead the [symmetric measure](super::strength). It costs a sparse product.
//!
//! An entry is strong if it is so from either side. Vectors nearly mapped to zero other than the
//! constant are not taken into account.
//!
//! Source: Olson, Schroder and Tuminaro (2010), Numer. Linear Algebra Appl. 17, 713.

use rayon::prelude::*;

use super::strength::split_entries;
use crate::csr::Csr;
use crate::csr::row_sum::RowSum;

/// Distances below count as equal: rounding must not make one of them the only strong one.
const LEAST_DISTANCE: f64 = 1e-4;

/// For each entry of A whether it is strong; `radius` is rho(D^-1 A) or a bound.
pub(crate) fn evolution_strength(
    a: &Csr<f64>,
    diagonal: &[f64],
    radius: f64,
    epsilon: f64,
) -> Vec<bool> {
    let mut distance = vec![f64::INFINITY; a.nnz()];
    split_entries(a, &mut distance)
        .into_par_iter()
        .for_each(|(rows, mut distance)| {
            let mut z = RowSum::new(a.nrows());
            for i in rows {
                let (columns, values) = a.row(i);
                let (own, rest) = distance.split_at_mut(columns.len());
                distance = rest;
                z.begin();
                // e_i^T M^2 = sum over m of M_im (e_m^T - (D^-1 A)_m* / rho).
                z.add(i as u32, 0.0);
                for (&m, &v) in columns.iter().zip(values) {
                    let m = m as usize;
                    let unit = if m == i { 1.0 } else { 0.0 };
                    let step = unit - ratio(v, diagonal[i] * radius);
                    z.add(m as u32, step);
                    z.add_row(-ratio(step, diagonal[m] * radius), a, m);
                }
                let centre = z.sum(i as u32);
                for (d, &j) in own.iter_mut().zip(columns) {
                    let other = z.sum(j);
                    if j as usize != i && other * centre > 0.0 {
                        *d = (1.0 - centre / other).abs().max(LEAST_DISTANCE);
                    }
                }
                let least = own.iter().copied().fold(f64::INFINITY, f64::min);
                for d in own {
                    // Zero marks what is strong from this side.
                    *d = if d.is_finite() && *d <= epsilon * least {
                        0.0
                    } else {
                        1.0
                    };
                }
            }
        });
    let offsets = a.offsets();
    super::strength::strength_by_place(a, |i, j, at| {
        if i == j {
            return false;
        }
        let (columns, _) = a.row(j);
        let mirrored = columns
            .binary_search(&(i as u32))
            .is_ok_and(|k| distance[offsets[j] as usize + k] == 0.0);
        distance[at] == 0.0 || mirrored
    })
}

fn ratio(p: f64, q: f64) -> f64 {
    if q == 0.0 { 0.0 } else { p / q }
}
