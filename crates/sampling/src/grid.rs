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
    /// At integer labels of a discrete chain of T levels, as diffusers spreads them for its multistep
    /// solvers: round((T-1) i/steps), i = steps .. 1. The last step ends at label 0.
    Linspace,
    /// At integer labels: i floor(T/(steps+1)), i = steps .. 1. The last step ends at label 0.
    Leading,
    /// At integer labels: round(T i/steps) - 1, i = steps .. 1. The last step ends at label 0.
    Trailing,
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
            GridKind::Linspace | GridKind::Leading | GridKind::Trailing => {
                let mut nodes = self.at_labels(schedule, steps)?;
                if !zero {
                    nodes.push(schedule.node(range.clean));
                }
                nodes
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
        let given = matches!(
            self.spacing,
            GridKind::Explicit { .. } | GridKind::Linspace | GridKind::Leading | GridKind::Trailing
        );
        if !given {
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

    /// The noisy ends of `steps` steps at integer labels of a discrete chain.
    fn at_labels(
        &self,
        schedule: &dyn NoiseSchedule,
        steps: usize,
    ) -> Result<Vec<Node>, SamplingError> {
        let Some(levels) = schedule.labels() else {
            return Err(SamplingError::grid(format!(
                "this spacing counts the labels of a discrete chain, and the schedule `{}` has none; take `vp_discrete`, or `spacing = \"time\"`",
                schedule.name()
            )));
        };
        if self.from.is_some() || self.to.is_some() {
            return Err(SamplingError::grid(
                "this spacing sets its own ends; take `spacing = \"time\"` with `from` and `to`",
            ));
        }
        if steps >= levels {
            return Err(SamplingError::grid(format!(
                "{steps} steps at integer labels need more than {steps} levels, and there are {levels}"
            )));
        }
        let (n, count) = (steps as f64, levels as f64);
        let label = |i: usize| match self.spacing {
            GridKind::Linspace => ((count - 1.0) * i as f64 / n).round_ties_even(),
            GridKind::Leading => (i * (levels / (steps + 1))) as f64,
            _ => (count * i as f64 / n).round_ties_even() - 1.0,
        };
        Ok((1..=steps)
            .rev()
            .map(|i| schedule.node((label(i) + 1.0) / count))
            .collect())
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

#[cfg(test)]
mod tests {
    use super::{FinalStep, GridKind, GridParams};
    use crate::schedule::{VarianceLinear, VpDiscrete};

    #[test]
    fn labels_are_those_of_diffusers() {
        let schedule = VpDiscrete::default().schedule().expect("defaults");
        let labels = |spacing: GridKind| -> Vec<i64> {
            let grid = GridParams::spaced(spacing);
            let nodes = grid.nodes(&schedule, 10).expect("a grid");
            let label = |t: f64| (t * 1000.0).round() as i64 - 1;
            nodes.iter().map(|node| label(node.t)).collect()
        };
        let linspace = [999, 899, 799, 699, 599, 500, 400, 300, 200, 100, 0];
        let leading = [900, 810, 720, 630, 540, 450, 360, 270, 180, 90, 0];
        let trailing = [999, 899, 799, 699, 599, 499, 399, 299, 199, 99, 0];
        assert_eq!(labels(GridKind::Linspace), linspace);
        assert_eq!(labels(GridKind::Leading), leading);
        assert_eq!(labels(GridKind::Trailing), trailing);
    }

    #[test]
    fn labels_may_end_at_zero_noise_and_need_a_discrete_chain() {
        let schedule = VpDiscrete::default().schedule().expect("defaults");
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::spaced(GridKind::Linspace)
        };
        let nodes = grid.nodes(&schedule, 10).expect("a grid");
        assert_eq!(nodes.len(), 11);
        assert!(nodes[10].is_clean() && nodes[9].t == 0.101);
        assert!(grid.nodes(&VarianceLinear::default(), 10).is_err());
    }
}
