//! Test matrices and right-hand sides: what methods are tried on, here and in other programs.
//!
//! | family | what it is hard for |
//! |---|---|
//! | [`poisson`] | nothing: the reference |
//! | [`aligned_anisotropy`], [`rotated_anisotropy`] | point smoothers; coarsening in all directions |
//! | [`checkerboard`], [`log_normal`] | incomplete factors, aggregation across jumps |
//! | [`elasticity_q1`] | methods that only keep constants |
//! | [`recirculating_flow`], [`rotating_flow`] | orderings: characteristics close on themselves |
//! | [`central_advection`] | methods that need an M-matrix |
//! | [`upwind_advection`] | methods that need symmetry; far from normal |
//!
//! [`SPD`] and [`NONSYMMETRIC`] name the problems that tests and benchmarks run through. Where a
//! problem also stands in PyAMG's gallery the matrices are equal entry by entry (unit tests compare
//! some of them), so that iteration counts can be compared.

mod advection;
mod anisotropy;
mod elasticity;
mod heterogeneous;
mod recirculation;
#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use pdesolve_core::rng;
use rand_distr::{Distribution, StandardNormal};

pub use advection::{central_advection, upwind_advection, upwind_advection_along};
pub use anisotropy::{aligned_anisotropy, rotated_anisotropy};
pub use elasticity::{elasticity_q1, rigid_body_modes};
pub use heterogeneous::{checkerboard, heterogeneous_diffusion, log_normal};
pub use recirculation::{recirculating_flow, rotating_flow};

use crate::csr::Csr;

/// A name and what makes the matrix.
pub type Problem = (&'static str, fn() -> Csr<f64>);

/// Symmetric positive definite problems. The last has two million unknowns, all others fewer than
/// 300,000.
pub const SPD: &[Problem] = &[
    ("poisson-256^2", || poisson(&[256, 256])),
    ("rotated-anisotropy-128^2", || {
        rotated_anisotropy(128, 1e-3, PI / 6.0)
    }),
    ("aligned-anisotropy-256^2", || aligned_anisotropy(256, 1e-3)),
    ("checkerboard-128^2", || checkerboard(&[128, 128], 1e6, 16)),
    ("log-normal-128^2", || log_normal(128, 3.0, 1)),
    ("elasticity-0.30-64^2", || elasticity_q1(64, 64, 0.3)),
    ("elasticity-0.49-64^2", || elasticity_q1(64, 64, 0.49)),
    ("checkerboard-32^3", || checkerboard(&[32, 32, 32], 1e6, 8)),
    ("poisson-64^3", || poisson(&[64, 64, 64])),
    ("poisson-128^3", || poisson(&[128, 128, 128])),
];

/// Problems without symmetry.
pub const NONSYMMETRIC: &[Problem] = &[
    ("recirculating-1e-2-128^2", || recirculating_flow(128, 1e-2)),
    ("recirculating-1e-4-128^2", || recirculating_flow(128, 1e-4)),
    ("upwind-advection-64^2", || upwind_advection(64)),
    ("central-advection-128^2", || central_advection(128, 0.9)),
    ("rotating-flow-24^3", || rotating_flow(24, 1e-3)),
];

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

/// A matrix from its rows: `fill(i, row)` pushes the entries `(column, value)` of row i in any
/// order, each column once.
fn from_rows(n: usize, fill: impl Fn(usize, &mut Vec<(usize, f64)>)) -> Csr<f64> {
    let mut offsets = Vec::with_capacity(n + 1);
    let (mut columns, mut values, mut row) = (Vec::new(), Vec::new(), Vec::new());
    offsets.push(0);
    for i in 0..n {
        row.clear();
        fill(i, &mut row);
        row.sort_unstable_by_key(|&(j, _)| j);
        for &(j, v) in &row {
            columns.push(j as u32);
            values.push(v);
        }
        offsets.push(u32::try_from(columns.len()).expect("below 2^32 entries"));
    }
    Csr::new(n, n, offsets, columns, values).expect("rows hold each column once")
}

/// The matrix of a stencil on n x n points with zero values outside: the neighbour at distance
/// (p, q), each -1, 0 or 1, of point (i, j) has entry `stencil[p + 1][q + 1]`. The *second* index
/// runs fastest, row = i n + j.
fn from_stencil(n: usize, stencil: &[[f64; 3]; 3]) -> Csr<f64> {
    from_rows(n * n, |row, entries| {
        let (i, j) = (row / n, row % n);
        for (p, line) in stencil.iter().enumerate() {
            for (q, &value) in line.iter().enumerate() {
                let inside = (1..=n).contains(&(i + p)) && (1..=n).contains(&(j + q));
                if inside && value != 0.0 {
                    entries.push(((i + p - 1) * n + j + q - 1, value));
                }
            }
        }
    })
}
