//! Implicit-explicit Runge-Kutta of order 3: transport explicit, diffusion L-stable implicit.
//!
//! ARK3(2)4L\[2\]SA of C. A. Kennedy and M. H. Carpenter, Appl. Numer. Math. 44 (2003) 139. With
//! transport K, diffusion G, tables E and I, and weights b of both,
//!
//! ```text
//! u_s     = u + dt sum_{j<s} (E_sj K_j + I_sj G_j) + dt g G_s,        s = 1..4, at t + c_s dt
//! u(t+dt) = u + dt sum_s b_s (K_s + G_s)
//! ```
//!
//! The first stage is u itself; the other three are solves with one matrix I - g dt D. K and G are
//! taken at the same stage times, so that a steady state K + G = 0 is kept exactly, and stage order
//! 2 holds the order up near boundaries whose values depend on time (measured: 2.9
//! there, 3.0 elsewhere). IMEX-SSP3(4,3,3) of Pareschi and Russo, whose explicit half is SSP-RK3, was tried
//! first: without matching stage times its boundary flux in forced Burgers was off by 2e-4.
//!
//! The explicit half is not strong-stability-preserving. The method is meant for diffusion that is
//! stiff on the mesh, and then the diffusion itself resolves the shocks.
//!
//! The fluxes of G are evaluated from the solved stages, so that the balance holds to rounding.

use super::face_flux::Terms;
use super::implicit_diffusion::ImplicitDiffusion;
use super::ledger::Rates;
use super::residual::Residual;

const G: f64 = 1_767_732_205_903.0 / 4_055_673_282_236.0;
/// Weights of both in the step; also the last row of I.
pub(super) const B: [f64; 4] = [
    1_471_266_399_579.0 / 7_840_856_788_654.0,
    -4_482_444_167_858.0 / 7_529_755_066_697.0,
    11_266_239_266_428.0 / 11_593_286_722_821.0,
    G,
];
/// Weights I of the diffusion in the stages.
pub(super) const IMPLICIT: [[f64; 4]; 4] = [
    [0.0; 4],
    [G, G, 0.0, 0.0],
    [
        2_746_238_789_719.0 / 10_658_868_560_708.0,
        -640_167_445_237.0 / 6_845_629_431_997.0,
        G,
        0.0,
    ],
    B,
];
/// Weights E of the transport in the stages.
pub(super) const EXPLICIT: [[f64; 4]; 4] = [
    [0.0; 4],
    [2.0 * G, 0.0, 0.0, 0.0],
    [
        5_535_828_885_825.0 / 10_492_691_773_637.0,
        788_022_342_437.0 / 10_882_634_858_940.0,
        0.0,
        0.0,
    ],
    [
        6_485_989_280_629.0 / 16_251_701_735_622.0,
        -4_246_266_847_089.0 / 9_704_473_918_619.0,
        10_755_448_449_292.0 / 10_357_097_424_841.0,
        0.0,
    ],
];
/// Stage times.
pub(super) const C: [f64; 4] = [0.0, 2.0 * G, 0.6, 1.0];

const TRANSPORT: Terms = Terms {
    transport: true,
    diffusion: false,
};
const DIFFUSION: Terms = Terms {
    transport: false,
    diffusion: true,
};

/// Slopes and the solver.
pub(super) struct ImexArk3 {
    solver: ImplicitDiffusion,
    stage: Vec<f64>,
    /// K of each stage.
    transport: [Vec<f64>; 4],
    /// G of each stage.
    diffusion: [Vec<f64>; 4],
}

impl ImexArk3 {
    pub(super) fn new(residual: &Residual) -> Result<Self, String> {
        let n = residual.grid.len();
        Ok(Self {
            solver: ImplicitDiffusion::new(
                residual.law.diffusivity(),
                &residual.axes,
                &residual.sides,
            )?,
            stage: vec![0.0; n],
            transport: [(); 4].map(|()| vec![0.0; n]),
            diffusion: [(); 4].map(|()| vec![0.0; n]),
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
            let (stage, time) = (&mut self.stage, t + C[s] * dt);
            stage.copy_from_slice(u);
            for j in 0..s {
                add(stage, dt * EXPLICIT[s][j], &self.transport[j]);
                add(stage, dt * IMPLICIT[s][j], &self.diffusion[j]);
            }
            if s > 0 {
                residual.add_prescribed_diffusion(time, G * dt, stage);
                self.solver.solve(G * dt, stage);
            }
            let slopes = [
                (&mut self.transport[s], TRANSPORT),
                (&mut self.diffusion[s], DIFFUSION),
            ];
            for (slope, terms) in slopes {
                let rates = residual.evaluate(stage, time, terms, false, slope);
                step.add(dt * B[s], rates);
                add(next, dt * B[s], slope);
            }
        }
        step
    }
}

/// y += weight x.
fn add(y: &mut [f64], weight: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += weight * x;
    }
}
