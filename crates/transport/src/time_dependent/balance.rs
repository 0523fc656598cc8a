//! The balance of one implicit step.
//!
//! With N = sum_g (1/v_g) int phi_g dx the population and * the time of the implicit equation,
//!
//! ```text
//! (N* - H_N)/tau = source + prompt + delayed - absorption - leakage
//! ```
//!
//! holds in the discrete equations, in each cell. What is measured beyond rounding is what the
//! iteration on scattering and fission left.

use super::Level;
use super::formula::Formula;
use crate::discretization::Discretization;
use crate::flux::Moments;

/// Rates in particles/s over the whole mesh (per cm^2 in a slab, per cm in a cylinder), at the time
/// of the implicit equation: the end of the step, with Crank-Nicolson its middle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// From the external source.
    pub source: f64,
    /// Prompt particles of fission.
    pub prompt: f64,
    /// From the decay of precursors.
    pub delayed: f64,
    /// Absorbed, fission included.
    pub absorption: f64,
    /// Net outflow at the lower and the upper end.
    pub leakage: [f64; 2],
    /// What the step loses without a cause: |N* - H_N - tau (gains - losses)| over the larger of N*
    /// and tau gains.
    pub balance_residual: f64,
}

impl Rates {
    /// The rates of a step between `levels`: now, before and at the implicit time. `current` is
    /// `[group][edge]`.
    pub(super) fn new(
        disc: &Discretization,
        source: f64,
        formula: &Formula,
        levels: [&Level; 3],
        current: &[Vec<f64>],
    ) -> Self {
        let [now, older, star] = levels;
        let mut rates = Self {
            source,
            leakage: leakage(disc, current),
            ..Self::default()
        };
        let (dofs, mesh) = (disc.dofs(), disc.mesh());
        for cell in 0..mesh.len() {
            let m = disc.material(cell);
            let i = cell * dofs;
            let volume = mesh.volume(cell);
            let fission = super::fission(m, &star.flux, i);
            let prompt = 1.0 - m.delayed.iter().map(|d| d.fraction).sum::<f64>();
            rates.prompt += volume * prompt * fission;
            for (d, c) in m.delayed.iter().zip(&star.precursors) {
                rates.delayed += volume * d.decay * c[i];
            }
            for g in 0..disc.groups() {
                let scattered = m.total[g] - m.absorption(g);
                let removed = m.total[g] - mesh.scattering_factor(cell) * scattered;
                rates.absorption += volume * removed * star.flux.group(g)[i];
            }
        }
        let reached = population(disc, &star.flux);
        let history = formula.current * population(disc, &now.flux)
            + formula.older * population(disc, &older.flux);
        let gains = rates.source + rates.prompt + rates.delayed;
        let net = gains - rates.absorption - rates.leakage[0] - rates.leakage[1];
        let scale = reached.abs().max(formula.tau * gains.abs());
        let residual = (reached - history - formula.tau * net).abs();
        rates.balance_residual = if residual > 0.0 {
            residual / scale
        } else {
            0.0
        };
        rates
    }

    /// Number of rates.
    pub(super) const LEN: usize = 7;

    /// The rates in the order of the fields.
    pub(super) fn array(&self) -> [f64; Self::LEN] {
        [
            self.source,
            self.prompt,
            self.delayed,
            self.absorption,
            self.leakage[0],
            self.leakage[1],
            self.balance_residual,
        ]
    }

    /// From what [`Rates::array`] gave.
    pub(super) fn from_array(rates: &[f64]) -> Self {
        Self {
            source: rates[0],
            prompt: rates[1],
            delayed: rates[2],
            absorption: rates[3],
            leakage: [rates[4], rates[5]],
            balance_residual: rates[6],
        }
    }
}

/// N = sum_g (1/v_g) int phi_g dx.
pub(super) fn population(disc: &Discretization, flux: &Moments) -> f64 {
    let mut sum = 0.0;
    for g in 0..disc.groups() {
        for (cell, phi) in flux.averages(g).enumerate() {
            sum += disc.mesh().volume(cell) * phi / disc.material(cell).velocity[g];
        }
    }
    sum
}

/// int q dx over all groups.
pub(super) fn emitted(disc: &Discretization, density: &Moments) -> f64 {
    let of_group = |g| (density.averages(g).enumerate()).map(|(i, q)| disc.mesh().volume(i) * q);
    (0..disc.groups()).flat_map(of_group).sum()
}

/// Net outflow at the two ends.
fn leakage(disc: &Discretization, current: &[Vec<f64>]) -> [f64; 2] {
    let mesh = disc.mesh();
    let last = mesh.len();
    let through = |edge: usize| mesh.area(edge) * current.iter().map(|j| j[edge]).sum::<f64>();
    [-through(0), through(last)]
}
