//! Error against work, of many samplers at many numbers of steps.
//!
//! Deterministic samplers are held against the exact flow of their starts; stochastic ones against
//! exact draws, by the sliced Wasserstein distance, whose value for two independent exact batches of
//! that size is the floor that no sampler gets below.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::diagnostics::distances::{noise_floor, sliced_wasserstein};
use crate::error::SamplingError;
use crate::grid::GridParams;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::reference::reference_flow;
use crate::sampler::Trajectory;
use crate::samplers::SamplerParams;
use crate::schedule::Node;

/// A study: which samplers, from which starts, in how many steps.
#[derive(Clone, Debug)]
pub struct WorkPrecision<'a> {
    /// What is sampled.
    pub problem: &'a Problem,
    /// The batch at the first node, `[sample][unknown]`.
    pub starts: &'a [f64],
    /// How the steps are spread.
    pub grid: &'a GridParams,
    /// The samplers, by a name each.
    pub samplers: &'a [(String, SamplerParams)],
    /// Numbers of steps, in the order in which orders are observed: rising.
    pub steps: &'a [usize],
    /// The ends of the exact flow, where a closed form is known; otherwise they are integrated
    /// ([`reference_flow`]).
    pub exact: Option<&'a [f64]>,
    /// Exact draws of the data, twice as many as there are starts: one half to compare with, the
    /// other for the floor. Only stochastic samplers need them.
    pub draws: Option<&'a [f64]>,
    /// Seed of all noise.
    pub seed: u64,
}

/// How far the end of a sampler is from where it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deviation {
    /// From the exact flow of the same starts.
    Path {
        /// Largest error of an unknown over the batch.
        max: f64,
        /// Root of the mean square of the errors of all unknowns over the batch.
        rms: f64,
    },
    /// From exact draws.
    Law {
        /// Sliced 2-Wasserstein distance.
        sliced_wasserstein: f64,
        /// The same between two independent exact batches.
        floor: f64,
    },
}

impl Deviation {
    /// The one number that curves are drawn of: the largest error, or the distance.
    pub fn error(&self) -> f64 {
        match *self {
            Self::Path { max, .. } => max,
            Self::Law {
                sliced_wasserstein, ..
            } => sliced_wasserstein,
        }
    }
}

/// What came of one sampler with one number of steps.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It reached the end.
    Reached {
        /// Calls of the model, each for the whole batch.
        evaluations: u64,
        /// Steps taken: those asked for, except where the method chooses its own.
        steps: usize,
        /// Distance from where it should be.
        deviation: Deviation,
        /// Order observed since the last outcome of this sampler that reached the end,
        /// ln(error ratio)/ln(ratio of the steps taken).
        order: Option<f64>,
    },
    /// It does not take this grid, schedule or model.
    Refused {
        /// Why.
        reason: String,
    },
    /// It broke off on its way.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One sampler with one number of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Steps asked for.
    pub asked: usize,
    /// What came of it.
    pub outcome: Outcome,
}

/// One sampler over all numbers of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name given in the study.
    pub name: String,
    /// The method as the field writes it.
    pub method: String,
    /// Order that it claims.
    pub claimed_order: Option<f64>,
    /// Whether it is held against draws.
    pub stochastic: bool,
    /// One for each number of steps.
    pub points: Vec<Point>,
}

/// All curves of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// One for each sampler.
    pub curves: Vec<Curve>,
    /// Whether the study was stopped before its end; the curves then end early.
    pub interrupted: bool,
}

impl WorkPrecision<'_> {
    /// Runs the study. Calls `each` after every point; ends early where `interrupt` is set.
    ///
    /// A sampler that refuses, or that breaks off, is an [`Outcome`] and not an error.
    ///
    /// # Errors
    /// Where the grid makes no nodes, or the exact flow cannot be integrated
    /// ([`reference_flow`]), or lengths do not fit each other.
    pub fn run(
        &self,
        interrupt: &AtomicBool,
        each: &mut dyn FnMut(&Curve, &Point),
    ) -> Result<Curves, SamplingError> {
        self.check()?;
        let mut study = Curves {
            curves: Vec::new(),
            interrupted: false,
        };
        let deterministic = (self.samplers)
            .iter()
            .any(|(_, params)| !params.sampler().properties().stochastic);
        let exact = match self.exact {
            Some(exact) => exact.to_vec(),
            None if deterministic => self.integrate()?,
            None => Vec::new(),
        };
        let law = self.law()?;
        for (name, params) in self.samplers {
            let properties = params.sampler().properties();
            let mut curve = Curve {
                name: name.clone(),
                method: params.sampler().name(),
                claimed_order: properties.order,
                stochastic: properties.stochastic,
                points: Vec::new(),
            };
            for &steps in self.steps {
                let reference = if !properties.stochastic {
                    Reference::Path(&exact)
                } else if let Some((draws, floor)) = &law {
                    Reference::Law(draws, *floor)
                } else {
                    Reference::Missing
                };
                let Some(mut outcome) = self.outcome(params, steps, &reference, interrupt)? else {
                    study.interrupted = true;
                    study.curves.push(curve);
                    return Ok(study);
                };
                observe_order(&mut outcome, &curve.points);
                let point = Point {
                    asked: steps,
                    outcome,
                };
                each(&curve, &point);
                curve.points.push(point);
            }
            study.curves.push(curve);
        }
        Ok(study)
    }

    fn check(&self) -> Result<(), SamplingError> {
        let starts = self.starts.len();
        if let Some(exact) = self.exact.map(<[f64]>::len)
            && exact != starts
        {
            return Err(SamplingError::parameter(
                "exact",
                format!("it holds {exact} numbers for {starts} of the starts"),
            ));
        }
        if let Some(draws) = self.draws.map(<[f64]>::len)
            && draws != 2 * starts
        {
            return Err(SamplingError::parameter(
                "draws",
                format!(
                    "it holds {draws} numbers for {starts} of the starts; twice as many are needed"
                ),
            ));
        }
        match self.steps.first() {
            Some(_) => Ok(()),
            None => Err(SamplingError::parameter(
                "steps",
                "no number of steps is given",
            )),
        }
    }

    /// First and last node, which all numbers of steps have in common.
    fn ends(&self) -> Result<(Node, Node), SamplingError> {
        let steps = self.steps.iter().max().copied().unwrap_or(1);
        let nodes = self.grid.nodes(self.problem.schedule.as_ref(), steps)?;
        Ok((nodes[0], nodes[nodes.len() - 1]))
    }

    fn integrate(&self) -> Result<Vec<f64>, SamplingError> {
        let (from, to) = self.ends()?;
        let mut x = self.starts.to_vec();
        reference_flow(self.problem, &from, &to, &mut x)?;
        Ok(x)
    }

    /// Exact draws as they are at the last node, noise included, and the floor.
    fn law(&self) -> Result<Option<(Vec<f64>, f64)>, SamplingError> {
        let Some(draws) = self.draws else {
            return Ok(None);
        };
        let (_, end) = self.ends()?;
        let unknowns = self.problem.unknowns();
        let mut noised = vec![0.0; draws.len()];
        // A seed apart from that of the samplers.
        Noise::new(!self.seed).normal(Noise::START, unknowns, &mut noised);
        for (x, draw) in noised.iter_mut().zip(draws) {
            *x = end.alpha * draw + end.sigma * *x;
        }
        let floor = noise_floor(&noised, unknowns);
        noised.truncate(self.starts.len());
        Ok(Some((noised, floor)))
    }

    /// `None` where it was interrupted.
    fn outcome(
        &self,
        params: &SamplerParams,
        steps: usize,
        reference: &Reference<'_>,
        interrupt: &AtomicBool,
    ) -> Result<Option<Outcome>, SamplingError> {
        let refused = |reason: String| Ok(Some(Outcome::Refused { reason }));
        if let Reference::Missing = reference {
            return refused("it draws noise, and there are no exact draws to compare with".into());
        }
        let nodes = self.grid.nodes(self.problem.schedule.as_ref(), steps)?;
        let noise = Noise::new(self.seed);
        let start = (params.sampler()).start(self.problem, &nodes, self.starts.to_vec(), noise);
        let mut trajectory = match start {
            Ok(trajectory) => trajectory,
            Err(error) => return refused(error.to_string()),
        };
        while !trajectory.finished() {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(None);
            }
            if let Err(error) = trajectory.advance() {
                return Ok(Some(Outcome::Failed {
                    reason: error.to_string(),
                }));
            }
        }
        Ok(Some(self.reached(trajectory.as_ref(), reference)))
    }

    fn reached(&self, trajectory: &dyn Trajectory, reference: &Reference<'_>) -> Outcome {
        let x = trajectory.batch();
        let deviation = match reference {
            Reference::Law(draws, floor) => Deviation::Law {
                sliced_wasserstein: sliced_wasserstein(x, draws, self.problem.unknowns()),
                floor: *floor,
            },
            Reference::Path(exact) => {
                let errors = || x.iter().zip(*exact).map(|(x, exact)| (x - exact).abs());
                Deviation::Path {
                    max: errors().fold(0.0, f64::max),
                    rms: (errors().map(|e| e * e).sum::<f64>() / x.len() as f64).sqrt(),
                }
            }
            Reference::Missing => unreachable!("refused before"),
        };
        Outcome::Reached {
            evaluations: trajectory.evaluations(),
            steps: trajectory.steps(),
            deviation,
            order: None,
        }
    }
}

enum Reference<'a> {
    Path(&'a [f64]),
    Law(&'a [f64], f64),
    Missing,
}

/// Order between the last point that reached the end and this one.
fn observe_order(outcome: &mut Outcome, points: &[Point]) {
    let Outcome::Reached {
        steps,
        deviation,
        order,
        ..
    } = outcome
    else {
        return;
    };
    let before = points.iter().rev().find_map(|point| match &point.outcome {
        Outcome::Reached {
            steps, deviation, ..
        } => Some((*steps as f64, deviation.error())),
        _ => None,
    });
    if let Some((steps_before, error_before)) = before {
        let observed =
            (error_before / deviation.error()).ln() / (*steps as f64 / steps_before).ln();
        *order = observed.is_finite().then_some(observed);
    }
}

impl Curve {
    /// (evaluations, error) of the points that reached the end.
    pub fn reached(&self) -> Vec<(f64, f64)> {
        let figures = |point: &Point| match &point.outcome {
            Outcome::Reached {
                evaluations,
                deviation,
                ..
            } => Some((*evaluations as f64, deviation.error())),
            _ => None,
        };
        self.points.iter().filter_map(figures).collect()
    }

    /// Calls of the model that bring the error down to `error`, read off the curve of logarithms;
    /// `None` where no point of the curve gets there.
    ///
    /// From the first point that is good enough and the one before it. Where the first point of all
    /// is good enough, its own evaluations: the curve says nothing of fewer.
    pub fn evaluations_to_reach(&self, error: f64) -> Option<f64> {
        let points = self.reached();
        let first = points.iter().position(|&(_, e)| e <= error)?;
        let (n1, e1) = points[first];
        if first == 0 || e1 == 0.0 {
            return Some(n1);
        }
        let (n0, e0) = points[first - 1];
        let share = (e0 / error).ln() / (e0 / e1).ln();
        Some((n0.ln() + share * (n1 / n0).ln()).exp())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::analytic::{GaussianMixture, Target};
    use crate::samplers::Ddim;
    use crate::samplers::tests::{STARTS, three_gaussians};
    use crate::schedule::Flow;

    fn ddim(eta: f64) -> (String, SamplerParams) {
        (format!("ddim {eta}"), SamplerParams::Ddim(Ddim { eta }))
    }

    #[test]
    fn reproduces_the_errors_of_ddim_published_for_the_reference_problem() {
        let problem = three_gaussians();
        let study = WorkPrecision {
            problem: &problem,
            starts: &STARTS,
            grid: &GridParams::lambda(),
            samplers: &[ddim(0.0)],
            steps: &[10, 40, 160],
            exact: None,
            draws: None,
            seed: 1,
        };
        let mut heard = 0;
        let result = study
            .run(&AtomicBool::new(false), &mut |_, _| heard += 1)
            .expect("a study");
        assert_eq!(heard, 3);
        let curve = &result.curves[0];
        // Measured with another implementation, three digits.
        let published = [5.66e-1, 1.37e-1, 3.34e-2];
        for ((evaluations, error), expected) in curve.reached().into_iter().zip(published) {
            assert!(
                (error / expected - 1.0).abs() < 5e-3,
                "{evaluations} {error}"
            );
        }
        let Outcome::Reached { order, .. } = &curve.points[2].outcome else {
            panic!("{:?}", curve.points[2]);
        };
        assert!(
            (order.expect("two points") - 1.02).abs() < 0.02,
            "{order:?}"
        );
        // Between 40 and 160 evaluations the error falls as their power -1.02.
        let needed = curve
            .evaluations_to_reach(0.0676)
            .expect("within the curve");
        assert!((needed - 80.0).abs() < 1.0, "{needed}");
        assert_eq!(curve.evaluations_to_reach(1e-3), None);
        assert_eq!(curve.evaluations_to_reach(1.0), Some(10.0));
    }

    #[test]
    fn holds_stochastic_samplers_against_exact_draws() {
        let problem = three_gaussians();
        let target = GaussianMixture::three().checked().expect("a mixture");
        let first = problem.schedule.node(1.0);
        let starts = problem.prior(&first, 4000, &Noise::new(5));
        let draws = target.draws(9, 8000);
        let study = WorkPrecision {
            problem: &problem,
            starts: &starts,
            grid: &GridParams::lambda(),
            samplers: &[ddim(1.0)],
            steps: &[4, 60],
            exact: None,
            draws: Some(&draws),
            seed: 1,
        };
        let result = study
            .run(&AtomicBool::new(false), &mut |_, _| ())
            .expect("a study");
        let figures: Vec<(f64, f64)> = (result.curves[0].points.iter())
            .map(|point| match &point.outcome {
                Outcome::Reached {
                    deviation:
                        Deviation::Law {
                            sliced_wasserstein,
                            floor,
                        },
                    ..
                } => (*sliced_wasserstein, *floor),
                other => panic!("{other:?}"),
            })
            .collect();
        let floor = figures[0].1;
        assert!(0.01 < floor && floor < 0.1, "{floor}");
        assert!(figures[0].0 > 5.0 * floor, "{figures:?}");
        assert!(figures[1].0 < 3.0 * floor, "{figures:?}");
    }

    #[test]
    fn a_refusal_is_an_outcome_with_its_reason() {
        let problem = three_gaussians();
        let study = WorkPrecision {
            problem: &problem,
            starts: &STARTS,
            grid: &GridParams::lambda(),
            samplers: &[ddim(2.0), ddim(1.0), ddim(0.0)],
            steps: &[10],
            exact: None,
            draws: None,
            seed: 1,
        };
        let result = study
            .run(&AtomicBool::new(false), &mut |_, _| ())
            .expect("a study");
        let reasons: Vec<_> = (result.curves.iter())
            .map(|curve| match &curve.points[0].outcome {
                Outcome::Refused { reason } => reason.as_str(),
                _ => "",
            })
            .collect();
        assert!(reasons[0].contains("draws"), "{reasons:?}");
        assert!(reasons[1].contains("draws"), "{reasons:?}");
        assert_eq!(reasons[2], "");
    }

    #[test]
    fn an_interrupt_ends_the_study_with_what_is_there() {
        let problem = three_gaussians();
        let stop = AtomicBool::new(false);
        let study = WorkPrecision {
            problem: &problem,
            starts: &STARTS,
            grid: &GridParams::lambda(),
            samplers: &[ddim(0.0)],
            steps: &[10, 20, 40],
            exact: None,
            draws: None,
            seed: 1,
        };
        let result = study
            .run(&stop, &mut |_, point| {
                stop.store(point.asked == 20, Ordering::Relaxed);
            })
            .expect("a study");
        assert!(result.interrupted);
        assert_eq!(result.curves[0].points.len(), 2);
    }

    #[test]
    fn a_grid_without_nodes_is_an_error_of_the_study() {
        let problem = Problem::new(
            Arc::new(Flow::default()),
            Arc::new(GaussianMixture::single(&[0.0], 1.0)),
        );
        let study = WorkPrecision {
            problem: &problem,
            starts: &[1.0],
            grid: &GridParams::lambda(),
            samplers: &[ddim(0.0)],
            steps: &[10],
            exact: None,
            draws: None,
            seed: 1,
        };
        let error = study
            .run(&AtomicBool::new(false), &mut |_, _| ())
            .expect_err("lambda is infinite");
        assert!(error.to_string().contains("lambda"), "{error}");
    }
}
