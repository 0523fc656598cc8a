//! Methods that minimise the residual: monotone, equal to conjugate residuals, honest where they cannot go on.

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
