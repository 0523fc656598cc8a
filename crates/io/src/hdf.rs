//! The few HDF5 operations the formats are made of, with errors that name file and object.

use std::path::{Path, PathBuf};
use std::sync::Once;

use hdf5::file::{FileSpaceStrategy, LibraryVersion};
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Attribute, Dataset, File, Group, H5Type, Location, SimpleExtents};
use ndarray::{ArrayView, ArrayView1, Ix1};

use crate::error::IoError;

/// Puts an HDF5 failure into words: which file, what was tried.
pub(crate) trait Context<T> {
    fn during(self, path: &Path, action: impl FnOnce() -> String) -> Result<T, IoError>;
}

impl<T> Context<T> for hdf5::Result<T> {
    fn during(self, path: &Path, action: impl FnOnce() -> String) -> Result<T, IoError> {
        self.map_err(|error| IoError::Hdf5 {
            path: path.to_owned(),
            action: action(),
            reason: error.to_string(),
        })
    }
}

/// By default the C library prints a stack of messages to stderr on every failure.
pub(crate) fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| hdf5::silence_errors(true));
}

/// The directory of a file; `.` for a bare name.
pub(crate) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A hidden name beside `path`, on the same file system, for content that is not complete yet.
/// It carries the number of the process: two runs of one output do not write into each other's.
pub(crate) fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    directory(path).join(format!(".{name}.{}.new", std::process::id()))
}

/// Says early, in plain words, why a file cannot be created.
pub(crate) fn check_writable(path: &Path) -> Result<(), IoError> {
    if path.is_dir() || path.file_name().is_none() {
        return Err(IoError::IsDirectory {
            path: path.to_owned(),
        });
    }
    // A device or a pipe would be replaced by the rename, for all who use it.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(IoError::NotAFile {
            path: path.to_owned(),
        });
    }
    let directory = directory(path);
    if !directory.is_dir() {
        return Err(IoError::NoDirectory {
            path: path.to_owned(),
            directory,
        });
    }
    Ok(())
}

/// Creates `file` (overwriting it), for the content of `path`.
///
/// Kill safety needs two things of the format (see `vtkhdf`): a superblock of version 2, because
/// version 3 marks the file as open and readers refuse it after a kill; and chunk indices in
/// which appending moves no existing entry, which means the extensible arrays of HDF5 1.10. The
/// superblock version is decided when a file is created, the index when a dataset is: so the file
/// is created with the bounds of 1.8 and opened again with those of 1.10.
pub(crate) fn create(file: &Path, path: &Path) -> Result<File, IoError> {
    silence();
    check_writable(path)?;
    // HDF5 reports all causes alike; the standard library tells them apart.
    std::fs::File::create(file).map_err(|source| IoError::system("create", path, source))?;
    let made = File::with_options()
        .with_fcpl(|p| {
            p.file_space_strategy(FileSpaceStrategy::FreeSpaceManager {
                paged: true,
                persist: false,
                threshold: 1,
            })
        })
        .with_fapl(|p| {
            p.libver_bounds(LibraryVersion::V18, LibraryVersion::V110)
                .file_locking(false)
        })
        .create(file)
        .during(path, || "create the file".to_owned())?;
    made.close()
        .during(path, || "close the new file".to_owned())?;
    File::with_options()
        .with_fapl(|p| {
            p.libver_bounds(LibraryVersion::V110, LibraryVersion::V110)
                .file_locking(false)
        })
        .open_rw(file)
        .during(path, || "open the new file".to_owned())
}

/// Says in plain words why a file cannot be read.
pub(crate) fn check_readable(path: &Path) -> Result<(), IoError> {
    if path.is_dir() {
        return Err(IoError::IsDirectory {
            path: path.to_owned(),
        });
    }
    if !path.exists() {
        return Err(IoError::Missing {
            path: path.to_owned(),
        });
    }
    // Opening a pipe would wait for its other end.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(IoError::NotAFile {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Opens a file for reading, whether or not a writer has it open.
pub(crate) fn open(path: &Path) -> Result<File, IoError> {
    silence();
    check_readable(path)?;
    std::fs::File::open(path).map_err(|source| IoError::system("read", path, source))?;
    File::with_options()
        .with_fapl(|p| p.file_locking(false))
        .open(path)
        .map_err(|error| IoError::NotHdf5 {
            path: path.to_owned(),
            reason: error.to_string(),
        })
}

/// A scalar or one-dimensional attribute.
pub(crate) fn put<T: H5Type>(at: &Location, name: &str, values: &[T]) -> hdf5::Result<()> {
    at.new_attr_builder()
        .with_data(ArrayView1::from(values))
        .create(name)
        .map(drop)
}

pub(crate) fn put_scalar<T: H5Type>(
    at: &Location,
    name: &str,
    value: T,
) -> hdf5::Result<Attribute> {
    let attribute = at.new_attr::<T>().create(name)?;
    attribute.write_scalar(&value)?;
    Ok(attribute)
}

/// Fixed-length ASCII with no terminator: the only string all VTK versions read.
pub(crate) fn put_ascii<const N: usize>(at: &Location, name: &str, text: &str) -> hdf5::Result<()> {
    let value = FixedAscii::<N>::from_ascii(text).map_err(|e| hdf5::Error::from(e.to_string()))?;
    put_scalar(at, name, value).map(drop)
}

/// A variable-length UTF-8 string, as h5py writes them.
pub(crate) fn put_text(at: &Location, name: &str, text: &str) -> hdf5::Result<()> {
    put_scalar(at, name, unicode(text)?).map(drop)
}

pub(crate) fn unicode(text: &str) -> hdf5::Result<VarLenUnicode> {
    // A C string ends at the first zero.
    text.replace('\0', "\u{fffd}")
        .parse()
        .map_err(|e: hdf5::types::StringError| hdf5::Error::from(e.to_string()))
}

pub(crate) fn unicodes(texts: &[String]) -> hdf5::Result<Vec<VarLenUnicode>> {
    texts.iter().map(|text| unicode(text)).collect()
}

pub(crate) fn text_of(value: &VarLenUnicode) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// A string: Python writes them with variable length, C and Fortran with a fixed one.
pub(crate) fn text(attribute: &Attribute) -> hdf5::Result<String> {
    const LONGEST: usize = 64;
    Ok(match attribute.dtype()?.to_descriptor()? {
        TypeDescriptor::VarLenAscii => attribute.read_scalar::<VarLenAscii>()?.to_string(),
        TypeDescriptor::FixedAscii(_) => {
            attribute.read_scalar::<FixedAscii<LONGEST>>()?.to_string()
        }
        TypeDescriptor::FixedUnicode(_) => attribute
            .read_scalar::<FixedUnicode<LONGEST>>()?
            .to_string(),
        _ => text_of(&attribute.read_scalar::<VarLenUnicode>()?),
    })
}

/// A one-dimensional dataset that grows without limit. Not compressed: a compressed chunk that
/// grows moves, one that is not is overwritten in place and its old entries stay.
pub(crate) fn column<T: H5Type>(at: &Group, name: &str, chunk: usize) -> hdf5::Result<Dataset> {
    at.new_dataset::<T>()
        .shape(SimpleExtents::resizable(vec![0]))
        .chunk(vec![chunk])
        .create(name)
}

/// Writes `values` behind the first `kept` entries of a column.
pub(crate) fn extend<T: H5Type>(column: &Dataset, kept: usize, values: &[T]) -> hdf5::Result<()> {
    let end = kept + values.len();
    if column.size() < end {
        column.resize(vec![end])?;
    }
    column.write_slice(ArrayView::<T, Ix1>::from(values), kept..end)
}

/// The `n` first entries of a numeric column.
pub(crate) fn head<T: H5Type + Clone>(
    path: &Path,
    object: &str,
    column: &Dataset,
    n: usize,
) -> Result<Vec<T>, IoError> {
    let shape = column.shape();
    if shape.len() != 1 || shape[0] < n {
        return Err(malformed(
            path,
            object,
            format!("shape {shape:?}"),
            format!("at least {n} numbers in one dimension"),
        ));
    }
    if n == 0 {
        return Ok(Vec::new());
    }
    check_plausible(path, object, Some(n))?;
    column
        .read_slice_1d::<T, _>(0..n)
        .during(path, || format!("read `{object}`"))
        .map(|a| a.to_vec())
}

/// Refuses a count of 8-byte numbers that no file of this length can hold, before memory is taken
/// for them. Deflate shrinks by at most 1032.
pub(crate) fn check_plausible(path: &Path, object: &str, n: Option<usize>) -> Result<(), IoError> {
    let length = std::fs::metadata(path)
        .map_err(|source| IoError::system("read", path, source))?
        .len();
    let most = length.saturating_mul(1032) / 8 + 1024;
    match n {
        Some(n) if n as u64 <= most => Ok(()),
        _ => Err(malformed(
            path,
            object,
            n.map_or("more numbers than can be counted".to_owned(), |n| {
                format!("{n} numbers")
            }),
            format!("at most {most} in a file of {length} bytes"),
        )),
    }
}

pub(crate) fn malformed(
    path: &Path,
    object: &str,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> IoError {
    IoError::Malformed {
        path: path.to_owned(),
        object: object.to_owned(),
        found: found.into(),
        expected: expected.into(),
    }
}

/// Makes a rename last: the directory entry itself is flushed.
pub(crate) fn sync_directory(path: &Path) -> Result<(), IoError> {
    #[cfg(unix)]
    std::fs::File::open(directory(path))
        .and_then(|d| d.sync_all())
        .map_err(|source| IoError::system("flush the directory of", path, source))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
