//! A model in use: asked for the form a sampler wants, guided, and counted.

use crate::error::SamplingError;
use crate::guidance::GuidanceCall;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::schedule::{Node, NoiseSchedule};

/// The model of a [`Problem`] with the workspace of its guidance and the count of its evaluations.
#[derive(Clone, Debug)]
pub struct Model {
    problem: Problem,
    evaluations: u64,
    scratch: Vec<f64>,
}

impl Model {
    /// The model of `problem`, not asked yet.
    pub fn new(problem: &Problem) -> Self {
        Self {
            problem: problem.clone(),
            evaluations: 0,
            scratch: Vec::new(),
        }
    }

    /// The problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Its schedule.
    pub fn schedule(&self) -> &dyn NoiseSchedule {
        self.problem.schedule.as_ref()
    }

    /// Number of unknowns of one sample.
    pub fn unknowns(&self) -> usize {
        self.problem.unknowns()
    }

    /// Calls of the denoiser so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Takes over the count of a restored trajectory.
    pub fn set_evaluations(&mut self, evaluations: u64) {
        self.evaluations = evaluations;
    }

    /// Predicts for the batch `x` at `node`, in the form `wanted`, into `out`.
    pub fn predict(&mut self, wanted: Parameterisation, x: &[f64], node: &Node, out: &mut [f64]) {
        let condition = self.problem.condition.view();
        let denoiser = self.problem.denoiser.as_ref();
        denoiser.evaluate(x, node, condition, out);
        self.evaluations += 1;
        let from = denoiser.parameterisation();
        if self.problem.guidance.is_empty() {
            convert(from, wanted, x, node, out);
            return;
        }
        convert(from, Parameterisation::Data, x, node, out);
        for guidance in &self.problem.guidance {
            let mut call = GuidanceCall::new(
                x,
                node,
                condition,
                denoiser,
                &mut self.evaluations,
                &mut self.scratch,
            );
            guidance.adjust(&mut call, out);
        }
        convert(Parameterisation::Data, wanted, x, node, out);
    }

    /// Refuses a batch that is not finite, after step number `step` to `node`.
    ///
    /// # Errors
    /// [`SamplingError::NonFinite`] for the first value that is not.
    pub fn check_finite(&self, x: &[f64], step: usize, node: &Node) -> Result<(), SamplingError> {
        if all_finite(x) {
            return Ok(());
        }
        match x.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(at) => Err(SamplingError::NonFinite {
                sample: at / self.unknowns(),
                unknown: at % self.unknowns(),
                value: x[at],
                step,
                t: node.t,
            }),
        }
    }
}

/// Whether no value is infinite or NaN.
pub(crate) fn all_finite(x: &[f64]) -> bool {
    // A count vectorises, which a search and a sum of floating-point numbers do not.
    x.iter().filter(|v| !v.is_finite()).count() == 0
}

fn convert(
    from: Parameterisation,
    to: Parameterisation,
    x: &[f64],
    node: &Node,
    values: &mut [f64],
) {
    if from == to {
        return;
    }
    let (a, b) = from.convert(to, node);
    for (m, x) in values.iter_mut().zip(x) {
        *m = a * x + b * *m;
    }
}
