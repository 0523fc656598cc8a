//! Angular fluxes along rays against formulas and published values.

use super::*;
use crate::fixed_source::FixedSource;
use crate::material::CrossSections;
use crate::mesh::Mesh;
use crate::ordinates::Ordinates;
use crate::params::{DiscreteOrdinatesParams, Scheme};
use crate::quadrature::{chebyshev_legendre, double_gauss};

fn disc(
    mesh: Mesh,
    materials: Vec<CrossSections>,
    order: usize,
    scheme: Scheme,
    boundaries: [Boundary; 2],
) -> Discretization {
    let ordinates = match mesh.geometry {
        Geometry::Cylinder => Ordinates::cylinder(&chebyshev_legendre(8), order),
        Geometry::Slab | Geometry::Sphere => Ordinates::legendre(&double_gauss(16), order),
    };
    Discretization::new(mesh, materials, ordinates, scheme, boundaries).unwrap()
}

fn nothing(disc: &Discretization) -> BoundaryFlux {
    BoundaryFlux {
        lower: vec![0.0; disc.ordinates().len()],
        upper: vec![0.0; disc.ordinates().len()],
    }
}

#[test]
fn moments_of_the_exponential_agree_where_series_and_recursion_meet() {
    let below = exponential_moments(1.0 - 1e-15);
    let above = exponential_moments(1.0);
    for (a, b) in below.iter().zip(&above) {
        assert!((a - b).abs() < 1e-14, "{a} {b}");
    }
    assert_eq!(exponential_moments(0.0), [1.0, 0.5, 1.0 / 3.0, 0.25]);
}

#[test]
fn flight_through_a_cubic_anisotropic_source_is_exact() {
    // Emission E_0(x) + mu E_1(x) with cubics on one cell, against Simpson's rule.
    let disc = disc(
        Mesh::uniform(Geometry::Slab, 0.0, 2.0, 1),
        vec![CrossSections::one_group(1.5, 0.0)],
        1,
        Scheme::DiscontinuousGalerkin3,
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let e = [1.0, 0.4, -0.3, 0.2, 0.5, -0.1, 0.7, 0.3];
    let density = |x: f64, mu: f64| -> f64 {
        let xi = x - 1.0;
        (0..4)
            .map(|d| (e[d] + mu * e[4 + d]) * legendre(d, xi))
            .sum()
    };
    for (x, mu) in [(1.3, 0.6_f64), (0.0, -0.9), (2.0, 0.05), (0.7, -0.2)] {
        let upstream = if mu > 0.0 { 0.0 } else { 2.0 };
        let length: f64 = (x - upstream) / mu;
        let n = 20_000;
        let ds = length / f64::from(n);
        let expected: f64 = (0..=n)
            .map(|i| {
                let s = f64::from(i) * ds;
                let w = match i {
                    0 => 1.0,
                    i if i == n => 1.0,
                    i if i % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                w * ds / 3.0 * density(x - mu * s, mu) * (-1.5 * s).exp()
            })
            .sum();
        let psi = angular_flux(&disc, 0, &e, &nothing(&disc), x, mu, 0.0).unwrap();
        assert!((psi - expected).abs() < 1e-11, "{x} {mu}: {psi} {expected}");
    }
    let along = angular_flux(&disc, 0, &e, &nothing(&disc), 0.7, 0.0, 0.0).unwrap();
    assert!((along - density(0.7, 0.0) / 1.5).abs() < 1e-14);
}

#[test]
fn mirrors_and_periodic_ends_close_the_flight() {
    for boundaries in [
        [Boundary::MIRROR, Boundary::MIRROR],
        [Boundary::Periodic, Boundary::Periodic],
    ] {
        let disc = disc(
            Mesh::uniform(Geometry::Slab, 0.0, 0.1, 3),
            vec![CrossSections::one_group(0.5, 0.0)],
            0,
            Scheme::DiamondDifference,
            boundaries,
        );
        for mu in [-1.0, -0.3, 0.01, 0.8] {
            let psi = angular_flux(&disc, 0, &[1.0; 3], &nothing(&disc), 0.06, mu, 0.0).unwrap();
            assert!((psi - 2.0).abs() < 1e-12, "{mu}: {psi}");
        }
    }
    // A mirror that keeps a quarter: psi_in = 1/4 psi_out on the far side.
    let disc = disc(
        Mesh::uniform(Geometry::Slab, 0.0, 2.0, 4),
        vec![CrossSections::one_group(1.0, 0.0)],
        0,
        Scheme::DiamondDifference,
        [Boundary::Reflecting { albedo: 0.25 }, Boundary::Vacuum],
    );
    let psi = angular_flux(&disc, 0, &[1.0; 4], &nothing(&disc), 2.0, 0.5, 0.0).unwrap();
    let through = f64::exp(-4.0);
    let expected = (1.0 - through) * (1.0 + 0.25 * through);
    assert!((psi - expected).abs() < 1e-14, "{psi} {expected}");
}

#[test]
fn chords_of_spheres_and_cylinders_have_the_right_length() {
    // Source and collisions in the outer shell only: 1 < r < 2 around void.
    let shell = vec![
        CrossSections::one_group(0.0, 0.0),
        CrossSections::one_group(0.7, 0.0),
    ];
    for (geometry, axial) in [
        (Geometry::Sphere, 0.0),
        (Geometry::Cylinder, 0.0),
        (Geometry::Cylinder, 0.6),
    ] {
        let emission = [0.0, 0.0, 1.0, 1.0, 1.0];
        let with = |end: Boundary| {
            disc(
                Mesh::layers(geometry, 0.0, &[(1.0, 2, 0), (1.0, 3, 1)]),
                shell.clone(),
                0,
                Scheme::DiamondDifference,
                [Boundary::MIRROR, end],
            )
        };
        let sine = f64::sqrt(1.0 - axial * axial);
        // Chords at 0, half way into the void, and past it.
        for p in [0.0, 0.5, 1.5_f64] {
            let half = f64::sqrt(4.0 - p * p);
            let void = f64::sqrt((1.0 - p * p).max(0.0));
            let length = 2.0 * (half - void) / sine;
            let mu = sine * half / 2.0;
            let open = with(Boundary::Vacuum);
            let psi = angular_flux(&open, 0, &emission, &nothing(&open), 2.0, mu, axial).unwrap();
            let expected = (1.0 - (-0.7 * length).exp()) / 0.7;
            assert!((psi - expected).abs() < 1e-13, "{p}: {psi} {expected}");
            let closed = with(Boundary::MIRROR);
            let psi =
                angular_flux(&closed, 0, &emission, &nothing(&closed), 2.0, mu, axial).unwrap();
            assert!((psi - 1.0 / 0.7).abs() < 1e-12, "{p}: {psi}");
        }
        let open = with(Boundary::Vacuum);
        let centre = angular_flux(&open, 0, &emission, &nothing(&open), 0.0, sine, axial).unwrap();
        let expected = (1.0 - (-0.7 / sine).exp()) / 0.7;
        assert!((centre - expected).abs() < 1e-13);
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let disc = disc(
        Mesh::uniform(Geometry::Slab, 0.0, 1.0, 2),
        vec![CrossSections::one_group(0.0, 0.0)],
        0,
        Scheme::DiamondDifference,
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let mut boundary = nothing(&disc);
    let ask = |boundary: &BoundaryFlux, x: f64, mu: f64| {
        angular_flux(&disc, 0, &[0.0; 2], boundary, x, mu, 0.0).map_err(|e| e.to_string())
    };
    assert!(ask(&boundary, 1.5, 0.5).unwrap_err().contains("outside"));
    assert!(ask(&boundary, 0.5, 1.5).unwrap_err().contains("cosines"));
    assert!(ask(&boundary, 0.5, 0.0).unwrap_err().contains("void"));
    let last = boundary.lower.len() - 1;
    boundary.lower[last] = 1.0;
    assert!(ask(&boundary, 0.5, 0.5).unwrap_err().contains("ordinate"));
    assert_eq!(ask(&boundary, 0.5, -0.5), Ok(0.0));
}

/// Exit values psi(0, -mu) and psi(5, mu) of the slab of thickness 5 with scattering ratio
/// exp(-x/s) and an isotropic flux of 1 entering at 0.
fn garcia_siewert(s: f64, cells: usize, scheme: Scheme, mu: &[f64]) -> Vec<[f64; 2]> {
    let mut mesh = Mesh::uniform(Geometry::Slab, 0.0, 5.0, cells);
    if s.is_finite() {
        mesh.scattering_factor = (mesh.edges.windows(2))
            .map(|e| s * ((-e[0] / s).exp() - (-e[1] / s).exp()) / (e[1] - e[0]))
            .collect();
    }
    let quadrature = double_gauss(32);
    let disc = Discretization::new(
        mesh,
        vec![CrossSections::one_group(1.0, 1.0)],
        Ordinates::legendre(&quadrature, 0),
        scheme,
        [Boundary::Incident(vec![vec![1.0; 32]]), Boundary::Vacuum],
    )
    .unwrap();
    let params = DiscreteOrdinatesParams {
        tolerance: 1e-9,
        ..DiscreteOrdinatesParams::default()
    };
    let (density, mut flux) = (disc.zeros(), disc.zeros());
    let source = SourceTerms::new(&density);
    let mut solver = FixedSource::new(&disc, &params);
    assert!(solver.solve(&disc, &source, &mut flux).converged);
    let emission = emission(&disc, 0, &source, 0.0, &flux).unwrap();
    let boundary = solver.final_sweep(&disc, 0, &source, &flux, None, None);
    mu.iter()
        .map(|&mu| {
            [(0.0, -mu), (5.0, mu)]
                .map(|(x, mu)| angular_flux(&disc, 0, &emission, boundary, x, mu, 0.0).unwrap())
        })
        .collect()
}

/// Columns: mu, then the two exit values for s = 1 and for s infinite.
const GARCIA_SIEWERT: [[f64; 5]; 7] = [
    [0.05, 5.896639e-1, 6.074876e-6, 0.8977975, 0.1022025],
    [0.1, 5.311199e-1, 6.925156e-6, 0.8878361, 0.1121639],
    [0.3, 3.803062e-1, 1.623389e-5, 0.8522993, 0.1477007],
    [0.5, 2.960902e-1, 1.693725e-4, 0.8189957, 0.1810043],
    [0.7, 2.423895e-1, 1.512818e-3, 0.7864927, 0.2135073],
    [0.9, 2.051742e-1, 5.960356e-3, 0.7544962, 0.2455038],
    [1.0, 1.905464e-1, 9.771232e-3, 0.7387212, 0.2612788],
];

#[test]
fn a_slab_of_falling_scattering_reflects_and_transmits_as_garcia_and_siewert_found() {
    let mu = GARCIA_SIEWERT.map(|r| r[0]);
    for (s, cells, column, digits) in [(1.0, 4000, 1, 5e-6), (f64::INFINITY, 400, 3, 2e-6)] {
        let found = garcia_siewert(s, cells, Scheme::LinearDiscontinuous, &mu);
        for (row, exit) in GARCIA_SIEWERT.iter().zip(&found) {
            for (expected, psi) in row[column..].iter().zip(exit) {
                let error = (psi / expected - 1.0).abs();
                assert!(error < digits, "s {s}, mu {}: {psi} {expected}", row[0]);
            }
        }
    }
}

#[test]
fn on_an_ordinate_the_ray_agrees_with_the_sweep() {
    // Two regions with scattering up to order 1, a mirror and a white boundary.
    let mut scatterer = CrossSections::one_group(1.0, 0.7);
    scatterer.scattering.push(vec![0.2]);
    let disc = disc(
        Mesh::layers(
            Geometry::Slab,
            0.0,
            &[(1.0, 200, 0), (0.5, 20, 1), (1.0, 200, 0)],
        ),
        vec![scatterer, CrossSections::one_group(0.0, 0.0)],
        1,
        Scheme::DiscontinuousGalerkin3,
        [Boundary::MIRROR, Boundary::White { albedo: 0.5 }],
    );
    let mut density = disc.zeros();
    let cells = disc.mesh().len();
    for cell in 0..cells / 2 {
        density.group_mut(0)[cell * 4] = 1.0;
    }
    let source = SourceTerms::new(&density);
    let params = DiscreteOrdinatesParams {
        tolerance: 1e-12,
        ..DiscreteOrdinatesParams::default()
    };
    let (mut solver, mut flux) = (FixedSource::new(&disc, &params), disc.zeros());
    assert!(solver.solve(&disc, &source, &mut flux).converged);
    let emission = emission(&disc, 0, &source, 0.0, &flux).unwrap();
    let boundary = solver
        .final_sweep(&disc, 0, &source, &flux, None, None)
        .clone();
    for (n, &mu) in disc.ordinates().mu.iter().enumerate() {
        for (x, psi) in [(0.0, boundary.lower[n]), (2.5, boundary.upper[n])] {
            let ray = angular_flux(&disc, 0, &emission, &boundary, x, mu, 0.0).unwrap();
            assert!((ray / psi - 1.0).abs() < 1e-8, "{x} {mu}: {ray} {psi}");
        }
    }
}
