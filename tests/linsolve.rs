//! `pdesolve linsolve`, end to end: files good and bad, what is printed, written and returned.

mod util;

use std::fmt::Write;

use util::Dir;

/// Second differences on an m x m grid as a symmetric Matrix Market file.
fn laplacian(m: usize) -> String {
    let mut entries = String::new();
    let mut count = 0;
    for row in 0..m * m {
        let (i, j) = (row % m, row / m);
        let mut put = |column: usize, value: f64| {
            count += 1;
            let _ = writeln!(entries, "{} {} {value}", row + 1, column + 1);
        };
        if j > 0 {
            put(row - m, -1.0);
        }
        if i > 0 {
            put(row - 1, -1.0);
        }
        put(row, 4.0);
    }
    let n = m * m;
    format!("%%MatrixMarket matrix coordinate real symmetric\n{n} {n} {count}\n{entries}")
}

#[test]
fn a_system_is_solved_written_and_drawn() {
    let dir = Dir::new();
    dir.write("A.mtx", laplacian(40));
    let ran = dir.run(&["linsolve", "A.mtx"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for text in [
        "1600 x 1600, 7840 entries, real, symmetric; b: noise, seed 0",
        "chosen because the matrix is symmetric",
        "Converged after",
        "Wrote A.solution.h5",
        "Drew A.residuals.png",
    ] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    let files = ["A.mtx", "A.residuals.png", "A.solution.h5"];
    assert_eq!(dir.files(), files);
    // A second call replaces its own output, and no file of another kind.
    assert_eq!(dir.run(&["linsolve", "A.mtx", "-q"]).code, 0);
    dir.write("A.solution.h5", "mine");
    let refused = dir.run(&["linsolve", "A.mtx", "-q"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("E0404"), "{}", refused.stderr);
    assert_eq!(std::fs::read(dir.path("A.solution.h5")).unwrap(), b"mine");
    assert_eq!(dir.run(&["linsolve", "A.mtx", "-q", "--force"]).code, 0);
}

#[test]
fn the_matrix_itself_is_never_overwritten() {
    let dir = Dir::new();
    let text = laplacian(5);
    dir.write("A.mtx", &text);
    for arguments in [
        &["linsolve", "A.mtx", "-o", "A.mtx", "--force"][..],
        &["linsolve", "A.mtx", "--plot", "A.mtx"],
    ] {
        let ran = dir.run(arguments);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert_eq!(std::fs::read_to_string(dir.path("A.mtx")).unwrap(), text);
    }
}

#[test]
fn several_solvers_are_compared_in_a_table() {
    let dir = Dir::new();
    dir.write("A.mtx", laplacian(30));
    let ran = dir.run(&["linsolve", "A.mtx", "--compare", "cg+none,cg+ic0,cg+amg"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for text in ["cg+none", "cg+ic0", "cg+amg", "Fastest: cg+"] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    assert_eq!(dir.files(), ["A.mtx", "A.residuals.png"]);
    let ran = dir.run(&["linsolve", "A.mtx", "--compare", "--json"]);
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object"))
        .collect();
    assert!(lines.len() >= 5, "{}", ran.stdout);
    assert!(
        lines.iter().all(|line| line["converged"] == true),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_solution_as_text_solves_the_system_with_the_given_right_hand_side() {
    let dir = Dir::new();
    dir.write(
        "A.mtx",
        "%%MatrixMarket matrix coordinate real general\n2 2 3\n1 1 2\n1 2 1\n2 2 4\n",
    );
    dir.write(
        "b.mtx",
        "%%MatrixMarket matrix array real general\n2 1\n4\n8\n",
    );
    let ran = dir.run(&["linsolve", "A.mtx", "--rhs", "b.mtx", "-o", "x.mtx", "-q"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let text = std::fs::read_to_string(dir.path("x.mtx")).unwrap();
    let x: Vec<f64> = text
        .lines()
        .filter(|line| !line.starts_with('%'))
        .skip(1)
        .map(|line| line.trim().parse().unwrap())
        .collect();
    assert!(
        (x[0] - 1.0).abs() < 1e-12 && (x[1] - 2.0).abs() < 1e-12,
        "{text}"
    );
}

#[test]
fn complex_and_rectangular_systems_are_solved() {
    let dir = Dir::new();
    dir.write(
        "C.mtx",
        "%%MatrixMarket matrix coordinate complex general\n2 2 3\n1 1 2 1\n1 2 1 0\n2 2 4 -1\n",
    );
    let ran = dir.run(&["linsolve", "C.mtx"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("complex"), "{}", ran.stdout);
    dir.write(
        "R.mtx",
        "%%MatrixMarket matrix coordinate real general\n3 2 4\n1 1 1\n2 2 1\n3 1 1\n3 2 1\n",
    );
    let ran = dir.run(&["linsolve", "R.mtx"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("lsmr"), "{}", ran.stdout);
}

#[test]
fn a_solve_that_does_not_converge_says_so_and_keeps_the_iterate() {
    let dir = Dir::new();
    dir.write("A.mtx", laplacian(40));
    let ran = dir.run(&[
        "linsolve",
        "A.mtx",
        "--method",
        "cg",
        "--pc",
        "none",
        "--max-iterations",
        "5",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("not converged"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("help: allow more iterations"),
        "{}",
        ran.stderr
    );
    assert!(dir.files().contains(&"A.solution.h5".to_owned()));
}

#[test]
fn hopeless_systems_are_never_called_converged() {
    let dir = Dir::new();
    let head = "%%MatrixMarket matrix coordinate real";
    for (name, text, code, said) in [
        // Singular, and b not in its range.
        (
            "singular",
            format!("{head} general\n2 2 4\n1 1 1\n1 2 1\n2 1 1\n2 2 1\n"),
            2,
            "singular",
        ),
        (
            "indefinite",
            format!("{head} general\n2 2 2\n1 1 1\n2 2 -1\n"),
            0,
            "",
        ),
        (
            "nan",
            format!("{head} general\n1 1 1\n1 1 nan\n"),
            2,
            "E0408",
        ),
        (
            "infinite",
            format!("{head} general\n1 1 1\n1 1 1e999\n"),
            2,
            "E0408",
        ),
        ("no_entries", format!("{head} general\n3 3 0\n"), 2, "E0411"),
        ("no_rows", format!("{head} general\n0 0 0\n"), 2, ""),
        ("empty", String::new(), 2, "E0406"),
        ("banner", "%%MatrixMarkt matrix\n".to_owned(), 2, "E0407"),
        (
            "short",
            format!("{head} general\n2 2 2\n1 1 1\n"),
            2,
            "E0409",
        ),
        (
            "huge",
            format!("{head} general\n4000000000 4000000000 1\n1 1 1\n"),
            2,
            "E0411",
        ),
        (
            "empty_row",
            format!("{head} general\n2 2 1\n1 1 1\n"),
            2,
            "singular",
        ),
    ] {
        let file = format!("{name}.mtx");
        dir.write(&file, text);
        let ran = dir.run(&["linsolve", &file]);
        assert_eq!(ran.code, code, "{name}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(said), "{name}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{name}: {}", ran.stderr);
    }
}

#[test]
fn bad_arguments_name_the_nearest_valid_one() {
    let dir = Dir::new();
    dir.write("A.mtx", laplacian(5));
    dir.write(
        "b.mtx",
        "%%MatrixMarket matrix array real general\n2 1\n4\n8\n",
    );
    for (arguments, said) in [
        (&["--method", "gmress"][..], "did you mean `gmres`?"),
        (&["--pc", "ilutt"], "did you mean `ilut`?"),
        (&["--set", "restrat=3"], "did you mean `restart`?"),
        (&["--set", "restart=0"], "restart"),
        (&["--set", "amg.sweeps=0"], "sweeps"),
        (&["--rhs", "b.mtx"], "the matrix has 25 rows"),
        (&["--rhs", "nowhere.mtx"], "nowhere.mtx"),
        (&["--compare", "cg+"], "there is no preconditioner"),
        (
            &["--method", "cg", "--pc", "ilut"],
            "symmetric preconditioner",
        ),
        (&["--rtol", "-1"], "relative_tolerance"),
    ] {
        let ran = dir.run(&[&["linsolve", "A.mtx"][..], arguments].concat());
        assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
}
