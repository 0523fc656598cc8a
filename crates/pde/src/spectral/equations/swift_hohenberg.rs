//! The Swift-Hohenberg equation: stripes and spots of a preferred wavelength.
//!
//! ```text
//! u_t = r u - (k_c^2 + laplace)^2 u + g u^2 - u^3
//! L(k) = r - (k_c^2 - |k|^2)^2,    N(u) = (g u^2 - u^3)^
//! ```
//!
//! What to expect: for r > 0 waves with |k| near k_c grow out of noise. Without the quadratic
//! term (g = 0) they form stripes of amplitude about 2 sqrt(r/3), with g ~ 1 hexagonal spots; their
//! defects heal slowly. The motion is a gradient flow: its energy never grows, it ends at rest.
//!
//! Sources: J. Swift and P. C. Hohenberg, Phys. Rev. A 15 (1977) 319; parameters of exponax.
//! Good values: r = 0.7, k_c = 1, g = 1 on a box of length 10 pi (ten wavelengths is 20 pi).

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Swift-Hohenberg equation u_t = r u - (k_c^2 + laplace)^2 u + g u^2 - u^3, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SwiftHohenberg {
    /// Growth rate r of the critical wave, 1/time. Default: 0.7.
    pub growth: f64,
    /// Critical wavenumber k_c, rad/length; lengths and times are scaled so that the fourth
    /// derivatives have the factor 1. Default: 1.
    #[schemars(extend("minimum" = 0.0))]
    pub critical_wavenumber: f64,
    /// Coefficient g of u^2, 1/time. Default: 1.
    pub quadratic: f64,
}

impl Default for SwiftHohenberg {
    fn default() -> Self {
        Self {
            growth: 0.7,
            critical_wavenumber: 1.0,
            quadratic: 1.0,
        }
    }
}

impl SpectralEquation for SwiftHohenberg {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        let detuning = self.critical_wavenumber.powi(2) - k.squared();
        Complex64::from(self.growth - detuning * detuning)
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::Constant(1.0))]
    }

    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (g, u) in products[0].iter_mut().zip(inputs[0]) {
            *g = u * u * (self.quadratic - u);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_is_selective_growth_plus_saturation() {
        let equation = SwiftHohenberg {
            growth: 0.4,
            critical_wavenumber: 1.5,
            quadratic: 0.8,
        };
        let kc2 = 2.25;
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            let v = u.at(x);
            let squared_operator = kc2 * kc2 * v + 2.0 * kc2 * u.laplace(x) + u.bilaplace(x);
            0.4 * v - squared_operator + 0.8 * v * v - v.powi(3)
        });
    }
}
