//! Starts from the critical state, and steps longer than a medium takes to grow.

use pdesolve_core::{Control, StepError};

use super::*;
use crate::material::Delayed;

/// A fuel of two groups with two families between reflectors; delayed particles are born slow.
fn reactor(scheme: Scheme, geometry: Geometry) -> Discretization {
    let family = |decay, fraction| Delayed {
        decay,
        fraction,
        chi: vec![0.3, 0.7],
    };
    let fuel = CrossSections {
        total: vec![0.6, 1.2],
        scattering: vec![vec![0.4, 0.1, 0.0, 0.9]],
        nu_fission: vec![0.06, 0.4],
        fission: vec![0.02, 0.15],
        chi: vec![1.0, 0.0],
        velocity: vec![1e3, 1e2],
        delayed: vec![family(0.08, 0.004), family(1.2, 0.003)],
    };
    let reflector = CrossSections {
        total: vec![0.7, 1.4],
        scattering: vec![vec![0.6, 0.08, 0.0, 1.35]],
        nu_fission: vec![0.0; 2],
        fission: vec![0.0; 2],
        chi: vec![0.0; 2],
        velocity: vec![1e3, 1e2],
        delayed: Vec::new(),
    };
    Discretization::new(
        Mesh::layers(geometry, 0.0, &[(8.0, 16, 0), (4.0, 8, 1)]),
        vec![fuel, reflector],
        Ordinates::legendre(&double_gauss(8), 0),
        scheme,
        [Boundary::MIRROR, Boundary::Vacuum],
    )
    .unwrap()
}

#[test]
fn the_critical_state_stays_as_it_is() {
    for (scheme, geometry) in [
        (Scheme::DiamondDifference, Geometry::Slab),
        (Scheme::LinearDiscontinuous, Geometry::Slab),
        (Scheme::DiscontinuousGalerkin2, Geometry::Slab),
        (Scheme::LumpedLinearDiscontinuous, Geometry::Slab),
    ] {
        for time in SCHEMES {
            let disc = reactor(scheme, geometry);
            let mut sim = TransientTransport::new(disc, &params(time, 1e-11), 0.0, 0.01).unwrap();
            let report = sim.start_critical(2.5, &mut |_| Control::Continue).unwrap();
            assert!((report.k - 1.0).abs() > 0.01, "{}", report.k);
            let population = quantity(&mut sim, "population");
            assert!((population - 2.5).abs() < 1e-9, "{population}");
            let (flux, precursors) = (sim.flux().clone(), sim.precursors().to_vec());
            for _ in 0..20 {
                sim.advance(1.0).unwrap();
            }
            let mut worst: f64 = 0.0;
            for g in 0..2 {
                for (a, b) in sim.flux().averages(g).zip(flux.averages(g)) {
                    worst = worst.max((a / b - 1.0).abs());
                }
            }
            for (a, b) in sim
                .precursors()
                .iter()
                .flatten()
                .zip(precursors.iter().flatten())
            {
                worst = worst.max((a - b).abs() / precursors[0][0]);
            }
            assert!(worst < 1e-8, "{scheme:?} {geometry:?} {time:?} {worst:e}");
        }
    }
}

#[test]
fn without_fission_there_is_no_critical_state() {
    let m = CrossSections {
        velocity: vec![1.0],
        ..CrossSections::one_group(1.0, 0.5)
    };
    let scheme = TimeScheme::BackwardEuler;
    let mut sim = TransientTransport::new(closed(m), &params(scheme, 1e-10), 0.0, 0.1).unwrap();
    let fault = sim.start_critical(1.0, &mut |_| Control::Continue);
    assert!(fault.unwrap_err().to_string().contains("fissile"));
}

/// A slab that grows as exp(a t) with a below 2, the net production.
fn growing(step: f64, scheme: TimeScheme) -> TransientTransport {
    let m = CrossSections {
        velocity: vec![1.0],
        ..CrossSections::one_group(1.0, 0.5).with_fission(2.5, 1.0)
    };
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 10.0, 50),
        vec![m],
        Ordinates::legendre(&double_gauss(16), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
    .unwrap();
    let mut sim = TransientTransport::new(disc, &params(scheme, 1e-8), 0.0, step).unwrap();
    let mut flux = sim.discretization().zeros();
    flux.values.iter_mut().step_by(2).for_each(|phi| *phi = 1.0);
    sim.set_flux(&flux);
    sim
}

#[test]
fn a_step_longer_than_the_medium_takes_to_grow_is_refused_and_keeps_the_state() {
    for scheme in SCHEMES {
        // Crank-Nicolson's tau is half its step.
        let mut sim = growing(4.0, scheme);
        let before = sim.angular_flux().to_vec();
        let fault = sim.advance(10.0).unwrap_err();
        let StepError::LinearSolve { reason, .. } = fault else {
            panic!("{fault}");
        };
        assert!(reason.contains("take a smaller step"), "{reason}");
        assert_eq!(sim.angular_flux(), before);
        assert_eq!((sim.steps(), sim.time()), (0, 0.0));
    }
}

#[test]
fn a_growing_medium_in_short_steps_stays_positive() {
    for scheme in SCHEMES {
        let mut sim = growing(0.2, scheme);
        let before = quantity(&mut sim, "population");
        run(&mut sim, 2.0);
        assert!(quantity(&mut sim, "population") > 10.0 * before);
        assert!(sim.flux().averages(0).all(|phi| phi > 0.0));
    }
}
