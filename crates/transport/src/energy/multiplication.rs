//! Media that multiply: fission as scattering, and whether a source in them has an answer.
//!
//! In a problem with a fixed source fission is one more way from group to group,
//!
//! ```text
//! S_g'g  ->  S_g'g + chi_g nu sigma_f,g'      (moment 0)
//! ```
//!
//! and everything that treats scattering treats it. The answer exists while the medium is
//! subcritical. In an infinite medium that can be told beforehand: the spectral radius of T^-1 S,
//! with the totals T and the effective transfer S, must be below 1. In a finite one the leakage
//! decides: a supercritical one makes the Gauss-Seidel iteration diverge, and Krylov methods find
//! a flux that is negative somewhere ([`check_positive`]).

use std::collections::HashMap;

use crate::discretization::{Discretization, TransportError};
use crate::flux::Moments;
use crate::material::CrossSections;

/// The problem whose scattering includes fission, and that has no fission besides.
///
/// # Errors
/// Those of [`check_solvable`].
pub fn multiplying(disc: &Discretization) -> Result<Discretization, TransportError> {
    let disc = if disc.used_materials().any(CrossSections::is_fissile) {
        // A factor on the scattering of a cell does not apply to its fission: each pair of
        // material and factor becomes a material of its own.
        let mut mesh = disc.mesh().clone();
        let mut numbers = HashMap::new();
        let mut materials = Vec::new();
        for cell in 0..mesh.len() {
            let factor = mesh.scattering_factor(cell);
            let key = (mesh.material[cell], factor.to_bits());
            let number = *numbers.entry(key).or_insert_with(|| {
                materials.push(effective(disc.material(cell), factor));
                materials.len() as u32 - 1
            });
            mesh.material[cell] = number;
        }
        mesh.scattering_factor.clear();
        Discretization::new(
            mesh,
            materials,
            disc.ordinates().clone(),
            disc.scheme(),
            disc.boundaries().clone(),
        )?
    } else {
        disc.clone()
    };
    check_solvable(&disc)?;
    Ok(disc)
}

/// A material whose scattering, times `factor`, includes its fission.
fn effective(m: &CrossSections, factor: f64) -> CrossSections {
    let groups = m.groups();
    let mut m = m.clone();
    for sigma in m.scattering.iter_mut().flatten() {
        *sigma *= factor;
    }
    if m.scattering.is_empty() {
        m.scattering.push(vec![0.0; groups * groups]);
    }
    for from in 0..groups {
        for to in 0..groups {
            m.scattering[0][from * groups + to] += m.chi[to] * m.nu_fission[from];
        }
    }
    m.nu_fission.fill(0.0);
    m.delayed.clear();
    m
}

/// Whether a problem with a fixed source can have a bounded answer, as far as it can be told from
/// the materials. Fission counts only where [`multiplying`] has made it scattering.
///
/// # Errors
/// [`TransportError::Unsolvable`] where nothing leaves and no material absorbs more than it makes.
pub fn check_solvable(disc: &Discretization) -> Result<(), TransportError> {
    if disc.boundaries().iter().any(|b| b.albedo() < 1.0) {
        return Ok(());
    }
    let mesh = disc.mesh();
    let gains = (0..mesh.len()).all(|cell| {
        let factor = mesh.scattering_factor(cell);
        multiplication(disc.material(cell), factor) >= 1.0 - 1e-12
    });
    if gains {
        return Err(TransportError::Unsolvable(
            "nothing leaves this problem, and its materials make as many particles as they absorb: \
             no steady flux belongs to a source in it. Let particles leave at a boundary, add \
             absorption, or solve for the eigenvalue k"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Spectral radius of T^-1 S: particles that come out of a collision for each that goes in, in the
/// spectrum that multiplies most. 1 for a void, which loses nothing.
fn multiplication(m: &CrossSections, factor: f64) -> f64 {
    let groups = m.groups();
    if m.total.contains(&0.0) {
        return 1.0;
    }
    let matrix = faer::Mat::from_fn(groups, groups, |to, from| {
        factor * m.scatter(0, from, to) / m.total[to]
    });
    matrix.eigenvalues().map_or(1.0, |values| {
        values.iter().fold(0.0, |r: f64, v| r.max(v.norm()))
    })
}

/// Whether a flux found for a source that is nowhere negative is nowhere negative beyond what the
/// scheme may do, that is whether the medium is subcritical.
///
/// # Errors
/// [`TransportError::Unsolvable`] where the total flux of a group is negative.
pub fn check_positive(disc: &Discretization, flux: &Moments) -> Result<(), TransportError> {
    for g in 0..flux.groups() {
        let total: f64 = (flux.averages(g).enumerate())
            .map(|(cell, phi)| disc.mesh().volume(cell) * phi)
            .sum();
        if total < 0.0 || total.is_nan() {
            return Err(TransportError::Unsolvable(format!(
                "the flux of group {} is negative: the medium is supercritical, and no steady \
                 flux belongs to a source in it. Solve for the eigenvalue k",
                g + 1
            )));
        }
    }
    Ok(())
}
