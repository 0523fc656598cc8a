//! How good a sampler is on given steps: its distance to the exact flow over a fixed set of starts.
//!
//! ```text
//! end    E = 1/S sum_s |x_N^s - x^s(t_N)|^2
//! path   E = 1/(S N) sum_s sum_(n = 1..N) |x_n^s - x^s(t_n)|^2
//! ```
//!
//! summed over the unknowns of a sample, S starts, N steps. The exact flow x(t) from each start is
//! integrated once (order 12, near rounding) and kept at every candidate node, so that judging a
//! schedule costs no more than running it. Times are chosen among these nodes and named by their
//! numbers there.
//!
//! The path asks for more than is needed: errors on the way that cancel in the end count. It is the
//! one to take where intermediate states are used. Neither sees how the law of the samples is off,
//! only the flow from each start.

use crate::error::SamplingError;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::reference::reference_flow;
use crate::sampler::{Sampler, Trajectory};
use crate::samplers::{SolverSchedule, SolverStep};
use crate::schedule::Node;

/// Where a run is held against the exact flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// At its end.
    #[default]
    End,
    /// At every node but the first.
    Path,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Mean squared distance to the exact flow, in squared units of the data; infinite where the run
    /// was.
    pub error: f64,
    /// Calls of the model, each for the whole batch.
    pub evaluations: u64,
}

/// A set of starts with the exact flow from them.
#[derive(Clone, Debug)]
pub struct Fitness {
    problem: Problem,
    // Candidate nodes, from noise to data, and the exact batch at each.
    nodes: Vec<Node>,
    path: Vec<Vec<f64>>,
    measure: Measure,
}

impl Fitness {
    /// Integrates the exact flow from the batch `starts` (`[sample][unknown]`) at the first of the
    /// candidate `nodes` through all of them.
    ///
    /// # Errors
    /// [`SamplingError::Grid`] where there are fewer than two nodes or their times do not fall, and
    /// as [`reference_flow`].
    pub fn new(
        problem: &Problem,
        nodes: &[Node],
        starts: Vec<f64>,
        measure: Measure,
    ) -> Result<Self, SamplingError> {
        if nodes.len() < 2 {
            return Err(SamplingError::grid(format!(
                "a search needs two candidate nodes or more, and has {}",
                nodes.len()
            )));
        }
        if let Some(pair) = (nodes.windows(2))
            .find(|pair| pair[1].t.partial_cmp(&pair[0].t) != Some(std::cmp::Ordering::Less))
        {
            return Err(SamplingError::grid(format!(
                "the times of the candidate nodes must fall, and {} follows {}",
                pair[1].t, pair[0].t
            )));
        }
        if starts.is_empty() {
            return Err(SamplingError::parameter(
                "starts",
                "there are none; a search needs at least one",
            ));
        }
        // Times of a schedule of solvers become nodes the same way.
        let at = |node: &Node| match node.t == 0.0 && node.is_clean() {
            true => Node::CLEAN,
            false => problem.schedule.node(node.t),
        };
        let nodes: Vec<Node> = nodes.iter().map(at).collect();
        let mut path = vec![starts];
        for pair in nodes.windows(2) {
            let mut x = path[path.len() - 1].clone();
            reference_flow(problem, &pair[0], &pair[1], &mut x)?;
            path.push(x);
        }
        Ok(Self {
            problem: problem.clone(),
            nodes,
            path,
            measure,
        })
    }

    /// The candidate nodes, from noise to data.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The exact batch at candidate node number `index`.
    pub fn exact(&self, index: usize) -> &[f64] {
        &self.path[index]
    }

    /// The numbers of `steps + 1` candidate nodes, spread as evenly over them as whole numbers allow.
    ///
    /// # Errors
    /// [`SamplingError::Grid`] where there are not that many.
    pub fn even(&self, steps: usize) -> Result<Vec<usize>, SamplingError> {
        let last = self.nodes.len() - 1;
        if steps == 0 || steps > last {
            return Err(SamplingError::grid(format!(
                "{steps} steps are asked for, and {} candidate nodes allow 1 to {last}",
                self.nodes.len()
            )));
        }
        Ok((0..=steps)
            .map(|i| (i * last + steps / 2) / steps)
            .collect())
    }

    /// Runs `sampler` along the candidate nodes of the numbers `times`.
    ///
    /// # Errors
    /// [`SamplingError::Grid`] where the numbers do not grow from the first node to the last,
    /// [`SamplingError::Unfit`] for samplers that draw noise or choose their steps, and as
    /// [`Sampler::start`]. A run that breaks down on its way is no error but infinitely bad.
    pub fn of(&self, sampler: &dyn Sampler, times: &[usize]) -> Result<Score, SamplingError> {
        let properties = sampler.properties();
        if properties.stochastic || properties.adaptive {
            return Err(SamplingError::unfit(
                sampler.name(),
                "a search holds a run against the flow from the same start at the same nodes, and it draws noise or chooses its own steps; take a deterministic one on a fixed grid",
            ));
        }
        self.check(times)?;
        let nodes: Vec<Node> = times.iter().map(|&i| self.nodes[i]).collect();
        let mut run = sampler.start(&self.problem, &nodes, self.path[0].clone(), Noise::new(0))?;
        let mut sum = 0.0;
        for (n, &index) in times.iter().enumerate().skip(1) {
            // A batch that became infinite on its way.
            if run.advance().is_err() {
                return Ok(Score {
                    error: f64::INFINITY,
                    evaluations: run.evaluations(),
                });
            }
            if self.measure == Measure::Path || n == times.len() - 1 {
                sum += self.distance2(run.as_ref(), index);
            }
        }
        let compared = match self.measure {
            Measure::End => 1,
            Measure::Path => times.len() - 1,
        };
        let error = sum / compared as f64;
        Ok(Score {
            error: if error.is_finite() {
                error
            } else {
                f64::INFINITY
            },
            evaluations: run.evaluations(),
        })
    }

    /// The schedule that takes `steps` in turn to the candidate nodes of the numbers `times`, the first
    /// left out, with the times written into it.
    pub(super) fn schedule(&self, steps: &[SolverStep], times: &[usize]) -> SolverSchedule {
        let timed = |(step, &index): (&SolverStep, &usize)| SolverStep {
            time: Some(self.nodes[index].t),
            ..*step
        };
        SolverSchedule {
            steps: steps.iter().zip(times.iter().skip(1)).map(timed).collect(),
        }
    }

    /// Refuses numbers of nodes that are no grid from the first candidate to the last.
    pub(super) fn check(&self, times: &[usize]) -> Result<(), SamplingError> {
        let last = self.nodes.len() - 1;
        let whole = times.first() == Some(&0) && times.last() == Some(&last);
        if whole && times.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(());
        }
        Err(SamplingError::grid(format!(
            "the numbers of the candidate nodes must grow from 0 to {last}, and are {times:?}"
        )))
    }

    /// Mean squared distance of the batch to the exact one at candidate node number `index`.
    fn distance2(&self, run: &dyn Trajectory, index: usize) -> f64 {
        let exact = &self.path[index];
        let sum: f64 = (run.batch().iter().zip(exact))
            .map(|(x, y)| (x - y).powi(2))
            .sum();
        sum * self.problem.unknowns() as f64 / exact.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{Fitness, Measure};
    use crate::error::SamplingError;
    use crate::grid::{FinalStep, GridParams};
    use crate::reference::reference_flow;
    use crate::samplers::tests::{EXACT, STARTS, end, three_gaussians};
    use crate::samplers::{Ddim, Edm};
    use crate::schedule::Node;

    fn fitness(measure: Measure, candidates: usize) -> Fitness {
        let problem = three_gaussians();
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), candidates)
            .expect("grid");
        Fitness::new(&problem, &nodes, STARTS.to_vec(), measure).expect("smooth")
    }

    fn mean_square(x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / 4.0
    }

    #[test]
    fn the_end_is_held_against_an_independent_integrator() {
        let fitness = fitness(Measure::End, 20);
        let x = end(
            &Ddim::default(),
            &three_gaussians(),
            &GridParams::lambda(),
            10,
        );
        let known = mean_square(&x, &EXACT);
        let score = fitness
            .of(&Ddim::default(), &fitness.even(10).expect("10 of 20"))
            .expect("runs");
        assert!(
            (score.error / known - 1.0).abs() < 1e-9,
            "{score:?} {known}"
        );
        assert_eq!(score.evaluations, 10);
    }

    #[test]
    fn the_path_is_the_mean_over_its_nodes() {
        let problem = three_gaussians();
        let fitness = fitness(Measure::Path, 4);
        let nodes = fitness.nodes().to_vec();
        let mut middle = STARTS.to_vec();
        reference_flow(&problem, &nodes[0], &nodes[2], &mut middle).expect("smooth");
        let grid = GridParams {
            to: Some(nodes[2].t),
            ..GridParams::lambda()
        };
        let halfway = end(&Ddim::default(), &problem, &grid, 1);
        let whole = end(&Ddim::default(), &problem, &GridParams::lambda(), 2);
        let known = 0.5 * (mean_square(&halfway, &middle) + mean_square(&whole, &EXACT));
        let found = (fitness.of(&Ddim::default(), &[0, 2, 4])).expect("runs");
        assert!(
            (found.error / known - 1.0).abs() < 1e-9,
            "{found:?} {known}"
        );
    }

    #[test]
    fn the_end_may_be_without_noise() {
        let problem = three_gaussians();
        let grid = GridParams {
            final_step: FinalStep::Zero,
            ..GridParams::lambda()
        };
        let nodes = grid.nodes(problem.schedule.as_ref(), 8).expect("grid");
        let fitness =
            Fitness::new(&problem, &nodes, STARTS.to_vec(), Measure::End).expect("smooth");
        assert!(fitness.nodes()[8].is_clean());
        let mut clean = STARTS.to_vec();
        reference_flow(&problem, &nodes[0], &Node::CLEAN, &mut clean).expect("smooth");
        let known = mean_square(&end(&Ddim::default(), &problem, &grid, 8), &clean);
        let found = (fitness.of(&Ddim::default(), &[0, 1, 2, 3, 4, 5, 6, 7, 8])).expect("runs");
        assert!(
            (found.error / known - 1.0).abs() < 1e-8,
            "{found:?} {known}"
        );
    }

    #[test]
    fn grids_and_samplers_that_cannot_be_compared_are_refused() {
        let fitness = fitness(Measure::End, 4);
        for times in [
            &[0, 2][..],
            &[1, 4],
            &[0, 2, 2, 4],
            &[0, 3, 2, 4],
            &[],
            &[0, 9],
        ] {
            let error = (fitness.of(&Ddim::default(), times)).expect_err("no grid");
            assert!(matches!(error, SamplingError::Grid { .. }), "{error}");
        }
        let noisy = Edm {
            churn: 10.0,
            ..Edm::default()
        };
        let error = (fitness.of(&noisy, &[0, 2, 4])).expect_err("noise");
        assert!(matches!(error, SamplingError::Unfit { .. }), "{error}");
        assert!(fitness.even(0).is_err() && fitness.even(5).is_err());
        assert_eq!(fitness.even(4).expect("all"), [0, 1, 2, 3, 4]);
        let problem = three_gaussians();
        let nodes = fitness.nodes();
        let starts = || STARTS.to_vec();
        for (nodes, starts) in [
            (vec![nodes[0]], starts()),
            (vec![nodes[1], nodes[0]], starts()),
            (vec![nodes[0], nodes[1]], Vec::new()),
            (vec![nodes[0], nodes[1]], vec![1.0; 3]),
        ] {
            assert!(Fitness::new(&problem, &nodes, starts, Measure::End).is_err());
        }
    }
}
