//! Whether a problem has a multiplication factor at all, and whether a flux is a fundamental mode.
//!
//! k exists where the medium without fission is subcritical, that is where L - S has a positive
//! inverse, and where what fission makes can cause fission again:
//!
//! 1. A closed medium must absorb something ([`check_solvable`]).
//! 2. Where in no cell and group more comes out of a collision than goes in, L - S is an M-operator
//!    and nothing needs to be solved. Otherwise one problem with an even source is: a
//!    supercritical L - S answers with a flux that is negative somewhere, for with the importance
//!    w > 0 of its leading mode, (1 - rho) <w, phi> = <w, q> with rho > 1.
//! 3. Groups and their transfers are a graph. k > 0 needs a cycle in it that passes through a
//!    fission.
//!
//! Afterwards the mode must be of one sign. Schemes that are not positive make small negative
//! averages next to strong absorbers; higher modes are negative in a good part of the medium.
//! [`ALLOWED`] is between the two.
//!
//! Source: Varga, Matrix Iterative Analysis, 1962, chapter 3, for M-matrices.

use crate::discretization::{Discretization, TransportError};
use crate::energy::check_solvable;
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::params::{DiscreteOrdinatesParams, EigenvalueAcceleration, EigenvalueMethod};

/// Negative part of a flux that counts as none, relative to its absolute integral.
const ALLOWED: f64 = 1e-2;

/// Groups with less than this part of the flux hold rounding only.
const FAINT: f64 = 1e-10;

/// Accuracy of the flux whose sign is looked at.
const LOOSE: f64 = 1e-4;

/// Refuses what has no multiplication factor.
///
/// # Errors
/// Those of [`solve`](super::solve).
pub(super) fn check(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
) -> Result<(), TransportError> {
    let unsolvable = |reason: &str| Err(TransportError::Unsolvable(reason.to_owned()));
    if params.eigenvalue == EigenvalueMethod::Arnoldi
        && params.eigenvalue_acceleration != EigenvalueAcceleration::None
    {
        return Err(TransportError::Unsupported(
            "`eigenvalue_acceleration` accelerates power iteration and does nothing for \
             `eigenvalue = \"arnoldi\"`: leave out one of the two"
                .to_owned(),
        ));
    }
    let fissile = (0..disc.mesh().len()).any(|cell| {
        let m = disc.material(cell);
        m.is_fissile() && m.chi.iter().any(|&chi| chi > 0.0)
    });
    if !fissile {
        return unsolvable("nothing in this problem is fissile: there is no multiplication factor");
    }
    let given = |b: &crate::Boundary| matches!(b, crate::Boundary::Incident(_));
    if disc.boundaries().iter().any(given) {
        return Err(TransportError::Unsupported(
            "a flux is given at a boundary: the multiplication factor belongs to a problem \
             without sources"
                .to_owned(),
        ));
    }
    if !fission_sustains_itself(disc) {
        return Err(no_chain());
    }
    if check_solvable(disc).is_err() {
        return unsolvable(
            "nothing leaves this problem, and without fission its materials make as many particles \
             as they absorb: there is no multiplication factor. Let particles leave at a boundary, \
             or add absorption",
        );
    }
    if !is_subcritical(disc, params) {
        return Err(scattering_multiplies());
    }
    Ok(())
}

/// The fault of a fission chain that ends.
pub(super) fn no_chain() -> TransportError {
    TransportError::Unsolvable(
        "k is 0: particles made by fission never cause fission, for no fissile group is reached \
         from those that fission emits into (check `chi`, `nu_fission` and the scattering matrix)"
            .to_owned(),
    )
}

/// The fault of a medium that multiplies without fission.
pub(super) fn scattering_multiplies() -> TransportError {
    TransportError::Unsolvable(
        "the medium multiplies without fission: more particles come out of its scattering than \
         leave or are absorbed, and there is no multiplication factor (check that the scattering \
         does not exceed the total cross section)"
            .to_owned(),
    )
}

/// Whether some cycle of transfers between groups passes through a fission.
fn fission_sustains_itself(disc: &Discretization) -> bool {
    let groups = disc.groups();
    let mut used: Vec<u32> = disc.mesh().material.clone();
    used.sort_unstable();
    used.dedup();
    let materials = || used.iter().map(|&m| &disc.materials()[m as usize]);
    let breeds =
        |from: usize, to: usize| materials().any(|m| m.nu_fission[from] > 0.0 && m.chi[to] > 0.0);
    let scatters = |from: usize, to: usize| {
        materials().any(|m| (0..=m.order()).any(|l| m.scatter(l, from, to) != 0.0))
    };
    let next: Vec<Vec<usize>> = (0..groups)
        .map(|from| {
            (0..groups)
                .filter(|&to| from == to || breeds(from, to) || scatters(from, to))
                .collect()
        })
        .collect();
    (0..groups).any(|born| {
        let mut reached = vec![false; groups];
        let mut open = vec![born];
        while let Some(group) = open.pop() {
            if !std::mem::replace(&mut reached[group], true) {
                open.extend(next[group].iter().filter(|&&to| !reached[to]));
            }
        }
        (0..groups).any(|from| reached[from] && breeds(from, born))
    })
}

/// Whether L - S, of scattering alone, has a positive inverse.
pub(crate) fn is_subcritical(disc: &Discretization, params: &DiscreteOrdinatesParams) -> bool {
    let gains = (0..disc.mesh().len()).any(|cell| {
        let m = disc.material(cell);
        let factor = disc.mesh().scattering_factor(cell);
        (0..disc.groups()).any(|g| {
            let scattered: f64 = (0..disc.groups()).map(|to| m.scatter(0, g, to)).sum();
            factor * scattered > m.total[g] * (1.0 + 1e-9)
        })
    });
    if !gains {
        return true;
    }
    let mut solver = FixedSource::new(disc, params);
    solver.set_tolerance(params.tolerance.max(LOOSE));
    let mut density = disc.zeros();
    for g in 0..disc.groups() {
        let averages = disc.mesh().len() * disc.dofs();
        (density.group_mut(g)[..averages].iter_mut())
            .step_by(disc.dofs())
            .for_each(|q| *q = 1.0);
    }
    let mut dark = disc.clone();
    for side in [pdesolve_mesh::Side::Lower, pdesolve_mesh::Side::Upper] {
        if matches!(
            disc.boundaries()[side as usize],
            crate::Boundary::Incident(_)
        ) {
            dark.set_boundary(side, crate::Boundary::Vacuum);
        }
    }
    let mut flux = disc.zeros();
    let report = solver.solve(&dark, &SourceTerms::new(&density), &mut flux);
    let diverged = report.groups.iter().any(|g| g.diverged);
    !diverged && has_one_sign(disc, &flux)
}

/// Whether the flux of no group is negative beyond what a scheme may do.
pub(super) fn has_one_sign(disc: &Discretization, flux: &Moments) -> bool {
    let parts: Vec<[f64; 2]> = (0..disc.groups())
        .map(|g| {
            let mut sums = [0.0; 2];
            for (cell, phi) in flux.averages(g).enumerate() {
                let amount = disc.mesh().volume(cell) * phi;
                sums[0] += amount.abs();
                sums[1] += amount.min(0.0).abs();
            }
            sums
        })
        .collect();
    let all: f64 = parts.iter().map(|p| p[0]).sum();
    all.is_finite()
        && (parts.iter()).all(|&[size, negative]| size <= FAINT * all || negative <= ALLOWED * size)
}
