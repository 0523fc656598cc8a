//! Writing systems and solutions.

use std::fs;
use std::path::Path;

use hdf5::{File, Group, H5Type};
use ndarray::ArrayView1;

use super::{Info, LinearSystem, SOLUTION, Solution};
use crate::entries::Values;
use crate::error::IoError;
use crate::hdf::{self, Context};

const VERSION: u64 = 1;

/// Writes a system, atomically: rows sorted by column, not compressed.
///
/// # Errors
/// [`IoError::NonFinite`]; [`IoError::Count`] where the lengths contradict each other; [`IoError`]
/// of the file system.
pub fn write_system(path: &Path, system: &LinearSystem) -> Result<(), IoError> {
    let matrix = &system.matrix;
    matrix.check(path)?;
    let vectors = [
        ("b", &system.rhs, matrix.nrows),
        ("x", &system.x, matrix.ncols),
    ];
    for (name, vector, expected) in &vectors {
        if let Some(values) = vector {
            check_vector(path, name, values, *expected)?;
        }
    }
    let (indptr, order) = matrix.by_rows();
    let indptr: Vec<i64> = indptr.iter().map(|&at| at as i64).collect();
    let data = match &matrix.values {
        Values::Real(values) => Values::Real(order.iter().map(|&k| values[k]).collect()),
        Values::Complex(values) => Values::Complex(order.iter().map(|&k| values[k]).collect()),
    };
    atomically(path, |file| {
        let group = file.create_group("A")?;
        hdf::put_text(&group, "encoding-type", "csr_matrix")?;
        hdf::put_text(&group, "encoding-version", "0.1.0")?;
        hdf::put(&group, "shape", &[matrix.nrows as i64, matrix.ncols as i64])?;
        put_array(&group, "indptr", &indptr)?;
        let columns = order.iter().map(|&k| matrix.columns[k]);
        // Signed, as SciPy computes with them.
        if i32::try_from(matrix.ncols).is_ok() {
            let narrow: Vec<i32> = columns.map(|column| column as i32).collect();
            put_array(&group, "indices", &narrow)?;
        } else {
            let wide: Vec<i64> = columns.map(i64::from).collect();
            put_array(&group, "indices", &wide)?;
        }
        put_values(&group, "data", &data)?;
        for (name, vector, _) in &vectors {
            if let Some(values) = vector {
                put_values(file, name, values)?;
            }
        }
        Ok(())
    })
}

/// Writes a solution, atomically.
///
/// # Errors
/// [`IoError::NonFinite`] where x holds a NaN or an infinity; [`IoError`] of the file system.
pub fn write_solution(path: &Path, solution: &Solution<'_>) -> Result<(), IoError> {
    check_vector(path, "x", solution.x, solution.x.len())?;
    atomically(path, |file| {
        hdf::put_text(file, "format", SOLUTION)?;
        hdf::put_scalar(file, "version", VERSION)?;
        put_values(file, "x", solution.x)?;
        put_array(file, "residuals", solution.residuals)?;
        let info = file.create_group("info")?;
        for (name, value) in solution.info {
            match value {
                Info::Text(text) => hdf::put_text(&info, name, text)?,
                Info::Number(number) => hdf::put_scalar(&info, name, *number).map(drop)?,
                Info::Count(count) => hdf::put_scalar(&info, name, *count).map(drop)?,
            }
        }
        Ok(())
    })
}

fn check_vector(path: &Path, name: &str, values: &Values, n: usize) -> Result<(), IoError> {
    if values.len() != n {
        return Err(IoError::Count {
            path: path.to_owned(),
            what: format!("`{name}`"),
            found: values.len(),
            expected: n,
        });
    }
    values.check_finite(path, name)
}

/// Writes beside the name, then renames: no half-written system is ever found under its name.
fn atomically(path: &Path, fill: impl FnOnce(&File) -> hdf5::Result<()>) -> Result<(), IoError> {
    let aside = hdf::aside(path);
    let file = hdf::create(&aside, path)?;
    let filled = fill(&file)
        .and_then(|()| file.close())
        .during(path, || "write the file".to_owned());
    if filled.is_err() {
        drop(fs::remove_file(&aside));
        return filled;
    }
    fs::rename(&aside, path).map_err(|source| IoError::system("replace", path, source))
}

fn put_array<T: H5Type>(at: &Group, name: &str, values: &[T]) -> hdf5::Result<()> {
    at.new_dataset_builder()
        .with_data(ArrayView1::from(values))
        .create(name)
        .map(drop)
}

fn put_values(at: &Group, name: &str, values: &Values) -> hdf5::Result<()> {
    match values {
        Values::Real(values) => put_array(at, name, values),
        Values::Complex(values) => put_array(at, name, values),
    }
}
