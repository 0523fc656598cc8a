//! What users read when their input is bad: each message is compared with a file in
//! `tests/golden`. `UPDATE_GOLDEN=1 cargo test --release -p pdesolve-cli --test messages` writes
//! them anew; read them before committing.

mod util;

use std::path::Path;

use pdesolve::io::{VtkHdfFile, VtkHdfWriter};
use util::{Dir, GOOD};

/// Runs the binary on bad input: it must end with code 2, print nothing but the golden message,
/// and neither change nor add a file.
fn golden(name: &str, dir: &Dir, args: &[&str]) {
    let snapshot = |dir: &Dir| -> Vec<(String, Vec<u8>)> {
        dir.files()
            .into_iter()
            .map(|file| {
                let bytes = std::fs::read(dir.path(&file)).unwrap_or_default();
                (file, bytes)
            })
            .collect()
    };
    let before = snapshot(dir);
    let ran = dir.run(args);
    assert_eq!(ran.code, 2, "exit code of bad input\n{}", ran.stderr);
    assert_eq!(ran.stdout, "", "results go nowhere when the input is bad");
    assert!(snapshot(dir) == before, "files were changed");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden")
        .join(format!("{name}.stderr"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &ran.stderr).expect("the golden file is written");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        ran.stderr == wanted,
        "{} differs.\n--- expected\n{wanted}\n--- found\n{}",
        path.display(),
        ran.stderr
    );
}

/// The good case with one replacement, checked.
fn edited(name: &str, from: &str, to: &str) {
    assert!(GOOD.contains(from), "{from} is not in the case");
    let dir = Dir::new();
    dir.write("case.toml", GOOD.replace(from, to));
    golden(name, &dir, &["run", "case.toml"]);
}

/// The good case with `--set` arguments.
fn set(name: &str, arguments: &[&str]) {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let mut args = vec!["run", "case.toml"];
    for argument in arguments {
        args.extend(["--set", argument]);
    }
    golden(name, &dir, &args);
}

#[test]
fn misspelt_key() {
    edited("misspelt_key", "viscosity", "viscocity");
}

#[test]
fn key_in_the_wrong_table() {
    edited(
        "key_in_the_wrong_table",
        "viscosity = 0.05",
        "points = [64]",
    );
}

#[test]
fn misspelt_table() {
    edited("misspelt_table", "[output]", "[ouput]");
}

#[test]
fn wrong_type() {
    edited("wrong_type", "points = [64]", "points = 64");
}

#[test]
fn negative_size() {
    edited("negative_size", "points = [64]", "points = [-64]");
}

#[test]
fn number_out_of_range() {
    edited("number_out_of_range", "step = 0.01", "step = 0");
}

#[test]
fn unknown_problem() {
    edited("unknown_problem", "\"burgers\"", "\"burger\"");
}

#[test]
fn unknown_solver() {
    edited("unknown_solver", "\"spectral\"", "\"finite_elements\"");
}

#[test]
fn missing_key() {
    edited("missing_key", "upper = [\"2*pi\"]\n", "");
}

#[test]
fn missing_table() {
    edited("missing_table", "[time]\nend = 0.1\nstep = 0.01\n", "");
}

#[test]
fn bad_constant_expression() {
    edited("bad_constant_expression", "2*pi", "2*pie");
}

#[test]
fn bad_expression() {
    edited("bad_expression", "a*sin(x)", "a*sin(x");
}

#[test]
fn unknown_name_in_expression() {
    edited("unknown_name_in_expression", "a*sin(x)", "a*sine(x) + b");
}

#[test]
fn toml_syntax() {
    edited("toml_syntax", "kind = \"burgers\"", "kind = burgers");
}

#[test]
fn toml_unclosed_quote() {
    edited("toml_unclosed_quote", "a*sin(x)\"", "a*sin(x)");
}

#[test]
fn duplicate_table() {
    edited("duplicate_table", "[time]", "[mesh]");
}

#[test]
fn wrong_schema_version() {
    edited("wrong_schema_version", "schema = 1", "schema = 2");
}

#[test]
fn two_errors_at_once() {
    let dir = Dir::new();
    let text = GOOD
        .replace("viscosity", "viscocity")
        .replace("points = [64]", "points = [64.5]");
    dir.write("case.toml", text);
    golden("two_errors_at_once", &dir, &["run", "case.toml"]);
}

#[test]
fn missing_file() {
    let dir = Dir::new();
    dir.write("burgers.toml", GOOD);
    golden("missing_file", &dir, &["run", "burger.toml"]);
}

#[test]
fn set_with_misspelt_key() {
    set("set_with_misspelt_key", &["tiem.end=20"]);
}

#[test]
fn set_without_value() {
    set("set_without_value", &["time.end"]);
}

#[test]
fn set_past_the_end_of_a_list() {
    set("set_past_the_end_of_a_list", &["mesh.points[1]=64"]);
}

#[test]
fn set_to_a_bad_number() {
    set("set_to_a_bad_number", &["time.end=10*", "mesh.points[0]=1"]);
}

#[test]
fn no_such_field_in_output() {
    edited(
        "no_such_field_in_output",
        "every = 0.05",
        "every = 0.05\nfields = [\"v\"]",
    );
}

#[test]
fn boundary_on_a_periodic_mesh() {
    edited(
        "boundary_on_a_periodic_mesh",
        "[solver]\nkind = \"spectral\"",
        "[boundary]\nleft = { kind = \"dirichlet\", value = 0 }\n[solver]\nkind = \"spectral\"",
    );
}

#[test]
fn missing_boundary() {
    let dir = Dir::new();
    let text = GOOD
        .replace("points = [64]", "cells = [64]\nperiodic = [false]")
        .replace("\"spectral\"", "\"finite_volume\"")
        .replace(
            "[solver]",
            "[boundary]\nleft = { kind = \"dirichlet\", value = 0 }\n[solver]",
        );
    dir.write("case.toml", text);
    golden("missing_boundary", &dir, &["run", "case.toml"]);
}

#[test]
fn unreadable_checkpoint() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    assert_eq!(dir.run(&["run", "case.toml", "--quiet"]).code, 0);
    dir.write("case.checkpoint.h5", "not a checkpoint");
    golden(
        "unreadable_checkpoint",
        &dir,
        &["run", "case.toml", "--resume"],
    );
}

#[test]
fn checkpoint_of_another_case() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    assert_eq!(dir.run(&["run", "case.toml", "--quiet"]).code, 0);
    golden(
        "checkpoint_of_another_case",
        &dir,
        &[
            "run",
            "case.toml",
            "--resume",
            "--set",
            "problem.viscosity=0.1",
        ],
    );
}

#[test]
fn output_path_that_cannot_be_written() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    golden(
        "output_path_that_cannot_be_written",
        &dir,
        &["run", "case.toml", "--output", "case.toml/out.vtkhdf"],
    );
}

#[test]
fn foreign_file_in_the_way() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    dir.write("case.vtkhdf", "the work of a month");
    golden("foreign_file_in_the_way", &dir, &["run", "case.toml"]);
}

#[test]
fn unfinished_run_under_another_title() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    assert_eq!(dir.run(&["run", "case.toml", "--quiet"]).code, 0);
    // The file of a run that was stopped on its way to t = 0.2: its case says where it was going.
    let stopped = dir.path("case.vtkhdf");
    let old = VtkHdfFile::open(&stopped).unwrap();
    let (grid, fields) = (old.grid().clone(), old.fields().to_vec());
    let mut meta = old.meta().clone();
    drop(old);
    meta.case_text = GOOD.replace("end = 0.1", "end = 0.2");
    drop(VtkHdfWriter::extend(&stopped, &grid, &fields, &meta, 0.1).unwrap());
    golden(
        "unfinished_run_under_another_title",
        &dir,
        &["run", "case.toml", "--set", "title=\"another\""],
    );
    golden(
        "unfinished_run_under_another_title",
        &dir,
        &[
            "run",
            "case.toml",
            "--set",
            "title=\"another\"",
            "--set",
            "time.end=0.05",
        ],
    );
}

#[test]
fn case_file_as_output() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    golden(
        "case_file_as_output",
        &dir,
        &["run", "case.toml", "--output", "./case.toml", "--force"],
    );
}

#[cfg(unix)]
#[test]
fn pipe_as_output() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let make = |name: &str| {
        let made = std::process::Command::new("mkfifo")
            .arg(dir.path(name))
            .status()
            .unwrap();
        assert!(made.success());
    };
    make("pipe");
    // `golden` reads all files, and would wait for the other end of this one.
    let ran = dir.run(&["run", "case.toml", "--output", "pipe", "--force"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("E0404"), "{}", ran.stderr);
    assert!(ran.stderr.contains("pipe"), "{}", ran.stderr);
    make("other.checkpoint.h5");
    for more in ["--force", "--resume"] {
        let ran = dir.run(&["run", "case.toml", "--output", "other", more]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
    }
    let plot = dir.run(&["plot", "pipe"]);
    assert_eq!(plot.code, 2, "{}", plot.stderr);
    assert_eq!(dir.files(), ["case.toml", "other.checkpoint.h5", "pipe"]);
}

#[test]
fn mesh_that_no_machine_holds() {
    for (name, points) in [
        ("mesh_that_no_machine_holds", "[9223372036854775807]"),
        ("mesh_whose_product_is_too_large", "[100000, 100000]"),
    ] {
        let upper = if points.contains(',') {
            "[1, 1]"
        } else {
            "[1]"
        };
        let mesh = format!("mesh.points={points}");
        set(name, &[&mesh, &format!("mesh.upper={upper}")]);
    }
}

#[test]
fn too_many_trajectories() {
    set("too_many_trajectories", &["trajectories=1000000000"]);
    set(
        "trajectories_that_fill_the_memory",
        &["trajectories=1000000", "mesh.points=[65536]"],
    );
}

#[test]
fn sizes_beyond_all_reason() {
    set(
        "sizes_beyond_all_reason",
        &[
            "initial.u={ kind = \"sine_series\", waves = 1000000000000 }",
            "solver.contour_points=100000000",
        ],
    );
    set(
        "peak_beyond_all_reason",
        &["initial.u={ kind = \"spectrum\", rms = -1, peak = 1e9 }"],
    );
}

#[test]
fn more_threads_than_there_can_be() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let args = ["run", "case.toml", "--threads", "100000000"];
    golden("more_threads_than_there_can_be", &dir, &args);
}

#[test]
fn random_modes_that_the_mesh_cannot_hold() {
    set(
        "random_modes_that_the_mesh_cannot_hold",
        &["initial.u={ kind = \"sine_series\", max_mode = 32 }"],
    );
    set(
        "peak_that_the_mesh_cannot_hold",
        &["initial.u={ kind = \"spectrum\", rms = 1, peak = 12 }"],
    );
    set(
        "no_random_modes",
        &["initial.u={ kind = \"sine_series\", min_mode = 5, max_mode = 4 }"],
    );
}

#[test]
fn parameters_that_shadow() {
    edited(
        "parameters_that_shadow",
        "a = 1.4",
        "a = 1.4\nx = 1\nt = 2\npi = 3\nu = 4",
    );
}

#[test]
fn set_to_an_infinite_number() {
    set("set_to_an_infinite_number", &["mesh.upper=[1e400]"]);
}

#[test]
fn huge_numbers_in_messages() {
    set("huge_numbers_in_messages", &["time.start=1e300"]);
}

#[test]
fn run_without_duration() {
    edited("run_without_duration", "end = 0.1", "end = 0");
}

#[test]
fn too_many_steps() {
    set("too_many_steps", &["time.step=1e-300"]);
}

#[test]
fn wrong_number_of_dimensions() {
    set(
        "wrong_number_of_dimensions",
        &[
            "problem={ kind = \"navier_stokes\", viscosity = 0.01 }",
            "initial={ vorticity = \"sin(x)\" }",
        ],
    );
}

#[test]
fn plot_of_a_folder() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("runs")).unwrap();
    golden("plot_of_a_folder", &dir, &["plot", "runs"]);
}

#[test]
fn plot_of_a_time_after_the_end() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    assert_eq!(dir.run(&["run", "case.toml", "--quiet"]).code, 0);
    golden(
        "plot_of_a_time_after_the_end",
        &dir,
        &["plot", "case.vtkhdf", "--kind", "lines", "--time", "99"],
    );
}

#[test]
fn new_overwrites_nothing() {
    let dir = Dir::new();
    dir.write("mine.toml", GOOD);
    golden("new_overwrites_nothing", &dir, &["new", "mine"]);
}

#[test]
fn unknown_kind_to_show() {
    golden(
        "unknown_kind_to_show",
        &Dir::new(),
        &["show", "navier_stoks"],
    );
}

/// A steady problem that is solved in milliseconds.
const STEADY: &str = r#"schema = 1
title = "A plate"

[problem]
kind = "steady_diffusion"
conductivity = "1 + x"

[mesh]
cells = [8, 8]
upper = [1, 1]
periodic = [false, true]

[source]
u = "sin(pi*x)"

[boundary]
left = { kind = "dirichlet", value = 0 }
right = { kind = "robin", alpha = 1, beta = 1, value = 0 }

[solver]
kind = "linear"
method = "cg"
"#;

/// The steady case with one replacement, run.
fn steady(name: &str, from: &str, to: &str) {
    assert!(STEADY.contains(from), "{from} is not in the case");
    let dir = Dir::new();
    dir.write("case.toml", STEADY.replace(from, to));
    golden(name, &dir, &["run", "case.toml"]);
}

#[test]
fn time_of_a_steady_problem() {
    steady(
        "time_of_a_steady_problem",
        "[solver]",
        "[time]\nend = 1\n\n[solver]",
    );
}

#[test]
fn unknown_method() {
    steady("unknown_method", "\"cg\"", "\"gmers\"");
}

#[test]
fn negative_conductivity() {
    steady("negative_conductivity", "\"1 + x\"", "\"x - 0.5\"");
}

#[test]
fn missing_side_of_a_steady_problem() {
    steady(
        "missing_side_of_a_steady_problem",
        "left = { kind = \"dirichlet\", value = 0 }\n",
        "",
    );
}

#[test]
fn condition_of_a_conservation_law() {
    steady(
        "condition_of_a_conservation_law",
        "kind = \"dirichlet\", value = 0",
        "kind = \"outflow\"",
    );
}

#[test]
fn sweep_of_a_misspelt_key() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let vary = ["--vary", "problem.viscocity=0.1,0.2"];
    let args = [&["sweep", "case.toml"][..], &vary].concat();
    golden("sweep_of_a_misspelt_key", &dir, &args);
}

#[test]
fn sweep_without_such_a_quantity() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let vary = ["--vary", "problem.viscosity=0.1,0.2", "--report", "l2(v)"];
    let args = [&["sweep", "case.toml"][..], &vary].concat();
    golden("sweep_without_such_a_quantity", &dir, &args);
}

#[test]
fn faults_of_an_expected_set() {
    let dir = Dir::new();
    let expect = "[[expect]]
set = { \"problem.viscocity\" = 0.1, \"mesh.points[1]\" = 8, \"time.end\" = \"soon\" }
quantity = \"maximum\"
tolerance = 1
source = \"nowhere\"
";
    dir.write("case.toml", [GOOD, expect].concat());
    golden("faults_of_an_expected_set", &dir, &["check", "case.toml"]);
}

#[test]
fn layers_that_make_no_mesh() {
    let layers = "layers = [{ to = 2, cells = 4 }, { to = 1, cells = 4 }]";
    edited("layers_that_make_no_mesh", "points = [64]", layers);
}

const SLAB: &str = r#"schema = 1
title = "a slab"
[problem]
kind = "transport"
[problem.materials]
core = { total = [1, 2], scattering = [[0.5, 0.3], [0, 1.5]], fission = [0, 0.1], nu = [0, 2] }
shield = { total = [1, 1], scattering = [[0.5, 0.4], [0, 0.9]] }
[[problem.regions]]
name = "core"
material = "core"
to = 4
source = [1, 0]
[[problem.regions]]
name = "shield"
material = "shield"
from = 4
[mesh]
layers = [{ to = 4, cells = 8 }, { to = 6, cells = 8 }]
periodic = [false]
[boundary]
left = { kind = "reflecting" }
right = { kind = "vacuum" }
[solver]
kind = "discrete_ordinates"
quadrature = { order = 8 }
"#;

/// The slab with replacements, run.
fn slab(name: &str, edits: &[(&str, &str)]) {
    let dir = Dir::new();
    let mut text = SLAB.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from} is not in the case");
        text = text.replace(from, to);
    }
    dir.write("case.toml", text);
    golden(name, &dir, &["run", "case.toml"]);
}

#[test]
fn the_slab_is_a_good_case() {
    let dir = Dir::new();
    dir.write("case.toml", SLAB);
    let ran = dir.run(&["run", "case.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn negative_cross_section() {
    slab(
        "negative_cross_section",
        &[("total = [1, 2]", "total = [1, -2]")],
    );
}

#[test]
fn missing_cross_section() {
    slab("missing_cross_section", &[("total = [1, 2], ", "")]);
}

#[test]
fn groups_that_do_not_match() {
    slab(
        "groups_that_do_not_match",
        &[("total = [1, 1]", "total = [1, 1, 1]")],
    );
}

#[test]
fn scattering_without_end() {
    let all = "core = { total = [1, 2], scattering = [[0.5, 0.5], [0, 2]] }";
    slab(
        "scattering_without_end",
        &[
            (
                "core = { total = [1, 2], scattering = [[0.5, 0.3], [0, 1.5]], fission = [0, 0.1], nu = [0, 2] }",
                all,
            ),
            (
                "scattering = [[0.5, 0.4], [0, 0.9]]",
                "scattering = [[0.5, 0.5], [0, 1.0]]",
            ),
            ("kind = \"vacuum\"", "kind = \"reflecting\""),
        ],
    );
}

#[test]
fn odd_order_of_the_quadrature() {
    slab("odd_order_of_the_quadrature", &[("order = 8", "order = 7")]);
}

#[test]
fn gap_between_regions() {
    slab("gap_between_regions", &[("from = 4", "from = 5")]);
}

#[test]
fn regions_that_overlap() {
    slab("regions_that_overlap", &[("from = 4", "from = 3.5")]);
}

#[test]
fn region_that_ends_inside_a_cell() {
    slab(
        "region_that_ends_inside_a_cell",
        &[
            ("from = 4", "from = 3.9"),
            ("to = 4\nsource", "to = 3.9\nsource"),
        ],
    );
}

#[test]
fn unknown_material() {
    slab(
        "unknown_material",
        &[("material = \"shield\"", "material = \"sheild\"")],
    );
}

#[test]
fn nothing_emits() {
    slab("nothing_emits", &[("source = [1, 0]\n", "")]);
}

#[test]
fn eigenvalue_of_nothing_fissile() {
    slab(
        "eigenvalue_of_nothing_fissile",
        &[
            ("kind = \"transport\"", "kind = \"transport_eigenvalue\""),
            (", fission = [0, 0.1], nu = [0, 2]", ""),
            ("source = [1, 0]\n", ""),
        ],
    );
}

#[test]
fn boundary_of_another_problem() {
    slab(
        "boundary_of_another_problem",
        &[("kind = \"vacuum\"", "kind = \"wall\"")],
    );
}

#[test]
fn fourier_analysis_of_a_fix_up() {
    let dir = Dir::new();
    let scheme = ["fourier", "--scheme", "diamond_difference_fixup"];
    golden("fourier_analysis_of_a_fix_up", &dir, &scheme);
}

#[test]
fn unknown_scheme_of_fourier_analysis() {
    let dir = Dir::new();
    golden(
        "unknown_scheme_of_fourier_analysis",
        &dir,
        &["fourier", "--scheme", "diamond_diference"],
    );
}

/// A batch of points sampled from two Gaussians.
const SAMPLING: &str = r#"schema = 1
title = "two Gaussians"
[problem]
kind = "sampling"
starts = [[0.5, 1.0], [-1.0, 0.2]]
[problem.target]
kind = "gaussian_mixture"
weights = [0.5, 0.5]
means = [[1.0, 0.0], [-1.0, 0.0]]
deviations = [0.3, 0.4]
parameterisation = "noise"
[problem.schedule]
kind = "vp_linear"
[solver]
kind = "sampler"
steps = 5
sampler = { kind = "dpm_solver", order = 1 }
grid = { spacing = "lambda" }
"#;

/// The sampling case with one replacement, run.
fn sampling(name: &str, from: &str, to: &str) {
    assert!(SAMPLING.contains(from), "{from} is not in the case");
    let dir = Dir::new();
    dir.write("case.toml", SAMPLING.replace(from, to));
    golden(name, &dir, &["sample", "case.toml"]);
}

#[test]
fn the_sampling_case_is_a_good_one() {
    let dir = Dir::new();
    dir.write("case.toml", SAMPLING);
    let ran = dir.run(&["sample", "case.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn sampling_grid_that_does_not_fall() {
    sampling(
        "sampling_grid_that_does_not_fall",
        "grid = { spacing = \"lambda\" }",
        "grid = { spacing = { explicit = { times = [1.0, 0.8, 0.9, 0.4, 0.2, 0.01] } } }",
    );
}

#[test]
fn sampling_to_zero_noise_in_the_noise_form() {
    let dir = Dir::new();
    let text = SAMPLING
        .replace("order = 1", "order = 2, form = \"noise\"")
        .replace("\"lambda\" }", "\"lambda\", final = \"zero\" }");
    dir.write("case.toml", text);
    let name = "sampling_to_zero_noise_in_the_noise_form";
    golden(name, &dir, &["sample", "case.toml"]);
}

#[test]
fn sampling_with_an_unknown_parameterisation() {
    sampling(
        "sampling_with_an_unknown_parameterisation",
        "parameterisation = \"noise\"",
        "parameterisation = \"nose\"",
    );
}

#[test]
fn sampling_starts_of_another_dimension() {
    sampling(
        "sampling_starts_of_another_dimension",
        "[-1.0, 0.2]",
        "[-1.0]",
    );
}

#[test]
fn sampling_a_class_that_is_not_there() {
    sampling(
        "sampling_a_class_that_is_not_there",
        "starts =",
        "class = 2\nstarts =",
    );
}

#[test]
fn sampling_with_a_time_table() {
    sampling(
        "sampling_with_a_time_table",
        "[solver]",
        "[time]\nend = 1\n[solver]",
    );
}

#[test]
fn sampling_even_in_lambda_from_pure_noise() {
    sampling(
        "sampling_even_in_lambda_from_pure_noise",
        "kind = \"vp_linear\"",
        "kind = \"flow\"",
    );
}

#[test]
fn sampling_with_an_order_beyond_the_method() {
    sampling(
        "sampling_with_an_order_beyond_the_method",
        "order = 1",
        "order = 4",
    );
}

#[test]
fn comparing_samplers_on_another_problem() {
    let dir = Dir::new();
    dir.write("case.toml", GOOD);
    let name = "comparing_samplers_on_another_problem";
    golden(name, &dir, &["sample", "case.toml", "--compare"]);
}
