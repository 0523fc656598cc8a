//! Euler's method in rho = sigma/alpha with y = x/alpha, y_t = y_s + (rho_t - rho_s) eps, that is
//!
//! ```text
//! x_t = (alpha_t/alpha_s) x_s + (sigma_t - (alpha_t/alpha_s) sigma_s) eps
//! ```
//!
//! The example of docs/adding-a-sampler.md, whose blocks are taken from this file. Order 1. Bad at
//! few steps. A sampler that is to be used stands beside `ddim.rs`, not here.

use pdesolve_core::{RestoreError, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SamplingError;
use crate::noise::Noise;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::sampler::{Properties, Sampler, Trajectory};
use crate::samplers::noise_transfer::needs_data_at_start;
use crate::samplers::walk::walks;
use crate::samplers::{Presets, Walk};
use crate::schedule::Node;

/// Euler in sigma/alpha; it has no parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PlainEuler {}

impl Presets for PlainEuler {
    fn presets() -> Vec<(&'static str, Self)> {
        vec![("plain_euler", Self::default())]
    }
}

impl Sampler for PlainEuler {
    fn name(&self) -> String {
        "plain Euler".to_owned()
    }

    fn properties(&self) -> Properties {
        Properties {
            reaches_zero_noise: true,
            ..Properties::deterministic(1.0, 2)
        }
    }

    fn start(
        &self,
        problem: &Problem,
        grid: &[Node],
        x: Vec<f64>,
        _noise: Noise,
    ) -> Result<Box<dyn Trajectory>, SamplingError> {
        let walk = Walk::new(problem, grid, x)?;
        needs_data_at_start(grid)?;
        Ok(Box::new(Steps {
            noise: vec![0.0; walk.x.len()],
            walk,
        }))
    }
}

struct Steps {
    walk: Walk,
    noise: Vec<f64>,
}

impl Trajectory for Steps {
    fn advance(&mut self) -> Result<(), SamplingError> {
        let (from, to) = self.walk.step();
        let walk = &mut self.walk;
        walk.model
            .predict(Parameterisation::Noise, &walk.x, &from, &mut self.noise);
        let a = to.alpha / from.alpha;
        let b = to.sigma - a * from.sigma;
        for (x, eps) in walk.x.iter_mut().zip(&self.noise) {
            *x = a * *x + b * eps;
        }
        walk.arrive()
    }

    walks!();

    fn save(&self, state: &mut State) {
        self.walk.save(state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.walk.restore(state)
    }
}

#[allow(unreachable_pub, reason = "the registry is public where it is used")]
mod tests {
    use super::PlainEuler;
    use crate::grid::GridParams;
    use crate::sampler::Sampler;
    use crate::samplers::tests::{distance, end, order, three_gaussians};
    use crate::samplers::{Euler, Presets};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    samplers! {
        family "Methods in sigma and noise";
        "plain_euler" PlainEuler, "Euler in sigma/alpha";
    }

    /// The lines of the page's blocks of one language, without indentation.
    fn blocks(language: &str) -> Vec<Vec<&'static str>> {
        let page = include_str!("../../../../../docs/adding-a-sampler.md");
        (page.split("```").skip(1).step_by(2))
            .filter_map(|block| block.strip_prefix(language))
            .map(|block| {
                block
                    .lines()
                    .map(str::trim)
                    .filter(|l| !l.is_empty())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn the_page_on_adding_a_sampler_shows_this_file() {
        let file: Vec<&str> = include_str!("plain_euler.rs")
            .lines()
            .map(str::trim)
            .collect();
        let shown: Vec<_> = [blocks("rust"), blocks("text")].concat();
        assert_eq!(shown.len(), 2);
        for block in shown {
            assert!(
                file.windows(block.len()).any(|lines| lines == block),
                "not in the file: {block:#?}"
            );
        }
    }

    #[test]
    fn the_sampler_of_the_page_is_registered_by_its_line_and_integrates_with_first_order() {
        let json = serde_json::json!({"kind": "plain_euler"});
        let params: SamplerParams = serde_json::from_value(json).expect("a kind");
        assert_eq!(params, SamplerParams::PlainEuler(PlainEuler::default()));
        assert_eq!(
            SamplerParams::KINDS,
            [("plain_euler", "Euler in sigma/alpha")]
        );
        assert_eq!(params.kind(), "plain_euler");
        assert_eq!(params.family(), "Methods in sigma and noise");
        assert_eq!(SamplerParams::presets().len(), 1);
        let grid = GridParams::lambda();
        let observed = order(params.sampler(), &grid, 320);
        assert!((observed - 1.0).abs() < 0.1, "{observed}");
        let problem = three_gaussians();
        let twin = end(&Euler::default(), &problem, &grid, 20);
        let off = distance(&end(params.sampler(), &problem, &grid, 20), &twin);
        assert!(off < 1e-12, "{off:e}");
    }
}
