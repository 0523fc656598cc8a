//! Infinite media, where transport in time is a system of ordinary differential equations.

use super::*;
use crate::material::Delayed;

/// Largest relative error of fluxes and precursors at `end`, from flux and precursors `initial`.
fn error(
    material: &CrossSections,
    scheme: TimeScheme,
    steps: usize,
    end: f64,
    initial: &[f64],
    exact: &[f64],
) -> f64 {
    let disc = closed(material.clone());
    let mut flux = disc.zeros();
    let groups = disc.groups();
    for (g, phi) in initial[..groups].iter().enumerate() {
        flux.group_mut(g).fill(*phi);
    }
    let cells = disc.mesh().len();
    let precursors: Vec<Vec<f64>> = initial[groups..].iter().map(|&c| vec![c; cells]).collect();
    let step = end / steps as f64;
    let mut sim = TransientTransport::new(disc, &params(scheme, 1e-13), 0.0, step).unwrap();
    sim.set_flux(&flux);
    sim.set_precursors(&precursors);
    run(&mut sim, end);
    assert_eq!(sim.steps(), steps as u64);
    let mut worst: f64 = 0.0;
    let mut out = vec![0.0; cells];
    for (field, exact) in exact.iter().enumerate() {
        sim.sample(field, &mut out);
        for value in &out {
            worst = worst.max((value / exact - 1.0).abs());
        }
    }
    worst
}

fn check_orders(material: &CrossSections, end: f64, initial: &[f64], exact: &[f64], steps: usize) {
    for scheme in SCHEMES {
        let errors: Vec<f64> = (0..4)
            .map(|k| error(material, scheme, steps << k, end, initial, exact))
            .collect();
        let last = orders(&errors)[2];
        assert!(
            (last - order_of(scheme)).abs() < 0.1,
            "{scheme:?} {errors:?}"
        );
    }
}

#[test]
fn a_pulse_in_an_infinite_medium_dies_exponentially_with_the_order_of_the_scheme() {
    let material = CrossSections {
        velocity: vec![2.0],
        ..CrossSections::one_group(1.0, 0.6)
    };
    // d phi/dt = -v sigma_a phi
    let exact = f64::exp(-2.0 * 0.4 * 1.5);
    check_orders(&material, 1.5, &[1.0], &[exact], 20);
}

fn one_family(nu_fission: f64) -> CrossSections {
    CrossSections {
        velocity: vec![5.0],
        delayed: vec![Delayed {
            decay: 0.5,
            fraction: 0.2,
            chi: vec![1.0],
        }],
        ..CrossSections::one_group(1.0, 0.5).with_fission(nu_fission, 1.0)
    }
}

#[test]
fn one_precursor_family_follows_the_matrix_exponential_of_point_kinetics() {
    for nu_fission in [0.4, 0.5, 0.55] {
        let (v, absorption, beta, decay) = (5.0, 0.5, 0.2, 0.5);
        let a = vec![
            vec![v * ((1.0 - beta) * nu_fission - absorption), v * decay],
            vec![beta * nu_fission, -decay],
        ];
        let initial = [1.0, 0.1];
        let exact = propagate(&a, 2.0, &initial);
        check_orders(&one_family(nu_fission), 2.0, &initial, &exact, 40);
    }
}

#[test]
fn a_critical_medium_with_precursors_in_equilibrium_stands_still() {
    for scheme in SCHEMES {
        let mut sim =
            TransientTransport::new(closed(one_family(0.5)), &params(scheme, 1e-13), 0.0, 0.3)
                .unwrap();
        let mut flux = sim.discretization().zeros();
        flux.values.fill(3.0);
        sim.set_flux(&flux);
        sim.set_equilibrium_precursors();
        run(&mut sim, 3.0);
        for phi in sim.flux().averages(0) {
            assert!((phi - 3.0).abs() < 1e-11, "{scheme:?} {phi}");
        }
        let c = quantity(&mut sim, "integral(precursors)");
        assert!(
            (c - 2.0 * 0.2 * 0.5 * 3.0 / 0.5).abs() < 1e-11,
            "{scheme:?} {c}"
        );
    }
}

#[test]
fn two_groups_with_two_families_follow_the_matrix_exponential() {
    let family = |decay, fraction, chi: [f64; 2]| Delayed {
        decay,
        fraction,
        chi: chi.to_vec(),
    };
    let material = CrossSections {
        total: vec![1.0, 1.6],
        // From group 0 to 0 and 1, then from 1 to 0 and 1.
        scattering: vec![vec![0.5, 0.3, 0.1, 0.9]],
        nu_fission: vec![0.1, 0.6],
        fission: vec![0.04, 0.25],
        chi: vec![0.9, 0.1],
        velocity: vec![4.0, 1.0],
        delayed: vec![family(0.8, 0.1, [0.7, 0.3]), family(0.1, 0.15, [0.4, 0.6])],
    };
    let m = &material;
    // Unknowns: the fluxes of the two groups, the two families.
    let flux_row = |to: usize| {
        let from = |from: usize| {
            let removed = if from == to { m.total[to] } else { 0.0 };
            let prompt = 0.75 * m.chi[to] * m.nu_fission[from];
            m.velocity[to] * (m.scatter(0, from, to) + prompt - removed)
        };
        let family = |j: usize| m.velocity[to] * m.delayed[j].decay * m.delayed[j].chi[to];
        vec![from(0), from(1), family(0), family(1)]
    };
    let family_row = |j: usize| {
        let d = &m.delayed[j];
        let mut row = vec![0.0; 4];
        row[0] = d.fraction * m.nu_fission[0];
        row[1] = d.fraction * m.nu_fission[1];
        row[2 + j] = -d.decay;
        row
    };
    let a = [flux_row(0), flux_row(1), family_row(0), family_row(1)];
    let initial = [1.0, 0.5, 0.05, 0.2];
    let exact = propagate(&a, 2.0, &initial);
    check_orders(&material, 2.0, &initial, &exact, 40);
}
