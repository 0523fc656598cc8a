//! What can go wrong with a file, in words for the person who named it.

use std::path::{Path, PathBuf};

use pdesolve_core::codes;

use crate::matrix_market::Fault;

/// A file that could not be written, read or understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IoError {
    /// There is no such file.
    #[error("there is no file `{}`", path.display())]
    Missing {
        /// The file asked for.
        path: PathBuf,
    },
    /// A directory stands where a file is wanted.
    #[error("`{}` is a directory, a file name is needed", path.display())]
    IsDirectory {
        /// The path asked for.
        path: PathBuf,
    },
    /// A device, pipe or socket stands where a file is wanted.
    #[error("`{}` is a device or a pipe, a regular file is needed", path.display())]
    NotAFile {
        /// The path asked for.
        path: PathBuf,
    },
    /// The directory that should hold the file does not exist.
    #[error("cannot write `{}`: the directory `{}` does not exist", path.display(), directory.display())]
    NoDirectory {
        /// The file asked for.
        path: PathBuf,
        /// The directory that is missing.
        directory: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    System {
        /// What was tried, for instance `create`.
        action: &'static str,
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not HDF5, or the end of it is missing.
    #[error("`{}` is not an HDF5 file, or it is cut off ({reason})", path.display())]
    NotHdf5 {
        /// The file concerned.
        path: PathBuf,
        /// What the HDF5 library said.
        reason: String,
    },
    /// The file is HDF5, but something else wrote it.
    #[error("`{}` is an HDF5 file but not {expected}: it has no `{missing}`", path.display())]
    NotOurs {
        /// The file concerned.
        path: PathBuf,
        /// What the file should be.
        expected: &'static str,
        /// The object that is not there.
        missing: String,
    },
    /// The file was written by a version whose layout this one does not know.
    #[error("`{}` has format version {found}, this program reads up to {supported}", path.display())]
    Version {
        /// The file concerned.
        path: PathBuf,
        /// Version in the file.
        found: u64,
        /// Newest version known here.
        supported: u64,
    },
    /// An object of the file does not hold what it should.
    #[error("`{}`, `{object}`: found {found}, expected {expected}", path.display())]
    Malformed {
        /// The file concerned.
        path: PathBuf,
        /// Path of the object inside the file.
        object: String,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: String,
    },
    /// The file holds results on another grid.
    #[error("`{}` holds another grid: found {found}, this case has {expected}", path.display())]
    GridMismatch {
        /// The file concerned.
        path: PathBuf,
        /// Grid in the file.
        found: String,
        /// Grid of the case.
        expected: String,
    },
    /// The file holds other fields.
    #[error("`{}` holds other fields: found {found}, this case has {expected}", path.display())]
    FieldMismatch {
        /// The file concerned.
        path: PathBuf,
        /// Fields in the file.
        found: String,
        /// Fields of the case.
        expected: String,
    },
    /// There is no field of that name.
    #[error(
        "`{}` has no field `{field}`{}; it has {known}",
        path.display(),
        nearest.as_ref().map(|n| format!(" (did you mean `{n}`?)")).unwrap_or_default()
    )]
    NoSuchField {
        /// The file concerned.
        path: PathBuf,
        /// Name asked for.
        field: String,
        /// The nearest name there is, where one is near.
        nearest: Option<String>,
        /// All names there are.
        known: String,
    },
    /// There is no step of that number.
    #[error("`{}` has no step {step}: it has {steps} (the first is step 0)", path.display())]
    NoSuchStep {
        /// The file concerned.
        path: PathBuf,
        /// Number asked for.
        step: usize,
        /// Number of steps in the file.
        steps: usize,
    },
    /// A field name that VTK cannot read.
    #[error(
        "field name `{name}` cannot be written to `{}`: {reason}",
        path.display()
    )]
    FieldName {
        /// The file concerned.
        path: PathBuf,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The caller gave another number of values than the file needs.
    #[error("`{}`: {what} has {found} entries, {expected} are needed", path.display())]
    Count {
        /// The file concerned.
        path: PathBuf,
        /// What was given.
        what: String,
        /// Number given.
        found: usize,
        /// Number needed.
        expected: usize,
    },
    /// A frame that does not come after the last one.
    #[error("`{}`: a frame at t = {time} cannot follow the one at t = {last}", path.display())]
    TimeOrder {
        /// The file concerned.
        path: PathBuf,
        /// Time of the new frame.
        time: f64,
        /// Time of the last frame in the file.
        last: f64,
    },
    /// A state or a matrix with a NaN or an infinity is never saved.
    #[error(
        "`{}` was not written: `{array}` holds {value} at entry {index}",
        path.display()
    )]
    NonFinite {
        /// The file asked for.
        path: PathBuf,
        /// Name of the array.
        array: String,
        /// Position in the array.
        index: usize,
        /// The value there.
        value: f64,
    },
    /// The HDF5 library refused.
    #[error("`{}`: could not {action}: {reason}", path.display())]
    Hdf5 {
        /// The file concerned.
        path: PathBuf,
        /// What was tried.
        action: String,
        /// What the library said.
        reason: String,
    },
    /// A line of a Matrix Market file is not what it should be.
    #[error("`{}`, line {line}: {fault}", path.display())]
    MatrixMarket {
        /// The file concerned.
        path: PathBuf,
        /// The line, from 1; in a compressed file, of the text inside.
        line: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// A picture can only be a PNG or an SVG.
    #[error(
        "cannot draw `{}`: the file name must end in .png or .svg, not {found}",
        path.display()
    )]
    Extension {
        /// The file asked for.
        path: PathBuf,
        /// The extension found, or `nothing`.
        found: String,
    },
    /// There is nothing that could be drawn.
    #[error("cannot draw `{}`: {reason}", path.display())]
    Plot {
        /// The file asked for.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl IoError {
    /// The file the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path }
            | Self::IsDirectory { path }
            | Self::NotAFile { path }
            | Self::NoDirectory { path, .. }
            | Self::System { path, .. }
            | Self::NotHdf5 { path, .. }
            | Self::NotOurs { path, .. }
            | Self::Version { path, .. }
            | Self::Malformed { path, .. }
            | Self::GridMismatch { path, .. }
            | Self::FieldMismatch { path, .. }
            | Self::NoSuchField { path, .. }
            | Self::NoSuchStep { path, .. }
            | Self::FieldName { path, .. }
            | Self::Count { path, .. }
            | Self::TimeOrder { path, .. }
            | Self::NonFinite { path, .. }
            | Self::Hdf5 { path, .. }
            | Self::MatrixMarket { path, .. }
            | Self::Extension { path, .. }
            | Self::Plot { path, .. } => path,
        }
    }

    /// The code of an error met while reading a matrix, a vector or a linear system; `pdesolve
    /// explain` tells more about it.
    pub fn matrix_code(&self) -> &'static str {
        match self {
            Self::MatrixMarket { fault, .. } => fault.code(),
            Self::NotOurs { .. } | Self::Malformed { .. } | Self::Hdf5 { .. } => {
                codes::SYSTEM_LAYOUT
            }
            _ => codes::MATRIX_UNREADABLE,
        }
    }

    /// What to try, where more can be said than the message does.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::MatrixMarket { fault, .. } => Some(fault.advice()),
            _ => None,
        }
    }

    /// An error of the operating system, met while doing `action` (a verb) to a file.
    pub fn system(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::System {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn no_such_field(path: &Path, field: &str, known: &[String]) -> Self {
        let nearest = nearest(field, known.iter().map(String::as_str)).map(str::to_owned);
        Self::NoSuchField {
            path: path.to_owned(),
            field: field.to_owned(),
            nearest,
            known: list(known),
        }
    }
}

/// The known name that `found` was probably meant to be.
pub(crate) fn nearest<'a>(
    found: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(name, found), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .min()
        .map(|(_, name)| name)
}

/// At most eight names in backquotes.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if names.is_empty() {
        text.push_str("none");
    }
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
