//! `pdesolve run`: a case from its beginning, or from a checkpoint, to its end.

use std::path::{Path, PathBuf};

use pdesolve::case::run::{RunError, RunOptions};
use pdesolve::case::{Diagnostic, LoadedCase, load};
use pdesolve::core::codes;
use pdesolve::io::VtkHdfFile;

use crate::args;
use crate::commands::plot::draw_all;
use crate::commands::use_threads;
use crate::progress;
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, refuse, say, tell};

pub(crate) fn run(args: &args::Run) -> Exit {
    let loaded = match load(&args.case, &args.set) {
        Ok(loaded) => loaded,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    let case_text = match loaded.effective() {
        Ok(text) => text,
        Err(found) => {
            complain(&found);
            return Exit::BadInput;
        }
    };
    if args.print_config {
        say(case_text.trim_end());
        return Exit::Done;
    }
    let output = output_path(args);
    if !args.force
        && !args.resume
        && let Some(diagnostic) = loss(&output, &loaded)
    {
        return refuse(diagnostic);
    }
    use_threads(args.threads);
    if args.voice.verbose {
        tell(&case_text);
    }
    let interrupt = interrupt_flag();
    let options = RunOptions {
        output,
        resume: args.resume,
        case_text,
        interrupt: &interrupt,
    };
    let mut progress = progress::for_voice(args.voice);
    match pdesolve::case::run::run(&loaded.case, &options, progress.as_mut()) {
        Ok(finished) if finished.reached_end => {
            let pictures = match draw_all(&loaded.case, &finished.output) {
                Ok(pictures) => pictures,
                Err(found) => {
                    complain(&found);
                    return Exit::Failed;
                }
            };
            if !(args.voice.quiet || args.voice.json) {
                for picture in pictures {
                    say(&format!("Drew {}", picture.display()));
                }
                say(&format!("Next: paraview {}", finished.output.display()));
            }
            Exit::Done
        }
        Ok(_) => {
            if !args.voice.json {
                tell(&format!(
                    "The state is saved. Continue: pdesolve run {} --resume",
                    args.case.display()
                ));
            }
            Exit::Interrupted
        }
        Err(error) => {
            drop(progress);
            complain(&loaded.diagnose_run(&error));
            match error {
                RunError::Step { .. } | RunError::Output(_) => Exit::Failed,
                RunError::Case(_)
                | RunError::Input(_)
                | RunError::OtherCase { .. }
                | RunError::Restore { .. } => Exit::BadInput,
            }
        }
    }
}

/// The file to write: `--output` as a file or a folder, or the name of the case, here.
fn output_path(args: &args::Run) -> PathBuf {
    let name = Path::new(args.case.file_name().unwrap_or_default()).with_extension("vtkhdf");
    match &args.output {
        None => name,
        Some(path) if path.is_dir() => path.join(name),
        Some(path) => path.clone(),
    }
}

/// What would be lost by starting afresh. A finished run is not: the file holds the case that
/// makes it again. An unfinished one is, and so is a file that is not ours.
fn loss(output: &Path, loaded: &LoadedCase) -> Option<Diagnostic> {
    if !output.is_file() {
        return None;
    }
    let shown = output.display();
    let refusal = |message: String| {
        Diagnostic::error(codes::WOULD_OVERWRITE, message).note("nothing was overwritten")
    };
    match VtkHdfFile::open(output) {
        Err(error) => Some(
            refusal(format!(
                "{shown} is in the way, and is not a run that can be read"
            ))
            .note(error.to_string())
            .help("choose another file with `--output`, or overwrite it with `--force`"),
        ),
        Ok(file) => {
            let last = file.times().last().copied()?;
            let end = loaded.case.time.end;
            (last < end && file.meta().title == loaded.case.title).then(|| {
                refusal(format!("{shown} holds this case up to t = {last} of {end}"))
                    .help("continue it with `--resume`, or start afresh with `--force`")
            })
        }
    }
}
