//! Ends of trajectories on the mixture of three Gaussians, for comparison with other programs.
//!
//! Reads from standard input one JSON object a line, `{"name", "sampler", "schedule", "grid",
//! "steps", "starts"}`, the middle three as in a case file, and prints one a line: `{"name", "x",
//! "evaluations"}`, or `{"name", "error"}`; `{"name", "unknown"}` for a sampler this build has not.
//! With `"parameterisation"`, as of a target in a case, the model predicts that, else the noise.

use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::Arc;

use pdesolve_core::Control;
use pdesolve_sampling::analytic::GaussianMixture;
use pdesolve_sampling::{
    GridParams, Noise, Problem, SamplerParams, ScheduleParams, Trajectory, sample,
};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let name = &row["name"];
        let kind = row["sampler"]["kind"].as_str().unwrap_or_default();
        let answer = if SamplerParams::KINDS.iter().any(|(known, _)| *known == kind) {
            match end(&row) {
                Ok((x, evaluations)) => json!({"name": name, "x": x, "evaluations": evaluations}),
                Err(error) => json!({"name": name, "error": error.to_string()}),
            }
        } else {
            json!({"name": name, "unknown": kind})
        };
        writeln!(std::io::stdout(), "{answer}")?;
    }
    Ok(())
}

/// The batch at the last node, and the calls of the model.
fn end(row: &Value) -> Result<(Vec<f64>, u64), Box<dyn Error>> {
    let take = |key: &str| row[key].clone();
    let sampler: SamplerParams = serde_json::from_value(take("sampler"))?;
    let schedule: ScheduleParams = serde_json::from_value(take("schedule"))?;
    let grid: GridParams = serde_json::from_value(take("grid"))?;
    let steps: usize = serde_json::from_value(take("steps"))?;
    let starts: Vec<f64> = serde_json::from_value(take("starts"))?;
    let mut target = GaussianMixture::three().checked()?;
    if let Some(predicts) = row.get("parameterisation") {
        target.parameterisation = serde_json::from_value(predicts.clone())?;
    }
    let problem = Problem::new(schedule.build()?, Arc::new(target));
    let nodes = grid.nodes(problem.schedule.as_ref(), steps)?;
    let report = sample(
        sampler.sampler(),
        &problem,
        &nodes,
        starts,
        Noise::new(1),
        &mut |_: &dyn Trajectory| Control::Continue,
    )?;
    Ok((report.x, report.evaluations))
}
