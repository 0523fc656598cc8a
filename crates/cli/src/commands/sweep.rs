//! `pdesolve sweep`: a case for every combination of some of its values.

use std::path::{Path, PathBuf};

use pdesolve::case::sweep::{Csv, Plan, Request, Row, Swept, Watch, split_names, sweep};
use pdesolve::case::{Diagnostic, Diagnostics, LoadedCase, file_fault, load};
use pdesolve::core::codes;
use pdesolve::io::IoError;
use pdesolve::io::plot;
use serde_json::json;

use crate::args;
use crate::commands::use_threads;
use crate::progress::PointBar;
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, refuse, say, tell};

pub(crate) fn run(args: &args::Sweep) -> Exit {
    let request = Request {
        vary: args.vary.clone(),
        report: args
            .report
            .iter()
            .flat_map(|text| split_names(text))
            .collect(),
        x: args.x.clone(),
    };
    let ready = load(&args.case, &args.set).and_then(|loaded| {
        let plan = Plan::new(&loaded, &request)?;
        check_files(args, &plan)?;
        Ok((loaded, plan))
    });
    let (loaded, plan) = match ready {
        Ok(ready) => ready,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    use_threads(args.threads);
    let interrupt = interrupt_flag();
    let scratch = std::env::temp_dir().join(format!("pdesolve-sweep-{}", std::process::id()));
    let folder = args.keep.as_ref().unwrap_or(&scratch);
    if let Err(error) = std::fs::create_dir_all(folder) {
        return refuse(Diagnostic::error(
            codes::CANNOT_WRITE,
            format!("cannot create {}: {error}", folder.display()),
        ));
    }
    let table = Table::new(args, &plan);
    let swept = table.and_then(|mut table| {
        table.head(&plan);
        sweep(&plan, folder, args.keep.is_some(), &interrupt, &mut table)
    });
    if args.keep.is_none() {
        // Left-overs in the temporary folder are harmless.
        let _ = std::fs::remove_dir_all(&scratch);
    }
    match swept {
        Ok(swept) => close(args, &loaded, &plan, &swept),
        Err(error) => {
            complain(&file_fault(&error).into());
            Exit::Failed
        }
    }
}

/// What can be told of the files before the first run.
fn check_files(args: &args::Sweep, plan: &Plan) -> Result<(), Diagnostics> {
    let same = |path: &Path| match (path.canonicalize(), args.case.canonicalize()) {
        (Ok(path), Ok(case)) => path == case,
        _ => false,
    };
    if let Some(path) = [&args.csv, &args.plot]
        .into_iter()
        .flatten()
        .find(|p| same(p))
    {
        return Err(Diagnostic::error(
            codes::WOULD_OVERWRITE,
            format!("{} is the case file itself", path.display()),
        )
        .note("nothing was overwritten")
        .into());
    }
    if let Some(path) = &args.plot {
        plan.horizontal()?;
        plot::check_place(path).map_err(|error| Diagnostics::from(file_fault(&error)))?;
    }
    Ok(())
}

/// Draws the picture, says what was written, and chooses the exit code.
fn close(args: &args::Sweep, loaded: &LoadedCase, plan: &Plan, swept: &Swept) -> Exit {
    let mut exit = if swept.failed() > 0 {
        Exit::Failed
    } else {
        Exit::Done
    };
    for row in &swept.rows {
        if let Some(found) = &row.failure {
            tell(&format!(
                "\nPoint {}: {}",
                row.point + 1,
                plan.describe(row.point)
            ));
            complain(found);
        }
    }
    let note = |text: String| {
        if !args.json {
            say(&text);
        }
    };
    if let Some(path) = &args.csv {
        note(format!(
            "Wrote {} into {}",
            count(swept.rows.len(), "row"),
            path.display()
        ));
    }
    if let Some(path) = args.plot.as_ref().filter(|_| !swept.rows.is_empty()) {
        let table = loaded.case.sweep.as_ref();
        let log_x = args.log_x || table.is_some_and(|t| t.log_x);
        let log_y = args.log_y || table.is_some_and(|t| t.log_y);
        match plan.draw(&swept.rows, path, (log_x, log_y)) {
            Ok(()) => note(format!("Drew {}", path.display())),
            Err(found) => {
                complain(&found);
                exit = Exit::Failed;
            }
        }
    }
    if swept.interrupted {
        tell(&format!(
            "Interrupted after {} of {} points",
            swept.rows.len(),
            plan.points()
        ));
        return Exit::Interrupted;
    }
    note(format!(
        "{}, {} failed",
        count(swept.rows.len(), "point"),
        swept.failed()
    ));
    exit
}

/// `1 row`, `2 rows`
fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

/// Writes each row as it comes: on the screen and into the CSV file.
struct Table {
    json: bool,
    csv: Option<Csv>,
    bar: PointBar,
    widths: Vec<usize>,
}

impl Table {
    fn new(args: &args::Sweep, plan: &Plan) -> Result<Self, IoError> {
        let csv: Option<&PathBuf> = args.csv.as_ref();
        let widths = plan.parameters.iter().map(|parameter| {
            let values = parameter.values.iter().map(|value| value.chars().count());
            values
                .max()
                .unwrap_or(0)
                .max(parameter.name.chars().count())
        });
        let results = plan.report.iter().map(|name| name.chars().count().max(14));
        Ok(Self {
            json: args.json,
            csv: csv.map(|path| Csv::create(path, plan)).transpose()?,
            bar: PointBar::new(plan.points(), args.json),
            widths: widths.chain(results).collect(),
        })
    }

    fn head(&self, plan: &Plan) {
        if self.json {
            return;
        }
        say(plan.title());
        let names = plan.parameters.iter().map(|p| p.name.clone());
        let names: Vec<String> = names.chain(plan.report.iter().cloned()).collect();
        say(&self.line(&names, "status"));
    }

    fn line(&self, cells: &[String], status: &str) -> String {
        let cells = cells.iter().zip(&self.widths);
        let cells: String = cells
            .map(|(cell, width)| format!("{cell:>width$}  "))
            .collect();
        cells + status
    }
}

impl pdesolve::case::progress::Progress for Table {
    fn started(&mut self, run: &pdesolve::case::progress::Started) {
        self.bar.started(run);
    }

    fn step(
        &mut self,
        step: &pdesolve::case::progress::Stepped,
        _: &mut dyn FnMut() -> Vec<(String, f64)>,
    ) {
        self.bar.time(step.time);
    }

    fn iteration(&mut self, iterate: &pdesolve::core::Iterate) {
        self.bar.iteration(iterate);
    }
}

impl Watch for Table {
    fn begin(&mut self, plan: &Plan, number: usize) {
        self.bar.begin(number, &plan.describe(number));
    }

    fn row(&mut self, plan: &Plan, row: &Row) -> Result<(), IoError> {
        if let Some(csv) = &mut self.csv {
            csv.row(row)?;
        }
        if self.json {
            let parameters = plan.parameters.iter().zip(&row.values);
            let parameters: serde_json::Map<_, _> = parameters
                .map(|(p, value)| (p.key.clone(), json!(value)))
                .collect();
            let results: serde_json::Map<_, _> = plan
                .report
                .iter()
                .zip(&row.results)
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            let line = json!({
                "event": "point", "point": row.point, "parameters": parameters,
                "results": results, "seconds": row.seconds, "status": row.status(),
            });
            say(&line.to_string());
            return Ok(());
        }
        let results = row.results.iter().map(|value| {
            if value.is_nan() {
                "-".to_owned()
            } else if value.fract() == 0.0 && value.abs() < 1e9 {
                // Counts, for instance of iterations.
                value.to_string()
            } else {
                format!("{value:.6e}")
            }
        });
        let cells: Vec<String> = row.values.iter().cloned().chain(results).collect();
        self.bar.suspend(|| say(&self.line(&cells, &row.status())));
        Ok(())
    }
}
