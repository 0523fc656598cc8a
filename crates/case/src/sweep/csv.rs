//! The table of a sweep as comma-separated values.

use std::io::Write;
use std::path::{Path, PathBuf};

use pdesolve_io::IoError;

use super::{Plan, Row};

/// The table of a sweep as comma-separated values: the parameters by their full keys, the reported
/// quantities with all their digits, and the status. Each row is in the file as soon as it is
/// known.
#[derive(Debug)]
pub struct Csv {
    file: std::fs::File,
    path: PathBuf,
}

impl Csv {
    /// Creates the file and writes the names of the columns.
    ///
    /// # Errors
    /// [`IoError`] where it cannot be written.
    pub fn create(path: &Path, plan: &Plan) -> Result<Self, IoError> {
        let file = std::fs::File::create(path)
            .map_err(|source| IoError::system("create", path, source))?;
        let mut csv = Self {
            file,
            path: path.to_owned(),
        };
        let keys = plan.parameters.iter().map(|p| p.key.clone());
        let last = ["status".to_owned()];
        csv.line(keys.chain(plan.report.iter().cloned()).chain(last))?;
        Ok(csv)
    }

    /// Writes a row.
    ///
    /// # Errors
    /// As [`Csv::create`].
    pub fn row(&mut self, row: &Row) -> Result<(), IoError> {
        let results = row.results.iter().map(|value| {
            if value.is_nan() {
                String::new()
            } else {
                format!("{value:e}")
            }
        });
        let values = row.values.iter().cloned();
        self.line(values.chain(results).chain([row.status()]))
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) -> Result<(), IoError> {
        let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
        writeln!(self.file, "{}", cells.join(","))
            .map_err(|source| IoError::system("write", &self.path, source))
    }
}

/// A cell, in quotes where it needs them.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\"").replace('\n', " "))
    } else {
        cell.to_owned()
    }
}
