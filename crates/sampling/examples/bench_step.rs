//! Time of one step of DPM-Solver++ 2M without its model, over that of a plain loop.
//!
//! ```text
//! cargo run --release -p pdesolve-sampling --example bench_step [UNKNOWNS [ROUNDS]]
//! ```
//!
//! The plain loop is x = a x + w m_0 + b (m_0 - m_1) over the same number of values, with predictions
//! that the same model has just written; where the model predicts noise, it first turns m_0 into data,
//! m_0 = c x + d m_0, in the same pass. The model times itself; its time is subtracted on both
//! sides. Rounds of both take turns; best and median are over the steps of all rounds. One thread.
//! benches/sampling/README.md says what is compared.

#![allow(clippy::print_stdout, reason = "the program's purpose is to print")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use pdesolve_sampling::exponential::Form;
use pdesolve_sampling::samplers::DpmSolverMultistep;
use pdesolve_sampling::schedule::VarianceLinear;
use pdesolve_sampling::{
    Condition, Denoiser, GridParams, Node, Noise, Parameterisation, Problem, Sampler,
};

const STEPS: usize = 20;

/// Data N(0, 1/4), with the time that its calls took.
#[derive(Debug)]
struct Timed {
    predicts: Parameterisation,
    nanoseconds: AtomicU64,
}

impl Timed {
    fn take(&self) -> u64 {
        self.nanoseconds.swap(0, Ordering::Relaxed)
    }
}

impl Denoiser for Timed {
    fn unknowns(&self) -> usize {
        1
    }
    fn parameterisation(&self) -> Parameterisation {
        self.predicts
    }
    fn evaluate(&self, x: &[f64], node: &Node, _: Condition<'_>, out: &mut [f64]) {
        let begin = Instant::now();
        let variance = 0.25 * node.alpha * node.alpha + node.sigma * node.sigma;
        let factor = match self.predicts {
            Parameterisation::Data => 0.25 * node.alpha / variance,
            _ => node.sigma / variance,
        };
        for (out, x) in out.iter_mut().zip(x) {
            *out = factor * x;
        }
        let spent = begin.elapsed().as_nanos() as u64;
        self.nanoseconds.fetch_add(spent, Ordering::Relaxed);
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|n| n.parse::<usize>());
    let mut next = |default| arguments.next().map_or(default, |n| n.expect("a number"));
    let unknowns = next(1_000_000);
    let rounds = next(9).max(1);
    for (name, predicts) in [
        ("data", Parameterisation::Data),
        ("noise", Parameterisation::Noise),
    ] {
        let model = Arc::new(Timed {
            predicts,
            nanoseconds: AtomicU64::new(0),
        });
        let problem = Problem::new(Arc::new(VarianceLinear::default()), model.clone());
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), STEPS)
            .expect("the default schedule");
        let (mut ours, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            ours.extend(step_times(&problem, &model, &nodes, unknowns));
            plain.extend(loop_times(&model, &nodes, unknowns));
        }
        ours.sort_unstable();
        plain.sort_unstable();
        let figures = |times: &[u64]| (times[0], times[times.len() / 2]);
        let ((step, step_median), (loop_, loop_median)) = (figures(&ours), figures(&plain));
        println!(
            "{{\"predicts\": \"{name}\", \"unknowns\": {unknowns}, \"rounds\": {rounds}, \
             \"step_us\": {:.1}, \"loop_us\": {:.1}, \"ratio\": {:.3}, \
             \"median_step_us\": {:.1}, \"median_loop_us\": {:.1}}}",
            step as f64 * 1e-3,
            loop_ as f64 * 1e-3,
            step as f64 / loop_ as f64,
            step_median as f64 * 1e-3,
            loop_median as f64 * 1e-3,
        );
    }
}

fn starts(unknowns: usize) -> Vec<f64> {
    (0..unknowns).map(|i| (i as f64).sin()).collect()
}

/// Nanoseconds of each second-order step of one trajectory, without the model.
fn step_times(problem: &Problem, model: &Timed, nodes: &[Node], unknowns: usize) -> Vec<u64> {
    let mut trajectory = DpmSolverMultistep::new(2, Form::Data)
        .start(problem, nodes, starts(unknowns), Noise::new(1))
        .expect("a grid that ends in noise");
    let mut times = Vec::new();
    while !trajectory.finished() {
        model.take();
        let begin = Instant::now();
        trajectory.advance().expect("finite numbers");
        let spent = begin.elapsed().as_nanos() as u64;
        times.push(spent.saturating_sub(model.take()));
    }
    black_box(trajectory.batch());
    // The first step is of first order, the second the first to touch the older prediction.
    times.split_off(2)
}

/// The same of the loop.
fn loop_times(model: &Timed, nodes: &[Node], unknowns: usize) -> Vec<u64> {
    let mut x = starts(unknowns);
    let (mut newest, mut older) = (vec![0.0; unknowns], vec![0.0; unknowns]);
    let mut times = Vec::new();
    for node in &nodes[..STEPS] {
        model.evaluate(&x, node, Condition::None, &mut newest);
        let (a, w, b) = black_box((0.9, 0.1, 0.05));
        let (c, d) = black_box((1.1, -0.1));
        let begin = Instant::now();
        if model.predicts == Parameterisation::Data {
            for ((x, m0), m1) in x.iter_mut().zip(&newest).zip(&older) {
                *x = a * *x + w * m0 + b * (m0 - m1);
            }
        } else {
            for ((x, m0), m1) in x.iter_mut().zip(&mut newest).zip(&older) {
                *m0 = c * *x + d * *m0;
                *x = a * *x + w * *m0 + b * (*m0 - m1);
            }
        }
        times.push(begin.elapsed().as_nanos() as u64);
        black_box(&x);
        std::mem::swap(&mut newest, &mut older);
    }
    times.split_off(2)
}
