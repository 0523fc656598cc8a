//! Reading systems and vectors.

use std::fs;
use std::io::Read;
use std::path::Path;

use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Dataset, File, Group, H5Type};
use num_complex::Complex;

use super::LinearSystem;
use crate::entries::{SparseEntries, Symmetry, Values};
use crate::error::{IoError, list};
use crate::hdf::{self, Context, malformed};
use crate::matrix_market;

/// Indices read at a time: their 64-bit copies stay in the cache.
const BLOCK: usize = 1 << 16;

/// Whether the file begins like an HDF5 file.
pub fn is_hdf5(path: &Path) -> bool {
    let mut magic = [0; 8];
    fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut magic))
        .is_ok_and(|()| magic == *b"\x89HDF\r\n\x1a\n")
}

/// Whether the file is a solution that [`write_solution`](super::write_solution) wrote.
pub fn is_solution(path: &Path) -> bool {
    let format = || -> Option<String> {
        let file = hdf::open(path).ok()?;
        let text: VarLenUnicode = file.attr("format").ok()?.read_scalar().ok()?;
        Some(hdf::text_of(&text))
    };
    is_hdf5(path) && format().is_some_and(|found| found == super::SOLUTION)
}

/// Reads a system from a file of either kind, told apart by its first bytes: HDF5 (`group` names
/// the matrix; where it is `None` there must be one only, or one called `A`), or Matrix Market,
/// which holds a matrix alone.
///
/// # Errors
/// [`IoError`]: no such file, a layout that is not the one above, arrays that contradict each
/// other, values that are not finite; each with the object at fault.
pub fn read(path: &Path, group: Option<&str>) -> Result<LinearSystem, IoError> {
    hdf::check_readable(path)?;
    if !is_hdf5(path) {
        return Ok(LinearSystem {
            matrix: matrix_market::read_sparse(path)?,
            rhs: None,
            x: None,
        });
    }
    let file = hdf::open(path)?;
    let group = matrix_group(path, &file, group)?;
    let matrix = read_matrix(path, &group)?;
    let vector = |name: &str, n: usize| -> Result<Option<Values>, IoError> {
        let places: [&Group; 2] = [&group, &file];
        let Some(at) = places.into_iter().find(|at| at.link_exists(name)) else {
            return Ok(None);
        };
        let values = numbers(path, at, name)?;
        if values.len() != n {
            return Err(malformed(
                path,
                &object(at, name),
                format!("{} numbers", values.len()),
                format!("{n}, as the matrix has"),
            ));
        }
        Ok(Some(values))
    };
    Ok(LinearSystem {
        rhs: vector("b", matrix.nrows)?,
        x: vector("x", matrix.ncols)?,
        matrix,
    })
}

/// Reads a vector from a file of either kind: the dataset of an HDF5 file, or a Matrix Market file
/// of one column.
///
/// # Errors
/// As [`read`].
pub fn read_vector(path: &Path, dataset: &str) -> Result<Values, IoError> {
    hdf::check_readable(path)?;
    if is_hdf5(path) {
        numbers(path, &*hdf::open(path)?, dataset)
    } else {
        matrix_market::read_vector(path)
    }
}

/// Path of an object inside the file.
fn object(at: &Group, name: &str) -> String {
    format!("{}/{name}", at.name().trim_end_matches('/'))
}

fn matrix_group(path: &Path, file: &File, name: Option<&str>) -> Result<Group, IoError> {
    let missing = |missing: String| IoError::NotOurs {
        path: path.to_owned(),
        expected: "a linear system",
        missing,
    };
    let open = |name: &str| {
        file.group(name)
            .map_err(|_| missing(format!("group {name}")))
    };
    if let Some(name) = name {
        return open(name);
    }
    if file.link_exists("indptr") {
        return open("/");
    }
    let names: Vec<String> = file
        .member_names()
        .during(path, || "list the file".to_owned())?
        .into_iter()
        .filter(|name| file.group(name).is_ok_and(|g| g.link_exists("indptr")))
        .collect();
    match names.as_slice() {
        [] => Err(missing("indptr".to_owned())),
        [only] => open(only),
        several if several.iter().any(|name| name == "A") => open("A"),
        several => Err(malformed(
            path,
            "/",
            format!("several matrices: {}", list(several)),
            "one, one called `A`, or the name of the one that is meant",
        )),
    }
}

fn read_matrix(path: &Path, group: &Group) -> Result<SparseEntries, IoError> {
    let by_column = stored_by_column(path, group)?;
    let indptr = whole_numbers::<u64>(path, group, "indptr", i64::MAX)?;
    let shape = shape(path, group)?;
    let Some(major) = indptr.len().checked_sub(1) else {
        let place = object(group, "indptr");
        return Err(malformed(path, &place, "no numbers", "one more than rows"));
    };
    let [nrows, ncols] = shape.unwrap_or([major as u64; 2]);
    for (n, what) in [(nrows, "rows"), (ncols, "columns")] {
        if n > u64::from(u32::MAX) {
            let place = object(group, "shape");
            return Err(malformed(
                path,
                &place,
                format!("{n} {what}"),
                format!("at most {}", u32::MAX),
            ));
        }
    }
    let (lines, across) = if by_column {
        (ncols, nrows)
    } else {
        (nrows, ncols)
    };
    let place = object(group, "indptr");
    if major as u64 != lines {
        return Err(malformed(
            path,
            &place,
            format!("{} numbers", indptr.len()),
            format!("{}, since the shape is {nrows} x {ncols}", lines + 1),
        ));
    }
    let values = numbers(path, group, "data")?;
    let entries = values.len();
    if indptr[0] != 0 || indptr[major] != entries as u64 {
        return Err(malformed(
            path,
            &place,
            format!("numbers from {} to {}", indptr[0], indptr[major]),
            format!("from 0 to {entries}, the number of entries in `data`"),
        ));
    }
    if let Some(i) = (0..major).find(|&i| indptr[i] > indptr[i + 1]) {
        return Err(malformed(
            path,
            &place,
            format!("{} after {} at entry {}", indptr[i + 1], indptr[i], i + 1),
            "numbers that do not decrease",
        ));
    }
    let indices = whole_numbers(path, group, "indices", across as i64)?;
    if indices.len() != entries {
        return Err(malformed(
            path,
            &object(group, "indices"),
            format!("{} numbers", indices.len()),
            format!("{entries}, as many as in `data`"),
        ));
    }
    let mut line_of = Vec::with_capacity(entries);
    for line in 0..major {
        line_of.resize(indptr[line + 1] as usize, line as u32);
    }
    let (rows, columns) = if by_column {
        (indices, line_of)
    } else {
        (line_of, indices)
    };
    Ok(SparseEntries {
        nrows: nrows as usize,
        ncols: ncols as usize,
        rows,
        columns,
        values,
        symmetry: Symmetry::General,
    })
}

/// Whether the compressed lines are columns.
fn stored_by_column(path: &Path, group: &Group) -> Result<bool, IoError> {
    for name in ["encoding-type", "h5sparse_format"] {
        let Ok(attribute) = group.attr(name) else {
            continue;
        };
        let word = hdf::text(&attribute).during(path, || format!("read the attribute `{name}`"))?;
        return match word.as_str() {
            "csr_matrix" | "csr" => Ok(false),
            "csc_matrix" | "csc" => Ok(true),
            _ => Err(malformed(
                path,
                &object(group, name),
                word,
                "csr_matrix or csc_matrix",
            )),
        };
    }
    Ok(false)
}

/// Rows and columns, where the file says.
fn shape(path: &Path, group: &Group) -> Result<Option<[u64; 2]>, IoError> {
    let place = object(group, "shape");
    let attribute = ["shape", "h5sparse_shape"]
        .iter()
        .find_map(|name| group.attr(name).ok());
    let stored = match attribute {
        Some(attribute) => attribute.as_container(),
        None if group.link_exists("shape") => dataset(path, group, "shape")?.as_container(),
        None => return Ok(None),
    }
    .during(path, || format!("open `{place}`"))?;
    let expected = "two whole numbers, rows and columns";
    if stored.size() != 2 {
        let found = format!("shape {:?}", stored.shape());
        return Err(malformed(path, &place, found, expected));
    }
    let numbers = stored
        .read_raw::<i64>()
        .during(path, || format!("read `{place}`"))?;
    match numbers.as_slice() {
        &[nrows, ncols] if nrows >= 0 && ncols >= 0 => Ok(Some([nrows as u64, ncols as u64])),
        _ => Err(malformed(path, &place, format!("{numbers:?}"), expected)),
    }
}

fn dataset(path: &Path, at: &Group, name: &str) -> Result<Dataset, IoError> {
    at.dataset(name).map_err(|_| IoError::NotOurs {
        path: path.to_owned(),
        expected: "a linear system",
        missing: object(at, name),
    })
}

/// A one-dimensional dataset of whole numbers from 0 up to, not including, `limit`.
fn whole_numbers<T: TryFrom<i64>>(
    path: &Path,
    at: &Group,
    name: &str,
    limit: i64,
) -> Result<Vec<T>, IoError> {
    let found = dataset(path, at, name)?;
    let place = object(at, name);
    let reading = || format!("read `{place}`");
    let kind = descriptor(path, &found, &place)?;
    let length = match (kind, found.shape().as_slice()) {
        (TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_), &[length]) => length,
        (kind, shape) => {
            return Err(malformed(
                path,
                &place,
                format!("{kind} of shape {shape:?}"),
                "whole numbers in one dimension",
            ));
        }
    };
    hdf::check_plausible(path, &place, Some(length))?;
    let mut numbers = Vec::with_capacity(length);
    for start in (0..length).step_by(BLOCK) {
        // The widest type there is: HDF5 would clip what does not fit a narrow one, in silence.
        let block = found
            .read_slice_1d::<i64, _>(start..length.min(start + BLOCK))
            .during(path, reading)?;
        for (i, &number) in block.iter().enumerate() {
            match T::try_from(number) {
                Ok(fits) if (0..limit).contains(&number) => numbers.push(fits),
                _ => {
                    return Err(malformed(
                        path,
                        &place,
                        format!("{number} at entry {}", start + i),
                        format!("numbers from 0 to {}", limit - 1),
                    ));
                }
            }
        }
    }
    Ok(numbers)
}

fn descriptor(path: &Path, found: &Dataset, place: &str) -> Result<TypeDescriptor, IoError> {
    found
        .dtype()
        .and_then(|kind| kind.to_descriptor())
        .during(path, || format!("tell the type of `{place}`"))
}

/// A vector of finite numbers, real or complex.
fn numbers(path: &Path, at: &Group, name: &str) -> Result<Values, IoError> {
    let found = dataset(path, at, name)?;
    let place = object(at, name);
    let kind = descriptor(path, &found, &place)?;
    let shape = found.shape();
    let real = matches!(
        kind,
        TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) | TypeDescriptor::Float(_)
    );
    hdf::check_plausible(
        path,
        &place,
        shape.iter().try_fold(1, |n: usize, &m| n.checked_mul(m)),
    )?;
    let values = match shape.as_slice() {
        [_] | [_, 1] if real => Values::Real(raw(path, &found, &place)?),
        [_, 2] if real => {
            let parts: Vec<f64> = raw(path, &found, &place)?;
            Values::Complex(parts.chunks(2).map(|z| Complex::new(z[0], z[1])).collect())
        }
        [_] | [_, 1] if is_complex(&kind) => Values::Complex(raw(path, &found, &place)?),
        _ => {
            return Err(malformed(
                path,
                &place,
                format!("{kind} of shape {shape:?}"),
                "numbers in one dimension; complex ones as compounds of `r` and `i`, or with a last axis of 2",
            ));
        }
    };
    match values.first_non_finite() {
        None => Ok(values),
        Some((i, value)) => Err(malformed(
            path,
            &place,
            format!("{value} at entry {i}"),
            "finite numbers",
        )),
    }
}

fn raw<T: H5Type>(path: &Path, found: &Dataset, place: &str) -> Result<Vec<T>, IoError> {
    found.read_raw().during(path, || format!("read `{place}`"))
}

/// Compounds are converted by the names of their fields.
fn is_complex(kind: &TypeDescriptor) -> bool {
    matches!(kind, TypeDescriptor::Compound(compound)
    if compound.fields.len() == 2
        && ["r", "i"].iter().all(|part| compound.fields.iter().any(|field| {
            field.name == *part && matches!(field.ty, TypeDescriptor::Float(_))
        })))
}
