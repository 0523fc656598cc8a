//! Transport problems: from the tables of a case to the solvers of `pdesolve_transport`.

use std::collections::BTreeMap;

use pdesolve_core::{Simulation, Stationary};
use pdesolve_expr::{Expr, Program};
use pdesolve_mesh::{BOUNDARY_NAMES, Centring, Grid, Side};
use pdesolve_pde::TimeParams;
use pdesolve_transport::material::CrossSections;
use pdesolve_transport::problem::{EditParams, RegionParams};
use pdesolve_transport::{
    Boundary as Condition, DiscreteOrdinatesParams, Discretization, Geometry, Mesh, Moments,
    Ordinates, SteadyTransport, TransientTransport, TransportError, TransportParams, flux_names,
    project,
};

use crate::finding::Finding;
use crate::function::Function;
use crate::names::{number, suggest};
use crate::prepare::solver_mismatch;
use crate::registry::TransportKind;
use crate::schema::{Boundary, Case, Initial, Value};

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

/// A given angular flux at one end.
#[derive(Clone)]
struct Incident {
    side: Side,
    /// Of mu and t.
    angular_flux: Program,
    spectrum: Vec<f64>,
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
                    format!("problem.materials.{name}{}", dotted(&error.key)),
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
fn fault_of(material: &str, key: &str, message: &str) -> String {
    match key {
        "" => format!("material `{material}`: {message}"),
        _ if message.starts_with("is ") => format!("`{key}` of material `{material}` {message}"),
        _ => format!("`{key}` of material `{material}`: {message}"),
    }
}

/// `.key`, or nothing.
fn dotted(key: &str) -> String {
    if key.is_empty() {
        String::new()
    } else {
        format!(".{key}")
    }
}

/// Ends of a region, where it says so or where the mesh ends.
fn ends(region: &RegionParams, mesh: &Mesh) -> (f64, f64) {
    let last = mesh.edges.len() - 1;
    (
        region.from.unwrap_or(mesh.edges[0]),
        region.to.unwrap_or(mesh.edges[last]),
    )
}

/// Gives every cell its material and region; returns the names of the regions.
fn regions(
    case: &Case,
    problem: &TransportParams,
    materials: &[String],
    mesh: &mut Mesh,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let names: Vec<String> = (problem.regions.iter().enumerate())
        .map(|(i, r)| r.name.clone().unwrap_or_else(|| format!("region{}", i + 1)))
        .collect();
    let groups = problem.materials.values().find_map(|m| m.groups());
    let mut owner: Vec<Option<usize>> = vec![None; mesh.len()];
    let mut placed = true;
    for (i, region) in problem.regions.iter().enumerate() {
        let path = format!("problem.regions[{i}]");
        if let Some(twin) = names[..i].iter().position(|name| *name == names[i]) {
            findings.push(Finding::new(
                "E0314",
                format!("{path}.name"),
                format!(
                    "regions {} and {} are both called `{}`",
                    twin + 1,
                    i + 1,
                    names[i]
                ),
            ));
        }
        let material = materials.iter().position(|name| *name == region.material);
        if material.is_none() && !problem.materials.contains_key(&region.material) {
            findings.push(
                Finding::new(
                    "E0314",
                    format!("{path}.material"),
                    format!("there is no material `{}`", region.material),
                )
                .help(suggest(
                    &region.material,
                    &problem.materials.keys().cloned().collect::<Vec<_>>(),
                )),
            );
        }
        if let (Some(source), Some(groups)) = (&region.source, groups) {
            source_fault(source.values(), groups, &path, findings);
        }
        let (from, to) = ends(region, mesh);
        if from.is_nan() || to.is_nan() || to <= from {
            findings.push(Finding::new(
                "E0314",
                format!("{path}.to"),
                format!(
                    "region `{}` runs from {} to {}",
                    names[i],
                    number(from),
                    number(to)
                ),
            ));
            placed = false;
            continue;
        }
        let edges = [("from", from), ("to", to)].map(|(key, x)| {
            let edge = nearest_edge(mesh, x);
            let found = mesh.edges[edge];
            let length = mesh.edges[mesh.edges.len() - 1] - mesh.edges[0];
            if (found - x).abs() > 1e-9 * length {
                findings.push(
                    Finding::new(
                        "E0314",
                        format!("{path}.{key}"),
                        format!("region `{}` ends inside a cell at x = {}", names[i], number(x)),
                    )
                    .help(format!(
                        "the nearest edge of the mesh is at {}; `mesh.layers` puts edges where the regions end",
                        number(found)
                    )),
                );
                placed = false;
            }
            edge
        });
        for cell in edges[0]..edges[1] {
            if let Some(other) = owner[cell].filter(|_| placed) {
                findings.push(Finding::new(
                    "E0314",
                    path.clone(),
                    format!(
                        "regions `{}` and `{}` overlap at x = {}",
                        names[other],
                        names[i],
                        number(mesh.centre(cell))
                    ),
                ));
                placed = false;
            }
            owner[cell] = Some(i);
            mesh.region[cell] = i as u32;
            mesh.material[cell] = material.unwrap_or(0) as u32;
        }
        if let Some(text) = &region.scattering_factor {
            let path = format!("{path}.scattering_factor");
            match Function::compile(text, &path, 1, false, &case.parameters) {
                Ok(function) => {
                    let averages = project(mesh, 1, &mut |x| function.at(0.0, [x, 0.0, 0.0]));
                    mesh.scattering_factor.resize(mesh.len(), 1.0);
                    let cells = edges[0]..edges[1];
                    if let Some(bad) = cells
                        .clone()
                        .find(|&c| averages[c].is_nan() || averages[c] < 0.0)
                    {
                        findings.push(Finding::new(
                            "E0314",
                            path,
                            format!(
                                "the factor is {} at x = {}; it must not be negative",
                                number(averages[bad]),
                                number(mesh.centre(bad))
                            ),
                        ));
                    }
                    mesh.scattering_factor[cells.clone()].copy_from_slice(&averages[cells]);
                }
                Err(fault) => findings.push(fault),
            }
        }
    }
    if let (Some(first), true) = (owner.iter().position(Option::is_none), placed) {
        let end = (first..owner.len())
            .find(|&c| owner[c].is_some())
            .unwrap_or(owner.len());
        findings.push(
            Finding::new(
                "E0314",
                "problem.regions",
                format!(
                    "no region covers x from {} to {}",
                    number(mesh.edges[first]),
                    number(mesh.edges[end])
                ),
            )
            .help("a void is a region too: give it a material with `total = 0`"),
        );
    }
    names
}

fn source_fault(values: &[f64], groups: usize, path: &str, findings: &mut Vec<Finding>) {
    let path = format!("{path}.source");
    if values.len() != groups {
        findings.push(Finding::new(
            "E0314",
            path,
            format!(
                "the source has {} groups, the materials have {groups}",
                values.len()
            ),
        ));
    } else if let Some(bad) = values.iter().find(|q| !q.is_finite()) {
        findings.push(Finding::new("E0314", path, format!("the source is {bad}")));
    }
}

fn nearest_edge(mesh: &Mesh, x: f64) -> usize {
    let after = mesh
        .edges
        .partition_point(|&e| e < x)
        .min(mesh.edges.len() - 1);
    if after > 0 && x - mesh.edges[after - 1] < mesh.edges[after] - x {
        after - 1
    } else {
        after
    }
}

/// What is measured must be there.
fn check_edits(
    problem: &TransportParams,
    regions: &[String],
    groups: usize,
    mesh: &Mesh,
    findings: &mut Vec<Finding>,
) {
    let (lower, upper) = (mesh.edges[0], mesh.edges[mesh.len()]);
    for (i, edit) in problem.edits.iter().enumerate() {
        let path = format!("problem.edits[{i}]");
        if problem.edits[..i]
            .iter()
            .any(|other| other.name() == edit.name())
        {
            findings.push(Finding::new(
                "E0307",
                format!("{path}.name"),
                format!("two edits are called `{}`", edit.name()),
            ));
        }
        if let Some(group) = edit.group().filter(|&g| g > groups) {
            findings.push(Finding::new(
                "E0307",
                format!("{path}.group"),
                format!("there is no group {group}: the materials have {groups}"),
            ));
        }
        for (key, x) in edit.places() {
            if !(lower..=upper).contains(&x) {
                findings.push(Finding::new(
                    "E0307",
                    format!("{path}.{key}"),
                    format!(
                        "{} lies outside the mesh from {} to {}",
                        number(x),
                        number(lower),
                        number(upper)
                    ),
                ));
            } else if let EditParams::Current { .. } = edit {
                let edge = nearest_edge(mesh, x);
                let near = mesh.edges[edge];
                if (near - x).abs() > 0.01 * mesh.width(edge.min(mesh.len() - 1)) {
                    findings.push(
                        Finding::new(
                            "E0307",
                            format!("{path}.{key}"),
                            format!(
                                "currents are known at the edges of the mesh, and {} is none",
                                number(x)
                            ),
                        )
                        .help(format!("the nearest edge is at {}", number(near))),
                    );
                }
            }
        }
        if let EditParams::AngularFlux { mu, .. } = edit
            && *mu == 0.0
        {
            findings.push(Finding::new(
                "E0307",
                format!("{path}.mu"),
                "a ray with mu = 0 never leaves its plane",
            ));
        }
        if let EditParams::ReactionRate {
            region: Some(region),
            ..
        } = edit
            && !regions.contains(region)
        {
            findings.push(
                Finding::new(
                    "E0307",
                    format!("{path}.region"),
                    format!("there is no region `{region}`"),
                )
                .help(suggest(region, regions)),
            );
        }
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

fn boundaries(
    case: &Case,
    problem: &TransportParams,
    grid: &Grid,
    groups: usize,
    findings: &mut Vec<Finding>,
) -> ([Condition; 2], Vec<Incident>) {
    let mut conditions = [Condition::Vacuum, Condition::Vacuum];
    let mut incident = Vec::new();
    let axis = &grid.axes()[0];
    let names = BOUNDARY_NAMES[0];
    let centre = problem.geometry != Geometry::Slab && axis.faces()[0] == 0.0;
    if axis.is_periodic() {
        if problem.geometry == Geometry::Slab {
            for name in case.boundary.keys() {
                findings.push(
                    Finding::new(
                        "E0309",
                        format!("boundary.{name}"),
                        "the slab is periodic, so it has no boundary",
                    )
                    .help("`mesh.periodic = [false]` gives it two"),
                );
            }
            return ([Condition::Periodic, Condition::Periodic], incident);
        }
        findings.push(
            Finding::new("E0309", "mesh.periodic", "a radius is not periodic")
                .help("write `periodic = [false]`"),
        );
        return (conditions, incident);
    }
    for name in case
        .boundary
        .keys()
        .filter(|name| !names.contains(&name.as_str()))
    {
        findings.push(
            Finding::new(
                "E0309",
                format!("boundary.{name}"),
                format!("there is no boundary `{name}`"),
            )
            .help(suggest(name, &names.map(str::to_owned))),
        );
    }
    for (side, name) in [Side::Lower, Side::Upper].into_iter().zip(names) {
        let is_centre = centre && side == Side::Lower;
        let Some(boundary) = case.boundary.get(name) else {
            if is_centre {
                conditions[0] = Condition::MIRROR;
            } else {
                findings.push(
                    Finding::new(
                        "E0309",
                        "boundary",
                        format!("the boundary `{name}` has no condition"),
                    )
                    .help(format!(
                        "add `{name} = {{ kind = \"vacuum\" }}`, or reflecting, white, incident"
                    )),
                );
            }
            continue;
        };
        let path = format!("boundary.{name}");
        if is_centre {
            findings.push(
                Finding::new(
                    "E0309",
                    path,
                    "the mesh begins at the centre r = 0, which is no boundary",
                )
                .help(format!("leave `{name}` out")),
            );
            continue;
        }
        conditions[side as usize] = match boundary {
            Boundary::Vacuum => Condition::Vacuum,
            Boundary::Reflecting { albedo } => Condition::Reflecting { albedo: *albedo },
            Boundary::White { albedo } => Condition::White { albedo: *albedo },
            Boundary::Incident {
                angular_flux,
                spectrum,
            } => {
                match incident_flux(case, angular_flux, spectrum.as_deref(), &path, groups, side) {
                    Ok(given) => incident.push(given),
                    Err(fault) => findings.push(fault),
                }
                Condition::Vacuum
            }
            other => {
                findings.push(Finding::new(
                    "E0309",
                    format!("{path}.kind"),
                    format!(
                        "`{}` is a condition for {}; transport takes vacuum, reflecting, white or incident",
                        other.kind(),
                        other.belongs_to()
                    ),
                ));
                Condition::Vacuum
            }
        };
    }
    (conditions, incident)
}

fn incident_flux(
    case: &Case,
    angular_flux: &Value,
    spectrum: Option<&[f64]>,
    path: &str,
    groups: usize,
    side: Side,
) -> Result<Incident, Finding> {
    if let Some(found) = spectrum.map(<[f64]>::len).filter(|&n| n != groups) {
        return Err(Finding::new(
            "E0309",
            format!("{path}.spectrum"),
            format!("the spectrum has {found} groups, the materials have {groups}"),
        ));
    }
    let text = match angular_flux {
        Value::Constant(value) => format!("{value:?}"),
        Value::Expression(text) => text.clone(),
    };
    let path = format!("{path}.angular_flux");
    let program = Expr::parse(&text)
        .and_then(|expr| Program::compile(&expr, &["mu", "t"], &case.parameters))
        .map_err(|error| {
            let finding = Finding::new("E0301", &path, error.message).span(error.span);
            match error.help {
                Some(help) => finding.help(help),
                None => finding,
            }
        })?;
    if case.problem.is_steady() && program.uses(1) {
        return Err(Finding::new(
            "E0302",
            path,
            "the expression uses `t`, but this problem has no time",
        ));
    }
    let mut first = vec![0.0; groups];
    first[0] = 1.0;
    Ok(Incident {
        side,
        angular_flux: program,
        spectrum: spectrum.map_or(first, <[f64]>::to_vec),
    })
}

impl Incident {
    fn at(&self, t: f64, ordinates: &Ordinates) -> Condition {
        let mut psi = vec![vec![0.0; ordinates.len()]; self.spectrum.len()];
        self.fill(t, &ordinates.mu, &mut psi);
        Condition::Incident(psi)
    }

    /// The angular flux at a time: `[group][ordinate]`.
    fn fill(&self, t: f64, mu: &[f64], psi: &mut [Vec<f64>]) {
        for (psi, factor) in psi.iter_mut().zip(&self.spectrum) {
            for (psi, &mu) in psi.iter_mut().zip(mu) {
                *psi = factor * self.angular_flux.evaluate_scalar(&[mu, t]);
            }
        }
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

/// Sets up a problem in time.
pub(crate) fn transient(
    case: &Case,
    params: &DiscreteOrdinatesParams,
    time: &TimeParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Simulation + Send>> {
    let (problem, kind) = problem(case, findings)?;
    if kind != TransportKind::Transient {
        findings.push(solver_mismatch(case));
        return None;
    }
    let before = findings.len();
    if problem.adjoint {
        findings.push(Finding::new(
            "E0308",
            "problem.adjoint",
            "problems in time are solved forward only",
        ));
    }
    if !problem.edits.is_empty() {
        findings.push(
            Finding::new("E0308", "problem.edits", "edits belong to steady problems")
                .help("`[[expect]]` measures fields and quantities of a run in time"),
        );
    }
    for (key, given) in [
        ("tolerance", time.tolerance.is_some()),
        ("cfl", time.cfl.is_some()),
    ] {
        if given {
            findings.push(Finding::new(
                "E0305",
                format!("time.{key}"),
                "transport takes steps of fixed size",
            ));
        }
    }
    if time.step.is_none() {
        findings.push(
            Finding::new("E0305", "time", "the size of the steps is missing")
                .help("add `step = ...`"),
        );
    }
    let tables = read(case, problem, params, grid, findings)?;
    let names = flux_names(tables.disc.groups());
    let mut flux = tables.disc.zeros();
    for name in case.initial.keys().filter(|name| !names.contains(name)) {
        findings.push(
            Finding::new(
                "E0303",
                format!("initial.{name}"),
                format!("`{}` has no field `{name}`", case.problem.kind()),
            )
            .help(suggest(name, &names)),
        );
    }
    for (group, name) in names.iter().enumerate() {
        let path = format!("initial.{name}");
        let function = match case.initial.get(name) {
            None => continue,
            Some(Initial::Constant(value)) => {
                Function::compile(&format!("{value:?}"), &path, 1, false, &case.parameters)
            }
            Some(Initial::Expression(text)) => {
                Function::compile(text, &path, 1, false, &case.parameters)
            }
            Some(Initial::Random(_)) => Err(Finding::new(
                "E0303",
                path,
                "transport begins from an expression, not from random data",
            )),
        };
        match function {
            Ok(function) => add_source(&tables.disc, group, &function, time.start, &mut flux),
            Err(fault) => findings.push(fault),
        }
    }
    if flux.values.iter().any(|v| !v.is_finite()) {
        findings.push(Finding::new(
            "E0303",
            "initial",
            "the initial flux is not finite",
        ));
    }
    if findings.len() > before {
        return None;
    }
    let made = TransientTransport::new(tables.disc, params, time.start, time.step?);
    let mut made = match made {
        Ok(made) => made,
        Err(error) => {
            findings.push(finding(&error));
            return None;
        }
    };
    if let Some(pulse) = problem.pulse {
        made = match made.with_plane_pulse(pulse) {
            Ok(made) => made,
            Err(error) => {
                findings.push(Finding::new("E0308", "problem.pulse", error.to_string()));
                return None;
            }
        };
    }
    let (density, sources) = (tables.density, tables.sources);
    if !sources.is_empty() || density.values.iter().any(|&q| q != 0.0) {
        let disc = made.discretization().clone();
        made = made.with_source(Box::new(move |t, q: &mut Moments| {
            q.values.copy_from_slice(&density.values);
            for (group, function) in &sources {
                add_source(&disc, *group, function, t, q);
            }
        }));
    }
    if !tables.incident.is_empty() {
        let mu = made.discretization().ordinates().mu.clone();
        let incident = tables.incident;
        made = made.with_boundary(Box::new(move |t, side, psi: &mut [Vec<f64>]| {
            for given in incident.iter().filter(|given| given.side == side) {
                given.fill(t, &mu, psi);
            }
        }));
    }
    made.set_flux(&flux);
    made.set_equilibrium_precursors();
    Some(Box::new(made))
}
