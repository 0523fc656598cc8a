//! The `[[expect]]` tables: values that a run must reproduce.

use std::collections::BTreeMap;

use pdesolve_expr::{Expr, Program};
use pdesolve_mesh::Grid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::finding::Finding;
use crate::function::Function;
use crate::schema::Case;

/// One value that the output of a run must reproduce.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What is measured.
    pub quantity: Quantity,
    /// Field measured; of a batch, all trajectories together unless one is named (`u_0003`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Time of the frame measured. Default: the last frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
    /// First time of the frames measured, for `mean` and `increment_std`; instead of `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Position, for `value`: one coordinate an axis; it must be a point of the grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Vec<f64>>,
    /// Expression of the field value, called `u` here whatever its name, that is averaged, for
    /// `mean`. Default: `u`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Name of the history column, for `history`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Exact solution, an expression in x, y, z, t, for `relative_l2` and `max_error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Reference value. Default: 0, the value of an error.
    #[serde(default)]
    pub value: f64,
    /// Largest allowed distance from the reference value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub tolerance: Option<f64>,
    /// Largest allowed distance over the size of the reference value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub relative_tolerance: Option<f64>,
    /// Where the reference value comes from.
    pub source: String,
    /// Values of the case that are changed for this expectation, keys as in `--set`, for instance
    /// `set = { "problem.viscosity" = 0.1 }`. The case is run once for all that share a set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Json>,
    /// Checked by `verify --long` only.
    #[serde(default)]
    pub long: bool,
}

/// What an `[[expect]]` table measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// ||u - exact||_2 / ||exact||_2 over the grid.
    RelativeL2,
    /// max |u - exact| over the grid.
    MaxError,
    /// The field at a grid point.
    Value,
    /// Least value of the field.
    Minimum,
    /// Largest value of the field.
    Maximum,
    /// Average of an expression of the field over space, trajectories and frames.
    Mean,
    /// Standard deviation of u(t + dt) - u(t) over space, trajectories and pairs of successive
    /// frames.
    IncrementStd,
    /// Position along x at which the field, averaged over y and z, crosses `of` (a number) first
    /// from above, by linear interpolation: where a front stands.
    FrontPosition,
    /// A column of the history at `time`, or, without `time`, its largest size over the run.
    History,
}

impl Quantity {
    /// Name in the case file.
    pub fn name(self) -> &'static str {
        match self {
            Self::RelativeL2 => "relative_l2",
            Self::MaxError => "max_error",
            Self::Value => "value",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Mean => "mean",
            Self::IncrementStd => "increment_std",
            Self::FrontPosition => "front_position",
            Self::History => "history",
        }
    }
}

impl Expect {
    /// What is measured, in a few words.
    pub fn describe(&self) -> String {
        let mut text = match (&self.name, &self.field) {
            (Some(name), _) => name.clone(),
            (None, Some(field)) => format!("{}({field})", self.quantity.name()),
            (None, None) => self.quantity.name().to_owned(),
        };
        if let Some(of) = &self.of {
            text += &format!(" of {of}");
        }
        if let Some(at) = &self.at {
            let at: Vec<String> = at.iter().map(|x| format!("{x:.6}")).collect();
            text += &format!(" at ({})", at.join(", "));
        }
        match (self.time, self.from) {
            (Some(time), _) => text + &format!(", t = {time}"),
            (None, Some(from)) => text + &format!(", t >= {from}"),
            (None, None) if self.quantity == Quantity::History => text + ", largest over the run",
            (None, None) => text + ", end",
        }
    }

    /// Largest allowed distance from the reference.
    pub fn allowed(&self) -> f64 {
        let relative = self.relative_tolerance.map(|r| r * self.value.abs());
        self.tolerance.or(relative).unwrap_or(0.0)
    }

    /// Finds what is wrong with the table that stands at `path` of the case.
    pub(crate) fn check(&self, path: &str, case: &Case, grid: &Grid, findings: &mut Vec<Finding>) {
        let mut fault = |key: &str, text: String| {
            findings.push(Finding::new("E0310", format!("{path}.{key}"), text));
        };
        let quantity = self.quantity.name();
        if self.tolerance.is_some() == self.relative_tolerance.is_some() {
            fault(
                "quantity",
                "give either `tolerance` or `relative_tolerance`".to_owned(),
            );
        }
        let needs_exact = matches!(self.quantity, Quantity::RelativeL2 | Quantity::MaxError);
        if needs_exact && self.exact.is_none() {
            fault("quantity", format!("`{quantity}` needs the key `exact`"));
        }
        if self.quantity == Quantity::History && self.name.is_none() {
            fault("quantity", "`history` needs the key `name`".to_owned());
        }
        if self.quantity == Quantity::Value {
            match &self.at {
                None => fault("quantity", "`value` needs the key `at`".to_owned()),
                Some(at) if at.len() != grid.dim() => fault(
                    "at",
                    format!(
                        "{} coordinates, but the mesh has {} axes",
                        at.len(),
                        grid.dim()
                    ),
                ),
                Some(at) if nearest_sample(grid, at).is_none() => {
                    fault("at", format!("{at:?} is not a sample of the grid"));
                }
                Some(_) => {}
            }
        }
        let inside = case.start()..=case.end();
        if let Some(time) = self.time.filter(|time| !inside.contains(time)) {
            fault(
                "time",
                format!(
                    "t = {time} lies outside the run from {} to {}",
                    case.start(),
                    case.end()
                ),
            );
        }
        for (key, text, variables) in [
            ("exact", &self.exact, grid.dim()),
            ("of", &self.of, usize::MAX),
        ] {
            let Some(text) = text else { continue };
            let path = format!("{path}.{key}");
            let compiled = if variables == usize::MAX {
                of_field(text, &path, case).map(|_| ())
            } else {
                Function::compile(text, &path, variables, true, &case.parameters).map(|_| ())
            };
            if let Err(finding) = compiled {
                findings.push(finding);
            }
        }
    }
}

/// Compiles an expression of the field value `u`.
pub(crate) fn of_field(text: &str, path: &str, case: &Case) -> Result<Program, Finding> {
    Expr::parse(text)
        .and_then(|expr| Program::compile(&expr, &["u"], &case.parameters))
        .map_err(|error| Finding::new("E0301", path, error.message).span(error.span))
}

/// Number of the sample at a position, to a millionth of the spacing.
pub(crate) fn nearest_sample(grid: &Grid, at: &[f64]) -> Option<usize> {
    let mut flat = 0;
    let mut stride = 1;
    for (axis, &x) in grid.axes().iter().zip(at) {
        let near = 1e-6 * axis.min_spacing();
        let index = axis.samples().iter().position(|s| (s - x).abs() <= near)?;
        flat += stride * index;
        stride *= axis.len();
    }
    Some(flat)
}
