//! Expressions of the case file as functions on a grid.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pdesolve_expr::{Expr, Program, Scratch, Value};
use pdesolve_mesh::{Centring, Grid, Row};
use pdesolve_pde::finite_volume::{SpaceTime, cell_averages_of_rows};

use crate::finding::Finding;

/// Names of the coordinates, in the order in which programs take them; `t` comes last.
const VARIABLES: [&str; 4] = ["x", "y", "z", "t"];

/// Gauss points a cell and axis for cell averages: exact for polynomials of degree 9, which is
/// beyond every scheme here.
const QUADRATURE: usize = 5;

/// A function of position and time, compiled from text.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    program: Program,
}

impl Function {
    /// Compiles `text`, found at `path` of the case, for a grid with `dim` axes. Names may be the
    /// coordinates of the grid, `t` where `with_time`, the parameters of the case, functions and
    /// constants.
    ///
    /// # Errors
    /// A finding that points into the text.
    pub(crate) fn compile(
        text: &str,
        path: &str,
        dim: usize,
        with_time: bool,
        parameters: &BTreeMap<String, f64>,
    ) -> Result<Self, Finding> {
        let fault = |error: pdesolve_expr::ParseError| {
            let finding = Finding::new("E0301", path, error.message).span(error.span);
            match error.help {
                Some(help) => finding.help(help),
                None => finding,
            }
        };
        let expr = Expr::parse(text).map_err(fault)?;
        let program = Program::compile(&expr, &VARIABLES, parameters).map_err(fault)?;
        let absent = (dim..3)
            .chain((!with_time).then_some(3))
            .find(|&variable| program.uses(variable));
        match absent {
            Some(3) => Err(Finding::new(
                "E0302",
                path,
                "the expression uses `t`, but this value does not depend on time",
            )),
            Some(variable) => Err(Finding::new(
                "E0302",
                path,
                format!(
                    "the expression uses `{}`, but the mesh has {dim} axes",
                    VARIABLES[variable]
                ),
            )),
            None => Ok(Self { program }),
        }
    }

    /// Values along a grid line.
    pub(crate) fn along(&self, row: Row<'_>, out: &mut [f64], scratch: &mut Scratch) {
        let values = [
            Value::Slice(row.x),
            Value::Scalar(row.y),
            Value::Scalar(row.z),
            Value::Scalar(row.t),
        ];
        self.program.evaluate(&values, out, scratch);
    }

    /// Value at one place and time.
    pub(crate) fn at(&self, t: f64, [x, y, z]: [f64; 3]) -> f64 {
        self.program.evaluate_scalar(&[x, y, z, t])
    }

    /// Values at all samples of a grid.
    pub(crate) fn sample(&self, grid: &Grid, t: f64) -> Vec<f64> {
        let mut values = vec![0.0; grid.len()];
        let mut scratch = Scratch::default();
        let nx = grid.axes()[0].len();
        for (row, line) in values.chunks_exact_mut(nx).enumerate() {
            self.along(grid.row(row, t), line, &mut scratch);
        }
        values
    }

    /// Values as a field on `grid` holds them: at the points, or averaged over the cells.
    pub(crate) fn on(&self, grid: &Grid, t: f64) -> Vec<f64> {
        match grid.centring() {
            Centring::Point => self.sample(grid, t),
            Centring::Cell => {
                let scratch = RefCell::new(Scratch::default());
                cell_averages_of_rows(grid, QUADRATURE, t, |row, out| {
                    self.along(row, out, &mut scratch.borrow_mut());
                })
            }
        }
    }

    /// As a source term of a solver, which may call it from several threads.
    pub(crate) fn into_source(self) -> SpaceTime {
        // Workspaces are handed around, not made anew: a step allocates nothing.
        let spare: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());
        Arc::new(move |row, out| {
            let take = || spare.lock().ok().and_then(|mut list| list.pop());
            let mut scratch = take().unwrap_or_default();
            self.along(row, out, &mut scratch);
            if let Ok(mut list) = spare.lock() {
                list.push(scratch);
            }
        })
    }
}
