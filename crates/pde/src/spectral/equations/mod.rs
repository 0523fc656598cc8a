//! The equations of the spectral solver, one file each.
//!
//! To add an equation, copy `fisher_kpp.rs`: it has every part and is the shortest.
//!
//! 1. The page: equation, spectral form, behaviour to expect, sources, good values.
//! 2. The struct: its fields are the keys of `[problem]`, each documented with symbol, unit,
//!    default and range; its [`Default`] holds values that show the behaviour.
//! 3. [`SpectralEquation`](super::SpectralEquation): the linear symbol L(k), the inputs brought
//!    to grid points, the products formed there, the symbols that carry them back.
//! 4. One test of L u + N(u) against the equation written with analytic derivatives (the test
//!    module `reference` does the transforms), and one of a solution or invariant that is known.
//! 5. A line here, a line in the case crate's registry, and a case with expected values.
//!
//! Linear equations state no inputs and no products; exponential steps then solve them exactly.

mod advection;
mod allen_cahn;
mod burgers;
mod cahn_hilliard;
mod diffusion;
mod dispersion;
mod fisher_kpp;
mod gray_scott;
mod hyper_diffusion;
mod kdv;
mod kuramoto_sivashinsky;
mod navier_stokes;
#[cfg(test)]
pub(crate) mod reference;
mod swift_hohenberg;

pub use advection::Advection;
pub use allen_cahn::AllenCahn;
pub use burgers::Burgers;
pub use cahn_hilliard::CahnHilliard;
pub use diffusion::Diffusion;
pub use dispersion::Dispersion;
pub use fisher_kpp::FisherKpp;
pub use gray_scott::GrayScott;
pub use hyper_diffusion::HyperDiffusion;
pub use kdv::Kdv;
pub use kuramoto_sivashinsky::{KsForm, KuramotoSivashinsky};
pub use navier_stokes::{KolmogorovForcing, NavierStokes};
pub use swift_hohenberg::SwiftHohenberg;
