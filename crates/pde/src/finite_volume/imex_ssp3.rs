//! Implicit-explicit Runge-Kutta: SSP-RK3 for the transport, an L-stable diagonally implicit method
//! for the diffusion.
//!
//! IMEX-SSP3(4,3,3) of L. Pareschi and G. Russo, J. Sci. Comput. 25 (2005) 129, table VI. With
//! a = 0.24169426078821, b = 0.06042356519705, e = 0.12915286960590, transport K and diffusion G:
//!
//! ```text
//! u1 = u                                                       + dt  a G1
//! u2 = u                                                       + dt (-a G1 + a G2)
//! u3 = u + dt K2                                               + dt ((1 - a) G2 + a G3)
//! u4 = u + dt (K2 + K3)/4                                      + dt (b G1 + e G2 + (1/2 - b - e - a) G3 + a G4)
//! u(t+dt) = u + dt ((K2 + G2)/6 + (K3 + G3)/6 + 2/3 (K4 + G4))
//! ```
//!
//! at times t + (a, 0, 1, 1/2) dt for G and t + (0, 0, 1, 1/2) dt for K. Order 3; four solves with
//! one matrix I - a dt D. Where the boundary values or the source depend on time and the diffusion
//! is very stiff, the order near the boundary falls towards 2 (stage order 1), as for every method
//! of this kind.
//!
//! The fluxes of G are evaluated from the solved stages, so that the balance holds to rounding.

use super::face_flux::Terms;
use super::implicit_diffusion::ImplicitDiffusion;
use super::ledger::Rates;
use super::residual::Residual;

const A: f64 = 0.241_694_260_788_21;
const B: f64 = 0.060_423_565_197_05;
const E: f64 = 0.129_152_869_605_90;
/// Weights of G1..G4 in the stages.
pub(super) const IMPLICIT: [[f64; 4]; 4] = [
    [A, 0.0, 0.0, 0.0],
    [-A, A, 0.0, 0.0],
    [0.0, 1.0 - A, A, 0.0],
    [B, E, 0.5 - B - E - A, A],
];
/// Weights of K2..K4 in the stages (K1 is not needed).
const EXPLICIT: [[f64; 3]; 4] = [
    [0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0],
    [1.0, 0.0, 0.0],
    [0.25, 0.25, 0.0],
];
/// Weights of both in the step.
pub(super) const WEIGHTS: [f64; 4] = [0.0, 1.0 / 6.0, 1.0 / 6.0, 2.0 / 3.0];
/// Stage times of G and K.
const IMPLICIT_TIME: [f64; 4] = [A, 0.0, 1.0, 0.5];
const EXPLICIT_TIME: [f64; 4] = [0.0, 0.0, 1.0, 0.5];

const TRANSPORT: Terms = Terms {
    transport: true,
    diffusion: false,
};
const DIFFUSION: Terms = Terms {
    transport: false,
    diffusion: true,
};

/// Slopes and the solver.
pub(super) struct ImexSsp3 {
    solver: ImplicitDiffusion,
    stage: Vec<f64>,
    /// G1..G4.
    diffusion: [Vec<f64>; 4],
    /// K2..K4.
    transport: [Vec<f64>; 3],
}

impl ImexSsp3 {
    pub(super) fn new(residual: &Residual) -> Result<Self, String> {
        let n = residual.grid.len();
        Ok(Self {
            solver: ImplicitDiffusion::new(
                residual.law.diffusivity(),
                &residual.axes,
                &residual.sides,
            )?,
            stage: vec![0.0; n],
            diffusion: [(); 4].map(|()| vec![0.0; n]),
            transport: [(); 3].map(|()| vec![0.0; n]),
        })
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
        let mut step = Rates::default();
        next.copy_from_slice(u);
        for s in 0..4 {
            let stage = &mut self.stage;
            stage.copy_from_slice(u);
            for (&weight, g) in IMPLICIT[s][..s].iter().zip(&self.diffusion) {
                add(stage, dt * weight, g);
            }
            for (&weight, k) in EXPLICIT[s].iter().zip(&self.transport) {
                add(stage, dt * weight, k);
            }
            let implicit_time = t + IMPLICIT_TIME[s] * dt;
            residual.add_prescribed_diffusion(implicit_time, A * dt, stage);
            self.solver.solve(A * dt, stage);

            let weight = dt * WEIGHTS[s];
            let g = &mut self.diffusion[s];
            step.add(
                weight,
                residual.evaluate(stage, implicit_time, DIFFUSION, false, g),
            );
            add(next, weight, g);
            if s > 0 {
                let k = &mut self.transport[s - 1];
                let explicit_time = t + EXPLICIT_TIME[s] * dt;
                step.add(
                    weight,
                    residual.evaluate(stage, explicit_time, TRANSPORT, false, k),
                );
                add(next, weight, k);
            }
        }
        step
    }
}

/// y += weight x.
fn add(y: &mut [f64], weight: f64, x: &[f64]) {
    if weight != 0.0 {
        for (y, x) in y.iter_mut().zip(x) {
            *y += weight * x;
        }
    }
}
