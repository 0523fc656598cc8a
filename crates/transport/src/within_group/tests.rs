use super::*;
use crate::boundary::Boundary;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{Acceleration, ErrorScale};
use crate::quadrature::gauss_legendre;

fn slab(scheme: Scheme, c: f64, boundaries: [Boundary; 2]) -> Discretization {
    let mesh = Mesh::layers(
        Geometry::Slab,
        0.0,
        &[(5.0, 25, 0), (5.0, 10, 1), (5.0, 25, 0)],
    );
    let thick = CrossSections {
        scattering: vec![vec![20.0 * c], vec![6.0 * c]],
        ..CrossSections::one_group(20.0, 0.0)
    };
    Discretization::new(
        mesh,
        vec![CrossSections::one_group(1.0, c), thick],
        Ordinates::legendre(&gauss_legendre(8), 1),
        scheme,
        boundaries,
    )
    .unwrap()
}

fn solve(
    disc: &Discretization,
    iteration: Iteration,
    acceleration: Acceleration,
    tolerance: f64,
) -> (Vec<f64>, GroupReport) {
    let params = DiscreteOrdinatesParams {
        iteration,
        acceleration,
        tolerance,
        max_iterations: 20_000,
        ..DiscreteOrdinatesParams::default()
    };
    let mut emission = vec![0.0; disc.group_len()];
    let scalar = disc.mesh().len() * disc.dofs();
    emission[..scalar]
        .iter_mut()
        .step_by(disc.dofs())
        .for_each(|q| *q = 0.5);
    let fixed = SweepSource {
        emission: &emission,
        angular: None,
    };
    let mut flux = vec![0.0; disc.group_len()];
    let report = GroupSolver::new(disc, 0, &params).solve(disc, &fixed, &mut flux);
    (flux, report)
}

fn largest_difference(disc: &Discretization, a: &[f64], b: &[f64]) -> f64 {
    difference(disc, ErrorScale::Cell, a, b).largest
}

/// Whatever iterates and accelerates, the flux is the same to what was asked for.
#[test]
fn all_iterations_find_the_same_flux() {
    let incident = Boundary::Incident(vec![vec![3.0; 8]]);
    let half = || Boundary::Reflecting { albedo: 0.5 };
    let tolerance = 1e-8;
    for boundaries in [
        [Boundary::Vacuum, incident],
        [Boundary::MIRROR, half()],
        [Boundary::White { albedo: 0.9 }, Boundary::Vacuum],
        [Boundary::Periodic, Boundary::Periodic],
    ] {
        for scheme in [Scheme::DiamondDifference, Scheme::LinearDiscontinuous] {
            let disc = slab(scheme, 0.99, boundaries.clone());
            let (best, _) = solve(
                &disc,
                Iteration::SourceIteration,
                Acceleration::Consistent,
                1e-12,
            );
            for iteration in [
                Iteration::SourceIteration,
                Iteration::Gmres,
                Iteration::Bicgstab,
                Iteration::Auto,
            ] {
                for acceleration in [
                    Acceleration::None,
                    Acceleration::Consistent,
                    Acceleration::InteriorPenalty { constant: 2.0 },
                ] {
                    let (flux, report) = solve(&disc, iteration, acceleration, tolerance);
                    let off = largest_difference(&disc, &flux, &best);
                    assert!(report.converged);
                    assert!(
                        off < 1.5 * tolerance,
                        "{scheme:?} {iteration:?} {acceleration:?}: {off}"
                    );
                }
            }
        }
    }
}

fn homogeneous(sigma: f64, c: f64, width: f64, cells: usize) -> Discretization {
    Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, width, cells),
        vec![CrossSections::one_group(sigma, c * sigma)],
        Ordinates::legendre(&gauss_legendre(8), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
    .unwrap()
}

#[test]
fn an_observer_stops_every_iteration_where_it_says() {
    let disc = homogeneous(1.0, 0.99, 20.0, 40);
    let emission = vec![1.0; disc.group_len()];
    let fixed = SweepSource {
        emission: &emission,
        angular: None,
    };
    for iteration in [
        Iteration::SourceIteration,
        Iteration::Gmres,
        Iteration::Bicgstab,
    ] {
        let params = DiscreteOrdinatesParams {
            iteration,
            acceleration: Acceleration::None,
            ..DiscreteOrdinatesParams::default()
        };
        let mut flux = vec![0.0; disc.group_len()];
        let mut heard = Vec::new();
        let report = GroupSolver::new(&disc, 0, &params).solve_observed(
            &disc,
            &fixed,
            &mut flux,
            &mut |i| {
                heard.push(i.index);
                match i.index {
                    4 => Control::Interrupt,
                    _ => Control::Continue,
                }
            },
        );
        assert!(report.interrupted && !report.converged);
        assert_eq!(report.iterations, 4, "{iteration:?} {heard:?}");
        assert_eq!(heard.last(), Some(&4));
        assert!(flux.iter().all(|x| x.is_finite()));
    }
}

/// Where rounding allows no more, the iteration says so and ends.
#[test]
fn a_tolerance_below_rounding_ends_as_stagnated() {
    let disc = homogeneous(1e4, 1.0 - 1e-8, 1.0, 10);
    let (_, report) = solve(
        &disc,
        Iteration::SourceIteration,
        Acceleration::Consistent,
        1e-14,
    );
    assert!(report.stagnated && !report.converged);
    assert!(report.iterations < 500, "{}", report.iterations);
}

/// With more scattering than there are collisions, in a slab above the critical size, the flux
/// grows without bound.
#[test]
fn a_diverging_iteration_ends_early() {
    let disc = homogeneous(1.0, 1.5, 20.0, 40);
    let (_, report) = solve(&disc, Iteration::SourceIteration, Acceleration::None, 1e-8);
    assert!(report.diverged && !report.converged);
    assert!(report.iterations < 100, "{}", report.iterations);
}

/// A slow iteration is left for GMRES by itself, and a fast one is not.
#[test]
fn auto_switches_where_the_measured_radius_is_above_0_6() {
    let disc = homogeneous(1.0, 0.999, 100.0, 100);
    let (_, slow) = solve(&disc, Iteration::Auto, Acceleration::None, 1e-8);
    assert!(slow.converged && slow.krylov);
    assert!(slow.spectral_radius.unwrap() > 0.6 && slow.sweeps < 400);
    let (_, fast) = solve(&disc, Iteration::Auto, Acceleration::Consistent, 1e-8);
    assert!(fast.converged && !fast.krylov && fast.sweeps < 15);
}

/// Thick and thin cells by turns, each a layer of its own: there interior penalty is far slower
/// than an analysis of equal cells says, and whatever iterates must find that out.
#[test]
fn between_unlike_neighbours_every_iteration_keeps_to_its_tolerance() {
    let layers: Vec<(f64, usize, u32)> = (0..40).map(|i| (1.0, 1, i % 2)).collect();
    let c = 0.9999;
    let disc = Discretization::new(
        Mesh::layers(Geometry::Slab, 0.0, &layers),
        vec![
            CrossSections::one_group(1e-3, 1e-3 * c),
            CrossSections::one_group(1e3, 1e3 * c),
        ],
        Ordinates::legendre(&gauss_legendre(16), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
    .unwrap();
    let mut emission = vec![0.0; disc.group_len()];
    emission[0] = 0.5;
    let fixed = SweepSource {
        emission: &emission,
        angular: None,
    };
    let run = |iteration, acceleration, tolerance| {
        let params = DiscreteOrdinatesParams {
            iteration,
            acceleration,
            tolerance,
            max_iterations: 3000,
            ..DiscreteOrdinatesParams::default()
        };
        let mut flux = vec![0.0; disc.group_len()];
        let report = GroupSolver::new(&disc, 0, &params).solve(&disc, &fixed, &mut flux);
        assert!(
            report.converged,
            "{iteration:?} {acceleration:?} {report:?}"
        );
        (flux, report)
    };
    let (best, _) = run(Iteration::SourceIteration, Acceleration::Consistent, 1e-10);
    for iteration in [Iteration::Gmres, Iteration::Bicgstab, Iteration::Auto] {
        for acceleration in [
            Acceleration::InteriorPenalty { constant: 2.0 },
            Acceleration::Consistent,
        ] {
            for tolerance in [1e-1, 1e-2, 1e-3, 1e-5] {
                let (flux, report) = run(iteration, acceleration, tolerance);
                // The flux changes its sign: 1e-14 of the largest, times the excess, is nothing.
                let top = best.iter().fold(0.0_f64, |top, x| top.max(x.abs()));
                for (phi, best) in flux.iter().zip(&best).step_by(2) {
                    let off = (phi - best).abs();
                    assert!(
                        off < 10.0 * tolerance * best.abs() + 1e-11 * top,
                        "{iteration:?} {acceleration:?} {tolerance}: {off} {report:?}"
                    );
                }
            }
        }
    }
}

/// A source that is odd about the middle makes a flux that is zero there, and one in the slopes alone
/// averages to zero in every cell.
#[test]
fn fluxes_that_pass_through_zero_or_have_no_average_converge() {
    for cells in [20, 21] {
        let disc = homogeneous(1.0, 0.9, 10.0, cells);
        for slopes in [false, true] {
            let mut emission = vec![0.0; disc.group_len()];
            for (i, cell) in emission.chunks_exact_mut(2).enumerate() {
                let x = disc.mesh().centre(i) - 5.0;
                cell[usize::from(slopes)] = if slopes { 1.0 } else { x };
            }
            let fixed = SweepSource {
                emission: &emission,
                angular: None,
            };
            let run = |iteration, tolerance| {
                let params = DiscreteOrdinatesParams {
                    iteration,
                    tolerance,
                    ..DiscreteOrdinatesParams::default()
                };
                let mut flux = vec![0.0; disc.group_len()];
                let report = GroupSolver::new(&disc, 0, &params).solve(&disc, &fixed, &mut flux);
                assert!(
                    report.converged,
                    "{cells} {slopes} {iteration:?} {report:?}"
                );
                flux
            };
            let best = run(Iteration::SourceIteration, 1e-12);
            let top = best.iter().fold(0.0_f64, |top, x| top.max(x.abs()));
            for iteration in [Iteration::Auto, Iteration::Gmres, Iteration::Bicgstab] {
                let flux = run(iteration, 1e-6);
                for (a, b) in flux.iter().zip(&best) {
                    assert!(
                        (a - b).abs() < 3e-6 * top,
                        "{cells} {slopes} {iteration:?} {a} {b}"
                    );
                }
            }
        }
    }
}

/// Rounding is no reason for a Krylov method.
#[test]
fn auto_does_not_take_up_gmres_at_the_rounding_floor() {
    let disc = homogeneous(1e5, 1.0, 1.0, 10);
    for tolerance in [1e-6, 1e-13] {
        let (_, report) = solve(&disc, Iteration::Auto, Acceleration::Consistent, tolerance);
        assert!(
            !report.krylov && (report.converged || report.stagnated),
            "{report:?}"
        );
        assert!(report.iterations < 200);
    }
}
