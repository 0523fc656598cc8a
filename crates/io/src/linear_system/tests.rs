//! Layouts good and bad, written with the HDF5 library itself.

use std::path::{Path, PathBuf};

use hdf5::{File, Group};
use ndarray::{ArrayView1, ArrayView2};
use num_complex::Complex;
use pdesolve_core::codes;

use super::{Info, LinearSystem, Solution, read, read_vector, write_solution, write_system};
use crate::entries::{SparseEntries, Symmetry, Values};
use crate::error::IoError;
use crate::hdf;
use crate::matrix_market;

/// ```text
/// 2 0 1
/// 0 3 0
/// ```
fn small() -> SparseEntries {
    SparseEntries {
        nrows: 2,
        ncols: 3,
        rows: vec![0, 0, 1],
        columns: vec![0, 2, 1],
        values: Values::Real(vec![2.0, 1.0, 3.0]),
        symmetry: Symmetry::General,
    }
}

fn path(folder: &tempfile::TempDir) -> PathBuf {
    hdf::silence();
    folder.path().join("system.h5")
}

fn array<T: hdf5::H5Type>(at: &Group, name: &str, values: &[T]) {
    at.new_dataset_builder()
        .with_data(ArrayView1::from(values))
        .create(name)
        .unwrap();
}

/// The small matrix in a group, as programs in Python write it.
fn anndata(file: &File, name: &str) -> Group {
    let group = file.create_group(name).unwrap();
    hdf::put_text(&group, "encoding-type", "csr_matrix").unwrap();
    hdf::put(&group, "shape", &[2i64, 3]).unwrap();
    array(&group, "indptr", &[0i32, 2, 3]);
    array(&group, "indices", &[0i32, 2, 1]);
    array(&group, "data", &[2.0f32, 1.0, 3.0]);
    group
}

fn say(path: &Path, error: &IoError) -> String {
    let folder = format!("{}/", path.parent().unwrap().display());
    error.to_string().replace(&folder, "")
}

#[test]
fn a_system_comes_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let mut system = LinearSystem {
        matrix: small(),
        rhs: Some(Values::Real(vec![0.1, -0.0])),
        x: Some(Values::Real(vec![f64::MIN_POSITIVE / 3.0, 1e300, 2.0])),
    };
    write_system(&path, &system).unwrap();
    assert_eq!(read(&path, None).unwrap(), system);
    assert_eq!(read(&path, Some("A")).unwrap(), system);
    assert_eq!(
        read_vector(&path, "b").unwrap(),
        Values::Real(vec![0.1, -0.0])
    );
    let z = Complex::new;
    system.matrix.values = Values::Complex(vec![z(1.0, 2.0), z(0.0, -1.0), z(3.0, 1e-300)]);
    system.rhs = Some(Values::Complex(vec![z(0.0, 1.0), z(2.0, 0.0)]));
    system.x = None;
    write_system(&path, &system).unwrap();
    assert_eq!(read(&path, None).unwrap(), system);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn rows_are_written_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let shuffled = SparseEntries {
        rows: vec![1, 0, 0],
        columns: vec![1, 2, 0],
        values: Values::Real(vec![3.0, 1.0, 2.0]),
        ..small()
    };
    let system = LinearSystem {
        matrix: shuffled,
        rhs: None,
        x: None,
    };
    write_system(&path, &system).unwrap();
    assert_eq!(read(&path, None).unwrap().matrix, small());
}

#[test]
fn layouts_of_other_programs_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let make = |fill: &dyn Fn(&File)| {
        let file = File::create(&path).unwrap();
        fill(&file);
        file.close().unwrap();
        read(&path, None).unwrap()
    };
    let plain = make(&|file| {
        anndata(file, "X");
    });
    assert_eq!((plain.matrix, plain.rhs, plain.x), (small(), None, None));

    let inside = make(&|file| {
        let group = anndata(file, "system");
        array(&group, "b", &[1i16, 2]);
        file.new_dataset_builder()
            .with_data(ArrayView2::from_shape((3, 1), &[1.0, 2.0, 3.0]).unwrap())
            .create("x")
            .unwrap();
    });
    assert_eq!(inside.rhs, Some(Values::Real(vec![1.0, 2.0])));
    assert_eq!(inside.x, Some(Values::Real(vec![1.0, 2.0, 3.0])));

    let by_column = make(&|file| {
        let group = file.create_group("A").unwrap();
        hdf::put_text(&group, "h5sparse_format", "csc").unwrap();
        hdf::put(&group, "h5sparse_shape", &[2u64, 3]).unwrap();
        array(&group, "indptr", &[0u64, 1, 2, 3]);
        array(&group, "indices", &[0u8, 1, 0]);
        array(&group, "data", &[2i64, 3, 1]);
    });
    let expected = SparseEntries {
        rows: vec![0, 1, 0],
        columns: vec![0, 1, 2],
        values: Values::Real(vec![2.0, 3.0, 1.0]),
        ..small()
    };
    assert_eq!(by_column.matrix, expected);

    let root = make(&|file| {
        array(file, "indptr", &[0i64, 1, 2]);
        array(file, "indices", &[1i64, 0]);
        let parts = [1.0, 2.0, 3.0, 4.0];
        file.new_dataset_builder()
            .with_data(ArrayView2::from_shape((2, 2), &parts).unwrap())
            .create("data")
            .unwrap();
    });
    assert_eq!(
        (root.matrix.nrows, root.matrix.ncols),
        (2, 2),
        "no shape: square"
    );
    let z = Complex::new;
    assert_eq!(
        root.matrix.values,
        Values::Complex(vec![z(1.0, 2.0), z(3.0, 4.0)])
    );

    let shape_as_dataset = make(&|file| {
        let group = file.create_group("A").unwrap();
        array(&group, "shape", &[2i32, 5]);
        array(&group, "indptr", &[0i32, 0, 1]);
        array(&group, "indices", &[4i32]);
        array(&group, "data", &[Complex::new(1.0f32, 2.0)]);
    });
    assert_eq!(shape_as_dataset.matrix.ncols, 5);
    assert_eq!(
        shape_as_dataset.matrix.values,
        Values::Complex(vec![z(1.0, 2.0)])
    );
}

#[test]
fn each_fault_of_a_layout_is_named_with_its_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let refuses = |change: &dyn Fn(&File, &Group), expected: &str| {
        let file = File::create(&path).unwrap();
        let group = anndata(&file, "A");
        change(&file, &group);
        drop(group);
        file.close().unwrap();
        let error = read(&path, None).unwrap_err();
        assert_eq!(say(&path, &error), expected);
        assert_eq!(error.matrix_code(), codes::SYSTEM_LAYOUT);
    };
    fn replace<T: hdf5::H5Type>(at: &Group, name: &str, values: &[T]) {
        at.unlink(name).unwrap();
        array(at, name, values);
    }
    refuses(
        &|file, _| file.unlink("A").unwrap(),
        "`system.h5` is an HDF5 file but not a linear system: it has no `indptr`",
    );
    refuses(
        &|_, a| a.unlink("data").unwrap(),
        "`system.h5` is an HDF5 file but not a linear system: it has no `/A/data`",
    );
    refuses(
        &|file, _| {
            file.relink("A", "P").unwrap();
            anndata(file, "Q");
        },
        "`system.h5`, `/`: found several matrices: `P`, `Q`, expected one, one called `A`, or the name of the one that is meant",
    );
    refuses(
        &|_, a| replace(a, "indptr", &[0i32, 3]),
        "`system.h5`, `/A/indptr`: found 2 numbers, expected 3, since the shape is 2 x 3",
    );
    refuses(
        &|_, a| replace(a, "indptr", &[0i32, 4, 3]),
        "`system.h5`, `/A/indptr`: found 3 after 4 at entry 2, expected numbers that do not decrease",
    );
    refuses(
        &|_, a| replace(a, "indptr", &[0i32, 2, 9]),
        "`system.h5`, `/A/indptr`: found numbers from 0 to 9, expected from 0 to 3, the number of entries in `data`",
    );
    refuses(
        &|_, a| replace(a, "indptr", &[0i32, -2, 3]),
        "`system.h5`, `/A/indptr`: found -2 at entry 1, expected numbers from 0 to 9223372036854775806",
    );
    refuses(
        &|_, a| replace(a, "indices", &[0i32, 3, 1]),
        "`system.h5`, `/A/indices`: found 3 at entry 1, expected numbers from 0 to 2",
    );
    refuses(
        &|_, a| replace(a, "indices", &[0i64, 1 << 32, 1]),
        "`system.h5`, `/A/indices`: found 4294967296 at entry 1, expected numbers from 0 to 2",
    );
    refuses(
        &|_, a| replace(a, "indices", &[0i32, 1]),
        "`system.h5`, `/A/indices`: found 2 numbers, expected 3, as many as in `data`",
    );
    refuses(
        &|_, a| replace(a, "indices", &[0.0, 1.5, 1.0]),
        "`system.h5`, `/A/indices`: found float64 of shape [3], expected whole numbers in one dimension",
    );
    refuses(
        &|_, a| replace(a, "data", &[1.0, f64::INFINITY, 2.0]),
        "`system.h5`, `/A/data`: found inf at entry 1, expected finite numbers",
    );
    refuses(
        &|_, a| replace(a, "data", &[true, false, true]),
        "`system.h5`, `/A/data`: found bool of shape [3], expected numbers in one dimension; complex ones as compounds of `r` and `i`, or with a last axis of 2",
    );
    refuses(
        &|file, _| array(file, "b", &[1.0; 5]),
        "`system.h5`, `/b`: found 5 numbers, expected 2, as the matrix has",
    );
    refuses(
        &|_, a| array(a, "x", &[1.0, 2.0, f64::NAN]),
        "`system.h5`, `/A/x`: found NaN at entry 2, expected finite numbers",
    );
    refuses(
        &|_, a| {
            a.delete_attr("encoding-type").unwrap();
            hdf::put_text(a, "encoding-type", "coo_matrix").unwrap();
        },
        "`system.h5`, `/A/encoding-type`: found coo_matrix, expected csr_matrix or csc_matrix",
    );
    refuses(
        &|_, a| {
            a.delete_attr("shape").unwrap();
            hdf::put(a, "shape", &[2i64, -3]).unwrap();
        },
        "`system.h5`, `/A/shape`: found [2, -3], expected two whole numbers, rows and columns",
    );
    refuses(
        &|_, a| {
            a.delete_attr("shape").unwrap();
            hdf::put(a, "shape", &[2i64, 1 << 40]).unwrap();
        },
        "`system.h5`, `/A/shape`: found 1099511627776 columns, expected at most 4294967295",
    );
}

#[test]
fn a_dataset_that_was_announced_but_never_written_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let file = File::create(&path).unwrap();
    let group = anndata(&file, "A");
    group.unlink("data").unwrap();
    group
        .new_dataset::<f64>()
        .shape(1usize << 50)
        .chunk(1 << 10)
        .create("data")
        .unwrap();
    drop(group);
    file.close().unwrap();
    let message = say(&path, &read(&path, None).unwrap_err());
    let start = "`system.h5`, `/A/data`: found 1125899906842624 numbers, expected at most ";
    assert!(message.starts_with(start), "{message}");
}

#[test]
fn a_matrix_market_file_is_a_system_without_a_right_hand_side() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("A.mtx");
    matrix_market::write_sparse(&path, &small()).unwrap();
    let system = read(&path, None).unwrap();
    assert_eq!((system.matrix, system.rhs), (small(), None));
    let b = Values::Real(vec![1.0, 2.0]);
    matrix_market::write_vector(&path, &b).unwrap();
    assert_eq!(read_vector(&path, "b").unwrap(), b);
}

#[test]
fn a_solution_carries_its_history_and_how_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    let x = Values::Real(vec![1.0, 1.0 / 3.0]);
    let info = [
        ("method", Info::Text("cg".to_owned())),
        ("iterations", Info::Count(2)),
        ("set_up_s", Info::Number(0.25)),
    ];
    let solution = Solution {
        x: &x,
        residuals: &[1.0, 0.1, 1e-9],
        info: &info,
    };
    write_solution(&path, &solution).unwrap();
    assert_eq!(read_vector(&path, "x").unwrap(), x);
    assert_eq!(
        read_vector(&path, "residuals").unwrap(),
        Values::Real(vec![1.0, 0.1, 1e-9])
    );
    let file = File::open(&path).unwrap();
    let info = file.group("info").unwrap();
    let count: u64 = info.attr("iterations").unwrap().read_scalar().unwrap();
    assert_eq!(count, 2);
    let time: f64 = info.attr("set_up_s").unwrap().read_scalar().unwrap();
    assert_eq!(time, 0.25);
    let before = std::fs::read(&path).unwrap();
    let bad = Values::Real(vec![1.0, f64::NAN]);
    let error = write_solution(
        &path,
        &Solution {
            x: &bad,
            ..solution
        },
    )
    .unwrap_err();
    assert_eq!(
        say(&path, &error),
        "`system.h5` was not written: `x` holds NaN at entry 1"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn damaged_systems_give_errors_not_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = path(&folder);
    // No strings of variable length: on a damaged heap of those the HDF5 library itself can run in
    // circles (1.14, in H5HG__cache_heap_deserialize), which no caller can prevent.
    let file = File::create(&path).unwrap();
    let group = file.create_group("A").unwrap();
    hdf::put_ascii::<10>(&group, "encoding-type", "csr_matrix").unwrap();
    hdf::put(&group, "shape", &[2i64, 3]).unwrap();
    array(&group, "indptr", &[0i32, 2, 3]);
    array(&group, "indices", &[0i32, 2, 1]);
    array(&group, "data", &[2.0, 1.0, 3.0]);
    array(&file, "b", &[1.0, 2.0]);
    drop(group);
    file.close().unwrap();
    assert_eq!(read(&path, None).unwrap().matrix, small());
    let whole = std::fs::read(&path).unwrap();
    let mut random = 1u64;
    let mut refused = 0;
    for _ in 0..400 {
        let mut damaged = whole.clone();
        for _ in 0..8 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = (random >> 33) as usize % damaged.len();
            damaged[at] ^= (random >> 25) as u8 | 1;
        }
        std::fs::write(&path, damaged).unwrap();
        refused += usize::from(read(&path, None).is_err());
    }
    assert!(
        refused > 20,
        "only {refused} of 400 damaged files were noticed"
    );
}
