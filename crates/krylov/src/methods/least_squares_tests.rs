//! LSQR, LSMR and CGLS against each other and against dense factorisations.

use faer::linalg::solvers::{Solve, SolveLstsq};
use num_complex::Complex;
use pdesolve_core::Control;

use super::{Cgls, Lsmr, Lsqr};
use crate::operator::{AdjointOperator, LinearOperator};
use crate::solve::LeastSquaresMethod;
use crate::{
    Csr, LeastSquares, LeastSquaresReport, LeastSquaresRule, LeastSquaresStatus, Scalar,
    SolveError, gallery, vector,
};

type C = Complex<f64>;

/// A random matrix with `per_row` entries in a row and a weighted diagonal.
fn random(rows: usize, columns: usize, per_row: usize, seed: u64) -> Csr<f64> {
    let values = gallery::noise(rows * per_row, seed);
    let places = gallery::noise(rows * per_row, seed + 1000);
    let mut entries: Vec<(u32, u32, f64)> = (0..rows.min(columns) as u32)
        .map(|i| (i, i, 1.0 + f64::from(i % 7)))
        .collect();
    for (k, (&v, &place)) in values.iter().zip(&places).enumerate() {
        let column = ((place.abs() * 1e6) as usize) % columns;
        entries.push(((k / per_row) as u32, column as u32, v));
    }
    Csr::from_triplets(rows, columns, &entries).unwrap()
}

fn complex_random(rows: usize, columns: usize, seed: u64) -> Csr<C> {
    let re = random(rows, columns, 4, seed);
    let phases = gallery::noise(re.nnz(), seed + 5);
    let turned = |(&v, phase): (&f64, f64)| C::from_polar(v.abs(), 3.0 * phase);
    let values = re.values().iter().zip(phases).map(turned).collect();
    Csr::new(
        rows,
        columns,
        re.offsets().to_vec(),
        re.columns().to_vec(),
        values,
    )
    .unwrap()
}

fn run<T: Scalar, K: LeastSquaresMethod<T>>(
    method: K,
    rule: &LeastSquaresRule,
    a: &Csr<T>,
    b: &[T],
) -> (LeastSquaresReport, Vec<T>) {
    let mut x = vec![T::zero(); a.ncols()];
    let mut solver = LeastSquares::with_rule(method, rule.clone());
    let report = solver.solve(a, b, &mut x).unwrap();
    assert!(x.iter().all(|v| v.finite()));
    (report, x)
}

fn dense<T: Scalar + faer::traits::ComplexField>(a: &Csr<T>) -> faer::Mat<T> {
    faer::Mat::from_fn(a.nrows(), a.ncols(), |i, j| a.get(i, j))
}

/// min ||A x - b|| by a dense QR factorisation.
fn dense_least_squares<T: Scalar + faer::traits::ComplexField>(a: &Csr<T>, b: &[T]) -> Vec<T> {
    let rhs = faer::Mat::from_fn(b.len(), 1, |i, _| b[i]);
    let x = dense(a).qr().solve_lstsq(&rhs);
    (0..a.ncols()).map(|i| x[(i, 0)]).collect()
}

fn relative_difference<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    let mut d = vec![T::zero(); x.len()];
    vector::subtract(x, y, &mut d);
    vector::norm2_f64(&d) / vector::norm2_f64(y)
}

/// The residuals of the report are those of x.
fn assert_honest<T: Scalar>(
    a: &Csr<T>,
    b: &[T],
    x: &[T],
    damping: f64,
    report: &LeastSquaresReport,
) {
    let mut r = vec![T::zero(); a.nrows()];
    let mut s = vec![T::zero(); a.ncols()];
    a.residual(b, x, &mut r);
    a.apply_adjoint(&r, &mut s);
    vector::axpy(T::from_f64(-damping * damping), x, &mut s);
    let (r, s) = (vector::norm2_f64(&r), vector::norm2_f64(&s));
    assert!((report.residual - r).abs() <= 1e-12 * r, "{report:?} {r}");
    let size = 1e-12 * vector::norm2_f64(b);
    assert!(
        (report.adjoint_residual - s).abs() <= 1e-6 * s + size,
        "{report:?} {s}"
    );
}

macro_rules! for_each_method {
    (|$method:ident| $body:expr) => {{
        {
            let $method = Lsqr::default();
            $body;
        }
        {
            let $method = Lsmr::default();
            $body;
        }
        {
            let $method = Cgls::default();
            $body;
        }
    }};
}

#[test]
fn overdetermined_systems_agree_with_dense_qr() {
    let rule = LeastSquaresRule::tolerance(1e-13);
    for seed in 0..20 {
        let a = random(90, 40, 4, seed);
        let b = gallery::noise(90, seed + 9);
        let expected = dense_least_squares(&a, &b);
        for_each_method!(|method| {
            let (report, x) = run(method, &rule, &a, &b);
            assert_eq!(
                report.status,
                LeastSquaresStatus::LeastSquares,
                "{report:?}"
            );
            let difference = relative_difference(&x, &expected);
            assert!(difference < 1e-9, "{difference:e} {report:?}");
            assert_honest(&a, &b, &x, 0.0, &report);
        });
    }
}

#[test]
fn complex_systems_agree_with_dense_qr() {
    let rule = LeastSquaresRule::tolerance(1e-13);
    for seed in 0..20 {
        let a = complex_random(70, 30, seed);
        let (re, im) = (gallery::noise(70, seed), gallery::noise(70, seed + 50));
        let b: Vec<C> = re.iter().zip(im).map(|(&re, im)| C::new(re, im)).collect();
        let expected = dense_least_squares(&a, &b);
        for_each_method!(|method| {
            let (report, x) = run(method, &rule, &a, &b);
            assert_eq!(
                report.status,
                LeastSquaresStatus::LeastSquares,
                "{report:?}"
            );
            let difference = relative_difference(&x, &expected);
            assert!(difference < 1e-9, "{difference:e} {report:?}");
            assert_honest(&a, &b, &x, 0.0, &report);
        });
    }
}

#[test]
fn underdetermined_systems_give_the_solution_of_least_norm() {
    // x = A^H (A A^H)^-1 b.
    let rule = LeastSquaresRule::tolerance(1e-13);
    for seed in 0..5 {
        let a = random(30, 80, 4, seed);
        let b = gallery::noise(30, seed + 9);
        let d = dense(&a);
        let rhs = faer::Mat::from_fn(30, 1, |i, _| b[i]);
        let y = (&d * d.transpose()).partial_piv_lu().solve(&rhs);
        let x = d.transpose() * y;
        let expected: Vec<f64> = (0..80).map(|i| x[(i, 0)]).collect();
        for_each_method!(|method| {
            let (report, x) = run(method, &rule, &a, &b);
            assert_eq!(report.status, LeastSquaresStatus::Consistent, "{report:?}");
            let difference = relative_difference(&x, &expected);
            assert!(difference < 1e-9, "{difference:e} {report:?}");
        });
    }
}

#[test]
fn lsqr_gives_the_iterates_of_cgls() {
    // Well conditioned, so that rounding stays small until both have converged.
    let mut a = random(120, 50, 2, 3);
    for i in 0..50 {
        let place = a.row(i).0.iter().position(|&j| j as usize == i).unwrap();
        let k = a.offsets()[i] as usize + place;
        a.values_mut()[k] += 20.0;
    }
    let b = gallery::noise(120, 3);
    for k in 1..25 {
        let rule = LeastSquaresRule {
            max_iterations: k,
            ..LeastSquaresRule::tolerance(0.0)
        };
        let (one, x) = run(Lsqr::default(), &rule, &a, &b);
        let (two, y) = run(Cgls::default(), &rule, &a, &b);
        assert_eq!((one.iterations, two.iterations), (k, k));
        assert!(relative_difference(&x, &y) < 1e-11, "{k}");
        assert!((one.residual - two.residual).abs() < 1e-12 * one.residual);
        if one.adjoint_residual < 1e-9 * vector::norm2(&b) {
            assert!(k > 5, "{k}");
            break;
        }
        // Their estimates are the same numbers too.
        assert!((one.operator_norm - two.operator_norm).abs() < 1e-9 * one.operator_norm);
        assert!((one.condition - two.condition).abs() < 1e-9 * one.condition);
    }
}

#[test]
fn carried_residuals_are_the_true_ones() {
    let a = random(120, 50, 5, 4);
    let b = gallery::noise(120, 4);
    for_each_method!(|method| {
        for k in [1, 2, 3, 5, 10, 20] {
            let rule = LeastSquaresRule {
                max_iterations: k,
                ..LeastSquaresRule::tolerance(0.0)
            };
            let mut x = vec![0.0; 50];
            let mut solver = LeastSquares::with_rule(method.clone(), rule);
            let report = solver.solve(&a, &b, &mut x).unwrap();
            let carried = solver.history()[k];
            assert!((carried.residual - report.residual).abs() < 1e-10 * report.residual);
            let scale = 1e-9 * solver.history()[0].adjoint_residual;
            assert!((carried.adjoint_residual - report.adjoint_residual).abs() < scale);
            assert!((carried.solution_norm - vector::norm2(&x)).abs() < 1e-12 * vector::norm2(&x));
        }
    });
}

#[test]
fn residuals_of_lsqr_and_adjoint_residuals_of_lsmr_fall_monotonically() {
    let a = random(200, 100, 3, 6);
    let b = gallery::noise(200, 6);
    let rule = LeastSquaresRule::tolerance(1e-10);
    let mut x = vec![0.0; 100];
    let mut lsqr = LeastSquares::with_rule(Lsqr::default(), rule.clone());
    let first = lsqr.solve(&a, &b, &mut x).unwrap();
    assert!(
        lsqr.history()
            .windows(2)
            .all(|p| p[1].residual <= p[0].residual)
    );
    x.fill(0.0);
    let mut lsmr = LeastSquares::with_rule(Lsmr::default(), rule);
    let second = lsmr.solve(&a, &b, &mut x).unwrap();
    let falls = |p: &[crate::LeastSquaresIteration]| p[1].adjoint_residual <= p[0].adjoint_residual;
    assert!(lsmr.history().windows(2).all(falls));
    assert!(
        second.iterations <= first.iterations,
        "{first:?} {second:?}"
    );
}

#[test]
fn iterations_end_after_as_many_steps_as_there_are_singular_values() {
    let distinct = 6;
    let entries: Vec<_> = (0..300u32)
        .map(|i| (i, i, 1.0 + f64::from(i % distinct)))
        .collect();
    let a = Csr::from_triplets(400, 300, &entries).unwrap();
    let b = gallery::noise(400, 2);
    for_each_method!(|method| {
        let (report, _) = run(method, &LeastSquaresRule::tolerance(1e-13), &a, &b);
        assert!(report.converged());
        assert!(report.iterations <= distinct as usize + 1, "{report:?}");
    });
}

#[test]
fn damping_solves_the_damped_normal_equations() {
    // (A^T A + d^2 I) x = A^T b, also from a first guess.
    let (a, damping) = (random(60, 30, 4, 8), 1.7);
    let b = gallery::noise(60, 8);
    let d = dense(&a);
    let shift = faer::Mat::from_fn(30, 30, |i, j| {
        f64::from(u8::from(i == j)) * damping * damping
    });
    let rhs = faer::Mat::from_fn(60, 1, |i, _| b[i]);
    let solution = (d.transpose() * &d + shift)
        .partial_piv_lu()
        .solve(d.transpose() * rhs);
    let expected: Vec<f64> = (0..30).map(|i| solution[(i, 0)]).collect();
    let rule = LeastSquaresRule {
        damping,
        ..LeastSquaresRule::tolerance(1e-13)
    };
    for_each_method!(|method| {
        for guess in [vec![0.0; 30], gallery::noise(30, 12)] {
            let mut x = guess;
            let mut solver = LeastSquares::with_rule(method.clone(), rule.clone());
            let report = solver.solve(&a, &b, &mut x).unwrap();
            assert!(report.converged(), "{report:?}");
            assert!(relative_difference(&x, &expected) < 1e-9);
            assert_honest(&a, &b, &x, damping, &report);
        }
    });
}

#[test]
fn an_ill_conditioned_matrix_meets_the_limit_of_the_condition_number() {
    // Singular values 1 .. 1e-6, in equal ratios.
    let n = 60u32;
    let value = |i: u32| 10f64.powf(-6.0 * f64::from(i) / f64::from(n - 1));
    let entries: Vec<_> = (0..n).map(|i| (i, i, value(i))).collect();
    let a = Csr::from_triplets(80, 60, &entries).unwrap();
    let b = gallery::noise(80, 1);
    let rule = LeastSquaresRule {
        conlim: 1e3,
        ..LeastSquaresRule::tolerance(1e-14)
    };
    for_each_method!(|method| {
        let (report, _) = run(method, &rule, &a, &b);
        assert_eq!(
            report.status,
            LeastSquaresStatus::ConditionLimit,
            "{report:?}"
        );
        assert!(report.condition >= 1e3 && report.condition < 1e5);
    });
}

#[test]
fn the_estimates_of_norm_and_condition_come_close_to_those_of_the_matrix() {
    let a = random(90, 40, 4, 2);
    let b = gallery::noise(90, 2);
    let frobenius = vector::norm2(a.values());
    let sigma = dense(&a).singular_values().unwrap();
    let inverse = sigma.iter().map(|s| s.powi(-2)).sum::<f64>().sqrt();
    for_each_method!(|method| {
        let (report, _) = run(method, &LeastSquaresRule::tolerance(1e-6), &a, &b);
        assert!(
            report.operator_norm <= 1.05 * frobenius,
            "{report:?} {frobenius}"
        );
        assert!(
            report.operator_norm >= 0.7 * frobenius,
            "{report:?} {frobenius}"
        );
        let condition = frobenius * inverse;
        assert!(
            report.condition <= 1.05 * condition,
            "{report:?} {condition}"
        );
        assert!(report.condition >= 0.2 * sigma[0] / sigma[39], "{report:?}");
    });
}

#[test]
fn a_right_hand_side_outside_the_range_gives_zero() {
    // A^H b = 0: x = 0 is the least-squares solution.
    let a = Csr::from_triplets(3, 2, &[(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
    for_each_method!(|method| {
        let (report, x) = run(
            method.clone(),
            &LeastSquaresRule::default(),
            &a,
            &[0.0, 0.0, 4.0],
        );
        assert_eq!(report.status, LeastSquaresStatus::LeastSquares);
        assert_eq!((report.iterations, x), (0, vec![0.0, 0.0]));
        let (report, x) = run(method, &LeastSquaresRule::default(), &a, &[0.0; 3]);
        assert_eq!(report.status, LeastSquaresStatus::Consistent);
        assert_eq!((report.iterations, x), (0, vec![0.0, 0.0]));
    });
}

#[test]
fn a_rank_deficient_matrix_converges_without_losing_its_null_space() {
    // Two equal columns: the solution of least norm has equal entries there.
    let mut entries = Vec::new();
    let data = gallery::noise(60, 4);
    for i in 0..20u32 {
        let row = &data[3 * i as usize..3 * i as usize + 3];
        entries.extend([
            (i, 0, row[0]),
            (i, 1, row[1]),
            (i, 2, row[2]),
            (i, 3, row[2]),
        ]);
    }
    let a = Csr::from_triplets(20, 4, &entries).unwrap();
    let b = gallery::noise(20, 5);
    for_each_method!(|method| {
        let (report, x) = run(method, &LeastSquaresRule::tolerance(1e-13), &a, &b);
        assert_eq!(
            report.status,
            LeastSquaresStatus::LeastSquares,
            "{report:?}"
        );
        assert!((x[2] - x[3]).abs() < 1e-12 * x[2].abs(), "{x:?}");
    });
}

#[test]
fn tolerances_below_rounding_end_as_stagnated_or_converged_honestly() {
    let a = random(90, 40, 4, 11);
    let b = gallery::noise(90, 11);
    for_each_method!(|method| {
        let rule = LeastSquaresRule {
            max_iterations: 500,
            ..LeastSquaresRule::tolerance(1e-18)
        };
        let (report, x) = run(method, &rule, &a, &b);
        assert!(!report.converged(), "{report:?}");
        assert_honest(&a, &b, &x, 0.0, &report);
        let difference = relative_difference(&x, &dense_least_squares(&a, &b));
        assert!(difference < 1e-10, "{difference:e} {report:?}");
    });
}

#[test]
fn wrong_lengths_are_errors_and_an_observer_can_stop() {
    let a = random(20, 10, 3, 1);
    let mut solver = LeastSquares::new(Lsqr::default());
    let mut x = vec![0.0; 10];
    let error = solver.solve(&a, &[1.0; 10], &mut x).unwrap_err();
    assert!(matches!(error, SolveError::Length { expected: 20, .. }));
    let report = solver
        .solve_observed(&a, &[1.0; 20], &mut x, &mut |k, _| {
            if k == 2 {
                Control::Interrupt
            } else {
                Control::Continue
            }
        })
        .unwrap();
    assert_eq!(report.status, LeastSquaresStatus::Interrupted);
    assert_eq!(report.iterations, 2);
}

#[test]
fn least_squares_methods_give_the_same_bits_for_any_number_of_threads() {
    let n = 40_000usize;
    let entries: Vec<_> = (0..n as u32)
        .flat_map(|i| [(i, i % 35_000, 2.0), (i, (i + 17) % 35_000, -0.7)])
        .collect();
    let a = Csr::from_triplets(n, 35_000, &entries).unwrap();
    let b = gallery::noise(n, 8);
    for_each_method!(|method| {
        let with = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| run(method.clone(), &LeastSquaresRule::tolerance(1e-6), &a, &b))
        };
        let one = with(1);
        assert!(one.0.converged());
        assert!(one == with(2) && one == with(4));
    });
}
