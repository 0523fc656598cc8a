//! The exact flow, to near rounding.
//!
//! The probability-flow equation is free of its linear part in either of two pairs of variables:
//!
//! ```text
//! z = x/sigma, kappa = alpha/sigma    dz/dkappa = x0      used while noise rules, kappa < 1
//! y = x/alpha, rho   = sigma/alpha    dy/drho   = eps     used while data rule, rho < 1
//! ```
//!
//! Neither is stiff on its side of kappa = rho = 1, and both are finite where there are no data
//! (kappa = 0). Each sample is integrated on its own, so that its result does not depend on the
//! others, by extrapolation of the modified midpoint rule (Gragg 1965; Bulirsch and Stoer 1966):
//!
//! 1. over a step H, take n = 2, 4, ..., 12 midpoint steps;
//! 2. extrapolate the six results in (H/n)^2 to H/n = 0: order 12;
//! 3. the last two entries of the table differ by the error of the lesser one; refuse the step where
//!    that is above the tolerance, and choose the next from it.
//!
//! It costs 42 calls of the model a step, hence is a reference and no sampler.

use rayon::prelude::*;

use crate::error::SamplingError;
use crate::model::Model;
use crate::parameterisation::Parameterisation;
use crate::problem::{OwnedCondition, Problem};
use crate::schedule::Node;

/// Columns of the extrapolation table.
const COLUMNS: usize = 6;

/// Error of a step, relative to the larger of 1 and the value.
const TOLERANCE: f64 = 1e-13;

/// sigma/alpha from which the predicted data are taken for the end without noise: along an exact
/// flow they differ from it by terms of second order in sigma/alpha.
const NEXT_TO_CLEAN: f64 = 1e-7;

/// Carries the batch `x` (`[sample][unknown]`) along the probability flow from node `from` to node
/// `to`, in either direction, with an error near 1e-12 of its size.
///
/// `to` may be without noise ([`Node::CLEAN`]); `from` may not. Where `from` holds no data
/// (alpha = 0), a model that predicts the noise says nothing of them: it must predict the data, v or
/// the velocity there.
///
/// # Errors
/// [`SamplingError::Grid`] where `from` has no noise or `x` no whole samples,
/// [`SamplingError::StepTooSmall`] where the model is not smooth enough for the tolerance,
/// [`SamplingError::NonFinite`].
pub fn reference_flow(
    problem: &Problem,
    from: &Node,
    to: &Node,
    x: &mut [f64],
) -> Result<(), SamplingError> {
    let unknowns = problem.unknowns();
    if !x.len().is_multiple_of(unknowns) {
        return Err(SamplingError::parameter(
            "starts",
            format!(
                "{} numbers are given, and one sample of this model has {unknowns}",
                x.len()
            ),
        ));
    }
    if from.is_clean() {
        return Err(SamplingError::grid(
            "the exact flow cannot begin without noise; begin at the smallest noise of the schedule",
        ));
    }
    let samples = x.len() / unknowns;
    x.par_chunks_mut(unknowns)
        .enumerate()
        .try_for_each(|(sample, x)| {
            let problem = alone(problem, sample, samples);
            Extrapolation::new(&problem)
                .carry(from, to, x)
                .map_err(|error| of_sample(error, sample))
        })
}

/// The problem of one sample of a batch: numbers it is conditioned on are those of its row.
fn alone(problem: &Problem, sample: usize, samples: usize) -> Problem {
    let mut problem = problem.clone();
    if let OwnedCondition::Values(values) = &problem.condition {
        let width = values.len() / samples;
        problem.condition =
            OwnedCondition::Values(values[sample * width..(sample + 1) * width].into());
    }
    problem
}

fn of_sample(error: SamplingError, number: usize) -> SamplingError {
    match error {
        SamplingError::NonFinite {
            unknown,
            value,
            step,
            t,
            ..
        } => SamplingError::NonFinite {
            sample: number,
            unknown,
            value,
            step,
            t,
        },
        other => other,
    }
}

/// One side of sigma = alpha: which variables are integrated, from where to where.
#[derive(Clone, Copy)]
struct Side {
    wanted: Parameterisation,
    from: Node,
    to: Node,
}

impl Side {
    /// The variable of integration at a node.
    fn variable(&self, node: &Node) -> f64 {
        match self.wanted {
            Parameterisation::Data => node.alpha / node.sigma,
            _ => node.sigma / node.alpha,
        }
    }

    /// What the unknown is a multiple of: x = scale times unknown.
    fn scale(&self, node: &Node) -> f64 {
        match self.wanted {
            Parameterisation::Data => node.sigma,
            _ => node.alpha,
        }
    }

    /// Node at a value of the variable; the ends are the given ones.
    fn node(&self, model: &Model, s: f64) -> Node {
        if s == self.variable(&self.from) {
            self.from
        } else if s == self.variable(&self.to) {
            self.to
        } else {
            let lambda = match self.wanted {
                Parameterisation::Data => s.ln(),
                _ => -s.ln(),
            };
            model.schedule().node_at_lambda(lambda)
        }
    }
}

struct Extrapolation {
    model: Model,
    // The unknown, and what the midpoint rule keeps.
    y: Vec<f64>,
    slope: Vec<f64>,
    before: Vec<f64>,
    now: Vec<f64>,
    x: Vec<f64>,
    rate: Vec<f64>,
    table: [Vec<f64>; COLUMNS],
}

impl Extrapolation {
    fn new(problem: &Problem) -> Self {
        let array = || vec![0.0; problem.unknowns()];
        Self {
            model: Model::new(problem),
            y: array(),
            slope: array(),
            before: array(),
            now: array(),
            x: array(),
            rate: array(),
            table: std::array::from_fn(|_| array()),
        }
    }

    /// The whole way, x being changed in place.
    fn carry(&mut self, from: &Node, to: &Node, x: &mut [f64]) -> Result<(), SamplingError> {
        if to.is_clean() {
            let near = (self.model.schedule()).node_at_lambda(-NEXT_TO_CLEAN.ln());
            if near.lambda > from.lambda {
                self.carry(from, &near, x)?;
            }
            let near = if near.lambda > from.lambda {
                near
            } else {
                *from
            };
            self.model
                .predict(Parameterisation::Data, x, &near, &mut self.rate);
            x.copy_from_slice(&self.rate);
            return Ok(());
        }
        let side = |lambda: f64| match lambda < 0.0 {
            true => Parameterisation::Data,
            false => Parameterisation::Noise,
        };
        let crosses = (from.lambda < 0.0) != (to.lambda < 0.0) && from.lambda != 0.0;
        if !crosses {
            let wanted = side(0.5 * (from.lambda.max(-1e3) + to.lambda.max(-1e3)));
            return self.integrate(
                &Side {
                    wanted,
                    from: *from,
                    to: *to,
                },
                x,
            );
        }
        let middle = self.model.schedule().node_at_lambda(0.0);
        for (from, to) in [(*from, middle), (middle, *to)] {
            let wanted = side(if from.lambda == 0.0 {
                to.lambda
            } else {
                from.lambda
            });
            self.integrate(&Side { wanted, from, to }, x)?;
        }
        Ok(())
    }

    fn integrate(&mut self, side: &Side, x: &mut [f64]) -> Result<(), SamplingError> {
        let (first, last) = (side.variable(&side.from), side.variable(&side.to));
        let scale = side.scale(&side.from);
        for (y, x) in self.y.iter_mut().zip(x.iter()) {
            *y = x / scale;
        }
        let mut s = first;
        let mut h = 0.1 * (last - first);
        let mut steps = 0;
        while s != last {
            // The last step ends exactly at the end.
            let end = if (s + 1.01 * h - last) * h >= 0.0 {
                last
            } else {
                s + h
            };
            h = end - s;
            let error = self.step(side, s, end);
            steps += 1;
            if let Some(unknown) = self.table[0].iter().position(|v| !v.is_finite()) {
                let node = side.node(&self.model, s);
                return Err(SamplingError::NonFinite {
                    sample: 0,
                    unknown,
                    value: self.table[0][unknown],
                    step: steps,
                    t: node.t,
                });
            }
            if error <= 1.0 {
                s = end;
                self.y.copy_from_slice(&self.table[0]);
            }
            let order = 2.0 * COLUMNS as f64 - 1.0;
            h *= (0.8 * error.max(1e-30).powf(-1.0 / order)).clamp(0.2, 4.0);
            if h.abs() <= 1e-14 * s.abs() {
                let node = side.node(&self.model, s);
                return Err(SamplingError::StepTooSmall {
                    h: (h / s).abs(),
                    lambda: node.lambda,
                });
            }
        }
        let scale = side.scale(&side.to);
        for (x, y) in x.iter_mut().zip(&self.y) {
            *x = scale * y;
        }
        Ok(())
    }

    /// Slope of `unknown` at `s`, into `rate`.
    fn slope(&mut self, side: &Side, s: f64, at: Stage) {
        let node = side.node(&self.model, s);
        let scale = side.scale(&node);
        let unknown = match at {
            Stage::Start => &self.y,
            Stage::Inside => &self.now,
        };
        for (x, y) in self.x.iter_mut().zip(unknown) {
            *x = scale * y;
        }
        self.model
            .predict(side.wanted, &self.x, &node, &mut self.rate);
    }

    /// One extrapolated step from `s` to `end`, into the first entry of the table; the size of its
    /// error in units of the tolerance.
    fn step(&mut self, side: &Side, s: f64, end: f64) -> f64 {
        self.slope(side, s, Stage::Start);
        self.slope.copy_from_slice(&self.rate);
        let mut error = f64::INFINITY;
        for row in 0..COLUMNS {
            let n = 2 * (row + 1);
            let h = (end - s) / n as f64;
            self.before.copy_from_slice(&self.y);
            for ((now, y), slope) in self.now.iter_mut().zip(&self.y).zip(&self.slope) {
                *now = y + h * slope;
            }
            for i in 1..n {
                self.slope(side, s + h * i as f64, Stage::Inside);
                for ((before, now), rate) in
                    self.before.iter_mut().zip(&mut self.now).zip(&self.rate)
                {
                    let next = *before + 2.0 * h * rate;
                    *before = *now;
                    *now = next;
                }
            }
            // Neville's scheme in 1/n^2, in place: entry `column` holds the combination of rows
            // `column..=row`.
            self.table[row].copy_from_slice(&self.now);
            for column in (0..row).rev() {
                let ratio = (n as f64 / (2 * (column + 1)) as f64).powi(2) - 1.0;
                let (low, high) = self.table.split_at_mut(column + 1);
                error = 0.0;
                for (a, b) in low[column].iter_mut().zip(&high[0]) {
                    let correction = (b - *a) / ratio;
                    *a = b + correction;
                    error = f64::max(error, correction.abs() / (TOLERANCE * a.abs().max(1.0)));
                }
            }
        }
        error
    }
}

#[derive(Clone, Copy)]
enum Stage {
    Start,
    Inside,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::reference_flow;
    use crate::analytic::{GaussianMixture, Target};
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::samplers::tests::{EXACT, STARTS, distance, three_gaussians};
    use crate::schedule::{Flow, Node, NoiseSchedule, VarianceExploding, VarianceLinear};

    #[test]
    fn meets_the_trajectories_of_two_other_integrators() {
        let problem = three_gaussians();
        let (from, to) = (problem.schedule.node(1.0), problem.schedule.node(1e-3));
        let mut x = STARTS.to_vec();
        reference_flow(&problem, &from, &to, &mut x).expect("smooth");
        let off = distance(&x, &EXACT);
        assert!(off < 1e-11, "{off:e}");
        // And back again. The way back from data to noise amplifies rounding.
        reference_flow(&problem, &to, &from, &mut x).expect("smooth");
        let off = distance(&x, &STARTS);
        assert!(off < 1e-9, "{off:e}");
    }

    #[test]
    fn meets_the_affine_flow_of_a_gaussian_on_every_schedule() {
        // The noise says nothing of the data where alpha = 0, at the start of the straight paths.
        let target = GaussianMixture {
            parameterisation: Parameterisation::Data,
            ..GaussianMixture::single(&[1.0, -2.0], 0.5)
        };
        let schedules: [Arc<dyn NoiseSchedule>; 3] = [
            Arc::new(VarianceLinear::default()),
            Arc::new(VarianceExploding::default()),
            Arc::new(Flow::default()),
        ];
        for schedule in schedules {
            let range = schedule.range();
            let from = schedule.node(range.noisy);
            for to in [schedule.node(range.clean), Node::CLEAN] {
                let problem = Problem::new(schedule.clone(), Arc::new(target.clone()));
                let mut x = problem.prior(&from, 4, &Noise::new(7));
                let mut exact = x.clone();
                reference_flow(&problem, &from, &to, &mut x).expect("smooth");
                assert!(target.flow(&from, &to, &mut exact));
                let off = distance(&x, &exact);
                assert!(off < 1e-11, "{} {off:e}", schedule.name());
            }
        }
    }

    #[test]
    fn a_sample_does_not_depend_on_those_beside_it() {
        let problem = three_gaussians();
        let (from, to) = (problem.schedule.node(1.0), problem.schedule.node(1e-3));
        let mut batch = problem.prior(&from, 1000, &Noise::new(1));
        let mut one = batch[2 * 17..2 * 18].to_vec();
        reference_flow(&problem, &from, &to, &mut batch).expect("smooth");
        reference_flow(&problem, &from, &to, &mut one).expect("smooth");
        assert_eq!(one, batch[2 * 17..2 * 18]);
    }
}
