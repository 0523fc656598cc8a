//! What a case says of its results must fit what it will write: checked before hours are spent.

use pdesolve_mesh::Grid;

use crate::expect::{Expect, Quantity};
use crate::finding::Finding;
use crate::function::Function;
use crate::measure::base_name;
use crate::names::suggest;
use crate::plots::PlotKind;
use crate::schema::{Case, is_absent};
use crate::sweep::SECONDS;

/// What a run will write.
pub(crate) struct Written<'a> {
    /// The grid.
    pub(crate) grid: &'a Grid,
    /// Names of all fields.
    pub(crate) all_fields: &'a [String],
    /// Names of the fields that are written.
    pub(crate) fields: &'a [String],
    /// Names of the monitored quantities.
    pub(crate) quantities: &'a [String],
    /// Times of all frames.
    pub(crate) frames: &'a [f64],
}

/// Finds what is wrong with `[[expect]]`, `[[plot]]`, `[sweep]` and `[converge]`.
pub(crate) fn check(case: &Case, written: &Written<'_>, findings: &mut Vec<Finding>) {
    let columns = history_columns(case, written.quantities);
    for (i, expect) in case.expect.iter().enumerate() {
        // Of a case with other values: checked with that one.
        if !expect.set.is_empty() {
            continue;
        }
        let path = format!("expect[{i}]");
        expect.check(&path, case, written.grid, findings);
        check_expect(expect, &path, case, written, &columns, findings);
    }
    for (i, plot) in case.plot.iter().enumerate() {
        let fits = match plot.kind {
            PlotKind::Lines | PlotKind::SpaceTime => written.grid.dim() == 1,
            PlotKind::Map => written.grid.dim() > 1,
            PlotKind::History => true,
            PlotKind::Trajectories => case.problem.sampling().is_some() && is_absent(&case.mesh),
        };
        if !fits {
            findings.push(
                Finding::new(
                    "E0310",
                    format!("plot[{i}].kind"),
                    format!(
                        "this kind of picture does not fit a mesh with {} axes",
                        written.grid.dim()
                    ),
                )
                .help("`lines` and `space_time` are for one axis, `map` is for two or three, `trajectories` for sampled points"),
            );
        }
        if let Some(field) = &plot.field {
            check_name(
                "field",
                field,
                written.fields,
                &format!("plot[{i}].field"),
                findings,
            );
        }
        for (k, name) in plot.names.iter().flatten().enumerate() {
            let path = format!("plot[{i}].names[{k}]");
            if plot.kind == PlotKind::Trajectories {
                check_name("field", name, written.fields, &path, findings);
            } else {
                check_name("history of", name, &columns, &path, findings);
            }
        }
    }
    if let Some(sweep) = &case.sweep {
        let mut valid = columns.clone();
        valid.push(SECONDS.to_owned());
        for (k, name) in sweep.report.iter().flatten().enumerate() {
            if !valid.contains(name) {
                let text = format!("the run has no quantity `{name}` to report");
                findings.push(
                    Finding::new("E0307", format!("sweep.report[{k}]"), text)
                        .help(suggest(name, &valid)),
                );
            }
        }
    }
    if let Some(converge) = &case.converge {
        let path = "converge.field";
        check_name("field", &converge.field, written.all_fields, path, findings);
        if let Some(exact) = &converge.exact {
            let dim = written.grid.dim();
            let path = "converge.exact";
            findings.extend(Function::compile(exact, path, dim, true, &case.parameters).err());
        }
    }
}

/// Names of the columns of the history.
pub(crate) fn history_columns(case: &Case, quantities: &[String]) -> Vec<String> {
    let first: &[&str] = if case.problem.is_steady() {
        &[ITERATION, "residual"]
    } else {
        &["time", "step", "dt"]
    };
    let first = first.iter().map(|&name| name.to_owned());
    first.chain(quantities.iter().cloned()).collect()
}

/// First column of the history of a steady problem.
pub(crate) const ITERATION: &str = "iteration";

fn check_name(what: &str, name: &str, valid: &[String], path: &str, findings: &mut Vec<Finding>) {
    if !valid.iter().any(|v| v == name || base_name(v) == name) {
        findings.push(
            Finding::new("E0310", path, format!("the run writes no {what} `{name}`"))
                .help(suggest(name, valid)),
        );
    }
}

fn check_expect(
    expect: &Expect,
    path: &str,
    case: &Case,
    written: &Written<'_>,
    columns: &[String],
    findings: &mut Vec<Finding>,
) {
    if let Some(field) = &expect.field {
        check_name(
            "field",
            field,
            written.fields,
            &format!("{path}.field"),
            findings,
        );
    }
    if let Some(name) = &expect.name {
        check_name(
            "history of",
            name,
            columns,
            &format!("{path}.name"),
            findings,
        );
    }
    // Between frames there are rows of the history, but no telling at which times.
    let anywhere = expect.quantity == Quantity::History && case.output.history_every.is_some();
    if let (Some(time), false) = (expect.time, anywhere) {
        let near = |t: &&f64| (*t - time).abs() <= 1e-9 * (1.0 + time.abs());
        let inside = time >= case.start() && time <= case.end();
        if inside && !written.frames.iter().any(|t| near(&t)) {
            findings.push(
                Finding::new(
                    "E0310",
                    format!("{path}.time"),
                    format!("no frame is written at t = {time}"),
                )
                .help("choose an output time, or add one to `output.at`"),
            );
        }
    }
}
