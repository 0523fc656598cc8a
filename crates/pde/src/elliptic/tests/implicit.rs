//! Implicit steps of diffusion in time.

use std::f64::consts::PI;

use pdesolve_core::{Simulation, State};

use super::*;
use crate::TimeParams;

/// u = 1 + exp(-t) cos(pi x) on [0, 1] with K = 1/pi^2 and a Dirichlet and a Neumann end, the
/// initial state included.
fn cosine(n: usize, scheme: ImplicitScheme, step: f64) -> ImplicitDiffusion {
    let grid = Grid::new(
        Centring::Cell,
        vec![Axis::cells('x', 0.0, 1.0, n, false).unwrap()],
    );
    let heat = Heat {
        conductivity: Conductivity::Constant(1.0 / (PI * PI)),
    };
    let boundary = EllipticBoundary::default()
        .with(
            "left",
            EllipticCondition::dirichlet(Arc::new(|t, _| 1.0 + (-t).exp())),
        )
        .with("right", EllipticCondition::neumann(constant(0.0)));
    let params = ImplicitParams {
        scheme,
        linear: tolerance(1e-13),
    };
    let time = TimeParams::fixed(1.0, step);
    let terms = terms_of(&heat, 1);
    let mut made =
        ImplicitDiffusion::new(&heat, &terms, &grid, &boundary, None, &params, &time, 0).unwrap();
    let u: Vec<f64> = (0..n).map(|i| wanted(&grid, i, 0.0)).collect();
    made.set_field(&u);
    made
}

fn wanted(grid: &Grid, cell: usize, t: f64) -> f64 {
    1.0 + (-t).exp() * (PI * grid.position(cell)[0]).cos()
}

fn run(simulation: &mut ImplicitDiffusion, end: f64) {
    while simulation.time() < end {
        simulation.advance(end).unwrap();
    }
}

#[test]
fn steps_are_of_their_order() {
    for (scheme, order) in [
        (ImplicitScheme::BackwardEuler, 1.0),
        (ImplicitScheme::CrankNicolson, 2.0),
        (ImplicitScheme::Sdirk2, 2.0),
    ] {
        // Against the same mesh with steps so fine that their error does not count.
        let at_end = |step: f64| {
            let mut simulation = cosine(32, scheme, step);
            run(&mut simulation, 1.0);
            simulation.values().to_vec()
        };
        let [coarse, fine, finest] = [0.1, 0.05, 0.1 / 64.0].map(at_end);
        let distance = |a: &[f64]| {
            a.iter()
                .zip(&finest)
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let observed = (distance(&coarse) / distance(&fine)).log2();
        assert!(observed > order - 0.15, "{scheme:?}: {observed}");
    }
}

#[test]
fn the_exact_solution_is_approached_with_order_two_in_mesh_and_step() {
    let error = |n: usize| {
        let mut simulation = cosine(n, ImplicitScheme::Sdirk2, 1.0 / n as f64);
        run(&mut simulation, 1.0);
        let grid = simulation.grid().clone();
        (0..n)
            .map(|i| (simulation.values()[i] - wanted(&grid, i, 1.0)).abs())
            .fold(0.0, f64::max)
    };
    let order = (error(20) / error(40)).log2();
    assert!(order > 1.9, "{order}");
}

#[test]
fn the_integral_changes_by_what_comes_in_only() {
    for scheme in [
        ImplicitScheme::BackwardEuler,
        ImplicitScheme::CrankNicolson,
        ImplicitScheme::Sdirk2,
    ] {
        let mut simulation = cosine(40, scheme, 0.02);
        simulation.set_field(&[0.5; 40]);
        let before = 0.5;
        run(&mut simulation, 1.0);
        let after: f64 = simulation.values().iter().sum::<f64>() / 40.0;
        let mut values = Vec::new();
        simulation.quantities(&mut values);
        assert!(after - before > 0.1, "{before} {after}");
        assert!(values[5].abs() < 1e-10, "{scheme:?}: balance {}", values[5]);
        assert!((values[4] - (after - before)).abs() < 1e-10);
    }
}

#[test]
fn steps_far_beyond_the_explicit_limit_damp_a_jump_of_the_data_and_keep_the_bounds() {
    let grid = grid(2, 24, true, false);
    let heat = Heat::default();
    let jump: PointFunction = Arc::new(|_, [x, y, _]| {
        if (x - 0.5).abs() < 0.2 && (y - 0.5).abs() < 0.2 {
            1e-3
        } else {
            1e3
        }
    });
    let mut terms = terms_of(&heat, 2);
    terms.conductivity.1 = super::super::conductivity::Tensor::Isotropic(jump);
    let mut boundary = EllipticBoundary::default();
    for name in grid.boundaries() {
        boundary.set(name, EllipticCondition::dirichlet(constant(0.0)));
    }
    let params = ImplicitParams {
        scheme: ImplicitScheme::BackwardEuler,
        linear: tolerance(1e-10),
    };
    let time = TimeParams::fixed(1.0, 0.1);
    let mut simulation =
        ImplicitDiffusion::new(&heat, &terms, &grid, &boundary, None, &params, &time, 0).unwrap();
    simulation.set_field(&vec![1.0; grid.len()]);
    run(&mut simulation, 1.0);
    assert!(
        simulation
            .values()
            .iter()
            .all(|u| (-1e-8..=1.0).contains(u))
    );
    let inside = simulation.values().iter().fold(0.0f64, |m, u| m.max(*u));
    assert!(inside > 0.5, "the block keeps its heat: {inside}");
}

#[test]
fn a_restored_run_gives_the_bits_of_one_that_was_not_stopped() {
    let mut straight = cosine(24, ImplicitScheme::Sdirk2, 0.03);
    run(&mut straight, 0.3);
    let mut state = State::default();
    straight.save(&mut state);
    let mut resumed = cosine(24, ImplicitScheme::Sdirk2, 0.03);
    resumed.restore(&state).unwrap();
    run(&mut straight, 1.0);
    run(&mut resumed, 1.0);
    assert_eq!(straight.values(), resumed.values());
    let quantities = |simulation: &mut ImplicitDiffusion| {
        let mut values = Vec::new();
        simulation.quantities(&mut values);
        values
    };
    assert_eq!(quantities(&mut straight), quantities(&mut resumed));
}

#[test]
fn a_step_that_does_not_converge_keeps_the_state() {
    let mut simulation = cosine(64, ImplicitScheme::BackwardEuler, 0.5);
    simulation.limit_iterations(2);
    let before = simulation.values().to_vec();
    let error = simulation.advance(1.0).unwrap_err().to_string();
    assert!(error.contains("not converged"), "{error}");
    assert_eq!(simulation.values(), before);
    assert_eq!(simulation.time(), 0.0);
}
