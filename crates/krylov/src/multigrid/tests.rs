use super::level::sealed::Coarsen;
use super::red_black::RedBlack;
use super::split::SplitOperator;
use super::*;
use crate::methods::Cg;
use crate::stencil::{Axis, DiffusionStencil, GridStencil, SeparableStencil};
use crate::{Csr, LinearOperator, Solver, gallery};

/// A separable stencil with these walls: none for periodic, else the two boundary faces.
fn boxed(shape: &[usize], weights: &[f64], walls: &[Option<[f64; 2]>]) -> SeparableStencil<f64> {
    let axes = shape
        .iter()
        .zip(weights)
        .zip(walls)
        .map(|((&n, &w), wall)| match wall {
            None => Axis::periodic(n, w),
            Some([lower, upper]) => Axis::uniform(n, w, w * lower, w * upper),
        })
        .collect();
    SeparableStencil::new(axes, 0.0).unwrap()
}

/// The same operator with a number a face.
fn with_faces(a: &SeparableStencil<f64>) -> DiffusionStencil<f64> {
    let dim = a.dim();
    let shape = a.shape();
    let faces = (0..dim)
        .map(|axis| {
            let mut n = shape;
            n[axis] += 1;
            (0..n.iter().product())
                .map(|i| a.face(axis, [i % n[0], i / n[0] % n[1], i / (n[0] * n[1])]))
                .collect()
        })
        .collect();
    DiffusionStencil::new(&shape[..dim], &a.periodic()[..dim], faces, None).unwrap()
}

/// Cells on the unit square or cube between cold walls, with coefficient 1 or `contrast` in a
/// checkerboard of blocks of `block` cells: faces take the harmonic mean.
fn checkerboard(shape: &[usize], block: usize, contrast: f64) -> DiffusionStencil<f64> {
    let dim = shape.len();
    let mut n = [1; 3];
    n[..dim].copy_from_slice(shape);
    let k = |at: [usize; 3]| {
        let colour = at.iter().map(|i| i / block).sum::<usize>() % 2;
        if colour == 0 { 1.0 } else { contrast }
    };
    let faces = (0..dim)
        .map(|a| {
            let mut m = n;
            m[a] += 1;
            (0..m.iter().product())
                .map(|i: usize| {
                    let at = [i % m[0], i / m[0] % m[1], i / (m[0] * m[1])];
                    let mut below = at;
                    below[a] = at[a].wrapping_sub(1);
                    if at[a] == 0 {
                        2.0 * k(at)
                    } else if at[a] == n[a] {
                        2.0 * k(below)
                    } else {
                        2.0 / (1.0 / k(at) + 1.0 / k(below))
                    }
                })
                .collect()
        })
        .collect();
    DiffusionStencil::new(shape, &vec![false; dim], faces, None).unwrap()
}

/// Iterations of CG to 1e-8 for noise.
fn iterations<S: CoarsenableStencil<f64>>(a: &S, params: &MultigridParams) -> usize {
    let mut multigrid = Multigrid::new(a, params).unwrap();
    let b = gallery::noise(a.nrows(), 4);
    let mut x = vec![0.0; a.nrows()];
    let report = Solver::new(Cg::default())
        .solve(a, &mut multigrid, &b, &mut x)
        .unwrap();
    assert!(report.converged(), "{:?}", report.status);
    report.iterations
}

/// Reduction of the residual in the last of 15 cycles, from noise.
fn factor<S: CoarsenableStencil<f64>>(a: &S, params: &MultigridParams) -> f64 {
    let mut multigrid = Multigrid::new(a, params).unwrap();
    let n = a.nrows();
    let (mut x, mut r) = (gallery::noise(n, 3), vec![0.0; n]);
    let b = vec![0.0; n];
    let mut norms = Vec::new();
    for _ in 0..15 {
        multigrid.cycle(&b, &mut x);
        a.residual(&b, &x, &mut r);
        norms.push(vector::norm2(&r));
    }
    norms[14] / norms[13]
}

fn steps(pre_smoothing: usize, post_smoothing: usize) -> MultigridParams {
    MultigridParams {
        pre_smoothing,
        post_smoothing,
        ..MultigridParams::default()
    }
}

const WALLS: [Option<[f64; 2]>; 5] = [
    Some([1.0, 1.0]),
    Some([2.0, 2.0]),
    Some([0.0, 0.0]),
    Some([2.0, 0.0]),
    None,
];

#[test]
fn red_black_sweeps_are_gauss_seidel_in_the_order_of_colours() {
    fn check<O: SplitOperator<f64> + Clone>(
        a: &Csr<f64>,
        split: &O,
        shape: [usize; 3],
        omega: f64,
    ) {
        let n = a.nrows();
        for lead in 0..2 {
            let mut x = gallery::noise(n, 1);
            let b = gallery::noise(n, 2);
            let mut expected = x.clone();
            for colour in [lead, 1 - lead] {
                for i in 0..n {
                    let place = i % shape[0] + i / shape[0] % shape[1] + i / (shape[0] * shape[1]);
                    if place % 2 == colour {
                        let (columns, values) = a.row(i);
                        let mut r = b[i];
                        for (&j, v) in columns.iter().zip(values) {
                            r -= v * expected[j as usize];
                        }
                        expected[i] += omega * r / a.get(i, i);
                    }
                }
            }
            let mut smoother = RedBlack::new(split.clone(), omega, lead, true);
            smoother.load(&b, Some(&x));
            smoother.before(1, false);
            smoother.store(&mut x);
            for (x, e) in x.iter().zip(&expected) {
                assert!((x - e).abs() < 1e-13, "{shape:?} {omega} {lead}");
            }
        }
    }
    for shape in [
        &[9][..],
        &[12, 7],
        &[5, 4],
        &[8, 6, 5],
        &[3, 3, 4],
        &[11, 2, 2],
    ] {
        for first in 0..WALLS.len() {
            let walls: Vec<_> = shape
                .iter()
                .enumerate()
                .map(|(a, &n)| match WALLS[(first + 2 * a) % WALLS.len()] {
                    None if n % 2 == 1 || n == 2 => WALLS[0],
                    walls => walls,
                })
                .collect();
            let a = boxed(shape, &[1.0, 0.7, 1.5], &walls);
            let faces = with_faces(&a);
            for omega in [1.0, 1.3] {
                check(&a.to_csr(), &a.split(), a.shape(), omega);
                check(&a.to_csr(), &faces.split(), a.shape(), omega);
            }
        }
    }
}

#[test]
fn both_stencils_have_the_same_coarse_operators() {
    for how in [Coarsening::Point, Coarsening::CellLinear] {
        for (first, shape) in [
            [16, 11, 6],
            [9, 8, 12],
            [13, 16, 10],
            [8, 7, 9],
            [10, 12, 8],
        ]
        .iter()
        .enumerate()
        {
            let walls: Vec<_> = (0..3).map(|a| WALLS[(first + a) % WALLS.len()]).collect();
            let mut a = boxed(shape, &[1.0, 0.9, 1.2], &walls);
            let mut b = with_faces(&a);
            let params = MultigridParams {
                coarsening: how,
                ..MultigridParams::default()
            };
            for _ in 0..2 {
                let axes = axes_to_coarsen(&a, &params).unwrap();
                a = a.coarsen(&axes);
                b = b.coarsen(&axes_to_coarsen(&b, &params).unwrap());
                let (p, q) = (a.to_csr(), b.to_csr());
                assert_eq!(p.columns(), q.columns());
                for (p, q) in p.values().iter().zip(q.values()) {
                    assert!((p - q).abs() < 1e-12, "{how:?} {shape:?}: {p} {q}");
                }
            }
        }
    }
}

#[test]
fn cycles_are_symmetric_and_positive() {
    let symmetric = |name: &str, apply: &mut dyn FnMut(&[f64], &mut [f64]), n: usize| {
        let (r, s) = (gallery::noise(n, 1), gallery::noise(n, 2));
        let (mut mr, mut ms) = (vec![f64::NAN; n], vec![f64::NAN; n]);
        let mean = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
        let centred = |v: &[f64]| v.iter().map(|x| x - mean(v)).collect::<Vec<f64>>();
        let (r, s) = (centred(&r), centred(&s));
        apply(&r, &mut mr);
        apply(&s, &mut ms);
        let (left, right) = (vector::dot(&mr, &s), vector::dot(&r, &ms));
        let size = vector::norm2(&mr) * vector::norm2(&s);
        assert!(
            (left - right).abs() <= 1e-12 * size,
            "{name}: {left} {right}"
        );
        assert!(vector::dot(&r, &mr) > 0.0, "{name}");
    };
    for smoother in [
        Smoother::RedBlack,
        Smoother::Jacobi,
        Smoother::ZebraX,
        Smoother::ZebraY,
        Smoother::ZebraZ,
        Smoother::AlternatingZebra,
    ] {
        for coarsening in [
            Coarsening::Point,
            Coarsening::CellLinear,
            Coarsening::CellConstant,
        ] {
            for cycle in [Cycle::V, Cycle::W] {
                for (first, shape) in [[13, 8, 9], [10, 7, 12], [9, 9, 9], [16, 5, 6], [6, 6, 7]]
                    .iter()
                    .enumerate()
                {
                    let walls: Vec<_> = (0..3).map(|a| WALLS[(first + a) % WALLS.len()]).collect();
                    let a = boxed(shape, &[1.0, 0.6, 0.1], &walls);
                    let params = MultigridParams {
                        cycle,
                        smoother,
                        coarsening,
                        relaxation: [1.0, 1.2][first % 2],
                        coarsest: 20,
                        ..steps(1 + first % 2, 1 + first % 2)
                    };
                    let name = format!("{params:?} {shape:?}");
                    let mut multigrid = Multigrid::new(&a, &params).unwrap();
                    assert!(multigrid.shapes().len() > 2);
                    symmetric(&name, &mut |r, z| multigrid.apply(r, z), a.nrows());
                    let mut multigrid = Multigrid::new(&with_faces(&a), &params).unwrap();
                    symmetric(&name, &mut |r, z| multigrid.apply(r, z), a.nrows());
                }
            }
        }
    }
}

#[test]
fn one_dimension_is_solved_exactly_by_one_cycle() {
    for walls in [[1.0, 1.0], [2.0, 2.0], [0.0, 1.0], [3.0, 0.0], [0.2, 0.5]] {
        for n in [30, 31, 64, 101] {
            let a = boxed(&[n], &[1.0], &[Some(walls)]);
            let params = MultigridParams {
                coarsest: 4,
                ..MultigridParams::default()
            };
            let mut multigrid = Multigrid::new(&a, &params).unwrap();
            let b = gallery::noise(n, 1);
            let (mut x, mut r) = (vec![0.0; n], vec![0.0; n]);
            multigrid.apply(&b, &mut x);
            a.residual(&b, &x, &mut r);
            assert!(
                vector::norm2(&r) < 1e-10 * vector::norm2(&b),
                "{walls:?} {n}"
            );
        }
    }
}

#[test]
fn stand_alone_cycles_gain_the_textbook_factors() {
    let shapes = [
        &[63, 63, 63][..],
        &[64, 64, 64],
        &[20, 33, 47],
        &[255, 255],
        &[256, 200],
    ];
    for shape in shapes {
        let a = SeparableStencil::poisson(shape);
        for (nu, bound) in [(1, 0.15), (2, 0.10)] {
            let params = MultigridParams {
                symmetric: false,
                relaxation: 1.15,
                ..steps(nu, nu)
            };
            let found = factor(&a, &params);
            assert!(found <= bound, "{shape:?} V({nu},{nu}): {found}");
        }
    }
    // Trottenberg, Oosterlee and Schueller give 0.2 for V(1,1) with omega = 1 in three dimensions.
    let plain = MultigridParams {
        symmetric: false,
        ..steps(1, 1)
    };
    let found = factor(&SeparableStencil::poisson(&[63, 63, 63]), &plain);
    assert!((found - 0.2).abs() < 0.02, "{found}");
}

#[test]
fn cg_counts_do_not_depend_on_the_size() {
    for shape in [
        [31, 31, 31],
        [32, 32, 32],
        [63, 63, 63],
        [64, 64, 64],
        [20, 33, 47],
    ] {
        let a = SeparableStencil::poisson(&shape);
        let (one, two) = (iterations(&a, &steps(1, 1)), iterations(&a, &steps(2, 2)));
        assert!(one <= 10 && two <= 7, "{shape:?}: {one} {two}");
        let cells = boxed(&shape, &[1.0; 3], &[Some([2.0, 2.0]); 3]);
        for how in [Coarsening::Point, Coarsening::CellLinear] {
            let params = MultigridParams {
                coarsening: how,
                ..steps(2, 2)
            };
            let found = iterations(&cells, &params);
            assert!(found <= 7, "cells {shape:?} {how:?}: {found}");
        }
    }
}

#[test]
fn neumann_and_periodic_problems_converge_as_fast_for_even_and_odd_sizes() {
    for shape in [[32, 24, 20], [33, 21, 18], [31, 17, 25]] {
        for first in 0..WALLS.len() {
            for mixed in 0..2 {
                let walls: Vec<_> = (0..3)
                    .map(|a| WALLS[(first + mixed * a) % WALLS.len()])
                    .collect();
                let a = boxed(&shape, &[1.0; 3], &walls);
                let found = iterations(&a, &steps(2, 2));
                let faces = iterations(&with_faces(&a), &steps(2, 2));
                assert!(
                    found <= 8 && faces <= 8,
                    "{shape:?} {walls:?}: {found} {faces}"
                );
            }
        }
    }
}

#[test]
fn grid_aligned_anisotropy_takes_at_most_12_iterations() {
    for eps in [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6] {
        let along_x = boxed(&[256, 256], &[1.0, eps], &[Some([1.0, 1.0]); 2]);
        let along_y = boxed(&[256, 256], &[eps, 1.0], &[Some([1.0, 1.0]); 2]);
        let smoothed_by = |a: &SeparableStencil<f64>, smoother| {
            iterations(
                a,
                &MultigridParams {
                    smoother,
                    ..MultigridParams::default()
                },
            )
        };
        let found = [
            smoothed_by(&along_x, Smoother::ZebraX),
            smoothed_by(&along_y, Smoother::ZebraY),
            smoothed_by(&along_x, Smoother::AlternatingZebra),
            smoothed_by(&along_x, Smoother::RedBlack),
            smoothed_by(&along_y, Smoother::RedBlack),
        ];
        assert!(found.iter().all(|&its| its <= 12), "{eps}: {found:?}");
    }
}

#[test]
fn jumps_of_the_coefficient_still_converge() {
    // Blocks of 5 cells cross coarse cells on every level.
    for (shape, block, most) in [
        (&[64, 64][..], 8, [12, 330, 16]),
        (&[64, 64], 5, [38, 720, 410]),
        (&[32, 32, 32], 8, [10, 230, 10]),
    ] {
        let smooth = checkerboard(shape, block, 1.0);
        let rough = checkerboard(shape, block, 1e4);
        let params = |coarsening| MultigridParams {
            coarsening,
            ..steps(2, 2)
        };
        let counts = [
            Coarsening::Point,
            Coarsening::CellLinear,
            Coarsening::CellConstant,
        ]
        .map(|how| {
            (
                iterations(&smooth, &params(how)),
                iterations(&rough, &params(how)),
            )
        });
        for ((smooth, rough), most) in counts.into_iter().zip(most) {
            assert!(
                smooth <= 7 && rough <= most,
                "{shape:?} {block}: {counts:?}"
            );
        }
    }
}

#[test]
fn one_pass_of_full_multigrid_reaches_the_discretisation_error() {
    for n in [31, 63, 64] {
        let h = 1.0 / (n + 1) as f64;
        let a = SeparableStencil::poisson(&[n, n, n]);
        // u = product of g(x) = x (1 - x) e^x over the axes, -laplace u = f.
        let g = |i: usize| {
            let x = (i + 1) as f64 * h;
            (x * (1.0 - x) * x.exp(), (-3.0 * x - x * x) * x.exp())
        };
        let mut u = Vec::new();
        let mut b = Vec::new();
        for i in 0..n * n * n {
            let ((x, xx), (y, yy), (z, zz)) = (g(i % n), g(i / n % n), g(i / (n * n)));
            u.push(x * y * z);
            b.push(-h * h * (xx * y * z + x * yy * z + x * y * zz));
        }
        let error = |x: &[f64]| {
            let sum: f64 = x.iter().zip(&u).map(|(x, u)| (x - u) * (x - u)).sum();
            (sum / u.len() as f64).sqrt()
        };
        let params = |nu| MultigridParams {
            symmetric: false,
            relaxation: 1.15,
            ..steps(nu, nu)
        };
        let mut x = vec![0.0; u.len()];
        let mut multigrid = Multigrid::new(&a, &params(2)).unwrap();
        for _ in 0..14 {
            multigrid.cycle(&b, &mut x);
        }
        let discretisation = error(&x);
        for (nu, cycles, most) in [(2, 1, 2.0), (1, 2, 1.15), (2, 2, 1.06)] {
            let mut multigrid = Multigrid::new(&a, &params(nu)).unwrap();
            multigrid.full_multigrid(&b, &mut x, cycles);
            let ratio = error(&x) / discretisation;
            assert!(ratio <= most, "{n}, {cycles} V({nu},{nu}): {ratio}");
        }
        if n == 31 {
            // The same algorithm on sparse matrices of SciPy.
            assert!((discretisation - 1.542_659_548e-5).abs() < 1e-12);
            let mut multigrid = Multigrid::new(&a, &steps(1, 1)).unwrap();
            multigrid.full_multigrid(&b, &mut x, 1);
            assert!(
                (error(&x) - 1.883_935_295e-4).abs() < 1e-12,
                "{:e}",
                error(&x)
            );
        }
    }
}

#[test]
fn w_and_f_cycles_gain_at_least_as_much_as_v() {
    let a = SeparableStencil::poisson(&[40, 41, 42]);
    let with = |cycle| {
        factor(
            &a,
            &MultigridParams {
                cycle,
                symmetric: false,
                ..steps(1, 1)
            },
        )
    };
    let (v, w, f) = (with(Cycle::V), with(Cycle::W), with(Cycle::F));
    assert!(w <= 1.01 * v && f <= 1.01 * v, "{v} {w} {f}");
}

#[test]
fn a_hierarchy_in_single_precision_costs_at_most_one_more_iteration() {
    let shape = [40, 41, 42];
    let a = SeparableStencil::<f64>::poisson(&shape);
    let double = iterations(&a, &steps(1, 1));
    let single = Multigrid::new(&SeparableStencil::<f32>::poisson(&shape), &steps(1, 1)).unwrap();
    let mut single = InSinglePrecision::new(single, a.nrows());
    let b = gallery::noise(a.nrows(), 4);
    let mut x = vec![0.0; a.nrows()];
    let mut solver = Solver::new(Cg::default());
    let report = solver.solve(&a, &mut single, &b, &mut x).unwrap();
    assert!(report.converged() && report.iterations <= double + 1);
    // And residuals far below the range of f32 are no trouble.
    let tiny: Vec<f64> = b.iter().map(|v| 1e-60 * v).collect();
    x.fill(0.0);
    let report = solver.solve(&a, &mut single, &tiny, &mut x).unwrap();
    assert!(report.converged() && report.iterations <= double + 1);
}

#[test]
fn cycles_have_the_same_bits_for_any_number_of_threads() {
    let shape = [65, 34, 36];
    let a = boxed(
        &shape,
        &[1.0; 3],
        &[Some([1.0, 1.0]), None, Some([0.0, 2.0])],
    );
    let faces = with_faces(&a);
    let r = gallery::noise(a.nrows(), 1);
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            [Smoother::RedBlack, Smoother::AlternatingZebra].map(|smoother| {
                let params = MultigridParams {
                    smoother,
                    ..MultigridParams::default()
                };
                let (mut y, mut z) = (vec![0.0; r.len()], vec![0.0; r.len()]);
                Multigrid::new(&a, &params).unwrap().apply(&r, &mut y);
                Multigrid::new(&faces, &params).unwrap().apply(&r, &mut z);
                (y, z)
            })
        })
    };
    let one = bits(1);
    assert!(one == bits(2) && one == bits(4));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let a = SeparableStencil::<f64>::poisson(&[8, 8]);
    let default = MultigridParams::default;
    for params in [
        steps(0, 1),
        steps(1, 0),
        MultigridParams {
            relaxation: 2.0,
            ..default()
        },
        MultigridParams {
            semicoarsening: -0.1,
            ..default()
        },
        MultigridParams {
            coarsest: 0,
            ..default()
        },
    ] {
        assert!(matches!(
            Multigrid::new(&a, &params),
            Err(MultigridError::Parameter { .. })
        ));
    }
    let text = serde_json::to_string(&default()).unwrap();
    let read: MultigridParams = serde_json::from_str(&text).unwrap();
    assert_eq!(read, default());
    assert!(serde_json::from_str::<MultigridParams>(r#"{"smother": "jacobi"}"#).is_err());
}
