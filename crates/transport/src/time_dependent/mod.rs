//! Transport in time, with delayed particles, by implicit steps.
//!
//! ```text
//! (1/v_g) dpsi_g/dt + Omega . grad psi_g + sigma_t,g psi_g
//!     = S psi + (1 - beta) chi_p,g F psi + sum_j chi_d,jg lambda_j C_j + q_g(t)
//! dC_j/dt = beta_j F psi - lambda_j C_j              F psi = sum_g nu sigma_f,g phi_g
//! ```
//!
//! Each step of size h:
//!
//! 1. the integrator becomes one backward Euler step of size tau from a history H (`formula`);
//! 2. that is a fixed-source problem with the total cross section sigma_t + 1/(v tau), the source
//!    q(t*) + H/(v tau), and the precursors eliminated (`system`); it is solved as any other, with
//!    the same acceleration, from the flux at hand;
//! 3. one more sweep with the converged scattering source gives the angular flux that is kept, so
//!    that streaming, collision and storage balance to rounding, and the whole to the tolerance of
//!    the iteration (`balance`);
//! 4. precursors follow from the new fission rate; Crank-Nicolson goes from the middle to the end.
//!
//! Orders in time: backward Euler 1, Crank-Nicolson and BDF2 2. Backward Euler and BDF2 damp what
//! the step does not resolve; Crank-Nicolson keeps it, with alternating sign. A supercritical
//! medium that grows as exp(a t) needs steps with a tau < 1: others are refused, for their system has
//! no positive answer. [`TransientTransport::start_critical`] starts from a critical state.
//!
//! Bad at: a pulse in space seen by few ordinates, which stays a set of pulses ([`PlanePulse`] keeps
//! the uncollided flux apart); memory, for the angular flux is stored three times
//! (four with BDF2).
//!
//! Source: Lewis and Miller, Computational Methods of Neutron Transport, 1984, section 1.5.

mod balance;
mod critical;
mod formula;
mod plane_pulse;
mod simulation;
mod system;
#[cfg(test)]
mod tests;

use pdesolve_core::{Clock, FieldSpec};
use pdesolve_mesh::Side;

use crate::boundary::Boundary;
use crate::discretization::{Discretization, TransportError};
use crate::eigenvalue::larger;
use crate::fixed_source::SourceTerms;
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::params::{DiscreteOrdinatesParams, ErrorScale, TimeScheme};
use crate::steady::flux_names;
pub use balance::Rates;
use formula::Formula;
pub use plane_pulse::PlanePulse;
use system::Systems;

/// A source that depends on time: adds the moments of its density at time t to moments that are
/// zero. As in [`SourceTerms::density`], q particles per cm^3 and s are q in moment 0.
pub type TimeSource = Box<dyn Fn(f64, &mut Moments) + Send>;

/// Incident fluxes that depend on time: sets the angular flux `[group][ordinate]` at time t that
/// enters at a side whose boundary is [`Boundary::Incident`].
pub type TimeBoundary = Box<dyn Fn(f64, Side, &mut [Vec<f64>]) + Send>;

/// A transport problem advanced by implicit steps of fixed size.
pub struct TransientTransport {
    disc: Discretization,
    params: DiscreteOrdinatesParams,
    step: f64,
    systems: Systems,
    source: Option<TimeSource>,
    boundary: Option<TimeBoundary>,
    pulse: Option<PlanePulse>,
    fields: Vec<FieldSpec>,
    clock: Clock,
    steps: u64,
    /// Size of the last step; 0 where none was taken since the data were set.
    before: f64,
    now: Level,
    /// The level before; BDF2 only.
    older: Option<Level>,
    next: Level,
    /// H/(v tau): `[group][ordinate][cell][dof]`.
    angular: Vec<Vec<f64>>,
    /// q(t*) and the decay of the precursors at hand.
    density: Moments,
    /// Net current in the last sweep: `[group][edge]`.
    current: Vec<Vec<f64>>,
    rates: Rates,
    iterations: usize,
    sweeps: usize,
}

/// The state at one time.
#[derive(Clone, Debug)]
struct Level {
    /// Angular flux: `[group][ordinate][cell][dof]`.
    psi: Vec<Vec<f64>>,
    /// Its moments.
    flux: Moments,
    /// Density of precursors, 1/cm^3: `[family][cell][dof]`.
    precursors: Vec<Vec<f64>>,
}

impl Level {
    fn zeros(disc: &Discretization, families: usize) -> Self {
        let n = disc.mesh().len() * disc.dofs();
        Self {
            psi: vec![vec![0.0; disc.ordinates().len() * n]; disc.groups()],
            flux: disc.zeros(),
            precursors: vec![vec![0.0; n]; families],
        }
    }

    /// The flux moments of `psi`.
    fn take_moments(&mut self, disc: &Discretization) {
        let o = disc.ordinates();
        let n = disc.mesh().len() * disc.dofs();
        for (g, psi) in self.psi.iter().enumerate() {
            for (basis, flux) in o.basis.iter().zip(self.flux.group_mut(g).chunks_mut(n)) {
                flux.fill(0.0);
                for ((psi, w), b) in psi.chunks(n).zip(&o.weight).zip(basis) {
                    for (f, p) in flux.iter_mut().zip(psi) {
                        *f += w * b * p;
                    }
                }
            }
        }
    }

    /// self = reach self + (1 - reach) other, all but the moments.
    fn reach_beyond(&mut self, reach: f64, other: &Self) {
        let mine = self.psi.iter_mut().chain(&mut self.precursors);
        let theirs = other.psi.iter().chain(&other.precursors);
        for (mine, theirs) in mine.zip(theirs) {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a = reach * *a + (1.0 - reach) * b;
            }
        }
    }
}

impl TransientTransport {
    /// A problem in time without source, with zero flux at time `start`; steps are of size `step`,
    /// by `params.time_scheme`. `params.error_scale` is taken as [`ErrorScale::Group`].
    ///
    /// # Errors
    /// [`TransportError`] where a material has no speed for each group, a delayed spectrum of
    /// another length, or `step` is not positive.
    pub fn new(
        disc: Discretization,
        params: &DiscreteOrdinatesParams,
        start: f64,
        step: f64,
    ) -> Result<Self, TransportError> {
        check(&disc, start, step)?;
        let families = (disc.materials().iter().map(|m| m.delayed.len()))
            .max()
            .unwrap_or(0);
        let groups = disc.groups();
        let field = |name: String, units: &str| FieldSpec {
            name,
            units: units.to_owned(),
        };
        let mut fields: Vec<FieldSpec> = (flux_names(groups).into_iter())
            .map(|name| field(name, "1/(cm^2 s)"))
            .collect();
        fields.extend((1..=families).map(|j| match families {
            1 => field("precursors".to_owned(), "1/cm^3"),
            _ => field(format!("precursors_{j}"), "1/cm^3"),
        }));
        let level = Level::zeros(&disc, families);
        Ok(Self {
            step,
            systems: Systems::default(),
            source: None,
            boundary: None,
            pulse: None,
            fields,
            clock: Clock::new(start),
            steps: 0,
            before: 0.0,
            older: (params.time_scheme == TimeScheme::Bdf2).then(|| level.clone()),
            next: level.clone(),
            angular: level.psi.clone(),
            density: disc.zeros(),
            current: vec![vec![0.0; disc.mesh().edges.len()]; groups],
            now: level,
            rates: Rates::default(),
            iterations: 0,
            sweeps: 0,
            params: DiscreteOrdinatesParams {
                error_scale: ErrorScale::Group,
                ..params.clone()
            },
            disc,
        })
    }

    /// Sets the source; without one there is none.
    #[must_use]
    pub fn with_source(mut self, source: TimeSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets incident fluxes that depend on time; without them the incident fluxes of the
    /// discretization stay.
    #[must_use]
    pub fn with_boundary(mut self, boundary: TimeBoundary) -> Self {
        self.boundary = Some(boundary);
        self
    }

    /// Adds the pulse of a plane source at t = 0. Its uncollided flux is not among
    /// [`TransientTransport::flux`], which holds what has collided; fields and quantities of the
    /// simulation are of both together.
    ///
    /// # Errors
    /// [`TransportError`] unless the medium is homogeneous, of one group and isotropic scattering,
    /// nothing comes back from the ends (a mirror in the plane of the pulse aside), and time starts
    /// at 0.
    pub fn with_plane_pulse(mut self, pulse: PlanePulse) -> Result<Self, TransportError> {
        pulse.check(&self.disc, self.clock.time())?;
        self.pulse = Some(pulse);
        Ok(self)
    }

    /// Sets the angular flux by its moments, psi(n) = sum_m factor_m basis_mn phi_m: the scalar
    /// flux alone in moment 0 is an isotropic flux.
    ///
    /// # Panics
    /// Unless `flux` has the shape of the discretization's moments.
    pub fn set_flux(&mut self, flux: &Moments) {
        assert_eq!(flux.values.len(), self.now.flux.values.len());
        let o = self.disc.ordinates();
        let n = self.disc.mesh().len() * self.disc.dofs();
        for (g, psi) in self.now.psi.iter_mut().enumerate() {
            psi.fill(0.0);
            for (m, phi) in flux.group(g).chunks(n).enumerate() {
                for (psi, b) in psi.chunks_mut(n).zip(&o.basis[m]) {
                    for (p, f) in psi.iter_mut().zip(phi) {
                        *p += o.factor[m] * b * f;
                    }
                }
            }
        }
        self.begin();
    }

    /// Sets the angular flux: `[group][ordinate][cell][dof]`.
    ///
    /// # Panics
    /// Unless `psi` has that shape.
    pub fn set_angular_flux(&mut self, psi: &[Vec<f64>]) {
        for (mine, given) in self.now.psi.iter_mut().zip(psi) {
            mine.copy_from_slice(given);
        }
        self.begin();
    }

    /// Sets the precursors, 1/cm^3: `[family][cell][dof]`.
    ///
    /// # Panics
    /// Unless `precursors` has that shape.
    pub fn set_precursors(&mut self, precursors: &[Vec<f64>]) {
        for (mine, given) in self.now.precursors.iter_mut().zip(precursors) {
            mine.copy_from_slice(given);
        }
        self.begin();
    }

    /// Sets the precursors in equilibrium with the flux, C_j = beta_j F psi/lambda_j: as they are
    /// after a long time in a critical state.
    pub fn set_equilibrium_precursors(&mut self) {
        let Level {
            flux, precursors, ..
        } = &mut self.now;
        for (j, c) in precursors.iter_mut().enumerate() {
            each_family_cell(&self.disc, j, c, |i, c, decay, fraction, m| {
                *c = if decay > 0.0 {
                    fraction * fission(m, flux, i) / decay
                } else {
                    0.0
                };
            });
        }
        self.begin();
    }

    /// What follows from new data.
    fn begin(&mut self) {
        self.now.take_moments(&self.disc);
        self.before = 0.0;
    }

    /// The discretization.
    pub fn discretization(&self) -> &Discretization {
        &self.disc
    }

    /// Flux moments.
    pub fn flux(&self) -> &Moments {
        &self.now.flux
    }

    /// Angular flux: `[group][ordinate][cell][dof]`.
    pub fn angular_flux(&self) -> &[Vec<f64>] {
        &self.now.psi
    }

    /// Average of the uncollided flux of the pulse in a cell; 0 without one.
    fn uncollided(&self, cell: usize) -> f64 {
        let Some(pulse) = &self.pulse else {
            return 0.0;
        };
        let t = self.clock.time();
        let edges = &self.disc.mesh().edges;
        let ends = (edges[cell], edges[cell + 1]);
        let m = self.disc.material(0);
        if t <= 0.0 {
            return pulse.at_birth(m, ends);
        }
        let mut average = [0.0];
        pulse.add_uncollided(m, t, ends, 1.0, &mut average);
        average[0]
    }

    /// Density of precursors, 1/cm^3: `[family][cell][dof]`.
    pub fn precursors(&self) -> &[Vec<f64>] {
        &self.now.precursors
    }

    /// Rates of the last step, at the time of its implicit equation.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// One step of size `h` from time `t` into `next`.
    fn step_into_next(&mut self, t: f64, h: f64) -> Result<(Rates, usize, usize), String> {
        let before = (self.before > 0.0).then_some(self.before);
        let formula = Formula::new(self.params.time_scheme, h, before);
        let (tau, at) = (formula.tau, t + formula.at);
        self.load_angular(&formula);
        self.density.values.fill(0.0);
        if let Some(source) = &self.source {
            source(at, &mut self.density);
        }
        if let Some(pulse) = &self.pulse {
            pulse.add_first_collisions(&self.disc, &formula, (t, h), &mut self.density.values);
        }
        let external = balance::emitted(&self.disc, &self.density);
        self.load_delayed(&formula);
        let system = (self.systems.of(&self.disc, &self.params, tau)).map_err(|e| e.to_string())?;
        if !system.positive {
            return Err(
                "the step is longer than the medium takes to grow: take a smaller step".to_owned(),
            );
        }
        if let Some(boundary) = &self.boundary {
            for side in [Side::Lower, Side::Upper] {
                if let Boundary::Incident(given) = &self.disc.boundaries()[side as usize] {
                    let mut given = given.clone();
                    boundary(at, side, &mut given);
                    system.disc.set_boundary(side, Boundary::Incident(given));
                }
            }
        }
        let source = SourceTerms {
            density: &self.density,
            angular: Some(&self.angular),
        };
        self.next.flux.values.copy_from_slice(&self.now.flux.values);
        let report = (system.solver).solve(&system.disc, &source, &mut self.next.flux);
        let iterations = report.groups.iter().map(|g| g.iterations).sum();
        if !report.converged {
            let error = report.groups.iter().map(|g| g.error).fold(0.0, larger);
            return Err(format!(
                "no convergence after {} iterations over the groups and {iterations} within them, \
                 with an estimated error of {error:.2e}; try a smaller step, or an acceleration",
                report.iterations
            ));
        }
        for g in 0..self.disc.groups() {
            system.solver.final_sweep(
                &system.disc,
                g,
                &source,
                &self.next.flux,
                Some(&mut self.next.psi[g]),
                Some(&mut self.current[g]),
            );
        }
        self.next.take_moments(&self.disc);
        self.decay_and_breed(&formula);
        let rates = Rates::new(
            &self.disc,
            external,
            &formula,
            [
                &self.now,
                self.older.as_ref().unwrap_or(&self.now),
                &self.next,
            ],
            &self.current,
        );
        if formula.reach != 1.0 {
            self.next.reach_beyond(formula.reach, &self.now);
            self.next.take_moments(&self.disc);
        }
        Ok((rates, iterations, report.sweeps))
    }

    /// angular = H/(v tau).
    fn load_angular(&mut self, formula: &Formula) {
        let dofs = self.disc.dofs();
        let n = self.disc.mesh().len() * dofs;
        for (g, out) in self.angular.iter_mut().enumerate() {
            let now = self.now.psi[g].chunks(n);
            let older = self.older.as_ref().map_or(&self.now, |o| o).psi[g].chunks(n);
            for ((out, now), older) in out.chunks_mut(n).zip(now).zip(older) {
                for cell in 0..self.disc.mesh().len() {
                    let s = 1.0 / (self.disc.material(cell).velocity[g] * formula.tau);
                    for i in cell * dofs..(cell + 1) * dofs {
                        out[i] = s * (formula.current * now[i] + formula.older * older[i]);
                    }
                }
            }
        }
    }

    /// density += lambda_j chi_d,j H_j/(1 + lambda_j tau): what the precursors at hand emit.
    fn load_delayed(&mut self, formula: &Formula) {
        let older = self.older.as_ref().unwrap_or(&self.now);
        let density = &mut self.density;
        let groups = self.disc.groups();
        for (j, now) in self.now.precursors.iter().enumerate() {
            // `next` is free until the end of the step.
            let history = &mut self.next.precursors[j];
            each_family_cell(&self.disc, j, history, |i, h, decay, _, m| {
                *h = formula.current * now[i] + formula.older * older.precursors[j][i];
                let emitted = decay * *h / (1.0 + decay * formula.tau);
                if emitted != 0.0 {
                    for g in 0..groups {
                        density.group_mut(g)[i] += m.delayed[j].chi[g] * emitted;
                    }
                }
            });
        }
    }

    /// next C_j = (H_j + tau beta_j F psi)/(1 + lambda_j tau), from H in its place.
    fn decay_and_breed(&mut self, formula: &Formula) {
        let Level {
            flux, precursors, ..
        } = &mut self.next;
        let tau = formula.tau;
        for (j, c) in precursors.iter_mut().enumerate() {
            each_family_cell(&self.disc, j, c, |i, c, decay, fraction, m| {
                *c = (*c + tau * fraction * fission(m, flux, i)) / (1.0 + tau * decay);
            });
        }
    }
}

/// F psi, the production of fission at value `i` of `[cell][dof]`.
fn fission(material: &CrossSections, flux: &Moments, i: usize) -> f64 {
    (material.nu_fission.iter().enumerate())
        .map(|(g, nu_fission)| nu_fission * flux.group(g)[i])
        .sum()
}

/// Calls f(index, value, decay constant, fraction, material) for all values `[cell][dof]` of a
/// family; constant and fraction are 0 where the material does not have it.
fn each_family_cell(
    disc: &Discretization,
    family: usize,
    values: &mut [f64],
    mut f: impl FnMut(usize, &mut f64, f64, f64, &CrossSections),
) {
    let dofs = disc.dofs();
    for (i, value) in values.iter_mut().enumerate() {
        let m = disc.material(i / dofs);
        let (decay, fraction) =
            (m.delayed.get(family)).map_or((0.0, 0.0), |d| (d.decay, d.fraction));
        f(i, value, decay, fraction, m);
    }
}

fn check(disc: &Discretization, start: f64, step: f64) -> Result<(), TransportError> {
    let unsolvable = |reason: String| Err(TransportError::Unsolvable(reason));
    let groups = disc.groups();
    if !(start.is_finite() && step.is_finite() && step > 0.0) {
        return unsolvable(format!(
            "a start at {start} with steps of {step}: both must be finite, the step positive"
        ));
    }
    for (i, m) in disc.materials().iter().enumerate() {
        if m.velocity.len() != groups || m.velocity.iter().any(|v| !(v.is_finite() && *v > 0.0)) {
            return unsolvable(format!(
                "a problem in time needs a positive speed for each of the {groups} groups: \
                 material {i} has {:?}",
                m.velocity
            ));
        }
        for (j, d) in m.delayed.iter().enumerate() {
            if d.chi.len() != groups || d.decay < 0.0 || !(0.0..=1.0).contains(&d.fraction) {
                return unsolvable(format!(
                    "family {j} of delayed particles of material {i} needs a spectrum of {groups} \
                     groups, a decay constant that is not negative and a fraction from 0 to 1"
                ));
            }
        }
        if m.is_fissile() && !disc.mesh().scattering_factor.is_empty() {
            return Err(TransportError::Unsupported(
                "a fissile medium in time cannot have scattering that varies within a material"
                    .to_owned(),
            ));
        }
    }
    Ok(())
}
