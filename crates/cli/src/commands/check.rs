//! `pdesolve check`: everything that can be wrong with a case, without running it.

use pdesolve::case::prepare::prepare;
use pdesolve::case::sweep::{Plan, Request};
use pdesolve::case::verify::groups;
use pdesolve::case::{Diagnostics, LoadedCase};

use crate::args;
use crate::commands::load_checked;
use crate::terminal::{Exit, complain, say};

pub(crate) fn check(args: &args::Check) -> Exit {
    let mut exit = Exit::Done;
    for path in &args.cases {
        match load_checked(path, &args.set) {
            Ok(loaded) => match check_variants(&loaded) {
                Ok(()) => say(&format!("{}: {}", path.display(), loaded.case.title)),
                Err(found) => {
                    complain(&found);
                    exit = Exit::BadInput;
                }
            },
            Err(found) => {
                complain(&found);
                exit = Exit::BadInput;
            }
        }
    }
    exit
}

/// Checks the case with the values that its expectations and its sweep set.
fn check_variants(loaded: &LoadedCase) -> Result<(), Diagnostics> {
    let mut found = Diagnostics::default();
    for group in groups(loaded, true)? {
        if let Err(findings) = prepare(&group.loaded.case) {
            found.extend(group.diagnose(&findings));
        }
    }
    found.into_result(())?;
    if loaded.case.sweep.is_some() {
        Plan::new(loaded, &Request::default())?;
    }
    Ok(())
}
