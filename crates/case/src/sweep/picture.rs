//! The picture of a sweep.

use std::collections::BTreeMap;
use std::path::Path;

use pdesolve_io::plot::{self, Curve, Labels, Scale};

use super::{Parameter, Plan, Row, bad_sweep};
use crate::diagnostic::Diagnostics;
use crate::failure::file_fault;
use crate::names::suggest;

impl Plan {
    /// Number of the parameter along the horizontal axis of the picture.
    ///
    /// # Errors
    /// A name that is none of the varied keys, or values that are not all numbers.
    pub fn horizontal(&self) -> Result<usize, Diagnostics> {
        let numeric = |p: &Parameter| p.numbers.iter().all(Option::is_some);
        let Some(wanted) = &self.x else {
            let first = self.parameters.iter().position(numeric);
            return first.ok_or_else(|| {
                bad_sweep("none of the varied keys has numbers only, so there is no axis to draw")
                    .help("leave out the picture")
                    .into()
            });
        };
        let named = |p: &Parameter| p.key == *wanted || p.name == *wanted;
        match self.parameters.iter().position(named) {
            Some(x) if numeric(&self.parameters[x]) => Ok(x),
            Some(x) => Err(bad_sweep(&format!(
                "the values of `{}` are not all numbers, so they make no axis",
                self.parameters[x].key
            ))
            .into()),
            None => {
                let keys: Vec<String> = self.parameters.iter().map(|p| p.key.clone()).collect();
                Err(bad_sweep(&format!("`{wanted}` is not varied"))
                    .help(suggest(wanted, &keys))
                    .into())
            }
        }
    }

    /// Draws the points into `path` (`.png` or `.svg`): a curve for each reported quantity and
    /// each combination of the parameters but the horizontal one.
    ///
    /// # Errors
    /// No horizontal axis, no point to draw, or a file that cannot be written.
    pub fn draw(
        &self,
        rows: &[Row],
        path: &Path,
        (log_x, log_y): (bool, bool),
    ) -> Result<(), Diagnostics> {
        let horizontal = self.horizontal()?;
        let scale = |log| if log { Scale::Log } else { Scale::Linear };
        let labels = Labels {
            title: self.title().to_owned(),
            x: self.parameters[horizontal].name.clone(),
            y: match &self.report[..] {
                [one] => one.clone(),
                _ => String::new(),
            },
            value: String::new(),
        };
        let curves = self.curves(rows, horizontal);
        plot::points(path, &labels, &curves, scale(log_x), scale(log_y))
            .map_err(|error| file_fault(&error).into())
    }

    pub(super) fn curves(&self, rows: &[Row], horizontal: usize) -> Vec<Curve> {
        let mut curves: Vec<Curve> = Vec::new();
        for (r, quantity) in self.report.iter().enumerate() {
            let mut groups: BTreeMap<Vec<usize>, Vec<(f64, f64)>> = BTreeMap::new();
            for row in rows {
                let mut indices = self.indices(row.point);
                let number = self.parameters[horizontal].numbers[indices[horizontal]];
                indices[horizontal] = 0;
                if let Some(x) = number {
                    groups.entry(indices).or_default().push((x, row.results[r]));
                }
            }
            for (indices, mut points) in groups {
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                let (x, y) = points.into_iter().unzip();
                let label = self.label(quantity, &indices, horizontal);
                curves.push(Curve { label, x, y });
            }
        }
        curves
    }

    /// The quantity, where there are several, and the parameters that stay the same on the curve.
    fn label(&self, quantity: &str, indices: &[usize], horizontal: usize) -> String {
        let quantity = (self.report.len() > 1).then(|| quantity.to_owned());
        let others = self.parameters.iter().zip(indices).enumerate();
        let others = others
            .filter(|(p, _)| *p != horizontal)
            .map(|(_, (p, &i))| format!("{} = {}", p.name, p.values[i]));
        let parts: Vec<String> = quantity.into_iter().chain(others).collect();
        parts.join(", ")
    }
}
