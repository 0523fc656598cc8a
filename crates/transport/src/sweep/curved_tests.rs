//! What the sweeps of spheres and cylinders must keep, and how fast they converge.

use std::f64::consts::{FRAC_PI_2, PI};

use pdesolve_core::Control;

use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::eigenvalue;
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{
    Acceleration, DiscreteOrdinatesParams, Iteration, QuadratureKind, QuadratureParams, Scheme,
    StoppingCriterion,
};
use crate::quadrature::{gauss_legendre, lobatto};

const SCHEMES: [Scheme; 2] = [Scheme::Step, Scheme::DiamondDifference];
const CURVED: [(Geometry, QuadratureKind); 5] = [
    (Geometry::Sphere, QuadratureKind::GaussLegendre),
    (Geometry::Sphere, QuadratureKind::DoubleGauss),
    (Geometry::Cylinder, QuadratureKind::ChebyshevLegendre),
    (
        Geometry::Cylinder,
        QuadratureKind::TriangularChebyshevLegendre,
    ),
    (Geometry::Cylinder, QuadratureKind::LevelSymmetric),
];

fn ordinates(geometry: Geometry, kind: QuadratureKind, n: usize, order: usize) -> Ordinates {
    Ordinates::from_params(geometry, &QuadratureParams { kind, order: n }, order).unwrap()
}

fn params(tolerance: f64) -> DiscreteOrdinatesParams {
    DiscreteOrdinatesParams {
        tolerance,
        iteration: Iteration::SourceIteration,
        acceleration: Acceleration::None,
        stopping: StoppingCriterion::Error,
        max_iterations: 3000,
        ..DiscreteOrdinatesParams::default()
    }
}

fn solve(disc: &Discretization, density: &Moments, tolerance: f64) -> (Moments, FixedSource) {
    let mut flux = disc.zeros();
    let mut problem = FixedSource::new(disc, &params(tolerance));
    let report = problem.solve(disc, &SourceTerms::new(density), &mut flux);
    assert!(report.converged);
    (flux, problem)
}

fn uniform_source(disc: &Discretization) -> Moments {
    let mut density = disc.zeros();
    let cells = disc.mesh().len();
    density.values[..cells].fill(1.0);
    density
}

/// One group with linearly anisotropic scattering.
fn p1(total: f64, isotropic: f64, linear: f64) -> CrossSections {
    let mut m = CrossSections::one_group(total, isotropic);
    m.scattering.push(vec![linear]);
    m
}

#[test]
fn a_constant_flux_is_kept_with_closed_boundaries_and_anisotropic_scattering() {
    for (geometry, kind) in CURVED {
        for scheme in SCHEMES {
            for outer in [Boundary::MIRROR, Boundary::White { albedo: 1.0 }] {
                for inner in [0.0, 0.7] {
                    let disc = Discretization::new(
                        Mesh::uniform(geometry, inner, 3.0, 12),
                        vec![p1(1.0, 0.5, 0.3)],
                        ordinates(geometry, kind, 6, 1),
                        scheme,
                        [Boundary::MIRROR, outer.clone()],
                    )
                    .unwrap();
                    let (flux, _) = solve(&disc, &uniform_source(&disc), 1e-14);
                    let angular = [vec![0.5; disc.ordinates().len() * 12]];
                    let nothing = disc.zeros();
                    let given = SourceTerms {
                        density: &nothing,
                        angular: Some(&angular),
                    };
                    let mut same = disc.zeros();
                    FixedSource::new(&disc, &params(1e-14)).solve(&disc, &given, &mut same);
                    for phi in flux.averages(0).chain(same.averages(0)) {
                        assert!(
                            (phi - 2.0).abs() < 2e-12,
                            "{phi} {geometry:?} {kind:?} {scheme:?} {outer:?} {inner}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn particles_are_conserved_cell_by_cell() {
    for (geometry, kind) in CURVED {
        for scheme in SCHEMES {
            // A void between two scatterers.
            let mesh = Mesh::layers(geometry, 0.0, &[(1.0, 5, 0), (0.5, 3, 1), (2.0, 7, 2)]);
            let disc = Discretization::new(
                mesh,
                vec![
                    p1(1.0, 0.8, 0.3),
                    CrossSections::one_group(0.0, 0.0),
                    CrossSections::one_group(3.0, 1.0),
                ],
                ordinates(geometry, kind, 8, 1),
                scheme,
                [Boundary::MIRROR, Boundary::Reflecting { albedo: 0.4 }],
            )
            .unwrap();
            let density = uniform_source(&disc);
            let (flux, mut problem) = solve(&disc, &density, 1e-14);
            let mesh = disc.mesh();
            let mut current = vec![0.0; mesh.edges.len()];
            let terms = SourceTerms::new(&density);
            let ends = problem.final_sweep(&disc, 0, &terms, &flux, None, Some(&mut current));
            assert_eq!(current[0], 0.0);
            let upper = &ends.upper;
            for (n, &mirror) in disc.ordinates().mirror.iter().enumerate() {
                if disc.ordinates().mu[n] < 0.0 {
                    assert!((upper[n] - 0.4 * upper[mirror]).abs() < 1e-13);
                }
            }
            for (i, phi) in flux.averages(0).enumerate() {
                let leakage = mesh.area(i + 1) * current[i + 1] - mesh.area(i) * current[i];
                let rest = leakage / mesh.volume(i) + disc.material(i).absorption(0) * phi - 1.0;
                assert!(
                    rest.abs() < 1e-11,
                    "{geometry:?} {kind:?} {scheme:?} {i}: {rest}"
                );
            }
        }
    }
}

#[test]
fn diamond_is_of_order_2_in_space_and_step_of_order_1() {
    for (geometry, kind) in [CURVED[0], CURVED[2], CURVED[4]] {
        for (scheme, order) in SCHEMES.into_iter().zip([1.0, 2.0]) {
            for inner in [0.0, 0.5] {
                let runs = [40, 80, 160].map(|cells| {
                    let disc = Discretization::new(
                        Mesh::uniform(geometry, inner, 2.0, cells),
                        vec![p1(1.0, 0.5, 0.2)],
                        ordinates(geometry, kind, 8, 1),
                        scheme,
                        [Boundary::MIRROR, Boundary::Vacuum],
                    )
                    .unwrap();
                    let (flux, _) = solve(&disc, &uniform_source(&disc), 1e-11);
                    (disc, flux.values)
                });
                // What halving the cells changes, in the L2 norm.
                let change = |k: usize| -> f64 {
                    let ((coarse, a), (fine, b)) = (&runs[k], &runs[k + 1]);
                    (0..coarse.mesh().len())
                        .map(|i| {
                            let v = [2 * i, 2 * i + 1].map(|j| fine.mesh().volume(j));
                            let mean = (v[0] * b[2 * i] + v[1] * b[2 * i + 1]) / (v[0] + v[1]);
                            (v[0] + v[1]) * (mean - a[i]).powi(2)
                        })
                        .sum::<f64>()
                        .sqrt()
                };
                let measured = f64::log2(change(0) / change(1));
                assert!(
                    (measured - order).abs() < 0.1,
                    "{measured} {geometry:?} {kind:?} {scheme:?} from {inner}"
                );
            }
        }
    }
}

#[test]
fn the_flux_has_no_dip_at_the_centre() {
    // A black body with an even source: 1 - exp(-r/sin(theta)) along each path to the centre.
    let radius = 2.0;
    let q = gauss_legendre(64);
    let on_the_axis: f64 = (q.mu.iter().zip(&q.weight))
        .map(|(xi, w)| 0.5 * w * (1.0 - f64::exp(-radius / (1.0 - xi * xi).sqrt())))
        .sum();
    for (geometry, kind) in CURVED {
        let exact = match geometry {
            Geometry::Sphere => 1.0 - f64::exp(-radius),
            _ => on_the_axis,
        };
        for (n, tolerance) in [(4, 1.2e-3), (8, 6e-4)] {
            let disc = Discretization::new(
                Mesh::uniform(geometry, 0.0, radius, 40),
                vec![CrossSections::one_group(1.0, 0.0)],
                ordinates(geometry, kind, n, 0),
                Scheme::DiamondDifference,
                [Boundary::MIRROR, Boundary::Vacuum],
            )
            .unwrap();
            let (flux, _) = solve(&disc, &uniform_source(&disc), 1e-12);
            let phi = &flux.values;
            let error = phi[0] - exact;
            assert!(
                phi[1] < phi[0],
                "{geometry:?} {kind:?} {n}: {:?}",
                &phi[..3]
            );
            assert!(
                error.abs() < tolerance,
                "{geometry:?} {kind:?} {n}: {error}"
            );
        }
    }
}

#[test]
fn scattering_straight_ahead_is_no_scattering() {
    // sigma_l = sigma_s for all l leaves the direction as it is: the moments up to order 5 carry
    // most of the flux. In a sphere with as many moments as Gauss nodes nothing is lost.
    for (geometry, kind) in CURVED {
        for scheme in SCHEMES {
            let run = |total: f64, scattering: f64, order: usize| {
                let mut m = CrossSections::one_group(total, scattering);
                m.scattering.resize(order + 1, vec![scattering]);
                let disc = Discretization::new(
                    Mesh::uniform(geometry, 0.0, 2.0, 40),
                    vec![m],
                    ordinates(geometry, kind, 8, order),
                    scheme,
                    [Boundary::MIRROR, Boundary::Vacuum],
                )
                .unwrap();
                let (flux, _) = solve(&disc, &uniform_source(&disc), 1e-11);
                flux.averages(0).collect::<Vec<f64>>()
            };
            let exact = run(0.5, 0.0, 0);
            let error = |order: usize| {
                (run(1.0, 0.5, order).iter().zip(&exact))
                    .map(|(a, b)| (a / b - 1.0).abs())
                    .fold(0.0, f64::max)
            };
            assert!(error(0) > 0.1, "{geometry:?} {kind:?} {scheme:?}");
            let rest = error(5);
            assert!(rest < 3e-3, "{rest} {geometry:?} {kind:?} {scheme:?}");
            if (kind, scheme) == (QuadratureKind::GaussLegendre, Scheme::Step) {
                let rest = error(7);
                assert!(rest < 1e-10, "{rest}");
            }
        }
    }
}

#[test]
fn what_enters_a_void_from_within_passes_through() {
    for (geometry, kind) in CURVED {
        for scheme in SCHEMES {
            let o = ordinates(geometry, kind, 8, 0);
            let given = vec![vec![1.0; o.len()]];
            let entering = o.half_range(1);
            let disc = Discretization::new(
                Mesh::uniform(geometry, 1.0, 3.0, 20),
                vec![CrossSections::one_group(0.0, 0.0)],
                o,
                scheme,
                [Boundary::Incident(given), Boundary::Vacuum],
            )
            .unwrap();
            let nothing = disc.zeros();
            let (flux, mut problem) = solve(&disc, &nothing, 1e-12);
            let mut current = vec![0.0; 21];
            let terms = SourceTerms::new(&nothing);
            problem.final_sweep(&disc, 0, &terms, &flux, None, Some(&mut current));
            for (i, j) in current.iter().enumerate() {
                let through = disc.mesh().area(i) * j / (disc.mesh().area(0) * entering);
                assert!(
                    (through - 1.0).abs() < 1e-13,
                    "{through} {geometry:?} {kind:?}"
                );
            }
        }
    }
}

#[test]
fn ordinates_that_do_not_fit_are_refused() {
    let on_levels = ordinates(Geometry::Cylinder, QuadratureKind::LevelSymmetric, 4, 0);
    let on_none = ordinates(Geometry::Sphere, QuadratureKind::GaussLegendre, 4, 0);
    for (geometry, o) in [
        (Geometry::Sphere, on_levels),
        (Geometry::Cylinder, on_none),
        (Geometry::Sphere, Ordinates::legendre(&lobatto(4), 0)),
    ] {
        let result = Discretization::new(
            Mesh::uniform(geometry, 0.0, 1.0, 4),
            vec![CrossSections::one_group(1.0, 0.0)],
            o,
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::Vacuum],
        );
        assert!(result.is_err());
    }
}

/// Part of the particles born evenly in a black body of radius `r` mean free paths that leave.
fn escape(geometry: Geometry, r: f64) -> f64 {
    if geometry == Geometry::Sphere {
        return 3.0 / (8.0 * r.powi(3))
            * (2.0 * r * r - 1.0 + (1.0 + 2.0 * r) * f64::exp(-2.0 * r));
    }
    // By reciprocity (1 - T)/(mean chord 2 r), T the part of a cosine current that crosses:
    // along 2 r cos(phi)/sin(theta), with density cos(phi) sin^2(theta)/pi.
    let q = gauss_legendre(64);
    let mut crosses = 0.0;
    for (x, w) in q.mu.iter().zip(&q.weight) {
        let phi = FRAC_PI_2 * x;
        for (y, v) in q.mu.iter().zip(&q.weight) {
            let theta = FRAC_PI_2 * (1.0 + y);
            let density = phi.cos() * theta.sin().powi(2) / PI * FRAC_PI_2 * FRAC_PI_2;
            crosses += w * v * density * f64::exp(-2.0 * r * phi.cos() / theta.sin());
        }
    }
    (1.0 - crosses) / (2.0 * r)
}

fn measured_escape(geometry: Geometry, r: f64, cells: usize, o: Ordinates, s: Scheme) -> f64 {
    let disc = Discretization::new(
        Mesh::uniform(geometry, 0.0, r, cells),
        vec![CrossSections::one_group(1.0, 0.0)],
        o,
        s,
        [Boundary::MIRROR, Boundary::Vacuum],
    )
    .unwrap();
    let (flux, _) = solve(&disc, &uniform_source(&disc), 1e-12);
    let volume = geometry.volume(0.0, r);
    let absorbed: f64 = (flux.averages(0).enumerate())
        .map(|(i, phi)| phi * disc.mesh().volume(i))
        .sum();
    1.0 - absorbed / volume
}

#[test]
fn escape_from_black_bodies_is_that_of_the_exact_integral() {
    for r in [0.5, 1.0, 3.0] {
        for (geometry, kind, tolerance) in [
            (Geometry::Sphere, QuadratureKind::DoubleGauss, 2e-4),
            (Geometry::Cylinder, QuadratureKind::ChebyshevLegendre, 7e-5),
            (
                Geometry::Cylinder,
                QuadratureKind::TriangularChebyshevLegendre,
                3e-4,
            ),
        ] {
            let o = ordinates(geometry, kind, 16, 0);
            let p = measured_escape(geometry, r, 100, o, Scheme::DiamondDifference);
            let error = p - escape(geometry, r);
            assert!(
                error.abs() < tolerance,
                "{error} {geometry:?} {kind:?} r = {r}"
            );
        }
    }
    // Of order 2 in the angle: the weighted diamond. Step is of order 1.
    for (scheme, least) in [(Scheme::DiamondDifference, 3.2), (Scheme::Step, 1.8)] {
        let [coarse, fine] = [8, 16].map(|n| {
            let o = ordinates(Geometry::Sphere, QuadratureKind::GaussLegendre, n, 0);
            let p = measured_escape(Geometry::Sphere, 1.0, 400, o, scheme);
            (p - escape(Geometry::Sphere, 1.0)).abs()
        });
        assert!(coarse > least * fine, "{coarse} {fine}");
    }
}

/// A critical body of Sood, Forster and Parsons, Prog. Nucl. Energy 42 (2003) 55.
struct Critical {
    problem: u32,
    geometry: Geometry,
    core: CrossSections,
    /// cm.
    radius: f64,
    /// Thickness of a reflector of water, cm.
    water: f64,
    /// Published flux over that at the centre, at r/radius; the radius itself is the surface.
    flux: &'static [(f64, f64)],
}

fn critical_bodies() -> Vec<Critical> {
    let pu = || CrossSections::one_group(0.3264, 0.225216).with_fission(2.84, 0.0816);
    let ua = || CrossSections::one_group(0.3264, 0.248064).with_fission(2.70, 0.06528);
    let ub = || CrossSections::one_group(0.3264, 0.248064).with_fission(2.797101, 0.06528);
    let d2o = || CrossSections::one_group(0.54628, 0.464338).with_fission(1.70, 0.054628);
    let body = |problem, geometry, core, radius, water, flux| Critical {
        problem,
        geometry,
        core,
        radius,
        water,
        flux,
    };
    let (sphere, cylinder) = (Geometry::Sphere, Geometry::Cylinder);
    let mean_free_path = 1.0 / 0.3264;
    vec![
        body(
            8,
            sphere,
            pu(),
            6.082547,
            0.0,
            &[
                (0.25, 0.93538006),
                (0.5, 0.75575352),
                (0.75, 0.49884364),
                (1.0, 0.19222603),
            ],
        ),
        body(14, sphere, ua(), 7.428998, 0.0, &[]),
        body(
            24,
            sphere,
            d2o(),
            22.017156,
            0.0,
            &[
                (0.25, 0.91063756),
                (0.5, 0.67099621),
                (0.75, 0.35561622),
                (1.0, 0.04678614),
            ],
        ),
        body(
            16,
            sphere,
            ub(),
            9.191176 - mean_free_path,
            mean_free_path,
            &[],
        ),
        body(
            7,
            cylinder,
            pu(),
            4.279960,
            0.0,
            &[(0.5, 0.8093), (1.0, 0.2926)],
        ),
        body(13, cylinder, ua(), 5.284935, 0.0, &[]),
        body(23, cylinder, d2o(), 16.554249, 0.0, &[]),
        body(
            9,
            cylinder,
            pu(),
            6.461335 - mean_free_path,
            mean_free_path,
            &[],
        ),
    ]
}

#[test]
fn critical_spheres_and_cylinders_have_k_1_and_the_published_flux() {
    for body in critical_bodies() {
        let (kind, n, tolerance) = match body.geometry {
            Geometry::Sphere => (QuadratureKind::DoubleGauss, 64, 1e-4),
            _ => (QuadratureKind::ChebyshevLegendre, 24, 5e-4),
        };
        let cells = 80;
        let mut layers = vec![(body.radius, cells, 0)];
        if body.water > 0.0 {
            layers.push((body.water, cells / 2, 1));
        }
        let disc = Discretization::new(
            Mesh::layers(body.geometry, 0.0, &layers),
            vec![body.core, CrossSections::one_group(0.3264, 0.29376)],
            ordinates(body.geometry, kind, n, 0),
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::Vacuum],
        )
        .unwrap();
        let params = DiscreteOrdinatesParams {
            tolerance: 1e-7,
            ..DiscreteOrdinatesParams::default()
        };
        let mut mode = disc.zeros();
        let report = eigenvalue::solve(&disc, &params, &mut mode, &mut |_| Control::Continue);
        let report = report.unwrap();
        let k = report.k;
        assert!(
            report.converged && (k - 1.0).abs() < tolerance,
            "{}: k = {k}",
            body.problem
        );

        let mut density = disc.zeros();
        let production = fission_density(&disc, &mode);
        for (q, f) in density.values.iter_mut().zip(&production) {
            *q = f / k;
        }
        let mut problem = FixedSource::new(&disc, &params);
        let ends = problem.final_sweep(&disc, 0, &SourceTerms::new(&density), &mode, None, None);
        let surface: f64 = (disc.ordinates().weight.iter().zip(&ends.upper))
            .map(|(w, psi)| w * psi)
            .sum();
        let flux: Vec<f64> = mode.averages(0).collect();
        // The centre by a parabola through the first two cells.
        let centre = (9.0 * flux[0] - flux[1]) / 8.0;
        for &(place, published) in body.flux {
            let at = (place * cells as f64) as usize;
            let phi = (flux.get(at)).map_or(surface, |next| 0.5 * (flux[at - 1] + next));
            let error = phi / centre - published;
            assert!(error.abs() < 5e-4, "{} at {place}: {error}", body.problem);
        }
    }
}

fn fission_density(disc: &Discretization, flux: &Moments) -> Vec<f64> {
    (flux.averages(0).enumerate())
        .map(|(cell, phi)| disc.material(cell).nu_fission[0] * phi)
        .collect()
}
