//! Problems in time.

use pdesolve_core::{Control, Simulation};
use pdesolve_mesh::Grid;
use pdesolve_pde::TimeParams;
use pdesolve_transport::{DiscreteOrdinatesParams, Moments, TransientTransport, flux_names};

use super::{add_source, finding, problem, read};
use crate::finding::Finding;
use crate::function::Function;
use crate::names::{number, suggest};
use crate::prepare::solver_mismatch;
use crate::registry::TransportKind;
use crate::schema::{Case, Initial};

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
    let silent = |m: &Moments| m.values.iter().all(|&v| v == 0.0);
    if silent(&flux)
        && silent(&tables.density)
        && tables.sources.is_empty()
        && tables.incident.is_empty()
        && problem.pulse.is_none()
        && problem.critical_population.is_none()
    {
        findings.push(
            Finding::new(
                "E0303",
                "problem.regions",
                "nothing emits particles, and there are none at the start",
            )
            .help("give a region `source = 1`, a boundary `incident`, or `[initial]`"),
        );
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
            findings.push(finding(&error, params));
            return None;
        }
    };
    let mesh = made.discretization().mesh();
    let ends = (mesh.edges[0], mesh.edges[mesh.len()]);
    if let Some(pulse) = problem.pulse {
        let inside = (ends.0..=ends.1).contains(&pulse.position);
        let emits = pulse.strength.is_finite() && pulse.strength > 0.0;
        if !(inside && emits) {
            let (key, text) = if inside {
                (
                    "strength",
                    format!("a pulse of strength {} emits nothing", pulse.strength),
                )
            } else {
                (
                    "position",
                    format!(
                        "the pulse at {} lies outside the mesh from {} to {}",
                        number(pulse.position),
                        number(ends.0),
                        number(ends.1)
                    ),
                )
            };
            findings.push(Finding::new("E0303", format!("problem.pulse.{key}"), text));
            return None;
        }
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
    if let Some(population) = problem.critical_population {
        if !case.initial.is_empty() {
            findings.push(Finding::new(
                "E0303",
                "initial",
                "the problem begins from its critical state, so it takes no initial data",
            ));
            return None;
        }
        if let Err(error) = made.start_critical(population, &mut |_| Control::Continue) {
            let path = "problem.critical_population";
            findings.push(Finding::new("E0313", path, error.to_string()));
            return None;
        }
    }
    Some(Box::new(made))
}
