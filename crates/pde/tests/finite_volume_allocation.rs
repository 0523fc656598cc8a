//! A step of the finite-volume solver allocates nothing.
//!
//! Its own process, because the allocator that counts is global.

#![allow(unsafe_code)] // A counting allocator has to implement an unsafe trait.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pdesolve_core::Simulation;
use pdesolve_mesh::{Axis, Centring, Grid};
use pdesolve_pde::TimeParams;
use pdesolve_pde::finite_volume::{
    BoundaryConditions, Burgers, Condition, Diffusion, FiniteVolume, FiniteVolumeParams,
    Reconstruction, SpaceTime, cell_averages,
};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_of_steps(dim: usize, diffusion: Diffusion) -> usize {
    let axes = ['x', 'y'].map(|name| Axis::cells(name, 0.0, 1.0, 64, false).unwrap());
    let grid = Grid::new(Centring::Cell, axes[..dim].to_vec());
    let mut boundary = BoundaryConditions::default();
    for name in grid.boundaries() {
        boundary.set(name, Condition::dirichlet(0.0));
    }
    let source: SpaceTime = Arc::new(|row, out| out.fill(row.t));
    let params = FiniteVolumeParams {
        reconstruction: Reconstruction::Weno5,
        diffusion,
        ..FiniteVolumeParams::default()
    };
    let mut sim = FiniteVolume::new(
        Arc::new(Burgers { viscosity: 0.01 }),
        &grid,
        &boundary,
        Some(source),
        &params,
        &TimeParams::until(1.0),
    )
    .unwrap();
    sim.set_field(&cell_averages(&grid, 3, |x| (6.0 * x[0]).sin()));
    for _ in 0..3 {
        sim.advance(1.0).unwrap();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..20 {
        sim.advance(1.0).unwrap();
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn a_step_allocates_nothing() {
    // One thread that is a worker of the pool: rayon's own queues stay out of the count.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.build().unwrap().install(|| {
        for diffusion in [Diffusion::Explicit, Diffusion::Implicit] {
            for dim in [1, 2] {
                let count = allocations_of_steps(dim, diffusion);
                assert_eq!(count, 0, "{dim}-D, {diffusion:?}, 20 steps");
            }
        }
    });
}
