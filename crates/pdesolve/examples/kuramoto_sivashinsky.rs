//! A simulation code that uses pdesolve as a library: builds a Kuramoto-Sivashinsky problem,
//! advances it, looks at each step, and writes a file that ParaView opens.
//!
//! ```text
//! cargo run --release -p pdesolve --example kuramoto_sivashinsky [OUTPUT.vtkhdf]
//! ```

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pdesolve::pde::spectral::equations::KuramotoSivashinsky;
use pdesolve::prelude::*;

/// Writes each frame, and keeps the extremes of the energy over all steps.
struct Watch<'a> {
    writer: VtkHdfWriter,
    grid: &'a Grid,
    frame: Vec<f64>,
    energy: (f64, f64),
}

impl Observer for Watch<'_> {
    type Error = pdesolve::io::IoError;

    fn step(&mut self, sim: &mut dyn Simulation, _: &Step) -> Result<Control, Self::Error> {
        sim.sample(0, &mut self.frame);
        let norm = Norms::of(self.grid, &self.frame).l2;
        let energy = 0.5 * norm * norm / self.grid.volume();
        self.energy = (self.energy.0.min(energy), self.energy.1.max(energy));
        Ok(Control::Continue)
    }

    fn output(&mut self, sim: &mut dyn Simulation) -> Result<(), Self::Error> {
        sim.sample(0, &mut self.frame);
        self.writer
            .append(sim.time(), std::slice::from_ref(&self.frame))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("out/ks_example.vtkhdf"), PathBuf::from);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;

    // The problem: u_t + u u_x + u_xx + u_xxxx = 0 on [0, 32 pi), 384 points.
    let grid = Grid::periodic_box(1, 384, 32.0 * std::f64::consts::PI);
    let equation = Arc::new(KuramotoSivashinsky::default());
    let time = TimeParams::fixed(100.0, 0.02);
    let mut ks = Spectral::new(equation, &grid, &SpectralParams::default(), &time, 1)?;
    let u0: Vec<f64> = grid.axes()[0]
        .samples()
        .iter()
        .map(|x| (x / 16.0).cos() * (1.0 + (x / 16.0).sin()))
        .collect();
    ks.set_field(0, 0, &u0);

    // The file, and the observer that fills it.
    let meta = RunMeta {
        title: "Kuramoto-Sivashinsky from Rust".to_owned(),
        ..RunMeta::default()
    };
    let mut watch = Watch {
        writer: VtkHdfWriter::create(&path, &grid, &ks.fields(), &meta)?,
        grid: &grid,
        frame: vec![0.0; grid.len()],
        energy: (f64::INFINITY, 0.0),
    };
    watch.output(&mut ks)?;

    // The run: frames at t = 1, 2, ..., 100.
    let outputs: Vec<f64> = (1..=100).map(f64::from).collect();
    let report = drive(&mut ks, &outputs, &mut watch)?;

    println!(
        "{} steps to t = {} in {:.3} s; energy between {:.4} and {:.4}; wrote {}",
        report.steps,
        report.time,
        report.wall_seconds,
        watch.energy.0,
        watch.energy.1,
        path.display()
    );
    Ok(())
}
