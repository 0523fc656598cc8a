//! Writes a run, one frame at a time.

use std::fs;
use std::path::{Path, PathBuf};

use hdf5::{Dataset, File, Hyperslab, SliceOrIndex};
use ndarray::{ArrayView2, ArrayViewD};
use pdesolve_core::FieldSpec;
use pdesolve_mesh::{Centring, Grid};

use super::RunMeta;
use super::history::History;
use super::layout::{Kind, Layout};
use super::parts::{Column, Parts};
use super::reader::VtkHdfFile;
use super::ring::Ring;
use crate::error::{IoError, list};
use crate::hdf::{self, Context};

/// A temporal VTKHDF file that grows by one frame at a time. See the [module](super) for the
/// layout and for what holds after a kill.
#[derive(Debug)]
pub struct VtkHdfWriter {
    path: PathBuf,
    /// Where the content lies until its first frame is complete.
    aside: Option<PathBuf>,
    /// A second handle on the same file, see [`VtkHdfWriter::reserve`].
    raw: fs::File,
    file: File,
    layout: Layout,
    data: Vec<Dataset>,
    offsets: Vec<Dataset>,
    parts: Vec<Column>,
    times: Vec<f64>,
    ring: Ring,
    history: History,
}

impl VtkHdfWriter {
    /// Begins a file. Until the first [`append`](Self::append) (or
    /// [`finish`](Self::finish)) all content goes into a hidden file beside `path`, so that an
    /// existing file is replaced only by one that can be read.
    ///
    /// # Errors
    /// [`IoError`] where the file cannot be created or a field has a name VTK cannot read.
    pub fn create(
        path: &Path,
        grid: &Grid,
        fields: &[FieldSpec],
        meta: &RunMeta,
    ) -> Result<Self, IoError> {
        check_names(path, fields)?;
        let aside = hdf::aside(path);
        let file = hdf::create(&aside, path)?;
        let raw = fs::OpenOptions::new()
            .write(true)
            .open(&aside)
            .map_err(|source| IoError::system("open", path, source))?;
        let layout = Layout::of(grid);
        let parts = Parts::new(&file, grid, fields, meta, &layout)
            .during(path, || "lay out the file".to_owned())?;
        Ok(Self {
            path: path.to_owned(),
            aside: Some(aside),
            raw,
            file,
            layout,
            data: parts.data,
            offsets: parts.offsets,
            parts: parts.constant,
            times: Vec::new(),
            ring: parts.ring,
            history: History::new(parts.history, parts.n_rows),
        })
    }

    /// Goes on with the file of an earlier run: keeps its frames and history rows up to `time`
    /// (and 1e-12 of it), drops later ones, keeps its [`RunMeta`].
    ///
    /// The kept part is copied into a new file that then takes the old one's name; a kill in
    /// between leaves the old file as it was. Copying also repairs what a kill may have left
    /// behind the last complete frame.
    ///
    /// # Errors
    /// [`IoError`] where the file cannot be read or written, or holds another grid or other
    /// fields. The old file is then unchanged.
    pub fn resume(
        path: &Path,
        grid: &Grid,
        fields: &[FieldSpec],
        time: f64,
    ) -> Result<Self, IoError> {
        Self::go_on(path, grid, fields, None, time)
    }

    /// As [`resume`](Self::resume), for a run that has become another one in what may change on
    /// the way, such as its end: the file holds `meta` from now on.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn extend(
        path: &Path,
        grid: &Grid,
        fields: &[FieldSpec],
        meta: &RunMeta,
        time: f64,
    ) -> Result<Self, IoError> {
        Self::go_on(path, grid, fields, Some(meta), time)
    }

    fn go_on(
        path: &Path,
        grid: &Grid,
        fields: &[FieldSpec],
        meta: Option<&RunMeta>,
        time: f64,
    ) -> Result<Self, IoError> {
        let old = VtkHdfFile::open(path)?;
        if old.grid() != grid {
            return Err(IoError::GridMismatch {
                path: path.to_owned(),
                found: describe(old.grid()),
                expected: describe(grid),
            });
        }
        if old.fields() != fields {
            let names =
                |fields: &[FieldSpec]| list(&fields.iter().map(name_and_unit).collect::<Vec<_>>());
            return Err(IoError::FieldMismatch {
                path: path.to_owned(),
                found: names(old.fields()),
                expected: names(fields),
            });
        }
        let latest = time + 1e-12 * time.abs();
        let mut writer = Self::create(path, grid, fields, meta.unwrap_or(old.meta()))?;
        let (names, rows) = old.history()?;
        // Rows carry their time in the column of that name.
        let clock = names.iter().position(|name| name == "time");
        for row in rows {
            if clock.is_none_or(|c| row[c] <= latest) {
                writer.append_history(&names, &row)?;
            }
        }
        for (step, &t) in old.times().iter().enumerate() {
            if t <= latest {
                let values = fields
                    .iter()
                    .map(|field| old.read(&field.name, step))
                    .collect::<Result<Vec<_>, _>>()?;
                writer.write_frame(t, &values)?;
            }
        }
        writer.commit()?;
        drop(old);
        writer.publish()?;
        Ok(writer)
    }

    /// Adds a frame: `values[field][sample]` in grid order (x fastest) at `time`.
    ///
    /// Data first, then a flush, then the switch to the new list of steps and another flush:
    /// whoever opens the file at any moment sees complete frames only.
    ///
    /// # Errors
    /// [`IoError::Count`], [`IoError::TimeOrder`] unless `time` is later than the last frame, or
    /// what the file system says; the frames before are not affected.
    pub fn append(&mut self, time: f64, values: &[Vec<f64>]) -> Result<(), IoError> {
        self.write_frame(time, values)?;
        self.commit()?;
        self.publish()
    }

    /// Adds a row to the history: one number for each of `names`, which must be the same in
    /// every call (a column each under `/pdesolve/history`). Rows reach the file with the next
    /// frame, with [`finish`](Self::finish), or when 4096 of them wait.
    ///
    /// # Errors
    /// [`IoError::Count`] where names and row differ in length or the names have changed;
    /// [`IoError::Hdf5`].
    pub fn append_history(&mut self, names: &[String], row: &[f64]) -> Result<(), IoError> {
        self.history.push(&self.path, names, row)?;
        if self.history.is_full() {
            self.history.write(&self.path)?;
            self.commit()?;
        }
        Ok(())
    }

    /// Brings waiting history rows into the file now, under its own name even where no frame is
    /// complete yet, so that a checkpoint between two frames finds them there.
    ///
    /// # Errors
    /// [`IoError`] of the file system or the HDF5 library.
    pub fn flush_history(&mut self) -> Result<(), IoError> {
        self.history.write(&self.path)?;
        self.commit()?;
        self.publish()
    }

    /// Ends the run: writes waiting history rows and the numbers of `summary` (attributes of
    /// `/pdesolve/summary`), and waits until all of it is on the disk.
    ///
    /// # Errors
    /// [`IoError`] of the file system or the HDF5 library.
    pub fn finish(&mut self, summary: &[(&str, f64)]) -> Result<(), IoError> {
        self.history.write(&self.path)?;
        self.commit()?;
        self.file
            .group("pdesolve/summary")
            .and_then(|group| {
                let present = group.attr_names()?;
                for &(name, value) in summary {
                    if present.iter().any(|p| p == name) {
                        group.attr(name)?.write_scalar(&value)?;
                    } else {
                        hdf::put_scalar(&group, name, value)?;
                    }
                }
                Ok(())
            })
            .during(&self.path, || "write the summary".to_owned())?;
        self.flush()?;
        self.trim()?;
        self.raw
            .sync_all()
            .map_err(|source| IoError::system("flush", &self.path, source))?;
        self.publish()
    }

    /// Frames written so far.
    pub fn steps(&self) -> usize {
        self.times.len()
    }

    /// Time of the last frame, where there is one.
    pub fn last_time(&self) -> Option<f64> {
        self.times.last().copied()
    }

    fn write_frame(&mut self, time: f64, values: &[Vec<f64>]) -> Result<(), IoError> {
        let count = |what: String, found, expected| IoError::Count {
            path: self.path.clone(),
            what,
            found,
            expected,
        };
        if values.len() != self.data.len() {
            return Err(count("a frame".to_owned(), values.len(), self.data.len()));
        }
        for (field, values) in values.iter().enumerate() {
            if values.len() != self.layout.len {
                return Err(count(
                    format!("field number {field}"),
                    values.len(),
                    self.layout.len,
                ));
            }
        }
        let last = self.times.last().copied().unwrap_or(f64::NEG_INFINITY);
        if !time.is_finite() || time <= last {
            return Err(IoError::TimeOrder {
                path: self.path.clone(),
                time,
                last,
            });
        }
        self.history.write(&self.path)?;
        self.write_arrays(values)
            .during(&self.path, || format!("write the frame at t = {time}"))?;
        self.times.push(time);
        Ok(())
    }

    fn write_arrays(&self, values: &[Vec<f64>]) -> hdf5::Result<()> {
        let k = self.times.len();
        let shape = self.layout.shape(k + 1);
        let slab: Vec<SliceOrIndex> = self
            .layout
            .slab(k)
            .into_iter()
            .map(SliceOrIndex::from)
            .collect();
        let mut step_shape = self.layout.step.clone();
        if self.layout.kind == Kind::Image {
            step_shape.insert(0, 1);
        }
        for (dataset, values) in self.data.iter().zip(values) {
            dataset.resize(shape.clone())?;
            let view = ArrayViewD::from_shape(step_shape.clone(), values)?;
            dataset.write_slice(view, Hyperslab::from(slab.clone()))?;
        }
        for offsets in &self.offsets {
            hdf::extend(offsets, k, &[self.layout.offset(k)])?;
        }
        for column in &self.parts {
            if column.two_axes {
                column.dataset.resize(vec![k + 1, 1])?;
                let value = [column.value];
                let view = ArrayView2::from_shape((1, 1), &value)?;
                column.dataset.write_slice(view, (k..k + 1, 0..1))?;
            } else {
                hdf::extend(&column.dataset, k, &[column.value])?;
            }
        }
        Ok(())
    }

    /// Makes all that was written part of what the file promises.
    fn commit(&mut self) -> Result<(), IoError> {
        self.ring
            .prepare(&self.times)
            .during(&self.path, || "list the frames".to_owned())?;
        self.flush()?;
        self.ring
            .switch()
            .and_then(|()| self.history.promise())
            .during(&self.path, || "count the frames".to_owned())?;
        self.flush()
    }

    fn flush(&self) -> Result<(), IoError> {
        self.reserve()?;
        self.file
            .flush()
            .during(&self.path, || "flush the file".to_owned())?;
        // The flush has cut the file to what is in use.
        self.reserve()
    }

    /// Keeps the file longer than all that the next flush can need.
    ///
    /// While it flushes, HDF5 first writes the new end of the file into the superblock and then
    /// extends the file to it; and a reader first asks for the length of the file and then reads
    /// the superblock. A file shorter than its superblock says is refused: with the reserve it
    /// never is, for a file left by a kill as for a reader that comes at the wrong moment. The
    /// added bytes take no disk space; [`VtkHdfWriter::trim`] takes them off at the end.
    fn reserve(&self) -> Result<(), IoError> {
        let frame = self.layout.len * size_of::<f64>() * self.data.len();
        let slack = (1 << 20) + 2 * frame as u64 + 4096 * self.data.len() as u64;
        self.set_len(self.file.size() + slack)
    }

    fn trim(&self) -> Result<(), IoError> {
        self.set_len(self.file.size())
    }

    fn set_len(&self, bytes: u64) -> Result<(), IoError> {
        self.raw
            .set_len(bytes)
            .map_err(|source| IoError::system("extend", &self.path, source))
    }

    /// Gives the file its name, once it is complete.
    fn publish(&mut self) -> Result<(), IoError> {
        if let Some(aside) = self.aside.take() {
            fs::rename(&aside, &self.path)
                .map_err(|source| IoError::system("replace", &self.path, source))?;
            hdf::sync_directory(&self.path)?;
        }
        Ok(())
    }
}

impl Drop for VtkHdfWriter {
    fn drop(&mut self) {
        match self.aside.take() {
            // Never completed: nothing of it is worth keeping.
            Some(aside) => drop(fs::remove_file(aside)),
            // A destructor has no way to report; `finish` is where errors show.
            None => drop(
                self.history
                    .write(&self.path)
                    .and_then(|()| self.commit())
                    .and_then(|()| self.trim()),
            ),
        }
    }
}

fn check_names(path: &Path, fields: &[FieldSpec]) -> Result<(), IoError> {
    for (i, field) in fields.iter().enumerate() {
        let reason = if field.name.is_empty() {
            "it is empty"
        } else if field.name.contains(['/', '.', '\0']) {
            "it holds a `/`, a `.` or a zero"
        } else if fields[..i].iter().any(|f| f.name == field.name) {
            "two fields have it"
        } else {
            continue;
        };
        return Err(IoError::FieldName {
            path: path.to_owned(),
            name: field.name.clone(),
            reason,
        });
    }
    Ok(())
}

fn name_and_unit(field: &FieldSpec) -> String {
    if field.units.is_empty() {
        field.name.clone()
    } else {
        format!("{} [{}]", field.name, field.units)
    }
}

/// `64 x 32 points, x from 0 to 1 (periodic), y from -1 to 1 (stretched)`.
fn describe(grid: &Grid) -> String {
    let sizes: Vec<String> = grid.shape().iter().map(usize::to_string).collect();
    let what = match grid.centring() {
        Centring::Point => "points",
        Centring::Cell => "cells",
    };
    let mut text = format!("{} {what}", sizes.join(" x "));
    for axis in grid.axes() {
        let (first, last) = (axis.faces()[0], axis.faces()[axis.len()]);
        // The dual cells of a periodic point axis begin half a spacing below the first point.
        let first = match grid.centring() {
            Centring::Point => axis.samples()[0],
            Centring::Cell => first,
        };
        let last = if axis.is_periodic() {
            first + axis.length()
        } else {
            last
        };
        text.push_str(&format!(", {} from {first} to {last}", axis.name()));
        match (axis.is_periodic(), axis.is_uniform()) {
            (true, true) => text.push_str(" (periodic)"),
            (true, false) => text.push_str(" (periodic, stretched)"),
            (false, false) => text.push_str(" (stretched)"),
            (false, true) => {}
        }
    }
    text
}
