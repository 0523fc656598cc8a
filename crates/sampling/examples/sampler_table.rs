//! The tables of all samplers, in Markdown: what each claims, and what is measured of it.
//!
//! ```text
//! cargo run --release -p pdesolve-sampling --example sampler_table                  docs/methods/sampling.md
//! cargo run --release -p pdesolve-sampling --example sampler_table evaluations      benches/sampling/README.md
//! ```
//!
//! Measured on the mixture of three Gaussians, linear variance-preserving schedule, four starts at t = 1,
//! from the exact flow at t = 1e-3; steps even in lambda.

#![allow(clippy::print_stdout, reason = "the program's purpose is to print")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pdesolve_sampling::analytic::GaussianMixture;
use pdesolve_sampling::schedule::VarianceLinear;
use pdesolve_sampling::work_precision::Curve;
use pdesolve_sampling::{
    GridParams, Problem, Properties, SamplerParams, SamplingError, WorkPrecision,
};

const STARTS: [f64; 8] = [1.0, 0.5, -0.7, 1.2, 0.3, -1.4, -1.5, -0.2];

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "evaluations") {
        print!("{}", evaluations()?);
        return Ok(());
    }
    println!("{HEAD}");
    for row in rows()? {
        println!("{}", row.line());
    }
    Ok(())
}

/// Head of the table of [`rows`].
pub(crate) const HEAD: &str = "| preset | method | order claimed | order measured | evaluations a step | arrays | stochastic | invertible | to zero noise |\n|---|---|---|---|---|---|---|---|---|";

/// One sampler.
pub(crate) struct Row {
    /// Of the preset.
    pub(crate) preset: String,
    /// As the field writes it.
    pub(crate) method: String,
    /// What it claims.
    pub(crate) properties: Properties,
    /// Order of the error from 160 to 640 steps, of deterministic methods that take the steps they
    /// are given.
    pub(crate) measured: Option<f64>,
}

impl Row {
    /// Its cells, as the page shows them.
    pub(crate) fn cells(&self) -> [String; 9] {
        let p = &self.properties;
        let order = |order: Option<f64>| order.map_or("-".to_owned(), |o| format!("{o:.2}"));
        let yes = |flag: bool| if flag { "yes" } else { "" }.to_owned();
        [
            format!("`{}`", self.preset),
            self.method.clone(),
            p.order.map_or("-".to_owned(), |o| o.to_string()),
            order(self.measured),
            if p.adaptive {
                format!("{}, adaptive", p.evaluations_per_step)
            } else {
                p.evaluations_per_step.to_string()
            },
            p.arrays.to_string(),
            yes(p.stochastic),
            yes(p.invertible),
            yes(p.reaches_zero_noise),
        ]
    }

    /// Its line of the table.
    pub(crate) fn line(&self) -> String {
        format!("| {} |", self.cells().join(" | "))
    }
}

/// All samplers, in the order of the registry.
///
/// # Errors
/// Where the exact flow cannot be integrated.
pub(crate) fn rows() -> Result<Vec<Row>, SamplingError> {
    let presets = SamplerParams::presets();
    let curves = curves(measurable, &[160, 640])?;
    let row = |(preset, params): (&str, SamplerParams)| Row {
        measured: (curves.iter().find(|curve| curve.name == preset)).and_then(order),
        preset: preset.to_owned(),
        method: params.sampler().name(),
        properties: params.sampler().properties(),
    };
    Ok(presets.into_iter().map(row).collect())
}

/// Follows the flow in as many steps as it is given.
fn measurable(params: &SamplerParams) -> bool {
    let properties = params.sampler().properties();
    !properties.stochastic && !properties.adaptive
}

/// Between the two points of a curve, in the number of steps.
fn order(curve: &Curve) -> Option<f64> {
    match curve.reached()[..] {
        [(_, coarse), (_, fine)] => Some((coarse / fine).ln() / 4f64.ln()),
        _ => None,
    }
}

fn curves(
    take: impl Fn(&SamplerParams) -> bool,
    steps: &[usize],
) -> Result<Vec<Curve>, SamplingError> {
    let target = GaussianMixture::three().checked()?;
    let problem = Problem::new(Arc::new(VarianceLinear::default()), Arc::new(target));
    let samplers: Vec<(String, SamplerParams)> = (SamplerParams::presets().into_iter())
        .filter(|(_, params)| take(params))
        .map(|(name, params)| (name.to_owned(), params))
        .collect();
    let study = WorkPrecision {
        problem: &problem,
        starts: &STARTS,
        grid: &GridParams::lambda(),
        samplers: &samplers,
        steps,
        exact: None,
        draws: None,
        seed: 1,
    };
    Ok(study.run(&AtomicBool::new(false), &mut |_, _| ())?.curves)
}

/// Calls of the model until the error is below 1e-2, 1e-3 and 1e-4: the fewest for 1e-3 first.
fn evaluations() -> Result<String, SamplingError> {
    let steps: Vec<usize> = (0..12).map(|k| 5 << k).collect();
    // A tolerance is not a number of steps.
    let take = |params: &SamplerParams| {
        !params.sampler().properties().stochastic
            && !matches!(params, SamplerParams::DpmSolverAdaptive(_))
    };
    let mut lines: Vec<(f64, String)> = (curves(take, &steps)?.iter())
        .map(|curve| {
            let needed = [1e-2, 1e-3, 1e-4].map(|error| curve.evaluations_to_reach(error));
            let [a, b, c] = needed.map(|n| n.map_or("-".to_owned(), |n| format!("{n:.0}")));
            let line = format!(
                "| `{}` | {} | {a} | {b} | {c} |\n",
                curve.name, curve.method
            );
            (needed[1].unwrap_or(f64::INFINITY), line)
        })
        .collect();
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    let head = "| preset | method | 1e-2 | 1e-3 | 1e-4 |\n|---|---|---|---|---|\n";
    Ok(lines
        .into_iter()
        .fold(head.to_owned(), |all, (_, line)| all + &line))
}
