//! Writing: shortest decimals that read back to the same bits.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::entries::{DenseArray, SparseEntries, Symmetry, Values};
use crate::error::IoError;
use crate::hdf;

/// Writes a sparse matrix, compressed where the name ends in `.gz`. Where it has the symmetry it
/// declares, its lower triangle is written under that word, else all entries as `general`.
///
/// # Errors
/// [`IoError::NonFinite`]; [`IoError::Count`] where rows, columns and values are not equally many;
/// [`IoError`] of the file system. An older file of that name is then untouched.
pub fn write_sparse(path: &Path, matrix: &SparseEntries) -> Result<(), IoError> {
    matrix.check(path)?;
    let n = matrix.len();
    let symmetry = match (matrix.has_declared_symmetry(), &matrix.values) {
        (true, Values::Complex(_)) => matrix.symmetry,
        (true, Values::Real(_)) if matrix.symmetry != Symmetry::Hermitian => matrix.symmetry,
        _ => Symmetry::General,
    };
    let stored = |k: &usize| match symmetry {
        Symmetry::General => true,
        Symmetry::SkewSymmetric => matrix.rows[*k] > matrix.columns[*k],
        Symmetry::Symmetric | Symmetry::Hermitian => matrix.rows[*k] >= matrix.columns[*k],
    };
    let entries = (0..n).filter(stored).count();
    write(path, |out| {
        banner(out, "coordinate", &matrix.values, symmetry)?;
        writeln!(out, "{} {} {entries}", matrix.nrows, matrix.ncols)?;
        for k in (0..n).filter(stored) {
            write!(out, "{} {} ", matrix.rows[k] + 1, matrix.columns[k] + 1)?;
            value(out, &matrix.values, k)?;
        }
        Ok(())
    })
}

/// Writes all entries of a matrix as `array general`, compressed where the name ends in `.gz`.
///
/// # Errors
/// As [`write_sparse`].
pub fn write_dense(path: &Path, matrix: &DenseArray) -> Result<(), IoError> {
    array(path, "matrix", matrix.nrows, matrix.ncols, &matrix.values)
}

/// Writes a vector as an `array` of one column, compressed where the name ends in `.gz`.
///
/// # Errors
/// As [`write_sparse`].
pub fn write_vector(path: &Path, vector: &Values) -> Result<(), IoError> {
    array(path, "vector", vector.len(), 1, vector)
}

fn array(
    path: &Path,
    name: &str,
    nrows: usize,
    ncols: usize,
    values: &Values,
) -> Result<(), IoError> {
    let expected = nrows.saturating_mul(ncols);
    if values.len() != expected {
        return Err(IoError::Count {
            path: path.to_owned(),
            what: format!("the {name}"),
            found: values.len(),
            expected,
        });
    }
    values.check_finite(path, name)?;
    write(path, |out| {
        banner(out, "array", values, Symmetry::General)?;
        writeln!(out, "{nrows} {ncols}")?;
        (0..values.len()).try_for_each(|k| value(out, values, k))
    })
}

fn banner(
    out: &mut dyn Write,
    format: impl Display,
    values: &Values,
    symmetry: Symmetry,
) -> std::io::Result<()> {
    let field = match values {
        Values::Real(_) => "real",
        Values::Complex(_) => "complex",
    };
    writeln!(
        out,
        "%%MatrixMarket matrix {format} {field} {}",
        symmetry.name()
    )
}

/// `{:?}` is the shortest decimal that reads back to the same bits, with an exponent where it helps.
fn value(out: &mut dyn Write, values: &Values, k: usize) -> std::io::Result<()> {
    match values {
        Values::Real(values) => writeln!(out, "{:?}", values[k]),
        Values::Complex(values) => writeln!(out, "{:?} {:?}", values[k].re, values[k].im),
    }
}

/// Writes beside the name, then renames: no half-written matrix is ever found under its name.
fn write(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), IoError> {
    hdf::check_writable(path)?;
    let aside = hdf::aside(path);
    let file = File::create(&aside).map_err(|source| IoError::system("create", path, source))?;
    let compressed = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    let filled = if compressed {
        let mut out = BufWriter::new(GzEncoder::new(file, Compression::default()));
        content(&mut out)
            .and_then(|()| out.into_inner().map_err(|e| e.into_error()))
            .and_then(|deflated| deflated.finish().map(drop))
    } else {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        content(&mut out).and_then(|()| out.flush())
    };
    if let Err(source) = filled {
        drop(fs::remove_file(&aside));
        return Err(IoError::system("write", path, source));
    }
    fs::rename(&aside, path).map_err(|source| IoError::system("replace", path, source))
}
