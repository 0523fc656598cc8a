//! The steady problem that one implicit step solves.
//!
//! A backward Euler step of size tau from the history H turns the time derivative into absorption,
//!
//! ```text
//! Omega . grad psi + (sigma_t + 1/(v tau)) psi = S psi + F* psi + q* + H/(v tau)
//! F* = ((1 - beta) chi_p + sum_j beta_j lambda_j tau/(1 + lambda_j tau) chi_d,j) nu sigma_f
//! ```
//!
//! F* comes from the precursors being eliminated: C_j = (H_j + tau beta_j F psi)/(1 + lambda_j tau).
//! Fission is isotropic, as is the scattering of order 0: F* is added to it, and the iteration on
//! the scattering, with its acceleration, takes care of both.

use crate::discretization::{Discretization, TransportError};
use crate::eigenvalue::existence::is_subcritical;
use crate::fixed_source::FixedSource;
use crate::material::CrossSections;
use crate::params::DiscreteOrdinatesParams;

/// Systems kept: the full step, the one cut to land on an output time, and those after them.
const KEPT: usize = 4;

/// A step's discretization and the solver for it.
pub(super) struct System {
    tau: f64,
    pub(super) disc: Discretization,
    pub(super) solver: FixedSource,
    /// Whether sources that are nowhere negative have an answer that is nowhere negative: not
    /// where the medium grows faster than the step, a tau > 1.
    pub(super) positive: bool,
}

/// The systems made last, the newest first.
#[derive(Default)]
pub(super) struct Systems(Vec<System>);

impl Systems {
    /// The system for `tau`; made where it is not kept.
    ///
    /// # Errors
    /// [`TransportError`] where the parts do not fit.
    pub(super) fn of(
        &mut self,
        disc: &Discretization,
        params: &DiscreteOrdinatesParams,
        tau: f64,
    ) -> Result<&mut System, TransportError> {
        match self.0.iter().position(|s| s.tau == tau) {
            Some(place) => self.0[..=place].rotate_right(1),
            None => {
                let materials = disc.materials().iter().map(|m| implicit(m, tau)).collect();
                let disc = Discretization::new(
                    disc.mesh().clone(),
                    materials,
                    disc.ordinates().clone(),
                    disc.scheme(),
                    disc.boundaries().clone(),
                )?;
                let solver = FixedSource::new(&disc, params);
                self.0.truncate(KEPT - 1);
                let positive = is_subcritical(&disc, params);
                let system = System {
                    tau,
                    disc,
                    solver,
                    positive,
                };
                self.0.insert(0, system);
            }
        }
        Ok(&mut self.0[0])
    }
}

/// The material of a step of size `tau`: without fission, which is among the scattering.
fn implicit(material: &CrossSections, tau: f64) -> CrossSections {
    let mut m = material.clone();
    let groups = m.groups();
    for (total, v) in m.total.iter_mut().zip(&m.velocity) {
        *total += 1.0 / (v * tau);
    }
    if material.is_fissile() {
        if m.scattering.is_empty() {
            m.scattering.push(vec![0.0; groups * groups]);
        }
        let prompt = 1.0 - material.delayed.iter().map(|d| d.fraction).sum::<f64>();
        for to in 0..groups {
            let mut chi = prompt * material.chi[to];
            for family in &material.delayed {
                let waits = family.decay * tau;
                chi += family.fraction * waits / (1.0 + waits) * family.chi[to];
            }
            for from in 0..groups {
                m.scattering[0][from * groups + to] += chi * material.nu_fission[from];
            }
        }
    }
    m.nu_fission.fill(0.0);
    m.fission.fill(0.0);
    m.delayed.clear();
    m
}
