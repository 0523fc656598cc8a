//! What every registered sampler must do, and the reference problem that all are measured on.

mod plain_euler;

use std::sync::Arc;

use pdesolve_core::{Control, State};

use crate::analytic::GaussianMixture;
use crate::grid::GridParams;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::{Sampler, Trajectory, sample};
use crate::samplers::SamplerParams;
use crate::schedule::{NoiseSchedule, VarianceLinear};

/// Starts of the reference problem at t = 1.
pub(crate) const STARTS: [f64; 8] = [1.0, 0.5, -0.7, 1.2, 0.3, -1.4, -1.5, -0.2];

/// The exact flow of [`STARTS`] at t = 1e-3: DOP853 of SciPy at tolerance 1e-13, Radau agrees to
/// 2.3e-13.
pub(crate) const EXACT: [f64; 8] = [
    2.155605863558,
    0.168077037689,
    -1.042363254424,
    1.783798511579,
    0.279162110858,
    -2.012063271396,
    -1.370859767238,
    0.980940107873,
];

/// The mixture of three Gaussians on the linear variance-preserving schedule.
pub(crate) fn three_gaussians() -> Problem {
    let target = GaussianMixture::three()
        .checked()
        .expect("three components");
    Problem::new(Arc::new(VarianceLinear::default()), Arc::new(target))
}

/// End of the trajectory from [`STARTS`].
pub(crate) fn end(
    sampler: &dyn Sampler,
    problem: &Problem,
    grid: &GridParams,
    steps: usize,
) -> Vec<f64> {
    let nodes = grid.nodes(problem.schedule.as_ref(), steps).expect("grid");
    let mut watch = |_: &dyn Trajectory| Control::Continue;
    sample(
        sampler,
        problem,
        &nodes,
        STARTS.to_vec(),
        Noise::new(1),
        &mut watch,
    )
    .unwrap_or_else(|error| panic!("{}: {error}", sampler.name()))
    .x
}

/// Largest distance between two batches.
pub(crate) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// Error of the end against [`EXACT`] with `steps` steps.
pub(crate) fn error(sampler: &dyn Sampler, grid: &GridParams, steps: usize) -> f64 {
    distance(&end(sampler, &three_gaussians(), grid, steps), &EXACT)
}

/// Observed order between `steps` and 2 `steps` steps.
pub(crate) fn order(sampler: &dyn Sampler, grid: &GridParams, steps: usize) -> f64 {
    (error(sampler, grid, steps) / error(sampler, grid, 2 * steps)).log2()
}

/// Holds the first sample of the end against the values printed to ten digits.
pub(crate) fn assert_golden(sampler: &dyn Sampler, steps: usize, golden: [f64; 2]) {
    let x = end(sampler, &three_gaussians(), &GridParams::lambda(), steps);
    let off = distance(&x[..2], &golden);
    assert!(
        off <= 1e-8,
        "{}, {steps} steps: {x:?}, off by {off:e}",
        sampler.name()
    );
}

#[test]
fn ends_of_the_reference_problem_are_those_of_the_schedule() {
    let schedule = VarianceLinear::default();
    assert!((schedule.lambda(1.0) + 5.024978406659).abs() < 1e-11);
    assert!((schedule.lambda(1e-3) - 4.557714932730).abs() < 1e-11);
    for t in [1e-3, 0.1, 0.5, 1.0] {
        assert!((schedule.t_of_lambda(schedule.lambda(t)) - t).abs() < 1e-13);
    }
}

#[test]
fn every_sampler_goes_on_bit_for_bit_from_a_saved_state() {
    let problem = three_gaussians();
    let nodes = GridParams::lambda()
        .nodes(problem.schedule.as_ref(), 12)
        .expect("grid");
    for (name, params) in SamplerParams::presets() {
        let sampler = params.sampler();
        let start = || {
            sampler
                .start(&problem, &nodes, STARTS.to_vec(), Noise::new(3))
                .unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let mut whole = start();
        let mut saved = Vec::new();
        while !whole.finished() {
            let mut state = State::default();
            whole.save(&mut state);
            saved.push(state);
            whole
                .advance()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        for state in [
            &saved[saved.len() / 3],
            &saved[saved.len() / 2],
            &saved[saved.len() - 1],
        ] {
            let mut rest = start();
            rest.restore(state).expect("its own state");
            while !rest.finished() {
                rest.advance().expect("as before");
            }
            assert_eq!(rest.batch(), whole.batch(), "{name}");
            assert_eq!(rest.evaluations(), whole.evaluations(), "{name}");
            assert_eq!(rest.steps(), whole.steps(), "{name}");
        }
    }
}

#[test]
fn every_sampler_ends_near_the_data_and_counts_its_evaluations() {
    let problem = three_gaussians();
    let grid = GridParams::lambda();
    for (name, params) in SamplerParams::presets() {
        let properties = params.sampler().properties();
        let nodes = grid.nodes(problem.schedule.as_ref(), 60).expect("grid");
        let mut watch = |_: &dyn Trajectory| Control::Continue;
        let report = sample(
            params.sampler(),
            &problem,
            &nodes,
            STARTS.to_vec(),
            Noise::new(3),
            &mut watch,
        )
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        if !properties.stochastic {
            let off = distance(&report.x, &EXACT);
            assert!(off < 0.2, "{name}: off by {off}");
        }
        if !properties.adaptive {
            let a_step = report.evaluations as f64 / report.steps as f64;
            let claimed = properties.evaluations_per_step;
            assert!(
                (a_step - claimed).abs() <= 0.1 * claimed,
                "{name}: {a_step} evaluations a step, {claimed} claimed"
            );
        }
    }
}
