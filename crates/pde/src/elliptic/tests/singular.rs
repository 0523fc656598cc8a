//! Problems whose solution is fixed up to a constant.

use std::f64::consts::PI;

use super::*;

/// -laplace u = f on the unit square with du/dn = g at the right, 0 elsewhere.
fn neumann(grid: &Grid, f: impl Fn([f64; 3]) -> f64 + Send + Sync + 'static, g: f64) -> Steady {
    let mut boundary = EllipticBoundary::default();
    for name in grid.boundaries() {
        let value = constant(if name == "right" { g } else { 0.0 });
        boundary.set(name, EllipticCondition::neumann(value));
    }
    let terms = terms_of(&Poisson {}, grid.dim());
    let mut problem = steady(&terms, grid, &boundary, Some(&rows(f)));
    solve(&mut problem);
    problem
}

fn square(n: usize) -> Grid {
    let axes = ['x', 'y']
        .iter()
        .map(|&name| {
            let stretching = Stretching::Tanh { strength: 1.0 };
            Axis::stretched_cells(name, 0.0, 1.0, n, false, &stretching).unwrap()
        })
        .collect();
    Grid::new(Centring::Cell, axes)
}

#[test]
fn a_pure_neumann_problem_has_the_solution_of_mean_zero() {
    let error = |n: usize| {
        let grid = square(n);
        let wave = |[x, y, _]: [f64; 3]| (PI * x).cos() * (2.0 * PI * y).cos();
        let mut problem = neumann(&grid, move |place| 5.0 * PI * PI * wave(place), 0.0);
        assert!(problem.incompatibility() < 1e-12);
        assert!(quantity(&mut problem, "integral(u)").abs() < 1e-12);
        assert!(quantity(&mut problem, "cell_balance(u)") < 1e-10);
        let wanted: Vec<f64> = (0..grid.len()).map(|c| wave(grid.position(c))).collect();
        difference_norms(&grid, problem.values(), &wanted).0
    };
    let order = (error(16) / error(32)).log2();
    assert!(order > 1.9, "{order}");
}

#[test]
fn what_source_and_boundary_fluxes_do_not_cancel_is_taken_out_and_reported() {
    // In: 1 from the source; out: 0.5 at the right. The rest, a half, goes evenly.
    let grid = square(12);
    let mut problem = neumann(&grid, |_| 1.0, -0.5);
    let share = 0.5 / 1.0;
    let reported = quantity(&mut problem, "incompatibility(u)");
    assert!(reported > 0.3 * share && reported < 1.0, "{reported}");
    assert!(quantity(&mut problem, "balance(u)").abs() < 1e-10);
    // -u'' = 0.5, u'(1) = -0.5: u = -x^2/4 + 1/12.
    for (cell, u) in problem.values().iter().enumerate() {
        let x = grid.position(cell)[0];
        assert!((u + 0.25 * x * x - 1.0 / 12.0).abs() < 3e-3, "{x} {u}");
    }
}

#[test]
fn a_periodic_problem_has_the_solution_of_mean_zero() {
    let axes = ['x', 'y', 'z']
        .iter()
        .map(|&name| Axis::cells(name, 0.0, 1.0, 16, true).unwrap())
        .collect();
    let grid = Grid::new(Centring::Cell, axes);
    let wave = |[x, y, z]: [f64; 3]| (2.0 * PI * (x + y - z)).sin();
    let terms = terms_of(&Poisson {}, 3);
    let source = rows(move |place| 12.0 * PI * PI * wave(place));
    let mut problem = steady(&terms, &grid, &EllipticBoundary::periodic(), Some(&source));
    solve(&mut problem);
    let wanted: Vec<f64> = (0..grid.len()).map(|c| wave(grid.position(c))).collect();
    let (l2, _) = difference_norms(&grid, problem.values(), &wanted);
    // The eigenvalue of second differences is (sin(pi h)/(pi h))^2 times that of the Laplacian; the
    // source is averaged over cells to fourth order.
    let h = 1.0 / 16.0;
    let ratio = (PI * h).sin() / (PI * h);
    let wanted = ratio.powi(3) / ratio.powi(2) - 1.0;
    assert!((l2 - wanted.abs()).abs() < 1e-3, "{l2} {wanted}");
}

#[test]
fn transport_without_any_given_value_is_refused() {
    let grid = square(6);
    let terms = terms_of(
        &SteadyAdvectionDiffusion {
            velocity: vec![1.0.into(), 0.0.into()],
            ..SteadyAdvectionDiffusion::default()
        },
        2,
    );
    let mut boundary = EllipticBoundary::default();
    for name in grid.boundaries() {
        boundary.set(name, EllipticCondition::neumann(constant(0.0)));
    }
    let errors = Discretisation::new(&terms, &grid, &boundary, 0).err();
    assert_eq!(errors, Some(vec![EllipticError::Undetermined]));
}

#[test]
fn insulated_problems_on_few_equal_cells_are_solved_without_elimination() {
    // Few cells are eliminated where that is possible; here the last pivot is zero or rounding.
    for (dim, n) in [
        (1, 8),
        (1, 9),
        (1, 31),
        (1, 100),
        (2, 4),
        (2, 8),
        (2, 16),
        (2, 30),
    ] {
        let axes = ['x', 'y'][..dim]
            .iter()
            .map(|&name| Axis::cells(name, 0.0, 1.0, n, false).unwrap())
            .collect();
        let grid = Grid::new(Centring::Cell, axes);
        let mut problem = neumann(&grid, |[x, ..]| PI * PI * (PI * x).cos(), 0.0);
        assert!(
            quantity(&mut problem, "integral(u)").abs() < 1e-12,
            "{dim} {n}"
        );
        let h = 1.0 / n as f64;
        for (cell, u) in problem.values().iter().enumerate() {
            let x = grid.position(cell)[0];
            assert!(
                (u - (PI * x).cos()).abs() < 2.0 * h * h,
                "{dim} {n}: {u} at {x}"
            );
        }
    }
}
