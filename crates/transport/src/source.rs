//! Sources given as functions of position.

use crate::mesh::{Geometry, Mesh};
use crate::quadrature::{gauss_legendre, legendre};

/// Gauss points a cell: exact for the product of a polynomial of degree 11 with the highest
/// Legendre polynomial of any scheme.
const POINTS: usize = 8;

/// The Legendre coefficients on every cell of a function of position, `[cell][dof]`:
/// f_d = (2 d + 1)/2 times the integral of f P_d over xi in [-1, 1]. In curved geometry there is
/// one coefficient, the average over the volume.
pub fn project(mesh: &Mesh, dofs: usize, f: &mut dyn FnMut(f64) -> f64) -> Vec<f64> {
    let rule = gauss_legendre(POINTS);
    let mut values = vec![0.0; mesh.len() * dofs];
    for (cell, out) in values.chunks_exact_mut(dofs).enumerate() {
        let (centre, half) = (mesh.centre(cell), 0.5 * mesh.width(cell));
        for (xi, w) in rule.mu.iter().zip(&rule.weight) {
            let x = centre + half * xi;
            let value = f(x);
            if mesh.geometry == Geometry::Slab {
                for (d, out) in out.iter_mut().enumerate() {
                    *out += 0.5 * (2 * d + 1) as f64 * w * value * legendre(d, *xi);
                }
            } else {
                out[0] += w * half * mesh.geometry.area(x) * value / mesh.volume(cell);
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_its_own_projection() {
        let mesh = Mesh::uniform(Geometry::Slab, -1.0, 2.0, 3);
        let f = |x: f64| 1.0 + x * (2.0 + x * (3.0 - x));
        let values = project(&mesh, 4, &mut |x| f(x));
        for cell in 0..3 {
            for xi in [-1.0, -0.3, 0.4, 1.0] {
                let x = mesh.centre(cell) + 0.5 * mesh.width(cell) * xi;
                let sum: f64 = (0..4).map(|d| values[4 * cell + d] * legendre(d, xi)).sum();
                assert!((sum - f(x)).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn in_a_sphere_the_average_is_over_the_volume() {
        let mesh = Mesh::uniform(Geometry::Sphere, 0.0, 2.0, 1);
        let values = project(&mesh, 1, &mut |r| r * r);
        assert!((values[0] - 3.0 / 5.0 * 4.0).abs() < 1e-13);
    }
}
