//! The commands, end to end: what they print, write and return.

mod util;

use std::collections::BTreeSet;
use std::path::Path;

use util::{Dir, GOOD};

#[test]
fn run_ends_with_what_was_written_and_the_next_command() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let ran = dir.run(&["run", "case.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("case.vtkhdf"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Next:"), "{}", ran.stdout);
    assert!(dir.files().contains(&"case.vtkhdf".to_owned()));
}

#[test]
fn json_lines_are_json_and_end_with_the_summary() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let ran = dir.run(&["run", "case.toml", "--json"]);
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object"))
        .collect();
    assert_eq!(lines[0]["event"], "started");
    let last = &lines[lines.len() - 1];
    assert_eq!(last["event"], "finished");
    assert_eq!(last["steps"], 10);
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_printed_configuration_is_a_case_of_its_own() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let first = dir.run(&["run", "case.toml", "--print-config", "--set", "seed=7"]);
    assert!(first.stdout.contains("seed = 7"), "{}", first.stdout);
    assert_eq!(dir.files(), ["case.toml"], "nothing was run");
    dir.write("again.toml", &first.stdout);
    let second = dir.run(&["run", "again.toml", "--print-config"]);
    assert_eq!(first.stdout, second.stdout, "{}", second.stderr);
}

#[test]
fn an_unfinished_run_is_not_overwritten_by_accident() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    assert_eq!(dir.run(&["run", "case.toml", "-q"]).code, 0);
    let longer = ["run", "case.toml", "-q", "--set", "time.end=0.2"];
    let refused = dir.run(&longer);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--resume"), "{}", refused.stderr);
    let resumed = dir.run(&[&longer[..], &["--resume"]].concat());
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(dir.run(&longer).code, 0, "a finished run may be repeated");
}

#[test]
fn a_new_case_of_every_kind_passes_the_check() {
    let dir = Dir::new();
    let list = dir.run(&["list"]).stdout;
    let kinds = list
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    let mut made = 0;
    for kind in kinds.filter(|kind| *kind != "expression") {
        let new = dir.run(&["new", kind, "--kind", kind]);
        assert_eq!(new.code, 0, "{kind}: {}", new.stderr);
        let check = dir.run(&["check", &format!("{kind}.toml")]);
        assert_eq!(check.code, 0, "{kind}: {}", check.stderr);
        made += 1;
    }
    assert!(made >= 13, "only {made} kinds");
}

#[test]
fn show_tells_equation_parameters_and_defaults() {
    let dir = Dir::new();
    let shown = dir.run(&["show", "burgers"]).stdout;
    for text in ["nu laplace u", "viscosity = 0.05", "spectral"] {
        assert!(shown.contains(text), "{text} is not in\n{shown}");
    }
}

#[test]
fn the_schema_documents_every_key() {
    fn undocumented(path: &str, schema: &serde_json::Value, found: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (key, inner) in properties {
                let tag = inner.get("const").is_some();
                if inner.get("description").is_none() && !tag {
                    found.push(format!("{path}.{key}"));
                }
                undocumented(&format!("{path}.{key}"), inner, found);
            }
        }
        for list in ["oneOf", "anyOf"] {
            for (i, inner) in schema[list].as_array().into_iter().flatten().enumerate() {
                // The only key of a form that is named by it has the documentation of the form.
                let only = inner["properties"].as_object().filter(|p| p.len() == 1);
                if let (Some(only), Some(_)) = (only, inner.get("description")) {
                    for (key, inner) in only {
                        undocumented(&format!("{path}/{list}{i}.{key}"), inner, found);
                    }
                    continue;
                }
                undocumented(&format!("{path}/{list}{i}"), inner, found);
            }
        }
        for (name, inner) in schema["$defs"].as_object().into_iter().flatten() {
            undocumented(name, inner, found);
        }
    }
    let text = Dir::new().run(&["schema"]).stdout;
    let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let mut found = Vec::new();
    undocumented("case", &schema, &mut found);
    assert_eq!(found, Vec::<String>::new(), "keys without documentation");
    let upper = &schema["$defs"]["MeshParams"]["properties"]["upper"]["items"]["type"];
    assert_eq!(*upper, serde_json::json!(["number", "string"]));
}

#[test]
fn every_code_used_in_the_sources_is_explained() {
    fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                codes_in(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                for (at, _) in text.match_indices("\"E0") {
                    let code = &text[at + 1..(at + 6).min(text.len())];
                    if code[1..].chars().all(|c| c.is_ascii_digit()) {
                        found.insert(code.to_owned());
                    }
                }
            }
        }
    }
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for name in [
        "case", "cli", "core", "expr", "io", "mesh", "pde", "pdesolve",
    ] {
        codes_in(&crates.join(name).join("src"), &mut found);
    }
    assert!(found.len() >= 20);
    let dir = Dir::new();
    for code in found {
        let ran = dir.run(&["explain", &code]);
        assert_eq!(ran.code, 0, "{code} is not explained");
    }
}

#[test]
fn completions_exist_for_each_shell() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = dir.run(&["completions", shell]);
        assert!(ran.stdout.contains("pdesolve"), "{shell}");
    }
}

/// A steady problem that cannot be solved in two iterations.
const STEADY: &str = r#"schema = 1
title = "A plate"

[problem]
kind = "poisson"

[mesh]
cells = [16, 16]
upper = [1, 1]
periodic = [false, false]

[source]
u = "x*exp(y)"

[boundary]
left = { kind = "dirichlet", value = 0 }
right = { kind = "neumann", gradient = 0 }
bottom = { kind = "neumann", gradient = 1 }
top = { kind = "robin", alpha = 1, beta = 1, value = 0 }

[solver]
kind = "linear"
method = "cg"
preconditioner = "jacobi"

[[plot]]
kind = "map"

[[plot]]
kind = "history"
log = true

[[expect]]
quantity = "history"
name = "balance(u)"
tolerance = 1e-6
source = "conservation"
"#;

#[test]
fn a_steady_problem_is_solved_drawn_and_verified() {
    let dir = Dir::new();
    dir.write("case.toml", STEADY);
    let ran = dir.run(&["run", "case.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("Solved in"), "{}", ran.stdout);
    assert!(ran.stdout.contains("cg with jacobi"), "{}", ran.stdout);
    let files = dir.files();
    for file in ["case.vtkhdf", "case.png", "case_2.png"] {
        assert!(
            files.contains(&file.to_owned()),
            "{file} is not in {files:?}"
        );
    }
    assert!(
        !files.contains(&"case.checkpoint.h5".to_owned()),
        "{files:?}"
    );
    let verified = dir.run(&["verify", "case.toml"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let json = dir.run(&["run", "case.toml", "--json"]).stdout;
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(last["solve"]["status"], "converged");
}

#[test]
fn a_solve_that_does_not_converge_keeps_its_iterate_and_goes_on_from_it() {
    let dir = Dir::new();
    dir.write("case.toml", STEADY);
    let few = ["run", "case.toml", "--set", "solver.max_iterations=2"];
    let ran = dir.run(&few);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("E0507"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("allow more iterations"),
        "{}",
        ran.stderr
    );
    assert!(dir.files().contains(&"case.checkpoint.h5".to_owned()));
    assert_eq!(
        dir.run(&few).code,
        2,
        "the iterate is not overwritten by accident"
    );
    let again = dir.run(&[&few[..], &["--resume"]].concat());
    assert_eq!(again.code, 1, "{}", again.stderr);
    let residual = |text: &str| -> f64 {
        let text = text.split("relative residual is").nth(1).unwrap();
        text.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert!(
        residual(&again.stderr) < 0.9 * residual(&ran.stderr),
        "{}",
        again.stderr
    );
}

#[test]
fn a_neumann_problem_whose_data_do_not_balance_is_solved_with_a_note() {
    let dir = Dir::new();
    let case = |source: &str| {
        format!(
            r#"schema = 1
title = "Insulated"
[problem]
kind = "poisson"
[mesh]
cells = [20]
upper = [1]
periodic = [false]
[source]
u = "{source}"
[boundary]
left = {{ kind = "neumann", gradient = 0 }}
right = {{ kind = "neumann", gradient = 0 }}
[solver]
kind = "linear"
"#
        )
    };
    dir.write("balanced.toml", case("cos(pi*x)"));
    dir.write("unbalanced.toml", case("1 + cos(pi*x)"));
    let balanced = dir.run(&["run", "balanced.toml"]);
    assert_eq!(balanced.code, 0, "{}", balanced.stderr);
    assert!(
        !balanced.stderr.contains("do not cancel"),
        "{}",
        balanced.stderr
    );
    let unbalanced = dir.run(&["run", "unbalanced.toml"]);
    assert_eq!(unbalanced.code, 0, "{}", unbalanced.stderr);
    assert!(
        unbalanced.stderr.contains("do not cancel"),
        "{}",
        unbalanced.stderr
    );
}

#[test]
fn a_sweep_writes_every_point_and_fails_where_one_did() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let good = [
        "sweep",
        "case.toml",
        "--vary",
        "problem.viscosity=0.05,0.1",
        "--vary",
        "mesh.points=[32],[64],[128]",
        "--report",
        "l2(u),time",
        "--csv",
        "table.csv",
        "--plot",
        "picture.svg",
        "--log-x",
        "--x",
        "points",
    ];
    let ran = dir.run(&good);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("6 points, 0 failed"), "{}", ran.stdout);
    let table = std::fs::read_to_string(dir.path("table.csv")).expect("the table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "problem.viscosity,mesh.points,l2(u),time,status");
    assert_eq!(lines.len(), 7);
    assert!(lines[6].starts_with("0.1,[128],"), "{table}");
    assert!(lines[6].ends_with(",1e-1,done"), "{table}");
    let picture = std::fs::read_to_string(dir.path("picture.svg")).expect("the picture");
    assert!(picture.contains("viscosity = 0.05"), "a curve is named");
    assert_eq!(dir.files(), ["case.toml", "picture.svg", "table.csv"]);

    // A step that does not fit the run is found at its point only.
    let ran = dir.run(&["sweep", "case.toml", "--vary", "time.end=-1,0.1"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("2 points, 1 failed"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Point 1: end = -1"), "{}", ran.stderr);
}

#[test]
fn a_case_is_verified_once_for_each_set_of_values() {
    let dir = Dir::new();
    let expect = |set: &str, end: f64| {
        format!(
            "[[expect]]\n{set}quantity = \"history\"\nname = \"time\"\nvalue = {end}\n\
             tolerance = 1e-12\nsource = \"its end\"\n"
        )
    };
    let set = "set = { \"time.end\" = 0.3, \"mesh.points[0]\" = 32 }\n";
    let text = [GOOD, &expect("", 0.1), &expect(set, 0.3), &expect(set, 0.4)];
    dir.write("case.toml", text.concat());
    let ran = dir.run(&["verify", "case.toml", "--keep", "kept"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for line in [
        "case.toml with points[0] = 32, end = 0.3",
        "FAIL time, largest over the run: 3.000000e-1, reference 4.000000e-1",
        "3 values checked, 1 failed",
    ] {
        assert!(
            ran.stdout.contains(line),
            "{line} is not in\n{}",
            ran.stdout
        );
    }
    assert_eq!(ran.stdout.matches("case.toml").count(), 2, "two runs");
    let first = dir.path("kept/case.vtkhdf");
    assert!(first.exists() && dir.path("kept/case_2.vtkhdf").exists());
    assert_eq!(dir.run(&["check", "case.toml"]).code, 0);
}
