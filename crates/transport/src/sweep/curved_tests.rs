//! What the sweeps of spheres and cylinders must keep, and how fast they converge.

use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{
    Acceleration, DiscreteOrdinatesParams, Iteration, QuadratureKind, QuadratureParams, Scheme,
    StoppingCriterion,
};

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
                    for phi in flux.averages(0) {
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
            problem.final_sweep(
                &disc,
                0,
                &SourceTerms::new(&density),
                &flux,
                None,
                Some(&mut current),
            );
            assert_eq!(current[0], 0.0);
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

/// Part of the particles born evenly in a black sphere of radius `r` mean free paths that leave.
fn escape(r: f64) -> f64 {
    3.0 / (8.0 * r.powi(3)) * (2.0 * r * r - 1.0 + (1.0 + 2.0 * r) * f64::exp(-2.0 * r))
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


/// Flux and k of a bare body, by power iteration.
fn criticality(disc: &Discretization) -> (Vec<f64>, f64) {
    let cells = disc.mesh().len();
    let mut problem = FixedSource::new(disc, &params(1e-7));
    let mut flux = disc.zeros();
    flux.values[..cells].fill(1.0);
    let production = |flux: &Moments| -> f64 {
        (flux.averages(0).enumerate())
            .map(|(i, phi)| disc.material(i).nu_fission[0] * phi * disc.mesh().volume(i))
            .sum()
    };
    let mut k = 1.0;
    let scale = 1.0 / production(&flux);
    flux.values.iter_mut().for_each(|x| *x *= scale);
    for _ in 0..500 {
        let mut density = disc.zeros();
        for (i, phi) in flux.averages(0).enumerate() {
            density.values[i] = disc.material(i).nu_fission[0] * phi / k;
        }
        let before: Vec<f64> = flux.averages(0).collect();
        let report = problem.solve(disc, &SourceTerms::new(&density), &mut flux);
        assert!(report.converged);
        let now = production(&flux);
        k *= now;
        flux.values.iter_mut().for_each(|x| *x /= now);
        let change = (flux.averages(0).zip(&before))
            .map(|(a, b)| (a / b - 1.0).abs())
            .fold(0.0, f64::max);
        if change < 1e-7 {
            return (flux.averages(0).collect(), k);
        }
    }
    panic!("the power iteration stands still at k = {k}");
}

#[test]
fn print_sood() {
    let pub_ = || CrossSections::one_group(0.3264, 0.225216).with_fission(2.84, 0.0816);
    let ua = || CrossSections::one_group(0.3264, 0.248064).with_fission(2.70, 0.06528);
    let ud2o = || CrossSections::one_group(0.54628, 0.464338).with_fission(1.70, 0.054628);
    for (name, geometry, m, r) in [
        ("P8", Geometry::Sphere, pub_(), 6.082547),
        ("P14", Geometry::Sphere, ua(), 7.428998),
        ("P24", Geometry::Sphere, ud2o(), 22.017156),
        ("P7", Geometry::Cylinder, pub_(), 4.279960),
        ("P13", Geometry::Cylinder, ua(), 5.284935),
        ("P23", Geometry::Cylinder, ud2o(), 16.554249),
    ] {
        let kinds: &[QuadratureKind] = if geometry == Geometry::Sphere {
            &[QuadratureKind::GaussLegendre, QuadratureKind::DoubleGauss]
        } else {
            &[QuadratureKind::ChebyshevLegendre, QuadratureKind::TriangularChebyshevLegendre, QuadratureKind::LevelSymmetric]
        };
        for &kind in kinds {
            for n in [8, 16, 32] {
                if kind == QuadratureKind::LevelSymmetric && n == 32 {continue}
                let clock = std::time::Instant::now();
                for cells in [40, 80] {
                    let disc = Discretization::new(
                        Mesh::uniform(geometry, 0.0, r, cells),
                        vec![m.clone()],
                        ordinates(geometry, kind, n, 0),
                        Scheme::DiamondDifference,
                        [Boundary::MIRROR, Boundary::Vacuum],
                    )
                    .unwrap();
                    let (flux, k) = criticality(&disc);
                    // Fluxes at edges from the cell averages on both sides; the centre by parabola.
                    let centre = (9.0 * flux[0] - flux[1]) / 8.0;
                    let at = |q: usize| 0.5 * (flux[q * cells / 4 - 1] + flux[q * cells / 4]) / centre;
                    print!(" {:.2e} [{:.6} {:.6} {:.6}]", k - 1.0, at(1), at(2), at(3));
                }
                println!(" {name} {kind:?} {n} {:?}", clock.elapsed());
            }
        }
    }
}
