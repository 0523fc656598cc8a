//! Groups of unknowns that become one unknown of the coarse level.
//!
//! Along the strong graph, in the order of the rows:
//! 1. a node whose strong neighbours are all free becomes a root and takes them;
//! 2. a node that is still free joins the aggregate of its strongest neighbour;
//! 3. what is left forms aggregates with its free neighbours.
//!
//! A node without strong neighbours stays outside: relaxation alone treats it, as it does a row that
//! only states a boundary value.
//!
//! Source: Vanek, Mandel and Brezina (1996), Computing 56, 179, section 5.

use crate::csr::Csr;

/// Marks nodes outside all aggregates.
pub(crate) const NONE: u32 = u32::MAX;

/// A partition of nodes.
#[derive(Clone, Debug)]
pub(crate) struct Aggregates {
    /// Aggregate of each node, or [`NONE`].
    pub(crate) of: Vec<u32>,
    /// Number of aggregates.
    pub(crate) count: usize,
}

/// Aggregates of the nodes of A along the entries marked strong.
pub(crate) fn standard_aggregation(a: &Csr<f64>, strong: &[bool]) -> Aggregates {
    let n = a.nrows();
    let (offsets, columns) = (a.offsets(), a.columns());
    let neighbours = |i: usize| {
        let range = offsets[i] as usize..offsets[i + 1] as usize;
        columns[range.clone()]
            .iter()
            .zip(&strong[range])
            .filter(|&(_, &s)| s)
            .map(|(&j, _)| j as usize)
    };
    const FREE: u32 = u32::MAX - 1;
    let mut of = vec![FREE; n];
    let mut count = 0u32;
    for i in 0..n {
        if of[i] != FREE {
            continue;
        }
        let mut isolated = true;
        let mut all_free = true;
        for j in neighbours(i) {
            isolated = false;
            if of[j] != FREE {
                all_free = false;
                break;
            }
        }
        if isolated {
            of[i] = NONE;
        } else if all_free {
            of[i] = count;
            for j in neighbours(i) {
                of[j] = count;
            }
            count += 1;
        }
    }
    // Only aggregates of the first pass are joined, so that they grow by one layer at most.
    let first = of.clone();
    for i in 0..n {
        if of[i] != FREE {
            continue;
        }
        let (own, values) = a.row(i);
        let range = offsets[i] as usize..offsets[i + 1] as usize;
        let mut strongest = 0.0;
        for ((&j, &v), &s) in own.iter().zip(values).zip(&strong[range]) {
            let other = first[j as usize];
            if s && other < FREE && v.abs() > strongest {
                strongest = v.abs();
                of[i] = other;
            }
        }
    }
    for i in 0..n {
        if of[i] != FREE {
            continue;
        }
        of[i] = count;
        for j in neighbours(i) {
            if of[j] == FREE {
                of[j] = count;
            }
        }
        count += 1;
    }
    number_by_place(&mut of, count as usize);
    Aggregates {
        of,
        count: count as usize,
    }
}

/// Numbers aggregates in the order of their first nodes: neighbours in A stay near each other in the
/// coarse matrix.
fn number_by_place(of: &mut [u32], count: usize) {
    let mut number = vec![NONE; count];
    let mut next = 0;
    for j in of.iter_mut().filter(|j| **j != NONE) {
        let own = &mut number[*j as usize];
        if *own == NONE {
            *own = next;
            next += 1;
        }
        *j = *own;
    }
}
