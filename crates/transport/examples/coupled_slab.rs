//! Transport inside a loop of your own: a critical slab whose capture grows with its temperature,
//! and whose temperature follows from its power.
//!
//! ```text
//! mu psi_x + sigma_t(T) psi = (sigma_s + nu sigma_f/k) phi/2     transport, this crate
//! -(K T_x)_x = P sigma_f phi / int sigma_f phi dx                heat, a few lines below
//! sigma_c(T) = sigma_c(T_0) sqrt(T/T_0)                          what couples them
//! ```
//!
//! T = T_0 on both surfaces. Flux and temperature are found in turn until the temperature stands
//! still; each transport solve begins from the flux of the one before.
//!
//! ```text
//! cargo run --release -p pdesolve-transport --example coupled_slab
//! ```

#![allow(clippy::print_stdout, reason = "the program's purpose is to print")]

use pdesolve_core::Control;
use pdesolve_transport::params::EigenvalueAcceleration;
use pdesolve_transport::quadrature::double_gauss;
use pdesolve_transport::{
    Boundary, CrossSections, DiscreteOrdinatesParams, Discretization, Geometry, Mesh, Ordinates,
    Scheme, TransportError, eigenvalue,
};

const CELLS: usize = 60;
/// cm
const WIDTH: f64 = 30.0;
/// W per cm^2 of the slab
const POWER: f64 = 40.0;
/// W/(cm K)
const CONDUCTIVITY: f64 = 0.4;
/// Temperature of the surfaces, at which the cross sections are known, K
const COOLANT: f64 = 560.0;

/// Cross sections (1/cm) at temperature `t`.
fn fuel(t: f64) -> CrossSections {
    let (scattering, fission, nu) = (0.900, 0.048, 2.43);
    let capture = 0.052 * (t / COOLANT).sqrt();
    CrossSections::one_group(scattering + fission + capture, scattering).with_fission(nu, fission)
}

/// The transport problem: every cell is a material of its own, as each has its own temperature.
fn slab(temperature: &[f64]) -> Result<Discretization, TransportError> {
    let mut mesh = Mesh::uniform(Geometry::Slab, 0.0, WIDTH, CELLS);
    mesh.material = (0..CELLS as u32).collect();
    Discretization::new(
        mesh,
        temperature.iter().map(|&t| fuel(t)).collect(),
        Ordinates::legendre(&double_gauss(8), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
}

/// Power density by cell, W/cm^3: the shape of the fission rate, scaled to [`POWER`], because k
/// leaves the size of the flux open.
fn power(disc: &Discretization, flux: &pdesolve_transport::Moments) -> Vec<f64> {
    let fission: Vec<f64> = (flux.averages(0).enumerate())
        .map(|(cell, phi)| disc.material(cell).fission[0] * phi)
        .collect();
    let whole: f64 = fission.iter().sum::<f64>() * WIDTH / CELLS as f64;
    fission.iter().map(|f| POWER * f / whole).collect()
}

/// Steady heat conduction with `power` in the cells, by finite volumes and the Thomas algorithm.
fn conduct(power: &[f64]) -> Vec<f64> {
    let h = WIDTH / CELLS as f64;
    let between = CONDUCTIVITY / h;
    // From the middle of an outer cell it is only half a cell to the surface.
    let surface = 2.0 * between;
    let (mut upper, mut t) = (vec![0.0; CELLS], vec![0.0; CELLS]);
    for i in 0..CELLS {
        let left = if i == 0 { surface } else { between };
        let right = if i == CELLS - 1 { surface } else { between };
        let mut right_side = h * power[i];
        let mut diagonal = left + right;
        if i == 0 {
            right_side += left * COOLANT;
        } else {
            diagonal -= left * upper[i - 1];
            right_side += left * t[i - 1];
        }
        if i == CELLS - 1 {
            right_side += right * COOLANT;
        }
        upper[i] = right / diagonal;
        t[i] = right_side / diagonal;
    }
    for i in (0..CELLS - 1).rev() {
        t[i] += upper[i] * t[i + 1];
    }
    t
}

fn main() -> Result<(), TransportError> {
    let params = DiscreteOrdinatesParams {
        eigenvalue_acceleration: EigenvalueAcceleration::Cmfd,
        tolerance: 1e-8,
        ..DiscreteOrdinatesParams::default()
    };
    let mut temperature = vec![COOLANT; CELLS];
    // Zero means "no guess"; from the second pass on it holds the flux of the first.
    let mut flux = slab(&temperature)?.zeros();
    println!("pass          k   outer  sweeps   hottest K   change K");
    for pass in 1..=30 {
        let disc = slab(&temperature)?;
        let report = eigenvalue::solve(&disc, &params, &mut flux, &mut |_| Control::Continue)?;
        let next = conduct(&power(&disc, &flux));
        let change = (next.iter().zip(&temperature))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        let hottest = next.iter().copied().fold(0.0, f64::max);
        println!(
            "{pass:4}   {:.6}   {:5}  {:6}   {hottest:9.3}   {change:8.1e}",
            report.k, report.outer_iterations, report.sweeps
        );
        temperature = next;
        if change < 1e-6 {
            // What is made must leave through the two surfaces.
            let fall = temperature[0] + temperature[CELLS - 1] - 2.0 * COOLANT;
            let leaves = 2.0 * CONDUCTIVITY * CELLS as f64 / WIDTH * fall;
            println!("heat through the surfaces: {leaves:.6} W/cm^2, power: {POWER} W/cm^2");
            return Ok(());
        }
    }
    println!("power and temperature do not agree after 30 passes");
    Ok(())
}
