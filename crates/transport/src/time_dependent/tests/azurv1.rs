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
use crate::quadrature::gauss_legendre;
use crate::time_dependent::TimeSource;

/// Uncollided flux.
fn uncollided(x: f64, t: f64) -> f64 {
    if x.abs() < t {
        f64::exp(-t) / (2.0 * t)
    } else {
        0.0
    }
}

/// phi(x, t).
fn exact(c: f64, x: f64, t: f64) -> f64 {
    let eta = x / t;
    if eta.abs() >= 1.0 {
        return 0.0;
    }
    let log_q = ((1.0 + eta) / (1.0 - eta)).ln();
    let width = 1.0 - eta * eta;
    let rule = gauss_legendre(96);
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
    for (t, values) in [
        (1.0, [0.6754654, 0.5329095, 0.2708492]),
        (5.0, [0.2346089, 0.08184704, 0.004084552]),
        (10.0, [0.1600659, 0.02090481, 6.939794e-5]),
    ] {
        for (eta, value) in [0.0, 0.5, 0.9].into_iter().zip(values) {
            let phi = exact(1.0, eta * t, t);
            assert!(
                (phi / value - 1.0).abs() < 2e-7,
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

/// Relative L2 error of the cell averages `phi` at t.
fn error(c: f64, disc: &Discretization, t: f64, phi: &[f64]) -> f64 {
    let edges = &disc.mesh().edges;
    let (mut squares, mut norm) = (0.0, 0.0);
    for (i, phi) in phi.iter().enumerate() {
        let mut average = [0.0];
        super::manufactured::project(edges[i], edges[i + 1], &mut average, |x| exact(c, x, t));
        squares += (phi - average[0]).powi(2);
        norm += average[0].powi(2);
    }
    (squares / norm).sqrt()
}

/// The flux at 1, 5 and 10 with the uncollided flux apart: its collisions are the source.
fn first_collision(c: f64, time: TimeScheme, h: f64, ordinates: usize, dt: f64) -> [f64; 3] {
    let disc = half_line(c, 12.0, (12.0 / h).round() as usize, ordinates);
    let nodes = disc.mesh().edges.clone();
    let source: TimeSource = Box::new(move |t, q| {
        for (i, q) in q.group_mut(0).chunks_mut(2).enumerate() {
            // Average and slope of c phi_u on the part of the cell behind the front.
            let (a, b) = (nodes[i], nodes[i + 1]);
            let part = ((t - a) / (b - a)).clamp(0.0, 1.0);
            let height = c * uncollided(0.0, t);
            q[0] = height * part;
            q[1] = -3.0 * height * part * (1.0 - part);
        }
    });
    let mut sim = TransientTransport::new(disc, &params(time, 1e-10), 0.0, dt)
        .unwrap()
        .with_source(source);
    [1.0, 5.0, 10.0].map(|end| {
        run(&mut sim, end);
        let edges = &sim.discretization().mesh().edges;
        let phi: Vec<f64> = (sim.flux().averages(0).enumerate())
            .map(|(i, phi)| {
                let part = ((end - edges[i]) / (edges[i + 1] - edges[i])).clamp(0.0, 1.0);
                phi + part * uncollided(0.0, end)
            })
            .collect();
        error(c, sim.discretization(), end, &phi)
    })
}

/// The same without: an isotropic flux on x < width at t = 0.
fn plain_pulse(
    c: f64,
    time: TimeScheme,
    h: f64,
    ordinates: usize,
    dt: f64,
    sigma: f64,
    ends: &[f64],
) -> (Vec<f64>, f64) {
    let extent = ends.last().unwrap() * 1.2;
    let disc = half_line(c, extent, (extent / h).round() as usize, ordinates);
    let mut flux = disc.zeros();
    if sigma == 0.0 {
        flux.values[0] = 0.5 / h;
    } else {
        for (i, v) in flux.values.chunks_mut(2).enumerate() {
            super::manufactured::project(h * i as f64, h * (i + 1) as f64, v, |x| {
                (-0.5 * (x / sigma).powi(2)).exp() / (sigma * (2.0 * PI).sqrt())
            });
        }
    }
    let mut sim = TransientTransport::new(disc, &params(time, 1e-8), 0.0, dt).unwrap();
    sim.set_flux(&flux);
    let mut sweeps = 0.0;
    let errors = ends
        .iter()
        .map(|&end| {
            while sim.time() < end {
                sim.advance(end).unwrap();
                sweeps += sim.sweeps as f64;
            }
            let phi: Vec<f64> = sim.flux().averages(0).collect();
            error(c, sim.discretization(), end, &phi)
        })
        .collect();
    (errors, sweeps / sim.steps() as f64)
}

#[test]
#[ignore]
fn explore() {
    for time in [
        TimeScheme::CrankNicolson,
        TimeScheme::Bdf2,
        TimeScheme::BackwardEuler,
    ] {
        for (h, n, dt) in [
            (0.1, 16, 0.1),
            (0.05, 16, 0.05),
            (0.05, 32, 0.05),
            (0.025, 32, 0.025),
        ] {
            println!(
                "first collision {time:?} h {h} S{n} dt {dt}: {:?}",
                first_collision(1.0, time, h, n, dt)
            );
        }
    }
    for time in [TimeScheme::CrankNicolson, TimeScheme::Bdf2] {
        for (h, n, dt, sigma) in [
            (0.02, 32, 0.02, 0.0),
            (0.02, 128, 0.02, 0.0),
            (0.02, 128, 0.01, 0.0),
            (0.02, 128, 0.01, 0.02),
            (0.01, 128, 0.01, 0.02),
            (0.01, 256, 0.005, 0.02),
            (0.01, 256, 0.005, 0.01),
        ] {
            let start = std::time::Instant::now();
            let r = plain_pulse(1.0, time, h, n, dt, sigma, &[1.0]);
            println!(
                "pulse {time:?} h {h} S{n} dt {dt} sigma {sigma}: {r:?} {:?}",
                start.elapsed()
            );
        }
        let start = std::time::Instant::now();
        let r = plain_pulse(1.0, time, 0.05, 32, 0.05, 0.0, &[1.0, 5.0, 10.0]);
        println!("pulse {time:?}: {r:?} {:?}", start.elapsed());
    }
}
