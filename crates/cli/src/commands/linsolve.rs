//! `pdesolve linsolve`: solves a linear system from a file, by one method or by several side by
//! side.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use pdesolve::case::linsolve::{self, AnySystem, RhsSource, Solved};
use pdesolve::case::{Diagnostic, Diagnostics, file_fault};
use pdesolve::core::{Control, codes};
use pdesolve::io::linear_system::is_solution;
use pdesolve::krylov::choice::LinearParams;
use pdesolve::krylov::{Iteration, Scalar, Status};
use serde_json::json;

use crate::args;
use crate::commands::use_threads;
use crate::progress::seconds;
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, refuse, say, tell};

pub(crate) fn linsolve(args: &args::Linsolve) -> Exit {
    use_threads(args.threads);
    let output = beside(args.output.as_ref(), &args.matrix, "solution.h5");
    let picture = beside(args.plot.as_ref(), &args.matrix, "residuals.png");
    for path in [&output, &picture] {
        if let Some(diagnostic) = is_the_input(args, path) {
            return refuse(diagnostic);
        }
    }
    if !args.force
        && let Some(diagnostic) = in_the_way(args, &output)
    {
        return refuse(diagnostic);
    }
    match prepared(args) {
        Err(found) => {
            complain(&found);
            Exit::BadInput
        }
        Ok((system, pairs)) => {
            let interrupt = interrupt_flag();
            if let Some(list) = &args.compare {
                compare(args, &system, &pairs, list, &picture, &interrupt)
            } else {
                one(args, &system, &pairs[0].1, &output, &picture, &interrupt)
            }
        }
    }
}

type Pairs = Vec<(String, LinearParams)>;

/// The system, and what to solve it by: each with its label.
fn prepared(args: &args::Linsolve) -> Result<(AnySystem, Pairs), Diagnostics> {
    let mut shared: Vec<String> = Vec::new();
    shared.extend(args.rtol.map(|t| format!("relative_tolerance={t:e}")));
    shared.extend(args.max_iterations.map(|n| format!("max_iterations={n}")));
    shared.extend(args.set.iter().cloned());
    let with = |pair: &[String]| linsolve::settings(&[pair, &shared[..]].concat());
    let rhs = match &args.rhs {
        None => RhsSource::System,
        Some(text) => text
            .parse()
            .map_or_else(|_| RhsSource::File(PathBuf::from(text)), RhsSource::Seed),
    };
    let read = || linsolve::read_system(&args.matrix, args.group.as_deref(), &rhs);
    let Some(list) = &args.compare else {
        let text = format!("{}+{}", args.method, args.pc);
        let params = with(&linsolve::pair(&text)?)?;
        return Ok((read()?, vec![(text, params)]));
    };
    let parse = |list: &str| -> Result<Pairs, Diagnostics> {
        list.split(',')
            .map(|text| {
                let text = text.trim();
                Ok((text.to_owned(), with(&linsolve::pair(text)?)?))
            })
            .collect()
    };
    if !list.is_empty() {
        let pairs = parse(list)?;
        return Ok((read()?, pairs));
    }
    let system = read()?;
    let pairs = parse(&linsolve::comparison(&system))?;
    Ok((system, pairs))
}

/// `NAME.suffix` in this folder, unless a path is given.
fn beside(given: Option<&PathBuf>, matrix: &Path, suffix: &str) -> PathBuf {
    given.cloned().unwrap_or_else(|| {
        let name = matrix.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or("system");
        PathBuf::from(format!("{stem}.{suffix}"))
    })
}

/// An output that would replace what is read, `--force` or not.
fn is_the_input(args: &args::Linsolve, path: &Path) -> Option<Diagnostic> {
    let rhs = args.rhs.as_ref().map(PathBuf::from);
    let same = |input: &Path| match (input.canonicalize(), path.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    let what = if same(&args.matrix) {
        "the matrix"
    } else if rhs.is_some_and(|rhs| same(&rhs)) {
        "the right-hand side"
    } else {
        return None;
    };
    Some(
        Diagnostic::error(
            codes::WOULD_OVERWRITE,
            format!("{} is {what} itself", path.display()),
        )
        .note("nothing was overwritten")
        .help("choose another file with `--output` or `--plot`"),
    )
}

/// A file in the place of the output that is not the solution of an earlier call.
fn in_the_way(args: &args::Linsolve, output: &Path) -> Option<Diagnostic> {
    let foreign = output.is_file() && !is_solution(output);
    (args.compare.is_none() && foreign).then(|| {
        Diagnostic::error(
            codes::WOULD_OVERWRITE,
            format!(
                "{} is in the way, and is not a solution of `pdesolve linsolve`",
                output.display()
            ),
        )
        .note("nothing was overwritten")
        .help("choose another file with `--output`, or overwrite it with `--force`")
    })
}

fn one(
    args: &args::Linsolve,
    system: &AnySystem,
    params: &LinearParams,
    output: &Path,
    picture: &Path,
    interrupt: &AtomicBool,
) -> Exit {
    let chatty = !(args.voice.quiet || args.voice.json);
    if chatty {
        say(&format!("{}: {}", args.matrix.display(), describe(system)));
    }
    let solved = match solve(args, system, params, interrupt) {
        Ok(solved) => solved,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    if args.voice.json {
        say(&json_line("solved", &solved).to_string());
    } else if chatty {
        tell_of(&solved);
    }
    if let Err(error) = linsolve::write(output, &solved) {
        complain(&file_fault(&error).into());
        return Exit::Failed;
    }
    let title = args.matrix.display().to_string();
    let curves = [(solved.outcome.method.clone(), &solved)];
    if let Err(error) = linsolve::draw(picture, &title, &curves) {
        complain(&file_fault(&error).into());
        return Exit::Failed;
    }
    if chatty {
        say(&format!("Wrote {}", output.display()));
        say(&format!("Drew {}", picture.display()));
    }
    exit_of(&solved, args.voice.json)
}

fn exit_of(solved: &Solved, json: bool) -> Exit {
    let status = solved.outcome.report.status;
    match status {
        Status::Converged => Exit::Done,
        Status::Interrupted => Exit::Interrupted,
        _ => {
            if !json {
                tell(&format!("error: {status}"));
                tell(&format!("help: {}", status.advice()));
            }
            Exit::Failed
        }
    }
}

fn compare(
    args: &args::Linsolve,
    system: &AnySystem,
    pairs: &Pairs,
    list: &str,
    picture: &Path,
    interrupt: &AtomicBool,
) -> Exit {
    let chatty = !(args.voice.quiet || args.voice.json);
    let widest = pairs
        .iter()
        .map(|(label, _)| label.len())
        .max()
        .unwrap_or(0);
    let width = widest.max("solver".len());
    if chatty {
        say(&format!("{}: {}", args.matrix.display(), describe(system)));
        say(&format!(
            "{:<width$} {:>10} {:>9} {:>9} {:>9} {:>9} {:>10}  status",
            "solver", "iterations", "set-up s", "solve s", "total s", "MiB", "residual"
        ));
    }
    let mut all = Vec::new();
    let mut failures = Vec::new();
    for (label, params) in pairs {
        match solve(args, system, params, interrupt) {
            Ok(solved) => {
                let report = &solved.outcome.report;
                if args.voice.json {
                    let mut line = json_line("compared", &solved);
                    line["solver"] = json!(label);
                    say(&line.to_string());
                } else if chatty {
                    say(&format!(
                        "{label:<width$} {:>10} {:>9.3} {:>9.3} {:>9.3} {:>9.1} {:>10.2e}  {}",
                        report.iterations,
                        solved.setup_seconds,
                        solved.solve_seconds,
                        solved.setup_seconds + solved.solve_seconds,
                        mebibytes(solved.outcome.memory_bytes),
                        report.true_relative_residual,
                        report.status
                    ));
                }
                let interrupted = report.status == Status::Interrupted;
                all.push((label.clone(), solved));
                if interrupted {
                    return Exit::Interrupted;
                }
            }
            Err(found) => {
                let text = found.iter().next().map(|d| d.message.clone());
                let text = text.unwrap_or_default();
                if args.voice.json {
                    say(&json!({"event": "compared", "solver": label, "error": text}).to_string());
                } else if chatty {
                    say(&format!("{label:<width$} cannot be used: {text}"));
                }
                failures.push(found);
            }
        }
    }
    // What was asked for by name should work; of a list that we propose some may not.
    if all.is_empty() {
        if !list.is_empty() {
            failures.iter().for_each(complain);
        }
        return Exit::BadInput;
    }
    let curves: Vec<(String, &Solved)> = all.iter().map(|(l, s)| (l.clone(), s)).collect();
    if let Err(error) = linsolve::draw(picture, &args.matrix.display().to_string(), &curves) {
        complain(&file_fault(&error).into());
        return Exit::Failed;
    }
    let best = all
        .iter()
        .filter(|(_, solved)| solved.outcome.report.converged())
        .min_by(|(_, a), (_, b)| {
            let total = |s: &Solved| s.setup_seconds + s.solve_seconds;
            total(a).total_cmp(&total(b))
        });
    if chatty {
        if let Some((label, solved)) = best {
            let total = solved.setup_seconds + solved.solve_seconds;
            say(&format!("Fastest: {label}, {}", seconds(total)));
        }
        say(&format!("Drew {}", picture.display()));
    }
    match best {
        Some(_) => Exit::Done,
        None => {
            if !args.voice.json {
                tell("error: none of these converged");
            }
            Exit::Failed
        }
    }
}

/// Solves with a line of progress that lives while the solve does.
fn solve(
    args: &args::Linsolve,
    system: &AnySystem,
    params: &LinearParams,
    interrupt: &AtomicBool,
) -> Result<Solved, Diagnostics> {
    let terminal = std::io::stderr().is_terminal();
    let silent = args.voice.quiet || args.voice.json;
    let bar = (terminal && !silent).then(|| {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message("setting up");
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    });
    let mut last = Instant::now();
    let mut observe = |it: &Iteration| {
        let pace = if bar.is_some() { 0.1 } else { 5.0 };
        if !silent && last.elapsed().as_secs_f64() >= pace {
            last = Instant::now();
            let text = format!(
                "iteration {}  residual {:.3e}  target {:.3e}",
                it.index, it.residual, it.target
            );
            match &bar {
                Some(bar) => bar.set_message(text),
                None => tell(&format!("  {text}")),
            }
        }
        if interrupt.load(Ordering::Relaxed) {
            Control::Interrupt
        } else {
            Control::Continue
        }
    };
    let solved = linsolve::solve(system, params, &mut observe);
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    solved
}

fn describe(system: &AnySystem) -> String {
    fn text<T: Scalar>(system: &linsolve::System<T>, numbers: &str) -> String {
        let a = &system.matrix;
        let symmetry = if a.nrows() != a.ncols() {
            "rectangular"
        } else if a.is_hermitian(1e-12) {
            if T::IS_COMPLEX {
                "Hermitian"
            } else {
                "symmetric"
            }
        } else {
            "nonsymmetric"
        };
        format!(
            "{} x {}, {} entries, {numbers}, {symmetry}; b: {}",
            a.nrows(),
            a.ncols(),
            a.nnz(),
            system.rhs_origin
        )
    }
    match system {
        AnySystem::Real(system) => text(system, "real"),
        AnySystem::Complex(system) => text(system, "complex"),
    }
}

fn tell_of(solved: &Solved) {
    let outcome = &solved.outcome;
    let report = &outcome.report;
    say(&match outcome.preconditioner.as_str() {
        "none" => outcome.method.clone(),
        preconditioner => format!("{} with {preconditioner}", outcome.method),
    });
    if !outcome.reason.is_empty() {
        say(&format!("  chosen because {}", outcome.reason));
    }
    for line in outcome.description.lines() {
        say(&format!("  {line}"));
    }
    say(&format!(
        "{} after {} iteration{}: ||b - A x|| / reference = {:.3e}",
        capital(&report.status.to_string()),
        report.iterations,
        if report.iterations == 1 { "" } else { "s" },
        report.true_relative_residual
    ));
    if report.replacements > 0 {
        say(&format!(
            "  {} replacements of a residual that had drifted off",
            report.replacements
        ));
    }
    let memory = match outcome.memory_bytes {
        0 => String::new(),
        bytes => format!(", preconditioner {:.1} MiB", mebibytes(bytes)),
    };
    say(&format!(
        "  set-up {}, solve {}{memory}",
        seconds(solved.setup_seconds),
        seconds(solved.solve_seconds)
    ));
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn json_line(event: &str, solved: &Solved) -> serde_json::Value {
    let outcome = &solved.outcome;
    let report = &outcome.report;
    json!({
        "event": event, "method": outcome.method, "preconditioner": outcome.preconditioner,
        "reason": outcome.reason, "status": report.status.to_string(),
        "converged": report.converged(), "iterations": report.iterations,
        "true_relative_residual": report.true_relative_residual,
        "setup_seconds": solved.setup_seconds, "solve_seconds": solved.solve_seconds,
        "memory_bytes": outcome.memory_bytes,
    })
}
