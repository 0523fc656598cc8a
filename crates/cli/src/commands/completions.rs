//! `pdesolve completions`: for bash, zsh, fish, elvish and PowerShell.

use clap::CommandFactory;

use crate::args;
use crate::terminal::{Exit, say};

pub(crate) fn completions(args: &args::Completions) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut args::Args::command(),
        "pdesolve",
        &mut text,
    );
    say(String::from_utf8_lossy(&text).trim_end());
    Exit::Done
}
