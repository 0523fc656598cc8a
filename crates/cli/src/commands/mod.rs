//! One file a command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod converge;
pub(crate) mod explain;
pub(crate) mod fourier;
pub(crate) mod linsolve;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod plot;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod sweep;
pub(crate) mod verify;

use pdesolve::case::{Diagnostic, registry::PROBLEMS};
use pdesolve::case::{Diagnostics, LoadedCase, load, prepare::prepare};
use pdesolve::core::codes;

use crate::terminal::tell;

/// Loads a case and checks its meaning: everything that `check` checks.
pub(crate) fn load_checked(
    path: &std::path::Path,
    set: &[String],
) -> Result<LoadedCase, Diagnostics> {
    let loaded = load(path, set)?;
    match prepare(&loaded.case) {
        Ok(_) => Ok(loaded),
        Err(findings) => Err(loaded.diagnose(&findings)),
    }
}

/// Sets the number of threads of this process.
pub(crate) fn use_threads(threads: Option<usize>) {
    if let Some(n) = threads {
        let built = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build_global();
        if let Err(error) = built {
            tell(&format!(
                "note: the number of threads stays as it is: {error}"
            ));
        }
    }
}

/// An error about a kind of problem or solver that is none.
pub(crate) fn unknown_kind(kind: &str, known: &[&str]) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error(codes::UNKNOWN_NAME, format!("there is no kind `{kind}`"));
    if let Some(near) = pdesolve::case::names::nearest(kind, known.iter().copied()) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    diagnostic.note(format!(
        "there are {}",
        pdesolve::case::names::list(known.iter().copied())
    ))
}

/// The kinds of problems.
pub(crate) fn problem_kinds() -> Vec<&'static str> {
    PROBLEMS.iter().map(|entry| entry.kind).collect()
}
