//! Grids and values the tests share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of several test binaries, each of which uses a part"
)]

use pdesolve_core::FieldSpec;
use pdesolve_io::RunMeta;
use pdesolve_mesh::{Grid, MeshParams, Stretching};

/// Every kind of grid: 1-D to 3-D, points and cells, uniform and stretched, periodic and not.
pub fn grids() -> Vec<Grid> {
    let mut grids = Vec::new();
    for size in [vec![9], vec![9, 7], vec![6, 5, 4]] {
        for cells in [true, false] {
            for periodic in [true, false] {
                for stretching in [
                    Stretching::Uniform,
                    Stretching::Tanh { strength: 1.5 },
                    Stretching::Geometric { ratio: 4.0 },
                ] {
                    let dim = size.len();
                    let grid = MeshParams {
                        cells: cells.then(|| size.clone()),
                        points: (!cells).then(|| size.clone()),
                        lower: Some(vec![-1.0 / 3.0; dim]),
                        upper: Some(vec![std::f64::consts::PI; dim]),
                        layers: None,
                        periodic: Some(vec![periodic; dim]),
                        stretching: Some(vec![stretching; dim]),
                    };
                    grids.push(grid.build().unwrap());
                }
            }
        }
    }
    grids
}

pub fn fields() -> Vec<FieldSpec> {
    let mut fields = vec![FieldSpec::new("u"), FieldSpec::new("temperature")];
    fields[1].units = "K".to_owned();
    fields
}

/// Values with all kinds of bits, different for each field, step and sample.
pub fn values(grid: &Grid, step: usize) -> Vec<Vec<f64>> {
    (0..2)
        .map(|field| {
            (0..grid.len())
                .map(|i| ((1 + i + 1000 * step) as f64).sqrt() * (field as f64 - 0.5))
                .collect()
        })
        .collect()
}

pub fn meta() -> RunMeta {
    RunMeta {
        case_text: "title = \"Wärme\"\n# \u{3bd} = 0.1\n".to_owned(),
        title: "Wärme".to_owned(),
        version: "0.1.0".to_owned(),
        seed: u64::MAX,
        schema: 1,
    }
}

pub fn names() -> Vec<String> {
    ["time", "step", "l2(u)", "flux/area"]
        .map(str::to_owned)
        .to_vec()
}

pub fn row(step: usize) -> Vec<f64> {
    let t = 0.1 * step as f64;
    vec![t, step as f64, t.cos(), 1.0 / (1.0 + t)]
}
