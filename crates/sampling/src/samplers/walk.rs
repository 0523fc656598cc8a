//! What every trajectory on a fixed grid keeps: the batch, the grid and the count of steps.

use pdesolve_core::{RestoreError, State};

use crate::error::SamplingError;
use crate::model::Model;
use crate::problem::Problem;
use crate::schedule::Node;

/// A batch on its way along a grid.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The model, asked and counted.
    pub(crate) model: Model,
    /// The batch, `[sample][unknown]`.
    pub(crate) x: Vec<f64>,
    /// From noise to data.
    pub(crate) grid: Vec<Node>,
    /// Number of the node at which the batch stands: the steps taken.
    pub(crate) position: usize,
}

impl Walk {
    /// Begins at the first node.
    ///
    /// # Errors
    /// Where the grid has no step, or the batch is not made of whole samples.
    pub(crate) fn new(
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
    ) -> Result<Self, SamplingError> {
        if grid.len() < 2 {
            return Err(SamplingError::grid(
                "it has no steps; at least one is needed",
            ));
        }
        let unknowns = problem.unknowns();
        if x.is_empty() || !x.len().is_multiple_of(unknowns) {
            return Err(SamplingError::parameter(
                "starts",
                format!(
                    "{} numbers are given, and one sample of this model has {unknowns}",
                    x.len()
                ),
            ));
        }
        Ok(Self {
            model: Model::new(problem),
            x,
            grid: grid.to_vec(),
            position: 0,
        })
    }

    /// The two ends of the step that comes next.
    pub(crate) fn step(&self) -> (Node, Node) {
        (self.grid[self.position], self.grid[self.position + 1])
    }

    /// Steps that are left.
    pub(crate) fn left(&self) -> usize {
        self.grid.len() - 1 - self.position
    }

    /// Where the batch stands.
    pub(crate) fn node(&self) -> Node {
        self.grid[self.position]
    }

    /// Counts a step as taken.
    ///
    /// # Errors
    /// [`SamplingError::NonFinite`] where the batch has become so.
    pub(crate) fn arrive(&mut self) -> Result<(), SamplingError> {
        self.position += 1;
        (self.model).check_finite(&self.x, self.position, &self.grid[self.position])
    }

    /// Writes batch and counters.
    pub(crate) fn save(&self, state: &mut State) {
        state.put("x", &self.x);
        state.put_counter("position", self.position as u64);
        state.put_counter("evaluations", self.model.evaluations());
    }

    /// Takes them over.
    pub(crate) fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let x = state.get("x", self.x.len())?;
        let position = state.counter("position")?;
        let evaluations = state.counter("evaluations")?;
        self.x.copy_from_slice(x);
        self.position = (position as usize).min(self.grid.len() - 1);
        self.model.set_evaluations(evaluations);
        Ok(())
    }
}

/// The parts of [`Trajectory`](crate::Trajectory) that a field `walk` answers.
macro_rules! walks {
    () => {
        fn finished(&self) -> bool {
            self.walk.left() == 0
        }

        fn node(&self) -> $crate::schedule::Node {
            self.walk.node()
        }

        fn batch(&self) -> &[f64] {
            &self.walk.x
        }

        fn steps(&self) -> usize {
            self.walk.position
        }

        fn evaluations(&self) -> u64 {
            self.walk.model.evaluations()
        }
    };
}
pub(crate) use walks;
