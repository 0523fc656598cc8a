//! Discrete-ordinates transport of neutral particles.
//!
//! ```text
//! Omega . grad psi_g + sigma_t,g psi_g = sum_g' S_g'g psi_g' + chi_g / k F psi + q_g
//! ```
//!
//! The steady equation of group g: psi is the angular flux, S the scattering and F the fission
//! source. What flows through this crate:
//!
//! 1. [`Mesh`] (where), [`CrossSections`] (what of), [`Ordinates`] (which directions), [`Scheme`]
//!    (how a cell is solved) and two [`Boundary`] conditions make a [`Discretization`];
//! 2. a [`Sweeper`] inverts streaming and collision of one group, direction by direction, for a
//!    given source: one transport sweep;
//! 3. a [`GroupSolver`] iterates on the scattering within a group (source iteration, accelerated
//!    by a [`LowOrder`] diffusion problem);
//! 4. the groups are swept in turn ([`FixedSource`]);
//! 5. implicit time steps solve one such problem each ([`TransientTransport`]).
//!
//! # Symbols
//!
//! | code | meaning | unit |
//! |---|---|---|
//! | `sigma_t` | total cross section | 1/cm |
//! | `mu` | cosine between the direction of flight and the x (or radial) axis | |
//! | `psi` | angular flux | 1/(cm^2 s), per unit of the ordinates' weight |
//! | `phi` | scalar flux, the sum of weight times psi | 1/(cm^2 s) |
//! | `tau` | width of a cell in mean free paths, sigma_t h | |
//! | `c` | scattering ratio, sigma_s / sigma_t | |
//!
//! # Normalisation
//!
//! Weights in one dimension sum to 2: an isotropic source of density q emits q/2 into each unit
//! of mu, and an isotropic angular flux psi has the scalar flux 2 psi.

pub mod adjoint;
pub mod balance;
pub mod boundary;
mod discretization;
pub mod dsa;
pub mod edits;
pub mod eigenvalue;
pub mod energy;
mod fixed_source;
mod flux;
pub mod fourier;
pub mod material;
mod mesh;
mod ordinates;
pub mod params;
pub mod problem;
pub mod quadrature;
pub mod ray;
mod scattering;
mod source;
mod steady;
pub mod sweep;
pub mod time_dependent;
mod within_group;

pub use balance::Balance;
pub use boundary::Boundary;
pub use discretization::{Discretization, TransportError};
pub use dsa::LowOrder;
pub use eigenvalue::EigenvalueReport;
pub use fixed_source::{FixedSource, FixedSourceReport, SourceTerms};
pub use flux::Moments;
pub use material::{CrossSections, MaterialParams};
pub use mesh::{Geometry, Mesh};
pub use ordinates::Ordinates;
pub use params::{DiscreteOrdinatesParams, Scheme};
pub use problem::TransportParams;
pub use quadrature::Quadrature;
pub use source::project;
pub use steady::{SteadyTransport, flux_names};
pub use sweep::{BoundaryFlux, Sweep, SweepSource, Sweeper};
pub use time_dependent::TransientTransport;
pub use within_group::{GroupReport, GroupSolver};
