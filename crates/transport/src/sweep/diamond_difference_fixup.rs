//! Diamond difference with set-to-zero fix-up.
//!
//! A cell is solved by diamond difference,
//!
//! ```text
//! mu (psi_out - psi_in) + sigma_t h psi = h s
//! psi = (psi_out + psi_in)/2
//! ```
//!
//! and where psi_out < 0 again, from the balance with psi_out = 0 in place of the second line:
//! psi = (h s + mu psi_in)/(sigma_t h). Without negative sources no flux is negative then, and
//! particles are still conserved.
//!
//! The price: the sweep is not linear in source and entering flux any more. Krylov methods and
//! the round trip between two ends that send particles back, both of which superpose sweeps, do
//! not apply; source iteration may stall where cells change sides. A void cell keeps what diamond
//! difference gives, which only a negative source or entering flux makes negative.
//!
//! Source: Lewis and Miller, Computational Methods of Neutron Transport, 1984.

use super::slab::{CellScheme, LANES, Lanes};
use super::weighted_diamond::DiamondDifference;

/// Diamond difference; a negative leaving flux is set to 0.
#[derive(Clone, Copy, Debug)]
pub struct DiamondDifferenceFixup;

impl CellScheme<1> for DiamondDifferenceFixup {
    #[inline(always)]
    fn solve(
        &self,
        total: f64,
        h: f64,
        mu: &Lanes,
        source: &[Lanes; 1],
        edge: &mut Lanes,
        psi: &mut [Lanes; 1],
    ) {
        let inside = *edge;
        DiamondDifference.solve(total, h, mu, source, edge, psi);
        let sigma_h = total * h;
        if sigma_h == 0.0 {
            return;
        }
        for n in 0..LANES {
            if edge[n] < 0.0 {
                edge[n] = 0.0;
                psi[0][n] = (h * source[0][n] + mu[n] * inside[n]) / sigma_h;
            }
        }
    }
}
