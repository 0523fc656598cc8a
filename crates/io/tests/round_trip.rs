//! What the writer wrote, the reader gives back.

mod common;

use common::{fields, grids, meta, names, row, values};
use pdesolve_io::{IoError, VtkHdfFile, VtkHdfWriter};
use pdesolve_mesh::Grid;

/// Writes `steps` frames at t = 0, 0.1, ... with a row of history each.
fn write(path: &std::path::Path, grid: &Grid, steps: usize) -> VtkHdfWriter {
    let mut writer = VtkHdfWriter::create(path, grid, &fields(), &meta()).unwrap();
    for step in 0..steps {
        writer.append_history(&names(), &row(step)).unwrap();
        writer
            .append(0.1 * step as f64, &values(grid, step))
            .unwrap();
    }
    writer
}

fn assert_holds(path: &std::path::Path, grid: &Grid, steps: usize) {
    let file = VtkHdfFile::open(path).unwrap();
    assert_eq!(file.grid(), grid);
    assert_eq!(file.fields(), fields());
    assert_eq!(file.meta(), &meta());
    let times: Vec<f64> = (0..steps).map(|step| 0.1 * step as f64).collect();
    assert_eq!(file.times(), times);
    for step in 0..steps {
        for (field, expected) in fields().iter().zip(values(grid, step)) {
            let found = file.read(&field.name, step).unwrap();
            assert!(
                found
                    .iter()
                    .map(|v| v.to_bits())
                    .eq(expected.iter().map(|v| v.to_bits())),
                "{} at step {step}",
                field.name
            );
        }
    }
    let (found, rows) = file.history().unwrap();
    assert_eq!(found, names());
    assert_eq!(rows, (0..steps).map(row).collect::<Vec<_>>());
}

#[test]
fn every_kind_of_grid_comes_back_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    for (i, grid) in grids().iter().enumerate() {
        let path = directory.path().join(format!("{i}.vtkhdf"));
        write(&path, grid, 3).finish(&[("wall", 1.5)]).unwrap();
        assert_holds(&path, grid, 3);
        let file = VtkHdfFile::open(&path).unwrap();
        assert_eq!(file.summary(), [("wall".to_owned(), 1.5)]);
    }
}

#[test]
fn a_step_larger_than_a_chunk_comes_back_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.vtkhdf");
    let grid = Grid::periodic_box(3, 90, 1.0);
    write(&path, &grid, 2).finish(&[]).unwrap();
    assert_holds(&path, &grid, 2);
}

#[test]
fn not_a_number_and_infinities_come_back_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("special.vtkhdf");
    let grid = Grid::periodic_box(1, 4, 1.0);
    let special = vec![f64::NAN, f64::INFINITY, -0.0, f64::MIN_POSITIVE / 2.0];
    let fields = &fields()[..1];
    let mut writer = VtkHdfWriter::create(&path, &grid, fields, &meta()).unwrap();
    writer.append(0.0, std::slice::from_ref(&special)).unwrap();
    let found = VtkHdfFile::open(&path).unwrap().read("u", 0).unwrap();
    assert!(
        found
            .iter()
            .zip(&special)
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
}

#[test]
fn a_file_can_be_read_after_each_frame_while_the_writer_has_it_open() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("growing.vtkhdf");
    let grid = Grid::periodic_box(2, 8, 1.0);
    let mut writer = VtkHdfWriter::create(&path, &grid, &fields(), &meta()).unwrap();
    for step in 0..300 {
        writer.append_history(&names(), &row(step)).unwrap();
        writer
            .append(0.1 * step as f64, &values(&grid, step))
            .unwrap();
        if step % 50 == 7 {
            assert_holds(&path, &grid, step + 1);
        }
    }
    // Rows that wait for a frame are written when the writer goes.
    writer.append_history(&names(), &row(300)).unwrap();
    drop(writer);
    assert_eq!(
        VtkHdfFile::open(&path).unwrap().history().unwrap().1.len(),
        301
    );
}

#[test]
fn resuming_drops_later_frames_and_keeps_earlier_ones_bit_for_bit() {
    let directory = tempfile::tempdir().unwrap();
    for (i, grid) in grids().iter().enumerate().step_by(5) {
        let path = directory.path().join(format!("{i}.vtkhdf"));
        drop(write(&path, grid, 6));
        // 0.3 is not 3 * 0.1: the frame belongs to it all the same.
        let mut writer = VtkHdfWriter::resume(&path, grid, &fields(), 0.3).unwrap();
        assert_eq!(writer.steps(), 4);
        assert_holds(&path, grid, 4);
        for step in 4..9 {
            writer.append_history(&names(), &row(step)).unwrap();
            writer
                .append(0.1 * step as f64, &values(grid, step))
                .unwrap();
        }
        writer.finish(&[]).unwrap();
        assert_holds(&path, grid, 9);
    }
}

#[test]
fn resuming_before_the_first_frame_leaves_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.vtkhdf");
    let grid = Grid::periodic_box(1, 8, 1.0);
    drop(write(&path, &grid, 3));
    let mut writer = VtkHdfWriter::resume(&path, &grid, &fields(), -1.0).unwrap();
    assert!(VtkHdfFile::open(&path).unwrap().times().is_empty());
    writer.append(0.0, &values(&grid, 0)).unwrap();
    assert_eq!(VtkHdfFile::open(&path).unwrap().times(), [0.0]);
}

#[test]
fn an_existing_file_stays_until_the_new_one_has_a_frame() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.vtkhdf");
    let (old, new) = (
        Grid::periodic_box(1, 8, 1.0),
        Grid::periodic_box(1, 16, 1.0),
    );
    drop(write(&path, &old, 3));
    let writer = VtkHdfWriter::create(&path, &new, &fields(), &meta()).unwrap();
    assert_holds(&path, &old, 3);
    drop(writer);
    assert_holds(&path, &old, 3);
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        1,
        "nothing is left behind"
    );
    drop(write(&path, &new, 1));
    assert_holds(&path, &new, 1);
}

#[test]
fn frames_that_do_not_fit_are_refused_and_leave_the_file_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.vtkhdf");
    let grid = Grid::periodic_box(1, 8, 1.0);
    let mut writer = write(&path, &grid, 2);
    let good = values(&grid, 2);
    let short = vec![good[0].clone(), good[1][..7].to_vec()];
    assert!(matches!(
        writer.append(0.2, &short),
        Err(IoError::Count {
            found: 7,
            expected: 8,
            ..
        })
    ));
    assert!(matches!(
        writer.append(0.2, &good[..1]),
        Err(IoError::Count {
            found: 1,
            expected: 2,
            ..
        })
    ));
    for time in [0.1, 0.0, f64::NAN] {
        assert!(matches!(
            writer.append(time, &good),
            Err(IoError::TimeOrder { .. })
        ));
    }
    assert!(matches!(
        writer.append_history(&names()[..3], &row(2)[..3]),
        Err(IoError::FieldMismatch { .. })
    ));
    assert_holds(&path, &grid, 2);
    writer.append_history(&names(), &row(2)).unwrap();
    writer.append(0.2, &good).unwrap();
    assert_holds(&path, &grid, 3);
}

#[test]
fn a_batch_of_500_trajectories_keeps_the_order_of_its_fields() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("batch.vtkhdf");
    let grid = Grid::periodic_box(1, 8, 1.0);
    let fields: Vec<_> = (0..500)
        .rev()
        .map(|i| pdesolve_core::FieldSpec::new(format!("u_{i:04}")))
        .collect();
    let values: Vec<Vec<f64>> = (0..500).map(|i| vec![f64::from(i); 8]).collect();
    let mut writer = VtkHdfWriter::create(&path, &grid, &fields, &meta()).unwrap();
    writer.append(0.0, &values).unwrap();
    writer.append(1.0, &values).unwrap();
    let file = VtkHdfFile::open(&path).unwrap();
    assert_eq!(file.fields(), fields);
    assert_eq!(file.read("u_0499", 1).unwrap(), values[0]);
}
