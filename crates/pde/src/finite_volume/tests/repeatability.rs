//! Restart, threads, and what survives a failed step.

use pdesolve_core::{Place, State, StepError};

use super::*;

fn example(grid: &Grid, diffusion: Diffusion, end: f64) -> FiniteVolume {
    let mut boundary = BoundaryConditions::default();
    for name in grid.boundaries() {
        let value = Arc::new(|t: f64, x: [f64; 3]| (4.0 * t + x[0]).sin());
        boundary.set(name, Condition::Dirichlet { value });
    }
    let source: SpaceTime = Arc::new(|row, out| {
        for (out, x) in out.iter_mut().zip(row.x) {
            *out = (3.0 * x - row.t + row.y).cos();
        }
    });
    let params = FiniteVolumeParams {
        diffusion,
        ..params(Reconstruction::Weno5)
    };
    let mut sim = FiniteVolume::new(
        Arc::new(Burgers { viscosity: 0.01 }),
        grid,
        &boundary,
        Some(source),
        &params,
        &TimeParams::until(end),
    )
    .unwrap();
    sim.set_field(&cell_averages(grid, 3, |x| (6.0 * x[0]).sin() + x[1]));
    sim
}

#[test]
fn a_restarted_run_has_the_same_bits() {
    for grid in [line(60, 0.0, 1.0, false), square(40, false)] {
        for diffusion in [Diffusion::Auto, Diffusion::Explicit, Diffusion::Implicit] {
            let mut whole = example(&grid, diffusion, 0.5);
            let mut state = State::default();
            while whole.time() < 0.5 {
                whole.advance(0.5).unwrap();
                if whole.steps() == 7 {
                    whole.save(&mut state);
                }
            }
            let mut resumed = example(&grid, diffusion, 0.5);
            resumed.restore(&state).unwrap();
            run(&mut resumed, 0.5);
            let (mut a, mut b) = (State::default(), State::default());
            whole.save(&mut a);
            resumed.save(&mut b);
            assert!(a == b && a.is_finite(), "{diffusion:?}");
            assert_eq!(whole.is_implicit(), resumed.is_implicit());
        }
    }
}

#[test]
fn one_and_four_threads_give_the_same_bits() {
    // Large enough to be split among threads.
    let grid = square(160, false);
    for diffusion in [Diffusion::Explicit, Diffusion::Implicit] {
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let mut sim = example(&grid, diffusion, 1.0);
                for _ in 0..5 {
                    sim.advance(1.0).unwrap();
                }
                let mut state = State::default();
                sim.save(&mut state);
                state
            })
        };
        assert!(with_threads(1) == with_threads(4), "{diffusion:?}");
    }
}

#[test]
fn a_step_that_fails_names_the_cell_and_leaves_the_last_good_state() {
    let grid = line(20, 0.0, 1.0, true);
    let source: SpaceTime = Arc::new(|row, out| {
        out.fill(0.0);
        if row.t > 0.3 {
            out[7] = f64::NAN;
        }
    });
    let mut sim = FiniteVolume::new(
        Arc::new(AdvectionDiffusion::default()),
        &grid,
        &BoundaryConditions::periodic(),
        Some(source),
        &params(Reconstruction::Upwind),
        &TimeParams::fixed(1.0, 0.01),
    )
    .unwrap();
    sim.set_field(&cell_averages(&grid, 1, |x| x[0]));
    let error = loop {
        if let Err(error) = sim.advance(1.0) {
            break error;
        }
    };
    let StepError::NonFinite {
        field,
        place: Place::Cell(cell),
        time,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((field.as_str(), cell.len()), ("u", 1));
    assert!(
        (5..=9).contains(&cell[0]) && (time - 0.3).abs() < 0.02,
        "{error}"
    );
    let mut state = State::default();
    sim.save(&mut state);
    assert!(state.is_finite());
    assert_eq!(sim.time(), *time);
}

#[test]
fn a_checkpoint_of_another_mesh_is_refused_and_changes_nothing() {
    let mut state = State::default();
    example(&line(30, 0.0, 1.0, false), Diffusion::Auto, 1.0).save(&mut state);
    let mut sim = example(&line(31, 0.0, 1.0, false), Diffusion::Auto, 1.0);
    let before = sim.values().to_vec();
    let message = sim.restore(&state).unwrap_err().to_string();
    assert!(
        message.contains("30") && message.contains("31"),
        "{message}"
    );
    assert_eq!(sim.values(), before);
}
