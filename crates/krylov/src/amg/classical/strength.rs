//! Strong entries in the sense of classical multigrid, and the graph they make.
//!
//! ```text
//! i depends strongly on j:   -a_ij >= theta max_{k != i} (-a_ik),   a_ij < 0
//! ```
//!
//! with signs turned where a_ii < 0. For an M-matrix, errors that relaxation leaves vary slowly from
//! i to the j on which it depends strongly. Entries of the sign of the diagonal are never strong.
//!
//! Source: Ruge and Stueben (1987), in McCormick (ed.), Multigrid Methods, SIAM, section 4.

use crate::amg::strength::strength_by;
use crate::csr::Csr;

/// For each entry of A whether row i depends strongly on column j.
pub(crate) fn classical_strength(a: &Csr<f64>, diagonal: &[f64], theta: f64) -> Vec<bool> {
    let mut threshold = vec![0.0; a.nrows()];
    crate::vector::for_blocks(&mut threshold, &|start, threshold: &mut [f64]| {
        for (i, threshold) in (start..).zip(threshold) {
            let sign = turned(diagonal[i]);
            let (columns, values) = a.row(i);
            let largest = columns
                .iter()
                .zip(values)
                .filter(|&(&j, _)| j as usize != i)
                .fold(0.0, |m: f64, (_, &v)| m.max(-sign * v));
            *threshold = theta * largest;
        }
    });
    strength_by(a, |i, j, v| {
        let size = -turned(diagonal[i]) * v;
        i != j && size > 0.0 && size >= threshold[i]
    })
}

/// -1 for a negative diagonal, else 1.
pub(crate) fn turned(diagonal: f64) -> f64 {
    if diagonal < 0.0 { -1.0 } else { 1.0 }
}

/// A directed graph in compressed rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Graph {
    offsets: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    /// The entries of A that are marked.
    pub(crate) fn marked(a: &Csr<f64>, mark: &[bool]) -> Self {
        let mut offsets = Vec::with_capacity(a.nrows() + 1);
        let mut targets = Vec::with_capacity(mark.iter().filter(|&&m| m).count());
        offsets.push(0);
        for range in a.offsets().windows(2) {
            let range = range[0] as usize..range[1] as usize;
            for (&j, &m) in a.columns()[range.clone()].iter().zip(&mark[range]) {
                if m {
                    targets.push(j);
                }
            }
            offsets.push(targets.len() as u32);
        }
        Self { offsets, targets }
    }

    /// All arrows turned round.
    pub(crate) fn reversed(&self) -> Self {
        let n = self.len();
        let mut offsets = vec![0u32; n + 1];
        for &j in &self.targets {
            offsets[j as usize + 1] += 1;
        }
        for j in 0..n {
            offsets[j + 1] += offsets[j];
        }
        let mut next = offsets.clone();
        let mut targets = vec![0u32; self.targets.len()];
        for i in 0..n {
            for &j in self.of(i) {
                targets[next[j as usize] as usize] = i as u32;
                next[j as usize] += 1;
            }
        }
        Self { offsets, targets }
    }

    /// Number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Where arrows from i lead.
    #[inline]
    pub(crate) fn of(&self, i: usize) -> &[u32] {
        &self.targets[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }
}
