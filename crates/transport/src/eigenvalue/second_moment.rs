//! The second-moment method: power iteration with a diffusion eigenproblem that has the transport
//! correction as a given source.
//!
//! The first two angular moments of the transport equation of a group are
//!
//! ```text
//! dJ/dx + (sigma_t - sigma_s) phi = q,     J = -(1/(3 sigma_t)) dphi/dx - (1/sigma_t) dT/dx
//! T = sum_n w_n (mu_n^2 - 1/3) psi_n
//! ```
//!
//! T vanishes for an angular flux linear in mu: what it adds to Fick's law is small and smooth. The
//! low-order problem has Fick's law, and the rest of the current as it is in the sweep,
//!
//! ```text
//! sweep each group once       phi^(l+1/2), J                  source (S phi + chi f/k)^l
//! J^_i = J_i + D_i (phi_i - phi_(i-1))^(l+1/2)                the correction, edge by edge
//! J_i  = -D_i (phi_i - phi_(i-1)) + J^_i                      in the low-order problem
//! solve it for phi, k with production 1   (`coarse_diffusion.rs`)
//! phi^(l+1) = phi^(l+1/2) + (phi - phi^(l+1/2))               cell averages
//! ```
//!
//! so that J^ holds -(1/sigma_t) dT/dx together with what the sweep's scheme and the finite
//! differences do not agree on: at convergence k is that of the transport problem, whatever the
//! scheme. The left-hand side is linear and symmetric in each group, without the ratios of fluxes
//! of [`cmfd`](super::cmfd). Cells are the fine ones (pairs of them where they are thick and the
//! scheme is diamond difference, as there), and D includes the 1/4 that keeps thick cells
//! stable.
//!
//! Bad at: what coarse-mesh finite differences are bad at.
//!
//! Sources: Lewis and Miller, Trans. Am. Nucl. Soc. 23 (1976) 202; Olivier, Southworth, Warsa and
//! Park, arXiv 2404.17473 (2024), for corrections as discrete residuals.

use super::coarse_diffusion::CoarseDiffusion;
use crate::discretization::Discretization;

/// Sets the currents of the low-order problem from those of the sweep, `[group][edge]`, with
/// `added` diffusion.
pub(super) fn couple(
    problem: &mut CoarseDiffusion,
    disc: &Discretization,
    currents: &[Vec<f64>],
    added: f64,
) {
    let groups = currents.len();
    let n = problem.len();
    for i in 0..=n {
        let fine = problem.fine_edge(i);
        for (g, current) in currents.iter().enumerate() {
            let at = i * groups + g;
            let (left, right) = match i {
                // Marshak's condition of partial currents.
                0 => (0.0, -leakage(disc, 0)),
                i if i == n => (leakage(disc, 1), 0.0),
                i => {
                    let d = problem.conductance(i, g, added);
                    (d, -d)
                }
            };
            let mut fick = 0.0;
            if i > 0 {
                fick += left * problem.flux[at - groups];
            }
            if i < n {
                fick += right * problem.flux[at];
            }
            problem.left[at] = left;
            problem.right[at] = right;
            problem.given[at] = current[fine] - fick;
        }
    }
}

/// Net current that leaves for each unit of flux: (1 - albedo)/(2 (1 + albedo)).
fn leakage(disc: &Discretization, end: usize) -> f64 {
    let albedo = disc.boundaries()[end].albedo();
    (1.0 - albedo) / (2.0 * (1.0 + albedo))
}
