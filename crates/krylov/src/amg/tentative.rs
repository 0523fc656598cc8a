//! The tentative prolongator: piecewise the near null space.
//!
//! ```text
//! T_J B_c,J = B_J       on each aggregate J, T_J with orthonormal columns
//! ```
//!
//! B holds vectors that A nearly maps to zero: constants for diffusion, rigid body motions for
//! elasticity. T reproduces them exactly from their coarse values B_c. The factors come from a QR
//! factorisation of the rows of B in the aggregate, by Gram-Schmidt, twice. Where an aggregate is
//! too small to tell the vectors apart, the columns that depend on others are zero, in T and B_c.
//!
//! Source: Vanek, Mandel and Brezina (1996), Computing 56, 179, section 4.

use super::aggregation::{Aggregates, NONE};

/// T and the near null space of the coarse level.
pub(crate) struct Tentative {
    /// k values for each row of A: row of T in the k columns of its aggregate.
    pub(crate) rows: Vec<f64>,
    /// Coarse near null space, k vectors of k entries an aggregate: entry
    /// `[vector][aggregate * k + row]`.
    pub(crate) coarse: Vec<Vec<f64>>,
}

/// T for the k vectors `near_null`, with `block` rows a node.
pub(crate) fn tentative(
    aggregates: &Aggregates,
    near_null: &[Vec<f64>],
    block: usize,
) -> Tentative {
    let k = near_null.len();
    let nodes = aggregates.of.len();
    let mut rows = vec![0.0; nodes * block * k];
    let mut coarse = vec![vec![0.0; aggregates.count * k]; k];
    if k == 1 {
        // One vector: no factorisation, only norms.
        let (b, norms) = (&near_null[0], &mut coarse[0]);
        for (node, &j) in aggregates.of.iter().enumerate() {
            if j != NONE {
                for v in &b[node * block..(node + 1) * block] {
                    norms[j as usize] += v * v;
                }
            }
        }
        norms.iter_mut().for_each(|v| *v = v.sqrt());
        for (node, &j) in aggregates.of.iter().enumerate() {
            if j != NONE && norms[j as usize] > 0.0 {
                for i in node * block..(node + 1) * block {
                    rows[i] = b[i] / norms[j as usize];
                }
            }
        }
        return Tentative { rows, coarse };
    }
    let (starts, members) = members_of(aggregates);
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); k];
    for j in 0..aggregates.count {
        let own = &members[starts[j]..starts[j + 1]];
        let entries = || own.iter().flat_map(|&m| m * block..(m + 1) * block);
        for c in 0..k {
            let mut v: Vec<f64> = entries().map(|i| near_null[c][i]).collect();
            let before = norm(&v);
            for _ in 0..2 {
                for (d, q) in columns[..c].iter().enumerate() {
                    let s: f64 = q.iter().zip(&v).map(|(a, b)| a * b).sum();
                    v.iter_mut().zip(q).for_each(|(v, q)| *v -= s * q);
                    coarse[c][j * k + d] += s;
                }
            }
            let after = norm(&v);
            if after > 1e-8 * before {
                coarse[c][j * k + c] = after;
                v.iter_mut().for_each(|v| *v /= after);
            } else {
                v.fill(0.0);
            }
            for (i, &v) in entries().zip(&v) {
                rows[i * k + c] = v;
            }
            columns[c] = v;
        }
    }
    Tentative { rows, coarse }
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The nodes of each aggregate, in order.
fn members_of(aggregates: &Aggregates) -> (Vec<usize>, Vec<usize>) {
    let mut starts = vec![0usize; aggregates.count + 1];
    for &j in aggregates.of.iter().filter(|&&j| j != NONE) {
        starts[j as usize + 1] += 1;
    }
    for j in 0..aggregates.count {
        starts[j + 1] += starts[j];
    }
    let mut next = starts.clone();
    let mut members = vec![0; starts[aggregates.count]];
    for (node, &j) in aggregates.of.iter().enumerate() {
        if j != NONE {
            members[next[j as usize]] = node;
            next[j as usize] += 1;
        }
    }
    (starts, members)
}
