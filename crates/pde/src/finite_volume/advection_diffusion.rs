//! Linear advection and diffusion.
//!
//! ```text
//! u_t + a . grad u = nu div grad u
//! ```
//!
//! f(u) = a u with constant velocity a. The Riemann solution carries the upwind state, so the
//! Godunov flux is upwind: a l for a >= 0, a r for a < 0.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::numerical_flux::ScalarLaw;

/// Advection with constant velocity, and diffusion: u_t + a . grad u = nu div grad u.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvectionDiffusion {
    /// Velocity a, one entry an axis, length/time. Default: `[1]`.
    #[serde(default = "unit_velocity")]
    #[schemars(length(min = 1, max = 2))]
    pub velocity: Vec<f64>,
    /// Diffusivity nu, length^2/time. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub diffusivity: f64,
}

fn unit_velocity() -> Vec<f64> {
    vec![1.0]
}

impl Default for AdvectionDiffusion {
    fn default() -> Self {
        Self {
            velocity: unit_velocity(),
            diffusivity: 0.0,
        }
    }
}

impl ScalarLaw for AdvectionDiffusion {
    fn check(&self, dim: usize) -> Result<(), String> {
        if self.velocity.len() != dim {
            return Err(format!(
                "`velocity` has {} entries, but the mesh has {dim} axes",
                self.velocity.len()
            ));
        }
        if let Some(a) = self.velocity.iter().find(|a| !a.is_finite()) {
            return Err(format!("`velocity` holds {a}, it must be finite"));
        }
        check_diffusivity("diffusivity", self.diffusivity)
    }

    fn diffusivity(&self) -> f64 {
        self.diffusivity
    }

    #[inline]
    fn flux(&self, axis: usize, u: f64) -> f64 {
        self.velocity[axis] * u
    }

    #[inline]
    fn speed(&self, axis: usize, _u: f64) -> f64 {
        self.velocity[axis]
    }

    #[inline]
    fn godunov(&self, axis: usize, left: f64, right: f64) -> f64 {
        let a = self.velocity[axis];
        a.max(0.0) * left + a.min(0.0) * right
    }
}

/// A diffusivity must be finite and not negative.
pub(super) fn check_diffusivity(name: &str, nu: f64) -> Result<(), String> {
    if nu.is_finite() && nu >= 0.0 {
        Ok(())
    } else {
        Err(format!(
            "`{name}` is {nu}, it must be finite and not negative"
        ))
    }
}
