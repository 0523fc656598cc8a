//! Tests of slab sweeps as a whole: orders of convergence, invariants, published problems.

use faer::Mat;
use faer::linalg::solvers::Solve;

use super::cell_tests::ALL;
use super::{Sweep, SweepSource, Sweeper};
use crate::boundary::Boundary;
use crate::discretization::{Discretization, TransportError};
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{Acceleration, DiscreteOrdinatesParams, Iteration, Scheme, StoppingCriterion};
use crate::quadrature::{Quadrature, double_gauss, gauss_legendre, legendre};

fn discretize(
    mesh: Mesh,
    materials: Vec<CrossSections>,
    quadrature: &Quadrature,
    scheme: Scheme,
    boundaries: [Boundary; 2],
) -> Discretization {
    let ordinates = Ordinates::legendre(quadrature, 0);
    Discretization::new(mesh, materials, ordinates, scheme, boundaries).unwrap()
}

/// Flux and angular flux of one sweep.
fn sweep(disc: &Discretization, emission: &[f64], angular: Option<&[f64]>) -> (Vec<f64>, Vec<f64>) {
    let mut flux = vec![0.0; disc.group_len()];
    let mut psi = vec![0.0; disc.ordinates().len() * disc.mesh().len() * disc.dofs()];
    let out = Sweep {
        flux: &mut flux,
        angular: Some(&mut psi),
        current: None,
    };
    Sweeper::new(disc, 0).sweep(disc, &SweepSource { emission, angular }, out);
    (flux, psi)
}

/// Scattering by source iteration alone.
fn iterate(disc: &Discretization, density: &Moments) -> (Moments, FixedSource) {
    let params = DiscreteOrdinatesParams {
        tolerance: 1e-12,
        stopping: StoppingCriterion::Change,
        iteration: Iteration::SourceIteration,
        acceleration: Acceleration::None,
        ..DiscreteOrdinatesParams::default()
    };
    let mut flux = disc.zeros();
    let mut solver = FixedSource::new(disc, &params);
    let report = solver.solve(disc, &SourceTerms::new(density), &mut flux);
    assert!(report.converged);
    (flux, solver)
}

/// The scattering problem as a dense matrix, one sweep a column: exact at any scattering ratio.
fn solve_densely(disc: &Discretization, density: &Moments) -> Vec<f64> {
    let n = disc.group_len();
    let mut sweeper = Sweeper::new(disc, 0);
    let mut emission = vec![0.0; n];
    let mut run = |emission: &[f64]| {
        let mut flux = vec![0.0; n];
        let out = Sweep {
            flux: &mut flux,
            angular: None,
            current: None,
        };
        let source = SweepSource {
            emission,
            angular: None,
        };
        sweeper.sweep(disc, &source, out);
        flux
    };
    disc.add_density(&density.values, &mut emission);
    let first = run(&emission);
    let mut matrix = Mat::<f64>::identity(n, n);
    for j in 0..n {
        let mut unit = vec![0.0; n];
        unit[j] = 1.0;
        emission.fill(0.0);
        disc.add_scattering(0, 0, &unit, &mut emission);
        for (i, value) in run(&emission).into_iter().enumerate() {
            matrix[(i, j)] -= value;
        }
    }
    let right = Mat::from_fn(n, 1, |i, _| first[i]);
    let x = matrix.partial_piv_lu().solve(&right);
    (0..n).map(|i| x[(i, 0)]).collect()
}

/// Legendre coefficients of a function on a cell.
fn project(f: impl Fn(f64) -> f64, lower: f64, upper: f64, dofs: usize) -> Vec<f64> {
    let rule = gauss_legendre(8);
    (0..dofs)
        .map(|d| {
            let sum: f64 = (rule.mu.iter().zip(&rule.weight))
                .map(|(&xi, w)| {
                    let x = 0.5 * (lower + upper) + 0.5 * (upper - lower) * xi;
                    w * legendre(d, xi) * f(x)
                })
                .sum();
            (2 * d + 1) as f64 / 2.0 * sum
        })
        .collect()
}

/// Errors against psi = exp(mu x) (2 + cos 3 x) with the source that makes it: cell averages of
/// the scalar flux (largest), angular flux in the cells (root mean square), leaving edges
/// (largest).
fn manufactured_errors(scheme: Scheme, cells: usize) -> [f64; 3] {
    let sigma = 2.0;
    let exact = |x: f64, mu: f64| (mu * x).exp() * (2.0 + (3.0 * x).cos());
    let slope = |x: f64, mu: f64| mu * exact(x, mu) - 3.0 * (mu * x).exp() * (3.0 * x).sin();
    let quadrature = double_gauss(4);
    let at =
        |x: f64| Boundary::Incident(vec![quadrature.mu.iter().map(|&mu| exact(x, mu)).collect()]);
    // Cells of two widths in turn, so that nothing cancels by symmetry.
    let mut mesh = Mesh::uniform(Geometry::Slab, 0.0, 1.0, cells);
    for edge in mesh.edges.iter_mut().skip(1).step_by(2) {
        *edge += 0.2 / cells as f64;
    }
    let disc = discretize(
        mesh,
        vec![CrossSections::one_group(sigma, 0.0)],
        &quadrature,
        scheme,
        [at(0.0), at(1.0)],
    );
    let (n, dofs) = (quadrature.len(), disc.dofs());
    let edges = &disc.mesh().edges;
    let mut given = Vec::new();
    for &mu in &quadrature.mu {
        for e in edges.windows(2) {
            let source = |x: f64| mu * slope(x, mu) + sigma * exact(x, mu);
            given.extend(project(source, e[0], e[1], dofs));
        }
    }
    let (mut flux, mut psi) = (disc.zeros(), vec![0.0; given.len()]);
    let emission = disc.zeros();
    let source = SweepSource {
        emission: &emission.values,
        angular: Some(&given),
    };
    let mut sweeper = Sweeper::new(&disc, 0);
    let out = Sweep {
        flux: &mut flux.values,
        angular: Some(&mut psi),
        current: None,
    };
    sweeper.sweep(&disc, &source, out);
    let (mut average, mut square, mut edge) = (0.0_f64, 0.0, 0.0_f64);
    let rule = gauss_legendre(8);
    for (cell, value) in flux.averages(0).enumerate() {
        let (a, b) = (edges[cell], edges[cell + 1]);
        let mut sum = 0.0;
        for i in 0..n {
            let (mu, w) = (quadrature.mu[i], quadrature.weight[i]);
            sum += w * project(|x| exact(x, mu), a, b, 1)[0];
            for (&xi, v) in rule.mu.iter().zip(&rule.weight) {
                let x = 0.5 * (a + b) + 0.5 * (b - a) * xi;
                let inside: f64 = (0..dofs)
                    .map(|d| psi[(i * cells + cell) * dofs + d] * legendre(d, xi))
                    .sum();
                square += 0.25 * w * v * (b - a) * (inside - exact(x, mu)).powi(2);
            }
        }
        average = average.max((value - sum).abs());
    }
    for (i, &mu) in quadrature.mu.iter().enumerate() {
        let (x, out) = if mu > 0.0 {
            (1.0, sweeper.boundary().upper[i])
        } else {
            (0.0, sweeper.boundary().lower[i])
        };
        edge = edge.max((out - exact(x, mu)).abs());
    }
    [average, square.sqrt(), edge]
}

#[test]
fn a_smooth_solution_is_approached_at_the_order_of_each_scheme() {
    use Scheme::*;
    // Orders of cell averages, of the angular flux inside cells, and of the leaving edges.
    for (scheme, cells, expected) in [
        (Step, 64, [1.0, 1.0, 1.0]),
        (DiamondDifference, 64, [2.0, 1.0, 2.0]),
        (DiamondDifferenceFixup, 64, [2.0, 1.0, 2.0]),
        (StepCharacteristic, 64, [2.0, 1.0, 2.0]),
        (LinearDiscontinuous, 64, [3.0, 2.0, 3.0]),
        (LumpedLinearDiscontinuous, 128, [2.0, 2.0, 2.0]),
        (LinearCharacteristic, 32, [4.0, 2.0, 4.0]),
        (DiscontinuousGalerkin2, 32, [5.0, 3.0, 5.0]),
        (DiscontinuousGalerkin3, 16, [7.0, 4.0, 7.0]),
    ] {
        let coarse = manufactured_errors(scheme, cells);
        let fine = manufactured_errors(scheme, 2 * cells);
        for i in 0..3 {
            let order = (coarse[i] / fine[i]).log2();
            assert!(
                (order - expected[i]).abs() < 0.2,
                "{scheme:?}, error {i}: order {order}"
            );
        }
    }
}

/// A scattering problem: the average flux of eight parts of the slab.
fn scattering_averages(scheme: Scheme, cells: usize) -> Vec<f64> {
    let disc = discretize(
        Mesh::layers(
            Geometry::Slab,
            0.0,
            &[(1.0, cells / 2, 0), (1.0, cells / 2, 1)],
        ),
        vec![
            CrossSections::one_group(1.0, 0.7),
            CrossSections::one_group(2.0, 1.0),
        ],
        &double_gauss(4),
        scheme,
        [Boundary::Incident(vec![vec![1.0; 4]]), Boundary::Vacuum],
    );
    let (flux, _) = iterate(&disc, &disc.zeros());
    let all: Vec<f64> = flux.averages(0).collect();
    all.chunks(cells / 8)
        .map(|part| part.iter().sum::<f64>() / part.len() as f64)
        .collect()
}

#[test]
fn with_scattering_and_an_interface_the_orders_of_cell_averages_remain() {
    use Scheme::*;
    let reference = scattering_averages(DiscontinuousGalerkin3, 256);
    let error = |scheme, cells| {
        (scattering_averages(scheme, cells).iter())
            .zip(&reference)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    };
    for (scheme, cells, expected) in [
        (Step, 64, 1.0),
        (DiamondDifference, 64, 2.0),
        (DiamondDifferenceFixup, 64, 2.0),
        (StepCharacteristic, 64, 2.0),
        (LinearDiscontinuous, 64, 3.0),
        (LumpedLinearDiscontinuous, 128, 2.0),
        (LinearCharacteristic, 64, 4.0),
        (DiscontinuousGalerkin2, 32, 5.0),
        (DiscontinuousGalerkin3, 16, 7.0),
    ] {
        let order = f64::log2(error(scheme, cells) / error(scheme, 2 * cells));
        assert!((order - expected).abs() < 0.1, "{scheme:?}: order {order}");
    }
}

fn reed_problem(
    quadrature: &Quadrature,
    scheme: Scheme,
    cells: usize,
    lower: Boundary,
) -> Discretization {
    let layers: Vec<(f64, usize, u32)> = [(2.0, 0), (1.0, 1), (2.0, 2), (1.0, 3), (2.0, 3)]
        .map(|(width, material)| (width, cells, material))
        .to_vec();
    discretize(
        Mesh::layers(Geometry::Slab, 0.0, &layers),
        vec![
            CrossSections::one_group(50.0, 0.0),
            CrossSections::one_group(5.0, 0.0),
            CrossSections::one_group(0.0, 0.0),
            CrossSections::one_group(1.0, 0.9),
        ],
        quadrature,
        scheme,
        [lower, Boundary::Vacuum],
    )
}

fn reed_source(disc: &Discretization) -> Moments {
    let mut density = disc.zeros();
    for (cell, q) in density.values.chunks_exact_mut(disc.dofs()).enumerate() {
        q[0] = [50.0, 0.0, 0.0, 1.0, 0.0][disc.mesh().region[cell] as usize];
    }
    density
}

/// Region averages, absorption, and leakage to the left and to the right.
fn reed(
    quadrature: &Quadrature,
    scheme: Scheme,
    cells: usize,
    lower: Boundary,
) -> (Vec<f64>, f64, f64, f64) {
    let disc = reed_problem(quadrature, scheme, cells, lower);
    let density = reed_source(&disc);
    let (flux, mut solver) = iterate(&disc, &density);
    let all: Vec<f64> = flux.averages(0).collect();
    let averages: Vec<f64> = all
        .chunks(cells)
        .map(|part| part.iter().sum::<f64>() / cells as f64)
        .collect();
    let mut current = vec![0.0; 5 * cells + 1];
    let terms = SourceTerms::new(&density);
    solver.final_sweep(&disc, 0, &terms, &flux, None, Some(&mut current));
    // sigma_a times width.
    let absorbed = (averages.iter().zip([100.0, 5.0, 0.0, 0.1, 0.2]))
        .map(|(phi, sigma)| sigma * phi)
        .sum();
    (averages, absorbed, -current[0], current[5 * cells])
}

#[test]
fn reeds_problem_has_its_region_averages_leakage_and_absorption() {
    let expected = [0.9975087, 0.1571830, 1.1063819, 1.7770349, 0.7668332];
    for (scheme, cells) in [
        (Scheme::LinearDiscontinuous, 200),
        (Scheme::LinearCharacteristic, 200),
        (Scheme::DiscontinuousGalerkin2, 100),
        (Scheme::DiscontinuousGalerkin3, 100),
    ] {
        let (averages, absorbed, left, right) =
            reed(&double_gauss(64), scheme, cells, Boundary::MIRROR);
        for (ours, published) in averages.iter().zip(expected) {
            assert!((ours - published).abs() < 1e-6, "{scheme:?} {ours}");
        }
        assert!((right - 0.132_144_39).abs() < 1e-7, "{scheme:?} {right}");
        assert!((absorbed - 100.867_855_61).abs() < 1e-6, "{scheme:?}");
        assert!(left.abs() < 1e-12);
        assert!((absorbed + right - 101.0).abs() < 1e-9, "{scheme:?}");
    }
}

#[test]
fn reeds_problem_has_its_values_with_gauss_legendre_quadrature() {
    let ld = Scheme::LinearDiscontinuous;
    let (_, absorbed, left, right) = reed(&gauss_legendre(128), ld, 200, Boundary::Vacuum);
    assert!((absorbed - 100.617_84).abs() < 1e-4, "{absorbed}");
    assert!((left + right - 0.382_156_2).abs() < 1e-6);
    let dg = Scheme::DiscontinuousGalerkin3;
    let (averages, _, _, right) = reed(&gauss_legendre(8), dg, 50, Boundary::MIRROR);
    let expected = [0.9974798, 0.1582087, 1.1051091, 1.7580240, 0.7660085];
    for (ours, published) in averages.iter().zip(expected) {
        assert!((ours - published).abs() < 1e-6, "{ours}");
    }
    assert!((right - 0.131_969_61).abs() < 1e-7, "{right}");
}

#[test]
fn reeds_problem_on_coarse_cells_is_negative_by_diamond_difference_and_not_with_fix_up() {
    let lowest = |scheme| {
        let disc = reed_problem(&double_gauss(16), scheme, 3, Boundary::MIRROR);
        let (flux, _) = iterate(&disc, &reed_source(&disc));
        flux.averages(0).fold(f64::INFINITY, f64::min)
    };
    assert!(lowest(Scheme::DiamondDifference) < 0.0);
    assert!(lowest(Scheme::DiamondDifferenceFixup) > 0.0);
    let (_, absorbed, left, right) = reed(
        &double_gauss(16),
        Scheme::DiamondDifferenceFixup,
        3,
        Boundary::MIRROR,
    );
    assert!((absorbed + left + right - 101.0).abs() < 1e-9);
}

/// Cell averages of the slab of 1/epsilon mean free paths in 10 cells.
fn diffusive(scheme: Scheme, epsilon: f64) -> Vec<f64> {
    let disc = discretize(
        Mesh::uniform(Geometry::Slab, 0.0, 1.0, 10),
        vec![CrossSections::one_group(
            1.0 / epsilon,
            1.0 / epsilon - epsilon,
        )],
        &gauss_legendre(8),
        scheme,
        [Boundary::Vacuum, Boundary::Vacuum],
    );
    let mut density = disc.zeros();
    for q in density.values.chunks_exact_mut(disc.dofs()) {
        q[0] = epsilon;
    }
    let flux = solve_densely(&disc, &density);
    flux.chunks_exact(disc.dofs()).map(|cell| cell[0]).collect()
}

#[test]
fn thick_cells_have_the_diffusion_limit_or_lose_it() {
    use Scheme::*;
    // Cells 6 and 1 of 10 for epsilon = 1e-1 to 1e-5.
    let tables: [(Scheme, [[f64; 2]; 5]); 4] = [
        (
            DiamondDifference,
            [
                [0.340363, 0.125999],
                [0.287141, 0.061702],
                [0.281562, 0.054416],
                [0.280979, 0.053649],
                [0.280920, 0.053572],
            ],
        ),
        (
            Step,
            [
                [0.253304, 0.120365],
                [0.051380, 0.018056],
                [0.005840, 0.001958],
                [0.000592, 0.000198],
                [0.000059, 0.000020],
            ],
        ),
        (
            LinearDiscontinuous,
            [
                [0.340722, 0.128214],
                [0.286864, 0.061933],
                [0.281044, 0.054327],
                [0.280446, 0.053544],
                [0.280386, 0.053465],
            ],
        ),
        (
            DiscontinuousGalerkin2,
            [
                [0.340979, 0.129264],
                [0.287753, 0.063704],
                [0.282253, 0.056514],
                [0.281701, 0.055790],
                [0.281646, 0.055717],
            ],
        ),
    ];
    for (scheme, rows) in tables {
        for (power, [sixth, first]) in (1..).zip(rows) {
            let flux = diffusive(scheme, 10_f64.powi(-power));
            assert!((flux[5] - sixth).abs() < 6e-7, "{scheme:?} {power}");
            assert!((flux[0] - first).abs() < 6e-7, "{scheme:?} {power}");
        }
    }
    // Against the diffusion equation itself, -phi''/3 + phi = 1 with phi = 0 at the ends.
    let limit = 0.281_640;
    for scheme in [
        DiamondDifference,
        LinearDiscontinuous,
        LinearCharacteristic,
        DiscontinuousGalerkin2,
        DiscontinuousGalerkin3,
    ] {
        let off = diffusive(scheme, 1e-5)[5] / limit - 1.0;
        assert!(off.abs() < 0.005, "{scheme:?} {off}");
    }
    // The lumped slope makes the diffusion problem a coarser one, right to order 2.
    let off = diffusive(LumpedLinearDiscontinuous, 1e-5)[5] / limit - 1.0;
    assert!(off.abs() < 0.01, "{off}");
    for scheme in [Step, StepCharacteristic] {
        assert!(diffusive(scheme, 1e-5)[5] < 0.01 * limit, "{scheme:?}");
    }
}

/// Cells from 1e-3 to 1e3 mean free paths thick, and void.
fn uneven(scheme: Scheme, boundaries: [Boundary; 2]) -> Discretization {
    let layers = [
        (1.0, 3, 0),
        (0.5, 1, 1),
        (0.1, 2, 2),
        (2.0, 3, 3),
        (3.0, 2, 0),
        (10.0, 1, 2),
    ];
    discretize(
        Mesh::layers(Geometry::Slab, -1.0, &layers),
        [1.0, 0.0, 100.0, 1.5e-3]
            .map(|total| CrossSections::one_group(total, 0.0))
            .to_vec(),
        &double_gauss(6),
        scheme,
        boundaries,
    )
}

#[test]
fn a_constant_flux_stays_constant_through_thin_thick_and_void_cells() {
    for scheme in ALL {
        let given = || Boundary::Incident(vec![vec![0.5; 6]]);
        for boundaries in [[Boundary::MIRROR, given()], [given(), given()]] {
            let disc = uneven(scheme, boundaries);
            let mut emission = disc.zeros();
            for (cell, s) in emission.values.chunks_exact_mut(disc.dofs()).enumerate() {
                s[0] = 0.5 * disc.material(cell).total[0];
            }
            let (flux, _) = sweep(&disc, &emission.values, None);
            for (cell, phi) in flux.chunks_exact(disc.dofs()).enumerate() {
                assert!((phi[0] - 1.0).abs() < 1e-12, "{scheme:?} {cell} {}", phi[0]);
                assert!(
                    phi[1..].iter().all(|x| x.abs() < 1e-12),
                    "{scheme:?} {cell}"
                );
            }
        }
    }
}

#[test]
fn a_sweep_is_its_own_adjoint() {
    // The flux coefficient (j, d) of a unit of source coefficient (i, e), weighted with the norms
    // of the Legendre polynomials, is the same the other way round.
    for scheme in ALL {
        if scheme == Scheme::DiamondDifferenceFixup {
            continue;
        }
        for lower in [Boundary::Vacuum, Boundary::MIRROR] {
            let disc = uneven(scheme, [lower, Boundary::Vacuum]);
            let (n, dofs) = (disc.group_len(), disc.dofs());
            let norm = |i: usize| match scheme {
                Scheme::LumpedLinearDiscontinuous => disc.mesh().width(i / dofs),
                _ => disc.mesh().width(i / dofs) / (2 * (i % dofs) + 1) as f64,
            };
            let columns: Vec<Vec<f64>> = (0..n)
                .map(|i| {
                    let mut emission = vec![0.0; n];
                    emission[i] = 1.0;
                    sweep(&disc, &emission, None).0
                })
                .collect();
            for i in 0..n {
                for j in 0..n {
                    let forward = norm(j) * columns[i][j];
                    let adjoint = norm(i) * columns[j][i];
                    // By the averages: the slope of a void cell has no effect on itself.
                    let (k, l) = (i - i % dofs, j - j % dofs);
                    let scale = (norm(k) * columns[k][k]).max(norm(l) * columns[l][l]);
                    assert!(
                        (forward - adjoint).abs() < 1e-12 * scale,
                        "{scheme:?} {i} {j}"
                    );
                }
            }
        }
    }
}

#[test]
fn characteristic_schemes_transmit_a_beam_exactly_on_any_mesh() {
    for scheme in [Scheme::StepCharacteristic, Scheme::LinearCharacteristic] {
        // An absorber of one mean free path in uneven layers with a void between.
        let quadrature = double_gauss(64);
        let layers = [(0.001, 2, 0), (3.0, 2, 1), (0.599, 1, 0), (0.4, 7, 0)];
        let disc = discretize(
            Mesh::layers(Geometry::Slab, 0.0, &layers),
            vec![
                CrossSections::one_group(1.0, 0.0),
                CrossSections::one_group(0.0, 0.0),
            ],
            &quadrature,
            scheme,
            [Boundary::Incident(vec![vec![1.0; 64]]), Boundary::Vacuum],
        );
        let emission = disc.zeros();
        let source = SweepSource {
            emission: &emission.values,
            angular: None,
        };
        let mut sweeper = Sweeper::new(&disc, 0);
        let mut flux = disc.zeros();
        let out = Sweep {
            flux: &mut flux.values,
            angular: None,
            current: None,
        };
        sweeper.sweep(&disc, &source, out);
        let mut current = 0.0;
        for (n, &mu) in quadrature
            .mu
            .iter()
            .enumerate()
            .filter(|(_, mu)| **mu > 0.0)
        {
            let psi = sweeper.boundary().upper[n];
            assert!((psi - (-1.0 / mu).exp()).abs() < 1e-14, "{scheme:?} {mu}");
            current += quadrature.weight[n] * mu * psi;
        }
        // E_3(1)
        assert!((current - 0.109_691_967_2).abs() < 1e-9, "{current}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for scheme in ALL {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let disc = reed_problem(&double_gauss(24), scheme, 10, Boundary::Vacuum);
                let mut emission = disc.zeros();
                disc.add_density(&reed_source(&disc).values, &mut emission.values);
                sweep(&disc, &emission.values, None)
            })
        };
        let (one, two, three) = (run(1), run(2), run(3));
        assert!(one == two && one == three, "{scheme:?}");
    }
}

#[test]
fn asking_for_angular_flux_and_currents_does_not_change_the_flux() {
    for scheme in ALL {
        let disc = reed_problem(&double_gauss(12), scheme, 10, Boundary::MIRROR);
        let mut emission = disc.zeros();
        disc.add_density(&reed_source(&disc).values, &mut emission.values);
        let (with, psi) = sweep(&disc, &emission.values, None);
        let mut without = disc.zeros();
        let source = SweepSource {
            emission: &emission.values,
            angular: None,
        };
        let out = Sweep {
            flux: &mut without.values,
            angular: None,
            current: None,
        };
        Sweeper::new(&disc, 0).sweep(&disc, &source, out);
        let weight = &disc.ordinates().weight;
        for (i, phi) in with.iter().enumerate() {
            assert!(
                (phi - without.values[i]).abs() < 1e-13 * phi.abs().max(1.0),
                "{scheme:?}"
            );
            let sum: f64 = (psi.chunks_exact(with.len()).zip(weight))
                .map(|(psi, w)| w * psi[i])
                .sum();
            assert!((phi - sum).abs() < 1e-13 * phi.abs().max(1.0), "{scheme:?}");
        }
    }
}

#[test]
fn the_fix_up_is_refused_where_nothing_is_given_at_either_end() {
    let build = |boundaries| {
        Discretization::new(
            Mesh::uniform(Geometry::Slab, 0.0, 1.0, 4),
            vec![CrossSections::one_group(1.0, 0.5)],
            Ordinates::legendre(&double_gauss(4), 0),
            Scheme::DiamondDifferenceFixup,
            boundaries,
        )
    };
    for boundaries in [
        [Boundary::MIRROR, Boundary::MIRROR],
        [Boundary::Periodic, Boundary::Periodic],
    ] {
        match build(boundaries) {
            Err(TransportError::Unsupported(text)) => assert!(text.contains("vacuum")),
            other => panic!("{other:?}"),
        }
    }
    assert!(build([Boundary::MIRROR, Boundary::Vacuum]).is_ok());
}
