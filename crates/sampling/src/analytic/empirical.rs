//! A finite set of points, each as likely as the others: the distribution of a training set itself.
//!
//! ```text
//! r_k = exp(-|x - alpha m_k|^2/(2 sigma^2)), scaled to sum 1
//! x0  = sum_k r_k m_k
//! ```
//!
//! It is the mixture of Gaussians of deviation 0. A model that has learnt its data by heart predicts
//! this, and its samples are the points again.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// A finite set of points of equal weight. Conditioned on class k it is point number k.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empirical {
    /// The points m_k, one row each.
    pub points: Vec<Vec<f64>>,
    /// What the denoiser predicts. Default: noise.
    #[serde(default)]
    pub parameterisation: Parameterisation,
}

impl Empirical {
    /// The same, checked.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] where there is no point, or one of another length.
    pub fn checked(self) -> Result<Self, SamplingError> {
        let d = self.points.first().map_or(0, Vec::len);
        let usable = |p: &Vec<f64>| p.len() == d && p.iter().all(|v| v.is_finite());
        if d == 0 || !self.points.iter().all(usable) {
            return Err(SamplingError::parameter(
                "points",
                "there is at least one, and all have the same number of finite coordinates",
            ));
        }
        Ok(self)
    }

    /// x0 of one sample, in one pass: what was summed is scaled down where a nearer point comes.
    fn data(&self, x: &[f64], node: &Node, points: std::ops::Range<usize>, out: &mut [f64]) {
        let (alpha, sigma2) = (node.alpha, node.sigma * node.sigma);
        let (mut top, mut total) = (f64::NEG_INFINITY, 0.0);
        out.fill(0.0);
        for point in &self.points[points] {
            let squares = x.iter().zip(point).map(|(x, m)| (x - alpha * m).powi(2));
            let exponent = -squares.sum::<f64>() / (2.0 * sigma2);
            if exponent > top {
                let scale = (top - exponent).exp();
                total *= scale;
                for out in &mut *out {
                    *out *= scale;
                }
                top = exponent;
            }
            let r = (exponent - top).exp();
            total += r;
            for (out, m) in out.iter_mut().zip(point) {
                *out += r * m;
            }
        }
        for out in out {
            *out /= total;
        }
    }
}

impl Denoiser for Empirical {
    fn unknowns(&self) -> usize {
        self.points[0].len()
    }

    fn parameterisation(&self) -> Parameterisation {
        self.parameterisation
    }

    fn evaluate(&self, x: &[f64], node: &Node, condition: Condition<'_>, out: &mut [f64]) {
        let n = self.unknowns();
        let points = match condition {
            Condition::Class(k) if k < self.points.len() => k..k + 1,
            _ => 0..self.points.len(),
        };
        let (a, b) = Parameterisation::Data.convert(self.parameterisation, node);
        out.par_chunks_mut(n)
            .with_min_len(16)
            .zip(x.par_chunks(n))
            .for_each(|(out, x)| {
                self.data(x, node, points.clone(), out);
                for (out, x) in out.iter_mut().zip(x) {
                    *out = a * x + b * *out;
                }
            });
    }
}

impl Target for Empirical {
    fn draw(&self, generator: &mut ChaCha8Rng, out: &mut [f64]) {
        let u: f64 = generator.random();
        let k = (u * self.points.len() as f64) as usize;
        out.copy_from_slice(&self.points[k.min(self.points.len() - 1)]);
    }

    fn moments(&self) -> (Vec<f64>, Vec<f64>) {
        let (n, d) = (self.points.len() as f64, self.unknowns());
        let average = |f: &dyn Fn(&[f64]) -> f64| self.points.iter().map(|p| f(p)).sum::<f64>() / n;
        let mean: Vec<f64> = (0..d).map(|i| average(&|p| p[i])).collect();
        let variance = (0..d)
            .map(|i| average(&|p| (p[i] - mean[i]).powi(2)))
            .collect();
        (mean, variance)
    }

    /// Of one point: x_t = alpha_t m + (sigma_t/sigma_s) (x_s - alpha_s m).
    fn flow(&self, from: &Node, to: &Node, x: &mut [f64]) -> bool {
        if self.points.len() > 1 {
            return false;
        }
        let ratio = to.sigma / from.sigma;
        for x in x.chunks_mut(self.unknowns()) {
            for (x, m) in x.iter_mut().zip(&self.points[0]) {
                *x = to.alpha * m + ratio * (*x - from.alpha * m);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Empirical;
    use crate::analytic::{GaussianMixture, Target, TargetParams};
    use crate::denoiser::{Condition, Denoiser};
    use crate::parameterisation::Parameterisation;
    use crate::schedule::ScheduleParams;

    fn points() -> Vec<Vec<f64>> {
        vec![vec![2.0, 0.0], vec![-1.0, 1.5], vec![-0.5, -2.0]]
    }

    #[test]
    fn is_the_mixture_of_deviation_zero() {
        let schedule = ScheduleParams::default().build().unwrap();
        let x = [0.3, -0.7, 2.0, 1.0, -30.0, 4.0];
        for parameterisation in [Parameterisation::Noise, Parameterisation::Data] {
            let mixture = GaussianMixture {
                weights: vec![1.0 / 3.0; 3],
                means: points(),
                deviations: vec![0.0; 3],
                parameterisation,
            };
            let empirical = Empirical {
                points: points(),
                parameterisation,
            };
            for t in [0.01, 0.2, 0.9] {
                let node = schedule.node(t);
                let (mut a, mut b) = ([0.0; 6], [0.0; 6]);
                for condition in [Condition::None, Condition::Class(1)] {
                    mixture.evaluate(&x, &node, condition, &mut a);
                    empirical.evaluate(&x, &node, condition, &mut b);
                    for (a, b) in a.iter().zip(&b) {
                        assert!((a - b).abs() < 1e-12 * (1.0 + a.abs()), "{a} {b}");
                    }
                }
            }
            let (a, b) = (mixture.moments().0, empirical.moments().0);
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-15));
        }
    }

    #[test]
    fn draws_each_point_equally_often_and_nothing_else() {
        let target = Empirical {
            points: points(),
            parameterisation: Parameterisation::Noise,
        };
        let draws = target.draws(1, 30_000);
        for point in &target.points {
            let count = draws.chunks(2).filter(|x| x == point).count() as f64;
            // Binomial: deviation sqrt(30000 * 1/3 * 2/3) = 82.
            assert!((count - 10_000.0).abs() < 330.0, "{count}");
        }
    }

    #[test]
    fn refuses_ragged_points() {
        let text = "kind = \"empirical\"\npoints = [[1.0, 2.0], [3.0]]\n";
        let params: TargetParams = toml::from_str(text).unwrap();
        assert!(params.build().is_err());
        let none: TargetParams = toml::from_str("kind = \"empirical\"\npoints = []\n").unwrap();
        assert!(none.build().is_err());
    }
}
