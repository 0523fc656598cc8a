//! Every pair of method and preconditioner on every problem of the gallery, and `auto` beside them.
//!
//! `cargo run --release -p pdesolve-krylov --example compare_choices [NAME ...] [--large]`
//!
//! Prints set-up and solve seconds, iterations, memory, and the time of `auto` over that of the
//! fastest pair. `--large` adds the problem of two million unknowns. Each pair runs three times and
//! the fastest counts.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use pdesolve_core::Control;
use pdesolve_krylov::choice::{
    LinearParams, LinearSolver, MethodName as M, PreconditionerName as P,
};
use pdesolve_krylov::{Csr, StoppingRule, gallery};

type Variant = (&'static str, fn(&mut LinearParams));

fn with(params: &mut LinearParams, method: M, preconditioner: P) {
    params.method = method;
    params.preconditioner = preconditioner;
}

const SYMMETRIC: &[Variant] = &[
    ("direct", |p| with(p, M::Direct, P::Auto)),
    ("cg", |p| with(p, M::Cg, P::None)),
    ("cg+jacobi", |p| with(p, M::Cg, P::Jacobi)),
    ("cg+ssor", |p| with(p, M::Cg, P::Ssor)),
    ("cg+ic0", |p| with(p, M::Cg, P::Ic0)),
    ("cg+ic0, relaxation 0.97", |p| {
        with(p, M::Cg, P::Ic0);
        p.ic0.relaxation = 0.97;
    }),
    ("cg+ict", |p| with(p, M::Cg, P::Ict)),
    ("cg+amg", |p| with(p, M::Cg, P::Amg)),
    ("cg+classical_amg", |p| with(p, M::Cg, P::ClassicalAmg)),
    ("cg+classical_amg, 2 sweeps", |p| {
        with(p, M::Cg, P::ClassicalAmg);
        p.amg.sweeps = 2;
    }),
];

const GENERAL: &[Variant] = &[
    ("direct", |p| with(p, M::Direct, P::Auto)),
    ("bicgstab+ilu0", |p| with(p, M::Bicgstab, P::Ilu0)),
    ("bicgstab+ilut", |p| with(p, M::Bicgstab, P::Ilut)),
    ("bicgstab+ilut, drop 1e-2", |p| {
        with(p, M::Bicgstab, P::Ilut);
        p.ilut.drop_tolerance = 1e-2;
    }),
    ("idr+ilut", |p| with(p, M::Idr, P::Ilut)),
    ("gmres+ilut", |p| with(p, M::Gmres, P::Ilut)),
    ("bicgstab+amg", |p| with(p, M::Bicgstab, P::Amg)),
    ("bicgstab+classical_amg", |p| {
        with(p, M::Bicgstab, P::ClassicalAmg)
    }),
    ("gmres+air", |p| with(p, M::Gmres, P::Air)),
];

const AUTO: Variant = ("auto", |_| {});

struct Run {
    label: &'static str,
    setup: f64,
    solve: f64,
    text: String,
    converged: bool,
}

fn run(a: &Csr<f64>, b: &[f64], (label, change): Variant) -> Run {
    let mut params = LinearParams {
        stop: StoppingRule {
            max_iterations: 5000,
            ..StoppingRule::default()
        },
        ..LinearParams::default()
    };
    change(&mut params);
    let mut best: Option<Run> = None;
    let repeats = if a.nrows() > 1_000_000 { 1 } else { 3 };
    for _ in 0..repeats {
        let began = Instant::now();
        let mut solver = match LinearSolver::new(a, &params) {
            Ok(solver) => solver,
            Err(error) => {
                return Run {
                    label,
                    setup: f64::INFINITY,
                    solve: 0.0,
                    text: error.to_string(),
                    converged: false,
                };
            }
        };
        let setup = began.elapsed().as_secs_f64();
        let began = Instant::now();
        let mut x = vec![0.0; a.nrows()];
        let outcome = solver
            .solve(a, b, &mut x, &mut |_| Control::Continue)
            .expect("a system that fits");
        let solve = began.elapsed().as_secs_f64();
        let report = &outcome.report;
        let this = Run {
            label,
            setup,
            solve,
            converged: report.converged(),
            text: format!(
                "{:>5} its {:>8.1} MiB  {} {}",
                report.iterations,
                outcome.memory_bytes as f64 / f64::from(1 << 20),
                if report.converged() {
                    String::new()
                } else {
                    report.status.to_string()
                },
                outcome.reason
            ),
        };
        if best
            .as_ref()
            .is_none_or(|best| setup + solve < best.setup + best.solve)
        {
            best = Some(this);
        }
    }
    best.expect("at least one run")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let large = arguments.iter().any(|a| a == "--large");
    let names: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    for (problems, pairs) in [(gallery::SPD, SYMMETRIC), (gallery::NONSYMMETRIC, GENERAL)] {
        for (name, make) in problems {
            let wanted = names.is_empty() || names.iter().any(|n| name.contains(n.as_str()));
            if !wanted || (name.contains("128^3") && !large) {
                continue;
            }
            let a = make();
            let b = gallery::noise(a.nrows(), 1);
            println!("{name}: {} rows, {} entries", a.nrows(), a.nnz());
            let mut fastest = f64::INFINITY;
            let show = |run: &Run| {
                println!(
                    "  {:<24} {:>8.3} + {:>8.3} = {:>8.3} s  {}",
                    run.label,
                    run.setup,
                    run.solve,
                    run.setup + run.solve,
                    run.text
                );
            };
            for &variant in pairs {
                // Fill makes complete factors of large 3-D problems hopeless.
                if variant.0 == "direct" && a.nrows() > 100_000 {
                    continue;
                }
                let run = run(&a, &b, variant);
                show(&run);
                if run.converged {
                    fastest = fastest.min(run.setup + run.solve);
                }
            }
            let auto = run(&a, &b, AUTO);
            show(&auto);
            println!(
                "  auto over the fastest: {:.2}",
                (auto.setup + auto.solve) / fastest
            );
        }
    }
}
