//! `pdesolve sample --compare`: error against work of many samplers on the problem of a case.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use pdesolve_core::codes;
use pdesolve_io::IoError;
use pdesolve_io::plot::{Curve, Group, Labels, Scale, panels};
use pdesolve_sampling::SamplerParams;
use pdesolve_sampling::work_precision::{self, Curves, WorkPrecision};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::finding::Finding;
use crate::names::{list, nearest};
use crate::registry::Solver;
use crate::sampling::{Setup, finding, point_grid, set_up};
use crate::schema::Case;

/// Which samplers are compared, and in how many steps.
#[derive(Clone, Debug)]
pub struct Comparison {
    samplers: Vec<(String, SamplerParams)>,
    steps: Vec<usize>,
}

impl Comparison {
    /// The samplers called `names` (all where there are none), in numbers of `steps`.
    ///
    /// # Errors
    /// A diagnostic for a name that is not known and for numbers of steps that make no sense.
    pub fn new(names: &[String], steps: &[usize]) -> Result<Self, Diagnostics> {
        let all = SamplerParams::presets();
        let known: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            let found = Diagnostic::error(
                codes::UNKNOWN_NAME,
                format!("there is no sampler `{name}` to compare"),
            );
            return Err(match nearest(name, known.iter().copied()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help(format!("valid: {}", list(known.iter().copied()))),
            }
            .into());
        }
        if steps.is_empty() || steps[0] == 0 || steps.windows(2).any(|pair| pair[1] <= pair[0]) {
            return Err(Diagnostic::error(
                codes::OUT_OF_RANGE,
                format!("--steps {steps:?}: the numbers of steps are positive and increase"),
            )
            .into());
        }
        let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
        Ok(Self {
            samplers: (all.into_iter())
                .filter(|(name, _)| wanted(name))
                .map(|(name, params)| (name.to_owned(), params))
                .collect(),
            steps: steps.to_vec(),
        })
    }

    /// Compares them on the problem of `case`, on its grid and from its starts; `each` hears of every
    /// point. `interrupt` set from outside ends it early.
    ///
    /// # Errors
    /// What is wrong with the case.
    pub fn run(
        &self,
        case: &Case,
        interrupt: &AtomicBool,
        each: &mut dyn FnMut(&work_precision::Curve, &work_precision::Point),
    ) -> Result<Curves, Vec<Finding>> {
        let (Some(params), Solver::Sampler(solver)) = (case.problem.sampling(), &case.solver)
        else {
            return Err(vec![
                Finding::new(
                    "E0308",
                    "problem.kind",
                    format!(
                        "samplers are compared on `sampling`, not on `{}`",
                        case.problem.kind()
                    ),
                )
                .help("run this case with `pdesolve run`"),
            ]);
        };
        let mut findings = Vec::new();
        let grid = match point_grid(case) {
            Some(grid) => grid,
            None => (case.mesh.build()).map_err(|errors| {
                (errors.into_iter())
                    .map(crate::prepare::mesh_finding)
                    .collect::<Vec<_>>()
            })?,
        };
        let setup = set_up(case, params, solver, &grid, &mut findings);
        let Some(Setup {
            problem,
            target,
            nodes,
            starts,
        }) = setup.filter(|_| findings.is_empty())
        else {
            return Err(findings);
        };
        let mut exact = starts.clone();
        let known =
            problem.is_plain() && target.flow(&nodes[0], &nodes[nodes.len() - 1], &mut exact);
        let samples = starts.len() / problem.unknowns();
        let draws = target.draws(case.seed, 2 * samples);
        let study = WorkPrecision {
            problem: &problem,
            starts: &starts,
            grid: &solver.grid,
            samplers: &self.samplers,
            steps: &self.steps,
            exact: known.then_some(&exact),
            // Draws know nothing of guidance.
            draws: problem.is_plain().then_some(&draws),
            seed: case.seed,
        };
        study
            .run(interrupt, each)
            .map_err(|error| vec![finding(&error, "solver")])
    }
}

/// Draws error over evaluations, one panel for each family of deterministic samplers.
///
/// # Errors
/// [`IoError`] where the picture cannot be written.
pub fn draw(curves: &Curves, title: &str, path: &Path) -> Result<(), IoError> {
    let presets = SamplerParams::presets();
    let mut groups: Vec<Group> = Vec::new();
    for curve in curves.curves.iter().filter(|c| !c.stochastic) {
        let (x, y): (Vec<f64>, Vec<f64>) = curve.reached().into_iter().unzip();
        if x.is_empty() {
            continue;
        }
        let preset = presets.iter().find(|(name, _)| *name == curve.name);
        let family = preset.map_or("", |(_, params)| params.family());
        let drawn = Curve {
            label: curve.name.clone(),
            x,
            y,
        };
        match groups.iter_mut().find(|group| group.title == family) {
            Some(group) => group.curves.push(drawn),
            None => groups.push(Group {
                title: family.to_owned(),
                curves: vec![drawn],
            }),
        }
    }
    let labels = Labels {
        title: title.to_owned(),
        x: "evaluations of the model".to_owned(),
        y: "largest error against the exact flow".to_owned(),
        ..Labels::default()
    };
    panels(path, &labels, &groups, Scale::Log, Scale::Log)
}
