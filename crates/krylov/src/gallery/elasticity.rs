//! Linear elasticity in plane strain: -div sigma(u) = f, sigma = lambda div u I + 2 mu eps(u), by
//! bilinear finite elements on a rectangle of unit squares, fixed all around.
//!
//! lambda = E nu / ((1 + nu)(1 - 2 nu)) and mu = E / (2 (1 + nu)); as nu goes to 1/2 the material
//! becomes incompressible, lambda grows without bound, and so does the condition number: bilinear
//! elements then lock.

use crate::csr::Csr;

/// Young's modulus; it only scales the matrix.
const E: f64 = 1e5;

/// The stiffness matrix of plane strain with Poisson's ratio `nu` on nx x ny inner nodes; Young's
/// modulus 1e5.
///
/// Unknown 2 (j nx + i) + c is displacement c of node (i, j). All 2 x 2 blocks between neighbours
/// are stored, zeros included.
///
/// # Panics
/// Unless -1 < nu < 1/2.
pub fn elasticity_q1(nx: usize, ny: usize, nu: f64) -> Csr<f64> {
    assert!(nu > -1.0 && nu < 0.5, "Poisson's ratio between -1 and 1/2");
    let lambda = E * nu / ((1.0 + nu) * (1.0 - 2.0 * nu));
    let mu = E / (2.0 * (1.0 + nu));
    let element = element_stiffness(lambda, mu);
    let unknown = |i: usize, j: usize| {
        let inside = (1..=nx).contains(&i) && (1..=ny).contains(&j);
        inside.then(|| 2 * ((j - 1) * nx + i - 1))
    };
    let mut entries = Vec::with_capacity(64 * (nx + 1) * (ny + 1));
    for j in 0..=ny {
        for i in 0..=nx {
            let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(p, q)| unknown(i + p, j + q));
            for (a, row) in corners.iter().enumerate() {
                for (b, column) in corners.iter().enumerate() {
                    let (Some(row), Some(column)) = (row, column) else {
                        continue;
                    };
                    for c in 0..2 {
                        for d in 0..2 {
                            let value = element[2 * a + c][2 * b + d];
                            entries.push(((row + c) as u32, (column + d) as u32, value));
                        }
                    }
                }
            }
        }
    }
    let n = 2 * nx * ny;
    Csr::from_triplets(n, n, &entries).expect("unknowns are counted within the matrix")
}

/// Translations along both axes and the rotation (-y, x) about the centre: what moves without
/// strain, three vectors of 2 nx ny entries for [`elasticity_q1`].
pub fn rigid_body_modes(nx: usize, ny: usize) -> Vec<Vec<f64>> {
    let mut modes = vec![vec![0.0; 2 * nx * ny]; 3];
    for j in 0..ny {
        for i in 0..nx {
            let x = (i + 1) as f64 - 0.5 * (nx + 1) as f64;
            let y = (j + 1) as f64 - 0.5 * (ny + 1) as f64;
            let node = 2 * (j * nx + i);
            modes[0][node] = 1.0;
            modes[1][node + 1] = 1.0;
            modes[2][node] = -y;
            modes[2][node + 1] = x;
        }
    }
    modes
}

/// Stiffness of a unit square, corners in the order (0,0), (1,0), (0,1), (1,1), two displacements
/// each: products of integrals over the two axes.
fn element_stiffness(lambda: f64, mu: f64) -> [[f64; 8]; 8] {
    let stiffness = |a: usize, b: usize| if a == b { 1.0 } else { -1.0 };
    let mass = |a: usize, b: usize| if a == b { 1.0 / 3.0 } else { 1.0 / 6.0 };
    // Integral of the derivative of function a times any of the two functions.
    let slope = |a: usize| if a == 0 { -0.5 } else { 0.5 };
    let mut element = [[0.0; 8]; 8];
    for a in 0..4 {
        for b in 0..4 {
            let (ax, ay, bx, by) = (a % 2, a / 2, b % 2, b / 2);
            let xx = stiffness(ax, bx) * mass(ay, by);
            let yy = mass(ax, bx) * stiffness(ay, by);
            let xy = slope(ax) * slope(by);
            let yx = slope(ay) * slope(bx);
            element[2 * a][2 * b] = (lambda + 2.0 * mu) * xx + mu * yy;
            element[2 * a + 1][2 * b + 1] = mu * xx + (lambda + 2.0 * mu) * yy;
            element[2 * a][2 * b + 1] = lambda * xy + mu * yx;
            element[2 * a + 1][2 * b] = lambda * yx + mu * xy;
        }
    }
    element
}
