//! What a model predicts, and how one prediction is turned into another.
//!
//! With `x = alpha x0 + sigma eps`, every form is linear in x and any other form, so a conversion
//! is two numbers: `to = a x + b from`.
//!
//! | form | value |
//! |---|---|
//! | data | x0 |
//! | noise | eps |
//! | v | alpha eps - sigma x0 (Salimans and Ho 2022) |
//! | score | -eps/sigma |
//! | flow | dx/dt = alpha' x0 + sigma' eps, the primes being d/dt |
//! | edm_raw | F, with x0 = c_skip y + c_out F, y = x/alpha (Karras et al. 2022) |

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schedule::Node;

/// What a model predicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parameterisation {
    /// The noise eps.
    #[default]
    Noise,
    /// The data x0.
    Data,
    /// v = alpha eps - sigma x0.
    V,
    /// The score -eps/sigma.
    Score,
    /// The velocity alpha' x0 + sigma' eps of the flow.
    Flow,
    /// The raw output F of a preconditioned network: with s = sigma/alpha and y = x/alpha,
    /// x0 = (sd^2 y + s sd sqrt(s^2 + sd^2) F) / (s^2 + sd^2).
    EdmRaw {
        /// Standard deviation sd of the data; 0.5 in the paper.
        sigma_data: f64,
    },
}

impl Parameterisation {
    /// (a, b, c) with value = a x + b x0 + c eps.
    pub(crate) fn parts(self, node: &Node) -> (f64, f64, f64) {
        match self {
            Self::Noise => (0.0, 0.0, 1.0),
            Self::Data => (0.0, 1.0, 0.0),
            Self::V => (0.0, -node.sigma, node.alpha),
            Self::Score => (0.0, 0.0, -1.0 / node.sigma),
            Self::Flow => (0.0, node.alpha_dot, node.sigma_dot),
            Self::EdmRaw { sigma_data } => {
                let (skip, out) = edm_coefficients(node.rho(), sigma_data);
                (-skip / (node.alpha * out), 1.0 / out, 0.0)
            }
        }
    }

    /// (a, b) with to = a x + b from: turns a prediction of this form into one of form `to`.
    pub fn convert(self, to: Self, node: &Node) -> (f64, f64) {
        if self == to {
            return (0.0, 1.0);
        }
        let (alpha, sigma) = (node.alpha, node.sigma);
        // x0 = p x + q from and eps = r x + s from, without the division by alpha or sigma that
        // the form makes needless.
        let (a, b, c) = self.parts(node);
        let (p, q, r, s);
        if b == 0.0 {
            (r, s) = (0.0, 1.0 / c);
            (p, q) = (1.0 / alpha, -sigma * s / alpha);
        } else if c == 0.0 {
            (p, q) = (-a / b, 1.0 / b);
            (r, s) = ((1.0 - alpha * p) / sigma, -alpha * q / sigma);
        } else {
            // b x0 + c eps = from, alpha x0 + sigma eps = x.
            let determinant = b * sigma - c * alpha;
            (p, q) = (-c / determinant, sigma / determinant);
            (r, s) = (b / determinant, -alpha / determinant);
        }
        let (a, b, c) = to.parts(node);
        (a + b * p + c * r, b * q + c * s)
    }
}

/// c_skip and c_out of Karras et al. (2022) at the noise `sigma` of data scaled to alpha = 1.
fn edm_coefficients(sigma: f64, sigma_data: f64) -> (f64, f64) {
    let sum = sigma * sigma + sigma_data * sigma_data;
    (
        sigma_data * sigma_data / sum,
        sigma * sigma_data / sum.sqrt(),
    )
}
