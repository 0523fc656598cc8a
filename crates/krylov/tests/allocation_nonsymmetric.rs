//! A second solve with the methods for general matrices and least squares allocates nothing.

mod counting;

use counting::allocations;
use pdesolve_krylov::methods::{BiCgStab, BiCgStabL, Cgls, IdrS, Lsmr, Lsqr, Tfqmr};
use pdesolve_krylov::{
    Csr, Identity, LeastSquares, LeastSquaresMethod, LeastSquaresRule, Method, Solver, gallery,
};

fn matrix(n: u32) -> Csr<f64> {
    let entries: Vec<_> = (0..n)
        .flat_map(|i| {
            let next = (i + 1) % n;
            [(i, i, 2.0), (i, next, -0.9), (next, i, 0.3)]
        })
        .collect();
    Csr::from_triplets(n as usize, n as usize, &entries).unwrap()
}

fn solve_twice<K: Method<f64, Identity>>(method: K) {
    let a = matrix(5000);
    let (b, c) = (gallery::noise(5000, 1), gallery::noise(5000, 2));
    let mut x = vec![0.0; 5000];
    let mut solver = Solver::new(method);
    // Room for the history of the longer solve.
    for b in [&b, &c] {
        x.fill(0.0);
        assert!(
            solver
                .solve(&a, &mut Identity, b, &mut x)
                .unwrap()
                .converged()
        );
    }
    let count = allocations(|| {
        for b in [&b, &c] {
            x.fill(0.0);
            solver.solve(&a, &mut Identity, b, &mut x).unwrap();
        }
    });
    assert_eq!(count, 0, "{}", K::NAME);
}

fn fit_twice<K: LeastSquaresMethod<f64>>(method: K) {
    let a = matrix(3000);
    let b = gallery::noise(3000, 1);
    let mut x = vec![0.0; 3000];
    let rule = LeastSquaresRule {
        damping: 0.1,
        ..LeastSquaresRule::default()
    };
    let mut solver = LeastSquares::with_rule(method, rule);
    assert!(solver.solve(&a, &b, &mut x).unwrap().converged());
    let count = allocations(|| {
        x.fill(0.0);
        solver.solve(&a, &b, &mut x).unwrap();
    });
    assert_eq!(count, 0, "{}", K::NAME);
}

#[test]
fn a_second_solve_allocates_nothing() {
    // One thread: rayon itself allocates when threads first steal work.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    pool.install(|| {
        solve_twice(BiCgStab::default());
        solve_twice(BiCgStabL::default());
        solve_twice(IdrS::default());
        solve_twice(Tfqmr::default());
        fit_twice(Lsqr::default());
        fit_twice(Lsmr::default());
        fit_twice(Cgls::default());
    });
}
