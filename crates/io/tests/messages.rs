//! What users read when a file is not what it should be.

mod common;

use std::path::Path;

use common::{fields, meta, names, row, values};
use pdesolve_core::FieldSpec;
use pdesolve_io::{IoError, VtkHdfFile, VtkHdfWriter, checkpoint};
use pdesolve_mesh::{Axis, Centring, Grid};

/// The message, with the directory taken out.
fn message(directory: &Path, error: &IoError) -> String {
    error
        .to_string()
        .replace(&format!("{}/", directory.display()), "")
}

fn grid() -> Grid {
    Grid::periodic_box(1, 8, 1.0)
}

fn sample(path: &Path) {
    let mut writer = VtkHdfWriter::create(path, &grid(), &fields(), &meta()).unwrap();
    writer.append_history(&names(), &row(0)).unwrap();
    writer.append(0.0, &values(&grid(), 0)).unwrap();
    writer.finish(&[("wall", 1.0)]).unwrap();
}

#[test]
fn unreadable_files_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let say = |e: IoError| message(directory.path(), &e);
    let open = |name: &str| say(VtkHdfFile::open(&at(name)).unwrap_err());
    let load = |name: &str| say(checkpoint::read(&at(name)).unwrap_err());
    assert_eq!(open("none"), "there is no file `none`");
    assert_eq!(load("none"), "there is no file `none`");
    std::fs::create_dir(at("folder")).unwrap();
    assert_eq!(
        open("folder"),
        "`folder` is a directory, a file name is needed"
    );
    std::fs::write(at("text"), "hello").unwrap();
    assert!(
        open("text").starts_with("`text` is not an HDF5 file, or it is cut off ("),
        "{}",
        open("text")
    );
    assert!(load("text").starts_with("`text` is not an HDF5 file, or it is cut off ("));
    sample(&at("run"));
    checkpoint::write(&at("state"), &Default::default(), "").unwrap();
    assert_eq!(
        open("state"),
        "`state` is an HDF5 file but not the output of a pdesolve run: it has no `/VTKHDF`"
    );
    assert_eq!(
        load("run"),
        "`run` is an HDF5 file but not a checkpoint of pdesolve: it has no `attribute format`"
    );
}

#[test]
fn a_newer_format_is_named_with_both_versions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    checkpoint::write(&path, &Default::default(), "").unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    file.attr("version").unwrap().write_scalar(&9u64).unwrap();
    drop(file);
    assert_eq!(
        message(directory.path(), &checkpoint::read(&path).unwrap_err()),
        "`state` has format version 9, this program reads up to 1"
    );
    let path = directory.path().join("run");
    sample(&path);
    let file = hdf5::File::open_rw(&path).unwrap();
    file.group("pdesolve")
        .unwrap()
        .attr("format")
        .unwrap()
        .write_scalar(&7u64)
        .unwrap();
    drop(file);
    assert_eq!(
        message(directory.path(), &VtkHdfFile::open(&path).unwrap_err()),
        "`run` has format version 7, this program reads up to 1"
    );
}

#[test]
fn files_that_cannot_be_created_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let make = |path: &Path| {
        message(
            directory.path(),
            &VtkHdfWriter::create(path, &grid(), &fields(), &meta()).unwrap_err(),
        )
    };
    assert!(
        make(&directory.path().join("no/such/run"))
            .starts_with("cannot write `no/such/run`: the directory `no/such` does not exist")
    );
    assert!(make(directory.path()).ends_with("is a directory, a file name is needed"));
    // Not even root may create files in /proc.
    #[cfg(target_os = "linux")]
    assert!(make(Path::new("/proc/run.vtkhdf")).starts_with("cannot create `/proc/run.vtkhdf`: "));
}

#[test]
fn wrong_names_and_numbers_come_with_the_right_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    sample(&path);
    let file = VtkHdfFile::open(&path).unwrap();
    let say = |e: IoError| message(directory.path(), &e);
    assert_eq!(
        say(file.read("temprature", 0).unwrap_err()),
        "`run` has no field `temprature` (did you mean `temperature`?); it has `u`, `temperature`"
    );
    assert_eq!(
        say(file.read("pressure", 0).unwrap_err()),
        "`run` has no field `pressure`; it has `u`, `temperature`"
    );
    assert_eq!(
        say(file.read("u", 3).unwrap_err()),
        "`run` has no step 3: it has 1 (the first is step 0)"
    );
    let make = |name: &str| {
        let fields = [FieldSpec::new("u"), FieldSpec::new(name)];
        say(VtkHdfWriter::create(&path, &grid(), &fields, &meta()).unwrap_err())
    };
    assert_eq!(
        make("a.b"),
        "field name `a.b` cannot be written to `run`: it holds a `/`, a `.` or a zero"
    );
    assert_eq!(
        make("u"),
        "field name `u` cannot be written to `run`: two fields have it"
    );
}

#[test]
fn resuming_on_another_grid_or_with_other_fields_leaves_the_file_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    sample(&path);
    let before = std::fs::read(&path).unwrap();
    let say = |e: IoError| message(directory.path(), &e);
    let axis = Axis::cells('x', 0.0, 2.0, 8, false).unwrap();
    let other = Grid::new(Centring::Cell, vec![axis]);
    assert_eq!(
        say(VtkHdfWriter::resume(&path, &other, &fields(), 1.0).unwrap_err()),
        "`run` holds another grid: found 8 points, x from 0 to 1 (periodic), this case has 8 cells, x from 0 to 2"
    );
    assert_eq!(
        say(VtkHdfWriter::resume(&path, &grid(), &fields()[..1], 1.0).unwrap_err()),
        "`run` holds other fields: found `u`, `temperature [K]`, this case has `u`"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn damaged_files_give_errors_not_panics() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    sample(&path);
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
        let all = VtkHdfFile::open(&path).and_then(|file| {
            for field in file.fields() {
                for step in 0..file.times().len() {
                    file.read(&field.name, step)?;
                }
            }
            file.history()
        });
        refused += usize::from(all.is_err());
    }
    assert!(
        refused > 20,
        "only {refused} of 400 damaged files were noticed"
    );
}
