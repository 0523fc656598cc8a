//! What every schedule and every parameterisation must do.

use std::sync::Arc;

use super::{
    Betas, Flow, NoiseSchedule, ScheduleParams, Table, Trigonometric, VarianceExploding,
    VarianceExplodingSqrt, VarianceLinear, VpCosine, VpDiscrete,
};
use crate::analytic::GaussianMixture;
use crate::grid::GridParams;
use crate::parameterisation::Parameterisation;
use crate::problem::Problem;
use crate::samplers::Ddim;
use crate::samplers::tests::{distance, end};

fn table() -> Table {
    let cosine = VpCosine::default();
    // Not variance preserving: alpha is scaled as well.
    let t: Vec<f64> = (1..=40).map(|i| i as f64 / 41.0).collect();
    Table {
        alpha: t.iter().map(|&t| cosine.alpha(t) * (1.0 + t)).collect(),
        sigma: t.iter().map(|&t| 2.0 * cosine.sigma(t)).collect(),
        t,
    }
}

fn every_schedule() -> Vec<Arc<dyn NoiseSchedule>> {
    [
        ScheduleParams::VpLinear(VarianceLinear::default()),
        ScheduleParams::Edm(VarianceExploding::default()),
        ScheduleParams::Flow(Flow::default()),
        ScheduleParams::VpCosine(VpCosine::default()),
        ScheduleParams::VpDiscrete(VpDiscrete::default()),
        ScheduleParams::VpDiscrete(VpDiscrete {
            betas: Betas::Cosine { cap: 0.999 },
            ..VpDiscrete::default()
        }),
        ScheduleParams::VeSqrt(VarianceExplodingSqrt::default()),
        ScheduleParams::Trigonometric(Trigonometric::default()),
        ScheduleParams::Table(table()),
    ]
    .iter()
    .map(|params| params.build().expect("valid"))
    .collect()
}

/// Times away from the ends and from the kinks of tables.
fn inner_times(schedule: &dyn NoiseSchedule) -> Vec<f64> {
    let range = schedule.range();
    [0.00237, 0.0513, 0.2431, 0.5017, 0.7519, 0.9503]
        .iter()
        .map(|share| range.clean + share * (range.noisy - range.clean))
        .collect()
}

#[test]
fn every_schedule_inverts_lambda_to_twelve_digits() {
    for schedule in every_schedule() {
        for t in inner_times(schedule.as_ref()) {
            let back = schedule.t_of_lambda(schedule.lambda(t));
            assert!(
                (back / t - 1.0).abs() < 1e-12,
                "{}: {t} {back}",
                schedule.name()
            );
        }
    }
}

#[test]
fn every_schedule_has_the_derivatives_of_central_differences() {
    for schedule in every_schedule() {
        for t in inner_times(schedule.as_ref()) {
            let d = 1e-6 * t;
            let central = |f: &dyn Fn(f64) -> f64| (f(t + d) - f(t - d)) / (2.0 * d);
            let node = schedule.node(t);
            let pairs = [
                (node.sigma_dot, central(&|t| schedule.sigma(t))),
                (node.alpha_dot, central(&|t| schedule.alpha(t))),
                (schedule.dlog_alpha(t), central(&|t| schedule.log_alpha(t))),
                (
                    schedule.diffusion2(t),
                    -2.0 * node.sigma.powi(2) * central(&|t| schedule.lambda(t)),
                ),
            ];
            for (i, (exact, difference)) in pairs.into_iter().enumerate() {
                // The difference of ln alpha near t = 0 keeps about 1e-16/d digits.
                let tolerance = 1e-8 * exact.abs() + 1e-15 / d;
                assert!(
                    (exact - difference).abs() <= tolerance,
                    "{}, t = {t}, number {i}: {exact} {difference}",
                    schedule.name()
                );
            }
        }
    }
}

#[test]
fn every_schedule_grows_in_noise_and_keeps_its_lambda() {
    for schedule in every_schedule() {
        let times = inner_times(schedule.as_ref());
        for pair in times.windows(2) {
            assert!(schedule.lambda(pair[1]) < schedule.lambda(pair[0]));
        }
        for t in times {
            let node = schedule.node(t);
            let off = (node.alpha / node.sigma).ln() - node.lambda;
            assert!(off.abs() < 1e-12, "{}: {off:e}", schedule.name());
        }
    }
}

#[test]
fn every_pair_of_parameterisations_is_converted_to_twelve_digits() {
    let forms = [
        Parameterisation::Noise,
        Parameterisation::Data,
        Parameterisation::V,
        Parameterisation::Score,
        Parameterisation::Flow,
        Parameterisation::EdmRaw { sigma_data: 0.5 },
    ];
    let (data, noise) = (0.7, -1.3);
    for schedule in every_schedule() {
        // Where neither data nor noise is so small that x has lost it.
        for lambda in [-2.5, -1.0, 0.13, 1.0, 2.5] {
            let node = schedule.node_at_lambda(lambda);
            let x = node.alpha * data + node.sigma * noise;
            let value = |form: Parameterisation| match form {
                Parameterisation::Noise => noise,
                Parameterisation::Data => data,
                Parameterisation::V => node.alpha * noise - node.sigma * data,
                Parameterisation::Score => -noise / node.sigma,
                Parameterisation::Flow => node.alpha_dot * data + node.sigma_dot * noise,
                Parameterisation::EdmRaw { sigma_data } => {
                    let s = node.sigma / node.alpha;
                    let sum = s * s + sigma_data * sigma_data;
                    let skip = sigma_data * sigma_data / sum;
                    let out = s * sigma_data / sum.sqrt();
                    (data - skip * x / node.alpha) / out
                }
            };
            for from in forms {
                for to in forms {
                    let (a, b) = from.convert(to, &node);
                    let got = a * x + b * value(from);
                    // Relative to what is added up to make it.
                    let size = (a * x).abs() + (b * value(from)).abs();
                    assert!(
                        (got - value(to)).abs() <= 1e-12 * size,
                        "{}, lambda = {lambda}: {from:?} to {to:?} gives {got}, not {}",
                        schedule.name(),
                        value(to)
                    );
                    let (a, b) = to.convert(from, &node);
                    let back = a * x + b * got;
                    let size = (a * x).abs() + (b * got).abs();
                    assert!((back - value(from)).abs() <= 1e-12 * size);
                }
            }
        }
    }
}

#[test]
fn ddim_takes_the_same_trajectory_whatever_the_model_predicts() {
    for schedule in every_schedule() {
        let from = schedule.t_of_lambda(schedule.lambda(schedule.range().noisy).max(-4.0));
        let grid = GridParams {
            from: Some(from),
            ..GridParams::lambda()
        };
        let run = |form: Parameterisation| {
            let target = GaussianMixture {
                parameterisation: form,
                ..GaussianMixture::three()
            };
            let problem = Problem::new(
                schedule.clone(),
                Arc::new(target.checked().expect("three components")),
            );
            end(&Ddim::default(), &problem, &grid, 20)
        };
        let reference = run(Parameterisation::Noise);
        for form in [
            Parameterisation::Data,
            Parameterisation::V,
            Parameterisation::Score,
            Parameterisation::Flow,
            Parameterisation::EdmRaw { sigma_data: 0.5 },
        ] {
            let off = distance(&run(form), &reference);
            assert!(off <= 1e-10, "{}, {form:?}: {off:e}", schedule.name());
        }
    }
}

#[test]
fn schedules_out_of_range_are_refused() {
    let mut falling = table();
    falling.t.swap(3, 4);
    let mut short = table();
    short.sigma.pop();
    let refused = [
        ScheduleParams::VpLinear(VarianceLinear {
            beta_0: -0.1,
            beta_1: 20.0,
        }),
        ScheduleParams::Edm(VarianceExploding {
            sigma_min: 2.0,
            sigma_max: 1.0,
        }),
        ScheduleParams::Flow(Flow { t_min: 1.0 }),
        ScheduleParams::VpCosine(VpCosine {
            lambda_min: f64::NAN,
            ..VpCosine::default()
        }),
        ScheduleParams::VpDiscrete(VpDiscrete {
            levels: 1,
            ..VpDiscrete::default()
        }),
        ScheduleParams::VpDiscrete(VpDiscrete {
            betas: Betas::Linear {
                first: 0.1,
                last: 1.0,
            },
            ..VpDiscrete::default()
        }),
        ScheduleParams::VpDiscrete(VpDiscrete {
            lambda_min: 20.0,
            ..VpDiscrete::default()
        }),
        ScheduleParams::VeSqrt(VarianceExplodingSqrt {
            sigma_min: 0.0,
            sigma_max: 1.0,
        }),
        ScheduleParams::Trigonometric(Trigonometric { t_min: 0.0 }),
        ScheduleParams::Table(falling),
        ScheduleParams::Table(short),
    ];
    for params in refused {
        assert!(params.build().is_err(), "{params:?}");
    }
}
