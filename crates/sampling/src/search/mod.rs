//! Search for the steps of a sampler: which solver at which time, and from which start.
//!
//! With five or ten steps the order of a method says little. What counts is the error of the whole,
//!
//! ```text
//! E = mean over starts of |x_N - x(t_N)|^2        x(t) the exact flow from the same start
//! ```
//!
//! and that can be measured for any schedule on a few starts, once and for all: [`Fitness`]. Searched
//! here are
//!
//! * the solver of each step on given times, all combinations: [`exhaustive`];
//! * solvers and times together, by mutation: [`Evolution`];
//! * the times alone, of any deterministic sampler, by crossover and mutation: [`TimeSubsets`];
//! * the start that serves many conditions at once: [`optimal_start`].
//!
//! All of them draw from numbered generators and put their candidates in a fixed order, so that
//! nothing depends on the number of threads. A searched schedule is good for the model, the noise
//! schedule and the number of steps it was searched with; always measure it on starts that the search
//! has not seen.
//!
//! Sources: Liu, Ning, Yang and Wang (2023); Li et al. (2023), AutoDiffusion; Ma, Yang, Yang, Fu and
//! Liu (2023). They judge images by the distance of feature statistics (FID); there are no such
//! features of solutions of equations, and the exact flow is known here.

mod evolution;
mod exhaustive;
mod fitness;
mod starting_noise;
mod time_subsets;

pub use evolution::Evolution;
pub use exhaustive::{MOST_SCHEDULES, exhaustive};
pub use fitness::{Fitness, Measure, Score};
pub use starting_noise::{BestStart, optimal_start};
pub use time_subsets::TimeSubsets;

/// The best of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<T> {
    /// What was searched.
    pub best: T,
    /// Its error and its calls of the model, on the starts of the search.
    pub score: Score,
    /// Best error after each generation, the first population included; one entry where there are no
    /// generations.
    pub errors: Vec<f64>,
    /// Number of candidates that were run.
    pub tried: usize,
}

#[cfg(test)]
mod tests;
