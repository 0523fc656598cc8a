//! BDIA: a DDIM step forwards set against a DDIM step backwards, a two-step method that can be
//! undone.
//!
//! With D(z, s -> t) the deterministic DDIM step and node i + 1 one step noisier than node i,
//!
//! ```text
//! z_(i-1) = g z_(i+1) - g D(z_i, i -> i+1) + D(z_i, i -> i-1)
//! z_(i+1) = [z_(i-1) - D(z_i, i -> i-1)]/g + D(z_i, i -> i+1)       the same, solved for z_(i+1)
//! ```
//!
//! Both lines need one prediction, at z_i, and the pair of states that brackets it:
//!
//! 1. from noise alone the first step is DDIM: z_(N-1) = D(z_N, N -> N-1);
//! 2. then the first line, to (z_1, z_0); keep both;
//! 3. the second line takes (z_0, z_1) back to (z_(N-1), z_N).
//!
//! D is written with the predicted data, D = (sigma_t/sigma_s) z + [alpha_t - (sigma_t/sigma_s)
//! alpha_s] x0, so that a start without data (alpha = 0) is no exception.
//!
//! Order 2 at g = 1 (a leapfrog method), 1 below; measured 2.00 and, at g = 0.5, 1.03. The inverse
//! multiplies rounding by 1/g a step: exact to rounding at g = 1 alone. [`Bdia::encode`] refuses
//! where g^-N times the machine epsilon is above `tolerance`. Bad at few steps: as all
//! leapfrog methods it is stable only marginally, and errors of the first steps are never damped.
//! Guoqiang Zhang, J. P. Lewis and W. Bastiaan Kleijn (2023).

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ddim_inversion::{ddim, encode_with};
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{InvertibleSampler, Latent, Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// BDIA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bdia {
    /// Share g of the step backwards: 1 for second order and an inverse exact to rounding, less for
    /// stability at few steps. Default: 1.
    #[schemars(extend("exclusiveMinimum" = 0.0), range(max = 1))]
    pub gamma: f64,
    /// Growth of rounding that the inverse may have, against 1. Default: 1e-8.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub tolerance: f64,
}

impl Default for Bdia {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            tolerance: 1e-8,
        }
    }
}

impl Presets for Bdia {
    fn presets() -> Vec<(&'static str, Self)> {
        let half = Self {
            gamma: 0.5,
            ..Self::default()
        };
        vec![("bdia", Self::default()), ("bdia_gamma_half", half)]
    }
}

impl Bdia {
    fn check(&self) -> Result<(), SamplingError> {
        if !(self.gamma > 0.0 && self.gamma <= 1.0) {
            return Err(SamplingError::parameter(
                "gamma",
                format!("it is {}, and lies above 0 and at most at 1", self.gamma),
            ));
        }
        check_tolerance(self.tolerance)
    }

    fn steps(&self, problem: &Problem, grid: &[Node], x: Vec<f64>) -> Result<Steps, SamplingError> {
        self.check()?;
        let walk = Walk::new(problem, grid, x)?;
        Ok(Steps {
            gamma: self.gamma,
            data: vec![0.0; walk.x.len()],
            before: walk.x.clone(),
            walk,
        })
    }
}

/// Refuses tolerances that are none.
pub(super) fn check_tolerance(tolerance: f64) -> Result<(), SamplingError> {
    if tolerance > 0.0 && tolerance.is_finite() {
        return Ok(());
    }
    Err(SamplingError::parameter(
        "tolerance",
        format!("it is {tolerance}, and is positive and finite"),
    ))
}

/// Refuses to undo `steps` steps where each multiplies rounding by `growth`, beyond `tolerance`.
pub(super) fn check_growth(
    sampler: &dyn Sampler,
    growth: f64,
    steps: usize,
    tolerance: f64,
    cure: &str,
) -> Result<(), SamplingError> {
    let rounding = growth.powf(steps as f64) * f64::EPSILON;
    if rounding <= tolerance {
        return Ok(());
    }
    let most = ((tolerance / f64::EPSILON).ln() / growth.ln()).max(0.0) as usize;
    Err(SamplingError::unfit(
        sampler.name(),
        format!(
            "undoing {steps} steps multiplies rounding by {growth:.4} in each, which makes {rounding:.1e} of it, above the tolerance {tolerance:.1e}; take at most {most} steps, {cure}, or a larger `tolerance`"
        ),
    ))
}

/// Refuses companions that are not as long as the batch.
pub(super) fn check_companion(latent: &Latent) -> Result<(), SamplingError> {
    if latent.companion.is_empty() || latent.companion.len() == latent.batch.len() {
        return Ok(());
    }
    Err(SamplingError::parameter(
        "companion",
        format!(
            "it has {} numbers and the batch has {}; give as many, or none",
            latent.companion.len(),
            latent.batch.len()
        ),
    ))
}

impl Sampler for Bdia {
    fn name(&self) -> String {
        format!("BDIA, gamma = {}", self.gamma)
    }

    fn properties(&self) -> Properties {
        Properties {
            invertible: true,
            reaches_zero_noise: true,
            ..Properties::deterministic(if self.gamma == 1.0 { 2.0 } else { 1.0 }, 3)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        Ok(Box::new(self.steps(problem, grid, x)?))
    }
}

/// The companion is the neighbouring state along the grid: z_(N-1) beside z_N at the noisy end, z_1
/// beside z_0 at the clean end. Without one, a DDIM step from the batch makes it.
impl InvertibleSampler for Bdia {
    fn decode(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Latent, SamplingError> {
        check_companion(&latent)?;
        let Latent { batch, companion } = latent;
        let mut steps = self.steps(problem, grid, batch)?;
        if !companion.is_empty() {
            steps.walk.x = companion;
            steps.walk.position = 1;
        }
        while !steps.finished() {
            steps.advance()?;
        }
        Ok(Latent {
            batch: steps.walk.x,
            companion: steps.before,
        })
    }

    fn encode(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Latent, SamplingError> {
        check_companion(&latent)?;
        let Steps { walk, mut data, .. } = self.steps(problem, grid, latent.batch)?;
        let last = grid.len() - 1;
        check_growth(self, 1.0 / self.gamma, last, self.tolerance, "`gamma = 1`")?;
        let Walk {
            mut model,
            x: mut cleaner,
            ..
        } = walk;
        let mut z = latent.companion;
        if z.is_empty() {
            z = encode_with(&mut model, &grid[last - 1..], cleaner.clone())?;
        }
        for i in (1..last).rev() {
            let (noisier, here, next) = (&grid[i - 1], &grid[i], &grid[i + 1]);
            model.predict(Parameterisation::Data, &z, here, &mut data);
            let (a, b) = ddim(here, next);
            let (c, d) = ddim(here, noisier);
            for ((z, cleaner), x0) in z.iter_mut().zip(&mut cleaner).zip(&data) {
                let before = (*cleaner - (a * *z + b * x0)) / self.gamma + (c * *z + d * x0);
                *cleaner = *z;
                *z = before;
            }
            model.check_finite(&z, last - i, noisier)?;
        }
        Ok(Latent {
            batch: z,
            companion: cleaner,
        })
    }
}

struct Steps {
    gamma: f64,
    walk: Walk,
    /// The state one step before; not used by the first step.
    before: Vec<f64>,
    data: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (here, to) = self.walk.step();
        let walk = &mut self.walk;
        walk.model
            .predict(Parameterisation::Data, &walk.x, &here, &mut self.data);
        let (a, b) = ddim(&here, &to);
        let (gamma, noisier) = match walk.position {
            0 => (0.0, here),
            i => (self.gamma, walk.grid[i - 1]),
        };
        let (c, d) = ddim(&here, &noisier);
        for ((z, before), x0) in (walk.x.iter_mut().zip(&mut self.before)).zip(&self.data) {
            let next = gamma * (*before - (c * *z + d * x0)) + (a * *z + b * x0);
            *before = *z;
            *z = next;
        }
        walk.arrive()
    }

    walks!();

    fn companion(&self) -> Option<&[f64]> {
        (self.walk.position > 0).then_some(&self.before)
    }

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        state.put("before", &self.before);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let before = state.get("before", self.before.len())?;
        self.walk.restore(state)?;
        self.before.copy_from_slice(before);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Bdia;
    use crate::analytic::GaussianMixture;
    use crate::grid::{FinalStep, GridKind, GridParams};
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::sampler::{InvertibleSampler, Latent};
    use crate::samplers::tests::{EXACT, STARTS, distance, error, three_gaussians};
    use crate::schedule::Flow;

    fn half() -> Bdia {
        Bdia {
            gamma: 0.5,
            ..Bdia::default()
        }
    }

    /// Distance of the starts from what the ends of their trajectories are encoded to.
    fn round_trip(bdia: &Bdia, problem: &Problem, grid: &GridParams, steps: usize) -> f64 {
        let nodes = grid.nodes(problem.schedule.as_ref(), steps).expect("grid");
        let data = (bdia.decode(problem, &nodes, Latent::alone(STARTS.to_vec()))).expect("decodes");
        let back = bdia.encode(problem, &nodes, data).expect("encodes");
        distance(&back.batch, &STARTS)
    }

    #[test]
    fn returns_to_its_start_to_rounding_at_gamma_one() {
        let problem = three_gaussians();
        for grid in [GridParams::lambda(), GridParams::spaced(GridKind::Time)] {
            for steps in [10, 20, 50, 100] {
                let off = round_trip(&Bdia::default(), &problem, &grid, steps);
                assert!(off <= 1e-12, "{steps} steps: {off:e}");
            }
        }
    }

    #[test]
    fn returns_to_its_start_where_the_grid_begins_without_data_and_ends_without_noise() {
        // Predicted noise says nothing of the data where alpha is 0.
        let target = GaussianMixture {
            parameterisation: Parameterisation::Data,
            ..GaussianMixture::three()
        };
        let target = target.checked().expect("a mixture");
        let problem = Problem::new(Arc::new(Flow::default()), Arc::new(target));
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::spaced(GridKind::Time)
        };
        let off = round_trip(&Bdia::default(), &problem, &grid, 30);
        assert!(off <= 1e-12, "{off:e}");
    }

    #[test]
    fn below_gamma_one_rounding_grows_with_the_steps_and_the_inverse_is_refused_in_time() {
        let problem = three_gaussians();
        let grid = GridParams::spaced(GridKind::Time);
        let (ten, twenty) = (
            round_trip(&half(), &problem, &grid, 10),
            round_trip(&half(), &problem, &grid, 20),
        );
        assert!(
            ten < 1e-11 && twenty > 10.0 * ten && twenty < 1e-8,
            "{ten:e} {twenty:e}"
        );
        let nodes = grid.nodes(problem.schedule.as_ref(), 50).expect("grid");
        let refused = half()
            .encode(&problem, &nodes, Latent::alone(STARTS.to_vec()))
            .expect_err("0.5^-50 is too much");
        let text = refused.to_string();
        assert!(text.contains("at most 25 steps"), "{text}");
        let nodes = grid.nodes(problem.schedule.as_ref(), 25).expect("grid");
        (half().encode(&problem, &nodes, Latent::alone(STARTS.to_vec())))
            .expect("25 steps are few enough");
    }

    #[test]
    fn data_without_a_companion_are_encoded_and_come_back() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda().nodes(problem.schedule.as_ref(), 40)).expect("grid");
        let data = EXACT.to_vec();
        let bdia = Bdia::default();
        let latent = (bdia.encode(&problem, &nodes, Latent::alone(data.clone()))).expect("encodes");
        let back = bdia.decode(&problem, &nodes, latent).expect("decodes");
        let off = distance(&back.batch, &data);
        assert!(off <= 1e-12, "{off:e}");
    }

    #[test]
    fn has_orders_two_and_one_with_the_errors_of_an_independent_program() {
        let lambda = GridParams::lambda();
        for (bdia, wanted, order) in [
            (Bdia::default(), [0.43, 0.0078, 7.9e-4, 4.9e-5], 2.00),
            (half(), [0.26, 0.053, 0.012, 2.8e-3], 1.02),
        ] {
            let errors = [10, 40, 160, 640].map(|steps| error(&bdia, &lambda, steps));
            for (error, wanted) in errors.iter().zip(wanted) {
                // The figures have two digits.
                assert!((error / wanted - 1.0).abs() < 0.06, "{errors:?}");
            }
            let measured = f64::log2(errors[2] / errors[3]) / 2.0;
            assert!((measured - order).abs() < 0.05, "{measured}");
        }
    }

    #[test]
    fn refuses_shares_that_cannot_be_undone() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda().nodes(problem.schedule.as_ref(), 3)).expect("grid");
        for gamma in [0.0, -1.0, 1.5, f64::NAN] {
            let bdia = Bdia {
                gamma,
                ..Bdia::default()
            };
            let latent = Latent::alone(STARTS.to_vec());
            assert!(bdia.decode(&problem, &nodes, latent).is_err(), "{gamma}");
        }
    }
}
