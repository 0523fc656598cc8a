//! Sizes and number of steps.

use pdesolve_core::{State, StepError};

use super::*;

fn advection(time: &TimeParams, velocity: f64, cells: usize) -> FiniteVolume {
    let law = AdvectionDiffusion {
        velocity: vec![velocity],
        diffusivity: 0.0,
    };
    let grid = line(cells, 0.0, 1.0, true);
    let periodic = BoundaryConditions::periodic();
    let mut sim = new(law, &grid, &periodic, &params(Reconstruction::Muscl), time);
    sim.set_field(&cell_averages(&grid, 3, |x| {
        (std::f64::consts::TAU * x[0]).sin()
    }));
    sim
}

#[test]
fn a_fixed_step_beyond_the_courant_limit_is_an_error_with_step_number_and_limit() {
    let mut sim = advection(&TimeParams::fixed(3.6, 0.036), 1.0, 50);
    let before = sim.values().to_vec();
    let error = sim.advance(3.6).unwrap_err();
    let StepError::Courant {
        courant, dt_max, ..
    } = error
    else {
        panic!("{error}");
    };
    assert!((courant - 1.8).abs() < 1e-9 && (dt_max - 0.02).abs() < 1e-12);
    let message = error.to_string();
    for part in ["3.600e-2", "1.800", "limit 1", "2.000e-2"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(sim.values() == before && sim.time() == 0.0);
    // At the limit itself the run is stable.
    let mut sim = advection(&TimeParams::fixed(4.0, 0.02), 1.0, 50);
    assert_eq!(run(&mut sim, 4.0), 200);
    assert!(quantity(&mut sim, "max(u)") < 1.0);
}

#[test]
fn a_flow_that_outgrows_the_courant_limit_of_a_fixed_step_stops_with_its_last_good_state() {
    let grid = line(50, 0.0, 1.0, true);
    let source: SpaceTime = Arc::new(|_, out| out.fill(10.0));
    let mut sim = FiniteVolume::new(
        Arc::new(Burgers::default()),
        &grid,
        &BoundaryConditions::periodic(),
        Some(source),
        &params(Reconstruction::Muscl),
        &TimeParams::fixed(1.0, 0.01),
    )
    .unwrap();
    let error = loop {
        if let Err(error) = sim.advance(1.0) {
            break error;
        }
    };
    assert!(matches!(error, StepError::Courant { .. }), "{error}");
    let largest = quantity(&mut sim, "max(u)");
    assert!((2.0..=2.2).contains(&largest), "{largest}");
}

#[test]
fn steps_are_bounded_only_where_the_courant_number_does_not_see_all_that_changes() {
    let first = |mut sim: FiniteVolume| sim.advance(1000.0).unwrap().dt;
    let free = TimeParams::until(1000.0);
    // Courant number 0.4 on cells of width 0.1 at speed 1e-3.
    let slow = first(advection(&free, 1e-3, 10));
    assert!((slow - 40.0).abs() < 1e-9, "{slow}");
    assert_eq!(first(advection(&free, 0.0, 10)), 1.0 / 64.0);
    let longer = TimeParams {
        max_step: Some(0.5),
        ..free.clone()
    };
    assert_eq!(first(advection(&longer, 0.0, 10)), 0.5);

    let diffusion = |diffusion, time: &TimeParams| {
        let law = AdvectionDiffusion {
            velocity: vec![0.0],
            diffusivity: 1e-3,
        };
        let params = FiniteVolumeParams {
            diffusion,
            ..FiniteVolumeParams::default()
        };
        let periodic = BoundaryConditions::periodic();
        first(new(
            law,
            &line(10, 0.0, 1.0, true),
            &periodic,
            &params,
            time,
        ))
    };
    let explicit = diffusion(Diffusion::Explicit, &free);
    assert!((explicit - 4.0).abs() < 1e-9, "{explicit}");
    assert_eq!(diffusion(Diffusion::Implicit, &free), 1.0 / 64.0);
    assert_eq!(diffusion(Diffusion::Implicit, &longer), 0.5);

    let law = || AdvectionDiffusion {
        velocity: vec![1e-3],
        diffusivity: 0.0,
    };
    let grid = line(10, 0.0, 1.0, false);
    let ends = |left: Condition| {
        BoundaryConditions::default()
            .with("left", left)
            .with("right", Condition::Outflow)
    };
    let default = FiniteVolumeParams::default();
    let walled = new(law(), &grid, &ends(Condition::Wall), &default, &free);
    assert!((first(walled) - 40.0).abs() < 1e-9);
    let fed = new(law(), &grid, &ends(Condition::inflow(1.0)), &default, &free);
    assert_eq!(first(fed), 1.0 / 64.0);
    let source: SpaceTime = Arc::new(|row, out| out.fill(row.t.sin()));
    let walls = ends(Condition::Wall);
    let law = Arc::new(law());
    let sourced = FiniteVolume::new(law, &grid, &walls, Some(source), &default, &free).unwrap();
    assert_eq!(first(sourced), 1.0 / 64.0);
}

#[test]
fn fixed_steps_are_counted_exactly_and_a_restart_between_frames_has_the_same_bits() {
    let time = TimeParams::fixed(3.0, 2e-5);
    let outputs: Vec<f64> = (1..=30).map(|k| f64::from(k) * 0.1).collect();
    let mut straight = advection(&time, 1.0, 8);
    let mut saved = State::default();
    for &limit in &outputs {
        while straight.time() < limit {
            let step = straight.advance(limit).unwrap();
            assert_eq!(step.dt, 2e-5, "step {}", step.index);
            if step.index == 76_543 {
                straight.save(&mut saved);
            }
        }
    }
    assert_eq!(straight.steps(), 150_000);
    let mut resumed = advection(&time, 1.0, 8);
    resumed.restore(&saved).unwrap();
    for &limit in outputs.iter().filter(|&&t| t > 1.5) {
        run(&mut resumed, limit);
    }
    let (mut a, mut b) = (State::default(), State::default());
    straight.save(&mut a);
    resumed.save(&mut b);
    assert!(a == b && a.is_finite());
}

#[test]
fn a_step_lost_in_rounding_is_an_error() {
    let time = TimeParams {
        start: 1e17,
        ..TimeParams::fixed(1e17 + 96.0, 1.0)
    };
    let error = advection(&time, 1e-3, 10).advance(1e17 + 96.0).unwrap_err();
    assert!(
        matches!(error, StepError::TimeStandsStill { .. }),
        "{error}"
    );
}
