//! Checkpoints: all that the continuation of a run depends on, bit for bit.
//!
//! # Layout (HDF5)
//! ```text
//! /            attr format = "pdesolve checkpoint", version (u64), fingerprint (text of the caller)
//! /arrays/*    f64 datasets [n], contiguous, not compressed
//! /counters    one u64 attribute a counter
//! ```
//! Names are kept as they are, save that `/` and `%` of array names are written `%2F` and `%25`.
//!
//! The arrays are not compressed: shuffle and deflate at level 4 shrink a smooth 3-D field by a quarter
//! (the low bits of computed numbers are noise) at some 30 MB/s; without, 128 MiB took 0.6 s to
//! write, flush included. `cargo run --release -p pdesolve-io --example measure`
//! prints the numbers of the machine at hand.
//!
//! # Safety
//! A checkpoint is written beside its name, flushed to the disk, and renamed: whatever happens,
//! either the old one or the new one is there, complete. A state with a NaN or an infinity is
//! refused, so a run that blew up cannot destroy the state before the explosion.

use std::fs;
use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{File, Group};
use ndarray::ArrayView1;
use pdesolve_core::State;

use crate::error::IoError;
use crate::hdf::{self, Context, malformed};

const MARK: &str = "pdesolve checkpoint";
const VERSION: u64 = 1;

/// Writes `state` to `path`, atomically. `case_fingerprint` comes back from [`read`]: the caller
/// tells by it whether a checkpoint belongs to its case.
///
/// # Errors
/// [`IoError::NonFinite`] where the state holds a NaN or an infinity; [`IoError`] of the file
/// system. An older checkpoint of that name is then untouched.
pub fn write(path: &Path, state: &State, case_fingerprint: &str) -> Result<(), IoError> {
    for (array, values) in &state.arrays {
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(IoError::NonFinite {
                path: path.to_owned(),
                array: array.clone(),
                index,
                value: values[index],
            });
        }
    }
    let aside = hdf::aside(path);
    let written = write_aside(&aside, path, state, case_fingerprint);
    if written.is_err() {
        // Whatever is left of it is of no use; the error that matters is the first one.
        drop(fs::remove_file(&aside));
        return written;
    }
    fs::rename(&aside, path).map_err(|source| IoError::system("replace", path, source))?;
    hdf::sync_directory(path)
}

/// Says early, in plain words, why no checkpoint can be written to `path`.
///
/// # Errors
/// [`IoError`] where something that is no file stands there.
pub fn check_place(path: &Path) -> Result<(), IoError> {
    match hdf::check_writable(path) {
        // The run makes the directory.
        Err(IoError::NoDirectory { .. }) => Ok(()),
        result => result,
    }
}

/// Removes the checkpoint at `path`, if there is one.
///
/// # Errors
/// [`IoError`] of the file system.
pub fn remove(path: &Path) -> Result<(), IoError> {
    match fs::remove_file(path) {
        Ok(()) => hdf::sync_directory(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(IoError::system("remove", path, source)),
    }
}

fn write_aside(
    aside: &Path,
    path: &Path,
    state: &State,
    case_fingerprint: &str,
) -> Result<(), IoError> {
    let file = hdf::create(aside, path)?;
    fill(&file, state, case_fingerprint)
        .and_then(|()| file.close())
        .during(path, || "write the checkpoint".to_owned())?;
    fs::File::open(aside)
        .and_then(|f| f.sync_all())
        .map_err(|source| IoError::system("flush", path, source))
}

fn fill(file: &File, state: &State, case_fingerprint: &str) -> hdf5::Result<()> {
    hdf::put_text(file, "format", MARK)?;
    hdf::put_scalar(file, "version", VERSION)?;
    hdf::put_text(file, "fingerprint", case_fingerprint)?;
    let arrays = file.create_group("arrays")?;
    for (name, values) in &state.arrays {
        arrays
            .new_dataset_builder()
            .with_data(ArrayView1::from(values))
            .create(encode(name).as_str())?;
    }
    let counters = file.create_group("counters")?;
    for (name, &value) in &state.counters {
        hdf::put_scalar(&counters, name, value)?;
    }
    Ok(())
}

/// Reads a checkpoint: the state, and the fingerprint it was written with.
///
/// # Errors
/// [`IoError`]: no such file; not HDF5 or cut off; not a checkpoint; written by a newer version;
/// or damaged, with the object at fault.
pub fn read(path: &Path) -> Result<(State, String), IoError> {
    let file = hdf::open(path)?;
    let ours = |missing: &str| IoError::NotOurs {
        path: path.to_owned(),
        expected: "a checkpoint of pdesolve",
        missing: missing.to_owned(),
    };
    let text = |name: &str| -> Result<String, IoError> {
        file.attr(name)
            .and_then(|a| a.read_scalar::<VarLenUnicode>())
            .map(|value| hdf::text_of(&value))
            .map_err(|_| ours(&format!("attribute {name}")))
    };
    let format = text("format")?;
    if format != MARK {
        return Err(malformed(path, "attribute format", format, MARK));
    }
    let version: u64 = file
        .attr("version")
        .and_then(|a| a.read_scalar())
        .map_err(|_| ours("attribute version"))?;
    if version != VERSION {
        return Err(IoError::Version {
            path: path.to_owned(),
            found: version,
            supported: VERSION,
        });
    }
    let fingerprint = text("fingerprint")?;
    let mut state = State::default();
    let group = |name: &str| -> Result<Group, IoError> { file.group(name).map_err(|_| ours(name)) };
    let arrays = group("arrays")?;
    let names = arrays
        .member_names()
        .during(path, || "list `/arrays`".to_owned())?;
    for name in names {
        let object = format!("/arrays/{name}");
        let dataset = arrays
            .dataset(&name)
            .during(path, || format!("open `{object}`"))?;
        let values = hdf::head(path, &object, &dataset, dataset.size())?;
        state.arrays.insert(decode(&name), values);
    }
    let counters = group("counters")?;
    let names = counters
        .attr_names()
        .during(path, || "list `/counters`".to_owned())?;
    for name in names {
        let value = counters
            .attr(&name)
            .and_then(|a| a.read_scalar())
            .during(path, || format!("read the counter `{name}`"))?;
        state.counters.insert(name, value);
    }
    Ok((state, fingerprint))
}

fn encode(name: &str) -> String {
    match name {
        "." => "%2E".to_owned(),
        _ => name.replace('%', "%25").replace('/', "%2F"),
    }
}

fn decode(name: &str) -> String {
    name.replace("%2E", ".")
        .replace("%2F", "/")
        .replace("%25", "%")
}
