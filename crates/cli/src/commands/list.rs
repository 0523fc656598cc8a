//! `pdesolve list`: what there is to solve, with what, and the cases at hand.

use std::path::Path;

use pdesolve::case::registry::PROBLEMS;
use pdesolve::case::schema::Case;
use pdesolve::case::{kinds, load, toml_files};

use crate::terminal::{Exit, say};

pub(crate) fn list() -> Exit {
    say("Problems (problem.kind):");
    for entry in PROBLEMS {
        say(&format!("  {:<28}{}", entry.kind, entry.equation));
    }
    say("\nSolvers (solver.kind):");
    for solver in kinds::<Case>("solver") {
        let first = solver.doc.lines().next().unwrap_or_default();
        say(&format!("  {:<28}{first}", solver.kind));
        for key in &solver.keys {
            if key.accepts.starts_with('"') {
                say(&format!("  {:<28}{}: {}", "", key.name, key.accepts));
            }
        }
    }
    let cases = toml_files(Path::new("cases"));
    if !cases.is_empty() {
        say("\nCases:");
    }
    for path in cases {
        let title = match load(&path, &[]) {
            Ok(loaded) => loaded.case.title,
            Err(found) => format!("(has {} errors: pdesolve check tells)", found.errors()),
        };
        say(&format!("  {:<32}  {title}", path.display().to_string()));
    }
    say(
        "\n`pdesolve show KIND` tells the parameters, `pdesolve new NAME --kind KIND` writes a case.",
    );
    Exit::Done
}
