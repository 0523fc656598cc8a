//! What a diffusion model is to a sampler.

use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// What a prediction is conditioned on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Condition<'a> {
    /// Nothing.
    #[default]
    None,
    /// A class by its number.
    Class(usize),
    /// Numbers, one row a sample: `[sample][value]`.
    Values(&'a [f64]),
}

/// A model of data seen through noise: predicts data, noise or a combination of them.
pub trait Denoiser: Send + Sync {
    /// Number of unknowns of one sample.
    fn unknowns(&self) -> usize;

    /// What [`Denoiser::evaluate`] returns.
    fn parameterisation(&self) -> Parameterisation;

    /// Predicts for the batch `x` (`[sample][unknown]`) at one time, into `out` of the same length.
    ///
    /// `node` holds the time and with it alpha and sigma; sigma is positive. `x` comes as it is:
    /// a network that wants it scaled does so itself.
    fn evaluate(&self, x: &[f64], node: &Node, condition: Condition<'_>, out: &mut [f64]);
}
