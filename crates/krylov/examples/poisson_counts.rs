//! Iterations and seconds of preconditioned CG on the 7-point Laplacian with noise as right-hand
//! side, to a relative residual of 1e-8 (and the count at 1e-4).
//!
//! `cargo run --release -p pdesolve-krylov --example poisson_counts -- 64 5` takes 64^3 unknowns
//! and the seeds 1 to 5. `RAYON_NUM_THREADS` sets the threads.
//!
//! Reference counts (PETSc, AMGCL and SciPy agree): CG 228 and IC(0) 76 at 64^3, 449 and 143 at
//! 128^3; 131 and 42 at 64^3 to 1e-4.

use std::time::Instant;

use pdesolve_krylov::methods::Cg;
use pdesolve_krylov::preconditioners::{
    Chebyshev, ChebyshevParams, Ic0, Ic0Params, Ict, IctParams, Ilu0, Ilu0Params, Jacobi,
    JacobiParams, SetupError, SinglePrecision, Ssor, SsorParams,
};
use pdesolve_krylov::{Csr, Identity, Preconditioner, Solver, StoppingRule, gallery};

type Made<'a> = Result<Box<dyn Preconditioner<f64> + 'a>, SetupError>;

fn make<'a>(name: &str, a: &'a Csr<f64>) -> Made<'a> {
    let relaxed = Ic0Params {
        relaxation: 0.97,
        ..Ic0Params::default()
    };
    Ok(match name {
        "IC(0)" => Box::new(Ic0::new(a, &Ic0Params::default())?),
        "IC(0) in f32" => {
            let inner = Ic0::new(&a.map(|v| v as f32), &Ic0Params::default())?;
            Box::new(SinglePrecision::new(inner, a.nrows()))
        }
        "MIC(0), 0.97" => Box::new(Ic0::new(a, &relaxed)?),
        "ILU(0)" => Box::new(Ilu0::new(a, &Ilu0Params::default())?),
        "ICT(1e-3, 3)" => Box::new(Ict::new(a, &IctParams::default())?),
        "SSOR(1)" => Box::new(Ssor::new(a, &SsorParams::default())?),
        "Jacobi" => Box::new(Jacobi::new(a, &JacobiParams::default())?),
        "Chebyshev(3)" => Box::new(Chebyshev::new(a, &ChebyshevParams::default())?),
        _ => Box::new(Identity),
    })
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let m: usize = arguments.next().map_or(Ok(64), |v| v.parse())?;
    let seeds: u64 = arguments.next().map_or(Ok(1), |v| v.parse())?;
    let only = arguments.next();
    let a = gallery::poisson(&[m, m, m]);
    let n = a.nrows();
    let mut x = vec![0.0; n];
    println!(
        "{m}^3 unknowns, {} threads",
        std::env::var("RAYON_NUM_THREADS").unwrap_or_else(|_| "all".to_owned())
    );
    println!(
        "{:<16}{:>5}{:>8}{:>8}{:>10}{:>10}{:>14}",
        "preconditioner", "seed", "1e-4", "1e-8", "set-up s", "solve s", "ms/iteration"
    );
    for name in [
        "none",
        "IC(0)",
        "IC(0) in f32",
        "MIC(0), 0.97",
        "ILU(0)",
        "ICT(1e-3, 3)",
        "SSOR(1)",
        "Chebyshev(3)",
    ] {
        if only.as_deref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        for seed in 1..=seeds {
            let b = gallery::noise(n, seed);
            let start = Instant::now();
            let mut preconditioner = make(name, &a)?;
            let set_up = start.elapsed().as_secs_f64();
            let mut solver = Solver::with_rule(Cg::default(), StoppingRule::relative(1e-8));
            x.fill(0.0);
            let start = Instant::now();
            let report = solver.solve(&a, &mut preconditioner, &b, &mut x)?;
            let solve = start.elapsed().as_secs_f64();
            let target = 1e-4 * solver.history()[0];
            let coarse = solver.history().iter().position(|r| *r <= target);
            println!(
                "{name:<16}{seed:>5}{:>8}{:>8}{set_up:>10.3}{solve:>10.3}{:>14.2}",
                coarse.unwrap_or(0),
                report.iterations,
                1e3 * solve / report.iterations as f64
            );
        }
    }
    Ok(())
}
