//! `pdesolve new`: a commented case to start from.

use std::fs::OpenOptions;
use std::io::Write;

use pdesolve::case::registry::Problem;
use pdesolve::case::schema::Case;
use pdesolve::case::{Diagnostic, KindDoc, kinds};
use pdesolve::core::codes;

use crate::args;
use crate::commands::show::{assignment, comment};
use crate::commands::unknown_kind;
use crate::terminal::{Exit, refuse, say};

pub(crate) fn new(args: &args::New) -> Exit {
    let mut path = args.name.clone();
    if path.extension().is_none() {
        path.set_extension("toml");
    }
    let problems = kinds::<Case>("problem");
    let Some(doc) = problems.iter().find(|doc| doc.kind == args.kind) else {
        let known: Vec<&str> = problems.iter().map(|doc| doc.kind.as_str()).collect();
        return refuse(unknown_kind(&args.kind, &known));
    };
    let shown = path.display();
    let Some(text) = starter(doc) else {
        return refuse(
            Diagnostic::error(
                codes::UNKNOWN_NAME,
                format!("`{}` has no parameters to start from", args.kind),
            )
            .help("copy the case in cases/ that is nearest to yours; `pdesolve list` shows them"),
        );
    };
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => {
            say(&format!("Wrote {shown}\nNext: pdesolve run {shown}"));
            Exit::Done
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => refuse(
            Diagnostic::error(
                codes::WOULD_OVERWRITE,
                format!("there is a file {shown} already"),
            )
            .note("nothing was overwritten")
            .help("choose another name"),
        ),
        Err(error) => refuse(Diagnostic::error(
            codes::CANNOT_WRITE,
            format!("cannot write {shown}: {error}"),
        )),
    }
}

/// The text of a case of a kind whose parameters all have defaults; `None` for others.
fn starter(doc: &KindDoc) -> Option<String> {
    if doc.kind.starts_with("transport") {
        return Some(transport_starter(&doc.kind));
    }
    if doc.kind == "sampling" {
        return Some(SAMPLING_STARTER.to_owned());
    }
    let table = serde_json::json!({ "kind": doc.kind });
    let problem: Problem = serde_json::from_value(table).ok()?;
    let none = std::collections::BTreeMap::new();
    if problem.elliptic().is_some() {
        return Some(elliptic_starter(doc, &problem));
    }
    let equation = problem.spectral(&none, 2).ok().flatten();
    let (dim, fields) = match &equation {
        Some(equation) => (
            if equation.dimensions().contains(&1) {
                1
            } else {
                2
            },
            equation
                .fields()
                .into_iter()
                .map(|field| field.name)
                .collect(),
        ),
        None => (1, vec![problem.law(1)?.field().name]),
    };
    let each = |text: &str| vec![text; dim].join(", ");
    let (places, solver, step) = match equation {
        Some(_) => ("points", "kind = \"spectral\"", "step = 0.01"),
        None => ("cells", "kind = \"finite_volume\"", "cfl = 0.4"),
    };
    let mut text = head(doc);
    text.push_str(&format!(
        "
[mesh]
# One entry an axis, in the order x, y, z. The mesh is periodic unless `periodic` says otherwise.
{places} = [{}]
upper = [{}]

# One entry a field: an expression in x, y, z, or random data.
[initial]
",
        each("128"),
        each("\"2*pi\"")
    ));
    let wave = if dim == 1 { "sin(x)" } else { "sin(x)*cos(y)" };
    let fields: Vec<String> = fields;
    for field in fields {
        text.push_str(&format!("{field} = \"0.5 + 0.1*{wave}\"\n"));
    }
    text.push_str(&format!(
        "
[solver]
{solver}

[time]
end = 1.0
# Steps of fixed size; or `tolerance` for steps chosen by error control.
{step}

[output]
# Interval of time between frames.
every = 0.1
"
    ));
    Some(text)
}

/// A sampling case.
const SAMPLING_STARTER: &str = "\
# A case of pdesolve. Check it: `pdesolve check FILE`; run it: `pdesolve sample FILE`;
# hold all samplers against the exact flow: `pdesolve sample FILE --compare`.
schema = 1
title = \"sampling\"
# Number of samples, each from its own noise.
trajectories = 1000

[problem]
kind = \"sampling\"

# The distribution of the data.
[problem.target]
kind = \"gaussian_mixture\"
weights = [0.5, 0.3, 0.2]
means = [[2.0, 0.0], [-1.0, 1.5], [-0.5, -2.0]]
deviations = [0.3, 0.4, 0.5]

# How data turn into noise.
[problem.schedule]
kind = \"vp_linear\"

[solver]
kind = \"sampler\"
# Number of steps from noise to data.
steps = 20

[solver.sampler]
kind = \"ddim\"

[output]
# Steps between frames.
every = 5
";

/// What every case begins with: its problem, each parameter with its documentation.
fn head(doc: &KindDoc) -> String {
    let mut text = format!(
        "# A case of pdesolve. Check it: `pdesolve check FILE`; run it: `pdesolve run FILE`.
# Wherever a number is wanted, text holds a constant expression: \"2*pi\".
schema = 1
title = \"{kind}\"

[problem]
kind = \"{kind}\"
",
        kind = doc.kind
    );
    for key in &doc.keys {
        for line in comment(key).into_iter().chain([assignment(key)]) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

/// The text of a case of a transport kind: `show` tells all keys.
fn transport_starter(kind: &str) -> String {
    let eigenvalue = kind == "transport_eigenvalue";
    let transient = kind == "transport_transient";
    let mut text = format!(
        "# A case of pdesolve. Check it: `pdesolve check FILE`; run it: `pdesolve run FILE`.
# All keys of the problem: `pdesolve show {kind}`.
schema = 1
title = \"{kind}\"

[problem]
kind = \"{kind}\"
geometry = \"slab\"

# Cross sections in 1/cm, one value a group; a void has `total = 0`.
[problem.materials]
"
    );
    text.push_str(match (eigenvalue, transient) {
        (true, _) => "core = { total = 1.0, scattering = 0.6, fission = 0.2, nu = 2.5 }\n",
        (_, true) => "core = { total = 1.0, scattering = 0.6, velocity = 1e5 }\n",
        _ => "core = { total = 1.0, scattering = 0.6 }\n",
    });
    text.push_str("shield = { total = 2.0, scattering = 1.0");
    text.push_str(if transient {
        ", velocity = 1e5 }\n"
    } else {
        " }\n"
    });
    text.push_str(
        "
# Regions fill the mesh, and end where its layers end.
[[problem.regions]]
name = \"core\"
material = \"core\"
to = 4
",
    );
    if !eigenvalue {
        text.push_str("source = 1\n");
    }
    text.push_str(
        "
[[problem.regions]]
name = \"shield\"
material = \"shield\"
from = 4

[mesh]
layers = [{ to = 4, cells = 80 }, { to = 6, cells = 80 }]
periodic = [false]

# vacuum, reflecting, white, or incident (angular_flux, an expression in mu).
[boundary]
left = { kind = \"reflecting\" }
right = { kind = \"vacuum\" }

[solver]
kind = \"discrete_ordinates\"
quadrature = { kind = \"double_gauss\", order = 16 }
scheme = \"linear_discontinuous\"
",
    );
    if transient {
        text.push_str(
            "time_scheme = \"crank_nicolson\"

# Seconds. The flux begins at zero where [initial] does not say otherwise.
[time]
end = 2e-4
step = 2e-6

[output]
every = 4e-5
",
        );
    }
    text.push_str(
        "
[[plot]]
kind = \"lines\"
",
    );
    text
}

/// The text of a case of an elliptic kind.
fn elliptic_starter(doc: &KindDoc, problem: &Problem) -> String {
    let field = problem
        .elliptic()
        .map_or_else(|| "u".to_owned(), |problem| problem.field().name);
    let mut text = head(doc);
    text.push_str(&format!(
        "
[mesh]
# One entry an axis, in the order x, y, z.
cells = [128]
upper = [1]
periodic = [false]

# dirichlet (value), neumann (gradient along the outward normal) or robin (alpha, beta, value).
[boundary]
left = {{ kind = \"dirichlet\", value = 0 }}
right = {{ kind = \"neumann\", gradient = 0 }}

[source]
{field} = \"sin(pi*x)\"
"
    ));
    text.push_str(if problem.is_steady() {
        "
[solver]
kind = \"linear\"
# Krylov method and preconditioner; `auto` takes what suits the equation.
method = \"auto\"
preconditioner = \"auto\"
relative_tolerance = 1e-8

[[plot]]
kind = \"lines\"

[[plot]]
kind = \"history\"
names = [\"residual\"]
log = true
"
    } else {
        "
[initial]
u = 0

[solver]
kind = \"implicit\"
scheme = \"sdirk2\"

[time]
end = 1.0
step = 0.01

[output]
# Interval of time between frames.
every = 0.1
"
    });
    text
}
