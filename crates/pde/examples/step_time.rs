//! Time per step of four standard problems, by 1 and 2 threads.
//!
//! `cargo run --release -p pdesolve-pde --example step_time [repetitions]`
//!
//! Each number is the least over the repetitions, which is what other work on the machine
//! disturbs least.
#![allow(clippy::print_stdout)]

use std::f64::consts::{PI, TAU};
use std::sync::Arc;
use std::time::Instant;

use num_complex::Complex64;
use pdesolve_core::{FieldSpec, Simulation};
use pdesolve_mesh::{Grid, Row};
use pdesolve_pde::TimeParams;
use pdesolve_pde::spectral::{
    Operand, Scheme, Spectral, SpectralEquation, SpectralParams, Symbol, Wavenumber,
};

/// u_t = L u - (u^2)_x / 2.
struct Convective(fn(Wavenumber) -> f64);

impl SpectralEquation for Convective {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }
    fn linear(&self, _: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(self.0(k))
    }
    fn inputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }
    fn outputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::derivative(0, 1, -0.5))]
    }
    fn products(&self, _: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (p, u) in products[0].iter_mut().zip(inputs[0]) {
            *p = u * u;
        }
    }
}

/// 2-D Navier-Stokes, w_t = nu laplace w - u.grad w.
struct Vorticity;

impl SpectralEquation for Vorticity {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("vorticity")]
    }
    fn linear(&self, _: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(-1e-3 * k.squared())
    }
    fn inputs(&self, _: usize) -> Vec<Operand> {
        // u = psi_y, v = -psi_x, laplace psi = -w.
        let velocity = |axis: usize, sign: f64| {
            Symbol::of(move |k| {
                if k.squared() == 0.0 {
                    Complex64::ZERO
                } else {
                    sign * k.derivative(axis, 1) / k.squared()
                }
            })
        };
        vec![
            Operand::new(0, velocity(1, 1.0)),
            Operand::new(0, velocity(0, -1.0)),
            Operand::new(0, Symbol::derivative(0, 1, 1.0)),
            Operand::new(0, Symbol::derivative(1, 1, 1.0)),
        ]
    }
    fn outputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::Constant(-1.0))]
    }
    fn products(&self, _: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        // Slices of one known length: without, every index is checked and nothing vectorises.
        let p = &mut products[0][..];
        let n = p.len();
        let [u, v, wx, wy] = [0, 1, 2, 3].map(|i| &inputs[i][..n]);
        for (i, p) in p.iter_mut().enumerate() {
            *p = u[i] * wx[i] + v[i] * wy[i];
        }
    }
}

/// Gray-Scott with feed 0.04 and kill 0.06.
struct GrayScott;

impl SpectralEquation for GrayScott {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u"), FieldSpec::new("v")]
    }
    fn linear(&self, field: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(if field == 0 {
            -2e-5 * k.squared() - 0.04
        } else {
            -1e-5 * k.squared() - 0.1
        })
    }
    fn inputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::identity(0), Operand::identity(1)]
    }
    fn outputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::identity(0), Operand::identity(1)]
    }
    fn products(&self, _: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        let [p, q] = products else { return };
        let n = p.len();
        let (u, v, q) = (&inputs[0][..n], &inputs[1][..n], &mut q[..n]);
        for (i, p) in p.iter_mut().enumerate() {
            q[i] = u[i] * v[i] * v[i];
            *p = 0.04 - q[i];
        }
    }
}

/// u_t = nu laplace u + u - u^3.
struct AllenCahn;

impl SpectralEquation for AllenCahn {
    fn fields(&self) -> Vec<FieldSpec> {
        vec![FieldSpec::new("u")]
    }
    fn linear(&self, _: usize, k: Wavenumber) -> Complex64 {
        Complex64::from(1.0 - 1e-2 * k.squared())
    }
    fn inputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::identity(0)]
    }
    fn outputs(&self, _: usize) -> Vec<Operand> {
        vec![Operand::new(0, Symbol::Constant(-1.0))]
    }
    fn products(&self, _: Row<'_>, inputs: &[&[f64]], products: &mut [&mut [f64]]) {
        for (p, u) in products[0].iter_mut().zip(inputs[0]) {
            *p = u * u * u;
        }
    }
}

struct Problem {
    name: &'static str,
    equation: Arc<dyn SpectralEquation>,
    dim: usize,
    n: usize,
    length: f64,
    trajectories: usize,
    scheme: Scheme,
    h: f64,
    steps: usize,
}

fn microseconds(
    problem: &Problem,
    repetitions: usize,
) -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
    let grid = Grid::periodic_box(problem.dim, problem.n, problem.length);
    let time = TimeParams::fixed(1e9, problem.h);
    let params = SpectralParams::new(problem.scheme);
    let equation = Arc::clone(&problem.equation);
    let mut sim = Spectral::new(equation, &grid, &params, &time, problem.trajectories)?;
    let fields = sim.fields().len() / problem.trajectories;
    for trajectory in 0..problem.trajectories {
        for field in 0..fields {
            let values: Vec<f64> = (0..grid.len())
                .map(|i| {
                    let [x, y, z] = grid.position(i).map(|x| TAU * x / problem.length);
                    0.3 + 0.2 * (2.0 * x + trajectory as f64).sin() * (y + z + field as f64).cos()
                })
                .collect();
            sim.set_field(trajectory, field, &values);
        }
    }
    let mut best = f64::INFINITY;
    sim.advance(1e9)?;
    for _ in 0..repetitions {
        let started = Instant::now();
        for _ in 0..problem.steps {
            sim.advance(1e9)?;
        }
        best = best.min(started.elapsed().as_secs_f64() / problem.steps as f64);
    }
    Ok(1e6 * best)
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let repetitions = arguments.next().map_or(Ok(15), |a| a.parse())?;
    let wanted = arguments.next().unwrap_or_default();
    let ks: Arc<dyn SpectralEquation> = Arc::new(Convective(|k| k.squared() - k.squared().powi(2)));
    let problem = |name, equation, dim, n, length, trajectories, scheme, h, steps| Problem {
        name,
        equation,
        dim,
        n,
        length,
        trajectories,
        scheme,
        h,
        steps,
    };
    let fast = Scheme::Etdrk4;
    let mut problems = vec![
        problem(
            "ks 1-D 32 x 256 etdrk4",
            ks,
            1,
            256,
            64.0,
            32,
            fast,
            0.1,
            50,
        ),
        problem(
            "burgers 1-D 1024 etdrk4",
            Arc::new(Convective(|k| -0.05 * k.squared())) as _,
            1,
            1024,
            TAU,
            1,
            fast,
            1e-3,
            500,
        ),
        problem(
            "navier-stokes 2-D 256^2 etdrk4",
            Arc::new(Vorticity),
            2,
            256,
            TAU,
            1,
            fast,
            1e-3,
            10,
        ),
        problem(
            "gray-scott 2-D 256^2 etdrk4",
            Arc::new(GrayScott),
            2,
            256,
            2.5,
            1,
            fast,
            1.0,
            10,
        ),
    ];
    if wanted == "allen-cahn" {
        problems = vec![problem(
            "allen-cahn 3-D 256^3 etdrk2",
            Arc::new(AllenCahn),
            3,
            256,
            2.0 * PI,
            1,
            Scheme::Etdrk2,
            1e-2,
            1,
        )];
    }
    for problem in problems.iter().filter(|p| p.name.contains(&wanted)) {
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()?;
            let time = pool.install(|| microseconds(problem, repetitions))?;
            println!(
                "{:32} {threads} threads: {time:10.1} us a step",
                problem.name
            );
        }
    }
    Ok(())
}
