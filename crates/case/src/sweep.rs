//! Parameter sweeps: the case is run for every combination of some of its values.
//!
//! 1. Read the keys that are varied and the values of each, from the arguments or `[sweep]`.
//! 2. Load the case of every point through the door of `--set`, so that a misspelt key or a value
//!    of a wrong type anywhere stops the sweep before the first run.
//! 3. Run the points one after the other, the last key varying fastest; of each keep the last row
//!    of its history. A point that fails is a row of its own and does not stop the others.
//!
//! The points are run one by one: the solvers use all threads already.

mod csv;
mod parameter;
mod picture;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use pdesolve_core::codes;
use pdesolve_io::{IoError, VtkHdfFile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use self::csv::Csv;
pub use self::parameter::split_names;
use self::parameter::{from_argument, from_entry, twice};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::Value;
use crate::load::LoadedCase;
use crate::measure::MeasureError;
use crate::names::suggest;
use crate::overrides::Change;
use crate::prepare::prepare;
use crate::progress::Progress;
use crate::results::history_columns;
use crate::run::{RunOptions, checkpoint_path, run};
use crate::verify::short_names;

/// Points of a sweep, at most.
const MOST_POINTS: usize = 10_000;
/// Faults of points that are said at once, at most.
const MOST_FAULTS: usize = 8;
/// The wall-clock time of a run, beside the columns of its history.
pub(crate) const SECONDS: &str = "seconds";

/// What `pdesolve sweep` varies and reports, where its arguments do not say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SweepParams {
    /// Values of each key that is varied, keys as in `--set`; every combination is run:
    /// `vary = { "problem.viscosity" = [0.1, 0.2], "mesh.points[0]" = [64, 128] }`.
    pub vary: BTreeMap<String, Vec<Json>>,
    /// Quantities reported: columns of the history, of which the last row counts, and `seconds`.
    /// Default: those of `output.monitor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub report: Option<Vec<String>>,
    /// Key along the horizontal axis of the picture. Default: the first whose values are all
    /// numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Logarithmic horizontal axis.
    #[serde(default)]
    pub log_x: bool,
    /// Logarithmic vertical axis.
    #[serde(default)]
    pub log_y: bool,
}

/// What the arguments of `pdesolve sweep` ask for; what they leave out stands in `[sweep]`.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `KEY=V1,V2,...` each; where there are any, those of `[sweep]` do not count.
    pub vary: Vec<String>,
    /// Quantities reported.
    pub report: Vec<String>,
    /// Key along the horizontal axis.
    pub x: Option<String>,
}

/// One key that is varied.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The key.
    pub key: String,
    /// Its last names, as few as tell it from the others.
    pub name: String,
    /// Its values, as they are shown.
    pub values: Vec<String>,
    /// Those that are numbers.
    numbers: Vec<Option<f64>>,
    changes: Vec<Change>,
}

/// A sweep that is ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The keys that are varied, the last one fastest.
    pub parameters: Vec<Parameter>,
    /// Quantities reported.
    pub report: Vec<String>,
    base: LoadedCase,
    x: Option<String>,
}

/// What became of one point.
#[derive(Clone, Debug)]
pub struct Row {
    /// Number of the point, from 0.
    pub point: usize,
    /// Value of each parameter.
    pub values: Vec<String>,
    /// The reported quantities; NaN where the point failed.
    pub results: Vec<f64>,
    /// Wall-clock seconds of the run.
    pub seconds: f64,
    /// Why it failed.
    pub failure: Option<Diagnostics>,
}

/// What a sweep computed.
#[derive(Clone, Debug)]
pub struct Swept {
    /// The points, in the order in which they were run.
    pub rows: Vec<Row>,
    /// Whether it was stopped from outside before its last point.
    pub interrupted: bool,
}

/// Hears of a sweep as it goes, and of the run of each point as any run.
pub trait Watch: Progress {
    /// Before point `number`, from 0.
    fn begin(&mut self, _plan: &Plan, _number: usize) {}

    /// After a point.
    ///
    /// # Errors
    /// Where what was computed cannot be written: the sweep ends with it.
    fn row(&mut self, _plan: &Plan, _row: &Row) -> Result<(), IoError> {
        Ok(())
    }
}

impl Row {
    /// `done`, or why the point failed, in one line.
    pub fn status(&self) -> String {
        match &self.failure {
            None => "done".to_owned(),
            Some(found) => match found.iter().next() {
                Some(first) => format!("failed: {}", first.message),
                None => "failed".to_owned(),
            },
        }
    }
}

impl Swept {
    /// Number of points that failed.
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|row| row.failure.is_some()).count()
    }
}

impl Plan {
    /// Reads what is to be varied and reported, and loads the case of every point.
    ///
    /// # Errors
    /// All that is wrong with the request, or with the case at any point, each at its place.
    pub fn new(base: &LoadedCase, request: &Request) -> Result<Self, Diagnostics> {
        let table = base.case.sweep.as_ref();
        let mut found = Diagnostics::default();
        let mut parameters = Vec::new();
        if request.vary.is_empty() {
            if let Value::Table(entries) = &base.node("sweep.vary").0.value
                && table.is_some()
            {
                for entry in entries {
                    match from_entry(&entry.key, &entry.key_place, &entry.node) {
                        Ok(parameter) => parameters.push(parameter),
                        Err(fault) => found.push(*fault),
                    }
                }
            }
        } else {
            for argument in &request.vary {
                match from_argument(argument) {
                    Ok(parameter) => parameters.push(parameter),
                    Err(fault) => found.push(*fault),
                }
            }
        }
        if !found.has_errors() && parameters.is_empty() {
            found.push(
                bad_sweep("there is nothing to vary")
                    .help("give `--vary KEY=V1,V2,...`, for instance `--vary time.end=1,2,4`, or a table [sweep] with `vary`"),
            );
        }
        found.extend(twice(&parameters));
        let points = parameters
            .iter()
            .fold(1usize, |n, p| n.saturating_mul(p.values.len()));
        if points > MOST_POINTS {
            found.push(bad_sweep(&format!(
                "the values make {points} combinations; at most {MOST_POINTS} are run"
            )));
        }
        let keys: Vec<String> = parameters
            .iter()
            .map(|p: &Parameter| p.key.clone())
            .collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        for (parameter, name) in parameters.iter_mut().zip(short_names(&keys)) {
            parameter.name = name;
        }
        found.into_result(())?;
        let report = match (&request.report[..], table.and_then(|t| t.report.clone())) {
            ([], from_table) => from_table,
            (given, _) => Some(given.to_vec()),
        };
        let mut plan = Self {
            parameters,
            report: Vec::new(),
            base: base.clone(),
            x: (request.x.clone()).or_else(|| table.and_then(|t| t.x.clone())),
        };
        plan.check_points()?;
        plan.report = plan.columns(report)?;
        Ok(plan)
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.parameters.iter().map(|p| p.values.len()).product()
    }

    /// Title of the case.
    pub fn title(&self) -> &str {
        &self.base.case.title
    }

    /// Number of the value of each parameter at a point.
    fn indices(&self, point: usize) -> Vec<usize> {
        let mut rest = point;
        let mut indices = vec![0; self.parameters.len()];
        for (index, parameter) in indices.iter_mut().zip(&self.parameters).rev() {
            *index = rest % parameter.values.len();
            rest /= parameter.values.len();
        }
        indices
    }

    /// Value of each parameter at a point.
    pub fn values(&self, point: usize) -> Vec<String> {
        let values = self.parameters.iter().zip(self.indices(point));
        values.map(|(p, i)| p.values[i].clone()).collect()
    }

    /// `viscosity = 0.1, points[0] = 64`
    pub fn describe(&self, point: usize) -> String {
        let names = self.parameters.iter().map(|p| &p.name);
        let texts: Vec<String> = names
            .zip(self.values(point))
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        texts.join(", ")
    }

    /// The case of a point. What a run of it does not need is left out: the values that the case
    /// must reproduce hold for its own parameters only.
    fn load(&self, point: usize) -> Result<LoadedCase, Diagnostics> {
        let changes: Vec<Change> = self
            .parameters
            .iter()
            .zip(self.indices(point))
            .map(|(parameter, i)| parameter.changes[i].clone())
            .collect();
        let mut loaded = self.base.with(&changes)?;
        loaded.case.expect.clear();
        loaded.case.plot.clear();
        loaded.case.converge = None;
        loaded.case.sweep = None;
        Ok(loaded)
    }

    fn check_points(&self) -> Result<(), Diagnostics> {
        let mut found = Diagnostics::default();
        for point in 0..self.points() {
            let Err(faults) = self.load(point) else {
                continue;
            };
            // A value that is wrong is so at all points that have it.
            for fault in faults {
                if !found.iter().any(|known| *known == fault) {
                    found.push(fault);
                }
            }
            if found.errors() >= MOST_FAULTS {
                break;
            }
        }
        found.into_result(())
    }

    /// Names of the quantities reported: those asked for, or those that the case monitors.
    fn columns(&self, wanted: Option<Vec<String>>) -> Result<Vec<String>, Diagnostics> {
        // One point that can be run tells which quantities there are.
        let mut first_fault = None;
        for point in 0..self.points() {
            let loaded = self.load(point)?;
            let prepared = match prepare(&loaded.case) {
                Ok(prepared) => prepared,
                Err(findings) => {
                    first_fault.get_or_insert_with(|| loaded.diagnose(&findings));
                    continue;
                }
            };
            let quantities = prepared.task.quantity_names();
            let Some(wanted) = wanted else {
                let monitored = prepared.monitored.iter();
                return Ok(monitored.map(|&q| quantities[q].clone()).collect());
            };
            let mut valid = history_columns(&loaded.case, &quantities);
            valid.push(SECONDS.to_owned());
            let mut found = Diagnostics::default();
            for name in wanted.iter().filter(|name| !valid.contains(name)) {
                found.push(
                    Diagnostic::error(
                        codes::NO_SUCH_OUTPUT,
                        format!("the run has no quantity `{name}` to report"),
                    )
                    .help(suggest(name, &valid)),
                );
            }
            return found.into_result(wanted);
        }
        Err(first_fault.unwrap_or_default())
    }
}

/// Runs all points, one after the other. The output of each goes into `folder`, as
/// `<stem>_<number>.vtkhdf`, and is removed after the point unless `keep`.
///
/// # Errors
/// Only what [`Watch::row`] returns: a point that fails is a row of the result.
pub fn sweep(
    plan: &Plan,
    folder: &Path,
    keep: bool,
    interrupt: &AtomicBool,
    watch: &mut dyn Watch,
) -> Result<Swept, IoError> {
    let mut rows = Vec::new();
    for point in 0..plan.points() {
        if interrupt.load(Ordering::Relaxed) {
            return Ok(Swept {
                rows,
                interrupted: true,
            });
        }
        watch.begin(plan, point);
        let output = output_path(plan, folder, point);
        let ran = run_point(plan, point, &output, interrupt, watch);
        if !keep {
            // What cannot be removed from a temporary folder is harmless.
            let _ = std::fs::remove_file(&output);
            let _ = std::fs::remove_file(checkpoint_path(&output));
        }
        let (results, seconds, failure) = match ran {
            Ok(Some((results, seconds))) => (results, seconds, None),
            Ok(None) => {
                return Ok(Swept {
                    rows,
                    interrupted: true,
                });
            }
            Err(found) => (vec![f64::NAN; plan.report.len()], f64::NAN, Some(found)),
        };
        let row = Row {
            point,
            values: plan.values(point),
            results,
            seconds,
            failure,
        };
        watch.row(plan, &row)?;
        rows.push(row);
    }
    Ok(Swept {
        rows,
        interrupted: false,
    })
}

fn output_path(plan: &Plan, folder: &Path, point: usize) -> PathBuf {
    let digits = plan.points().to_string().len();
    let stem = plan.base.path.file_stem().unwrap_or_default();
    let stem = stem.to_string_lossy();
    folder.join(format!("{stem}_{:0digits$}.vtkhdf", point + 1))
}

/// The reported quantities and the seconds of a run; `None` where it was interrupted.
fn run_point(
    plan: &Plan,
    point: usize,
    output: &Path,
    interrupt: &AtomicBool,
    watch: &mut dyn Watch,
) -> Result<Option<(Vec<f64>, f64)>, Diagnostics> {
    let loaded = plan.load(point)?;
    let options = RunOptions {
        output: output.to_owned(),
        resume: false,
        case_text: loaded.effective()?,
        interrupt,
    };
    let finished =
        run(&loaded.case, &options, watch).map_err(|error| loaded.diagnose_run(&error))?;
    if !finished.reached_end {
        return Ok(None);
    }
    let read = || -> Result<Vec<f64>, MeasureError> {
        let (names, rows) = VtkHdfFile::open(output)?.history()?;
        let last = rows.last();
        let value = |name: &String| {
            if name == SECONDS {
                return finished.wall_seconds;
            }
            let column = names.iter().position(|n| n == name);
            match (column, last) {
                (Some(column), Some(row)) => row[column],
                _ => f64::NAN,
            }
        };
        Ok(plan.report.iter().map(value).collect())
    };
    let results =
        read().map_err(|error| Diagnostic::error(codes::NOT_OUR_FILE, error.to_string()))?;
    Ok(Some((results, finished.wall_seconds)))
}

fn bad_sweep(message: &str) -> Diagnostic {
    Diagnostic::error(codes::BAD_SWEEP, message)
}

#[cfg(test)]
mod tests;
