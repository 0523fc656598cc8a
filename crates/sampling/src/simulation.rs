//! A trajectory as something a run driver can advance, save and restore.

use std::sync::Arc;

use pdesolve_core::{FieldSpec, Place, RestoreError, Simulation, State, Step, StepError};

use crate::analytic::Target;
use crate::error::SamplingError;
use crate::model::all_finite;
use crate::problem::Problem;
use crate::reference::reference_flow;
use crate::sampler::Trajectory;
use crate::schedule::Node;

/// How the batch is laid out as fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One field for each unknown of a sample, with one value a sample: points in space.
    Points {
        /// Names of the unknowns.
        names: Vec<String>,
    },
    /// One field for each sample, with one value an unknown: fields on a mesh.
    Fields {
        /// Names of the samples.
        names: Vec<String>,
    },
}

/// A [`Trajectory`] as a [`Simulation`]: its time is the number of steps taken. A method that chooses
/// its own steps has a time that only rises and ends where it was told to ([`Sampling::until`]).
///
/// A step that fails leaves everything as it was before that step: the batch, its node, the counts,
/// and what [`Simulation::save`] writes. The price is one copy a step of what the trajectory saves, the
/// batch and its earlier predictions, and the memory for two of them: the state that a step leaves is
/// looked through, and kept as the one before the next step.
pub struct Sampling {
    trajectory: Box<dyn Trajectory>,
    /// What the trajectory saves before a step; up to date where `saved`.
    before: State,
    saved: bool,
    /// The same after it.
    after: State,
    layout: Layout,
    /// Time of the end, where the number of steps is not known before.
    end: Option<f64>,
    exact: Option<Exact>,
}

/// What the exact end of a deterministic trajectory is computed from, once it is asked for.
struct Exact {
    problem: Problem,
    target: Arc<dyn Target>,
    ends: (Node, Node),
    /// The starts, and once `arrived` what the exact flow makes of them.
    batch: Vec<f64>,
    arrived: bool,
}

impl Exact {
    /// Largest distance of `batch` from the exact end; NaN where that cannot be computed.
    fn distance(&mut self, batch: &[f64]) -> f64 {
        if !self.arrived {
            let (from, to) = self.ends;
            self.arrived = (self.problem.is_plain()
                && self.target.flow(&from, &to, &mut self.batch))
                || reference_flow(&self.problem, &from, &to, &mut self.batch).is_ok();
            if !self.arrived {
                self.batch.fill(f64::NAN);
                self.arrived = true;
            }
        }
        let gaps = batch.iter().zip(&self.batch).map(|(a, b)| (a - b).abs());
        // A NaN stays one, which `f64::max` would drop.
        gaps.fold(
            0.0,
            |top, gap| if gap > top || gap.is_nan() { gap } else { top },
        )
    }
}

impl Sampling {
    /// A trajectory, laid out as fields.
    pub fn new(trajectory: Box<dyn Trajectory>, layout: Layout) -> Self {
        Self {
            trajectory,
            before: State::default(),
            saved: false,
            after: State::default(),
            layout,
            end: None,
            exact: None,
        }
    }

    /// For a method that chooses its own steps: the time of the end.
    pub fn until(mut self, end: f64) -> Self {
        self.end = Some(end);
        self
    }

    /// Measures the end against the exact flow of `starts` from the first node of `grid` to the last,
    /// as the quantity `error`; it is not a number before the end.
    pub fn with_exact(
        mut self,
        problem: Problem,
        target: Arc<dyn Target>,
        grid: &[Node],
        starts: Vec<f64>,
    ) -> Self {
        if let [first, .., last] = grid {
            self.exact = Some(Exact {
                problem,
                target,
                ends: (*first, *last),
                batch: starts,
                arrived: false,
            });
        }
        self
    }

    fn names(&self) -> &[String] {
        match &self.layout {
            Layout::Points { names } | Layout::Fields { names } => names,
        }
    }
}

impl Simulation for Sampling {
    fn time(&self) -> f64 {
        let steps = self.trajectory.steps() as f64;
        match self.end {
            None => steps,
            Some(end) if self.trajectory.finished() => end,
            Some(end) => end * steps / (steps + 1.0),
        }
    }

    fn steps(&self) -> u64 {
        self.trajectory.steps() as u64
    }

    fn advance(&mut self, _limit: f64) -> Result<Step, StepError> {
        let before = self.trajectory.rejected();
        let time = self.time();
        if !self.saved {
            write(self.trajectory.as_ref(), &mut self.before);
        }
        self.saved = false;
        let advanced = match self.trajectory.advance() {
            Ok(()) => self.check_predictions(),
            failed => failed,
        };
        if let Err(error) = advanced {
            // The batch alone would not do: the predictions of a multistep method are spoilt too.
            self.trajectory
                .restore(&self.before)
                .map_err(|unfit| StepError::Failed {
                    step: self.steps(),
                    reason: format!("{error}; and the batch before that step is lost: {unfit}"),
                })?;
            return Err(self.step_error(error));
        }
        std::mem::swap(&mut self.before, &mut self.after);
        self.saved = true;
        Ok(Step {
            index: self.steps(),
            time: self.time(),
            dt: self.time() - time,
            rejected: (self.trajectory.rejected() - before) as u32,
        })
    }

    fn fields(&self) -> Vec<FieldSpec> {
        self.names().iter().map(FieldSpec::new).collect()
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        let batch = self.trajectory.batch();
        match &self.layout {
            Layout::Points { names } => {
                for (out, sample) in out.iter_mut().zip(batch.chunks(names.len())) {
                    *out = sample[field];
                }
            }
            Layout::Fields { .. } => {
                let n = out.len();
                out.copy_from_slice(&batch[field * n..(field + 1) * n]);
            }
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        let mut names = vec!["evaluations", "t", "sigma", "lambda"];
        if self.exact.is_some() {
            names.push("error");
        }
        names.into_iter().map(str::to_owned).collect()
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let node = self.trajectory.node();
        out.extend([
            self.trajectory.evaluations() as f64,
            node.t,
            node.sigma,
            node.lambda,
        ]);
        if let Some(exact) = &mut self.exact {
            out.push(if self.trajectory.finished() {
                exact.distance(self.trajectory.batch())
            } else {
                f64::NAN
            });
        }
    }

    fn save(&self, state: &mut State) {
        self.trajectory.save(state);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        self.saved = false;
        self.trajectory.restore(state)
    }
}

/// Has the trajectory save into the arrays that `state` holds. One that it no longer saves is empty.
fn write(trajectory: &dyn Trajectory, state: &mut State) {
    for array in state.arrays.values_mut() {
        array.clear();
    }
    state.counters.clear();
    trajectory.save(state);
}

impl Sampling {
    /// Refuses a step after which the batch is finite and a prediction for the next step is not.
    fn check_predictions(&mut self) -> Result<(), SamplingError> {
        write(self.trajectory.as_ref(), &mut self.after);
        let unknowns = match &self.layout {
            Layout::Points { names } => names.len(),
            Layout::Fields { names } => self.trajectory.batch().len() / names.len(),
        };
        for values in self.after.arrays.values() {
            if all_finite(values) {
                continue;
            }
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(SamplingError::NonFinite {
                    sample: at / unknowns,
                    unknown: at % unknowns,
                    value: values[at],
                    step: self.trajectory.steps(),
                    t: self.trajectory.node().t,
                });
            }
        }
        Ok(())
    }

    fn step_error(&self, error: SamplingError) -> StepError {
        let step = self.steps() + 1;
        let SamplingError::NonFinite {
            sample,
            unknown,
            value,
            ..
        } = error
        else {
            return StepError::Failed {
                step,
                reason: error.to_string(),
            };
        };
        let (field, cell) = match &self.layout {
            Layout::Points { names } => (&names[unknown], sample),
            Layout::Fields { names } => (&names[sample], unknown),
        };
        StepError::NonFinite {
            field: field.clone(),
            value,
            place: Place::Cell(vec![cell]),
            time: self.time(),
            step,
            dt: 1.0,
            cfl: f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use pdesolve_core::{Simulation, State, StepError};

    use super::{Layout, Sampling};
    use crate::analytic::GaussianMixture;
    use crate::denoiser::{Condition, Denoiser};
    use crate::grid::GridParams;
    use crate::noise::Noise;
    use crate::parameterisation::Parameterisation;
    use crate::problem::Problem;
    use crate::samplers::SamplerParams;
    use crate::samplers::tests::{STARTS, three_gaussians};
    use crate::schedule::{Node, VarianceLinear};

    /// The mixture of three Gaussians, whose call number `bad` predicts NaN for the last sample.
    struct Breaking {
        inner: GaussianMixture,
        calls: AtomicU64,
        bad: AtomicU64,
    }

    impl Denoiser for Breaking {
        fn unknowns(&self) -> usize {
            2
        }
        fn parameterisation(&self) -> Parameterisation {
            self.inner.parameterisation()
        }
        fn evaluate(&self, x: &[f64], node: &Node, condition: Condition<'_>, out: &mut [f64]) {
            self.inner.evaluate(x, node, condition, out);
            if self.calls.fetch_add(1, Ordering::Relaxed) + 1 >= self.bad.load(Ordering::Relaxed) {
                out[7] = f64::NAN;
            }
        }
    }

    fn sampling(params: &SamplerParams, problem: &Problem) -> Sampling {
        let nodes = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 12)
            .expect("a grid");
        let trajectory = params
            .sampler()
            .start(problem, &nodes, STARTS.to_vec(), Noise::new(3))
            .unwrap_or_else(|error| panic!("{error}"));
        let names = vec!["x1".to_owned(), "x2".to_owned()];
        Sampling::new(trajectory, Layout::Points { names })
    }

    #[test]
    fn a_step_to_nan_leaves_the_batch_and_the_saved_state_before_it() {
        for (name, params) in SamplerParams::presets() {
            // The sixth step of the unbroken run is the one that will fail.
            let good = three_gaussians();
            let mut whole = sampling(&params, &good);
            let mut before = State::default();
            let mut batch = Vec::new();
            let mut evaluations = 0;
            for _ in 0..5 {
                whole.advance(f64::INFINITY).expect(name);
                before = State::default();
                whole.save(&mut before);
                batch = whole.trajectory.batch().to_vec();
                evaluations = whole.trajectory.evaluations();
                if whole.trajectory.finished() {
                    break;
                }
            }
            let steps = whole.steps();
            if whole.trajectory.finished() {
                continue;
            }
            let inner = GaussianMixture::three().checked().expect("three");
            let breaking = Arc::new(Breaking {
                inner,
                calls: AtomicU64::new(0),
                bad: AtomicU64::new(u64::MAX),
            });
            let broken = Problem::new(Arc::new(VarianceLinear::default()), breaking.clone());
            let mut run = sampling(&params, &broken);
            // Estimates made before the first step are not counted as evaluations.
            let aside = breaking.calls.load(Ordering::Relaxed) - run.trajectory.evaluations();
            breaking
                .bad
                .store(aside + evaluations + 1, Ordering::Relaxed);
            for _ in 0..steps {
                run.advance(f64::INFINITY).expect(name);
            }
            // Methods that skip or reuse predictions fail a step or two later.
            let mut last = (before, batch, steps);
            let error = loop {
                match run.advance(f64::INFINITY) {
                    Err(error) => break error,
                    Ok(_) => {
                        let mut state = State::default();
                        run.save(&mut state);
                        last = (state, run.trajectory.batch().to_vec(), run.steps());
                    }
                }
                assert!(!run.trajectory.finished(), "{name}: NaN went unseen");
            };
            if let StepError::NonFinite { step, time, .. } = &error {
                assert_eq!((*step, *time), (last.2 + 1, run.time()), "{name}");
            }
            let mut kept = State::default();
            run.save(&mut kept);
            assert_eq!(kept, last.0, "{name}: {error}");
            assert_eq!(run.trajectory.batch(), last.1, "{name}");
            assert_eq!(run.steps(), last.2, "{name}");
            let mut field = vec![0.0; 4];
            run.sample(1, &mut field);
            assert!(field.iter().all(|v| v.is_finite()), "{name}");
        }
    }

    #[test]
    fn a_failed_step_after_a_restored_state_leaves_the_restored_one() {
        for kind in ["dpmpp_3m", "unipc_3", "plms", "bdia"] {
            let (_, params) = (SamplerParams::presets().into_iter())
                .find(|(name, _)| *name == kind)
                .expect("a preset");
            let steps_of = |bad| {
                let inner = GaussianMixture::three().checked().expect("three");
                let calls = AtomicU64::new(0);
                let denoiser = Arc::new(Breaking {
                    inner,
                    calls,
                    bad: AtomicU64::new(bad),
                });
                let problem = Problem::new(Arc::new(VarianceLinear::default()), denoiser);
                sampling(&params, &problem)
            };
            let mut run = steps_of(u64::MAX);
            for _ in 0..4 {
                run.advance(f64::INFINITY).expect(kind);
            }
            let mut fourth = State::default();
            run.save(&mut fourth);
            run.advance(f64::INFINITY).expect(kind);
            let calls = run.trajectory.evaluations();

            // The same five steps; any call after them fails.
            let mut run = steps_of(calls + 1);
            for _ in 0..5 {
                run.advance(f64::INFINITY).expect(kind);
            }
            run.restore(&fourth).expect("its own state");
            for _ in 0..2 {
                run.advance(f64::INFINITY).expect_err(kind);
                let mut kept = State::default();
                run.save(&mut kept);
                assert_eq!(kept, fourth, "{kind}");
            }
        }
    }
}
