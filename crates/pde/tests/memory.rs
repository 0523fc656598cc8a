//! Memory of the largest problem that the documentation promises: Allen-Cahn on 256^3 points with
//! ETDRK2 stays within 12 arrays of the field, setting up and sampling included.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pdesolve_core::Simulation;
use pdesolve_mesh::Grid;
use pdesolve_pde::TimeParams;
use pdesolve_pde::spectral::equations::AllenCahn;
use pdesolve_pde::spectral::{Scheme, Spectral, SpectralParams};

/// Counts the bytes held, and the most ever held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// A global allocator cannot be written without; it only counts and passes on.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

#[test]
fn allen_cahn_on_256_cubed_with_etdrk2_holds_at_most_12_arrays_of_the_field() {
    let n = 256;
    let grid = Grid::periodic_box(3, n, 1.0);
    let array = grid.len() * size_of::<f64>();
    let equation = AllenCahn {
        diffusivity: 1e-4,
        rate: 1.0,
    };
    let mut sim = Spectral::new(
        Arc::new(equation),
        &grid,
        &SpectralParams::new(Scheme::Etdrk2),
        &TimeParams::fixed(1.0, 0.1),
        1,
    )
    .unwrap();
    let mut u: Vec<f64> = (0..grid.len())
        .map(|i| ((i % n) as f64 * 0.1).sin() * ((i / n % n) as f64 * 0.2).cos())
        .collect();
    sim.set_field(0, 0, &u);
    for _ in 0..2 {
        sim.advance(1.0).unwrap();
    }
    sim.sample(0, &mut u);
    assert!(u.iter().all(|v| v.is_finite()));
    let arrays = MOST.load(Ordering::Relaxed) as f64 / array as f64;
    assert!(
        (1.0..=12.0).contains(&arrays),
        "{arrays:.2} arrays of the field"
    );
}
