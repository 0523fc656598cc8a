use pdesolve_core::Control;

use super::*;
use crate::boundary::Boundary;
use crate::material::{CrossSections, infinite_medium_k};
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::Scheme;
use crate::quadrature::{double_gauss, gauss_legendre};

/// Groups with fission and isotropic scattering; `scattering` is `[from][to]`.
pub(crate) fn multigroup(
    total: &[f64],
    scattering: &[&[f64]],
    fission: &[f64],
    nu: &[f64],
    chi: &[f64],
) -> CrossSections {
    CrossSections {
        total: total.to_vec(),
        scattering: vec![scattering.concat()],
        nu_fission: fission.iter().zip(nu).map(|(f, nu)| f * nu).collect(),
        fission: fission.to_vec(),
        chi: chi.to_vec(),
        ..CrossSections::default()
    }
}

pub(crate) fn pu_b() -> CrossSections {
    CrossSections::one_group(0.3264, 0.225216).with_fission(2.84, 0.0816)
}

fn two_group(t: [f64; 2], s: [f64; 3], f: [f64; 2], nu: [f64; 2], chi: [f64; 2]) -> CrossSections {
    multigroup(&t, &[&s[..2], &[0.0, s[2]]], &f, &nu, &chi)
}

/// PU-2-0, U-2-0, UAL-2-0, URRa-2-0: material, k of an infinite medium, phi_2/phi_1.
pub(crate) fn two_group_set() -> [(CrossSections, f64, f64); 4] {
    [
        (
            two_group(
                [0.2208, 0.3360],
                [0.0792, 0.0432, 0.23616],
                [0.0936, 0.08544],
                [3.10, 2.93],
                [0.575, 0.425],
            ),
            2.6837675,
            1.480978,
        ),
        (
            two_group(
                [0.2160, 0.3456],
                [0.07824, 0.0720, 0.26304],
                [0.06192, 0.06912],
                [2.70, 2.50],
                [0.575, 0.425],
            ),
            2.2163494,
            2.105410,
        ),
        (
            two_group(
                [0.268165, 1.276976],
                [0.247516, 0.020432, 1.213127],
                [0.0, 0.060706],
                [0.0, 2.830023],
                [1.0, 0.0],
            ),
            2.6624370,
            0.320005,
        ),
        (
            two_group(
                [0.65696, 2.52025],
                [0.62568, 0.029227, 2.44383],
                [0.0010484, 0.050632],
                [2.5, 2.5],
                [1.0, 0.0],
            ),
            1.6314515,
            0.382452,
        ),
    ]
}

/// URRb-2-0-IN: with upscatter.
pub(crate) fn urr_b() -> CrossSections {
    multigroup(
        &[0.88721, 2.9727],
        &[&[0.83892, 0.04635], &[0.000767, 2.9183]],
        &[0.000836, 0.029564],
        &[2.5, 2.5],
        &[1.0, 0.0],
    )
}

/// URR-3-0-IN, and its six groups with a mirrored half that scatters up.
pub(crate) fn urr_three() -> CrossSections {
    multigroup(
        &[0.240, 0.975, 3.10],
        &[
            &[0.024, 0.171, 0.033],
            &[0.0, 0.60, 0.275],
            &[0.0, 0.0, 2.0],
        ],
        &[0.006, 0.060, 0.90],
        &[3.0, 2.5, 2.0],
        &[0.96, 0.04, 0.0],
    )
}

pub(crate) fn urr_six() -> CrossSections {
    let three = urr_three();
    let mirrored = |x: &[f64]| {
        x.iter()
            .chain(x.iter().rev())
            .copied()
            .collect::<Vec<f64>>()
    };
    let mut scattering = vec![0.0; 36];
    for from in 0..3 {
        for to in 0..3 {
            let sigma = three.scatter(0, from, to);
            scattering[from * 6 + to] = sigma;
            scattering[(5 - from) * 6 + 5 - to] = sigma;
        }
    }
    CrossSections {
        total: mirrored(&three.total),
        scattering: vec![scattering],
        nu_fission: mirrored(&three.nu_fission),
        fission: mirrored(&three.fission),
        chi: mirrored(&three.chi).iter().map(|c| 0.5 * c).collect(),
        ..CrossSections::default()
    }
}

fn slab(
    layers: &[(f64, usize, u32)],
    materials: Vec<CrossSections>,
    ordinates: Ordinates,
    scheme: Scheme,
    boundaries: [Boundary; 2],
) -> Discretization {
    let mesh = Mesh::layers(Geometry::Slab, 0.0, layers);
    Discretization::new(mesh, materials, ordinates, scheme, boundaries).unwrap()
}

fn run(disc: &Discretization, params: &DiscreteOrdinatesParams) -> (EigenvalueReport, Moments) {
    let mut flux = disc.zeros();
    let report = solve(disc, params, &mut flux, &mut |_| Control::Continue).unwrap();
    assert!(report.converged, "{report:?}");
    (report, flux)
}

fn tolerance(tolerance: f64) -> DiscreteOrdinatesParams {
    DiscreteOrdinatesParams {
        tolerance,
        ..DiscreteOrdinatesParams::default()
    }
}

#[test]
fn k_of_infinite_media_of_one_group_is_that_of_the_table() {
    for (nu, fission, scattering, total, k) in [
        (3.24, 0.0816, 0.225216, 0.3264, 2.612903),
        (2.84, 0.0816, 0.225216, 0.3264, 2.290323),
        (2.70, 0.06528, 0.248064, 0.3264, 2.25),
        (2.797101, 0.06528, 0.248064, 0.3264, 2.330917),
        (2.707308, 0.06528, 0.248064, 0.3264, 2.256090),
        (2.679198, 0.06528, 0.248064, 0.3264, 2.232665),
        (1.70, 0.054628, 0.464338, 0.54628, 1.133333),
        (2.50, 0.06922744, 0.328042, 0.407407, 2.1806667),
    ] {
        let m = CrossSections::one_group(total, scattering).with_fission(nu, fission);
        let (found, _) = infinite_medium_k(&m);
        assert!((found - k).abs() < 5.1e-7, "{found} {k}");
    }
}

#[test]
fn k_of_infinite_media_of_two_groups_is_that_of_the_table() {
    for (m, k, ratio) in two_group_set() {
        let (found, phi) = infinite_medium_k(&m);
        assert!((found - k).abs() < 1e-7, "{found} {k}");
        assert!((phi[1] / phi[0] - ratio).abs() < 1e-6, "{phi:?} {ratio}");
    }
    let (found, phi) = infinite_medium_k(&urr_b());
    assert!((found - 1.3658214).abs() < 1e-7, "{found}");
    assert!((phi[1] / phi[0] - 1.0 / 1.173679).abs() < 1e-6, "{phi:?}");
}

#[test]
fn k_of_three_and_six_groups_is_1_6_with_the_spectrum_of_the_table() {
    let (k, phi) = infinite_medium_k(&urr_three());
    assert!((k - 1.6).abs() < 1e-12, "{k}");
    let scale = phi[0];
    for (phi, expected) in phi.iter().zip([1.0, 0.48, 0.15]) {
        assert!((phi / scale - expected).abs() < 1e-12, "{phi}");
    }
    let (k, phi) = infinite_medium_k(&urr_six());
    assert!((k - 1.6).abs() < 1e-12, "{k}");
    let scale = phi[0];
    for (phi, expected) in phi.iter().zip([1.0, 0.48, 0.15, 0.15, 0.48, 1.0]) {
        assert!((phi / scale - expected).abs() < 1e-12, "{phi}");
    }
}

#[test]
fn power_iteration_in_a_closed_slab_finds_k_of_the_infinite_medium() {
    for m in [urr_b(), urr_six()] {
        let (expected, spectrum) = infinite_medium_k(&m);
        let disc = slab(
            &[(10.0, 4, 0)],
            vec![m],
            Ordinates::legendre(&gauss_legendre(4), 0),
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::White { albedo: 1.0 }],
        );
        let (report, flux) = run(&disc, &tolerance(1e-10));
        assert!((report.k - expected).abs() < 1e-9, "{report:?} {expected}");
        let first = flux.averages(0).next().unwrap() / spectrum[0];
        for (g, xi) in spectrum.iter().enumerate() {
            for phi in flux.averages(g) {
                assert!((phi / first - xi).abs() < 1e-8, "{g} {phi}");
            }
        }
    }
}

#[test]
fn a_critical_slab_has_k_of_one_by_power_iteration_and_by_arnoldi() {
    let disc = slab(
        &[(2.256751, 400, 0)],
        vec![pu_b()],
        Ordinates::legendre(&double_gauss(16), 0),
        Scheme::DiamondDifference,
        [Boundary::MIRROR, Boundary::Vacuum],
    );
    let (power, _) = run(&disc, &tolerance(1e-10));
    let arnoldi = DiscreteOrdinatesParams {
        eigenvalue: EigenvalueMethod::Arnoldi,
        ..tolerance(1e-10)
    };
    let (arnoldi, _) = run(&disc, &arnoldi);
    assert!((power.k - 1.0).abs() < 1e-6, "{}", power.k);
    assert!(
        (power.k - arnoldi.k).abs() < 1e-9,
        "{} {}",
        power.k,
        arnoldi.k
    );
    let (a, b) = (
        power.dominance_ratio.unwrap(),
        arnoldi.dominance_ratio.unwrap(),
    );
    assert!((a - b).abs() < 0.01, "{a} {b}");
}

#[test]
fn the_adjoint_problem_has_the_same_k() {
    let (m, ..) = two_group_set().into_iter().next().unwrap();
    for (material, width) in [(m, 1.795602), (urr_b(), 10.0)] {
        let disc = slab(
            &[(width, 40, 0)],
            vec![material],
            Ordinates::legendre(&double_gauss(8), 0),
            Scheme::DiamondDifference,
            [Boundary::MIRROR, Boundary::Vacuum],
        );
        let adjoint = crate::adjoint::adjoint(&disc).unwrap();
        let params = tolerance(1e-12);
        let (forward, _) = run(&disc, &params);
        let (backward, _) = run(&adjoint, &params);
        assert!(
            (forward.k - backward.k).abs() < 1e-10,
            "{} {}",
            forward.k,
            backward.k
        );
    }
}

#[test]
fn a_problem_without_fission_has_no_k() {
    let disc = slab(
        &[(1.0, 4, 0)],
        vec![CrossSections::one_group(1.0, 0.5)],
        Ordinates::legendre(&gauss_legendre(4), 0),
        Scheme::DiamondDifference,
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let mut flux = disc.zeros();
    let fault = solve(&disc, &tolerance(1e-8), &mut flux, &mut |_| {
        Control::Continue
    });
    assert!(matches!(fault, Err(TransportError::Unsolvable(_))));
}

#[test]
fn an_observer_stops_the_iteration() {
    let disc = slab(
        &[(20.0, 40, 0)],
        vec![pu_b()],
        Ordinates::legendre(&gauss_legendre(4), 0),
        Scheme::DiamondDifference,
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let mut flux = disc.zeros();
    let report = solve(&disc, &tolerance(1e-12), &mut flux, &mut |it| {
        if it.index == 3 {
            Control::Interrupt
        } else {
            Control::Continue
        }
    })
    .unwrap();
    assert!(report.interrupted && !report.converged);
    assert_eq!(report.outer_iterations, 3);
}
