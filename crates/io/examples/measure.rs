//! Measures what the file formats cost on this machine: `measure <directory>`.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use pdesolve_core::{FieldSpec, State};
use pdesolve_io::{RunMeta, VtkHdfWriter, checkpoint};
use pdesolve_mesh::Grid;

#[allow(
    clippy::print_stdout,
    reason = "a program that prints its measurements"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args()
        .nth(1)
        .ok_or("usage: measure <directory>")?;
    let directory = Path::new(&directory);
    for (dim, n, frames) in [(1, 256, 1000), (2, 256, 100), (3, 64, 50), (3, 256, 3)] {
        let grid = Grid::periodic_box(dim, n, std::f64::consts::TAU);
        let values: Vec<f64> = (0..grid.len()).map(|i| smooth(&grid, i)).collect();
        let path = directory.join(format!("measure_{dim}d_{n}.vtkhdf"));
        let fields = [FieldSpec::new("u")];
        let started = Instant::now();
        let mut writer = VtkHdfWriter::create(&path, &grid, &fields, &RunMeta::default())?;
        let created = started.elapsed();
        let frame = [values];
        let started = Instant::now();
        for step in 0..frames {
            writer.append(step as f64, &frame)?;
        }
        let each = started.elapsed() / frames;
        writer.finish(&[])?;
        let bytes = std::fs::metadata(&path)?.len();
        println!(
            "{dim}-D n = {n}: create {created:.2?}, append {each:.2?} a frame, {} bytes a frame of {}",
            bytes / u64::from(frames),
            grid.len() * 8
        );
        std::fs::remove_file(path)?;
        let mut state = State::default();
        state.put("u", &frame[0]);
        let path = directory.join("measure.checkpoint");
        let started = Instant::now();
        checkpoint::write(&path, &state, "measure")?;
        let written = started.elapsed();
        let started = Instant::now();
        checkpoint::read(&path)?;
        println!(
            "    checkpoint: write {written:.2?}, read {:.2?}, {} bytes",
            started.elapsed(),
            std::fs::metadata(&path)?.len()
        );
        std::fs::remove_file(path)?;
    }
    Ok(())
}

/// A field with the structure, and the rounding noise, of a computed one.
fn smooth(grid: &Grid, i: usize) -> f64 {
    let [x, y, z] = grid.position(i);
    (x + (2.0 * y).sin()).sin() * (1.0 + 0.3 * (3.0 * z + x).cos()) + 1e-3 * (17.0 * x * y).sin()
}
