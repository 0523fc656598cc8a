//! The contract of samplers, and the loop that runs them.

use std::fmt::Debug;

use pdesolve_core::{Control, RestoreError, State};

use crate::error::SamplingError;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::schedule::Node;

/// What a sampler says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Properties {
    /// Order of the error in the largest step that the method claims on smooth problems; weak
    /// order for stochastic methods. `None` where it claims none.
    pub order: Option<f64>,
    /// Calls of the model a step, on average over a long grid.
    pub evaluations_per_step: f64,
    /// Arrays of the size of the batch that it holds, the batch included, the model's own not.
    pub arrays: usize,
    /// Whether it draws noise on its way.
    pub stochastic: bool,
    /// Whether its steps can be undone exactly (it is an [`InvertibleSampler`]).
    pub invertible: bool,
    /// Whether it can take the last step to zero noise.
    pub reaches_zero_noise: bool,
    /// Whether it chooses its own steps between the ends of the grid.
    pub adaptive: bool,
}

impl Properties {
    /// A deterministic method with one call of the model a step, that keeps `arrays` arrays.
    pub fn deterministic(order: f64, arrays: usize) -> Self {
        Self {
            order: Some(order),
            evaluations_per_step: 1.0,
            arrays,
            stochastic: false,
            invertible: false,
            reaches_zero_noise: false,
            adaptive: false,
        }
    }
}

/// A method that integrates from noise to data. The type is also its parameters in a case file.
pub trait Sampler: Debug + Send + Sync {
    /// The method in a few words, as the field writes it: `DPM-Solver++ 2M`.
    fn name(&self) -> String;

    /// What it claims and what it costs.
    fn properties(&self) -> Properties;

    /// Begins at the first node of `grid` with the batch `x` (`[sample][unknown]`), to end at the
    /// last. Makes every array that the steps need.
    ///
    /// # Errors
    /// [`SamplingError`] for parameters, grids, schedules and models that the method cannot use.
    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError>;
}

/// A batch of samples on its way from noise to data.
///
/// `advance` allocates nothing.
pub trait Trajectory: Send {
    /// Takes one step.
    ///
    /// # Errors
    /// [`SamplingError::NonFinite`] and [`SamplingError::StepTooSmall`].
    fn advance(&mut self) -> Result<(), SamplingError>;

    /// Whether the last node was reached.
    fn finished(&self) -> bool;

    /// Where the batch stands.
    fn node(&self) -> Node;

    /// The batch, `[sample][unknown]`.
    fn batch(&self) -> &[f64];

    /// Steps taken.
    fn steps(&self) -> usize;

    /// Steps that an error control refused, or calls of the model that were skipped.
    fn rejected(&self) -> usize {
        0
    }

    /// Calls of the model so far, each for the whole batch.
    fn evaluations(&self) -> u64;

    /// The two-step methods' second array beside the batch, where there is one: what
    /// [`InvertibleSampler::encode`] needs to undo the steps.
    fn companion(&self) -> Option<&[f64]> {
        None
    }

    /// Writes all that the remaining steps depend on, bit for bit.
    fn save(&self, state: &mut State);

    /// Takes over what [`Trajectory::save`] wrote.
    ///
    /// # Errors
    /// [`RestoreError`] where an entry is missing or has another length.
    fn restore(&mut self, state: &State) -> Result<(), RestoreError>;
}

/// The two arrays that an invertible two-step method carries, both `[sample][unknown]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// The batch.
    pub batch: Vec<f64>,
    /// Its companion: the second copy (EDICT), or the neighbouring state along the grid (BDIA: that
    /// of the second node beside the first, that of the last but one beside the last). Empty where
    /// there is none yet; the method then makes it from the batch.
    pub companion: Vec<f64>,
}

impl Latent {
    /// A batch without companion.
    pub fn alone(batch: Vec<f64>) -> Self {
        Self {
            batch,
            companion: Vec::new(),
        }
    }
}

/// A sampler whose steps can be undone exactly.
pub trait InvertibleSampler: Sampler {
    /// From noise (first node) to data (last node).
    ///
    /// # Errors
    /// As [`Sampler::start`], and where the inverse would amplify rounding beyond use.
    fn decode(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Latent, SamplingError>;

    /// From data (last node of the same grid) to noise (first node).
    ///
    /// # Errors
    /// As [`InvertibleSampler::decode`].
    fn encode(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Latent, SamplingError>;
}

/// Hears of each step of a trajectory, and may stop it.
pub trait StepObserver {
    /// Called after each step, and once before the first.
    fn step(&mut self, trajectory: &dyn Trajectory) -> Control;
}

impl<F: FnMut(&dyn Trajectory) -> Control> StepObserver for F {
    fn step(&mut self, trajectory: &dyn Trajectory) -> Control {
        self(trajectory)
    }
}

/// The end of a trajectory.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleReport {
    /// The batch at its last node, `[sample][unknown]`.
    pub x: Vec<f64>,
    /// Calls of the model, each for the whole batch: the number of function evaluations.
    pub evaluations: u64,
    /// Steps taken.
    pub steps: usize,
    /// Steps refused by an error control, or calls of the model skipped.
    pub rejected: usize,
    /// Whether the last node was reached; not so where the observer stopped it.
    pub finished: bool,
}

/// Takes the batch `x` from the first node of `grid` to the last.
///
/// # Errors
/// As [`Sampler::start`] and [`Trajectory::advance`].
pub fn sample(
    sampler: &dyn Sampler,
    problem: &Problem,
    grid: &[Node],
    x: Vec<f64>,
    noise: Noise,
    observer: &mut dyn StepObserver,
) -> Result<SampleReport, SamplingError> {
    let mut trajectory = sampler.start(problem, grid, x, noise)?;
    let mut control = observer.step(trajectory.as_ref());
    while !trajectory.finished() && control == Control::Continue {
        trajectory.advance()?;
        control = observer.step(trajectory.as_ref());
    }
    Ok(SampleReport {
        x: trajectory.batch().to_vec(),
        evaluations: trajectory.evaluations(),
        steps: trajectory.steps(),
        rejected: trajectory.rejected(),
        finished: trajectory.finished(),
    })
}
