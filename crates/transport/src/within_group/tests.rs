use super::*;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::Acceleration;
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
                    println!(
                        "{scheme:?} {iteration:?} {acceleration:?}: {} iterations, {} sweeps, rho {:?} predicted {:?} krylov {}, off {off:.1e}",
                        report.iterations,
                        report.sweeps,
                        report.spectral_radius,
                        report.predicted_spectral_radius,
                        report.krylov
                    );
                    assert!(report.converged);
                    assert!(off < 10.0 * tolerance);
                }
            }
        }
    }
}
