//! Linear inverse problems, y = A x + noise, with a diffusion model as the prior of x.
//!
//! * [`operators`] are maps A with their adjoints;
//! * [`Dds`] alternates denoising with a few conjugate gradient steps towards the data;
//! * [`RedDiff`] lets data and denoiser pull at one estimate;
//! * [`DiffusionMbir`] reconstructs volumes with a model of their slices;
//! * [`Tikhonov`] is least squares held to a first guess, without a model;
//! * [`GaussianPosterior`] is the exact answer where the prior is Gaussian: what they are held to.

mod dds;
mod error;
mod mbir;
mod normal;
pub mod operators;
mod posterior;
mod red_diff;
mod tikhonov;

pub use dds::Dds;
pub use error::InverseError;
pub use mbir::{DiffusionMbir, SliceVariation, slice_difference, slice_difference_adjoint};
pub use normal::Normal;
pub use posterior::GaussianPosterior;
pub use red_diff::{NoiseWeight, RedDiff};
pub use tikhonov::Tikhonov;
