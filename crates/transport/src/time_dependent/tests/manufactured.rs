//! Order in space and time with a manufactured solution.

use super::*;
use crate::project;
use crate::time_dependent::{TimeBoundary, TimeSource};

const SPEED: f64 = 2.0;

/// The scalar flux f(x, t); the angular flux is isotropic, f/2.
fn f(x: f64, t: f64) -> f64 {
    1.5 + x.sin() * (1.3 * t).cos() + 0.3 * t
}

fn f_x(x: f64, t: f64) -> f64 {
    x.cos() * (1.3 * t).cos()
}

fn f_t(x: f64, t: f64) -> f64 {
    -1.3 * x.sin() * (1.3 * t).sin() + 0.3
}

/// L2 error of the cell averages at the end.
fn error(scheme: Scheme, time: TimeScheme, cells: usize, steps: usize) -> f64 {
    let (length, end) = (2.0, 1.0);
    let (total, scattering) = (1.0, 0.7);
    let material = CrossSections {
        velocity: vec![SPEED],
        ..CrossSections::one_group(total, scattering)
    };
    // Moment 1 is there for the source that streaming needs.
    let ordinates = Ordinates::legendre(&double_gauss(4), 1);
    let incident = || Boundary::Incident(vec![vec![0.0; 4]]);
    let mesh = Mesh::uniform(Geometry::Slab, 0.0, length, cells);
    let nodes = mesh.clone();
    let disc = Discretization::new(
        mesh,
        vec![material],
        ordinates,
        scheme,
        [incident(), incident()],
    )
    .unwrap();
    let dofs = disc.dofs();
    let n = cells * dofs;
    let mut flux = disc.zeros();
    flux.values[..n].copy_from_slice(&project(disc.mesh(), dofs, &mut |x| f(x, 0.0)));
    let source: TimeSource = Box::new(move |t, q| {
        let (isotropic, current) = q.group_mut(0).split_at_mut(n);
        isotropic.copy_from_slice(&project(&nodes, dofs, &mut |x| {
            f_t(x, t) / SPEED + (total - scattering) * f(x, t)
        }));
        // mu f_x/2 = 3/2 mu q_1
        current.copy_from_slice(&project(&nodes, dofs, &mut |x| f_x(x, t) / 3.0));
    });
    let boundary: TimeBoundary = Box::new(move |t, side, psi| {
        let x = if side == pdesolve_mesh::Side::Lower {
            0.0
        } else {
            length
        };
        psi[0].fill(0.5 * f(x, t));
    });
    let mut sim = TransientTransport::new(disc, &params(time, 1e-12), 0.0, end / steps as f64)
        .unwrap()
        .with_source(source)
        .with_boundary(boundary);
    sim.set_flux(&flux);
    run(&mut sim, end);
    let exact = project(sim.discretization().mesh(), 1, &mut |x| f(x, end));
    let squares: f64 = (sim.flux().averages(0).zip(exact).enumerate())
        .map(|(i, (phi, exact))| sim.discretization().mesh().width(i) * (phi - exact).powi(2))
        .sum();
    squares.sqrt()
}

#[test]
fn mesh_and_step_refined_together_show_the_order_in_space_and_time() {
    // The error of linear discontinuous cells, of order 3, must not mix with that of the step.
    for (scheme, cells) in [
        (Scheme::DiamondDifference, 5),
        (Scheme::LinearDiscontinuous, 20),
    ] {
        for time in SCHEMES {
            let errors: Vec<f64> = (0..4)
                .map(|k| error(scheme, time, cells << k, 10 << k))
                .collect();
            let last = orders(&errors)[2];
            assert!(
                (last - order_of(time)).abs() < 0.1,
                "{scheme:?} {time:?} {errors:?}"
            );
        }
    }
}

#[test]
fn cells_of_linear_discontinuous_are_of_order_3_when_the_step_shrinks_as_fast() {
    for time in [TimeScheme::CrankNicolson, TimeScheme::Bdf2] {
        let errors: Vec<f64> = [(4, 40), (8, 113), (16, 320), (32, 905)]
            .map(|(cells, steps)| error(Scheme::LinearDiscontinuous, time, cells, steps))
            .to_vec();
        assert!(orders(&errors)[2] > 2.8, "{time:?} {errors:?}");
    }
}
