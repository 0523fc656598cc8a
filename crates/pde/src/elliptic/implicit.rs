//! Diffusion in time, u_t = div(K grad u) + f, by implicit steps.
//!
//! With V the volumes of the cells, A the matrix of -div(K grad .) and b(t) sources and boundary
//! values, the scheme is V u' = b(t) - A u, and a step of size h from u to u' is
//!
//! ```text
//! backward_euler  (V + h A) u' = V u + h b(t + h)                              order 1, damps all
//! crank_nicolson  (V + h/2 A) u' = V u + h/2 (b(t) - A u + b(t + h))           order 2, damps no jump
//! sdirk2          (V + g h A) u1 = V u + g h b(t + g h),    k1 = (u1 - u)/(g h)
//!                 (V + g h A) u' = V (u + (1 - g) h k1) + g h b(t + h)
//!                 with g = 1 - 1/sqrt(2)                                       order 2, damps all
//! ```
//!
//! sdirk2 is stiffly accurate and L-stable: the choice where the initial data jump. Each solve starts
//! from the best guess at hand. The integral of u changes by sources and boundary fluxes alone;
//! `balance(u)` reports the rest, which is that of the solves.
//!
//! Sources: Crank and Nicolson (1947), Proc. Camb. Phil. Soc. 43, 50; Alexander (1977), SIAM J.
//! Numer. Anal. 14, 1006.

use std::f64::consts::FRAC_1_SQRT_2;

use pdesolve_core::{
    Clock, Control, FieldSpec, Place, RestoreError, Simulation, State, Step, StepError,
};
use pdesolve_krylov::{Csr, LinearOperator, vector};
use pdesolve_mesh::{Grid, Norms, deterministic_sum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::assemble::Discretisation;
use super::boundary::EllipticBoundary;
use super::error::EllipticError;
use super::problem::{EllipticProblem, Terms};
use super::solve::{LinearParams, LinearSolver, MatrixTraits};
use super::steady::source_averages;
use crate::finite_volume::{CompensatedSum, SpaceTime};
use crate::time::{SHORTEST_STEP, TimeParams};

/// An implicit time step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImplicitScheme {
    /// Order 1, L-stable; one solve a step.
    BackwardEuler,
    /// Order 2, keeps the oscillations of data that jump; one solve a step.
    CrankNicolson,
    /// Order 2, L-stable; two solves a step.
    #[default]
    Sdirk2,
}

/// Implicit time steps, each by a Krylov method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImplicitParams {
    /// Time step. Default: `sdirk2`.
    pub scheme: ImplicitScheme,
    /// The linear solves: method, preconditioner, tolerances.
    pub linear: LinearParams,
}

/// Diffusion advanced by implicit steps of fixed size.
pub struct ImplicitDiffusion {
    discretisation: Discretisation,
    scheme: ImplicitScheme,
    params: LinearParams,
    source: Option<SpaceTime>,
    step: f64,
    field: FieldSpec,
    conductivity: Option<&'static str>,
    /// V + weight h A, and the solver made for it; `None` before the first step.
    system: Option<StepSystem>,
    u: Vec<f64>,
    next: Vec<f64>,
    stage: Vec<f64>,
    rhs: Vec<f64>,
    flow: Vec<f64>,
    clock: Clock,
    steps: u64,
    iterations: usize,
    /// Integral of u at the start, and what came since.
    initial: f64,
    gained: CompensatedSum,
}

/// The matrix of a stage.
struct StepSystem {
    matrix: Csr<f64>,
    solver: LinearSolver,
    /// weight * h.
    scale: f64,
}

impl ImplicitDiffusion {
    /// Sets up the problem with these terms, f and boundary conditions on a grid of cells, with u = 0
    /// at `time.start`. `seed` is that of random coefficients.
    ///
    /// # Errors
    /// All that is wrong, not only the first thing.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        problem: &dyn EllipticProblem,
        terms: &Terms,
        grid: &Grid,
        boundary: &EllipticBoundary,
        source: Option<SpaceTime>,
        params: &ImplicitParams,
        time: &TimeParams,
        seed: u64,
    ) -> Result<Self, Vec<EllipticError>> {
        let step = check_time(time);
        let discretisation = Discretisation::new(terms, grid, boundary, seed);
        let first = source_averages(source.as_ref(), grid, time.start);
        let (step, discretisation) = match (step, discretisation, first) {
            (Ok(step), Ok(discretisation), Ok(_)) => (step, discretisation),
            (step, discretisation, first) => {
                let mut errors = step.err().unwrap_or_default();
                errors.extend(discretisation.err().unwrap_or_default());
                errors.extend(first.err());
                return Err(errors);
            }
        };
        let n = grid.len();
        let varies = discretisation.tensor.isotropic().is_some();
        Ok(Self {
            scheme: params.scheme,
            params: params.linear.clone(),
            source,
            step,
            field: problem.field(),
            conductivity: terms.written_conductivity.filter(|_| varies),
            system: None,
            u: vec![0.0; n],
            next: vec![0.0; n],
            stage: vec![0.0; n],
            rhs: vec![0.0; n],
            flow: vec![0.0; n],
            clock: Clock::new(time.start),
            steps: 0,
            iterations: 0,
            initial: 0.0,
            gained: CompensatedSum::default(),
            discretisation,
        })
    }

    /// Sets the cell averages, x fastest, and starts the balance anew.
    ///
    /// # Panics
    /// Unless `values` has one value a cell.
    pub fn set_field(&mut self, values: &[f64]) {
        self.u.copy_from_slice(values);
        self.initial = Norms::of(&self.discretisation.grid, values).integral;
        self.gained = CompensatedSum::default();
    }

    /// Cell averages, x fastest.
    pub fn values(&self) -> &[f64] {
        &self.u
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.discretisation.grid
    }

    #[cfg(test)]
    pub(super) fn limit_iterations(&mut self, most: usize) {
        self.params.stop.max_iterations = most;
        self.params.preconditioner = super::PreconditionerName::None;
    }

    /// Weight of the new state in a stage.
    fn weight(&self) -> f64 {
        match self.scheme {
            ImplicitScheme::BackwardEuler => 1.0,
            ImplicitScheme::CrankNicolson => 0.5,
            ImplicitScheme::Sdirk2 => 1.0 - FRAC_1_SQRT_2,
        }
    }

    /// b(t).
    fn drive(&self, t: f64) -> Result<Vec<f64>, String> {
        let grid = &self.discretisation.grid;
        let source =
            source_averages(self.source.as_ref(), grid, t).map_err(|error| error.to_string())?;
        let data = self.discretisation.boundary_data(t);
        Ok(self.discretisation.rhs(&source, &data))
    }

    /// Makes the system for steps of size h, unless it is there.
    fn prepare(&mut self, h: f64) -> Result<(), String> {
        let scale = self.weight() * h;
        if self.system.as_ref().is_some_and(|s| s.scale == scale) {
            return Ok(());
        }
        let mut matrix = self.discretisation.matrix().clone();
        vector::scale(scale, matrix.values_mut());
        for (i, v) in self.discretisation.geometry.volumes.iter().enumerate() {
            let (columns, begin) = (matrix.row(i).0, matrix.offsets()[i] as usize);
            let place = columns.binary_search(&(i as u32));
            let place = place.map_err(|_| format!("row {i} has no diagonal entry"))?;
            matrix.values_mut()[begin + place] += v;
        }
        let traits = MatrixTraits {
            symmetric: self.discretisation.is_symmetric(),
            indefinite: false,
            singular: false,
        };
        let solver =
            LinearSolver::new(&matrix, traits, &self.params).map_err(|fault| fault.reason)?;
        self.system = Some(StepSystem {
            matrix,
            solver,
            scale,
        });
        Ok(())
    }

    /// One step of size h from `u` into `next`; gives what the domain gained.
    fn step_into_next(&mut self, t: f64, h: f64) -> Result<f64, String> {
        self.prepare(h)?;
        self.iterations = 0;
        let at_end = self.drive(t + h)?;
        let scale = self.weight() * h;
        match self.scheme {
            ImplicitScheme::BackwardEuler => {
                self.load(scale, &at_end);
                self.next.copy_from_slice(&self.u);
                self.solve_for_next()?;
                Ok(h * self.net_gain(&at_end))
            }
            ImplicitScheme::CrankNicolson => {
                let at_start = self.drive(t)?;
                self.discretisation.matrix().apply(&self.u, &mut self.flow);
                let before = difference_sum(&at_start, &self.flow);
                self.load(scale, &at_end);
                for (b, (g, a)) in self.rhs.iter_mut().zip(at_start.iter().zip(&self.flow)) {
                    *b += scale * (g - a);
                }
                self.next.copy_from_slice(&self.u);
                self.solve_for_next()?;
                Ok(0.5 * h * (before + self.net_gain(&at_end)))
            }
            ImplicitScheme::Sdirk2 => {
                let gamma = self.weight();
                let early = self.drive(t + scale)?;
                self.load(scale, &early);
                self.next.copy_from_slice(&self.u);
                self.solve_for_next()?;
                let first = self.net_gain(&early);
                // u + (1 - g) h k1 lies on the line through u and the first stage.
                let reach = (1.0 - gamma) / gamma;
                for ((s, u), n) in self.stage.iter_mut().zip(&self.u).zip(&self.next) {
                    *s = u + reach * (n - u);
                }
                let volumes = &self.discretisation.geometry.volumes;
                for (i, b) in self.rhs.iter_mut().enumerate() {
                    *b = volumes[i] * self.stage[i] + scale * at_end[i];
                }
                // The line goes on to t + h.
                for (n, u) in self.next.iter_mut().zip(&self.u) {
                    *n = u + (*n - u) / gamma;
                }
                self.solve_for_next()?;
                let second = self.net_gain(&at_end);
                Ok(h * ((1.0 - gamma) * first + gamma * second))
            }
        }
    }

    /// rhs = V u + scale b.
    fn load(&mut self, scale: f64, drive: &[f64]) {
        let volumes = &self.discretisation.geometry.volumes;
        for (i, b) in self.rhs.iter_mut().enumerate() {
            *b = volumes[i] * self.u[i] + scale * drive[i];
        }
    }

    /// What the domain gains in a unit of time in the new state: the sum of b - A u, sources less
    /// outflow. `flow` then holds A u.
    fn net_gain(&mut self, drive: &[f64]) -> f64 {
        let matrix = self.discretisation.matrix();
        matrix.apply(&self.next, &mut self.flow);
        difference_sum(drive, &self.flow)
    }

    /// Solves for `next`, starting from what it holds.
    fn solve_for_next(&mut self) -> Result<(), String> {
        let Some(system) = &mut self.system else {
            return Err("the step has no matrix".to_owned());
        };
        let report = system
            .solver
            .solve(&system.matrix, None, &self.rhs, &mut self.next, &mut |_| {
                Control::Continue
            })
            .map_err(|fault| fault.reason)?;
        self.iterations += report.iterations;
        if report.converged() {
            return Ok(());
        }
        let status = report.status;
        Err(format!(
            "{}, after {} iterations of {} with a relative residual of {:.2e}: {}",
            status,
            report.iterations,
            system.solver.name(),
            report.true_relative_residual,
            status.advice()
        ))
    }
}

/// Sum of a - b.
fn difference_sum(a: &[f64], b: &[f64]) -> f64 {
    deterministic_sum(a.len(), |i| a[i] - b[i])
}

impl Simulation for ImplicitDiffusion {
    fn time(&self) -> f64 {
        self.clock.time()
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn advance(&mut self, limit: f64) -> Result<Step, StepError> {
        let start = self.clock.time();
        let fit = self.clock.fit(self.step, limit);
        let index = self.steps + 1;
        if fit.time <= start {
            return Err(StepError::time_stands_still(start, index, fit.dt));
        }
        let gained =
            self.step_into_next(start, fit.dt)
                .map_err(|reason| StepError::LinearSolve {
                    time: start,
                    step: index,
                    reason,
                })?;
        if let Some(cell) = vector::first_not_finite(&self.next) {
            return Err(StepError::NonFinite {
                field: self.field.name.clone(),
                value: self.next[cell],
                place: Place::Cell(self.discretisation.grid.indices(cell)),
                time: start,
                step: index,
                dt: fit.dt,
                cfl: f64::NAN,
            });
        }
        std::mem::swap(&mut self.u, &mut self.next);
        self.gained.add(gained);
        self.clock.advance(&fit);
        self.steps = index;
        Ok(Step {
            index,
            time: fit.time,
            dt: fit.dt,
            rejected: 0,
        })
    }

    fn fields(&self) -> Vec<FieldSpec> {
        let mut fields = vec![self.field.clone()];
        fields.extend(self.conductivity.map(FieldSpec::new));
        fields
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        match (field, self.discretisation.tensor.isotropic()) {
            (1, Some(k)) => out.copy_from_slice(k),
            _ => out.copy_from_slice(&self.u),
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        let mut names: Vec<String> = ["integral", "l2", "min", "max", "gained", "balance"]
            .iter()
            .map(|name| format!("{name}({})", self.field.name))
            .collect();
        names.push("iterations".to_owned());
        names
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let norms = Norms::of(&self.discretisation.grid, &self.u);
        let gained = self.gained.value();
        out.extend([
            norms.integral,
            norms.l2,
            norms.min,
            norms.max,
            gained,
            norms.integral - self.initial - gained,
            self.iterations as f64,
        ]);
    }

    fn save(&self, state: &mut State) {
        state.put(&self.field.name, &self.u);
        self.clock.save(state);
        let [sum, error] = self.gained.parts();
        state.put("balance", &[self.initial, sum, error]);
        state.put_counter("steps", self.steps);
        state.put_counter("iterations", self.iterations as u64);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let u = state.get(&self.field.name, self.u.len())?;
        let clock = Clock::restored(state)?;
        let balance = state.get("balance", 3)?;
        let steps = state.counter("steps")?;
        let iterations = state.counter("iterations")?;
        self.u.copy_from_slice(u);
        self.clock = clock;
        self.steps = steps;
        self.iterations = iterations as usize;
        self.initial = balance[0];
        self.gained = CompensatedSum::from_parts([balance[1], balance[2]]);
        Ok(())
    }
}

/// The fixed step, or what is wrong with the `[time]` table.
fn check_time(time: &TimeParams) -> Result<f64, Vec<EllipticError>> {
    let mut errors = Vec::new();
    let mut wrong = |key, reason: String| errors.push(EllipticError::Time { key, reason });
    if !time.start.is_finite() {
        wrong("start", format!("is {}, it must be finite", time.start));
    }
    if !(time.end.is_finite() && time.end > time.start) {
        wrong(
            "end",
            format!("is {}, it must be finite and after `start`", time.end),
        );
    }
    for (key, value) in [
        ("tolerance", time.tolerance),
        ("cfl", time.cfl),
        ("first_step", time.first_step),
        ("min_step", time.min_step),
        ("max_step", time.max_step),
    ] {
        if value.is_some() {
            wrong(
                key,
                "is given, but implicit steps are of fixed size: give `step`".to_owned(),
            );
        }
    }
    let shortest = SHORTEST_STEP * (time.end - time.start);
    match time.step {
        Some(step) if step.is_finite() && step > 0.0 && step >= shortest => {
            if errors.is_empty() {
                return Ok(step);
            }
        }
        Some(step) => wrong(
            "step",
            format!("is {step}, it must be positive, and at least 1e-12 of the run"),
        ),
        None => wrong(
            "step",
            "is missing: implicit steps are of fixed size".to_owned(),
        ),
    }
    Err(errors)
}
