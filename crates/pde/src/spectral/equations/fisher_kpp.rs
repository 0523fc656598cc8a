//! The Fisher-KPP equation: logistic growth that spreads by diffusion.
//!
//! ```text
//! u_t = D laplace u + r u (1 - u)
//! L(k) = r - D |k|^2,    N(u) = -r u^2
//! ```
//!
//! What to expect: u = 0 is unstable and u = 1 stable; where 0 <= u <= 1 at first it stays so, and
//! a local patch invades the rest as a front of speed 2 sqrt(D r) and width about sqrt(D / r). A
//! front of speed 5 sqrt(D r / 6) is known in closed form (Ablowitz and Zeppetella 1979):
//! u = (1 + exp((x - c t) sqrt(r / (6 D))))^-2. Negative values, however small, grow: u -> -inf
//! in finite time, so resolve the front with four points or more.
//!
//! Sources: R. A. Fisher, Ann. Eugenics 7 (1937) 355; A. Kolmogorov, I. Petrovsky, N. Piskunov
//! (1937); parameters of exponax and APEBench.
//! Good values: D = 0.004, r = 20 on a box of length 1, steps of 1e-3.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Fisher-KPP equation u_t = D laplace u + r u (1 - u), field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FisherKpp {
    /// Diffusivity D, length^2/time. Default: 0.004.
    #[schemars(extend("minimum" = 0.0))]
    pub diffusivity: f64,
    /// Growth rate r, 1/time. Default: 20.
    pub rate: f64,
}

impl Default for FisherKpp {
    fn default() -> Self {
        Self {
            diffusivity: 0.004,
            rate: 20.0,
        }
    }
}

impl SpectralEquation for FisherKpp {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(self.rate - self.diffusivity * k.squared())
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::Constant(-self.rate))]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (g, u) in products[0].iter_mut().zip(inputs[0]) {
            *g = u * u;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pdesolve_core::Simulation;
    use pdesolve_mesh::Grid;

    use super::*;
    use crate::TimeParams;
    use crate::spectral::equations::reference::assert_rhs_equals;
    use crate::spectral::{Spectral, SpectralParams};

    #[test]
    fn rhs_is_diffusion_plus_logistic_growth() {
        let equation = FisherKpp {
            diffusivity: 0.3,
            rate: 1.7,
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            0.3 * u.laplace(x) + 1.7 * u.at(x) * (1.0 - u.at(x))
        });
    }

    #[test]
    fn fronts_move_at_the_speed_of_ablowitz_and_zeppetella() {
        // D = r = 1: two fronts that leave the middle of a long box at speed 5 / sqrt(6). The
        // tails of 2e-11 at its ends grow by e^5 meanwhile.
        let grid = Grid::periodic_box(1, 1024, 200.0);
        let exact = |x: f64, t: f64| {
            let ahead = (x - 100.0).abs() - 60.0 - 5.0 / 6f64.sqrt() * t;
            (1.0 + (ahead / 6f64.sqrt()).exp()).powi(-2)
        };
        let equation = FisherKpp {
            diffusivity: 1.0,
            rate: 1.0,
        };
        let time = TimeParams::fixed(5.0, 0.02);
        let params = SpectralParams::default();
        let mut sim = Spectral::new(Arc::new(equation), &grid, &params, &time, 1).unwrap();
        let x = grid.axes()[0].samples();
        let start: Vec<f64> = x.iter().map(|&x| exact(x, 0.0)).collect();
        sim.set_field(0, 0, &start);
        while sim.time() < 5.0 {
            sim.advance(5.0).unwrap();
        }
        let mut end = vec![0.0; grid.len()];
        sim.sample(0, &mut end);
        let errors = end.iter().zip(x).map(|(u, &x)| (u - exact(x, 5.0)).abs());
        let error = errors.fold(0.0, f64::max);
        assert!(error < 1e-7, "error {error:.2e}");
    }
}
