//! Euler's method in the noise itself, with noise added before each step.
//!
//! ```text
//! y' = y^ + (s' - s^) (y^ - x0(y^, s^))/s^,   y = x/alpha, s = sigma/alpha
//! ```
//!
//! with the churned y^ and s^ of [`Edm`](super::Edm). Order 1, measured 1.0. Without noise it is
//! algebraically the step of DDIM, which is exponential Euler in lambda: both integrate
//! dy/ds = eps with eps held fixed. It is here for its churn, and as the base of comparison of the
//! methods in sigma: they reach second order with one more call a step.
//!
//! Source: Karras, Aittala, Aila and Laine (2022).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edm::{Churn, euler};
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// Euler in sigma/alpha.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Euler {
    /// Noise added, over all steps together: each of N steps raises sigma by the factor 1 + churn/N,
    /// at most sqrt(2). Default: 0.
    #[schemars(range(min = 0))]
    pub churn: f64,
    /// Smallest sigma/alpha at which noise is added. Default: 0.
    #[schemars(range(min = 0))]
    pub s_min: f64,
    /// Largest sigma/alpha at which noise is added. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub s_max: Option<f64>,
    /// Size of the added noise against the one that keeps the law. Default: 1.
    #[schemars(range(min = 0))]
    pub s_noise: f64,
}

impl Default for Euler {
    fn default() -> Self {
        Self {
            churn: 0.0,
            s_min: 0.0,
            s_max: None,
            s_noise: 1.0,
        }
    }
}

impl Presets for Euler {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![("euler", Self::default())]
    }
}

impl Sampler for Euler {
    fn name(&self) -> String {
        if self.churn > 0.0 {
            format!("Euler, churn = {}", self.churn)
        } else {
            "Euler".to_owned()
        }
    }

    fn properties(&self) -> Properties {
        Properties {
            stochastic: self.churn > 0.0,
            reaches_zero_noise: true,
            ..Properties::deterministic(1.0, if self.churn > 0.0 { 3 } else { 2 })
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        let walk = Walk::new(problem, grid, x)?;
        let churn = Churn::new(
            [self.churn, self.s_min, self.s_noise],
            self.s_max,
            &walk,
            noise,
        )?;
        Ok(Box::new(Steps {
            churn,
            data: vec![0.0; walk.x.len()],
            walk,
        }))
    }
}

struct Steps {
    churn: Churn,
    walk: Walk,
    data: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let from = self.churn.raise(&mut self.walk, from);
        euler(&mut self.walk, &from, &to, &mut self.data);
        self.walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.walk.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use super::Euler;
    use crate::grid::GridParams;
    use crate::samplers::edm::tests::{gaussian_ends, variance};
    use crate::samplers::tests::{assert_golden, order};

    #[test]
    fn reproduces_the_golden_trajectory_of_ddim() {
        let euler = Euler::default();
        assert_golden(&euler, 10, [2.0392111324, 0.1440450143]);
        assert_golden(&euler, 20, [2.0979806447, 0.1548656197]);
    }

    #[test]
    fn is_of_first_order() {
        let order = order(&Euler::default(), &GridParams::lambda(), 160);
        assert!((order - 1.0).abs() < 0.15, "{order}");
    }

    #[test]
    fn churn_leaves_a_bias_that_falls_with_the_steps() {
        let sampler = Euler {
            churn: 4.0,
            ..Euler::default()
        };
        let off = |steps| variance(&gaussian_ends(&sampler, steps, 50_000)) / 0.25 - 1.0;
        let (coarse, fine) = (off(20), off(160));
        assert!(fine.abs() < 0.25 * coarse.abs(), "{coarse} {fine}");
    }
}
