use rand::RngExt;

use super::{Csr, kernels};
use crate::operator::LinearOperator;
use crate::{gallery, vector};

/// A sparse matrix with about `fill` of its entries; some rows and columns stay empty.
fn random(nrows: usize, ncols: usize, fill: f64, seed: u64) -> Csr<f64> {
    let mut generator = pdesolve_core::rng(seed, 0, 0);
    let mut entries = Vec::new();
    for i in 0..nrows {
        for j in 0..ncols {
            if generator.random::<f64>() < fill {
                entries.push((i as u32, j as u32, generator.random::<f64>() - 0.5));
            }
        }
    }
    Csr::from_triplets(nrows, ncols, &entries).unwrap()
}

fn dense(a: &Csr<f64>) -> Vec<Vec<f64>> {
    (0..a.nrows())
        .map(|i| (0..a.ncols()).map(|j| a.get(i, j)).collect())
        .collect()
}

fn dense_product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    a.iter()
        .map(|row| {
            (0..b[0].len())
                .map(|j| row.iter().zip(b).map(|(v, other)| v * other[j]).sum())
                .collect()
        })
        .collect()
}

fn assert_close(a: &Csr<f64>, expected: &[Vec<f64>]) {
    for (own, expected) in dense(a).iter().zip(expected) {
        for (v, e) in own.iter().zip(expected) {
            assert!((v - e).abs() <= 1e-13, "{v} {e}");
        }
    }
}

fn in_pool<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(run)
}

#[test]
fn unchecked_rows_agree_with_checked_ones() {
    // Every length of a row from 0 to 20, past the unrolled ones.
    for seed in 0..20 {
        let a = random(60, 20, f64::from(seed as u32) / 19.0, seed);
        let x = gallery::noise(20, seed);
        let mut y = vec![f64::NAN; 60];
        a.apply(&x, &mut y);
        for (i, y) in y.iter().enumerate() {
            let (columns, values) = a.row(i);
            let expected: f64 = columns
                .iter()
                .zip(values)
                .map(|(&j, v)| v * x[j as usize])
                .sum();
            assert!((y - expected).abs() <= 1e-14, "row {i}");
        }
    }
}

#[test]
fn unchecked_sweeps_agree_with_checked_ones() {
    let n = 57;
    let mut entries: Vec<_> = (0..n as u32).map(|i| (i, i, 4.0)).collect();
    let off = random(n, n, 0.2, 3);
    for i in 0..n {
        let (columns, values) = off.row(i);
        entries.extend(columns.iter().zip(values).map(|(&j, &v)| (i as u32, j, v)));
    }
    let a = Csr::from_triplets(n, n, &entries).unwrap();
    let inverse: Vec<f64> = a.diagonal().iter().map(|d| 1.0 / d).collect();
    let (b, old) = (gallery::noise(n, 1), gallery::noise(n, 2));
    // A block in the middle: rows 20 to 45 see new values of each other only.
    let (start, end) = (20, 45);
    let sweep = |forward: bool, old: &[f64]| {
        let mut x = old.to_vec();
        let mut order: Vec<usize> = (start..end).collect();
        if !forward {
            order.reverse();
        }
        for i in order {
            let sum: f64 = (0..n).map(|j| a.get(i, j) * x[j]).sum();
            x[i] = old[i] + inverse[i] * (b[i] - sum);
        }
        x[start..end].to_vec()
    };
    let close = |x: &[f64], y: &[f64]| x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 1e-13);
    let mut x = vec![f64::NAN; end - start];
    kernels::forward(&a, &inverse, &b, &old, start, &mut x);
    assert!(close(&x, &sweep(true, &old)));
    kernels::backward(&a, &inverse, &b, &old, start, &mut x);
    assert!(close(&x, &sweep(false, &old)));
    kernels::forward_from_zero(&a, &inverse, &b, start, &mut x);
    assert!(close(&x, &sweep(true, &vec![0.0; n])));
}

#[test]
#[should_panic(expected = "rows and vectors that fit the matrix")]
fn a_short_vector_is_refused_before_it_is_read() {
    let a = random(5, 6, 0.5, 1);
    kernels::rows(&a, &[0.0; 5], 0, &mut [0.0; 5], |_, sum| sum);
}

#[test]
fn products_agree_with_dense_ones() {
    for seed in 0..10 {
        let fill = 0.05 + 0.05 * seed as f64;
        let (a, b) = (random(40, 30, fill, seed), random(30, 50, fill, seed + 100));
        let c = a.multiply(&b).unwrap();
        assert_close(&c, &dense_product(&dense(&a), &dense(&b)));
        // The rows keep the invariants of a matrix.
        Csr::new(
            40,
            50,
            c.offsets().to_vec(),
            c.columns().to_vec(),
            c.values().to_vec(),
        )
        .unwrap();
    }
}

#[test]
fn galerkin_products_agree_with_dense_ones_and_keep_their_bits_when_only_values_are_made() {
    for seed in 0..10 {
        let (a, p) = (random(60, 60, 0.1, seed), random(60, 17, 0.1, seed + 50));
        let r = p.transpose();
        let mut c = a.galerkin(&r, &p).unwrap();
        let expected = dense_product(&dense_product(&dense(&r), &dense(&a)), &dense(&p));
        assert_close(&c, &expected);
        let first = c.clone();
        c.values_mut().fill(f64::NAN);
        super::galerkin::galerkin_values(&r, &a, &p, &mut c);
        assert_eq!(c, first);
    }
}

#[test]
fn transposes_agree_entry_by_entry() {
    let a = random(70, 40, 0.2, 9);
    let t = a.transpose();
    for i in 0..70 {
        for j in 0..40 {
            assert_eq!(a.get(i, j), t.get(j, i));
        }
    }
    assert_eq!(t.transpose(), a);
}

#[test]
fn large_products_and_transposes_have_the_same_bits_for_any_number_of_threads() {
    let a = gallery::poisson(&[60, 60, 30]);
    assert!(a.nnz() > 4 * vector::GRAIN);
    let all = |threads| {
        in_pool(threads, || {
            let b = a.multiply(&a).unwrap();
            let c = a.galerkin(&a, &b).unwrap();
            (b.transpose(), c)
        })
    };
    let one = all(1);
    assert_eq!(one, all(2));
    assert_eq!(one, all(4));
    // A and A^2 are symmetric.
    assert_eq!(one.0.offsets(), one.0.transpose().offsets());
}
