//! The columns of `/pdesolve/history`: quantities over time.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Attribute, Dataset, Group};

use crate::error::IoError;
use crate::hdf::{self, Context};

/// Rows that may wait before they are written without a frame.
const WAITING: usize = 4096;
/// Rows allocated together.
const CHUNK: usize = 1024;

/// The growing table of one file. `rows` promises how many rows are complete, as `NSteps` does
/// for frames.
#[derive(Debug)]
pub(super) struct History {
    group: Group,
    n_rows: Attribute,
    names: Vec<String>,
    columns: Vec<Dataset>,
    written: usize,
    /// Row after row.
    waiting: Vec<f64>,
}

impl History {
    pub(super) fn new(group: Group, n_rows: Attribute) -> Self {
        Self {
            group,
            n_rows,
            names: Vec::new(),
            columns: Vec::new(),
            written: 0,
            waiting: Vec::new(),
        }
    }

    pub(super) fn push(
        &mut self,
        path: &Path,
        names: &[String],
        row: &[f64],
    ) -> Result<(), IoError> {
        let count = |what: &str, found, expected| {
            Err(IoError::Count {
                path: path.to_owned(),
                what: what.to_owned(),
                found,
                expected,
            })
        };
        if row.len() != names.len() {
            return count("a row of the history", row.len(), names.len());
        }
        if self.names.is_empty() {
            self.names = names.to_vec();
        } else if self.names != names {
            return Err(IoError::FieldMismatch {
                path: path.to_owned(),
                found: crate::error::list(&self.names),
                expected: format!("the history columns {}", crate::error::list(names)),
            });
        }
        self.waiting.extend_from_slice(row);
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= WAITING * self.names.len().max(1)
    }

    /// Writes the waiting rows; they count once [`History::promise`] has been called.
    pub(super) fn write(&mut self, path: &Path) -> Result<(), IoError> {
        let width = self.names.len();
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = make_columns(&self.group, &self.names)
                .during(path, || "make the columns of the history".to_owned())?;
        }
        for (c, column) in self.columns.iter().enumerate() {
            let values: Vec<f64> = self
                .waiting
                .iter()
                .skip(c)
                .step_by(width)
                .copied()
                .collect();
            hdf::extend(column, self.written, &values).during(path, || {
                format!("write the history column `{}`", self.names[c])
            })?;
        }
        self.written += self.waiting.len() / width;
        self.waiting.clear();
        Ok(())
    }

    pub(super) fn promise(&self) -> hdf5::Result<()> {
        self.n_rows.write_scalar(&(self.written as u64))
    }
}

fn make_columns(group: &Group, names: &[String]) -> hdf5::Result<Vec<Dataset>> {
    let columns = names
        .iter()
        .map(|name| hdf::column::<f64>(group, &link_name(name), CHUNK))
        .collect::<hdf5::Result<Vec<_>>>()?;
    group
        .new_attr_builder()
        .with_data(&hdf::unicodes(names)?)
        .create("columns")?;
    Ok(columns)
}

/// Dataset name of a column: `/` separates groups in HDF5, and `.` alone is the group itself.
fn link_name(name: &str) -> String {
    match name {
        "" | "." => "_".to_owned(),
        _ => name.replace(['/', '\0'], "_"),
    }
}

/// Names and rows of a finished table; empty where there is none.
pub(super) fn read(path: &Path, group: &Group) -> Result<(Vec<String>, Vec<Vec<f64>>), IoError> {
    let rows: u64 = group
        .attr("rows")
        .and_then(|a| a.read_scalar())
        .during(path, || "read `/pdesolve/history`, `rows`".to_owned())?;
    if rows == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    let names: Vec<String> = group
        .attr("columns")
        .and_then(|a| a.read_raw::<VarLenUnicode>())
        .during(path, || "read `/pdesolve/history`, `columns`".to_owned())?
        .iter()
        .map(hdf::text_of)
        .collect();
    let mut table: Vec<Vec<f64>> = Vec::new();
    for name in &names {
        let object = format!("/pdesolve/history/{}", link_name(name));
        let column = group
            .dataset(&link_name(name))
            .during(path, || format!("open `{object}`"))?;
        let values = hdf::head::<f64>(path, &object, &column, rows as usize)?;
        table.resize(values.len(), Vec::with_capacity(names.len()));
        for (row, value) in table.iter_mut().zip(values) {
            row.push(value);
        }
    }
    Ok((names, table))
}
