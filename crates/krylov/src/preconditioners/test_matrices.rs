//! Matrices on which the preconditioners are tried.

use crate::csr::Csr;
use crate::gallery;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;
use crate::vector;

/// About `per_row` random entries a row, and a dominant diagonal. Not symmetric.
pub(crate) fn random_sparse(n: usize, per_row: usize, seed: u64) -> Csr<f64> {
    let numbers = gallery::noise(2 * n * per_row, seed);
    let mut entries: Vec<(u32, u32, f64)> = (0..n as u32)
        .map(|i| (i, i, per_row as f64 * 1.5 + f64::from(i % 5)))
        .collect();
    for (k, pair) in numbers.chunks(2).enumerate() {
        let column = ((pair[0].abs() * 1e6) as usize) % n;
        entries.push(((k / per_row) as u32, column as u32, pair[1]));
    }
    Csr::from_triplets(n, n, &entries).unwrap()
}

/// A random symmetric positive definite matrix: B + B^T and a dominant diagonal.
pub(crate) fn random_spd(n: usize, per_row: usize, seed: u64) -> Csr<f64> {
    let b = random_sparse(n, per_row, seed);
    let mut entries = Vec::new();
    for i in 0..n {
        let (columns, values) = b.row(i);
        for (&j, &v) in columns.iter().zip(values) {
            entries.push((i as u32, j, v));
            entries.push((j, i as u32, v));
        }
    }
    Csr::from_triplets(n, n, &entries).unwrap()
}

/// M^-1 as a dense matrix, column by column: entry (i, j) at j * n + i.
pub(crate) fn dense_inverse<T: Scalar>(n: usize, m: &mut impl Preconditioner<T>) -> Vec<T> {
    let mut out = vec![T::zero(); n * n];
    let mut e = vec![T::zero(); n];
    for (j, column) in out.chunks_mut(n).enumerate() {
        e[j] = T::one();
        m.apply(&e, column);
        e[j] = T::zero();
    }
    out
}

/// Asserts <u, M^-1 v> = <M^-1 u, v> and <u, M^-1 u> > 0 for some u, v.
pub(crate) fn assert_symmetric_positive(n: usize, m: &mut impl Preconditioner<f64>) {
    for seed in 0..4 {
        let (u, v) = (gallery::noise(n, 2 * seed), gallery::noise(n, 2 * seed + 1));
        let (mut mu, mut mv) = (vec![0.0; n], vec![0.0; n]);
        m.apply(&u, &mut mu);
        m.apply(&v, &mut mv);
        let (left, right) = (vector::dot(&u, &mv), vector::dot(&mu, &v));
        let scale = vector::norm2(&u) * vector::norm2(&mv);
        assert!((left - right).abs() <= 1e-12 * scale, "{left} and {right}");
        assert!(vector::dot(&u, &mu) > 0.0);
    }
}

/// The inverse of a dense matrix in place.
pub(crate) fn dense_invert(n: usize, a: &mut [f64]) {
    assert!(
        super::dense::invert(n, a, &mut Vec::new()),
        "a regular matrix"
    );
}
