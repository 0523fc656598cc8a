//! Diffusion synthetic acceleration: low-order problems for the error of a source iteration.
//!
//! | scheme | acceleration | file |
//! |---|---|---|
//! | step, diamond difference (with fixup too), step characteristic | any | [`edge_diffusion`] |
//! | discontinuous Galerkin, linear characteristic | consistent | [`consistent_p1`] |
//! | discontinuous Galerkin, linear characteristic | interior penalty | [`interior_penalty`] |

pub(crate) mod cell_kinds;
pub mod consistent_p1;
mod dense;
pub mod edge_diffusion;
pub mod interior_penalty;
mod tridiagonal;

use crate::discretization::Discretization;
use crate::ordinates::Ordinates;
use crate::params::Acceleration;

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
    let scatters = (disc.materials().iter())
        .any(|m| (0..=m.order()).any(|l| m.scatter(l, group, group) != 0.0));
    if !scatters {
        return None;
    }
    use consistent_p1::ConsistentP1;
    use interior_penalty::InteriorPenalty;
    Some(match (acceleration, disc.dofs()) {
        (Acceleration::None, _) => return None,
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

/// The angular moment whose basis function is the cosine itself, where there is one.
fn current_moment(ordinates: &Ordinates) -> Option<usize> {
    (0..ordinates.moments()).find(|&m| {
        ordinates.order[m] == 1
            && (ordinates.basis[m].iter().zip(&ordinates.mu)).all(|(b, mu)| (b - mu).abs() < 1e-12)
    })
}

#[cfg(test)]
mod tests;
