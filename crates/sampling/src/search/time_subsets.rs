//! The times of any deterministic sampler: subsets of a list of candidate times.
//!
//! 1. the first population: the plain subset, and random ones;
//! 2. the best `parents` are kept;
//! 3. crossover: number i of a child is number i of one of two random parents, then sorted; a child
//!    with a time twice is no subset, and drawn again, ten times at most;
//! 4. mutation: each time of a random parent is replaced, with a given probability, by one that it
//!    does not have; then sorted;
//! 5. the rest of the next population is random; go on at 2.
//!
//! Both ends stay. The plain subset is in the first population and the best always stays, so that the
//! error on the starts of the search cannot be above the plain one's.
//!
//! Good for a sampler whose model must be asked at times of a given list, as networks of discrete
//! chains must. It knows nothing of neighbouring times: with many candidates and smooth errors
//! [`Evolution`](super::Evolution) moves in smaller steps.
//!
//! Source: Li et al. (2023), AutoDiffusion, whose program judges by FID, and searches the layers of
//! the network beside the times.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fitness, Found, Score};
use crate::error::SamplingError;
use crate::sampler::Sampler;
use pdesolve_core::rng;

/// Draws of a child before it is given up.
const DRAWS: usize = 10;

/// The search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeSubsets {
    /// Subsets in each population. Default: 48.
    #[schemars(range(min = 1))]
    pub population: usize,
    /// Best ones that children are made of. Default: 10.
    #[schemars(range(min = 1))]
    pub parents: usize,
    /// Children by crossover. Default: 16.
    pub crossovers: usize,
    /// Children by mutation. Default: 24.
    pub mutations: usize,
    /// Probability that a mutation replaces a time. Default: 0.25.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Generations after the first population. Default: 40.
    pub generations: usize,
    /// Seed of the draws. Default: 0.
    pub seed: u64,
}

impl Default for TimeSubsets {
    fn default() -> Self {
        Self {
            population: 48,
            parents: 10,
            crossovers: 16,
            mutations: 24,
            probability: 0.25,
            generations: 40,
            seed: 0,
        }
    }
}

impl TimeSubsets {
    /// Numbers of the candidate nodes that `sampler` does best on, as many as there are in `plain`.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for empty populations, more children than a population holds and
    /// impossible probabilities; and as [`Fitness::of`].
    pub fn search(
        &self,
        fitness: &Fitness,
        sampler: &dyn Sampler,
        plain: &[usize],
    ) -> Result<Found<Vec<usize>>, SamplingError> {
        fitness.check(plain)?;
        self.check()?;
        let candidates = fitness.nodes().len();
        let mut best: Vec<(Vec<usize>, Score)> = Vec::new();
        let mut errors = Vec::with_capacity(self.generations + 1);
        let mut tried = 0;
        for generation in 0..=self.generations {
            let mut children: Vec<Vec<usize>> = Vec::with_capacity(self.population);
            if generation == 0 {
                children.push(plain.to_vec());
            }
            for i in children.len()..self.population {
                let mut draw = rng(self.seed, generation as u64, i as u64);
                let child = if generation == 0 || i >= self.crossovers + self.mutations {
                    Some(random(plain.len(), candidates, &mut draw))
                } else if i < self.crossovers {
                    crossed(&best, &mut draw)
                } else {
                    let parent = &best[draw.random_range(0..best.len())].0;
                    Some(mutated(parent, candidates, self.probability, &mut draw))
                };
                let Some(child) = child else { continue };
                if !children.contains(&child) && best.iter().all(|(old, _)| *old != child) {
                    children.push(child);
                }
            }
            tried += children.len();
            let scores: Vec<Score> = (children.par_iter())
                .map(|times| fitness.of(sampler, times))
                .collect::<Result<_, _>>()?;
            best.extend(children.into_iter().zip(scores));
            // Stable: of equals the older stays in front.
            best.sort_by(|(_, a), (_, b)| a.error.total_cmp(&b.error));
            best.truncate(self.parents);
            errors.push(best[0].1.error);
        }
        let (times, score) = best.swap_remove(0);
        Ok(Found {
            best: times,
            score,
            errors,
            tried,
        })
    }

    fn check(&self) -> Result<(), SamplingError> {
        for (key, count) in [("population", self.population), ("parents", self.parents)] {
            if count == 0 {
                return Err(SamplingError::parameter(key, "it is 0, and is at least 1"));
            }
        }
        if self.crossovers.saturating_add(self.mutations) > self.population {
            return Err(SamplingError::parameter(
                "population",
                format!(
                    "it is {}, and must hold {} crossovers and {} mutations",
                    self.population, self.crossovers, self.mutations
                ),
            ));
        }
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(SamplingError::parameter(
                "probability",
                format!("it is {}, and lies between 0 and 1", self.probability),
            ));
        }
        Ok(())
    }
}

/// `size` of the numbers below `candidates`, both ends among them.
fn random(size: usize, candidates: usize, draw: &mut ChaCha8Rng) -> Vec<usize> {
    let mut inner: Vec<usize> = (1..candidates - 1).collect();
    let mut times = vec![0, candidates - 1];
    for _ in 2..size {
        times.push(inner.swap_remove(draw.random_range(0..inner.len())));
    }
    times.sort_unstable();
    times
}

/// A child of two parents; none where all draws had a time twice.
fn crossed(parents: &[(Vec<usize>, Score)], draw: &mut ChaCha8Rng) -> Option<Vec<usize>> {
    for _ in 0..DRAWS {
        let a = &parents[draw.random_range(0..parents.len())].0;
        let b = &parents[draw.random_range(0..parents.len())].0;
        let mut child: Vec<usize> = (a.iter().zip(b))
            .map(|(&a, &b)| if draw.random_bool(0.5) { a } else { b })
            .collect();
        child.sort_unstable();
        if child.windows(2).all(|pair| pair[0] < pair[1]) {
            return Some(child);
        }
    }
    None
}

/// `parent` with some of its inner times replaced.
fn mutated(
    parent: &[usize],
    candidates: usize,
    probability: f64,
    draw: &mut ChaCha8Rng,
) -> Vec<usize> {
    let mut free: Vec<usize> = (0..candidates).filter(|i| !parent.contains(i)).collect();
    let mut child = parent.to_vec();
    for time in &mut child[1..parent.len() - 1] {
        if !free.is_empty() && draw.random_bool(probability) {
            *time = free.swap_remove(draw.random_range(0..free.len()));
        }
    }
    child.sort_unstable();
    child
}
