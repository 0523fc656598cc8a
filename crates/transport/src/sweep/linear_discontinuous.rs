//! Linear discontinuous finite elements (LD), with full or lumped mass.
//!
//! In a cell psi = psi_0 + psi_1 xi, xi from -1 to 1 in the direction of flight; the flux that
//! enters is that of the cell upstream. Galerkin's equations for the test functions 1 and xi:
//!
//! ```text
//! mu (psi_out - psi_in) + sigma_t h psi_0 = h s_0
//! mu (psi_out + psi_in - 2 psi_0) + theta (sigma_t h psi_1 - h s_1) = 0
//! psi_out = psi_0 + psi_1
//! ```
//!
//! | | theta |
//! |---|---|
//! | full mass | 1/3, the integral of xi^2 |
//! | lumped mass | 1, the same by the trapezoidal rule |
//!
//! Collision and source carry the same theta: with full collision and lumped source a constant
//! flux would still be kept, but no linear one.
//!
//! Both have the diffusion limit of thick cells. The full mass is of order 3 in cell averages and
//! edges, but its edge flux falls below 0 where sigma_t h > 3 mu behind a thick absorber; the
//! lumped one stays positive there in the diffusion limit and is of order 2. Cost: one division
//! and some twenty multiplications a cell.
//!
//! Sources: Lesaint and Raviart, in Mathematical Aspects of Finite Elements in Partial
//! Differential Equations, 1974; Larsen and Morel, J. Comput. Phys. 83 (1989) 212.

use super::slab::{CellScheme, LANES, Lanes};

/// theta = 1/3.
#[derive(Clone, Copy, Debug)]
pub struct LinearDiscontinuous;

/// theta = 1.
#[derive(Clone, Copy, Debug)]
pub struct LumpedLinearDiscontinuous;

/// One cell with k = 1/theta, by Cramer's rule; terms that cancel are left out by hand, so that
/// void and thick cells keep their digits.
#[inline(always)]
fn solve(
    k: f64,
    total: f64,
    h: f64,
    mu: &Lanes,
    source: &[Lanes; 2],
    edge: &mut Lanes,
    psi: &mut [Lanes; 2],
) {
    let sigma_h = total * h;
    for n in 0..LANES {
        let m = mu[n];
        let k_mu = k * m;
        let inside = edge[n];
        let (q0, q1) = (h * source[0][n], h * source[1][n]);
        let slope_diagonal = k_mu + sigma_h;
        let scale = 1.0 / ((m + sigma_h) * slope_diagonal + k_mu * m);
        let psi_0 = scale * (slope_diagonal * q0 + m * ((k_mu + slope_diagonal) * inside - q1));
        let psi_1 = scale * ((m + sigma_h) * q1 + k_mu * (q0 - sigma_h * inside));
        psi[0][n] = psi_0;
        psi[1][n] = psi_1;
        edge[n] = psi_0 + psi_1;
    }
}

impl CellScheme<2> for LinearDiscontinuous {
    #[inline(always)]
    fn solve(
        &self,
        total: f64,
        h: f64,
        mu: &Lanes,
        source: &[Lanes; 2],
        edge: &mut Lanes,
        psi: &mut [Lanes; 2],
    ) {
        solve(3.0, total, h, mu, source, edge, psi);
    }
}

impl CellScheme<2> for LumpedLinearDiscontinuous {
    #[inline(always)]
    fn solve(
        &self,
        total: f64,
        h: f64,
        mu: &Lanes,
        source: &[Lanes; 2],
        edge: &mut Lanes,
        psi: &mut [Lanes; 2],
    ) {
        solve(1.0, total, h, mu, source, edge, psi);
    }
}
