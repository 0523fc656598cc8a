//! Random numbers that depend on their keys alone.

use pdesolve_core::rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Standard normal numbers keyed by (seed, sample, draw).
///
/// Sample 17 draws the same numbers in its third step however many samples are advanced beside it,
/// on however many threads, and after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    seed: u64,
    first_sample: u64,
}

impl Noise {
    /// Key of the noise that sampling starts from.
    pub const START: u64 = u64::MAX;

    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            first_sample: 0,
        }
    }

    /// The numbers of a batch that begins with sample number `first_sample`.
    pub fn from_sample(seed: u64, first_sample: u64) -> Self {
        Self { seed, first_sample }
    }

    /// Key of draw number `draw` (at most 256) within step number `step`.
    pub fn key(step: usize, draw: usize) -> u64 {
        debug_assert!(draw < 256);
        (step as u64) << 8 | draw as u64
    }

    /// Fills `out` (`[sample][unknown]`) with the standard normal numbers of one draw.
    pub fn normal(&self, key: u64, unknowns: usize, out: &mut [f64]) {
        out.par_chunks_mut(unknowns)
            .enumerate()
            .for_each(|(sample, out)| {
                let mut generator = rng(self.seed, key, self.first_sample + sample as u64);
                for value in out {
                    *value = StandardNormal.sample(&mut generator);
                }
            });
    }
}
