//! Conjugate gradients without a matrix: the operator is a loop.
//!
//! ```text
//! -u'' = f on (0, 1),  u(0) = u(1) = 0,  f = pi^2 sin(pi x),  u = sin(pi x)
//! ```
//!
//! `cargo run --release -p pdesolve --example matrix_free_operator`

#![allow(clippy::print_stdout)]

use std::f64::consts::PI;

use pdesolve::krylov::methods::Cg;
use pdesolve::krylov::{Identity, LinearOperator, Solver, StoppingRule};

/// Second differences on n points between 0 and 1, with zero at both ends.
struct SecondDifferences {
    n: usize,
}

impl LinearOperator<f64> for SecondDifferences {
    fn nrows(&self) -> usize {
        self.n
    }

    fn ncols(&self) -> usize {
        self.n
    }

    fn apply(&self, u: &[f64], y: &mut [f64]) {
        let h = 1.0 / (self.n + 1) as f64;
        for i in 0..self.n {
            let left = if i > 0 { u[i - 1] } else { 0.0 };
            let right = u.get(i + 1).copied().unwrap_or(0.0);
            y[i] = (2.0 * u[i] - left - right) / (h * h);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let operator = SecondDifferences { n: 199 };
    let x: Vec<f64> = (1..=199).map(|i| f64::from(i) / 200.0).collect();
    let f: Vec<f64> = x.iter().map(|x| PI * PI * (PI * x).sin()).collect();
    let mut u = vec![0.0; 199];

    let mut solver = Solver::with_rule(Cg::default(), StoppingRule::relative(1e-10));
    let report = solver.solve(&operator, &mut Identity, &f, &mut u)?;

    let error = x
        .iter()
        .zip(&u)
        .map(|(x, u)| (u - (PI * x).sin()).abs())
        .fold(0.0, f64::max);
    println!(
        "{} after {} iterations, true residual {:.1e}, error {error:.1e}",
        report.status, report.iterations, report.true_relative_residual
    );
    assert!(report.converged() && error < 1e-4);
    Ok(())
}
