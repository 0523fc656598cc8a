//! Time of one transport sweep of a slab, in ns per cell and ordinate, for every scheme.
//!
//! ```text
//! RAYON_NUM_THREADS=1 cargo run --release -p pdesolve-transport --example bench_sweep [CELLS]
//! ```
//!
//! Double Gauss S16, isotropic source, vacuum at both ends, two materials in alternating layers
//! of 10 cells; the best and the median of the rounds. One JSON line a scheme and size.
//! benches/transport/README.md says what is compared.

#![allow(clippy::print_stdout, reason = "the program's purpose is to print")]

use std::time::Instant;

use pdesolve_transport::quadrature::double_gauss;
use pdesolve_transport::{
    Boundary, CrossSections, Discretization, Geometry, Mesh, Ordinates, Scheme, Sweep, SweepSource,
    Sweeper,
};

const ORDER: usize = 16;
const ROUNDS: usize = 9;

const SCHEMES: [(&str, Scheme); 9] = [
    ("step", Scheme::Step),
    ("diamond_difference", Scheme::DiamondDifference),
    ("diamond_difference_fixup", Scheme::DiamondDifferenceFixup),
    ("step_characteristic", Scheme::StepCharacteristic),
    ("linear_discontinuous", Scheme::LinearDiscontinuous),
    (
        "lumped_linear_discontinuous",
        Scheme::LumpedLinearDiscontinuous,
    ),
    ("linear_characteristic", Scheme::LinearCharacteristic),
    ("discontinuous_galerkin2", Scheme::DiscontinuousGalerkin2),
    ("discontinuous_galerkin3", Scheme::DiscontinuousGalerkin3),
];

fn main() {
    let threads = rayon::current_num_threads();
    let asked = std::env::args()
        .nth(1)
        .map(|n| n.parse().expect("CELLS is a number"));
    for cells in asked.map_or(vec![10_000, 100_000, 1_000_000], |n| vec![n]) {
        for (name, scheme) in SCHEMES {
            let (times, middle) = time(scheme, cells);
            println!(
                "{{\"program\": \"pdesolve\", \"scheme\": \"{name}\", \"cells\": {cells}, \
                 \"ordinates\": {ORDER}, \"threads\": {threads}, \"best_ns\": {:.2}, \
                 \"median_ns\": {:.2}, \"middle\": {middle:.12}}}",
                times[0],
                times[ROUNDS / 2]
            );
        }
    }
}

/// Sorted times of the rounds, ns per cell and ordinate, and the flux in the middle cell.
fn time(scheme: Scheme, cells: usize) -> (Vec<f64>, f64) {
    let layers: Vec<(f64, usize, u32)> = (0..cells / 10)
        .map(|i| (10.0 * 100.0 / cells as f64, 10, (i % 2) as u32))
        .collect();
    let disc = Discretization::new(
        Mesh::layers(Geometry::Slab, 0.0, &layers),
        vec![
            CrossSections::one_group(1.0, 0.5),
            CrossSections::one_group(2.0, 0.5),
        ],
        Ordinates::legendre(&double_gauss(ORDER), 0),
        scheme,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
    .expect("the parts fit");
    let mut sweeper = Sweeper::new(&disc, 0);
    let mut emission = disc.zeros();
    for cell in emission.values.chunks_exact_mut(disc.dofs()) {
        cell[0] = 0.5;
    }
    let mut flux = disc.zeros();
    let mut times: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let source = SweepSource {
                emission: emission.group(0),
                angular: None,
            };
            let out = Sweep {
                flux: flux.group_mut(0),
                angular: None,
                current: None,
            };
            sweeper.sweep(&disc, &source, out);
            start.elapsed().as_secs_f64() * 1e9 / (cells * ORDER) as f64
        })
        .skip(1)
        .collect();
    times.sort_by(f64::total_cmp);
    let middle = flux.averages(0).nth(cells / 2).expect("there are cells");
    (times, middle)
}
