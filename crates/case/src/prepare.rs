//! From a case to a simulation that is ready to run, or all that is wrong with it.

use std::sync::Arc;

use pdesolve_core::{FieldSpec, Simulation, Stationary};
use pdesolve_mesh::{Grid, MeshError};
use pdesolve_pde::finite_volume::{
    BoundaryConditions, BoundaryValue, Condition, FiniteVolume, FiniteVolumeError,
    FiniteVolumeParams,
};
use pdesolve_pde::spectral::{Spectral, SpectralError, SpectralParams};
use pdesolve_pde::{RandomField, TimeParams};

use crate::elliptic;
use crate::finding::Finding;
use crate::function::Function;
use crate::names::{number, suggest};
use crate::registry::{PROBLEMS, Solver};
use crate::results;
use crate::sampling;
use crate::schema::{Boundary, Case, Initial, OutputParams, Value, is_absent};
use crate::transport;

/// A case brought to life.
pub struct Prepared {
    /// The grid all fields live on.
    pub grid: Grid,
    /// The solver, holding the initial state.
    pub task: Task,
    /// All fields of the simulation, each trajectory's.
    pub fields: Vec<FieldSpec>,
    /// Numbers of the fields that are written.
    pub written: Vec<usize>,
    /// Times of the frames after the initial one, increasing; the last is the end.
    pub output_times: Vec<f64>,
    /// Whether the initial state is a frame.
    pub write_initial: bool,
    /// Numbers of the monitored quantities.
    pub monitored: Vec<usize>,
}

/// What there is to do.
pub enum Task {
    /// Steps in time.
    March(Box<dyn Simulation + Send>),
    /// One solve.
    Solve(Box<dyn Stationary + Send>),
}

impl Task {
    /// Names and units of the fields.
    pub fn fields(&self) -> Vec<FieldSpec> {
        match self {
            Self::March(simulation) => simulation.fields(),
            Self::Solve(problem) => problem.fields(),
        }
    }

    /// Names of the quantities.
    pub fn quantity_names(&self) -> Vec<String> {
        match self {
            Self::March(simulation) => simulation.quantity_names(),
            Self::Solve(problem) => problem.quantity_names(),
        }
    }
}

/// Builds the simulation of a case.
///
/// # Errors
/// Everything found wrong, each tied to its key.
pub fn prepare(case: &Case) -> Result<Prepared, Vec<Finding>> {
    let mut findings = Vec::new();
    findings.extend(too_large(case));
    let grid = if findings.is_empty() {
        match sampling::point_grid(case) {
            Some(grid) => Some(grid),
            None => (case.mesh.build())
                .map_err(|errors| findings.extend(errors.into_iter().map(mesh_finding)))
                .ok(),
        }
    } else {
        None
    };
    findings.extend(shadowing_parameters(case));
    let time = time_table(case, &mut findings);
    let output_times = match (time, case.problem.sampling()) {
        (Some(time), _) => output_times(case, time, &mut findings),
        (None, Some(_)) => {
            let steps = sampling::time(case, &mut findings);
            output_times(case, &steps, &mut findings)
        }
        (None, None) => Vec::new(),
    };
    let Some(grid) = grid else {
        return Err(findings);
    };
    let task = task(case, time, &grid, &mut findings);
    // The solver says the same of the end or the step once more.
    let said: Vec<String> = (findings.iter().filter(|f| f.code == "E0305"))
        .map(|finding| finding.path.clone())
        .collect();
    findings.retain(|finding| finding.code == "E0305" || !said.contains(&finding.path));
    let Some(task) = task else {
        return Err(findings);
    };
    let fields = task.fields();
    let written = written_fields(&case.output, &fields, &mut findings);
    let quantities = task.quantity_names();
    let monitored = match &case.output.monitor {
        None if case.problem.sampling().is_some() => (0..quantities.len())
            .filter(|&q| sampling::SHOWN.contains(&quantities[q].as_str()))
            .collect(),
        None if case.problem.transport().is_some() => (0..quantities.len())
            .filter(|&q| transport::SHOWN.contains(&quantities[q].as_str()))
            .collect(),
        None => (0..quantities.len().min(1)).collect(),
        Some(names) => positions(
            "output.monitor",
            "quantity",
            names,
            &quantities,
            &mut findings,
        ),
    };
    let write_initial = case.output.from.is_none_or(|from| from <= case.start());
    let mut frames = output_times.clone();
    if write_initial {
        frames.insert(0, case.start());
    }
    let all_fields: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
    let written_names: Vec<String> = written.iter().map(|&f| all_fields[f].clone()).collect();
    let results = results::Written {
        grid: &grid,
        all_fields: &all_fields,
        fields: &written_names,
        quantities: &quantities,
        frames: &frames,
    };
    results::check(case, &results, &mut findings);
    if findings.is_empty() {
        Ok(Prepared {
            write_initial,
            grid,
            task,
            fields,
            written,
            output_times,
            monitored,
        })
    } else {
        Err(findings)
    }
}

/// The `[time]` table, where the problem wants one and it can be used.
fn time_table<'a>(case: &'a Case, findings: &mut Vec<Finding>) -> Option<&'a TimeParams> {
    let kind = case.problem.kind();
    let steady = case.problem.is_steady();
    if case.problem.sampling().is_some() {
        if case.time.is_some() {
            findings.push(
                Finding::new(
                    "E0305",
                    "time",
                    format!("`{kind}` counts its steps, so it takes no table [time]"),
                )
                .help("leave it out; the number of steps is `solver.steps`"),
            );
        }
        return None;
    }
    let Some(time) = &case.time else {
        if !steady {
            findings.push(
                Finding::new(
                    "E0205",
                    "problem.kind",
                    format!("the case lacks the table [time], and `{kind}` changes in time"),
                )
                .help("add `[time]` with `end = ...` and `step = ...`"),
            );
        }
        for (key, given) in [
            ("every", case.output.every.is_some()),
            ("at", case.output.at.is_some()),
            ("from", case.output.from.is_some()),
            ("history_every", case.output.history_every.is_some()),
        ] {
            if given && steady {
                findings.push(Finding::new(
                    "E0306",
                    format!("output.{key}"),
                    format!("`{kind}` has no time, so there is one frame only"),
                ));
            }
        }
        return None;
    };
    if steady {
        findings.push(
            Finding::new(
                "E0305",
                "time",
                format!("`{kind}` has no time, so it takes no table [time]"),
            )
            .help(if case.problem.transport().is_some() {
                "leave it out; for transport in time take `problem.kind = \"transport_transient\"`"
            } else {
                "leave it out; for diffusion in time take `problem.kind = \"heat\"`"
            }),
        );
        return None;
    }
    let span = time.end - time.start;
    if span.is_nan() || span <= 0.0 {
        findings.push(Finding::new(
            "E0305",
            "time.end",
            format!(
                "the run ends at {}, which is not after its start at {}",
                number(time.end),
                number(time.start)
            ),
        ));
    }
    if let Some(step) = time.step
        && span / step > MOST_STEPS
    {
        findings.push(Finding::new(
            "E0305",
            "time.step",
            format!(
                "the run from {} to {} would take {} steps of {}; at most {} are possible",
                number(time.start),
                number(time.end),
                number((span / step).round()),
                number(step),
                number(MOST_STEPS)
            ),
        ));
    }
    Some(time)
}

/// The solver of the case, with its initial data.
fn task(
    case: &Case,
    time: Option<&TimeParams>,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Task> {
    match (&case.solver, time) {
        (Solver::Sampler(params), _) => {
            sampling::task(case, params, grid, findings).map(Task::March)
        }
        (Solver::Linear(params), _) => {
            elliptic::steady(case, params, grid, findings).map(Task::Solve)
        }
        (Solver::Spectral(params), Some(time)) => {
            spectral(case, params, time, grid, findings).map(Task::March)
        }
        (Solver::FiniteVolume(params), Some(time)) => {
            volumes(case, params, time, grid, findings).map(Task::March)
        }
        (Solver::Implicit(params), Some(time)) => {
            elliptic::implicit(case, params, time, grid, findings).map(Task::March)
        }
        // Its missing table was reported.
        (Solver::DiscreteOrdinates(_), None) if !case.problem.is_steady() => None,
        (Solver::DiscreteOrdinates(params), None) => {
            transport::steady(case, params, grid, findings).map(Task::Solve)
        }
        (Solver::DiscreteOrdinates(params), Some(time)) => {
            transport::transient(case, params, time, grid, findings).map(Task::March)
        }
        (_, None) => {
            if case.problem.is_steady() || case.problem.sampling().is_some() {
                findings.push(solver_mismatch(case));
            }
            None
        }
    }
}

/// Numbers held at once for one field of all trajectories, at most: 64 GiB of them.
const MOST_VALUES: u128 = 1 << 33;
/// Steps of a run, at most: at a microsecond each, twelve days.
const MOST_STEPS: f64 = 1e12;

/// Refuses a mesh that no machine holds, before memory is taken for it.
fn too_large(case: &Case) -> Option<Finding> {
    let most = |product: u128, &n: &usize| product.saturating_mul(n as u128);
    let (key, points) = match (&case.mesh.points, &case.mesh.cells, &case.mesh.layers) {
        (Some(points), _, _) => ("points", points.iter().fold(1, most)),
        (None, Some(cells), _) => ("cells", cells.iter().fold(1, most)),
        (None, None, Some(layers)) => {
            let cells = layers.iter().map(|layer| layer.cells as u128);
            ("cells", cells.fold(0, u128::saturating_add))
        }
        (None, None, None) if is_absent(&case.mesh) && case.problem.sampling().is_none() => {
            return Some(
                Finding::new(
                    "E0205",
                    "problem.kind",
                    format!(
                        "the case lacks the table [mesh], and `{}` lives on one",
                        case.problem.kind()
                    ),
                )
                .help("add `[mesh]` with `points = [...]` or `cells = [...]` and `upper = [...]`"),
            );
        }
        (None, None, None) => return None,
    };
    let values = most(points, &case.trajectories);
    if values <= MOST_VALUES {
        return None;
    }
    let trajectories = match case.trajectories {
        1 => String::new(),
        n => format!(" for each of {n} trajectories"),
    };
    let (path, help) = if points > MOST_VALUES {
        (format!("mesh.{key}"), format!("take fewer {key}"))
    } else {
        (
            "trajectories".to_owned(),
            format!("take fewer {key} or trajectories"),
        )
    };
    Some(
        Finding::new(
            "E0304",
            path,
            format!(
                "{} {key}{trajectories} need {} GiB of memory for one field, and a solver holds some ten times that; at most {} GiB are possible",
                number(points as f64),
                number((values as f64 * 8.0 / GIB).round()),
                MOST_VALUES as f64 * 8.0 / GIB
            ),
        )
        .help(help),
    )
}

/// Bytes.
const GIB: f64 = 1_073_741_824.0;

/// A parameter that takes the name of a coordinate, a constant or a field changes the meaning of
/// expressions that seem to speak of those.
fn shadowing_parameters(case: &Case) -> impl Iterator<Item = Finding> {
    let meaning = |name: &str| match name {
        "x" | "y" | "z" => Some("a coordinate"),
        "t" => Some("the time"),
        "pi" | "e" => Some("a constant that is always there"),
        _ if case.initial.contains_key(name) => Some("a field"),
        _ => None,
    };
    case.parameters.keys().filter_map(move |name| {
        let meaning = meaning(name)?;
        Some(
            Finding::new(
                "E0301",
                format!("parameters.{name}"),
                format!("the parameter `{name}` has the name of {meaning}"),
            )
            .help(format!("call it something else, `{name}0` for instance")),
        )
    })
}

/// Whether the grid can hold the modes that a random field is made of.
fn random_modes(family: &RandomField, grid: &Grid, path: &str) -> Option<Finding> {
    // Higher modes look like lower ones on the points: mode n - l like mode l.
    let most = |axis: usize| (grid.axes()[axis].len() - 1) / 2;
    let axis = (0..grid.dim()).min_by_key(|&axis| most(axis))?;
    let most = most(axis);
    let on_the_mesh = format!(
        "the {} values along {} tell modes up to {most} apart",
        grid.axes()[axis].len(),
        ['x', 'y', 'z'][axis]
    );
    match *family {
        RandomField::SineSeries {
            min_mode, max_mode, ..
        } if min_mode > max_mode => Some(Finding::new(
            "E0303",
            format!("{path}.min_mode"),
            format!("modes from {min_mode} to {max_mode} are none: `min_mode` is above `max_mode`"),
        )),
        RandomField::SineSeries { max_mode, .. }
        | RandomField::Spectrum {
            max_mode: Some(max_mode),
            ..
        } if max_mode > most => Some(
            Finding::new(
                "E0303",
                format!("{path}.max_mode"),
                format!("`max_mode` is {max_mode}, but {on_the_mesh}"),
            )
            .help("take more points, or a smaller `max_mode`"),
        ),
        RandomField::Spectrum {
            max_mode: None,
            peak,
            ..
        } if (3.0 * peak).ceil() > most as f64 => Some(
            Finding::new(
                "E0303",
                format!("{path}.peak"),
                format!(
                    "modes up to 3 `peak` = {} are drawn, but {on_the_mesh}",
                    number((3.0 * peak).ceil())
                ),
            )
            .help(format!(
                "take more points, a smaller `peak`, or cut the spectrum with `max_mode = {most}`"
            )),
        ),
        _ => None,
    }
}

pub(crate) fn mesh_finding(error: MeshError) -> Finding {
    let axis_path = |key: &str, axis: char| format!("mesh.{key}[{}]", axis_number(axis));
    let path = match &error {
        MeshError::TooFew { axis, what, .. } => axis_path(what, *axis),
        MeshError::Extent { axis, .. } => axis_path("upper", *axis),
        MeshError::Stretching { axis, .. } => axis_path("stretching", *axis),
        MeshError::Axes { key, .. } | MeshError::BesideLayers { key } => format!("mesh.{key}"),
        MeshError::Layer { number, key, .. } => format!("mesh.layers[{number}].{key}"),
        MeshError::NoUpper => {
            return Finding::new("E0205", "mesh", error.to_string())
                .help("add `upper = [...]`: the upper end of each axis, in length units");
        }
        MeshError::Centring { .. } | MeshError::Coordinates { .. } => "mesh".to_owned(),
    };
    Finding::new("E0304", path, error.to_string())
}

/// Times of the frames after the initial one: multiples of `every` counted from the start, or the
/// given list, and the end.
///
/// Each is computed as start + k every, never by adding up, so that runs to different ends
/// share their times bit for bit.
fn output_times(case: &Case, time: &TimeParams, findings: &mut Vec<Finding>) -> Vec<f64> {
    let (start, end) = (time.start, time.end);
    let mut times = match (&case.output.every, &case.output.at) {
        (Some(_), Some(_)) => {
            findings.push(Finding::new(
                "E0306",
                "output.at",
                "`every` and `at` are both given; a run has one list of output times",
            ));
            Vec::new()
        }
        (Some(every), None) => {
            let count = ((end - start) / every * (1.0 + 1e-12)).floor();
            if count > 1e6 {
                findings.push(Finding::new(
                    "E0306",
                    "output.every",
                    format!(
                        "this asks for {} frames; at most a million are written",
                        number(count)
                    ),
                ));
                Vec::new()
            } else {
                (1..=count as u64)
                    .map(|k| start + k as f64 * every)
                    .collect()
            }
        }
        (None, Some(at)) => {
            for (i, pair) in at.windows(2).enumerate() {
                if pair[1] <= pair[0] {
                    findings.push(Finding::new(
                        "E0306",
                        format!("output.at[{}]", i + 1),
                        format!(
                            "output times must increase, but {} follows {}",
                            number(pair[1]),
                            number(pair[0])
                        ),
                    ));
                }
            }
            for (i, &time) in at.iter().enumerate() {
                if time < start || time > end {
                    findings.push(Finding::new(
                        "E0306",
                        format!("output.at[{i}]"),
                        format!(
                            "time {} lies outside the run from {} to {}",
                            number(time),
                            number(start),
                            number(end)
                        ),
                    ));
                }
            }
            at.iter().copied().filter(|&t| t > start).collect()
        }
        (None, None) => Vec::new(),
    };
    if let Some(from) = case.output.from {
        if from > end {
            findings.push(Finding::new(
                "E0306",
                "output.from",
                format!(
                    "frames begin at {}, after the end of the run at {}",
                    number(from),
                    number(end)
                ),
            ));
        }
        let grain = 1e-12 * (end - start).abs();
        times.retain(|&t| t >= from - grain);
    }
    // The last multiple may differ from the end by rounding: it is the end.
    let grain = 1e-9 * (end - start).abs();
    while times.last().is_some_and(|&t| t > end - grain) {
        times.pop();
    }
    times.push(end);
    times
}

fn positions(
    path: &str,
    what: &str,
    wanted: &[String],
    names: &[String],
    findings: &mut Vec<Finding>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for (i, name) in wanted.iter().enumerate() {
        match names.iter().position(|candidate| candidate == name) {
            Some(position) => found.push(position),
            None => findings.push(
                Finding::new(
                    "E0307",
                    format!("{path}[{i}]"),
                    format!("this problem has no {what} `{name}`"),
                )
                .help(suggest(name, names)),
            ),
        }
    }
    found
}

fn written_fields(
    output: &OutputParams,
    fields: &[FieldSpec],
    findings: &mut Vec<Finding>,
) -> Vec<usize> {
    let names: Vec<String> = fields.iter().map(|f| f.name.clone()).collect();
    match &output.fields {
        None => (0..fields.len()).collect(),
        Some(wanted) => positions("output.fields", "field", wanted, &names, findings),
    }
}

/// Values of each field of each trajectory at the start, `[trajectory][field]`.
pub(crate) type InitialValues = Vec<Vec<Vec<f64>>>;

/// Evaluates `[initial]`: every field needs an entry, and every entry must be a field.
pub(crate) fn initial_values(
    case: &Case,
    grid: &Grid,
    fields: &[String],
    findings: &mut Vec<Finding>,
) -> Option<InitialValues> {
    let before = findings.len();
    for name in case.initial.keys() {
        if !fields.contains(name) {
            findings.push(
                Finding::new(
                    "E0303",
                    format!("initial.{name}"),
                    format!("`{}` has no field `{name}`", case.problem.kind()),
                )
                .help(suggest(name, fields)),
            );
        }
    }
    let mut values = vec![Vec::new(); case.trajectories];
    for (number, name) in fields.iter().enumerate() {
        let path = format!("initial.{name}");
        match case.initial.get(name) {
            None => findings.push(
                Finding::new(
                    "E0303",
                    "initial",
                    format!("no initial data for field `{name}`"),
                )
                .help(format!("add `{name} = \"...\"`: an expression in x, y, z")),
            ),
            Some(Initial::Constant(constant)) => {
                for trajectory in &mut values {
                    trajectory.push(vec![*constant; grid.len()]);
                }
            }
            Some(Initial::Expression(text)) => {
                match Function::compile(text, &path, grid.dim(), false, &case.parameters) {
                    Err(finding) => findings.push(finding),
                    Ok(function) => {
                        let sampled = function.on(grid, case.start());
                        if let Some(bad) = sampled.iter().position(|v| !v.is_finite()) {
                            findings.push(Finding::new(
                                "E0303",
                                &path,
                                format!(
                                    "the initial value at {:?} is {}",
                                    &grid.position(bad)[..grid.dim()],
                                    sampled[bad]
                                ),
                            ));
                        }
                        for trajectory in &mut values {
                            trajectory.push(sampled.clone());
                        }
                    }
                }
            }
            Some(Initial::Random(family)) => {
                if let Some(finding) = random_modes(family, grid, &path) {
                    findings.push(finding);
                    continue;
                }
                for (index, trajectory) in values.iter_mut().enumerate() {
                    trajectory.push(family.draw(grid, case.seed, number as u64, index as u64));
                }
            }
        }
    }
    (findings.len() == before).then_some(values)
}

pub(crate) fn solver_mismatch(case: &Case) -> Finding {
    let valid = PROBLEMS
        .iter()
        .find(|entry| entry.kind == case.problem.kind())
        .map_or(String::new(), |entry| entry.solvers.join("`, `"));
    Finding::new(
        "E0308",
        "solver.kind",
        format!(
            "`{}` is not solved by `{}`",
            case.problem.kind(),
            case.solver.kind()
        ),
    )
    .help(format!("valid: `{valid}`"))
}

fn spectral(
    case: &Case,
    params: &SpectralParams,
    time: &TimeParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Simulation + Send>> {
    for (table, keys) in [
        ("boundary", case.boundary.keys().collect::<Vec<_>>()),
        ("source", case.source.keys().collect()),
    ] {
        if let Some(key) = keys.first() {
            findings.push(
                Finding::new(
                    "E0308",
                    format!("{table}.{key}"),
                    format!("the spectral solver is periodic and takes no `[{table}]`"),
                )
                .help("use `solver.kind = \"finite_volume\"`, or `problem.kind = \"expression\"` for a source"),
            );
        }
    }
    let equation = match case.problem.spectral(&case.parameters, grid.dim()) {
        Ok(Some(equation)) => equation,
        Ok(None) => {
            findings.push(solver_mismatch(case));
            return None;
        }
        Err(errors) => {
            findings.extend(errors);
            return None;
        }
    };
    let names: Vec<String> = equation.fields().into_iter().map(|f| f.name).collect();
    let initial = initial_values(case, grid, &names, findings);
    let mut simulation = match Spectral::new(equation, grid, params, time, case.trajectories) {
        Ok(simulation) => simulation,
        Err(error) => {
            findings.push(Finding::new(
                "E0308",
                spectral_key(&error),
                error.to_string(),
            ));
            return None;
        }
    };
    for (trajectory, fields) in initial?.iter().enumerate() {
        for (field, values) in fields.iter().enumerate() {
            simulation.set_field(trajectory, field, values);
        }
    }
    Some(Box::new(simulation))
}

fn volumes(
    case: &Case,
    params: &FiniteVolumeParams,
    time: &TimeParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Simulation + Send>> {
    let Some(law) = case.problem.law(grid.dim()) else {
        findings.push(solver_mismatch(case));
        return None;
    };
    if case.trajectories != 1 {
        findings.push(Finding::new(
            "E0308",
            "trajectories",
            "finite volumes advance one trajectory at a time",
        ));
    }
    let field = law.field().name;
    let initial = initial_values(case, grid, std::slice::from_ref(&field), findings);
    let mut conditions = BoundaryConditions::default();
    let mut complete = true;
    for (name, boundary) in &case.boundary {
        let mut value_of = |key: &str, value: &Value| {
            let path = format!("boundary.{name}.{key}");
            match boundary_value(value, &path, case, grid.dim()) {
                Ok(value) => Some(value),
                Err(finding) => {
                    findings.push(finding);
                    complete = false;
                    None
                }
            }
        };
        let condition = match boundary {
            Boundary::Wall => Some(Condition::Wall),
            Boundary::Outflow => Some(Condition::Outflow),
            Boundary::Inflow { value } => {
                value_of("value", value).map(|value| Condition::Inflow { value })
            }
            Boundary::Dirichlet { value } => {
                value_of("value", value).map(|value| Condition::Dirichlet { value })
            }
            Boundary::Neumann { gradient } => {
                value_of("gradient", gradient).map(|gradient| Condition::Neumann { gradient })
            }
            _ => {
                findings.push(Finding::new(
                    "E0309",
                    format!("boundary.{name}.kind"),
                    format!(
                        "`{}` is a condition for {}; conservation laws take wall, inflow, outflow, dirichlet or neumann",
                        boundary.kind(),
                        boundary.belongs_to()
                    ),
                ));
                None
            }
        };
        if let Some(condition) = condition {
            conditions.set(name, condition);
        }
    }
    let mut source = None;
    for (name, text) in &case.source {
        let path = format!("source.{name}");
        if *name != field {
            findings.push(
                Finding::new(
                    "E0303",
                    path,
                    format!("`{}` has no field `{name}`", case.problem.kind()),
                )
                .help(suggest(name, std::slice::from_ref(&field))),
            );
            continue;
        }
        match Function::compile(text, &path, grid.dim(), true, &case.parameters) {
            Ok(function) => source = Some(function.into_source()),
            Err(finding) => findings.push(finding),
        }
    }
    if !complete {
        return None;
    }
    match FiniteVolume::new(law, grid, &conditions, source, params, time) {
        Ok(mut simulation) => {
            simulation.set_field(&initial?[0][0]);
            Some(Box::new(simulation))
        }
        Err(errors) => {
            findings.extend(
                errors
                    .iter()
                    .map(|error| Finding::new("E0309", volumes_key(error), error.to_string())),
            );
            None
        }
    }
}

/// A boundary value as a function of time and position.
pub(crate) fn boundary_value(
    value: &Value,
    path: &str,
    case: &Case,
    dim: usize,
) -> Result<BoundaryValue, Finding> {
    Ok(match value {
        Value::Constant(constant) => {
            let constant = *constant;
            Arc::new(move |_, _| constant)
        }
        Value::Expression(text) => {
            let function = Function::compile(text, path, dim, true, &case.parameters)?;
            Arc::new(move |t, position| function.at(t, position))
        }
    })
}

/// The key of the case that a fault of a spectral problem is about.
fn spectral_key(error: &SpectralError) -> String {
    match error {
        SpectralError::NotPoints => "mesh.cells".to_owned(),
        SpectralError::NotPeriodic { axis } => format!("mesh.periodic[{}]", axis_number(*axis)),
        SpectralError::NotUniform { axis } => format!("mesh.stretching[{}]", axis_number(*axis)),
        SpectralError::Dimension { .. } => "mesh.points".to_owned(),
        SpectralError::TooFewPoints { axis, .. } => {
            format!("mesh.points[{}]", axis_number(*axis))
        }
        SpectralError::Range { key, .. } => match *key {
            "dealias" | "contour_points" => format!("solver.{key}"),
            _ => format!("time.{key}"),
        },
        SpectralError::StepChoice { .. } => "time".to_owned(),
        SpectralError::Cfl { .. } => "time.cfl".to_owned(),
        SpectralError::NoTrajectory => "trajectories".to_owned(),
        SpectralError::TooManyOperands { .. }
        | SpectralError::NoSuchField { .. }
        | SpectralError::Equation { .. } => "problem".to_owned(),
    }
}

/// The key of the case that a fault of a finite-volume problem is about.
fn volumes_key(error: &FiniteVolumeError) -> String {
    match error {
        FiniteVolumeError::Dimensions { .. } => "mesh.cells".to_owned(),
        FiniteVolumeError::Centring => "mesh.points".to_owned(),
        FiniteVolumeError::Stretched { axis } => {
            format!("mesh.stretching[{}]", axis_number(*axis))
        }
        FiniteVolumeError::Law { .. } => "problem".to_owned(),
        FiniteVolumeError::MissingCondition { .. } => "boundary".to_owned(),
        FiniteVolumeError::PeriodicCondition { name, .. } => format!("boundary.{name}"),
        FiniteVolumeError::UnknownBoundary { name, .. } => format!("boundary.{name}"),
        FiniteVolumeError::Time { key, .. } => format!("time.{key}"),
        FiniteVolumeError::DiffusiveLimit { .. } => "time.step".to_owned(),
    }
}

fn axis_number(axis: char) -> usize {
    ['x', 'y', 'z'].iter().position(|&a| a == axis).unwrap_or(0)
}
