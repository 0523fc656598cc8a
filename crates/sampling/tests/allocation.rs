//! A step of any registered sampler allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pdesolve_sampling::schedule::VarianceLinear;
use pdesolve_sampling::{
    Condition, Denoiser, GridParams, Node, Noise, Parameterisation, Problem, SamplerParams,
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

/// Data N(0, I/4), whose denoiser allocates nothing.
struct Gaussian;

impl Denoiser for Gaussian {
    fn unknowns(&self) -> usize {
        3
    }
    fn parameterisation(&self) -> Parameterisation {
        Parameterisation::Data
    }
    fn evaluate(&self, x: &[f64], node: &Node, _: Condition<'_>, out: &mut [f64]) {
        let shrink = 0.25 * node.alpha / (0.25 * node.alpha * node.alpha + node.sigma * node.sigma);
        for (out, x) in out.iter_mut().zip(x) {
            *out = shrink * x;
        }
    }
}

#[test]
fn a_step_of_every_registered_sampler_allocates_nothing() {
    let problem = Problem::new(Arc::new(VarianceLinear::default()), Arc::new(Gaussian));
    let nodes = GridParams::lambda()
        .nodes(problem.schedule.as_ref(), 20)
        .expect("a grid");
    let starts: Vec<f64> = (0..12).map(|i| f64::from(i).sin()).collect();
    // One thread: the queues of rayon find their size beforehand.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a pool");
    let mut found = Vec::new();
    pool.install(|| {
        for (name, params) in SamplerParams::presets() {
            let mut trajectory = params
                .sampler()
                .start(&problem, &nodes, starts.clone(), Noise::new(1))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let mut counts = Vec::new();
            while !trajectory.finished() && trajectory.steps() < 20 {
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                let step = trajectory.advance();
                let count = ALLOCATIONS.load(Ordering::Relaxed) - before;
                step.unwrap_or_else(|error| panic!("{name}: {error}"));
                if trajectory.steps() > 2 {
                    counts.push(count);
                }
            }
            assert!(!counts.is_empty(), "{name}: no step was counted");
            if counts.iter().any(|&count| count > 0) {
                found.push(format!("{name}: {counts:?} in its steps from the third on"));
            }
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
