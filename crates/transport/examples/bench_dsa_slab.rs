//! Prints how long a slab of linear discontinuous cells takes with consistent P1 acceleration, and
//! the memory it takes at its peak.
//!
//! ```text
//! cargo run --release -p pdesolve-transport --example bench_dsa_slab -- [CELLS] [ORDER] [C] [TAU]
//! ```
//!
//! By default a million cells of TAU = 0.1 mean free paths, double Gauss of order 16, C = 0.9999,
//! an even source, vacuum on both sides, to a relative accuracy of 1e-8. The number of threads is
//! that of rayon: `RAYON_NUM_THREADS=2`. Memory counts every allocation, from before the mesh is
//! made, in numbers of 8 bytes a cell.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use pdesolve_transport::dsa::low_order;
use pdesolve_transport::params::Acceleration;
use pdesolve_transport::quadrature::double_gauss;
use pdesolve_transport::{
    Boundary, CrossSections, DiscreteOrdinatesParams, Discretization, FixedSource, Geometry, Mesh,
    Ordinates, Scheme, SourceTerms,
};

/// Bytes held now, and at most so far.
static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[allow(unsafe_code)]
// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let cells: usize = arguments.next().map_or(Ok(1_000_000), |s| s.parse())?;
    let order: usize = arguments.next().map_or(Ok(16), |s| s.parse())?;
    let c: f64 = arguments.next().map_or(Ok(0.9999), |s| s.parse())?;
    let tau: f64 = arguments.next().map_or(Ok(0.1), |s| s.parse())?;

    let start = Instant::now();
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, tau * cells as f64, cells),
        vec![CrossSections::one_group(1.0, c)],
        Ordinates::legendre(&double_gauss(order), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::Vacuum, Boundary::Vacuum],
    )?;
    let mut density = disc.zeros();
    density.values.iter_mut().step_by(2).for_each(|q| *q = 1.0);
    let mut flux = disc.zeros();
    let mut solver = FixedSource::new(&disc, &DiscreteOrdinatesParams::default());
    let ready = start.elapsed().as_secs_f64();
    let report = solver.solve(&disc, &SourceTerms::new(&density), &mut flux);
    let seconds = start.elapsed().as_secs_f64();
    let numbers = PEAK.load(Ordering::Relaxed) as f64 / 8.0 / cells as f64;
    let group = &report.groups[0];
    println!(
        "{cells} cells, S{order}, c = {c}, tau = {tau}: {seconds:.2} s, of which {ready:.2} s to get ready",
    );
    println!(
        "{} iterations, converged: {}, rho {:.4}, predicted {:.4}, middle {:.6}",
        group.iterations,
        report.converged,
        group.spectral_radius.unwrap_or(f64::NAN),
        group.predicted_spectral_radius.unwrap_or(f64::NAN),
        flux.averages(0).nth(cells / 2).unwrap_or(f64::NAN),
    );
    println!("{numbers:.1} numbers a cell at the peak");

    let mut low =
        low_order(&disc, 0, Acceleration::Consistent, &disc.totals(0)).ok_or("nothing scatters")?;
    let start = Instant::now();
    for _ in 0..5 {
        low.correct(&disc, density.group(0), flux.group_mut(0));
    }
    let each = start.elapsed().as_secs_f64() / 5.0 / cells as f64;
    println!("{:.1} ns a cell for one correction", 1e9 * each);
    Ok(())
}
