//! Block conjugate gradients: dependent, vanishing and early columns.

use super::*;

fn residual(a: &Csr<f64>, b: &[f64], x: &[f64]) -> f64 {
    let mut r = vec![0.0; b.len()];
    a.residual(b, x, &mut r);
    vector::norm2(&r) / vector::norm2(b)
}

#[test]
fn one_column_is_conjugate_gradients() {
    let a = gallery::poisson(&[20, 20]);
    let b = gallery::noise(400, 3);
    let weights: Vec<f64> = (0..400).map(|i| 1.0 + f64::from(i % 5)).collect();
    let (mut x, mut y) = (vec![0.0; 400], vec![0.0; 400]);
    let mut block = BlockCg::default();
    let one = block
        .solve(&a, &mut Diagonal(weights.clone()), &b, &mut x)
        .unwrap();
    let mut cg = Solver::new(Cg::default());
    let two = cg.solve(&a, &mut Diagonal(weights), &b, &mut y).unwrap();
    assert_eq!(one.iterations, two.iterations);
    let target = 1e-8 * vector::norm2(&b);
    for (p, q) in block.history().iter().zip(cg.history()) {
        assert!((p * target - q).abs() <= 1e-9 * q, "{} {q}", p * target);
    }
    vector::axpy(-1.0, &x, &mut y);
    assert!(vector::norm2(&y) <= 1e-11 * vector::norm2(&x));
}

#[test]
fn a_block_needs_fewer_iterations_than_any_of_its_columns() {
    let n = 900;
    let a = gallery::poisson(&[30, 30]);
    let b = gallery::noise(6 * n, 3);
    let mut x = vec![0.0; 6 * n];
    let mut block = BlockCg::default();
    let report = block.solve(&a, &mut Identity, &b, &mut x).unwrap();
    assert!(report.converged(), "{report:?}");
    assert_eq!((report.rank, report.width), (6, 6));
    for (b, x) in b.chunks_exact(n).zip(x.chunks_exact(n)) {
        assert!(residual(&a, b, x) <= 1e-8);
        let alone = Solver::new(Cg::default())
            .solve(&a, &mut Identity, b, &mut vec![0.0; n])
            .unwrap();
        assert!(report.iterations < alone.iterations);
    }
}

#[test]
fn dependent_columns_are_detected_and_solved() {
    let n = 400;
    let a = gallery::poisson(&[20, 20]);
    let u = gallery::noise(n, 1);
    let v = gallery::noise(n, 2);
    let sum: Vec<f64> = u.iter().zip(&v).map(|(u, v)| 3.0 * u - 0.5 * v).collect();
    for (columns, rank) in [
        (vec![&u, &u, &u], 1),
        (vec![&u, &v, &u, &sum], 2),
        (vec![&sum, &u, &v], 2),
    ] {
        let b: Vec<f64> = columns.iter().flat_map(|c| c.iter().copied()).collect();
        let mut x = vec![0.0; b.len()];
        let weights = (0..n).map(|i| 1.0 + (i % 3) as f64).collect();
        let report = BlockCg::default()
            .solve(&a, &mut Diagonal(weights), &b, &mut x)
            .unwrap();
        assert!(report.converged(), "{report:?}");
        assert_eq!(report.rank, rank);
        for (b, x) in b.chunks_exact(n).zip(x.chunks_exact(n)) {
            assert!(residual(&a, b, x) <= 1e-8);
        }
    }
}

#[test]
fn columns_that_converge_early_or_vanish_do_not_stop_the_others() {
    // The first column is an eigenvector, the second zero, the last noise.
    let m = 20;
    let n = m * m;
    let a = gallery::poisson(&[m, m]);
    let mode = |i: usize| ((i + 1) as f64 * std::f64::consts::PI / (m + 1) as f64).sin();
    let mut b: Vec<f64> = (0..n).map(|i| mode(i % m) * mode(i / m)).collect();
    b.extend(vec![0.0; n]);
    b.extend(gallery::noise(n, 7));
    let mut x = gallery::noise(3 * n, 8);
    x[..n].fill(0.0);
    let report = BlockCg::default()
        .solve(&a, &mut Identity, &b, &mut x)
        .unwrap();
    assert!(report.converged(), "{report:?}");
    assert_eq!(report.rank, 2);
    assert!(x[n..2 * n].iter().all(|&v| v == 0.0));
    assert!(residual(&a, &b[..n], &x[..n]) <= 1e-8);
    assert!(residual(&a, &b[2 * n..], &x[2 * n..]) <= 1e-8);
}

#[test]
fn more_columns_than_unknowns_end_in_one_iteration() {
    let a = gallery::poisson(&[5]);
    let b = gallery::noise(40, 3);
    let mut x = vec![0.0; 40];
    let report = BlockCg::default()
        .solve(&a, &mut Identity, &b, &mut x)
        .unwrap();
    assert!(report.converged(), "{report:?}");
    assert_eq!((report.rank, report.iterations), (5, 1));
}

#[test]
fn complex_and_singular_systems_are_solved() {
    let n = 100;
    // Hermitian: a Laplacian with phases on its links.
    let phase = Complex64::from_polar(1.0, 0.7);
    let mut entries = Vec::new();
    for i in 0..n as u32 {
        entries.push((i, i, Complex64::new(2.1, 0.0)));
        if i > 0 {
            entries.push((i, i - 1, -phase));
            entries.push((i - 1, i, -phase.conj()));
        }
    }
    let a = Csr::from_triplets(n, n, &entries).unwrap();
    let noise = gallery::noise(6 * n, 4);
    let b: Vec<Complex64> = noise
        .chunks_exact(2)
        .map(|v| Complex64::new(v[0], v[1]))
        .collect();
    let mut x = vec![Complex64::default(); 3 * n];
    let weights = (0..n)
        .map(|i| Complex64::new(1.0 + (i % 4) as f64, 0.0))
        .collect();
    let report = BlockCg::default()
        .solve(&a, &mut Diagonal(weights), &b, &mut x)
        .unwrap();
    assert!(report.converged() && report.rank == 3, "{report:?}");

    let mut entries = Vec::new();
    for i in 1..n as u32 {
        for (k, l) in [(i - 1, i), (i, i - 1)] {
            entries.extend([(k, k, 1.0), (k, l, -1.0)]);
        }
    }
    let chain = Csr::from_triplets(n, n, &entries).unwrap();
    let chain = Singular::new(chain, NullSpace::constant(n));
    let mut x = vec![2.0; 3 * n];
    let report = BlockCg::default()
        .solve(&chain, &mut Identity, &noise[..3 * n], &mut x)
        .unwrap();
    assert!(report.converged(), "{report:?}");
    for x in x.chunks_exact(n) {
        assert!(x.iter().sum::<f64>().abs() < 1e-8 * vector::norm2(x));
    }
}

#[test]
fn an_indefinite_matrix_is_noticed() {
    let a = Csr::from_triplets(3, 3, &[(0, 0, 1.0), (1, 1, -2.0), (2, 2, 1.0)]).unwrap();
    let b = gallery::noise(6, 2);
    let report = BlockCg::default()
        .solve(&a, &mut Identity, &b, &mut [0.0; 6])
        .unwrap();
    assert!(matches!(report.status, Status::IndefiniteOperator { .. }));
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let n = 90_000;
    let a = gallery::poisson(&[300, 300]);
    let b = gallery::noise(3 * n, 3);
    let rule = StoppingRule {
        max_iterations: 8,
        ..StoppingRule::default()
    };
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut x = vec![0.0; 3 * n];
            BlockCg::with_rule(rule.clone())
                .solve(&a, &mut Identity, &b, &mut x)
                .unwrap();
            x.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(4));
}
