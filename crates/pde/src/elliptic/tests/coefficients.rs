//! Jumps, random fields, and what is refused.

use super::*;
use crate::elliptic::log_normal::{Covariance, LogNormal};

fn line(n: usize) -> Grid {
    Grid::new(
        Centring::Cell,
        vec![Axis::cells('x', 0.0, 1.0, n, false).unwrap()],
    )
}

/// u = 0 at the left, 1 at the right, and K given.
fn between(grid: &Grid, k: PointFunction) -> Steady {
    let terms = Terms::diffusion(
        "conductivity",
        super::super::conductivity::Tensor::Isotropic(k),
    );
    let mut boundary = EllipticBoundary::default()
        .with("left", EllipticCondition::dirichlet(constant(0.0)))
        .with("right", EllipticCondition::dirichlet(constant(1.0)));
    for name in grid.boundaries().into_iter().skip(2) {
        boundary.set(name, EllipticCondition::neumann(constant(0.0)));
    }
    // The tolerance is relative to K u / h^2, far above the flux where K is large.
    let params = tolerance(1e-14);
    let mut problem = Steady::new(&Poisson {}, &terms, grid, &boundary, None, &params, 0).unwrap();
    solve(&mut problem);
    problem
}

#[test]
fn a_solution_that_is_linear_on_both_sides_of_a_jump_is_exact() {
    for contrast in [1e-6, 3.0, 1e6] {
        for dim in 1..=2 {
            let grid = match dim {
                1 => line(10),
                _ => grid(2, 10, false, false),
            };
            let jump: PointFunction =
                Arc::new(move |_, [x, ..]| if x < 0.4 { 1.0 } else { contrast });
            let mut problem = between(&grid, jump);
            // Resistances in a row: 0.4 / 1 and 0.6 / contrast.
            let flux = -1.0 / (0.4 + 0.6 / contrast);
            for (cell, u) in problem.values().iter().enumerate() {
                let x = grid.position(cell)[0];
                let wanted = if x < 0.4 {
                    -flux * x
                } else {
                    1.0 + flux * (1.0 - x) / contrast
                };
                assert!((u - wanted).abs() < 1e-9, "{contrast} at {x}: {u} {wanted}");
            }
            if contrast == 3.0 {
                assert!(quantity(&mut problem, "cell_balance(u)") < 1e-12);
            }
        }
    }
}

#[test]
fn fluxes_of_a_solution_balance_its_sources() {
    for dim in 1..=3 {
        for problem in [Manufactured::isotropic(dim), Manufactured::tensor(dim)] {
            let grid = grid(dim, 8, true, false);
            let mut solved = problem.solve(&grid, |i| {
                if i % 3 == 1 {
                    Kind::Neumann
                } else {
                    Kind::Dirichlet
                }
            });
            let out = quantity(&mut solved, "boundary_flux(u)");
            let made = quantity(&mut solved, "source(u)");
            assert!(made.abs() > 0.1, "the balance is not one of zeros: {made}");
            assert!((out - made).abs() < 1e-9 * made.abs(), "{out} {made}");
            assert!(quantity(&mut solved, "cell_balance(u)") < 1e-9);
        }
    }
}

#[test]
fn a_log_normal_field_has_the_moments_and_the_correlation_asked_for() {
    // 400 realisations on 8 points, averaged: the deviation of the means is about 1/20.
    let grid = Grid::new(
        Centring::Cell,
        vec![
            Axis::cells('x', 0.0, 0.8, 8, false).unwrap(),
            Axis::cells('y', 0.0, 0.1, 1, false).unwrap(),
        ],
    );
    for covariance in [Covariance::Exponential, Covariance::Gaussian] {
        let field = LogNormal {
            sigma: 1.0,
            correlation_length: 0.2,
            geometric_mean: 3.0,
            covariance,
            waves: 200,
        };
        let seeds = 400;
        let (mut mean, mut square, mut product) = (0.0, 0.0, 0.0);
        for seed in 0..seeds {
            let g: Vec<f64> = field
                .draw(&grid, seed)
                .iter()
                .map(|k| (k / 3.0).ln())
                .collect();
            mean += g.iter().sum::<f64>() / 8.0;
            square += g.iter().map(|g| g * g).sum::<f64>() / 8.0;
            product += (0..6).map(|i| g[i] * g[i + 2]).sum::<f64>() / 6.0;
        }
        let n = seeds as f64;
        // Two cells are one correlation length apart.
        let wanted = match covariance {
            Covariance::Exponential => (-1.0f64).exp(),
            Covariance::Gaussian => (-0.5f64).exp(),
        };
        assert!((mean / n).abs() < 0.1, "{mean}");
        assert!((square / n - 1.0).abs() < 0.12, "{}", square / n);
        assert!(
            (product / n - wanted).abs() < 0.12,
            "{} {wanted}",
            product / n
        );
    }
}

#[test]
fn a_log_normal_field_is_the_same_function_on_a_finer_mesh_and_periodic_where_the_mesh_is() {
    let field = LogNormal {
        sigma: 2.0,
        correlation_length: 0.1,
        geometric_mean: 1.0,
        covariance: Covariance::Gaussian,
        waves: 50,
    };
    // Cell i of the coarse mesh has the centre of cell 3 i + 1 of the fine one.
    let coarse = field.draw(&line(9), 4);
    let fine = field.draw(&line(27), 4);
    for (i, k) in coarse.iter().enumerate() {
        assert!((k / fine[3 * i + 1] - 1.0).abs() < 1e-11);
    }
    let wide = |upper: f64, n: usize| {
        let axis = Axis::cells('x', 0.0, upper, n, true).unwrap();
        Grid::new(Centring::Cell, vec![axis])
    };
    let smooth = field.draw(&wide(1.0, 400), 4);
    let step = (smooth[0] / smooth[399]).ln().abs();
    let typical = (0..399).map(|i| (smooth[i + 1] / smooth[i]).ln().abs());
    assert!(
        step <= typical.fold(0.0, f64::max),
        "no jump at the ends: {step}"
    );
}

#[test]
fn coefficients_that_are_not_positive_are_refused_with_their_place() {
    let terms = Terms::diffusion(
        "conductivity",
        super::super::conductivity::Tensor::Isotropic(Arc::new(|_, [x, ..]| x - 0.25)),
    );
    let boundary = EllipticBoundary::default()
        .with("left", EllipticCondition::dirichlet(constant(0.0)))
        .with("right", EllipticCondition::robin(-1.0, 1.0, constant(1.0)))
        .with("lid", EllipticCondition::dirichlet(constant(0.0)));
    let errors = Discretisation::new(&terms, &line(10), &boundary, 0)
        .err()
        .unwrap();
    let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(text.len(), 3, "{text:?}");
    assert!(
        text[0].contains("0.050000") && text[0].contains("positive"),
        "{}",
        text[0]
    );
    let bent = Conductivity::Tensor(TensorEntries {
        xx: 1.0.into(),
        yy: Some(1.0.into()),
        zz: None,
        xy: Some(1.5.into()),
        xz: None,
        yz: None,
    });
    let problem = SteadyDiffusion {
        conductivity: bent,
        reaction: (-1.0).into(),
    };
    let grid = grid(2, 4, false, true);
    let terms = terms_of(&problem, 2);
    let errors = Discretisation::new(&terms, &grid, &EllipticBoundary::periodic(), 0);
    assert_eq!(errors.err().unwrap().len(), 2);
}
