//! The controlled Burgers equation of WDNO (Hu et al., ICLR 2025, arXiv 2412.04833).
//!
//! u_t + (u^2/2)_x = 0.01 u_xx + f(t, x) on [0, 1], u = 0 at both ends, t in [0, 8]; two Gaussians
//! as initial data, eight space-time Gaussians as force, the latter seven each present with
//! probability 1/2.

use pdesolve_core::rng;
use rand::RngExt;

use super::*;

const NU: f64 = 0.01;
const END: f64 = 8.0;

struct Draw {
    initial: [[f64; 3]; 2],
    force: Vec<[f64; 5]>,
}

fn draw(seed: u64) -> Draw {
    let mut g = rng(seed, 0, 0);
    let initial = [[0.0, 2.0, 0.2, 0.4], [-2.0, 0.0, 0.6, 0.8]].map(|[a, b, c, d]| {
        [
            g.random_range(a..b),
            g.random_range(c..d),
            g.random_range(0.05..0.15),
        ]
    });
    let mut force = Vec::new();
    for k in 0..8 {
        let present = k == 0 || g.random_bool(0.5);
        let gaussian = [
            g.random_range(-1.5..1.5),
            g.random_range(0.0..1.0),
            g.random_range(0.1..0.4),
            g.random_range(0.0..1.0),
            g.random_range(0.1..0.4),
        ];
        if present {
            force.push(gaussian);
        }
    }
    Draw { initial, force }
}

fn bell(x: f64, centre: f64, width: f64) -> f64 {
    let z = (x - centre) / width;
    (-0.5 * z * z).exp()
}

impl Draw {
    fn u0(&self, x: f64) -> f64 {
        self.initial
            .iter()
            .map(|[a, c, s]| a * bell(x, *c, *s))
            .sum()
    }

    fn source(&self) -> SpaceTime {
        let force = self.force.clone();
        Arc::new(move |row, out| {
            out.fill(0.0);
            for [a, c, s, time, duration] in &force {
                let now = 2.0 * a * bell(row.t / END, *time, *duration);
                for (out, &x) in out.iter_mut().zip(row.x) {
                    *out += now * bell(x, *c, *s);
                }
            }
        })
    }

    fn simulation(&self, n: usize, params: &FiniteVolumeParams) -> FiniteVolume {
        let grid = line(n, 0.0, 1.0, false);
        let boundary = BoundaryConditions::default()
            .with("left", Condition::dirichlet(0.0))
            .with("right", Condition::dirichlet(0.0));
        let mut sim = FiniteVolume::new(
            Arc::new(Burgers { viscosity: NU }),
            &grid,
            &boundary,
            Some(self.source()),
            params,
            &TimeParams::until(END),
        )
        .unwrap();
        sim.set_field(&cell_averages(&grid, 3, |x| self.u0(x[0])));
        sim
    }
}

#[test]
fn forced_burgers_at_480_and_960_cells_differs_by_less_than_a_thousandth() {
    // WENO5 evaluates the force at three points a cell: a quarter of the time suffices.
    for (reconstruction, outputs) in [(Reconstruction::Muscl, 80), (Reconstruction::Weno5, 20)] {
        let draw = draw(1);
        let mut coarse = draw.simulation(480, &params(reconstruction));
        let mut fine = draw.simulation(960, &params(reconstruction));
        let mut worst = 0.0f64;
        for k in 1..=outputs {
            let t = 0.1 * f64::from(k);
            run(&mut coarse, t);
            run(&mut fine, t);
            // Pairs of fine cells averaged: exact cell averages of the fine solution.
            let paired: Vec<f64> = fine
                .values()
                .chunks_exact(2)
                .map(|u| 0.5 * (u[0] + u[1]))
                .collect();
            let size = Norms::of(coarse.grid(), &paired).l2;
            worst = worst.max(l2_error(coarse.grid(), coarse.values(), &paired) / size);
        }
        assert!(worst < 1e-3, "{reconstruction:?}: {worst}");
        assert!(quantity(&mut fine, "balance(u)").abs() < 1e-12);
    }
}

#[test]
fn the_integral_of_forced_burgers_changes_by_boundary_flux_and_forcing() {
    // d/dt of the integral by differences over a step, against the rates evaluated independently
    // from the state: the boundary flux -nu du/dn and the integral of f.
    let draw = draw(1);
    let mut sim = draw.simulation(480, &params(Reconstruction::Weno5));
    run(&mut sim, 2.0);
    let source = draw.source();
    let rate = |sim: &FiniteVolume| {
        let force = cell_averages_of_rows(sim.grid(), 3, sim.time(), &*source);
        let h = 1.0 / 480.0;
        let u = sim.values();
        // u = 0 at the walls: no transport through them.
        let diffusive = -NU * (u[0] + u[479]) / (0.5 * h);
        diffusive + Norms::of(sim.grid(), &force).integral
    };
    let mut worst = 0.0f64;
    for _ in 0..200 {
        let (before, t) = (quantity(&mut sim, "integral(u)"), sim.time());
        let rate_before = rate(&sim);
        sim.advance(END).unwrap();
        let dt = sim.time() - t;
        let change = (quantity(&mut sim, "integral(u)") - before) / dt;
        let rate_after = rate(&sim);
        worst = worst.max((change - 0.5 * (rate_before + rate_after)).abs());
    }
    assert!(worst < 1e-6, "{worst}");
}

/// Averages over eighths of the domain at t = 0.5, 1, 2, computed without this code: Chebyshev
/// collocation with 193 points (numpy), Radau with relative tolerance 1e-10 (scipy 1.17.1
/// `solve_ivp`); 129
/// points agree within 3e-6.
const REFERENCE: [(f64, [f64; 8]); 3] = [
    (
        0.5,
        [
            0.159_027_187_851,
            0.444_635_905_102,
            0.729_133_586_649,
            0.971_598_417_098,
            0.896_943_765_292,
            -0.553_658_860_961,
            -0.400_977_166_251,
            -0.142_730_903_63,
        ],
    ),
    (
        1.0,
        [
            0.169_153_056_315,
            0.470_152_390_152,
            0.760_044_723_512,
            0.997_142_449_173,
            1.108_694_958_374,
            0.731_581_047_935,
            -0.402_539_181_445,
            -0.151_812_821_084,
        ],
    ),
    (
        2.0,
        [
            0.142_274_220_455,
            0.400_396_726_143,
            0.648_916_351_845,
            0.857_268_865_907,
            0.972_722_948_881,
            0.978_284_789_991,
            0.929_027_195_475,
            0.784_844_303_454,
        ],
    ),
];

#[test]
fn forced_burgers_agrees_with_a_chebyshev_collocation_of_scipy() {
    let case = Draw {
        initial: [[1.2, 0.3, 0.1], [-0.9, 0.7, 0.08]],
        force: vec![[1.0, 0.4, 0.2, 0.1, 0.15], [-0.8, 0.7, 0.15, 0.05, 0.2]],
    };
    for (reconstruction, diffusion) in [
        (Reconstruction::Muscl, Diffusion::Implicit),
        (Reconstruction::Weno5, Diffusion::Explicit),
    ] {
        let errors: Vec<f64> = [240, 480]
            .iter()
            .map(|&n| {
                let params = FiniteVolumeParams {
                    diffusion,
                    ..params(reconstruction)
                };
                let mut sim = case.simulation(n, &params);
                let mut worst = 0.0f64;
                for (t, averages) in REFERENCE {
                    run(&mut sim, t);
                    for (cells, average) in sim.values().chunks_exact(n / 8).zip(averages) {
                        let ours = cells.iter().sum::<f64>() / cells.len() as f64;
                        worst = worst.max((ours - average).abs());
                    }
                }
                worst
            })
            .collect();
        // The values are of order one.
        assert!(errors[1] < 1e-3, "{reconstruction:?} {errors:?}");
        assert!(
            errors[1] < 0.35 * errors[0],
            "{reconstruction:?} {errors:?}"
        );
    }
}
