//! The pdesolve command: arguments, progress, exit codes. All numerics and all knowledge of case
//! files live in the crates below.

mod args;
mod commands;
mod progress;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::terminal::Exit;

fn main() -> ExitCode {
    let args = Args::parse();
    let exit = match args.command {
        Command::Run(args) => commands::run::run(&args),
        Command::Check(args) => commands::check::check(&args),
        Command::New(args) => commands::new::new(&args),
        Command::List => commands::list::list(),
        Command::Show(args) => commands::show::show(&args),
        Command::Plot(args) => commands::plot::plot(&args),
        Command::Converge(args) => commands::converge::converge(&args),
        Command::Sweep(args) => commands::sweep::run(&args),
        Command::Verify(args) => commands::verify::verify(&args),
        Command::Linsolve(args) => commands::linsolve::linsolve(&args),
        Command::Sample(args) => commands::sample::sample(&args),
        Command::Fourier(args) => commands::fourier::fourier(&args),
        Command::Schema => commands::schema::schema(),
        Command::Explain(args) => commands::explain::explain(&args),
        Command::Completions(args) => commands::completions::completions(&args),
    };
    ExitCode::from(match exit {
        Exit::Done => 0,
        Exit::Failed => 1,
        Exit::BadInput => 2,
        Exit::Interrupted => 130,
    })
}
