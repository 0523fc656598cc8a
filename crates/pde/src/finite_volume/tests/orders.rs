//! Orders of convergence on smooth problems, cell averages against exact cell averages.

use std::f64::consts::{PI, TAU};

use pdesolve_mesh::{MeshParams, Stretching};

use super::*;

fn wave(x: f64) -> f64 {
    (TAU * x).sin() + 0.3 * (2.0 * TAU * x).cos()
}

/// Errors of one period of advection.
fn advection_errors(
    params: &FiniteVolumeParams,
    sizes: &[usize],
    speed: f64,
    norm: fn(&Grid, &[f64], &[f64]) -> f64,
) -> Vec<f64> {
    let error = |&n: &usize| {
        let grid = line(n, 0.0, 1.0, true);
        let exact = cell_averages(&grid, 5, |x| wave(x[0]));
        // dt ~ dx^(5/3) brings the third-order error in time to order 5 in dx.
        let steps = (n as f64).powf(5.0 / 3.0).ceil();
        let law = AdvectionDiffusion {
            velocity: vec![speed],
            diffusivity: 0.0,
        };
        let time = TimeParams::fixed(1.0, 1.0 / steps);
        let mut sim = new(law, &grid, &BoundaryConditions::periodic(), params, &time);
        sim.set_field(&exact);
        run(&mut sim, 1.0);
        norm(&grid, sim.values(), &exact)
    };
    sizes.iter().map(error).collect()
}

#[test]
fn weno5_with_ssp_rk3_is_of_order_five() {
    for reconstruction in [Reconstruction::Weno5, Reconstruction::Weno5Z] {
        for speed in [1.0, -1.0] {
            let params = params(reconstruction);
            let errors = advection_errors(&params, &[80, 160, 320], speed, l2_error);
            let orders = orders(&errors);
            assert!(orders.iter().all(|o| *o >= 4.8), "{errors:?} {orders:?}");
        }
    }
}

#[test]
fn muscl_is_of_order_two_and_upwind_of_order_one() {
    // Limited: L1, for at extrema a TVD scheme is of order 1. Unlimited: in L2 too.
    let limited = params(Reconstruction::Muscl);
    let errors = advection_errors(&limited, &[80, 160, 320, 640], 1.0, l1_error);
    let in_l1 = orders(&errors);
    let errors = advection_errors(&limited, &[320, 640], 1.0, l2_error);
    let clipped = orders(&errors)[0];
    assert!((1.7..1.9).contains(&clipped), "{clipped}");
    assert!(in_l1.iter().all(|o| *o >= 1.9), "{errors:?} {in_l1:?}");
    let errors = advection_errors(&unlimited(), &[80, 160, 320, 640], 1.0, l2_error);
    let in_l2 = orders(&errors);
    assert!(in_l2.iter().all(|o| *o >= 1.9), "{errors:?} {in_l2:?}");
    let upwind = params(Reconstruction::Upwind);
    let errors = advection_errors(&upwind, &[320, 640], 1.0, l2_error);
    let upwind = orders(&errors);
    assert!(upwind[0] > 0.9 && upwind[0] < 1.1, "{errors:?}");
}

/// u where u = -sin(pi (x - u t)), the smooth solution of Burgers' equation before t = 1/pi.
fn steepening(x: f64, t: f64) -> f64 {
    let mut u = -(PI * x).sin();
    for _ in 0..60 {
        let phase = PI * (x - u * t);
        u -= (u + phase.sin()) / (1.0 - PI * t * phase.cos());
    }
    u
}

#[test]
fn smooth_burgers_is_of_the_order_of_the_reconstruction() {
    let end = 0.15;
    for (params, least) in [(params(Reconstruction::Weno5Z), 4.5), (unlimited(), 1.9)] {
        let errors: Vec<f64> = [80, 160, 320]
            .iter()
            .map(|&n| {
                let grid = line(n, -1.0, 1.0, true);
                let steps = (end * (n as f64).powf(5.0 / 3.0)).ceil();
                let mut sim = new(
                    Burgers::default(),
                    &grid,
                    &BoundaryConditions::periodic(),
                    &params,
                    &TimeParams::fixed(end, end / steps),
                );
                sim.set_field(&cell_averages(&grid, 5, |x| steepening(x[0], 0.0)));
                run(&mut sim, end);
                let exact = cell_averages(&grid, 5, |x| steepening(x[0], end));
                l2_error(&grid, sim.values(), &exact)
            })
            .collect();
        let orders = orders(&errors);
        assert!(orders[1] >= least, "{errors:?} {orders:?}");
    }
}

#[test]
fn diagonal_advection_in_2d_keeps_the_order() {
    for (params, least, sizes) in [
        (params(Reconstruction::Weno5), 4.8, [20, 40, 80]),
        (unlimited(), 1.9, [40, 80, 160]),
    ] {
        let errors: Vec<f64> = sizes
            .iter()
            .map(|&n| {
                let grid = square(n, true);
                let end = 0.25;
                let at = |t: f64| {
                    cell_averages(&grid, 3, |x| {
                        (TAU * (x[0] - t)).sin() * (TAU * (x[1] + 0.5 * t)).cos()
                    })
                };
                let exponent = if least > 4.0 { 5.0 / 3.0 } else { 1.0 };
                let steps = (end * 3.0 * (n as f64).powf(exponent)).ceil();
                let law = AdvectionDiffusion {
                    velocity: vec![1.0, -0.5],
                    diffusivity: 0.0,
                };
                let mut sim = new(
                    law,
                    &grid,
                    &BoundaryConditions::periodic(),
                    &params,
                    &TimeParams::fixed(end, end / steps),
                );
                sim.set_field(&at(0.0));
                run(&mut sim, end);
                l2_error(&grid, sim.values(), &at(end))
            })
            .collect();
        let orders = orders(&errors);
        assert!(orders[1] >= least, "{errors:?} {orders:?}");
    }
}

#[test]
fn burgers_along_the_diagonal_agrees_with_the_1d_solution_to_second_order() {
    // u(x, y) = v((x + y)/2) with v_t + v v_x = 0 solves the 2-D equation.
    let end = 0.1;
    let exact = |x: [f64; 3], t: f64| steepening(x[0] + x[1] - 1.0, 2.0 * t);
    let errors: Vec<f64> = [40, 80, 160]
        .iter()
        .map(|&n| {
            let axes = ['x', 'y'].map(|name| Axis::cells(name, 0.0, 2.0, n, true).unwrap());
            let grid = Grid::new(Centring::Cell, axes.to_vec());
            let mut sim = new(
                Burgers::default(),
                &grid,
                &BoundaryConditions::periodic(),
                &params(Reconstruction::Weno5Z),
                &TimeParams::until(end),
            );
            sim.set_field(&cell_averages(&grid, 4, |x| exact(x, 0.0)));
            run(&mut sim, end);
            let exact = cell_averages(&grid, 4, |x| exact(x, end));
            l2_error(&grid, sim.values(), &exact)
        })
        .collect();
    let orders = orders(&errors);
    assert!(orders[1] > 1.9, "{errors:?} {orders:?}");
}

#[test]
fn muscl_is_of_order_two_on_a_stretched_grid() {
    let end = 0.2;
    let errors: Vec<f64> = [80, 160, 320, 640]
        .iter()
        .map(|&n| {
            let grid = MeshParams {
                cells: Some(vec![n]),
                points: None,
                lower: None,
                upper: Some(vec![1.0]),
                layers: None,
                periodic: Some(vec![false]),
                stretching: Some(vec![Stretching::Geometric { ratio: 3.0 }]),
            }
            .build()
            .unwrap();
            let wave = |x: f64| (-250.0 * (x - 0.35) * (x - 0.35)).exp();
            let boundary = BoundaryConditions::default()
                .with("left", Condition::inflow(0.0))
                .with("right", Condition::Outflow);
            let mut sim = new(
                AdvectionDiffusion::default(),
                &grid,
                &boundary,
                &unlimited(),
                &TimeParams::until(end),
            );
            sim.set_field(&cell_averages(&grid, 5, |x| wave(x[0])));
            run(&mut sim, end);
            let exact = cell_averages(&grid, 5, |x| wave(x[0] - end));
            l2_error(&grid, sim.values(), &exact)
        })
        .collect();
    let orders = orders(&errors);
    assert!(orders[2] >= 1.9, "{errors:?} {orders:?}");
}

#[test]
fn every_limiter_keeps_the_total_variation_and_the_bounds_of_a_square_wave() {
    for limiter in [
        Limiter::Minmod,
        Limiter::VanLeer,
        Limiter::Mc,
        Limiter::Superbee,
    ] {
        let grid = line(100, 0.0, 1.0, true);
        let params = FiniteVolumeParams {
            limiter,
            ..FiniteVolumeParams::default()
        };
        let mut sim = new(
            AdvectionDiffusion::default(),
            &grid,
            &BoundaryConditions::periodic(),
            &params,
            &TimeParams::until(1.0),
        );
        sim.set_field(&cell_averages(&grid, 1, |x| {
            f64::from(x[0] > 0.2 && x[0] < 0.6)
        }));
        let before = quantity(&mut sim, "total_variation(u)");
        assert!((before - 2.0).abs() < 1e-14);
        run(&mut sim, 1.0);
        let after = quantity(&mut sim, "total_variation(u)");
        assert!(after <= before + 1e-12, "{limiter:?}: {after}");
        assert!(quantity(&mut sim, "max(u)") <= 1.0 + 1e-13);
        assert!(quantity(&mut sim, "min(u)") >= -1e-13);
    }
}
