//! The Kuramoto-Sivashinsky equation: the simplest space-time chaos.
//!
//! ```text
//! conservative:   u_t + sum_a d/dx_a (u^2 / 2) + laplace u + nu laplace^2 u = 0
//! gradient norm:  u_t + |grad u|^2 / 2         + laplace u + nu laplace^2 u = 0
//! L(k) = |k|^2 - nu |k|^4
//! N(u) = -i (k_x + k_y + k_z) (u^2 / 2)^    or    -(|grad u|^2 / 2)^
//! ```
//!
//! In one dimension the slope u_x of a gradient-norm solution solves the conservative form. The
//! viscosity factor nu is the one that PDE-Refiner's data vary over [0.5, 1.5].
//!
//! What to expect: wavelengths above 2 pi sqrt(nu) grow, fastest at 2 pi sqrt(2 nu), and feed the
//! damped short ones; for boxes longer than about 20 sqrt(nu) the motion is chaotic, with a leading
//! Lyapunov exponent near 0.087 per unit of time at L = 64, nu = 1. The conservative form keeps
//! the mean of u. In the gradient-norm form the mean falls steadily, by <|grad u|^2> / 2 per unit
//! of time: subtract it where only the shape matters. L = 32 settles to a near-steady state for
//! data made of its two longest waves.
//!
//! Sources: Y. Kuramoto and T. Tsuzuki, Prog. Theor. Phys. 55 (1976) 356; G. I. Sivashinsky, Acta
//! Astronautica 4 (1977) 1177; reference values: A.-K. Kassam and L. N. Trefethen, SIAM J. Sci.
//! Comput. 26 (2005) 1214; Lippe et al., PDE-Refiner (2023).
//! Good values: L = 64, 128 points, steps of 0.1; L = 32 pi with 384 points and steps of 0.02 gives
//! seven digits until t = 20.

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Symbol, Wavenumber};

/// Kuramoto-Sivashinsky equation u_t + u u_x + laplace u + nu laplace^2 u = 0, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KuramotoSivashinsky {
    /// Which nonlinear term: `conservative`, div(u^2/2), or `gradient_norm`, |grad u|^2/2.
    /// Default: `conservative`.
    pub form: KsForm,
    /// Viscosity factor nu of the fourth derivatives, length^4/time. Default: 1.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub viscosity: f64,
}

/// The nonlinear term of the Kuramoto-Sivashinsky equation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KsForm {
    /// sum_a d/dx_a (u^2 / 2): u is a velocity, its mean is conserved.
    #[default]
    Conservative,
    /// |grad u|^2 / 2: u is the height of a flame front, its mean falls.
    GradientNorm,
}

impl Default for KuramotoSivashinsky {
    fn default() -> Self {
        Self {
            form: KsForm::Conservative,
            viscosity: 1.0,
        }
    }
}

impl SpectralEquation for KuramotoSivashinsky {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        let k2 = k.squared();
        Complex64::from(k2 - self.viscosity * k2 * k2)
    }

    fn inputs(&self, dim: usize) -> Vec<Operand> {
        match self.form {
            KsForm::Conservative => vec![Operand::identity(0)],
            KsForm::GradientNorm => (0..dim)
                .map(|axis| Operand::new(0, Symbol::derivative(axis, 1, 1.0)))
                .collect(),
        }
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        let symbol = match self.form {
            KsForm::Conservative => Symbol::of(|k| Complex64::new(0.0, -(k.x + k.y + k.z))),
            KsForm::GradientNorm => Symbol::Constant(-1.0),
        };
        vec![Operand::new(0, symbol)]
    }

    /// Half the sum of the squares of the inputs: u, or the components of grad u.
    fn products(&self, _row: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        let g = &mut *products[0];
        for (g, a) in g.iter_mut().zip(inputs[0]) {
            *g = 0.5 * a * a;
        }
        for input in &inputs[1..] {
            for (g, a) in g.iter_mut().zip(*input) {
                *g += 0.5 * a * a;
            }
        }
    }

    /// Characteristics move with u, or with grad u.
    fn transport(&self, dim: usize) -> Vec<(usize, f64)> {
        match self.form {
            KsForm::Conservative => vec![(0, 1.0); dim],
            KsForm::GradientNorm => (0..dim).map(|axis| (axis, 1.0)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_of_the_conservative_form() {
        let equation = KuramotoSivashinsky {
            viscosity: 0.6,
            ..Default::default()
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            let slope: f64 = (0..3).map(|a| u.along(a, 1, x)).sum();
            -u.at(x) * slope - u.laplace(x) - 0.6 * u.bilaplace(x)
        });
    }

    #[test]
    fn rhs_of_the_gradient_norm_form() {
        let equation = KuramotoSivashinsky {
            form: KsForm::GradientNorm,
            viscosity: 0.6,
        };
        assert_rhs_equals(&equation, 1..=3, |u, x| {
            -0.5 * u.grad2(x) - u.laplace(x) - 0.6 * u.bilaplace(x)
        });
    }
}
