//! Methods that keep a space from solve to solve.

use super::*;

/// First differences upwind and second ones central, with a shift that moves from system to
/// system.
fn transport(m: usize, shift: f64) -> Csr<f64> {
    let laplacian = gallery::poisson(&[m, m]);
    let mut entries = Vec::new();
    for i in 0..m * m {
        let (columns, values) = laplacian.row(i);
        for (&j, &v) in columns.iter().zip(values) {
            entries.push((i as u32, j, v));
        }
        entries.push((i as u32, i as u32, 0.2 + shift));
        if i % m > 0 {
            entries.push((i as u32, i as u32 - 1, -0.2));
        }
    }
    Csr::from_triplets(m * m, m * m, &entries).unwrap()
}

#[test]
fn gcro_dr_needs_fewer_iterations_than_gmres_on_a_sequence() {
    let m = 40;
    let rule = StoppingRule::relative(1e-8);
    let mut gmres = Solver::with_rule(Gmres::new(30), rule.clone());
    let mut gcro = Solver::with_rule(GcroDr::new(30, 8), rule);
    let mut counts = Vec::new();
    for step in 0..6 {
        let a = transport(m, 1e-3 * f64::from(step));
        let b = gallery::noise(m * m, 100 + step as u64);
        let (mut x, mut y) = (vec![0.0; m * m], vec![0.0; m * m]);
        let one = gmres.solve(&a, &mut Diagonal::of(&a), &b, &mut x).unwrap();
        let two = gcro.solve(&a, &mut Diagonal::of(&a), &b, &mut y).unwrap();
        assert!(one.converged() && two.converged(), "{one:?}, {two:?}");
        vector::axpy(-1.0, &x, &mut y);
        assert!(vector::norm2(&y) <= 1e-5 * vector::norm2(&x));
        counts.push((one.iterations, two.iterations));
    }
    let (first, later) = (counts[0], &counts[1..]);
    assert!(first.1 < first.0, "{counts:?}");
    for pair in later {
        assert!(10 * pair.1 < 6 * pair.0, "{counts:?}");
    }
}

#[test]
fn gcro_dr_finds_the_eigenvectors_nearest_to_zero() {
    let n = 500;
    let mut d: Vec<f64> = (0..n).map(|i| 1.0 + i as f64 / 50.0).collect();
    d[..3].copy_from_slice(&[1e-3, -2e-3, 5e-3]);
    let a = diagonal(&d);
    let b = gallery::noise(n, 77);
    let mut solver = Solver::with_rule(GcroDr::new(25, 5), StoppingRule::relative(1e-10));
    let mut x = vec![0.0; n];
    assert!(
        solver
            .solve(&a, &mut Identity, &b, &mut x)
            .unwrap()
            .converged()
    );
    let space = NullSpace::spanned_by(solver.method.recycled().to_vec());
    for i in 0..3 {
        let mut e = vec![0.0; n];
        e[i] = 1.0;
        space.project(&mut e);
        assert!(
            vector::norm2(&e) < 1e-4,
            "sine of the angle {:.1e}",
            vector::norm2(&e)
        );
    }
}

#[test]
fn a_second_solve_of_the_same_system_from_the_recycled_space_is_shorter() {
    let a = transport(30, 0.0).map(|v| Complex64::new(v, 0.05 * v));
    let b: Vec<Complex64> = sample(900, 5);
    let mut solver = Solver::new(GcroDr::new(20, 6));
    let mut first = vec![Complex64::new(0.0, 0.0); 900];
    let one = solver.solve(&a, &mut Identity, &b, &mut first).unwrap();
    let mut second = vec![Complex64::new(0.0, 0.0); 900];
    let two = solver.solve(&a, &mut Identity, &b, &mut second).unwrap();
    assert!(one.converged() && two.converged());
    assert!(two.iterations < one.iterations, "{one:?}, {two:?}");
    solver.method.forget();
    let mut third = vec![Complex64::new(0.0, 0.0); 900];
    let three = solver.solve(&a, &mut Identity, &b, &mut third).unwrap();
    assert_eq!((three.iterations, third), (one.iterations, first));
}

#[test]
fn eight_recycled_vectors_save_two_fifths_of_the_second_solve_with_jumps() {
    let n = 128 * 128;
    let a = gallery::checkerboard(&[128, 128], 1e6, 16);
    let mut solver = Solver::with_rule(DeflatedCg::new(8, 60), StoppingRule::relative(1e-8));
    let mut counts = Vec::new();
    for seed in 0..2 {
        let b = gallery::noise(n, 50 + seed);
        let mut x = vec![0.0; n];
        let report = solver.solve(&a, &mut Diagonal::of(&a), &b, &mut x).unwrap();
        let mut y = vec![0.0; n];
        let plain = Solver::with_rule(Cg::default(), StoppingRule::relative(1e-8))
            .solve(&a, &mut Diagonal::of(&a), &b, &mut y)
            .unwrap();
        assert!(
            report.converged() && plain.converged(),
            "{report:?}, {plain:?}"
        );
        counts.push((plain.iterations, report.iterations));
    }
    assert!(10 * counts[1].1 <= 6 * counts[1].0, "{counts:?}");
}
