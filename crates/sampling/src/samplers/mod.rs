//! The samplers, one file each, and their registry: one line each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sampler::Sampler;

mod noise_transfer;
mod walk;
pub(crate) use walk::Walk;

// Exponential integrators of one step and of several.
mod ddim;
mod ddpm;
mod dpm_solver;
mod dpm_solver_adaptive;
mod dpm_solver_fast;
mod dpm_solver_multistep;
mod dpm_solver_sde;
pub use ddim::Ddim;
pub use ddpm::{Ddpm, PosteriorVariance};
pub use dpm_solver::{DpmSolver, StageWeights};
pub use dpm_solver_adaptive::DpmSolverAdaptive;
pub use dpm_solver_fast::DpmSolverFast;
pub use dpm_solver_multistep::{DpmSolverMultistep, SecondOrder, StartUp, ThirdOrder};
pub use dpm_solver_sde::DpmSolverSde;

// Predictor-corrector pairs and their refinements.
mod dc_solver;
pub mod dpm_solver_v3;
mod unipc;
pub use dc_solver::DcSolver;
pub use dpm_solver_v3::DpmSolverV3;
pub use unipc::{UniPc, UniPcVariant};

// Adams-Bashforth in other variables, momentum, skipping of evaluations.
mod deis;
pub use deis::{Deis, DeisVariable};
mod lml;
pub use lml::Lml;
mod momentum;
pub use momentum::{Momentum, MomentumKind};
mod pndm;
pub use pndm::{Pndm, PndmStart};
mod rho_runge_kutta;
pub use rho_runge_kutta::{RhoMethod, RhoRungeKutta};
mod sada;
pub use sada::Sada;

// Methods in sigma, Markov chains in noise and data.
mod edm;
mod euler;
mod scheduled;
pub use edm::Edm;
pub use euler::Euler;
pub use scheduled::{Derivative, SolverSchedule, SolverStep};

// Interpolants, flows, mean-reverting and residual-shifting chains.
mod flow_ode;
pub use flow_ode::{FlowOde, OdeMethod};
mod mean_reverting;
pub use mean_reverting::{Equation, Mean, MeanReverting};
mod residual_shifting;
pub use residual_shifting::ResidualShifting;
pub mod virtual_inversion;

// Invertible methods.
mod bdia;
pub mod ddim_inversion;
mod edict;
pub use bdia::Bdia;
pub use edict::Edict;

/// The configurations of a sampler that tables and comparisons list, by a short name each.
pub trait Presets: Sized {
    /// The list.
    fn presets() -> Vec<(&'static str, Self)>;
}

macro_rules! samplers {
    ($(family $family:literal; $($kind:literal $params:ident, $about:literal;)*)*) => {
        /// The sampler and its parameters; `kind` names it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum SamplerParams {
            $($(#[doc = $about] #[serde(rename = $kind)] $params($params),)*)*
        }

        impl SamplerParams {
            /// All kinds, each with what it is.
            pub const KINDS: &[(&str, &str)] = &[$($(($kind, $about)),*),*];

            /// Value of `sampler.kind`.
            pub fn kind(&self) -> &'static str {
                match self { $($(Self::$params(_) => $kind,)*)* }
            }

            /// The method.
            pub fn sampler(&self) -> &dyn Sampler {
                match self { $($(Self::$params(sampler) => sampler,)*)* }
            }

            /// What the kinds of methods have in common, in a few words.
            pub fn family(&self) -> &'static str {
                match self { $($(Self::$params(_) => $family,)*)* }
            }

            /// Every sampler in the configurations that tables and comparisons list.
            pub fn presets() -> Vec<(&'static str, Self)> {
                let mut all = Vec::new();
                $($(all.extend($params::presets().into_iter().map(|(n, p)| (n, Self::$params(p))));)*)*
                all
            }
        }
    };
}

samplers! {
    family "Exponential integrators";
    "ddim" Ddim, "DDIM(eta): exponential Euler, with a share of fresh noise";
    "ddpm" Ddpm, "DDPM: ancestral sampling, with the small or the large variance";
    "dpm_solver" DpmSolver, "DPM-Solver and DPM-Solver++ of one step: exponential Runge-Kutta in lambda";
    "dpm_solver_adaptive" DpmSolverAdaptive, "DPM-Solver and DPM-Solver++ with steps chosen by an estimate of the error";
    "dpm_solver_fast" DpmSolverFast, "DPM-Solver and DPM-Solver++ that spend a given number of evaluations";
    "dpm_solver_multistep" DpmSolverMultistep, "DPM-Solver and DPM-Solver++ of several steps: 2M, 3M";
    "dpm_solver_sde" DpmSolverSde, "SDE-DPM-Solver and SDE-DPM-Solver++: the stochastic equation, order 1 and 2";
    family "Predictors and correctors";
    "dc_solver" DcSolver, "DC-Solver: UniPC, each prediction moved in time by a fitted ratio";
    "dpm_solver_v3" DpmSolverV3, "DPM-Solver-v3: the linear part of the model is found beforehand and integrated exactly";
    "unipc" UniPc, "UniPC: an exponential multistep predictor, and a corrector that costs no evaluation";

    family "Adams-Bashforth, momentum";
    "deis" Deis, "DEIS: exponential Adams-Bashforth, the noise a polynomial in time, rho or ln rho";
    "rho_runge_kutta" RhoRungeKutta, "Runge-Kutta in rho = sigma/alpha: Heun, Kutta, classical";
    "pndm" Pndm, "PNDM: Adams-Bashforth weights of equal steps, carried by DDIM";
    "momentum" Momentum, "Adams-Bashforth with momentum: heavy ball, Nesterov, GHVB";
    "lml" Lml, "LML: increments of DDIM or 2M turned away from past ones";
    "sada" Sada, "SADA: DPM-Solver++ 2M that leaves out calls of the model where the path is stable";

    family "Methods in sigma";
    "edm" Edm, "EDM: two stages in sigma/alpha, with noise added before each step";
    "euler" Euler, "Euler in sigma/alpha, with noise added before each step";
    "scheduled" SolverSchedule, "Taylor steps in lambda, each with its own form, order and derivatives";

    family "Flows, mean-reverting chains";
    "flow_ode" FlowOde, "the flow dx/dt = v by a Runge-Kutta method in the time of the schedule";
    "mean_reverting" MeanReverting, "MRS: exponential integrators of a diffusion that reverts to a given mean";
    "residual_shifting" ResidualShifting, "ResShift: a Markov chain between a given field and the data";

    family "Invertible methods";
    "bdia" Bdia, "BDIA: DDIM steps forwards and backwards, a two-step method that can be undone";
    "edict" Edict, "EDICT: two coupled copies of the batch, each step of which can be undone";
}

#[cfg(test)]
pub(crate) mod tests;
