//! A second solve on the same workspace allocates nothing.

mod counting;

use pdesolve_krylov::amg::{Amg, AmgParams, Cycle, Relaxation};
use pdesolve_krylov::methods::{
    BiCgStab, BiCgStabL, BlockCg, Cg, DeflatedCg, Fgmres, FlexibleCg, Gcr, GcroDr, Gmres, IdrS,
    Minres, Tfqmr,
};
use pdesolve_krylov::{Identity, NullSpace, Singular, Solver, StoppingRule, gallery};

/// Allocations of `solve` once it has run twice.
fn allocations(mut solve: impl FnMut()) -> usize {
    solve();
    // Methods that recycle have their space now.
    solve();
    counting::allocations(solve)
}

/// Solves with each of the methods, which `Solver` runs, and counts.
macro_rules! second_solves_allocate_nothing {
    ($($method:expr),* $(,)?) => {$({
        // Regular and, as the constants are shifted away, singular; below and above the length
        // from which threads share a vector.
        for m in [30, 190] {
            let a = gallery::poisson(&[m, m]);
            let b = gallery::noise(m * m, 1);
            let mut x = vec![0.0; m * m];
            let rule = StoppingRule {
                max_iterations: 25,
                ..StoppingRule::relative(1e-8)
            };
            let projected = Singular::new(a.clone(), NullSpace::constant(m * m));
            let mut solver = Solver::with_rule($method, rule);
            let plain = allocations(|| {
                x.fill(0.0);
                let report = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
                assert!(report.iterations > 10);
            });
            let with_null_space = allocations(|| {
                x.fill(0.0);
                solver.solve(&projected, &mut Identity, &b, &mut x).unwrap();
            });
            assert_eq!(
                (plain, with_null_space),
                (0, 0),
                "{}, {m}^2 unknowns",
                stringify!($method)
            );
        }
    })*};
}

// One test only: others beside it would be counted too.
#[test]
fn a_second_solve_allocates_nothing() {
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            // A thread of rayon's registers itself for reclamation when it first steals a task,
            // which allocates: have each of them steal beforehand.
            for _ in 0..50 {
                let wait = || std::thread::sleep(std::time::Duration::from_millis(1));
                rayon::join(wait, wait);
            }
            second_solves_allocate_nothing![
                Cg::default(),
                FlexibleCg::new(2),
                DeflatedCg::new(4, 12),
                Minres::default(),
                Gmres::new(20),
                Fgmres::new(20),
                Gcr::default(),
                GcroDr::new(20, 5),
                BiCgStab::default(),
                BiCgStabL::default(),
                IdrS::default(),
                Tfqmr::default(),
            ];

            // One sweep of each relaxation; the cycle works in the memory of its levels.
            let a = gallery::poisson(&[200, 200]);
            let b = gallery::noise(200 * 200, 1);
            let mut x = vec![0.0; 200 * 200];
            let mut solver = Solver::new(Cg::default());
            for relaxation in [
                Relaxation::Spai0,
                Relaxation::GaussSeidel,
                Relaxation::Chebyshev { degree: 2 },
            ] {
                for cycle in [Cycle::V, Cycle::W] {
                    let params = AmgParams {
                        relaxation,
                        cycle,
                        ..AmgParams::default()
                    };
                    let mut amg = Amg::new(&a, &params).unwrap();
                    let count = allocations(|| {
                        x.fill(0.0);
                        assert!(solver.solve(&a, &mut amg, &b, &mut x).unwrap().converged());
                    });
                    assert_eq!(count, 0, "{relaxation:?}, {cycle:?}");
                }
            }

            let n = 200 * 200;
            let a = gallery::poisson(&[200, 200]);
            let b = gallery::noise(3 * n, 1);
            let mut x = vec![0.0; 3 * n];
            let mut solver = BlockCg::with_rule(StoppingRule {
                max_iterations: 10,
                ..StoppingRule::default()
            });
            let count = allocations(|| {
                x.fill(0.0);
                solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
            });
            assert_eq!(count, 0, "block CG");
        });
    }
}
