//! `pdesolve verify`: cases held against the values they must reproduce.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pdesolve::case::measure::Measured;
use pdesolve::case::progress::Silent;
use pdesolve::case::run::RunOptions;
use pdesolve::case::verify::{VerifyError, groups, is_verifiable, verify as verify_case};
use pdesolve::case::{load, toml_files};

use crate::args;
use crate::commands::use_threads;
use crate::progress::seconds;
use crate::signals::interrupt_flag;
use crate::terminal::{Exit, complain, say, tell};

pub(crate) fn verify(args: &args::Verify) -> Exit {
    use_threads(args.threads);
    let interrupt = interrupt_flag();
    let cases = if args.cases.is_empty() {
        toml_files(Path::new("cases"))
    } else {
        args.cases.clone()
    };
    if cases.is_empty() {
        tell("error: there are no cases in cases/: name the files to verify");
        return Exit::BadInput;
    }
    let scratch = std::env::temp_dir().join(format!("pdesolve-verify-{}", std::process::id()));
    let folder = args.keep.as_ref().unwrap_or(&scratch);
    if let Err(error) = std::fs::create_dir_all(folder) {
        tell(&format!(
            "error: cannot create {}: {error}",
            folder.display()
        ));
        return Exit::BadInput;
    }
    let exit = verify_all(&cases, args.long, folder, &interrupt);
    if args.keep.is_none() {
        // Left-overs in the temporary folder are harmless.
        let _ = std::fs::remove_dir_all(&scratch);
    }
    exit
}

fn verify_all(cases: &[PathBuf], long: bool, folder: &Path, interrupt: &AtomicBool) -> Exit {
    let mut exit = Exit::Done;
    let (mut checked, mut failed) = (0, 0);
    for path in cases {
        let loaded = match load(path, &[]) {
            Ok(loaded) => loaded,
            Err(found) => {
                complain(&found);
                exit = Exit::BadInput;
                continue;
            }
        };
        if !is_verifiable(&loaded.case, long) {
            say(&format!("{}: nothing to check", path.display()));
            continue;
        }
        let groups = match groups(&loaded, long) {
            Ok(groups) => groups,
            Err(found) => {
                complain(&found);
                exit = Exit::BadInput;
                continue;
            }
        };
        for (number, group) in groups.iter().enumerate() {
            let options = RunOptions {
                output: folder.join(output_name(path, number)),
                resume: false,
                case_text: group.loaded.effective().unwrap_or_default(),
                interrupt,
            };
            let began = Instant::now();
            match verify_case(&group.loaded.case, &options, true, &mut Silent) {
                Ok(measured) => {
                    let took = seconds(began.elapsed().as_secs_f64());
                    checked += measured.len();
                    failed += measured.iter().filter(|value| !value.passes()).count();
                    report(path, &group.set, &measured, &took);
                }
                Err(VerifyError::Run(error)) => {
                    complain(&group.diagnose_run(&error));
                    exit = Exit::Failed;
                }
                Err(error @ VerifyError::Measure(_)) => {
                    tell(&format!("error: {}: {error}", path.display()));
                    exit = Exit::Failed;
                }
                Err(error @ VerifyError::Interrupted { .. }) => {
                    tell(&format!("{}: {error}", path.display()));
                    return Exit::Interrupted;
                }
            }
        }
    }
    say(&format!("{checked} values checked, {failed} failed"));
    if failed > 0 { Exit::Failed } else { exit }
}

/// `<stem>.vtkhdf` for the first run of a case, `<stem>_2.vtkhdf` and so on for its other sets.
fn output_name(path: &Path, number: usize) -> OsString {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    if number > 0 {
        name.push(format!("_{}", number + 1));
    }
    name.push(".vtkhdf");
    name
}

/// Our values beside their references.
fn report(path: &Path, set: &str, measured: &[Measured], took: &str) {
    let path = path.display();
    if set.is_empty() {
        say(&format!("{path} ({took})"));
    } else {
        say(&format!("{path} with {set} ({took})"));
    }
    for value in measured {
        let mark = if value.passes() { "ok  " } else { "FAIL" };
        say(&format!(
            "  {mark} {}: {:.6e}, reference {:.6e} +- {:.1e}",
            value.what, value.value, value.reference, value.tolerance
        ));
        say(&format!("       {}", value.source));
    }
}
