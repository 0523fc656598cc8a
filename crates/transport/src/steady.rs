//! Steady transport problems as a run driver sees them: one solve, then balances and edits.
//!
//! In an adjoint problem the sources are detector responses; the flux is the importance, found
//! from a forward problem with transposed transfer ([`adjoint`](crate::adjoint)). Its balances are
//! those of that forward problem.

use pdesolve_core::{
    Control, FieldSpec, Iterate, Outcome, RestoreError, SolveFault, State, Stationary,
};

use crate::adjoint::{adjoint, reflect};
use crate::balance::{Balance, BalanceTerms, final_flows, fission_density};
use crate::boundary::Boundary;
use crate::discretization::{Discretization, TransportError};
use crate::edits::{current_at, flux_at, reaction_rates, region_averages};
use crate::eigenvalue;
use crate::energy::{check_solvable, check_subcritical, multiplying};
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::params::{
    Acceleration, DiscreteOrdinatesParams, EigenvalueAcceleration, EigenvalueMethod,
    EnergyIteration, Iteration, Scheme,
};
use crate::problem::EditParams;
use crate::ray::{angular_flux, emission};
use crate::stopping::{larger, largest};
use crate::sweep::BoundaryFlux;

/// A fixed-source or eigenvalue problem with its flux.
pub struct SteadyTransport {
    /// The problem as it was given; its fission is fission.
    disc: Discretization,
    params: DiscreteOrdinatesParams,
    /// Source density of the problem that is solved.
    density: Moments,
    /// Flux of the problem that is solved.
    flux: Moments,
    regions: Vec<String>,
    edits: Vec<EditParams>,
    eigenvalue: bool,
    adjoint: bool,
    /// Values of the quantities; not a number before the solve.
    values: Vec<f64>,
}

/// What the solve found besides the flux.
#[derive(Default)]
struct Found {
    k: f64,
    dominance_ratio: Option<f64>,
    outer_iterations: usize,
    iterations: usize,
    sweeps: usize,
    spectral_radius: Option<f64>,
    predicted: Option<f64>,
    converged: bool,
    interrupted: bool,
    diverged: bool,
    stagnated: bool,
    error: f64,
    method: String,
}

impl SteadyTransport {
    /// A problem with the given source density (none in an eigenvalue problem), names of regions
    /// and edits.
    ///
    /// # Errors
    /// [`TransportError`] where no steady flux exists, the method does not fit the problem, or an
    /// edit cannot be made.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        disc: Discretization,
        params: &DiscreteOrdinatesParams,
        density: Moments,
        regions: &[String],
        edits: &[EditParams],
        eigenvalue: bool,
        adjoint_mode: bool,
    ) -> Result<Self, TransportError> {
        if !eigenvalue {
            // Whether there is a steady flux is told by the medium in which fission scatters.
            check_solvable(&multiplying(&disc)?)?;
        }
        check_method(&disc, params, eigenvalue, adjoint_mode)?;
        let forward_only = |e: &EditParams| {
            matches!(
                e,
                EditParams::Current { .. } | EditParams::AngularFlux { .. }
            )
        };
        if let Some(edit) = edits.iter().find(|e| adjoint_mode && forward_only(e)) {
            return Err(TransportError::Unsupported(format!(
                "the edit `{}` speaks of particles, and the adjoint flux is not made of them",
                edit.name()
            )));
        }
        let (disc, density) = if adjoint_mode {
            (adjoint(&disc)?, reflect(&disc, &density))
        } else {
            (disc, density)
        };
        let mut made = Self {
            flux: disc.zeros(),
            params: params.clone(),
            density,
            regions: regions.to_vec(),
            edits: edits.to_vec(),
            eigenvalue,
            adjoint: adjoint_mode,
            values: Vec::new(),
            disc,
        };
        made.values = vec![f64::NAN; made.quantity_names().len()];
        made.check_edits()?;
        Ok(made)
    }

    /// Makes all edits once of a flux of ones: what cannot be made is known before the solve.
    fn check_edits(&self) -> Result<(), TransportError> {
        let mut flux = self.disc.zeros();
        flux.values.fill(1.0);
        let currents = vec![vec![0.0; self.disc.mesh().edges.len()]; self.disc.groups()];
        let boundary: Vec<BoundaryFlux> = (0..self.disc.groups())
            .map(|g| {
                let [lower, upper] = self.disc.boundaries().clone().map(|b| match b {
                    Boundary::Incident(given) => given[g].clone(),
                    _ => vec![0.0; self.disc.ordinates().len()],
                });
                BoundaryFlux { lower, upper }
            })
            .collect();
        for edit in &self.edits {
            self.edit(edit, &flux, 1.0, &currents, &boundary)?;
        }
        Ok(())
    }

    /// Flux moments: of an adjoint problem the importance, in the order of the given groups.
    pub fn flux(&self) -> Moments {
        if self.adjoint {
            reflect(&self.disc, &self.flux)
        } else {
            self.flux.clone()
        }
    }

    /// The group of the solved problem that a group of the given one is.
    fn solved_group(&self, group: usize) -> usize {
        if self.adjoint {
            self.disc.groups() - 1 - group
        } else {
            group
        }
    }

    /// Names of a quantity for each region and group.
    fn each_region(&self, name: &str, first_group: usize, names: &mut Vec<String>) {
        let groups = self.disc.groups();
        for region in &self.regions {
            if groups == 1 {
                names.push(format!("{name}({region})"));
            } else {
                names.extend((first_group..groups).map(|g| format!("{name}({region},g{})", g + 1)));
            }
        }
    }

    fn has_spectrum(&self) -> bool {
        self.eigenvalue && self.disc.groups() > 1
    }

    fn fixed_source(
        &mut self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Found, TransportError> {
        let medium = multiplying(&self.disc)?;
        check_subcritical(&medium)?;
        let mut solver = FixedSource::new(&medium, &self.params);
        let source = SourceTerms::new(&self.density);
        let report = solver.solve_observed(&medium, &source, &mut self.flux, observer);
        let found = Found {
            outer_iterations: report.iterations,
            iterations: report.inner_iterations,
            sweeps: report.sweeps,
            spectral_radius: largest_known(report.groups.iter().map(|g| g.spectral_radius)),
            predicted: largest_known(report.groups.iter().map(|g| g.predicted_spectral_radius)),
            converged: report.converged,
            interrupted: report.interrupted,
            diverged: report.groups.iter().any(|g| g.diverged),
            stagnated: report.groups.iter().any(|g| g.stagnated),
            error: largest((report.groups.iter().map(|g| g.error)).chain([report.error])),
            method: within_group_method(&self.params, report.groups.iter().any(|g| g.krylov)),
            ..Found::default()
        };
        let (currents, boundary) = final_flows(&mut solver, &medium, &source, &self.flux);
        self.measure(&found, 1.0, &currents, &boundary)?;
        Ok(found)
    }

    fn multiplication(
        &mut self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Found, TransportError> {
        let report = eigenvalue::solve(&self.disc, &self.params, &mut self.flux, observer)?;
        let found = Found {
            k: report.k,
            dominance_ratio: report.dominance_ratio,
            outer_iterations: report.outer_iterations,
            iterations: report.outer_iterations,
            sweeps: report.sweeps,
            converged: report.converged,
            interrupted: report.interrupted,
            error: report.error,
            method: match self.params.eigenvalue {
                EigenvalueMethod::Power => "power iteration".to_owned(),
                EigenvalueMethod::Arnoldi => "Krylov-Schur".to_owned(),
            },
            ..Found::default()
        };
        // The last sweeps see the fission source of the mode as a given one.
        let density = fission_density(&self.disc, 1.0 / report.k, &self.flux);
        let source = SourceTerms::new(&density);
        let mut solver = FixedSource::new(&self.disc, &self.params);
        let (currents, boundary) = final_flows(&mut solver, &self.disc, &source, &self.flux);
        self.measure(&found, 1.0 / report.k, &currents, &boundary)?;
        Ok(found)
    }

    /// Fills in the quantities.
    fn measure(
        &mut self,
        found: &Found,
        fission_scale: f64,
        currents: &[Vec<f64>],
        boundary: &[BoundaryFlux],
    ) -> Result<(), TransportError> {
        let source = SourceTerms::new(&self.density);
        let balance = Balance::compute(
            &self.disc,
            &source,
            fission_scale,
            &self.flux,
            currents,
            boundary,
        );
        let total = balance.total();
        let mut values = Vec::with_capacity(self.values.len());
        if self.eigenvalue {
            values.extend([found.k, found.dominance_ratio.unwrap_or(f64::NAN)]);
        }
        let net =
            |flows: &[crate::balance::BoundaryFlow]| flows.iter().map(|f| f.net()).sum::<f64>();
        values.extend([
            balance.residual(),
            found.iterations as f64,
            found.outer_iterations as f64,
            found.sweeps as f64,
        ]);
        if !self.eigenvalue {
            values.push(found.spectral_radius.unwrap_or(f64::NAN));
            values.push(found.predicted.unwrap_or(f64::NAN));
        }
        values.extend([
            balance.production,
            total.absorption,
            net(&balance.lower),
            net(&balance.upper),
        ]);
        let groups: Vec<usize> = (0..self.disc.groups())
            .map(|g| self.solved_group(g))
            .collect();
        let averages = region_averages(&self.disc, &self.flux);
        for region in &averages {
            values.extend(groups.iter().map(|&g| region[g]));
        }
        if self.has_spectrum() {
            for region in &averages {
                values.extend(groups[1..].iter().map(|&g| region[g] / region[groups[0]]));
            }
        }
        for (_, term) in TERMS {
            for region in &balance.regions {
                values.extend(groups.iter().map(|&g| term(&region[g])));
            }
        }
        for edit in &self.edits {
            values.push(self.edit(edit, &self.flux, fission_scale, currents, boundary)?);
        }
        self.values = values;
        Ok(())
    }

    fn edit(
        &self,
        edit: &EditParams,
        solution: &Moments,
        fission_scale: f64,
        currents: &[Vec<f64>],
        boundary: &[BoundaryFlux],
    ) -> Result<f64, TransportError> {
        let groups = match edit.group() {
            Some(group) => {
                let group = self.solved_group(group - 1);
                group..group + 1
            }
            None => 0..self.disc.groups(),
        };
        let flux = |x: f64| -> f64 {
            (groups.clone())
                .map(|g| flux_at(&self.disc, solution, g, 0, x).unwrap_or(f64::NAN))
                .sum()
        };
        Ok(match edit {
            EditParams::Flux { x, .. } => flux(*x),
            EditParams::FluxRatio { x, to, .. } => flux(*x) / flux(*to),
            EditParams::Current { x, .. } => (groups.clone())
                .map(|g| current_at(&self.disc, &currents[g], *x).unwrap_or(f64::NAN))
                .sum(),
            EditParams::AngularFlux { x, mu, .. } => {
                let source = SourceTerms::new(&self.density);
                let mut sum = 0.0;
                for g in groups {
                    let scale = if self.has_fission() {
                        fission_scale
                    } else {
                        0.0
                    };
                    let density = emission(&self.disc, g, &source, scale, solution)?;
                    sum += angular_flux(&self.disc, g, &density, &boundary[g], *x, *mu, 0.0)?;
                }
                sum
            }
            EditParams::ReactionRate {
                reaction, region, ..
            } => {
                let rates = reaction_rates(&self.disc, solution, *reaction);
                let wanted = |r: usize| region.as_ref().is_none_or(|name| self.regions[r] == *name);
                (rates.iter().enumerate())
                    .filter(|(r, _)| wanted(*r))
                    .map(|(_, by_group)| by_group[groups.clone()].iter().sum::<f64>())
                    .sum()
            }
        })
    }

    /// The outcome of a solve that was stopped before it began.
    fn interrupted(&self) -> Outcome {
        Outcome {
            converged: false,
            interrupted: true,
            status: "interrupted".to_owned(),
            advice: String::new(),
            method: within_group_method(&self.params, false),
            iterations: 0,
            relative_residual: 1.0,
        }
    }

    fn has_fission(&self) -> bool {
        self.disc.materials().iter().any(|m| m.is_fissile())
    }
}

/// Whether the method fits the problem.
fn check_method(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
    eigenvalue: bool,
    adjoint: bool,
) -> Result<(), TransportError> {
    let refuse = |text: &str| Err(TransportError::Unsupported(text.to_owned()));
    if disc.scheme() == Scheme::DiamondDifferenceFixup {
        if matches!(params.iteration, Iteration::Gmres | Iteration::Bicgstab) {
            return refuse(
                "a fix-up is not linear, and Krylov methods need a linear sweep: use `iteration = \
                 \"source_iteration\"` with diamond_difference_fixup, or another scheme",
            );
        }
        if params.energy == EnergyIteration::Krylov {
            return refuse(
                "a fix-up is not linear, and Krylov methods need a linear sweep: use `energy = \
                 \"gauss_seidel\"` with diamond_difference_fixup, or another scheme",
            );
        }
        if adjoint {
            return refuse(
                "a fix-up is not linear and has no adjoint: use diamond_difference or another \
                 scheme in adjoint problems",
            );
        }
    }
    let accelerated = params.eigenvalue == EigenvalueMethod::Power
        && params.eigenvalue_acceleration != EigenvalueAcceleration::None;
    if eigenvalue && accelerated && disc.boundaries().contains(&Boundary::Periodic) {
        return refuse(
            "the accelerations of the eigenvalue iteration know no periodic slab: use power \
             iteration without them, or arnoldi",
        );
    }
    Ok(())
}

/// A term of the balance.
type Term = fn(&BalanceTerms) -> f64;

/// Terms of the balance by region and group.
const TERMS: [(&str, Term); 7] = [
    ("external", |t| t.external),
    ("in_scatter", |t| t.in_scatter),
    ("fission", |t| t.fission),
    ("absorption", |t| t.absorption),
    ("out_scatter", |t| t.out_scatter),
    ("outflow", |t| t.outflow),
    ("net", BalanceTerms::residual),
];

fn largest_known(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().reduce(larger)
}

fn within_group_method(params: &DiscreteOrdinatesParams, krylov: bool) -> String {
    let accelerated = match params.acceleration {
        Acceleration::None => "",
        Acceleration::Consistent => " with consistent DSA",
        Acceleration::InteriorPenalty { .. } => " with interior-penalty DSA",
    };
    let method = match (params.iteration, krylov) {
        (Iteration::Gmres, _) => "GMRES",
        (Iteration::Bicgstab, _) => "BiCGStab",
        (Iteration::Auto, true) => "source iteration, then GMRES,",
        (Iteration::Auto | Iteration::SourceIteration, _) => "source iteration",
    };
    format!("{method}{accelerated}")
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
        let units = if self.adjoint { "" } else { "1/(cm^2 s)" };
        flux_names(self.disc.groups())
            .into_iter()
            .map(|name| FieldSpec {
                name,
                units: units.to_owned(),
            })
            .collect()
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        let averages = self.flux.averages(self.solved_group(field));
        for (out, phi) in out.iter_mut().zip(averages) {
            *out = phi;
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        if self.eigenvalue {
            names.extend(["k_effective", "dominance_ratio"].map(str::to_owned));
        }
        names.extend(["balance", "iterations", "outer_iterations", "sweeps"].map(str::to_owned));
        if !self.eigenvalue {
            names.extend(["spectral_radius", "predicted_spectral_radius"].map(str::to_owned));
        }
        names.extend(
            [
                "production",
                "absorption",
                "leakage(left)",
                "leakage(right)",
            ]
            .map(str::to_owned),
        );
        self.each_region("flux", 0, &mut names);
        if self.has_spectrum() {
            self.each_region("spectrum", 1, &mut names);
        }
        for (term, _) in TERMS {
            self.each_region(term, 0, &mut names);
        }
        names.extend(self.edits.iter().map(|edit| edit.name().to_owned()));
        names
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        out.extend(&self.values);
    }

    fn solve(
        &mut self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> Result<Outcome, SolveFault> {
        // The error of a first guess is not known; that of a zero flux is all of it.
        let start = Iterate {
            index: 0,
            residual: 1.0,
            target: self.params.tolerance,
        };
        if observer(&start) == Control::Interrupt {
            return Ok(self.interrupted());
        }
        let found = if self.eigenvalue {
            self.multiplication(observer)
        } else {
            self.fixed_source(observer)
        };
        let found = found.map_err(|error| SolveFault {
            reason: error.to_string(),
        })?;
        let (status, advice) = if found.converged {
            ("converged", "")
        } else if found.interrupted {
            ("interrupted", "")
        } else if found.diverged {
            (
                "diverged",
                "try `iteration = \"gmres\"` or another acceleration",
            )
        } else if found.stagnated {
            (
                "stagnated: the flux changes by rounding errors only",
                "loosen `tolerance`: this problem does not allow the accuracy asked for",
            )
        } else {
            (
                "the allowed iterations were used up",
                "allow more of them, loosen `tolerance`, or choose another acceleration",
            )
        };
        Ok(Outcome {
            converged: found.converged,
            interrupted: found.interrupted,
            status: status.to_owned(),
            advice: advice.to_owned(),
            method: found.method,
            iterations: found.iterations,
            relative_residual: found.error,
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

#[cfg(test)]
mod tests;
