//! The statistics l, s, b of a model over lambda.
//!
//! Per unknown, with J the diagonal of d eps/dx and f = (sigma eps - l x)/alpha along the flow:
//!
//! ```text
//! l = E[sigma J]                              least E (sigma J - l)^2
//! s = Cov(f, df/dlambda)/Var(f)               least E (df/dlambda - s f - b)^2
//! b = E[df/dlambda] - s E[f]
//! ```
//!
//! Closed forms: data N(m, d^2) have sigma eps = l (x - alpha m) with l = sigma^2/(alpha^2 d^2 +
//! sigma^2) = 1/(1 + d^2 e^(2 lambda)), hence f = -m l, which holds no x: s = 0 and
//! b = -m dl/dlambda = 2 m l (1 - l). The constants (l, s, b) = (1, 0, 0), where f = -x0, and
//! (0, -1, 0), where f = sigma eps/alpha and e^(-S) f is eps times a constant, make the method one
//! in the predicted data or noise.
//!
//! The estimate is our own derivation from the least-squares conditions above:
//!
//! 1. carry `samples` samples of the prior along the flow by the multistep DPM-Solver++ 2M, over
//!    `nodes` nodes even in lambda;
//! 2. at each node ask the model at x, x + d v and x - d v, with v random signs and d = sigma/1000;
//!    the mean over samples of v (eps(x + d v) - eps(x - d v))/(2 d) estimates that of J
//!    (Hutchinson 1989). The signs are the same at all nodes, so that l is smooth in lambda;
//! 3. difference f of the same sample over neighbouring nodes, and regress;
//! 4. between nodes interpolate by cubics with continuous slope, so that order 3 survives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SamplingError;
use crate::model::Model;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::{OwnedCondition, Problem};
use crate::sampler::Sampler;
use crate::samplers::DpmSolverMultistep;
use crate::schedule::Node;

/// Where the statistics come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Statistics {
    /// l = 1, s = b = 0: the method takes the predicted data to be smooth.
    Data,
    /// l = 0, s = -1, b = 0: the method takes the predicted noise to be smooth.
    Noise,
    /// Those of Gaussian data with independent unknowns, in closed form.
    Gaussian {
        /// Mean of the data: one number for all unknowns, or one for each.
        mean: Vec<f64>,
        /// Standard deviation of the data: one number for all unknowns, or one for each.
        deviation: Vec<f64>,
    },
    /// Estimated before the first step, by running the model.
    Estimated(Estimate),
}

impl Default for Statistics {
    fn default() -> Self {
        Self::Estimated(Estimate::default())
    }
}

/// How the statistics are estimated: 4 evaluations a node for a batch of `samples`, which the
/// count of the trajectory leaves out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Estimate {
    /// Samples that are averaged over. Default: 256.
    #[schemars(range(min = 2))]
    pub samples: usize,
    /// Nodes in lambda. Default: 120.
    #[schemars(range(min = 4))]
    pub nodes: usize,
    /// Seed of their noise. Default: 0.
    pub seed: u64,
}

impl Default for Estimate {
    fn default() -> Self {
        Self {
            samples: 256,
            nodes: 120,
            seed: 0,
        }
    }
}

/// l, s and b of one unknown at one lambda.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Linear {
    pub l: f64,
    pub s: f64,
    pub b: f64,
}

/// Statistics that can be asked at any lambda of the grid.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// The same at every lambda and for every unknown.
    Constant(Linear),
    /// Mean and standard deviation of each unknown.
    Gaussian(Vec<(f64, f64)>),
    /// Values at even nodes.
    Table(Table),
}

/// Values at nodes `first + i width`, `[node][unknown]`.
#[derive(Clone, Debug)]
pub(super) struct Table {
    first: f64,
    width: f64,
    values: Vec<Vec<Linear>>,
}

impl Statistics {
    /// Makes the statistics known between the nodes `first` and `last`.
    pub(super) fn known(
        &self,
        problem: &Problem,
        first: &Node,
        last: &Node,
    ) -> Result<Known, SamplingError> {
        let unknowns = problem.unknowns();
        match self {
            Self::Data => Ok(Known::Constant(Linear {
                l: 1.0,
                s: 0.0,
                b: 0.0,
            })),
            Self::Noise => Ok(Known::Constant(Linear {
                l: 0.0,
                s: -1.0,
                b: 0.0,
            })),
            Self::Gaussian { mean, deviation } => {
                check_moments("mean", mean, unknowns, |m| m.is_finite())?;
                let usable = |d: f64| d.is_finite() && d >= 0.0;
                check_moments("deviation", deviation, unknowns, usable)?;
                let of = |values: &[f64], i: usize| values[if values.len() == 1 { 0 } else { i }];
                let moments = (0..unknowns).map(|i| (of(mean, i), of(deviation, i)));
                Ok(Known::Gaussian(moments.collect()))
            }
            Self::Estimated(estimate) => Ok(Known::Table(estimate.run(problem, first, last)?)),
        }
    }
}

fn check_moments(
    key: &str,
    values: &[f64],
    unknowns: usize,
    usable: impl Fn(f64) -> bool,
) -> Result<(), SamplingError> {
    let key = format!("statistics.gaussian.{key}");
    if values.len() != 1 && values.len() != unknowns {
        return Err(SamplingError::parameter(
            key,
            format!(
                "{} numbers are given; one sample of this model has {unknowns} unknowns, so give 1 or {unknowns}",
                values.len()
            ),
        ));
    }
    match values.iter().find(|v| !usable(**v)) {
        None => Ok(()),
        Some(value) => Err(SamplingError::parameter(
            key,
            format!("it holds {value}; a mean must be finite, a deviation finite and not negative"),
        )),
    }
}

impl Known {
    /// l, s and b of every unknown at `lambda`.
    pub(super) fn at(&self, lambda: f64, out: &mut [Linear]) {
        match self {
            &Self::Constant(linear) => out.fill(linear),
            Self::Gaussian(moments) => {
                for (out, (mean, deviation)) in out.iter_mut().zip(moments) {
                    let l = 1.0 / (1.0 + (deviation * lambda.exp()).powi(2));
                    let b = 2.0 * mean * l * (1.0 - l);
                    *out = Linear { l, s: 0.0, b };
                }
            }
            Self::Table(table) => table.at(lambda, out),
        }
    }
}

impl Table {
    /// Cubic between nodes, its slopes there the central differences.
    fn at(&self, lambda: f64, out: &mut [Linear]) {
        let last = self.values.len() - 1;
        let place = ((lambda - self.first) / self.width).clamp(0.0, last as f64);
        let cell = (place as usize).min(last - 1);
        let u = place - cell as f64;
        let (before, after) = (cell.saturating_sub(1), (cell + 2).min(last));
        let [a, b, c, d] = [before, cell, cell + 1, after].map(|node| &self.values[node]);
        // At an end the difference is one-sided, over one width.
        let (left, right) = ((cell + 1 - before) as f64, (after - cell) as f64);
        let cubic = |a: f64, b: f64, c: f64, d: f64| {
            let (p, q) = ((c - a) / left, (d - b) / right);
            let (curve, bend) = (3.0 * (c - b) - 2.0 * p - q, 2.0 * (b - c) + p + q);
            b + u * (p + u * (curve + u * bend))
        };
        for (i, out) in out.iter_mut().enumerate() {
            *out = Linear {
                l: cubic(a[i].l, b[i].l, c[i].l, d[i].l),
                s: cubic(a[i].s, b[i].s, c[i].s, d[i].s),
                b: cubic(a[i].b, b[i].b, c[i].b, d[i].b),
            };
        }
    }
}

impl Estimate {
    fn run(&self, problem: &Problem, first: &Node, last: &Node) -> Result<Table, SamplingError> {
        for (key, found, least) in [("samples", self.samples, 2), ("nodes", self.nodes, 4)] {
            if found < least {
                return Err(SamplingError::parameter(
                    format!("statistics.estimated.{key}"),
                    format!("it is {found}, and must be at least {least}"),
                ));
            }
        }
        if let OwnedCondition::Values(_) = problem.condition {
            return Err(SamplingError::unfit(
                "DPM-Solver-v3 with estimated statistics",
                "the model is conditioned on numbers, a row for each sample of the batch, and the estimate runs samples of its own; take `statistics` gaussian, data or noise",
            ));
        }
        let unknowns = problem.unknowns();
        let width = (last.lambda - first.lambda) / (self.nodes - 1) as f64;
        let schedule = problem.schedule.as_ref();
        let mut grid: Vec<Node> = (0..self.nodes)
            .map(|i| schedule.node_at_lambda(first.lambda + width * i as f64))
            .collect();
        grid[0] = *first;
        grid[self.nodes - 1] = *last;

        let noise = Noise::new(self.seed);
        let start = problem.prior(first, self.samples, &noise);
        let mut signs = vec![0.0; start.len()];
        noise.normal(Noise::key(0, 0), unknowns, &mut signs);
        for sign in &mut signs {
            *sign = sign.signum();
        }
        let solver = DpmSolverMultistep::default();
        let mut trajectory = solver.start(problem, &grid, start, noise)?;
        let mut model = Model::new(problem);
        let mut values = vec![vec![Linear::default(); unknowns]; self.nodes];
        // f at the node before last, the last and the newest.
        let mut f = [vec![0.0; signs.len()], vec![0.0; signs.len()], Vec::new()];
        f[2] = f[0].clone();
        let (mut beside, mut slope) = (f[0].clone(), f[0].clone());
        for (number, node) in grid.iter().enumerate() {
            if number > 0 {
                trajectory.advance()?;
            }
            let x = trajectory.batch();
            f.rotate_left(1);
            // sigma J, sample by sample: `slope` holds eps(x + d v), then f[2] eps(x - d v).
            let d = 1e-3 * node.sigma;
            for (out, sign) in [(&mut slope, d), (&mut f[2], -d)] {
                for ((beside, x), v) in beside.iter_mut().zip(x).zip(&signs) {
                    *beside = x + sign * v;
                }
                model.predict(Parameterisation::Noise, &beside, node, out);
            }
            let scale = 0.5 * node.sigma / (d * self.samples as f64);
            for sample in 0..self.samples {
                for (i, value) in values[number].iter_mut().enumerate() {
                    let at = sample * unknowns + i;
                    value.l += scale * signs[at] * (slope[at] - f[2][at]);
                }
            }
            model.predict(Parameterisation::Noise, x, node, &mut f[2]);
            for (at, f) in f[2].iter_mut().enumerate() {
                let l = values[number][at % unknowns].l;
                *f = (node.sigma * *f - l * x[at]) / node.alpha;
            }
            if number == 1 {
                difference(&f[2], &f[1], width, &mut slope);
                regress(&f[1], &slope, &mut values[0]);
            } else if number > 1 {
                difference(&f[2], &f[0], 2.0 * width, &mut slope);
                regress(&f[1], &slope, &mut values[number - 1]);
            }
        }
        difference(&f[2], &f[1], width, &mut slope);
        regress(&f[2], &slope, &mut values[self.nodes - 1]);
        for (node, values) in grid.iter().zip(&values) {
            if values.iter().any(|v| !(v.l + v.s + v.b).is_finite()) {
                return Err(SamplingError::unfit(
                    "DPM-Solver-v3 with estimated statistics",
                    format!(
                        "the estimate is not finite at t = {}; take `statistics` gaussian, data or noise",
                        node.t
                    ),
                ));
            }
        }
        Ok(Table {
            first: first.lambda,
            width,
            values,
        })
    }
}

/// out = (a - b)/width.
fn difference(a: &[f64], b: &[f64], width: f64, out: &mut [f64]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = (a - b) / width;
    }
}

/// s and b of the least-squares line through (f, slope), unknown by unknown.
fn regress(f: &[f64], slope: &[f64], values: &mut [Linear]) {
    let unknowns = values.len();
    let count = (f.len() / unknowns) as f64;
    for (i, value) in values.iter_mut().enumerate() {
        let of = |array: &'_ [f64]| array.iter().skip(i).step_by(unknowns).sum::<f64>() / count;
        let (mean, mean_slope) = (of(f), of(slope));
        let (mut variance, mut covariance) = (0.0, 0.0);
        for (f, slope) in (f.iter().zip(slope)).skip(i).step_by(unknowns) {
            variance += (f - mean) * (f - mean) / count;
            covariance += (f - mean) * (slope - mean_slope) / count;
        }
        // Where f is one number but for rounding and truncation there is no line to draw.
        let line = variance > 1e-10 * mean * mean && variance > 1e-20;
        value.s = if line { covariance / variance } else { 0.0 };
        value.b = mean_slope - value.s * mean;
    }
}
