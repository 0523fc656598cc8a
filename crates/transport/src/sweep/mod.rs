//! Transport sweeps: for a given source, the angular flux along every direction.
//!
//! A sweep solves
//!
//! ```text
//! Omega . grad psi + sigma_t psi = s(x, Omega)
//! ```
//!
//! for one group, cell by cell in the direction of flight. It is done in two halves: the
//! ordinates that enter at one end, then those that enter at the other, which may depend on what
//! left in the first half. Where both ends send something back, a few sweeps without source when
//! the sweeper is made measure the round trip, a small matrix; what enters is then found from one
//! sweep and the matrix, and the sweep with it is exact (`closure.rs`).
//!
//! | scheme | file |
//! |---|---|
//! | step, diamond difference, step characteristic | [`weighted_diamond`] |
//! | diamond difference with fix-up | [`diamond_difference_fixup`] |
//! | linear discontinuous, full and lumped | [`linear_discontinuous`] |
//! | linear characteristic | [`linear_characteristic`] |
//! | discontinuous Galerkin of degree 2 and 3 | [`discontinuous_galerkin`] |
//! | step, diamond difference in spheres and cylinders | [`curved`] |

mod cell_response;
#[cfg(test)]
mod cell_tests;
mod closure;
pub mod curved;
#[cfg(test)]
mod curved_tests;
pub mod diamond_difference_fixup;
pub mod discontinuous_galerkin;
mod half;
pub mod linear_characteristic;
pub mod linear_discontinuous;
pub mod slab;
#[cfg(test)]
mod slab_tests;
pub mod weighted_diamond;

use pdesolve_mesh::Side;

use crate::discretization::Discretization;
use crate::mesh::Geometry;
use crate::params::Scheme;
pub use cell_response::{CellResponse, cell_response};
use closure::Closure;
use half::HalfSweep;

/// What is to be swept.
#[derive(Clone, Copy, Debug)]
pub struct SweepSource<'a> {
    /// Emission density, factors included: `[moment][cell][dof]`.
    pub emission: &'a [f64],
    /// A source given direction by direction, added to it: `[ordinate][cell][dof]`.
    pub angular: Option<&'a [f64]>,
}

/// What a sweep gives.
#[derive(Debug)]
pub struct Sweep<'a> {
    /// Flux moments, overwritten: `[moment][cell][dof]`.
    pub flux: &'a mut [f64],
    /// Angular flux, where it is wanted: `[ordinate][cell][dof]`.
    pub angular: Option<&'a mut [f64]>,
    /// Net current along x (or r) at the edges, where it is wanted: `[edge]`.
    pub current: Option<&'a mut [f64]>,
}

/// The angular flux at the two ends, entering and leaving: `[ordinate]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundaryFlux {
    /// At the lower end.
    pub lower: Vec<f64>,
    /// At the upper end.
    pub upper: Vec<f64>,
}

impl BoundaryFlux {
    fn zeros(n: usize) -> Self {
        Self {
            lower: vec![0.0; n],
            upper: vec![0.0; n],
        }
    }

    /// The flux at one end.
    pub fn at(&self, side: Side) -> &[f64] {
        match side {
            Side::Lower => &self.lower,
            Side::Upper => &self.upper,
        }
    }

    fn at_mut(&mut self, side: Side) -> &mut [f64] {
        match side {
            Side::Lower => &mut self.lower,
            Side::Upper => &mut self.upper,
        }
    }
}

/// Sweeps one group; owns its workspace.
pub struct Sweeper {
    group: usize,
    /// Total cross section by material.
    total: Vec<f64>,
    half: Box<dyn HalfSweep>,
    closure: Closure,
    boundary: BoundaryFlux,
    /// Sweeps done so far.
    sweeps: usize,
}

impl Sweeper {
    /// A sweeper of group `group`.
    pub fn new(disc: &Discretization, group: usize) -> Self {
        let total = disc.totals(group);
        let mut half = make_half(disc);
        let closure = Closure::new(disc, &total, half.as_mut());
        Self {
            group,
            total,
            half,
            closure,
            boundary: BoundaryFlux::zeros(disc.ordinates().len()),
            sweeps: 0,
        }
    }

    /// The total cross section by material.
    pub fn total(&self) -> &[f64] {
        &self.total
    }

    /// The angular flux at the two ends after the last sweep.
    pub fn boundary(&self) -> &BoundaryFlux {
        &self.boundary
    }

    /// Sweeps over all cells and ordinates done so far.
    pub fn sweeps(&self) -> usize {
        self.sweeps
    }

    /// One transport sweep.
    pub fn sweep(&mut self, disc: &Discretization, source: &SweepSource<'_>, mut out: Sweep<'_>) {
        self.sweeps += self.closure.sweeps();
        self.closure.sweep(
            disc,
            self.group,
            &self.total,
            source,
            self.half.as_mut(),
            &mut self.boundary,
            &mut out,
        );
    }
}

/// The cell-by-cell solver of a geometry and scheme.
fn make_half(disc: &Discretization) -> Box<dyn HalfSweep> {
    use linear_discontinuous as ld;
    use weighted_diamond as wd;
    match (disc.mesh().geometry, disc.scheme()) {
        (Geometry::Slab, Scheme::Step) => slab::boxed(disc, wd::Step),
        (Geometry::Slab, Scheme::DiamondDifference) => slab::boxed(disc, wd::DiamondDifference),
        (Geometry::Slab, Scheme::StepCharacteristic) => slab::boxed(disc, wd::StepCharacteristic),
        (Geometry::Slab, Scheme::DiamondDifferenceFixup) => {
            slab::boxed(disc, diamond_difference_fixup::DiamondDifferenceFixup)
        }
        (Geometry::Slab, Scheme::LinearDiscontinuous) => slab::boxed(disc, ld::LinearDiscontinuous),
        (Geometry::Slab, Scheme::LumpedLinearDiscontinuous) => {
            slab::boxed(disc, ld::LumpedLinearDiscontinuous)
        }
        (Geometry::Slab, Scheme::LinearCharacteristic) => {
            slab::boxed(disc, linear_characteristic::LinearCharacteristic)
        }
        (Geometry::Slab, Scheme::DiscontinuousGalerkin2) => {
            slab::boxed::<3, _>(disc, discontinuous_galerkin::DiscontinuousGalerkin)
        }
        (Geometry::Slab, Scheme::DiscontinuousGalerkin3) => {
            slab::boxed::<4, _>(disc, discontinuous_galerkin::DiscontinuousGalerkin)
        }
        // A discretization has no other schemes here.
        (Geometry::Cylinder | Geometry::Sphere, _) => curved::boxed(disc),
    }
}
