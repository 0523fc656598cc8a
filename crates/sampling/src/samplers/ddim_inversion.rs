//! DDIM inversion: the deterministic step of DDIM, run from data to noise.
//!
//! From node s to the noisier node t, with the prediction of where it stands:
//!
//! ```text
//! x_t = (sigma_t/sigma_s) x_s + [alpha_t - (sigma_t/sigma_s) alpha_s] x0(x_s, s)
//! ```
//!
//! The step back of [`Ddim`](super::Ddim) asks the model at x_t instead, so the two do not undo each
//! other: what is encoded and decoded again comes back with an error of first order. It is the plain
//! explicit exponential Euler method for the reversed equation, and serves where a start of noise
//! near enough will do, or as the first step of a two-step method. Where the data must come back,
//! take [`Edict`](super::Edict) or [`Bdia`](super::Bdia).
//!
//! One call of the model a step. Order 1; a round trip of three Gaussians on 50 even steps in time is
//! off by 0.14. Song, Meng and Ermon (2021).

use crate::error::SamplingError;
use crate::model::Model;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::schedule::Node;

use super::Walk;

/// Carries the data `x` (`[sample][unknown]`) from the last node of `grid` to its first.
///
/// # Errors
/// [`SamplingError`] for grids without steps or with an end at zero noise, where no model can be
/// asked, a batch not made of whole samples, and values that become infinite.
pub fn encode(problem: &Problem, grid: &[Node], x: Vec<f64>) -> Result<Vec<f64>, SamplingError> {
    // Only its checks of grid and batch, and its model, are wanted.
    let Walk { mut model, x, .. } = Walk::new(problem, grid, x)?;
    encode_with(&mut model, grid, x)
}

/// The same with a model at hand.
pub(super) fn encode_with(
    model: &mut Model,
    grid: &[Node],
    mut x: Vec<f64>,
) -> Result<Vec<f64>, SamplingError> {
    if grid[grid.len() - 1].is_clean() {
        return Err(SamplingError::unfit(
            "DDIM inversion",
            "it asks the model at the end of the grid, which has no noise; end it at the smallest noise (`final = \"sigma_min\"`)",
        ));
    }
    let mut data = vec![0.0; x.len()];
    for (step, pair) in grid.windows(2).rev().enumerate() {
        let (to, from) = (&pair[0], &pair[1]);
        model.predict(Parameterisation::Data, &x, from, &mut data);
        let (a, b) = ddim(from, to);
        for (x, data) in x.iter_mut().zip(&data) {
            *x = a * *x + b * data;
        }
        model.check_finite(&x, step + 1, to)?;
    }
    Ok(x)
}

/// (a, b) of the step x_t = a x_s + b x0 from `from` to `to`, in either direction.
///
/// Written with the data rather than the noise, so that it holds where alpha is 0.
pub(super) fn ddim(from: &Node, to: &Node) -> (f64, f64) {
    let a = to.sigma / from.sigma;
    (a, to.alpha - a * from.alpha)
}

#[cfg(test)]
mod tests {
    use super::encode;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::samplers::Ddim;
    use crate::samplers::tests::{EXACT, STARTS, distance, end, three_gaussians};

    /// Distance of the starts from where the ends of their trajectories are encoded to.
    fn round_trip(steps: usize) -> f64 {
        let problem = three_gaussians();
        let grid = GridParams::spaced(GridKind::Time);
        let nodes = grid.nodes(problem.schedule.as_ref(), steps).expect("grid");
        let x = end(&Ddim::default(), &problem, &grid, steps);
        let back = encode(&problem, &nodes, x).expect("encodes");
        distance(&back, &STARTS)
    }

    #[test]
    fn does_not_return_to_its_start() {
        let off = round_trip(50);
        assert!(off >= 0.05, "{off}");
    }

    #[test]
    fn meets_the_exact_flow_at_first_order() {
        let problem = three_gaussians();
        let error = |steps| {
            let nodes =
                (GridParams::lambda().nodes(problem.schedule.as_ref(), steps)).expect("grid");
            let x = encode(&problem, &nodes, EXACT.to_vec()).expect("encodes");
            distance(&x, &STARTS)
        };
        let order = f64::log2(error(640) / error(1280));
        assert!((order - 1.0).abs() < 0.15, "{order}");
    }

    #[test]
    fn refuses_a_grid_that_ends_without_noise() {
        let problem = three_gaussians();
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        let nodes = grid.nodes(problem.schedule.as_ref(), 5).expect("grid");
        assert!(encode(&problem, &nodes, EXACT.to_vec()).is_err());
    }
}
