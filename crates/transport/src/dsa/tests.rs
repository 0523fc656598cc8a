use super::*;
use crate::boundary::Boundary;
use crate::fixed_source::{FixedSource, FixedSourceReport, SourceTerms};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::params::{DiscreteOrdinatesParams, Iteration, Scheme, StoppingCriterion};
use crate::quadrature::gauss_legendre;

fn slab(
    mesh: Mesh,
    materials: Vec<CrossSections>,
    sn: usize,
    scheme: Scheme,
    boundaries: [Boundary; 2],
) -> Discretization {
    let order = materials.iter().map(|m| m.order()).max().unwrap();
    let ordinates = Ordinates::legendre(&gauss_legendre(sn), order);
    Discretization::new(mesh, materials, ordinates, scheme, boundaries).unwrap()
}

fn solve(
    disc: &Discretization,
    density: &Moments,
    acceleration: Acceleration,
    stopping: StoppingCriterion,
    tolerance: f64,
) -> (Moments, FixedSourceReport) {
    let params = DiscreteOrdinatesParams {
        tolerance,
        stopping,
        acceleration,
        iteration: Iteration::SourceIteration,
        ..DiscreteOrdinatesParams::default()
    };
    let mut flux = disc.zeros();
    let report = FixedSource::new(disc, &params).solve(disc, &SourceTerms::new(density), &mut flux);
    (flux, report)
}

fn unit_source(disc: &Discretization) -> Moments {
    let mut density = disc.zeros();
    let dofs = disc.dofs();
    for value in density
        .values
        .iter_mut()
        .take(disc.mesh().len() * dofs)
        .step_by(dofs)
    {
        *value = 1.0;
    }
    density
}

/// Counts and fluxes in the middle computed with an independent program.
#[test]
fn diamond_difference_takes_the_known_number_of_iterations() {
    let counts = [
        (0.9, [[7, 8, 8], [7, 7, 7], [6, 6, 6]]),
        (0.99, [[8, 8, 8], [7, 8, 8], [6, 7, 6]]),
        (0.999, [[8, 8, 9], [7, 8, 8], [6, 7, 7]]),
        (0.9999, [[8, 8, 9], [7, 8, 8], [6, 7, 7]]),
        (1.0, [[8, 8, 9], [7, 8, 8], [6, 7, 7]]),
    ];
    for (c, rows) in counts {
        for (length, row) in [10.0, 100.0, 1000.0].into_iter().zip(rows) {
            for (sn, expected) in [4, 8, 16].into_iter().zip(row) {
                let disc = slab(
                    Mesh::uniform(Geometry::Slab, 0.0, length, 100),
                    vec![CrossSections::one_group(1.0, c)],
                    sn,
                    Scheme::DiamondDifference,
                    [Boundary::Vacuum, Boundary::Vacuum],
                );
                let (_, report) = solve(
                    &disc,
                    &unit_source(&disc),
                    Acceleration::Consistent,
                    StoppingCriterion::Change,
                    1e-6,
                );
                let found = report.groups[0].iterations;
                println!("c {c} T {length} S{sn}: {found}, expected {expected}");
                assert!(found.abs_diff(expected) <= 1);
            }
        }
    }
}

const GALERKIN: [Scheme; 4] = [
    Scheme::LinearDiscontinuous,
    Scheme::LumpedLinearDiscontinuous,
    Scheme::DiscontinuousGalerkin2,
    Scheme::DiscontinuousGalerkin3,
];

/// With two ordinates the error is linear in mu: nothing of it is left after one iteration. The
/// second confirms it.
#[test]
fn consistent_acceleration_solves_two_ordinates_exactly() {
    let one_dof = [
        Scheme::Step,
        Scheme::DiamondDifference,
        Scheme::StepCharacteristic,
    ];
    let strong = CrossSections {
        scattering: vec![vec![3.0], vec![1.2]],
        ..CrossSections::one_group(3.0, 3.0)
    };
    let materials = vec![CrossSections::one_group(1.0, 0.99), strong];
    let closed = || Boundary::Reflecting { albedo: 1.0 };
    for scheme in GALERKIN.into_iter().chain(one_dof) {
        for boundaries in [
            [Boundary::Vacuum, Boundary::Vacuum],
            [closed(), Boundary::Vacuum],
            [Boundary::Reflecting { albedo: 0.5 }, closed()],
            [
                Boundary::White { albedo: 0.7 },
                Boundary::White { albedo: 0.2 },
            ],
            [Boundary::Periodic, Boundary::Periodic],
        ] {
            let mesh = Mesh::layers(
                Geometry::Slab,
                0.0,
                &[(2.0, 5, 0), (10.0, 4, 1), (1.0, 7, 0)],
            );
            let disc = slab(mesh, materials.clone(), 2, scheme, boundaries.clone());
            let (_, report) = solve(
                &disc,
                &unit_source(&disc),
                Acceleration::Consistent,
                StoppingCriterion::Change,
                1e-10,
            );
            let found = report.groups[0].iterations;
            println!(
                "{scheme:?} {boundaries:?}: {found} {:?}",
                report.groups[0].history
            );
            assert_eq!(found, 2);
        }
    }
}
