//! Every schedule of solvers on given times.
//!
//! 1. each of the N steps takes one of C choices: C^N schedules, numbered in base C;
//! 2. run each on the starts of a [`Fitness`];
//! 3. keep the one of least error, of equals the one of the lowest number.
//!
//! Feasible for six steps with the three orders (729) or with orders and forms (46,656). Beyond that
//! take [`Evolution`](super::Evolution). Where the start lacks predictions orders mean the same, and
//! some schedules are run twice.
//!
//! Source: the framework of Liu, Ning, Yang and Wang (2023), whose own search is evolutionary.

use rayon::prelude::*;

use super::{Fitness, Found, Score};
use crate::error::SamplingError;
use crate::samplers::{SolverSchedule, SolverStep};

/// Number of schedules beyond which an exhaustive search is refused.
pub const MOST_SCHEDULES: usize = 1_000_000;

/// The best schedule along the candidate nodes of the numbers `times`, each step one of `choices`, that
/// calls the model `calls` times at most. Its times are written into it.
///
/// # Errors
/// [`SamplingError::Parameter`] where there are no choices, too many schedules, or none within the
/// calls; and as [`Fitness::of`].
pub fn exhaustive(
    fitness: &Fitness,
    times: &[usize],
    choices: &[SolverStep],
    calls: u64,
) -> Result<Found<SolverSchedule>, SamplingError> {
    fitness.check(times)?;
    let steps = times.len() - 1;
    let count = (u32::try_from(steps).ok())
        .and_then(|steps| choices.len().checked_pow(steps))
        .filter(|count| (1..=MOST_SCHEDULES).contains(count))
        .ok_or_else(|| {
            SamplingError::parameter(
                "choices",
                format!(
                    "{} choices in {steps} steps make too few or too many schedules, and 1 to {MOST_SCHEDULES} are searched; give fewer choices or take the evolutionary search",
                    choices.len()
                ),
            )
        })?;
    let schedule = |number: usize| {
        let mut rest = number;
        let mut entries = Vec::with_capacity(steps);
        for _ in 0..steps {
            entries.push(choices[rest % choices.len()]);
            rest /= choices.len();
        }
        fitness.schedule(&entries, times)
    };
    let nothing = Score {
        error: f64::INFINITY,
        evaluations: 0,
    };
    let (number, score) = (0..count)
        .into_par_iter()
        .map(|number| {
            let score = fitness.of(&schedule(number), times)?;
            let allowed = score.evaluations <= calls;
            Ok((number, if allowed { score } else { nothing }))
        })
        .try_reduce(
            || (usize::MAX, nothing),
            |a, b| {
                let order = a.1.error.total_cmp(&b.1.error).then(a.0.cmp(&b.0));
                Ok(if order.is_le() { a } else { b })
            },
        )?;
    if score.error.is_infinite() {
        return Err(SamplingError::parameter(
            "calls",
            format!("no schedule stays finite within {calls} calls of the model; allow more"),
        ));
    }
    Ok(Found {
        best: schedule(number),
        score,
        errors: vec![score.error],
        tried: count,
    })
}
