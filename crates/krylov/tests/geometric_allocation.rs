//! Products, cycles and direct solves on grids allocate nothing.

mod counting;

use pdesolve_krylov::fast_poisson::{FastPoisson, PoissonAxis, PoissonBoundary};
use pdesolve_krylov::multigrid::{Cycle, InSinglePrecision, Multigrid, MultigridParams, Smoother};
use pdesolve_krylov::stencil::{DiffusionStencil, SeparableStencil};
use pdesolve_krylov::{LinearOperator, Preconditioner, gallery};

/// Allocations of the second run: the first may start threads.
fn allocations(mut run: impl FnMut()) -> usize {
    run();
    counting::allocations(run)
}

// One test, so that no other allocates meanwhile.
#[test]
fn products_cycles_and_direct_solves_allocate_nothing() {
    let shape = [40, 33, 36];
    let n = shape.iter().product();
    let a = SeparableStencil::<f64>::poisson(&shape);
    let faces = (0..3).map(|axis| vec![1.0; n / shape[axis] * (shape[axis] + 1)]);
    let diffusion = DiffusionStencil::new(&shape, &[false; 3], faces.collect(), None).unwrap();
    let (b, mut x) = (gallery::noise(n, 1), vec![0.0; n]);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    pool.install(|| {
        assert_eq!(allocations(|| a.apply(&b, &mut x)), 0);
        assert_eq!(allocations(|| diffusion.apply(&b, &mut x)), 0);
        for smoother in [
            Smoother::RedBlack,
            Smoother::Jacobi,
            Smoother::AlternatingZebra,
        ] {
            for cycle in [Cycle::V, Cycle::W, Cycle::F] {
                let params = MultigridParams {
                    smoother,
                    cycle,
                    ..MultigridParams::default()
                };
                let mut multigrid = Multigrid::new(&a, &params).unwrap();
                assert_eq!(allocations(|| multigrid.apply(&b, &mut x)), 0, "{params:?}");
                assert_eq!(allocations(|| multigrid.cycle(&b, &mut x)), 0, "{params:?}");
                let mut multigrid = Multigrid::new(&diffusion, &params).unwrap();
                assert_eq!(allocations(|| multigrid.apply(&b, &mut x)), 0, "{params:?}");
            }
        }
        let single = SeparableStencil::<f32>::poisson(&shape);
        let single = Multigrid::new(&single, &MultigridParams::default()).unwrap();
        let mut single = InSinglePrecision::new(single, n);
        assert_eq!(allocations(|| single.apply(&b, &mut x)), 0);
        for boundary in [
            PoissonBoundary::DirichletPoints,
            PoissonBoundary::NeumannPoints,
            PoissonBoundary::NeumannCells,
            PoissonBoundary::Periodic,
        ] {
            let axes = shape.map(|n| PoissonAxis {
                n,
                weight: 1.0,
                boundary,
            });
            let mut direct = FastPoisson::new(&axes, 0.0).unwrap();
            assert_eq!(allocations(|| direct.apply(&b, &mut x)), 0, "{boundary:?}");
        }
    });
}
