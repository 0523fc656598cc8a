use super::*;
use crate::{gallery, vector};
use PoissonBoundary::*;

const BOUNDARIES: [PoissonBoundary; 5] = [
    DirichletPoints,
    DirichletCells,
    NeumannPoints,
    NeumannCells,
    Periodic,
];

/// ||b - A x|| / ||b|| for noise b, its part in the null space taken out.
fn residual(axes: &[PoissonAxis], reaction: f64) -> f64 {
    let mut solver = FastPoisson::<f64>::new(axes, reaction).unwrap();
    let n = solver.operator().nrows();
    let mut b = gallery::noise(n, 3);
    if let Some(null_space) = solver.operator().null_space() {
        null_space.project(&mut b);
    }
    let (mut x, mut r) = (vec![f64::NAN; n], vec![0.0; n]);
    solver.solve(&b, &mut x);
    solver.operator().residual(&b, &x, &mut r);
    vector::norm2(&r) / vector::norm2(&b)
}

fn axis(n: usize, weight: f64, boundary: PoissonBoundary) -> PoissonAxis {
    PoissonAxis {
        n,
        weight,
        boundary,
    }
}

#[test]
fn residuals_are_rounding_for_every_combination_of_boundaries() {
    for x in BOUNDARIES {
        for n in [2, 3, 4, 9, 16] {
            for reaction in [0.0, 0.3] {
                let found = residual(&[axis(n, 1.5, x)], reaction);
                assert!(found < 1e-13, "{x:?} {n}: {found:e}");
            }
        }
        for y in BOUNDARIES {
            let found = residual(&[axis(13, 1.0, x), axis(10, 0.7, y)], 0.0);
            assert!(found < 1e-13, "{x:?} {y:?}: {found:e}");
            for z in BOUNDARIES {
                let axes = [axis(9, 1.0, x), axis(12, 0.3, y), axis(7, 2.0, z)];
                for reaction in [0.0, 0.1] {
                    let found = residual(&axes, reaction);
                    assert!(found < 1e-13, "{x:?} {y:?} {z:?}: {found:e}");
                }
            }
        }
    }
}

#[test]
fn relative_residual_stays_below_1e_13_at_64_and_128_cubed() {
    for n in [64, 128] {
        let found = residual(&[PoissonAxis::dirichlet_points(n, 1.0); 3], 0.0);
        assert!(found <= 1e-13, "{n}: {found:e}");
    }
}

#[test]
fn axes_of_one_sample_are_allowed_anywhere() {
    for (nx, ny, nz) in [(1, 5, 4), (6, 1, 3), (6, 3, 1), (1, 1, 7), (1, 1, 1)] {
        let axes = [nx, ny, nz].map(|n| axis(n, 1.0, DirichletCells));
        assert!(residual(&axes, 0.0) < 1e-13, "{nx} {ny} {nz}");
        let axes = [nx, ny, nz].map(|n| axis(n, 1.0, Periodic));
        assert!(residual(&axes, 0.5) < 1e-13, "{nx} {ny} {nz}");
    }
}

#[test]
fn single_precision_reaches_its_rounding() {
    let mut solver = FastPoisson::<f32>::new(&[axis(20, 1.0, DirichletCells); 3], 0.0).unwrap();
    let b: Vec<f32> = gallery::noise(8000, 3).iter().map(|&v| v as f32).collect();
    let (mut x, mut r) = (vec![0f32; 8000], vec![0f32; 8000]);
    solver.apply(&b, &mut x);
    solver.operator().residual(&b, &x, &mut r);
    assert!(vector::norm2(&r) <= 1e-5 * vector::norm2(&b));
}

#[test]
fn a_singular_solution_has_mean_zero_and_ignores_the_mean_of_b() {
    let mut solver = FastPoisson::<f64>::new(&[axis(8, 1.0, NeumannCells); 2], 0.0).unwrap();
    let b = gallery::noise(64, 1);
    let shifted: Vec<f64> = b.iter().map(|v| v + 3.0).collect();
    let (mut x, mut y) = (vec![0.0; 64], vec![0.0; 64]);
    solver.solve(&b, &mut x);
    solver.solve(&shifted, &mut y);
    assert!(x.iter().sum::<f64>().abs() < 1e-13);
    assert!((0..64).all(|i| (x[i] - y[i]).abs() < 1e-12));
}

#[test]
fn solutions_have_the_same_bits_for_any_number_of_threads() {
    let axes = [
        axis(33, 1.0, NeumannCells),
        axis(30, 1.0, Periodic),
        axis(31, 1.0, DirichletPoints),
    ];
    let b = gallery::noise(33 * 30 * 31, 1);
    let solve = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let mut solver = FastPoisson::<f64>::new(&axes, 0.0).unwrap();
        let mut x = vec![0.0; b.len()];
        pool.install(|| solver.solve(&b, &mut x));
        x
    };
    let one = solve(1);
    assert!(one == solve(2) && one == solve(4));
}
