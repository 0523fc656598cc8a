use super::*;
use crate::quadrature::gauss_legendre;

const CONSISTENT: Acceleration = Acceleration::Consistent;

fn penalty(k: f64) -> Acceleration {
    // The table's k is c(1) = 2 C.
    Acceleration::InteriorPenalty { constant: 0.5 * k }
}

/// Radii at c = 0.9999, computed with an independent program.
#[test]
fn linear_discontinuous_radii_agree_with_the_table() {
    use Scheme::{LinearDiscontinuous as Ld, LumpedLinearDiscontinuous as Lumped};
    let columns: [(&str, Scheme, usize, Acceleration); 10] = [
        ("S4 P1", Ld, 4, CONSISTENT),
        ("S4 MIP4", Ld, 4, penalty(4.0)),
        ("S8 P1", Ld, 8, CONSISTENT),
        ("S8 MIP2", Ld, 8, penalty(2.0)),
        ("S8 MIP4", Ld, 8, penalty(4.0)),
        ("S8 MIP8", Ld, 8, penalty(8.0)),
        ("S16 P1", Ld, 16, CONSISTENT),
        ("S16 MIP4", Ld, 16, penalty(4.0)),
        ("S8 lumped P1", Lumped, 8, CONSISTENT),
        ("S8 lumped MIP4", Lumped, 8, penalty(4.0)),
    ];
    let rows: [(f64, [f64; 10]); 10] = [
        (
            0.01,
            [
                0.1833, 0.1834, 0.2223, 0.2223, 0.2223, 0.2223, 0.2246, 0.2246, 0.2223, 0.2223,
            ],
        ),
        (
            0.1,
            [
                0.1847, 0.1858, 0.2223, 0.2236, 0.2236, 0.2236, 0.2246, 0.2260, 0.2220, 0.2266,
            ],
        ),
        (
            0.5,
            [
                0.1822, 0.2136, 0.2180, 0.2566, 0.2576, 0.2581, 0.2202, 0.2648, 0.2025, 0.4015,
            ],
        ),
        (
            1.0,
            [
                0.1705, 0.2983, 0.2006, 0.3469, 0.3469, 0.3469, 0.2031, 0.3545, 0.1624, 0.4595,
            ],
        ),
        (
            2.0,
            [
                0.1366, 0.3530, 0.1632, 0.3748, 0.3748, 0.3748, 0.1707, 0.3760, 0.1204, 0.4056,
            ],
        ),
        (
            4.0,
            [
                0.0948, 0.2880, 0.1135, 0.4828, 0.2943, 0.3755, 0.1177, 0.2946, 0.0748, 0.2802,
            ],
        ),
        (
            8.0,
            [
                0.0497, 0.3844, 0.0631, 0.3480, 0.3480, 0.1774, 0.0675, 0.3383, 0.0395, 0.1633,
            ],
        ),
        (
            16.0,
            [
                0.0297, 0.2436, 0.0406, 0.2104, 0.2104, 0.2104, 0.0438, 0.2014, 0.0197, 0.0864,
            ],
        ),
        (
            64.0,
            [
                0.0099, 0.0980, 0.0130, 0.0667, 0.0667, 0.0667, 0.0139, 0.0582, 0.0048, 0.0276,
            ],
        ),
        (
            1024.0,
            [
                0.0007, 0.0425, 0.0009, 0.0137, 0.0137, 0.0137, 0.0009, 0.0060, 0.0003, 0.0114,
            ],
        ),
    ];
    for (tau, row) in rows {
        for ((name, scheme, sn, acceleration), expected) in columns.into_iter().zip(row) {
            let disc = lattice(
                scheme,
                &gauss_legendre(sn),
                tau,
                0.9999,
                1,
                Boundary::Periodic,
            );
            let (total, kind) = (disc.totals(0), cell_kinds(disc.mesh()).0[0]);
            let mut lattice = Lattice::new(&disc, 0, &total, acceleration, kind);
            // The least penalty of the table.
            lattice.least_penalty = Some(0.25);
            let r = lattice.spectral_radius(160);
            // The table samples theta a little too coarsely in very thin cells.
            let off = if tau < 0.1 { 2e-3 } else { 2e-4 };
            assert!((r.rho - expected).abs() < off, "tau {tau} {name}: {r:?}");
        }
    }
}

/// With the floor that the quadrature gives, thick cells are faster than in the table: radii as they
/// were found when the solver was measured to have them.
#[test]
fn interior_penalty_radii_in_thick_cells_are_those_of_the_floor_of_the_quadrature() {
    use Scheme::{LinearDiscontinuous as Ld, LumpedLinearDiscontinuous as Lumped};
    for (tau, row) in [
        (4.0, [0.2880, 0.4693, 0.2943, 0.3755, 0.2946, 0.2802]),
        (8.0, [0.3343, 0.3343, 0.3343, 0.1774, 0.3347, 0.1633]),
        (16.0, [0.1960, 0.1974, 0.1974, 0.1974, 0.1980, 0.0864]),
        (64.0, [0.0542, 0.0548, 0.0548, 0.0548, 0.0550, 0.0177]),
        (1024.0, [0.0032, 0.0032, 0.0032, 0.0032, 0.0032, 0.0009]),
    ] {
        for ((scheme, sn, k), expected) in [
            (Ld, 4, 4.0),
            (Ld, 8, 2.0),
            (Ld, 8, 4.0),
            (Ld, 8, 8.0),
            (Ld, 16, 4.0),
            (Lumped, 8, 4.0),
        ]
        .into_iter()
        .zip(row)
        {
            let r = spectral_radius(scheme, &gauss_legendre(sn), penalty(k), tau, 0.9999);
            assert!(
                (r.rho - expected).abs() < 1e-4,
                "{tau} {scheme:?} S{sn} {k}: {r:?}"
            );
        }
    }
}

/// The symbol of diamond difference is that of no mesh at all, with another wave number.
#[test]
fn diamond_difference_radii_are_those_without_a_mesh() {
    let table = [
        (4, [0.184841, 0.181416, 0.153975, 0.069392]),
        (6, [0.215195, 0.211769, 0.183365, 0.087132]),
        (8, [0.222386, 0.219043, 0.191040, 0.092846]),
        (10, [0.224142, 0.220844, 0.193136, 0.094801]),
        (12, [0.224550, 0.221268, 0.193688, 0.095465]),
        (16, [0.224660, 0.221385, 0.193861, 0.095755]),
    ];
    for (sn, row) in table {
        for (c, expected) in [1.0, 0.99, 0.9, 0.5].into_iter().zip(row) {
            for tau in [1e-2, 0.1, 1.0, 10.0, 1e3] {
                let scheme = Scheme::DiamondDifference;
                let r = spectral_radius(scheme, &gauss_legendre(sn), CONSISTENT, tau, c);
                assert!((r.rho - expected).abs() < 2e-6, "S{sn} {c} {tau} {r:?}");
                assert!(r.rho <= 0.2247 * c);
            }
        }
    }
}

/// Source iteration: the flat error falls by c; with two ordinates consistent acceleration leaves
/// nothing.
#[test]
fn without_acceleration_the_radius_is_c_and_with_two_ordinates_it_is_0() {
    for scheme in [
        Scheme::Step,
        Scheme::DiamondDifference,
        Scheme::StepCharacteristic,
        Scheme::LinearDiscontinuous,
        Scheme::LumpedLinearDiscontinuous,
        Scheme::LinearCharacteristic,
        Scheme::DiscontinuousGalerkin2,
        Scheme::DiscontinuousGalerkin3,
    ] {
        for tau in [0.1, 1.0, 30.0] {
            let plain = spectral_radius(scheme, &gauss_legendre(8), Acceleration::None, tau, 0.8);
            assert!((plain.rho - 0.8).abs() < 1e-6, "{scheme:?} {tau} {plain:?}");
            if scheme != Scheme::LinearCharacteristic {
                let two = spectral_radius(scheme, &gauss_legendre(2), CONSISTENT, tau, 0.99);
                assert!(two.rho < 1e-8, "{scheme:?} {tau} {two:?}");
            }
        }
    }
}

/// What the analysis predicts is what the solver does.
#[test]
fn the_solver_converges_at_the_predicted_rate() {
    let lumped = Scheme::LumpedLinearDiscontinuous;
    for (scheme, sn, acceleration, tau) in [
        (Scheme::DiamondDifference, 8, CONSISTENT, 0.01),
        (Scheme::DiamondDifference, 4, CONSISTENT, 1.0),
        (Scheme::DiamondDifference, 16, CONSISTENT, 1000.0),
        (Scheme::Step, 8, CONSISTENT, 0.5),
        (Scheme::StepCharacteristic, 8, CONSISTENT, 2.0),
        (Scheme::LinearDiscontinuous, 8, CONSISTENT, 0.1),
        (Scheme::LinearDiscontinuous, 8, CONSISTENT, 1.0),
        (Scheme::LinearDiscontinuous, 16, CONSISTENT, 8.0),
        (Scheme::LinearDiscontinuous, 8, penalty(4.0), 1.0),
        (Scheme::LinearDiscontinuous, 8, penalty(2.0), 4.0),
        (Scheme::LinearDiscontinuous, 4, penalty(4.0), 8.0),
        (Scheme::LinearDiscontinuous, 8, penalty(2.0), 16.0),
        (Scheme::LinearDiscontinuous, 8, penalty(4.0), 64.0),
        (lumped, 8, CONSISTENT, 2.0),
        (lumped, 8, penalty(4.0), 0.5),
        (Scheme::LinearCharacteristic, 8, CONSISTENT, 1.0),
        (Scheme::DiscontinuousGalerkin2, 8, CONSISTENT, 1.0),
        (Scheme::DiscontinuousGalerkin3, 8, penalty(4.0), 1.0),
    ] {
        let quadrature = gauss_legendre(sn);
        let predicted = spectral_radius(scheme, &quadrature, acceleration, tau, 0.9999).rho;
        let measured = measure(scheme, &quadrature, acceleration, tau, 0.9999, 200);
        assert!(
            (measured - predicted).abs() < 2e-3,
            "{scheme:?} S{sn} {tau}: {measured} {predicted}"
        );
    }
}

/// The P1 operator of linear discontinuous cells serves the linear characteristic scheme well.
#[test]
fn the_linear_characteristic_scheme_converges_fast_with_the_operator_of_a_relative() {
    for tau in [0.01, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 1024.0] {
        let scheme = Scheme::LinearCharacteristic;
        let r = spectral_radius(scheme, &gauss_legendre(8), CONSISTENT, tau, 0.9999);
        let p = spectral_radius(scheme, &gauss_legendre(8), penalty(4.0), tau, 0.9999);
        assert!(r.rho < 0.2525 && p.rho < 0.32, "{tau} {r:?} {p:?}");
    }
}
