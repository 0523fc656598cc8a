//! `pdesolve verify`: cases held against the values they must reproduce.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use pdesolve::case::progress::Silent;
use pdesolve::case::run::RunOptions;
use pdesolve::case::verify::{VerifyError, is_verifiable};
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
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(".vtkhdf");
        let options = RunOptions {
            output: folder.join(name),
            resume: false,
            case_text: loaded.effective().unwrap_or_default(),
            interrupt,
        };
        let began = Instant::now();
        match pdesolve::case::verify::verify(&loaded.case, &options, long, &mut Silent) {
            Ok(measured) => {
                let took = seconds(began.elapsed().as_secs_f64());
                say(&format!("{} ({took})", path.display()));
                for value in measured {
                    checked += 1;
                    let mark = if value.passes() { "ok  " } else { "FAIL" };
                    failed += usize::from(!value.passes());
                    say(&format!(
                        "  {mark} {}: {:.6e}, reference {:.6e} +- {:.1e}",
                        value.what, value.value, value.reference, value.tolerance
                    ));
                    say(&format!("       {}", value.source));
                }
            }
            Err(VerifyError::Run(error)) => {
                complain(&loaded.diagnose_run(&error));
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
    say(&format!("{checked} values checked, {failed} failed"));
    if failed > 0 { Exit::Failed } else { exit }
}
