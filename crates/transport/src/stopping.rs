//! When an iteration has come near enough: changes of the flux, and the errors they speak for.
//!
//! Where changes fall by the ratio rho the error that is left after a change d is
//!
//! ```text
//! d (rho + rho^2 + ...) = d rho/(1 - rho).
//! ```
//!
//! Changes are measured in two ways: the L2 norm over all moments and degrees of freedom, whose
//! ratios give rho, and the largest change of the cell average of the scalar flux, relative to the
//! flux of the cell ([`ErrorScale`]). The latter tells nothing of errors that average to zero in
//! every cell, so it is taken as no less than the former over the norm of the flux.
//!
//! Where a flux passes through zero, rounding alone makes any relative change: as far as there are
//! both signs in a group, changes of [`CANCELLED`] of its largest flux count as none. Where all
//! have one sign, small fluxes are as exact as large ones, and are held to it.

use crate::discretization::Discretization;
use crate::params::{ErrorScale, StoppingCriterion};

/// Relative change that rounding makes in a converged flux.
pub(crate) const ROUNDING: f64 = 32.0 * f64::EPSILON;

/// What rounding leaves of terms that cancel, relative to the largest.
pub(crate) const CANCELLED: f64 = 1e-14;

/// Numbers below this have fewer digits than others.
const DENORMAL: f64 = f64::MIN_POSITIVE / f64::EPSILON;

/// Change of the flux moments of some groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// Its L2 norm.
    pub(crate) norm: f64,
    /// L2 norm of the new flux.
    pub(crate) flux_norm: f64,
    /// Its largest relative value; not a number where the flux is none.
    pub(crate) largest: f64,
}

/// The change from `old` to `new`, moments of one or more whole groups.
pub(crate) fn difference(
    disc: &Discretization,
    scale: ErrorScale,
    new: &[f64],
    old: &[f64],
) -> Change {
    let dofs = disc.dofs();
    let n = disc.group_len();
    let scalar = disc.mesh().len() * dofs;
    let (mut squares, mut flux, mut top) = (0.0, 0.0, 0.0_f64);
    for (new, old) in new.chunks_exact(n).zip(old.chunks_exact(n)) {
        for (new, old) in new.iter().zip(old) {
            let d = new - old;
            squares += d * d;
            flux += new * new;
        }
        let (new, old) = (&new[..scalar], &old[..scalar]);
        let averages = || new.iter().step_by(dofs).copied();
        let floor = scale.floor(averages()).max(DENORMAL);
        let (low, high) = averages().fold((0.0_f64, 0.0_f64), |(a, b), v| (a.min(v), b.max(v)));
        let nothing = if low < 0.0 && high > 0.0 {
            CANCELLED * high.max(-low)
        } else {
            0.0
        };
        for (new, old) in new.iter().zip(old).step_by(dofs) {
            let d = (new - old).abs();
            if d > nothing || d.is_nan() {
                top = larger(top, d / new.abs().max(floor));
            }
        }
    }
    let (norm, flux_norm) = (f64::sqrt(squares), f64::sqrt(flux));
    if norm > DENORMAL {
        top = larger(top, norm / flux_norm);
    }
    Change {
        norm,
        flux_norm,
        largest: top,
    }
}

/// The number held against the tolerance, for the largest relative change and the ratio of changes
/// as far as it is known.
pub(crate) fn error(criterion: StoppingCriterion, change: f64, rho: Option<f64>) -> f64 {
    match (criterion, rho) {
        (StoppingCriterion::Change, _) => change,
        // Changes as small as rounding have no ratio.
        _ if change <= ROUNDING || change.is_nan() => change,
        (StoppingCriterion::Error, Some(rho)) if rho < 1.0 => change * rho / (1.0 - rho),
        (StoppingCriterion::Error, _) => f64::INFINITY,
    }
}

/// As [`error`], where rho is a guess or one ratio alone: no less than the change itself.
pub(crate) fn cautious_error(criterion: StoppingCriterion, change: f64, rho: Option<f64>) -> f64 {
    error(criterion, change, rho.map(|rho| rho.max(0.5)))
}

/// The larger of two numbers; not a number where one of them is none.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

/// The largest of some numbers that are not negative; not a number where one of them is none.
pub(crate) fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boundary::Boundary;
    use crate::material::CrossSections;
    use crate::mesh::{Geometry, Mesh};
    use crate::ordinates::Ordinates;
    use crate::params::Scheme;
    use crate::quadrature::gauss_legendre;

    fn cells(count: usize) -> Discretization {
        Discretization::new(
            Mesh::uniform(Geometry::Slab, 0.0, 1.0, count),
            vec![CrossSections::one_group(1.0, 0.5)],
            Ordinates::legendre(&gauss_legendre(2), 0),
            Scheme::LinearDiscontinuous,
            [Boundary::Vacuum, Boundary::Vacuum],
        )
        .unwrap()
    }

    #[test]
    fn what_is_no_number_is_not_dropped() {
        assert!(largest([1.0, f64::NAN, 2.0]).is_nan());
        assert!(largest([f64::NAN, 2.0]).is_nan());
        assert_eq!(largest([1.0, 3.0, 2.0]), 3.0);
        let disc = cells(2);
        let new = [1.0, 0.0, f64::NAN, 0.0];
        let change = difference(&disc, ErrorScale::Cell, &new, &[1.0; 4]);
        assert!(change.largest.is_nan());
        assert!(error(StoppingCriterion::Error, change.largest, None).is_nan());
    }

    #[test]
    fn a_change_that_averages_to_zero_counts() {
        let disc = cells(2);
        let change = difference(&disc, ErrorScale::Cell, &[0.0, 1.0, 0.0, -1.0], &[0.0; 4]);
        assert_eq!(change.largest, 1.0);
    }

    #[test]
    fn rounding_about_a_zero_is_no_change_and_a_small_flux_behind_a_shield_is_one() {
        let disc = cells(3);
        let flux = |a: f64, b: f64, c: f64| [a, 0.0, b, 0.0, c, 0.0];
        let of =
            |new: [f64; 6], old: [f64; 6]| difference(&disc, ErrorScale::Cell, &new, &old).largest;
        assert!(of(flux(-1.0, 1e-17, 1.0), flux(-1.0, -2e-17, 1.0)) < 1e-15);
        assert!((of(flux(1.0, 1e-20, 1e-20), flux(1.0, 2e-20, 1e-20)) - 1.0).abs() < 1e-12);
        assert!(of(flux(1.0, 0.0, 1.0), flux(1.0, 5e-324, 1.0)) < 1e-15);
    }
}
