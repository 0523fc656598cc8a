//! Guidance by an energy: samples of p(x_0) exp(-s E(x_0)).
//!
//! Adding -s grad E to the score moves the predicted data by
//!
//! ```text
//! x0 <- x0 - s (sigma^2/alpha) grad_x E_t(x),    E_t(x) = -ln E[exp(-E(x_0)) given x_t = x]
//! ```
//!
//! The energy sees the batch x through the predicted data, whose derivative is
//! dx0/dx = (alpha/sigma^2) Cov[x_0 given x]. With one number V for that covariance,
//!
//! ```text
//! x0 <- x0 - s V grad E_V(x0),   V = d^2 sigma^2/(alpha^2 d^2 + sigma^2)
//! E_V(x0) = -ln E[exp(-E(x0 + sqrt(V) z))],  z standard normal
//! ```
//!
//! d being the standard deviation of the data. No derivative of the model is needed. It is exact
//! for Gaussian data of covariance d^2 I and the energies below, which smooth themselves by V in
//! closed form (the quadratic one at s = 1 only: put its weight into its stiffness). Otherwise it is
//! an approximation, that of pseudo-inverse guidance: where V is far off, the predicted data are
//! pushed too far or too little. J. Song, Vahdat, Mardani and Kautz (2023).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Guidance, GuidanceCall};
use crate::error::SamplingError;
use crate::schedule::Node;

/// An energy of the data.
pub trait Energy: Send + Sync {
    /// Gradient at `data` (one sample) of the energy smoothed by a normal of variance `spread`:
    /// E_V of the [module's](crate::guidance) guidance. An energy that varies little over
    /// sqrt(`spread`) may give its plain gradient.
    fn gradient(&self, spread: f64, data: &[f64], gradient: &mut [f64]);
}

/// Guidance by the gradient of an energy.
pub struct EnergyGradient {
    /// The energy.
    pub energy: Arc<dyn Energy>,
    /// Its weight s.
    pub scale: f64,
    /// Standard deviation d of the data.
    pub deviation: f64,
}

impl EnergyGradient {
    /// V: the variance of Gaussian data of deviation d, given what is seen of them at `node`.
    pub fn spread(&self, node: &Node) -> f64 {
        let (s, d) = (node.sigma * node.sigma, self.deviation * self.deviation);
        d * s / (node.alpha * node.alpha * d + s)
    }
}

impl Guidance for EnergyGradient {
    fn adjust(&self, call: &mut GuidanceCall<'_>, data: &mut [f64]) {
        let spread = self.spread(call.node);
        let unknowns = call.unknowns();
        call.scratch.resize(unknowns, 0.0);
        for data in data.chunks_mut(unknowns) {
            self.energy.gradient(spread, data, call.scratch);
            for (x0, g) in data.iter_mut().zip(&*call.scratch) {
                *x0 -= self.scale * spread * g;
            }
        }
    }
}

/// E(x) = (k/2) |x - c|^2: draws samples towards c.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuadraticEnergy {
    /// Where it is least, c: one number an unknown. Required.
    pub centre: Vec<f64>,
    /// Stiffness k. Required.
    #[schemars(range(min = 0))]
    pub stiffness: f64,
    /// Weight s. Other weights than 1 are not exact on Gaussians: change the stiffness. Default: 1.
    #[serde(default = "one")]
    pub scale: f64,
    /// Standard deviation of the data. Default: 1.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub deviation: f64,
}

/// E(x) = c . x: tilts the distribution down the slope c.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearEnergy {
    /// The slope c: one number an unknown. Required.
    pub slope: Vec<f64>,
    /// Weight s. Default: 1.
    #[serde(default = "one")]
    pub scale: f64,
    /// Standard deviation of the data. Default: 1.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub deviation: f64,
}

fn one() -> f64 {
    1.0
}

impl Energy for QuadraticEnergy {
    fn gradient(&self, spread: f64, data: &[f64], gradient: &mut [f64]) {
        let stiffness = self.stiffness / (1.0 + self.stiffness * spread);
        for ((g, x0), c) in gradient.iter_mut().zip(data).zip(&self.centre) {
            *g = stiffness * (x0 - c);
        }
    }
}

impl Energy for LinearEnergy {
    fn gradient(&self, _spread: f64, _data: &[f64], gradient: &mut [f64]) {
        gradient.copy_from_slice(&self.slope);
    }
}

impl QuadraticEnergy {
    pub(super) fn guidance(&self, unknowns: usize) -> Result<EnergyGradient, SamplingError> {
        check_vector("centre", &self.centre, unknowns)?;
        if !(self.stiffness >= 0.0 && self.stiffness.is_finite()) {
            return Err(SamplingError::parameter(
                "stiffness",
                format!("it is {}, and is finite and not negative", self.stiffness),
            ));
        }
        weighted(Arc::new(self.clone()), self.scale, self.deviation)
    }
}

impl LinearEnergy {
    pub(super) fn guidance(&self, unknowns: usize) -> Result<EnergyGradient, SamplingError> {
        check_vector("slope", &self.slope, unknowns)?;
        weighted(Arc::new(self.clone()), self.scale, self.deviation)
    }
}

fn check_vector(key: &str, values: &[f64], unknowns: usize) -> Result<(), SamplingError> {
    if values.len() == unknowns && values.iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    Err(SamplingError::parameter(
        key,
        format!(
            "it has {} numbers; a sample has {unknowns} unknowns, and each needs a finite one",
            values.len()
        ),
    ))
}

fn weighted(
    energy: Arc<dyn Energy>,
    scale: f64,
    deviation: f64,
) -> Result<EnergyGradient, SamplingError> {
    if !scale.is_finite() {
        return Err(SamplingError::parameter(
            "scale",
            format!("it is {scale}, and must be finite"),
        ));
    }
    if !(deviation > 0.0 && deviation.is_finite()) {
        return Err(SamplingError::parameter(
            "deviation",
            format!("it is {deviation}, and must be positive and finite"),
        ));
    }
    Ok(EnergyGradient {
        energy,
        scale,
        deviation,
    })
}
