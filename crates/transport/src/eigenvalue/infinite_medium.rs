//! The multiplication factor of an infinite medium.
//!
//! ```text
//! (T - S) phi = chi (nu sigma_f . phi) / k
//! ```
//!
//! Fission has one spectrum chi, so that the right-hand side is chi up to a factor:
//! phi = (T - S)^-1 chi, and k = nu sigma_f . phi, without iteration.

use faer::Mat;
use faer::linalg::solvers::Solve;

use crate::discretization::TransportError;
use crate::material::CrossSections;

/// k of an infinite medium, and its spectrum: the scalar flux of each group, that of the first
/// fission particle, scaled so that the largest is 1.
///
/// # Errors
/// [`TransportError::Unsolvable`] where the material is not fissile, or scatters more than it
/// removes.
pub fn k_infinity(material: &CrossSections) -> Result<(f64, Vec<f64>), TransportError> {
    if !material.is_fissile() {
        return Err(TransportError::Unsolvable(
            "the material is not fissile: it has no multiplication factor".to_owned(),
        ));
    }
    let groups = material.groups();
    let removal = Mat::from_fn(groups, groups, |to, from| {
        let total = if to == from { material.total[to] } else { 0.0 };
        total - material.scatter(0, from, to)
    });
    let chi = Mat::from_fn(groups, 1, |g, _| material.chi[g]);
    let phi = removal.partial_piv_lu().solve(&chi);
    let mut spectrum: Vec<f64> = (0..groups).map(|g| phi[(g, 0)]).collect();
    let k: f64 = (spectrum.iter().zip(&material.nu_fission))
        .map(|(phi, nu)| phi * nu)
        .sum();
    let largest = spectrum.iter().fold(0.0, |a: f64, &b| a.max(b));
    // In a group that gains by scattering the flux of a source grows without bound.
    if !k.is_finite() || spectrum.iter().any(|&phi| phi < -1e-12 * largest) {
        return Err(TransportError::Unsolvable(
            "the material scatters more than it removes: an infinite medium of it has no steady flux"
                .to_owned(),
        ));
    }
    spectrum.iter_mut().for_each(|phi| *phi /= largest);
    Ok((k, spectrum))
}
