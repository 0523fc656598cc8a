//! Reads back what [`VtkHdfWriter`](super::VtkHdfWriter) wrote.

use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type, Hyperslab, Location, SliceOrIndex};
use pdesolve_core::FieldSpec;
use pdesolve_mesh::{Axis, Centring, Grid};

use super::layout::Layout;
use super::{FORMAT, RunMeta, history};
use crate::error::IoError;
use crate::hdf::{self, Context, malformed};

/// A file of a finished, running or killed run. It may grow while it is open: the steps are those
/// that were complete when it was opened.
#[derive(Debug)]
pub struct VtkHdfFile {
    path: PathBuf,
    grid: Grid,
    times: Vec<f64>,
    fields: Vec<FieldSpec>,
    meta: RunMeta,
    layout: Layout,
    data: Vec<Dataset>,
    history: Group,
    summary: Vec<(String, f64)>,
}

impl VtkHdfFile {
    /// Opens a file and checks that its parts fit together.
    ///
    /// # Errors
    /// [`IoError`]: no such file, not HDF5, not written by pdesolve, or damaged, with the object
    /// that is at fault.
    pub fn open(path: &Path) -> Result<Self, IoError> {
        let file = hdf::open(path)?;
        let group = |name: &str| {
            file.group(name).map_err(|_| IoError::NotOurs {
                path: path.to_owned(),
                expected: "the output of a pdesolve run",
                missing: format!("/{name}"),
            })
        };
        let (vtk, ours) = (group("VTKHDF")?, group("pdesolve")?);
        let format: u64 = number(path, &ours, "/pdesolve", "format")?;
        if format > FORMAT {
            return Err(IoError::Version {
                path: path.to_owned(),
                found: format,
                supported: FORMAT,
            });
        }
        let meta = read_meta(path, &file, &ours)?;
        let grid = read_grid(path, &file)?;
        let samples = grid
            .shape()
            .iter()
            .try_fold(1usize, |product, &n| product.checked_mul(n));
        hdf::check_plausible(path, "/pdesolve/axes", samples)?;
        let layout = Layout::of(&grid);
        let steps = read_steps(path, &file)?;
        let values = dataset(path, &file, "/VTKHDF/Steps/Values")?;
        let times = hdf::head(path, "/VTKHDF/Steps/Values", &values, steps)?;
        let names = texts(path, &file, "/pdesolve/fields")?;
        let (mut fields, mut data) = (Vec::new(), Vec::new());
        for name in names {
            let object = format!("/VTKHDF/{}/{name}", layout.group);
            let array = dataset(path, &file, &object)?;
            let (shape, least) = (array.shape(), layout.shape(steps));
            if shape.len() != least.len() || shape[0] < least[0] || shape[1..] != least[1..] {
                return Err(malformed(
                    path,
                    &object,
                    format!("shape {shape:?}"),
                    format!("{least:?} for {steps} steps on this grid"),
                ));
            }
            let units = text(path, &array, &object, "units")?;
            fields.push(FieldSpec { name, units });
            data.push(array);
        }
        drop(vtk);
        Ok(Self {
            history: group("pdesolve/history")?,
            summary: read_summary(path, &group("pdesolve/summary")?)?,
            path: path.to_owned(),
            grid,
            times,
            fields,
            meta,
            layout,
            data,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The grid, equal to the one the file was made with.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Time of each step.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Names and units, in the order they were given to the writer.
    pub fn fields(&self) -> &[FieldSpec] {
        &self.fields
    }

    /// What was written about the run.
    pub fn meta(&self) -> &RunMeta {
        &self.meta
    }

    /// The numbers given to [`finish`](super::VtkHdfWriter::finish), by name; empty while the
    /// run goes on.
    pub fn summary(&self) -> &[(String, f64)] {
        &self.summary
    }

    /// The values of `field` at `step`, one a sample, x fastest.
    ///
    /// # Errors
    /// [`IoError::NoSuchField`], [`IoError::NoSuchStep`], [`IoError::Hdf5`] where the data are
    /// damaged.
    pub fn read(&self, field: &str, step: usize) -> Result<Vec<f64>, IoError> {
        let Some(index) = self.fields.iter().position(|f| f.name == field) else {
            let known: Vec<String> = self.fields.iter().map(|f| f.name.clone()).collect();
            return Err(IoError::no_such_field(&self.path, field, &known));
        };
        if step >= self.times.len() {
            return Err(IoError::NoSuchStep {
                path: self.path.clone(),
                step,
                steps: self.times.len(),
            });
        }
        let slab: Vec<SliceOrIndex> = self
            .layout
            .slab(step)
            .into_iter()
            .map(SliceOrIndex::from)
            .collect();
        self.data[index]
            .read_slice::<f64, _, ndarray::IxDyn>(Hyperslab::from(slab))
            .during(&self.path, || format!("read `{field}` at step {step}"))
            .map(|array| array.into_raw_vec_and_offset().0)
    }

    /// Names of the history's columns, and its rows.
    ///
    /// # Errors
    /// [`IoError::Hdf5`] or [`IoError::Malformed`] where the table is damaged.
    pub fn history(&self) -> Result<(Vec<String>, Vec<Vec<f64>>), IoError> {
        history::read(&self.path, &self.history)
    }
}

fn dataset(path: &Path, file: &File, object: &str) -> Result<Dataset, IoError> {
    file.dataset(object)
        .during(path, || format!("open `{object}`"))
}

fn number<T: H5Type>(path: &Path, at: &Location, object: &str, name: &str) -> Result<T, IoError> {
    at.attr(name)
        .and_then(|a| a.read_scalar())
        .during(path, || {
            format!("read the attribute `{name}` of `{object}`")
        })
}

fn text(path: &Path, at: &Location, object: &str, name: &str) -> Result<String, IoError> {
    number::<VarLenUnicode>(path, at, object, name).map(|value| hdf::text_of(&value))
}

fn texts(path: &Path, file: &File, object: &str) -> Result<Vec<String>, IoError> {
    Ok(dataset(path, file, object)?
        .read_raw::<VarLenUnicode>()
        .during(path, || format!("read `{object}`"))?
        .iter()
        .map(hdf::text_of)
        .collect())
}

fn read_meta(path: &Path, file: &File, ours: &Group) -> Result<RunMeta, IoError> {
    let case: VarLenUnicode = dataset(path, file, "/pdesolve/case")?
        .read_scalar()
        .during(path, || "read `/pdesolve/case`".to_owned())?;
    let schema: u64 = number(path, ours, "/pdesolve", "schema")?;
    Ok(RunMeta {
        case_text: hdf::text_of(&case),
        title: text(path, ours, "/pdesolve", "title")?,
        version: text(path, ours, "/pdesolve", "version")?,
        seed: number(path, ours, "/pdesolve", "seed")?,
        schema: u32::try_from(schema).map_err(|_| {
            malformed(
                path,
                "/pdesolve/schema",
                schema.to_string(),
                "a small number",
            )
        })?,
    })
}

fn read_steps(path: &Path, file: &File) -> Result<usize, IoError> {
    let group = file
        .group("VTKHDF/Steps")
        .during(path, || "open `/VTKHDF/Steps`".to_owned())?;
    let steps: i64 = number(path, &group, "/VTKHDF/Steps", "NSteps")?;
    usize::try_from(steps).map_err(|_| {
        malformed(
            path,
            "/VTKHDF/Steps, NSteps",
            steps.to_string(),
            "a number of steps",
        )
    })
}

fn read_grid(path: &Path, file: &File) -> Result<Grid, IoError> {
    let group = file
        .group("pdesolve/axes")
        .during(path, || "open `/pdesolve/axes`".to_owned())?;
    let centring = match text(path, &group, "/pdesolve/axes", "centring")?.as_str() {
        "point" => Centring::Point,
        "cell" => Centring::Cell,
        other => {
            return Err(malformed(
                path,
                "/pdesolve/axes, centring",
                format!("`{other}`"),
                "`point` or `cell`",
            ));
        }
    };
    let mut axes = Vec::new();
    for name in ['x', 'y', 'z'] {
        let object = format!("/pdesolve/axes/{name}");
        if !group.link_exists(&name.to_string()) {
            break;
        }
        let samples = dataset(path, file, &object)?;
        let faces_object = format!("{object}_faces");
        let faces = dataset(path, file, &faces_object)?;
        let axis = Axis::from_parts(
            name,
            number(path, &samples, &object, "periodic")?,
            number(path, &samples, &object, "uniform")?,
            hdf::head(path, &object, &samples, samples.size())?,
            hdf::head(path, &faces_object, &faces, faces.size())?,
        )
        .map_err(|error| malformed(path, &object, error.to_string(), "the samples of an axis"))?;
        axes.push(axis);
    }
    if axes.is_empty() {
        return Err(malformed(path, "/pdesolve/axes", "no axis", "1 to 3 axes"));
    }
    Ok(Grid::new(centring, axes))
}

fn read_summary(path: &Path, group: &Group) -> Result<Vec<(String, f64)>, IoError> {
    group
        .attr_names()
        .during(path, || "list `/pdesolve/summary`".to_owned())?
        .into_iter()
        .map(|name| {
            let value = number(path, group, "/pdesolve/summary", &name)?;
            Ok((name, value))
        })
        .collect()
}
