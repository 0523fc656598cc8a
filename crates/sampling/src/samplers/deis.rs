//! DEIS: exponential Adams-Bashforth on the predicted noise, the noise being a polynomial in time,
//! in rho or in ln rho.
//!
//! ```text
//! x_t = (alpha_t/alpha_s) x_s + sum_j C_j eps_j,   C_j = alpha_t int L_j(v(rho)) drho
//! ```
//!
//! rho = sigma/alpha, integrated from rho_s to rho_t. L_j are the Lagrange polynomials of degree r
//! through the last r + 1 nodes in the variable v: `t` (tAB), rho (rhoAB) or ln rho (the variant of
//! the diffusers library). r = 0 is DDIM in each.
//!
//! 1. `start`: the weights C_j of every step, by Gauss-Legendre quadrature with 32 points.
//! 2. A step: ask for the noise; add all predictions with their weights. The first steps have the
//!    degree that their history allows; a step to zero noise is one of DDIM. With
//!    `lower_order_final` and fewer than 15 steps, so is the last, and the one before has r <= 1.
//!
//! Order r + 1 where the first steps do no harm. Started on the reference problem where the flow is
//! already bent (lambda = -1.5), the first step, of first order, keeps every r >= 1 at order 2.
//!
//! Source: Zhang and Chen, Fast sampling of diffusion models with exponential integrator (2023).
//!
//! Bad at: grids with sudden changes of the step (the polynomial is extrapolated), strong guidance.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::noise_transfer::{needs_data_at_start, noise_transfer};
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::exponential::add;
use crate::history::History;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::schedule::{Node, NoiseSchedule};

/// What the predicted noise is a polynomial in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeisVariable {
    /// The time of the schedule: tAB.
    #[default]
    Time,
    /// rho = sigma/alpha: rhoAB.
    Rho,
    /// ln rho = -lambda.
    LogRho,
}

impl DeisVariable {
    fn of(self, node: &Node) -> f64 {
        match self {
            Self::Time => node.t,
            Self::Rho => node.rho(),
            Self::LogRho => -node.lambda,
        }
    }
}

/// DEIS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Deis {
    /// Degree r of the polynomial; the order is r + 1. Default: 3.
    #[schemars(range(min = 0, max = 3))]
    pub order: usize,
    /// What the noise is a polynomial in. Default: time.
    pub variable: DeisVariable,
    /// With fewer than 15 steps, take the last with degree 0 and the one before with degree 1 at
    /// most, as the diffusers library does by default. Default: false.
    pub lower_order_final: bool,
}

impl Default for Deis {
    fn default() -> Self {
        Self {
            order: 3,
            variable: DeisVariable::Time,
            lower_order_final: false,
        }
    }
}

impl Presets for Deis {
    fn presets() -> Vec<(&'static str, Self)> {
        let deis = |order, variable| Self {
            order,
            variable,
            ..Self::default()
        };
        vec![
            ("deis_tab1", deis(1, DeisVariable::Time)),
            ("deis_tab2", deis(2, DeisVariable::Time)),
            ("deis_tab3", deis(3, DeisVariable::Time)),
            ("deis_rhoab2", deis(2, DeisVariable::Rho)),
            ("deis_logrho2", deis(2, DeisVariable::LogRho)),
        ]
    }
}

impl Sampler for Deis {
    fn name(&self) -> String {
        let variable = match self.variable {
            DeisVariable::Time => "t",
            DeisVariable::Rho => "rho",
            DeisVariable::LogRho => "log-rho ",
        };
        format!("DEIS {variable}AB{}", self.order)
    }

    fn properties(&self) -> Properties {
        Properties {
            reaches_zero_noise: true,
            ..Properties::deterministic(self.order as f64 + 1.0, self.order + 2)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        if self.order > 3 {
            return Err(SamplingError::parameter(
                "order",
                format!("it is {}, and lies between 0 and 3", self.order),
            ));
        }
        let walk = Walk::new(problem, grid, x)?;
        needs_data_at_start(grid)?;
        let points = gauss_legendre(32);
        let weights = (0..grid.len() - 1)
            .map(|step| self.weights(problem.schedule.as_ref(), grid, step, &points))
            .collect();
        Ok(Box::new(Steps {
            noise: History::new(self.order + 1, walk.x.len()),
            weights,
            walk,
        }))
    }
}

impl Deis {
    /// C_j of one step, the newest prediction first; as many are used as the step has.
    fn weights(
        &self,
        schedule: &dyn NoiseSchedule,
        grid: &[Node],
        step: usize,
        points: &[(f64, f64)],
    ) -> Weights {
        let (from, to) = (&grid[step], &grid[step + 1]);
        let steps = grid.len() - 1;
        let mut count = 1 + self.order.min(step);
        if self.lower_order_final && steps < 15 {
            count = count.min(steps - step);
        }
        if to.is_clean() {
            count = 1;
        }
        let mut weights = Weights { count, c: [0.0; 4] };
        if weights.count == 1 {
            weights.c[0] = noise_transfer(from, to).1;
            return weights;
        }
        let mut nodes = [0.0; 4];
        for (age, node) in nodes[..weights.count].iter_mut().enumerate() {
            *node = self.variable.of(&grid[step - age]);
        }
        let nodes = &nodes[..weights.count];
        // In rho the integrand of rhoAB is a polynomial. The others are smoothest in lambda, where
        // drho = -rho dlambda: the time is not smooth in rho over steps of many orders of magnitude.
        let over_rho = self.variable == DeisVariable::Rho;
        let (a, b) = if over_rho {
            (from.rho(), to.rho())
        } else {
            (from.lambda, to.lambda)
        };
        for &(u, w) in points {
            let s = 0.5 * (a + b) + 0.5 * (b - a) * u;
            let ds = 0.5 * (b - a) * w;
            let (v, drho) = match self.variable {
                DeisVariable::Time => (schedule.t_of_lambda(s), -(-s).exp() * ds),
                DeisVariable::Rho => (s, ds),
                DeisVariable::LogRho => (-s, -(-s).exp() * ds),
            };
            for (j, c) in weights.c[..nodes.len()].iter_mut().enumerate() {
                *c += to.alpha * drho * lagrange(nodes, j, v);
            }
        }
        weights
    }
}

/// L_j(v): the polynomial that is 1 at node j and 0 at the others.
fn lagrange(nodes: &[f64], j: usize, v: f64) -> f64 {
    let mut product = 1.0;
    for (i, node) in nodes.iter().enumerate() {
        if i != j {
            product *= (v - node) / (nodes[j] - node);
        }
    }
    product
}

/// Points and weights of Gauss-Legendre quadrature on \[-1, 1\]: the roots of P_n by Newton's method.
fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::with_capacity(n);
    for i in 0..n {
        let mut u = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // Quadratic convergence from a guess good to 1/n^3: a few rounds reach rounding.
        for _ in 0..8 {
            let (mut previous, mut value) = (1.0, u);
            for k in 2..=n {
                let k = k as f64;
                let next = ((2.0 * k - 1.0) * u * value - (k - 1.0) * previous) / k;
                (previous, value) = (value, next);
            }
            slope = n as f64 * (u * value - previous) / (u * u - 1.0);
            u -= value / slope;
        }
        points.push((u, 2.0 / ((1.0 - u * u) * slope * slope)));
    }
    points
}

struct Weights {
    count: usize,
    c: [f64; 4],
}

struct Steps {
    walk: Walk,
    noise: History,
    weights: Vec<Weights>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        let newest = self.noise.push(from);
        walk.model
            .predict(Parameterisation::Noise, &walk.x, &from, newest);
        let (carry, _) = noise_transfer(&from, &to);
        for x in &mut walk.x {
            *x *= carry;
        }
        let weights = &self.weights[walk.position];
        for (age, c) in weights.c[..weights.count].iter().enumerate() {
            add(&mut walk.x, self.noise.values(age), *c);
        }
        walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        self.noise.save("noise", state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.walk.restore(state)?;
        self.noise.restore("noise", state)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Deis, DeisVariable, gauss_legendre};
    use crate::analytic::GaussianMixture;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::problem::Problem;
    use crate::samplers::Ddim;
    use crate::samplers::tests::{assert_golden, distance, end, error, three_gaussians};
    use crate::schedule::VpDiscrete;

    /// DEIS of three predictions of diffusers 0.42.1, labels 999, 888, .., 111, 0 of the discrete
    /// chain, its tables raised to double precision; with `lower_order_final` and without.
    const DIFFUSERS: [[f64; 8]; 2] = [
        [
            2.107_827_013_362,
            0.110_007_579_030,
            -1.041_191_558_026,
            1.718_782_927_719,
            0.198_231_603_848,
            -1.946_800_882_249,
            -1.289_569_984_169,
            1.153_029_640_856,
        ],
        [
            2.258_925_249_404,
            0.170_149_732_962,
            -1.162_716_441_882,
            1.910_648_303_441,
            0.659_436_926_453,
            -1.840_882_884_032,
            -1.361_774_693_162,
            0.025_472_657_748,
        ],
    ];

    fn deis(order: usize, variable: DeisVariable) -> Deis {
        Deis {
            order,
            variable,
            ..Deis::default()
        }
    }

    const VARIABLES: [DeisVariable; 3] =
        [DeisVariable::Time, DeisVariable::Rho, DeisVariable::LogRho];

    #[test]
    fn quadrature_is_exact_up_to_degree_63() {
        let points = gauss_legendre(32);
        for degree in [0, 2, 30, 62] {
            let sum: f64 = points.iter().map(|(u, w)| w * u.powi(degree)).sum();
            let exact = 2.0 / f64::from(degree + 1);
            assert!((sum - exact).abs() < 1e-14, "{degree}: {sum} {exact}");
        }
    }

    #[test]
    fn tab3_reproduces_the_golden_trajectory() {
        let tab3 = deis(3, DeisVariable::Time);
        assert_golden(&tab3, 10, [2.1635127674, 0.1501465451]);
        assert_golden(&tab3, 20, [2.1543151585, 0.1653270705]);
    }

    #[test]
    fn degree_0_is_ddim_and_so_is_the_step_to_zero_noise() {
        let problem = three_gaussians();
        let ddim = end(&Ddim::default(), &problem, &GridParams::lambda(), 10);
        let zero = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        for variable in VARIABLES {
            let x = end(&deis(0, variable), &problem, &GridParams::lambda(), 10);
            assert!(distance(&x, &ddim) < 1e-12);
            let x = end(&deis(2, variable), &problem, &zero, 20);
            assert!(x.iter().all(|x| x.is_finite()));
        }
    }

    #[test]
    fn is_of_order_degree_plus_one_over_the_whole_path() {
        for (degree, claimed) in [(1, 2.0), (2, 3.0), (3, 4.0)] {
            for variable in VARIABLES {
                let sampler = deis(degree, variable);
                let off = |n| error(&sampler, &GridParams::lambda(), n);
                let found = (off(160) / off(640)).log2() / 2.0;
                // Signs of error terms may cancel for a while, which looks like a higher order.
                assert!(found > claimed - 0.15, "{degree} {variable:?}: {found}");
                if variable == DeisVariable::Time {
                    assert!(found < claimed + 0.15, "{degree} {variable:?}: {found}");
                }
            }
        }
    }

    #[test]
    fn a_first_step_where_the_flow_is_bent_keeps_it_at_order_two() {
        let problem = three_gaussians();
        let schedule = problem.schedule.as_ref();
        let grid = GridParams {
            from: Some(schedule.t_of_lambda(-1.5)),
            to: Some(schedule.t_of_lambda(3.0)),
            ..GridParams::lambda()
        };
        let exact = end(&deis(3, DeisVariable::Time), &problem, &grid, 20_000);
        for degree in [2, 3] {
            let sampler = deis(degree, DeisVariable::Time);
            let off = |n| distance(&end(&sampler, &problem, &grid, n), &exact);
            let found = (off(160) / off(640)).log2() / 2.0;
            assert!((found - 2.0).abs() < 0.15, "{degree}: {found}");
        }
    }

    #[test]
    fn lower_order_final_ends_below_15_steps_with_degrees_1_and_0() {
        let schedule = VpDiscrete::default().schedule().expect("rates");
        let target = GaussianMixture::three().checked().expect("components");
        let problem = Problem::new(Arc::new(schedule), Arc::new(target));
        let grid = GridParams::spaced(GridKind::Linspace);
        let plain = deis(2, DeisVariable::LogRho);
        let lowered = Deis {
            lower_order_final: true,
            ..plain.clone()
        };
        for (sampler, diffusers) in [&lowered, &plain].into_iter().zip(DIFFUSERS) {
            let x = end(sampler, &problem, &grid, 10);
            let off = distance(&x, &diffusers);
            assert!(off < 1e-9, "{}: {off:e}", sampler.lower_order_final);
        }
        for (steps, same) in [(14, false), (15, true)] {
            let x = end(&lowered, &problem, &grid, steps);
            assert_eq!(x == end(&plain, &problem, &grid, steps), same, "{steps}");
        }
    }
}
