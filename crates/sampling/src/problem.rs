//! What is sampled.

use std::fmt;
use std::sync::Arc;

use crate::denoiser::{Condition, Denoiser};
use crate::guidance::Guidance;
use crate::noise::Noise;
use crate::schedule::{Node, NoiseSchedule};

/// A model on its noise schedule, with what it is conditioned on and guided by.
#[derive(Clone)]
pub struct Problem {
    /// Sizes of data and noise over time.
    pub schedule: Arc<dyn NoiseSchedule>,
    /// The model.
    pub denoiser: Arc<dyn Denoiser>,
    /// What the model is conditioned on.
    pub condition: OwnedCondition,
    /// Changes of the prediction, applied in turn.
    pub guidance: Vec<Arc<dyn Guidance>>,
}

/// A [`Condition`] that owns its numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum OwnedCondition {
    /// Nothing.
    #[default]
    None,
    /// A class by its number.
    Class(usize),
    /// Numbers, one row a sample: `[sample][value]`.
    Values(Arc<[f64]>),
}

impl OwnedCondition {
    /// The same, borrowed.
    pub fn view(&self) -> Condition<'_> {
        match self {
            Self::None => Condition::None,
            Self::Class(class) => Condition::Class(*class),
            Self::Values(values) => Condition::Values(values),
        }
    }
}

impl Problem {
    /// A model without condition or guidance.
    pub fn new(schedule: Arc<dyn NoiseSchedule>, denoiser: Arc<dyn Denoiser>) -> Self {
        Self {
            schedule,
            denoiser,
            condition: OwnedCondition::None,
            guidance: Vec::new(),
        }
    }

    /// Whether the model is asked without condition and guidance, so that the closed form of its
    /// target holds.
    pub fn is_plain(&self) -> bool {
        self.condition == OwnedCondition::None && self.guidance.is_empty()
    }

    /// Number of unknowns of one sample.
    pub fn unknowns(&self) -> usize {
        self.denoiser.unknowns()
    }

    /// A batch of pure noise at `node`, from which sampling starts: sigma times standard normal
    /// numbers.
    pub fn prior(&self, node: &Node, samples: usize, noise: &Noise) -> Vec<f64> {
        let mut x = vec![0.0; samples * self.unknowns()];
        noise.normal(Noise::START, self.unknowns(), &mut x);
        for x in &mut x {
            *x *= node.sigma;
        }
        x
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("schedule", &self.schedule)
            .field("unknowns", &self.unknowns())
            .field("condition", &self.condition)
            .field("guidance", &self.guidance.len())
            .finish_non_exhaustive()
    }
}
