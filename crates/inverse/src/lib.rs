//! Linear inverse problems, y = A x + noise, with a diffusion model as the prior of x.
//!
//! * [`operators`] are maps A with their adjoints;
//! * [`Dds`] alternates denoising with a few conjugate gradient steps towards the data;
//! * [`GaussianPosterior`] is the exact answer where the prior is Gaussian: what they are held to.

mod dds;
mod error;
mod normal;
pub mod operators;
mod posterior;

pub use dds::Dds;
pub use error::InverseError;
pub use normal::Normal;
pub use posterior::GaussianPosterior;
