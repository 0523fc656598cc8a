//! A preconditioner of one's own, once as a fixed linear map and once as one that varies.
//!
//! `cargo run --release -p pdesolve --example custom_preconditioner`

#![allow(clippy::print_stdout)]

use pdesolve::krylov::methods::{Cg, FlexibleCg};
use pdesolve::krylov::{
    Csr, LinearOperator, Preconditioner, Solver, VaryingPreconditioner, gallery,
};

/// A few damped Jacobi steps: the same linear map every time.
struct JacobiSteps<'a> {
    matrix: &'a Csr<f64>,
    diagonal: Vec<f64>,
    steps: usize,
    product: Vec<f64>,
}

impl JacobiSteps<'_> {
    fn relax(&mut self, steps: usize, r: &[f64], z: &mut [f64]) {
        z.fill(0.0);
        for _ in 0..steps {
            self.matrix.apply(z, &mut self.product);
            for i in 0..r.len() {
                z[i] += 0.7 * (r[i] - self.product[i]) / self.diagonal[i];
            }
        }
    }
}

impl Preconditioner<f64> for JacobiSteps<'_> {
    fn apply(&mut self, r: &[f64], z: &mut [f64]) {
        self.relax(self.steps, r, z);
    }
}

/// One step more in each iteration. CG would not notice and stall: it is not accepted there, which
/// the compiler says; the flexible methods take it.
struct GrowingEffort<'a>(JacobiSteps<'a>);

impl VaryingPreconditioner<f64> for GrowingEffort<'_> {
    fn apply_varying(&mut self, r: &[f64], z: &mut [f64]) {
        let steps = self.0.steps;
        self.0.relax(steps, r, z);
        self.0.steps = (steps + 1).min(12);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let matrix = gallery::poisson(&[100, 100]);
    let n = matrix.nrows();
    let b = gallery::noise(n, 1);
    let steps = |steps| JacobiSteps {
        matrix: &matrix,
        diagonal: matrix.diagonal(),
        steps,
        product: vec![0.0; n],
    };

    let mut x = vec![0.0; n];
    let fixed = Solver::new(Cg::default()).solve(&matrix, &mut steps(3), &b, &mut x)?;
    println!("CG, three Jacobi steps: {} iterations", fixed.iterations);

    x.fill(0.0);
    let mut growing = GrowingEffort(steps(1));
    let varying = Solver::new(FlexibleCg::new(1)).solve(&matrix, &mut growing, &b, &mut x)?;
    println!(
        "flexible CG, more steps each time: {} iterations",
        varying.iterations
    );
    assert!(fixed.converged() && varying.converged());
    assert!(varying.iterations < fixed.iterations);
    Ok(())
}
