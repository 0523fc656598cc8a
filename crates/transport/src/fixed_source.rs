//! Problems with a fixed source: Gauss-Seidel over the groups.

use crate::discretization::Discretization;
use crate::flux::Moments;
use crate::params::{DiscreteOrdinatesParams, ErrorScale};
use crate::sweep::{BoundaryFlux, SweepSource};
use crate::within_group::{GroupReport, GroupSolver};

/// A fixed-source problem, solved group by group.
pub struct FixedSource {
    groups: Vec<GroupSolver>,
    params: DiscreteOrdinatesParams,
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
    /// Iterations over the groups.
    pub iterations: usize,
    /// The last report of each group.
    pub groups: Vec<GroupReport>,
    /// Transport sweeps over one group, all together.
    pub sweeps: usize,
    /// Whether all groups and the iteration over them converged.
    pub converged: bool,
}

impl FixedSource {
    /// A solver for `disc`.
    pub fn new(disc: &Discretization, params: &DiscreteOrdinatesParams) -> Self {
        Self {
            groups: (0..disc.groups())
                .map(|g| GroupSolver::new(disc, g, params))
                .collect(),
            params: params.clone(),
            emission: vec![0.0; disc.group_len()],
        }
    }

    /// Solves for the given source, from the flux given on.
    pub fn solve(
        &mut self,
        disc: &Discretization,
        source: &SourceTerms<'_>,
        flux: &mut Moments,
    ) -> FixedSourceReport {
        let groups = disc.groups();
        let mut report = FixedSourceReport {
            groups: vec![GroupReport::default(); groups],
            ..FixedSourceReport::default()
        };
        let upscatter = (disc.materials().iter())
            .any(|m| (0..groups).any(|from| (0..from).any(|to| m.scatter(0, from, to) != 0.0)));
        while report.iterations < self.params.max_energy_iterations {
            report.iterations += 1;
            let mut moved: f64 = 0.0;
            for g in 0..groups {
                self.emit(disc, g, source, flux);
                let fixed = source.of_group(g, &self.emission);
                let before: Vec<f64> = flux.averages(g).collect();
                let one = self.groups[g].solve(disc, &fixed, flux.group_mut(g));
                report.sweeps += one.sweeps;
                let floor = match self.params.error_scale {
                    ErrorScale::Cell => 0.0,
                    ErrorScale::Group => flux.averages(g).fold(0.0, |top: f64, v| top.max(v.abs())),
                };
                for (new, old) in flux.averages(g).zip(before) {
                    moved = moved.max((new - old).abs() / new.abs().max(floor));
                }
                report.groups[g] = one;
            }
            let inner = report.groups.iter().all(|g| g.converged);
            if !upscatter || moved <= self.params.tolerance {
                report.converged = inner;
                break;
            }
        }
        report
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
        self.emit(disc, group, source, flux);
        let fixed = source.of_group(group, &self.emission);
        self.groups[group].sweep(disc, &fixed, flux.group(group), angular, current);
        self.groups[group].sweeper().boundary()
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
    use crate::params::{Scheme, StoppingCriterion};
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
