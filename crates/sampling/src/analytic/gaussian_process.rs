//! A multivariate Gaussian N(m, C) with a dense covariance: a Gaussian process seen at points.
//!
//! With C = V S V^T, every map that a sampler asks for is diagonal in the modes V:
//!
//! ```text
//! x0   = m + alpha C (alpha^2 C + sigma^2 I)^-1 (x - alpha m)
//!      = m + V diag(alpha s/(alpha^2 s + sigma^2)) V^T (x - alpha m)
//! eps  = V diag(sigma/(alpha^2 s + sigma^2)) V^T (x - alpha m)
//! flow   x_t = alpha_t m + V diag(sqrt(v_t/v_s)) V^T (x_s - alpha_s m),   v = alpha^2 s + sigma^2
//! draw   m + V diag(sqrt(s)) z
//! ```
//!
//! One prediction costs two dense products, 4 n^2 operations a sample; the eigenvalues are computed
//! once, in O(n^3).

use faer::{Mat, Side};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::denoiser::{Condition, Denoiser};
use crate::error::SamplingError;
use crate::parameterisation::Parameterisation;
use crate::schedule::Node;

/// A multivariate Gaussian: mean and covariance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GaussianProcessParams {
    /// Mean of each unknown. Default: empty, which is zero everywhere.
    #[serde(default)]
    pub mean: Vec<f64>,
    /// The covariance C.
    pub covariance: Covariance,
    /// What the denoiser predicts. Default: noise.
    #[serde(default)]
    pub parameterisation: Parameterisation,
}

/// A covariance; `kind` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Covariance {
    /// C_ij = variance exp(-|p_i - p_j|^2/(2 length^2)) + nugget delta_ij.
    SquaredExponential(SquaredExponential),
    /// The matrix itself.
    Matrix(CovarianceMatrix),
}

/// C_ij = variance exp(-|p_i - p_j|^2/(2 length^2)) + nugget delta_ij.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SquaredExponential {
    /// The points p_i: a number n for 0, 1, ..., n - 1 on a line, or their coordinates, one row a
    /// point. Default: the points or cell centres of the mesh (distances do not wrap around where
    /// it is periodic).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
    /// Length over which the values are correlated.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub length: f64,
    /// Variance of one value, the nugget aside. Default: 1.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub variance: f64,
    /// Variance of an uncorrelated part; keeps the matrix well conditioned. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub nugget: f64,
}

/// A covariance given entry by entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CovarianceMatrix {
    /// Rows of C: symmetric, no eigenvalue negative.
    pub rows: Vec<Vec<f64>>,
}

/// Points at which a process is seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Points {
    /// 0, 1, ..., n - 1 on a line.
    UnitSpaced(usize),
    /// Coordinates, one row a point.
    Given(Vec<Vec<f64>>),
}

/// Points of a dense covariance, at most: its modes then take about a minute and 400 MB.
const MOST_POINTS: usize = 4096;

fn one() -> f64 {
    1.0
}

impl GaussianProcessParams {
    /// The distribution of zero mean with this squared-exponential covariance on 0, ..., n - 1.
    pub fn unit_spaced(n: usize, length: f64, variance: f64, nugget: f64) -> Self {
        Self {
            mean: Vec::new(),
            covariance: Covariance::SquaredExponential(SquaredExponential {
                points: Some(Points::UnitSpaced(n)),
                length,
                variance,
                nugget,
            }),
            parameterisation: Parameterisation::Noise,
        }
    }

    /// Computes the matrix and its modes.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for numbers that make no covariance, or a mean of another
    /// length.
    pub fn build(&self) -> Result<GaussianProcess, SamplingError> {
        let rows = match &self.covariance {
            Covariance::SquaredExponential(kernel) => kernel.rows()?,
            Covariance::Matrix(matrix) => matrix.rows.clone(),
        };
        let mean = if self.mean.is_empty() {
            vec![0.0; rows.len()]
        } else {
            self.mean.clone()
        };
        GaussianProcess::new(mean, &rows, self.parameterisation)
    }
}

impl SquaredExponential {
    fn rows(&self) -> Result<Vec<Vec<f64>>, SamplingError> {
        for (key, value) in [("length", self.length), ("variance", self.variance)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(SamplingError::parameter(
                    key,
                    format!("it is {value}, and must be positive"),
                ));
            }
        }
        if !(self.nugget.is_finite() && self.nugget >= 0.0) {
            return Err(SamplingError::parameter(
                "nugget",
                format!("it is {}, and must not be negative", self.nugget),
            ));
        }
        let points = match &self.points {
            Some(Points::UnitSpaced(n)) => (0..*n).map(|i| vec![i as f64]).collect(),
            Some(Points::Given(points)) => points.clone(),
            None => Vec::new(),
        };
        if points.len() > MOST_POINTS {
            return Err(SamplingError::parameter(
                "points",
                format!(
                    "there are {}, and a dense covariance is made for at most {MOST_POINTS}",
                    points.len()
                ),
            ));
        }
        let dimensions = points.first().map_or(0, Vec::len);
        let usable = |p: &Vec<f64>| p.len() == dimensions && p.iter().all(|c| c.is_finite());
        if dimensions == 0 || !points.iter().all(usable) {
            return Err(SamplingError::parameter(
                "points",
                "there is at least one, and all have the same number of finite coordinates",
            ));
        }
        let entry = |i: usize, j: usize| {
            let squares = points[i]
                .iter()
                .zip(&points[j])
                .map(|(a, b)| (a - b).powi(2));
            let r = squares.sum::<f64>() / (2.0 * self.length * self.length);
            self.variance * (-r).exp() + if i == j { self.nugget } else { 0.0 }
        };
        let n = points.len();
        Ok((0..n)
            .map(|i| (0..n).map(|j| entry(i, j)).collect())
            .collect())
    }
}

/// N(m, C) with the modes of C at hand.
#[derive(Clone, Debug)]
pub struct GaussianProcess {
    mean: Vec<f64>,
    /// `[row][column]`
    covariance: Vec<f64>,
    eigenvalues: Vec<f64>,
    /// V^T, `[mode][unknown]`
    modes: Vec<f64>,
    /// V, `[unknown][mode]`: both products then run along rows.
    transposed: Vec<f64>,
    parameterisation: Parameterisation,
}

impl GaussianProcess {
    /// N(mean, covariance), the matrix given by rows.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] unless the matrix is square, finite and symmetric with no
    /// negative eigenvalue, and the mean has its size.
    pub fn new(
        mean: Vec<f64>,
        covariance: &[Vec<f64>],
        parameterisation: Parameterisation,
    ) -> Result<Self, SamplingError> {
        let n = covariance.len();
        let refuse = |reason: String| Err(SamplingError::parameter("covariance", reason));
        if n == 0 || covariance.iter().any(|row| row.len() != n) {
            return refuse(format!("its {n} rows do not make a square matrix"));
        }
        let size = covariance
            .iter()
            .flatten()
            .fold(0.0, |m: f64, c| m.max(c.abs()));
        for (i, row) in covariance.iter().enumerate() {
            for (j, &a) in row.iter().enumerate() {
                let b = covariance[j][i];
                if !(a.is_finite() && (a - b).abs() <= 1e-12 * size) {
                    return refuse(format!(
                        "entries ({i}, {j}) and ({j}, {i}) are {a} and {b}; it is finite and symmetric"
                    ));
                }
            }
        }
        if mean.len() != n || mean.iter().any(|m| !m.is_finite()) {
            return Err(SamplingError::parameter(
                "mean",
                format!("it has {} numbers for {n} unknowns, all finite", mean.len()),
            ));
        }
        let decomposition = Mat::from_fn(n, n, |i, j| covariance[i][j])
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| {
                SamplingError::parameter("covariance", "its eigenvalues do not converge")
            })?;
        let (s, v) = (decomposition.S().column_vector(), decomposition.U());
        let largest = (0..n).map(|k| s[k]).fold(0.0, f64::max);
        let smallest = (0..n).map(|k| s[k]).fold(f64::INFINITY, f64::min);
        // A smooth kernel has eigenvalues below rounding, on either side of zero.
        if smallest < -1e-12 * n as f64 * largest {
            return refuse(format!(
                "it has the eigenvalue {smallest:.3e}; a covariance has none below zero"
            ));
        }
        Ok(Self {
            mean,
            covariance: covariance.concat(),
            eigenvalues: (0..n).map(|k| s[k].max(0.0)).collect(),
            modes: (0..n * n).map(|at| v[(at % n, at / n)]).collect(),
            transposed: (0..n * n).map(|at| v[(at / n, at % n)]).collect(),
            parameterisation,
        })
    }

    /// The mean m.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariance C, `[row][column]`.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// The eigenvalues of C, rising.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// out = offset m + V diag(f(s)) V^T (x - alpha m); `modes` is scratch of one sample's length.
    fn map(
        &self,
        x: &[f64],
        alpha: f64,
        offset: f64,
        f: impl Fn(f64) -> f64,
        modes: &mut [f64],
        out: &mut [f64],
    ) {
        let n = self.mean.len();
        modes.fill(0.0);
        for ((x, m), row) in x.iter().zip(&self.mean).zip(self.transposed.chunks(n)) {
            let off = x - alpha * m;
            for (mode, v) in modes.iter_mut().zip(row) {
                *mode += off * v;
            }
        }
        for (out, m) in out.iter_mut().zip(&self.mean) {
            *out = offset * m;
        }
        for ((mode, s), row) in modes
            .iter()
            .zip(&self.eigenvalues)
            .zip(self.modes.chunks(n))
        {
            let weight = f(*s) * mode;
            for (out, v) in out.iter_mut().zip(row) {
                *out += weight * v;
            }
        }
    }
}

impl Denoiser for GaussianProcess {
    fn unknowns(&self) -> usize {
        self.mean.len()
    }

    fn parameterisation(&self) -> Parameterisation {
        self.parameterisation
    }

    fn evaluate(&self, x: &[f64], node: &Node, _condition: Condition<'_>, out: &mut [f64]) {
        let n = self.unknowns();
        let (alpha, sigma) = (node.alpha, node.sigma);
        let data = self.parameterisation == Parameterisation::Data;
        let (a, b) = if data {
            (0.0, 1.0)
        } else {
            Parameterisation::Noise.convert(self.parameterisation, node)
        };
        out.par_chunks_mut(n)
            .with_min_len(16)
            .zip(x.par_chunks(n))
            .for_each_init(
                || vec![0.0; n],
                |modes, (out, x)| {
                    if data {
                        let f = |s: f64| alpha * s / (alpha * alpha * s + sigma * sigma);
                        self.map(x, alpha, 1.0, f, modes, out);
                    } else {
                        let f = |s: f64| sigma / (alpha * alpha * s + sigma * sigma);
                        self.map(x, alpha, 0.0, f, modes, out);
                        for (out, x) in out.iter_mut().zip(x) {
                            *out = a * x + b * *out;
                        }
                    }
                },
            );
    }
}

impl Target for GaussianProcess {
    fn draw(&self, generator: &mut ChaCha8Rng, out: &mut [f64]) {
        out.copy_from_slice(&self.mean);
        for (s, row) in self.eigenvalues.iter().zip(self.modes.chunks(out.len())) {
            let z: f64 = StandardNormal.sample(generator);
            for (out, v) in out.iter_mut().zip(row) {
                *out += s.sqrt() * z * v;
            }
        }
    }

    fn moments(&self) -> (Vec<f64>, Vec<f64>) {
        let n = self.mean.len();
        let variances = (0..n).map(|i| self.covariance[i * n + i]).collect();
        (self.mean.clone(), variances)
    }

    fn flow(&self, from: &Node, to: &Node, x: &mut [f64]) -> bool {
        let n = self.mean.len();
        let variance = |node: &Node, s: f64| node.alpha * node.alpha * s + node.sigma * node.sigma;
        let ratio = |s: f64| {
            let before = variance(from, s);
            if before > 0.0 {
                (variance(to, s) / before).sqrt()
            } else {
                0.0
            }
        };
        let (mut modes, mut moved) = (vec![0.0; n], vec![0.0; n]);
        for x in x.chunks_mut(n) {
            self.map(x, from.alpha, to.alpha, ratio, &mut modes, &mut moved);
            x.copy_from_slice(&moved);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use faer::prelude::Solve;
    use faer::{Mat, Side};

    use super::{Covariance, CovarianceMatrix, GaussianProcess, GaussianProcessParams};
    use crate::analytic::{GaussianMixture, Target, TargetParams};
    use crate::denoiser::{Condition, Denoiser};
    use crate::parameterisation::Parameterisation;
    use crate::schedule::ScheduleParams;

    fn matern_like() -> GaussianProcess {
        let mut params = GaussianProcessParams::unit_spaced(12, 3.0, 1.5, 1e-2);
        params.mean = (0..12).map(|i| (0.4 * f64::from(i)).cos()).collect();
        params.parameterisation = Parameterisation::Data;
        params.build().unwrap()
    }

    #[test]
    fn predicts_what_a_dense_solve_gives() {
        let process = matern_like();
        let n = process.unknowns();
        let node = ScheduleParams::default().build().unwrap().node(0.3);
        let x: Vec<f64> = (0..n).map(|i| (1.7 * i as f64).sin()).collect();
        let c = |i: usize, j: usize| process.covariance()[i * n + j];
        let seen = Mat::from_fn(n, n, |i, j| {
            node.alpha.powi(2) * c(i, j) + if i == j { node.sigma.powi(2) } else { 0.0 }
        });
        let off = Mat::from_fn(n, 1, |i, _| x[i] - node.alpha * process.mean()[i]);
        let solved = seen.llt(Side::Lower).unwrap().solve(&off);
        let mut data = vec![0.0; n];
        process.evaluate(&x, &node, Condition::None, &mut data);
        let mut noisy = process.clone();
        noisy.parameterisation = Parameterisation::Noise;
        let mut noise = vec![0.0; n];
        noisy.evaluate(&x, &node, Condition::None, &mut noise);
        for i in 0..n {
            let sum: f64 = (0..n).map(|j| c(i, j) * solved[(j, 0)]).sum();
            let expected = process.mean()[i] + node.alpha * sum;
            assert!((data[i] - expected).abs() < 1e-11);
            assert!((noise[i] - node.sigma * solved[(i, 0)]).abs() < 1e-11);
        }
    }

    #[test]
    fn agrees_with_an_isotropic_gaussian() {
        let single = GaussianMixture::single(&[1.0, -2.0], 0.5);
        let rows = [vec![0.25, 0.0], vec![0.0, 0.25]];
        let process =
            GaussianProcess::new(vec![1.0, -2.0], &rows, Parameterisation::Noise).unwrap();
        let schedule = ScheduleParams::default().build().unwrap();
        let (from, to) = (schedule.node(0.9), schedule.node(0.05));
        let x = [0.3, -0.7, 2.0, 1.0];
        let (mut a, mut b) = ([0.0; 4], [0.0; 4]);
        single.evaluate(&x, &from, Condition::None, &mut a);
        process.evaluate(&x, &from, Condition::None, &mut b);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14));
        let (mut a, mut b) = (x, x);
        assert!(single.flow(&from, &to, &mut a) && process.flow(&from, &to, &mut b));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14));
    }

    #[test]
    fn the_flow_is_what_heun_steps_converge_to() {
        let process = matern_like();
        let n = process.unknowns();
        let schedule = ScheduleParams::default().build().unwrap();
        let start: Vec<f64> = (0..n).map(|i| (0.9 * i as f64).cos()).collect();
        let (from, to) = (schedule.node(0.6), schedule.node(0.2));
        let mut exact = start.clone();
        assert!(process.flow(&from, &to, &mut exact));
        // dx/dt = (alpha'/alpha) x + (sigma' - sigma alpha'/alpha) eps, halving the step.
        let slope = |x: &[f64], t: f64| {
            let node = schedule.node(t);
            let mut data = vec![0.0; n];
            process.evaluate(x, &node, Condition::None, &mut data);
            let eps = x
                .iter()
                .zip(&data)
                .map(|(x, d)| (x - node.alpha * d) / node.sigma);
            let slopes = eps
                .zip(&data)
                .map(|(e, d)| node.alpha_dot * d + node.sigma_dot * e);
            slopes.collect::<Vec<f64>>()
        };
        let error = |steps: usize| {
            let h = (to.t - from.t) / steps as f64;
            let mut x = start.clone();
            for k in 0..steps {
                let t = from.t + k as f64 * h;
                let first = slope(&x, t);
                let ahead: Vec<f64> = x.iter().zip(&first).map(|(x, s)| x + h * s).collect();
                let second = slope(&ahead, t + h);
                for (x, (a, b)) in x.iter_mut().zip(first.iter().zip(&second)) {
                    *x += 0.5 * h * (a + b);
                }
            }
            let off = x.iter().zip(&exact).map(|(a, b)| (a - b).abs());
            off.fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(200), error(400));
        let order = (coarse / fine).log2();
        assert!(fine < 1e-4 && (order - 2.0).abs() < 0.1, "{fine} {order}");
    }

    #[test]
    fn draws_have_its_mean_and_covariance() {
        let process = matern_like();
        let n = process.unknowns();
        let samples = 40_000;
        let draws = process.draws(5, samples);
        let average = |f: &dyn Fn(&[f64]) -> f64| -> f64 {
            draws.chunks(n).map(f).sum::<f64>() / samples as f64
        };
        let c = |i: usize, j: usize| process.covariance()[i * n + j];
        for (i, j) in [(0, 0), (3, 5), (11, 2)] {
            let (mi, mj) = (process.mean()[i], process.mean()[j]);
            let mean = average(&|x| x[i] - mi);
            assert!(mean.abs() < 4.0 * (c(i, i) / samples as f64).sqrt());
            let product = average(&|x| (x[i] - mi) * (x[j] - mj));
            let deviation = ((c(i, i) * c(j, j) + c(i, j).powi(2)) / samples as f64).sqrt();
            assert!((product - c(i, j)).abs() < 4.0 * deviation);
        }
    }

    #[test]
    fn reads_its_parameters_and_refuses_what_is_no_covariance() {
        let text = "kind = \"gaussian_process\"\n[covariance]\nkind = \"squared_exponential\"\npoints = 8\nlength = 2.0\nnugget = 1e-3\n";
        let params: TargetParams = toml::from_str(text).unwrap();
        assert_eq!(params.build().unwrap().unknowns(), 8);
        let unknown = format!("{text}colour = 1.0\n");
        assert!(toml::from_str::<TargetParams>(&unknown).is_err());
        for (from, to) in [("2.0", "-2.0"), ("8", "0"), ("1e-3", "-1e-3")] {
            let params: TargetParams = toml::from_str(&text.replacen(from, to, 1)).unwrap();
            assert!(params.build().is_err(), "{to}");
        }
        let given = text.replace("points = 8", "points = [[0.0, 1.0], [2.0, 2.0]]");
        assert_eq!(
            toml::from_str::<TargetParams>(&given)
                .unwrap()
                .build()
                .unwrap()
                .unknowns(),
            2
        );
        for rows in [
            vec![vec![1.0, 2.0], vec![2.0, 1.0]],
            vec![vec![1.0, 0.2], vec![0.1, 1.0]],
            vec![vec![1.0, 0.2]],
        ] {
            let params = GaussianProcessParams {
                mean: Vec::new(),
                covariance: Covariance::Matrix(CovarianceMatrix { rows }),
                parameterisation: Parameterisation::Noise,
            };
            assert!(params.build().is_err());
        }
    }
}
