use super::*;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::quadrature::{chebyshev_legendre, double_gauss};

fn slab(m: CrossSections, scheme: Scheme, boundaries: [Boundary; 2]) -> Discretization {
    Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, 2.0, 40),
        vec![m],
        Ordinates::legendre(&double_gauss(8), 0),
        scheme,
        boundaries,
    )
    .unwrap()
}

fn fissile() -> CrossSections {
    CrossSections {
        nu_fission: vec![0.3],
        fission: vec![0.1],
        chi: vec![1.0],
        ..CrossSections::one_group(1.0, 0.5)
    }
}

const VACUUM: [Boundary; 2] = [Boundary::Vacuum, Boundary::Vacuum];

fn refused(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
    edits: &[EditParams],
    eigenvalue: bool,
    adjoint: bool,
) -> bool {
    let names = ["all".to_owned()];
    let made = SteadyTransport::new(
        disc.clone(),
        params,
        disc.zeros(),
        &names,
        edits,
        eigenvalue,
        adjoint,
    );
    matches!(made, Err(TransportError::Unsupported(_)))
}

#[test]
fn what_needs_a_linear_sweep_is_refused_with_a_fix_up() {
    let plain = DiscreteOrdinatesParams::default();
    for (scheme, expected) in [
        (Scheme::DiamondDifferenceFixup, true),
        (Scheme::DiamondDifference, false),
    ] {
        let disc = slab(fissile(), scheme, VACUUM);
        for iteration in [Iteration::Gmres, Iteration::Bicgstab] {
            let params = DiscreteOrdinatesParams {
                iteration,
                ..plain.clone()
            };
            assert_eq!(refused(&disc, &params, &[], false, false), expected);
        }
        let params = DiscreteOrdinatesParams {
            energy: EnergyIteration::Krylov,
            ..plain.clone()
        };
        assert_eq!(refused(&disc, &params, &[], false, false), expected);
        assert_eq!(refused(&disc, &plain, &[], false, true), expected);
        assert!(!refused(&disc, &plain, &[], false, false));
    }
}

#[test]
fn an_accelerated_power_iteration_in_a_periodic_slab_is_refused() {
    let periodic = || [Boundary::Periodic, Boundary::Periodic];
    let params = DiscreteOrdinatesParams {
        eigenvalue_acceleration: EigenvalueAcceleration::Cmfd,
        ..DiscreteOrdinatesParams::default()
    };
    let scheme = Scheme::DiamondDifference;
    assert!(refused(
        &slab(fissile(), scheme, periodic()),
        &params,
        &[],
        true,
        false
    ));
    assert!(!refused(
        &slab(fissile(), scheme, VACUUM),
        &params,
        &[],
        true,
        false
    ));
}

#[test]
fn edits_that_cannot_be_made_are_refused_before_the_solve() {
    let edit = |mu: f64| {
        vec![EditParams::AngularFlux {
            name: "psi".to_owned(),
            x: 1.0,
            mu,
            group: None,
        }]
    };
    let params = DiscreteOrdinatesParams::default();
    let given = |of: fn(usize) -> f64| {
        let boundary = Boundary::Incident(vec![(0..8).map(of).collect()]);
        slab(
            CrossSections::one_group(1.0, 0.5),
            Scheme::LinearDiscontinuous,
            [boundary, Boundary::Vacuum],
        )
    };
    assert!(refused(
        &given(|n| n as f64),
        &params,
        &edit(0.3),
        false,
        false
    ));
    assert!(!refused(
        &given(|n| n as f64),
        &params,
        &edit(-0.3),
        false,
        false
    ));
    assert!(!refused(&given(|_| 2.0), &params, &edit(0.3), false, false));
    for (first, expected) in [(0.0, false), (0.2, true)] {
        let disc = Discretization::new(
            Mesh::uniform(Geometry::Cylinder, 0.0, 2.0, 8),
            vec![CrossSections {
                scattering: vec![vec![0.5], vec![first]],
                ..CrossSections::one_group(1.0, 0.5)
            }],
            Ordinates::cylinder(&chebyshev_legendre(4), 1),
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::Vacuum],
        )
        .unwrap();
        assert_eq!(refused(&disc, &params, &edit(0.3), false, false), expected);
    }
}

fn solved(m: CrossSections, source: f64) -> (Result<Outcome, SolveFault>, Moments, f64) {
    let disc = slab(m, Scheme::LinearDiscontinuous, VACUUM);
    let mut density = disc.zeros();
    density
        .values
        .iter_mut()
        .step_by(2)
        .for_each(|q| *q = source);
    let names = ["all".to_owned()];
    let params = DiscreteOrdinatesParams::default();
    let mut problem =
        SteadyTransport::new(disc, &params, density, &names, &[], false, false).unwrap();
    let outcome = problem.solve(&mut |_| Control::Continue);
    let (mut values, flux) = (Vec::new(), problem.flux());
    problem.quantities(&mut values);
    (outcome, flux, values[0])
}

#[test]
fn a_negative_source_in_a_subcritical_medium_has_the_negative_flux() {
    let (outcome, flux, balance) = solved(fissile(), 1.0);
    assert!(outcome.unwrap().converged && balance < 1e-7);
    let (outcome, negative, balance) = solved(fissile(), -1.0);
    assert!(outcome.unwrap().converged && balance < 1e-7, "{balance}");
    for (a, b) in flux.values.iter().zip(&negative.values) {
        assert!((a + b).abs() < 1e-10 * a.abs().max(1.0));
    }
}

#[test]
fn a_source_in_a_supercritical_medium_is_refused() {
    let mut m = fissile();
    m.nu_fission = vec![1.5];
    let fault = solved(m, 1.0).0.unwrap_err();
    assert!(fault.reason.contains("supercritical"), "{}", fault.reason);
}
