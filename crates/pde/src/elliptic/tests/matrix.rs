//! Properties of the assembled matrices.

use super::*;

fn discretise(problem: &Manufactured, grid: &Grid, kind: impl Fn(usize) -> Kind) -> Discretisation {
    Discretisation::new(&problem.terms(), grid, &problem.boundary(kind), 0).unwrap()
}

#[test]
fn the_matrix_of_poisson_is_that_of_second_differences() {
    let cells = [3, 4, 5];
    let axes = ['x', 'y', 'z']
        .iter()
        .zip(cells)
        .map(|(&name, n)| Axis::cells(name, 0.0, n as f64, n, true).unwrap())
        .collect();
    let grid = Grid::new(Centring::Cell, axes);
    let problem = terms_of(&Poisson {}, 3);
    let made = Discretisation::new(&problem, &grid, &EllipticBoundary::periodic(), 0).unwrap();
    let matrix = made.matrix();
    assert_eq!(matrix.nnz(), 7 * 60);
    for i in 0..60 {
        let place = grid.indices(i);
        for j in 0..60 {
            let other = grid.indices(j);
            let apart: Vec<usize> = (0..3)
                .map(|a| {
                    let d = place[a].abs_diff(other[a]);
                    d.min(cells[a] - d)
                })
                .collect();
            let wanted = match apart.iter().sum::<usize>() {
                0 => 6.0,
                1 => -1.0,
                _ => 0.0,
            };
            assert!((matrix.get(i, j) - wanted).abs() < 1e-14, "{i} {j}");
        }
    }
}

#[test]
fn matrices_without_advection_are_symmetric() {
    for dim in 1..=3 {
        for stretched in [false, true] {
            let grid = grid(dim, 5, stretched, false);
            let kind = |i: usize| {
                if i % 3 == 1 {
                    Kind::Neumann
                } else {
                    Kind::Dirichlet
                }
            };
            let plain = Manufactured {
                wave: 0.5,
                reaction: 1.0,
                ..Manufactured::isotropic(dim)
            };
            assert!(
                discretise(&plain, &grid, |_| Kind::Robin)
                    .matrix()
                    .is_hermitian(1e-15)
            );
            let tensor = discretise(&Manufactured::tensor(dim), &grid, kind);
            assert!(tensor.matrix().is_hermitian(1e-14), "{dim}-D");
            assert!(tensor.is_symmetric());
        }
    }
}

#[test]
fn a_full_tensor_on_a_periodic_grid_has_nine_and_nineteen_points_and_zero_row_sums() {
    for (dim, points) in [(2, 9), (3, 19)] {
        let grid = grid(dim, 5, true, true);
        let problem = Manufactured::tensor(dim);
        let boundary = EllipticBoundary::periodic();
        let made = Discretisation::new(&problem.terms(), &grid, &boundary, 0).unwrap();
        let matrix = made.matrix();
        assert!(matrix.is_hermitian(1e-14));
        for i in 0..grid.len() {
            let (_, values) = matrix.row(i);
            assert_eq!(values.len(), points);
            let sum: f64 = values.iter().sum();
            assert!(sum.abs() < 1e-13, "row {i} sums to {sum}");
        }
    }
}

#[test]
fn two_point_fluxes_and_upwind_advection_give_an_m_matrix() {
    for dim in 1..=3 {
        let grid = grid(dim, 6, true, false);
        let problem = Manufactured {
            wave: 0.9,
            velocity: Some(([40.0, -70.0, 20.0], AdvectionScheme::Upwind)),
            ..Manufactured::isotropic(dim)
        };
        let made = discretise(&problem, &grid, |_| Kind::Dirichlet);
        let matrix = made.matrix();
        let mut columns = vec![0.0; grid.len()];
        for i in 0..grid.len() {
            let (js, values) = matrix.row(i);
            for (&j, &v) in js.iter().zip(values) {
                assert!(if j as usize == i { v > 0.0 } else { v <= 0.0 });
                columns[j as usize] += v;
            }
        }
        // Columns are weakly dominant, strictly where the flow leaves or a value is given.
        assert!(columns.iter().all(|sum| *sum > -1e-12));
        assert!(columns.iter().any(|sum| *sum > 1e-3));
    }
}

#[test]
fn every_method_and_preconditioner_gives_the_same_solution() {
    let grid = grid(2, 12, true, false);
    let problem = Manufactured {
        wave: 0.5,
        ..Manufactured::isotropic(2)
    };
    let made = discretise(&problem, &grid, |_| Kind::Robin);
    let source = vec![1.0; grid.len()];
    let Assembly { matrix, rhs, .. } = made.assembly(&source, 0.0);
    let solution = |method, preconditioner| {
        let params = LinearParams {
            method,
            preconditioner,
            ..tolerance(1e-12)
        };
        let mut x = vec![0.0; rhs.len()];
        let observer = &mut |_: &pdesolve_core::Iterate| Control::Continue;
        let (report, history) = solve_linear(&matrix, &rhs, &mut x, &params, observer).unwrap();
        assert!(report.converged(), "{method:?} {preconditioner:?}");
        assert_eq!(history.len(), report.iterations + 1);
        x
    };
    let wanted = solution(MethodName::Auto, PreconditionerName::Auto);
    for (method, preconditioner) in [
        (MethodName::Cg, PreconditionerName::None),
        (MethodName::Cg, PreconditionerName::Amg),
        (MethodName::Minres, PreconditionerName::Jacobi),
        (MethodName::Gmres, PreconditionerName::Ilut),
        (MethodName::Bicgstab, PreconditionerName::Ic0),
    ] {
        let found = solution(method, preconditioner);
        let (distance, _) = difference_norms(&grid, &found, &wanted);
        assert!(distance < 1e-9, "{method:?} {preconditioner:?}: {distance}");
    }
}
