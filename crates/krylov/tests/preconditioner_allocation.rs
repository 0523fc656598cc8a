//! Applying a preconditioner allocates nothing.

mod counting;

use pdesolve_krylov::preconditioners::ordering::{Permuted, reverse_cuthill_mckee};
use pdesolve_krylov::preconditioners::{
    AdditiveSchwarz, AdditiveSchwarzParams, BlockJacobi, BlockJacobiParams, Chebyshev,
    ChebyshevParams, DirectCholesky, DirectLu, GaussSeidel, GaussSeidelParams, Ic0, Ic0Params, Ict,
    IctParams, Ilu0, Ilu0Params, IluK, IluKParams, Ilut, IlutParams, Jacobi, JacobiParams,
    SinglePrecision, Spai0, Ssor, SsorParams,
};
use pdesolve_krylov::{Preconditioner, gallery};

/// Each with a name, and those with options with the default ones.
macro_rules! made {
    ($a:expr; $($name:ident($params:expr)),* $(,)?) => {
        vec![$((
            stringify!($name),
            Box::new($name::new($a, &$params).unwrap()) as Box<dyn Preconditioner<f64>>,
        )),*]
    };
}

// One test only: others beside it would be counted too.
#[test]
fn applying_a_preconditioner_allocates_nothing() {
    // Large enough that threads share vectors and, four of them, levels of a factor.
    let a = gallery::poisson(&[36, 36, 36]);
    let n = a.nrows();
    let r = gallery::noise(n, 1);
    let mut z = vec![0.0; n];
    for threads in [1, 4] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            // A thread of rayon's registers itself for reclamation when it first steals a task,
            // which allocates: have each of them steal beforehand.
            for _ in 0..50 {
                let wait = || std::thread::sleep(std::time::Duration::from_millis(1));
                rayon::join(|| rayon::join(wait, wait), || rayon::join(wait, wait));
            }
            let mut all = made![&a;
                Jacobi(JacobiParams::default()),
                BlockJacobi(BlockJacobiParams::default()),
                Ssor(SsorParams::default()),
                GaussSeidel(GaussSeidelParams::default()),
                Ic0(Ic0Params::default()),
                Ict(IctParams::default()),
                Ilu0(Ilu0Params::default()),
                IluK(IluKParams::default()),
                Ilut(IlutParams::default()),
                AdditiveSchwarz(AdditiveSchwarzParams { subdomains: 30, ..AdditiveSchwarzParams::default() }),
            ];
            let chebyshev = Chebyshev::new(a.clone(), &ChebyshevParams::default()).unwrap();
            all.push(("Chebyshev", Box::new(chebyshev)));
            all.push(("Spai0", Box::new(Spai0::new(&a).unwrap())));
            let single = Ic0::new(&a.map(|v| v as f32), &Ic0Params::default()).unwrap();
            all.push((
                "SinglePrecision",
                Box::new(SinglePrecision::new(single, n)),
            ));
            let ordered = Permuted::new(reverse_cuthill_mckee(&a), &a, |a| {
                Ilu0::new(a, &Ilu0Params::default())
            });
            all.push(("Permuted", Box::new(ordered.unwrap())));
            for (name, m) in &mut all {
                m.apply(&r, &mut z);
                let count = counting::allocations(|| m.apply(&r, &mut z));
                assert_eq!(count, 0, "{name} on {threads} threads");
            }
        });
    }
    let a = gallery::poisson(&[60, 60]);
    let direct: [(&str, Box<dyn Preconditioner<f64>>); 2] = [
        ("DirectCholesky", Box::new(DirectCholesky::new(&a).unwrap())),
        ("DirectLu", Box::new(DirectLu::new(&a).unwrap())),
    ];
    for (name, mut m) in direct {
        m.apply(&r[..3600], &mut z[..3600]);
        let count = counting::allocations(|| m.apply(&r[..3600], &mut z[..3600]));
        assert_eq!(count, 0, "{name}");
    }
}
