//! The solver as a whole: reference numbers, orders, error control, restart, threads, failure.
//!
//! The measured numbers are shown by `cargo test -- --nocapture`.
#![allow(clippy::print_stdout)]

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use num_complex::Complex64;
use pdesolve_core::{Place, Simulation, State, StepError};
use pdesolve_mesh::{Axis, Centring, Grid};

use super::equation::SpectralEquation;
use super::test_equations::{AllenCahn, Convective, Coupled, burgers, kdv, kuramoto_sivashinsky};
use super::{Scheme, Spectral, SpectralError, SpectralParams};
use crate::TimeParams;

fn run_to(sim: &mut Spectral, end: f64) {
    while sim.time() < end {
        sim.advance(end).unwrap();
    }
}

fn sampled(sim: &mut Spectral, field: usize) -> Vec<f64> {
    let mut values = vec![0.0; sim.grid().len()];
    sim.sample(field, &mut values);
    values
}

fn solver(
    equation: Arc<dyn SpectralEquation>,
    grid: &Grid,
    scheme: Scheme,
    time: &TimeParams,
    initial: impl Fn([f64; 3]) -> f64,
) -> Spectral {
    let params = SpectralParams::new(scheme);
    let mut sim = Spectral::new(equation, grid, &params, time, 1).unwrap();
    let values: Vec<f64> = (0..grid.len()).map(|i| initial(grid.position(i))).collect();
    for field in 0..sim.fields().len() {
        sim.set_field(0, field, &values);
    }
    sim
}

fn relative_l2(a: &[f64], b: &[f64]) -> f64 {
    let difference: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    (difference / b.iter().map(|b| b * b).sum::<f64>()).sqrt()
}

/// Exact solution of Burgers' equation by Cole-Hopf, from v_0 = 1.4 - exp(-10 (x - pi)^2).
fn cole_hopf(grid: &Grid, nu: f64, t: f64) -> Vec<f64> {
    let n = 1024;
    let v0 = |x: f64| 1.4 - (-10.0 * (x - PI).powi(2)).exp();
    // Cosine coefficients around x = pi, by the trapezoidal rule.
    let coefficients: Vec<f64> = (0..120)
        .map(|k| {
            let sum: f64 = (0..n)
                .map(|j| TAU * j as f64 / n as f64)
                .map(|x| v0(x) * (k as f64 * (x - PI)).cos())
                .sum();
            sum * if k == 0 { 1.0 } else { 2.0 } / n as f64
        })
        .collect();
    (grid.axes()[0].samples().iter())
        .map(|x| {
            let (mut v, mut v_x) = (0.0, 0.0);
            for (k, c) in coefficients.iter().enumerate() {
                let k = k as f64;
                let decay = c * (-nu * k * k * t).exp();
                v += decay * (k * (x - PI)).cos();
                v_x -= decay * k * (k * (x - PI)).sin();
            }
            -2.0 * nu * v_x / v
        })
        .collect()
}

#[test]
fn burgers_matches_the_cole_hopf_solution_to_1e_8() {
    let grid = Grid::periodic_box(1, 256, TAU);
    let time = TimeParams::fixed(10.0, 0.01);
    let mut sim = solver(burgers(), &grid, Scheme::Etdrk4, &time, |_| 0.0);
    sim.set_field(0, 0, &cole_hopf(&grid, 0.05, 0.0));
    for t in [1.0, 10.0] {
        run_to(&mut sim, t);
        let error = relative_l2(&sampled(&mut sim, 0), &cole_hopf(&grid, 0.05, t));
        println!("Cole-Hopf t = {t}: relative L2 error {error:.3e}");
        assert!(error < 1e-8, "t = {t}: {error:.3e}");
    }
}

#[test]
fn etdrk4_errors_follow_the_published_table_of_temporal_order() {
    let grid = Grid::periodic_box(1, 64, 3.0);
    let equation = || {
        Arc::new(Convective {
            factor: -0.5,
            linear: |k| Complex64::from(-0.02 * k.squared()),
        })
    };
    let run = |steps: u32| {
        let time = TimeParams::fixed(0.2, 0.2 / f64::from(steps));
        let mut sim = solver(equation(), &grid, Scheme::Etdrk4, &time, |x| {
            (TAU * x[0] / 3.0).sin()
        });
        run_to(&mut sim, 0.2);
        sampled(&mut sim, 0)
    };
    let reference = run(2048);
    let table = [1.090e-3, 7.71e-5, 5.04e-6, 3.20e-7, 2.01e-8];
    let mut previous = f64::NAN;
    for (steps, expected) in [1, 2, 4, 8, 16].into_iter().zip(table) {
        let sum: f64 = (run(steps).iter().zip(&reference))
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        let error = (sum / 64.0).sqrt();
        let rate = (previous / error).log2();
        println!("{steps} steps: {error:.4e}, rate {rate:.3}");
        assert!(
            (error / expected - 1.0).abs() < 0.02,
            "{steps} steps: {error:.4e}"
        );
        assert!(
            previous.is_nan() || (3.7..=4.1).contains(&rate),
            "rate {rate}"
        );
        previous = error;
    }
}

#[test]
fn kuramoto_sivashinsky_matches_the_converged_reference_to_1e_6() {
    let length = 32.0 * PI;
    let grid = Grid::periodic_box(1, 384, length);
    let time = TimeParams::fixed(20.0, 0.02);
    let mut sim = solver(kuramoto_sivashinsky(), &grid, Scheme::Etdrk4, &time, |x| {
        (x[0] / 16.0).cos() * (1.0 + (x[0] / 16.0).sin())
    });
    for (t, at_16_pi, energy) in [
        (1.0, -0.9423130029, 0.3165094325),
        (10.0, -0.5879678734, 0.3580827091),
        (20.0, -0.4131803808, 0.1966307224),
    ] {
        run_to(&mut sim, t);
        let mut quantities = Vec::new();
        sim.quantities(&mut quantities);
        let mean_energy = quantities[4] / length;
        let value = sampled(&mut sim, 0)[192];
        println!("KS t = {t}: u(16 pi) = {value:.10}, E = {mean_energy:.10}");
        assert!((value - at_16_pi).abs() < 1e-6 && (mean_energy - energy).abs() < 1e-6);
    }
}

#[test]
fn kdv_soliton_keeps_its_shape_and_speed_to_1e_7() {
    let grid = Grid::periodic_box(1, 256, 20.0);
    let soliton = |x: f64, t: f64| {
        let c = 5.0_f64;
        // Distance to the nearest image of the crest.
        let d = (x - c * t - 10.0 + 10.0).rem_euclid(20.0) - 10.0;
        -0.5 * c / (0.5 * c.sqrt() * d).cosh().powi(2)
    };
    for (h, bound) in [(2e-3, 1e-6), (1e-3, 1e-7), (5e-4, 1e-8)] {
        let time = TimeParams::fixed(1.0, h);
        let mut sim = solver(kdv(), &grid, Scheme::Etdrk4, &time, |x| soliton(x[0], 0.0));
        run_to(&mut sim, 1.0);
        let exact: Vec<f64> = (0..256)
            .map(|i| soliton(grid.position(i)[0], 1.0))
            .collect();
        let error = relative_l2(&sampled(&mut sim, 0), &exact);
        println!("KdV h = {h}: relative L2 error {error:.3e}");
        assert!(error < bound, "h = {h}: {error:.3e}");
    }
}

#[test]
fn every_scheme_converges_at_its_order_on_a_forced_coupled_system() {
    let grid = Grid::periodic_box(1, 32, TAU);
    let initial = |x: [f64; 3]| 0.3 + 0.4 * x[0].sin();
    let run = |scheme: Scheme, steps: u32| {
        let time = TimeParams::fixed(1.0, 1.0 / f64::from(steps));
        let mut sim = solver(Arc::new(Coupled), &grid, scheme, &time, initial);
        run_to(&mut sim, 1.0);
        [sampled(&mut sim, 0), sampled(&mut sim, 1)].concat()
    };
    let reference = run(Scheme::Etdrk4, 2000);
    for scheme in Scheme::ALL {
        let errors = [20, 40, 80].map(|steps| relative_l2(&run(scheme, steps), &reference));
        let rates = [
            (errors[0] / errors[1]).log2(),
            (errors[1] / errors[2]).log2(),
        ];
        println!("{scheme:?}: errors {errors:?}, rates {rates:.3?}");
        let order = f64::from(scheme.order());
        assert!(rates[1] > order - 0.15, "{scheme:?}: rates {rates:?}");
    }
}

#[test]
fn error_control_meets_the_tolerance_and_loosening_it_saves_steps() {
    let grid = Grid::periodic_box(1, 128, TAU);
    for scheme in [
        Scheme::Etdrk4,
        Scheme::Etdrk2,
        Scheme::ImexArs443,
        Scheme::ImexArk436l2sa,
    ] {
        let mut steps = Vec::new();
        for tolerance in [1e-5, 1e-8] {
            let time = TimeParams::adaptive(1.0, tolerance);
            let mut sim = solver(burgers(), &grid, scheme, &time, |_| 0.0);
            sim.set_field(0, 0, &cole_hopf(&grid, 0.05, 0.0));
            run_to(&mut sim, 1.0);
            let mut fine = solver(
                burgers(),
                &grid,
                Scheme::Etdrk4,
                &TimeParams::fixed(1.0, 1e-3),
                |_| 0.0,
            );
            fine.set_field(0, 0, &cole_hopf(&grid, 0.05, 0.0));
            run_to(&mut fine, 1.0);
            let exact = sampled(&mut fine, 0);
            let scale = exact.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
            let error = (sampled(&mut sim, 0).iter().zip(&exact))
                .fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()))
                / scale;
            println!(
                "{scheme:?} tolerance {tolerance:e}: {} steps, error {error:.2e}",
                sim.steps()
            );
            // Errors of single steps add up, at most one by one.
            assert!(
                error < tolerance * sim.steps() as f64,
                "{scheme:?}: {error:.2e}"
            );
            steps.push(sim.steps());
        }
        assert!(steps[0] < steps[1], "{scheme:?}: {steps:?}");
    }
}

/// Bits of all coefficients after a few steps.
fn bits(sim: &Spectral) -> Vec<u64> {
    let mut state = State::default();
    sim.save(&mut state);
    (state.arrays.values().flatten())
        .map(|v| v.to_bits())
        .collect()
}

fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(work)
}

fn wavy(x: [f64; 3]) -> f64 {
    0.2 + (x[0] + 0.3).sin() * (2.0 * x[1]).cos() + 0.3 * (x[0] - x[1] + 2.0 * x[2]).sin()
}

#[test]
fn one_and_two_threads_give_identical_bits_in_1d_batches_2d_and_3d() {
    let batch = |threads: usize| {
        in_pool(threads, || {
            let grid = Grid::periodic_box(1, 96, 22.0);
            let time = TimeParams::fixed(1.0, 0.1);
            let params = SpectralParams::default();
            let mut sim = Spectral::new(kuramoto_sivashinsky(), &grid, &params, &time, 5).unwrap();
            for trajectory in 0..5 {
                let phase = trajectory as f64;
                let values: Vec<f64> = (0..96)
                    .map(|i| (TAU * (2.0 * grid.position(i)[0] / 22.0) + phase).sin())
                    .collect();
                sim.set_field(trajectory, 0, &values);
            }
            run_to(&mut sim, 1.0);
            bits(&sim)
        })
    };
    assert_eq!(batch(1), batch(2));
    for (dim, n) in [(2, 80), (3, 20)] {
        for scheme in [Scheme::Etdrk4, Scheme::ImexArk436l2sa] {
            let run = |threads: usize| {
                in_pool(threads, || {
                    let grid = Grid::periodic_box(dim, n, TAU);
                    let time = TimeParams::adaptive(0.2, 1e-6);
                    let mut sim = solver(Arc::new(Coupled), &grid, scheme, &time, wavy);
                    run_to(&mut sim, 0.2);
                    assert!(sim.steps() > 2);
                    bits(&sim)
                })
            };
            assert_eq!(run(1), run(2), "{dim}-D, {scheme:?}");
        }
    }
}

#[test]
fn a_restart_in_the_middle_continues_with_identical_bits() {
    for (dim, n) in [(1, 48), (2, 24)] {
        for scheme in [Scheme::Etdrk4, Scheme::ImexArk436l2sa, Scheme::ImexArs222] {
            for time in [
                TimeParams::fixed(1.0, 0.03),
                TimeParams::adaptive(1.0, 1e-6),
            ] {
                let grid = Grid::periodic_box(dim, n, TAU);
                let make = || solver(Arc::new(Coupled), &grid, scheme, &time, wavy);
                let outputs = [0.25, 0.5, 0.75, 1.0];
                let mut straight = make();
                outputs.iter().for_each(|&t| run_to(&mut straight, t));
                let mut first = make();
                outputs[..2].iter().for_each(|&t| run_to(&mut first, t));
                let mut saved = State::default();
                first.save(&mut saved);
                drop(first);
                let mut second = make();
                second.restore(&saved).unwrap();
                assert_eq!(second.time(), 0.5);
                outputs[2..].iter().for_each(|&t| run_to(&mut second, t));
                assert_eq!(
                    bits(&straight),
                    bits(&second),
                    "{dim}-D {scheme:?} {time:?}"
                );
                assert_eq!(straight.steps(), second.steps());
            }
        }
    }
}

#[test]
fn a_checkpoint_of_another_grid_is_refused_and_changes_nothing() {
    let time = TimeParams::fixed(1.0, 0.1);
    let make = |n: usize| {
        solver(
            burgers(),
            &Grid::periodic_box(1, n, TAU),
            Scheme::Etdrk2,
            &time,
            |x| x[0].sin(),
        )
    };
    let mut saved = State::default();
    make(32).save(&mut saved);
    let mut other = make(64);
    let before = bits(&other);
    assert!(other.restore(&saved).is_err());
    assert_eq!(bits(&other), before);
}

#[test]
fn a_trajectory_of_a_batch_has_the_bits_of_the_same_trajectory_alone() {
    let grid = Grid::periodic_box(2, 16, TAU);
    let time = TimeParams::fixed(0.3, 0.1);
    let params = SpectralParams::default();
    let values = |shift: f64| -> Vec<f64> {
        (0..grid.len())
            .map(|i| wavy(grid.position(i)) + shift)
            .collect()
    };
    let mut batch = Spectral::new(Arc::new(AllenCahn), &grid, &params, &time, 3).unwrap();
    for trajectory in 0..3 {
        batch.set_field(trajectory, 0, &values(0.1 * trajectory as f64));
    }
    run_to(&mut batch, 0.3);
    let mut alone = Spectral::new(Arc::new(AllenCahn), &grid, &params, &time, 1).unwrap();
    alone.set_field(0, 0, &values(0.2));
    run_to(&mut alone, 0.3);
    assert_eq!(sampled(&mut batch, 2), sampled(&mut alone, 0));
    assert_eq!(batch.fields()[2].name, "u_0002");
    assert_eq!(batch.quantity_names()[8], "integral(u_0002)");
}

#[test]
fn a_blow_up_stops_with_the_last_good_state_kept_and_says_where_that_was_largest() {
    // Anti-diffusion: every mode grows, the fastest by exp(30 * 256) a step.
    for (dim, n) in [(1, 48), (2, 48)] {
        let equation = Arc::new(Convective {
            factor: -0.5,
            linear: |k| Complex64::from(3.0 * k.squared()),
        });
        let grid = Grid::periodic_box(dim, n, TAU);
        let time = TimeParams::fixed(100.0, 0.1);
        let mut sim = solver(equation, &grid, Scheme::Etdrk4, &time, |x| {
            1e-3 * (1.0 + (x[0] - 1.0).cos()) + 1e-9 * (10.0 * x[0]).sin()
        });
        let (before, error) = loop {
            let before = bits(&sim);
            if let Err(error) = sim.advance(100.0) {
                break (before, error);
            }
        };
        assert_eq!(before, bits(&sim));
        assert!(sampled(&mut sim, 0).iter().all(|v| v.is_finite()));
        let message = error.to_string();
        assert!(message.contains("largest before the step"), "{message}");
        let StepError::NonFinite {
            field,
            value,
            place: Place::Everywhere {
                largest_before: cell,
            },
            step,
            cfl,
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(
            (field.as_str(), cell.len(), step),
            ("u", dim, sim.steps() + 1)
        );
        assert!(!value.is_finite() && cfl > 0.0);
        let values = sampled(&mut sim, 0);
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let at = cell.iter().rev().fold(0, |flat, i| flat * n + i);
        assert_eq!(values[at].abs(), largest);
    }
}

#[test]
fn error_control_that_cannot_succeed_says_so_and_keeps_the_state() {
    let equation = Arc::new(Convective {
        factor: -0.5,
        linear: |k| Complex64::from(-1e-3 * k.squared()),
    });
    let time = TimeParams {
        min_step: Some(0.05),
        ..TimeParams::adaptive(10.0, 1e-14)
    };
    let grid = Grid::periodic_box(1, 64, TAU);
    let mut sim = solver(equation, &grid, Scheme::Etdrk1, &time, |x| x[0].sin());
    let before = sampled(&mut sim, 0);
    let error = sim.advance(10.0).unwrap_err();
    assert!(
        matches!(error, StepError::StepTooSmall { dt_min: 0.05, .. }),
        "{error}"
    );
    assert_eq!(sampled(&mut sim, 0), before);
}

#[test]
fn linear_equations_keep_all_modes_and_are_exact() {
    struct Advection;
    impl SpectralEquation for Advection {
        fn fields(&self) -> Vec<pdesolve_core::FieldSpec> {
            vec![pdesolve_core::FieldSpec::new("u")]
        }
        fn linear(&self, _: usize, k: super::Wavenumber) -> Complex64 {
            -k.derivative(0, 1) - k.derivative(1, 1)
        }
        fn inputs(&self, _: usize) -> Vec<super::Operand> {
            Vec::new()
        }
        fn outputs(&self, _: usize) -> Vec<super::Operand> {
            Vec::new()
        }
        fn products(&self, _: pdesolve_mesh::Row<'_>, _: &[&[f64]], _: &mut [&mut [f64]]) {}
    }
    let grid = Grid::periodic_box(2, 16, TAU);
    let time = TimeParams::fixed(1.0, 0.25);
    let wave = |x: [f64; 3], t: f64| (7.0 * (x[0] - t) + 6.0 * (x[1] - t)).sin();
    let mut sim = solver(Arc::new(Advection), &grid, Scheme::Etdrk4, &time, |x| {
        wave(x, 0.0)
    });
    run_to(&mut sim, 1.0);
    let exact: Vec<f64> = (0..grid.len())
        .map(|i| wave(grid.position(i), 1.0))
        .collect();
    assert!(relative_l2(&sampled(&mut sim, 0), &exact) < 1e-13);
}

/// Direct evaluation of the kept part of the Fourier series, and of its coefficients.
#[test]
fn transforms_in_1d_2d_3d_agree_with_direct_sums() {
    for shape in [
        vec![12],
        vec![15],
        vec![12, 10],
        vec![9, 14],
        vec![8, 9, 10],
        vec![10, 6, 8],
    ] {
        for dealias in [2.0 / 3.0, 1.0] {
            let axes = (['x', 'y', 'z'].iter().zip(&shape))
                .enumerate()
                .map(|(a, (&name, &n))| Axis::points(name, 0.0, 1.0 + a as f64, n, true).unwrap())
                .collect();
            let grid = Grid::new(Centring::Point, axes);
            let params = SpectralParams {
                dealias,
                ..SpectralParams::default()
            };
            let time = TimeParams::fixed(1.0, 0.1);
            let mut sim = Spectral::new(Arc::new(Coupled), &grid, &params, &time, 1).unwrap();
            // Values without any symmetry.
            let values: Vec<f64> = (0..grid.len())
                .map(|i| ((i * i) as f64 * 0.37).sin() + 0.1 * i as f64 % 1.3)
                .collect();
            sim.set_field(0, 1, &values);
            let phase = |k: super::Wavenumber, x: [f64; 3]| k.x * x[0] + k.y * x[1] + k.z * x[2];
            let mut rebuilt = vec![0.0; grid.len()];
            let nyquist_x = PI * shape[0] as f64;
            for (k, c) in sim.coefficients(0, 1) {
                let direct: Complex64 = (values.iter().enumerate())
                    .map(|(i, v)| v * Complex64::from_polar(1.0, -phase(k, grid.position(i))))
                    .sum::<Complex64>()
                    / grid.len() as f64;
                assert!(
                    (direct - c).norm() < 1e-13,
                    "{shape:?} {k:?}: {c} not {direct}"
                );
                let weight = if k.x == 0.0 || (k.x - nyquist_x).abs() < 1e-9 {
                    1.0
                } else {
                    2.0
                };
                for (i, r) in rebuilt.iter_mut().enumerate() {
                    *r += weight * (c * Complex64::from_polar(1.0, phase(k, grid.position(i)))).re;
                }
            }
            let sampled = sampled(&mut sim, 1);
            let worst =
                (sampled.iter().zip(&rebuilt)).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst < 1e-12, "{shape:?}: {worst:.2e}");
            if dealias == 1.0 {
                assert!(relative_l2(&sampled, &values) < 1e-13, "{shape:?}");
            }
        }
    }
}

#[test]
fn a_2d_and_3d_run_of_a_1d_problem_gives_the_1d_answer() {
    let initial = |x: [f64; 3]| 0.3 + (x[0]).sin() + 0.2 * (2.0 * x[0]).cos();
    for scheme in Scheme::ALL {
        let time = TimeParams::fixed(0.5, 0.05);
        let run = |dim: usize| {
            let grid = Grid::periodic_box(dim, 24, TAU);
            let mut sim = solver(Arc::new(Coupled), &grid, scheme, &time, initial);
            run_to(&mut sim, 0.5);
            let (u, v) = (sampled(&mut sim, 0), sampled(&mut sim, 1));
            // A line away from the first.
            let at = (grid.rows() - 1) * 24;
            [&u[at..at + 24], &v[at..at + 24]].concat()
        };
        let line = run(1);
        assert!(relative_l2(&run(2), &line) < 1e-13, "{scheme:?}");
        assert!(relative_l2(&run(3), &line) < 1e-13, "{scheme:?}");
    }
}

#[test]
fn unsuitable_problems_are_refused_with_numbers() {
    let params = SpectralParams::default();
    let time = TimeParams::fixed(1.0, 0.1);
    let grid = Grid::periodic_box(1, 32, 1.0);
    let refuse = |grid: &Grid, params: &SpectralParams, time: &TimeParams| {
        Spectral::new(burgers(), grid, params, time, 1).unwrap_err()
    };
    let walls = Grid::new(
        Centring::Point,
        vec![Axis::points('x', 0.0, 1.0, 8, false).unwrap()],
    );
    assert_eq!(
        refuse(&walls, &params, &time),
        SpectralError::NotPeriodic { axis: 'x' }
    );
    let cells = Grid::new(
        Centring::Cell,
        vec![Axis::cells('x', 0.0, 1.0, 8, true).unwrap()],
    );
    assert_eq!(refuse(&cells, &params, &time), SpectralError::NotPoints);
    assert_eq!(
        refuse(&Grid::periodic_box(1, 3, 1.0), &params, &time),
        SpectralError::TooFewPoints {
            axis: 'x',
            points: 3,
            dealias: 2.0 / 3.0,
            least: 4
        }
    );
    assert!(matches!(
        refuse(&grid, &params, &TimeParams::until(1.0)),
        SpectralError::StepChoice { found: "neither" }
    ));
    let both = TimeParams {
        tolerance: Some(1e-3),
        ..time.clone()
    };
    assert!(matches!(
        refuse(&grid, &params, &both),
        SpectralError::StepChoice { found: "both" }
    ));
    let negative = TimeParams::fixed(1.0, -0.1);
    assert!(
        refuse(&grid, &params, &negative)
            .to_string()
            .contains("`step` is -0.1")
    );
    let dealias = SpectralParams {
        dealias: 1.5,
        ..params
    };
    assert!(refuse(&grid, &dealias, &time).to_string().contains("1.5"));
}

#[test]
fn fixed_steps_are_counted_exactly_and_a_restart_between_frames_has_the_same_bits() {
    let grid = Grid::periodic_box(1, 8, TAU);
    let time = TimeParams::fixed(3.0, 2e-5);
    let make = || solver(burgers(), &grid, Scheme::Etdrk1, &time, |x| x[0].sin());
    let outputs: Vec<f64> = (1..=30).map(|k| f64::from(k) * 0.1).collect();
    let mut straight = make();
    let mut saved = State::default();
    for &limit in &outputs {
        while straight.time() < limit {
            let step = straight.advance(limit).unwrap();
            assert_eq!(step.dt, 2e-5, "step {}", step.index);
            if step.index == 76_543 {
                straight.save(&mut saved);
            }
        }
    }
    assert_eq!(straight.steps(), 150_000);
    let mut resumed = make();
    resumed.restore(&saved).unwrap();
    outputs
        .iter()
        .filter(|&&t| t > 1.5)
        .for_each(|&t| run_to(&mut resumed, t));
    let (mut a, mut b) = (State::default(), State::default());
    straight.save(&mut a);
    resumed.save(&mut b);
    assert!(a == b && a.is_finite());
}

#[test]
fn an_error_estimate_that_is_not_finite_refuses_the_step() {
    // A whole step multiplies by exp(800), which overflows; two halves by exp(400) do not.
    let equation = || {
        Arc::new(Convective {
            factor: -0.5,
            linear: |_| Complex64::from(800.0),
        })
    };
    let grid = Grid::periodic_box(1, 16, TAU);
    for scheme in [Scheme::Etdrk1, Scheme::Etdrk2, Scheme::Etdrk4] {
        let time = TimeParams {
            first_step: Some(1.0),
            ..TimeParams::adaptive(10.0, 1e-6)
        };
        let mut sim = solver(equation(), &grid, scheme, &time, |_| 1e-300);
        let step = sim.advance(10.0).unwrap();
        assert!(step.rejected > 0 && step.dt < 1.0, "{scheme:?}: {step:?}");
        assert!(sampled(&mut sim, 0).iter().all(|u| u.is_finite()));
    }
}

#[test]
fn a_step_lost_in_rounding_ends_in_an_error_not_in_an_endless_loop() {
    let grid = Grid::periodic_box(1, 16, TAU);
    let far = |step: f64| TimeParams {
        start: 1e17,
        ..TimeParams::fixed(1e17 + 96.0, step)
    };
    let mut sim = solver(burgers(), &grid, Scheme::Etdrk2, &far(1.0), |x| x[0].sin());
    let error = sim.advance(1e17 + 96.0).unwrap_err();
    assert!(
        matches!(error, StepError::TimeStandsStill { step: 1, spacing, .. } if spacing > 8.0),
        "{error}"
    );
    assert_eq!(sim.time(), 1e17);
    let adaptive = TimeParams {
        start: 1e17,
        first_step: Some(1.0),
        ..TimeParams::adaptive(1e17 + 96.0, 1e-3)
    };
    let mut sim = solver(burgers(), &grid, Scheme::Etdrk2, &adaptive, |x| x[0].sin());
    assert!(sim.advance(1e17 + 96.0).is_err());
    let params = SpectralParams::default();
    let tiny = TimeParams::fixed(1.0, 1e-300);
    let error = Spectral::new(burgers(), &grid, &params, &tiny, 1).unwrap_err();
    assert!(
        error.to_string().contains("at least 1e-12 of the run"),
        "{error}"
    );
}

#[test]
fn a_tiny_dealiasing_fraction_is_refused_with_its_bounds() {
    let grid = Grid::periodic_box(1, 40, TAU);
    let time = TimeParams::fixed(1.0, 0.1);
    let refuse = |dealias: f64| {
        let params = SpectralParams {
            dealias,
            ..SpectralParams::default()
        };
        let refused = Spectral::new(burgers(), &grid, &params, &time, 1);
        refused.unwrap_err().to_string()
    };
    for dealias in [1e-30, 0.049, f64::NAN] {
        let message = refuse(dealias);
        assert!(message.contains("at least 0.05"), "{message}");
    }
    let message = refuse(0.05);
    assert!(
        message.contains("at least 41 points are needed"),
        "{message}"
    );
}

#[test]
fn the_dimensions_of_an_equation_are_said_as_one_number_where_they_are() {
    let message = |least, most| {
        SpectralError::Dimension {
            found: 3,
            least,
            most,
        }
        .to_string()
    };
    assert!(message(1, 1).contains("is for 1 dimension,"));
    assert!(message(2, 2).contains("is for 2 dimensions,"));
    assert!(message(1, 2).contains("is for 1 to 2 dimensions,"));
}
