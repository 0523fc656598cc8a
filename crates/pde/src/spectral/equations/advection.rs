//! Linear advection with a constant velocity.
//!
//! ```text
//! u_t + c . grad u = 0
//! L(k) = -i c.k
//! ```
//!
//! What to expect: the initial field moves with velocity c and keeps its shape. Exponential steps
//! are exact for any step size; implicit-explicit steps damp or delay the shortest waves.
//!
//! Sources: exponax and APEBench (velocity 0.25 on a box of length 1, steps of 0.1).

use num_complex::Complex64;
use pdesolve_core::FieldSpec;
use pdesolve_mesh::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spectral::{Operand, SpectralEquation, Wavenumber};

/// Linear advection u_t + c . grad u = 0, field `u`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Advection {
    /// Velocity c, length/time: one entry for each axis of the mesh. Default: `[1]`.
    #[schemars(length(min = 1, max = 3))]
    pub velocity: Vec<f64>,
}

impl Default for Advection {
    fn default() -> Self {
        Self {
            velocity: vec![1.0],
        }
    }
}

impl SpectralEquation for Advection {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }

    fn dimensions(&self) -> std::ops::RangeInclusive<usize> {
        self.velocity.len()..=self.velocity.len()
    }

    fn linear(&self, _field: usize, k: Wavenumber) -> Complex64 {
        let phase_speed: f64 = self
            .velocity
            .iter()
            .zip([k.x, k.y, k.z])
            .map(|(c, k)| c * k)
            .sum();
        Complex64::new(0.0, -phase_speed)
    }

    fn inputs(&self, _dim: usize) -> Vec<Operand> {
        Vec::new()
    }

    fn outputs(&self, _dim: usize) -> Vec<Operand> {
        Vec::new()
    }

    fn products(&self, _row: Row<'_>, _inputs: &[&[f64]], _products: &mut [&mut [f64]]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::equations::reference::assert_rhs_equals;

    #[test]
    fn rhs_is_minus_velocity_times_gradient() {
        let velocity = [1.5, -0.5, 0.25];
        for dim in 1..=3 {
            let equation = Advection {
                velocity: velocity[..dim].to_vec(),
            };
            assert_rhs_equals(&equation, [dim], |u, x| {
                (0..dim).map(|a| -velocity[a] * u.along(a, 1, x)).sum()
            });
        }
    }
}
