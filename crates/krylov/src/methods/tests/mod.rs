//! What holds for all methods, and how they relate to each other.

use faer::prelude::Solve;
use num_complex::Complex64;

use super::*;
use crate::operator::{LinearOperator, NullSpace, Singular};
use crate::{
    Breakdown, Csr, Identity, Preconditioner, Real, ResidualNorm, Scalar, Solver, Status,
    StoppingRule, VaryingPreconditioner, gallery, vector,
};

/// Runs `$body` for the methods of one class, with a name and a method of type `$t` in scope.
macro_rules! for_methods {
    (definite, $t:ty, |$name:ident, $method:ident| $body:expr) => {
        for_methods!(@ $name, $method, $body,
            "CG" => Cg::<$t>::default(),
            "FCG(1)" => FlexibleCg::<$t>::default(),
            "FCG(2)" => FlexibleCg::<$t>::new(2),
            "deflated CG" => DeflatedCg::<$t>::new(4, 12),
        );
        for_methods!(hermitian, $t, |$name, $method| $body)
    };
    (hermitian, $t:ty, |$name:ident, $method:ident| $body:expr) => {
        for_methods!(@ $name, $method, $body, "MINRES" => Minres::<$t>::default(),);
        for_methods!(any, $t, |$name, $method| $body)
    };
    (any, $t:ty, |$name:ident, $method:ident| $body:expr) => {
        for_methods!(@ $name, $method, $body,
            "GMRES" => Gmres::<$t>::new(50),
            "FGMRES" => Fgmres::<$t>::new(50),
            "GCR" => Gcr::<$t>::new(50, Memory::Truncated),
            "GCRO-DR" => GcroDr::<$t>::new(50, 6),
        )
    };
    (@ $name:ident, $method:ident, $body:expr, $($n:literal => $m:expr,)*) => {
        $({
            let $name = $n;
            let $method = $m;
            $body;
        })*
    };
}

mod block_cg;
mod flexible;
mod minimal_residual;
mod recycling;

/// z = D^-1 r.
#[derive(Clone)]
struct Diagonal<T>(Vec<T>);

impl<T: Scalar> Diagonal<T> {
    fn of(a: &Csr<T>) -> Self {
        Self(a.diagonal().iter().map(|&d| T::one() / d).collect())
    }
}

impl<T: Scalar> Preconditioner<T> for Diagonal<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        for ((z, &r), &d) in z.iter_mut().zip(r).zip(&self.0) {
            *z = d * r;
        }
    }
}

fn sample<T: Scalar>(n: usize, seed: u64) -> Vec<T> {
    let noise = gallery::noise(2 * n, seed);
    let real = |v: f64| <T::Real as Scalar>::from_f64(v);
    (0..n)
        .map(|i| T::from_parts(real(noise[2 * i]), real(noise[2 * i + 1])))
        .collect()
}

fn full<T: Scalar>(n: usize, entry: impl Fn(usize, usize) -> T) -> Csr<T> {
    let entries: Vec<_> = (0..n * n)
        .map(|k| ((k / n) as u32, (k % n) as u32, entry(k / n, k % n)))
        .collect();
    Csr::from_triplets(n, n, &entries).unwrap()
}

fn diagonal(d: &[f64]) -> Csr<f64> {
    let entries: Vec<_> = d
        .iter()
        .enumerate()
        .map(|(i, &d)| (i as u32, i as u32, d))
        .collect();
    Csr::from_triplets(d.len(), d.len(), &entries).unwrap()
}

/// (1 - 2 u u^H) D (1 - 2 u u^H) with a random unit vector u: Hermitian, eigenvalues d.
fn with_eigenvalues<T: Scalar>(d: &[f64], seed: u64) -> Csr<T> {
    let n = d.len();
    let mut u: Vec<T> = sample(n, seed);
    let size = vector::norm2_f64(&u);
    vector::scale(T::from_f64(1.0 / size), &mut u);
    let two = T::from_f64(2.0);
    let du: Vec<T> = u.iter().zip(d).map(|(&u, &d)| u * T::from_f64(d)).collect();
    let udu = vector::dot(&u, &du);
    full(n, |i, j| {
        let own = if i == j { T::from_f64(d[i]) } else { T::zero() };
        let (ui, uj) = (u[i], u[j].conj());
        own - two * (ui * du[j].conj() + du[i] * uj) + two * two * udu * ui * uj
    })
}

/// 2 + B / n^(1/2) with random B: no symmetry, Hermitian part positive definite.
fn without_symmetry<T: Scalar>(n: usize, seed: u64) -> Csr<T> {
    let b: Vec<T> = sample(n * n, seed);
    let scale = T::from_f64(if T::IS_COMPLEX { 0.7 } else { 1.0 } / (n as f64).sqrt());
    full(n, |i, j| {
        let own = if i == j { T::from_f64(2.0) } else { T::zero() };
        own + scale * b[i * n + j]
    })
}

/// Distance of x from the solution by LU with partial pivoting, relative to it.
fn distance_from_direct<T: Scalar>(a: &Csr<T>, b: &[T], x: &[T]) -> f64 {
    let wide = |v: T| Complex64::new(v.re().as_f64(), v.im().as_f64());
    let matrix = faer::Mat::from_fn(b.len(), b.len(), |i, j| wide(a.get(i, j)));
    let rhs = faer::Mat::from_fn(b.len(), 1, |i, _| wide(b[i]));
    let expected = matrix.partial_piv_lu().solve(&rhs);
    let (mut error, mut size) = (0.0, 0.0);
    for (i, &x) in x.iter().enumerate() {
        error += (wide(x) - expected[(i, 0)]).norm_sqr();
        size += expected[(i, 0)].norm_sqr();
    }
    (error / size).sqrt()
}

/// Five to seven points of the Laplacian on cells with zero normal derivative: constants are its
/// null space.
fn neumann(m: u32) -> Csr<f64> {
    let mut entries = Vec::new();
    for i in 0..m * m {
        let mut couple = |j: u32| {
            for (a, b) in [(i, j), (j, i)] {
                entries.push((a, a, 1.0));
                entries.push((a, b, -1.0));
            }
        };
        if i % m + 1 < m {
            couple(i + 1);
        }
        if i + m < m * m {
            couple(i + m);
        }
    }
    Csr::from_triplets((m * m) as usize, (m * m) as usize, &entries).unwrap()
}

fn random_systems<T: Scalar>(tolerance: f64) {
    let n = 40;
    let rule = StoppingRule::relative(tolerance);
    for seed in 0..20 {
        let b: Vec<T> = sample(n, 1000 + seed);
        let positive: Vec<f64> = (0..n).map(|i| 0.1 + 2.0 * i as f64 / n as f64).collect();
        let mixed: Vec<f64> = (0..n)
            .map(|i| {
                if i % 3 == 0 {
                    -positive[i]
                } else {
                    positive[i]
                }
            })
            .collect();
        let definite = with_eigenvalues::<T>(&positive, seed);
        let indefinite = with_eigenvalues::<T>(&mixed, seed);
        let general = without_symmetry::<T>(n, seed);
        assert!(definite.is_hermitian(1e-6) && indefinite.is_hermitian(1e-6));
        // The condition is at most 21.
        let check = |name: &str, a: &Csr<T>, report: crate::Report, x: &[T]| {
            assert!(report.converged(), "{name}, seed {seed}: {report:?}");
            let error = distance_from_direct(a, &b, x);
            assert!(
                error <= 30.0 * tolerance,
                "{name}, seed {seed}: {error:.1e}"
            );
        };
        for_methods!(definite, T, |name, method| {
            let mut x = vec![T::zero(); n];
            let mut solver = Solver::with_rule(method, rule.clone());
            let report = solver.solve(&definite, &mut Diagonal::of(&definite), &b, &mut x);
            check(name, &definite, report.unwrap(), &x);
        });
        for_methods!(hermitian, T, |name, method| {
            let mut x = vec![T::zero(); n];
            let mut solver = Solver::with_rule(method, rule.clone());
            let report = solver.solve(&indefinite, &mut Identity, &b, &mut x);
            // GCR may break down for these, but must say so.
            if name == "GCR"
                && matches!(report, Ok(r) if r.status == Status::Breakdown(Breakdown::ZeroCoefficient))
            {
                continue;
            }
            check(name, &indefinite, report.unwrap(), &x);
        });
        for_methods!(any, T, |name, method| {
            let mut x = vec![T::zero(); n];
            let mut solver = Solver::with_rule(method, rule.clone());
            let report = solver.solve(&general, &mut Diagonal::of(&general), &b, &mut x);
            check(name, &general, report.unwrap(), &x);
        });
    }
}

#[test]
fn random_real_systems_agree_with_a_direct_solve() {
    random_systems::<f64>(1e-10);
}

#[test]
fn random_complex_systems_agree_with_a_direct_solve() {
    random_systems::<Complex64>(1e-10);
}

#[test]
fn random_single_precision_systems_agree_with_a_direct_solve() {
    random_systems::<f32>(2e-5);
}

#[test]
fn the_iterations_are_at_most_one_more_than_the_distinct_eigenvalues() {
    let distinct = [1.0, 3.0, 4.5, 7.0, 20.0];
    let d: Vec<f64> = (0..200).map(|i| distinct[i % 5]).collect();
    let a = with_eigenvalues::<f64>(&d, 4);
    let b = gallery::noise(200, 8);
    for_methods!(definite, f64, |name, method| {
        let mut x = vec![0.0; 200];
        let report = Solver::with_rule(method, StoppingRule::relative(1e-11))
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{name}: {report:?}");
        assert!(report.iterations <= 6, "{name}: {}", report.iterations);
    });
}

#[test]
fn a_singular_consistent_system_gives_the_solution_of_zero_mean() {
    let n = 400;
    let a = Singular::new(neumann(20), NullSpace::constant(n));
    let b = gallery::noise(n, 12);
    let mut expected = vec![0.0; n];
    let tight = StoppingRule::relative(1e-12);
    Solver::with_rule(Cg::default(), tight)
        .solve(&a, &mut Identity, &b, &mut expected)
        .unwrap();
    for_methods!(definite, f64, |name, method| {
        // Positive weights, so that the preconditioner does not keep the null space.
        let weights = (0..n).map(|i| 1.0 + (i % 7) as f64).collect();
        let mut x = vec![3.0; n];
        let report = Solver::with_rule(method, StoppingRule::relative(1e-9))
            .solve(&a, &mut Diagonal(weights), &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{name}: {report:?}");
        assert!(report.inconsistency > 0.0);
        assert!(
            x.iter().sum::<f64>().abs() < 1e-9 * vector::norm2(&x),
            "{name}"
        );
        vector::axpy(-1.0, &expected, &mut x);
        assert!(
            vector::norm2(&x) <= 1e-6 * vector::norm2(&expected),
            "{name}: {:.1e}",
            vector::norm2(&x)
        );
    });
}

#[test]
fn an_almost_singular_system_is_solved_as_far_as_rounding_allows() {
    let n = 81;
    let b = gallery::noise(n, 3);
    // Condition 8e5, where the tolerance can be met, and 8e10, where eps ||A|| ||x|| lies above it.
    for (shift, attainable) in [(1e-5, true), (1e-10, false)] {
        let mut a = neumann(9);
        for i in 0..n {
            let at = a.offsets()[i] as usize + a.row(i).0.binary_search(&(i as u32)).unwrap();
            a.values_mut()[at] += shift;
        }
        for_methods!(definite, f64, |name, method| {
            let mut x = vec![0.0; n];
            let report = Solver::with_rule(method, StoppingRule::relative(1e-9))
                .solve(&a, &mut Identity, &b, &mut x)
                .unwrap();
            assert_eq!(report.converged(), attainable, "{name}: {report:?}");
            let mut r = vec![0.0; n];
            a.residual(&b, &x, &mut r);
            let relative = vector::norm2(&r) / vector::norm2(&b);
            assert!((relative - report.true_relative_residual).abs() <= 1e-12);
            let floor = 10.0 * f64::EPSILON * 8.0 * vector::norm2(&x);
            assert!(
                report.true_residual <= floor.max(1e-9 * report.reference),
                "{name}: {report:?}, {floor:e}"
            );
        });
    }
}

#[test]
fn a_good_first_guess_saves_iterations() {
    let a = gallery::poisson(&[16, 16]);
    let b = gallery::noise(256, 2);
    for_methods!(definite, f64, |name, method| {
        let mut solver = Solver::new(method);
        let mut x = vec![0.0; 256];
        let cold = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
        let exact = x.clone();
        for (i, v) in x.iter_mut().enumerate() {
            *v *= 1.0 + 1e-5 * ((i * 7) % 11) as f64;
        }
        let warm = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
        assert!(
            cold.converged() && warm.converged(),
            "{name}: {cold:?}, {warm:?}"
        );
        assert!(
            4 * warm.iterations < 3 * cold.iterations,
            "{name}: {} and {}",
            warm.iterations,
            cold.iterations
        );
        vector::axpy(-1.0, &exact, &mut x);
        assert!(vector::norm2(&x) < 1e-6 * vector::norm2(&exact), "{name}");
    });
}

#[test]
fn all_methods_give_the_same_bits_for_any_number_of_threads() {
    let a = gallery::poisson(&[230, 230]);
    let b = gallery::noise(52_900, 21);
    let rule = StoppingRule {
        max_iterations: 12,
        ..StoppingRule::relative(1e-8)
    };
    for_methods!(definite, f64, |name, method| {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut x = vec![0.0; 52_900];
                let mut solver = Solver::with_rule(method.clone(), rule.clone());
                // Twice, for the methods that remember.
                for _ in 0..2 {
                    solver.solve(&a, &mut Diagonal::of(&a), &b, &mut x).unwrap();
                }
                x.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(4), "{name}");
    });
}

#[test]
fn numbers_that_overflow_leave_x_finite() {
    let a = gallery::poisson(&[40]).map(|v| 1e300 * v);
    let b: Vec<f64> = gallery::noise(40, 3).iter().map(|v| 1e300 * v).collect();
    for_methods!(definite, f64, |name, method| {
        let mut x = vec![0.0; 40];
        let report = Solver::new(method)
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(x.iter().all(|v| v.is_finite()), "{name}");
        assert_eq!(
            report.status,
            Status::Breakdown(Breakdown::NotFinite),
            "{name}"
        );
    });
}
