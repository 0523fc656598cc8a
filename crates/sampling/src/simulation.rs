//! A trajectory as something a run driver can advance, save and restore.

use pdesolve_core::{FieldSpec, RestoreError, Simulation, State, Step, StepError};

use crate::error::SamplingError;
use crate::sampler::Trajectory;

/// How the batch is laid out as fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One field for each unknown of a sample, with one value a sample: points in space.
    Points {
        /// Names of the unknowns.
        names: Vec<String>,
    },
    /// One field for each sample, with one value an unknown: fields on a mesh.
    Fields {
        /// Names of the samples.
        names: Vec<String>,
    },
}

/// A [`Trajectory`] as a [`Simulation`]: its time is the number of steps taken.
pub struct Sampling {
    trajectory: Box<dyn Trajectory>,
    layout: Layout,
}

impl Sampling {
    /// A trajectory, laid out as fields.
    pub fn new(trajectory: Box<dyn Trajectory>, layout: Layout) -> Self {
        Self { trajectory, layout }
    }

    fn names(&self) -> &[String] {
        match &self.layout {
            Layout::Points { names } | Layout::Fields { names } => names,
        }
    }
}

impl Simulation for Sampling {
    fn time(&self) -> f64 {
        self.trajectory.steps() as f64
    }

    fn steps(&self) -> u64 {
        self.trajectory.steps() as u64
    }

    fn advance(&mut self, _limit: f64) -> Result<Step, StepError> {
        let before = self.trajectory.rejected();
        self.trajectory
            .advance()
            .map_err(|error| self.step_error(error))?;
        Ok(Step {
            index: self.steps(),
            time: self.time(),
            dt: 1.0,
            rejected: (self.trajectory.rejected() - before) as u32,
        })
    }

    fn fields(&self) -> Vec<FieldSpec> {
        self.names().iter().map(FieldSpec::new).collect()
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        let batch = self.trajectory.batch();
        match &self.layout {
            Layout::Points { names } => {
                for (out, sample) in out.iter_mut().zip(batch.chunks(names.len())) {
                    *out = sample[field];
                }
            }
            Layout::Fields { .. } => {
                let n = out.len();
                out.copy_from_slice(&batch[field * n..(field + 1) * n]);
            }
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        ["evaluations", "t", "sigma", "lambda"]
            .map(str::to_owned)
            .to_vec()
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let node = self.trajectory.node();
        out.extend([
            self.trajectory.evaluations() as f64,
            node.t,
            node.sigma,
            node.lambda,
        ]);
    }

    fn save(&self, state: &mut State) {
        self.trajectory.save(state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.trajectory.restore(state)
    }
}

impl Sampling {
    fn step_error(&self, error: SamplingError) -> StepError {
        StepError::Failed {
            step: self.steps() + 1,
            reason: error.to_string(),
        }
    }
}
