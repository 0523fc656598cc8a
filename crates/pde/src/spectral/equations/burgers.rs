//! The viscous Burgers equation for one scalar.
//!
//! ```text
//! u_t + sum_a d/dx_a (u^2 / 2) = nu laplace u       (1-D: u_t + u u_x = nu u_xx)
//! L(k) = -nu |k|^2,    N(u) = -i (k_x + k_y + k_z) (u^2 / 2)^
//! ```
//!
//! What to expect: smooth data steepen into shocks of width about nu / |jump of u|, which merge
//! and decay; the integral of u is conserved, its energy decays by nu |grad u|^2. In one dimension
//! the substitution u = -2 nu v_x / v (Hopf 1950, Cole 1951) turns it into the heat equation for
//! v: an exact solution to test against. In two and three dimensions the scalar moves along the
//! diagonal. Resolve the shock with four points or more, or it rings.
//!
//! Sources: J. M. Burgers, Adv. Appl. Mech. 1 (1948) 171; E. Hopf, Comm. Pure Appl. Math. 3 (1950)
//! 201; J. D. Cole, Quart. Appl. Math. 9 (1951) 225.
//! Good values: nu = 0.05 on [0, 2 pi] with 256 points and steps of 0.01.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Burgers' equation u_t + div(u^2/2) = nu laplace u, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Burgers {
    /// Viscosity nu, length^2/time. Default: 0.05.
    #[schemars(extend("minimum" = 0.0))]
    pub viscosity: f64,
}

impl Default for Burgers {
    fn default() -> Self {
        Self { viscosity: 0.05 }
    }
}

impl SpectralEquation for Burgers {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(-self.viscosity * k.squared())
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        let divergence = Symbol::of(|k| Complex64::new(0.0, -(k.x + k.y + k.z)));
        vec![Operand::new(0, divergence)]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (g, u) in products[0].iter_mut().zip(inputs[0]) {
            *g = 0.5 * u * u;
        }
    }

    fn transport(&self, dim: usize) -> Vec<(usize, f64)> {
        vec![(0, 1.0); dim]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_is_diffusion_minus_convection() {
        let equation = Burgers { viscosity: 0.1 };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            let slope: f64 = (0..3).map(|a| u.along(a, 1, x)).sum();
            0.1 * u.laplace(x) - u.at(x) * slope
        });
    }
}
