//! Coarse-mesh finite differences: power iteration with a low-order eigenproblem that is made to
//! agree with each sweep.
//!
//! ```text
//! sweep each group once       phi^(l+1/2), J                       source (S phi + chi f/k)^l
//! J_i = -D_i (Phi_i - Phi_(i-1)) + D^_i (Phi_(i-1) + Phi_i)        D^ so that this holds for them
//! solve the coarse eigenproblem for Phi, k    (`coarse_diffusion.rs`)
//! phi^(l+1) = phi^(l+1/2) Phi / Phi^(l+1/2)   in each coarse cell
//! ```
//!
//! D_i is the conductance of diffusion, harmonic over two cells, plus 1/4. With 0 added the iteration
//! diverges in cells of five mean free paths whatever the scheme, with 1/8 in discontinuous cells
//! of ten; with 1/4 it converges there (measured in a slab of 100 mean free paths). At an end of
//! the mesh J = D^ Phi.
//!
//! Coarse cells join fine ones up to one mean free path, taken as the geometric mean over the
//! groups. The transport sweeps need not converge the scattering: the coarse problem does.
//!
//! The average over a cell of diamond difference may alternate from cell to cell, which the coarse
//! problem would answer wrongly: thick cells of that scheme are joined in pairs at least.
//!
//! Bad at: fine cells of many mean free paths, where the number of iterations grows (in a slab of
//! 100 mean free paths 27, 56, 179, 487 with linear discontinuous cells of 0.5, 2, 5, 10), and
//! diamond difference in cells of more than two mean free paths, where it may not converge.
//!
//! Sources: Smith, Trans. Am. Nucl. Soc. 44 (1983) 265; Zhu, Xu and Downar, Nucl. Sci. Eng. 184
//! (2016) 152, for the added diffusion.

use std::ops::Range;

use super::coarse_diffusion::CoarseDiffusion;
use crate::discretization::Discretization;
use crate::params::Scheme;

/// Diffusion added to every inner edge.
pub(super) const ADDED: f64 = 0.25;

/// Fine cells joined up to `most` mean free paths.
pub(super) fn coarse_cells(disc: &Discretization, most: f64) -> Vec<Range<usize>> {
    let thickness = |cell: usize| {
        let m = disc.material(cell);
        let log: f64 = m.total.iter().map(|t| t.max(1e-10).ln()).sum();
        disc.mesh().width(cell) * (log / m.groups() as f64).exp()
    };
    let diamond = matches!(
        disc.scheme(),
        Scheme::DiamondDifference | Scheme::DiamondDifferenceFixup
    );
    let mut cells: Vec<Range<usize>> = Vec::new();
    let mut filled = f64::INFINITY;
    for cell in 0..disc.mesh().len() {
        let tau = thickness(cell);
        let pairs = diamond && tau > 0.5;
        match cells.last_mut() {
            Some(last) if filled + tau <= most + 1e-9 || (pairs && last.len() == 1) => {
                last.end = cell + 1;
                filled += tau;
            }
            _ => {
                cells.push(cell..cell + 1);
                filled = tau;
            }
        }
    }
    cells
}

/// Sets the currents of the coarse problem from those of the sweep, `[group][fine edge]`, with
/// `added` diffusion.
pub(super) fn couple(problem: &mut CoarseDiffusion, currents: &[Vec<f64>], added: f64) {
    let groups = currents.len();
    let n = problem.len();
    for i in 0..=n {
        let fine = problem.fine_edge(i);
        for (g, current) in currents.iter().enumerate() {
            let j = current[fine];
            let at = i * groups + g;
            let (a, b) = (
                if i > 0 {
                    problem.flux[at - groups]
                } else {
                    0.0
                },
                if i < n { problem.flux[at] } else { 0.0 },
            );
            let d = if problem.is_end(i) {
                0.0
            } else {
                problem.conductance(i, g, added)
            };
            let sum = a + b;
            let hat = if sum > 0.0 {
                (j + d * (b - a)) / sum
            } else {
                0.0
            };
            problem.left[at] = if i > 0 { d + hat } else { 0.0 };
            problem.right[at] = if i < n { hat - d } else { 0.0 };
        }
    }
}
