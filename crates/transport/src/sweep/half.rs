//! Half a sweep: all ordinates that enter at one end.

use pdesolve_mesh::Side;

use super::SweepSource;
use crate::discretization::Discretization;

/// Where half a sweep adds its results. The caller clears them before the first half.
pub(crate) struct Target<'a> {
    /// Flux moments: `[moment][cell][dof]`.
    pub(crate) flux: &'a mut [f64],
    /// Angular flux, overwritten: `[ordinate][cell][dof]`.
    pub(crate) angular: Option<&'a mut [f64]>,
    /// Net current along the axis: `[edge]`.
    pub(crate) current: Option<&'a mut [f64]>,
}

/// Sweeps half the ordinates.
///
/// In curved geometry the inward half (that enters at [`Side::Upper`]) must come first: it leaves
/// the edge fluxes in angle from which the outward half starts.
pub(crate) trait HalfSweep: Send {
    /// Sweeps all ordinates that enter at `side`; `entering` and `leaving` are `[ordinate]`, and
    /// only entries of those ordinates are read and written.
    #[allow(clippy::too_many_arguments)]
    fn half(
        &mut self,
        disc: &Discretization,
        total: &[f64],
        side: Side,
        source: &SweepSource<'_>,
        entering: &[f64],
        leaving: &mut [f64],
        target: &mut Target<'_>,
    );
}

/// Whether an ordinate enters at a side.
pub(crate) fn enters(mu: f64, side: Side) -> bool {
    match side {
        Side::Lower => mu > 0.0,
        Side::Upper => mu < 0.0,
    }
}
