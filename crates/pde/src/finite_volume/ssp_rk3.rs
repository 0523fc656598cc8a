//! Third-order strong-stability-preserving Runge-Kutta (Shu and Osher, 1988).
//!
//! ```text
//! u1      = u + dt L(u, t)
//! u2      = 3/4 u + 1/4 (u1 + dt L(u1, t + dt))
//! u(t+dt) = 1/3 u + 2/3 (u2 + dt L(u2, t + dt/2))
//! ```
//!
//! A convex mean of forward Euler steps: whatever bound (total variation, maximum) one Euler step
//! keeps, so does this, for the same dt. In all, L is weighted 1/6, 1/6, 2/3, and so are the
//! boundary fluxes of the balance.
//!
//! Source: C.-W. Shu, S. Osher, J. Comput. Phys. 77 (1988) 439.

use super::face_flux::Terms;
use super::ledger::Rates;
use super::residual::Residual;

/// Slopes and stages.
pub(super) struct SspRk3 {
    slope: Vec<f64>,
    stage: Vec<f64>,
}

impl SspRk3 {
    pub(super) fn new(n: usize) -> Self {
        Self {
            slope: vec![0.0; n],
            stage: vec![0.0; n],
        }
    }

    /// Writes the state after a step into `next`; returns the boundary and source integrals of the
    /// step.
    pub(super) fn step(
        &mut self,
        residual: &mut Residual,
        u: &[f64],
        t: f64,
        dt: f64,
        next: &mut [f64],
    ) -> Rates {
        let terms = Terms {
            transport: true,
            diffusion: residual.law.diffusivity() > 0.0,
        };
        let fourth_order = residual.fourth_order_diffusion();
        let mut step = Rates::default();
        let Self { slope, stage } = self;

        let rates = residual.evaluate(u, t, terms, fourth_order, slope);
        step.add(dt / 6.0, rates);
        for ((stage, u), slope) in stage.iter_mut().zip(u).zip(&*slope) {
            *stage = u + dt * slope;
        }

        let rates = residual.evaluate(stage, t + dt, terms, fourth_order, slope);
        step.add(dt / 6.0, rates);
        for ((stage, u), slope) in stage.iter_mut().zip(u).zip(&*slope) {
            *stage = 0.75 * u + 0.25 * (*stage + dt * slope);
        }

        let rates = residual.evaluate(stage, t + 0.5 * dt, terms, fourth_order, slope);
        step.add(dt * 2.0 / 3.0, rates);
        for (((next, u), stage), slope) in next.iter_mut().zip(u).zip(&*stage).zip(&*slope) {
            *next = (u + 2.0 * (stage + dt * slope)) / 3.0;
        }
        step
    }
}
