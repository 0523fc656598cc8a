//! Diffusion synthetic acceleration: low-order problems for the error of a source iteration.
//!
//! | scheme | acceleration | file |
//! |---|---|---|
//! | step, diamond difference, step characteristic | consistent | [`edge_diffusion`] |

pub mod edge_diffusion;
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
    if !scatters || acceleration == Acceleration::None {
        return None;
    }
    match disc.dofs() {
        1 => Some(Box::new(edge_diffusion::EdgeDiffusion::new(
            disc, group, total,
        ))),
        _ => None,
    }
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
