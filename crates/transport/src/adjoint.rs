//! The adjoint problem, solved by the forward solver.
//!
//! ```text
//! -Omega . grad psi+ + sigma_t psi+_g = sum_g' S_gg' psi+_g' + nu sigma_f,g / k sum_g' chi_g' phi+_g' + q+_g
//! ```
//!
//! Put psi+(Omega) = psi~(-Omega): psi~ obeys a forward equation in which the transfer from g to g'
//! is that from g' to g, and chi and nu sigma_f have changed places. Adjoint particles speed up;
//! with the groups counted backwards they slow down, and Gauss-Seidel over the groups works as it
//! does forward. [`adjoint`] makes that problem, and [`reflect`] takes sources to it and its flux
//! back: groups reversed, and the sign of moments of odd order changed.
//!
//! For sources q and q+, with nothing entering, \<q+, phi\> = \<q, phi+\> with the product
//! [`inner_product`]. A given flux psi_in adds to the right-hand side what it carries in, weighted
//! by the flux that leaves in the adjoint problem in the opposite direction:
//!
//! ```text
//! W sum_g sum_n w_n |mu_n| psi_in,n psi~_leaving,mirror(n),     W: sum of the weights.
//! ```
//!
//! In slabs the discrete problem has the identity to rounding: the linear
//! schemes are their own adjoint in the Legendre coefficients weighted by h/(2 d + 1), the lumped
//! one by h. In curved
//! geometry the starting direction and the flow from angle to angle are not their own adjoint, and
//! the identity holds to the error of mesh and angle. Flux fixups are not linear, and have no adjoint.

use crate::discretization::{Discretization, TransportError};
use crate::flux::Moments;
use crate::material::{CrossSections, Delayed};
use crate::params::Scheme;

/// The forward problem for psi~. Where a flux was given nothing enters.
///
/// # Errors
/// [`TransportError`] from putting it together; none for a discretization that is one.
pub fn adjoint(disc: &Discretization) -> Result<Discretization, TransportError> {
    Discretization::new(
        disc.mesh().clone(),
        disc.materials().iter().map(transpose).collect(),
        disc.ordinates().clone(),
        disc.scheme(),
        disc.without_incident().boundaries().clone(),
    )
}

/// A material with transfer matrices transposed, chi and nu sigma_f exchanged, groups reversed.
pub fn transpose(m: &CrossSections) -> CrossSections {
    let groups = m.groups();
    let reversed = |x: &[f64]| x.iter().rev().copied().collect::<Vec<f64>>();
    let (nu_fission, chi) = if m.is_fissile() {
        (reversed(&m.chi), reversed(&m.nu_fission))
    } else {
        (vec![0.0; groups], vec![0.0; groups])
    };
    CrossSections {
        total: reversed(&m.total),
        // Reversing both indices and transposing is reading the matrix backwards, transposed.
        scattering: (m.scattering.iter())
            .map(|sigma| {
                let mut turned = vec![0.0; groups * groups];
                for from in 0..groups {
                    for to in 0..groups {
                        turned[(groups - 1 - to) * groups + groups - 1 - from] =
                            sigma[from * groups + to];
                    }
                }
                turned
            })
            .collect(),
        nu_fission,
        fission: reversed(&m.fission),
        chi,
        velocity: reversed(&m.velocity),
        delayed: (m.delayed.iter())
            .map(|d| Delayed {
                chi: reversed(&d.chi),
                ..d.clone()
            })
            .collect(),
    }
}

/// Moments of psi+ from those of psi~, or back; sources alike.
pub fn reflect(disc: &Discretization, moments: &Moments) -> Moments {
    let mut out = moments.clone();
    let n = moments.cells() * moments.dofs();
    for g in 0..moments.groups() {
        let from = moments.group(moments.groups() - 1 - g);
        for ((to, from), l) in (out.group_mut(g).chunks_exact_mut(n))
            .zip(from.chunks_exact(n))
            .zip(&disc.ordinates().order)
        {
            let sign = if l % 2 == 1 { -1.0 } else { 1.0 };
            for (to, from) in to.iter_mut().zip(from) {
                *to = sign * from;
            }
        }
    }
    out
}

/// \<q, phi\> = sum_g sum_m factor_m W int q_gm phi_gm dV, with W the sum of the weights: for an
/// isotropic q the integral of q times the scalar flux (with the quadrature of the scheme, where its
/// mass matrix is lumped).
pub fn inner_product(disc: &Discretization, q: &Moments, phi: &Moments) -> f64 {
    let dofs = disc.dofs();
    let n = disc.mesh().len() * dofs;
    let ordinates = disc.ordinates();
    let weight = ordinates.weight_sum();
    // The integral of P_d^2 over a cell, as a part of its width; lumping makes that of P_1 1.
    let lumped = disc.scheme() == Scheme::LumpedLinearDiscontinuous;
    let norm = |d: usize| {
        if lumped {
            1.0
        } else {
            1.0 / (2 * d + 1) as f64
        }
    };
    let mut sum = 0.0;
    for g in 0..disc.groups() {
        for (m, (q, phi)) in (q.group(g).chunks_exact(n))
            .zip(phi.group(g).chunks_exact(n))
            .enumerate()
        {
            let factor = weight * ordinates.factor[m];
            for cell in 0..disc.mesh().len() {
                let volume = factor * disc.mesh().volume(cell);
                for d in 0..dofs {
                    let i = cell * dofs + d;
                    sum += volume * norm(d) * q[i] * phi[i];
                }
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::Boundary;
    use crate::fixed_source::{FixedSource, SourceTerms};
    use crate::mesh::{Geometry, Mesh};
    use crate::ordinates::Ordinates;
    use crate::params::DiscreteOrdinatesParams;
    use crate::quadrature::{double_gauss, gauss_legendre};

    fn material(seed: f64) -> CrossSections {
        let p0 = [0.3, 0.2, 0.05, 0.0, 0.4, 0.2, 0.0, 0.02, 0.7];
        let p1 = [0.1, 0.05, 0.0, 0.0, 0.1, 0.07, 0.0, 0.01, 0.2];
        CrossSections {
            total: vec![0.7 + seed, 0.8, 1.1 + seed],
            scattering: vec![p0.to_vec(), p1.to_vec()],
            nu_fission: vec![0.01, 0.02, 0.05],
            fission: vec![0.0; 3],
            chi: vec![0.8, 0.2, 0.0],
            ..CrossSections::default()
        }
    }

    /// A source that is different in each moment, group, cell and degree of freedom.
    fn source(disc: &Discretization, seed: u64) -> Moments {
        let mut q = disc.zeros();
        let mut state = seed;
        for q in &mut q.values {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            *q = (state >> 33) as f64 / (1u64 << 31) as f64;
        }
        q
    }

    fn solve(disc: &Discretization, q: &Moments) -> (Moments, crate::BoundaryFlux) {
        let params = DiscreteOrdinatesParams {
            tolerance: 1e-12,
            ..DiscreteOrdinatesParams::default()
        };
        let mut solver = FixedSource::new(disc, &params);
        let mut flux = disc.zeros();
        let report = solver.solve(disc, &SourceTerms::new(q), &mut flux);
        assert!(report.converged, "{report:?}");
        let last = disc.groups() - 1;
        let boundary = solver
            .final_sweep(disc, last, &SourceTerms::new(q), &flux, None, None)
            .clone();
        (flux, boundary)
    }

    fn problem(scheme: Scheme, boundaries: [Boundary; 2]) -> Discretization {
        let disc = Discretization::new(
            Mesh::layers(Geometry::Slab, 0.0, &[(2.0, 5, 0), (3.0, 7, 1)]),
            vec![material(0.0), material(0.3)],
            Ordinates::legendre(&double_gauss(8), 1),
            scheme,
            boundaries,
        )
        .unwrap();
        crate::energy::multiplying(&disc).unwrap()
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        assert_eq!(transpose(&transpose(&material(0.1))), material(0.1));
    }

    #[test]
    fn forward_and_adjoint_give_the_same_functional_in_slabs() {
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
            for boundaries in [
                [Boundary::Vacuum, Boundary::Vacuum],
                [Boundary::MIRROR, Boundary::White { albedo: 0.7 }],
                [Boundary::Periodic, Boundary::Periodic],
            ] {
                let disc = problem(scheme, boundaries);
                let backward = adjoint(&disc).unwrap();
                let (q, response) = (source(&disc, 1), source(&disc, 2));
                let (flux, _) = solve(&disc, &q);
                let (importance, _) = solve(&backward, &reflect(&disc, &response));
                let importance = reflect(&disc, &importance);
                let a = inner_product(&disc, &response, &flux);
                let b = inner_product(&disc, &q, &importance);
                assert!((a / b - 1.0).abs() < 1e-10, "{scheme:?} {a} {b}");
            }
        }
    }

    #[test]
    fn the_adjoint_flux_that_leaves_weighs_what_enters() {
        let disc = problem(
            Scheme::DiamondDifference,
            [Boundary::Vacuum, Boundary::Vacuum],
        );
        let o = disc.ordinates();
        // A beam in the first group: in the adjoint problem that is the last.
        let mut given = vec![vec![0.0; o.len()]; disc.groups()];
        for (given, mu) in given[0].iter_mut().zip(&o.mu) {
            *given = if *mu > 0.0 { 1.0 + mu } else { 0.0 };
        }
        let mut lit = disc.clone();
        lit.set_boundary(
            pdesolve_mesh::Side::Lower,
            Boundary::Incident(given.clone()),
        );
        let (flux, _) = solve(&lit, &disc.zeros());
        let response = source(&disc, 3);
        let backward = adjoint(&lit).unwrap();
        assert_eq!(backward.boundaries()[0], Boundary::Vacuum);
        let (_, boundary) = solve(&backward, &reflect(&disc, &response));
        let a = inner_product(&disc, &response, &flux);
        let b: f64 = o.weight_sum()
            * (0..o.len())
                .filter(|&n| o.mu[n] > 0.0)
                .map(|n| o.weight[n] * o.mu[n] * given[0][n] * boundary.lower[o.mirror[n]])
                .sum::<f64>();
        assert!((a / b - 1.0).abs() < 1e-10, "{a} {b}");
    }

    #[test]
    fn in_a_sphere_the_functionals_agree_to_the_error_of_mesh_and_angle() {
        let defect = |cells: usize, order: usize| {
            let disc = Discretization::new(
                Mesh::uniform(Geometry::Sphere, 0.0, 4.0, cells),
                vec![material(0.0)],
                Ordinates::legendre(&gauss_legendre(order), 0),
                Scheme::DiamondDifference,
                [Boundary::MIRROR, Boundary::Vacuum],
            )
            .unwrap();
            let (mut q, mut response) = (disc.zeros(), disc.zeros());
            for cell in 0..cells {
                let r = disc.mesh().centre(cell);
                q.group_mut(0)[cell] = (-r).exp();
                response.group_mut(2)[cell] = r * r;
            }
            let (flux, _) = solve(&disc, &q);
            let backward = adjoint(&disc).unwrap();
            let (importance, _) = solve(&backward, &reflect(&disc, &response));
            let a = inner_product(&disc, &response, &flux);
            let b = inner_product(&disc, &q, &reflect(&disc, &importance));
            (a / b - 1.0).abs()
        };
        let (coarse, fine) = (defect(20, 8), defect(80, 32));
        assert!(fine < 0.2 * coarse, "{coarse} {fine}");
    }
}
