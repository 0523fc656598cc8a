//! Writes files with known values, for the read-back of `tests/vtk`:
//! `write_samples <directory>` all kinds of grids, `write_samples --loop <file> <pause in ms>` one
//! file that grows until the process is killed.
//!
//! Field `f` (numbered from 0) at sample `i` of step `k` is `1000 k + i + 0.25 f`.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use pdesolve_core::FieldSpec;
use pdesolve_io::{RunMeta, VtkHdfWriter};
use pdesolve_mesh::{Grid, MeshParams, Stretching};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--loop", path, pause] => endless(Path::new(path), pause.parse()?),
        [directory] => all(Path::new(directory)),
        _ => Err("usage: write_samples <directory> | --loop <file> <pause in ms>".into()),
    }
}

fn fields() -> Vec<FieldSpec> {
    let mut fields = vec![FieldSpec::new("u"), FieldSpec::new("v")];
    fields[1].units = "m/s".to_owned();
    fields
}

fn meta() -> RunMeta {
    RunMeta {
        case_text: "schema = 1\ntitle = \"sample\"\n".to_owned(),
        title: "sample".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: 7,
        schema: 1,
    }
}

fn frame(grid: &Grid, step: usize) -> Vec<Vec<f64>> {
    (0..2)
        .map(|field| {
            (0..grid.len())
                .map(|i| 1000.0 * step as f64 + i as f64 + 0.25 * f64::from(field))
                .collect()
        })
        .collect()
}

/// One file for each of 1-D, 2-D, 3-D, points and cells, uniform and stretched.
fn all(directory: &Path) -> Result<(), Box<dyn Error>> {
    let sizes = [vec![9], vec![9, 7], vec![6, 5, 4]];
    for size in sizes {
        let dim = size.len();
        for (centring, cells, points) in [
            ("point", None, Some(size.clone())),
            ("cell", Some(size.clone()), None),
        ] {
            for (spacing, stretching) in [
                ("uniform", Stretching::Uniform),
                ("stretched", Stretching::Tanh { strength: 1.5 }),
            ] {
                let grid = MeshParams {
                    cells: cells.clone(),
                    points: points.clone(),
                    lower: Some(vec![-1.0; dim]),
                    upper: Some(vec![1.0, 2.0, 3.0][..dim].to_vec()),
                    layers: None,
                    periodic: Some(vec![false; dim]),
                    stretching: Some(vec![stretching; dim]),
                }
                .build()
                .map_err(|errors| errors[0].clone())?;
                let path = directory.join(format!("{dim}d_{centring}_{spacing}.vtkhdf"));
                let mut writer = VtkHdfWriter::create(&path, &grid, &fields(), &meta())?;
                for step in 0..4 {
                    let time = 0.5 * step as f64;
                    writer.append_history(
                        &["time".to_owned(), "l2(u)".to_owned()],
                        &[time, 2.0 * time],
                    )?;
                    writer.append(time, &frame(&grid, step))?;
                }
                writer.finish(&[("wall_seconds", 0.5)])?;
            }
        }
    }
    Ok(())
}

fn endless(path: &Path, pause: u64) -> Result<(), Box<dyn Error>> {
    let grid = Grid::periodic_box(2, 16, 1.0);
    let mut writer = VtkHdfWriter::create(path, &grid, &fields(), &meta())?;
    for step in 0.. {
        let time = 0.5 * step as f64;
        writer.append_history(&["time".to_owned()], &[time])?;
        writer.append(time, &frame(&grid, step))?;
        std::thread::sleep(Duration::from_millis(pause));
    }
    Ok(())
}
