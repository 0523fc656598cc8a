//! Times geometric multigrid on the Poisson equation, beside a triad and a sparse product.
//!
//! ```text
//! cargo run --release -p pdesolve-krylov --example bench_multigrid -- 64 128
//! ```
//!
//! Every number is the processor time of one thread where the system tells it (Linux), else the time
//! on the wall; the best of several runs for single operations.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use pdesolve_krylov::fast_poisson::{FastPoisson, PoissonAxis};
use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::multigrid::{InSinglePrecision, Multigrid, MultigridParams};
use pdesolve_krylov::stencil::{DiffusionStencil, SeparableStencil};
use pdesolve_krylov::{LinearOperator, Preconditioner, Solver, gallery, vector};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Processor time of this thread in seconds.
fn processor_time(start: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

fn main() -> Result<(), Failure> {
    let mut sizes = Vec::new();
    for word in std::env::args().skip(1) {
        sizes.push(word.parse::<usize>()?);
    }
    if sizes.is_empty() {
        sizes.push(64);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| sizes.into_iter().try_for_each(measure))
}

/// Milliseconds of one run, the best of a few batches long enough for the clock.
fn best(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..4)
        .map(|_| {
            let before = processor_time(start);
            let mut runs = 0;
            loop {
                run();
                runs += 1;
                let spent = processor_time(start) - before;
                if spent > 0.1 {
                    return 1e3 * spent / f64::from(runs);
                }
            }
        })
        .fold(f64::INFINITY, f64::min)
}

fn measure(n: usize) -> Result<(), Failure> {
    let shape = [n, n, n];
    let total = n * n * n;
    println!("Poisson {n}^3, {total} unknowns, relative tolerance 1e-8");
    let (x, mut y) = (gallery::noise(total, 1), vec![0.0; total]);
    let matrix = gallery::poisson(&shape);
    let stencil = SeparableStencil::<f64>::poisson(&shape);
    let triad = best(|| vector::axpby(1.5, &x, 0.5, &mut y));
    let product = best(|| matrix.apply(&x, &mut y));
    drop(matrix);
    let apply = best(|| stencil.apply(&x, &mut y));
    let faces = (0..3).map(|_| vec![1.0; n * n * (n + 1)]).collect();
    let diffusion = DiffusionStencil::new(&shape, &[false; 3], faces, None)?;
    let variable = best(|| diffusion.apply(&x, &mut y));
    println!(
        "  y = a x + b y          {triad:8.2} ms   {:6.1} GB/s",
        total as f64 * 24e-6 / triad
    );
    println!("  sparse product         {product:8.2} ms");
    println!(
        "  stencil, constant      {apply:8.2} ms   {:6.1} times faster",
        product / apply
    );
    println!(
        "  stencil, variable      {variable:8.2} ms   {:6.1} times faster",
        product / variable
    );

    let b = gallery::noise(total, 2);
    let relative = |ms: f64| ms / product;
    for steps in [1, 2] {
        let params = MultigridParams {
            pre_smoothing: steps,
            post_smoothing: steps,
            ..MultigridParams::default()
        };
        let start = Instant::now();
        let before = processor_time(start);
        let mut double = Multigrid::new(&stencil, &params)?;
        let set_up = 1e3 * (processor_time(start) - before);
        solve(
            &format!("V({steps},{steps}) f64"),
            set_up,
            &stencil,
            &mut double,
            &b,
            relative,
        )?;
        drop(double);
        let before = processor_time(start);
        let single = Multigrid::new(&SeparableStencil::<f32>::poisson(&shape), &params)?;
        let mut single = InSinglePrecision::new(single, total);
        let set_up = 1e3 * (processor_time(start) - before);
        solve(
            &format!("V({steps},{steps}) f32"),
            set_up,
            &stencil,
            &mut single,
            &b,
            relative,
        )?;
        drop(single);
        let before = processor_time(start);
        let mut variable = Multigrid::new(&diffusion, &params)?;
        let set_up = 1e3 * (processor_time(start) - before);
        solve(
            &format!("V({steps},{steps}) variable"),
            set_up,
            &diffusion,
            &mut variable,
            &b,
            relative,
        )?;
    }

    let start = Instant::now();
    let before = processor_time(start);
    let mut direct = FastPoisson::new(&[PoissonAxis::dirichlet_points(n, 1.0); 3], 0.0)?;
    let set_up = 1e3 * (processor_time(start) - before);
    let mut u = vec![0.0; total];
    let once = best(|| direct.apply(&b, &mut u));
    stencil.residual(&b, &u, &mut y);
    let residual = vector::norm2(&y) / vector::norm2(&b);
    println!(
        "  fast Poisson           {set_up:8.2} ms set-up, {once:8.2} ms a solve = {:5.1} sparse products, residual {residual:.1e}",
        once / product
    );
    Ok(())
}

fn solve<A: LinearOperator<f64>>(
    name: &str,
    set_up: f64,
    a: &A,
    multigrid: &mut impl Preconditioner<f64>,
    b: &[f64],
    relative: impl Fn(f64) -> f64,
) -> Result<(), Failure> {
    let mut x = vec![0.0; b.len()];
    let cycle = best(|| multigrid.apply(b, &mut x));
    vector::fill(0.0, &mut x);
    let mut solver = Solver::new(Cg::default());
    let start = Instant::now();
    let before = processor_time(start);
    let report = solver.solve(a, multigrid, b, &mut x)?;
    let time = 1e3 * (processor_time(start) - before);
    println!(
        "  CG + {name:<16} {set_up:8.2} ms set-up, {cycle:8.2} ms a cycle = {:5.1} sparse products, {:3} iterations, {time:8.1} ms = {:6.1} sparse products",
        relative(cycle),
        report.iterations,
        relative(time)
    );
    Ok(())
}
