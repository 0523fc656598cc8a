//! `pdesolve show`: equation, parameters, defaults and an example of one kind.

use std::path::Path;

use pdesolve::case::registry::PROBLEMS;
use pdesolve::case::schema::Case;
use pdesolve::case::{KeyDoc, KindDoc, kinds, load, toml_files};

use crate::args;
use crate::commands::{problem_kinds, unknown_kind};
use crate::terminal::{Exit, refuse, say};

pub(crate) fn show(args: &args::Show) -> Exit {
    let problems = kinds::<Case>("problem");
    let solvers = kinds::<Case>("solver");
    if let Some(doc) = problems.iter().find(|doc| doc.kind == args.kind) {
        let entry = PROBLEMS.iter().find(|entry| entry.kind == args.kind);
        if let Some(entry) = entry {
            say(&format!("{}: {}", entry.kind, entry.equation));
            say(&format!("Solvers: {}", entry.solvers.join(", ")));
        }
        keys("problem", doc);
        examples(|case| case.problem.kind() == args.kind);
        return Exit::Done;
    }
    if let Some(doc) = solvers.iter().find(|doc| doc.kind == args.kind) {
        say(&format!("{}: {}", doc.kind, doc.doc));
        keys("solver", doc);
        examples(|case| case.solver.kind() == args.kind);
        return Exit::Done;
    }
    let mut known = problem_kinds();
    known.extend(solvers.iter().map(|doc| doc.kind.as_str()));
    refuse(unknown_kind(&args.kind, &known))
}

fn keys(table: &str, doc: &KindDoc) {
    say(&format!("\n[{table}]\nkind = \"{}\"", doc.kind));
    for key in &doc.keys {
        say("");
        for line in comment(key) {
            say(&line);
        }
        say(&assignment(key));
    }
}

/// The documentation of a key as comment lines of a case file.
pub(crate) fn comment(key: &KeyDoc) -> Vec<String> {
    let doc = key.doc.split("\n\n").next().unwrap_or_default();
    let mut text: String = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    text.push_str(&format!(" ({})", key.accepts));
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.len() + 1 + word.len() <= 88 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    lines
}

/// `key = default`, commented out where the key may be left out without one.
pub(crate) fn assignment(key: &KeyDoc) -> String {
    match (&key.default, key.required) {
        (Some(value), _) => format!("{} = {value}", key.name),
        (None, true) => format!("{} = ...  # must be given", key.name),
        (None, false) => format!("# {} = ...", key.name),
    }
}

fn examples(fits: impl Fn(&Case) -> bool) {
    let paths: Vec<String> = toml_files(Path::new("cases"))
        .into_iter()
        .filter(|path| load(path, &[]).is_ok_and(|loaded| fits(&loaded.case)))
        .map(|path| path.display().to_string())
        .collect();
    if !paths.is_empty() {
        say(&format!("\nCases: {}", paths.join(", ")));
    }
}
