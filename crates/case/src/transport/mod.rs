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
use self::edits::{check_edits, edits_named_like_quantities};
use self::regions::regions;
pub(crate) use self::transient::transient;
use crate::finding::Finding;
use crate::function::Function;
use crate::names::{number, suggest};
use crate::prepare::solver_mismatch;
use crate::registry::TransportKind;
use crate::schema::{Boundary, Case};

/// Quantities of a steady problem that are shown where the case names none.
pub(crate) const SHOWN: [&str; 8] = [
    "k_effective",
    "dominance_ratio",
    "balance",
    "sweeps",
    "spectral_radius",
    "predicted_spectral_radius",
    "population",
    "balance_residual",
];

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
    if problem.critical_population.is_some() {
        findings.push(Finding::new(
            "E0308",
            "problem.critical_population",
            "a start from the critical state belongs to a problem in time, `problem.kind = \"transport_transient\"`",
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
    if let Some(bad) = tables.density.values.iter().find(|q| !q.is_finite()) {
        let path = case.source.keys().next();
        findings.push(Finding::new(
            "E0303",
            path.map_or("source".to_owned(), |name| format!("source.{name}")),
            format!("the source is {bad} somewhere in the mesh"),
        ));
        return None;
    }
    let silent = tables.density.values.iter().all(|&q| q == 0.0);
    let before = findings.len();
    if eigenvalue {
        if !silent || !tables.incident.is_empty() {
            let source = problem.regions.iter().position(|r| r.source.is_some());
            let entering = (case.boundary.iter())
                .find(|(_, b)| matches!(b, Boundary::Incident { .. }))
                .map(|(name, _)| format!("boundary.{name}"));
            let path = match (source, entering) {
                (Some(i), _) => format!("problem.regions[{i}].source"),
                (None, Some(boundary)) => boundary,
                (None, None) => "source".to_owned(),
            };
            findings.push(
                Finding::new(
                    "E0303",
                    path,
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
    } else if problem.adjoint && !tables.incident.is_empty() {
        findings.push(
            Finding::new(
                "E0309",
                "boundary",
                "nothing enters in an adjoint problem: its sources are responses, in the regions",
            )
            .help("take vacuum where particles enter in the forward problem"),
        );
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
        Ok(made) => {
            findings.extend(edits_named_like_quantities(problem, &made.quantity_names()));
            Some(Box::new(made))
        }
        Err(error) => {
            findings.push(finding(&error, params));
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
    let mut materials = materials(problem, findings);
    // What no region is made of has no say in upscatter, moments or fission.
    materials.retain(|name, _| problem.regions.iter().any(|r| r.material == *name));
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
    let ordinates = Ordinates::from_params(
        problem.geometry,
        &params.quadrature_in(problem.geometry),
        order,
    )
    .map_err(|error| findings.push(quadrature_finding(&error)))
    .ok();
    let (boundaries, incident) = boundaries(case, problem, grid, groups, findings);
    let sources = sources(case, groups, findings);
    if findings.len() > before {
        return None;
    }
    let ordinates = ordinates?;
    for given in &incident {
        findings.extend(given.fault(case.start(), &ordinates));
    }
    if findings.len() > before {
        return None;
    }
    let given = [Side::Lower, Side::Upper].map(|side| {
        match incident.iter().find(|i: &&Incident| i.side == side) {
            Some(incident) => incident.at(0.0, &ordinates),
            None => boundaries[side as usize].clone(),
        }
    });
    let scheme = params.scheme_in(problem.geometry);
    let materials = materials.into_values().collect();
    let disc = Discretization::new(mesh, materials, ordinates, scheme, given)
        .map_err(|error| findings.push(finding(&error, params)))
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

/// What a reader of the run should know of its materials.
pub(crate) fn remarks(case: &Case) -> Vec<String> {
    let Some((problem, kind)) = case.problem.transport() else {
        return Vec::new();
    };
    let mut remarks = Vec::new();
    for (name, sections) in materials(problem, &mut Vec::new()) {
        if !problem.regions.iter().any(|r| r.material == name) {
            remarks.push(format!("no region is made of the material `{name}`"));
            continue;
        }
        let negative = sections.negative_scattering();
        if let Some((from, to)) = negative.first() {
            remarks.push(format!(
                "material `{name}` has {} negative scattering cross sections, as a transport correction makes them; the first is from group {} to {}",
                negative.len(),
                from + 1,
                to + 1
            ));
        }
        if let Some((group, excess)) = sections.excess() {
            remarks.push(format!(
                "scattering in material `{name}` exceeds the total cross section, by {} in group {}: it makes particles",
                number((excess * 1e9).round() / 1e9),
                group + 1
            ));
        }
        let over = (0..sections.groups())
            .find(|&g| sections.fission[g] > sections.absorption(g) * (1.0 + 1e-9));
        if let Some(group) = over.filter(|_| sections.excess().is_none()) {
            remarks.push(format!(
                "fission exceeds absorption in group {} of material `{name}`",
                group + 1
            ));
        }
    }
    if kind != TransportKind::Transient
        && problem.library.is_none()
        && problem.temperature.is_some()
    {
        remarks
            .push("`temperature` chooses data of an OpenMC library, and there is none".to_owned());
    }
    remarks
}

/// What to say of a scalar flux with negative values, if it has any.
pub(crate) fn negative_flux(case: &Case, field: &str, values: &[f64]) -> Option<String> {
    case.problem.transport()?;
    let cells = values.iter().filter(|&&phi| phi < 0.0).count();
    let least = values.iter().copied().fold(0.0, f64::min);
    (cells > 0).then(|| {
        format!(
            "`{field}` is negative in {cells} of {} cells, down to {least:.2e}: thin the cells, or take a scheme that stays positive (step_characteristic, diamond_difference_fixup)",
            values.len()
        )
    })
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
fn finding(error: &TransportError, params: &DiscreteOrdinatesParams) -> Finding {
    let (code, path) = match error {
        TransportError::Unsupported(text) if text.contains("scheme") && params.scheme.is_some() => {
            ("E0308", "solver.scheme")
        }
        TransportError::Unsupported(_) => ("E0308", "solver"),
        TransportError::Unsolvable(_) => ("E0313", "problem"),
        _ => ("E0308", "problem"),
    };
    Finding::new(code, path, error.to_string())
}
