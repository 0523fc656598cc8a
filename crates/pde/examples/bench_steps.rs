//! Times one step of four problems and prints one JSON line each: the counterpart of the scripts
//! in `benches/peers`, whose `problems.py` repeats these numbers and formulas.
//!
//! ```text
//! cargo run --release -p pdesolve-pde --example bench_steps -- [--threads N] [--blocks N] [--quick] [--problem NAME]...
//! ```
#![allow(clippy::print_stdout, reason = "the program's purpose is to print")]

use std::error::Error;
use std::f64::consts::PI;
use std::sync::Arc;
use std::time::Instant;

use pdesolve_core::Simulation;
use pdesolve_mesh::Grid;
use pdesolve_pde::TimeParams;
use pdesolve_pde::spectral::equations::{Burgers, GrayScott, KuramotoSivashinsky, NavierStokes};
use pdesolve_pde::spectral::{Scheme, Spectral, SpectralEquation, SpectralParams};

/// Trajectories of the Kuramoto-Sivashinsky batch.
const BATCH: usize = 32;

/// A problem as `problems.py` states it; the grid has `points` points a side.
struct Problem {
    name: &'static str,
    equation: Arc<dyn SpectralEquation>,
    dim: usize,
    points: usize,
    length: f64,
    dt: f64,
    scheme: Scheme,
    scheme_name: &'static str,
    dealias: f64,
    trajectories: usize,
    fields: usize,
    /// The solutions of all programs are compared after so many steps.
    check_steps: usize,
    /// Steps timed at once.
    block_steps: usize,
    /// Value of `[trajectory][field]` at (x, y).
    initial: fn(usize, usize, f64, f64) -> f64,
}

/// sum_m cos(2 pi m x / L + 0.7 (b + 1) m^2) / m, m = 1..5.
fn ks(trajectory: usize, _field: usize, x: f64, _y: f64) -> f64 {
    let shift = 0.7 * (trajectory as f64 + 1.0);
    (1..=5)
        .map(|m| {
            let m = f64::from(m);
            (2.0 * PI / 64.0 * m * x + shift * m * m).cos() / m
        })
        .sum()
}

/// sin x + 0.5 sin(2 x + 0.7) + 0.25 cos(3 x + 1.9).
fn burgers(_trajectory: usize, _field: usize, x: f64, _y: f64) -> f64 {
    x.sin() + 0.5 * (2.0 * x + 0.7).sin() + 0.25 * (3.0 * x + 1.9).cos()
}

/// 0.5 sum cos(p x + q y + 2 p^2 + 1.3 q^2 + 0.7 p q), p = 1..4, q = -4..4.
fn navier_stokes(_trajectory: usize, _field: usize, x: f64, y: f64) -> f64 {
    let mut sum = 0.0;
    for p in 1..=4 {
        for q in -4..=4 {
            let (p, q) = (f64::from(p), f64::from(q));
            sum += (p * x + q * y + 2.0 * p * p + 1.3 * q * q + 0.7 * p * q).cos();
        }
    }
    0.5 * sum
}

/// u = 1 - g/2, v = g/4, g = ((1 + sin(4 pi x / L + 0.3) sin(6 pi y / L + 0.8)) / 2)^4.
fn gray_scott(_trajectory: usize, field: usize, x: f64, y: f64) -> f64 {
    let k = 2.0 * PI / 2.5;
    let g = ((1.0 + (2.0 * k * x + 0.3).sin() * (3.0 * k * y + 0.8).sin()) / 2.0).powi(4);
    if field == 0 { 1.0 - g / 2.0 } else { g / 4.0 }
}

fn problems() -> Vec<Problem> {
    vec![
        Problem {
            name: "ks_batch32_256",
            equation: Arc::new(KuramotoSivashinsky::default()),
            dim: 1,
            points: 256,
            length: 64.0,
            dt: 0.1,
            scheme: Scheme::Etdrk4,
            scheme_name: "etdrk4",
            dealias: 2.0 / 3.0,
            trajectories: BATCH,
            fields: 1,
            check_steps: 100,
            block_steps: 500,
            initial: ks,
        },
        Problem {
            name: "burgers_1024",
            equation: Arc::new(Burgers { viscosity: 0.01 }),
            dim: 1,
            points: 1024,
            length: 2.0 * PI,
            dt: 1e-3,
            scheme: Scheme::Etdrk4,
            scheme_name: "etdrk4",
            dealias: 2.0 / 3.0,
            trajectories: 1,
            fields: 1,
            check_steps: 500,
            block_steps: 2000,
            initial: burgers,
        },
        Problem {
            name: "navier_stokes_256x256",
            equation: Arc::new(NavierStokes {
                viscosity: 1e-3,
                drag: 0.0,
                forcing: None,
            }),
            dim: 2,
            points: 256,
            length: 2.0 * PI,
            dt: 1e-3,
            scheme: Scheme::Etdrk4,
            scheme_name: "etdrk4",
            dealias: 2.0 / 3.0,
            trajectories: 1,
            fields: 1,
            check_steps: 100,
            block_steps: 50,
            initial: navier_stokes,
        },
        Problem {
            name: "gray_scott_256x256",
            equation: Arc::new(GrayScott {
                diffusivity_u: 2e-5,
                diffusivity_v: 1e-5,
                feed: 0.04,
                kill: 0.06,
            }),
            dim: 2,
            points: 256,
            length: 2.5,
            dt: 1.0,
            scheme: Scheme::Etdrk2,
            scheme_name: "etdrk2",
            // exponax's default for this cubic equation.
            dealias: 0.5,
            trajectories: 1,
            fields: 2,
            check_steps: 100,
            block_steps: 50,
            initial: gray_scott,
        },
    ]
}

/// Options of the command line.
struct Options {
    names: Vec<String>,
    threads: usize,
    blocks: usize,
    seconds: f64,
    quick: bool,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        names: Vec::new(),
        threads: 1,
        blocks: 5,
        seconds: 10.0,
        quick: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--problem" => options.names.push(value()?),
            "--threads" => options.threads = value()?.parse()?,
            "--blocks" => options.blocks = value()?.parse()?,
            "--seconds" => options.seconds = value()?.parse()?,
            "--quick" => options.quick = true,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

fn advance(sim: &mut Spectral, steps: usize) -> Result<(), Box<dyn Error>> {
    for _ in 0..steps {
        // No output time is near: each call takes one step of the fixed size.
        sim.advance(f64::INFINITY)?;
    }
    Ok(())
}

fn time(problem: &Problem, options: &Options) -> Result<(), Box<dyn Error>> {
    let grid = Grid::periodic_box(problem.dim, problem.points, problem.length);
    let params = SpectralParams {
        dealias: problem.dealias,
        ..SpectralParams::new(problem.scheme)
    };
    let time = TimeParams::fixed(1e9, problem.dt);
    let mut sim = Spectral::new(
        Arc::clone(&problem.equation),
        &grid,
        &params,
        &time,
        problem.trajectories,
    )?;
    let mut values = vec![0.0; grid.len()];
    for trajectory in 0..problem.trajectories {
        for field in 0..problem.fields {
            for (i, value) in values.iter_mut().enumerate() {
                let [x, y, _] = grid.position(i);
                *value = (problem.initial)(trajectory, field, x, y);
            }
            sim.set_field(trajectory, field, &values);
        }
    }

    advance(&mut sim, problem.check_steps)?;
    let fields = problem.trajectories * problem.fields;
    let mut sum = 0.0;
    let mut at_point = 0.0;
    let (i, j) = (3 * problem.points / 8, problem.points / 8);
    for field in 0..fields {
        sim.sample(field, &mut values);
        sum += values.iter().map(|v| v * v).sum::<f64>();
        if field == 0 {
            let row = if problem.dim == 2 { j } else { 0 };
            at_point = values[i + problem.points * row];
        }
    }
    let rms = (sum / (fields * grid.len()) as f64).sqrt();

    let steps = (problem.block_steps / if options.quick { 10 } else { 1 }).max(5);
    let mut blocks = Vec::new();
    let begun = Instant::now();
    while blocks.len() < options.blocks
        && (blocks.is_empty() || begun.elapsed().as_secs_f64() < options.seconds)
    {
        let started = Instant::now();
        advance(&mut sim, steps)?;
        blocks.push(started.elapsed().as_secs_f64());
    }
    blocks.sort_by(f64::total_cmp);
    let middle = blocks.len() / 2;
    let median = if blocks.len() % 2 == 1 {
        blocks[middle]
    } else {
        0.5 * (blocks[middle - 1] + blocks[middle])
    };
    let us = 1e6 * median / steps as f64;
    println!(
        "{{\"peer\": \"pdesolve\", \"version\": \"{}\", \"problem\": \"{}\", \"scheme\": \"{}\", \"dt\": {}, \"threads\": {}, \"us_per_step\": {us}, \"us_per_nominal_step\": {us}, \"steps\": {}, \"checksum\": {{\"time\": {}, \"rms\": {rms:.16}, \"value\": {at_point:.16}}}}}",
        env!("CARGO_PKG_VERSION"),
        problem.name,
        problem.scheme_name,
        problem.dt,
        options.threads,
        steps * blocks.len(),
        problem.check_steps as f64 * problem.dt,
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let known = problems();
    for name in &options.names {
        if known.iter().all(|problem| problem.name != name) {
            return Err(format!("unknown problem {name}").into());
        }
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build_global()?;
    for problem in &known {
        if options.names.is_empty() || options.names.iter().any(|name| name == problem.name) {
            time(problem, &options)?;
        }
    }
    Ok(())
}
