use std::path::Path;

use super::parameter::split;
use super::*;
use crate::load::load_text;
use crate::progress::Silent;

const CASE: &str = r#"schema = 1
title = "A wave that decays"
[problem]
kind = "diffusion"
diffusivity = 0.5
[mesh]
points = [16]
upper = ["2*pi"]
[initial]
u = "sin(x)"
[solver]
kind = "spectral"
[time]
end = 1
step = 0.1
"#;

impl Watch for Silent {}

fn loaded(more: &str) -> LoadedCase {
    load_text(Path::new("wave.toml"), format!("{CASE}{more}"), &[]).expect("a good case")
}

fn vary(arguments: &[&str]) -> Request {
    Request {
        vary: arguments.iter().map(|&a| a.to_owned()).collect(),
        ..Request::default()
    }
}

fn run_all(plan: &Plan) -> Swept {
    let folder = tempfile::tempdir().expect("a folder");
    let interrupt = AtomicBool::new(false);
    sweep(plan, folder.path(), false, &interrupt, &mut Silent).expect("no row is written")
}

fn faults(request: &Request, more: &str) -> Vec<(&'static str, String)> {
    let found = Plan::new(&loaded(more), request).expect_err("a bad request");
    found.into_iter().map(|d| (d.code, d.to_string())).collect()
}

/// sin(x) decays as exp(-nu t); its L2 norm begins at sqrt(pi).
#[test]
fn every_combination_is_run_and_reports_the_end_of_its_own_history() {
    let mut request = vary(&["problem.diffusivity=0.5,\"1/4\"", "time.end=1,2"]);
    request.report = vec!["l2(u)".to_owned(), "time".to_owned()];
    let plan = Plan::new(&loaded(""), &request).expect("a good sweep");
    let swept = run_all(&plan);
    assert_eq!(swept.rows.len(), 4);
    let mut i = 0;
    for nu in [0.5, 0.25] {
        for end in [1.0, 2.0] {
            let row = &swept.rows[i];
            let exact = std::f64::consts::PI.sqrt() * f64::exp(-nu * end);
            assert!((row.results[0] - exact).abs() < 1e-12, "{row:?}");
            assert!((row.results[1] - end).abs() < 1e-12, "{row:?}");
            i += 1;
        }
    }
    assert_eq!(swept.rows[2].values, ["1/4", "1"]);
    assert_eq!(plan.describe(2), "diffusivity = 1/4, end = 1");
}

#[test]
fn a_point_that_fails_does_not_stop_the_others() {
    let plan = Plan::new(&loaded(""), &vary(&["time.end=1,-1,2"])).expect("the keys are good");
    let swept = run_all(&plan);
    let failed: Vec<bool> = swept.rows.iter().map(|r| r.failure.is_some()).collect();
    assert_eq!(failed, [false, true, false]);
    assert!(swept.rows[1].status().contains("ends at -1"), "{swept:?}");
    assert!(swept.rows[1].results[0].is_nan());
}

#[test]
fn the_table_of_the_case_is_the_default_and_arguments_go_before_it() {
    let table = r#"[sweep]
vary = { "problem.diffusivity" = [0.1, 0.2, 0.3] }
report = ["max(u)"]
"#
    .replace("max(u)", "l2(u)");
    let plan = Plan::new(&loaded(&table), &Request::default()).expect("a good table");
    assert_eq!((plan.points(), plan.report[0].as_str()), (3, "l2(u)"));
    let plan = Plan::new(&loaded(&table), &vary(&["seed=1,2"])).expect("good arguments");
    assert_eq!(plan.points(), 2);
}

#[test]
fn bad_requests_are_told_before_anything_is_run() {
    let told = |arguments: &[&str], code: &str, text: &str| {
        let found = faults(&vary(arguments), "");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, code, "{}", found[0].1);
        assert!(found[0].1.contains(text), "{text} is not in {}", found[0].1);
    };
    told(&[], codes::BAD_SWEEP, "nothing to vary");
    told(&["time.end"], codes::BAD_SET, "expected `=`");
    told(&["time.end=1,,2"], codes::BAD_SET, "expected a value");
    told(
        &["problem.difusivity=1,2"],
        codes::UNKNOWN_KEY,
        "did you mean `diffusivity`?",
    );
    told(
        &["mesh.points[1]=8,16"],
        codes::BAD_SET,
        "there is no entry 1",
    );
    told(&["time.end=1,2", "time.end=3"], codes::BAD_SWEEP, "twice");
    told(
        &["time.end=1,one"],
        codes::BAD_CONSTANT,
        "not a constant expression",
    );
    let mut request = vary(&["time.end=1,2"]);
    request.report = vec!["l2(v)".to_owned()];
    let found = faults(&request, "");
    assert!(found[0].1.contains("did you mean `l2(u)`?"), "{found:?}");
    let table = "[sweep]\nvary = { \"problem.difusivity\" = [1, 2] }\n";
    let found = faults(&Request::default(), table);
    assert!(found[0].1.contains("wave.toml:17"), "{}", found[0].1);
}

#[test]
fn commas_in_brackets_and_quotes_do_not_part_values() {
    let text = "k=[1, 2],\"a,b\",f(x,y)";
    let parts: Vec<&str> = split(text, 2).into_iter().map(|r| &text[r]).collect();
    assert_eq!(parts, ["[1, 2]", "\"a,b\"", "f(x,y)"]);
}

#[test]
fn one_curve_stands_for_each_combination_of_the_other_parameters() {
    let mut request = vary(&[
        "solver.scheme=etdrk2,etdrk4",
        "problem.diffusivity=0.5,0.25",
    ]);
    request.report = vec!["l2(u)".to_owned()];
    let plan = Plan::new(&loaded(""), &request).expect("a good sweep");
    assert_eq!(plan.horizontal().expect("an axis"), 1);
    let swept = run_all(&plan);
    let curves = plan.curves(&swept.rows, 1);
    let labels: Vec<&str> = curves.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(labels, ["scheme = etdrk2", "scheme = etdrk4"]);
    assert_eq!(curves[0].x, [0.25, 0.5]);
    assert!(
        curves[0].y[0] > curves[0].y[1],
        "less diffusion leaves more"
    );
}
