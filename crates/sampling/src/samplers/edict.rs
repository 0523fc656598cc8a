//! EDICT: two copies of the batch that are updated in turn, each by the prediction at the other.
//!
//! A step from node s to node t, with a = alpha_t/alpha_s and b = sigma_t - a sigma_s of DDIM:
//!
//! ```text
//! x' = a x + b eps(y, s)                 each line can be solved for what stands on its right,
//! y' = a y + b eps(x', s)                since eps is asked at the copy that stays
//! x  = p x' + (1 - p) y'
//! y  = p y' + (1 - p) x                  mixing, with the new x
//! ```
//!
//! 1. The copies start equal.
//! 2. In every other step y is updated first.
//! 3. To undo a step, solve the four lines from the last to the first.
//!
//! The mixing shrinks x - y by p^2 a step; its inverse therefore multiplies rounding by p^-2 a step,
//! and [`Edict::encode`] refuses where p^(-2N) times the machine epsilon is above `tolerance`.
//!
//! Two calls of the model a step. Bad at few steps: the coupled pair is unstable where b is large, the
//! more so the nearer p is to 1. On three Gaussians (even steps in time) the largest error is
//!
//! | p | 10 steps | 20 | 50 | 100 |
//! |---|---|---|---|---|
//! | 0.93 | 4.8 | 0.52 | 0.052 | 0.027 |
//! | 0.97 | 12 | 2.4 | 0.11 | 0.027 |
//! | 1 | 24 | 6.4 | 1.6 | 0.55 |
//!
//! Order 1, measured 0.99 (p = 0.93, 320 and 640 even steps in lambda).
//! Wallace, Gokul and Naik (2023), who take p = 0.93.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bdia::{check_companion, check_growth, check_tolerance};
use super::walk::walks;
use super::{Presets, Walk};
use crate::error::SamplingError;
use crate::model::Model;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{InvertibleSampler, Latent, Properties, Sampler, Trajectory};
use crate::schedule::Node;

/// EDICT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Edict {
    /// Share p of a copy that mixing leaves it: 1 does not mix, 1/2 leaves a quarter of the
    /// difference. Default: 0.93.
    #[schemars(range(min = 0.5, max = 1))]
    pub p: f64,
    /// Growth of rounding that the inverse may have, against 1. Default: 1e-8.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub tolerance: f64,
}

impl Default for Edict {
    fn default() -> Self {
        Self {
            p: 0.93,
            tolerance: 1e-8,
        }
    }
}

impl Presets for Edict {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![("edict", Self::default())]
    }
}

impl Edict {
    fn pair(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Pair, SamplingError> {
        if !(0.5..=1.0).contains(&self.p) {
            return Err(SamplingError::parameter(
                "p",
                format!("it is {}, and lies between 0.5 and 1", self.p),
            ));
        }
        check_tolerance(self.tolerance)?;
        check_companion(&latent)?;
        let Latent { batch, companion } = latent;
        let walk = Walk::new(problem, grid, batch)?;
        if grid[0].alpha <= 0.0 {
            return Err(SamplingError::unfit(
                self.name(),
                format!(
                    "its steps divide by alpha, which is {} at t = {}; begin at a smaller time (`grid.from`), or take `bdia`",
                    grid[0].alpha, grid[0].t
                ),
            ));
        }
        Ok(Pair {
            p: self.p,
            noise: vec![0.0; walk.x.len()],
            y: if companion.is_empty() {
                walk.x.clone()
            } else {
                companion
            },
            walk,
        })
    }
}

impl Sampler for Edict {
    fn name(&self) -> String {
        format!("EDICT, p = {}", self.p)
    }

    fn properties(&self) -> Properties {
        Properties {
            evaluations_per_step: 2.0,
            invertible: true,
            reaches_zero_noise: true,
            ..Properties::deterministic(1.0, 3)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        Ok(Box::new(self.pair(problem, grid, Latent::alone(x))?))
    }
}

/// The companion is the second copy y. Without one it is a copy of the batch.
impl InvertibleSampler for Edict {
    fn decode(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Latent, SamplingError> {
        let mut pair = self.pair(problem, grid, latent)?;
        while !pair.finished() {
            pair.advance()?;
        }
        Ok(Latent {
            batch: pair.walk.x,
            companion: pair.y,
        })
    }

    fn encode(
        &self,
        problem: &Problem,
        grid: &[Node],
        latent: Latent,
    ) -> Result<Latent, SamplingError> {
        let mut pair = self.pair(problem, grid, latent)?;
        check_growth(
            self,
            self.p.powi(-2),
            grid.len() - 1,
            self.tolerance,
            "a larger `p`",
        )?;
        pair.walk.position = grid.len() - 1;
        while pair.walk.position > 0 {
            pair.retreat()?;
        }
        Ok(Latent {
            batch: pair.walk.x,
            companion: pair.y,
        })
    }
}

struct Pair {
    p: f64,
    walk: Walk,
    y: Vec<f64>,
    noise: Vec<f64>,
}

/// (a, b) of the DDIM step x_t = a x_s + b eps.
fn coefficients(from: &Node, to: &Node) -> (f64, f64) {
    let a = to.alpha / from.alpha;
    (a, to.sigma - a * from.sigma)
}

/// `moving` <- a `moving` + b eps(`staying`), or its inverse.
fn update(
    model: &mut Model,
    (from, to): (&Node, &Node),
    moving: &mut [f64],
    staying: &[f64],
    noise: &mut [f64],
    inverse: bool,
) {
    model.predict(Parameterisation::Noise, staying, from, noise);
    let (a, b) = coefficients(from, to);
    if inverse {
        for (x, eps) in moving.iter_mut().zip(&*noise) {
            *x = (*x - b * eps) / a;
        }
    } else {
        for (x, eps) in moving.iter_mut().zip(&*noise) {
            *x = a * *x + b * eps;
        }
    }
}

impl Pair {
    /// Undoes the step that led here.
    fn retreat(&mut self) -> Result<(), SamplingError> {
        let Self { p, walk, y, noise } = self;
        for (x, y) in walk.x.iter_mut().zip(&mut *y) {
            *y = (*y - (1.0 - *p) * *x) / *p;
            *x = (*x - (1.0 - *p) * *y) / *p;
        }
        walk.position -= 1;
        let (from, to) = walk.step();
        let step = walk.left();
        let (model, x) = (&mut walk.model, &mut walk.x);
        if walk.position.is_multiple_of(2) {
            update(model, (&from, &to), y, x, noise, true);
            update(model, (&from, &to), x, y, noise, true);
        } else {
            update(model, (&from, &to), x, y, noise, true);
            update(model, (&from, &to), y, x, noise, true);
        }
        model.check_finite(x, step, &from)?;
        model.check_finite(y, step, &from)
    }
}

impl Trajectory for Pair {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let Self { p, walk, y, noise } = self;
        let (model, x) = (&mut walk.model, &mut walk.x);
        if walk.position.is_multiple_of(2) {
            update(model, (&from, &to), x, y, noise, false);
            update(model, (&from, &to), y, x, noise, false);
        } else {
            update(model, (&from, &to), y, x, noise, false);
            update(model, (&from, &to), x, y, noise, false);
        }
        for (x, y) in x.iter_mut().zip(&mut *y) {
            *x = *p * *x + (1.0 - *p) * *y;
            *y = *p * *y + (1.0 - *p) * *x;
        }
        walk.arrive()?;
        (walk.model).check_finite(y, walk.position, &to)
    }

    walks!();

    fn companion(&self) -> Option<&[f64]> {
        Some(&self.y)
    }

    fn save(&self, state: &mut State) {
        self.walk.save(state);
        state.put("y", &self.y);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let y = state.get("y", self.y.len())?;
        self.walk.restore(state)?;
        self.y.copy_from_slice(y);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Edict;
    use crate::analytic::GaussianMixture;
    use crate::grid::{GridKind, GridParams};
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::sampler::{InvertibleSampler, Latent, Sampler};
    use crate::samplers::tests::{STARTS, distance, error, order, three_gaussians};
    use crate::schedule::Flow;

    fn with(p: f64) -> Edict {
        Edict {
            p,
            ..Edict::default()
        }
    }

    #[test]
    fn returns_to_its_start_to_rounding() {
        let problem = three_gaussians();
        for grid in [GridParams::lambda(), GridParams::spaced(GridKind::Time)] {
            for steps in [10, 20, 50, 100] {
                let nodes = grid.nodes(problem.schedule.as_ref(), steps).expect("grid");
                let latent = Latent::alone(STARTS.to_vec());
                let data = Edict::default()
                    .decode(&problem, &nodes, latent)
                    .expect("decodes");
                let back = Edict::default()
                    .encode(&problem, &nodes, data)
                    .expect("encodes");
                let off = distance(&back.batch, &STARTS).max(distance(&back.companion, &STARTS));
                assert!(off <= 1e-12, "{steps} steps: {off:e}");
            }
        }
    }

    #[test]
    fn has_the_errors_of_an_independent_program() {
        let grid = GridParams::spaced(GridKind::Time);
        for (p, wanted) in [
            (0.93, [4.8, 0.52, 0.052, 0.027]),
            (0.97, [12.0, 2.4, 0.11, 0.027]),
            (1.0, [24.0, 6.4, 1.6, 0.55]),
        ] {
            let errors = [10, 20, 50, 100].map(|steps| error(&with(p), &grid, steps));
            for (error, wanted) in errors.iter().zip(wanted) {
                // The figures have two digits.
                assert!((error / wanted - 1.0).abs() < 0.05, "p {p}: {errors:?}");
            }
        }
    }

    #[test]
    fn is_of_first_order() {
        let order = order(&Edict::default(), &GridParams::lambda(), 640);
        assert!((order - 1.0).abs() < 0.15, "{order}");
    }

    #[test]
    fn refuses_to_undo_more_steps_than_rounding_allows() {
        let problem = three_gaussians();
        let encode = |p: f64, steps: usize| {
            let nodes =
                (GridParams::lambda().nodes(problem.schedule.as_ref(), steps)).expect("grid");
            with(p).encode(&problem, &nodes, Latent::alone(STARTS.to_vec()))
        };
        let text = encode(0.93, 200).expect_err("0.93^-400").to_string();
        assert!(text.contains("at most 121 steps"), "{text}");
        assert!(encode(0.93, 121).is_ok() && encode(0.93, 122).is_err());
    }

    #[test]
    fn refuses_shares_outside_a_half_and_one_and_starts_without_data() {
        let problem = three_gaussians();
        let nodes = (GridParams::lambda().nodes(problem.schedule.as_ref(), 3)).expect("grid");
        for p in [0.0, 0.4, 1.1, f64::NAN] {
            let started = with(p).start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
            assert!(started.is_err(), "{p}");
        }
        let target = GaussianMixture::three().checked().expect("a mixture");
        let problem = Problem::new(Arc::new(Flow::default()), Arc::new(target));
        let nodes = (GridParams::spaced(GridKind::Time))
            .nodes(problem.schedule.as_ref(), 3)
            .expect("grid");
        let started = Edict::default().start(&problem, &nodes, STARTS.to_vec(), Noise::new(1));
        assert!(started.is_err());
    }
}
