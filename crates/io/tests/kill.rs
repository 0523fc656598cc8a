//! A file stays valid when its writer is killed, whenever that happens.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{fields, meta, names, row, values};
use pdesolve_io::{VtkHdfFile, VtkHdfWriter};
use pdesolve_mesh::Grid;

const KILLS: usize = 40;
const FILE: &str = "PDESOLVE_TEST_ENDLESS_FILE";

fn grid() -> Grid {
    Grid::periodic_box(2, 12, 1.0)
}

/// The process that gets killed: begins or resumes the file, then appends without end.
#[test]
#[ignore = "runs until it is killed, as a child of the test below"]
fn append_until_killed() {
    let Some(path) = std::env::var_os(FILE) else {
        panic!("only to be run by the test below, which sets {FILE}");
    };
    let path = Path::new(&path);
    let (mut writer, first) = if path.exists() {
        let times = VtkHdfFile::open(path).unwrap().times().to_vec();
        // Every other resumption goes back a little, as one from a checkpoint does.
        let keep = (times.len() - times.len() % 2).max(1);
        let writer = VtkHdfWriter::resume(path, &grid(), &fields(), times[keep - 1]).unwrap();
        (writer, keep)
    } else {
        (
            VtkHdfWriter::create(path, &grid(), &fields(), &meta()).unwrap(),
            0,
        )
    };
    for step in first.. {
        writer.append_history(&names(), &row(step)).unwrap();
        writer
            .append(0.1 * step as f64, &values(&grid(), step))
            .unwrap();
    }
}

#[test]
fn a_file_is_valid_after_kill_minus_9_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.vtkhdf");
    let mut steps_seen = 0;
    let mut random = 12345u64;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["append_until_killed", "--exact", "--ignored"])
            .env(FILE, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !path.exists() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "no file appears"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // From the middle of the resumption to some dozens of frames after it.
        std::thread::sleep(Duration::from_micros(random >> 46));
        assert!(
            child.try_wait().unwrap().is_none(),
            "the writer failed before kill {kill}"
        );
        child.kill().unwrap();
        child.wait().unwrap();
        steps_seen = check(&path, steps_seen, kill);
    }
    assert!(steps_seen > KILLS, "only {steps_seen} steps were written");
}

/// Reads all that the file promises.
fn check(path: &Path, before: usize, kill: usize) -> usize {
    let file = VtkHdfFile::open(path).unwrap_or_else(|e| panic!("kill {kill}: {e}"));
    let steps = file.times().len();
    assert!(
        steps + 2 > before,
        "kill {kill}: {before} steps became {steps}"
    );
    assert_eq!(file.grid(), &grid());
    for step in 0..steps {
        assert_eq!(file.times()[step], 0.1 * step as f64, "kill {kill}");
        for (field, expected) in fields().iter().zip(values(&grid(), step)) {
            assert_eq!(
                file.read(&field.name, step).unwrap(),
                expected,
                "kill {kill}, step {step}"
            );
        }
    }
    let (_, rows) = file.history().unwrap();
    assert!(
        rows.len() >= steps,
        "kill {kill}: {} rows, {steps} steps",
        rows.len()
    );
    for (step, found) in rows.iter().enumerate() {
        assert_eq!(found, &row(step), "kill {kill}");
    }
    steps
}
