//! Samplers of diffusion models, written and measured as numerical integrators.
//!
//! A diffusion model turns data into noise along `x_t = alpha_t x_0 + sigma_t eps`, and noise into
//! data by integrating backwards
//!
//! ```text
//! dx/dt = (alpha'/alpha) x - (g^2/2) grad log p_t(x)             probability-flow equation
//! dx    = [(alpha'/alpha) x - g^2 grad log p_t(x)] dt + g dw     its stochastic sibling
//! ```
//!
//! with the score `grad log p_t` known through a [`Denoiser`]: a network, or one of the closed
//! forms of [`analytic`], on which every method's order is measured. What flows through this crate:
//!
//! 1. a [`NoiseSchedule`], a [`Denoiser`] and, where wanted, [`Guidance`] make a [`Problem`];
//! 2. [`GridParams`] place the steps: a list of [`Node`]s from noise to data;
//! 3. a [`Sampler`] (one file each in [`samplers`]) starts a [`Trajectory`], which advances a batch
//!    of samples node by node;
//! 4. [`sample`] takes it to its end, telling a [`StepObserver`]; [`Sampling`] lets a run driver
//!    do so, with checkpoints.
//!
//! Nothing here knows of networks: those implement [`Denoiser`].
//!
//! # Symbols
//!
//! | code | meaning |
//! |---|---|
//! | `t` | time of the noise schedule; grows with the noise |
//! | `alpha`, `sigma` | size of the data and of the noise in `x_t` |
//! | `lambda` | ln(alpha/sigma), half the logarithmic signal-to-noise ratio; grows towards data |
//! | `h` | step in lambda |
//! | `x0`, `eps` | the predicted data E\[x_0 given x_t\] and the predicted noise |
//!
//! # Layout
//!
//! A batch is one array `[sample][unknown]`, the unknowns of one sample together.

pub mod analytic;
mod denoiser;
pub mod diagnostics;
mod error;
pub mod exponential;
mod grid;
pub mod guidance;
mod history;
pub mod interpolant;
pub mod langevin_gibbs;
mod model;
mod noise;
mod parameterisation;
mod params;
pub mod poisson_flow;
mod problem;
mod reference;
pub mod reflow;
mod sampler;
pub mod samplers;
pub mod schedule;
pub mod search;
mod simulation;
pub mod work_precision;

pub use denoiser::{Condition, Denoiser};
pub use error::SamplingError;
pub use grid::{FinalStep, GridKind, GridParams};
pub use guidance::{Guidance, GuidanceCall, GuidanceParams};
pub use history::History;
pub use model::Model;
pub use noise::Noise;
pub use parameterisation::Parameterisation;
pub use params::{SamplingParams, SamplingSolverParams};
pub use problem::{OwnedCondition, Problem};
pub use reference::reference_flow;
pub use sampler::{
    InvertibleSampler, Latent, Properties, SampleReport, Sampler, StepObserver, Trajectory, sample,
};
pub use samplers::SamplerParams;
pub use schedule::{Node, NoiseSchedule, ScheduleParams, TimeRange};
pub use simulation::{Layout, Sampling};
pub use work_precision::WorkPrecision;
