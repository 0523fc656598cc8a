//! Prints how near products with a matrix in compressed rows come to the speed of memory.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release -p pdesolve-krylov --example bench_spmv -- 128`

use std::time::Instant;

use pdesolve_krylov::{LinearOperator, gallery, vector};

/// Least seconds of `repeat` runs.
fn best(repeat: usize, mut run: impl FnMut()) -> f64 {
    (0..repeat).fold(f64::INFINITY, |least, _| {
        let start = Instant::now();
        run();
        least.min(start.elapsed().as_secs_f64())
    })
}

#[allow(clippy::print_stdout)]
fn main() {
    let side = std::env::args()
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(128);
    let a = gallery::poisson(&[side; 3]);
    let n = a.nrows();
    let big = 20_000_000;
    let (u, v, mut w) = (vec![1.0; big], vec![2.0; big], vec![0.0; big]);
    let x = gallery::noise(n, 1);
    let mut y = vec![0.0; n];
    let a32 = a.map(|v| v as f32);
    let x32: Vec<f32> = x.iter().map(|&v| v as f32).collect();
    let mut y32 = vec![0f32; n];
    let (mut triad, mut f64s, mut f32s) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    for _ in 0..10 {
        triad = triad.min(best(3, || {
            vector::for_blocks(&mut w, &|s, w: &mut [f64]| {
                for ((w, u), v) in w.iter_mut().zip(&u[s..]).zip(&v[s..]) {
                    *w = u + 3.0 * v;
                }
            })
        }));
        f64s = f64s.min(best(5, || a.apply(&x, &mut y)));
        f32s = f32s.min(best(5, || a32.apply(&x32, &mut y32)));
    }
    let triad = 24e-9 * big as f64 / triad;
    let (bytes, bytes32) = (
        (12 * a.nnz() + 20 * n) as f64 * 1e-9,
        (8 * a.nnz() + 12 * n) as f64 * 1e-9,
    );
    println!("triad {triad:.1} GB/s");
    println!(
        "f64 {:.2} ms {:.1} GB/s {:.0} %",
        f64s * 1e3,
        bytes / f64s,
        100.0 * bytes / f64s / triad
    );
    println!(
        "f32 {:.2} ms {:.1} GB/s {:.0} %",
        f32s * 1e3,
        bytes32 / f32s,
        100.0 * bytes32 / f32s / triad
    );
}
