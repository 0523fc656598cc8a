//! Measures what an `[[expect]]` table asks for, from the output file of a run.

use std::path::PathBuf;

use pdesolve_io::{IoError, VtkHdfFile};
use pdesolve_mesh::{Grid, difference_norms};

use crate::expect::{Expect, Quantity, nearest_sample, of_field};
use crate::function::Function;
use crate::results::ITERATION;
use crate::schema::Case;

/// A measured value beside its reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What was measured.
    pub what: String,
    /// Its value.
    pub value: f64,
    /// Reference value.
    pub reference: f64,
    /// Largest allowed distance.
    pub tolerance: f64,
    /// Where the reference comes from.
    pub source: String,
}

impl Measured {
    /// Whether the value is within its tolerance; a NaN is not.
    pub fn passes(&self) -> bool {
        (self.value - self.reference).abs() <= self.tolerance
    }
}

/// What the file does not hold.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] IoError),
    /// There is no frame at the time asked for.
    #[error("{path} has no frame at t = {time}; its frames run from {first} to {last}")]
    NoFrame {
        /// The file.
        path: PathBuf,
        /// Time asked for.
        time: f64,
        /// First frame.
        first: f64,
        /// Last frame.
        last: f64,
    },
    /// There is no such field or history column, or no frame at all.
    #[error("{path} holds no {what}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What is missing.
        what: String,
    },
    /// An expression does not compile.
    #[error("{0}")]
    Expression(String),
}

/// Measures one expectation of `case` in its output file.
///
/// # Errors
/// [`MeasureError`] where the file lacks what is asked for.
pub fn measure(case: &Case, expect: &Expect, file: &VtkHdfFile) -> Result<Measured, MeasureError> {
    let frames = Frames { file };
    let value = match expect.quantity {
        Quantity::History => history(expect, file)?,
        Quantity::RelativeL2 | Quantity::MaxError => {
            let (step, time) = frames.at(expect.time)?;
            let text = expect.exact.as_deref().unwrap_or("0");
            let grid = file.grid();
            let exact = exact_values(text, case, grid, time)?;
            let mut worst: f64 = 0.0;
            for field in frames.fields(expect.field.as_deref())? {
                let (l2, max) = difference_norms(grid, &file.read(&field, step)?, &exact);
                worst = worst.max(if expect.quantity == Quantity::MaxError {
                    max
                } else {
                    l2
                });
            }
            worst
        }
        Quantity::Value => {
            let (step, _) = frames.at(expect.time)?;
            let at = expect.at.as_deref().unwrap_or(&[]);
            let sample =
                nearest_sample(file.grid(), at).ok_or_else(|| frames.missing("such point"))?;
            let field = frames.fields(expect.field.as_deref())?.swap_remove(0);
            file.read(&field, step)?[sample]
        }
        Quantity::Minimum | Quantity::Maximum => {
            let (step, _) = frames.at(expect.time)?;
            let (mut least, mut largest) = (f64::INFINITY, f64::NEG_INFINITY);
            for field in frames.fields(expect.field.as_deref())? {
                for value in file.read(&field, step)? {
                    least = least.min(value);
                    largest = largest.max(value);
                }
            }
            if expect.quantity == Quantity::Minimum {
                least
            } else {
                largest
            }
        }
        Quantity::Mean => mean(case, expect, &frames)?,
        Quantity::IncrementStd => increment_std(expect, &frames)?,
        Quantity::FrontPosition => front(expect, &frames)?,
    };
    Ok(Measured {
        what: expect.describe(),
        value,
        reference: expect.value,
        tolerance: expect.allowed(),
        source: expect.source.clone(),
    })
}

/// Values of an exact solution as the output holds them: at points, or averaged over cells.
pub(crate) fn exact_values(
    text: &str,
    case: &Case,
    grid: &Grid,
    time: f64,
) -> Result<Vec<f64>, MeasureError> {
    let function = Function::compile(text, "exact", grid.dim(), true, &case.parameters)
        .map_err(|finding| MeasureError::Expression(finding.message))?;
    Ok(function.on(grid, time))
}

/// Name of a field without the number of its trajectory: `u` for `u_0003`.
pub(crate) fn base_name(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((base, number)) if number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) => {
            base
        }
        _ => name,
    }
}

/// The frames of a file, found by time.
struct Frames<'a> {
    file: &'a VtkHdfFile,
}

impl Frames<'_> {
    fn missing(&self, what: &str) -> MeasureError {
        MeasureError::Missing {
            path: self.file.path().to_owned(),
            what: what.to_owned(),
        }
    }

    /// Number and time of the frame at `time`, or of the last.
    fn at(&self, time: Option<f64>) -> Result<(usize, f64), MeasureError> {
        let times = self.file.times();
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else {
            return Err(self.missing("frame"));
        };
        let wanted = time.unwrap_or(last);
        let grain = 1e-9 * (1.0 + wanted.abs());
        times
            .iter()
            .position(|t| (t - wanted).abs() <= grain)
            .map(|step| (step, times[step]))
            .ok_or_else(|| MeasureError::NoFrame {
                path: self.file.path().to_owned(),
                time: wanted,
                first,
                last,
            })
    }

    /// Frames measured: from `from` on, or the one at `time`.
    fn range(&self, expect: &Expect) -> Result<std::ops::Range<usize>, MeasureError> {
        let times = self.file.times();
        match expect.from {
            None => self.at(expect.time).map(|(step, _)| step..step + 1),
            Some(from) => {
                let grain = 1e-9 * (1.0 + from.abs());
                let first = times.iter().position(|&t| t >= from - grain);
                first
                    .map(|first| first..times.len())
                    .ok_or_else(|| self.missing(&format!("frame after t = {from}")))
            }
        }
    }

    /// Names of the fields meant by `field`: the field itself, or that of every trajectory.
    fn fields(&self, field: Option<&str>) -> Result<Vec<String>, MeasureError> {
        let names: Vec<String> = self
            .file
            .fields()
            .iter()
            .map(|spec| spec.name.clone())
            .collect();
        let wanted = match (field, names.first()) {
            (Some(field), _) => field.to_owned(),
            (None, Some(first)) => base_name(first).to_owned(),
            (None, None) => return Err(self.missing("field")),
        };
        let found: Vec<String> = names
            .into_iter()
            .filter(|name| *name == wanted || base_name(name) == wanted)
            .collect();
        if found.is_empty() {
            Err(self.missing(&format!("field `{wanted}`")))
        } else {
            Ok(found)
        }
    }
}

fn history(expect: &Expect, file: &VtkHdfFile) -> Result<f64, MeasureError> {
    let missing = |what: String| MeasureError::Missing {
        path: file.path().to_owned(),
        what,
    };
    let (names, rows) = file.history()?;
    let name = expect.name.as_deref().unwrap_or("");
    let column = names.iter().position(|n| n == name).ok_or_else(|| {
        missing(format!(
            "history of `{name}`; it has `{}`",
            names.join("`, `")
        ))
    })?;
    match expect.time {
        // A steady problem has its quantities in the row of the solution.
        None if names.first().is_some_and(|n| n == ITERATION) => rows
            .last()
            .map(|row| row[column])
            .ok_or_else(|| missing(format!("row of the history of `{name}`"))),
        None => Ok(rows
            .iter()
            .map(|row| row[column])
            .fold(0.0, |worst: f64, value| {
                // A NaN must not be lost in a comparison.
                if value.is_nan() || value.abs() > worst.abs() {
                    value
                } else {
                    worst
                }
            })),
        Some(time) => rows
            .iter()
            .find(|row| (row[0] - time).abs() <= 1e-9 * (1.0 + time.abs()))
            .map(|row| row[column])
            .ok_or_else(|| missing(format!("history row at t = {time}"))),
    }
}

fn mean(case: &Case, expect: &Expect, frames: &Frames<'_>) -> Result<f64, MeasureError> {
    let program = of_field(expect.of.as_deref().unwrap_or("u"), "of", case)
        .map_err(|finding| MeasureError::Expression(finding.message))?;
    let grid = frames.file.grid();
    let fields = frames.fields(expect.field.as_deref())?;
    let range = frames.range(expect)?;
    let mut total = 0.0;
    for step in range.clone() {
        for field in &fields {
            let values: Vec<f64> = frames
                .file
                .read(field, step)?
                .iter()
                .map(|&u| program.evaluate_scalar(&[u]))
                .collect();
            total += pdesolve_mesh::Norms::of(grid, &values).integral / grid.volume();
        }
    }
    Ok(total / (range.len() * fields.len()) as f64)
}

fn increment_std(expect: &Expect, frames: &Frames<'_>) -> Result<f64, MeasureError> {
    let range = frames.range(expect)?;
    if range.len() < 2 {
        return Err(frames.missing("two frames to take a difference of"));
    }
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for field in frames.fields(expect.field.as_deref())? {
        let mut before = frames.file.read(&field, range.start)?;
        for step in range.start + 1..range.end {
            let now = frames.file.read(&field, step)?;
            for (a, b) in before.iter().zip(&now) {
                count += 1.0;
                sum += b - a;
                squares += (b - a) * (b - a);
            }
            before = now;
        }
    }
    let mean: f64 = sum / count;
    Ok((squares / count - mean * mean).sqrt())
}

fn front(expect: &Expect, frames: &Frames<'_>) -> Result<f64, MeasureError> {
    let level: f64 = expect
        .of
        .as_deref()
        .map_or(Ok(0.5), pdesolve_expr::constant)
        .map_err(|error| MeasureError::Expression(error.message))?;
    let (step, _) = frames.at(expect.time)?;
    let grid = frames.file.grid();
    let field = frames.fields(expect.field.as_deref())?.swap_remove(0);
    let values = frames.file.read(&field, step)?;
    let x = grid.axes()[0].samples();
    let profile: Vec<f64> = (0..x.len())
        .map(|i| {
            let column = values.iter().skip(i).step_by(x.len());
            column.sum::<f64>() / grid.rows() as f64
        })
        .collect();
    (1..x.len())
        .find(|&i| profile[i - 1] >= level && profile[i] < level)
        .map(|i| {
            let part = (profile[i - 1] - level) / (profile[i - 1] - profile[i]);
            x[i - 1] + part * (x[i] - x[i - 1])
        })
        .ok_or_else(|| frames.missing(&format!("place where the field falls through {level}")))
}
