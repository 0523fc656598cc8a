use super::*;
use crate::boundary::Boundary;
use crate::fixed_source::{FixedSource, FixedSourceReport, SourceTerms};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::params::{DiscreteOrdinatesParams, Iteration, Scheme, StoppingCriterion};
use crate::quadrature::gauss_legendre;

fn slab(
    mesh: Mesh,
    materials: Vec<CrossSections>,
    sn: usize,
    scheme: Scheme,
    boundaries: [Boundary; 2],
) -> Discretization {
    let order = materials.iter().map(|m| m.order()).max().unwrap();
    let ordinates = Ordinates::legendre(&gauss_legendre(sn), order);
    Discretization::new(mesh, materials, ordinates, scheme, boundaries).unwrap()
}

fn solve(
    disc: &Discretization,
    density: &Moments,
    acceleration: Acceleration,
    stopping: StoppingCriterion,
    tolerance: f64,
) -> (Moments, FixedSourceReport) {
    let params = DiscreteOrdinatesParams {
        tolerance,
        stopping,
        acceleration,
        iteration: Iteration::SourceIteration,
        ..DiscreteOrdinatesParams::default()
    };
    let mut flux = disc.zeros();
    let report = FixedSource::new(disc, &params).solve(disc, &SourceTerms::new(density), &mut flux);
    (flux, report)
}

fn unit_source(disc: &Discretization) -> Moments {
    let mut density = disc.zeros();
    let dofs = disc.dofs();
    for value in density
        .values
        .iter_mut()
        .take(disc.mesh().len() * dofs)
        .step_by(dofs)
    {
        *value = 1.0;
    }
    density
}

/// Counts and fluxes in the middle computed with an independent program.
#[test]
fn diamond_difference_takes_the_known_number_of_iterations() {
    let counts = [
        (0.9, [[7, 8, 8], [7, 7, 7], [6, 6, 6]]),
        (0.99, [[8, 8, 8], [7, 8, 8], [6, 7, 6]]),
        (0.999, [[8, 8, 9], [7, 8, 8], [6, 7, 7]]),
        (0.9999, [[8, 8, 9], [7, 8, 8], [6, 7, 7]]),
        (1.0, [[8, 8, 9], [7, 8, 8], [6, 7, 7]]),
    ];
    for (c, rows) in counts {
        for (length, row) in [10.0, 100.0, 1000.0].into_iter().zip(rows) {
            for (sn, expected) in [4, 8, 16].into_iter().zip(row) {
                let disc = slab(
                    Mesh::uniform(Geometry::Slab, 0.0, length, 100),
                    vec![CrossSections::one_group(1.0, c)],
                    sn,
                    Scheme::DiamondDifference,
                    [Boundary::Vacuum, Boundary::Vacuum],
                );
                let (_, report) = solve(
                    &disc,
                    &unit_source(&disc),
                    Acceleration::Consistent,
                    StoppingCriterion::Change,
                    1e-6,
                );
                let found = report.groups[0].iterations;
                assert!(found.abs_diff(expected) <= 1, "{c} {length} S{sn}: {found}");
            }
        }
    }
}

const GALERKIN: [Scheme; 4] = [
    Scheme::LinearDiscontinuous,
    Scheme::LumpedLinearDiscontinuous,
    Scheme::DiscontinuousGalerkin2,
    Scheme::DiscontinuousGalerkin3,
];

/// With two ordinates the error is linear in mu: nothing of it is left after one iteration. The
/// second confirms it.
#[test]
fn consistent_acceleration_solves_two_ordinates_exactly() {
    let one_dof = [
        Scheme::Step,
        Scheme::DiamondDifference,
        Scheme::StepCharacteristic,
    ];
    let strong = CrossSections {
        scattering: vec![vec![3.0], vec![1.2]],
        ..CrossSections::one_group(3.0, 3.0)
    };
    let materials = vec![CrossSections::one_group(1.0, 0.99), strong];
    let closed = || Boundary::Reflecting { albedo: 1.0 };
    for scheme in GALERKIN.into_iter().chain(one_dof) {
        for boundaries in [
            [Boundary::Vacuum, Boundary::Vacuum],
            [closed(), Boundary::Vacuum],
            [Boundary::Reflecting { albedo: 0.5 }, closed()],
            [
                Boundary::White { albedo: 0.7 },
                Boundary::White { albedo: 0.2 },
            ],
            [Boundary::Periodic, Boundary::Periodic],
        ] {
            let mesh = Mesh::layers(
                Geometry::Slab,
                0.0,
                &[(2.0, 5, 0), (10.0, 4, 1), (1.0, 7, 0)],
            );
            let disc = slab(mesh, materials.clone(), 2, scheme, boundaries.clone());
            let (_, report) = solve(
                &disc,
                &unit_source(&disc),
                Acceleration::Consistent,
                StoppingCriterion::Change,
                1e-10,
            );
            let found = report.groups[0].iterations;
            assert_eq!(found, 2, "{scheme:?} {boundaries:?}");
        }
    }
}

/// Fluxes in the middle computed with an independent program, and the counts without acceleration.
#[test]
fn fluxes_in_the_middle_and_counts_of_source_iteration_are_those_of_the_table() {
    let slab_of = |length: f64, c: f64| {
        slab(
            Mesh::uniform(Geometry::Slab, 0.0, length, 100),
            vec![CrossSections::one_group(1.0, c)],
            8,
            Scheme::DiamondDifference,
            [Boundary::Vacuum, Boundary::Vacuum],
        )
    };
    for (length, c, expected) in [
        (10.0, 1.0, 48.743886),
        (100.0, 1.0, 3855.9373),
        (1000.0, 1.0, 375986.04),
        (10.0, 0.9999, 48.543694),
        (100.0, 0.9999, 2912.7486),
        (1000.0, 0.9999, 9996.6232),
        (10.0, 0.99, 34.420797),
    ] {
        let disc = slab_of(length, c);
        let (flux, _) = solve(
            &disc,
            &unit_source(&disc),
            Acceleration::Consistent,
            StoppingCriterion::Change,
            1e-6,
        );
        let middle = flux.averages(0).nth(50).unwrap();
        // To the digits of the table and the tolerance of the iteration.
        assert!(
            (middle - expected).abs() < 1e-4 + 5e-8 * expected,
            "{length} {c}: {middle}"
        );
    }
    for (c, expected) in [
        (0.9, 92),
        (0.99, 304),
        (0.999, 399),
        (0.9999, 412),
        (1.0, 413),
    ] {
        let disc = slab_of(10.0, c);
        let (_, report) = solve(
            &disc,
            &unit_source(&disc),
            Acceleration::None,
            StoppingCriterion::Change,
            1e-6,
        );
        assert!(report.groups[0].iterations.abs_diff(expected) <= 1);
    }
}

/// Diffusion limit: sigma_t = 1/eps, sigma_a = q = eps, ten cells, whatever their thickness.
#[test]
fn the_diffusion_limit_is_reached_in_few_iterations() {
    let limit = 0.281640;
    for (scheme, eps, expected) in [
        (Scheme::DiamondDifference, 1e-1, 0.340363),
        (Scheme::DiamondDifference, 1e-2, 0.287141),
        (Scheme::DiamondDifference, 1e-3, 0.281562),
        (Scheme::DiamondDifference, 1e-4, 0.280979),
        (Scheme::LinearDiscontinuous, 1e-1, 0.340722),
        (Scheme::LinearDiscontinuous, 1e-2, 0.286864),
        (Scheme::LinearDiscontinuous, 1e-3, 0.281044),
        (Scheme::LinearDiscontinuous, 1e-4, 0.280446),
        (Scheme::LinearDiscontinuous, 1e-5, 0.280386),
        (Scheme::DiscontinuousGalerkin2, 1e-3, 0.282253),
        (Scheme::Step, 1e-1, 0.253304),
        (Scheme::Step, 1e-5, 0.000059),
    ] {
        let disc = slab(
            Mesh::uniform(Geometry::Slab, 0.0, 1.0, 10),
            vec![CrossSections::one_group(1.0 / eps, 1.0 / eps - eps)],
            8,
            scheme,
            [Boundary::Vacuum, Boundary::Vacuum],
        );
        let mut density = unit_source(&disc);
        density.values.iter_mut().for_each(|q| *q *= eps);
        // Rounding in the sweep, grown by sigma_t/sigma_a, leaves changes of 3e-9 and 3e-7 in the
        // two thickest, with one cell-centred unknown as with two.
        let tolerance = if eps > 5e-4 {
            1e-9
        } else if eps > 5e-5 {
            1e-8
        } else {
            1e-6
        };
        let (flux, report) = solve(
            &disc,
            &density,
            Acceleration::Consistent,
            StoppingCriterion::Change,
            tolerance,
        );
        let found = flux.averages(0).nth(5).unwrap();
        assert!(report.converged && report.groups[0].iterations <= 12);
        assert!(
            (found - expected).abs() < 1.5e-6,
            "{scheme:?} {eps}: {found}"
        );
        if eps == 1e-5 {
            let off = (found / limit - 1.0).abs();
            assert!(if scheme == Scheme::Step {
                off > 0.99
            } else {
                off < 0.005
            });
        }
    }
}

/// Neighbours whose cross sections differ by a factor of a million do not slow it down.
#[test]
fn slabs_of_high_contrast_converge_as_fast_as_homogeneous_ones() {
    let layers: Vec<(f64, usize, u32)> = (0..20).map(|i| (1.0, 4, i % 2)).collect();
    let materials = vec![
        CrossSections::one_group(1e3, 0.9999e3),
        CrossSections::one_group(1e-3, 0.9999e-3),
    ];
    for scheme in GALERKIN.into_iter().chain([Scheme::DiamondDifference]) {
        let disc = slab(
            Mesh::layers(Geometry::Slab, 0.0, &layers),
            materials.clone(),
            16,
            scheme,
            [Boundary::Vacuum, Boundary::MIRROR],
        );
        let (_, report) = solve(
            &disc,
            &unit_source(&disc),
            Acceleration::Consistent,
            StoppingCriterion::Error,
            1e-8,
        );
        let group = &report.groups[0];
        assert!(report.converged);
        assert!(
            group.spectral_radius.unwrap() < 0.2247,
            "{scheme:?} {group:?}"
        );
    }
}

/// Voids and pure absorbers: the same flux as without acceleration, in fewer sweeps.
#[test]
fn reeds_slab_has_the_same_flux_with_and_without_acceleration() {
    let layers = [
        (2.0, 20, 0),
        (1.0, 10, 1),
        (2.0, 20, 2),
        (1.0, 10, 3),
        (2.0, 20, 3),
    ];
    let materials = vec![
        CrossSections::one_group(50.0, 0.0),
        CrossSections::one_group(5.0, 0.0),
        CrossSections::one_group(0.0, 0.0),
        CrossSections::one_group(1.0, 0.9),
    ];
    for scheme in [
        Scheme::Step,
        Scheme::DiamondDifference,
        Scheme::DiamondDifferenceFixup,
        Scheme::StepCharacteristic,
        Scheme::LinearDiscontinuous,
        Scheme::LumpedLinearDiscontinuous,
        Scheme::LinearCharacteristic,
        Scheme::DiscontinuousGalerkin2,
        Scheme::DiscontinuousGalerkin3,
    ] {
        let disc = slab(
            Mesh::layers(Geometry::Slab, 0.0, &layers),
            materials.clone(),
            8,
            scheme,
            [Boundary::MIRROR, Boundary::Vacuum],
        );
        let mut density = disc.zeros();
        let dofs = disc.dofs();
        for (cell, q) in density.values.iter_mut().step_by(dofs).enumerate() {
            *q = match cell {
                0..20 => 50.0,
                50..60 => 1.0,
                _ => 0.0,
            };
        }
        let run = |acceleration| {
            solve(
                &disc,
                &density,
                acceleration,
                StoppingCriterion::Error,
                1e-9,
            )
        };
        let (plain, slow) = run(Acceleration::None);
        for acceleration in [
            Acceleration::Consistent,
            Acceleration::InteriorPenalty { constant: 2.0 },
        ] {
            let (flux, fast) = run(acceleration);
            let off = (flux.averages(0).zip(plain.averages(0)))
                .map(|(a, b)| ((a - b) / b).abs())
                .fold(0.0, f64::max);
            assert!(fast.converged && slow.converged && off < 1e-8);
            assert!(fast.groups[0].iterations < slow.groups[0].iterations);
        }
    }
}

/// Cell-centred diffusion is not what diamond difference becomes in thick cells.
#[test]
fn an_inconsistent_diffusion_operator_diverges_in_thick_cells() {
    for (tau, converges) in [(0.2, true), (5.0, false)] {
        let cells = 100;
        let c = 0.9999;
        let disc = slab(
            Mesh::uniform(Geometry::Slab, 0.0, cells as f64, cells),
            vec![CrossSections::one_group(tau, c * tau)],
            8,
            Scheme::DiamondDifference,
            [Boundary::Vacuum, Boundary::Vacuum],
        );
        // -(D f')' + sigma_a f between the middles of cells, Marshak's condition at the ends.
        let d = 1.0 / (3.0 * tau);
        let mut diagonal = vec![2.0 * d + (1.0 - c) * tau; cells];
        let end = 1.0 / (2.0 + 0.5 / d);
        diagonal[0] += end - d;
        diagonal[cells - 1] += end - d;
        let off = vec![-d; cells];
        let matrix = tridiagonal::Tridiagonal::new(off.clone(), diagonal, off, false);
        let params = DiscreteOrdinatesParams {
            acceleration: Acceleration::None,
            ..DiscreteOrdinatesParams::default()
        };
        let mut solver = crate::GroupSolver::new(&disc, 0, &params);
        let nothing = vec![0.0; cells];
        let source = crate::SweepSource {
            emission: &nothing,
            angular: None,
        };
        let size = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        let mut flux: Vec<f64> = (0..cells).map(|i| (2.3 * i as f64).sin()).collect();
        let first = size(&flux);
        for _ in 0..40 {
            let next = solver.step(&disc, &source, &flux).to_vec();
            let mut f: Vec<f64> = (next.iter().zip(&flux))
                .map(|(a, b)| c * tau * (a - b))
                .collect();
            matrix.solve(&mut f);
            flux = next.iter().zip(&f).map(|(a, b)| a + b).collect();
        }
        let grown = size(&flux) / first;
        assert!(if converges { grown < 1e-6 } else { grown > 1e3 });
    }
}

/// The step scheme of spheres and cylinders, whose diffusion problem is not its exact image.
#[test]
fn the_step_scheme_of_spheres_and_cylinders_converges_as_fast_as_in_slabs() {
    for geometry in [Geometry::Sphere, Geometry::Cylinder] {
        for tau in [0.01, 0.1, 1.0, 10.0, 100.0] {
            let ordinates = match geometry {
                Geometry::Cylinder => {
                    Ordinates::cylinder(&crate::quadrature::chebyshev_legendre(8), 0)
                }
                _ => Ordinates::legendre(&gauss_legendre(8), 0),
            };
            let disc = Discretization::new(
                Mesh::uniform(geometry, 0.0, 50.0, 50),
                vec![CrossSections::one_group(tau, 0.9999 * tau)],
                ordinates,
                Scheme::Step,
                [Boundary::MIRROR, Boundary::Vacuum],
            )
            .unwrap();
            let params = DiscreteOrdinatesParams::default();
            let mut solver = crate::GroupSolver::new(&disc, 0, &params);
            let nothing = vec![0.0; disc.group_len()];
            let source = crate::SweepSource {
                emission: &nothing,
                angular: None,
            };
            let size = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
            let mut flux: Vec<f64> = (0..50).map(|i| (2.3 * f64::from(i)).sin()).collect();
            let mut rho = 0.0;
            for _ in 0..60 {
                let before = size(&flux);
                flux.iter_mut().for_each(|x| *x /= before);
                let next = solver.step(&disc, &source, &flux);
                flux.copy_from_slice(next);
                rho = size(&flux);
            }
            assert!(rho < 0.24, "{geometry:?} {tau}: {rho}");
        }
    }
}

/// Where a cell is thicker than numbers can tell there is at worst no correction.
#[test]
fn cells_of_1e15_mean_free_paths_have_a_response() {
    use crate::within_group::GroupSolver;
    for scheme in [Scheme::LinearDiscontinuous, Scheme::DiscontinuousGalerkin3] {
        for total in [1e13, 1e15, 1e20, 1e300] {
            for c in [1.0, 0.5] {
                let disc = Discretization::new(
                    Mesh::uniform(Geometry::Slab, 0.0, 10.0, 5),
                    vec![CrossSections::one_group(total, c * total)],
                    Ordinates::legendre(&gauss_legendre(8), 0),
                    scheme,
                    [Boundary::Vacuum, Boundary::Vacuum],
                )
                .unwrap();
                let params = crate::params::DiscreteOrdinatesParams {
                    max_iterations: 20,
                    ..Default::default()
                };
                let emission = vec![1.0; disc.group_len()];
                let fixed = crate::sweep::SweepSource {
                    emission: &emission,
                    angular: None,
                };
                let mut flux = vec![0.0; disc.group_len()];
                let mut solver = GroupSolver::new(&disc, 0, &params);
                let report = solver.solve(&disc, &fixed, &mut flux);
                if c < 1.0 {
                    assert!(report.converged, "{scheme:?} {total} {report:?}");
                }
            }
        }
    }
}
