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
//! decides ([`check_subcritical`]): in a supercritical one iterations diverge, and Krylov methods find
//! a flux that solves the equations and means nothing.

use std::collections::HashMap;
use std::sync::Mutex;

use pdesolve_krylov::LinearOperator;
use pdesolve_krylov::eigen::{ArnoldiParams, Part, arnoldi};

use crate::discretization::{Discretization, TransportError};
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::params::Scheme;
use crate::sweep::{Sweep, SweepSource, Sweeper};

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
    if m.total.contains(&0.0) {
        return 1.0;
    }
    gain(m, factor)
}

/// As [`multiplication`], of the groups that collide.
fn gain(m: &CrossSections, factor: f64) -> f64 {
    let groups: Vec<usize> = (0..m.groups()).filter(|&g| m.total[g] > 0.0).collect();
    if groups.is_empty() {
        return 0.0;
    }
    let matrix = faer::Mat::from_fn(groups.len(), groups.len(), |to, from| {
        factor * m.scatter(0, groups[from], groups[to]) / m.total[groups[to]]
    });
    matrix.eigenvalues().map_or(1.0, |values| {
        values.iter().fold(0.0, |r: f64, v| r.max(v.norm()))
    })
}

/// Whether a medium with a cell that multiplies is subcritical.
///
/// Sweeps of all groups, each with the scattering of the flux before, are the operator A = L^-1 S.
/// Particles die out from one generation of collisions to the next where its eigenvalue furthest
/// to the right, which is the largest of a positive operator (Perron and Frobenius), is below 1.
/// It is found by the Krylov-Schur method, and only where some cell makes more particles than
/// collide in it: elsewhere the medium is subcritical. Fission counts only where [`multiplying`]
/// has made it scattering.
///
/// # Errors
/// [`TransportError::Unsolvable`] where the eigenvalue is not below 1.
pub fn check_subcritical(disc: &Discretization) -> Result<(), TransportError> {
    let mesh = disc.mesh();
    let mut known = HashMap::new();
    let multiplies = (0..mesh.len()).any(|cell| {
        let factor = mesh.scattering_factor(cell);
        *known
            .entry((mesh.material[cell], factor.to_bits()))
            .or_insert_with(|| gain(disc.material(cell), factor) > 1.0 + 1e-12)
    });
    if !multiplies {
        return Ok(());
    }
    let largest = collision_eigenvalue(disc)?;
    if largest < 1.0 {
        return Ok(());
    }
    Err(TransportError::Unsolvable(format!(
        "the medium is supercritical: each generation of collisions has {largest:.6} times the \
         particles of the one before, and no steady flux belongs to a source in it. Solve for the \
         eigenvalue k, or follow it in time"
    )))
}

/// Eigenvalue of L^-1 S furthest to the right; see [`check_subcritical`].
fn collision_eigenvalue(disc: &Discretization) -> Result<f64, TransportError> {
    let mut dark = disc.without_incident();
    if dark.scheme() == Scheme::DiamondDifferenceFixup {
        // The fix-up has no eigenvalues; it mends what is wrong with diamond difference.
        dark = Discretization::new(
            dark.mesh().clone(),
            dark.materials().to_vec(),
            dark.ordinates().clone(),
            Scheme::DiamondDifference,
            dark.boundaries().clone(),
        )?;
    }
    let collisions = Collisions {
        len: dark.groups() * dark.group_len(),
        work: Mutex::new(Work {
            sweepers: (0..dark.groups()).map(|g| Sweeper::new(&dark, g)).collect(),
            flux: dark.zeros(),
            emission: vec![0.0; dark.group_len()],
        }),
        disc: &dark,
    };
    let params = ArnoldiParams {
        count: 1,
        part: Part::LargestReal,
        subspace: 30,
        tolerance: 1e-7,
        max_restarts: 40,
        ..ArnoldiParams::default()
    };
    let pairs = arnoldi(&collisions, &params)
        .map_err(|e| TransportError::Unsolvable(format!("is the medium supercritical? {e}")))?;
    Ok(pairs.values[0].re)
}

/// Products with L^-1 S.
struct Collisions<'a> {
    disc: &'a Discretization,
    len: usize,
    work: Mutex<Work>,
}

struct Work {
    sweepers: Vec<Sweeper>,
    flux: Moments,
    emission: Vec<f64>,
}

impl LinearOperator<f64> for Collisions<'_> {
    fn nrows(&self) -> usize {
        self.len
    }

    fn ncols(&self) -> usize {
        self.len
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let mut work = self.work.lock().expect("a sweep does not panic");
        let Work {
            sweepers,
            flux,
            emission,
        } = &mut *work;
        flux.values.copy_from_slice(x);
        let n = self.disc.group_len();
        for (to, (y, sweeper)) in y.chunks_exact_mut(n).zip(sweepers).enumerate() {
            emission.fill(0.0);
            for from in 0..self.disc.groups() {
                self.disc
                    .add_scattering(from, to, flux.group(from), emission);
            }
            let source = SweepSource {
                emission,
                angular: None,
            };
            let out = Sweep {
                flux: y,
                angular: None,
                current: None,
            };
            sweeper.sweep(self.disc, &source, out);
        }
    }
}
