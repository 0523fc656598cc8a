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
//!
//! # A source in a slab
//!
//! Ten mean free paths, scattering ratio 0.99, a source of one particle per cm^3 and s:
//!
//! ```
//! use pdesolve_transport::quadrature::gauss_legendre;
//! use pdesolve_transport::{
//!     Boundary, CrossSections, DiscreteOrdinatesParams, Discretization, FixedSource, Geometry, Mesh,
//!     Ordinates, Scheme, SourceTerms,
//! };
//!
//! let disc = Discretization::new(
//!     Mesh::uniform(Geometry::Slab, 0.0, 10.0, 100),
//!     vec![CrossSections::one_group(1.0, 0.99)],
//!     Ordinates::legendre(&gauss_legendre(8), 0),
//!     Scheme::DiamondDifference,
//!     [Boundary::Vacuum, Boundary::Vacuum],
//! )?;
//! let mut density = disc.zeros();
//! density.values.fill(1.0); // one unknown a cell, one moment: all of them are averages
//! let params = DiscreteOrdinatesParams::default(); // diffusion synthetic acceleration
//! let mut flux = disc.zeros();
//! let report = FixedSource::new(&disc, &params).solve(&disc, &SourceTerms::new(&density), &mut flux);
//! assert!(report.converged && report.sweeps < 15);
//! let middle = flux.averages(0).nth(50).unwrap();
//! assert!((middle - 34.420797).abs() < 1e-5); // an independent program
//! # Ok::<(), pdesolve_transport::TransportError>(())
//! ```
//!
//! # A multiplication factor
//!
//! The critical slab of problem 6 of Sood, Forster and Parsons (2003), half of it beside a mirror:
//!
//! ```
//! use pdesolve_core::Control;
//! use pdesolve_transport::quadrature::double_gauss;
//! use pdesolve_transport::{
//!     Boundary, CrossSections, DiscreteOrdinatesParams, Discretization, Geometry, Mesh, Ordinates,
//!     Scheme, eigenvalue,
//! };
//!
//! let plutonium = CrossSections::one_group(0.3264, 0.225216).with_fission(2.84, 0.0816);
//! let disc = Discretization::new(
//!     Mesh::uniform(Geometry::Slab, 0.0, 2.256751, 24),
//!     vec![plutonium],
//!     Ordinates::legendre(&double_gauss(32), 0),
//!     Scheme::LinearDiscontinuous,
//!     [Boundary::MIRROR, Boundary::Vacuum],
//! )?;
//! let params = DiscreteOrdinatesParams::default();
//! let mut mode = disc.zeros(); // the first guess, and then the mode
//! let report = eigenvalue::solve(&disc, &params, &mut mode, &mut |_| Control::Continue)?;
//! assert!(report.converged && (report.k - 1.0).abs() < 1e-5);
//! # Ok::<(), pdesolve_transport::TransportError>(())
//! ```
//!
//! `examples/coupled_slab.rs` puts such a solve into a loop with heat conduction.

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
mod stopping;
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
