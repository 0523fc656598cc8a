//! Burgers' equation.
//!
//! ```text
//! u_t + sum_axes (u^2/2)_axis = nu div grad u
//! ```
//!
//! f(u) = u^2/2 along every axis, speed u. Shocks move with the mean of their two states;
//! rarefactions are u = x/t. The exact Riemann flux takes the left state where it moves right, the
//! right state where it moves left, the stronger of the two where they collide, and 0 inside a
//! rarefaction through the sonic point u = 0:
//!
//! ```text
//! F(l, r) = max(max(l, 0)^2, min(r, 0)^2) / 2.
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::advection_diffusion::check_diffusivity;
use super::numerical_flux::ScalarLaw;

/// Burgers' equation with viscosity nu: u_t + (u^2/2)_x [+ (u^2/2)_y] = nu div grad u.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burgers {
    /// Viscosity nu, length^2/time. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub viscosity: f64,
}

impl ScalarLaw for Burgers {
    fn check(&self, _dim: usize) -> Result<(), String> {
        check_diffusivity("viscosity", self.viscosity)
    }

    fn diffusivity(&self) -> f64 {
        self.viscosity
    }

    #[inline]
    fn flux(&self, _axis: usize, u: f64) -> f64 {
        0.5 * u * u
    }

    #[inline]
    fn speed(&self, _axis: usize, u: f64) -> f64 {
        u
    }

    #[inline]
    fn godunov(&self, _axis: usize, left: f64, right: f64) -> f64 {
        let (l, r) = (left.max(0.0), right.min(0.0));
        0.5 * (l * l).max(r * r)
    }
}
