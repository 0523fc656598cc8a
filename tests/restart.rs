//! A run that was stopped, killed or extended gives the same bits as one that was not.

mod util;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pdesolve::core::State;
use pdesolve::io::{VtkHdfFile, checkpoint};
use util::Dir;

/// Fixed steps, a batch with random data; the step does not divide the output interval.
const FIXED: &str = r#"
schema = 1
title = "restart, fixed steps"
seed = 5
trajectories = 3
[problem]
kind = "kuramoto_sivashinsky"
[mesh]
points = [96]
upper = [40]
[initial]
u = { kind = "sine_series" }
[solver]
kind = "spectral"
scheme = "etdrk4"
[time]
end = 2
step = 0.03
[output]
every = 0.25
history_every = 1
checkpoint_every = 0
"#;

/// Steps under error control in two dimensions.
const ADAPTIVE: &str = r#"
schema = 1
title = "restart, adaptive steps"
[problem]
kind = "navier_stokes"
viscosity = 1e-3
[mesh]
points = [32, 32]
upper = ["2*pi", "2*pi"]
[initial]
vorticity = { kind = "spectrum", rms = 3, peak = 3 }
[solver]
kind = "spectral"
scheme = "etdrk4"
[time]
end = 2
tolerance = 1e-6
[output]
every = 0.5
checkpoint_every = 0
"#;

/// Finite volumes under a Courant number, with a force and implicit diffusion left to `auto`.
const VOLUMES: &str = r#"
schema = 1
title = "restart, finite volumes"
[problem]
kind = "burgers"
viscosity = 0.01
[mesh]
cells = [200]
upper = [1]
periodic = [false]
[initial]
u = "sin(2*pi*x)"
[boundary]
left = { kind = "dirichlet", value = 0 }
right = { kind = "dirichlet", value = 0 }
[source]
u = "sin(pi*x)*cos(3*t)"
[solver]
kind = "finite_volume"
reconstruction = "weno5"
[time]
end = 2
cfl = 0.4
[output]
every = 0.5
checkpoint_every = 0
"#;

/// All times, frames and history rows as bits, and the final checkpoint.
type Everything = (Vec<f64>, Vec<Vec<u64>>, Vec<Vec<u64>>, State);

/// Compares part by part: a failure must not print all numbers.
fn assert_same(left: &Everything, right: &Everything) {
    assert_eq!(left.0, right.0, "times of the frames");
    let differ = |a: &[Vec<u64>], b: &[Vec<u64>]| (0..a.len()).find(|&i| a.get(i) != b.get(i));
    assert_eq!(left.1.len(), right.1.len(), "number of arrays");
    assert_eq!(differ(&left.1, &right.1), None, "first array that differs");
    assert_eq!(left.2.len(), right.2.len(), "number of history rows");
    assert_eq!(differ(&left.2, &right.2), None, "first row that differs");
    assert_eq!(left.3.counters, right.3.counters);
    assert!(left.3.arrays == right.3.arrays, "the checkpoints differ");
}

/// Reads what [`assert_same`] compares.
fn everything(output: &Path) -> Everything {
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let file = VtkHdfFile::open(output).unwrap();
    let mut frames = Vec::new();
    for step in 0..file.times().len() {
        for field in file.fields() {
            frames.push(bits(&file.read(&field.name, step).unwrap()));
        }
    }
    let (_, rows) = file.history().unwrap();
    let rows = rows.iter().map(|row| bits(row)).collect();
    let (state, _) = checkpoint::read(&output.with_extension("checkpoint.h5")).unwrap();
    (file.times().to_vec(), frames, rows, state)
}

fn run(dir: &Dir, output: &str, more: &[&str]) {
    let mut args = vec!["run", "case.toml", "--quiet", "--output", output];
    args.extend(more);
    let ran = dir.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

fn assert_extension_is_exact(case: &str) {
    let dir = Dir::new();
    dir.write("case.toml", case);
    run(&dir, "whole.vtkhdf", &[]);
    run(&dir, "parts.vtkhdf", &["--set", "time.end=1"]);
    run(&dir, "parts.vtkhdf", &["--resume"]);
    let whole = everything(&dir.path("whole.vtkhdf"));
    let parts = everything(&dir.path("parts.vtkhdf"));
    assert!(whole.0.len() >= 5, "{:?}", whole.0);
    assert!(whole.2.len() >= 5);
    assert_same(&whole, &parts);
}

#[test]
fn a_run_extended_from_t_1_to_t_2_has_the_bits_of_the_whole_run_with_fixed_steps() {
    assert_extension_is_exact(FIXED);
}

#[test]
fn a_run_extended_from_t_1_to_t_2_has_the_bits_of_the_whole_run_with_adaptive_steps() {
    assert_extension_is_exact(ADAPTIVE);
}

#[test]
fn a_run_extended_from_t_1_to_t_2_has_the_bits_of_the_whole_run_with_finite_volumes() {
    assert_extension_is_exact(VOLUMES);
}

/// Starts a run, stops it with `signal` once it has written three frames and a checkpoint, and
/// returns its status.
fn stop_midway(dir: &Dir, output: &str, signal: &str) -> std::process::ExitStatus {
    stop_when(dir, output, signal, &[], |frames, saved| {
        frames >= 3 && saved
    })
}

/// Starts a run and stops it with `signal` at a number of frames and existence of a checkpoint
/// for which `ready` holds.
fn stop_when(
    dir: &Dir,
    output: &str,
    signal: &str,
    more: &[&str],
    ready: impl Fn(usize, bool) -> bool,
) -> std::process::ExitStatus {
    let path = dir.path(output);
    let mut args = vec!["run", "case.toml", "--quiet", "--output", output];
    args.extend(more);
    let mut child = dir.command(&args).spawn().unwrap();
    let patience = Instant::now();
    loop {
        let frames = VtkHdfFile::open(&path).map_or(0, |file| file.times().len());
        let saved = path.with_extension("checkpoint.h5").exists();
        if ready(frames, saved) {
            break;
        }
        assert!(
            patience.elapsed() < Duration::from_secs(60),
            "no third frame within a minute"
        );
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before it could be stopped"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    child.wait().unwrap()
}

/// The batch of [`FIXED`], long enough to be stopped midway.
fn long_case() -> String {
    FIXED
        .replace("points = [96]", "points = [4096]")
        .replace("upper = [40]", "upper = [1600]")
        .replace("step = 0.03", "step = 0.003")
        .replace("history_every = 1\n", "")
}

#[test]
fn a_run_killed_and_resumed_has_the_bits_of_the_whole_run() {
    let dir = Dir::new();
    dir.write("case.toml", long_case());
    run(&dir, "whole.vtkhdf", &[]);
    let status = stop_midway(&dir, "killed.vtkhdf", "-KILL");
    assert_eq!(status.code(), None, "killed by the signal");
    run(&dir, "killed.vtkhdf", &["--resume"]);
    let whole = everything(&dir.path("whole.vtkhdf"));
    let killed = everything(&dir.path("killed.vtkhdf"));
    assert_same(&whole, &killed);
}

#[test]
fn a_repeated_run_killed_before_its_first_checkpoint_is_not_resumed_from_the_old_one() {
    // Checkpoints differ in no number from one run to its repetition: only the old file is gone.
    let rarely = ["--set", "output.checkpoint_every=1e6"];
    let dir = Dir::new();
    dir.write("case.toml", long_case());
    run(&dir, "run.vtkhdf", &rarely);
    let whole = everything(&dir.path("run.vtkhdf"));
    let all = whole.0.len();
    let status = stop_when(&dir, "run.vtkhdf", "-KILL", &rarely, |frames, _| {
        (2..all).contains(&frames)
    });
    assert_eq!(status.code(), None, "killed by the signal");
    let frames = VtkHdfFile::open(&dir.path("run.vtkhdf")).unwrap();
    assert!(frames.times().len() < all, "killed midway");
    assert!(
        !dir.path("run.checkpoint.h5").exists(),
        "the checkpoint of the run before is still there"
    );
    run(&dir, "run.vtkhdf", &["--resume"]);
    assert_same(&whole, &everything(&dir.path("run.vtkhdf")));
}

#[test]
fn outputs_whose_names_hold_a_point_have_checkpoints_of_their_own() {
    let dir = Dir::new();
    dir.write("case.toml", VOLUMES);
    run(&dir, "nu0.01", &["--set", "time.end=1"]);
    run(&dir, "nu0.02", &["--set", "time.end=0.5"]);
    let files = dir.files();
    for name in ["nu0.01.checkpoint.h5", "nu0.02.checkpoint.h5"] {
        assert!(files.iter().any(|f| f == name), "{name} not in {files:?}");
    }
    for (name, time) in [("nu0.01", 1.0), ("nu0.02", 0.5)] {
        run(&dir, name, &["--resume"]);
        let file = VtkHdfFile::open(&dir.path(name)).unwrap();
        assert_eq!(file.times().last(), Some(&2.0), "from {time}");
        assert!(file.times().contains(&0.5));
    }
}

#[test]
fn an_interrupted_run_saves_its_state_and_exits_with_130() {
    for signal in ["-INT", "-TERM"] {
        let dir = Dir::new();
        dir.write("case.toml", long_case());
        let status = stop_midway(&dir, "stopped.vtkhdf", signal);
        assert_eq!(status.code(), Some(130));
        run(&dir, "stopped.vtkhdf", &["--resume"]);
        run(&dir, "whole.vtkhdf", &[]);
        let whole = everything(&dir.path("whole.vtkhdf"));
        let stopped = everything(&dir.path("stopped.vtkhdf"));
        assert_same(&whole, &stopped);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    for case in [FIXED, ADAPTIVE, VOLUMES] {
        let dir = Dir::new();
        dir.write("case.toml", case);
        run(&dir, "one.vtkhdf", &["--threads", "1"]);
        run(&dir, "two.vtkhdf", &["--threads", "2"]);
        let one = everything(&dir.path("one.vtkhdf"));
        let two = everything(&dir.path("two.vtkhdf"));
        assert_same(&one, &two);
    }
}

#[test]
fn resuming_without_a_checkpoint_starts_afresh_and_says_so() {
    let dir = Dir::new();
    dir.write("case.toml", VOLUMES);
    let ran = dir.run(&["run", "case.toml", "--resume", "--output", "new.vtkhdf"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let said = ran.stderr + &ran.stdout;
    assert!(said.contains("starting afresh"), "{said}");
}
