//! Changes of a model's prediction while it is being sampled.

use crate::denoiser::{Condition, Denoiser};
use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// One call of the model, as a guidance sees it.
pub struct GuidanceCall<'a> {
    /// The batch `[sample][unknown]`.
    pub x: &'a [f64],
    /// Where.
    pub node: &'a Node,
    /// What the prediction was conditioned on.
    pub condition: Condition<'a>,
    denoiser: &'a dyn Denoiser,
    evaluations: &'a mut u64,
    scratch: &'a mut Vec<f64>,
}

impl<'a> GuidanceCall<'a> {
    pub(crate) fn new(
        x: &'a [f64],
        node: &'a Node,
        condition: Condition<'a>,
        denoiser: &'a dyn Denoiser,
        evaluations: &'a mut u64,
        scratch: &'a mut Vec<f64>,
    ) -> Self {
        Self {
            x,
            node,
            condition,
            denoiser,
            evaluations,
            scratch,
        }
    }

    /// Number of unknowns of one sample.
    pub fn unknowns(&self) -> usize {
        self.denoiser.unknowns()
    }

    /// Asks the model once more, under another condition; the data it predicts. Counted.
    pub fn data_under(&mut self, condition: Condition<'_>) -> &[f64] {
        self.scratch.resize(self.x.len(), 0.0);
        (self.denoiser).evaluate(self.x, self.node, condition, self.scratch);
        *self.evaluations += 1;
        let from = self.denoiser.parameterisation();
        let (a, b) = from.convert(Parameterisation::Data, self.node);
        for (m, x) in self.scratch.iter_mut().zip(self.x) {
            *m = a * x + b * *m;
        }
        self.scratch
    }
}

/// Changes the data that a model predicts.
pub trait Guidance: Send + Sync {
    /// Changes the predicted data `data` (`[sample][unknown]`) in place.
    fn adjust(&self, call: &mut GuidanceCall<'_>, data: &mut [f64]);
}
