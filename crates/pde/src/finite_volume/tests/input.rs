//! Messages for problems that cannot be set up.

use pdesolve_mesh::{MeshParams, Stretching};

use super::*;

fn messages(
    law: impl ScalarLaw + 'static,
    grid: &Grid,
    boundary: &BoundaryConditions,
    params: &FiniteVolumeParams,
    time: &TimeParams,
) -> Vec<String> {
    match FiniteVolume::new(Arc::new(law), grid, boundary, None, params, time) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn boundaries_are_named_in_errors() {
    let axes = vec![
        Axis::cells('x', 0.0, 1.0, 4, false).unwrap(),
        Axis::cells('y', 0.0, 1.0, 4, true).unwrap(),
    ];
    let grid = Grid::new(Centring::Cell, axes);
    let boundary = BoundaryConditions::default()
        .with("left", Condition::Wall)
        .with("top", Condition::Outflow)
        .with("rigth", Condition::Outflow);
    let found = messages(
        Burgers::default(),
        &grid,
        &boundary,
        &FiniteVolumeParams::default(),
        &TimeParams::until(1.0),
    );
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("`right` has no condition"), "{found:?}");
    assert!(found[1].contains("`top`") && found[1].contains("periodic"));
    assert!(found[2].contains("`rigth`") && found[2].contains("left, right"));
}

#[test]
fn all_bad_parameters_are_reported_at_once() {
    let grid = MeshParams {
        points: Some(vec![5, 5]),
        cells: None,
        lower: None,
        upper: Some(vec![1.0, 1.0]),
        layers: None,
        periodic: None,
        stretching: Some(vec![
            Stretching::Uniform,
            Stretching::Geometric { ratio: 2.0 },
        ]),
    }
    .build()
    .unwrap();
    let law = AdvectionDiffusion {
        velocity: vec![1.0],
        diffusivity: -1.0,
    };
    let time = TimeParams {
        cfl: Some(-2.0),
        tolerance: Some(1e-3),
        ..TimeParams::until(f64::NAN)
    };
    let found = messages(
        law,
        &grid,
        &BoundaryConditions::periodic(),
        &params(Reconstruction::Weno5),
        &time,
    );
    for expected in [
        "`cells`",
        "`velocity` has 1 entries",
        "axis y is stretched",
        "`end` is NaN",
        "`cfl` is -2",
        "`tolerance`",
    ] {
        assert!(
            found.iter().any(|m| m.contains(expected)),
            "{expected}: {found:?}"
        );
    }
    let negative = Burgers { viscosity: -0.1 };
    let grid = line(4, 0.0, 1.0, true);
    let found = messages(
        negative,
        &grid,
        &BoundaryConditions::periodic(),
        &FiniteVolumeParams::default(),
        &TimeParams::until(1.0),
    );
    assert!(found[0].contains("`viscosity` is -0.1"), "{found:?}");
}

#[test]
fn a_fixed_step_beyond_the_diffusive_limit_is_refused_with_the_limit() {
    let grid = line(100, 0.0, 1.0, true);
    let explicit = FiniteVolumeParams {
        diffusion: Diffusion::Explicit,
        ..FiniteVolumeParams::default()
    };
    let found = messages(
        Burgers { viscosity: 1.0 },
        &grid,
        &BoundaryConditions::periodic(),
        &explicit,
        &TimeParams::fixed(1.0, 1e-3),
    );
    assert!(found[0].contains("4.000e-5"), "{found:?}");
}

#[test]
fn meshes_of_few_cells_do_not_panic() {
    for n in 1..=6 {
        for reconstruction in [Reconstruction::Muscl, Reconstruction::Weno5] {
            for diffusion in [Diffusion::Explicit, Diffusion::Implicit] {
                for periodic in [true, false] {
                    let axes = ['x', 'y'].map(|a| Axis::cells(a, 0.0, 1.0, n, periodic).unwrap());
                    for dim in 1..=2 {
                        let grid = Grid::new(Centring::Cell, axes[..dim].to_vec());
                        let mut boundary = BoundaryConditions::default();
                        for name in grid.boundaries() {
                            boundary.set(name, Condition::dirichlet(1.0));
                        }
                        let params = FiniteVolumeParams {
                            diffusion,
                            ..params(reconstruction)
                        };
                        let mut sim = new(
                            Burgers { viscosity: 0.1 },
                            &grid,
                            &boundary,
                            &params,
                            &TimeParams::until(0.1),
                        );
                        sim.set_field(&cell_averages(&grid, 2, |x| x[0]));
                        run(&mut sim, 0.1);
                        assert!(quantity(&mut sim, "balance(u)").abs() < 1e-13);
                    }
                }
            }
        }
    }
}

#[test]
fn the_largest_numbers_end_in_an_error_not_in_a_panic_or_a_standstill() {
    let grid = line(8, 0.0, 1.0, true);
    let time = TimeParams::until(1.0);
    let params = FiniteVolumeParams::default();
    let boundary = BoundaryConditions::periodic();
    let mut sim = new(Burgers::default(), &grid, &boundary, &params, &time);
    sim.set_field(&[1e300, -1e300, 1e200, 0.0, 0.0, 0.0, 0.0, 1e300]);
    assert!((0..20).any(|_| sim.advance(1.0).is_err()));
}

#[test]
fn unknown_keys_are_errors_and_defaults_fill_the_rest() {
    let parse = serde_json::from_str::<FiniteVolumeParams>;
    let read = parse(r#"{ "reconstruction": "weno5_z", "diffusion": "implicit" }"#).unwrap();
    assert_eq!(read.reconstruction, Reconstruction::Weno5Z);
    assert_eq!(read.limiter, Limiter::VanLeer);
    assert!(parse(r#"{ "reconstuction": "weno5" }"#).is_err());
}
