//! Burgers' equation with shocks and rarefactions.

use super::*;

fn riemann(n: usize, left: f64, right: f64, params: &FiniteVolumeParams, end: f64) -> FiniteVolume {
    let grid = line(n, -1.0, 1.0, false);
    let boundary = BoundaryConditions::default()
        .with("left", Condition::inflow(left))
        .with("right", Condition::Outflow);
    let mut sim = new(
        Burgers::default(),
        &grid,
        &boundary,
        params,
        &TimeParams::until(end),
    );
    let data = cell_averages(&grid, 1, |x| if x[0] < 0.0 { left } else { right });
    sim.set_field(&data);
    run(&mut sim, end);
    sim
}

fn schemes() -> Vec<FiniteVolumeParams> {
    let mut schemes = Vec::new();
    for reconstruction in [
        Reconstruction::Upwind,
        Reconstruction::Muscl,
        Reconstruction::Weno5,
        Reconstruction::Weno5Z,
    ] {
        for flux in [NumericalFlux::Godunov, NumericalFlux::Rusanov] {
            schemes.push(FiniteVolumeParams {
                flux,
                ..params(reconstruction)
            });
        }
    }
    schemes
}

#[test]
fn a_shock_stands_within_half_a_cell_of_its_place_without_overshoot() {
    for params in schemes() {
        let (n, end) = (200, 1.0);
        let mut sim = riemann(n, 1.0, 0.0, &params, end);
        let dx = 2.0 / n as f64;
        // Where u crosses 1/2, by linear interpolation between centres.
        let u = sim.values();
        let i = u.iter().position(|u| *u < 0.5).unwrap();
        let x = -1.0 + dx * (i as f64 - 0.5 + (u[i - 1] - 0.5) / (u[i - 1] - u[i]));
        let overshoot = (quantity(&mut sim, "max(u)") - 1.0).max(-quantity(&mut sim, "min(u)"));
        let balance = quantity(&mut sim, "balance(u)");
        assert!((x - 0.5 * end).abs() < 0.5 * dx, "{params:?}: {x}");
        assert!(overshoot < 1e-3, "{params:?}: {overshoot}");
        assert!(balance.abs() < 1e-12, "{params:?}: {balance}");
    }
}

#[test]
fn a_rarefaction_through_the_sonic_point_satisfies_the_entropy_condition() {
    let end = 0.5;
    for params in schemes() {
        let errors: Vec<f64> = [100, 200]
            .iter()
            .map(|&n| {
                let sim = riemann(n, -1.0, 1.0, &params, end);
                let exact = cell_averages(sim.grid(), 5, |x| (x[0] / end).clamp(-1.0, 1.0));
                let dx = 2.0 / n as f64;
                let l1: f64 = sim
                    .values()
                    .iter()
                    .zip(&exact)
                    .map(|(u, e)| (u - e).abs() * dx)
                    .sum();
                // No expansion shock: neighbouring cells differ by about dx/t, not by 2.
                let jump = sim
                    .values()
                    .windows(2)
                    .map(|u| u[1] - u[0])
                    .fold(0.0, f64::max);
                assert!(jump < 8.0 * dx / end, "{params:?}: {jump}");
                l1
            })
            .collect();
        // Monotone schemes may converge as slowly as h^{1/2}, here about as h |log h|.
        let (ratio, size) = match params.reconstruction {
            Reconstruction::Upwind => (0.7, 0.05),
            _ => (0.55, 0.01),
        };
        assert!(
            errors[1] < ratio * errors[0] && errors[1] < size,
            "{params:?} {errors:?}"
        );
    }
}

#[test]
fn a_standing_shock_and_its_mirror_image_are_exact_with_godunov() {
    for reconstruction in [Reconstruction::Upwind, Reconstruction::Muscl] {
        let sim = riemann(64, 1.0, -1.0, &params(reconstruction), 0.7);
        for (i, u) in sim.values().iter().enumerate() {
            let exact = if i < 32 { 1.0 } else { -1.0 };
            assert!((u - exact).abs() < 1e-13, "cell {i}: {u}");
        }
    }
}

#[test]
fn x_and_y_are_treated_alike() {
    let grid = square(24, false);
    let boundary = |x: &str, y: &str| {
        BoundaryConditions::default()
            .with(x, Condition::dirichlet(0.7))
            .with(
                if x == "left" { "right" } else { "top" },
                Condition::neumann(0.3),
            )
            .with(y, Condition::Wall)
            .with(
                if y == "left" { "right" } else { "top" },
                Condition::Outflow,
            )
    };
    for reconstruction in [
        Reconstruction::Upwind,
        Reconstruction::Muscl,
        Reconstruction::Weno5,
    ] {
        for diffusion in [Diffusion::Explicit, Diffusion::Implicit] {
            let params = FiniteVolumeParams {
                diffusion,
                ..params(reconstruction)
            };
            let result = |boundary: &BoundaryConditions, flip: bool| {
                let mut sim = new(
                    Burgers { viscosity: 0.01 },
                    &grid,
                    boundary,
                    &params,
                    &TimeParams::until(0.2),
                );
                sim.set_field(&cell_averages(&grid, 3, |x| {
                    let (x, y) = if flip { (x[1], x[0]) } else { (x[0], x[1]) };
                    (5.0 * x).sin() * (1.0 + 2.0 * y * y)
                }));
                run(&mut sim, 0.2);
                sim.values().to_vec()
            };
            let a = result(&boundary("left", "bottom"), false);
            let b = result(&boundary("bottom", "left"), true);
            for j in 0..24 {
                for i in 0..24 {
                    let (a, b) = (a[j * 24 + i], b[i * 24 + j]);
                    assert!((a - b).abs() < 1e-11, "{params:?} ({i}, {j}): {a} {b}");
                }
            }
        }
    }
}
