//! A run that goes wrong says where, keeps the last good state, and exits with 1.

mod util;

use pdesolve::io::{VtkHdfFile, checkpoint};
use util::Dir;

/// u' = u^3 at each point: infinite in finite time.
const BLOWS_UP: &str = r#"
schema = 1
title = "blow-up in finite time"
[problem]
kind = "expression"
[problem.equations]
u = "u^3"
[mesh]
points = [64]
upper = ["2*pi"]
[initial]
u = "2 + sin(x)"
[solver]
kind = "spectral"
scheme = "etdrk4"
[time]
end = 10
step = 0.01
[output]
every = 0.02
"#;

#[test]
fn a_blow_up_names_field_cell_time_and_step_and_keeps_the_last_good_state() {
    let dir = Dir::new();
    dir.write("case.toml", BLOWS_UP);
    let ran = dir.run(&["run", "case.toml", "--output", "run.vtkhdf"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let said = ran.stderr;
    for part in [
        "field `u`",
        "cell",
        "step",
        "t = ",
        "dt = ",
        "last good state",
    ] {
        assert!(said.contains(part), "no `{part}` in: {said}");
    }
    let output = dir.path("run.vtkhdf");
    let file = VtkHdfFile::open(&output).unwrap();
    let last = file.times().len() - 1;
    let values = file.read("u", last).unwrap();
    assert!(values.iter().all(|v| v.is_finite()));
    // u' = u^3 from 3 at the crest blows up at t = 1/18.
    let time = file.times()[last];
    assert!(time > 0.03 && time < 0.5, "{time}");
    let (state, _) = checkpoint::read(&output.with_extension("checkpoint.h5")).unwrap();
    assert!(state.is_finite());
    // Resumed, it fails in the same way, and nothing else goes wrong.
    let again = dir.run(&["run", "case.toml", "--output", "run.vtkhdf", "--resume"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("E0501"), "{}", again.stderr);
}
