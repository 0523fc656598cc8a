//! `pdesolve check`: everything that can be wrong with a case, without running it.

use crate::args;
use crate::commands::load_checked;
use crate::terminal::{Exit, complain, say};

pub(crate) fn check(args: &args::Check) -> Exit {
    let mut exit = Exit::Done;
    for path in &args.cases {
        match load_checked(path, &args.set) {
            Ok(loaded) => say(&format!("{}: {}", path.display(), loaded.case.title)),
            Err(found) => {
                complain(&found);
                exit = Exit::BadInput;
            }
        }
    }
    exit
}
