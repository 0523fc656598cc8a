//! Diffusion synthetic acceleration: low-order problems for the error of a source iteration.
//!
//! | scheme | acceleration | file |
//! |---|---|---|
//! | step, diamond difference (with fixup too), step characteristic | any | [`edge_diffusion`] |
//! | diamond difference in spheres and cylinders | any | [`curved_diffusion`] |
//! | discontinuous Galerkin, linear characteristic | consistent | [`consistent_p1`] |
//! | discontinuous Galerkin, linear characteristic | interior penalty | [`interior_penalty`] |

pub(crate) mod cell_kinds;
pub mod consistent_p1;
pub mod curved_diffusion;
pub(crate) mod dense;
pub mod edge_diffusion;
pub mod interior_penalty;
mod tridiagonal;

use cell_kinds::Kind;

use crate::discretization::Discretization;
use crate::fourier::Matrix;
use crate::mesh::Geometry;
use crate::ordinates::Ordinates;
use crate::params::{Acceleration, Scheme};

/// A problem that approximates the error of a source iteration.
pub trait LowOrder: Send {
    /// flux += f, where f solves the low-order problem with the scattering source of `change`.
    ///
    /// `change` and `flux` are moments of one group, `[moment][cell][dof]`. In source iteration
    /// `change` is phi^(l+1/2) - phi^l; in a Krylov method it is the residual.
    fn correct(&mut self, disc: &Discretization, change: &[f64], flux: &mut [f64]);

    /// Name as the field writes it.
    fn name(&self) -> &'static str;
}

/// The low-order problem of one group, whose total cross section by material is `total`; `None`
/// where nothing accelerates.
pub fn low_order(
    disc: &Discretization,
    group: usize,
    acceleration: Acceleration,
    total: &[f64],
) -> Option<Box<dyn LowOrder>> {
    let scatters =
        (disc.used_materials()).any(|m| (0..=m.order()).any(|l| m.scatter(l, group, group) != 0.0));
    if !scatters {
        return None;
    }
    use consistent_p1::ConsistentP1;
    use interior_penalty::InteriorPenalty;
    Some(match (acceleration, disc.dofs()) {
        (Acceleration::None, _) => return None,
        (_, 1)
            if disc.mesh().geometry != Geometry::Slab
                && disc.scheme() == Scheme::DiamondDifference =>
        {
            Box::new(curved_diffusion::CurvedDiffusion::new(disc, group, total))
        }
        (_, 1) => Box::new(edge_diffusion::EdgeDiffusion::new(disc, group, total)),
        (Acceleration::Consistent, 2) => Box::new(ConsistentP1::<2>::new(disc, group, total)),
        (Acceleration::Consistent, 3) => Box::new(ConsistentP1::<3>::new(disc, group, total)),
        (Acceleration::Consistent, _) => Box::new(ConsistentP1::<4>::new(disc, group, total)),
        (Acceleration::InteriorPenalty { constant }, 2) => {
            Box::new(InteriorPenalty::<2>::new(disc, group, total, constant))
        }
        (Acceleration::InteriorPenalty { constant }, 3) => {
            Box::new(InteriorPenalty::<3>::new(disc, group, total, constant))
        }
        (Acceleration::InteriorPenalty { constant }, _) => {
            Box::new(InteriorPenalty::<4>::new(disc, group, total, constant))
        }
    })
}

/// The low-order problem on an infinite lattice of one kind of cell, for errors that change by the
/// phase `theta` from cell to cell: from the change to the correction, `[flux, current][dof]`, or
/// the flux alone. `least` is the floor of an interior penalty, where it is not the usual one.
pub(crate) fn symbol(
    disc: &Discretization,
    group: usize,
    total: &[f64],
    acceleration: Acceleration,
    least: Option<f64>,
    kind: &Kind,
    theta: f64,
) -> Option<Matrix> {
    use consistent_p1::Response;
    Some(match (acceleration, disc.dofs()) {
        (Acceleration::None, _) => return None,
        (_, 1) => edge_diffusion::symbol(disc, group, total, kind, theta),
        (Acceleration::Consistent, 2) => {
            Response::<2>::of_kind(disc, group, total, kind).symbol(theta)
        }
        (Acceleration::Consistent, 3) => {
            Response::<3>::of_kind(disc, group, total, kind).symbol(theta)
        }
        (Acceleration::Consistent, _) => {
            Response::<4>::of_kind(disc, group, total, kind).symbol(theta)
        }
        (Acceleration::InteriorPenalty { constant }, 2) => {
            interior_penalty::symbol::<2>(disc, group, total, constant, least, kind, theta)
        }
        (Acceleration::InteriorPenalty { constant }, 3) => {
            interior_penalty::symbol::<3>(disc, group, total, constant, least, kind, theta)
        }
        (Acceleration::InteriorPenalty { constant }, _) => {
            interior_penalty::symbol::<4>(disc, group, total, constant, least, kind, theta)
        }
    })
}

/// The angular moment whose basis function is the cosine itself, where there is one.
pub(crate) fn current_moment(ordinates: &Ordinates) -> Option<usize> {
    (0..ordinates.moments()).find(|&m| {
        ordinates.order[m] == 1
            && (ordinates.basis[m].iter().zip(&ordinates.mu)).all(|(b, mu)| (b - mu).abs() < 1e-12)
    })
}

#[cfg(test)]
mod tests;
