//! AZURV1: the pulse of a plane source at x = 0, t = 0 in an infinite medium with sigma_t = v = 1.
//!
//! Ganapol's solution in closed form, with eta = x/t, q = (1 + eta)/(1 - eta) and
//! xi(u) = (ln q + i u)/(eta + i tan(u/2)), for |eta| < 1 is
//!
//! ```text
//! phi = exp(-t)/(2 t) (1 + c t/(4 pi) (1 - eta^2)
//!       int_0^pi sec^2(u/2) Re(xi^2 exp(c t/2 (1 - eta^2) xi)) du)
//! ```
//!
//! The first term is the uncollided flux.
//!
//! Source: Ganapol, Baker, Dahl and Alcouffe, M&C 2001 (Salt Lake City).

use std::f64::consts::PI;

use super::*;
use crate::quadrature::{Quadrature, gauss_legendre};
use crate::time_dependent::PlanePulse;

/// Uncollided flux.
fn uncollided(x: f64, t: f64) -> f64 {
    if x.abs() < t {
        f64::exp(-t) / (2.0 * t)
    } else {
        0.0
    }
}

/// phi(x, t), with `rule` for the integral.
fn exact(rule: &Quadrature, c: f64, x: f64, t: f64) -> f64 {
    let eta = x / t;
    if eta.abs() >= 1.0 {
        return 0.0;
    }
    let log_q = ((1.0 + eta) / (1.0 - eta)).ln();
    let width = 1.0 - eta * eta;
    let mut integral = 0.0;
    for (node, w) in rule.mu.iter().zip(&rule.weight) {
        let u = 0.5 * PI * (1.0 + node);
        let tan = (0.5 * u).tan();
        // xi = (log_q + i u)(eta - i tan)/(eta^2 + tan^2)
        let size = eta * eta + tan * tan;
        let (re, im) = (
            (log_q * eta + u * tan) / size,
            (u * eta - log_q * tan) / size,
        );
        let (square_re, square_im) = (re * re - im * im, 2.0 * re * im);
        let grow = (0.5 * c * t * width * re).exp();
        let turn = 0.5 * c * t * width * im;
        let value = grow * (square_re * turn.cos() - square_im * turn.sin());
        integral += 0.5 * PI * w * (1.0 + tan * tan) * value;
    }
    uncollided(x, t) * (1.0 + c * t / (4.0 * PI) * width * integral)
}

#[test]
fn the_closed_form_gives_the_published_values() {
    let rule = gauss_legendre(96);
    for (t, values) in [
        (1.0, [0.6754654, 0.5329095, 0.2708492]),
        (5.0, [0.2346089, 0.08184704, 0.004084552]),
        (10.0, [0.1600659, 0.02090481, 6.939794e-5]),
    ] {
        for (eta, value) in [0.0, 0.5, 0.9].into_iter().zip(values) {
            let phi = exact(&rule, 1.0, eta * t, t);
            assert!(
                (phi / value - 1.0).abs() < 4e-7,
                "t = {t}, eta = {eta}: {phi}"
            );
        }
    }
}

/// The half line [0, extent] behind a mirror.
fn half_line(c: f64, extent: f64, cells: usize, ordinates: usize) -> Discretization {
    let material = CrossSections {
        velocity: vec![1.0],
        ..CrossSections::one_group(1.0, c)
    };
    Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, extent, cells),
        vec![material],
        Ordinates::legendre(&double_gauss(ordinates), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::MIRROR, Boundary::Vacuum],
    )
    .unwrap()
}

/// Relative L2 error of the cell averages.
fn error(c: f64, sim: &mut TransientTransport) -> f64 {
    let t = sim.time();
    let rule = gauss_legendre(96);
    let averages = crate::project(sim.discretization().mesh(), 1, &mut |x| {
        exact(&rule, c, x, t)
    });
    let mut phi = vec![0.0; averages.len()];
    sim.sample(0, &mut phi);
    let (mut squares, mut norm) = (0.0, 0.0);
    for (phi, average) in phi.iter().zip(&averages) {
        squares += (phi - average).powi(2);
        norm += average.powi(2);
    }
    (squares / norm).sqrt()
}

/// Errors at t = 1, 5 and 10 with cells and steps of size h.
fn errors(c: f64, scheme: TimeScheme, h: f64, ordinates: usize) -> [f64; 3] {
    let disc = half_line(c, 12.0, (12.0 / h).round() as usize, ordinates);
    let pulse = PlanePulse {
        position: 0.0,
        strength: 1.0,
    };
    let mut sim = TransientTransport::new(disc, &params(scheme, 1e-10), 0.0, h)
        .unwrap()
        .with_plane_pulse(pulse)
        .unwrap();
    [1.0, 5.0, 10.0].map(|end| {
        run(&mut sim, end);
        // Half the population is on this side of the mirror.
        let population = 2.0 * quantity(&mut sim, "population");
        let off = population / f64::exp((c - 1.0) * end) - 1.0;
        let error = error(c, &mut sim);
        if c == 1.0 && scheme != TimeScheme::Bdf2 {
            assert!(off.abs() < 1e-10, "nothing is absorbed: {off:e}");
        }
        error
    })
}

#[test]
fn a_plane_pulse_is_within_a_percent_of_azurv1_at_all_times() {
    for scheme in [TimeScheme::CrankNicolson, TimeScheme::Bdf2] {
        for c in [1.0, 0.8] {
            for error in errors(c, scheme, 0.025, 32) {
                assert!(error < 0.01, "{scheme:?} {error}");
            }
        }
    }
}

/// The pulse as an isotropic flux in the first cell, without knowledge of the uncollided flux.
fn narrow_cell(c: f64, scheme: TimeScheme, tolerance: f64) -> TransientTransport {
    let h: f64 = 0.05;
    let disc = half_line(c, 12.0, (12.0 / h).round() as usize, 32);
    let mut flux = disc.zeros();
    flux.values[0] = 0.5 / h;
    let mut sim = TransientTransport::new(disc, &params(scheme, tolerance), 0.0, h).unwrap();
    sim.set_flux(&flux);
    sim
}

#[test]
fn a_pulse_in_one_cell_is_within_a_percent_once_the_uncollided_flux_has_died() {
    for scheme in [TimeScheme::CrankNicolson, TimeScheme::Bdf2] {
        let mut sim = narrow_cell(1.0, scheme, 1e-10);
        run(&mut sim, 1.0);
        let early = error(1.0, &mut sim);
        run(&mut sim, 5.0);
        let late = error(1.0, &mut sim);
        run(&mut sim, 10.0);
        let last = error(1.0, &mut sim);
        assert!(late < 0.01 && last < 0.001, "{scheme:?} {late} {last}");
        // At t = 1 it holds 37 % of the particles, as pulses.
        assert!(early > 0.02, "{scheme:?} {early}");
    }
}

#[test]
fn backward_euler_conserves_the_particles_of_the_pulse_to_1e_10() {
    for c in [1.0, 0.9] {
        let mut sim = narrow_cell(c, TimeScheme::BackwardEuler, 1e-12);
        let (h, mut leaked, mut absorbed, mut worst) = (0.05, 0.0, 0.0, 0.0_f64);
        while sim.time() < 10.0 {
            sim.advance(10.0).unwrap();
            worst = worst.max(sim.rates().balance_residual);
            leaked += h * sim.rates().leakage[1];
            absorbed += h * sim.rates().absorption;
        }
        let population = quantity(&mut sim, "population");
        let total = population + leaked + absorbed;
        // The implicit steps carry a little ahead of the front and out of the mesh.
        let decay = (1.0 + (1.0 - c) * h).powi(-(sim.steps() as i32));
        let carried = 1.0 - population / (0.5 * decay);
        assert!((0.0..1e-8).contains(&carried), "{carried}");
        assert!(worst < 1e-10, "{worst:e}");
        assert!((total / 0.5 - 1.0).abs() < 1e-10, "{total}");
    }
}

#[test]
fn the_population_of_a_pulse_is_its_strength_from_the_first_instant() {
    let material = CrossSections {
        velocity: vec![2.0],
        ..CrossSections::one_group(1.0, 1.0)
    };
    // Planes within a cell, on an edge, and in a mirror, which sees one half.
    for (position, lower, mirror, held) in [
        (0.3, -4.0, false, 1.0),
        (0.0, -4.0, false, 1.0),
        (0.0, 0.0, true, 0.5),
    ] {
        let end = if mirror {
            Boundary::MIRROR
        } else {
            Boundary::Vacuum
        };
        let disc = Discretization::new(
            Mesh::uniform(Geometry::Slab, lower, 4.0, 8),
            vec![material.clone()],
            Ordinates::legendre(&double_gauss(4), 0),
            Scheme::LinearDiscontinuous,
            [end, Boundary::Vacuum],
        )
        .unwrap();
        let strength = 3.0;
        let pulse = PlanePulse { position, strength };
        let scheme = TimeScheme::CrankNicolson;
        let mut sim = TransientTransport::new(disc, &params(scheme, 1e-12), 0.0, 1e-3)
            .unwrap()
            .with_plane_pulse(pulse)
            .unwrap();
        for step in 0..3 {
            let population = quantity(&mut sim, "population");
            assert!(
                (population - held * strength).abs() < 1e-10,
                "{step}: {population}"
            );
            let flux = quantity(&mut sim, "integral(scalar_flux)");
            assert!(
                (flux - 2.0 * held * strength).abs() < 1e-10,
                "{step}: {flux}"
            );
            sim.advance(1.0).unwrap();
        }
    }
}

#[test]
fn a_plane_pulse_that_could_come_back_is_refused() {
    let pulse = PlanePulse {
        position: 1.0,
        strength: 1.0,
    };
    let sim = |start| {
        let disc = half_line(1.0, 2.0, 4, 4);
        TransientTransport::new(disc, &params(TimeScheme::Bdf2, 1e-8), start, 0.1).unwrap()
    };
    let mirror = sim(0.0).with_plane_pulse(pulse).err().unwrap();
    assert!(mirror.to_string().contains("mirror"));
    let here = PlanePulse {
        position: 0.0,
        ..pulse
    };
    let late = sim(0.5).with_plane_pulse(here).err().unwrap();
    assert!(late.to_string().contains("starts at 0.5"));
    assert!(sim(0.0).with_plane_pulse(here).is_ok());
}
