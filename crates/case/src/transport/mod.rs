//! Transport problems: from the tables of a case to the solvers of `pdesolve_transport`.

mod boundaries;
mod edits;
mod regions;
mod transient;

use std::collections::BTreeMap;

use pdesolve_core::Stationary;
use pdesolve_mesh::{Centring, Grid, Side};
use pdesolve_transport::material::CrossSections;
use pdesolve_transport::{
    DiscreteOrdinatesParams, Discretization, Mesh, Moments, Ordinates, SteadyTransport,
    TransportError, TransportParams, flux_names, project,
};

use self::boundaries::{Incident, boundaries};
use self::edits::check_edits;
use self::regions::regions;
pub(crate) use self::transient::transient;
use crate::finding::Finding;
use crate::function::Function;
use crate::names::suggest;
use crate::prepare::solver_mismatch;
use crate::registry::TransportKind;
use crate::schema::Case;

/// What all solvers take.
struct Tables {
    disc: Discretization,
    /// Names of the regions, in order.
    regions: Vec<String>,
    /// Source density that does not change.
    density: Moments,
    /// Sources of the table `[source]`: `(group, function)`.
    sources: Vec<(usize, Function)>,
    incident: Vec<Incident>,
}

/// Sets up a fixed-source or eigenvalue problem.
pub(crate) fn steady(
    case: &Case,
    params: &DiscreteOrdinatesParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Stationary + Send>> {
    let (problem, kind) = problem(case, findings)?;
    if kind == TransportKind::Transient {
        findings.push(solver_mismatch(case));
        return None;
    }
    if problem.pulse.is_some() {
        findings.push(Finding::new(
            "E0308",
            "problem.pulse",
            "a pulse belongs to a problem in time, `problem.kind = \"transport_transient\"`",
        ));
    }
    if !case.initial.is_empty() {
        findings.push(Finding::new(
            "E0303",
            "initial",
            format!(
                "`{}` takes no initial data: the iteration starts from zero",
                case.problem.kind()
            ),
        ));
    }
    let mut tables = read(case, problem, params, grid, findings)?;
    for (group, function) in &tables.sources {
        add_source(&tables.disc, *group, function, 0.0, &mut tables.density);
    }
    let eigenvalue = kind == TransportKind::Eigenvalue;
    let silent = tables.density.values.iter().all(|&q| q == 0.0);
    let before = findings.len();
    if eigenvalue {
        if !silent || !tables.incident.is_empty() {
            findings.push(
                Finding::new(
                    "E0303",
                    "problem",
                    "an eigenvalue problem has no source and nothing that enters",
                )
                .help("leave out the sources, or take `problem.kind = \"transport\"`"),
            );
        }
        if !tables
            .disc
            .materials()
            .iter()
            .any(CrossSections::is_fissile)
        {
            findings.push(
                Finding::new(
                    "E0313",
                    "problem.materials",
                    "no material has fission, so there is no k to be found",
                )
                .help("give one `fission` and `nu`, or `nu_fission`"),
            );
        }
    } else if silent && tables.incident.is_empty() {
        findings.push(
            Finding::new("E0303", "problem.regions", "nothing emits particles: no region has a source and none enter at a boundary")
                .help("give a region `source = 1`, or a boundary `{ kind = \"incident\", angular_flux = 1 }`; for the multiplication of the medium itself take `problem.kind = \"transport_eigenvalue\"`"),
        );
    }
    if findings.len() > before {
        return None;
    }
    let made = SteadyTransport::new(
        tables.disc,
        params,
        tables.density,
        &tables.regions,
        &problem.edits,
        eigenvalue,
        problem.adjoint,
    );
    match made {
        Ok(made) => Some(Box::new(made)),
        Err(error) => {
            findings.push(finding(&error));
            None
        }
    }
}

fn problem<'a>(
    case: &'a Case,
    findings: &mut Vec<Finding>,
) -> Option<(&'a TransportParams, TransportKind)> {
    let found = case.problem.transport();
    if found.is_none() {
        findings.push(solver_mismatch(case));
    }
    if case.trajectories != 1 {
        findings.push(Finding::new(
            "E0308",
            "trajectories",
            "transport problems are solved one at a time",
        ));
    }
    found
}

/// Reads all tables; `None` where one of them cannot be read, after all were looked at.
fn read(
    case: &Case,
    problem: &TransportParams,
    params: &DiscreteOrdinatesParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Tables> {
    let before = findings.len();
    if grid.dim() != 1 || grid.centring() != Centring::Cell {
        findings.push(
            Finding::new(
                "E0308",
                "mesh",
                "transport is solved in the cells of one axis",
            )
            .help("give `cells = [100]`, or `layers`"),
        );
        return None;
    }
    let materials = materials(problem, findings);
    let groups = materials.values().next().map_or(1, CrossSections::groups);
    let names: Vec<String> = materials.keys().cloned().collect();
    let mut mesh = Mesh {
        geometry: problem.geometry,
        edges: grid.axes()[0].faces().to_vec(),
        material: vec![0; grid.len()],
        region: vec![0; grid.len()],
        scattering_factor: Vec::new(),
    };
    let regions = regions(case, problem, &names, &mut mesh, findings);
    check_edits(problem, &regions, groups, &mesh, findings);
    let order = materials
        .values()
        .map(CrossSections::order)
        .max()
        .unwrap_or(0);
    let ordinates = Ordinates::from_params(problem.geometry, &params.quadrature, order)
        .map_err(|error| findings.push(quadrature_finding(&error)))
        .ok();
    let (boundaries, incident) = boundaries(case, problem, grid, groups, findings);
    let sources = sources(case, groups, findings);
    if findings.len() > before {
        return None;
    }
    let ordinates = ordinates?;
    let given = [Side::Lower, Side::Upper].map(|side| {
        match incident.iter().find(|i: &&Incident| i.side == side) {
            Some(incident) => incident.at(0.0, &ordinates),
            None => boundaries[side as usize].clone(),
        }
    });
    let materials = materials.into_values().collect();
    let disc = Discretization::new(mesh, materials, ordinates, params.scheme, given)
        .map_err(|error| findings.push(finding(&error)))
        .ok()?;
    let mut density = disc.zeros();
    for (number, region) in problem.regions.iter().enumerate() {
        let Some(source) = &region.source else {
            continue;
        };
        for (group, &value) in source.values().iter().enumerate() {
            let dofs = disc.dofs();
            let values = density.group_mut(group);
            for (cell, _) in
                (disc.mesh().region.iter().enumerate()).filter(|(_, r)| **r as usize == number)
            {
                values[cell * dofs] = value;
            }
        }
    }
    Some(Tables {
        disc,
        regions,
        density,
        sources,
        incident,
    })
}

/// Cross sections by name.
fn materials(
    problem: &TransportParams,
    findings: &mut Vec<Finding>,
) -> BTreeMap<String, CrossSections> {
    let mut groups = None;
    let mut made = BTreeMap::new();
    for (name, params) in &problem.materials {
        match params.build(name, groups) {
            Ok(sections) => {
                groups.get_or_insert(sections.groups());
                made.insert(name.clone(), sections);
            }
            Err(errors) => findings.extend(errors.into_iter().map(|error| {
                let finding = Finding::new(
                    "E0313",
                    format!("problem.materials.\"{name}\"{}", dotted(&error.key)),
                    fault_of(name, &error.key, &error.message),
                );
                match error.help {
                    Some(help) => finding.help(help),
                    None => finding,
                }
            })),
        }
    }
    made
}

/// A fault of a material's entry, in words.
pub(crate) fn fault_of(material: &str, key: &str, message: &str) -> String {
    match key {
        "" => format!("material `{material}`: {message}"),
        _ if message.starts_with("is ") => format!("`{key}` of material `{material}` {message}"),
        _ => format!("`{key}` of material `{material}`: {message}"),
    }
}

/// `.key`, or nothing.
pub(crate) fn dotted(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!(".{key}")
    }
}

fn sources(case: &Case, groups: usize, findings: &mut Vec<Finding>) -> Vec<(usize, Function)> {
    let names = flux_names(groups);
    let with_time = !case.problem.is_steady();
    let mut made = Vec::new();
    for (name, text) in &case.source {
        let path = format!("source.{name}");
        let Some(group) = names.iter().position(|n| n == name) else {
            findings.push(
                Finding::new(
                    "E0303",
                    path,
                    format!("`{}` has no field `{name}`", case.problem.kind()),
                )
                .help(suggest(name, &names)),
            );
            continue;
        };
        match Function::compile(text, &path, 1, with_time, &case.parameters) {
            Ok(function) => made.push((group, function)),
            Err(finding) => findings.push(finding),
        }
    }
    made
}

/// density += the source of a group at a time.
fn add_source(
    disc: &Discretization,
    group: usize,
    function: &Function,
    t: f64,
    density: &mut Moments,
) {
    let values = project(disc.mesh(), disc.dofs(), &mut |x| {
        function.at(t, [x, 0.0, 0.0])
    });
    for (q, value) in density.group_mut(group).iter_mut().zip(&values) {
        *q += value;
    }
}

fn quadrature_finding(error: &TransportError) -> Finding {
    Finding::new("E0308", "solver.quadrature", error.to_string())
}

/// A fault of the whole problem, tied to its key.
fn finding(error: &TransportError) -> Finding {
    let (code, path) = match error {
        TransportError::Unsupported(_) => ("E0308", "solver"),
        TransportError::Unsolvable(_) => ("E0313", "problem"),
        _ => ("E0308", "problem"),
    };
    Finding::new(code, path, error.to_string())
}
