//! Test matrices and right-hand sides: what methods are tried on, here and in other programs.

use pdesolve_core::rng;
use rand_distr::{Distribution, StandardNormal};

use crate::csr::Csr;

/// The Laplacian -sum of second differences on a box of n_1 x n_2 x ... points with zero
/// boundary values: diagonal 2 d, neighbours -1, scaled by h^2. The first index runs fastest.
///
/// Its eigenvalues are sum_a 4 sin^2(k_a pi / (2 (n_a + 1))), k_a = 1..n_a.
///
/// # Panics
/// Where the matrix would have more than 2^32 entries.
pub fn poisson(shape: &[usize]) -> Csr<f64> {
    let n: usize = shape.iter().product();
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &m| {
            let own = *stride;
            *stride *= m;
            Some(own)
        })
        .collect();
    let mut offsets = Vec::with_capacity(n + 1);
    let mut columns = Vec::with_capacity((2 * shape.len() + 1) * n);
    let mut values = Vec::with_capacity(columns.capacity());
    offsets.push(0);
    for row in 0..n {
        let place = |a: usize| (row / strides[a]) % shape[a];
        for a in (0..shape.len()).rev() {
            if place(a) > 0 {
                columns.push((row - strides[a]) as u32);
                values.push(-1.0);
            }
        }
        columns.push(row as u32);
        values.push(2.0 * shape.len() as f64);
        for a in 0..shape.len() {
            if place(a) + 1 < shape[a] {
                columns.push((row + strides[a]) as u32);
                values.push(-1.0);
            }
        }
        offsets.push(u32::try_from(columns.len()).expect("below 2^32 entries"));
    }
    Csr::new(n, n, offsets, columns, values).expect("rows are sorted by construction")
}

/// `n` numbers from the standard normal distribution, the same for the same seed.
pub fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut generator = rng(seed, 0, 0);
    StandardNormal.sample_iter(&mut generator).take(n).collect()
}
