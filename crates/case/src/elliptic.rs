//! Elliptic problems: from the tables of a case to the solvers of `pdesolve_pde::elliptic`.

use std::sync::Arc;

use pdesolve_core::{Simulation, Stationary};
use pdesolve_mesh::Grid;
use pdesolve_pde::TimeParams;
use pdesolve_pde::elliptic::{
    Coefficient, EllipticBoundary, EllipticCondition, EllipticError, EllipticProblem,
    ImplicitDiffusion, ImplicitParams, LinearParams, PointFunction, Steady, Terms,
};
use pdesolve_pde::finite_volume::SpaceTime;

use crate::finding::Finding;
use crate::function::Function;
use crate::names::suggest;
use crate::prepare::{boundary_value, initial_values, solver_mismatch};
use crate::schema::{Boundary, Case};

/// What both solvers take.
struct Tables<'a> {
    problem: &'a dyn EllipticProblem,
    terms: Terms,
    boundary: EllipticBoundary,
    source: Option<SpaceTime>,
    /// Initial data or first guess; none for a steady problem that gives none.
    initial: Option<Vec<f64>>,
}

/// Sets up a steady problem.
pub(crate) fn steady(
    case: &Case,
    params: &LinearParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Stationary + Send>> {
    let problem = case.problem.elliptic().filter(|_| case.problem.is_steady());
    let Some(problem) = problem else {
        findings.push(solver_mismatch(case));
        return None;
    };
    let tables = read(case, problem, grid, findings)?;
    let made = Steady::new(
        tables.problem,
        &tables.terms,
        grid,
        &tables.boundary,
        tables.source.as_ref(),
        params,
        case.seed,
    );
    match made {
        Ok(mut made) => {
            if let Some(guess) = &tables.initial {
                made.set_field(guess);
            }
            Some(Box::new(made))
        }
        Err(errors) => {
            findings.extend(errors.iter().map(|error| finding(error, problem)));
            None
        }
    }
}

/// Sets up diffusion in time.
pub(crate) fn implicit(
    case: &Case,
    params: &ImplicitParams,
    time: &TimeParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Simulation + Send>> {
    let problem = case
        .problem
        .elliptic()
        .filter(|_| !case.problem.is_steady());
    let Some(problem) = problem else {
        findings.push(solver_mismatch(case));
        return None;
    };
    let tables = read(case, problem, grid, findings)?;
    let made = ImplicitDiffusion::new(
        tables.problem,
        &tables.terms,
        grid,
        &tables.boundary,
        tables.source,
        params,
        time,
        case.seed,
    );
    match made {
        Ok(mut made) => {
            made.set_field(&tables.initial?);
            Some(Box::new(made))
        }
        Err(errors) => {
            findings.extend(errors.iter().map(|error| finding(error, problem)));
            None
        }
    }
}

/// Reads all tables; `None` where one of them cannot be read, after all were looked at.
fn read<'a>(
    case: &Case,
    problem: &'a dyn EllipticProblem,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Tables<'a>> {
    let before = findings.len();
    if case.trajectories != 1 {
        findings.push(Finding::new(
            "E0308",
            "trajectories",
            "elliptic problems are solved one at a time",
        ));
    }
    let field = problem.field().name;
    let wanted = !(case.problem.is_steady() && case.initial.is_empty());
    let initial = wanted
        .then(|| initial_values(case, grid, std::slice::from_ref(&field), findings))
        .flatten()
        .map(|mut values| values.swap_remove(0).swap_remove(0));
    let terms = terms(case, problem, grid.dim(), findings);
    let boundary = boundary(case, grid.dim(), findings);
    let source = source(case, &field, grid.dim(), findings);
    if findings.len() > before {
        return None;
    }
    Some(Tables {
        problem,
        terms: terms?,
        boundary,
        source,
        initial,
    })
}

/// Compiles the coefficients of the equation.
fn terms(
    case: &Case,
    problem: &dyn EllipticProblem,
    dim: usize,
    findings: &mut Vec<Finding>,
) -> Option<Terms> {
    let mut faults = Vec::new();
    let mut compile = |key: &str, coefficient: &Coefficient| -> Option<PointFunction> {
        match coefficient {
            Coefficient::Constant(value) => {
                let value = *value;
                Some(Arc::new(move |_, _| value))
            }
            Coefficient::Expression(text) => {
                let path = format!("problem.{key}");
                match Function::compile(text, &path, dim, false, &case.parameters) {
                    Ok(function) => Some(Arc::new(move |t, place| function.at(t, place))),
                    Err(fault) => {
                        faults.push(fault);
                        None
                    }
                }
            }
        }
    };
    let terms = problem.terms(dim, &mut compile);
    findings.append(&mut faults);
    match terms {
        Ok(terms) => terms,
        Err(errors) => {
            findings.extend(errors.iter().map(|error| finding(error, problem)));
            None
        }
    }
}

fn boundary(case: &Case, dim: usize, findings: &mut Vec<Finding>) -> EllipticBoundary {
    let mut conditions = EllipticBoundary::default();
    for (name, boundary) in &case.boundary {
        let (alpha, beta, key, value) = match boundary {
            Boundary::Dirichlet { value } => (1.0, 0.0, "value", value),
            Boundary::Neumann { gradient } => (0.0, 1.0, "gradient", gradient),
            Boundary::Robin { alpha, beta, value } => (*alpha, *beta, "value", value),
            _ => {
                findings.push(
                    Finding::new(
                        "E0309",
                        format!("boundary.{name}.kind"),
                        format!(
                            "`{}` is a condition for {}; `{}` takes dirichlet, neumann or robin",
                            boundary.kind(),
                            boundary.belongs_to(),
                            case.problem.kind()
                        ),
                    )
                    .help("nothing passes, or leaves with the flow, where `{ kind = \"neumann\", gradient = 0 }`"),
                );
                continue;
            }
        };
        match boundary_value(value, &format!("boundary.{name}.{key}"), case, dim) {
            Ok(value) => conditions.set(name, EllipticCondition::robin(alpha, beta, value)),
            Err(finding) => findings.push(finding),
        }
    }
    conditions
}

fn source(
    case: &Case,
    field: &String,
    dim: usize,
    findings: &mut Vec<Finding>,
) -> Option<SpaceTime> {
    let mut source = None;
    for (name, text) in &case.source {
        let path = format!("source.{name}");
        if name != field {
            findings.push(
                Finding::new(
                    "E0303",
                    path,
                    format!("`{}` has no field `{name}`", case.problem.kind()),
                )
                .help(suggest(name, std::slice::from_ref(field))),
            );
            continue;
        }
        let with_time = !case.problem.is_steady();
        match Function::compile(text, &path, dim, with_time, &case.parameters) {
            Ok(function) => source = Some(function.into_source()),
            Err(finding) => findings.push(finding),
        }
    }
    source
}

/// A fault of an elliptic problem, tied to its key.
fn finding(error: &EllipticError, problem: &dyn EllipticProblem) -> Finding {
    let (code, path) = match error {
        EllipticError::Centring => ("E0308", "mesh.points".to_owned()),
        EllipticError::Coefficient { key, .. } => ("E0312", format!("problem.{key}")),
        EllipticError::Source { .. } => ("E0303", format!("source.{}", problem.field().name)),
        EllipticError::MissingCondition { .. } | EllipticError::Undetermined => {
            ("E0309", "boundary".to_owned())
        }
        EllipticError::PeriodicCondition { name, .. } | EllipticError::RobinWithTensor { name } => {
            ("E0309", format!("boundary.{name}"))
        }
        EllipticError::UnknownBoundary { name, .. } | EllipticError::Robin { name, .. } => {
            ("E0309", format!("boundary.{name}"))
        }
        EllipticError::TooLarge { .. } => ("E0304", "mesh.cells".to_owned()),
        EllipticError::Time { key, .. } => ("E0305", format!("time.{key}")),
        EllipticError::Solver { .. } => ("E0308", "solver".to_owned()),
    };
    Finding::new(code, path, error.to_string())
}
