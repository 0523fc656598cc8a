use num_complex::Complex;
use pdesolve_core::Control;

use super::{
    Hints, LinearError, LinearParams, LinearSolver, MethodName, PreconditionerName, choose,
    comparison, is_least_squares, solve_least_squares,
};
use crate::{Csr, LinearOperator, gallery, vector};

fn named(method: MethodName, preconditioner: PreconditionerName) -> LinearParams {
    LinearParams {
        method,
        preconditioner,
        ..LinearParams::default()
    }
}

/// Second differences with a little advection: positive definite, not symmetric.
fn nonsymmetric() -> Csr<f64> {
    gallery::central_advection(16, 0.5)
}

#[test]
fn every_method_by_name_solves_what_it_is_for() {
    let symmetric = gallery::poisson(&[15, 15]);
    let general = nonsymmetric();
    for &method in MethodName::ALL {
        let least_squares = [MethodName::Lsqr, MethodName::Lsmr, MethodName::Cgls];
        if least_squares.contains(&method) {
            continue;
        }
        let for_symmetric = [
            MethodName::Cg,
            MethodName::FlexibleCg,
            MethodName::DeflatedCg,
            MethodName::Minres,
        ];
        let a = if for_symmetric.contains(&method) {
            &symmetric
        } else {
            &general
        };
        let params = named(method, PreconditionerName::Auto);
        let b = gallery::noise(a.nrows(), 1);
        let mut x = vec![0.0; a.nrows()];
        let mut solver = LinearSolver::new(a, &params).unwrap();
        let outcome = solver
            .solve(a, &b, &mut x, &mut |_| Control::Continue)
            .unwrap();
        assert!(outcome.report.converged(), "{}", method.name());
        assert_eq!(outcome.history.len(), outcome.report.iterations + 1);
    }
}

#[test]
fn every_preconditioner_by_name_helps_the_method_that_takes_it() {
    for &preconditioner in PreconditionerName::ALL {
        let one_sided = [PreconditionerName::Ilut, PreconditionerName::Air];
        let (a, method) = if one_sided.contains(&preconditioner) {
            (nonsymmetric(), MethodName::Gmres)
        } else {
            (gallery::poisson(&[24, 24]), MethodName::Cg)
        };
        let b = gallery::noise(a.nrows(), 1);
        let count = |preconditioner| {
            let mut x = vec![0.0; a.nrows()];
            let outcome = LinearSolver::new(&a, &named(method, preconditioner))
                .unwrap()
                .solve(&a, &b, &mut x, &mut |_| Control::Continue)
                .unwrap();
            assert!(outcome.report.converged());
            outcome.report.iterations
        };
        let plain = count(PreconditionerName::None);
        // The diagonal of these matrices is constant: scaling by it changes nothing.
        let diagonal = [
            PreconditionerName::None,
            PreconditionerName::Jacobi,
            PreconditionerName::Spai0,
        ];
        if diagonal.contains(&preconditioner) {
            assert!(count(preconditioner) <= plain + 3);
        } else {
            assert!(
                count(preconditioner) < plain,
                "{} does not help",
                preconditioner.name()
            );
        }
    }
}

#[test]
fn pairs_that_would_fail_are_refused_with_the_reason() {
    let refused = |a: &Csr<f64>, method, preconditioner| {
        let error = LinearSolver::new(a, &named(method, preconditioner)).err();
        matches!(error, Some(LinearError::Incompatible { .. }))
    };
    let symmetric = gallery::poisson(&[6, 6]);
    assert!(refused(
        &symmetric,
        MethodName::Cg,
        PreconditionerName::Ilut
    ));
    assert!(refused(
        &symmetric,
        MethodName::Minres,
        PreconditionerName::Air
    ));
    assert!(refused(
        &nonsymmetric(),
        MethodName::Cg,
        PreconditionerName::None
    ));
    assert!(!refused(
        &symmetric,
        MethodName::Gmres,
        PreconditionerName::Ilut
    ));
}

#[test]
fn a_matrix_that_is_not_finite_is_named_by_its_entry() {
    let mut a = gallery::poisson(&[4, 4]);
    a.values_mut()[7] = f64::NAN;
    let error = LinearSolver::new(&a, &LinearParams::default()).err();
    assert!(
        matches!(error, Some(LinearError::NotFinite { row: 2, .. })),
        "{error:?}"
    );
}

#[test]
fn an_indefinite_matrix_is_solved_by_the_automatic_choice() {
    // Poisson less a multiple of the identity: the diagonal stays positive, which a hint corrects.
    let mut a = gallery::poisson(&[20, 20]);
    let shift = 0.3;
    let diagonal: Vec<usize> = (0..a.nrows())
        .map(|i| {
            let begin = a.offsets()[i] as usize;
            begin + a.row(i).0.binary_search(&(i as u32)).unwrap()
        })
        .collect();
    for k in diagonal {
        a.values_mut()[k] -= shift;
    }
    let hints = Hints {
        indefinite: true,
        ..Hints::default()
    };
    let params = LinearParams::default();
    assert_eq!(choose(&a, &params, &hints).method, MethodName::Direct);
    let large = gallery::poisson(&[40, 40]);
    assert_eq!(choose(&large, &params, &hints).method, MethodName::Minres);
    let b = gallery::noise(a.nrows(), 1);
    let mut x = vec![0.0; a.nrows()];
    let outcome = LinearSolver::with_hints(&a, &params, &hints)
        .unwrap()
        .solve(&a, &b, &mut x, &mut |_| Control::Continue)
        .unwrap();
    assert!(outcome.report.converged(), "{:?}", outcome.report);
}

#[test]
fn complex_systems_are_solved_and_multigrid_is_refused_for_them() {
    let a = nonsymmetric().map(|v| Complex::new(v, 0.1 * v.abs()));
    let n = a.nrows();
    let b: Vec<Complex<f64>> = gallery::noise(n, 1)
        .into_iter()
        .zip(gallery::noise(n, 2))
        .map(|(re, im)| Complex::new(re, im))
        .collect();
    for params in [
        LinearParams::default(),
        named(MethodName::Gmres, PreconditionerName::Ilut),
        named(MethodName::Idr, PreconditionerName::Ilu0),
    ] {
        let mut x = vec![Complex::default(); n];
        let outcome = LinearSolver::new(&a, &params)
            .unwrap()
            .solve(&a, &b, &mut x, &mut |_| Control::Continue)
            .unwrap();
        let mut r = vec![Complex::default(); n];
        a.residual(&b, &x, &mut r);
        assert!(outcome.report.converged());
        assert!(vector::norm2(&r) <= 1.01e-8 * vector::norm2(&b));
    }
    let multigrid = named(MethodName::Gmres, PreconditionerName::Amg);
    assert!(LinearSolver::new(&a, &multigrid).is_err());
}

#[test]
fn a_rectangular_system_is_solved_as_least_squares() {
    let entries = [(0, 0, 1.0), (1, 1, 1.0), (2, 0, 1.0), (2, 1, 1.0)];
    let a = Csr::from_triplets(3, 2, &entries).unwrap();
    let params = LinearParams::default();
    assert!(is_least_squares(&a, &params));
    let mut x = vec![0.0; 2];
    let outcome = solve_least_squares(&a, &params, &[1.0, 1.0, 5.0], &mut x, &mut |_| {
        Control::Continue
    })
    .unwrap();
    // Normal equations: (2 1; 1 2) x = (6, 6).
    assert!(outcome.report.converged());
    assert!(x.iter().all(|v| (v - 2.0).abs() < 1e-7), "{x:?}");
}

#[test]
fn the_pairs_to_compare_are_pairs_that_can_be_used() {
    for a in [gallery::poisson(&[40, 40]), nonsymmetric()] {
        for pair in comparison(&a).split(',') {
            let (method, preconditioner) = pair.split_once('+').unwrap_or((pair, "auto"));
            let params = named(
                MethodName::named(method).unwrap(),
                PreconditionerName::named(preconditioner).unwrap(),
            );
            assert!(LinearSolver::new(&a, &params).is_ok(), "{pair}");
        }
    }
}
