//! Where text goes: results to standard output, errors and progress to standard error.

use std::io::{IsTerminal, Write};

use pdesolve::case::{Diagnostic, Diagnostics};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Done,
    /// It ran, but failed or did not converge.
    Failed,
    /// The input is bad; nothing was run or overwritten.
    BadInput,
    /// Stopped from outside, with the state saved.
    Interrupted,
}

/// Writes a line to standard output. A reader that went away (`| head`) is no error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Writes a line to standard error.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes diagnostics to standard error, with colours where a person reads them.
pub(crate) fn complain(found: &Diagnostics) {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tell(&if colours {
        found.to_ansi()
    } else {
        found.to_string()
    });
}

/// Writes one diagnostic and ends with bad input.
pub(crate) fn refuse(diagnostic: Diagnostic) -> Exit {
    complain(&diagnostic.into());
    Exit::BadInput
}
