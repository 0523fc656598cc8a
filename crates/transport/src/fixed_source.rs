//! Problems with a fixed source: the groups and their coupling.
//!
//! ```text
//! L_g phi_g = S_gg phi_g + sum_(g' < g) S_g'g phi_g' + sum_(g' > g) S_g'g phi_g' + q_g
//!                          from faster groups          from slower groups: upscatter
//! ```
//!
//! 1. Groups faster than all that receive upscatter are solved once, in turn.
//! 2. The block of groups that upscatter couples is iterated on: Gauss-Seidel
//!    ([`gauss_seidel`](crate::energy::gauss_seidel)), with a two-grid correction where it helps, or
//!    GMRES over all of them at once ([`krylov`](crate::energy::krylov)).
//! 3. Groups slower than all that scatter up are solved once.
//!
//! Fission is not seen here. [`multiplying`](crate::energy::multiplying) turns a medium with
//! fission into one whose scattering does the same, for sources in subcritical media; for
//! eigenvalues fission is part of the given source.

use std::ops::Range;

use pdesolve_core::{Control, Iterate};

use crate::discretization::Discretization;
use crate::energy::two_grid::TwoGrid;
use crate::energy::{gauss_seidel, krylov, upscatter_block};
use crate::flux::Moments;
use crate::params::{DiscreteOrdinatesParams, EnergyIteration};
use crate::sweep::{BoundaryFlux, SweepSource};
use crate::within_group::{GroupReport, GroupSolver};

/// A fixed-source problem, solved group by group.
pub struct FixedSource {
    pub(crate) groups: Vec<GroupSolver>,
    pub(crate) params: DiscreteOrdinatesParams,
    /// Groups that upscatter couples.
    pub(crate) block: Range<usize>,
    pub(crate) two_grid: Option<TwoGrid>,
    /// Flux of the block before an iteration.
    pub(crate) before: Vec<f64>,
    emission: Vec<f64>,
}

/// A given source.
#[derive(Clone, Copy, Debug)]
pub struct SourceTerms<'a> {
    /// Moments of the source density as the physics has it: q particles per cm^3 and s, emitted
    /// evenly in all directions, is q in moment 0.
    pub density: &'a Moments,
    /// A source given direction by direction, added to it: `[group][ordinate][cell][dof]`.
    pub angular: Option<&'a [Vec<f64>]>,
}

impl<'a> SourceTerms<'a> {
    /// A source given by its moments alone.
    pub fn new(density: &'a Moments) -> Self {
        Self {
            density,
            angular: None,
        }
    }

    fn of_group<'b>(&'b self, group: usize, emission: &'b [f64]) -> SweepSource<'b> {
        SweepSource {
            emission,
            angular: self.angular.map(|a| a[group].as_slice()),
        }
    }
}

/// How a fixed-source solve ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FixedSourceReport {
    /// Iterations over the groups that upscatter couples; 1 where there are none.
    pub iterations: usize,
    /// The last report of each group.
    pub groups: Vec<GroupReport>,
    /// Transport sweeps over one group, all together.
    pub sweeps: usize,
    /// Last ratio of successive changes of the iteration over the groups, in the L2 norm: of a
    /// Krylov method those of its first passes. `None` before there are two changes.
    pub spectral_radius: Option<f64>,
    /// The number held against the tolerance in the iteration over the groups.
    pub error: f64,
    /// That number, iteration by iteration.
    pub history: Vec<f64>,
    /// Iterations within groups, all together.
    pub inner_iterations: usize,
    /// Whether all groups and the iteration over them converged.
    pub converged: bool,
    /// Whether the observer asked to stop.
    pub interrupted: bool,
}

impl FixedSource {
    /// A solver for `disc`.
    pub fn new(disc: &Discretization, params: &DiscreteOrdinatesParams) -> Self {
        let block = upscatter_block(disc);
        let params = params.clone();
        Self {
            groups: (0..disc.groups())
                .map(|g| GroupSolver::new(disc, g, &params))
                .collect(),
            two_grid: (params.two_grid && !block.is_empty())
                .then(|| TwoGrid::new(disc, block.clone(), params.acceleration))
                .flatten(),
            before: vec![0.0; block.len() * disc.group_len()],
            block,
            emission: vec![0.0; disc.group_len()],
            params,
        }
    }

    /// Asks for another accuracy from now on.
    pub fn set_tolerance(&mut self, tolerance: f64) {
        self.params.tolerance = tolerance;
        for group in &mut self.groups {
            group.set_tolerance(tolerance);
        }
    }

    /// Solves for the given source, from the flux given on.
    pub fn solve(
        &mut self,
        disc: &Discretization,
        source: &SourceTerms<'_>,
        flux: &mut Moments,
    ) -> FixedSourceReport {
        self.solve_observed(disc, source, flux, &mut |_| Control::Continue)
    }

    /// As [`FixedSource::solve`]; `observer` hears of each iteration within a group, counted over
    /// all of them, and may stop the solve, which then leaves its last flux.
    pub fn solve_observed(
        &mut self,
        disc: &Discretization,
        source: &SourceTerms<'_>,
        flux: &mut Moments,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> FixedSourceReport {
        let mut report = FixedSourceReport {
            groups: vec![GroupReport::default(); disc.groups()],
            iterations: 1,
            converged: true,
            ..FixedSourceReport::default()
        };
        for g in 0..self.block.start {
            self.solve_group(disc, g, source, flux, &mut report, observer);
        }
        if !self.block.is_empty() {
            match self.params.energy {
                EnergyIteration::GaussSeidel => {
                    gauss_seidel::solve(self, disc, source, flux, &mut report, observer);
                }
                EnergyIteration::Krylov => {
                    krylov::solve(self, disc, source, flux, &mut report, observer);
                }
            }
        }
        for g in self.block.end..disc.groups() {
            self.solve_group(disc, g, source, flux, &mut report, observer);
        }
        let outside = |g: &usize| !self.block.contains(g);
        let singles = (0..disc.groups()).filter(outside);
        report.converged &= !report.interrupted;
        report.converged &= singles.fold(true, |all, g| all & report.groups[g].converged);
        report
    }

    /// Solves one group with the flux of the others as it stands.
    pub(crate) fn solve_group(
        &mut self,
        disc: &Discretization,
        group: usize,
        source: &SourceTerms<'_>,
        flux: &mut Moments,
        report: &mut FixedSourceReport,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) {
        if report.interrupted {
            return;
        }
        self.emit(disc, group, source, flux);
        let fixed = source.of_group(group, &self.emission);
        let done = report.inner_iterations;
        let one = self.groups[group].solve_observed(
            disc,
            &fixed,
            flux.group_mut(group),
            &mut |iterate| {
                observer(&Iterate {
                    index: done + iterate.index,
                    ..*iterate
                })
            },
        );
        report.inner_iterations += one.iterations;
        report.interrupted |= one.interrupted;
        report.sweeps += one.sweeps;
        report.groups[group] = one;
    }

    /// One more sweep of group `group` with the converged flux: the angular flux
    /// `[ordinate][cell][dof]` and the edge currents `[edge]` that belong to it.
    pub fn final_sweep(
        &mut self,
        disc: &Discretization,
        group: usize,
        source: &SourceTerms<'_>,
        flux: &Moments,
        angular: Option<&mut [f64]>,
        current: Option<&mut [f64]>,
    ) -> &BoundaryFlux {
        self.sweep_group(disc, group, source, flux, angular, current);
        self.groups[group].sweeper().boundary()
    }

    /// One sweep of a group with all scattering as `flux` makes it; the flux moments it gives.
    pub(crate) fn sweep_group(
        &mut self,
        disc: &Discretization,
        group: usize,
        source: &SourceTerms<'_>,
        flux: &Moments,
        angular: Option<&mut [f64]>,
        current: Option<&mut [f64]>,
    ) -> &[f64] {
        self.emit(disc, group, source, flux);
        let fixed = source.of_group(group, &self.emission);
        self.groups[group].sweep(disc, &fixed, flux.group(group), angular, current)
    }

    /// Emission density in group `group` of all but the group itself.
    fn emit(
        &mut self,
        disc: &Discretization,
        group: usize,
        source: &SourceTerms<'_>,
        flux: &Moments,
    ) {
        self.emission.fill(0.0);
        disc.add_density(source.density.group(group), &mut self.emission);
        for from in (0..disc.groups()).filter(|&from| from != group) {
            disc.add_scattering(from, group, flux.group(from), &mut self.emission);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::Boundary;
    use crate::material::CrossSections;
    use crate::mesh::{Geometry, Mesh};
    use crate::ordinates::Ordinates;
    use crate::params::{Acceleration, Iteration, Scheme, StoppingCriterion};
    use crate::quadrature::gauss_legendre;

    fn problem(total: f64, scattering: f64, boundaries: [Boundary; 2]) -> Discretization {
        Discretization::new(
            Mesh::uniform(Geometry::Slab, 0.0, 10.0, 100),
            vec![CrossSections::one_group(total, scattering)],
            Ordinates::legendre(&gauss_legendre(8), 0),
            Scheme::DiamondDifference,
            boundaries,
        )
        .unwrap()
    }

    fn solve(disc: &Discretization, tolerance: f64) -> (Moments, FixedSourceReport) {
        let params = DiscreteOrdinatesParams {
            tolerance,
            stopping: StoppingCriterion::Change,
            iteration: Iteration::SourceIteration,
            acceleration: Acceleration::None,
            ..DiscreteOrdinatesParams::default()
        };
        let mut density = disc.zeros();
        density.values.fill(1.0);
        let mut flux = disc.zeros();
        let report =
            FixedSource::new(disc, &params).solve(disc, &SourceTerms::new(&density), &mut flux);
        (flux, report)
    }

    #[test]
    fn source_iteration_takes_the_known_number_of_iterations() {
        let disc = problem(1.0, 1.0, [Boundary::Vacuum, Boundary::Vacuum]);
        let (flux, report) = solve(&disc, 1e-6);
        assert!(report.converged);
        assert!(
            (410..=416).contains(&report.groups[0].iterations),
            "{}",
            report.groups[0].iterations
        );
        let middle = flux.averages(0).nth(50).unwrap();
        assert!((middle - 48.743886).abs() < 5e-3, "{middle}");
    }

    #[test]
    fn an_infinite_medium_has_the_flux_q_over_sigma_a_for_every_closed_boundary() {
        let white = || Boundary::White { albedo: 1.0 };
        for boundaries in [
            [Boundary::MIRROR, Boundary::MIRROR],
            [white(), Boundary::MIRROR],
            [white(), white()],
            [Boundary::Periodic, Boundary::Periodic],
        ] {
            let disc = problem(1.0, 0.5, boundaries);
            let (flux, report) = solve(&disc, 1e-13);
            assert!(report.converged);
            for phi in flux.averages(0) {
                assert!((phi - 2.0).abs() < 1e-11, "{phi} {:?}", disc.boundaries());
            }
        }
    }
}
