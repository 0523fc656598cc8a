//! Diffusion synthetic acceleration: low-order problems for the error of a source iteration.

use crate::discretization::Discretization;
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
    let _ = (disc, group, acceleration, total);
    None
}
