//! Models that are wrong in a known way.

use std::sync::Arc;

use crate::denoiser::{Condition, Denoiser};
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::schedule::Node;

/// The score of a model in the plane, times `factor`, plus `turn` times the vector (-y, x).
pub(crate) struct Disturbed {
    pub(crate) inner: Arc<dyn Denoiser>,
    pub(crate) factor: f64,
    pub(crate) turn: f64,
}

impl Denoiser for Disturbed {
    fn unknowns(&self) -> usize {
        2
    }
    fn parameterisation(&self) -> Parameterisation {
        Parameterisation::Score
    }
    fn evaluate(&self, x: &[f64], node: &Node, condition: Condition<'_>, out: &mut [f64]) {
        self.inner.evaluate(x, node, condition, out);
        let (a, b) = (self.inner.parameterisation()).convert(Parameterisation::Score, node);
        for (out, x) in out.chunks_mut(2).zip(x.chunks(2)) {
            out[0] = self.factor * (a * x[0] + b * out[0]) - self.turn * x[1];
            out[1] = self.factor * (a * x[1] + b * out[1]) + self.turn * x[0];
        }
    }
}

/// The same problem with its score disturbed.
pub(crate) fn disturbed(problem: &Problem, factor: f64, turn: f64) -> Problem {
    let inner = problem.denoiser.clone();
    Problem {
        denoiser: Arc::new(Disturbed {
            inner,
            factor,
            turn,
        }),
        ..problem.clone()
    }
}
