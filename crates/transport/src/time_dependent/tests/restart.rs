//! Checkpoints, failing steps and steps that are cut.

use pdesolve_core::{State, StepError};

use super::*;
use crate::material::Delayed;
use crate::params::{Acceleration, Iteration};
use crate::quadrature::gauss_legendre;
use crate::time_dependent::{TimeBoundary, TimeSource};

/// A fissile slab between a beam that swings and a void, with a source that comes and goes.
fn problem(scheme: TimeScheme, tolerance: f64) -> TransientTransport {
    let fuel = CrossSections {
        velocity: vec![3.0],
        delayed: vec![Delayed {
            decay: 0.7,
            fraction: 0.1,
            chi: vec![1.0],
        }],
        ..CrossSections::one_group(1.0, 0.6).with_fission(2.5, 0.1)
    };
    let void = CrossSections {
        velocity: vec![2.0],
        ..CrossSections::one_group(0.0, 0.0)
    };
    let ordinates = Ordinates::legendre(&double_gauss(8), 0);
    let incident = Boundary::Incident(vec![vec![0.0; 8]]);
    let mesh = Mesh::layers(Geometry::Slab, 0.0, &[(3.0, 20, 0), (1.0, 4, 1)]);
    let disc = Discretization::new(
        mesh,
        vec![fuel, void],
        ordinates,
        Scheme::DiamondDifference,
        [incident, Boundary::Vacuum],
    )
    .unwrap();
    let source: TimeSource = Box::new(|t, q| q.group_mut(0).fill(f64::exp(-t) * (1.0 + t.sin())));
    let boundary: TimeBoundary = Box::new(|t, _, psi| psi[0].fill(1.0 + t.cos()));
    TransientTransport::new(disc, &params(scheme, tolerance), 0.0, 0.1)
        .unwrap()
        .with_source(source)
        .with_boundary(boundary)
}

#[test]
fn a_restored_run_gives_the_same_bits() {
    for scheme in SCHEMES {
        let mut straight = problem(scheme, 1e-8);
        // Lands on a time between steps, so that the saved run has a cut step behind it.
        run(&mut straight, 0.43);
        let mut state = State::default();
        straight.save(&mut state);
        let mut resumed = problem(scheme, 1e-8);
        resumed.restore(&state).unwrap();
        for end in [0.9, 1.5] {
            run(&mut straight, end);
            run(&mut resumed, end);
        }
        let saved = [&straight, &resumed].map(|sim| {
            let mut state = State::default();
            sim.save(&mut state);
            state
        });
        assert_eq!(saved[0], saved[1], "{scheme:?}");
        let mut broken = state.clone();
        broken.arrays.remove("precursors_1");
        assert!(resumed.restore(&broken).is_err());
        let mut after = State::default();
        resumed.save(&mut after);
        assert_eq!(saved[1], after, "a refused checkpoint must change nothing");
    }
}

#[test]
fn a_step_that_does_not_converge_keeps_the_state() {
    let mut sim = problem(TimeScheme::Bdf2, 1e-8);
    run(&mut sim, 0.3);
    let mut before = State::default();
    sim.save(&mut before);
    sim.params.max_iterations = 1;
    sim.systems = Default::default();
    let error = sim.advance(1.0).unwrap_err();
    assert!(
        matches!(error, StepError::LinearSolve { step: 4, .. }),
        "{error}"
    );
    let mut after = State::default();
    sim.save(&mut after);
    assert_eq!(before, after);
}

#[test]
fn every_step_balances_to_rounding_once_the_iteration_has_converged() {
    for scheme in SCHEMES {
        let mut sim = problem(scheme, 1e-13);
        let mut worst: f64 = 0.0;
        for end in [0.55, 1.0, 2.0] {
            while sim.time() < end {
                sim.advance(end).unwrap();
                worst = worst.max(quantity(&mut sim, "balance_residual"));
            }
        }
        assert!(worst < 1e-12, "{scheme:?} {worst:e}");
    }
}

#[test]
fn a_sphere_that_leaks_balances_in_every_step() {
    let fuel = CrossSections {
        velocity: vec![3.0],
        ..CrossSections::one_group(1.0, 0.6).with_fission(2.5, 0.1)
    };
    for scheme in SCHEMES {
        let disc = Discretization::new(
            Mesh::uniform(Geometry::Sphere, 0.0, 3.0, 20),
            vec![fuel.clone()],
            Ordinates::legendre(&gauss_legendre(8), 0),
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::Vacuum],
        )
        .unwrap();
        let mut flux = disc.zeros();
        flux.values.fill(1.0);
        let mut sim = TransientTransport::new(disc, &params(scheme, 1e-13), 0.0, 0.1).unwrap();
        sim.set_flux(&flux);
        let mut worst: f64 = 0.0;
        while sim.time() < 2.0 {
            sim.advance(2.0).unwrap();
            worst = worst.max(quantity(&mut sim, "balance_residual"));
        }
        assert!(worst < 1e-12, "{scheme:?} {worst:e}");
        assert!(quantity(&mut sim, "leakage(left)").abs() < 1e-14);
        assert!(quantity(&mut sim, "leakage(right)") > 0.1);
    }
}

#[test]
fn acceleration_keeps_the_iterations_few_however_long_the_step() {
    let material = CrossSections {
        velocity: vec![1e3],
        ..CrossSections::one_group(1.0, 0.9999)
    };
    let most = |acceleration, step: f64| {
        let disc = Discretization::new(
            Mesh::uniform(Geometry::Slab, 0.0, 100.0, 100),
            vec![material.clone()],
            Ordinates::legendre(&double_gauss(8), 0),
            Scheme::LinearDiscontinuous,
            [Boundary::Vacuum, Boundary::Vacuum],
        )
        .unwrap();
        let mut flux = disc.zeros();
        // A hot half next to a cold one.
        flux.values[..100]
            .iter_mut()
            .step_by(2)
            .for_each(|phi| *phi = 1.0);
        let params = DiscreteOrdinatesParams {
            acceleration,
            iteration: Iteration::SourceIteration,
            max_iterations: 20_000,
            ..params(TimeScheme::BackwardEuler, 1e-8)
        };
        let mut sim = TransientTransport::new(disc, &params, 0.0, step).unwrap();
        sim.set_flux(&flux);
        let mut most = 0.0_f64;
        for _ in 0..5 {
            sim.advance(f64::INFINITY).unwrap();
            most = most.max(quantity(&mut sim, "iterations"));
        }
        most
    };
    for mean_free_times in [0.1, 1.0, 10.0, 100.0, 1e4] {
        let fast = most(Acceleration::Consistent, mean_free_times / 1e3);
        assert!(fast <= 14.0, "{mean_free_times} {fast}");
    }
    let slow = most(Acceleration::None, 0.1);
    assert!(slow > 1000.0, "{slow}");
}

#[test]
fn cut_steps_keep_the_order() {
    let population = |scheme, step: f64| {
        let mut sim = problem(scheme, 1e-13);
        sim.step = step;
        // Each interval ends with a shorter step.
        for k in 1..=4 {
            run(&mut sim, 0.37 * f64::from(k));
        }
        quantity(&mut sim, "population")
    };
    let exact = population(TimeScheme::CrankNicolson, 0.37 / 1024.0);
    // Next to a step cut to a fifth BDF2 begins anew, next to one cut to a half it does not.
    for part in [0.2, 0.5] {
        for scheme in SCHEMES {
            let steps = [16.0, 32.0, 64.0, 128.0].map(|n| 0.37 / (n + part));
            let errors = steps.map(|step| (population(scheme, step) - exact).abs());
            let order = (errors[2] / errors[3]).ln() / (steps[2] / steps[3]).ln();
            assert!(
                (order - order_of(scheme)).abs() < 0.1,
                "{scheme:?} {errors:?}"
            );
        }
    }
}

#[test]
fn a_material_without_speed_is_refused() {
    let disc = closed(CrossSections::one_group(1.0, 0.5));
    let refused = TransientTransport::new(disc, &params(TimeScheme::Bdf2, 1e-8), 0.0, 0.1);
    assert!(refused.err().unwrap().to_string().contains("speed"));
}
