//! Time steps against exact solutions.

mod azurv1;
mod critical;
mod kinetics;
mod manufactured;
mod restart;

use pdesolve_core::Simulation;

use super::TransientTransport;
use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{DiscreteOrdinatesParams, Scheme, TimeScheme};
use crate::quadrature::double_gauss;

const SCHEMES: [TimeScheme; 3] = [
    TimeScheme::BackwardEuler,
    TimeScheme::CrankNicolson,
    TimeScheme::Bdf2,
];

fn params(time_scheme: TimeScheme, tolerance: f64) -> DiscreteOrdinatesParams {
    DiscreteOrdinatesParams {
        time_scheme,
        tolerance,
        ..DiscreteOrdinatesParams::default()
    }
}

/// A slab of a few cells that nothing leaves.
fn closed(material: CrossSections) -> Discretization {
    Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 2.0, 3),
        vec![material],
        Ordinates::legendre(&double_gauss(4), 0),
        Scheme::DiamondDifference,
        [Boundary::MIRROR, Boundary::White { albedo: 1.0 }],
    )
    .unwrap()
}

fn run(sim: &mut TransientTransport, end: f64) {
    while sim.time() < end {
        sim.advance(end).unwrap();
    }
}

fn quantity(sim: &mut TransientTransport, name: &str) -> f64 {
    let place = sim.quantity_names().iter().position(|n| n == name).unwrap();
    let mut values = Vec::new();
    sim.quantities(&mut values);
    values[place]
}

/// Orders between successive errors at steps that halve.
fn orders(errors: &[f64]) -> Vec<f64> {
    errors.windows(2).map(|e| (e[0] / e[1]).log2()).collect()
}

fn order_of(scheme: TimeScheme) -> f64 {
    match scheme {
        TimeScheme::BackwardEuler => 1.0,
        TimeScheme::CrankNicolson | TimeScheme::Bdf2 => 2.0,
    }
}

/// exp(t A) u for a small matrix given by rows: Taylor's series over many short steps.
fn propagate(a: &[Vec<f64>], t: f64, u: &[f64]) -> Vec<f64> {
    let largest = a.iter().flatten().fold(0.0_f64, |top, x| top.max(x.abs()));
    let steps = (2.0 * largest * t * u.len() as f64).ceil().max(1.0) as usize;
    let h = t / steps as f64;
    let mut u = u.to_vec();
    for _ in 0..steps {
        let mut term = u.clone();
        for k in 1..24 {
            let product = |row: &Vec<f64>| row.iter().zip(&term).map(|(a, x)| a * x).sum::<f64>();
            term = a
                .iter()
                .map(|row| h / f64::from(k) * product(row))
                .collect();
            for (u, x) in u.iter_mut().zip(&term) {
                *u += x;
            }
        }
    }
    u
}
