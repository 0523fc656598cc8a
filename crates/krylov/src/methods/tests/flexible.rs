//! Flexible methods: with a fixed preconditioner they are the others, with a varying one they converge.

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
            *z = if self.0.is_multiple_of(2) {
                -size
            } else {
                size
            } * weight
                * r;
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
