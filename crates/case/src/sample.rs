//! `pdesolve sample --compare`: error against work of many samplers on the problem of a case.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use pdesolve_core::codes;
use pdesolve_io::IoError;
use pdesolve_io::plot::{Curve, Labels, Scale, lines_and_dots};
use pdesolve_sampling::SamplerParams;
use pdesolve_sampling::work_precision::{self, Curves, WorkPrecision};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::finding::Finding;
use crate::names::{list, nearest};
use crate::registry::Solver;
use crate::sampling::{Setup, finding, set_up};
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
        let setup = set_up(case, params, solver, &mut findings);
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
        let known = target.flow(&nodes[0], &nodes[nodes.len() - 1], &mut exact);
        let samples = starts.len() / problem.unknowns();
        let draws = target.draws(case.seed, 2 * samples);
        let study = WorkPrecision {
            problem: &problem,
            starts: &starts,
            grid: &solver.grid,
            samplers: &self.samplers,
            steps: &self.steps,
            exact: known.then_some(&exact),
            draws: Some(&draws),
            seed: case.seed,
        };
        study
            .run(interrupt, each)
            .map_err(|error| vec![finding(&error, "solver")])
    }
}

/// Draws error over evaluations, a curve for each deterministic sampler.
///
/// # Errors
/// [`IoError`] where the picture cannot be written.
pub fn draw(curves: &Curves, title: &str, path: &Path) -> Result<(), IoError> {
    let curve = |curve: &work_precision::Curve| {
        let (x, y) = curve.reached().into_iter().unzip();
        Curve {
            label: curve.name.clone(),
            x,
            y,
        }
    };
    let drawn: Vec<Curve> = (curves.curves.iter())
        .filter(|c| !c.stochastic && !c.reached().is_empty())
        .map(curve)
        .collect();
    let labels = Labels {
        title: title.to_owned(),
        x: "evaluations of the model".to_owned(),
        y: "largest error against the exact flow".to_owned(),
        ..Labels::default()
    };
    lines_and_dots(path, &labels, &drawn, &drawn, Scale::Log, Scale::Log)
}
