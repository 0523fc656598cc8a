//! A step of the spectral solver allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use num_complex::Complex64;
use pdesolve_core::{FieldSpec, Simulation};
use pdesolve_mesh::{Grid, Row};
use pdesolve_pde::TimeParams;
use pdesolve_pde::spectral::{
    Operand, Scheme, Spectral, SpectralEquation, SpectralParams, Symbol, Wavenumber,
};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// A global allocator cannot be written without; it only counts and passes on.
#[allow(unsafe_code)]
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
static GLOBAL: Counting = Counting;

/// u_t = laplace u - u^2 - u u_x.
struct Reaction;

impl SpectralEquation for Reaction {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }
    fn linear(&self, _: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(-k.squared())
    }
    fn inputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }
    fn outputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::new(
            0,
            Symbol::of(|k| -1.0 - 0.5 * k.derivative(0, 1)),
        )]
    }
    fn products(&self, _: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (p, u) in products[0].iter_mut().zip(inputs[0]) {
            *p = u * u;
        }
    }
}

#[test]
fn a_step_allocates_nothing_in_any_dimension_scheme_or_pool() {
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            // A thread of rayon's registers itself for reclamation when it first steals a task,
            // which allocates: have each of them steal beforehand.
            for _ in 0..50 {
                let wait = || std::thread::sleep(std::time::Duration::from_millis(1));
                rayon::join(wait, wait);
            }
            for (dim, n, trajectories) in [(1, 64, 4), (2, 64, 1), (2, 16, 3), (3, 18, 1)] {
                for scheme in Scheme::ALL {
                    for time in [
                        TimeParams::fixed(1e3, 1e-3),
                        TimeParams::adaptive(1e3, 1e-2),
                    ] {
                        let time = TimeParams {
                            max_step: Some(1e-3),
                            first_step: Some(1e-3),
                            ..time
                        };
                        let grid = Grid::periodic_box(dim, n, 6.0);
                        let params = SpectralParams::new(scheme);
                        let equation = Arc::new(Reaction);
                        let mut sim =
                            Spectral::new(equation, &grid, &params, &time, trajectories).unwrap();
                        for trajectory in 0..trajectories {
                            let values: Vec<f64> = (0..grid.len())
                                .map(|i| (grid.position(i)[0]).sin())
                                .collect();
                            sim.set_field(trajectory, 0, &values);
                        }
                        // The first steps make coefficients, and rayon's queues find their size.
                        for _ in 0..3 {
                            sim.advance(1e3).unwrap();
                        }
                        let before = ALLOCATIONS.load(Ordering::Relaxed);
                        for _ in 0..20 {
                            sim.advance(1e3).unwrap();
                        }
                        let count = ALLOCATIONS.load(Ordering::Relaxed) - before;
                        assert_eq!(
                            count, 0,
                            "{dim}-D, {scheme:?}, {threads} threads, {time:?}: {count} in 20 steps"
                        );
                    }
                }
            }
        });
    }
}
