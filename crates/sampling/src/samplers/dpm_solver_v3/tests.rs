use std::sync::Arc;

use super::statistics::Linear;
use super::{Corrector, DpmSolverV3, Estimate, Statistics};
use crate::analytic::{GaussianMixture, Target};
use crate::exponential::Form;
use crate::grid::{FinalStep, GridParams};
use crate::noise::Noise;
use crate::problem::{OwnedCondition, Problem};
use crate::sampler::Sampler;
use crate::samplers::tests::{STARTS, assert_golden, distance, end, error, order, three_gaussians};
use crate::samplers::{DpmSolverMultistep, UniPc, UniPcVariant};
use crate::schedule::{Flow, NoiseSchedule, VarianceExploding, VarianceLinear};

fn lambda() -> GridParams {
    GridParams::lambda()
}

/// Data N((1, -2), I/4).
fn gaussian(schedule: Arc<dyn NoiseSchedule>) -> Problem {
    Problem::new(
        schedule,
        Arc::new(GaussianMixture::single(&[1.0, -2.0], 0.5)),
    )
}

fn gaussian_statistics() -> Statistics {
    Statistics::Gaussian {
        mean: vec![1.0, -2.0],
        deviation: vec![0.5],
    }
}

fn with(order: usize, statistics: Statistics, points: usize) -> DpmSolverV3 {
    DpmSolverV3 {
        statistics,
        points,
        ..DpmSolverV3::of_order(order)
    }
}

/// Error of one step over the whole grid, relative to the size of the exact end where above 1.
fn error_of_one_step(problem: &Problem, grid: &GridParams, points: usize) -> f64 {
    let nodes = grid.nodes(problem.schedule.as_ref(), 1).expect("a grid");
    let target = GaussianMixture::single(&[1.0, -2.0], 0.5);
    let mut exact = STARTS.to_vec();
    assert!(target.flow(&nodes[0], &nodes[1], &mut exact));
    let solver = with(1, gaussian_statistics(), points);
    distance(&end(&solver, problem, grid, 1), &exact)
}

#[test]
fn one_step_is_exact_for_gaussian_data_up_to_the_quadrature() {
    let problem = gaussian(Arc::new(VarianceLinear::default()));
    let errors = [201, 1001, 4001].map(|points| error_of_one_step(&problem, &lambda(), points));
    assert!(errors[2] <= 1e-8, "{errors:?}");
    // Second order: the width falls to 1/5 and to 1/4.
    assert!((errors[0] / errors[1] - 25.0).abs() < 0.5, "{errors:?}");
    assert!((errors[1] / errors[2] - 16.0).abs() < 0.1, "{errors:?}");
}

#[test]
fn one_step_is_exact_on_other_schedules_too() {
    for schedule in [
        Arc::new(Flow::default()) as Arc<dyn NoiseSchedule>,
        Arc::new(VarianceExploding::default()),
    ] {
        let grid = GridParams {
            from: (schedule.name() == "flow").then_some(0.99),
            ..lambda()
        };
        let problem = gaussian(schedule);
        let off = error_of_one_step(&problem, &grid, 4001);
        assert!(off <= 1e-8, "{}: {off:e}", problem.schedule.name());
    }
}

/// The values come from a NumPy program that follows the authors' published update: integrals from
/// the start of sampling, derivatives by linear solves or their table of divided differences, the
/// cached noise rebuilt after each correction.
#[test]
fn reproduces_the_published_update() {
    let general = Statistics::Gaussian {
        mean: vec![0.4, -0.6],
        deviation: vec![1.3, 0.9],
    };
    let none = Corrector::None;
    for (order, corrector, pseudo, with_gaussian, with_noise) in [
        (
            1,
            Corrector::Next,
            false,
            [2.104679056141, 0.146181105605],
            [2.228969585927, 0.182107474999],
        ),
        (
            2,
            none,
            false,
            [2.097801534609, 0.103036844474],
            [2.139960321511, 0.156830013148],
        ),
        (
            3,
            Corrector::Same,
            false,
            [2.259211421546, 0.172578544827],
            [2.150446698466, 0.178787657672],
        ),
        (
            3,
            Corrector::Next,
            false,
            [2.243888838222, 0.175608530585],
            [2.147745932862, 0.177131097061],
        ),
        (
            3,
            Corrector::Next,
            true,
            [2.232239415168, 0.235259657381],
            [2.185910431618, 0.192177863298],
        ),
        (
            3,
            none,
            true,
            [2.110998403552, 0.134571965684],
            [2.144612196153, 0.159931593281],
        ),
    ] {
        for (statistics, golden) in [
            (general.clone(), with_gaussian),
            (Statistics::Noise, with_noise),
        ] {
            let solver = DpmSolverV3 {
                corrector,
                pseudo_predictor: pseudo,
                pseudo_corrector: pseudo,
                ..with(order, statistics, 4001)
            };
            assert_golden(&solver, 10, golden);
        }
    }
}

#[test]
fn constant_statistics_recover_the_methods_in_data_and_noise() {
    let problem = three_gaussians();
    for (statistics, form) in [
        (Statistics::Data, Form::Data),
        (Statistics::Noise, Form::Noise),
    ] {
        for order in 1..=3 {
            for corrector in [Corrector::None, Corrector::Next] {
                let unipc = UniPc {
                    form,
                    variant: UniPcVariant::Varying,
                    corrector: corrector == Corrector::Next,
                    ..UniPc::of_order(order)
                };
                let exact = end(&unipc, &problem, &lambda(), 20);
                let with_points = |points| {
                    let solver = DpmSolverV3 {
                        corrector,
                        ..with(order, statistics.clone(), points)
                    };
                    end(&solver, &problem, &lambda(), 20)
                };
                let (coarse, fine) = (with_points(4001), with_points(8001));
                let ratio = distance(&coarse, &exact) / distance(&fine, &exact);
                assert!((ratio - 4.0).abs() < 0.05, "{form:?} {order}: {ratio}");
                // Without the part of the quadrature that falls to a quarter.
                let limit: Vec<f64> = (fine.iter().zip(&coarse))
                    .map(|(fine, coarse)| (4.0 * fine - coarse) / 3.0)
                    .collect();
                let off = distance(&limit, &exact);
                assert!(off < 1e-9, "{form:?} {order} {corrector:?}: {off:e}");
            }
        }
    }
}

#[test]
fn orders_are_those_claimed_with_estimated_statistics() {
    for (p, corrector, steps, expected) in [
        (1, Corrector::None, 320, 1.0),
        (1, Corrector::Next, 320, 2.0),
        (2, Corrector::None, 320, 2.0),
        (2, Corrector::Same, 320, 2.0),
    ] {
        let solver = DpmSolverV3 {
            corrector,
            ..with(p, Statistics::default(), 64_001)
        };
        let order = order(&solver, &lambda(), steps);
        assert!((order - expected).abs() < 0.1, "{p} {corrector:?}: {order}");
    }
    for p in [2, 3] {
        let solver = with(p, Statistics::default(), 64_001);
        let slope = (error(&solver, &lambda(), 160) / error(&solver, &lambda(), 640)).log2() / 2.0;
        assert!(slope > 2.9, "{p}: {slope}");
    }
}

#[test]
fn divided_differences_for_derivatives_are_of_order_2() {
    let pseudo = DpmSolverV3 {
        pseudo_predictor: true,
        pseudo_corrector: true,
        ..with(3, Statistics::default(), 64_001)
    };
    let slope = order(&pseudo, &lambda(), 320);
    assert!((slope - 2.0).abs() < 0.1, "{slope}");
    // With one difference there is nothing to tell apart.
    let plain = DpmSolverV3 {
        corrector: Corrector::Same,
        ..with(2, Statistics::Data, 401)
    };
    let pseudo = DpmSolverV3 {
        pseudo_predictor: true,
        pseudo_corrector: true,
        ..plain.clone()
    };
    let problem = three_gaussians();
    let off = distance(
        &end(&plain, &problem, &lambda(), 10),
        &end(&pseudo, &problem, &lambda(), 10),
    );
    assert!(off < 1e-12, "{off:e}");
}

#[test]
fn errs_less_than_2m_and_unipc_with_five_to_ten_steps_of_the_reference_mixture() {
    for steps in 5..=10 {
        let ours = error(&DpmSolverV3::default(), &lambda(), steps);
        for other in [
            error(&DpmSolverMultistep::default(), &lambda(), steps),
            error(&UniPc::of_order(2), &lambda(), steps),
            error(&UniPc::of_order(3), &lambda(), steps),
        ] {
            assert!(ours < 0.75 * other, "{steps} steps: {ours} {other}");
        }
    }
}

#[test]
fn estimated_statistics_of_gaussian_data_are_the_closed_ones() {
    let problem = gaussian(Arc::new(VarianceLinear::default()));
    let nodes = lambda().nodes(problem.schedule.as_ref(), 1).expect("grid");
    let closed = gaussian_statistics()
        .known(&problem, &nodes[0], &nodes[1])
        .expect("closed");
    let off = |count| {
        let estimate = Estimate {
            samples: 16,
            nodes: count,
            seed: 5,
        };
        let known = Statistics::Estimated(estimate)
            .known(&problem, &nodes[0], &nodes[1])
            .expect("estimated");
        let mut worst: [f64; 3] = [0.0; 3];
        let (mut a, mut b) = ([Linear::default(); 2], [Linear::default(); 2]);
        for i in 0..=97 {
            let lambda = -4.0 + 7.5 * f64::from(i) / 97.0;
            known.at(lambda, &mut a);
            closed.at(lambda, &mut b);
            for (a, b) in a.iter().zip(&b) {
                let gaps = [a.l - b.l, a.s - b.s, a.b - b.b];
                for (worst, gap) in worst.iter_mut().zip(gaps) {
                    *worst = worst.max(gap.abs());
                }
            }
        }
        worst
    };
    let (coarse, fine) = (off(121), off(241));
    assert!(fine[1] == 0.0, "{fine:?}");
    // l is exact at the nodes, and a cubic of third order between.
    assert!(
        fine[0] < 2e-6 && coarse[0] / fine[0] > 6.0,
        "{coarse:?} {fine:?}"
    );
    // b is a central difference: second order in the distance of the nodes.
    assert!(
        (coarse[2] / fine[2] - 4.0).abs() < 0.2,
        "{coarse:?} {fine:?}"
    );
}

#[test]
fn nodes_are_moved_to_the_fine_grid_and_the_ends_stay() {
    let problem = three_gaussians();
    let nodes = lambda().nodes(problem.schedule.as_ref(), 7).expect("grid");
    let solver = with(1, Statistics::Data, 101);
    let (rounded, numbers) = solver.rounded(&problem, &nodes).expect("rounded");
    assert_eq!(numbers, [0, 14, 29, 43, 57, 71, 86, 100]);
    assert_eq!((rounded[0], rounded[7]), (nodes[0], nodes[7]));
    let width = (nodes[7].lambda - nodes[0].lambda) / 100.0;
    for (rounded, number) in rounded.iter().zip(numbers) {
        let lambda = nodes[0].lambda + width * number as f64;
        assert!((rounded.lambda - lambda).abs() < 1e-12);
    }
}

#[test]
fn refuses_what_it_cannot_do() {
    let problem = three_gaussians();
    let refused = |solver: &DpmSolverV3, problem: &Problem, grid: &GridParams| {
        let nodes = grid.nodes(problem.schedule.as_ref(), 20).expect("a grid");
        let start = solver.start(problem, &nodes, STARTS.to_vec(), Noise::new(1));
        start.err().expect("refused").to_string()
    };
    let text = refused(&DpmSolverV3::of_order(4), &problem, &lambda());
    assert!(text.contains("order") && text.contains('4'), "{text}");
    let text = refused(&with(2, Statistics::Data, 11), &problem, &lambda());
    assert!(text.contains("points") && text.contains("11"), "{text}");
    let zero = GridParams {
        final_step: FinalStep::Zero,
        ..lambda()
    };
    let text = refused(&DpmSolverV3::default(), &problem, &zero);
    assert!(text.contains("sigma_min"), "{text}");
    let three = Statistics::Gaussian {
        mean: vec![0.0; 3],
        deviation: vec![1.0],
    };
    let text = refused(&with(2, three, 4001), &problem, &lambda());
    assert!(text.contains("mean") && text.contains('3'), "{text}");
    let negative = Statistics::Gaussian {
        mean: vec![0.0],
        deviation: vec![-1.0],
    };
    let text = refused(&with(2, negative, 4001), &problem, &lambda());
    assert!(text.contains("deviation") && text.contains("-1"), "{text}");
    let few = Statistics::Estimated(Estimate {
        nodes: 3,
        ..Estimate::default()
    });
    let text = refused(&with(2, few, 4001), &problem, &lambda());
    assert!(text.contains("statistics.estimated.nodes"), "{text}");
    let mut rows = three_gaussians();
    rows.condition = OwnedCondition::Values(vec![0.0; 4].into());
    let text = refused(&DpmSolverV3::default(), &rows, &lambda());
    assert!(text.contains("conditioned"), "{text}");
    let data = GridParams::spaced(crate::grid::GridKind::Time);
    let straight = gaussian(Arc::new(Flow::default()));
    let text = refused(&DpmSolverV3::default(), &straight, &data);
    assert!(text.contains("alpha is 0"), "{text}");
}
