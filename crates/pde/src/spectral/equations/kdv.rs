//! The Korteweg-de Vries equation: solitons.
//!
//! ```text
//! u_t + b u u_x + delta d/dx laplace u = -mu laplace^2 u
//! L(k) = i delta k_x |k|^2 - mu |k|^4,    N(u) = -i b k_x (u^2 / 2)^
//! ```
//!
//! In one dimension with mu = 0 this is KdV, u_t + b u u_x + delta u_xxx = 0; b = -6, delta = 1
//! is the form u_t - 6 u u_x + u_xxx = 0 and b = +6 the one with the other sign of u. In two and
//! three dimensions it is the equation of Zakharov and Kuznetsov.
//!
//! What to expect: for b = -6, delta = 1 the soliton u = -(c/2) sech^2(sqrt(c)/2 (x - c t - x0))
//! keeps its shape and passes through others with a shift only; the integrals of u, u^2 and
//! u_x^2/2 + u^3 are conserved (mu = 0). L is large and imaginary: use ETDRK3 or 4. An
//! under-resolved run blows up; the hyper-viscosity mu then removes the shortest waves.
//!
//! Sources: D. J. Korteweg and G. de Vries, Phil. Mag. 39 (1895) 422; N. J. Zabusky and
//! M. D. Kruskal, Phys. Rev. Lett. 15 (1965) 240; V. E. Zakharov and E. A. Kuznetsov, Sov. Phys.
//! JETP 39 (1974) 285.
//! Good values: the defaults with c = 5 on a box of length 20, 256 points, steps of 1e-3.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Korteweg-de Vries equation u_t + b u u_x + delta u_xxx = -mu u_xxxx, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Kdv {
    /// Convection coefficient b of u u_x, dimensionless. Default: -6.
    pub convection: f64,
    /// Dispersion coefficient delta, length^3/time. Default: 1.
    pub dispersion: f64,
    /// Hyper-viscosity mu, length^4/time. Default: 0.
    #[schemars(extend("minimum" = 0.0))]
    pub hyper_viscosity: f64,
}

impl Default for Kdv {
    fn default() -> Self {
        Self {
            convection: -6.0,
            dispersion: 1.0,
            hyper_viscosity: 0.0,
        }
    }
}

impl SpectralEquation for Kdv {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        let k2 = k.squared();
        Complex64::new(-self.hyper_viscosity * k2 * k2, self.dispersion * k.x * k2)
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::derivative(0, 1, -self.convection))]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (g, u) in products[0].iter_mut().zip(inputs[0]) {
            *g = 0.5 * u * u;
        }
    }

    fn transport(&self, dim: usize) -> Vec<(usize, f64)> {
        let mut speeds = vec![(0, 0.0); dim];
        speeds[0].1 = self.convection;
        speeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_is_convection_dispersion_and_damping() {
        let equation = Kdv {
            convection: -6.0,
            dispersion: 0.8,
            hyper_viscosity: 0.05,
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            let dispersion = u.d([3, 0, 0], x) + u.d([1, 2, 0], x) + u.d([1, 0, 2], x);
            6.0 * u.at(x) * u.along(0, 1, x) - 0.8 * dispersion - 0.05 * u.bilaplace(x)
        });
    }
}
