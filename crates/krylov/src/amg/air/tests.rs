use rand::RngExt;

use super::*;
use crate::amg::{Amg, AmgParams, Classical, Coarsening};
use crate::choice::{LinearParams, LinearSolver, MethodName, PreconditionerName};
use crate::methods::BiCgStab;
use crate::{Solver, StoppingRule, gallery};

/// Cycles alone until the residual has fallen by 1e-8: their number, and the solution.
fn cycles(a: &Csr<f64>, params: &AirParams) -> (usize, Vec<f64>) {
    let mut air = Air::new(a, params).unwrap();
    let b = gallery::noise(a.nrows(), 1);
    let mut x = vec![0.0; b.len()];
    let (mut r, mut z) = (b.clone(), b.clone());
    for count in 0..100 {
        if vector::norm2(&r) <= 1e-8 * vector::norm2(&b) {
            return (count, x);
        }
        air.apply(&r, &mut z);
        vector::axpy(1.0, &z, &mut x);
        a.residual(&b, &x, &mut r);
    }
    panic!("100 cycles leave {:.1e}", vector::norm2(&r));
}

#[test]
fn fifteen_cycles_solve_upwind_advection_of_any_size_and_direction() {
    for n in [64, 128, 256] {
        let (count, _) = cycles(&gallery::upwind_advection(n), &AirParams::default());
        assert!(count <= 5, "{n}: {count}");
        for degrees in [15.0f64, 40.0, 70.0] {
            let (s, c) = degrees.to_radians().sin_cos();
            let a = gallery::upwind_advection_along(n, [c, s]);
            let (count, _) = cycles(&a, &AirParams::default());
            assert!(count <= 15, "{n}, {degrees} degrees: {count}");
        }
    }
}

#[test]
fn coarse_points_exact_and_fine_ones_by_one_sweep_solve_advection_on_a_line_in_one_cycle() {
    let entries: Vec<_> = (0..500u32)
        .flat_map(|i| [(i, i, 1.0), (i, i.saturating_sub(1), -f64::from(i.min(1)))])
        .collect();
    let a = Csr::from_triplets(500, 500, &entries).unwrap();
    for splitting in [Splitting::RugeStueben, Splitting::Pmis] {
        let params = AirParams {
            splitting,
            coarse_size: 5,
            ..AirParams::default()
        };
        let mut air = Air::new(&a, &params).unwrap();
        assert!(air.levels.len() > 3);
        let b = gallery::noise(500, 3);
        let (mut x, mut r) = (vec![0.0; 500], vec![0.0; 500]);
        air.apply(&b, &mut x);
        a.residual(&b, &x, &mut r);
        assert!(
            vector::norm2(&r) < 1e-13 * vector::norm2(&x),
            "{splitting:?}"
        );
    }
}

// PyAMG 5.4.1, air_solver with its defaults and max_coarse = 100, alone: 3, 14, 8, 6 and 6 cycles.
#[test]
fn cycles_on_the_gallery_are_those_of_the_field() {
    let most = [14, 9, 3, 7, 6];
    for ((name, matrix), most) in gallery::NONSYMMETRIC.iter().zip(most) {
        let (count, _) = cycles(&matrix(), &AirParams::default());
        assert!(count <= most, "{name}: {count}");
    }
}

#[test]
fn bicgstab_with_multigrid_needs_few_iterations_on_transport_problems() {
    let rule = StoppingRule::relative(1e-8);
    for ((name, matrix), most) in gallery::NONSYMMETRIC.iter().zip([8, 6, 3, 6, 5]) {
        let a = matrix();
        let b = gallery::noise(a.nrows(), 1);
        let mut solver = Solver::with_rule(BiCgStab::default(), rule.clone());
        let mut x = vec![0.0; b.len()];
        let mut air = Air::new(&a, &AirParams::default()).unwrap();
        let report = solver.solve(&a, &mut air, &b, &mut x).unwrap();
        assert!(report.converged(), "{name}: {}", report.status);
        assert!(report.iterations <= most, "{name}: {}", report.iterations);

        // Upwind differences give M-matrices: classical multigrid serves as well.
        let params = AmgParams {
            coarsening: Coarsening::Classical(Classical::default()),
            ..AmgParams::default()
        };
        let mut amg = Amg::new(&a, &params).unwrap();
        x.fill(0.0);
        let report = solver.solve(&a, &mut amg, &b, &mut x).unwrap();
        assert!(report.converged(), "{name}: {}", report.status);
        assert!(report.iterations <= 12, "{name}: {}", report.iterations);
    }
}

#[test]
fn air_is_had_by_name() {
    let a = gallery::upwind_advection(64);
    let b = gallery::noise(a.nrows(), 1);
    let params = LinearParams {
        method: MethodName::Gmres,
        preconditioner: PreconditionerName::Air,
        ..LinearParams::default()
    };
    let mut solver = LinearSolver::new(&a, &params).unwrap();
    let mut x = vec![0.0; b.len()];
    let outcome = solver
        .solve(&a, &b, &mut x, &mut |_| pdesolve_core::Control::Continue)
        .unwrap();
    assert!(outcome.report.converged());
    assert!(outcome.report.iterations <= 5, "{:?}", outcome.report);
}

/// C points of a splitting of A, as `Level::new` chooses them.
fn splitting_of(a: &Csr<f64>) -> Vec<bool> {
    let strong = classical_strength(a, &a.diagonal(), 0.3);
    split(&Graph::marked(a, &strong), Splitting::Pmis)
}

#[test]
fn coarse_equations_do_not_feel_the_fine_points_near_them() {
    for (_, matrix) in gallery::NONSYMMETRIC {
        let a = matrix();
        let coarse = splitting_of(&a);
        for distance in [1, 2] {
            let r = restriction::restriction(&a, &coarse, 0.05, distance).unwrap();
            let product = r.multiply(&a).unwrap();
            for i in 0..r.nrows() {
                let mut own = 0;
                for (&j, &z) in r.row(i).0.iter().zip(r.row(i).1) {
                    if coarse[j as usize] {
                        assert!(z == 1.0, "the C point itself");
                        own += 1;
                    } else {
                        let size = a.get(j as usize, j as usize).abs();
                        assert!(product.get(i, j as usize).abs() < 1e-12 * size);
                    }
                }
                assert_eq!(own, 1);
            }
        }
    }
}

#[test]
fn a_large_enough_neighbourhood_gives_the_ideal_restriction() {
    // Three points in a row, the ends coarse: each reaches the only F point.
    let a = gallery::poisson(&[3]);
    let coarse = [true, false, true];
    let r = restriction::restriction(&a, &coarse, 0.0, 1).unwrap();
    assert_eq!(r.row(0), (&[0, 1][..], &[1.0, 0.5][..]));
    assert_eq!(r.row(1), (&[1, 2][..], &[0.5, 1.0][..]));
    // The Schur complement of (2 -1; -1 2 -1; -1 2): 3/2 and -1/2.
    let schur = r.multiply(&a).unwrap();
    assert_eq!(schur.row(0), (&[0, 1, 2][..], &[1.5, 0.0, -0.5][..]));
}

#[test]
fn interpolation_takes_the_strongest_coarse_neighbour() {
    let a = gallery::upwind_advection_along(4, [1.0, 0.5]);
    let strong = classical_strength(&a, &a.diagonal(), 0.3);
    let coarse: Vec<bool> = (0..9).map(|i| i % 2 == 0).collect();
    let p = restriction::one_point_interpolation(&a, &strong, &coarse).unwrap();
    // Point 1 depends on 0; point 5 on 4 (by 1) and 2 (by 1/2); point 3 on 0.
    for (fine, parent) in [(1, 0), (5, 2), (3, 0), (7, 3)] {
        assert_eq!(p.row(fine), (&[parent][..], &[1.0][..]));
    }
}

#[test]
fn the_cycle_is_linear_and_has_the_same_bits_for_any_number_of_threads() {
    let a = gallery::recirculating_flow(230, 1e-3);
    let n = a.nrows();
    let (r, s) = (gallery::noise(n, 1), gallery::noise(n, 2));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut air = Air::new(&a, &AirParams::default()).unwrap();
            let mut z = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
            air.apply(&r, &mut z[0]);
            air.apply(&s, &mut z[1]);
            let both: Vec<f64> = r.iter().zip(&s).map(|(r, s)| r - 3.0 * s).collect();
            air.apply(&both, &mut z[2]);
            z
        })
    };
    let z = run(1);
    assert!(z == run(2) && z == run(4));
    let size = vector::norm2(&z[2]);
    for ((a, b), c) in z[0].iter().zip(&z[1]).zip(&z[2]) {
        assert!((a - 3.0 * b - c).abs() < 1e-10 * size);
    }
}

#[test]
fn singular_neighbourhoods_and_positive_entries_make_no_nan() {
    let mut generator = pdesolve_core::rng(5, 0, 0);
    for _ in 0..40 {
        let mut entries: Vec<(u32, u32, f64)> = Vec::new();
        for i in 0..300u32 {
            // Some rows have no diagonal at all, many repeat the same two values.
            if generator.random::<f64>() < 0.9 {
                entries.push((i, i, 1.0));
            }
            for _ in 0..4 {
                let value = if generator.random() { 1.0 } else { -1.0 };
                entries.push((i, generator.random_range(0..300), value));
            }
        }
        let a = Csr::from_triplets(300, 300, &entries).unwrap();
        let params = AirParams {
            coarse_size: 20,
            ..AirParams::default()
        };
        let mut air = Air::new(&a, &params).unwrap();
        let mut z = vec![0.0; 300];
        air.apply(&gallery::noise(300, 1), &mut z);
        assert_eq!(vector::first_not_finite(&z), None);
    }
}

#[test]
fn matrices_that_are_no_system_are_refused() {
    let params = AirParams::default();
    let wide = Csr::from_triplets(2, 3, &[(0, 0, 1.0)]).unwrap();
    assert!(matches!(
        Air::new(&wide, &params),
        Err(AmgError::NotSquare { .. })
    ));
    let mut a = gallery::upwind_advection(20);
    a.values_mut()[5] = f64::INFINITY;
    assert!(matches!(
        Air::new(&a, &params),
        Err(AmgError::NotFinite { level: 0, .. })
    ));
    // A large diagonal matrix does not coarsen and is solved by its diagonal.
    let a = Csr::identity(5000);
    assert_eq!(cycles(&a, &params).0, 1);
}
