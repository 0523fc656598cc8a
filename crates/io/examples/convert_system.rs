//! Converts a matrix between Matrix Market and HDF5, and says what it took:
//! `convert_system IN OUT`, where OUT ends in `.h5`, `.mtx` or `.mtx.gz`.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use pdesolve_io::{linear_system, matrix_market};

#[allow(
    clippy::print_stdout,
    reason = "a program that prints its measurements"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: convert_system IN OUT".into());
    };
    let (from, to) = (Path::new(&from), Path::new(&to));
    let started = Instant::now();
    let system = linear_system::read(from, None)?;
    let read = started.elapsed();
    let started = Instant::now();
    if to.extension().is_some_and(|extension| extension == "h5") {
        linear_system::write_system(to, &system)?;
    } else {
        matrix_market::write_sparse(to, &system.matrix)?;
    }
    let written = started.elapsed();
    println!(
        "{} x {}, {} entries: read {read:.2?} ({} bytes), written {written:.2?} ({} bytes)",
        system.matrix.nrows,
        system.matrix.ncols,
        system.matrix.len(),
        std::fs::metadata(from)?.len(),
        std::fs::metadata(to)?.len(),
    );
    Ok(())
}
