//! A start from the critical state.
//!
//! ```text
//! L psi = S psi + (1/k) chi F psi,     chi = (1 - beta) chi_p + sum_j beta_j chi_d,j
//! nu sigma_f -> nu sigma_f/k,          C_j = beta_j F psi/lambda_j
//! ```
//!
//! 1. The fundamental mode and k of the medium with the spectrum of all fission particles, delayed
//!    ones included.
//! 2. All production cross sections are divided by k: the medium is critical from then on.
//! 3. The angular flux of the mode, from one more sweep, scaled to a population; precursors in
//!    equilibrium with it.
//!
//! Without a source that state does not change: its steps solve for the flux that is already there.
//! That holds to 1e-13 over 20 steps in slabs with diamond difference and the finite elements.
//!
//! Bad at: characteristic schemes, and curved geometry, where time steps have another steady flux by
//! the error of mesh or angle: in cells of 0.3 to 0.7 mean free paths and 20 steps the flux moves
//! by 2e-2 (step characteristic), 5e-4 (linear characteristic), 4e-4 (a sphere).

use pdesolve_core::{Control, Iterate};

use super::{TransientTransport, balance, system::Systems};
use crate::discretization::{Discretization, TransportError};
use crate::eigenvalue::{self, EigenvalueReport};
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::material::CrossSections;

impl TransientTransport {
    /// Makes the medium critical, by dividing its production by k, and starts from the fundamental
    /// mode with `population` particles (sum_g (1/v_g) int phi_g, per cm^2 in a slab) and the
    /// precursors in equilibrium with it. The report has the k of the medium as it was given.
    /// `observer` hears of each iteration of the search; the mode is sought a hundred times more
    /// accurately than steps are solved.
    ///
    /// # Errors
    /// [`TransportError`]: those of [`eigenvalue::solve`], and where it does not converge;
    /// the state is then as it was, unless the observer interrupts.
    pub fn start_critical(
        &mut self,
        population: f64,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<EigenvalueReport, TransportError> {
        let steady = with_materials(&self.disc, |m| m.chi = all_particles(m))?;
        let mut params = self.params.clone();
        params.tolerance = (0.01 * params.tolerance).max(1e-13);
        let mut flux = steady.zeros();
        let report = eigenvalue::solve(&steady, &params, &mut flux, observer)?;
        if !report.converged {
            return Err(TransportError::Unsolvable(format!(
                "the critical state was not found: after {} iterations the error of k is {:.2e}",
                report.outer_iterations, report.error
            )));
        }
        let scale = population / balance::population(&steady, &flux);
        flux.values.iter_mut().for_each(|phi| *phi *= scale);
        let critical = with_materials(&self.disc, |m| {
            m.nu_fission.iter_mut().for_each(|nu| *nu /= report.k);
        })?;
        let mut density = steady.zeros();
        let dofs = steady.dofs();
        for i in 0..steady.mesh().len() * dofs {
            let fission = super::fission(critical.material(i / dofs), &flux, i);
            for g in 0..steady.groups() {
                density.group_mut(g)[i] = steady.material(i / dofs).chi[g] * fission;
            }
        }
        let source = SourceTerms::new(&density);
        let mut solver = FixedSource::new(&steady, &params);
        for g in 0..steady.groups() {
            let psi = &mut self.now.psi[g];
            solver.final_sweep(&steady, g, &source, &flux, Some(psi), None);
        }
        self.disc = critical;
        self.systems = Systems::default();
        self.begin();
        self.set_equilibrium_precursors();
        Ok(report)
    }
}

/// The problem with changed materials.
fn with_materials(
    disc: &Discretization,
    mut change: impl FnMut(&mut CrossSections),
) -> Result<Discretization, TransportError> {
    let mut materials = disc.materials().to_vec();
    materials.iter_mut().for_each(&mut change);
    Discretization::new(
        disc.mesh().clone(),
        materials,
        disc.ordinates().clone(),
        disc.scheme(),
        disc.boundaries().clone(),
    )
}

/// The spectrum of prompt and delayed particles together.
fn all_particles(m: &CrossSections) -> Vec<f64> {
    let prompt = 1.0 - m.delayed.iter().map(|d| d.fraction).sum::<f64>();
    (m.chi.iter().enumerate())
        .map(|(g, chi)| {
            let delayed = m.delayed.iter().map(|d| d.fraction * d.chi[g]);
            prompt * chi + delayed.sum::<f64>()
        })
        .collect()
}
