//! Prints how long set-up and solve take for a 3-D Poisson problem of N^3 unknowns, right-hand side
//! noise, to 1e-8 of the right-hand side.
//!
//! ```text
//! cargo run --release -p pdesolve-krylov --example bench_amg -- N [REPEAT] [PARAMETERS]
//! ```
//!
//! PARAMETERS is JSON of `AmgParams`, by default `{}`. The number of threads is that of rayon:
//! `RAYON_NUM_THREADS=1`. Times are the least of REPEAT runs (default 3), wall-clock and processor
//! seconds of the process: on a busy machine the latter say more.

use std::time::Instant;

use pdesolve_krylov::amg::{Amg, AmgParams};
use pdesolve_krylov::{LinearOperator, Solver, gallery, methods::Cg};

/// Processor seconds of all threads so far, where the system tells them; else NaN.
fn processor_seconds() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return f64::NAN;
    };
    tasks
        .filter_map(|task| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        })
        .sum::<f64>()
        * 1e-9
}

/// What `run` returns, with its wall-clock and processor seconds, each kept if below `least`.
fn timed<R>(least: &mut [f64; 2], run: impl FnOnce() -> R) -> R {
    let (wall, processor) = (Instant::now(), processor_seconds());
    let result = run();
    least[0] = least[0].min(wall.elapsed().as_secs_f64());
    least[1] = least[1].min(processor_seconds() - processor);
    result
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let side: usize = arguments.next().map_or(Ok(64), |s| s.parse())?;
    let repeat: usize = arguments.next().map_or(Ok(3), |s| s.parse())?;
    let params: AmgParams = serde_json::from_str(arguments.next().as_deref().unwrap_or("{}"))?;

    let a = gallery::poisson(&[side; 3]);
    let n = a.nrows();
    let b = gallery::noise(n, 1);
    let mut x = vec![0.0; n];
    let mut y = vec![0.0; n];

    let [mut product, mut set_up, mut solve] = [[f64::INFINITY; 2]; 3];
    let mut solver = Solver::new(Cg::default());
    let mut last = None;
    for _ in 0..repeat {
        for _ in 0..5 {
            timed(&mut product, || a.apply(&b, &mut y));
        }
        drop(last.take());
        let mut amg = timed(&mut set_up, || Amg::new(&a, &params))?;
        x.fill(0.0);
        let report = timed(&mut solve, || solver.solve(&a, &mut amg, &b, &mut x))?;
        last = Some((amg.info(), report));
    }
    let (info, report) = last.ok_or("at least one run")?;
    println!("{info}");
    println!(
        "memory {:.2} of the matrix ({:.1} MiB)",
        info.memory_bytes() as f64 / a.memory_bytes() as f64,
        a.memory_bytes() as f64 / f64::from(1 << 20)
    );
    println!(
        "{} iterations, {}, residual {:.2e}",
        report.iterations, report.status, report.true_relative_residual
    );
    println!("seconds       wall  processor");
    for (name, [wall, processor]) in [("A x", product), ("set-up", set_up), ("solve", solve)] {
        println!("{name:10} {wall:7.4} {processor:10.4}");
    }
    println!(
        "total      {:7.4} {:10.4}",
        set_up[0] + solve[0],
        set_up[1] + solve[1]
    );
    Ok(())
}
