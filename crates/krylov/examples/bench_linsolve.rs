//! Our side of `benches/linsolve/run`: one solver on 3-D Poisson, one line of JSON.
//!
//! ```text
//! bench_linsolve --list
//! bench_linsolve --n N --write-rhs FILE
//! bench_linsolve --n N --threads T --rhs FILE --solver NAME|kernels
//! ```
//!
//! `benches/linsolve/README.md` says what is measured and what the fields mean.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use pdesolve_core::Control;
use pdesolve_krylov::amg::Precision;
use pdesolve_krylov::choice::{
    LinearParams, LinearSolver, MethodName as M, PreconditionerName as P,
};
use pdesolve_krylov::fast_poisson::{FastPoisson, PoissonAxis};
use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::multigrid::{InSinglePrecision, Multigrid, MultigridParams};
use pdesolve_krylov::stencil::SeparableStencil;
use pdesolve_krylov::{Csr, LinearOperator, Preconditioner, Solver, gallery, vector};
use serde_json::{Value, json};

type Failure = Box<dyn Error + Send + Sync>;

/// Name and kind of each solver.
const SOLVERS: &[(&str, &str)] = &[
    ("cg", "krylov"),
    ("ic0+cg", "ic"),
    ("amg+cg", "amg"),
    ("amg_f64+cg", "amg"),
    ("classical_amg+cg", "amg"),
    ("gmg+cg", "gmg"),
    ("fast_poisson", "direct"),
    ("auto", "auto"),
];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|a| a == "--list") {
        for (name, _) in SOLVERS {
            println!("{name}");
        }
        return Ok(());
    }
    let options: HashMap<&str, &str> = arguments
        .chunks_exact(2)
        .map(|pair| (pair[0].as_str(), pair[1].as_str()))
        .collect();
    let get = |key: &str| options.get(key).copied().ok_or(format!("{key} is missing"));
    let n: usize = get("--n")?.parse()?;
    if let Some(path) = options.get("--write-rhs") {
        let bytes: Vec<u8> = gallery::noise(n * n * n, 1)
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        std::fs::write(path, bytes)?;
        return Ok(());
    }
    let threads: usize = get("--threads")?.parse()?;
    let solver = get("--solver")?;
    let b: Vec<f64> = std::fs::read(get("--rhs")?)?
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap_or_default()))
        .collect();
    if b.len() != n * n * n {
        return Err(format!("{} numbers in the file, {} wanted", b.len(), n * n * n).into());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    pool.install(|| {
        if solver == "kernels" {
            kernels(n, threads, &b);
            Ok(())
        } else {
            time(n, threads, &b, solver)
        }
    })
}

fn line(n: usize, threads: usize) -> Value {
    json!({
        "program": "pdesolve", "version": env!("CARGO_PKG_VERSION"), "problem": "poisson3d",
        "n": n, "threads": threads,
    })
}

/// Processor seconds of the process, user and system.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may hold blanks.
    let fields: Vec<&str> = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| -> f64 { fields.get(i).and_then(|t| t.parse().ok()).unwrap_or(0.0) };
    (ticks(11) + ticks(12)) / 100.0
}

/// Bytes from a line of /proc/self/status.
fn status_bytes(key: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    text.lines()
        .find_map(|line| {
            line.strip_prefix(key)?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .map_or(0, |kilobytes: usize| 1024 * kilobytes)
}

struct Clock {
    wall: Instant,
    processor: f64,
}

impl Clock {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            processor: processor_seconds(),
        }
    }

    fn read(&self) -> (f64, f64) {
        (
            self.wall.elapsed().as_secs_f64(),
            processor_seconds() - self.processor,
        )
    }
}

/// What a solver did.
struct Timed {
    set_up: (f64, f64),
    solve: (f64, f64),
    iterations: usize,
    info: Value,
}

fn time(n: usize, threads: usize, b: &[f64], name: &str) -> Result<(), Failure> {
    let kind = SOLVERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, kind)| *kind)
        .ok_or_else(|| format!("no solver {name}: see --list"))?;
    let shape = [n, n, n];
    let a = gallery::poisson(&shape);
    let mut x = vec![0.0; b.len()];
    // Resets the high-water mark of the memory.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = status_bytes("VmRSS:");
    let timed = match name {
        "gmg+cg" => geometric(&shape, b, &mut x)?,
        "fast_poisson" => fast(&shape, b, &mut x)?,
        _ => by_name(name, &a, b, &mut x)?,
    };
    let peak = status_bytes("VmHWM:").saturating_sub(before);
    let mut r = vec![0.0; b.len()];
    a.residual(b, &x, &mut r);
    let residual = vector::norm2(&r) / vector::norm2(b);
    let mut out = line(n, threads);
    let fields = json!({
        "solver": name, "kind": kind, "iterations": timed.iterations,
        "converged": residual <= 1.1e-8,
        "set_up_s": timed.set_up.0, "solve_s": timed.solve.0,
        "set_up_cpu_s": timed.set_up.1, "solve_cpu_s": timed.solve.1,
        "relative_residual": residual, "matrix_bytes": a.memory_bytes(),
        "extra_peak_bytes": peak,
    });
    for part in [fields, timed.info] {
        if let (Some(out), Value::Object(part)) = (out.as_object_mut(), part) {
            out.extend(part);
        }
    }
    println!("{out}");
    Ok(())
}

fn by_name(name: &str, a: &Csr<f64>, b: &[f64], x: &mut [f64]) -> Result<Timed, Failure> {
    let (method, preconditioner) = match name {
        "cg" => (M::Cg, P::None),
        "ic0+cg" => (M::Cg, P::Ic0),
        "classical_amg+cg" => (M::Cg, P::ClassicalAmg),
        "auto" => (M::Auto, P::Auto),
        _ => (M::Cg, P::Amg),
    };
    let mut params = LinearParams {
        method,
        preconditioner,
        ..LinearParams::default()
    };
    if name == "amg_f64+cg" {
        params.amg.precision = Precision::Double;
    }
    let clock = Clock::start();
    let mut solver = LinearSolver::new(a, &params)?;
    let set_up = clock.read();
    let clock = Clock::start();
    let outcome = solver.solve(a, b, x, &mut |_| Control::Continue)?;
    Ok(Timed {
        set_up,
        solve: clock.read(),
        iterations: outcome.report.iterations,
        info: json!({
            "method": outcome.method, "preconditioner": outcome.preconditioner,
            "preconditioner_bytes": outcome.memory_bytes,
        }),
    })
}

fn geometric(shape: &[usize], b: &[f64], x: &mut [f64]) -> Result<Timed, Failure> {
    let stencil = SeparableStencil::<f64>::poisson(shape);
    let clock = Clock::start();
    let hierarchy = Multigrid::new(
        &SeparableStencil::<f32>::poisson(shape),
        &MultigridParams::default(),
    )?;
    let mut cycle = InSinglePrecision::new(hierarchy, b.len());
    let set_up = clock.read();
    let clock = Clock::start();
    let report = Solver::new(Cg::default()).solve(&stencil, &mut cycle, b, x)?;
    Ok(Timed {
        set_up,
        solve: clock.read(),
        iterations: report.iterations,
        info: json!({}),
    })
}

fn fast(shape: &[usize], b: &[f64], x: &mut [f64]) -> Result<Timed, Failure> {
    let axes: Vec<PoissonAxis> = shape
        .iter()
        .map(|&n| PoissonAxis::dirichlet_points(n, 1.0))
        .collect();
    let clock = Clock::start();
    let mut solver = FastPoisson::<f64>::new(&axes, 0.0)?;
    let set_up = clock.read();
    let clock = Clock::start();
    solver.apply(b, x);
    Ok(Timed {
        set_up,
        solve: clock.read(),
        iterations: 1,
        info: json!({}),
    })
}

/// Seconds of the best pass.
fn best(passes: usize, mut run: impl FnMut()) -> f64 {
    run();
    (0..passes)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

fn kernels(n: usize, threads: usize, x: &[f64]) {
    let rows = x.len();
    let show = |kernel: &str, seconds: f64, bytes: usize| {
        let mut out = line(n, threads);
        out["kernel"] = json!(kernel);
        out["seconds"] = json!(seconds);
        out["bytes"] = json!(bytes);
        println!("{out}");
    };
    {
        let entries = 20_000_000;
        let (b, c) = (vec![1.0; entries], vec![2.0; entries]);
        let mut a = vec![0.0; entries];
        let seconds = best(10, || {
            vector::for_blocks(&mut a, &|start, a: &mut [f64]| {
                for ((a, b), c) in a.iter_mut().zip(&b[start..]).zip(&c[start..]) {
                    *a = b + 3.0 * c;
                }
            });
        });
        show("triad", seconds, 24 * entries);
    }
    let mut y = vec![0.0; rows];
    let stencil = SeparableStencil::<f64>::poisson(&[n, n, n]);
    show("stencil", best(20, || stencil.apply(x, &mut y)), 16 * rows);
    let a = gallery::poisson(&[n, n, n]);
    let seconds = best(20, || a.apply(x, &mut y));
    show("spmv", seconds, 12 * a.nnz() + 20 * rows);
}
