//! The step of the methods that integrate the predicted noise in rho = sigma/alpha.
//!
//! With y = x/alpha the probability-flow equation has no linear part: `dy/drho = eps`. Back in x,
//!
//! ```text
//! x_t = (alpha_t/alpha_s) x_s + alpha_t int eps drho,
//! ```
//!
//! and a constant eps gives DDIM.

use crate::error::SamplingError;
use crate::schedule::Node;

/// (a, b) of x_t = a x_s + b eps with a constant noise: a = alpha_t/alpha_s,
/// b = alpha_t (rho_t - rho_s) = sigma_t - a sigma_s.
pub(super) fn noise_transfer(from: &Node, to: &Node) -> (f64, f64) {
    let a = to.alpha / from.alpha;
    (a, to.sigma - a * from.sigma)
}

/// Refuses a grid that begins without data, where y = x/alpha does not exist.
///
/// # Errors
/// [`SamplingError::Grid`].
pub(super) fn needs_data_at_start(grid: &[Node]) -> Result<(), SamplingError> {
    match grid.first() {
        Some(first) if !(first.alpha > 0.0 && first.rho().is_finite()) => {
            Err(SamplingError::grid(format!(
                "the method divides by alpha, and alpha is {} at its start t = {}; give `from` a smaller time, or take a method that predicts data",
                first.alpha, first.t
            )))
        }
        _ => Ok(()),
    }
}
