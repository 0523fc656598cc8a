//! The problems of the gallery, each by a choice of ours within the iterations that are published for
//! it, and all by `auto`.

use pdesolve_core::Control;
use pdesolve_krylov::choice::{
    Hints, LinearParams, LinearSolver, MethodName as M, Outcome, PreconditionerName as P,
};
use pdesolve_krylov::{Csr, gallery};

/// The fewest iterations among the solvers of PyAMG 5.4.1 and SciPy 1.17.1, to 1e-8 of a
/// right-hand side of noise; none for the problems that only we have.
fn published(name: &str) -> Option<usize> {
    Some(match name {
        "poisson-256^2" => 5,
        "rotated-anisotropy-128^2" => 13,
        "aligned-anisotropy-256^2" => 5,
        "checkerboard-128^2" => 12,
        "log-normal-128^2" => 31,
        "elasticity-0.30-64^2" => 9,
        "elasticity-0.49-64^2" => 31,
        "poisson-64^3" => 6,
        "recirculating-1e-2-128^2" => 157,
        "recirculating-1e-4-128^2" => 188,
        "upwind-advection-64^2" => 24,
        _ => return None,
    })
}

/// All problems but the one of two million unknowns, which belongs to the benchmarks.
fn problems() -> impl Iterator<Item = (&'static str, Csr<f64>)> {
    gallery::SPD
        .iter()
        .chain(gallery::NONSYMMETRIC)
        .filter(|(name, _)| !name.contains("128^3"))
        .map(|(name, make)| (*name, make()))
}

fn solve(name: &str, a: &Csr<f64>, params: &LinearParams) -> Outcome {
    let mut hints = Hints::default();
    let multigrid = params.preconditioner == P::Amg;
    if name.starts_with("elasticity") && multigrid {
        hints.near_null_space = gallery::rigid_body_modes(64, 64);
    }
    let b = gallery::noise(a.nrows(), 1);
    let mut x = vec![0.0; a.nrows()];
    LinearSolver::with_hints(a, params, &hints)
        .and_then(|mut solver| solver.solve(a, &b, &mut x, &mut |_| Control::Continue))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Two sweeps of Gauss-Seidel before and after cost as much as the symmetric sweep of PyAMG.
fn candidates(name: &str, symmetric: bool) -> Vec<LinearParams> {
    let pairs: &[(M, P)] = if symmetric {
        &[(M::Cg, P::Amg), (M::Cg, P::ClassicalAmg)]
    } else {
        &[(M::Bicgstab, P::Ilut), (M::Gmres, P::Ilut)]
    };
    let with = |&(method, preconditioner): &(M, P)| {
        let mut params = LinearParams {
            method,
            preconditioner,
            ..LinearParams::default()
        };
        params.amg.sweeps = 2;
        if name.starts_with("elasticity") && preconditioner == P::Amg {
            params.amg.block_size = 2;
        }
        params
    };
    pairs.iter().map(with).collect()
}

#[test]
fn each_problem_is_solved_within_the_published_iterations() {
    for (name, a) in problems() {
        let symmetric = a.is_hermitian(1e-12);
        let counts: Vec<(String, usize)> = candidates(name, symmetric)
            .iter()
            .map(|params| solve(name, &a, params))
            .filter(|outcome| outcome.report.converged())
            .map(|outcome| (outcome.preconditioner, outcome.report.iterations))
            .collect();
        let fewest = counts.iter().map(|(_, count)| *count).min();
        let Some(fewest) = fewest else {
            panic!("{name}: nothing converged");
        };
        if let Some(published) = published(name) {
            let allowed = (11 * published).div_ceil(10);
            assert!(
                fewest <= allowed,
                "{name}: {counts:?}, published {published}"
            );
        }
    }
}

#[test]
fn the_automatic_choice_solves_every_problem() {
    for (name, a) in problems() {
        let outcome = solve(name, &a, &LinearParams::default());
        let report = &outcome.report;
        assert!(
            report.converged() && report.true_relative_residual <= 1e-8,
            "{name} by {} with {}: {report:?}",
            outcome.method,
            outcome.preconditioner
        );
        assert!(!outcome.reason.is_empty(), "{name}: a choice has a reason");
    }
}
