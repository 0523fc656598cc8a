//! The spectral radius as it is measured: power iteration with the solver that is used.
//!
//! A periodic slab without source has the solution 0, so what is iterated on is the error. From
//! noise, its ratio of norms from one iteration to the next tends to the spectral radius. The slab
//! has as many cells as it takes for the slowest error that
//! [`spectral_radius`](super::spectral_radius) predicts to fit. Where nothing is absorbed (c = 1)
//! a constant error would stay for ever in it: the slab then has vacuum ends and is eight times as
//! long as that error.
//!
//! Ratios settle slowly where many errors are nearly as slow as the slowest: for c = 1 and cells of 100
//! mean free paths diamond difference shows up to 0.230 after 60 iterations, and 0.2243 after 1000.
//! Below about 0.1 thick cells without absorption show rounding instead.

use super::{lattice, spectral_radius};
use crate::boundary::Boundary;
use crate::params::{Acceleration, DiscreteOrdinatesParams, Iteration, Scheme};
use crate::quadrature::Quadrature;
use crate::sweep::SweepSource;
use crate::within_group::GroupSolver;

/// The spectral radius of source iteration in cells of `tau` mean free paths with scattering ratio
/// `c`, after `iterations` iterations: the geometric mean of the last quarter of the ratios.
///
/// # Panics
/// For the fix-up of diamond difference, which is not linear.
pub fn measure(
    scheme: Scheme,
    quadrature: &Quadrature,
    acceleration: Acceleration,
    tau: f64,
    c: f64,
    iterations: usize,
) -> f64 {
    let predicted = spectral_radius(scheme, quadrature, acceleration, tau, c);
    // Distance in theta from the waves 0 and pi that fit every even number of cells.
    let pi = std::f64::consts::PI;
    let apart = predicted.theta.min(pi - predicted.theta);
    let cells = if apart < 1e-4 {
        8
    } else {
        let wave = 2.0 * pi / apart.max(1e-3);
        // Enough waves that rounding to an even number of cells changes theta little.
        (1..=64)
            .map(|k| {
                (
                    2 * (0.5 * f64::from(k) * wave).round() as usize,
                    f64::from(k) * wave,
                )
            })
            .find(|(cells, exact)| *cells >= 8 && (*cells as f64 / exact - 1.0).abs() < 5e-3)
            .map_or(512, |(cells, _)| cells)
    };
    let (cells, ends) = if c < 1.0 {
        (cells, Boundary::Periodic)
    } else {
        let wave = 2.0 * pi / apart.max(1e-3);
        ((8.0 * wave).max(64.0) as usize, Boundary::Vacuum)
    };
    let disc = lattice(scheme, quadrature, tau, c, cells, ends);
    let params = DiscreteOrdinatesParams {
        acceleration,
        iteration: Iteration::SourceIteration,
        ..DiscreteOrdinatesParams::default()
    };
    let mut solver = GroupSolver::new(&disc, 0, &params);
    let nothing = vec![0.0; disc.group_len()];
    let source = SweepSource {
        emission: &nothing,
        angular: None,
    };
    let mut noise = 0.4_f64;
    let mut flux: Vec<f64> = (0..disc.group_len())
        .map(|_| {
            noise = 3.99 * noise * (1.0 - noise);
            noise - 0.5
        })
        .collect();
    let last = (iterations / 4).max(1);
    let mut log = 0.0;
    for iteration in 0..iterations {
        let before = norm(&flux);
        if before == 0.0 {
            return 0.0;
        }
        flux.iter_mut().for_each(|x| *x /= before);
        let next = solver.step(&disc, &source, &flux);
        flux.copy_from_slice(next);
        if iteration >= iterations - last {
            log += norm(&flux).ln();
        }
    }
    (log / last as f64).exp()
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
