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

/// PU-2-0, U-2-0, UAL-2-0, URRa-2-0 (Sood, Forster and Parsons 2003).
pub(crate) fn two_group_set() -> [CrossSections; 4] {
    let even = [0.575, 0.425];
    [
        two_group(
            [0.2208, 0.3360],
            [0.0792, 0.0432, 0.23616],
            [0.0936, 0.08544],
            [3.10, 2.93],
            even,
        ),
        two_group(
            [0.2160, 0.3456],
            [0.07824, 0.0720, 0.26304],
            [0.06192, 0.06912],
            [2.70, 2.50],
            even,
        ),
        two_group(
            [0.268165, 1.276976],
            [0.247516, 0.020432, 1.213127],
            [0.0, 0.060706],
            [0.0, 2.830023],
            [1.0, 0.0],
        ),
        two_group(
            [0.65696, 2.52025],
            [0.62568, 0.029227, 2.44383],
            [0.0010484, 0.050632],
            [2.5, 2.5],
            [1.0, 0.0],
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
fn power_iteration_measures_the_dominance_ratio_that_arnoldi_finds() {
    let disc = slab(
        &[(15.0, 60, 0)],
        vec![pu_b()],
        Ordinates::legendre(&double_gauss(8), 0),
        Scheme::DiamondDifference,
        [Boundary::MIRROR, Boundary::Vacuum],
    );
    let [power, arnoldi, ..] = methods(1e-10).map(|params| run(&disc, &params).0);
    let (a, b) = (
        power.dominance_ratio.unwrap(),
        arnoldi.dominance_ratio.unwrap(),
    );
    assert!(
        (power.k - arnoldi.k).abs() < 1e-9,
        "{} {}",
        power.k,
        arnoldi.k
    );
    assert!((a - b).abs() < 0.005, "{a} {b}");
}

#[test]
fn the_adjoint_problem_has_the_same_k() {
    let m = two_group_set().into_iter().next().unwrap();
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
fn an_observer_stops_arnoldi_within_a_round_and_the_flux_found_so_far_is_kept() {
    let disc = thick(Scheme::LinearDiscontinuous, 50);
    let params = &methods(1e-9)[1];
    let stopped = |stop: usize, flux: &mut Moments| {
        let mut heard = Vec::new();
        let report = solve(&disc, params, flux, &mut |it| {
            heard.push(it.index);
            if it.index == stop {
                Control::Interrupt
            } else {
                Control::Continue
            }
        })
        .unwrap();
        assert!(report.interrupted && !report.converged);
        assert_eq!(heard, (1..=stop).collect::<Vec<_>>());
        report
    };
    let mut flux = disc.zeros();
    let report = stopped(40, &mut flux);
    assert!(report.outer_iterations <= 41);
    assert!((report.k - 0.9945456).abs() < 1e-3, "{}", report.k);
    let total: f64 = flux.averages(0).sum();
    assert!(total.is_finite() && total > 0.0);
    stopped(1, &mut disc.zeros());
}

#[test]
fn arnoldi_begins_from_the_flux_given() {
    let disc = thick(Scheme::LinearDiscontinuous, 50);
    let params = &methods(1e-6)[1];
    let (first, mut flux) = run(&disc, params);
    let again = solve(&disc, params, &mut flux, &mut |_| Control::Continue).unwrap();
    assert!(again.converged && (again.k - first.k).abs() < 1e-7);
    assert!(
        again.outer_iterations < first.outer_iterations,
        "{} {}",
        again.outer_iterations,
        first.outer_iterations
    );
    let ratio = |r: &EigenvalueReport| r.dominance_ratio.unwrap();
    assert!((ratio(&again) - ratio(&first)).abs() < 1e-6);
}

#[test]
fn the_dominance_ratio_of_a_symmetric_slab_is_that_of_arnoldi() {
    let disc = plain(
        20.0,
        40,
        one_group(1.99, 0.35, 0.3, 1.0),
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let [power, arnoldi, cmfd, second] =
        methods(1e-9).map(|params| run(&disc, &params).0.dominance_ratio.unwrap());
    assert!((power - arnoldi).abs() < 1e-3, "{power} {arnoldi}");
    // Those of diffusion in coarse cells.
    for low in [cmfd, second] {
        assert!((low - arnoldi).abs() < 1e-2, "{low} {arnoldi}");
    }
}

fn fault(disc: &Discretization, params: &DiscreteOrdinatesParams) -> String {
    let mut flux = disc.zeros();
    match solve(disc, params, &mut flux, &mut |_| Control::Continue) {
        Ok(report) => panic!("{report:?}"),
        Err(fault) => fault.to_string(),
    }
}

/// A slab with double Gauss S16 and linear discontinuous cells.
fn plain(width: f64, cells: usize, m: CrossSections, boundaries: [Boundary; 2]) -> Discretization {
    slab(
        &[(width, cells, 0)],
        vec![m],
        Ordinates::legendre(&double_gauss(16), 0),
        Scheme::LinearDiscontinuous,
        boundaries,
    )
}

#[test]
fn a_medium_that_multiplies_by_scattering_alone_has_no_k_by_any_method() {
    let open = [Boundary::Vacuum, Boundary::Vacuum];
    for (scattering, width, cells) in [(1.5, 10.0, 50), (1.02, 30.0, 60)] {
        let m = one_group(1.0, 0.1, scattering, 1.0);
        let disc = plain(width, cells, m, open.clone());
        for params in methods(1e-8) {
            let reason = fault(&disc, &params);
            assert!(reason.contains("multiplies without fission"), "{reason}");
        }
    }
}

#[test]
fn a_small_slab_of_the_same_medium_leaks_enough_to_have_a_k() {
    // Scattering of 1.02 is critical by itself at 11.3 mean free paths.
    let disc = plain(
        5.0,
        20,
        one_group(1.0, 0.1, 1.02, 1.0),
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let found = methods(1e-9).map(|params| run(&disc, &params).0.k);
    for k in found {
        assert!(k > 0.0 && (k - found[0]).abs() < 1e-8, "{found:?}");
    }
}

#[test]
fn a_closed_medium_without_absorption_has_no_k() {
    let disc = plain(
        10.0,
        50,
        one_group(1.0, 0.6, 1.0, 1.0),
        [Boundary::MIRROR, Boundary::MIRROR],
    );
    for params in methods(1e-8) {
        let reason = fault(&disc, &params);
        assert!(reason.contains("nothing leaves"), "{reason}");
    }
}

#[test]
fn a_fissile_group_that_nothing_reaches_is_named() {
    let open = [Boundary::Vacuum, Boundary::Vacuum];
    let with = |down: f64, up: f64| {
        multigroup(
            &[1.0, 1.0],
            &[&[0.5, down], &[up, 0.5]],
            &[0.0, 0.5],
            &[0.0, 1.0],
            &[1.0, 0.0],
        )
    };
    for params in methods(1e-8) {
        for up in [0.0, 0.1] {
            let reason = fault(&plain(10.0, 20, with(0.0, up), open.clone()), &params);
            assert!(reason.contains("k is 0"), "{reason}");
        }
        let disc = plain(10.0, 20, with(0.2, 0.0), open.clone());
        assert!(run(&disc, &params).0.k > 0.0);
    }
}

#[test]
fn an_acceleration_of_arnoldi_is_refused() {
    let disc = plain(4.0, 10, pu_b(), [Boundary::Vacuum, Boundary::Vacuum]);
    let params = with(
        EigenvalueMethod::Arnoldi,
        EigenvalueAcceleration::Cmfd,
        1e-8,
    );
    let reason = fault(&disc, &params);
    assert!(reason.contains("eigenvalue_acceleration") && reason.contains("arnoldi"));
}

#[test]
fn the_largest_of_numbers_with_a_nan_is_no_number() {
    for values in [
        [1.0, f64::NAN, 2.0],
        [f64::NAN, 1.0, 0.0],
        [0.0, 1.0, f64::NAN],
    ] {
        assert!(values.into_iter().fold(0.0, larger).is_nan());
    }
    assert_eq!([1.0, 3.0, 2.0].into_iter().fold(0.0, larger), 3.0);
    let disc = plain(1.0, 3, pu_b(), [Boundary::Vacuum, Boundary::Vacuum]);
    let mut new = vec![1.0; 6];
    new[0] = f64::NAN;
    let (size, largest) = change(&disc, &new, &[1.0; 6]);
    assert!(size.is_nan() && largest.is_nan());
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

fn with(
    eigenvalue: EigenvalueMethod,
    eigenvalue_acceleration: EigenvalueAcceleration,
    tolerance: f64,
) -> DiscreteOrdinatesParams {
    DiscreteOrdinatesParams {
        eigenvalue,
        eigenvalue_acceleration,
        tolerance,
        ..DiscreteOrdinatesParams::default()
    }
}

/// Power, Arnoldi, CMFD and second-moment method.
fn methods(tolerance: f64) -> [DiscreteOrdinatesParams; 4] {
    use EigenvalueAcceleration as A;
    use EigenvalueMethod as M;
    [
        (M::Power, A::None),
        (M::Arnoldi, A::None),
        (M::Power, A::Cmfd),
        (M::Power, A::SecondMoment),
    ]
    .map(|(m, a)| with(m, a, tolerance))
}

fn half_slab(m: CrossSections, half: f64, ordinates: Ordinates, cells: usize) -> Discretization {
    slab(
        &[(half, cells, 0)],
        vec![m],
        ordinates,
        Scheme::DiscontinuousGalerkin3,
        [Boundary::MIRROR, Boundary::Vacuum],
    )
}

fn one_group(nu: f64, fission: f64, scattering: f64, total: f64) -> CrossSections {
    CrossSections::one_group(total, scattering).with_fission(nu, fission)
}

/// PUa, PUb, Ua, U-D2O, each with its critical half thickness (Sood, Forster and Parsons 2003,
/// problems 2, 6, 12, 22).
fn one_group_set() -> [(CrossSections, f64); 4] {
    [
        (one_group(3.24, 0.0816, 0.225216, 0.3264), 1.853722),
        (pu_b(), 2.256751),
        (one_group(2.70, 0.06528, 0.248064, 0.3264), 2.872934),
        (one_group(1.70, 0.054628, 0.464338, 0.54628), 10.371065),
    ]
}

#[test]
fn bare_critical_slabs_have_k_of_one_with_double_gauss() {
    for (m, half) in one_group_set() {
        let disc = half_slab(m, half, Ordinates::legendre(&double_gauss(32), 0), 24);
        let (report, _) = run(&disc, &tolerance(1e-9));
        assert!((report.k - 1.0).abs() < 1e-5, "{half} {}", report.k);
    }
}

#[test]
fn bare_slabs_with_gauss_legendre_have_the_k_of_that_quadrature() {
    for ((m, half), k) in one_group_set()
        .into_iter()
        .zip([0.9984661, 0.9988974, 0.9991744, 0.9999687])
    {
        let disc = half_slab(m, half, Ordinates::legendre(&gauss_legendre(16), 0), 24);
        let (report, _) = run(&disc, &tolerance(1e-9));
        assert!((report.k - k).abs() < 2e-6, "{half} {} {k}", report.k);
    }
}

#[test]
fn reflected_critical_slabs_have_k_of_one() {
    let pu_a = one_group_set()[0].0.clone();
    let u_d2o = one_group_set()[3].0.clone();
    let water = CrossSections::one_group(0.3264, 0.29376);
    let heavy = CrossSections::one_group(0.54628, 0.491652);
    // Problem 3 has its reflector on one side only.
    type Case<'a> = (
        &'a str,
        &'a [(f64, usize, u32)],
        Vec<CrossSections>,
        [Boundary; 2],
    );
    let cases: [Case<'_>; 4] = [
        (
            "3",
            &[(2.0 * 1.478450, 24, 0), (3.063725, 16, 1)],
            vec![pu_a.clone(), water.clone()],
            [Boundary::Vacuum, Boundary::Vacuum],
        ),
        (
            "4",
            &[(1.317862, 16, 0), (1.531863, 16, 1)],
            vec![pu_a, water],
            [Boundary::MIRROR, Boundary::Vacuum],
        ),
        (
            "25",
            &[(9.214139, 24, 0), (1.830563, 12, 1)],
            vec![u_d2o.clone(), heavy.clone()],
            [Boundary::MIRROR, Boundary::Vacuum],
        ),
        (
            "26",
            &[(8.428096, 24, 0), (18.30563, 30, 1)],
            vec![u_d2o, heavy],
            [Boundary::MIRROR, Boundary::Vacuum],
        ),
    ];
    for (name, layers, materials, boundaries) in cases {
        let ordinates = Ordinates::legendre(&double_gauss(32), 0);
        let disc = slab(
            layers,
            materials,
            ordinates,
            Scheme::DiscontinuousGalerkin3,
            boundaries,
        );
        let (report, _) = run(
            &disc,
            &with(
                EigenvalueMethod::Power,
                EigenvalueAcceleration::SecondMoment,
                1e-9,
            ),
        );
        assert!((report.k - 1.0).abs() < 1e-5, "{name} {}", report.k);
    }
}

#[test]
fn flux_ratios_are_those_of_the_table() {
    let expected = [
        [0.9701734, 0.8810540, 0.7318131],
        [0.93945236, 0.76504084, 0.49690627],
    ];
    let [_, pu, _, ud] = one_group_set();
    for ((m, half), expected) in [pu, ud].into_iter().zip(expected) {
        let disc = half_slab(m, half, Ordinates::legendre(&double_gauss(64), 0), 40);
        let (_, flux) = run(&disc, &tolerance(1e-10));
        // At the lower edge of a cell P_d is (-1)^d.
        let at = |cell: usize| {
            let c = &flux.group(0)[4 * cell..4 * cell + 4];
            c[0] - c[1] + c[2] - c[3]
        };
        for (i, expected) in expected.iter().enumerate() {
            let ratio = at(10 * (i + 1)) / at(0);
            assert!(
                (ratio - expected).abs() < 1e-5,
                "{half} {i} {ratio} {expected}"
            );
        }
    }
}

#[test]
fn two_group_critical_slabs_have_the_k_of_the_table() {
    for (m, (half, k, within)) in two_group_set().into_iter().zip([
        (1.795602, 1.0, 2e-6),
        (3.006375, 1.0, 2e-6),
        (7.830630, 0.999987, 3e-6),
        (7.566853, 1.0, 2e-6),
    ]) {
        let disc = half_slab(m, half, Ordinates::legendre(&double_gauss(32), 0), 40);
        for params in &methods(1e-10)[2..] {
            let (report, _) = run(&disc, params);
            assert!((report.k - k).abs() < within, "{half} {}", report.k);
        }
    }
}

fn thick(scheme: Scheme, cells: usize) -> Discretization {
    slab(
        &[(100.0, cells, 0)],
        vec![one_group(1.99, 0.35, 0.3, 1.0)],
        Ordinates::legendre(&gauss_legendre(32), 0),
        scheme,
        [Boundary::Vacuum, Boundary::Vacuum],
    )
}

#[test]
fn the_slab_of_100_mean_free_paths_has_the_k_of_opensn_by_every_method() {
    let disc = thick(Scheme::LinearDiscontinuous, 50);
    for params in &methods(1e-9)[1..] {
        let (report, _) = run(&disc, params);
        assert!((report.k - 0.9945456).abs() < 1e-6, "{}", report.k);
        assert!(
            (report.k - 0.9945456343).abs() < 1e-8,
            "{params:?} {}",
            report.k
        );
    }
}

#[test]
fn every_method_finds_the_same_k() {
    let m = two_group_set().into_iter().next().unwrap();
    for (material, width) in [(m, 6.0), (urr_b(), 60.0)] {
        let disc = slab(
            &[(width, 40, 0)],
            vec![material],
            Ordinates::legendre(&double_gauss(8), 0),
            Scheme::LinearDiscontinuous,
            [Boundary::Vacuum, Boundary::White { albedo: 0.5 }],
        );
        let found = methods(1e-10).map(|params| run(&disc, &params).0.k);
        for k in found {
            assert!((k - found[0]).abs() < 1e-8, "{found:?}");
        }
    }
}

#[test]
fn accelerations_take_a_fifth_of_the_iterations_of_a_loosely_coupled_slab() {
    let disc = thick(Scheme::LinearDiscontinuous, 100);
    let [power, _, cmfd, second] = methods(1e-6).map(|params| {
        let (report, flux) = run(&disc, &params);
        (report.outer_iterations, report.k, flux)
    });
    for fast in [cmfd, second] {
        assert!(5 * fast.0 < power.0, "{} {}", fast.0, power.0);
        for (a, b) in fast.2.averages(0).zip(power.2.averages(0)) {
            assert!((a / b - 1.0).abs() < 1e-4, "{a} {b}");
        }
    }
}

#[test]
fn accelerations_stay_stable_in_thick_cells_of_every_scheme() {
    for scheme in [
        Scheme::Step,
        Scheme::DiamondDifference,
        Scheme::StepCharacteristic,
        Scheme::LinearDiscontinuous,
        Scheme::LinearCharacteristic,
        Scheme::DiscontinuousGalerkin2,
    ] {
        for cells in [50, 20, 10] {
            // Diamond difference is known to fail beyond two mean free paths.
            if scheme == Scheme::DiamondDifference && cells < 50 {
                continue;
            }
            let disc = thick(scheme, cells);
            let [_, arnoldi, cmfd, second] = methods(1e-8);
            let [a, b, c] = [arnoldi, cmfd, second].map(|p| run(&disc, &p).0.k);
            assert!((a - b).abs() < 1e-8 && (a - c).abs() < 1e-8, "{a} {b} {c}");
        }
    }
}

#[test]
fn the_dominance_ratio_is_that_of_diffusion_in_a_wide_slab() {
    let disc = thick(Scheme::LinearDiscontinuous, 50);
    let (report, _) = run(&disc, &methods(1e-9)[1]);
    // k_n = nu sigma_f / (sigma_a + D B_n^2), with the extrapolation distance of Milne's problem.
    let b = std::f64::consts::PI / (100.0 + 2.0 * 0.710446);
    let expected = (0.7 + b * b / 3.0) / (0.7 + 4.0 * b * b / 3.0);
    let found = report.dominance_ratio.unwrap();
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
}

#[test]
fn a_critical_sphere_has_k_of_one_by_every_acceleration() {
    let disc = Discretization::new(
        Mesh::uniform(Geometry::Sphere, 0.0, 6.082547, 200),
        vec![pu_b()],
        // S32 has 1.9e-4 too much.
        Ordinates::legendre(&gauss_legendre(64), 0),
        Scheme::DiamondDifference,
        [Boundary::MIRROR, Boundary::Vacuum],
    )
    .unwrap();
    for params in [0, 2, 3].map(|i| methods(1e-9)[i].clone()) {
        let (report, _) = run(&disc, &params);
        assert!((report.k - 1.0).abs() < 1e-4, "{}", report.k);
    }
}

#[test]
fn seven_groups_with_upscatter_in_a_closed_slab_have_the_k_of_the_infinite_medium() {
    let all = c5g7();
    let expected: Vec<(f64, &CrossSections)> = (all.values())
        .filter(|m| m.is_fissile())
        .map(|m| (infinite_medium_k(m).0, m))
        .collect();
    assert_eq!(expected.len(), 5);
    for (k, m) in expected {
        let disc = slab(
            &[(20.0, 10, 0)],
            vec![m.clone()],
            Ordinates::legendre(&double_gauss(4), 0),
            Scheme::LinearDiscontinuous,
            [Boundary::MIRROR, Boundary::MIRROR],
        );
        for params in [0, 2, 3].map(|i| methods(1e-10)[i].clone()) {
            let found = run(&disc, &params).0.k;
            assert!((found / k - 1.0).abs() < 1e-8, "{params:?} {found} {k}");
        }
    }
}

fn c5g7() -> std::collections::BTreeMap<String, CrossSections> {
    let text = include_str!("../../../../data/cross_sections/c5g7.toml");
    let library: crate::material::LibraryParams = toml::from_str(text).unwrap();
    library.build().unwrap()
}

#[test]
fn every_method_finds_the_same_k_of_two_fuels_and_water_in_seven_groups() {
    let all = c5g7();
    let named = |part: &str| {
        let (_, m) = all.iter().find(|(name, _)| name.contains(part)).unwrap();
        m.clone()
    };
    let disc = slab(
        &[(10.0, 20, 0), (10.0, 20, 1), (10.0, 20, 2)],
        vec![named("UO2"), named("87"), named("oderator")],
        Ordinates::legendre(&double_gauss(8), 0),
        Scheme::LinearDiscontinuous,
        [Boundary::MIRROR, Boundary::Vacuum],
    );
    let found = methods(1e-10).map(|params| run(&disc, &params).0.k);
    for k in found {
        assert!((k - found[0]).abs() < 1e-8, "{found:?}");
    }
}
