//! `pdesolve linsolve`: a linear system from a file, solved by a chosen method.

use std::path::{Path, PathBuf};
use std::time::Instant;

use num_complex::Complex;
use pdesolve_core::{Control, codes};
use pdesolve_io::entries::{SparseEntries, Values};
use pdesolve_io::linear_system::{self, Info, Solution};
use pdesolve_io::plot::{self, Curve, Labels, Scale};
use pdesolve_io::{IoError, matrix_market};
use pdesolve_krylov::choice::{self, LinearParams, LinearSolver, Outcome};
use pdesolve_krylov::{Csr, CsrError, Iteration, Scalar, gallery};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::failure::file_fault;
use crate::load::load_text;
use crate::names::nearest;

/// Where the right-hand side comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum RhsSource {
    /// The system's file, or, where it has none, noise from seed 0.
    System,
    /// A file: Matrix Market, or HDF5 with a dataset `b`.
    File(PathBuf),
    /// Normally distributed noise from this seed.
    Seed(u64),
}

/// A square or rectangular system, ready to be solved.
#[derive(Clone, Debug)]
pub struct System<T> {
    /// A.
    pub matrix: Csr<T>,
    /// b.
    pub rhs: Vec<T>,
    /// The first guess; zero where the file has none.
    pub guess: Vec<T>,
    /// Where b comes from, for the summary.
    pub rhs_origin: String,
}

/// A system of real or of complex numbers.
#[derive(Clone, Debug)]
pub enum AnySystem {
    /// Real numbers.
    Real(System<f64>),
    /// Complex numbers, where matrix or right-hand side has some.
    Complex(System<Complex<f64>>),
}

/// The settings of `--method`, `--pc` and `--set`, checked like a case.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Version, as in a case file.
    #[allow(dead_code)]
    schema: u32,
    /// The solver.
    #[serde(default)]
    solver: LinearParams,
}

/// Solver settings from `KEY=VALUE` arguments.
///
/// # Errors
/// Unknown keys, wrong types and numbers out of range, with the nearest valid name.
pub fn settings(arguments: &[String]) -> Result<LinearParams, Diagnostics> {
    let arguments: Vec<String> = arguments.iter().map(|a| format!("solver.{a}")).collect();
    let text = "schema = 1\n".to_owned();
    load_text::<Settings>(Path::new("linsolve"), text, &arguments).map(|loaded| loaded.case.solver)
}

/// Reads a system.
///
/// # Errors
/// What is wrong with the files: [`IoError`] as a diagnostic, vectors that do not fit, a matrix
/// without rows.
pub fn read_system(
    path: &Path,
    group: Option<&str>,
    rhs: &RhsSource,
) -> Result<AnySystem, Diagnostics> {
    let fault = |error: IoError| Diagnostics::from(file_fault(&error));
    let system = linear_system::read(path, group).map_err(fault)?;
    let (rows, columns) = (system.matrix.nrows, system.matrix.ncols);
    if rows == 0 || columns == 0 || system.matrix.is_empty() {
        return Err(Diagnostic::error(
            codes::SYSTEM_UNSOLVABLE,
            format!(
                "{} holds a matrix of {rows} x {columns} with {} entries: there is nothing to solve",
                path.display(),
                system.matrix.len()
            ),
        )
        .help("a matrix needs rows, columns and entries")
        .into());
    }
    // A few bytes can announce thousands of millions of rows; each row must have an entry anyway.
    if rows.max(columns) > system.matrix.len().max(1 << 20) {
        return Err(Diagnostic::error(
            codes::SYSTEM_UNSOLVABLE,
            format!(
                "{} announces {rows} x {columns} but has {} entries: most rows are empty, the matrix is singular",
                path.display(),
                system.matrix.len()
            ),
        )
        .into());
    }
    let (b, origin) = match rhs {
        RhsSource::File(file) => (
            linear_system::read_vector(file, "b").map_err(fault)?,
            file.display().to_string(),
        ),
        RhsSource::Seed(seed) => (
            Values::Real(gallery::noise(rows, *seed)),
            format!("noise, seed {seed}"),
        ),
        RhsSource::System => match system.rhs {
            Some(b) => (b, "from the file".to_owned()),
            None => (
                Values::Real(gallery::noise(rows, 0)),
                "noise, seed 0".to_owned(),
            ),
        },
    };
    if b.len() != rows {
        return Err(Diagnostic::error(
            codes::SYSTEM_UNSOLVABLE,
            format!(
                "the right-hand side ({origin}) has {} entries, the matrix has {rows} rows",
                b.len()
            ),
        )
        .help(if b.len() == columns {
            "it has as many entries as the matrix has columns: is the matrix transposed?"
        } else {
            "give one that fits, or a seed: `--rhs 1`"
        })
        .into());
    }
    let x = system.x;
    let complex = matches!(system.matrix.values, Values::Complex(_))
        || matches!(b, Values::Complex(_))
        || matches!(x, Some(Values::Complex(_)));
    let matrix = &system.matrix;
    let built = if complex {
        assemble(matrix, &b, x.as_ref(), origin, |values, i| values.get(i)).map(AnySystem::Complex)
    } else {
        let real = |values: &Values, i: usize| values.get(i).re;
        assemble(matrix, &b, x.as_ref(), origin, real).map(AnySystem::Real)
    };
    built.map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Diagnostic::error(codes::SYSTEM_UNSOLVABLE, message).into()
    })
}

fn assemble<T: Scalar>(
    entries: &SparseEntries,
    b: &Values,
    x: Option<&Values>,
    rhs_origin: String,
    number: impl Fn(&Values, usize) -> T,
) -> Result<System<T>, CsrError> {
    let triplets: Vec<(u32, u32, T)> = entries
        .rows
        .iter()
        .zip(&entries.columns)
        .enumerate()
        .map(|(k, (&i, &j))| (i, j, number(&entries.values, k)))
        .collect();
    let matrix = Csr::from_triplets(entries.nrows, entries.ncols, &triplets)?;
    let guess = match x {
        Some(x) if x.len() == entries.ncols => (0..x.len()).map(|i| number(x, i)).collect(),
        _ => vec![T::zero(); entries.ncols],
    };
    Ok(System {
        matrix,
        rhs: (0..b.len()).map(|i| number(b, i)).collect(),
        guess,
        rhs_origin,
    })
}

/// A solve with all there is to tell of it.
#[derive(Clone, Debug)]
pub struct Solved {
    /// How it ended, and by what.
    pub outcome: Outcome,
    /// The solution, or the last iterate.
    pub x: Values,
    /// Wall-clock seconds for preconditioner and hierarchy.
    pub setup_seconds: f64,
    /// Wall-clock seconds for the iterations.
    pub solve_seconds: f64,
}

/// Solves a system.
///
/// # Errors
/// What stands against it before the first iteration; a solve that does not converge is no error.
pub fn solve(
    system: &AnySystem,
    params: &LinearParams,
    observer: &mut dyn FnMut(&Iteration) -> Control,
) -> Result<Solved, Diagnostics> {
    match system {
        AnySystem::Real(system) => solve_as(system, params, observer, Values::Real),
        AnySystem::Complex(system) => solve_as(system, params, observer, Values::Complex),
    }
}

fn solve_as<T: pdesolve_krylov::choice::Chooseable>(
    system: &System<T>,
    params: &LinearParams,
    observer: &mut dyn FnMut(&Iteration) -> Control,
    wrap: impl Fn(Vec<T>) -> Values,
) -> Result<Solved, Diagnostics> {
    let refuse = |error: &dyn std::error::Error, advice: &str| {
        let diagnostic = Diagnostic::error(codes::SYSTEM_UNSOLVABLE, error.to_string());
        Diagnostics::from(if advice.is_empty() {
            diagnostic
        } else {
            diagnostic.help(advice)
        })
    };
    if choice::is_least_squares(&system.matrix, params) {
        let began = Instant::now();
        let mut x = system.guess.clone();
        let outcome =
            choice::solve_least_squares(&system.matrix, params, &system.rhs, &mut x, observer)
                .map_err(|error| refuse(&error, error.advice()))?;
        return Ok(Solved {
            outcome,
            x: wrap(x),
            setup_seconds: 0.0,
            solve_seconds: began.elapsed().as_secs_f64(),
        });
    }
    let began = Instant::now();
    let mut solver = LinearSolver::new(&system.matrix, params)
        .map_err(|error| refuse(&error, error.advice()))?;
    let setup_seconds = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let mut x = system.guess.clone();
    let outcome = solver
        .solve(&system.matrix, &system.rhs, &mut x, observer)
        .map_err(|error| refuse(&error, error.advice()))?;
    Ok(Solved {
        outcome,
        x: wrap(x),
        setup_seconds,
        solve_seconds: began.elapsed().as_secs_f64(),
    })
}

/// Writes x and the history: HDF5, or x alone as Matrix Market where the name ends in `.mtx` or
/// `.mtx.gz`.
///
/// # Errors
/// [`IoError`].
pub fn write(path: &Path, solved: &Solved) -> Result<(), IoError> {
    let name = path.to_string_lossy();
    if name.ends_with(".mtx") || name.ends_with(".mtx.gz") {
        return matrix_market::write_vector(path, &solved.x);
    }
    let outcome = &solved.outcome;
    let report = &outcome.report;
    let reference = if report.reference > 0.0 {
        report.reference
    } else {
        1.0
    };
    let residuals: Vec<f64> = outcome.history.iter().map(|r| r / reference).collect();
    linear_system::write_solution(
        path,
        &Solution {
            x: &solved.x,
            residuals: &residuals,
            info: &[
                ("method", Info::Text(outcome.method.clone())),
                ("preconditioner", Info::Text(outcome.preconditioner.clone())),
                ("status", Info::Text(report.status.to_string())),
                ("iterations", Info::Count(report.iterations as u64)),
                ("true_residual", Info::Number(report.true_residual)),
                (
                    "true_relative_residual",
                    Info::Number(report.true_relative_residual),
                ),
                ("setup_seconds", Info::Number(solved.setup_seconds)),
                ("solve_seconds", Info::Number(solved.solve_seconds)),
            ],
        },
    )
}

/// Draws residual histories, one curve a solve.
///
/// # Errors
/// [`IoError`].
pub fn draw(path: &Path, title: &str, solves: &[(String, &Solved)]) -> Result<(), IoError> {
    let labels = Labels {
        title: title.to_owned(),
        x: "iteration".to_owned(),
        y: "relative residual".to_owned(),
        value: String::new(),
    };
    let curves: Vec<Curve> = solves
        .iter()
        .map(|(label, solved)| {
            let outcome = &solved.outcome;
            let reference = outcome.report.reference.max(f64::MIN_POSITIVE);
            Curve {
                label: label.clone(),
                x: (0..outcome.history.len()).map(|i| i as f64).collect(),
                y: outcome.history.iter().map(|r| r / reference).collect(),
            }
        })
        .collect();
    plot::history(path, &labels, &curves, Scale::Log)
}

/// The pairs that `--compare` without a list tries on a system.
pub fn comparison(system: &AnySystem) -> String {
    match system {
        AnySystem::Real(system) => choice::comparison(&system.matrix),
        AnySystem::Complex(system) => choice::comparison(&system.matrix),
    }
}

/// One `METHOD+PRECONDITIONER` of `--compare`.
///
/// # Errors
/// Names that are none, with the nearest one.
pub fn pair(text: &str) -> Result<Vec<String>, Diagnostics> {
    use pdesolve_krylov::choice::{MethodName, PreconditionerName};
    let (method, preconditioner) = text.split_once('+').unwrap_or((text, "auto"));
    let unknown = |what: &str, name: &str, known: Vec<&'static str>| {
        let mut diagnostic =
            Diagnostic::error(codes::UNKNOWN_NAME, format!("there is no {what} `{name}`"));
        if let Some(near) = nearest(name, known.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        diagnostic.note(format!(
            "there are {}",
            crate::names::list(known.iter().copied())
        ))
    };
    let mut found = Diagnostics::default();
    if MethodName::named(method).is_none() {
        let known = MethodName::ALL.iter().map(|m| m.name()).collect();
        found.push(unknown("method", method, known));
    }
    if PreconditionerName::named(preconditioner).is_none() {
        let known = PreconditionerName::ALL.iter().map(|m| m.name()).collect();
        found.push(unknown("preconditioner", preconditioner, known));
    }
    if found.has_errors() {
        return Err(found);
    }
    Ok(vec![
        format!("method={method}"),
        format!("preconditioner={preconditioner}"),
    ])
}
