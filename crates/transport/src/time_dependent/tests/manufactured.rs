//! Order in space and time with a manufactured solution.

use super::*;
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

/// Coefficients of Legendre polynomials of a function on the cell from a to b, by 6-point Gauss.
pub(super) fn project(a: f64, b: f64, values: &mut [f64], f: impl Fn(f64) -> f64) {
    let q = crate::quadrature::gauss_legendre(6);
    values.fill(0.0);
    for (xi, w) in q.mu.iter().zip(&q.weight) {
        let value = f(0.5 * (a + b) + 0.5 * (b - a) * xi);
        for (d, v) in values.iter_mut().enumerate() {
            *v += 0.5 * (2 * d + 1) as f64 * w * crate::quadrature::legendre(d, *xi) * value;
        }
    }
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
    let edges = mesh.edges.clone();
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
    for (i, phi) in flux.values[..n].chunks_mut(dofs).enumerate() {
        project(edges[i], edges[i + 1], phi, |x| f(x, 0.0));
    }
    let nodes = edges.clone();
    let source: TimeSource = Box::new(move |t, q| {
        let (isotropic, current) = q.group_mut(0).split_at_mut(n);
        for (i, q) in isotropic.chunks_mut(dofs).enumerate() {
            project(nodes[i], nodes[i + 1], q, |x| {
                f_t(x, t) / SPEED + (total - scattering) * f(x, t)
            });
        }
        // mu f_x/2 = 3/2 mu q_1
        for (i, q) in current.chunks_mut(dofs).enumerate() {
            project(nodes[i], nodes[i + 1], q, |x| f_x(x, t) / 3.0);
        }
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
    let squares: f64 = (sim.flux().averages(0).enumerate())
        .map(|(i, phi)| {
            let mut exact = [0.0];
            project(edges[i], edges[i + 1], &mut exact, |x| f(x, end));
            (edges[i + 1] - edges[i]) * (phi - exact[0]).powi(2)
        })
        .sum();
    squares.sqrt()
}

#[test]
fn mesh_and_step_refined_together_show_the_order_in_space_and_time() {
    for time in SCHEMES {
        let errors: Vec<f64> = (0..4)
            .map(|k| error(Scheme::DiamondDifference, time, 5 << k, 10 << k))
            .collect();
        println!(
            "{time:?}: errors {errors:?}, orders {:.3?}",
            orders(&errors)
        );
        let last = orders(&errors)[2];
        assert!((last - order_of(time)).abs() < 0.1, "{time:?} {errors:?}");
    }
}
