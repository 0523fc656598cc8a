//! The short-recurrence methods for general matrices, over families of systems.

use faer::linalg::solvers::Solve;
use num_complex::Complex;

use super::{BiCgStab, BiCgStabL, BiCgStabLParams, IdrS, IdrSParams, Tfqmr};
use crate::operator::LinearOperator;
use crate::preconditioners::{Ilut, IlutParams};
use crate::{
    Csr, Identity, Method, Preconditioner, Report, Scalar, Solver, Status, StoppingRule, gallery,
    vector,
};

type C = Complex<f64>;

/// Calls `$check(name, method)` with each method.
macro_rules! for_each_method {
    ($t:ty, $check:expr) => {{
        $check("BiCGStab", BiCgStab::<$t>::default());
        for l in [1, 2, 4] {
            $check("BiCGStab(l)", BiCgStabL::<$t>::new(BiCgStabLParams { l }));
        }
        for s in [1, 4, 8] {
            let params = IdrSParams {
                s,
                ..IdrSParams::default()
            };
            $check("IDR(s)", IdrS::<$t>::new(params));
        }
        $check("TFQMR", Tfqmr::<$t>::default());
    }};
}

/// A closure cannot be generic over the method; this macro makes a generic function of it.
macro_rules! each_method {
    ($t:ty, |$name:ident, $method:ident| $body:block) => {{
        fn check<K: Method<$t, Identity> + Clone + Sync>($name: &str, $method: K) {
            $body
        }
        for_each_method!($t, check);
    }};
}

fn solve<T: Scalar, K: Method<T, Identity>>(
    method: K,
    a: &Csr<T>,
    b: &[T],
    tolerance: f64,
) -> (Report, Vec<T>) {
    let mut x = vec![T::zero(); a.ncols()];
    let report = Solver::with_rule(method, StoppingRule::relative(tolerance))
        .solve(a, &mut Identity, b, &mut x)
        .unwrap();
    assert!(x.iter().all(|v| v.finite()), "{} {report:?} {x:?}", K::NAME);
    (report, x)
}

/// A random sparse matrix with about `per_row` entries in a row, shifted by `shift` times the
/// identity: its spectrum is close to the disc of radius sqrt(per_row) around the shift.
fn random(n: usize, per_row: usize, shift: f64, seed: u64) -> Csr<f64> {
    let values = gallery::noise(n * per_row, seed);
    let places = gallery::noise(n * per_row, seed + 1000);
    let mut entries: Vec<(u32, u32, f64)> = (0..n as u32).map(|i| (i, i, shift)).collect();
    for (k, (&v, &place)) in values.iter().zip(&places).enumerate() {
        let column = ((place.abs() * 1e6) as usize) % n;
        entries.push(((k / per_row) as u32, column as u32, v));
    }
    Csr::from_triplets(n, n, &entries).unwrap()
}

/// The same with complex entries, and a complex shift.
fn random_complex(n: usize, per_row: usize, shift: C, seed: u64) -> Csr<C> {
    let pattern = random(n, per_row, 0.0, seed);
    let phases = gallery::noise(pattern.nnz(), seed + 2000);
    let mut entries: Vec<(u32, u32, C)> = (0..n as u32).map(|i| (i, i, shift)).collect();
    let mut phase = phases.iter();
    for i in 0..n {
        let (columns, values) = pattern.row(i);
        for (&j, &v) in columns.iter().zip(values) {
            let turn = C::from_polar(1.0, 6.0 * phase.next().unwrap());
            entries.push((i as u32, j, turn * v));
        }
    }
    Csr::from_triplets(n, n, &entries).unwrap()
}

fn complex_noise(n: usize, seed: u64) -> Vec<C> {
    let (re, im) = (gallery::noise(n, seed), gallery::noise(n, seed + 500));
    re.iter().zip(im).map(|(&re, im)| C::new(re, im)).collect()
}

/// The solution by dense elimination.
fn dense<T: Scalar + faer::traits::ComplexField>(a: &Csr<T>, b: &[T]) -> Vec<T> {
    let n = a.nrows();
    let matrix = faer::Mat::from_fn(n, n, |i, j| a.get(i, j));
    let rhs = faer::Mat::from_fn(n, 1, |i, _| b[i]);
    let x = matrix.partial_piv_lu().solve(&rhs);
    (0..n).map(|i| x[(i, 0)]).collect()
}

fn relative_difference<T: Scalar>(x: &[T], y: &[T]) -> f64 {
    let mut d = vec![T::zero(); x.len()];
    vector::subtract(x, y, &mut d);
    vector::norm2_f64(&d) / vector::norm2_f64(y)
}

#[test]
fn every_method_agrees_with_dense_elimination_on_twenty_random_systems() {
    each_method!(f64, |name, method| {
        for seed in 0..20 {
            let n = 50 + 7 * seed as usize;
            let a = random(n, 6, 5.0, seed);
            let b = gallery::noise(n, seed + 77);
            let (report, x) = solve(method.clone(), &a, &b, 1e-11);
            assert!(report.converged(), "{name} {seed} {report:?}");
            let difference = relative_difference(&x, &dense(&a, &b));
            assert!(difference < 1e-8, "{name} {seed} {difference:e}");
        }
    });
}

#[test]
fn every_method_agrees_with_dense_elimination_on_complex_systems() {
    each_method!(C, |name, method| {
        for seed in 0..20 {
            let n = 60 + 3 * seed as usize;
            let a = random_complex(n, 5, C::new(3.0, 3.0), seed);
            let b = complex_noise(n, seed + 77);
            let (report, x) = solve(method.clone(), &a, &b, 1e-11);
            assert!(report.converged(), "{name} {seed} {report:?}");
            let difference = relative_difference(&x, &dense(&a, &b));
            assert!(difference < 1e-8, "{name} {seed} {difference:e}");
        }
    });
}

#[test]
fn hard_random_systems_end_with_an_honest_status() {
    // The origin lies inside the spectrum: some solves fail, none may lie or leave NaNs.
    each_method!(f64, |name, method| {
        for seed in 0..20 {
            let a = random(80, 6, 0.5, seed);
            let b = gallery::noise(80, seed + 77);
            let (report, x) = solve(method.clone(), &a, &b, 1e-9);
            let mut r = vec![0.0; 80];
            a.residual(&b, &x, &mut r);
            assert_eq!(vector::norm2(&r), report.true_residual, "{name} {seed}");
            assert_eq!(
                report.converged(),
                report.true_relative_residual <= 1e-9,
                "{name} {seed} {report:?}"
            );
        }
    });
}

#[test]
fn with_the_exact_inverse_one_iteration_suffices() {
    struct Diagonal;
    impl Preconditioner<f64> for Diagonal {
        fn apply(&mut self, r: &[f64], z: &mut [f64]) {
            for (i, (z, r)) in z.iter_mut().zip(r).enumerate() {
                *z = r / (1.0 + i as f64);
            }
        }
    }
    let entries: Vec<_> = (0..40).map(|i| (i, i, 1.0 + f64::from(i))).collect();
    let a = Csr::from_triplets(40, 40, &entries).unwrap();
    let b = gallery::noise(40, 1);
    fn check<K: Method<f64, Diagonal>>(method: K, a: &Csr<f64>, b: &[f64]) {
        let mut x = vec![0.0; 40];
        let report = Solver::with_rule(method, StoppingRule::relative(1e-12))
            .solve(a, &mut Diagonal, b, &mut x)
            .unwrap();
        assert!(report.converged());
        assert_eq!(report.iterations, 1, "{}", K::NAME);
    }
    check(BiCgStab::default(), &a, &b);
    check(BiCgStabL::new(BiCgStabLParams { l: 1 }), &a, &b);
    check(BiCgStabL::default(), &a, &b);
    check(Tfqmr::default(), &a, &b);
    check(IdrS::default(), &a, &b);
}

#[test]
fn termination_is_exact_after_the_products_that_theory_allows() {
    // d distinct eigenvalues: the minimal polynomial has degree d, the biconjugate methods need at
    // most d iterations, IDR(s) at most d + d/s products; one or two more for rounding.
    let d = 12;
    let entries: Vec<_> = (0..600u32)
        .map(|i| (i, i, 1.0 + f64::from(i % d) / f64::from(d)))
        .collect();
    let a = Csr::from_triplets(600, 600, &entries).unwrap();
    let b = gallery::noise(600, 4);
    let d = d as usize;
    let iterations = |report: Report| {
        assert!(report.converged());
        report.iterations
    };
    assert!(iterations(solve(BiCgStab::default(), &a, &b, 1e-12).0) <= d);
    assert!(iterations(solve(BiCgStabL::default(), &a, &b, 1e-12).0) <= d);
    assert!(iterations(solve(Tfqmr::default(), &a, &b, 1e-12).0) <= d + 1);
    for s in [1, 2, 4, 6] {
        let params = IdrSParams {
            s,
            ..IdrSParams::default()
        };
        let found = iterations(solve(IdrS::new(params), &a, &b, 1e-12).0);
        assert!(found <= d + d / s + 1, "s = {s}: {found}");
    }
}

#[test]
fn idr_needs_fewer_products_with_more_shadow_vectors_on_strong_advection() {
    let a = advection_diffusion(20, 40.0);
    let b = gallery::noise(a.nrows(), 2);
    let products = |s| {
        let params = IdrSParams {
            s,
            ..IdrSParams::default()
        };
        let (report, _) = solve(IdrS::new(params), &a, &b, 1e-8);
        assert!(report.converged(), "s = {s}");
        report.iterations
    };
    let (one, four, eight) = (products(1), products(4), products(8));
    assert!(four < one && eight <= four + 2, "{one} {four} {eight}");
    let (report, _) = solve(BiCgStab::default(), &a, &b, 1e-8);
    assert!(four < 2 * report.iterations, "{four} {report:?}");
}

/// -Laplace u + c (u_x + u_y + u_z), central differences on n^3 points of the unit cube.
fn advection_diffusion(n: usize, c: f64) -> Csr<f64> {
    let peclet = 0.5 * c / (n + 1) as f64;
    let laplace = gallery::poisson(&[n, n, n]);
    let mut entries = Vec::new();
    for i in 0..laplace.nrows() {
        let (columns, values) = laplace.row(i);
        for (&j, &v) in columns.iter().zip(values) {
            let slope = match (j as usize).cmp(&i) {
                std::cmp::Ordering::Less => -peclet,
                std::cmp::Ordering::Equal => 0.0,
                std::cmp::Ordering::Greater => peclet,
            };
            entries.push((i as u32, j, v + slope));
        }
    }
    Csr::from_triplets(laplace.nrows(), laplace.nrows(), &entries).unwrap()
}

/// Block diagonal with blocks `(0 s; -s 0)`: r^T A r = 0 for all r.
fn skew(pairs: u32, scale: impl Fn(u32) -> f64) -> Csr<f64> {
    let entries: Vec<_> = (0..pairs)
        .flat_map(|k| {
            let s = scale(k);
            [(2 * k, 2 * k + 1, s), (2 * k + 1, 2 * k, -s)]
        })
        .collect();
    let n = 2 * pairs as usize;
    Csr::from_triplets(n, n, &entries).unwrap()
}

#[test]
fn skew_symmetric_matrices_are_recovered_from_or_reported() {
    // The first product of shadow and direction is r^T A r = 0: all of these break down at once with
    // the customary shadow. For BiCGStab the stabilising omega is zero too, for all r.
    each_method!(f64, |name, method| {
        for pairs in [1, 2, 5] {
            let a = skew(pairs, |k| 1.0 + f64::from(k));
            let b = gallery::noise(2 * pairs as usize, 3);
            let (report, x) = solve(method.clone(), &a, &b, 1e-8);
            if report.converged() {
                assert!(relative_difference(&x, &dense(&a, &b)) < 1e-6);
            } else {
                assert!(
                    matches!(report.status, Status::Breakdown(_) | Status::Diverged),
                    "{name} {pairs} {report:?}"
                );
            }
        }
    });
    // With a quadratic stabilising factor the same systems are solved.
    for pairs in [1, 2, 5] {
        let a = skew(pairs, |k| 1.0 + f64::from(k));
        let b = gallery::noise(2 * pairs as usize, 3);
        let (report, _) = solve(BiCgStabL::default(), &a, &b, 1e-8);
        assert!(report.converged(), "{pairs} {report:?}");
        let (report, _) = solve(IdrS::default(), &a, &b, 1e-8);
        assert!(report.converged(), "{pairs} {report:?}");
    }
}

#[test]
fn singular_matrices_end_with_a_status_and_a_finite_x() {
    each_method!(f64, |name, method| {
        let zero = Csr::from_triplets(5, 5, &[(0, 0, 0.0)]).unwrap();
        let nilpotent = Csr::from_triplets(3, 3, &[(0, 1, 1.0), (1, 2, 1.0)]).unwrap();
        let row = Csr::from_triplets(3, 3, &[(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        for a in [zero, nilpotent, row] {
            let b = vec![1.0; a.nrows()];
            let (report, _) = solve(method.clone(), &a, &b, 1e-10);
            assert!(!report.converged(), "{name} {report:?}");
        }
    });
}

#[test]
fn a_preconditioner_that_overflows_leaves_x_finite() {
    #[derive(Clone)]
    struct Overflowing(u32);
    impl Preconditioner<f64> for Overflowing {
        fn apply(&mut self, r: &[f64], z: &mut [f64]) {
            self.0 += 1;
            let factor = if self.0 > 5 { f64::INFINITY } else { 1.0 };
            for (z, r) in z.iter_mut().zip(r) {
                *z = factor * r;
            }
        }
    }
    fn check<K: Method<f64, Overflowing>>(method: K) {
        let a = random(60, 6, 5.0, 1);
        let b = gallery::noise(60, 1);
        let mut x = vec![0.0; 60];
        let report = Solver::new(method)
            .solve(&a, &mut Overflowing(0), &b, &mut x)
            .unwrap();
        assert!(matches!(report.status, Status::Breakdown(_)), "{report:?}");
        assert!(x.iter().all(|v| v.is_finite()), "{}", K::NAME);
        assert!(report.true_residual.is_finite());
    }
    check(BiCgStab::default());
    check(BiCgStabL::default());
    check(IdrS::default());
    check(Tfqmr::default());
}

#[test]
fn methods_give_the_same_bits_for_any_number_of_threads() {
    each_method!(f64, |name, method| {
        // Long enough that vectors are shared among threads.
        let n = 40_000;
        let entries: Vec<_> = (0..n as u32)
            .flat_map(|i| {
                let next = (i + 1) % n as u32;
                [(i, i, 2.0), (i, next, -0.9), (next, i, 0.3)]
            })
            .collect();
        let a = Csr::from_triplets(n, n, &entries).unwrap();
        let b = gallery::noise(n, 8);
        let run = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(|| solve(method.clone(), &a, &b, 1e-6))
        };
        let (report, one) = run(1);
        assert!(report.converged(), "{name}");
        assert!(one == run(2).1 && one == run(4).1, "{name}");
    });
}

#[test]
fn a_second_solve_repeats_the_first_to_the_bit() {
    // Also after a breakdown that drew another shadow.
    fn check<K: Method<f64, Identity>>(method: K) {
        let mut solver = Solver::new(method);
        let skew = skew(5, |k| 1.0 + f64::from(k));
        let a = random(10, 3, 5.0, 1);
        let b = gallery::noise(10, 1);
        let mut run = |a: &Csr<f64>| {
            let mut x = vec![0.0; 10];
            let report = solver.solve(a, &mut Identity, &b, &mut x).unwrap();
            (report, x)
        };
        let first = run(&a);
        run(&skew);
        assert_eq!(first, run(&a), "{}", K::NAME);
    }
    check(BiCgStab::default());
    check(BiCgStabL::default());
    check(IdrS::default());
    check(Tfqmr::default());
}

#[test]
fn backward_error_is_tested_where_it_is_asked_for() {
    fn check<K: Method<f64, Identity>>(method: K) {
        let a = random(100, 6, 5.0, 3);
        let b = gallery::noise(100, 3);
        let mut x = vec![0.0; 100];
        let rule = StoppingRule {
            norm: crate::ResidualNorm::BackwardError,
            ..StoppingRule::relative(1e-9)
        };
        let report = Solver::with_rule(method, rule)
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{report:?}");
        let size = a.norm_inf() * vector::norm2(&x) + vector::norm2(&b);
        assert!(report.true_residual <= 1e-9 * size);
    }
    check(BiCgStab::default());
    check(BiCgStabL::default());
    check(IdrS::default());
    check(Tfqmr::default());
}

/// Iterations to 1e-8, which must converge.
fn count<M: Preconditioner<f64>, K: Method<f64, M>>(method: K, a: &Csr<f64>, m: &mut M) -> usize {
    let b = gallery::noise(a.nrows(), 20_230_601);
    let mut x = vec![0.0; a.nrows()];
    let report = Solver::new(method).solve(a, m, &b, &mut x).unwrap();
    assert!(report.converged(), "{} {report:?}", K::NAME);
    report.iterations
}

#[test]
fn counts_on_advection_problems_without_preconditioner_are_those_of_other_programs() {
    // SciPy's bicgstab on the same matrices, with another noise: 701, 2228 and 126.
    let count = |a: &Csr<f64>| count(BiCgStab::default(), a, &mut Identity) as f64;
    let vortex = count(&gallery::recirculating_flow(128, 1e-2));
    assert!((vortex / 701.0 - 1.0).abs() <= 0.1, "{vortex}");
    let thin = count(&gallery::recirculating_flow(128, 1e-4));
    assert!((thin / 2228.0 - 1.0).abs() <= 0.1, "{thin}");
    let upwind = count(&gallery::upwind_advection(64));
    assert!((upwind / 126.0 - 1.0).abs() <= 0.1, "{upwind}");
}

#[test]
fn a_threshold_factorisation_solves_recirculating_flow_in_a_few_iterations() {
    let params = IlutParams {
        drop_tolerance: 1e-3,
        fill_factor: 5.0,
        ..IlutParams::default()
    };
    for eps in [1e-2, 1e-4] {
        let a = gallery::recirculating_flow(128, eps);
        let mut ilut = Ilut::new(&a, &params).unwrap();
        // Products with A: two an iteration, and one in IDR(s).
        let products = [
            2 * count(BiCgStab::default(), &a, &mut ilut),
            2 * count(BiCgStabL::default(), &a, &mut ilut),
            2 * count(Tfqmr::default(), &a, &mut ilut),
            count(IdrS::default(), &a, &mut ilut),
        ];
        assert!(products.iter().all(|&p| p <= 40), "{eps}: {products:?}");
    }
}

#[test]
fn tfqmr_starts_anew_where_its_quasi_residual_parts_from_the_residual() {
    // The squared polynomials grow to 1e5 on the way: without a fresh start the residual stays near
    // 1e-7 for ever, while the quasi-residual goes on to zero. SciPy's tfqmr ends after 860 to 880
    // such iterations, in one of three cases with a residual of 3e-8 for a tolerance of 1e-8.
    let a = gallery::recirculating_flow(128, 1e-2);
    let found = count(Tfqmr::default(), &a, &mut Identity);
    assert!(found <= 950, "{found}");
}
