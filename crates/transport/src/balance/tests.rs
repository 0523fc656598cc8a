//! Balances of problems with known terms.

use super::*;
use crate::material::{CrossSections, LibraryParams, infinite_medium_k};
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{Acceleration, DiscreteOrdinatesParams, Scheme, StoppingCriterion};
use crate::quadrature::{chebyshev_legendre, double_gauss, gauss_legendre};

fn params(tolerance: f64) -> DiscreteOrdinatesParams {
    DiscreteOrdinatesParams {
        tolerance,
        stopping: StoppingCriterion::Change,
        ..DiscreteOrdinatesParams::default()
    }
}

/// Solves for a source of `density[region]` in all groups.
fn solve(disc: &Discretization, density: &[f64]) -> (Moments, Balance) {
    let mut source = disc.zeros();
    let dofs = disc.dofs();
    for g in 0..disc.groups() {
        for cell in 0..disc.mesh().len() {
            source.group_mut(g)[cell * dofs] = density[disc.mesh().region[cell] as usize];
        }
    }
    let source = SourceTerms::new(&source);
    let mut params = params(1e-12);
    if disc.mesh().geometry != Geometry::Slab {
        params.acceleration = Acceleration::None;
    }
    let mut solver = FixedSource::new(disc, &params);
    let mut flux = disc.zeros();
    assert!(solver.solve(disc, &source, &mut flux).converged);
    let balance = Balance::of_fixed_source(&mut solver, disc, &source, 0.0, &flux);
    (flux, balance)
}

fn library(text: &str) -> std::collections::BTreeMap<String, CrossSections> {
    toml::from_str::<LibraryParams>(text)
        .unwrap()
        .build()
        .unwrap()
}

fn reed(n: usize, cells: usize, scheme: Scheme, lower: Boundary) -> Discretization {
    let x = CrossSections::one_group;
    Discretization::new(
        Mesh::layers(
            Geometry::Slab,
            0.0,
            &[
                (2.0, 2 * cells, 0),
                (1.0, cells, 1),
                (2.0, cells, 2),
                (1.0, cells, 3),
                (2.0, 2 * cells, 3),
            ],
        ),
        vec![x(50.0, 0.0), x(5.0, 0.0), x(0.0, 0.0), x(1.0, 0.9)],
        Ordinates::legendre(&double_gauss(n), 0),
        scheme,
        [lower, Boundary::Vacuum],
    )
    .unwrap()
}

const REED_SOURCE: [f64; 5] = [50.0, 0.0, 0.0, 1.0, 0.0];

#[test]
fn the_currents_and_averages_of_reeds_slab_are_the_converged_ones() {
    let averages = [0.9975087, 0.1571830, 1.1063819, 1.7770349, 0.7668332];
    for (lower, leak, first) in [
        (Boundary::MIRROR, 0.0, averages[0]),
        (Boundary::Vacuum, 0.25, 0.9950087),
    ] {
        let disc = reed(64, 400, Scheme::LinearDiscontinuous, lower);
        let (flux, balance) = solve(&disc, &REED_SOURCE);
        assert!(balance.residual() < 1e-10, "{}", balance.residual());
        let (right, left) = (balance.upper[0].net(), balance.lower[0].net());
        assert!((right - 0.13214439).abs() < 1e-7, "{right}");
        assert!((left - leak).abs() < 1e-7, "{left}");
        let absorbed = balance.total().absorption;
        assert!((absorbed + leak - 100.86785561).abs() < 1e-7, "{absorbed}");
        let found = crate::edits::region_averages(&disc, &flux);
        for (region, expected) in averages.iter().enumerate() {
            let expected = if region == 0 { first } else { *expected };
            let phi = found[region][0];
            assert!((phi - expected).abs() < 1e-6, "{region}: {phi} {expected}");
        }
    }
}

#[test]
fn reeds_slab_has_the_totals_that_another_code_prints_for_the_full_range_rule() {
    let disc = Discretization::new(
        reed(2, 100, Scheme::LinearDiscontinuous, Boundary::Vacuum)
            .mesh()
            .clone(),
        reed(2, 1, Scheme::LinearDiscontinuous, Boundary::Vacuum)
            .materials()
            .to_vec(),
        Ordinates::legendre(&gauss_legendre(128), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
    .unwrap();
    let balance = solve(&disc, &REED_SOURCE).1;
    let outflow = balance.upper[0].net() + balance.lower[0].net();
    assert!((outflow - 0.3821562).abs() < 1e-6, "{outflow}");
    let absorbed = balance.total().absorption;
    assert!((absorbed - 100.61784).abs() < 1e-4, "{absorbed}");
}

#[test]
fn an_absorber_lets_through_the_third_exponential_integral() {
    let n = 48;
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 1.0, 2),
        vec![CrossSections::one_group(1.0, 0.0)],
        Ordinates::legendre(&double_gauss(n), 0),
        Scheme::StepCharacteristic,
        [Boundary::Incident(vec![vec![1.0; n]]), Boundary::Vacuum],
    )
    .unwrap();
    let balance = solve(&disc, &[0.0]).1;
    let out = balance.upper[0].out;
    assert!((out - 0.1096919672).abs() < 1e-9, "{out}");
    assert!((balance.production - 0.5).abs() < 1e-13);
    assert!(balance.residual() < 1e-10);
}

#[test]
fn the_groups_of_water_around_fuel_balance_region_by_region() {
    let all = library(include_str!("../../../../data/cross_sections/c5g7.toml"));
    for (scheme, boundaries) in [
        (
            Scheme::LinearDiscontinuous,
            [Boundary::MIRROR, Boundary::Vacuum],
        ),
        (
            Scheme::StepCharacteristic,
            [
                Boundary::Incident(vec![vec![0.3; 8]; 7]),
                Boundary::White { albedo: 0.5 },
            ],
        ),
        (
            Scheme::DiamondDifference,
            [Boundary::Periodic, Boundary::Periodic],
        ),
    ] {
        let disc = Discretization::new(
            Mesh::layers(
                Geometry::Slab,
                0.0,
                &[(2.0, 10, 0), (1.0, 5, 1), (3.0, 10, 0)],
            ),
            vec![all["moderator"].clone(), all["UO2"].clone()],
            Ordinates::legendre(&gauss_legendre(8), 0),
            scheme,
            boundaries,
        )
        .unwrap();
        let (_, balance) = solve(&disc, &[1.0, 0.0, 0.5]);
        assert!(
            balance.residual() < 1e-10,
            "{scheme:?}: {}",
            balance.residual()
        );
        let total = balance.total();
        assert!((total.external / 7.0 - 3.5).abs() < 1e-12);
        assert!((total.in_scatter - total.out_scatter).abs() < 1e-9 * total.external);
        for g in 0..7 {
            let ends = balance.lower[g].net() + balance.upper[g].net();
            assert!((balance.group(g).outflow - ends).abs() < 1e-10);
            let fuel = balance.interfaces[1].flow[g] - balance.interfaces[0].flow[g];
            assert!((balance.regions[1][g].outflow - fuel).abs() < 1e-10);
        }
    }
}

#[test]
fn spheres_and_cylinders_balance_with_their_areas_and_volumes() {
    for geometry in [Geometry::Sphere, Geometry::Cylinder] {
        let ordinates = match geometry {
            Geometry::Cylinder => Ordinates::cylinder(&chebyshev_legendre(8), 0),
            _ => Ordinates::legendre(&gauss_legendre(8), 0),
        };
        let disc = Discretization::new(
            Mesh::layers(geometry, 0.0, &[(1.0, 10, 0), (2.0, 20, 1)]),
            vec![
                CrossSections::one_group(2.0, 1.0),
                CrossSections::one_group(0.5, 0.4),
            ],
            ordinates,
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::Vacuum],
        )
        .unwrap();
        let (_, balance) = solve(&disc, &[1.0, 0.0]);
        assert!(
            balance.residual() < 1e-10,
            "{geometry:?}: {}",
            balance.residual()
        );
        let volume = geometry.volume(0.0, 1.0);
        assert!((balance.production - volume).abs() < 1e-12 * volume);
        assert_eq!(balance.lower[0], BoundaryFlow::default());
        assert!(balance.upper[0].out > 0.1 * volume && balance.upper[0].into == 0.0);
    }
}

#[test]
fn a_residual_tells_that_a_flux_has_not_converged() {
    let disc = reed(8, 10, Scheme::LinearDiscontinuous, Boundary::MIRROR);
    let (mut flux, balance) = solve(&disc, &REED_SOURCE);
    assert!(balance.residual() < 1e-10);
    for phi in &mut flux.values {
        *phi *= 1.001;
    }
    let nothing = disc.zeros();
    let mut solver = FixedSource::new(&disc, &params(1e-12));
    let source = SourceTerms::new(&nothing);
    let wrong = Balance::of_fixed_source(&mut solver, &disc, &source, 0.0, &flux);
    assert!(wrong.residual() > 1e-4);
}

#[test]
fn an_infinite_medium_is_critical_with_its_k() {
    let all = library(include_str!("../../../../data/cross_sections/urr6.toml"));
    let x = &all["URR-6-0"];
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 2.0, 4),
        vec![x.clone()],
        Ordinates::legendre(&gauss_legendre(4), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::MIRROR, Boundary::MIRROR],
    )
    .unwrap();
    let (k, phi) = infinite_medium_k(x);
    let mut flux = disc.zeros();
    for (g, phi) in phi.iter().enumerate() {
        for cell in flux.group_mut(g).chunks_exact_mut(2) {
            cell[0] = *phi;
        }
    }
    let mut solver = FixedSource::new(&disc, &params(1e-12));
    let balance = Balance::of_eigenvalue(&mut solver, &disc, k, &flux);
    assert!(balance.residual() < 1e-12, "{}", balance.residual());
    assert!((balance.total().fission - balance.total().absorption).abs() < 1e-12);
    let wrong = Balance::of_eigenvalue(&mut solver, &disc, 1.5, &flux);
    assert!(wrong.residual() > 1e-2);
}

#[test]
fn a_critical_slab_of_two_groups_leaks_what_it_makes_too_much() {
    let all = library(include_str!(
        "../../../../data/cross_sections/sood_two_group.toml"
    ));
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 7.566853, 100),
        vec![all["URRa-2-0"].clone()],
        Ordinates::legendre(&double_gauss(16), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::MIRROR, Boundary::Vacuum],
    )
    .unwrap();
    let mut solver = FixedSource::new(&disc, &params(1e-12));
    let mut flux = disc.zeros();
    for g in 0..2 {
        for cell in flux.group_mut(g).chunks_exact_mut(2) {
            cell[0] = 1.0;
        }
    }
    let production = |flux: &Moments| -> f64 {
        let rates = crate::edits::reaction_rates(&disc, flux, crate::edits::Reaction::NuFission);
        rates[0].iter().sum()
    };
    let mut k = 1.0;
    let mut outer = 0;
    loop {
        outer += 1;
        let before = production(&flux);
        let density = fission_density(&disc, 1.0 / k, &flux);
        let source = SourceTerms::new(&density);
        assert!(solver.solve(&disc, &source, &mut flux).converged);
        let change = production(&flux) / before - 1.0;
        k *= 1.0 + change;
        let balance = Balance::of_eigenvalue(&mut solver, &disc, k, &flux);
        if balance.residual() < 1e-11 {
            let total = balance.total();
            let gain = total.fission - total.absorption;
            assert!(
                (gain - balance.upper[0].net() - balance.upper[1].net()).abs()
                    < 1e-10 * total.fission
            );
            break;
        }
        assert!(outer < 500);
    }
    assert!((k - 1.0).abs() < 2e-6, "{k}");
}
