//! `pdesolve explain`: what an error code means.

use pdesolve::case::{Diagnostic, names};
use pdesolve::core::codes;

use crate::args;
use crate::terminal::{Exit, refuse, say};

pub(crate) fn explain(args: &args::Explain) -> Exit {
    let Some(id) = &args.code else {
        for code in codes::ALL {
            say(&format!("{}  {}", code.id, code.title));
        }
        return Exit::Done;
    };
    match codes::find(id) {
        Some(code) => {
            say(&format!(
                "{}: {}\n\n{}",
                code.id, code.title, code.explanation
            ));
            Exit::Done
        }
        None => {
            let near = names::nearest(id, codes::ALL.iter().map(|code| code.id));
            let diagnostic = Diagnostic::error(
                codes::UNKNOWN_NAME,
                format!("there is no error code `{id}`"),
            );
            refuse(match near {
                Some(near) => diagnostic.help(format!("did you mean {near}?")),
                None => diagnostic.help("`pdesolve explain` lists all codes"),
            })
        }
    }
}
