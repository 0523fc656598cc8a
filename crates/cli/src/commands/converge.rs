//! `pdesolve converge`: errors and observed orders under refinement.

use std::path::Path;

use pdesolve::case::converge::{ConvergeError, Level, Study};
use pdesolve::case::schema::Refine;
use pdesolve::case::{file_fault, load};
use pdesolve::io::IoError;
use pdesolve::io::plot::{self, Labels};
use serde_json::json;

use crate::args;
use crate::commands::use_threads;
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, say, tell};

pub(crate) fn converge(args: &args::Converge) -> Exit {
    let loaded = match load(&args.case, &args.set) {
        Ok(loaded) => loaded,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    use_threads(args.threads);
    let interrupt = interrupt_flag();
    let refine = loaded.case.converge.as_ref().map(|study| study.refine);
    if let (Some(refine), false) = (refine, args.json) {
        let size = match refine {
            Refine::Step => "step",
            Refine::Mesh => "mesh width",
        };
        let count = if loaded.case.problem.is_steady() {
            "iterations"
        } else {
            "steps"
        };
        say(&loaded.case.title);
        say(&format!(
            "{size:>12} {count:>10} {:>14} {:>14} {:>8}",
            "relative L2", "largest", "order"
        ));
    }
    let mut on_level = |level: &Level| {
        if args.json {
            return;
        }
        let order = level
            .order
            .map_or(String::new(), |order| format!("{order:.3}"));
        say(&format!(
            "{:>12.5e} {:>10} {:>14.6e} {:>14.6e} {order:>8}",
            level.size, level.steps, level.error, level.max_error
        ));
    };
    match pdesolve::case::converge::converge(&loaded.case, &interrupt, &mut on_level) {
        Ok(study) => {
            let passes = study.passes();
            if let Some(path) = &args.output {
                if let Err(error) = draw(path, &loaded.case.title, &study) {
                    complain(&file_fault(&error).into());
                    return Exit::Failed;
                }
                tell(&format!("Drew {}", path.display()));
            }
            if args.json {
                let levels: Vec<_> = study
                    .levels
                    .iter()
                    .map(|l| {
                        json!({"size": l.size, "steps": l.steps, "error": l.error,
                               "max_error": l.max_error, "order": l.order})
                    })
                    .collect();
                let line = json!({"event": "converged", "levels": levels, "passes": passes,
                                  "expected_order": study.expected_order});
                say(&line.to_string());
            } else {
                say(&format!(
                    "{}: order {:.3} against {}, expected at least {}",
                    if passes { "Passed" } else { "Failed" },
                    study.observed_order(),
                    study.reference,
                    study.expected_order - study.slack
                ));
            }
            if passes { Exit::Done } else { Exit::Failed }
        }
        Err(ConvergeError::Case(findings)) => {
            complain(&loaded.diagnose(&findings));
            Exit::BadInput
        }
        Err(error @ (ConvergeError::Step { .. } | ConvergeError::Unsolved { .. })) => {
            tell(&format!("error: {error}"));
            Exit::Failed
        }
        Err(error @ ConvergeError::Interrupted { .. }) => {
            tell(&error.to_string());
            Exit::Interrupted
        }
    }
}

/// Error against step or mesh width, with the expected order.
fn draw(path: &Path, title: &str, study: &Study) -> Result<(), IoError> {
    let labels = Labels {
        title: title.to_owned(),
        x: match study.refine {
            Refine::Step => "step".to_owned(),
            Refine::Mesh => "mesh width".to_owned(),
        },
        y: "relative L2 error".to_owned(),
        value: String::new(),
    };
    let drawn = plot::Study {
        label: format!("against {}", study.reference),
        step: study.levels.iter().map(|level| level.size).collect(),
        error: study.levels.iter().map(|level| level.error).collect(),
        expected_order: Some(study.expected_order),
    };
    plot::convergence(path, &labels, &[drawn])
}
