//! `pdesolve sample`: a sampling case from noise to data, or many samplers side by side.

use std::fs::File;
use std::io::Write;

use pdesolve::case::sample::{Comparison, draw};
use pdesolve::case::{Diagnostic, file_fault, load};
use pdesolve::core::codes;
use pdesolve::io::plot;
use pdesolve::sampling::work_precision::{Curve, Outcome, Point};

use crate::args;
use crate::commands::{run, use_threads};
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, refuse, say, tell};

pub(crate) fn sample(args: &args::Sample) -> Exit {
    if args.compare.is_none() {
        return run::run(&args::Run {
            case: args.case.clone(),
            set: args.set.clone(),
            resume: args.resume,
            output: args.output.clone(),
            threads: args.threads,
            force: args.force,
            print_config: false,
            voice: args.voice,
        });
    }
    let loaded = match load(&args.case, &args.set) {
        Ok(loaded) => loaded,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    let names: Vec<String> = (args.compare.iter().flatten())
        .filter(|name| !name.is_empty())
        .cloned()
        .collect();
    let comparison = match Comparison::new(&names, &args.steps) {
        Ok(comparison) => comparison,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    if let Some(Err(error)) = args.plot.as_ref().map(|path| plot::check_place(path)) {
        complain(&file_fault(&error).into());
        return Exit::BadInput;
    }
    let mut csv = match args.csv.as_ref().map(File::create).transpose() {
        Ok(csv) => csv,
        Err(error) => return refuse(cannot_write(&error)),
    };
    use_threads(args.threads);
    let interrupt = interrupt_flag();
    let mut head = Some(format!(
        "{:<24} {:>6} {:>12} {:>14} {:>8} {:>8}",
        "sampler", "steps", "evaluations", "error", "order", "claimed"
    ));
    let mut failed = None;
    let mut write = |csv: &mut Option<File>, line: &str| {
        if let Some(file) = csv
            && let Err(error) = writeln!(file, "{line}")
        {
            failed = Some(error);
        }
    };
    write(
        &mut csv,
        "sampler,steps,evaluations,error,order,claimed,note",
    );
    let curves = comparison.run(&loaded.case, &interrupt, &mut |curve, point| {
        head.take().iter().for_each(|head| say(head));
        say(&row(curve, point));
        write(&mut csv, &csv_row(curve, point));
    });
    if let Some(error) = failed {
        return refuse(cannot_write(&error));
    }
    let curves = match curves {
        Ok(curves) => curves,
        Err(findings) => {
            complain(&loaded.diagnose(&findings));
            return Exit::BadInput;
        }
    };
    if curves.curves.iter().any(|curve| curve.stochastic) {
        say("Errors of stochastic samplers are sliced Wasserstein distances to exact draws.");
    }
    if let Some(path) = &args.plot {
        if let Err(error) = draw(&curves, &loaded.case.title, path) {
            complain(&file_fault(&error).into());
            return Exit::Failed;
        }
        say(&format!("Drew {}", path.display()));
    }
    if curves.interrupted {
        tell("Interrupted");
        return Exit::Interrupted;
    }
    Exit::Done
}

fn cannot_write(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(
        codes::CANNOT_WRITE,
        format!("cannot write the table: {error}"),
    )
}

/// A number, or nothing.
fn maybe(value: Option<f64>) -> String {
    value.map_or(String::new(), |v| format!("{v:.2}"))
}

fn row(curve: &Curve, point: &Point) -> String {
    let head = format!("{:<24} {:>6}", curve.name, point.asked);
    match &point.outcome {
        Outcome::Reached {
            evaluations,
            deviation,
            order,
            ..
        } => format!(
            "{head} {evaluations:>12} {:>14.6e} {:>8} {:>8}",
            deviation.error(),
            maybe(*order),
            maybe(curve.claimed_order)
        ),
        Outcome::Refused { reason } => format!("{head}  refused: {reason}"),
        Outcome::Failed { reason } => format!("{head}  failed: {reason}"),
    }
}

fn csv_row(curve: &Curve, point: &Point) -> String {
    let head = format!("{},{}", curve.name, point.asked);
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    match &point.outcome {
        Outcome::Reached {
            evaluations,
            deviation,
            order,
            ..
        } => format!(
            "{head},{evaluations},{},{},{},",
            deviation.error(),
            maybe(*order),
            maybe(curve.claimed_order)
        ),
        Outcome::Refused { reason } | Outcome::Failed { reason } => {
            format!("{head},,,,,{}", quoted(reason))
        }
    }
}
