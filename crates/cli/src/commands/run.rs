//! `pdesolve run`: a case from its beginning, or from a checkpoint, to its end.

use std::path::{Path, PathBuf};

use pdesolve::case::run::{RunError, RunOptions, checkpoint_path};
use pdesolve::case::schema::Case;
use pdesolve::case::{Diagnostic, LoadedCase, load, load_text};
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
    if let Some(diagnostic) = no_output(&output, &args.case) {
        return refuse(diagnostic);
    }
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
                    "The state is saved. Continue: pdesolve run {}{} --resume",
                    args.case.display(),
                    options_of(args)
                ));
            }
            Exit::Interrupted
        }
        Err(error) => {
            drop(progress);
            complain(&loaded.diagnose_run(&error));
            match error {
                RunError::Step { .. }
                | RunError::NotSolved { .. }
                | RunError::Solve { .. }
                | RunError::Output(_) => Exit::Failed,
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
    let stem = match args.case.extension() {
        Some(extension) if extension == "toml" => args.case.file_stem(),
        _ => args.case.file_name(),
    };
    let mut name = stem.unwrap_or_default().to_owned();
    name.push(".vtkhdf");
    let name = PathBuf::from(name);
    match &args.output {
        None => name,
        Some(path) if path.is_dir() => path.join(name),
        Some(path) => path.clone(),
    }
}

/// What can never be the output file, `--force` or not: the case itself, and all that is no file.
fn no_output(output: &Path, case: &Path) -> Option<Diagnostic> {
    let shown = output.display();
    let refusal = |message: String| {
        Diagnostic::error(codes::WOULD_OVERWRITE, message)
            .note("nothing was overwritten")
            .help("choose another file with `--output`")
    };
    let same = |path: &Path| match (path.canonicalize(), case.canonicalize()) {
        (Ok(path), Ok(case)) => path == case,
        _ => false,
    };
    if same(output) {
        return Some(refusal(format!("{shown} is the case file itself")));
    }
    let checkpoint = checkpoint_path(output);
    if same(&checkpoint) {
        return Some(refusal(format!(
            "the checkpoint of {shown} would replace the case file itself"
        )));
    }
    [output, &checkpoint].into_iter().find_map(|path| {
        let found = std::fs::metadata(path).ok()?;
        (!found.is_file() && !found.is_dir()).then(|| {
            refusal(format!(
                "{} is a device or a pipe, not a file",
                path.display()
            ))
        })
    })
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
            let last = file.times().last().copied();
            let reached = last.map_or("no frame yet".to_owned(), |t| format!("t = {t}"));
            let ours = file.meta().title == loaded.case.title;
            let end = loaded.case.end();
            if ours && loaded.case.problem.is_steady() && checkpoint_path(output).exists() {
                return Some(
                    refusal(format!(
                        "{shown} holds the last iterate of an unfinished solve"
                    ))
                    .help("continue it with `--resume`, or start afresh with `--force`"),
                );
            }
            if ours && last.is_none_or(|last| last < end) {
                return Some(
                    refusal(format!("{shown} holds this case up to {reached} of {end}"))
                        .help("continue it with `--resume`, or start afresh with `--force`"),
                );
            }
            // The end of a run stands in the case that the file keeps, whatever `--set` says now.
            let text = file.meta().case_text.clone();
            let own_end = load_text::<Case>(output, text, &[]).map(|stored| stored.case.end());
            let help = "choose another file with `--output`, or start afresh with `--force`";
            match own_end {
                Ok(end) if last.is_some_and(|last| last >= end) => None,
                Ok(end) => Some(
                    refusal(format!(
                        "{shown} holds an unfinished run of \"{}\": {reached} of {end}",
                        file.meta().title
                    ))
                    .help(help),
                ),
                Err(_) => Some(
                    refusal(format!(
                        "{shown} holds a run that may be unfinished: its case cannot be read"
                    ))
                    .help(help),
                ),
            }
        }
    }
}

/// The options that make the same run again, as they would be typed.
fn options_of(args: &args::Run) -> String {
    let quote = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-=/:".contains(c);
        if text.chars().all(plain) {
            text.to_owned()
        } else {
            format!("'{text}'")
        }
    };
    let mut text = String::new();
    for set in &args.set {
        text += &format!(" --set {}", quote(set));
    }
    if let Some(output) = &args.output {
        text += &format!(" -o {}", quote(&output.display().to_string()));
    }
    text
}
