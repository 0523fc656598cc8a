//! The infinite medium: no leakage, so that the balance of the groups is a small linear system.
//!
//! ```text
//! sigma_t,g phi_g - sum_g' sigma_s,g'->g phi_g' = q_g + chi_g / k sum_g' nu sigma_f,g' phi_g'
//! ```
//!
//! The fission source has rank one. With phi = A^-1 chi, A the matrix of the left side, the
//! multiplication factor is k = sum_g nu sigma_f,g phi_g: one solve, no iteration. Any transport
//! method must give this in a closed box, whatever mesh and ordinates it uses.

use faer::Mat;
use faer::prelude::Solve;

use super::CrossSections;

/// Flux of an infinite medium of `material` with a source of `source[g]` particles per cm^3 and
/// s, without fission. Entries are not finite where nothing absorbs.
pub fn infinite_medium_flux(material: &CrossSections, source: &[f64]) -> Vec<f64> {
    let groups = material.groups();
    let a = Mat::from_fn(groups, groups, |to, from| {
        let collision = if to == from { material.total[to] } else { 0.0 };
        collision - material.scatter(0, from, to)
    });
    let q = Mat::from_fn(groups, 1, |g, _| source[g]);
    let phi = a.partial_piv_lu().solve(&q);
    (0..groups).map(|g| phi[(g, 0)]).collect()
}

/// Multiplication factor k of an infinite medium, and the flux for one fission particle.
///
/// 0 where there is no fission; not finite where nothing absorbs.
pub fn infinite_medium_k(material: &CrossSections) -> (f64, Vec<f64>) {
    let phi = infinite_medium_flux(material, &material.chi);
    let k = (material.nu_fission.iter().zip(&phi))
        .map(|(nf, phi)| nf * phi)
        .sum();
    (k, phi)
}
