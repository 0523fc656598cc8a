//! Tests of single cells, through [`cell_response`].

use super::{CellResponse, cell_response};
use crate::params::Scheme;

pub(super) const ALL: [Scheme; 9] = [
    Scheme::Step,
    Scheme::DiamondDifference,
    Scheme::DiamondDifferenceFixup,
    Scheme::StepCharacteristic,
    Scheme::LinearDiscontinuous,
    Scheme::LumpedLinearDiscontinuous,
    Scheme::LinearCharacteristic,
    Scheme::DiscontinuousGalerkin2,
    Scheme::DiscontinuousGalerkin3,
];

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + b.abs())
}

#[test]
fn every_cell_keeps_its_balance() {
    for scheme in ALL {
        for total in [0.0, 1e-9, 1e-4, 0.1, 1.0, 30.0, 1e5] {
            for mu in [1e-3, 0.3, 1.0] {
                let h = 0.7;
                let r = cell_response(scheme, total, h, mu);
                // mu (out - in) + sigma_t h psi_0 = h s_0, for each unit input.
                let of_edge = mu * (r.edge_from_edge - 1.0) + total * h * r.flux_from_edge[0];
                assert!(
                    of_edge.abs() <= 1e-14 * (mu + total * h),
                    "{scheme:?} {of_edge:e}"
                );
                for d in 0..scheme.dofs() {
                    let gain = if d == 0 { h } else { 0.0 };
                    let lost = mu * r.edge_from_source[d] + total * h * r.flux_from_source[0][d];
                    let largest = h + mu * r.edge_from_source[d].abs();
                    assert!(
                        (lost - gain).abs() <= 1e-13 * largest,
                        "{scheme:?} {total} {mu} {d}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_void_cell_adds_the_source_along_the_flight_exactly() {
    let (h, mu) = (0.7, 0.2);
    for scheme in ALL {
        let r = cell_response(scheme, 0.0, h, mu);
        assert!(close(r.edge_from_edge, 1.0, 1e-14), "{scheme:?}");
        assert!(close(r.flux_from_edge[0], 1.0, 1e-14), "{scheme:?}");
        assert!(r.flux_from_edge[1..].iter().all(|x| x.abs() < 1e-14));
        assert!(close(r.edge_from_source[0], h / mu, 1e-14), "{scheme:?}");
        assert!(r.edge_from_source[1..].iter().all(|x| x.abs() < 1e-14));
        // psi = (h/mu) (1 + xi)/2 for a unit source; the step scheme has only its upper end.
        let average = if scheme == Scheme::Step { 1.0 } else { 0.5 } * h / mu;
        assert!(
            close(r.flux_from_source[0][0], average, 1e-14),
            "{scheme:?}"
        );
        if scheme.dofs() > 1 {
            assert!(
                close(r.flux_from_source[1][0], 0.5 * h / mu, 1e-14),
                "{scheme:?}"
            );
        }
    }
}

/// The exact cell, by Simpson's rule of the characteristic integrals; nothing in common with the
/// kernels.
fn exact_linear(t: f64, path: f64) -> CellResponse {
    let panels = 2000;
    let simpson = |f: &dyn Fn(f64) -> f64, to: f64| {
        let step = to / f64::from(panels);
        (0..=panels)
            .map(|i| {
                let w = match i {
                    0 => 1.0,
                    i if i == panels => 1.0,
                    i if i % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                w * f(f64::from(i) * step)
            })
            .sum::<f64>()
            * step
            / 3.0
    };
    // psi(x) = path * int_0^x exp(-t (x - y)) s(y) dy, x and y from 0 to 1; exchanged, moment i
    // is path * int_0^1 exp(-t u) (int_0^(1-u) P_i(y + u) P_d(y) dy) du.
    let kernel = |i: usize, d: usize, u: f64| {
        let v = 1.0 - u;
        match (i, d) {
            (0, 0) => v,
            (0, 1) => v * v - v,
            // int (2 (y + u) - 1) dy
            (1, 0) => v * v + (2.0 * u - 1.0) * v,
            // int (2 y + a) (2 y - 1) dy, a = 2 u - 1
            _ => {
                let a = 2.0 * u - 1.0;
                4.0 * v * v * v / 3.0 + (a - 1.0) * v * v - a * v
            }
        }
    };
    CellResponse {
        edge_from_edge: (-t).exp(),
        edge_from_source: vec![
            path * simpson(&|u| (-t * u).exp(), 1.0),
            path * simpson(&|u| (-t * u).exp() * (1.0 - 2.0 * u), 1.0),
        ],
        flux_from_edge: vec![
            simpson(&|x| (-t * x).exp(), 1.0),
            3.0 * simpson(&|x| (-t * x).exp() * (2.0 * x - 1.0), 1.0),
        ],
        flux_from_source: (0..2)
            .map(|i| {
                (0..2)
                    .map(|d| {
                        (2 * i + 1) as f64
                            * path
                            * simpson(&|u| (-t * u).exp() * kernel(i, d, u), 1.0)
                    })
                    .collect()
            })
            .collect(),
    }
}

#[test]
fn the_linear_characteristic_cell_is_exact_from_void_to_thick() {
    let mu = 0.4;
    for t in [
        0.0, 1e-12, 1e-6, 1e-4, 1e-2, 0.1, 0.5, 0.999_999, 1.000_001, 2.0, 5.0, 20.0,
    ] {
        let h = 0.8;
        let r = cell_response(Scheme::LinearCharacteristic, t * mu / h, h, mu);
        let x = exact_linear(t, h / mu);
        let pairs = [
            (r.edge_from_edge, x.edge_from_edge),
            (r.edge_from_source[0], x.edge_from_source[0]),
            (r.edge_from_source[1], x.edge_from_source[1]),
            (r.flux_from_edge[0], x.flux_from_edge[0]),
            (r.flux_from_edge[1], x.flux_from_edge[1]),
            (r.flux_from_source[0][0], x.flux_from_source[0][0]),
            (r.flux_from_source[0][1], x.flux_from_source[0][1]),
            (r.flux_from_source[1][0], x.flux_from_source[1][0]),
            (r.flux_from_source[1][1], x.flux_from_source[1][1]),
        ];
        for (i, (ours, exact)) in pairs.into_iter().enumerate() {
            // Simpson's rule itself is good to some 1e-11 at t = 20.
            let tolerance = if t > 2.0 { 1e-10 } else { 1e-13 };
            assert!(
                (ours - exact).abs() <= tolerance,
                "t {t}, entry {i}: {ours} {exact}"
            );
        }
    }
}

#[test]
fn thin_linear_characteristic_cells_keep_all_digits_of_small_entries() {
    // Leading terms of the series: psi_1 from s_1 is t/10 - t^2/24, from the edge -t/2 + t^2/4.
    for t in [1e-9, 1e-6, 1e-4] {
        let r = cell_response(Scheme::LinearCharacteristic, t, 1.0, 1.0);
        let k = t / 10.0 - t * t / 24.0 + t * t * t * 54.0 / 5040.0;
        assert!((r.flux_from_source[1][1] / k - 1.0).abs() < 1e-11, "{t}");
        let slope = -t / 2.0 + t * t / 4.0 - 3.0 / 40.0 * t * t * t;
        assert!((r.flux_from_edge[1] / slope - 1.0).abs() < 1e-11, "{t}");
    }
}

#[test]
fn degree_1_of_the_general_elimination_is_the_linear_discontinuous_cell() {
    use super::discontinuous_galerkin::DiscontinuousGalerkin;
    use super::linear_discontinuous::LinearDiscontinuous;
    use super::slab::CellScheme;
    let mu = [0.05, 0.3, 0.7, 1.0];
    for total in [0.0, 0.1, 3.0, 100.0] {
        let source = [[1.0, 0.5, 2.0, -1.0], [0.3, -0.5, 0.0, 1.0]];
        let (mut a, mut b) = ([0.4; 4], [0.4; 4]);
        let (mut p, mut q) = ([[0.0; 4]; 2], [[0.0; 4]; 2]);
        DiscontinuousGalerkin.solve(total, 0.5, &mu, &source, &mut a, &mut p);
        LinearDiscontinuous.solve(total, 0.5, &mu, &source, &mut b, &mut q);
        for n in 0..4 {
            assert!(close(a[n], b[n], 1e-13));
            assert!(close(p[0][n], q[0][n], 1e-13) && close(p[1][n], q[1][n], 1e-13));
        }
    }
}

#[test]
fn galerkin_cells_transmit_the_pade_approximant_of_the_exponential() {
    // Degree p transmits the (p, p + 1) approximant: error t^(2 p + 2) times a known constant.
    for (scheme, p) in [
        (Scheme::Step, 0),
        (Scheme::LinearDiscontinuous, 1),
        (Scheme::DiscontinuousGalerkin2, 2),
        (Scheme::DiscontinuousGalerkin3, 3),
    ] {
        let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
        let (m, n) = (p, p + 1);
        let pade = |t: f64| {
            let sum = |top: i32, sign: f64| -> f64 {
                (0..=top)
                    .map(|j| {
                        factorial(m + n - j) * factorial(top)
                            / (factorial(m + n) * factorial(j) * factorial(top - j))
                            * (sign * t).powi(j)
                    })
                    .sum()
            };
            sum(m, -1.0) / sum(n, 1.0)
        };
        for t in [1e-3, 0.1, 1.0, 10.0, 1000.0] {
            let r = cell_response(scheme, t, 1.0, 1.0);
            assert!(
                (r.edge_from_edge - pade(t)).abs() < 1e-13,
                "{scheme:?} {t} {} {}",
                r.edge_from_edge,
                pade(t)
            );
        }
    }
}

#[test]
fn the_adjoint_of_a_linear_cell_is_its_mirror_image() {
    // Source coefficient d seen by flux coefficient i, against the flight in the other direction:
    // G_ij h_j, with the norms h/(2 i + 1) and the mirrored signs, is symmetric.
    for scheme in ALL {
        for (total, mu) in [(0.0, 0.5), (0.3, 0.9), (4.0, 0.2), (100.0, 0.1)] {
            let r = cell_response(scheme, total, 0.6, mu);
            let scale = r.flux_from_source[0][0];
            let sign = |i: usize| if i % 2 == 1 { -1.0 } else { 1.0 };
            // The lumped mass of every coefficient but the first is 1.
            let norm = |i: usize| match scheme {
                Scheme::LumpedLinearDiscontinuous => 1.0,
                _ => 1.0 / (2 * i + 1) as f64,
            };
            for i in 0..scheme.dofs() {
                for d in 0..scheme.dofs() {
                    let forward = norm(i) * r.flux_from_source[i][d];
                    let adjoint = sign(i) * sign(d) * norm(d) * r.flux_from_source[d][i];
                    assert!(
                        (forward - adjoint).abs() < 1e-13 * scale,
                        "{scheme:?} {i} {d}"
                    );
                }
                // What a source gives to the edge is what the edge gives to the flux.
                let out = mu * r.edge_from_source[i];
                let seen = 0.6 * sign(i) * norm(i) * r.flux_from_edge[i];
                assert!(
                    (out - seen).abs() < 1e-13 * scale.max(0.6),
                    "{scheme:?} {i}"
                );
            }
        }
    }
}

#[test]
fn the_fix_up_leaves_no_negative_flux_and_keeps_the_balance() {
    use super::diamond_difference_fixup::DiamondDifferenceFixup;
    use super::slab::CellScheme;
    let mu = [0.05, 0.3, 0.7, 1.0];
    for total in [0.0, 0.5, 5.0, 50.0] {
        let source = [[0.0, 0.1, 0.0, 0.5]];
        let mut edge = [1.0; 4];
        let mut psi = [[0.0; 4]; 1];
        DiamondDifferenceFixup.solve(total, 0.5, &mu, &source, &mut edge, &mut psi);
        let fixed = edge.iter().filter(|e| **e == 0.0).count();
        assert_eq!(fixed > 0, total > 0.0);
        for n in 0..4 {
            assert!(edge[n] >= 0.0 && psi[0][n] > 0.0);
            let lost = mu[n] * (edge[n] - 1.0) + total * 0.5 * psi[0][n];
            assert!((lost - 0.5 * source[0][n]).abs() < 1e-14);
        }
    }
}
