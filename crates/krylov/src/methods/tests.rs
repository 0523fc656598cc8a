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

mod flexible {
    use super::*;

    #[test]
    fn fcg_1_with_a_fixed_preconditioner_gives_the_residuals_of_pcg() {
        let a = gallery::poisson(&[30, 30]);
        let b = gallery::noise(900, 5);
        let weights = Diagonal((0..900).map(|i| 1.0 + (i % 5) as f64).collect());
        let rule = StoppingRule {
            max_iterations: 40,
            ..StoppingRule::default()
        };
        let mut cg = Solver::with_rule(Cg::default(), rule.clone());
        let mut x = vec![0.0; 900];
        cg.solve(&a, &mut weights.clone(), &b, &mut x).unwrap();
        for k in [1, 2, 5] {
            let mut fcg = Solver::with_rule(FlexibleCg::new(k), rule.clone());
            let mut y = vec![0.0; 900];
            fcg.solve(&a, &mut weights.clone(), &b, &mut y).unwrap();
            for (p, f) in cg.history().iter().zip(fcg.history()) {
                assert!((p - f).abs() <= 1e-10 * p, "FCG({k}): {p:e} and {f:e}");
            }
            vector::axpy(-1.0, &x, &mut y);
            assert!(vector::norm2(&y) <= 1e-10 * vector::norm2(&x));
        }
    }

    #[test]
    fn fgmres_with_a_fixed_preconditioner_is_right_preconditioned_gmres() {
        let a = without_symmetry::<f64>(200, 6);
        let b = gallery::noise(200, 7);
        let rule = StoppingRule::relative(1e-10);
        let (mut x, mut y) = (vec![0.0; 200], vec![0.0; 200]);
        let mut gmres = Solver::with_rule(Gmres::new(8), rule.clone());
        gmres.solve(&a, &mut Diagonal::of(&a), &b, &mut x).unwrap();
        let mut fgmres = Solver::with_rule(Fgmres::new(8), rule);
        fgmres.solve(&a, &mut Diagonal::of(&a), &b, &mut y).unwrap();
        assert!(gmres.history().len() > 20, "several cycles");
        assert_eq!(gmres.history().len(), fgmres.history().len());
        for (g, f) in gmres.history().iter().zip(fgmres.history()) {
            assert!((g - f).abs() <= 1e-12 * gmres.history()[0]);
        }
        vector::axpy(-1.0, &x, &mut y);
        assert!(vector::norm2(&y) <= 1e-12 * vector::norm2(&x));
    }

    /// Scales by a power of the norm, and by signs that change from call to call.
    struct Fickle(usize);

    impl VaryingPreconditioner<f64> for Fickle {
        fn apply_varying(&mut self, r: &[f64], z: &mut [f64]) {
            self.0 += 1;
            let size = vector::norm2(r).powf(0.3);
            for (i, (z, r)) in z.iter_mut().zip(r).enumerate() {
                let weight = 1.0 + ((i * self.0) % 7) as f64 / 3.0;
                *z = if self.0 % 2 == 0 { -size } else { size } * weight * r;
            }
        }
    }

    #[test]
    fn a_varying_preconditioner_does_not_stop_the_flexible_methods() {
        let a = gallery::poisson(&[16, 16]);
        let b = gallery::noise(256, 4);
        for_methods!(@ name, method, {
            let mut x = vec![0.0; 256];
            let report = Solver::with_rule(method, StoppingRule::relative(1e-8))
                .solve(&a, &mut Fickle(0), &b, &mut x)
                .unwrap();
            assert!(report.converged(), "{name}: {report:?}");
        },
            "FCG(1)" => FlexibleCg::default(),
            "FCG(4)" => FlexibleCg::new(4),
            "FGMRES" => Fgmres::new(30),
            "GCR truncated" => Gcr::new(30, Memory::Truncated),
            "GCR restarted" => Gcr::new(30, Memory::Restarted),
        );
    }

    #[test]
    fn the_energy_norm_of_the_error_never_grows_whatever_the_preconditioner_returns() {
        struct Random(u64);
        impl VaryingPreconditioner<f64> for Random {
            fn apply_varying(&mut self, _: &[f64], z: &mut [f64]) {
                self.0 += 1;
                z.copy_from_slice(&gallery::noise(z.len(), self.0));
            }
        }
        let a = gallery::poisson(&[10, 10]);
        let exact = gallery::noise(100, 1);
        let mut b = vec![0.0; 100];
        a.apply(&exact, &mut b);
        let rule = StoppingRule {
            max_iterations: 1,
            ..StoppingRule::default()
        };
        let energy = |x: &[f64]| {
            let mut e = exact.clone();
            vector::axpy(-1.0, x, &mut e);
            let mut ae = vec![0.0; 100];
            a.apply(&e, &mut ae);
            vector::dot(&e, &ae)
        };
        let mut solver = Solver::with_rule(FlexibleCg::new(2), rule);
        let mut x = vec![0.0; 100];
        let mut last = energy(&x);
        let mut random = Random(50);
        for _ in 0..200 {
            solver.solve(&a, &mut random, &b, &mut x).unwrap();
            let now = energy(&x);
            assert!(now <= last * (1.0 + 1e-14));
            last = now;
        }
    }

    #[test]
    fn gcr_breaks_down_where_the_hermitian_part_vanishes() {
        let a = Csr::from_triplets(2, 2, &[(0, 1, 1.0), (1, 0, -1.0)]).unwrap();
        let report = Solver::new(Gcr::default())
            .solve(&a, &mut Identity, &[1.0, 0.0], &mut [0.0; 2])
            .unwrap();
        assert_eq!(report.status, Status::Breakdown(Breakdown::ZeroCoefficient));
        let mut x = [0.0; 2];
        let report = Solver::new(Fgmres::default())
            .solve(&a, &mut Identity, &[1.0, 0.0], &mut x)
            .unwrap();
        assert!(report.converged() && f64::abs(x[1] - 1.0) < 1e-15);
    }
}

mod minimal_residual {
    use super::*;

    /// Residual norms of the conjugate residual method (Stiefel 1955), without preconditioner.
    fn conjugate_residuals(a: &Csr<f64>, b: &[f64], steps: usize) -> Vec<f64> {
        let n = b.len();
        let (mut r, mut p) = (b.to_vec(), b.to_vec());
        let (mut ar, mut ap) = (vec![0.0; n], vec![0.0; n]);
        a.apply(&r, &mut ar);
        ap.copy_from_slice(&ar);
        let mut rar = vector::dot(&r, &ar);
        let mut norms = vec![vector::norm2(&r)];
        for _ in 0..steps {
            let alpha = rar / vector::norm2_squared(&ap);
            vector::axpy(-alpha, &ap, &mut r);
            norms.push(vector::norm2(&r));
            a.apply(&r, &mut ar);
            let next = vector::dot(&r, &ar);
            vector::xpby(&r, next / rar, &mut p);
            vector::xpby(&ar, next / rar, &mut ap);
            rar = next;
        }
        norms
    }

    #[test]
    fn minres_and_gmres_have_the_residuals_of_conjugate_residuals_on_a_definite_matrix() {
        let a = gallery::poisson(&[20, 20]);
        let b = gallery::noise(400, 6);
        let expected = conjugate_residuals(&a, &b, 40);
        let rule = StoppingRule {
            max_iterations: 40,
            ..StoppingRule::relative(1e-12)
        };
        for_methods!(hermitian, f64, |name, method| {
            let mut solver = Solver::with_rule(method, rule.clone());
            let mut x = vec![0.0; 400];
            solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
            assert_eq!(solver.history().len(), 41);
            for (m, e) in solver.history().iter().zip(&expected) {
                assert!((m - e).abs() <= 1e-10 * expected[0], "{name}: {m:e}, {e:e}");
            }
        });
    }

    #[test]
    fn residuals_of_gmres_never_grow_within_and_across_cycles() {
        let a = without_symmetry::<f64>(300, 16);
        let b = gallery::noise(300, 17);
        for_methods!(@ name, method, {
            let mut solver = Solver::with_rule(method, StoppingRule::relative(1e-10));
            let mut x = vec![0.0; 300];
            let report = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
            assert!(report.converged() && report.iterations > 12, "{name}");
            for pair in solver.history().windows(2) {
                assert!(pair[1] <= pair[0] * (1.0 + 1e-14), "{name}: {pair:?}");
            }
        },
            "GMRES(4)" => Gmres::new(4),
            "FGMRES(4)" => Fgmres::new(4),
            "GCR" => Gcr::new(4, Memory::Truncated),
            "GCR restarted" => Gcr::new(4, Memory::Restarted),
        );
    }

    #[test]
    fn gmres_from_the_left_stops_by_the_preconditioned_norm() {
        let a = without_symmetry::<f64>(100, 2);
        let b = gallery::noise(100, 3);
        let rule = StoppingRule {
            norm: ResidualNorm::Preconditioned,
            ..StoppingRule::relative(1e-9)
        };
        let mut x = vec![0.0; 100];
        let mut weights = Diagonal((0..100).map(|i| 1.0 + (i % 9) as f64).collect());
        let left = Gmres::preconditioned_from(Side::Left, 20);
        let mut solver = Solver::with_rule(left, rule);
        let report = solver.solve(&a, &mut weights, &b, &mut x).unwrap();
        assert!(report.converged(), "{report:?}");
        let (mut r, mut z) = (vec![0.0; 100], vec![0.0; 100]);
        weights.apply(&b, &mut z);
        let reference = vector::norm2(&z);
        a.residual(&b, &x, &mut r);
        weights.apply(&r, &mut z);
        assert!(vector::norm2(&z) <= 1e-9 * reference);
        assert!((report.carried_residual - vector::norm2(&z)).abs() <= 1e-12 * reference);
        // The other norms are refused.
        solver.rule.norm = ResidualNorm::True;
        assert!(solver.solve(&a, &mut weights, &b, &mut x).is_err());
    }

    #[test]
    fn the_residual_that_minres_carries_is_the_true_one() {
        let d: Vec<f64> = (0..300).map(|i| f64::from(i) - 120.5).collect();
        let a = with_eigenvalues::<f64>(&d, 3);
        let b = gallery::noise(300, 9);
        let weights = Diagonal((0..300).map(|i| 1.0 + (i % 5) as f64).collect());
        for norm in [ResidualNorm::True, ResidualNorm::Natural] {
            for steps in [1, 2, 5, 50, 200] {
                let rule = StoppingRule {
                    norm,
                    max_iterations: steps,
                    ..StoppingRule::default()
                };
                let mut solver = Solver::with_rule(Minres::default(), rule);
                let mut x = vec![0.0; 300];
                let report = solver.solve(&a, &mut weights.clone(), &b, &mut x).unwrap();
                let (mut r, mut z) = (vec![0.0; 300], vec![0.0; 300]);
                a.residual(&b, &x, &mut r);
                weights.clone().apply(&r, &mut z);
                let expected = match norm {
                    ResidualNorm::True => vector::norm2(&r),
                    _ => vector::dot(&r, &z).sqrt(),
                };
                let carried = report.carried_residual;
                assert!(
                    (carried - expected).abs() <= 1e-8 * expected,
                    "{norm:?}, {steps}"
                );
            }
        }
    }

    #[test]
    fn an_unsolvable_singular_system_ends_with_its_reason() {
        // Symmetric, constants are the null space, which the solver is not told of.
        let a = neumann(12);
        for seed in 0..10 {
            let b = gallery::noise(144, seed);
            let mean = b.iter().sum::<f64>() / 144.0;
            let least = mean.abs() * 12.0;
            let mut x = vec![0.0; 144];
            let report = Solver::new(Minres::default())
                .solve(&a, &mut Identity, &b, &mut x)
                .unwrap();
            assert_eq!(report.status, Status::Stagnated);
            let excess = report.true_residual - least;
            assert!(excess.abs() <= 1e-7 * least, "{report:?}, {least}");
            assert!(report.iterations < 800, "{report:?}");

            // With a solution, which need not be the one of least norm, it is found.
            let consistent: Vec<f64> = b.iter().map(|v| v - mean).collect();
            for_methods!(hermitian, f64, |name, method| {
                let mut x = vec![0.0; 144];
                let report = Solver::new(method)
                    .solve(&a, &mut Identity, &consistent, &mut x)
                    .unwrap();
                assert!(report.converged(), "{name}: {report:?}");
            });
        }
        // The Krylov space of a nilpotent matrix holds nothing that A maps to b.
        let nilpotent = Csr::from_triplets(2, 2, &[(0, 1, 1.0)]).unwrap();
        for_methods!(any, f64, |name, method| {
            let mut x = [0.0; 2];
            let report = Solver::new(method)
                .solve(&nilpotent, &mut Identity, &[1.0, 0.0], &mut x)
                .unwrap();
            let expected = Status::Breakdown(Breakdown::SingularProjection);
            assert_eq!(report.status, expected, "{name}");
            assert_eq!(x, [0.0, 0.0]);
        });
    }

    #[test]
    fn minres_does_not_take_a_tiny_eigenvalue_for_zero() {
        // All of b but 1e-7 of it lies along an eigenvector whose eigenvalue is 1e-10 of the largest.
        let mut d: Vec<f64> = (0..200).map(|i| f64::from(i) - 80.3).collect();
        d[100] = 1e-8;
        let a = diagonal(&d);
        let mut b: Vec<f64> = gallery::noise(200, 1).iter().map(|v| 1e-8 * v).collect();
        b[100] = 1.0;
        let mut x = vec![0.0; 200];
        let report = Solver::with_rule(Minres::default(), StoppingRule::relative(1e-6))
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{report:?}");
        assert!((x[100] * 1e-8 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_cyclic_shift_stagnates_short_cycles_and_is_solved_by_a_full_one() {
        let n = 12;
        let entries: Vec<_> = (0..n).map(|i| (i, (i + 1) % n, 1.0)).collect();
        let a = Csr::from_triplets(n as usize, n as usize, &entries).unwrap();
        let mut b = vec![0.0; 12];
        b[0] = 1.0;
        for (m, expected) in [(11, Status::Stagnated), (12, Status::Converged)] {
            let mut x = vec![0.0; 12];
            let report = Solver::new(Gmres::new(m))
                .solve(&a, &mut Identity, &b, &mut x)
                .unwrap();
            assert_eq!((report.status, report.iterations), (expected, m));
        }
    }

    #[test]
    fn attainable_accuracy_is_reached_and_no_more_is_claimed() {
        let d: Vec<f64> = (0..2000)
            .map(|i| 10f64.powf(-10.0 * f64::from(i % 20) / 19.0))
            .collect();
        let a = diagonal(&d);
        let b = gallery::noise(2000, 9);
        let rule = StoppingRule {
            max_iterations: 20_000,
            ..StoppingRule::relative(1e-15)
        };
        for_methods!(definite, f64, |name, method| {
            let mut x = vec![0.0; 2000];
            let report = Solver::with_rule(method, rule.clone())
                .solve(&a, &mut Identity, &b, &mut x)
                .unwrap();
            let attainable = 10.0 * f64::EPSILON * vector::norm2(&x);
            assert!(
                report.true_residual <= attainable,
                "{name}: {report:?}, attainable {attainable:.2e}"
            );
            if report.converged() {
                assert!(report.true_relative_residual <= 1e-15, "{name}");
            }
        });
    }
}

mod recycling {
    use super::*;

    /// First differences upwind and second ones central, with a shift that moves from system to
    /// system.
    fn transport(m: usize, shift: f64) -> Csr<f64> {
        let laplacian = gallery::poisson(&[m, m]);
        let mut entries = Vec::new();
        for i in 0..m * m {
            let (columns, values) = laplacian.row(i);
            for (&j, &v) in columns.iter().zip(values) {
                entries.push((i as u32, j, v));
            }
            entries.push((i as u32, i as u32, 0.2 + shift));
            if i % m > 0 {
                entries.push((i as u32, i as u32 - 1, -0.2));
            }
        }
        Csr::from_triplets(m * m, m * m, &entries).unwrap()
    }

    #[test]
    fn gcro_dr_needs_fewer_iterations_than_gmres_on_a_sequence() {
        let m = 40;
        let rule = StoppingRule::relative(1e-8);
        let mut gmres = Solver::with_rule(Gmres::new(30), rule.clone());
        let mut gcro = Solver::with_rule(GcroDr::new(30, 8), rule);
        let mut counts = Vec::new();
        for step in 0..6 {
            let a = transport(m, 1e-3 * f64::from(step));
            let b = gallery::noise(m * m, 100 + step as u64);
            let (mut x, mut y) = (vec![0.0; m * m], vec![0.0; m * m]);
            let one = gmres.solve(&a, &mut Diagonal::of(&a), &b, &mut x).unwrap();
            let two = gcro.solve(&a, &mut Diagonal::of(&a), &b, &mut y).unwrap();
            assert!(one.converged() && two.converged(), "{one:?}, {two:?}");
            vector::axpy(-1.0, &x, &mut y);
            assert!(vector::norm2(&y) <= 1e-5 * vector::norm2(&x));
            counts.push((one.iterations, two.iterations));
        }
        let (first, later) = (counts[0], &counts[1..]);
        assert!(first.1 < first.0, "{counts:?}");
        for pair in later {
            assert!(10 * pair.1 < 6 * pair.0, "{counts:?}");
        }
    }

    #[test]
    fn gcro_dr_finds_the_eigenvectors_nearest_to_zero() {
        let n = 500;
        let mut d: Vec<f64> = (0..n).map(|i| 1.0 + i as f64 / 50.0).collect();
        d[..3].copy_from_slice(&[1e-3, -2e-3, 5e-3]);
        let a = diagonal(&d);
        let b = gallery::noise(n, 77);
        let mut solver = Solver::with_rule(GcroDr::new(25, 5), StoppingRule::relative(1e-10));
        let mut x = vec![0.0; n];
        assert!(
            solver
                .solve(&a, &mut Identity, &b, &mut x)
                .unwrap()
                .converged()
        );
        let space = NullSpace::spanned_by(solver.method.recycled().to_vec());
        for i in 0..3 {
            let mut e = vec![0.0; n];
            e[i] = 1.0;
            space.project(&mut e);
            assert!(
                vector::norm2(&e) < 1e-4,
                "sine of the angle {:.1e}",
                vector::norm2(&e)
            );
        }
    }

    #[test]
    fn a_second_solve_of_the_same_system_from_the_recycled_space_is_shorter() {
        let a = transport(30, 0.0).map(|v| Complex64::new(v, 0.05 * v));
        let b: Vec<Complex64> = sample(900, 5);
        let mut solver = Solver::new(GcroDr::new(20, 6));
        let mut first = vec![Complex64::new(0.0, 0.0); 900];
        let one = solver.solve(&a, &mut Identity, &b, &mut first).unwrap();
        let mut second = vec![Complex64::new(0.0, 0.0); 900];
        let two = solver.solve(&a, &mut Identity, &b, &mut second).unwrap();
        assert!(one.converged() && two.converged());
        assert!(two.iterations < one.iterations, "{one:?}, {two:?}");
        solver.method.forget();
        let mut third = vec![Complex64::new(0.0, 0.0); 900];
        let three = solver.solve(&a, &mut Identity, &b, &mut third).unwrap();
        assert_eq!((three.iterations, third), (one.iterations, first));
    }

    #[test]
    fn eight_recycled_vectors_save_two_fifths_of_the_second_solve_with_jumps() {
        let n = 128 * 128;
        let a = gallery::checkerboard(&[128, 128], 1e6, 16);
        let mut solver = Solver::with_rule(DeflatedCg::new(8, 60), StoppingRule::relative(1e-8));
        let mut counts = Vec::new();
        for seed in 0..2 {
            let b = gallery::noise(n, 50 + seed);
            let mut x = vec![0.0; n];
            let report = solver.solve(&a, &mut Diagonal::of(&a), &b, &mut x).unwrap();
            let mut y = vec![0.0; n];
            let plain = Solver::with_rule(Cg::default(), StoppingRule::relative(1e-8))
                .solve(&a, &mut Diagonal::of(&a), &b, &mut y)
                .unwrap();
            assert!(
                report.converged() && plain.converged(),
                "{report:?}, {plain:?}"
            );
            counts.push((plain.iterations, report.iterations));
        }
        assert!(10 * counts[1].1 <= 6 * counts[1].0, "{counts:?}");
    }
}
