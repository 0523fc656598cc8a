//! The products of an equation given as text allocate nothing, call after call.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use pdesolve_mesh::Row;
use pdesolve_pde::spectral::{ExpressionEquation, ExpressionParams, SpectralEquation};

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

#[test]
fn products_allocate_nothing_after_the_first_call() {
    let equations = [
        (
            "u",
            "laplace(u) - u*v^2 + sin(x)*cos(t)*u + if(u > v, u*dx(u), 0)",
        ),
        ("v", "2*laplace(v) + u*v^2 + dx(exp(-v^2)) + erf(x*y)*v"),
    ];
    let params = ExpressionParams {
        equations: equations
            .map(|(field, text)| (field.to_owned(), text.to_owned()))
            .into(),
        parameters: BTreeMap::new(),
    };
    let equation = ExpressionEquation::new(&params, &BTreeMap::new(), 2).unwrap();
    let x: Vec<f64> = (0..300).map(|i| f64::from(i) * 0.02).collect();
    let inputs = vec![x.as_slice(); equation.inputs(2).len()];
    let mut out = vec![vec![0.0; 300]; equation.outputs(2).len()];
    let mut out: Vec<&mut [f64]> = out.iter_mut().map(Vec::as_mut_slice).collect();
    let row = |t| Row {
        t,
        x: &x,
        y: 0.5,
        z: 0.0,
    };
    equation.products(row(0.0), &inputs, &mut out);
    // The test harness may allocate on its own threads once: the least of several counts.
    let counts = (0..5).map(|step| {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        equation.products(row(f64::from(step)), &inputs, &mut out);
        ALLOCATIONS.load(Ordering::Relaxed) - before
    });
    assert_eq!(counts.min(), Some(0));
    assert!(out.iter().all(|line| line.iter().all(|v| v.is_finite())));
}
