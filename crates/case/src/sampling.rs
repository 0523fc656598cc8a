//! Sampling problems: from the case to a trajectory.

use std::sync::Arc;

use pdesolve_core::Simulation;
use pdesolve_mesh::{Grid, MeshParams};
use pdesolve_pde::TimeParams;
use pdesolve_sampling::analytic::Target;
use pdesolve_sampling::{
    Layout, Node, Noise, OwnedCondition, Problem, Sampling, SamplingError, SamplingParams,
    SamplingSolverParams,
};

use crate::finding::Finding;
use crate::schema::{Case, is_absent};

/// Quantities shown where the case does not say.
pub(crate) const SHOWN: &[&str] = &["evaluations", "error"];

/// Number of samples.
fn samples(case: &Case, params: &SamplingParams) -> usize {
    (params.starts.as_ref()).map_or(case.trajectories, Vec::len)
}

/// Where sampled points are written: one cell for each sample, its number in the middle. `None` where
/// the case has a mesh, or is no sampling problem.
pub(crate) fn point_grid(case: &Case) -> Option<Grid> {
    let params = case.problem.sampling()?;
    if !is_absent(&case.mesh) {
        return None;
    }
    let n = samples(case, params);
    let mesh = MeshParams {
        cells: Some(vec![n]),
        lower: Some(vec![-0.5]),
        upper: Some(vec![n as f64 - 0.5]),
        periodic: Some(vec![false]),
        ..MeshParams::default()
    };
    mesh.build().ok()
}

/// The steps of a sampler as a time that runs from 0 to their number.
pub(crate) fn time(case: &Case, findings: &mut Vec<Finding>) -> TimeParams {
    for (key, times) in [
        ("every", case.output.every.as_slice()),
        ("at", case.output.at.as_deref().unwrap_or(&[])),
    ] {
        if let Some(bad) = times.iter().find(|t| t.fract() != 0.0) {
            findings.push(Finding::new(
                "E0306",
                format!("output.{key}"),
                format!("a sampler counts its steps, and {bad} is no whole number"),
            ));
        }
    }
    TimeParams::until(case.end())
}

/// A sampling problem brought to life.
pub(crate) struct Setup {
    /// Model and schedule.
    pub(crate) problem: Problem,
    /// The distribution of the data.
    pub(crate) target: Arc<dyn Target>,
    /// The steps.
    pub(crate) nodes: Vec<Node>,
    /// The batch at the first node, `[sample][unknown]`.
    pub(crate) starts: Vec<f64>,
}

/// Target, schedule, steps and starts of the case, or what is wrong with them.
pub(crate) fn set_up(
    case: &Case,
    params: &SamplingParams,
    solver: &SamplingSolverParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Setup> {
    refuse_unused(case, findings);
    let places = || {
        let position = |i| grid.position(i)[..grid.dim()].to_vec();
        match is_absent(&case.mesh) {
            true => Vec::new(),
            false => (0..grid.len()).map(position).collect(),
        }
    };
    let target = (params.target.placed(places).build())
        .map_err(|e| findings.push(finding(&e, "problem.target")))
        .ok()?;
    let schedule = (params.schedule.build())
        .map_err(|e| findings.push(finding(&e, "problem.schedule")))
        .ok()?;
    let nodes = (solver.grid.nodes(schedule.as_ref(), solver.steps))
        .map_err(|e| findings.push(finding(&e, "solver.grid")))
        .ok()?;
    let unknowns = target.unknowns();
    let mut problem = Problem::new(schedule, target.clone());
    if let Some(class) = params.class {
        let classes = params.target.classes();
        if class >= classes {
            findings.push(Finding::new(
                "E0308",
                "problem.class",
                match classes {
                    0 => "the target has no classes".to_owned(),
                    n => format!(
                        "class {class} is asked for, and the target has 0 to {}",
                        n - 1
                    ),
                },
            ));
            return None;
        }
        problem.condition = OwnedCondition::Class(class);
    }
    for (i, guidance) in params.guidance.iter().enumerate() {
        match guidance.build(unknowns) {
            Ok(guidance) => problem.guidance.push(guidance),
            Err(e) => findings.push(finding(&e, &format!("problem.guidance[{i}]"))),
        }
    }
    let starts = match &params.starts {
        None => problem.prior(&nodes[0], case.trajectories, &Noise::new(case.seed)),
        Some(rows) => {
            if let Some(row) = rows.iter().position(|row| row.len() != unknowns) {
                findings.push(Finding::new(
                    "E0308",
                    format!("problem.starts[{row}]"),
                    format!(
                        "{} numbers are given, and one sample of the target has {unknowns}",
                        rows[row].len()
                    ),
                ));
                return None;
            }
            rows.concat()
        }
    };
    Some(Setup {
        problem,
        target,
        nodes,
        starts,
    })
}

/// The sampler at its start.
pub(crate) fn task(
    case: &Case,
    solver: &SamplingSolverParams,
    grid: &Grid,
    findings: &mut Vec<Finding>,
) -> Option<Box<dyn Simulation + Send>> {
    let Some(params) = case.problem.sampling() else {
        findings.push(crate::prepare::solver_mismatch(case));
        return None;
    };
    let setup = set_up(case, params, solver, grid, findings)?;
    let unknowns = setup.problem.unknowns();
    let on_points = is_absent(&case.mesh);
    if !on_points && unknowns != grid.len() {
        findings.push(Finding::new(
            "E0308",
            "problem.target",
            format!(
                "one sample of the target has {unknowns} unknowns, and the mesh has {} places",
                grid.len()
            ),
        ));
        return None;
    }
    let sampler = solver.sampler.sampler();
    if sampler.properties().adaptive && (case.output.every.is_some() || case.output.at.is_some()) {
        findings.push(
            Finding::new(
                "E0306",
                "output",
                format!(
                    "{} chooses its own steps, so only its start and its end can be written",
                    sampler.name()
                ),
            )
            .help("leave out `every` and `at`"),
        );
    }
    let trajectory = sampler
        .start(
            &setup.problem,
            &setup.nodes,
            setup.starts.clone(),
            Noise::new(case.seed),
        )
        .map_err(|e| findings.push(finding(&e, "solver.sampler")))
        .ok()?;
    let layout = if on_points {
        Layout::Points {
            names: (1..=unknowns).map(|i| format!("x{i}")).collect(),
        }
    } else {
        Layout::Fields {
            names: match setup.starts.len() / unknowns {
                1 => vec!["u".to_owned()],
                count => (0..count).map(|i| format!("u_{i:04}")).collect(),
            },
        }
    };
    let mut sampling = Sampling::new(trajectory, layout);
    if sampler.properties().adaptive {
        sampling = sampling.until(solver.steps as f64);
    }
    Some(Box::new(if sampler.properties().stochastic {
        sampling
    } else {
        sampling.with_exact(setup.problem, setup.target, &setup.nodes, setup.starts)
    }))
}

/// Tables that a sampling problem does not read.
fn refuse_unused(case: &Case, findings: &mut Vec<Finding>) {
    for (table, given) in [
        ("initial", !case.initial.is_empty()),
        ("boundary", !case.boundary.is_empty()),
        ("source", !case.source.is_empty()),
    ] {
        if given {
            findings.push(
                Finding::new(
                    "E0308",
                    table,
                    format!("a sampling problem takes no table [{table}]"),
                )
                .help("leave it out; samples start from noise, or from `problem.starts`"),
            );
        }
    }
    if let Some(starts) = case.problem.sampling().and_then(|p| p.starts.as_ref())
        && case.trajectories != 1
        && case.trajectories != starts.len()
    {
        findings.push(Finding::new(
            "E0308",
            "trajectories",
            format!(
                "{} trajectories are asked for, and `problem.starts` has {} rows",
                case.trajectories,
                starts.len()
            ),
        ));
    }
}

/// An error of the sampler at the key it speaks of, or at the table.
pub(crate) fn finding(error: &SamplingError, table: &str) -> Finding {
    let path = match error {
        SamplingError::Parameter { key, .. } => format!("{table}.{key}"),
        SamplingError::Grid { .. } => "solver.grid".to_owned(),
        _ => table.to_owned(),
    };
    Finding::new("E0308", path, error.to_string())
}
