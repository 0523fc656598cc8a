//! Schedules of solvers by mutation: solver and time of each step.
//!
//! 1. the first population: the plain schedule, and others on its times with random entries;
//! 2. each generation makes as many children: a random parent, one step of which has one field
//!    changed: its form, order, derivatives, corrector, or its time, drawn anew between those of its
//!    neighbours;
//! 3. children that exist already, or that call the model too often, are dropped; of parents and
//!    children together the best stay.
//!
//! The plain schedule is in the first population and the best always stays: the error on the starts of
//! the search cannot be above the plain one's. On other starts it can: take a few hundred, and measure.
//! Candidate number i of generation g draws from generator (seed, g, i) alone.
//!
//! Source: Liu, Ning, Yang and Wang (2023), whose program also crosses schedules, adds and removes
//! steps, and foretells the error of a candidate by a trained predictor; here running it costs little.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fitness, Found, Score};
use crate::error::SamplingError;
use crate::exponential::Form;
use crate::samplers::{Derivative, SolverSchedule, SolverStep};
use pdesolve_core::rng;

/// The search, and among what it chooses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Evolution {
    /// Schedules kept from one generation to the next. Default: 24.
    #[schemars(range(min = 1))]
    pub population: usize,
    /// Generations after the first population. Default: 120.
    pub generations: usize,
    /// Calls of the model that a schedule may make. Default: as many as the plain one makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Forms to choose from. Default: both.
    pub forms: Vec<Form>,
    /// Orders to choose from. Default: 1, 2, 3.
    pub orders: Vec<usize>,
    /// Derivatives to choose from. Default: full and low.
    pub derivatives: Vec<Derivative>,
    /// Whether steps may be corrected. Default: true and false.
    pub correctors: Vec<bool>,
    /// Whether times are searched. Default: true.
    pub times: bool,
    /// Seed of the draws. Default: 0.
    pub seed: u64,
}

impl Default for Evolution {
    fn default() -> Self {
        Self {
            population: 24,
            generations: 120,
            calls: None,
            forms: vec![Form::Data, Form::Noise],
            orders: vec![1, 2, 3],
            derivatives: vec![Derivative::Full, Derivative::Low],
            correctors: vec![false, true],
            times: true,
            seed: 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Candidate {
    steps: Vec<SolverStep>,
    // Numbers of its nodes among the candidate nodes.
    times: Vec<usize>,
}

impl Evolution {
    /// Searches from the plain schedule, which takes `steps` in turn along the candidate nodes of the
    /// numbers `times`. The times of the best are written into it.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where there is nothing to choose from, or the steps are not as many
    /// as the times have intervals; and as [`Fitness::of`].
    pub fn search(
        &self,
        fitness: &Fitness,
        steps: &[SolverStep],
        times: &[usize],
    ) -> Result<Found<SolverSchedule>, SamplingError> {
        fitness.check(times)?;
        self.check(steps, times)?;
        let plain = Candidate {
            steps: steps
                .iter()
                .map(|s| SolverStep { time: None, ..*s })
                .collect(),
            times: times.to_vec(),
        };
        let score = |candidate: &Candidate| {
            let schedule = fitness.schedule(&candidate.steps, &candidate.times);
            fitness.of(&schedule, &candidate.times)
        };
        let known = score(&plain)?;
        let calls = self.calls.unwrap_or(known.evaluations);
        if known.evaluations > calls {
            return Err(SamplingError::parameter(
                "calls",
                format!(
                    "it is {calls}, and the plain schedule makes {} calls; begin with a shorter one",
                    known.evaluations
                ),
            ));
        }
        let mut tried = 1;
        let mut population = vec![(plain.clone(), known)];
        let mut errors = Vec::with_capacity(self.generations + 1);
        for generation in 0..=self.generations {
            let mut children: Vec<Candidate> = Vec::with_capacity(self.population);
            for i in 0..self.population {
                let mut draw = rng(self.seed, generation as u64, i as u64);
                let child = if generation == 0 {
                    self.random(&plain, &mut draw)
                } else {
                    let parent = draw.random_range(0..population.len());
                    self.mutated(&population[parent].0, &mut draw)
                };
                if !children.contains(&child) && population.iter().all(|(old, _)| *old != child) {
                    children.push(child);
                }
            }
            tried += children.len();
            let scores: Vec<Score> = children.par_iter().map(score).collect::<Result<_, _>>()?;
            let allowed = |(_, score): &(Candidate, Score)| score.evaluations <= calls;
            population.extend(children.into_iter().zip(scores).filter(allowed));
            // Stable: of equals the older stays in front.
            population.sort_by(|(_, a), (_, b)| a.error.total_cmp(&b.error));
            population.truncate(self.population);
            errors.push(population[0].1.error);
        }
        let (best, score) = &population[0];
        Ok(Found {
            best: fitness.schedule(&best.steps, &best.times),
            score: *score,
            errors,
            tried,
        })
    }

    fn check(&self, steps: &[SolverStep], times: &[usize]) -> Result<(), SamplingError> {
        let empty = [
            ("population", self.population),
            ("forms", self.forms.len()),
            ("orders", self.orders.len()),
            ("derivatives", self.derivatives.len()),
            ("correctors", self.correctors.len()),
        ];
        if let Some((key, _)) = empty.iter().find(|(_, count)| *count == 0) {
            return Err(SamplingError::parameter(
                *key,
                "there is nothing in it, and a search needs at least one to choose from",
            ));
        }
        if let Some(order) = self.orders.iter().find(|o| !(1..=3).contains(*o)) {
            return Err(SamplingError::parameter(
                "orders",
                format!("it has {order}; orders are 1, 2 and 3"),
            ));
        }
        if steps.len() + 1 != times.len() {
            return Err(SamplingError::parameter(
                "steps",
                format!(
                    "there are {}, and {} times need {}",
                    steps.len(),
                    times.len(),
                    times.len() - 1
                ),
            ));
        }
        Ok(())
    }

    /// Random entries at the times of `plain`.
    fn random(&self, plain: &Candidate, draw: &mut ChaCha8Rng) -> Candidate {
        let mut steps = plain.steps.clone();
        for step in &mut steps {
            step.form = pick(&self.forms, draw);
            step.order = pick(&self.orders, draw);
            step.derivative = pick(&self.derivatives, draw);
            step.corrector = pick(&self.correctors, draw);
        }
        Candidate {
            steps,
            times: plain.times.clone(),
        }
    }

    /// `parent` with one field of one step drawn anew; it may come out as it was.
    fn mutated(&self, parent: &Candidate, draw: &mut ChaCha8Rng) -> Candidate {
        let mut child = parent.clone();
        let at = draw.random_range(0..child.steps.len());
        let step = &mut child.steps[at];
        let fields = if self.times { 5 } else { 4 };
        match draw.random_range(0..fields) {
            0 => step.form = pick(&self.forms, draw),
            1 => step.order = pick(&self.orders, draw),
            2 => step.derivative = pick(&self.derivatives, draw),
            3 => step.corrector = pick(&self.correctors, draw),
            // The last step ends where the search ends.
            _ if at + 1 < child.steps.len() => {
                let between = child.times[at] + 1..child.times[at + 2];
                child.times[at + 1] = draw.random_range(between);
            }
            _ => {}
        }
        child
    }
}

fn pick<T: Copy>(from: &[T], draw: &mut ChaCha8Rng) -> T {
    from[draw.random_range(0..from.len())]
}
