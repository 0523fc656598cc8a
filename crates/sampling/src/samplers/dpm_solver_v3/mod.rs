//! DPM-Solver-v3: a multistep exponential integrator whose linear part is fitted to the model.
//!
//! With y = x/alpha and coefficients l, s, b of lambda for every unknown ([`Statistics`]) the
//! probability flow is
//!
//! ```text
//! dy/dlambda = -l y - f,           f = (sigma eps - l x)/alpha
//! df/dlambda =  s f + b + rest
//! g(lambda)  = e^(-S) f - B,       L = int l,  S = int s,  B = int e^(-S) b   from lambda_s
//! ```
//!
//! g is constant where the rest is zero, and otherwise slower than f. The step is exact for
//! polynomial g:
//!
//! ```text
//! x_t = (alpha_t/alpha_s) e^(-L_t) x_s - alpha_t e^(-L_t) [ int e^(L+S) B + sum_k g^(k)/k! M_k ]
//! M_k = int_s^t e^(L+S) (lambda - lambda_s)^k dlambda
//! ```
//!
//! One step of order p:
//!
//! 1. predict x_t with the derivatives g^(1..p-1) of the polynomial through g at s and the p - 1
//!    nodes before;
//! 2. ask the model at the predicted x_t, once: f_t and g_t;
//! 3. correct: the same formula from x_s again, with g_t among the values;
//! 4. keep f_t as it is. So the noise that the corrected x_t stands for is that of the same
//!    N = sigma eps - l x, not the same eps.
//!
//! All integrals are taken by the trapezoidal rule on a fine grid of `points` points even in
//! lambda, and every node is moved to the nearest of them: an error of second order in its width
//! remains however many steps are taken.
//!
//! `pseudo` takes k! times the divided difference of g over the first k + 1 points for g^(k),
//! which is of first order only, and steadier with few steps: order 2.
//!
//! Order: p without corrector, but no more than 2 is claimed for the sake of the first step; p + 1 with
//! `next`, of which the start allows 3. Measured on the reference mixture: predictors of order 1, 2, 3
//! at 1.0, 2.0, 2.8; corrected 2.0, 3.4, 3.8. Exact in one step for Gaussian data with their
//! statistics, up to quadrature. (l, s, b) = (1, 0, 0) is the multistep method in the predicted data,
//! (0, -1, 0) in the noise.
//!
//! Bad at: models far from linear over a step, where averages over samples say little of any one;
//! a step to zero noise (lambda is infinite there), which it refuses.
//!
//! Source: Zheng, Lu, Chen and Zhu (2023).

mod integrals;
mod statistics;

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use statistics::{Estimate, Statistics};

use self::integrals::{Integrals, integrate};
use self::statistics::Linear;
use super::unipc::interpolate;
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::history::History;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// Whether a step is corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Corrector {
    /// Not at all.
    None,
    /// By a formula of the order of the predictor, the newest value in place of the oldest; a step of
    /// order 1 is not corrected.
    Same,
    /// By a formula of one order more.
    #[default]
    Next,
}

/// DPM-Solver-v3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DpmSolverV3 {
    /// Order p of the predictor. Default: 3.
    #[schemars(range(min = 1, max = 3))]
    pub order: usize,
    /// Where l, s and b come from. Default: estimated, from 256 samples at 120 nodes.
    pub statistics: Statistics,
    /// Points of the fine grid, even in lambda between the ends of the steps. Default: 4001.
    #[schemars(range(min = 2))]
    pub points: usize,
    /// Whether each step but the last is corrected. Default: next.
    pub corrector: Corrector,
    /// Whether the predictor takes divided differences for derivatives. Default: false.
    pub pseudo_predictor: bool,
    /// Whether the corrector takes divided differences for derivatives. Default: false.
    pub pseudo_corrector: bool,
    /// Whether the order falls to 1 towards the last step. Default: false.
    pub lower_order_final: bool,
}

impl Default for DpmSolverV3 {
    fn default() -> Self {
        Self {
            order: 3,
            statistics: Statistics::default(),
            points: 4001,
            corrector: Corrector::Next,
            pseudo_predictor: false,
            pseudo_corrector: false,
            lower_order_final: false,
        }
    }
}

impl DpmSolverV3 {
    /// Of the given order, all else by default.
    pub fn of_order(order: usize) -> Self {
        Self {
            order,
            ..Self::default()
        }
    }

    /// The nodes moved to the fine grid, with their numbers there.
    fn rounded(
        &self,
        problem: &Problem,
        grid: &[Node],
    ) -> Result<(Vec<Node>, Vec<usize>), SamplingError> {
        let (first, last) = (grid[0], grid[grid.len() - 1]);
        let cells = self.points.saturating_sub(1);
        let span = last.lambda - first.lambda;
        let numbers: Vec<usize> = grid
            .iter()
            .map(|node| (cells as f64 * (node.lambda - first.lambda) / span).round() as usize)
            .collect();
        if let Some(i) = numbers.windows(2).position(|pair| pair[1] <= pair[0]) {
            return Err(SamplingError::parameter(
                "points",
                format!(
                    "it is {}, and the nodes {i} and {} (lambda {} and {}) fall on one point of the fine grid; take more points, or fewer steps",
                    self.points,
                    i + 1,
                    grid[i].lambda,
                    grid[i + 1].lambda
                ),
            ));
        }
        let mut nodes: Vec<Node> = numbers
            .iter()
            .map(|&n| first.lambda + span * n as f64 / cells as f64)
            .map(|lambda| problem.schedule.node_at_lambda(lambda))
            .collect();
        nodes[0] = first;
        nodes[grid.len() - 1] = last;
        Ok((nodes, numbers))
    }
}

impl Presets for DpmSolverV3 {
    fn presets() -> Vec<(&'static str, Self)> {
        // With fewer points the error of the integrals shows from 200 steps on.
        let fine = |order| Self {
            points: 32_001,
            ..Self::of_order(order)
        };
        let plain = Self {
            corrector: Corrector::None,
            ..fine(3)
        };
        let pseudo = Self {
            pseudo_predictor: true,
            pseudo_corrector: true,
            ..fine(3)
        };
        vec![
            ("dpm_solver_v3_2", fine(2)),
            ("dpm_solver_v3_3", fine(3)),
            ("dpm_solver_v3_3_pseudo", pseudo),
            ("dpm_solver_v3_3_predictor", plain),
        ]
    }
}

impl Sampler for DpmSolverV3 {
    fn name(&self) -> String {
        let corrector = match self.corrector {
            Corrector::None => ", no corrector",
            Corrector::Same => ", corrector of the same order",
            Corrector::Next => "",
        };
        let pseudo = match (self.pseudo_predictor, self.pseudo_corrector) {
            (false, false) => "",
            (true, false) => ", pseudo predictor",
            (false, true) => ", pseudo corrector",
            (true, true) => ", pseudo",
        };
        format!("DPM-Solver-v3-{}{corrector}{pseudo}", self.order)
    }

    fn properties(&self) -> Properties {
        let next = self.corrector == Corrector::Next;
        let pseudo = self.pseudo_predictor || self.pseudo_corrector;
        // Without a corrected start the first step, of order 1, allows no more than 2.
        let highest = if next && !pseudo && !self.lower_order_final {
            3
        } else {
            2
        };
        let order = (self.order + usize::from(next)).min(highest);
        Properties::deterministic(order as f64, self.order + 3)
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if !(1..=3).contains(&self.order) {
            return Err(SamplingError::parameter(
                "order",
                format!(
                    "it is {}, and DPM-Solver-v3 has the orders 1, 2 and 3",
                    self.order
                ),
            ));
        }
        let mut walk = Walk::new(problem, grid, x)?;
        let (first, last) = (grid[0], grid[grid.len() - 1]);
        if last.is_clean() {
            return Err(SamplingError::ZeroNoise {
                sampler: self.name(),
                reason: "its statistics live on an even grid in lambda, which is infinite there"
                    .to_owned(),
            });
        }
        if first.alpha == 0.0 {
            return Err(SamplingError::unfit(
                self.name(),
                "it divides by alpha, and alpha is 0 where the grid begins; begin later, or take `unipc`",
            ));
        }
        let (nodes, numbers) = self.rounded(problem, grid)?;
        let known = self.statistics.known(problem, &first, &last)?;
        let unknowns = problem.unknowns();
        let integrals = (nodes.windows(2).zip(numbers.windows(2)))
            .map(|(node, number)| {
                let cells = number[1] - number[0];
                integrate(&known, node[0].lambda, node[1].lambda, cells, unknowns)
            })
            .collect();
        let mut at = vec![Linear::default(); unknowns];
        let l = (nodes.iter())
            .map(|node| {
                known.at(node.lambda, &mut at);
                at.iter().map(|at| at.l).collect()
            })
            .collect();
        walk.grid = nodes;
        let length = walk.x.len();
        Ok(Box::new(Steps {
            params: self.clone(),
            l,
            integrals,
            history: History::new(self.order + 1, length),
            base: vec![0.0; length],
            weights: vec![[0.0; 3]; unknowns],
            walk,
        }))
    }
}

/// DPM-Solver-v3 under way.
struct Steps {
    params: DpmSolverV3,
    walk: Walk,
    /// l at every node, `[node][unknown]`.
    l: Vec<Vec<f64>>,
    /// `[step][unknown]`.
    integrals: Vec<Vec<Integrals>>,
    /// Values of g, with S and B from the node where the batch stands.
    history: History,
    /// The batch before the step.
    base: Vec<f64>,
    /// q_i of the step, by unknown.
    weights: Vec<[f64; 3]>,
}

impl Steps {
    /// Asks the model where the batch stands, at node number `number`, and keeps f.
    fn ask(&mut self, number: usize) {
        let node = self.walk.grid[number];
        let out = self.history.push(node);
        (self.walk.model).predict(Parameterisation::Noise, &self.walk.x, &node, out);
        let l = &self.l[number];
        for (out, x) in out.chunks_mut(l.len()).zip(self.walk.x.chunks(l.len())) {
            for ((f, x), l) in out.iter_mut().zip(x).zip(l) {
                *f = (node.sigma * *f - l * x) / node.alpha;
            }
        }
    }

    /// The newest f to g from where the step begins.
    fn refer_to_start(&mut self) {
        let integrals = &self.integrals[self.walk.position];
        for g in self.history.values_mut(0).chunks_mut(integrals.len()) {
            for (g, step) in g.iter_mut().zip(integrals) {
                *g = *g / step.growth - step.shift;
            }
        }
    }

    /// All g to where the step ends.
    fn refer_to_end(&mut self) {
        let integrals = &self.integrals[self.walk.position];
        for age in 0..self.history.len() {
            for g in self.history.values_mut(age).chunks_mut(integrals.len()) {
                for (g, step) in g.iter_mut().zip(integrals) {
                    *g = step.growth * (*g + step.shift);
                }
            }
        }
    }

    /// x = a base - c (constant + M_0 g_0 + sum_i q_i (g_i - g_0)), with g_0 of age `newest`, and
    /// `count` other values: where `newest` is 1 that of age 0 at the end first, then older ones.
    fn combine(&mut self, from: &Node, to: &Node, newest: usize, count: usize, pseudo: bool) {
        let h = to.lambda - from.lambda;
        // Ages and places r = (lambda_i - lambda_s)/h of the g_i.
        let mut ages = [0; 3];
        let mut r = [1.0; 3];
        for i in newest..count {
            ages[i] = i + 1;
            r[i] = (self.history.node(i + 1).lambda - from.lambda) / h;
        }
        let integrals = &self.integrals[self.walk.position];
        for (q, step) in self.weights.iter_mut().zip(integrals) {
            let mut moments = [0.0; 3];
            let mut power = 1.0;
            for (scaled, moment) in moments[..count].iter_mut().zip(&step.moments[1..]) {
                power *= h;
                *scaled = moment / power;
            }
            *q = if pseudo {
                divided(&r[..count], &moments[..count])
            } else {
                interpolate(&r[..count], &moments[..count])
            };
        }
        let unknowns = integrals.len();
        let ratio = to.alpha / from.alpha;
        let g0 = self.history.values(newest);
        for (at, x) in self.walk.x.iter_mut().enumerate() {
            let (step, q) = (&integrals[at % unknowns], &self.weights[at % unknowns]);
            let mut integral = step.constant + step.moments[0] * g0[at];
            for (age, q) in ages[..count].iter().zip(q) {
                integral += q * (self.history.values(*age)[at] - g0[at]);
            }
            *x = step.decay * (ratio * self.base[at] - to.alpha * integral);
        }
    }
}

/// Weights q_i with sum_i q_i g_i = sum_k moments[k - 1] `g[0, r_1, .., r_k]`, the divided
/// differences of a g that vanishes at 0.
fn divided(r: &[f64], moments: &[f64]) -> [f64; 3] {
    let mut q = [0.0; 3];
    for (k, moment) in moments.iter().enumerate() {
        for i in 0..=k {
            let others = (0..=k).filter(|&j| j != i).map(|j| r[i] - r[j]);
            q[i] += moment / (r[i] * others.product::<f64>());
        }
    }
    q
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let position = self.walk.position;
        if self.history.is_empty() {
            self.ask(position);
        }
        let mut order = self.params.order.min(self.history.len());
        if self.params.lower_order_final {
            order = order.min(self.walk.left());
        }
        self.base.copy_from_slice(&self.walk.x);
        self.combine(&from, &to, 0, order - 1, self.params.pseudo_predictor);
        if self.walk.left() > 1 {
            self.ask(position + 1);
            self.refer_to_start();
            let count = match self.params.corrector {
                Corrector::None => 0,
                Corrector::Same => order - 1,
                Corrector::Next => order,
            };
            if count > 0 {
                self.combine(&from, &to, 1, count, self.params.pseudo_corrector);
            }
        }
        self.refer_to_end();
        self.walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.history.save("g", state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.history.restore("g", state)?;
        self.walk.restore(state)
    }
}

#[cfg(test)]
mod tests;
