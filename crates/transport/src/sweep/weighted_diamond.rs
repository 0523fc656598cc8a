//! Weighted diamond differences: one unknown a cell, closed by a weighted mean of the edges.
//!
//! Balance and closure of a cell in the direction of flight, from edge `in` to edge `out`:
//!
//! ```text
//! mu (psi_out - psi_in) + sigma_t h psi = h s
//! psi = (1 + alpha)/2 psi_out + (1 - alpha)/2 psi_in
//! ```
//!
//! | scheme | alpha |
//! |---|---|
//! | step | 1 |
//! | diamond difference | 0 |
//! | step characteristic | coth(t/2) - 2/t, t = sigma_t h/mu: exact for a constant source |
//!
//! Diamond difference is of order 2 and has the diffusion limit inside thick cells, but its edge
//! flux goes negative where t > 2; step and step characteristic are positive and lose the limit.
//! With a void cell (sigma_t = 0) all three are exact: psi_out = psi_in + h s/mu.
//!
//! Source: Lewis and Miller, Computational Methods of Neutron Transport, 1984, chapter 3.

use super::slab::{CellScheme, LANES, Lanes};

/// alpha = 1.
#[derive(Clone, Copy, Debug)]
pub struct Step;

/// alpha = 0.
#[derive(Clone, Copy, Debug)]
pub struct DiamondDifference;

/// alpha = coth(t/2) - 2/t.
#[derive(Clone, Copy, Debug)]
pub struct StepCharacteristic;

/// alpha of the step characteristic scheme at optical path `t` = sigma_t h/mu.
pub fn characteristic_weight(t: f64) -> f64 {
    if t < 0.1 {
        // The series keeps the digits that the difference of two large numbers loses.
        let s = t * t;
        t / 6.0 * (1.0 - s / 60.0 * (1.0 - s / 42.0 * (1.0 - s / 40.0)))
    } else {
        1.0 / (0.5 * t).tanh() - 2.0 / t
    }
}

/// One cell with the weights `alpha`.
#[inline(always)]
fn solve(
    alpha: &Lanes,
    total: f64,
    h: f64,
    mu: &Lanes,
    source: &Lanes,
    edge: &mut Lanes,
    psi: &mut Lanes,
) {
    let sigma_h = total * h;
    for n in 0..LANES {
        let a = 0.5 * (1.0 + alpha[n]);
        let inside = edge[n];
        let out = (inside * (mu[n] - sigma_h * (1.0 - a)) + h * source[n]) / (mu[n] + sigma_h * a);
        psi[n] = a * out + (1.0 - a) * inside;
        edge[n] = out;
    }
}

impl CellScheme<1> for Step {
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
        solve(&[1.0; LANES], total, h, mu, &source[0], edge, &mut psi[0]);
    }
}

impl CellScheme<1> for DiamondDifference {
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
        solve(&[0.0; LANES], total, h, mu, &source[0], edge, &mut psi[0]);
    }
}

impl CellScheme<1> for StepCharacteristic {
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
        let mut alpha = [0.0; LANES];
        for n in 0..LANES {
            alpha[n] = characteristic_weight(total * h / mu[n]);
        }
        solve(&alpha, total, h, mu, &source[0], edge, &mut psi[0]);
    }
}
