use super::*;
use crate::boundary::Boundary;
use crate::discretization::TransportError;
use crate::eigenvalue::tests::{two_group_set, urr_b, urr_six};
use crate::fixed_source::{FixedSource, FixedSourceReport, SourceTerms};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{DiscreteOrdinatesParams, EnergyIteration, ErrorScale, Scheme};
use crate::quadrature::double_gauss;
use crate::stopping::difference;

/// A slab of `thickness` in 40 cells.
fn slab(m: CrossSections, thickness: f64, boundaries: [Boundary; 2]) -> Discretization {
    Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, thickness, 40),
        vec![m],
        Ordinates::legendre(&double_gauss(8), 0),
        Scheme::DiamondDifference,
        boundaries,
    )
    .unwrap()
}

/// Flux of a source of one in the first group, evenly in space.
fn solve(disc: &Discretization, params: &DiscreteOrdinatesParams) -> (Moments, FixedSourceReport) {
    let mut density = disc.zeros();
    let cells = disc.mesh().len() * disc.dofs();
    for cell in density.group_mut(0)[..cells].chunks_exact_mut(disc.dofs()) {
        cell[0] = 1.0;
    }
    let mut flux = disc.zeros();
    let report = FixedSource::new(disc, params).solve(disc, &SourceTerms::new(&density), &mut flux);
    (flux, report)
}

fn with(energy: EnergyIteration, two_grid: bool, tolerance: f64) -> DiscreteOrdinatesParams {
    DiscreteOrdinatesParams {
        energy,
        two_grid,
        tolerance,
        ..DiscreteOrdinatesParams::default()
    }
}

/// Five groups, three of them thermal, with little absorption: Gauss-Seidel is slow.
fn moderator() -> CrossSections {
    let rows: [&[f64]; 5] = [
        &[0.20, 0.15, 0.0, 0.0, 0.0],
        &[0.0, 0.30, 0.10, 0.0, 0.0],
        &[0.0, 0.0, 0.25, 0.14, 0.01],
        &[0.0, 0.0, 0.07, 0.25, 0.13],
        &[0.0, 0.0, 0.005, 0.09, 0.50],
    ];
    let mut total: Vec<f64> = rows.iter().map(|r| r.iter().sum::<f64>()).collect();
    for t in &mut total {
        *t += 0.002;
    }
    CrossSections {
        total,
        scattering: vec![rows.concat()],
        nu_fission: vec![0.0; 5],
        fission: vec![0.0; 5],
        chi: vec![0.0; 5],
        ..CrossSections::default()
    }
}

/// Flux of an infinite medium with a source in the first group, by elimination.
fn infinite(m: &CrossSections) -> Vec<f64> {
    use faer::linalg::solvers::Solve;
    let n = m.groups();
    let matrix = faer::Mat::from_fn(n, n, |to, from| {
        f64::from(u8::from(to == from)) * m.total[to]
            - m.scatter(0, from, to)
            - m.chi[to] * m.nu_fission[from]
    });
    let q = faer::Mat::from_fn(n, 1, |g, _| f64::from(u8::from(g == 0)));
    let phi = matrix.partial_piv_lu().solve(&q);
    (0..n).map(|g| phi[(g, 0)]).collect()
}

#[test]
fn only_the_groups_that_upscatter_couples_are_repeated() {
    let disc = slab(moderator(), 30.0, [Boundary::Vacuum, Boundary::Vacuum]);
    assert_eq!(upscatter_block(&disc), 2..5);
    let (_, report) = solve(&disc, &with(EnergyIteration::GaussSeidel, false, 1e-6));
    assert!(report.converged && report.iterations > 5);
    let two = two_group_set().into_iter().next().unwrap();
    let disc = slab(two, 3.0, [Boundary::Vacuum, Boundary::Vacuum]);
    assert!(upscatter_block(&disc).is_empty());
}

#[test]
fn an_infinite_medium_with_upscatter_has_the_flux_of_the_matrix() {
    let m = moderator();
    let expected = infinite(&m);
    let disc = slab(
        m,
        10.0,
        [Boundary::MIRROR, Boundary::Periodic].map(|_| Boundary::MIRROR),
    );
    for energy in [EnergyIteration::GaussSeidel, EnergyIteration::Krylov] {
        for two_grid in [false, true] {
            let (flux, report) = solve(&disc, &with(energy, two_grid, 1e-10));
            assert!(report.converged, "{energy:?} {two_grid} {report:?}");
            for (g, expected) in expected.iter().enumerate() {
                for phi in flux.averages(g) {
                    let error = (phi / expected - 1.0).abs();
                    assert!(error < 2e-10, "{energy:?} {two_grid} {g} {error}");
                }
            }
        }
    }
}

#[test]
fn the_error_of_gauss_seidel_is_what_was_asked_and_its_ratio_that_of_theory() {
    let disc = slab(moderator(), 400.0, [Boundary::Vacuum, Boundary::Vacuum]);
    let (exact, report) = solve(&disc, &with(EnergyIteration::Krylov, false, 1e-12));
    assert!(report.converged);
    let (flux, report) = solve(&disc, &with(EnergyIteration::GaussSeidel, false, 1e-6));
    assert!(report.converged);
    let error = difference(&disc, ErrorScale::Cell, &flux.values, &exact.values).largest;
    assert!(error < 1.5e-6, "{error}");
    let (rho, _) = two_grid::spectrum(&disc.materials()[0], &(2..5)).unwrap();
    let measured = report.spectral_radius.unwrap();
    assert!(
        (0.97 * rho..=1.001 * rho).contains(&measured),
        "{measured} {rho}"
    );
}

#[test]
fn a_subcritical_medium_multiplies_its_source() {
    for m in [urr_b(), urr_six()] {
        // k of about 0.68 in an infinite medium.
        let mut m = m;
        m.nu_fission.iter_mut().for_each(|nu| *nu *= 0.5);
        let expected = infinite(&m);
        let disc = slab(m, 5.0, [Boundary::MIRROR, Boundary::White { albedo: 1.0 }]);
        let disc = multiplying(&disc).unwrap();
        for energy in [EnergyIteration::GaussSeidel, EnergyIteration::Krylov] {
            let (flux, report) = solve(&disc, &with(energy, true, 1e-10));
            assert!(report.converged, "{energy:?} {report:?}");
            for (g, expected) in expected.iter().enumerate() {
                for phi in flux.averages(g) {
                    assert!(
                        (phi / expected - 1.0).abs() < 1e-9,
                        "{energy:?} {g} {phi} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn media_without_an_answer_are_refused() {
    let closed = || [Boundary::MIRROR, Boundary::White { albedo: 1.0 }];
    let refused = |m: CrossSections, boundaries| {
        matches!(
            multiplying(&slab(m, 5.0, boundaries)),
            Err(TransportError::Unsolvable(_))
        )
    };
    assert!(refused(urr_b(), closed()));
    assert!(refused(CrossSections::one_group(1.0, 1.0), closed()));
    assert!(refused(CrossSections::one_group(0.0, 0.0), closed()));
    assert!(!refused(CrossSections::one_group(1.0, 0.9), closed()));
    assert!(!refused(urr_b(), [Boundary::MIRROR, Boundary::Vacuum]));
}

#[test]
fn supercritical_media_are_refused_and_subcritical_ones_are_not() {
    // Half of it is critical at 2.256751 cm.
    let m = crate::eigenvalue::tests::pu_b();
    for (half, supercritical) in [
        (0.5, false),
        (2.1, false),
        (2.25, false),
        (2.27, true),
        (5.0, true),
    ] {
        for scheme in [Scheme::DiamondDifference, Scheme::LinearDiscontinuous] {
            let disc = Discretization::new(
                Mesh::uniform(Geometry::Slab, 0.0, half, 40),
                vec![m.clone()],
                Ordinates::legendre(&double_gauss(16), 0),
                scheme,
                [Boundary::MIRROR, Boundary::Vacuum],
            )
            .unwrap();
            let found = check_subcritical(&multiplying(&disc).unwrap());
            assert_eq!(found.is_err(), supercritical, "{half} {scheme:?} {found:?}");
        }
    }
}

/// Scattering that makes particles is told like fission, though the flux be positive somewhere.
#[test]
fn scattering_that_multiplies_is_told_with_its_surroundings() {
    let gains = CrossSections::one_group(1.0, 1.2);
    let absorbs = CrossSections::one_group(1.0, 0.5);
    let vacuum = || [Boundary::Vacuum, Boundary::Vacuum];
    let mirrors = || [Boundary::MIRROR, Boundary::MIRROR];
    for (layers, boundaries, supercritical) in [
        (vec![(10.0, 50, 0)], vacuum(), true),
        (vec![(1.0, 20, 0)], vacuum(), false),
        (vec![(3.0, 45, 0), (7.0, 10, 1)], vacuum(), true),
        (vec![(9.0, 45, 0), (1.0, 10, 1)], mirrors(), true),
        (vec![(0.5, 45, 0), (9.5, 50, 1)], mirrors(), false),
        (vec![(10.0, 50, 1)], vacuum(), false),
    ] {
        for scheme in [
            Scheme::Step,
            Scheme::DiamondDifference,
            Scheme::LinearDiscontinuous,
        ] {
            let disc = Discretization::new(
                Mesh::layers(Geometry::Slab, 0.0, &layers),
                vec![gains.clone(), absorbs.clone()],
                Ordinates::legendre(&double_gauss(8), 0),
                scheme,
                boundaries.clone(),
            )
            .unwrap();
            let found = check_subcritical(&disc);
            assert_eq!(
                found.is_err(),
                supercritical,
                "{layers:?} {scheme:?} {found:?}"
            );
        }
    }
}

#[test]
fn the_two_grid_correction_takes_a_fifth_of_the_iterations() {
    let mut counts = Vec::new();
    for scheme in [Scheme::DiamondDifference, Scheme::LinearDiscontinuous] {
        let disc = Discretization::new(
            Mesh::uniform(Geometry::Slab, 0.0, 400.0, 200),
            vec![moderator()],
            Ordinates::legendre(&double_gauss(8), 0),
            scheme,
            [Boundary::Vacuum, Boundary::Vacuum],
        )
        .unwrap();
        let (slow, plain) = solve(&disc, &with(EnergyIteration::GaussSeidel, false, 1e-8));
        let (fast, two_grid) = solve(&disc, &with(EnergyIteration::GaussSeidel, true, 1e-8));
        let (all, krylov) = solve(&disc, &with(EnergyIteration::Krylov, true, 1e-8));
        assert!(plain.converged && two_grid.converged && krylov.converged);
        for flux in [&fast, &all] {
            let error = difference(&disc, ErrorScale::Cell, &flux.values, &slow.values).largest;
            assert!(error < 3e-8, "{scheme:?} {error}");
        }
        counts.push((plain.iterations, two_grid.iterations, krylov.iterations));
        assert!(5 * two_grid.iterations < plain.iterations, "{counts:?}");
    }
}

#[test]
fn an_observer_stops_the_iteration_over_the_groups() {
    let disc = slab(moderator(), 400.0, [Boundary::Vacuum, Boundary::Vacuum]);
    for energy in [EnergyIteration::GaussSeidel, EnergyIteration::Krylov] {
        let mut density = disc.zeros();
        density.values.fill(1.0);
        let mut flux = disc.zeros();
        let mut heard = 0;
        let report = FixedSource::new(&disc, &with(energy, false, 1e-10)).solve_observed(
            &disc,
            &SourceTerms::new(&density),
            &mut flux,
            &mut |_| {
                heard += 1;
                if heard < 12 {
                    pdesolve_core::Control::Continue
                } else {
                    pdesolve_core::Control::Interrupt
                }
            },
        );
        assert!(report.interrupted && !report.converged, "{energy:?}");
        // A Krylov method may say once more where it stands.
        assert!((12..=13).contains(&heard), "{energy:?} {heard}");
    }
}

/// A void beside groups that no upscatter reaches has neither spectrum nor diffusion.
#[test]
fn a_void_beside_a_medium_with_upscatter_is_solved() {
    let medium = CrossSections {
        total: vec![1.0, 1.5, 2.0],
        scattering: vec![vec![0.5, 0.0, 0.1, 0.0, 1.0, 0.4, 0.3, 0.0, 1.6]],
        nu_fission: vec![0.0; 3],
        fission: vec![0.0; 3],
        chi: vec![0.0; 3],
        ..CrossSections::default()
    };
    let void = CrossSections {
        total: vec![0.0; 3],
        scattering: vec![vec![0.0; 9]],
        ..medium.clone()
    };
    for scheme in [Scheme::DiamondDifference, Scheme::LinearDiscontinuous] {
        let disc = Discretization::new(
            Mesh::layers(Geometry::Slab, 0.0, &[(5.0, 25, 0), (5.0, 25, 1)]),
            vec![medium.clone(), void.clone()],
            Ordinates::legendre(&double_gauss(8), 0),
            scheme,
            [Boundary::Vacuum, Boundary::Vacuum],
        )
        .unwrap();
        let (plain, _) = solve(&disc, &with(EnergyIteration::GaussSeidel, false, 1e-10));
        for energy in [EnergyIteration::GaussSeidel, EnergyIteration::Krylov] {
            let (flux, report) = solve(&disc, &with(energy, true, 1e-9));
            assert!(report.converged, "{scheme:?} {energy:?} {report:?}");
            let off = difference(&disc, ErrorScale::Cell, &flux.values, &plain.values).largest;
            assert!(off < 1e-8, "{scheme:?} {energy:?} {off}");
        }
    }
}

/// Materials of no cell couple nothing.
#[test]
fn unused_materials_make_no_upscatter() {
    let plain = CrossSections {
        scattering: vec![vec![0.5; 25]],
        ..moderator()
    };
    let down: Vec<f64> = (0..25)
        .map(|i| if i % 5 >= i / 5 { 0.05 } else { 0.0 })
        .collect();
    let used = CrossSections {
        scattering: vec![down],
        ..moderator()
    };
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 1.0, 4),
        vec![used, plain],
        Ordinates::legendre(&double_gauss(4), 0),
        Scheme::DiamondDifference,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
    .unwrap();
    assert!(upscatter_block(&disc).is_empty());
}

/// What is reported of a solve over all groups at once is finite, counts all, and holds.
#[test]
fn the_report_of_gmres_over_the_groups_is_honest() {
    let disc = slab(moderator(), 400.0, [Boundary::Vacuum, Boundary::Vacuum]);
    let (exact, _) = solve(&disc, &with(EnergyIteration::Krylov, false, 1e-12));
    for two_grid in [false, true] {
        let (flux, report) = solve(&disc, &with(EnergyIteration::Krylov, two_grid, 1e-4));
        let off = difference(&disc, ErrorScale::Cell, &flux.values, &exact.values).largest;
        assert!(
            report.converged && report.error <= 1e-4 && off < 1e-4,
            "{off} {report:?}"
        );
        assert!(report.groups.iter().all(|g| g.error <= 1e-4 && g.converged));
        assert!(
            report.inner_iterations >= 3 * report.iterations,
            "{report:?}"
        );
    }
}
