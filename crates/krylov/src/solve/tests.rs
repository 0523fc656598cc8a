use pdesolve_core::Control;

use crate::methods::Cg;
use crate::operator::{LinearOperator, NullSpace, Singular};
use crate::{
    Csr, Identity, Preconditioner, Reference, ResidualNorm, SolveError, Solver, Status,
    StoppingRule, gallery, vector,
};

/// Second differences with zero normal derivative at both ends of n cells: singular, constants
/// are its null space.
fn neumann(n: u32) -> Csr<f64> {
    let mut entries = Vec::new();
    for i in 0..n - 1 {
        for (a, b) in [(i, i + 1), (i + 1, i)] {
            entries.push((a, a, 1.0));
            entries.push((a, b, -1.0));
        }
    }
    Csr::from_triplets(n as usize, n as usize, &entries).unwrap()
}

#[test]
fn zero_right_hand_side_gives_exact_zero_in_no_iteration() {
    let a = gallery::poisson(&[8, 8]);
    let mut x = gallery::noise(64, 1);
    let report = Solver::new(Cg::default())
        .solve(&a, &mut Identity, &[0.0; 64], &mut x)
        .unwrap();
    assert!(report.converged());
    assert_eq!(report.iterations, 0);
    assert!(x.iter().all(|&v| v == 0.0));
}

#[test]
fn a_solution_as_first_guess_takes_no_iteration() {
    let a = gallery::poisson(&[8, 8]);
    let mut x = gallery::noise(64, 1);
    let mut b = vec![0.0; 64];
    a.apply(&x, &mut b);
    let before = x.clone();
    let mut solver = Solver::new(Cg::default());
    let report = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
    assert_eq!((report.iterations, report.converged()), (0, true));
    assert_eq!(x, before);
    // Relative to the initial residual, which is zero, it converges as well.
    solver.rule.reference = Reference::InitialResidual;
    let report = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
    assert!(report.converged());
}

#[test]
fn pure_neumann_problem_converges_to_the_solution_of_zero_mean() {
    let n = 200;
    let a = Singular::new(neumann(n as u32), NullSpace::constant(n));
    let mut b = gallery::noise(n, 3);
    // An inconsistent part: its size is reported, and it is left out.
    let mean = b.iter().sum::<f64>() / n as f64;
    b.iter_mut().for_each(|v| *v += 0.5 - mean);
    let mut x = vec![7.0; n];
    let report = Solver::new(Cg::default())
        .solve(&a, &mut Identity, &b, &mut x)
        .unwrap();
    assert!(report.converged(), "{:?}", report.status);
    let expected = 0.5 * (n as f64).sqrt() / vector::norm2(&b);
    assert!((report.inconsistency - expected).abs() < 1e-12);
    assert!(x.iter().sum::<f64>().abs() < 1e-9 * vector::norm2(&x));
}

#[test]
fn faults_of_the_input_are_named_and_leave_x_alone() {
    let a = gallery::poisson(&[3]);
    let mut solver = Solver::new(Cg::default());
    let mut x = [1.0, 2.0, 3.0];
    let mut fault = |a: &Csr<f64>, b: &[f64]| {
        let error = solver.solve(a, &mut Identity, b, &mut x).unwrap_err();
        assert_eq!(x, [1.0, 2.0, 3.0]);
        error
    };
    assert!(matches!(
        fault(&a, &[1.0]),
        SolveError::Length {
            found: 1,
            expected: 3,
            ..
        }
    ));
    assert!(matches!(
        fault(&a, &[1.0, f64::NAN, 0.0]),
        SolveError::NotFinite { index: 1, .. }
    ));
    let mut broken = a.clone();
    broken.values_mut()[0] = f64::INFINITY;
    assert_eq!(
        fault(&broken, &[1.0; 3]),
        SolveError::OperatorNotFinite { index: 0 }
    );
    let wide = Csr::from_triplets(2, 3, &[(0, 0, 1.0), (1, 2, 1.0)]).unwrap();
    assert!(matches!(
        fault(&wide, &[1.0; 2]),
        SolveError::NotSquare { .. }
    ));
}

#[test]
fn an_indefinite_matrix_gives_a_direction_of_negative_curvature() {
    let a = Csr::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, -2.0)]).unwrap();
    let mut solver = Solver::new(Cg::default());
    let report = solver
        .solve(&a, &mut Identity, &[1.0, 1.0], &mut [0.0, 0.0])
        .unwrap();
    assert!(matches!(report.status, Status::IndefiniteOperator { .. }));
    let d = solver.method.direction().to_vec();
    let mut ad = vec![0.0; 2];
    a.apply(&d, &mut ad);
    assert!(vector::dot(&d, &ad) <= 0.0);
}

#[test]
fn an_indefinite_preconditioner_is_noticed() {
    struct Negative;
    impl Preconditioner<f64> for Negative {
        fn apply(&mut self, r: &[f64], z: &mut [f64]) {
            for (z, r) in z.iter_mut().zip(r) {
                *z = -r;
            }
        }
    }
    let a = gallery::poisson(&[10]);
    let report = Solver::new(Cg::default())
        .solve(&a, &mut Negative, &[1.0; 10], &mut [0.0; 10])
        .unwrap();
    assert_eq!(report.status, Status::IndefinitePreconditioner);
}

#[test]
fn every_norm_stops_by_its_own_definition() {
    let a = gallery::poisson(&[30, 30]);
    let b = gallery::noise(900, 5);
    for norm in [
        ResidualNorm::True,
        ResidualNorm::Preconditioned,
        ResidualNorm::Natural,
        ResidualNorm::BackwardError,
    ] {
        let rule = StoppingRule {
            norm,
            ..StoppingRule::relative(1e-6)
        };
        let mut x = vec![0.0; 900];
        let report = Solver::with_rule(Cg::default(), rule)
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{norm:?}");
        if norm == ResidualNorm::BackwardError {
            let size = 8.0 * vector::norm2(&x) + vector::norm2(&b);
            assert!(report.true_residual <= 1e-6 * size);
            assert!(report.true_residual > 1e-8 * size);
        } else {
            // Without a preconditioner the other three are the same number.
            assert!(report.true_relative_residual <= 1e-6);
        }
    }
}

#[test]
fn no_convergence_is_claimed_beyond_attainable_accuracy() {
    // Condition 1e10 with forty distinct eigenvalues; the carried residual of CG goes on falling
    // where the true one cannot.
    let n = 10_000;
    let d: Vec<f64> = (0..n)
        .map(|i| 10f64.powf(-10.0 * f64::from(i % 40) / 39.0))
        .collect();
    let entries: Vec<_> = (0..n)
        .map(|i| (i as u32, i as u32, d[i as usize]))
        .collect();
    let n = n as usize;
    let a = Csr::from_triplets(n, n, &entries).unwrap();
    let b = gallery::noise(n, 9);
    let mut x = vec![0.0; n];
    let rule = StoppingRule {
        max_iterations: 200_000,
        ..StoppingRule::relative(1e-15)
    };
    let mut solver = Solver::with_rule(Cg::default(), rule);
    let report = solver.solve(&a, &mut Identity, &b, &mut x).unwrap();
    let attainable = 10.0 * f64::EPSILON * a.norm_inf() * vector::norm2(&x);
    assert!(
        report.true_residual <= attainable,
        "{report:?}, attainable {attainable:.2e}"
    );
    if report.true_residual > report.reference * 1e-15 {
        assert_ne!(report.status, Status::Converged);
    }
}

#[test]
fn an_observer_hears_all_iterations_and_can_stop_the_solve() {
    let a = gallery::poisson(&[20, 20]);
    let mut heard = Vec::new();
    let mut solver = Solver::new(Cg::default());
    let mut x = vec![0.0; 400];
    let report = solver
        .solve_observed(&a, &mut Identity, &[1.0; 400], &mut x, &mut |it| {
            heard.push(it.residual);
            if it.index == 5 {
                Control::Interrupt
            } else {
                Control::Continue
            }
        })
        .unwrap();
    assert_eq!(report.status, Status::Interrupted);
    assert_eq!(report.iterations, 5);
    assert_eq!(heard, solver.history());
}

#[test]
fn a_right_hand_side_whose_norm_underflows_is_refused_not_called_zero() {
    let a = gallery::poisson(&[10]);
    let error = Solver::new(Cg::default())
        .solve(&a, &mut Identity, &[1e-200; 10], &mut [0.0; 10])
        .unwrap_err();
    assert_eq!(error, SolveError::Underflow);
}

#[test]
fn a_poor_first_guess_does_not_loosen_the_norms_of_the_preconditioned_residual() {
    let a = gallery::poisson(&[30, 30]);
    let b = gallery::noise(900, 5);
    for norm in [ResidualNorm::Preconditioned, ResidualNorm::Natural] {
        let rule = StoppingRule {
            norm,
            ..StoppingRule::relative(1e-8)
        };
        // So far off that what cancels leaves no eight digits of b.
        let mut x: Vec<f64> = gallery::noise(900, 6).iter().map(|v| 1e12 * v).collect();
        let report = Solver::with_rule(Cg::default(), rule)
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap();
        assert_eq!(
            report.converged(),
            report.true_relative_residual <= 1e-8,
            "{norm:?}: {report:?}"
        );
    }
}
