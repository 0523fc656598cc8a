//! PFGM++: Poisson flow in D augmented dimensions, between electrostatics and diffusion.
//!
//! Data of N unknowns are the charges of a field in N + D dimensions. By symmetry only the norm r of
//! the D augmented unknowns matters, and with r = sigma sqrt(D) the field lines obey the equation of
//! the variance-exploding probability flow, dx/dsigma = (x - x0(x, sigma))/sigma. What differs is
//! how data are perturbed:
//!
//! ```text
//! p_r(x | y) ~ (|x - y|^2 + r^2)^(-(N + D)/2)
//! ```
//!
//! that is x = y + R u with a uniform direction u, R = r sqrt(q/(1 - q)), q ~ Beta(N/2, D/2). With
//! N unknown this is the multivariate Student distribution of D degrees of freedom and scale sigma,
//! and is drawn as such: x = y + sigma sqrt(D/c) z, z normal, c of the chi-squared distribution with
//! D degrees of freedom. No draw is clipped. E R^2/N = sigma^2 D/(D - 2); D to infinity is the
//! Gaussian noise of EDM.
//!
//! Samplers are those of the variance-exploding schedule, as they are: [`prior`] makes the batch
//! that they start from, [`Charges`] is the model that is optimal for a finite set of data. Other
//! schedules follow with y = x/alpha.
//!
//! Small D has heavy tails: starts far out need more steps, and the moments of order D and above do
//! not exist.
//!
//! Source: Xu, Liu, Tian, Tong, Tegmark and Jaakkola (2023).

use pdesolve_core::rng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use rayon::prelude::*;

use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// Refuses a number of augmented dimensions that is none.
fn check_dimensions(augmented: f64) -> Result<(), SamplingError> {
    if augmented.is_finite() && augmented >= 1.0 {
        return Ok(());
    }
    Err(SamplingError::parameter(
        "augmented",
        format!(
            "it is {augmented}; the number of augmented dimensions is finite and at least 1 (take Gaussian noise for an infinite one)"
        ),
    ))
}

/// Adds to the batch `x` (`[sample][unknown]`) noise of size `sigma` of the kernel with `augmented`
/// dimensions D.
///
/// Sample number i draws from the stream (`seed`, `key`, i), whatever else is in the batch.
///
/// # Errors
/// [`SamplingError::Parameter`] where D is below 1, sigma negative, either not finite, or the batch
/// not made of whole samples.
pub fn perturb(
    x: &mut [f64],
    unknowns: usize,
    sigma: f64,
    augmented: f64,
    seed: u64,
    key: u64,
) -> Result<(), SamplingError> {
    check_dimensions(augmented)?;
    if !(sigma.is_finite() && sigma >= 0.0) {
        return Err(SamplingError::parameter(
            "sigma",
            format!("it is {sigma}, and is finite and not negative"),
        ));
    }
    if unknowns == 0 || !x.len().is_multiple_of(unknowns) {
        return Err(SamplingError::parameter(
            "x",
            format!(
                "{} numbers do not make whole samples of {unknowns} unknowns",
                x.len()
            ),
        ));
    }
    // Half of c: chi-squared is twice a gamma distribution.
    let half = Gamma::new(0.5 * augmented, 1.0)
        .map_err(|error| SamplingError::parameter("augmented", error.to_string()))?;
    x.par_chunks_mut(unknowns)
        .with_min_len(64)
        .enumerate()
        .for_each(|(sample, x)| {
            let mut generator = rng(seed, key, sample as u64);
            // Draws of D = 1 can be as small as rounding; the radius stays finite.
            let c = 2.0 * half.sample(&mut generator).max(f64::MIN_POSITIVE);
            let size = sigma * (augmented / c).sqrt();
            for x in x {
                let z: f64 = StandardNormal.sample(&mut generator);
                *x += size * z;
            }
        });
    Ok(())
}

/// The batch that sampling starts from at `node`: the kernel of size sigma about the origin,
/// `[sample][unknown]`.
///
/// # Errors
/// As [`perturb`].
pub fn prior(
    node: &Node,
    samples: usize,
    unknowns: usize,
    augmented: f64,
    seed: u64,
) -> Result<Vec<f64>, SamplingError> {
    let mut x = vec![0.0; samples * unknowns];
    perturb(
        &mut x,
        unknowns,
        node.sigma,
        augmented,
        seed,
        crate::Noise::START,
    )?;
    Ok(x)
}

/// The optimal denoiser of a finite set of data y_i, the charges of the field:
/// x0 = sum_i w_i y_i, w_i ~ (|x/alpha - y_i|^2 + r^2)^(-(N + D)/2), r = (sigma/alpha) sqrt(D).
#[derive(Clone, Debug, PartialEq)]
pub struct Charges {
    data: Vec<f64>,
    unknowns: usize,
    augmented: f64,
}

impl Charges {
    /// The field of `data` (`[sample][unknown]`) in `augmented` further dimensions.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where there are no data, they are not finite or not whole
    /// samples, or D is below 1.
    pub fn new(data: Vec<f64>, unknowns: usize, augmented: f64) -> Result<Self, SamplingError> {
        check_dimensions(augmented)?;
        let whole = unknowns > 0 && !data.is_empty() && data.len().is_multiple_of(unknowns);
        if !whole || data.iter().any(|v| !v.is_finite()) {
            return Err(SamplingError::parameter(
                "data",
                format!(
                    "{} numbers; whole samples of {unknowns} finite unknowns are needed, at least one",
                    data.len()
                ),
            ));
        }
        Ok(Self {
            data,
            unknowns,
            augmented,
        })
    }

    fn evaluate_one(&self, x: &[f64], node: &Node, out: &mut [f64]) {
        let (alpha, d) = (node.alpha, self.augmented);
        let half = 0.5 * (self.unknowns as f64 + d);
        let r2 = node.sigma * node.sigma * d;
        // |x - alpha y|^2/r^2, without a division by alpha; ln_1p keeps its digits at large D.
        let exponent = |y: &[f64]| {
            let squares = x.iter().zip(y).map(|(x, y)| (x - alpha * y).powi(2));
            -half * (squares.sum::<f64>() / r2).ln_1p()
        };
        let charges = || self.data.chunks(self.unknowns);
        let top = charges().map(exponent).fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        out.fill(0.0);
        for y in charges() {
            let w = (exponent(y) - top).exp();
            total += w;
            for (out, y) in out.iter_mut().zip(y) {
                *out += w * y;
            }
        }
        for out in out {
            *out /= total;
        }
    }
}

impl Denoiser for Charges {
    fn unknowns(&self) -> usize {
        self.unknowns
    }

    fn parameterisation(&self) -> Parameterisation {
        Parameterisation::Data
    }

    fn evaluate(&self, x: &[f64], node: &Node, _condition: Condition<'_>, out: &mut [f64]) {
        out.par_chunks_mut(self.unknowns)
            .with_min_len(16)
            .zip(x.par_chunks(self.unknowns))
            .for_each(|(out, x)| self.evaluate_one(x, node, out));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pdesolve_core::{Control, rng};
    use rand_distr::{Beta, Distribution};

    use super::{Charges, perturb, prior};
    use crate::analytic::GaussianMixture;
    use crate::denoiser::{Condition, Denoiser};
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::sampler::{Trajectory, sample};
    use crate::samplers::Edm;
    use crate::schedule::{NoiseSchedule, VarianceExploding};

    const N: usize = 8;

    /// R^2 of draws of size `sigma` about the origin.
    fn radii(sigma: f64, augmented: f64) -> Vec<f64> {
        let mut x = vec![0.0; 200_000 * N];
        perturb(&mut x, N, sigma, augmented, 4, 0).expect("drawn");
        x.chunks(N).map(|x| x.iter().map(|x| x * x).sum()).collect()
    }

    fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
        let n = values.len() as f64;
        values.sum::<f64>() / n
    }

    #[test]
    fn radii_have_the_moments_of_the_kernel() {
        for d in [16.0, 128.0, 2048.0] {
            let sigma = 1.7;
            let moment = mean(radii(sigma, d).into_iter()) / N as f64;
            let exact = sigma * sigma * d / (d - 2.0);
            assert!((moment / exact - 1.0).abs() < 0.01, "{d}: {moment} {exact}");
        }
    }

    #[test]
    fn radii_are_those_of_beta_draws() {
        let d = 16.0;
        let beta = Beta::new(0.5 * N as f64, 0.5 * d).expect("beta");
        let mut generator = rng(9, 0, 0);
        let mut drawn: Vec<f64> = (0..200_000)
            .map(|_| {
                let q = beta.sample(&mut generator);
                d * q / (1.0 - q)
            })
            .collect();
        let mut ours = radii(1.0, d);
        drawn.sort_by(f64::total_cmp);
        ours.sort_by(f64::total_cmp);
        for part in [0.05, 0.25, 0.5, 0.75, 0.95] {
            let at = (part * 200_000.0) as usize;
            let off = ours[at] / drawn[at] - 1.0;
            assert!(off.abs() < 0.015, "quantile {part}: off by {off}");
        }
    }

    #[test]
    fn many_dimensions_give_the_moments_of_gaussian_noise() {
        let radii = radii(1.0, 1e6);
        // |z|^2 of N normal numbers: mean N, mean square N (N + 2).
        let n = N as f64;
        let first = mean(radii.iter().copied()) / n - 1.0;
        let second = mean(radii.iter().map(|r| r * r)) / (n * (n + 2.0)) - 1.0;
        assert!(first.abs() < 5e-3, "{first}");
        assert!(second.abs() < 5e-3, "{second}");
    }

    #[test]
    fn many_dimensions_give_the_denoiser_of_gaussian_noise() {
        let points = [1.0, 0.5, -0.4, 1.1, 0.2, -0.9];
        let charges = Charges::new(points.to_vec(), 2, 1e9).expect("charges");
        let gaussian = GaussianMixture {
            weights: vec![1.0; 3],
            means: points.chunks(2).map(<[f64]>::to_vec).collect(),
            deviations: vec![0.0; 3],
            parameterisation: crate::Parameterisation::Data,
        }
        .checked()
        .expect("points");
        let x = [0.3, 0.1, -1.0, 2.0];
        for schedule in [
            &VarianceExploding::default() as &dyn NoiseSchedule,
            &crate::schedule::VarianceLinear::default(),
        ] {
            let node = schedule.node(0.5);
            let (mut a, mut b) = ([0.0; 4], [0.0; 4]);
            charges.evaluate(&x, &node, Condition::None, &mut a);
            gaussian.evaluate(&x, &node, Condition::None, &mut b);
            for (a, b) in a.iter().zip(&b) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_flow_from_the_prior_ends_on_each_charge_equally_often() {
        let samples = 4000;
        let points = vec![1.0, 0.5, -0.4, 1.1, 0.2, -0.9, -1.3, -0.2];
        for augmented in [4.0, 128.0] {
            let charges = Charges::new(points.clone(), 2, augmented).expect("charges");
            let problem = Problem::new(Arc::new(VarianceExploding::default()), Arc::new(charges));
            let grid = GridParams {
                final_step: FinalStep::Zero,
                ..GridParams::spaced(GridKind::Karras { rho: 7.0 })
            };
            let nodes = grid.nodes(problem.schedule.as_ref(), 60).expect("grid");
            let x = prior(&nodes[0], samples, 2, augmented, 6).expect("prior");
            let mut watch = |_: &dyn Trajectory| Control::Continue;
            let edm = Edm::default();
            let end = sample(&edm, &problem, &nodes, x, Noise::new(0), &mut watch)
                .expect("sampled")
                .x;
            let mut counts = [0usize; 4];
            for x in end.chunks(2) {
                let near = points
                    .chunks(2)
                    .position(|y| (x[0] - y[0]).hypot(x[1] - y[1]) < 1e-3);
                counts[near.unwrap_or_else(|| panic!("{x:?} is on no charge"))] += 1;
            }
            let error = (samples as f64 * 0.25 * 0.75).sqrt();
            for count in counts {
                let off = (count as f64 - 0.25 * samples as f64) / error;
                assert!(off.abs() < 4.0, "D = {augmented}: {counts:?}");
            }
        }
    }

    #[test]
    fn refuses_dimensions_and_data_that_make_no_field() {
        assert!(Charges::new(vec![], 2, 8.0).is_err());
        assert!(Charges::new(vec![1.0, 2.0, 3.0], 2, 8.0).is_err());
        assert!(Charges::new(vec![1.0, f64::NAN], 2, 8.0).is_err());
        assert!(Charges::new(vec![1.0, 2.0], 2, 0.0).is_err());
        assert!(perturb(&mut [0.0; 2], 2, -1.0, 8.0, 1, 0).is_err());
        assert!(perturb(&mut [0.0; 2], 2, 1.0, f64::INFINITY, 1, 0).is_err());
    }
}
