//! Rectified flow: pairs of noise and data that a flow joins, and how straight its paths are.
//!
//! ```text
//! pairs          (z, x_1),  x_1 = the end of the flow from z
//! straight line  x_t = (1 - t) x_1 + t z        t the time of the schedule: data at 0, noise at 1
//! straightness   S = E int_0^1 |(z - x_1) - v(x_t, t)|^2 dt
//! ```
//!
//! Retrained on such pairs, a flow crosses itself less and its paths are straighter: Liu, Gong and
//! Liu (2023). S = 0 means that one Euler step is exact. For data of one dimension the map from z to
//! x_1 is monotone, lines do not cross, and S is 0 after one round.
//!
//! S is per sample, summed over unknowns, by the midpoint rule in t: its error falls with the square
//! of the interval. Bad at telling how good the data are: a flow to the wrong data may be straight.

use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::model::Model;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::Sampler;
use crate::schedule::Node;

/// Noise and the data it leads to, both `[sample][unknown]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// Number of unknowns of one sample.
    pub unknowns: usize,
    /// z.
    pub noise: Vec<f64>,
    /// x_1.
    pub data: Vec<f64>,
}

/// The pairs that `sampler` joins from the starts `z` along `grid`.
///
/// # Errors
/// As [`Sampler::start`] and [`Trajectory::advance`](crate::Trajectory::advance);
/// [`SamplingError::Unfit`] for a sampler that draws noise, whose starts do not determine its ends.
pub fn pairs(
    sampler: &dyn Sampler,
    problem: &Problem,
    grid: &[Node],
    z: Vec<f64>,
) -> Result<Pairs, SamplingError> {
    if sampler.properties().stochastic {
        return Err(SamplingError::unfit(
            sampler.name(),
            "it draws noise on its way, and pairs need an end that the start determines; take a deterministic one such as `flow_ode`",
        ));
    }
    let mut trajectory = sampler.start(problem, grid, z.clone(), Noise::new(0))?;
    while !trajectory.finished() {
        trajectory.advance()?;
    }
    Ok(Pairs {
        unknowns: problem.unknowns(),
        noise: z,
        data: trajectory.batch().to_vec(),
    })
}

/// S of the model of `problem` on `pairs`, with `intervals` midpoints in t.
///
/// # Errors
/// [`SamplingError::Unfit`] for a schedule other than alpha = 1 - t, sigma = t, and
/// [`SamplingError::Parameter`] where there are no intervals or the sizes do not fit.
pub fn straightness(
    problem: &Problem,
    pairs: &Pairs,
    intervals: usize,
) -> Result<f64, SamplingError> {
    if intervals == 0 {
        return Err(SamplingError::parameter(
            "intervals",
            "it is 0, and is at least 1",
        ));
    }
    let n = pairs.noise.len();
    if n == 0 || n != pairs.data.len() || pairs.unknowns != problem.unknowns() {
        return Err(SamplingError::parameter(
            "pairs",
            format!(
                "{n} numbers of noise and {} of data with {} unknowns a sample are given, and the model has {} unknowns",
                pairs.data.len(),
                pairs.unknowns,
                problem.unknowns()
            ),
        ));
    }
    let mut model = Model::new(problem);
    let (mut x, mut v) = (vec![0.0; n], vec![0.0; n]);
    let mut sum = 0.0;
    for i in 0..intervals {
        let t = (i as f64 + 0.5) / intervals as f64;
        let node = problem.schedule.node(t);
        if (node.alpha - (1.0 - t)).abs() > 1e-12 || (node.sigma - t).abs() > 1e-12 {
            return Err(SamplingError::unfit(
                "straightness",
                format!(
                    "the schedule `{}` has alpha = {}, sigma = {} at t = {t}, and straight lines have 1 - t and t; take the schedule `flow`",
                    problem.schedule.name(),
                    node.alpha,
                    node.sigma
                ),
            ));
        }
        for ((x, z), data) in x.iter_mut().zip(&pairs.noise).zip(&pairs.data) {
            *x = (1.0 - t) * data + t * z;
        }
        model.predict(Parameterisation::Flow, &x, &node, &mut v);
        for ((v, z), data) in v.iter().zip(&pairs.noise).zip(&pairs.data) {
            sum += (z - data - v).powi(2);
        }
    }
    Ok(sum * pairs.unknowns as f64 / (n * intervals) as f64)
}

/// The flow, affine in each unknown, that fits pairs best: the retrained model where noise and data
/// are Gaussian.
///
/// ```text
/// v(x, t) = E[z - x_1] + Cov(z - x_1, x_t)/Var(x_t) (x - E[x_t])      x_t on the straight lines
/// ```
///
/// By least squares, unknown by unknown, from the five moments of the pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineFlow {
    moments: Vec<Moments>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Moments {
    noise: f64,
    data: f64,
    noise_noise: f64,
    noise_data: f64,
    data_data: f64,
}

impl AffineFlow {
    /// Fits it.
    pub fn fit(pairs: &Pairs) -> Self {
        let n = pairs.unknowns;
        let count = (pairs.noise.len() / n) as f64;
        let mut moments = vec![Moments::default(); n];
        let joined = || pairs.noise.chunks(n).zip(pairs.data.chunks(n));
        for (z, x) in joined() {
            for (i, m) in moments.iter_mut().enumerate() {
                m.noise += z[i] / count;
                m.data += x[i] / count;
            }
        }
        for (z, x) in joined() {
            for (i, m) in moments.iter_mut().enumerate() {
                let (z, x) = (z[i] - m.noise, x[i] - m.data);
                m.noise_noise += z * z / count;
                m.noise_data += z * x / count;
                m.data_data += x * x / count;
            }
        }
        Self { moments }
    }
}

impl Denoiser for AffineFlow {
    fn unknowns(&self) -> usize {
        self.moments.len()
    }

    fn parameterisation(&self) -> Parameterisation {
        Parameterisation::Flow
    }

    fn evaluate(&self, x: &[f64], node: &Node, _condition: Condition<'_>, out: &mut [f64]) {
        let (a, s) = (node.alpha, node.sigma);
        for ((out, x), m) in out.iter_mut().zip(x).zip(self.moments.iter().cycle()) {
            let variance = a * a * m.data_data + 2.0 * a * s * m.noise_data + s * s * m.noise_noise;
            let covariance = s * m.noise_noise + (a - s) * m.noise_data - a * m.data_data;
            // Without spread all samples are one, and its velocity is the mean one.
            let slope = if variance > 0.0 {
                covariance / variance
            } else {
                0.0
            };
            *out = m.noise - m.data + slope * (x - a * m.data - s * m.noise);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;
    use std::sync::Arc;

    use super::{AffineFlow, Pairs, pairs, straightness};
    use crate::analytic::GaussianMixture;
    use crate::grid::{GridKind, GridParams};
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::samplers::{Ddim, FlowOde, OdeMethod};
    use crate::schedule::Flow;

    fn flow(mean: f64, deviation: f64) -> Problem {
        let mut target = GaussianMixture::single(&[mean], deviation);
        target.parameterisation = Parameterisation::Flow;
        Problem::new(Arc::new(Flow::default()), Arc::new(target))
    }

    /// To N(0, 1) the flow ends where it began, x_t = z on the line, and with u = 2t - 1
    /// S = int (2u/(1 + u^2))^2 du/2 = pi/2 - 1.
    #[test]
    fn straightness_of_the_flow_between_equal_gaussians_is_the_known_number() {
        let same = Pairs {
            unknowns: 1,
            noise: vec![1.0, -1.0],
            data: vec![1.0, -1.0],
        };
        let off = |n| straightness(&flow(0.0, 1.0), &same, n).expect("S") - (0.5 * PI - 1.0);
        let (coarse, fine) = (off(100), off(200));
        assert!(fine.abs() < 1e-4, "{fine}");
        assert!((coarse / fine).log2() > 1.9, "{coarse} {fine}");
    }

    #[test]
    fn one_round_makes_the_paths_to_a_gaussian_straight() {
        let problem = flow(1.5, 0.4);
        let nodes = GridParams::spaced(GridKind::Time)
            .nodes(problem.schedule.as_ref(), 40)
            .expect("grid");
        let rk4 = FlowOde {
            method: OdeMethod::Rk4,
        };
        let z: Vec<f64> = (-20..=20).map(|i| 0.1 * f64::from(i)).collect();
        let joined = pairs(&rk4, &problem, &nodes, z).expect("pairs");
        let before = straightness(&problem, &joined, 50).expect("S");
        let again = Problem {
            denoiser: Arc::new(AffineFlow::fit(&joined)),
            ..problem
        };
        let after = straightness(&again, &joined, 50).expect("S");
        assert!(before > 0.01 && after < 1e-24, "{before} {after}");
        // So that one Euler step does what forty of RK4 did.
        let euler = FlowOde {
            method: OdeMethod::Euler,
        };
        let ends = [nodes[0], nodes[40]];
        let one = pairs(&euler, &again, &ends, joined.noise.clone()).expect("pairs");
        for ((one, forty), z) in one.data.iter().zip(&joined.data).zip(&joined.noise) {
            // The grid ends at t = 0.001, on the line a thousandth short of the pair's data.
            assert!((one - (0.999 * forty + 0.001 * z)).abs() < 1e-13);
        }
    }

    #[test]
    fn refuses_samplers_that_draw_noise() {
        let problem = flow(0.0, 1.0);
        let nodes = GridParams::spaced(GridKind::Time)
            .nodes(problem.schedule.as_ref(), 4)
            .expect("grid");
        let refusal = pairs(&Ddim { eta: 1.0 }, &problem, &nodes, vec![0.5]);
        assert!(refusal.is_err());
    }
}
