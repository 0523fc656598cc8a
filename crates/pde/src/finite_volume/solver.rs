//! The finite-volume simulation: set-up checks, choice of the step, saving and restoring.

use std::sync::Arc;

use pdesolve_core::{Clock, FieldSpec, Place, RestoreError, Simulation, State, Step, StepError};
use pdesolve_mesh::{Centring, Grid, Norms, deterministic_sum};

use super::boundary::BoundaryConditions;
use super::imex_ark3::ImexArk3;
use super::ledger::{CompensatedSum, Ledger};
use super::numerical_flux::ScalarLaw;
use super::params::{Diffusion, FiniteVolumeError, FiniteVolumeParams, Reconstruction};
use super::residual::{Residual, SpaceTime};
use super::ssp_rk3::SspRk3;
use crate::time::{SHORTEST_STEP, TimeParams};

/// Courant number where `[time]` names neither `step` nor `cfl`.
const DEFAULT_CFL: f64 = 0.4;
/// nu dt / h^2 summed over the axes that explicit steps keep to. SSP-RK3 is stable up to 0.63 with
/// the two-point flux and 0.47 with the four-point flux.
const DIFFUSION_NUMBER: f64 = 0.4;
/// Courant number beyond which fixed steps are refused, with room for rounding.
const COURANT_LIMIT: f64 = 1.0;
/// Longest step where `[time]` gives no `max_step`, in units of time, for what the Courant number
/// does not see: sources, boundary values that change, implicit diffusion. It must not depend on
/// the end of the run, or a run that is extended later would have taken other steps.
const LONGEST_STEP: f64 = 1.0 / 64.0;
/// Attempts at one step before it fails.
const ATTEMPTS: u32 = 12;

/// The integrator in use; which one is decided once.
enum Integrator {
    Undecided,
    Explicit(SspRk3),
    Implicit(Box<ImexArk3>),
}

/// A scalar conservation law advanced by finite volumes; see the module page for the scheme.
///
/// With a fixed `step` the steps have that size, and one of a Courant number above 1 is an error.
/// Otherwise each step is `1 / sum_axes (|speed| / (cfl h) + nu / (0.4 h^2))` (the second term where
/// diffusion is explicit), at most `max_step`; it is repeated with a smaller size where the new state
/// has outgrown the Courant number. Where `max_step` is not given, steps are at most 1/64 of the unit
/// of time if there is a source or a prescribed boundary value, which may change with time, if
/// diffusion is implicit, or if nothing moves.
pub struct FiniteVolume {
    residual: Residual,
    integrator: Integrator,
    time: TimeParams,
    cfl: f64,
    u: Vec<f64>,
    next: Vec<f64>,
    clock: Clock,
    steps: u64,
    ledger: Ledger,
    /// Largest Courant number a unit of time of the current state; NaN where not yet known.
    rate: f64,
}

impl FiniteVolume {
    /// Sets up `law` on a cell-centred `grid` in 1-D or 2-D, with u = 0 at `time.start`.
    ///
    /// `boundary` has one condition for each boundary that is not periodic. `source` is s(x, t),
    /// evaluated at the cell centres, or at three Gauss points a cell and axis with WENO5, so that
    /// its cell means are of the order of the scheme.
    ///
    /// # Errors
    /// All that is wrong with the problem, not only the first thing.
    pub fn new(
        law: Arc<dyn ScalarLaw>,
        grid: &Grid,
        boundary: &BoundaryConditions,
        source: Option<SpaceTime>,
        params: &FiniteVolumeParams,
        time: &TimeParams,
    ) -> Result<Self, Vec<FiniteVolumeError>> {
        let mut errors = Vec::new();
        if grid.dim() > 2 {
            return Err(vec![FiniteVolumeError::Dimensions { found: grid.dim() }]);
        }
        if grid.centring() != Centring::Cell {
            errors.push(FiniteVolumeError::Centring);
        }
        if let Err(reason) = law.check(grid.dim()) {
            errors.push(FiniteVolumeError::Law { reason });
        }
        if matches!(
            params.reconstruction,
            Reconstruction::Weno5 | Reconstruction::Weno5Z
        ) {
            for axis in grid.axes().iter().filter(|axis| !axis.is_uniform()) {
                errors.push(FiniteVolumeError::Stretched { axis: axis.name() });
            }
        }
        errors.extend(check_time(time));
        let sides = boundary.resolve(grid).unwrap_or_else(|mut more| {
            errors.append(&mut more);
            Default::default()
        });
        if !errors.is_empty() {
            return Err(errors);
        }

        let residual = Residual::new(law, grid, sides, source, params);
        let limit = DIFFUSION_NUMBER / residual.diffusion_rate();
        match time.step {
            Some(step) if params.diffusion == Diffusion::Explicit && step > limit => {
                return Err(vec![FiniteVolumeError::DiffusiveLimit { step, limit }]);
            }
            _ => {}
        }
        let n = grid.len();
        Ok(Self {
            residual,
            integrator: Integrator::Undecided,
            time: time.clone(),
            cfl: time.cfl.unwrap_or(DEFAULT_CFL),
            u: vec![0.0; n],
            next: vec![0.0; n],
            clock: Clock::new(time.start),
            steps: 0,
            ledger: Ledger::default(),
            rate: f64::NAN,
        })
    }

    /// Sets the cell averages, in grid order, and starts the balance anew. Point functions are
    /// averaged by [`cell_averages`](super::cell_averages).
    ///
    /// # Panics
    /// Unless `values` has one value a cell.
    pub fn set_field(&mut self, values: &[f64]) {
        self.u.copy_from_slice(values);
        self.ledger = Ledger::new(self.integral());
        self.rate = f64::NAN;
    }

    /// Cell averages, in grid order.
    pub fn values(&self) -> &[f64] {
        &self.u
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.residual.grid
    }

    /// Whether diffusion is stepped implicitly; `None` before the first step.
    pub fn is_implicit(&self) -> Option<bool> {
        match self.integrator {
            Integrator::Undecided => None,
            Integrator::Explicit(_) => Some(false),
            Integrator::Implicit(_) => Some(true),
        }
    }

    fn integral(&self) -> f64 {
        Norms::of(&self.residual.grid, &self.u).integral
    }

    /// Integrals of |du/dx| and |du/dy| as sums over the faces inside (and across periodic ends).
    fn total_variation(&self) -> f64 {
        let axes = &self.residual.axes;
        let (nx, rows) = (axes[0].cells, self.u.len() / axes[0].cells);
        let height = |j: usize| axes.get(1).map_or(1.0, |axis| axis.width[j]);
        let u = &self.u;
        let last = |periodic: bool, n: usize| if periodic { n } else { n - 1 };
        let along_x = deterministic_sum(rows, |j| {
            let row = &u[j * nx..(j + 1) * nx];
            let faces = last(axes[0].periodic, nx);
            height(j) * deterministic_sum(faces, |i| (row[(i + 1) % nx] - row[i]).abs())
        });
        let along_y = axes.get(1).map_or(0.0, |axis| {
            deterministic_sum(last(axis.periodic, rows), |j| {
                let above = (j + 1) % rows;
                deterministic_sum(nx, |i| {
                    axes[0].width[i] * (u[above * nx + i] - u[j * nx + i]).abs()
                })
            })
        });
        along_x + along_y
    }

    fn integrator(&self, implicit: bool) -> Result<Integrator, String> {
        Ok(if implicit {
            Integrator::Implicit(Box::new(ImexArk3::new(&self.residual)?))
        } else {
            Integrator::Explicit(SspRk3::new(self.u.len()))
        })
    }

    /// Whether implicit diffusion pays: see [`Diffusion::Auto`].
    fn wants_implicit(&self) -> bool {
        let diffusion = self.residual.diffusion_rate() / DIFFUSION_NUMBER;
        match self.residual.params.diffusion {
            _ if diffusion == 0.0 => false,
            Diffusion::Explicit => false,
            Diffusion::Implicit => true,
            Diffusion::Auto => {
                let ratio = if self.residual.axes.len() > 1 {
                    16.0
                } else {
                    4.0
                };
                match self.time.step {
                    Some(step) => step * diffusion > 1.0,
                    None => {
                        let longest = self.time.max_step.unwrap_or(LONGEST_STEP);
                        diffusion > ratio / (self.cfl / self.rate).min(longest)
                    }
                }
            }
        }
    }

    /// Whether the solution can change in a way that neither Courant nor diffusion number see.
    fn changes_unseen(&self) -> bool {
        matches!(self.integrator, Integrator::Implicit(_)) || self.residual.is_driven()
    }

    /// Step wished from the current state.
    fn wished_step(&self) -> f64 {
        if let Some(step) = self.time.step {
            return step;
        }
        let mut per_step = self.rate / self.cfl;
        if matches!(self.integrator, Integrator::Explicit(_)) {
            per_step += self.residual.diffusion_rate() / DIFFUSION_NUMBER;
        }
        let step = 1.0 / per_step;
        match self.time.max_step {
            Some(longest) => step.min(longest),
            None if per_step == 0.0 || self.changes_unseen() => step.min(LONGEST_STEP),
            None => step,
        }
    }

    fn non_finite(&self, cell: usize, dt: f64) -> StepError {
        StepError::NonFinite {
            field: self.residual.law.field().name,
            value: self.next[cell],
            place: Place::Cell(self.residual.grid.indices(cell)),
            time: self.clock.time(),
            step: self.steps + 1,
            dt,
            cfl: self.rate * dt,
        }
    }
}

impl Simulation for FiniteVolume {
    fn time(&self) -> f64 {
        self.clock.time()
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn advance(&mut self, limit: f64) -> Result<Step, StepError> {
        let start = self.clock.time();
        if self.rate.is_nan() {
            self.rate = self.residual.courant_rate(&self.u, start);
        }
        if matches!(self.integrator, Integrator::Undecided) {
            let made = self.integrator(self.wants_implicit());
            self.integrator = made.map_err(|reason| StepError::LinearSolve {
                time: start,
                step: self.steps + 1,
                reason,
            })?;
        }
        let adaptive = self.time.step.is_none();
        let mut wish = self.wished_step();
        let mut rejected = 0;
        loop {
            let fit = self.clock.fit(wish, limit);
            if fit.time <= start {
                let step = self.steps + 1;
                return Err(StepError::time_stands_still(start, step, fit.dt));
            }
            if !adaptive && self.rate * fit.dt > COURANT_LIMIT * (1.0 + 1e-9) {
                return Err(StepError::Courant {
                    time: start,
                    step: self.steps + 1,
                    dt: fit.dt,
                    courant: self.rate * fit.dt,
                    limit: COURANT_LIMIT,
                    dt_max: COURANT_LIMIT / self.rate,
                });
            }
            let (residual, u, next) = (&mut self.residual, &self.u, &mut self.next);
            let booked = match &mut self.integrator {
                Integrator::Implicit(imex) => imex.step(residual, u, start, fit.dt, next),
                Integrator::Explicit(rk) => rk.step(residual, u, start, fit.dt, next),
                Integrator::Undecided => unreachable!("decided above"),
            };
            let retry = adaptive && rejected + 1 < ATTEMPTS;
            if let Some(cell) = self.next.iter().position(|u| !u.is_finite()) {
                if retry {
                    (rejected, wish) = (rejected + 1, 0.25 * fit.dt);
                    continue;
                }
                return Err(self.non_finite(cell, fit.dt));
            }
            let rate = self.residual.courant_rate(&self.next, fit.time);
            // A source or a boundary may speed the flow up within a step that began slow.
            let courant = rate * fit.dt;
            if retry && courant > 1.25 * self.cfl {
                rejected += 1;
                wish = fit.dt * (0.8 * self.cfl / courant).max(0.1);
                continue;
            }
            std::mem::swap(&mut self.u, &mut self.next);
            self.ledger.book(booked);
            self.rate = rate;
            self.clock.advance(&fit);
            self.steps += 1;
            return Ok(Step {
                index: self.steps,
                time: fit.time,
                dt: fit.dt,
                rejected,
            });
        }
    }

    fn fields(&self) -> Vec<FieldSpec> {
        vec![self.residual.law.field()]
    }

    fn sample(&mut self, _field: usize, out: &mut [f64]) {
        out.copy_from_slice(&self.u);
    }

    fn quantity_names(&self) -> Vec<String> {
        let field = self.residual.law.field().name;
        [
            "integral",
            "l2",
            "min",
            "max",
            "total_variation",
            "boundary_flux",
            "source",
            "balance",
        ]
        .iter()
        .map(|quantity| format!("{quantity}({field})"))
        .collect()
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let norms = Norms::of(&self.residual.grid, &self.u);
        out.extend([
            norms.integral,
            norms.l2,
            norms.min,
            norms.max,
            self.total_variation(),
            self.ledger.outflow.value(),
            self.ledger.source.value(),
            self.ledger.balance(norms.integral),
        ]);
    }

    fn cfl(&mut self) -> Option<f64> {
        if self.rate.is_nan() {
            self.rate = self.residual.courant_rate(&self.u, self.clock.time());
        }
        Some(self.rate * self.wished_step())
    }

    fn save(&self, state: &mut State) {
        let name = self.residual.law.field().name;
        state.put(&name, &self.u);
        self.clock.save(state);
        let [outflow, outflow_error] = self.ledger.outflow.parts();
        let [source, source_error] = self.ledger.source.parts();
        state.put(
            "balance",
            &[
                self.ledger.initial,
                outflow,
                outflow_error,
                source,
                source_error,
            ],
        );
        state.put_counter("steps", self.steps);
        state.put_counter(
            "integrator",
            match self.integrator {
                Integrator::Undecided => 0,
                Integrator::Explicit(_) => 1,
                Integrator::Implicit(_) => 2,
            },
        );
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let name = self.residual.law.field().name;
        let u = state.get(&name, self.u.len())?;
        let clock = Clock::restored(state)?;
        let balance = state.get("balance", 5)?;
        let steps = state.counter("steps")?;
        let integrator = match state.counter("integrator")? {
            0 => Integrator::Undecided,
            // Only a failed eigenvalue iteration can refuse here; the first step then reports it.
            kind => self.integrator(kind == 2).unwrap_or(Integrator::Undecided),
        };
        self.u.copy_from_slice(u);
        self.clock = clock;
        self.steps = steps;
        self.ledger = Ledger {
            initial: balance[0],
            outflow: CompensatedSum::from_parts([balance[1], balance[2]]),
            source: CompensatedSum::from_parts([balance[3], balance[4]]),
        };
        self.integrator = integrator;
        self.rate = f64::NAN;
        Ok(())
    }
}

/// What is wrong with the `[time]` table.
fn check_time(time: &TimeParams) -> Vec<FiniteVolumeError> {
    let mut errors = Vec::new();
    let mut wrong = |key, found, expected| {
        errors.push(FiniteVolumeError::Time {
            key,
            found,
            expected,
        });
    };
    if !time.start.is_finite() {
        wrong("start", time.start, "it must be finite");
    }
    if !(time.end.is_finite() && time.end > time.start) {
        wrong("end", time.end, "it must be finite and after `start`");
    }
    for (key, value) in [
        ("step", time.step),
        ("cfl", time.cfl),
        ("max_step", time.max_step),
    ] {
        if let Some(found) = value.filter(|v| !(v.is_finite() && *v > 0.0)) {
            wrong(key, found, "it must be finite and positive");
        }
    }
    if let Some(step) = (time.step).filter(|step| *step < SHORTEST_STEP * (time.end - time.start)) {
        wrong("step", step, "it must be at least 1e-12 of the run");
    }
    if let Some(cfl) = time.cfl.filter(|cfl| *cfl > 1.0) {
        wrong("cfl", cfl, "finite volumes are stable up to 1 only");
    }
    if let (Some(_), Some(cfl)) = (time.step, time.cfl) {
        wrong("cfl", cfl, "but `step` is given too: give one of the two");
    }
    for (key, value) in [
        ("tolerance", time.tolerance),
        ("first_step", time.first_step),
        ("min_step", time.min_step),
    ] {
        if let Some(found) = value {
            wrong(
                key,
                found,
                "but finite volumes choose their steps by `cfl` or `step`",
            );
        }
    }
    errors
}
