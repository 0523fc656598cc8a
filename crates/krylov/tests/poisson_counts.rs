//! Iterations on the 7-point Poisson problem of 64^3 and 128^3 unknowns, to 1e-8 of a right-hand side of
//! noise, against the counts on which SciPy 1.17, PETSc 3.18 and AMGCL agree.

use pdesolve_krylov::amg::{Amg, AmgParams, Classical, Coarsening};
use pdesolve_krylov::fast_poisson::{FastPoisson, PoissonAxis};
use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::multigrid::{Multigrid, MultigridParams};
use pdesolve_krylov::preconditioners::{Ic0, Ic0Params};
use pdesolve_krylov::stencil::SeparableStencil;
use pdesolve_krylov::{Identity, LinearOperator, Preconditioner, Solver, gallery, vector};

/// Iterations to 1e-4 and to 1e-8.
fn counts<A: LinearOperator<f64>>(
    a: &A,
    preconditioner: &mut dyn Preconditioner<f64>,
    b: &[f64],
) -> [usize; 2] {
    let mut x = vec![0.0; b.len()];
    let mut solver = Solver::new(Cg::default());
    let report = solver.solve(a, preconditioner, b, &mut x).unwrap();
    assert!(report.converged(), "{report:?}");
    let coarse = 1e-4 * solver.history()[0];
    let first = solver.history().iter().position(|r| *r <= coarse);
    [first.unwrap_or(0), report.iterations]
}

// The count depends a little on the noise: over eight seeds CG takes 225 to 234 at 64^3.
#[test]
fn counts_of_64_cubed_are_those_of_three_other_codes() {
    let a = gallery::poisson(&[64; 3]);
    let b = gallery::noise(a.nrows(), 1);
    let [coarse, fine] = counts(&a, &mut Identity, &b);
    assert!(
        fine.abs_diff(228) <= 3 && coarse.abs_diff(131) <= 3,
        "CG {coarse} {fine}"
    );
    let mut ic0 = Ic0::new(&a, &Ic0Params::default()).unwrap();
    let [coarse, fine] = counts(&a, &mut ic0, &b);
    assert!(
        fine.abs_diff(76) <= 2 && coarse.abs_diff(42) <= 2,
        "IC(0) {coarse} {fine}"
    );
}

#[test]
fn counts_of_128_cubed_are_those_of_other_codes_or_below() {
    let shape = [128; 3];
    let a = gallery::poisson(&shape);
    let b = gallery::noise(a.nrows(), 1);
    let [_, fine] = counts(&a, &mut Identity, &b);
    assert!(fine.abs_diff(449) <= 5, "CG {fine}");
    let mut ic0 = Ic0::new(&a, &Ic0Params::default()).unwrap();
    let [_, fine] = counts(&a, &mut ic0, &b);
    assert!(fine.abs_diff(143) <= 3, "IC(0) {fine}");
    drop(ic0);
    let mut amg = Amg::new(&a, &AmgParams::default()).unwrap();
    let info = amg.info();
    assert!(info.operator_complexity() <= 1.7, "{info}");
    let hierarchy = info.memory_bytes() as f64 / a.memory_bytes() as f64;
    assert!(hierarchy <= 2.2, "{hierarchy} times the matrix");
    let [_, fine] = counts(&a, &mut amg, &b);
    assert!(fine <= 13, "AMG {fine}");
    drop(amg);
    let params = AmgParams {
        coarsening: Coarsening::Classical(Classical::default()),
        ..AmgParams::default()
    };
    let mut amg = Amg::new(&a, &params).unwrap();
    let info = amg.info();
    assert!(info.operator_complexity() <= 3.0, "{info}");
    let [_, fine] = counts(&a, &mut amg, &b);
    assert!(fine <= 9, "classical AMG {fine}");
    drop(amg);

    let stencil = SeparableStencil::<f64>::poisson(&shape);
    let mut multigrid = Multigrid::new(&stencil, &MultigridParams::default()).unwrap();
    let [_, fine] = counts(&stencil, &mut multigrid, &b);
    assert!(fine <= 10, "geometric multigrid {fine}");
    let axes = [PoissonAxis::dirichlet_points(128, 1.0); 3];
    let mut x = vec![0.0; b.len()];
    FastPoisson::<f64>::new(&axes, 0.0)
        .unwrap()
        .apply(&b, &mut x);
    let mut r = vec![0.0; b.len()];
    a.residual(&b, &x, &mut r);
    assert!(vector::norm2(&r) <= 1e-13 * vector::norm2(&b));
}
