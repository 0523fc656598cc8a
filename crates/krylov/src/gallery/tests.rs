use super::*;
use crate::operator::LinearOperator;
use crate::vector;

fn product(a: &Csr<f64>, x: &[f64]) -> Vec<f64> {
    let mut y = vec![0.0; a.nrows()];
    a.apply(x, &mut y);
    y
}

/// cos(i)^T A sin(cos(i)): mixes all entries, whatever their order.
fn fingerprint(a: &Csr<f64>) -> f64 {
    let w: Vec<f64> = (0..a.nrows()).map(|i| (i as f64).cos()).collect();
    let x: Vec<f64> = w.iter().map(|w| w.sin()).collect();
    vector::dot(&w, &product(a, &x))
}

#[test]
fn sizes_are_those_of_the_published_comparison() {
    let sizes = |problems: &[Problem]| -> Vec<(usize, usize)> {
        problems
            .iter()
            .filter(|(name, _)| !name.ends_with("^3"))
            .map(|(_, matrix)| matrix())
            .map(|a| (a.nrows(), a.nnz()))
            .collect()
    };
    assert_eq!(
        sizes(SPD),
        [
            (65_536, 326_656),
            (16_384, 145_924),
            (65_536, 326_656),
            (16_384, 81_408),
            (16_384, 81_408),
            (8_192, 144_400),
            (8_192, 144_400),
        ]
    );
    assert_eq!(
        sizes(NONSYMMETRIC),
        [
            (16_384, 81_408),
            (16_384, 81_408),
            (3_969, 11_781),
            (16_384, 81_408),
        ]
    );
}

#[test]
fn symmetric_problems_are_symmetric_with_positive_diagonal() {
    for (name, matrix) in SPD.iter().filter(|(name, _)| *name != "poisson-128^3") {
        let a = matrix();
        assert!(a.is_hermitian(1e-15), "{name}");
        assert!(a.diagonal().iter().all(|&d| d > 0.0), "{name}");
        let x = noise(a.ncols(), 2);
        assert!(vector::dot(&x, &product(&a, &x)) > 0.0, "{name}");
    }
    for (name, matrix) in NONSYMMETRIC {
        assert!(!matrix().is_hermitian(1e-6), "{name}");
    }
}

// Values of PyAMG 5.4.1: diffusion_stencil_2d(0.001, pi/6, 'FE') and (0.001, 0, 'FD') by
// stencil_grid on 5 x 5 points, linear_elasticity((3, 3), nu=...).
#[test]
fn anisotropic_matrices_equal_those_of_pyamg() {
    let a = rotated_anisotropy(5, 1e-3, PI / 6.0);
    let expected = [
        -0.383_123_177_928_496_87,
        -0.416_583_333_333_333_36,
        0.049_456_511_261_830_226,
        0.082_916_666_666_666_71,
        1.334_666_666_666_666_4,
        0.082_916_666_666_666_71,
        0.049_456_511_261_830_226,
        -0.416_583_333_333_333_36,
        -0.383_123_177_928_496_87,
    ];
    for (value, expected) in a.row(12).1.iter().zip(expected) {
        assert!((value - expected).abs() < 1e-15);
    }
    assert!((fingerprint(&a) - 7.447_647_733_786_4).abs() < 1e-13);
    let a = aligned_anisotropy(5, 1e-3);
    assert!((fingerprint(&a) - 16.534_766_848_687_592).abs() < 1e-13);
}

#[test]
fn elasticity_equals_that_of_pyamg() {
    let expected_030 = [
        -28_846.153_846_153_848,
        -24_038.461_538_461_54,
        19_230.769_230_769_234,
        0.0,
        -28_846.153_846_153_848,
        24_038.461_538_461_54,
        -76_923.076_923_076_94,
        0.0,
        230_769.230_769_230_78,
    ];
    let expected_049 = [
        -290_827.740_492_169_75,
        -419_463.087_248_321_74,
        548_098.434_004_473_7,
        0.0,
        -290_827.740_492_169_75,
        419_463.087_248_321_74,
        -1_129_753.914_988_813_2,
        0.0,
        2_326_621.923_937_358,
    ];
    for (nu, expected) in [(0.3, expected_030), (0.49, expected_049)] {
        let a = elasticity_q1(3, 3, nu);
        assert_eq!(a.nnz(), 196);
        for (value, expected) in a.row(8).1.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-9, "{value} {expected}");
        }
    }
    let a = elasticity_q1(3, 3, 0.3);
    let w: Vec<f64> = (0..18).map(|i| f64::from(i).cos()).collect();
    let energy = vector::dot(&w, &product(&a, &w));
    assert!((energy - 1_868_791.125_933_108_4).abs() < 1e-8);
}

#[test]
fn rigid_bodies_feel_no_force_away_from_the_fixed_sides() {
    let (nx, ny) = (7, 5);
    let a = elasticity_q1(nx, ny, 0.3);
    for mode in rigid_body_modes(nx, ny) {
        let force = product(&a, &mode);
        for j in 1..ny - 1 {
            for i in 1..nx - 1 {
                let node = 2 * (j * nx + i);
                assert!(force[node].abs() + force[node + 1].abs() < 1e-9);
            }
        }
    }
}

#[test]
fn finite_volumes_are_exact_for_flow_in_series_through_unlike_cells() {
    // Constant flux 1 through cells k_i: u falls by 1/k_i across each.
    let k = [1.0, 1e3, 4.0, 1e-2];
    let shape = [4, 3];
    let cells: Vec<f64> = (0..12).map(|i| k[i % 4]).collect();
    let a = heterogeneous_diffusion(&shape, &cells);
    let mut left = 0.0;
    let mut u = [0.0; 4];
    for (u, k) in u.iter_mut().zip(k) {
        *u = left + 0.5 / k;
        left += 1.0 / k;
    }
    let x: Vec<f64> = (0..12).map(|i| u[i % 4]).collect();
    let f = product(&a, &x);
    for (i, f) in f.iter().enumerate() {
        // u = 0 on the left, u = left on the right, half a cell away.
        let expected = if i % 4 == 3 { 2.0 * k[3] * left } else { 0.0 };
        assert!((f - expected).abs() < 1e-9, "{i}: {f} {expected}");
    }
}

#[test]
fn checkerboard_alternates_in_every_direction() {
    let a = checkerboard(&[8, 8, 8], 1e6, 2);
    let index = |i: usize, j: usize, l: usize| (l * 8 + j) * 8 + i;
    // Within a square of the large coefficient, within one of the small, and between both.
    assert!((a.get(index(0, 0, 0), index(1, 0, 0)) + 1e6).abs() < 1e-6);
    assert!((a.get(index(2, 0, 0), index(3, 0, 0)) + 1.0).abs() < 1e-12);
    for neighbour in [index(2, 1, 1), index(1, 2, 1), index(1, 1, 2)] {
        let between = a.get(index(1, 1, 1), neighbour);
        assert!((between + 2e6 / (1e6 + 1.0)).abs() < 1e-9);
    }
}

#[test]
fn log_normal_field_has_the_promised_statistics() {
    let n = 512;
    let g = heterogeneous::gaussian_field(n, heterogeneous::CORRELATION, 11);
    let mean = g.iter().sum::<f64>() / g.len() as f64;
    let moment = |shift: usize| {
        let pairs = g.iter().zip(&g[shift..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / (g.len() - shift) as f64
    };
    // The area of a correlated patch is about pi 8 * 2: some thousands of independent samples.
    assert!(mean.abs() < 0.06, "mean {mean}");
    assert!((moment(0) - 1.0).abs() < 0.06, "variance {}", moment(0));
    assert!((moment(8) - (-1f64).exp()).abs() < 0.06, "along x");
    assert!((moment(2 * n) - (-1f64).exp()).abs() < 0.06, "along y");
}

#[test]
fn recirculating_flow_turns_around_the_centre() {
    let n = 3;
    let eps = 1e-2;
    let a = recirculating_flow(n, eps);
    // Node (2, 1) of three, x = 1/2, y = 1/4: w = (-1/2, 0), flow to the left, h = 1/4.
    let (columns, values) = a.row(1);
    assert_eq!(columns, [0, 1, 2, 4]);
    let expected = [-eps, 4.0 * eps + 0.125, -eps - 0.125, -eps];
    for (value, expected) in values.iter().zip(expected) {
        assert!((value - expected).abs() < 1e-15);
    }
}

#[test]
fn transport_matrices_are_m_matrices_and_upwind_ones_triangular() {
    for (name, matrix) in NONSYMMETRIC {
        let a = matrix();
        for i in 0..a.nrows() {
            let (columns, values) = a.row(i);
            let off = columns
                .iter()
                .zip(values)
                .filter(|(j, _)| **j as usize != i);
            assert!(off.clone().all(|(_, &v)| v <= 0.0), "{name}");
            assert!(values.iter().sum::<f64>() >= -1e-14, "{name}");
        }
    }
    let a = upwind_advection_along(9, [0.8, 0.6]);
    assert!((0..64).all(|i| a.row(i).0.iter().all(|&j| j as usize <= i)));
    assert_eq!(upwind_advection_along(9, [1.0, 0.0]).nnz(), 64 + 56);
}
