//! The Gray-Scott reaction: a fuel u eaten by a catalyst v that feeds on it.
//!
//! ```text
//! u_t = D_u laplace u - u v^2 + f (1 - u)
//! v_t = D_v laplace v + u v^2 - (f + k) v
//! L_u(k) = -f - D_u |k|^2,        N_u = f - (u v^2)^
//! L_v(k) = -(f + k) - D_v |k|^2,  N_v = (u v^2)^
//! ```
//!
//! What to expect: without v the state u = 1 is stable; a patch of v above a threshold grows into
//! spots that divide, stripes, or waves, according to (f, k) (Pearson's map). Pulses are about
//! sqrt(D_v / (f + k)) wide.
//!
//! Sources: P. Gray and S. K. Scott, Chem. Eng. Sci. 39 (1984) 1087; J. E. Pearson, Science 261
//! (1993) 189; parameters of exponax.
//! Good values: f = 0.04, k = 0.06 (growing worms), f = 0.025, k = 0.06 (dividing spots) with
//! D_u = 2e-5, D_v = 1e-5 on a box of length 2.5, 256 points, steps of 1.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Wavenumber};

/// Gray-Scott reaction-diffusion system, fields `u` (fuel) and `v` (catalyst).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrayScott {
    /// Diffusivity D_u of the fuel, length^2/time. Default: 2e-5.
    #[schemars(extend("minimum" = 0.0))]
    pub diffusivity_u: f64,
    /// Diffusivity D_v of the catalyst, length^2/time. Default: 1e-5.
    #[schemars(extend("minimum" = 0.0))]
    pub diffusivity_v: f64,
    /// Feed rate f, 1/time. Default: 0.04.
    #[schemars(extend("minimum" = 0.0))]
    pub feed: f64,
    /// Kill rate k, 1/time. Default: 0.06.
    #[schemars(extend("minimum" = 0.0))]
    pub kill: f64,
}

impl Default for GrayScott {
    fn default() -> Self {
        Self {
            diffusivity_u: 2e-5,
            diffusivity_v: 1e-5,
            feed: 0.04,
            kill: 0.06,
        }
    }
}

impl SpectralEquation for GrayScott {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u"), FieldSpec::new("v")]
    }

    fn linear(&self, field: usize, k: Wavenumber) -> Complex64 {
        let (decay, diffusivity) = match field {
            0 => (self.feed, self.diffusivity_u),
            _ => (self.feed + self.kill, self.diffusivity_v),
        };
        Complex64::from(-decay - diffusivity * k.squared())
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0), Operand::identity(1)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0), Operand::identity(1)]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        let [fuel, catalyst] = products else { return };
        let states = inputs[0].iter().zip(inputs[1]);
        for ((gu, gv), (u, v)) in fuel.iter_mut().zip(catalyst.iter_mut()).zip(states) {
            let reaction = u * v * v;
            *gu = self.feed - reaction;
            *gv = reaction;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::{Reference, Waves};

    #[test]
    fn rhs_is_diffusion_reaction_feed_and_kill() {
        let equation = GrayScott {
            diffusivity_u: 0.2,
            diffusivity_v: 0.1,
            feed: 0.04,
            kill: 0.06,
        };
        for dim in 1..=3 {
            let grid = Reference::new(dim, 14);
            let (u, v) = (Waves::generic(dim, 0), Waves::generic(dim, 1));
            let rates = grid.rhs(&equation, &[u.clone(), v.clone()], 0.0);
            for (i, (rate_u, rate_v)) in rates[0].iter().zip(&rates[1]).enumerate() {
                let x = grid.position(i);
                let reaction = u.at(x) * v.at(x).powi(2);
                let exact_u = 0.2 * u.laplace(x) - reaction + 0.04 * (1.0 - u.at(x));
                let exact_v = 0.1 * v.laplace(x) + reaction - 0.1 * v.at(x);
                assert!((rate_u - exact_u).abs() < 1e-11, "u, dim {dim}");
                assert!((rate_v - exact_v).abs() < 1e-11, "v, dim {dim}");
            }
        }
    }
}
