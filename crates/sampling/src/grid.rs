//! Where the steps stand: a list of nodes from noise to data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::SamplingError;
use crate::schedule::{Node, NoiseSchedule};

/// How the nodes are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GridKind {
    /// Evenly in lambda = ln(alpha/sigma).
    #[default]
    Lambda,
    /// Evenly in the time of the schedule.
    Time,
    /// Evenly in the square root of the time.
    Quadratic,
    /// Evenly in (sigma/alpha)^(1/rho): Karras et al. (2022), who take rho = 7.
    Karras {
        /// Exponent rho.
        rho: f64,
    },
    /// At the given times, decreasing; `steps` is then their number less one (with `final = "zero"`:
    /// their number).
    Explicit {
        /// Times of the schedule.
        times: Vec<f64>,
    },
}

/// Where the last step ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalStep {
    /// At the smallest noise of the range.
    #[default]
    SigmaMin,
    /// At no noise: the step from the smallest noise returns the predicted data.
    Zero,
}

/// The steps of a sampler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GridParams {
    /// How the nodes are spread. Default: lambda.
    pub spacing: GridKind,
    /// Where the last step ends. Default: sigma_min.
    #[serde(rename = "final")]
    pub final_step: FinalStep,
    /// Time at which sampling begins. Default: the noisy end of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Time at which sampling ends. Default: the clean end of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
}

impl Default for GridParams {
    fn default() -> Self {
        Self {
            spacing: GridKind::Lambda,
            final_step: FinalStep::SigmaMin,
            from: None,
            to: None,
        }
    }
}

impl GridParams {
    /// Evenly in lambda, to the smallest noise.
    pub fn lambda() -> Self {
        Self::default()
    }

    /// As spread by `spacing`, to the smallest noise.
    pub fn spaced(spacing: GridKind) -> Self {
        Self {
            spacing,
            ..Self::default()
        }
    }

    /// The nodes of `steps` steps, from noise to data: `steps + 1` of them.
    ///
    /// # Errors
    /// [`SamplingError::Grid`] where times do not decrease, lie outside the schedule, or where the
    /// spacing needs a finite lambda and the schedule has none there.
    pub fn nodes(
        &self,
        schedule: &dyn NoiseSchedule,
        steps: usize,
    ) -> Result<Vec<Node>, SamplingError> {
        if steps == 0 {
            return Err(SamplingError::grid(
                "it has no steps; at least one is needed",
            ));
        }
        let range = schedule.range();
        let first = schedule.node(self.from.unwrap_or(range.noisy));
        let last = schedule.node(self.to.unwrap_or(range.clean));
        let zero = self.final_step == FinalStep::Zero;
        // Intervals between nodes that have noise.
        let n = if zero { steps - 1 } else { steps };
        let at = |i: usize| i as f64 / n.max(1) as f64;
        let mut nodes: Vec<Node> = match &self.spacing {
            GridKind::Explicit { times } => {
                if times.len() != n + 1 {
                    return Err(SamplingError::grid(format!(
                        "{} times are given, and {steps} steps need {}",
                        times.len(),
                        n + 1
                    )));
                }
                times.iter().map(|&t| schedule.node(t)).collect()
            }
            GridKind::Lambda => {
                if !(first.lambda.is_finite() && last.lambda.is_finite()) {
                    return Err(SamplingError::grid(format!(
                        "steps even in lambda need a finite lambda at both ends, and it runs from {} at t = {} to {} at t = {}; give `from` or `to`, or take `spacing = \"time\"`",
                        first.lambda, first.t, last.lambda, last.t
                    )));
                }
                let span = last.lambda - first.lambda;
                (0..=n)
                    .map(|i| schedule.node_at_lambda(first.lambda + span * at(i)))
                    .collect()
            }
            GridKind::Time => (0..=n)
                .map(|i| schedule.node(first.t + (last.t - first.t) * at(i)))
                .collect(),
            GridKind::Quadratic => {
                let (a, b) = (first.t.sqrt(), last.t.sqrt());
                (0..=n)
                    .map(|i| schedule.node((a + (b - a) * at(i)).powi(2)))
                    .collect()
            }
            &GridKind::Karras { rho } => {
                if !(rho.is_finite() && rho > 0.0) {
                    return Err(SamplingError::parameter(
                        "grid.spacing.karras.rho",
                        format!("it is {rho}, and the exponent is positive"),
                    ));
                }
                if !(first.rho().is_finite()) {
                    return Err(SamplingError::grid(format!(
                        "the Karras spacing needs data at its start, and alpha is {} at t = {}; give `from`",
                        first.alpha, first.t
                    )));
                }
                let (a, b) = (first.rho().powf(1.0 / rho), last.rho().powf(1.0 / rho));
                (0..=n)
                    .map(|i| schedule.node_at_lambda(-(a + (b - a) * at(i)).powf(rho).ln()))
                    .collect()
            }
        };
        // The ends are the ones that were asked for, to the last bit.
        if !matches!(self.spacing, GridKind::Explicit { .. }) {
            nodes[0] = first;
            if n > 0 {
                nodes[n] = last;
            }
        }
        check_decreasing(&nodes)?;
        if zero {
            nodes.push(Node::CLEAN);
        }
        Ok(nodes)
    }
}

/// Refuses nodes whose noise does not fall from one to the next.
fn check_decreasing(nodes: &[Node]) -> Result<(), SamplingError> {
    for (i, node) in nodes.iter().enumerate() {
        let sizes = [node.t, node.alpha, node.sigma];
        let usable = sizes.iter().all(|v| v.is_finite()) && node.alpha >= 0.0 && node.sigma > 0.0;
        if !usable {
            return Err(SamplingError::grid(format!(
                "time {i} is {}, where the schedule has alpha = {} and sigma = {}; both must be finite, and there must be noise",
                node.t, node.alpha, node.sigma
            )));
        }
    }
    for (i, pair) in nodes.windows(2).enumerate() {
        // In this form lambda may be minus infinity at the start.
        let falls = pair[1].t < pair[0].t && pair[1].lambda > pair[0].lambda;
        if !falls {
            return Err(SamplingError::grid(format!(
                "times must fall and lambda must rise from step to step, but time {i} is {} (lambda {}) and time {} is {} (lambda {})",
                pair[0].t,
                pair[0].lambda,
                i + 1,
                pair[1].t,
                pair[1].lambda
            )));
        }
    }
    Ok(())
}
