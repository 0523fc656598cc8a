//! Diffusion against exact solutions, explicit and implicit.

use std::f64::consts::{PI, TAU};

use pdesolve_mesh::{MeshParams, Stretching};

use super::super::imex_ark3::{B, C, EXPLICIT, IMPLICIT};
use super::*;

fn heat(dim: usize, diffusivity: f64) -> AdvectionDiffusion {
    AdvectionDiffusion {
        velocity: vec![0.0; dim],
        diffusivity,
    }
}

fn with(diffusion: Diffusion) -> FiniteVolumeParams {
    FiniteVolumeParams {
        diffusion,
        ..FiniteVolumeParams::default()
    }
}

#[test]
fn the_implicit_method_is_l_stable() {
    // Stability function R(z) = 1 + z b (I - z A)^{-1} 1 by forward substitution.
    let r = |z: f64| {
        let mut stages = [0.0; 4];
        for s in 0..4 {
            let known: f64 = (0..s).map(|j| IMPLICIT[s][j] * stages[j]).sum();
            stages[s] = (1.0 + z * known) / (1.0 - z * IMPLICIT[s][s]);
        }
        1.0 + z * B.iter().zip(stages).map(|(b, u)| b * u).sum::<f64>()
    };
    assert!(r(-1e9).abs() < 1e-6, "{}", r(-1e9));
    for k in 0..400 {
        let z = -(10f64.powf(-3.0 + 0.02 * f64::from(k)));
        assert!(r(z).abs() <= 1.0, "R({z}) = {}", r(z));
    }
}

#[test]
fn the_implicit_explicit_pair_meets_the_conditions_of_order_three() {
    let dot = |a: &[f64; 4], b: &[f64; 4]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    close(B.iter().sum(), 1.0);
    close(dot(&B, &C), 0.5);
    close(dot(&B, &C.map(|c| c * c)), 1.0 / 3.0);
    for table in [&IMPLICIT, &EXPLICIT] {
        for (row, c) in table.iter().zip(C) {
            close(row.iter().sum(), c);
        }
        close(dot(&B, &table.map(|row| dot(&row, &C))), 1.0 / 6.0);
    }
    // Stage order 2 of the implicit half.
    for (row, c) in IMPLICIT.iter().zip(C) {
        close(dot(row, &C), 0.5 * c * c);
    }
}

/// Heat equation on [0, 1]: left Dirichlet 1, right Neumann -0.5; exact by its sine series.
fn mixed_exact(x: f64, t: f64, nu: f64) -> f64 {
    // Steady part 1 - x/2; the rest starts as u0 - steady = 2 sin(pi x/2) - sin(3 pi x/2).
    let mode = |m: f64, a: f64| {
        let k = m * PI / 2.0;
        a * (k * x).sin() * (-nu * k * k * t).exp()
    };
    1.0 - 0.5 * x + mode(1.0, 2.0) + mode(3.0, -1.0)
}

#[test]
fn dirichlet_and_neumann_ends_are_of_second_order() {
    let (nu, end) = (0.3, 0.4);
    for diffusion in [Diffusion::Explicit, Diffusion::Implicit] {
        for reconstruction in [Reconstruction::Muscl, Reconstruction::Weno5] {
            let errors: Vec<f64> = [20, 40, 80]
                .iter()
                .map(|&n| {
                    let grid = line(n, 0.0, 1.0, false);
                    let boundary = BoundaryConditions::default()
                        .with("left", Condition::dirichlet(1.0))
                        .with("right", Condition::neumann(-0.5));
                    let params = FiniteVolumeParams {
                        reconstruction,
                        ..with(diffusion)
                    };
                    let time = TimeParams {
                        max_step: Some(0.5 / n as f64),
                        ..TimeParams::until(end)
                    };
                    let mut sim = new(heat(1, nu), &grid, &boundary, &params, &time);
                    sim.set_field(&cell_averages(&grid, 5, |x| mixed_exact(x[0], 0.0, nu)));
                    run(&mut sim, end);
                    let exact = cell_averages(&grid, 5, |x| mixed_exact(x[0], end, nu));
                    assert!(quantity(&mut sim, "balance(u)").abs() < 1e-12);
                    l2_error(&grid, sim.values(), &exact)
                })
                .collect();
            let orders = orders(&errors);
            assert!(orders[1] > 1.9, "{diffusion:?} {errors:?} {orders:?}");
        }
    }
}

#[test]
fn explicit_diffusion_beside_weno5_is_of_fourth_order() {
    let (nu, end) = (0.05, 0.2);
    let errors: Vec<f64> = [10, 20, 40]
        .iter()
        .map(|&n| {
            let grid = square(n, true);
            let at = |t: f64| {
                let decay = (-2.0 * nu * TAU * TAU * t).exp();
                cell_averages(&grid, 5, |x| {
                    decay * (TAU * x[0]).sin() * (TAU * x[1]).cos()
                })
            };
            let params = FiniteVolumeParams {
                reconstruction: Reconstruction::Weno5,
                ..with(Diffusion::Explicit)
            };
            let time = TimeParams::until(end);
            let boundary = BoundaryConditions::periodic();
            let mut sim = new(heat(2, nu), &grid, &boundary, &params, &time);
            sim.set_field(&at(0.0));
            run(&mut sim, end);
            l2_error(&grid, sim.values(), &at(end))
        })
        .collect();
    let orders = orders(&errors);
    assert!(orders[1] > 3.8, "{errors:?} {orders:?}");
}

#[test]
fn implicit_steps_are_of_third_order_in_time() {
    // Viscous Burgers, diffusion number up to 65 times the explicit limit at the largest step. The
    // same mesh throughout, so the difference to a run with tiny steps is the error in time.
    let grid = line(128, 0.0, 1.0, true);
    let solve = |diffusion: Diffusion, steps: usize| {
        let end = 0.25;
        let mut sim = new(
            Burgers { viscosity: 0.1 },
            &grid,
            &BoundaryConditions::periodic(),
            &FiniteVolumeParams {
                diffusion,
                ..unlimited()
            },
            &TimeParams::fixed(end, end / steps as f64),
        );
        sim.set_field(&cell_averages(&grid, 5, |x| 0.3 * (TAU * x[0]).sin() + 0.5));
        run(&mut sim, end);
        sim.values().to_vec()
    };
    let reference = solve(Diffusion::Implicit, 8192);
    let errors: Vec<f64> = [32, 64, 128, 256]
        .iter()
        .map(|&steps| l2_error(&grid, &solve(Diffusion::Implicit, steps), &reference))
        .collect();
    let orders = orders(&errors);
    assert!(orders.iter().all(|o| *o > 2.7), "{errors:?} {orders:?}");
    let explicit = l2_error(&grid, &solve(Diffusion::Explicit, 4096), &reference);
    assert!(explicit < 1e-8, "{explicit}");
}

#[test]
fn time_dependent_boundary_values_cost_at_most_one_order() {
    // u = exp(-t) cos(x) solves u_t = u_xx; Dirichlet from it at both ends.
    let exact = |x: f64, t: f64| (-t).exp() * x.cos();
    let grid = line(200, 0.0, 1.0, false);
    let value = |x: f64| Condition::Dirichlet {
        value: Arc::new(move |t, _| (-t).exp() * x.cos()),
    };
    let boundary = BoundaryConditions::default()
        .with("left", value(0.0))
        .with("right", value(1.0));
    let solve = |steps: usize| {
        let time = TimeParams::fixed(1.0, 1.0 / steps as f64);
        let params = with(Diffusion::Implicit);
        let mut sim = new(heat(1, 1.0), &grid, &boundary, &params, &time);
        sim.set_field(&cell_averages(&grid, 5, |x| exact(x[0], 0.0)));
        run(&mut sim, 1.0);
        sim.values().to_vec()
    };
    let reference = solve(4096);
    let errors: Vec<f64> = [16, 32, 64]
        .iter()
        .map(|&steps| l2_error(&grid, &solve(steps), &reference))
        .collect();
    let orders = orders(&errors);
    assert!(orders.iter().all(|o| *o > 2.3), "{errors:?} {orders:?}");
}

/// All pairs of boundary types and spacings in 2-D: the implicit solve agrees with small explicit
/// steps.
#[test]
fn implicit_and_explicit_diffusion_agree_in_2d_on_every_kind_of_boundary() {
    let conditions = [
        Condition::dirichlet(0.4),
        Condition::neumann(0.8),
        Condition::Wall,
        Condition::inflow(0.2),
    ];
    for periodic in [[true, true], [true, false], [false, true], [false, false]] {
        let grid = MeshParams {
            cells: Some(vec![13, 10]),
            points: None,
            lower: None,
            upper: Some(vec![1.0, 1.5]),
            layers: None,
            periodic: Some(periodic.to_vec()),
            stretching: Some(vec![
                Stretching::Geometric { ratio: 1.5 },
                Stretching::Tanh { strength: 1.0 },
            ]),
        }
        .build()
        .unwrap();
        let mut boundary = BoundaryConditions::default();
        for (name, condition) in grid.boundaries().into_iter().zip(&conditions) {
            boundary.set(name, condition.clone());
        }
        let solve = |diffusion: Diffusion, step: f64| {
            let law = AdvectionDiffusion {
                velocity: vec![0.5, -0.3],
                diffusivity: 0.2,
            };
            let params = with(diffusion);
            let mut sim = new(
                law,
                &grid,
                &boundary,
                &params,
                &TimeParams::fixed(0.3, step),
            );
            sim.set_field(&cell_averages(&grid, 3, |x| {
                (3.0 * x[0]).sin() * (2.0 * x[1]).cos() + x[0]
            }));
            run(&mut sim, 0.3);
            assert!(quantity(&mut sim, "balance(u)").abs() < 1e-12);
            sim.values().to_vec()
        };
        let explicit = solve(Diffusion::Explicit, 0.0005);
        let implicit = solve(Diffusion::Implicit, 0.0005);
        let error = l2_error(&grid, &explicit, &implicit);
        assert!(error < 2e-7, "{periodic:?}: {error}");
    }
}

#[test]
fn implicit_diffusion_stands_steps_a_thousand_times_the_explicit_limit() {
    let grid = square(32, false);
    let mut boundary = BoundaryConditions::default();
    for name in grid.boundaries() {
        boundary.set(name, Condition::dirichlet(2.0));
    }
    let params = with(Diffusion::Implicit);
    let time = TimeParams::fixed(10.0, 0.5);
    let mut sim = new(heat(2, 1.0), &grid, &boundary, &params, &time);
    sim.set_field(&cell_averages(&grid, 1, |x| f64::from(x[0] > 0.5)));
    run(&mut sim, 10.0);
    for u in sim.values() {
        assert!((u - 2.0).abs() < 1e-9, "{u}");
    }
}
