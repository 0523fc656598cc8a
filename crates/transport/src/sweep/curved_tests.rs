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

#[test]
fn print_escape() {
    for kind in [QuadratureKind::GaussLegendre, QuadratureKind::DoubleGauss] {
        for s in SCHEMES {
            for n in [8, 16, 32, 64] {
                for cells in [50, 100, 200, 400] {
                    let o = ordinates(Geometry::Sphere, kind, n, 0);
                    let p = measured_escape(Geometry::Sphere, 1.0, cells, o, s);
                    print!(" {:.3e}", p - escape(1.0));
                }
                println!(" {kind:?} {s:?} {n}");
            }
        }
    }
}
