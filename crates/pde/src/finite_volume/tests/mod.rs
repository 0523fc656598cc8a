//! What the finite-volume solver is checked against.

mod balance;
mod diffusion;
mod forced_burgers;
mod input;
mod orders;
mod repeatability;
mod shocks;
mod steps;

use std::sync::Arc;

use pdesolve_core::Simulation;
use pdesolve_mesh::{Axis, Centring, Grid, Norms};

use super::*;
use crate::TimeParams;

/// A uniform 1-D grid on [lower, upper].
fn line(n: usize, lower: f64, upper: f64, periodic: bool) -> Grid {
    let axis = Axis::cells('x', lower, upper, n, periodic).unwrap();
    Grid::new(Centring::Cell, vec![axis])
}

/// The unit square.
fn square(n: usize, periodic: bool) -> Grid {
    let axes = ['x', 'y'].map(|name| Axis::cells(name, 0.0, 1.0, n, periodic).unwrap());
    Grid::new(Centring::Cell, axes.to_vec())
}

fn params(reconstruction: Reconstruction) -> FiniteVolumeParams {
    FiniteVolumeParams {
        reconstruction,
        ..FiniteVolumeParams::default()
    }
}

/// Advances to `end` and gives back the number of steps.
fn run(sim: &mut FiniteVolume, end: f64) -> u64 {
    while sim.time() < end {
        sim.advance(end).unwrap();
    }
    sim.steps()
}

fn new(
    law: impl ScalarLaw + 'static,
    grid: &Grid,
    boundary: &BoundaryConditions,
    params: &FiniteVolumeParams,
    time: &TimeParams,
) -> FiniteVolume {
    FiniteVolume::new(Arc::new(law), grid, boundary, None, params, time).unwrap()
}

/// Discrete L2 norm of the difference.
fn l2_error(grid: &Grid, a: &[f64], b: &[f64]) -> f64 {
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    Norms::of(grid, &difference).l2
}

/// Discrete L1 norm of the difference: the norm in which limited schemes show their order.
fn l1_error(grid: &Grid, a: &[f64], b: &[f64]) -> f64 {
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    Norms::of(grid, &difference).l1
}

/// MUSCL without limiting, whose order no extremum disturbs.
fn unlimited() -> FiniteVolumeParams {
    FiniteVolumeParams {
        limiter: Limiter::None,
        ..params(Reconstruction::Muscl)
    }
}

/// Observed orders between errors of meshes or steps refined by 2.
fn orders(errors: &[f64]) -> Vec<f64> {
    errors.windows(2).map(|e| (e[0] / e[1]).log2()).collect()
}

/// The value of a monitored quantity.
fn quantity(sim: &mut FiniteVolume, name: &str) -> f64 {
    let position = sim.quantity_names().iter().position(|n| n == name).unwrap();
    let mut values = Vec::new();
    sim.quantities(&mut values);
    values[position]
}
