//! The exponential integrator that the samplers share.
//!
//! In lambda = ln(alpha/sigma) the linear part of the probability-flow equation can be integrated
//! exactly (Lu et al. 2022, Zhang and Chen 2023). With h = lambda_t - lambda_s:
//!
//! ```text
//! noise form   x_t = (alpha_t/alpha_s) x_s - sigma_t int_0^h e^(h - u) eps(u) du
//! data form    x_t = (sigma_t/sigma_s) x_s + alpha_t int_0^h e^(u - h) x0(u) du
//! ```
//!
//! and a Taylor series of the prediction m about lambda_s gives
//!
//! ```text
//! x_t = a x_s + sum_k w_k m^(k),   w_k = -sigma_t h^(k+1) phi_(k+1)(h)     (noise)
//!                                  w_k =  alpha_t h^(k+1) phi_(k+1)(-h)    (data)
//! phi_1(z) = (e^z - 1)/z,  phi_(k+1)(z) = (phi_k(z) - 1/k!)/z.
//! ```

use crate::parameterisation::Parameterisation;
use crate::schedule::Node;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the integrator takes to be smooth: the predicted noise or the predicted data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The predicted noise eps: smooth while noise rules; cannot end at zero noise.
    Noise,
    /// The predicted data x0: bounded steps, may end at zero noise.
    #[default]
    Data,
}

impl Form {
    /// The prediction the form is made of.
    pub fn prediction(self) -> Parameterisation {
        match self {
            Self::Noise => Parameterisation::Noise,
            Self::Data => Parameterisation::Data,
        }
    }

    /// a of x_t = a x_s + sum_k w_k m^(k).
    pub fn carry(self, from: &Node, to: &Node) -> f64 {
        match self {
            Self::Noise => to.alpha / from.alpha,
            Self::Data => to.sigma / from.sigma,
        }
    }

    /// w_k: the weight of derivative number k of the prediction with respect to lambda, over the
    /// step from `from` to `to`.
    ///
    /// Towards zero noise only w_0 of the data form exists; the others are not finite.
    pub fn weight(self, k: usize, from: &Node, to: &Node) -> f64 {
        let h = to.lambda - from.lambda;
        match self {
            Self::Noise => -to.sigma * h.powi(k as i32 + 1) * phi(k + 1, h),
            // h phi_1(-h) = 1 - e^(-h), also where h is infinite.
            Self::Data if k == 0 => -to.alpha * (-h).exp_m1(),
            Self::Data => to.alpha * h.powi(k as i32 + 1) * phi(k + 1, -h),
        }
    }
}

/// phi_k(z), k >= 1: the k-th function of exponential integrators, phi_k(0) = 1/k!.
///
/// A power series below |z| = 1 (where the recurrence loses digits), the recurrence beyond.
pub fn phi(k: usize, z: f64) -> f64 {
    if z.abs() < 1.0 {
        // sum_j z^j/(j + k)!
        let mut term = 1.0 / factorial(k);
        let mut sum = term;
        let mut j = 1;
        while term.abs() > 1e-18 * sum.abs() {
            term *= z / (j + k) as f64;
            sum += term;
            j += 1;
        }
        return sum;
    }
    let mut value = z.exp_m1() / z;
    for j in 1..k {
        value = (value - 1.0 / factorial(j)) / z;
    }
    value
}

/// k!
pub fn factorial(k: usize) -> f64 {
    (1..=k).map(|j| j as f64).product()
}

/// `x = a x + b m`, unknown by unknown.
pub fn update(x: &mut [f64], a: f64, m: &[f64], b: f64) {
    for (x, m) in x.iter_mut().zip(m) {
        *x = a * *x + b * m;
    }
}

/// `x = x + b m`, unknown by unknown.
pub fn add(x: &mut [f64], m: &[f64], b: f64) {
    for (x, m) in x.iter_mut().zip(m) {
        *x += b * m;
    }
}

#[cfg(test)]
mod tests {
    use super::phi;

    #[test]
    fn phi_meets_itself_where_series_and_recurrence_join() {
        for k in 1..=4 {
            for z in [-1.0_f64, 1.0] {
                let (below, above) = (phi(k, z * 0.999_999_999), phi(k, z * 1.000_000_001));
                assert!(
                    (below - above).abs() < 1e-8,
                    "phi_{k}({z}): {below} {above}"
                );
            }
        }
        assert!((phi(1, 1.0) - (1f64.exp() - 1.0)).abs() < 1e-15);
        assert!((phi(2, 1.0) - (1f64.exp() - 2.0)).abs() < 1e-15);
        assert!((phi(3, -2.0) - ((-2f64).exp() + 2.0 - 1.0 - 2.0) / -8.0).abs() < 1e-15);
    }
}
