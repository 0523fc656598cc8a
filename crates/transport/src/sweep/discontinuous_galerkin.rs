//! Discontinuous Galerkin finite elements of any degree p, D = p + 1 unknowns a cell.
//!
//! In a cell psi = sum_j psi_j P_j(xi), xi from -1 to 1 in the direction of flight; the flux that
//! enters is that of the cell upstream. Galerkin's equation for the test function P_i, times
//! 2 i + 1:
//!
//! ```text
//! (2 i + 1) mu (sum_j g_ij psi_j - (-1)^i psi_in) + sigma_t h psi_i = h s_i
//! g_ij = 1 for j >= i, (-1)^(i-j) for j < i
//! psi_out = sum_j psi_j
//! ```
//!
//! g_ij is 1 from the edge flux less the integral of P_i' P_j, which is 2 where i - j is odd and
//! positive. Each leading block of the matrix is that of a lower degree and so regular: Gauss
//! elimination needs no exchange of rows. It is written out by the compiler for the D it is
//! called with, all ordinates of a block at once.
//!
//! Order p + 1 inside cells, 2 p + 1 in edge fluxes and cell averages of smooth solutions, with
//! the diffusion limit. p = 1 is the linear discontinuous scheme, which has its own shorter file.
//! Bad at: positivity behind thick absorbers. Cost grows as D^3.
//!
//! Source: Lesaint and Raviart, in Mathematical Aspects of Finite Elements in Partial
//! Differential Equations, 1974.

use super::slab::{CellScheme, LANES, Lanes};

/// Upwind Galerkin in Legendre polynomials up to degree D - 1.
#[derive(Clone, Copy, Debug)]
pub struct DiscontinuousGalerkin;

impl<const D: usize> CellScheme<D> for DiscontinuousGalerkin {
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "rows and columns of a matrix")]
    fn solve(
        &self,
        total: f64,
        h: f64,
        mu: &Lanes,
        source: &[Lanes; D],
        edge: &mut Lanes,
        psi: &mut [Lanes; D],
    ) {
        let sigma_h = total * h;
        let mut a = [[[0.0; LANES]; D]; D];
        for i in 0..D {
            let odd = (2 * i + 1) as f64;
            let sign = if i % 2 == 1 { -1.0 } else { 1.0 };
            for j in 0..D {
                let g = if j < i && (i - j) % 2 == 1 { -1.0 } else { 1.0 };
                let collision = if i == j { sigma_h } else { 0.0 };
                for n in 0..LANES {
                    a[i][j][n] = odd * g * mu[n] + collision;
                }
            }
            for n in 0..LANES {
                psi[i][n] = h * source[i][n] + odd * sign * mu[n] * edge[n];
            }
        }
        let mut inverse_pivot = [[0.0; LANES]; D];
        for k in 0..D {
            inverse_pivot[k] = a[k][k].map(|pivot| 1.0 / pivot);
            for i in k + 1..D {
                let mut factor = a[i][k];
                for n in 0..LANES {
                    factor[n] *= inverse_pivot[k][n];
                }
                for j in k + 1..D {
                    let above = a[k][j];
                    subtract_product(&mut a[i][j], &factor, &above);
                }
                let above = psi[k];
                subtract_product(&mut psi[i], &factor, &above);
            }
        }
        for i in (0..D).rev() {
            for j in i + 1..D {
                let known = psi[j];
                subtract_product(&mut psi[i], &a[i][j], &known);
            }
            for n in 0..LANES {
                psi[i][n] *= inverse_pivot[i][n];
            }
        }
        *edge = psi[0];
        for psi in &psi[1..] {
            for n in 0..LANES {
                edge[n] += psi[n];
            }
        }
    }
}

/// y -= a x.
#[inline(always)]
fn subtract_product(y: &mut Lanes, a: &Lanes, x: &Lanes) {
    for n in 0..LANES {
        y[n] -= a[n] * x[n];
    }
}
