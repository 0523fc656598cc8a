//! Conservation and steady states with sources.

use super::*;

#[test]
fn the_balance_closes_for_every_scheme_condition_and_dimension() {
    let conditions = [
        Condition::Dirichlet {
            value: Arc::new(|t, x| (3.0 * t).sin() + x[1]),
        },
        Condition::Outflow,
        Condition::Neumann {
            gradient: Arc::new(|t, x| t - x[0]),
        },
        Condition::inflow(-0.4),
    ];
    let source: SpaceTime = Arc::new(|row, out| {
        for (out, x) in out.iter_mut().zip(row.x) {
            *out = (x + row.y) * (5.0 * row.t).cos();
        }
    });
    for grid in [line(50, 0.0, 1.0, false), square(20, false)] {
        for reconstruction in [
            Reconstruction::Upwind,
            Reconstruction::Muscl,
            Reconstruction::Weno5,
        ] {
            for diffusion in [Diffusion::Explicit, Diffusion::Implicit] {
                let mut boundary = BoundaryConditions::default();
                for (name, condition) in grid.boundaries().into_iter().zip(&conditions) {
                    boundary.set(name, condition.clone());
                }
                let params = FiniteVolumeParams {
                    diffusion,
                    ..params(reconstruction)
                };
                let mut sim = FiniteVolume::new(
                    Arc::new(Burgers { viscosity: 0.02 }),
                    &grid,
                    &boundary,
                    Some(source.clone()),
                    &params,
                    &TimeParams::until(1.0),
                )
                .unwrap();
                sim.set_field(&cell_averages(&grid, 3, |x| (7.0 * x[0]).sin()));
                run(&mut sim, 1.0);
                let moved = quantity(&mut sim, "boundary_flux(u)").abs();
                assert!(moved > 0.01, "nothing crossed the boundary: {moved}");
                let balance = quantity(&mut sim, "balance(u)");
                assert!(balance.abs() < 1e-12, "{params:?}: {balance}");
            }
        }
    }
}

#[test]
fn walls_keep_everything_inside() {
    let grid = square(16, false);
    let mut boundary = BoundaryConditions::default();
    for name in grid.boundaries() {
        boundary.set(name, Condition::Wall);
    }
    let law = AdvectionDiffusion {
        velocity: vec![1.0, 0.5],
        diffusivity: 0.05,
    };
    let params = params(Reconstruction::Muscl);
    let mut sim = new(law, &grid, &boundary, &params, &TimeParams::until(1.0));
    sim.set_field(&cell_averages(&grid, 1, |x| x[0]));
    let before = quantity(&mut sim, "integral(u)");
    run(&mut sim, 1.0);
    assert_eq!(quantity(&mut sim, "boundary_flux(u)"), 0.0);
    assert!((quantity(&mut sim, "integral(u)") - before).abs() < 1e-13);
    assert!(
        quantity(&mut sim, "max(u)") > 1.5,
        "it piles up in the corner"
    );
}

#[test]
fn a_steady_state_with_source_and_inflow_is_of_second_order() {
    // u_x = s with u(0) = 1: u = 1 + sin(3x)/3 after the transient has left.
    let errors: Vec<f64> = [40, 80, 160]
        .iter()
        .map(|&n| {
            let grid = line(n, 0.0, 1.0, false);
            let boundary = BoundaryConditions::default()
                .with("left", Condition::inflow(1.0))
                .with("right", Condition::Outflow);
            let source: SpaceTime = Arc::new(|row, out| {
                for (out, x) in out.iter_mut().zip(row.x) {
                    *out = (3.0 * x).cos();
                }
            });
            let mut sim = FiniteVolume::new(
                Arc::new(AdvectionDiffusion::default()),
                &grid,
                &boundary,
                Some(source),
                &unlimited(),
                &TimeParams::until(3.0),
            )
            .unwrap();
            sim.set_field(&vec![1.0; n]);
            run(&mut sim, 3.0);
            let exact = cell_averages(&grid, 5, |x| 1.0 + (3.0 * x[0]).sin() / 3.0);
            l2_error(&grid, sim.values(), &exact)
        })
        .collect();
    let orders = orders(&errors);
    assert!(orders[1] > 1.8, "{errors:?} {orders:?}");
}

#[test]
fn a_source_keeps_the_fifth_order_of_weno5() {
    // u_t + u_x = s with u = sin(2 pi (x - t)) (1 + t/2).
    use std::f64::consts::TAU;
    let errors: Vec<f64> = [20, 40, 80]
        .iter()
        .map(|&n| {
            let grid = line(n, 0.0, 1.0, true);
            let end = 0.5;
            let exact =
                |t: f64| cell_averages(&grid, 5, |x| (TAU * (x[0] - t)).sin() * (1.0 + 0.5 * t));
            let source: SpaceTime = Arc::new(|row, out| {
                for (out, x) in out.iter_mut().zip(row.x) {
                    *out = 0.5 * (TAU * (x - row.t)).sin();
                }
            });
            let steps = (end * (n as f64).powf(5.0 / 3.0)).ceil();
            let mut sim = FiniteVolume::new(
                Arc::new(AdvectionDiffusion::default()),
                &grid,
                &BoundaryConditions::periodic(),
                Some(source),
                &params(Reconstruction::Weno5Z),
                &TimeParams::fixed(end, end / steps),
            )
            .unwrap();
            sim.set_field(&exact(0.0));
            run(&mut sim, end);
            l2_error(&grid, sim.values(), &exact(end))
        })
        .collect();
    let orders = orders(&errors);
    assert!(orders[1] > 4.7, "{errors:?} {orders:?}");
}

#[test]
fn a_flow_that_starts_from_rest_is_stepped_within_the_courant_number() {
    let grid = line(400, 0.0, 1.0, true);
    let source: SpaceTime = Arc::new(|row, out| {
        for (out, x) in out.iter_mut().zip(row.x) {
            *out = 50.0 * (std::f64::consts::TAU * x).sin();
        }
    });
    let mut sim = FiniteVolume::new(
        Arc::new(Burgers::default()),
        &grid,
        &BoundaryConditions::periodic(),
        Some(source),
        &params(Reconstruction::Muscl),
        &TimeParams::until(1.0),
    )
    .unwrap();
    sim.set_field(&vec![0.0; 400]);
    let first = sim.advance(1.0).unwrap();
    assert!(first.rejected > 0);
    while sim.time() < 1.0 {
        sim.advance(1.0).unwrap();
    }
    let max = quantity(&mut sim, "max(u)");
    assert!(max > 3.0 && max < 8.0, "{max}");
}
