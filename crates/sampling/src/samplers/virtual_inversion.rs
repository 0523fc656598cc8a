//! Editing without inversion: DDCM with a source and a target branch (InfEdit).
//!
//! The data x_0 of the source are known, so its noise needs no model: it is read off. Both branches
//! take the same draws z:
//!
//! ```text
//! e_c   = (x_s - alpha x_0)/sigma                                  consistent noise of the source
//! d     = e_tgt(x_t) - e_src(x_s)
//! y     = x_0 + [(x_t - x_s) - sigma d]/alpha                      predicted data of the target
//! x_s' = alpha' x_0 + sqrt(sigma'^2 - c^2) e_c + c z,              c = sqrt(eta) sigma'
//! x_t' = alpha' y + sqrt(sigma'^2 - c^2) (d + e_c) + c z
//! ```
//!
//! from x_t = x_s = alpha x_0 + sigma z. eta = 1 draws all noise anew in every step. The last y is
//! the answer; where both models agree it is x_0 to the last bit.
//!
//! Two calls of a model a step. Xu, Huang, Pan, Ma and Chai (2024). It claims no order: with eta = 1
//! nothing but y is carried from step to step. Bad at small noise alone: where sampling begins with
//! much of x_0 left, the target is only partly reached.

use crate::error::SamplingError;
use crate::model::Model;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::schedule::Node;

/// Changes the data `x0` (`[sample][unknown]`) of the source problem into data of the target
/// problem, along `grid` from noise to data with the share `eta` of fresh noise.
///
/// # Errors
/// [`SamplingError`] for an eta outside \[0, 1\], problems of different sizes, a batch not made of
/// whole samples, grids that hold no noise or begin without data, and values that become infinite.
pub fn edit(
    source: &Problem,
    target: &Problem,
    grid: &[Node],
    x0: &[f64],
    eta: f64,
    noise: &Noise,
) -> Result<Vec<f64>, SamplingError> {
    let unknowns = source.unknowns();
    if !(0.0..=1.0).contains(&eta) {
        return Err(SamplingError::parameter(
            "eta",
            format!("it is {eta}, and lies between 0 and 1"),
        ));
    }
    if target.unknowns() != unknowns {
        return Err(SamplingError::unfit(
            "virtual inversion",
            format!(
                "the source has {unknowns} unknowns and the target {}; both models must be of the same data",
                target.unknowns()
            ),
        ));
    }
    if x0.is_empty() || !x0.len().is_multiple_of(unknowns) {
        return Err(SamplingError::parameter(
            "x0",
            format!(
                "{} numbers are given, and one sample has {unknowns}",
                x0.len()
            ),
        ));
    }
    let noisy = grid.iter().take_while(|node| !node.is_clean()).count();
    if noisy == 0 {
        return Err(SamplingError::grid("it holds no node with noise"));
    }
    if let Some(node) = grid.iter().find(|node| node.alpha <= 0.0) {
        return Err(SamplingError::grid(format!(
            "alpha is {} at t = {}, and the data are read off through it; begin at a smaller time",
            node.alpha, node.t
        )));
    }
    let (mut source, mut target) = (Model::new(source), Model::new(target));
    let mut z = vec![0.0; x0.len()];
    noise.normal(Noise::START, unknowns, &mut z);
    let first = grid[0];
    let mut x_s: Vec<f64> = (x0.iter().zip(&z))
        .map(|(x0, z)| first.alpha * x0 + first.sigma * z)
        .collect();
    let mut x_t = x_s.clone();
    let (mut e_src, mut e_tgt) = (z.clone(), z.clone());
    let mut y = x0.to_vec();
    for step in 0..noisy {
        let node = grid[step];
        source.predict(Parameterisation::Noise, &x_s, &node, &mut e_src);
        target.predict(Parameterisation::Noise, &x_t, &node, &mut e_tgt);
        for i in 0..y.len() {
            let d = e_tgt[i] - e_src[i];
            y[i] = x0[i] + ((x_t[i] - x_s[i]) - node.sigma * d) / node.alpha;
        }
        target.check_finite(&y, step + 1, &node)?;
        if step + 1 == noisy {
            break;
        }
        let next = grid[step + 1];
        let fresh = eta.sqrt() * next.sigma;
        let kept = (next.sigma * next.sigma - fresh * fresh).max(0.0).sqrt();
        noise.normal(Noise::key(step, 0), unknowns, &mut z);
        for i in 0..y.len() {
            let e_c = (x_s[i] - node.alpha * x0[i]) / node.sigma;
            let d = e_tgt[i] - e_src[i];
            x_s[i] = next.alpha * x0[i] + kept * e_c + fresh * z[i];
            x_t[i] = next.alpha * y[i] + kept * (d + e_c) + fresh * z[i];
        }
    }
    Ok(y)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::edit;
    use crate::analytic::GaussianMixture;
    use crate::grid::{FinalStep, GridParams};
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::samplers::tests::{EXACT, distance, three_gaussians};
    use crate::schedule::VarianceLinear;

    #[test]
    fn the_same_model_on_both_sides_returns_the_data_bit_for_bit() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda())
            .nodes(problem.schedule.as_ref(), 12)
            .expect("grid");
        for eta in [0.0, 0.5, 1.0] {
            let y = edit(&problem, &problem, &nodes, &EXACT, eta, &Noise::new(2)).expect("edit");
            assert_eq!(y, EXACT, "eta {eta}");
        }
    }

    /// Between Gaussians of one deviation s whose means are D apart, with eta = 1, each step leaves
    /// the share alpha^2 s^2/(alpha^2 s^2 + sigma^2) of the way to x_0 + D.
    #[test]
    fn gaussians_are_moved_by_the_distance_of_their_means_up_to_the_known_rest() {
        let s = 0.5;
        let problem = |mean: f64| {
            let target = GaussianMixture::single(&[mean], s);
            Problem::new(Arc::new(VarianceLinear::default()), Arc::new(target))
        };
        let (source, target) = (problem(-1.0), problem(2.0));
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        for steps in [4, 13] {
            let nodes = (grid.nodes(source.schedule.as_ref(), steps)).expect("grid");
            let rest: f64 = nodes[..steps]
                .iter()
                .map(|n| (n.alpha * s).powi(2) / ((n.alpha * s).powi(2) + n.sigma.powi(2)))
                .product();
            let x0 = [-1.2, -0.4, 0.1];
            let y = edit(&source, &target, &nodes, &x0, 1.0, &Noise::new(2)).expect("edit");
            let wanted = x0.map(|x| x + 3.0 * (1.0 - rest));
            // Noise is divided by alpha = 0.007 at the start, which costs two digits.
            let off = distance(&y, &wanted);
            assert!(off < 1e-11, "{steps} steps: {off:e}");
        }
    }

    #[test]
    fn refuses_shares_of_noise_outside_nought_and_one() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda())
            .nodes(problem.schedule.as_ref(), 3)
            .expect("grid");
        assert!(edit(&problem, &problem, &nodes, &EXACT, 1.5, &Noise::new(2)).is_err());
    }
}
