//! The samplers, one file each, and their registry: one line each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sampler::Sampler;

mod walk;
pub(crate) use walk::Walk;

// Exponential integrators of one step and of several.
mod ddim;
mod dpm_solver;
mod dpm_solver_multistep;
pub use ddim::Ddim;
pub use dpm_solver::{DpmSolver, StageWeights};
pub use dpm_solver_multistep::{DpmSolverMultistep, SecondOrder, StartUp, ThirdOrder};

// Predictor-corrector pairs and their refinements.

// Adams-Bashforth in other variables, momentum, skipping of evaluations.

// Methods in sigma, Markov chains in noise and data.

// Interpolants, flows, mean-reverting and residual-shifting chains.

// Invertible methods.

/// The configurations of a sampler that tables and comparisons list, by a short name each.
pub trait Presets: Sized {
    /// The list.
    fn presets() -> Vec<(&'static str, Self)>;
}

macro_rules! samplers {
    ($($kind:literal $params:ident, $about:literal;)*) => {
        /// The sampler and its parameters; `kind` names it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum SamplerParams {
            $(#[doc = $about] #[serde(rename = $kind)] $params($params),)*
        }

        impl SamplerParams {
            /// All kinds, each with what it is.
            pub const KINDS: &[(&str, &str)] = &[$(($kind, $about)),*];

            /// Value of `sampler.kind`.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$params(_) => $kind,)* }
            }

            /// The method.
            pub fn sampler(&self) -> &dyn Sampler {
                match self { $(Self::$params(sampler) => sampler,)* }
            }

            /// Every sampler in the configurations that tables and comparisons list.
            pub fn presets() -> Vec<(&'static str, Self)> {
                let mut all = Vec::new();
                $(all.extend($params::presets().into_iter().map(|(n, p)| (n, Self::$params(p))));)*
                all
            }
        }
    };
}

samplers! {
    // Exponential integrators of one step and of several.
    "ddim" Ddim, "DDIM(eta): exponential Euler, with a share of fresh noise";
    "dpm_solver" DpmSolver, "DPM-Solver and DPM-Solver++ of one step: exponential Runge-Kutta in lambda";
    "dpm_solver_multistep" DpmSolverMultistep, "DPM-Solver and DPM-Solver++ of several steps: 2M, 3M";
    // Predictor-corrector pairs and their refinements.

    // Adams-Bashforth in other variables, momentum, skipping of evaluations.

    // Methods in sigma, Markov chains in noise and data.

    // Interpolants, flows, mean-reverting and residual-shifting chains.

    // Invertible methods.
}

#[cfg(test)]
mod tests;
