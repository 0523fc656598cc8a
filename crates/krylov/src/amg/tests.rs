use super::aggregation::{NONE, standard_aggregation};
use super::coarse::DenseInverse;
use super::strength::symmetric_strength;
use super::tentative::tentative;
use super::*;
use crate::methods::Cg;
use crate::operator::{LinearOperator, NullSpace, Singular};
use crate::{Report, Solver, gallery};

fn solve(a: &Csr<f64>, amg: &mut Amg) -> Report {
    let b = gallery::noise(a.nrows(), 7);
    let mut x = vec![0.0; a.nrows()];
    Solver::new(Cg::default())
        .solve(a, amg, &b, &mut x)
        .unwrap()
}

/// Iterations to 1e-8 on the true residual.
fn iterations(a: &Csr<f64>, params: &AmgParams) -> usize {
    let report = solve(a, &mut Amg::new(a, params).unwrap());
    assert!(report.converged(), "{report:?}");
    report.iterations
}

fn aggregation(own: SmoothedAggregation) -> AmgParams {
    AmgParams {
        coarsening: Coarsening::SmoothedAggregation(own),
        ..AmgParams::default()
    }
}

fn relaxed_by(relaxation: Relaxation) -> AmgParams {
    AmgParams {
        relaxation,
        ..AmgParams::default()
    }
}

fn all_relaxations() -> [Relaxation; 4] {
    [
        Relaxation::Spai0,
        Relaxation::Jacobi { damping: 0.7 },
        Relaxation::GaussSeidel,
        Relaxation::Chebyshev { degree: 2 },
    ]
}

#[test]
fn poisson_in_space_takes_few_iterations_at_low_complexity() {
    for (side, most) in [(32, 13), (64, 13)] {
        let a = gallery::poisson(&[side; 3]);
        let mut amg = Amg::new(&a, &AmgParams::default()).unwrap();
        let info = amg.info();
        assert!(info.operator_complexity() <= 1.7, "{info}");
        assert!(info.exact_coarsest);
        let hierarchy = info.memory_bytes() as f64 / a.memory_bytes() as f64;
        assert!(hierarchy <= 2.2, "{hierarchy} times the matrix");
        let count = solve(&a, &mut amg).iterations;
        assert!(count <= most, "{count} iterations at {side}^3");
    }
}

#[test]
fn every_relaxation_converges_and_f32_costs_no_iteration() {
    let a = gallery::poisson(&[32; 3]);
    let most = [14, 18, 11, 10];
    for (relaxation, most) in all_relaxations().into_iter().zip(most) {
        let single = relaxed_by(relaxation);
        let double = AmgParams {
            precision: Precision::Double,
            ..single.clone()
        };
        let counts = [iterations(&a, &single), iterations(&a, &double)];
        assert!(counts[0] <= most, "{relaxation:?}: {counts:?}");
        assert!(
            counts[0].abs_diff(counts[1]) <= 1,
            "{relaxation:?}: {counts:?}"
        );
    }
}

#[test]
fn a_w_cycle_takes_no_more_iterations_than_a_v_cycle() {
    let a = gallery::poisson(&[40; 3]);
    let w = AmgParams {
        cycle: Cycle::W,
        coarse_size: 50,
        ..AmgParams::default()
    };
    let v = AmgParams {
        cycle: Cycle::V,
        ..w.clone()
    };
    assert!(iterations(&a, &w) <= iterations(&a, &v));
}

#[test]
fn the_cycle_is_a_symmetric_positive_definite_map() {
    // More than one block of Gauss-Seidel: above 8192 rows.
    let a = gallery::poisson(&[40, 30, 10]);
    let n = a.nrows();
    let (u, v) = (gallery::noise(n, 1), gallery::noise(n, 2));
    for relaxation in all_relaxations() {
        for (sweeps, cycle) in [(1, Cycle::V), (2, Cycle::W)] {
            let params = AmgParams {
                relaxation,
                sweeps,
                cycle,
                precision: Precision::Double,
                ..AmgParams::default()
            };
            let mut amg = Amg::new(&a, &params).unwrap();
            let (mut mu, mut mv) = (vec![0.0; n], vec![0.0; n]);
            amg.apply(&u, &mut mu);
            amg.apply(&v, &mut mv);
            let (left, right) = (vector::dot(&mu, &v), vector::dot(&u, &mv));
            let size = vector::norm2(&mu) * vector::norm2(&v);
            assert!(
                (left - right).abs() <= 1e-13 * size,
                "{relaxation:?}, {sweeps}: {left} {right}"
            );
            assert!(vector::dot(&u, &mu) > 0.0);
        }
    }
}

#[test]
fn aggregates_are_connected_and_hold_every_node_with_a_neighbour_once() {
    for (a, theta) in [
        (gallery::poisson(&[17, 13, 5]), 0.08),
        (gallery::checkerboard(&[32, 32], 1e6, 8), 0.08),
        (gallery::aligned_anisotropy(20, 1e-3), 0.08),
    ] {
        let strong = symmetric_strength(&a, &a.diagonal(), theta);
        let aggregates = standard_aggregation(&a, &strong);
        let neighbours = |i: usize| {
            let range = a.offsets()[i] as usize..a.offsets()[i + 1] as usize;
            range
                .filter(|&k| strong[k])
                .map(|k| a.columns()[k] as usize)
                .collect::<Vec<_>>()
        };
        let mut members = vec![Vec::new(); aggregates.count];
        for (i, &j) in aggregates.of.iter().enumerate() {
            assert_eq!(j == NONE, neighbours(i).is_empty(), "node {i}");
            if j != NONE {
                members[j as usize].push(i);
            }
        }
        let mut firsts = Vec::new();
        for own in &members {
            firsts.push(own[0]);
            let mut reached = vec![own[0]];
            let mut at = 0;
            while at < reached.len() {
                for j in neighbours(reached[at]) {
                    if own.contains(&j) && !reached.contains(&j) {
                        reached.push(j);
                    }
                }
                at += 1;
            }
            assert_eq!(reached.len(), own.len(), "connected: {own:?}");
        }
        assert!(firsts.is_sorted(), "numbered by place");
    }
}

#[test]
fn the_tentative_prolongator_is_orthonormal_and_keeps_the_near_null_space() {
    let (nx, ny) = (12, 9);
    let modes = gallery::rigid_body_modes(nx, ny);
    let rows = 2 * nx * ny;
    let graph = gallery::poisson(&[nx, ny]);
    let strong = symmetric_strength(&graph, &graph.diagonal(), 0.0);
    let aggregates = standard_aggregation(&graph, &strong);
    let t = tentative(&aggregates, &modes, 2);
    let k = modes.len();
    for i in 0..rows {
        let j = aggregates.of[i / 2] as usize;
        for (b, coarse) in modes.iter().zip(&t.coarse) {
            let value: f64 = (0..k).map(|c| t.rows[i * k + c] * coarse[j * k + c]).sum();
            assert!((value - b[i]).abs() <= 1e-12 * vector::norm2(b), "row {i}");
        }
    }
    for p in 0..k {
        for q in 0..k {
            let mut sums = vec![0.0; aggregates.count];
            for i in 0..rows {
                let j = aggregates.of[i / 2] as usize;
                sums[j] += t.rows[i * k + p] * t.rows[i * k + q];
            }
            for s in sums {
                // A dependent column is zero, all others have norm one.
                let expected = if p == q { s.round() } else { 0.0 };
                assert!((s - expected).abs() <= 1e-12 && expected <= 1.0);
            }
        }
    }
}

#[test]
fn rigid_body_modes_make_elasticity_easy() {
    for (nu, most) in [(0.3, 10), (0.49, 33)] {
        let a = gallery::elasticity_q1(64, 64, nu);
        let params = AmgParams {
            block_size: 2,
            sweeps: 2,
            ..AmgParams::default()
        };
        let modes = gallery::rigid_body_modes(64, 64);
        let mut amg = Amg::with_near_null_space(&a, &params, &modes).unwrap();
        let with = solve(&a, &mut amg).iterations;
        assert!(with <= most, "nu {nu}: {with}");
        // One constant vector over both components is no motion of a body.
        let blind = AmgParams {
            block_size: 1,
            ..params
        };
        let without = iterations(&a, &blind);
        assert!(
            2 * without >= 3 * with,
            "nu {nu}: {with}, without {without}"
        );
    }
}

#[test]
fn the_evolution_measure_finds_a_rotated_anisotropy() {
    let a = gallery::rotated_anisotropy(128, 1e-3, std::f64::consts::PI / 6.0);
    let evolution = aggregation(SmoothedAggregation {
        measure: StrengthMeasure::Evolution,
        ..SmoothedAggregation::default()
    });
    let (found, plain) = (
        iterations(&a, &evolution),
        iterations(&a, &AmgParams::default()),
    );
    assert!(found <= 30, "{found}");
    assert!(found < plain, "{found} {plain}");
}

#[test]
fn jumping_coefficients_converge() {
    let most = [
        (gallery::checkerboard(&[128, 128], 1e6, 16), 45),
        (gallery::log_normal(128, 3.0, 1), 45),
        (gallery::aligned_anisotropy(128, 1e-3), 20),
    ];
    for (a, most) in most {
        let count = iterations(&a, &AmgParams::default());
        assert!(count <= most, "{count} of {most}");
    }
}

#[test]
fn a_pure_neumann_problem_converges() {
    // 2-D Laplacian without boundary values: row sums zero.
    let m = 60;
    let n = m * m;
    let mut entries = Vec::new();
    let mut join = |p: usize, q: usize| {
        for (i, j) in [(p as u32, q as u32), (q as u32, p as u32)] {
            entries.push((i, i, 1.0));
            entries.push((i, j, -1.0));
        }
    };
    for y in 0..m {
        for x in 0..m {
            if x + 1 < m {
                join(y * m + x, y * m + x + 1);
            }
            if y + 1 < m {
                join(y * m + x, (y + 1) * m + x);
            }
        }
    }
    let a = Csr::from_triplets(n, n, &entries).unwrap();
    let mut amg = Amg::new(&a, &AmgParams::default()).unwrap();
    let singular = Singular::new(a, NullSpace::constant(n));
    let b = gallery::noise(n, 3);
    let mut x = vec![0.0; n];
    let report = Solver::new(Cg::default())
        .solve(&singular, &mut amg, &b, &mut x)
        .unwrap();
    assert!(report.converged() && report.iterations <= 15, "{report:?}");
}

#[test]
fn small_diagonal_and_disconnected_matrices_are_solved() {
    let one = Csr::from_triplets(1, 1, &[(0, 0, 4.0)]).unwrap();
    assert!(iterations(&one, &AmgParams::default()) <= 1);
    let n = 5000u32;
    let entries: Vec<_> = (0..n).map(|i| (i, i, 1.0 + f64::from(i))).collect();
    let diagonal = Csr::from_triplets(n as usize, n as usize, &entries).unwrap();
    assert!(iterations(&diagonal, &AmgParams::default()) <= 2);

    // Two grids, a row that states a boundary value between them, and one after.
    let grid = gallery::poisson(&[40, 40]);
    let mut entries = Vec::new();
    for (shift, scale) in [(0, 1.0), (1601, 1e4)] {
        for i in 0..1600 {
            let (columns, values) = grid.row(i);
            for (&j, &v) in columns.iter().zip(values) {
                entries.push((i as u32 + shift, j + shift, scale * v));
            }
        }
    }
    entries.push((1600, 1600, 1.0));
    entries.push((3201, 3201, 1e3));
    let a = Csr::from_triplets(3202, 3202, &entries).unwrap();
    for relaxation in all_relaxations() {
        let count = iterations(&a, &relaxed_by(relaxation));
        assert!(count <= 22, "{relaxation:?}: {count}");
    }
}

#[test]
fn a_rebuild_from_scaled_values_equals_a_fresh_build() {
    let a = gallery::poisson(&[30, 30, 10]);
    let mut scaled = a.clone();
    scaled.values_mut().iter_mut().for_each(|v| *v *= 8.0);
    for relaxation in all_relaxations() {
        let params = relaxed_by(relaxation);
        let mut rebuilt = Amg::new(&a, &params).unwrap();
        rebuilt.rebuild(&scaled).unwrap();
        let mut fresh = Amg::new(&scaled, &params).unwrap();
        let r = gallery::noise(a.nrows(), 4);
        let (mut y, mut z) = (vec![0.0; r.len()], vec![0.0; r.len()]);
        rebuilt.apply(&r, &mut y);
        fresh.apply(&r, &mut z);
        assert_eq!(y, z, "{relaxation:?}");
    }
    let other = gallery::poisson(&[30, 10, 30]);
    let mut amg = Amg::new(&a, &AmgParams::default()).unwrap();
    assert_eq!(amg.rebuild(&other), Err(AmgError::PatternChanged));
}

#[test]
fn a_rebuilt_hierarchy_solves_a_changed_problem() {
    let field = |seed| {
        let k: Vec<f64> = gallery::noise(64 * 64, seed)
            .iter()
            .map(|v| (0.5 * v).exp())
            .collect();
        gallery::heterogeneous_diffusion(&[64, 64], &k)
    };
    let mut amg = Amg::new(&field(1), &AmgParams::default()).unwrap();
    let changed = field(2);
    amg.rebuild(&changed).unwrap();
    let report = solve(&changed, &mut amg);
    assert!(report.converged() && report.iterations <= 20, "{report:?}");
}

#[test]
fn faults_are_named() {
    let params = AmgParams::default();
    let wide = Csr::from_triplets(2, 3, &[(0, 0, 1.0)]).unwrap();
    assert!(matches!(
        Amg::new(&wide, &params),
        Err(AmgError::NotSquare {
            rows: 2,
            columns: 3
        })
    ));
    let empty = Csr::from_triplets(0, 0, &[]).unwrap();
    assert!(matches!(Amg::new(&empty, &params), Err(AmgError::Empty)));
    let mut a = gallery::poisson(&[50, 50]);
    let modes = [vec![1.0; 7]];
    assert!(matches!(
        Amg::with_near_null_space(&a, &params, &modes),
        Err(AmgError::Shape { found: 7, .. })
    ));
    for broken in [f64::NAN, f64::INFINITY, 1e60] {
        a.values_mut()[5] = broken;
        assert!(matches!(
            Amg::new(&a, &params),
            Err(AmgError::NotFinite {
                level: 0,
                row: 1,
                ..
            })
        ));
    }
    // Tiny entries overflow as reciprocals in f32, not in f64.
    let mut tiny = gallery::poisson(&[50, 50]);
    tiny.values_mut().iter_mut().for_each(|v| *v *= 1e-42);
    assert!(matches!(
        Amg::new(&tiny, &params),
        Err(AmgError::Relaxation { level: 0 })
    ));
    let double = AmgParams {
        precision: Precision::Double,
        ..params
    };
    assert!(Amg::new(&tiny, &double).is_ok());
}

#[test]
fn tiny_and_huge_residuals_pass_an_f32_hierarchy() {
    let a = gallery::poisson(&[40, 40]);
    let mut amg = Amg::new(&a, &AmgParams::default()).unwrap();
    let r = gallery::noise(1600, 1);
    let mut z = vec![0.0; 1600];
    amg.apply(&r, &mut z);
    for power in [-200, -30, 60, 200] {
        let scale = 2f64.powi(power);
        let scaled: Vec<f64> = r.iter().map(|v| v * scale).collect();
        let mut y = vec![0.0; 1600];
        amg.apply(&scaled, &mut y);
        assert!(y.iter().zip(&z).all(|(y, z)| *y == z * scale), "2^{power}");
    }
    amg.apply(&[0.0; 1600], &mut z);
    assert!(z.iter().all(|&v| v == 0.0));
}

#[test]
fn hierarchy_and_cycle_have_the_same_bits_for_any_number_of_threads() {
    let a = gallery::poisson(&[48; 3]);
    let r = gallery::noise(a.nrows(), 5);
    for relaxation in all_relaxations() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let mut amg = Amg::new(&a, &relaxed_by(relaxation)).unwrap();
                let mut z = vec![0.0; r.len()];
                amg.apply(&r, &mut z);
                z
            })
        };
        let one = with(1);
        assert_eq!(one, with(2), "{relaxation:?}");
        assert_eq!(one, with(4), "{relaxation:?}");
    }
}

#[test]
fn a_coarse_inverse_solves_and_of_a_singular_matrix_is_a_generalised_one() {
    // 1-D Laplacian without boundary values, then a nonsymmetric matrix.
    let n = 20u32;
    let mut entries = Vec::new();
    for i in 0..n - 1 {
        for (p, q) in [(i, i + 1), (i + 1, i)] {
            entries.push((p, p, 1e6));
            entries.push((p, q, -1e6));
        }
    }
    let singular = Csr::from_triplets(20, 20, &entries).unwrap();
    let skew = gallery::recirculating_flow(6, 1e-2);
    for a in [singular, gallery::poisson(&[7, 7]), skew] {
        let n = a.nrows();
        let inverse = DenseInverse::<f64>::new(&a);
        let x = gallery::noise(n, 8);
        let (mut ax, mut y, mut ay) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        a.apply(&x, &mut ax);
        inverse.solve(&ax, &mut y);
        a.apply(&y, &mut ay);
        let error = ax.iter().zip(&ay).map(|(p, q)| (p - q).abs());
        assert!(error.fold(0.0, f64::max) <= 1e-9 * vector::norm2(&ax));
    }
}

#[test]
fn parameters_pass_through_json() {
    let params = AmgParams {
        relaxation: Relaxation::Chebyshev { degree: 3 },
        ..AmgParams::default()
    };
    let text = serde_json::to_string(&params).unwrap();
    assert_eq!(serde_json::from_str::<AmgParams>(&text).unwrap(), params);
    assert_eq!(
        serde_json::from_str::<AmgParams>("{}").unwrap(),
        AmgParams::default()
    );
    assert!(serde_json::from_str::<AmgParams>(r#"{"sweep": 1}"#).is_err());
}

#[test]
fn a_stand_alone_cycle_contracts_the_error() {
    let a = gallery::poisson(&[32; 3]);
    let n = a.nrows();
    let mut amg = Amg::new(&a, &AmgParams::default()).unwrap();
    let b = gallery::noise(n, 2);
    let (mut x, mut r, mut z) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut norms = Vec::new();
    for _ in 0..12 {
        a.residual(&b, &x, &mut r);
        norms.push(vector::norm2(&r));
        amg.apply(&r, &mut z);
        vector::axpy(1.0, &z, &mut x);
    }
    let rate = (norms[11] / norms[6]).powf(0.2);
    assert!(rate < 0.5, "{rate}");
}
