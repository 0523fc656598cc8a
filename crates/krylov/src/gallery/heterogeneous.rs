//! Diffusion -div(k grad u) with a coefficient k that jumps from cell to cell, by finite volumes.
//!
//! A box of cells of side h = 1. The flux between neighbours i and j is t_ij (u_i - u_j) with the
//! harmonic mean t_ij = 2 k_i k_j / (k_i + k_j): exact in one dimension for k constant in each
//! cell. At both ends of the first axis u = 0, half a cell away (t = 2 k_i); through all other
//! sides there is no flow. This is flow through a porous block driven along one axis.

use pdesolve_core::rng;
use rand_distr::{Distribution, StandardNormal};

use super::from_rows;
use crate::csr::Csr;

/// -div(k grad u) on a box of n_1 x n_2 x ... cells, zero values at both ends of the first axis and
/// no flow through the other sides. `k` holds one coefficient a cell; the first index runs fastest.
///
/// # Panics
/// Unless `k` has one positive entry a cell.
pub fn heterogeneous_diffusion(shape: &[usize], k: &[f64]) -> Csr<f64> {
    let n: usize = shape.iter().product();
    assert_eq!(k.len(), n, "one coefficient a cell");
    assert!(k.iter().all(|&k| k > 0.0), "positive coefficients");
    from_rows(n, |i, row| {
        let (mut diagonal, mut stride) = (0.0, 1);
        for (axis, &m) in shape.iter().enumerate() {
            let place = (i / stride) % m;
            let neighbours = [
                (place > 0).then(|| i - stride),
                (place + 1 < m).then(|| i + stride),
            ];
            for neighbour in neighbours {
                match neighbour {
                    Some(j) => {
                        // 2 / (1/k_i + 1/k_j) cannot overflow where 2 k_i k_j could.
                        let t = 2.0 / (1.0 / k[i] + 1.0 / k[j]);
                        diagonal += t;
                        row.push((j, -t));
                    }
                    None if axis == 0 => diagonal += 2.0 * k[i],
                    None => {}
                }
            }
            stride *= m;
        }
        row.push((i, diagonal));
    })
}

/// Diffusion on a box of cells whose coefficient is `contrast` and 1 by turns, on squares (cubes)
/// of `square` cells a side.
///
/// Squares of the large coefficient touch at corners only, where the solution is singular, and
/// their means give eigenvalues as small as 1/contrast.
pub fn checkerboard(shape: &[usize], contrast: f64, square: usize) -> Csr<f64> {
    let n: usize = shape.iter().product();
    let k: Vec<f64> = (0..n)
        .map(|i| {
            let (mut colour, mut rest) = (0, i);
            for &m in shape {
                colour += rest % m / square;
                rest /= m;
            }
            if colour % 2 == 0 { contrast } else { 1.0 }
        })
        .collect();
    heterogeneous_diffusion(shape, &k)
}

/// Standard deviation, in cells, of the Gaussian that smooths noise along the first and the second
/// axis: long lenses, as in layered rock.
pub(super) const CORRELATION: [f64; 2] = [4.0, 1.0];

/// Diffusion on n x n cells with k = exp(sigma g), where g is a Gaussian random field of mean 0 and
/// variance 1.
///
/// g is white noise under a Gaussian filter of 4 cells along the first axis and 1 along the
/// second, cut off at three standard deviations and scaled to variance 1; the correlation of g at
/// distance (x, y) is exp(-x^2/64 - y^2/4). With sigma = 3 layers a few cells apart differ by factors
/// of thousands and k spans about ten orders of magnitude, as the permeability of SPE10 does. The
/// same seed gives the same field.
pub fn log_normal(n: usize, sigma: f64, seed: u64) -> Csr<f64> {
    let k: Vec<f64> = gaussian_field(n, CORRELATION, seed)
        .iter()
        .map(|g| (sigma * g).exp())
        .collect();
    heterogeneous_diffusion(&[n, n], &k)
}

/// Smoothed white noise on n x n points, mean 0, variance 1.
pub(super) fn gaussian_field(n: usize, deviation: [f64; 2], seed: u64) -> Vec<f64> {
    let [wx, wy] = deviation.map(filter);
    let (mx, my) = (n + wx.len() - 1, n + wy.len() - 1);
    let mut generator = rng(seed, 0, 0);
    let noise: Vec<f64> = StandardNormal
        .sample_iter(&mut generator)
        .take(mx * my)
        .collect();
    // Noise reaches beyond the square by the width of the filter, so that the field is the same in
    // law everywhere.
    let mut along_x = vec![0.0; n * my];
    for j in 0..my {
        for i in 0..n {
            let line = &noise[j * mx + i..][..wx.len()];
            along_x[j * n + i] = line.iter().zip(&wx).map(|(v, w)| v * w).sum();
        }
    }
    let mut field = vec![0.0; n * n];
    for j in 0..n {
        for i in 0..n {
            field[j * n + i] = wy
                .iter()
                .enumerate()
                .map(|(q, w)| w * along_x[(j + q) * n + i])
                .sum();
        }
    }
    field
}

/// Weights of a Gaussian filter, with squares that add to one.
fn filter(deviation: f64) -> Vec<f64> {
    let reach = (3.0 * deviation).ceil() as i32;
    let raw: Vec<f64> = (-reach..=reach)
        .map(|i| (-0.5 * (f64::from(i) / deviation).powi(2)).exp())
        .collect();
    let size = raw.iter().map(|w| w * w).sum::<f64>().sqrt();
    raw.iter().map(|w| w / size).collect()
}
