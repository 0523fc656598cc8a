//! A sparse system of nalgebra in five lines.
//!
//! `cargo run --release -p pdesolve --example solve_nalgebra_sparse`

#![allow(clippy::print_stdout)]

use nalgebra_sparse::{CooMatrix, CsrMatrix};
use pdesolve::core::Control;
use pdesolve::krylov::Csr;
use pdesolve::krylov::choice::{LinearParams, LinearSolver};

/// Second differences on an m x m grid.
fn laplacian(m: usize) -> CsrMatrix<f64> {
    let mut entries = CooMatrix::new(m * m, m * m);
    for row in 0..m * m {
        entries.push(row, row, 4.0);
        let (i, j) = (row % m, row / m);
        for (there, neighbour) in [
            (i > 0, row.wrapping_sub(1)),
            (i + 1 < m, row + 1),
            (j > 0, row.wrapping_sub(m)),
            (j + 1 < m, row + m),
        ] {
            if there {
                entries.push(row, neighbour, -1.0);
            }
        }
    }
    CsrMatrix::from(&entries)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let matrix = laplacian(200);
    let b = vec![1.0; matrix.nrows()];

    let a = Csr::try_from(&matrix)?;
    let mut x = vec![0.0; a.ncols()];
    let mut solver = LinearSolver::new(&a, &LinearParams::default())?;
    let outcome = solver.solve(&a, &b, &mut x, &mut |_| Control::Continue)?;
    assert!(outcome.report.converged(), "{}", outcome.report.status);

    println!(
        "{} with {}: {} iterations, true residual {:.1e}",
        outcome.method,
        outcome.preconditioner,
        outcome.report.iterations,
        outcome.report.true_relative_residual
    );
    Ok(())
}
