//! The spectral solver as a [`Simulation`].

use std::sync::Arc;

use num_complex::Complex64;
use pdesolve_core::{Clock, FieldSpec, Place, RestoreError, Simulation, State, Step, StepError};
use pdesolve_mesh::{Centring, Grid, Norms};
use rayon::prelude::*;

use super::control::{Controller, STATE_LEN, StepControl, rounded};
use super::engine::{Engine, Probe, StepCoefficients, Workspace};
use super::equation::{Quadratic, SpectralEquation, Wavenumber};
use super::modes::Modes;
use super::multiplier::Multiplier;
use super::params::{SpectralError, SpectralParams};
use super::phi::LinearPart;
use super::transform::{MAX_OPERANDS, Transform};
use crate::time::{SHORTEST_STEP, TimeParams};

/// Least number of grid points for which a single trajectory is worth several threads.
const PARALLEL_FROM: usize = 4096;
/// Smallest fraction of modes to keep: a mesh of 41 points then keeps one mode beside the mean.
const LEAST_DEALIAS: f64 = 0.05;

/// One or several trajectories of a [`SpectralEquation`], advanced together.
///
/// All trajectories share time and step; under error control the worst of them decides. Arrays
/// are `[trajectory]` times what `coefficients` documents.
pub struct Spectral {
    engine: Engine,
    linear: Vec<LinearPart>,
    quadratics: Vec<(Quadratic, Vec<f64>)>,
    contour_points: usize,
    trajectories: usize,
    control: StepControl,
    clock: Clock,
    steps: u64,
    /// Size of the last step; before the first, of the step wished for.
    last_step: f64,
    /// `[trajectory][pencil][field][mode]`, the state.
    state: Vec<Complex64>,
    /// The state under construction; swapped with `state` when a step succeeds.
    next: Vec<Complex64>,
    /// Under error control: the state after half a step.
    half: Vec<Complex64>,
    /// Under error control: the error estimate.
    error: Vec<Complex64>,
    workspaces: Vec<Workspace>,
    /// Coefficients of the step sizes in use, the latest first.
    coefficients: Vec<StepCoefficients>,
    /// Step sizes whose coefficients are kept.
    cached: usize,
    /// One field at the grid points, for norms; empty until first wanted.
    values: Vec<f64>,
    /// Buffers for bringing a field to the grid points; made when first wanted.
    probe: Option<Probe>,
}

impl std::fmt::Debug for Spectral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spectral")
            .field("shape", &self.engine.grid.shape())
            .field("trajectories", &self.trajectories)
            .field("scheme", &self.engine.scheme)
            .field("time", &self.clock.time())
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

impl Spectral {
    /// A solver on `grid`, at `time.start`, with all fields 0.
    ///
    /// # Errors
    /// [`SpectralError`] where grid, parameters and equation do not go together.
    pub fn new(
        equation: Arc<dyn SpectralEquation>,
        grid: &Grid,
        params: &SpectralParams,
        time: &TimeParams,
        trajectories: usize,
    ) -> Result<Self, SpectralError> {
        check(equation.as_ref(), grid, params, trajectories)?;
        let scheme = params.scheme;
        let control = step_control(time, params)?;
        let dim = grid.dim();
        let fields = equation.fields().len();
        let (inputs, outputs) = (equation.inputs(dim), equation.outputs(dim));
        // Aliasing comes from products; without them every mode is right.
        let dealias = if outputs.is_empty() {
            1.0
        } else {
            params.dealias
        };
        let modes = Modes::new(grid, dealias);
        for (mode_axis, axis) in modes.axes.iter().zip(grid.axes()) {
            if mode_axis.cut == 0 {
                return Err(SpectralError::TooFewPoints {
                    axis: axis.name(),
                    points: mode_axis.n,
                    dealias,
                    least: ((2.0 / dealias + 1e-9).floor() as usize).saturating_add(1),
                });
            }
        }
        let scale = 1.0 / grid.len() as f64;
        let linear: Vec<LinearPart> = (0..fields)
            .map(|field| {
                LinearPart::new(modes.len(), |mode| {
                    modes.symbol(mode, &|k| equation.linear(field, k))
                })
            })
            .collect();
        let tables = |operands: &[super::equation::Operand], scale: f64| {
            (operands.iter())
                .map(|o| (o.field, Multiplier::new(&o.symbol, &modes, scale)))
                .collect::<Vec<_>>()
        };
        let inputs = tables(&inputs, 1.0);
        let outputs = tables(&outputs, scale);
        let quadratics = (equation.quadratics().into_iter())
            .map(|quadratic| {
                let weights = (0..modes.len())
                    .map(|mode| {
                        let weight = |k: Wavenumber| Complex64::from((quadratic.weight)(k));
                        modes.weight(mode) * modes.symbol(mode, &weight).re
                    })
                    .collect();
                (quadratic, weights)
            })
            .collect();
        let mut engine = Engine {
            transform: Transform::new(&modes),
            grid: grid.clone(),
            fields,
            inputs,
            outputs,
            source: Vec::new(),
            scheme,
            modes,
            equation,
        };
        engine.source = steady_source(&engine);
        let threads = rayon::current_num_threads();
        let len = engine.state_len();
        let adaptive = matches!(control, StepControl::Adaptive(_));
        let doubling = adaptive && !scheme.has_embedded_error();
        let zeros =
            |wanted: bool| vec![Complex64::ZERO; if wanted { trajectories * len } else { 0 }];
        // Several trajectories: one a thread. One: all threads share it.
        let workspaces = if trajectories > 1 {
            (0..threads.min(trajectories))
                .map(|_| engine.workspace(1))
                .collect()
        } else {
            vec![engine.workspace(threads)]
        };
        let last_step = match &control {
            StepControl::Fixed(h) => *h,
            StepControl::Adaptive(controller) => controller.step(),
        };
        Ok(Self {
            linear,
            quadratics,
            contour_points: params.contour_points,
            trajectories,
            control,
            clock: Clock::new(time.start),
            steps: 0,
            last_step,
            state: zeros(true),
            next: zeros(true),
            half: zeros(doubling),
            error: zeros(adaptive),
            workspaces,
            coefficients: Vec::new(),
            cached: if doubling { 4 } else { 2 },
            values: Vec::new(),
            probe: None,
            engine,
        })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.engine.grid
    }

    /// Number of trajectories.
    pub fn trajectories(&self) -> usize {
        self.trajectories
    }

    /// Sets one field of one trajectory from its grid values (x fastest). Modes above the
    /// dealiasing cut are dropped.
    ///
    /// # Panics
    /// Where a number is out of range or `values` has not one value a grid point.
    pub fn set_field(&mut self, trajectory: usize, field: usize, values: &[f64]) {
        assert_eq!(
            values.len(),
            self.engine.grid.len(),
            "one value a grid point"
        );
        assert!(field < self.engine.fields, "no field number {field}");
        let len = self.engine.state_len();
        let state = &mut self.state[trajectory * len..(trajectory + 1) * len];
        let parallel = worth_threads(&self.engine);
        self.engine.analyse(values, field, state, parallel);
    }

    /// Fourier coefficients of one field of one trajectory, and the wavenumber of each: u(x) is
    /// the sum over all modes of coefficient times exp(i k.(x - lower)), in which modes that are
    /// not listed are conjugates of those that are.
    ///
    /// Order `[kx]`, `[kx][ky]` or `[kx][ky][kz]`; kx runs 0..=K, the others 0, .., K, -K, .., -1.
    pub fn coefficients(
        &self,
        trajectory: usize,
        field: usize,
    ) -> impl Iterator<Item = (Wavenumber, Complex64)> + '_ {
        let state = self.trajectory(trajectory);
        (0..self.engine.modes.len()).map(move |mode| {
            let at = self.place(field, mode);
            (self.engine.modes.wavenumber(mode), state[at])
        })
    }

    fn trajectory(&self, trajectory: usize) -> &[Complex64] {
        let len = self.engine.state_len();
        &self.state[trajectory * len..(trajectory + 1) * len]
    }

    /// Index of a mode of a field in `[pencil][field][mode of the pencil]`.
    fn place(&self, field: usize, mode: usize) -> usize {
        let kept = self.engine.modes.last().kept;
        (mode / kept * self.engine.fields + field) * kept + mode % kept
    }

    fn take_probe(&mut self) -> Probe {
        self.probe.take().unwrap_or_else(|| self.engine.probe())
    }

    /// Makes the coefficients for steps of size `h` the first of the list.
    fn prepare(&mut self, h: f64) {
        match self.coefficients.iter().position(|c| c.h == h) {
            Some(at) => self.coefficients[..=at].rotate_right(1),
            None => {
                self.coefficients.truncate(self.cached - 1);
                let fields = (self.linear.iter())
                    .map(|l| self.engine.scheme.coefficients(l, h, self.contour_points))
                    .collect();
                self.coefficients.insert(0, StepCoefficients { h, fields });
            }
        }
    }

    /// Attempts a step of size `h` into `next`; under error control returns the estimated error
    /// over the tolerance, else 0.
    fn attempt(&mut self, h: f64) -> f64 {
        let doubling = !self.half.is_empty();
        if doubling {
            self.prepare(0.5 * h);
        }
        self.prepare(h);
        // A thread of the pool enters the parallel loops of a step at once, a stranger has to
        // wait at the door of each: enter once.
        if rayon::current_thread_index().is_none() && rayon::current_num_threads() > 1 {
            rayon::scope(|_| self.attempt_inside())
        } else {
            self.attempt_inside()
        }
    }

    fn attempt_inside(&mut self) -> f64 {
        let Self {
            engine,
            coefficients,
            state,
            next,
            half,
            error,
            workspaces,
            trajectories,
            clock,
            ..
        } = self;
        let (t, h) = (clock.time(), coefficients[0].h);
        let StepControl::Adaptive(controller) = &self.control else {
            sweep(
                engine,
                &coefficients[0],
                t,
                state,
                next,
                None,
                workspaces,
                *trajectories,
            );
            return 0.0;
        };
        let shrink = if half.is_empty() {
            sweep(
                engine,
                &coefficients[0],
                t,
                state,
                next,
                Some(error),
                workspaces,
                *trajectories,
            );
            1.0
        } else {
            let halves = &coefficients[1];
            sweep(
                engine,
                &coefficients[0],
                t,
                state,
                error,
                None,
                workspaces,
                *trajectories,
            );
            sweep(
                engine,
                halves,
                t,
                state,
                half,
                None,
                workspaces,
                *trajectories,
            );
            sweep(
                engine,
                halves,
                t + 0.5 * h,
                half,
                next,
                None,
                workspaces,
                *trajectories,
            );
            for (e, &u) in error.iter_mut().zip(next.iter()) {
                *e -= u;
            }
            // Two half steps are 2^p times as accurate as one step.
            1.0 / (2f64.powi(engine.scheme.order() as i32) - 1.0)
        };
        let tolerance = controller.tolerance;
        // Two halves may stay finite where the whole step overflows.
        if !(finite(next) && finite(error)) {
            return f64::INFINITY;
        }
        self.values.resize(self.engine.grid.len(), 0.0);
        let mut probe = self.take_probe();
        let len = self.engine.state_len();
        let mut worst = 0.0_f64;
        for trajectory in 0..self.trajectories {
            let part = trajectory * len..(trajectory + 1) * len;
            let mut scale = 0.0_f64;
            let mut error = 0.0_f64;
            for field in 0..self.engine.fields {
                let mut largest = |state: &[Complex64]| {
                    largest_value(
                        &self.engine,
                        state,
                        field,
                        &Multiplier::Constant(1.0),
                        &mut self.values,
                        &mut probe,
                    )
                };
                scale = scale.max(largest(&self.state[part.clone()]));
                scale = scale.max(largest(&self.next[part.clone()]));
                error = error.max(largest(&self.error[part.clone()]));
            }
            if !(scale.is_finite() && error.is_finite()) {
                worst = f64::INFINITY;
            } else if error > 0.0 {
                worst = worst.max(shrink * error / (tolerance * scale));
            }
        }
        self.probe = Some(probe);
        worst
    }

    /// The error for a state `next` that is not finite. All points fail at once, so the cell given is
    /// that of the largest value before the step.
    fn non_finite(&mut self, dt: f64) -> StepError {
        let cfl = self.courant(dt).unwrap_or(f64::NAN);
        let bad = |c: &Complex64| !(c.re.is_finite() && c.im.is_finite());
        let at = self.next.iter().position(bad).unwrap_or(0);
        let value = if self.next[at].re.is_finite() {
            self.next[at].im
        } else {
            self.next[at].re
        };
        let kept = self.engine.modes.last().kept;
        let trajectory = at / self.engine.state_len();
        let field = at / kept % self.engine.fields;
        let number = trajectory * self.engine.fields + field;
        let mut values = std::mem::take(&mut self.values);
        values.resize(self.engine.grid.len(), 0.0);
        self.sample(number, &mut values);
        let cell = (values.iter().enumerate())
            .fold(
                (0, 0.0),
                |best, (i, v)| if v.abs() > best.1 { (i, v.abs()) } else { best },
            )
            .0;
        self.values = values;
        StepError::NonFinite {
            field: self.fields()[number].name.clone(),
            value,
            place: Place::Everywhere {
                largest_before: self.engine.grid.indices(cell),
            },
            time: self.clock.time(),
            step: self.steps + 1,
            dt,
            cfl,
        }
    }

    /// Largest |speed| dt / dx over all trajectories.
    fn courant(&mut self, dt: f64) -> Option<f64> {
        let speeds = self.engine.equation.transport(self.engine.grid.dim());
        if speeds.is_empty() {
            return None;
        }
        self.values.resize(self.engine.grid.len(), 0.0);
        let mut probe = self.take_probe();
        let len = self.engine.state_len();
        let mut worst = 0.0_f64;
        for state in self.state.chunks_exact(len) {
            for (axis, &(input, factor)) in speeds.iter().enumerate() {
                let (field, symbol) = &self.engine.inputs[input];
                let values = &mut self.values;
                let speed =
                    factor * largest_value(&self.engine, state, *field, symbol, values, &mut probe);
                worst = worst.max(speed.abs() * dt / self.engine.grid.axes()[axis].width(0));
            }
        }
        self.probe = Some(probe);
        Some(worst)
    }
}

/// Advances all trajectories from `from` to `to`.
#[allow(clippy::too_many_arguments)]
fn sweep(
    engine: &Engine,
    coefficients: &StepCoefficients,
    t: f64,
    from: &[Complex64],
    to: &mut [Complex64],
    error: Option<&mut Vec<Complex64>>,
    workspaces: &mut [Workspace],
    trajectories: usize,
) {
    let len = engine.state_len();
    let register = engine.scheme.error_register();
    let parallel = rayon::current_num_threads() > 1;
    if trajectories == 1 {
        let workspace = &mut workspaces[0];
        engine.step(
            coefficients,
            t,
            from,
            to,
            workspace,
            parallel && worth_threads(engine),
        );
        if let (Some(error), Some(register)) = (error, register) {
            engine.embedded_error(register, workspace, error);
        }
        return;
    }
    let share = trajectories.div_ceil(workspaces.len()) * len;
    let shares = (from.par_chunks(share))
        .zip(to.par_chunks_mut(share))
        .zip(workspaces.par_iter_mut());
    if let (Some(error), Some(register)) = (error, register) {
        (shares.zip(error.par_chunks_mut(share))).for_each(|(((from, to), workspace), error)| {
            let parts = from.chunks_exact(len).zip(to.chunks_exact_mut(len));
            for ((from, to), error) in parts.zip(error.chunks_exact_mut(len)) {
                engine.step(coefficients, t, from, to, workspace, false);
                engine.embedded_error(register, workspace, error);
            }
        });
    } else {
        shares.for_each(|((from, to), workspace)| {
            for (from, to) in from.chunks_exact(len).zip(to.chunks_exact_mut(len)) {
                engine.step(coefficients, t, from, to, workspace, false);
            }
        });
    }
}

fn worth_threads(engine: &Engine) -> bool {
    rayon::current_num_threads() > 1 && engine.grid.len() >= PARALLEL_FROM
}

/// Largest absolute value of a symbol on a field over the grid; infinite where one is a NaN.
fn largest_value(
    engine: &Engine,
    state: &[Complex64],
    field: usize,
    symbol: &Multiplier,
    values: &mut [f64],
    probe: &mut Probe,
) -> f64 {
    engine.sample(state, field, symbol, values, probe, worth_threads(engine));
    largest_of(values)
}

/// Largest absolute value; infinite where one is a NaN, which `f64::max` would pass over.
fn largest_of(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, v| {
        let size = v.abs();
        if size.is_nan() {
            f64::INFINITY
        } else {
            size.max(most)
        }
    })
}

/// Whether every number is finite.
///
/// A NaN at one grid point spoils all modes of what is transformed, but a mode can also overflow
/// by itself, in the linear part or in a stage, and only spoil the others one step later, when
/// the last good state is gone. All modes are therefore looked at; it costs well under a
/// hundredth of a step. (x * 0 is 0 for finite x and NaN otherwise, and eight sums vectorise.)
fn finite(state: &[Complex64]) -> bool {
    let mut sums = [Complex64::ZERO; 4];
    let mut chunks = state.chunks_exact(4);
    for chunk in &mut chunks {
        for (sum, c) in sums.iter_mut().zip(chunk) {
            sum.re += c.re * 0.0;
            sum.im += c.im * 0.0;
        }
    }
    for (sum, c) in sums.iter_mut().zip(chunks.remainder()) {
        sum.re += c.re * 0.0;
        sum.im += c.im * 0.0;
    }
    sums.iter().all(|sum| sum.re == 0.0 && sum.im == 0.0)
}

fn check(
    equation: &dyn SpectralEquation,
    grid: &Grid,
    params: &SpectralParams,
    trajectories: usize,
) -> Result<(), SpectralError> {
    if trajectories == 0 {
        return Err(SpectralError::NoTrajectory);
    }
    if grid.centring() != Centring::Point {
        return Err(SpectralError::NotPoints);
    }
    for axis in grid.axes() {
        if !axis.is_periodic() {
            return Err(SpectralError::NotPeriodic { axis: axis.name() });
        }
        if !axis.is_uniform() {
            return Err(SpectralError::NotUniform { axis: axis.name() });
        }
    }
    let dimensions = equation.dimensions();
    if !dimensions.contains(&grid.dim()) {
        return Err(SpectralError::Dimension {
            found: grid.dim(),
            least: *dimensions.start(),
            most: *dimensions.end(),
        });
    }
    equation
        .check(grid)
        .map_err(|reason| SpectralError::Equation { reason })?;
    if !(params.dealias >= LEAST_DEALIAS && params.dealias <= 1.0) {
        return Err(SpectralError::Range {
            key: "dealias",
            value: params.dealias,
            expected: "at least 0.05 and at most 1",
        });
    }
    if params.contour_points < 16 || !params.contour_points.is_multiple_of(4) {
        return Err(SpectralError::Range {
            key: "contour_points",
            value: params.contour_points as f64,
            expected: "a multiple of 4, at least 16",
        });
    }
    let (inputs, outputs) = (equation.inputs(grid.dim()), equation.outputs(grid.dim()));
    for (what, found) in [("inputs", inputs.len()), ("products", outputs.len())] {
        if found > MAX_OPERANDS {
            return Err(SpectralError::TooManyOperands {
                what,
                found,
                most: MAX_OPERANDS,
            });
        }
    }
    let fields = equation.fields().len();
    let named = (inputs.iter().chain(&outputs).map(|o| o.field))
        .chain(equation.quadratics().into_iter().map(|q| q.field));
    match named.max() {
        Some(field) if field >= fields => Err(SpectralError::NoSuchField { field, fields }),
        _ => Ok(()),
    }
}

/// First step under error control where none is given, in units of time: 2^-10. It is refused down,
/// or grows by up to 4 a step, to what the tolerance allows.
const FIRST_STEP: f64 = 1.0 / 1024.0;

fn step_control(time: &TimeParams, params: &SpectralParams) -> Result<StepControl, SpectralError> {
    let range = |key, value, expected| {
        Err(SpectralError::Range {
            key,
            value,
            expected,
        })
    };
    if !time.start.is_finite() {
        return range("start", time.start, "a finite number");
    }
    if !(time.end.is_finite() && time.end > time.start) {
        return range("end", time.end, "finite and after `start`");
    }
    if let Some(cfl) = time.cfl {
        return Err(SpectralError::Cfl { cfl });
    }
    let run = time.end - time.start;
    for (key, value) in [
        ("step", time.step),
        ("tolerance", time.tolerance),
        ("first_step", time.first_step),
        ("min_step", time.min_step),
        ("max_step", time.max_step),
    ] {
        match value {
            Some(value) if !(value.is_finite() && value > 0.0) => {
                return range(key, value, "finite and above 0");
            }
            _ => {}
        }
    }
    match (time.step, time.tolerance) {
        (Some(step), None) if step < SHORTEST_STEP * run => {
            range("step", step, "at least 1e-12 of the run")
        }
        (Some(step), None) => Ok(StepControl::Fixed(step)),
        (None, Some(tolerance)) => {
            // Neither bound nor first step may depend on the end of the run by default: a run
            // that is extended later must have taken the same steps.
            let largest = time.max_step.unwrap_or(f64::INFINITY);
            let smallest = time.min_step.unwrap_or(SHORTEST_STEP * run);
            if smallest > largest {
                return range("min_step", smallest, "at most `max_step`");
            }
            let first = time.first_step.unwrap_or(FIRST_STEP).min(largest);
            let estimate = if params.scheme.has_embedded_error() {
                params.scheme.order() - 1
            } else {
                params.scheme.order()
            };
            Ok(StepControl::Adaptive(Controller::new(
                tolerance, first, smallest, largest, estimate,
            )))
        }
        (None, None) => Err(SpectralError::StepChoice { found: "neither" }),
        (Some(_), Some(_)) => Err(SpectralError::StepChoice { found: "both" }),
    }
}

fn steady_source(engine: &Engine) -> Vec<Complex64> {
    if !engine.equation.has_steady_source() {
        return Vec::new();
    }
    let mut source = vec![Complex64::ZERO; engine.state_len()];
    for field in 0..engine.fields {
        let values: Vec<f64> = (0..engine.grid.len())
            .map(|i| {
                engine
                    .equation
                    .steady_source(field, engine.grid.position(i))
            })
            .collect();
        engine.analyse(&values, field, &mut source, worth_threads(engine));
    }
    source
}

impl Simulation for Spectral {
    fn time(&self) -> f64 {
        self.clock.time()
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn advance(&mut self, limit: f64) -> Result<Step, StepError> {
        let mut rejected = 0;
        loop {
            let wished = match &self.control {
                StepControl::Fixed(h) => *h,
                StepControl::Adaptive(controller) => controller.step(),
            };
            let fit = self.clock.fit(wished, limit);
            let (time, dt) = (self.clock.time(), fit.dt);
            if fit.time <= time {
                return Err(StepError::time_stands_still(time, self.steps + 1, dt));
            }
            let cut = dt < wished;
            let error = self.attempt(if cut { rounded(dt) } else { dt });
            match &mut self.control {
                StepControl::Fixed(_) => {
                    if !finite(&self.next) {
                        return Err(self.non_finite(dt));
                    }
                }
                StepControl::Adaptive(controller) => {
                    if error <= 1.0 {
                        controller.accept(error, cut);
                    } else {
                        controller.refuse(error, dt);
                        rejected += 1;
                        let (wished, dt_min) = (controller.step(), controller.min_step);
                        if wished >= dt_min {
                            continue;
                        }
                        if !finite(&self.next) {
                            return Err(self.non_finite(dt));
                        }
                        return Err(StepError::StepTooSmall {
                            time,
                            step: self.steps + 1,
                            dt: wished,
                            dt_min,
                            error,
                        });
                    }
                }
            }
            std::mem::swap(&mut self.state, &mut self.next);
            self.clock.advance(&fit);
            self.steps += 1;
            self.last_step = dt;
            return Ok(Step {
                index: self.steps,
                time: fit.time,
                dt,
                rejected,
            });
        }
    }

    fn fields(&self) -> Vec<FieldSpec> {
        let own = self.engine.equation.fields();
        if self.trajectories == 1 {
            return own;
        }
        (0..self.trajectories)
            .flat_map(|trajectory| {
                own.iter().map(move |field| FieldSpec {
                    name: format!("{}_{trajectory:04}", field.name),
                    units: field.units.clone(),
                })
            })
            .collect()
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        let (trajectory, field) = (field / self.engine.fields, field % self.engine.fields);
        let identity = Multiplier::Constant(1.0);
        let mut probe = self.take_probe();
        let (engine, state) = (&self.engine, self.trajectory(trajectory));
        let parallel = worth_threads(engine);
        engine.sample(state, field, &identity, out, &mut probe, parallel);
        self.probe = Some(probe);
    }

    fn quantity_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let own = self.engine.fields;
        for (number, field) in self.fields().iter().enumerate() {
            for norm in ["integral", "l2", "min", "max"] {
                names.push(format!("{norm}({})", field.name));
            }
            if number % own == own - 1 {
                for (quadratic, _) in &self.quadratics {
                    names.push(if self.trajectories == 1 {
                        quadratic.name.clone()
                    } else {
                        format!("{}_{:04}", quadratic.name, number / own)
                    });
                }
            }
        }
        names
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let mut values = std::mem::take(&mut self.values);
        values.resize(self.engine.grid.len(), 0.0);
        for trajectory in 0..self.trajectories {
            for field in 0..self.engine.fields {
                self.sample(trajectory * self.engine.fields + field, &mut values);
                let norms = Norms::of(&self.engine.grid, &values);
                out.extend([norms.integral, norms.l2, norms.min, norms.max]);
            }
            let state = self.trajectory(trajectory);
            for (quadratic, weights) in &self.quadratics {
                let sum = pdesolve_mesh::deterministic_sum(weights.len(), |mode| {
                    weights[mode] * state[self.place(quadratic.field, mode)].norm_sqr()
                });
                out.push(self.engine.grid.volume() * sum);
            }
        }
        self.values = values;
    }

    fn cfl(&mut self) -> Option<f64> {
        self.courant(self.last_step)
    }

    fn save(&self, state: &mut State) {
        let flat: Vec<f64> = self.state.iter().flat_map(|c| [c.re, c.im]).collect();
        state.arrays.insert("coefficients".to_owned(), flat);
        self.clock.save(state);
        state.put("last_step", &[self.last_step]);
        state.put_counter("steps", self.steps);
        if let StepControl::Adaptive(controller) = &self.control {
            state.put("controller", &controller.save());
        }
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let flat = state.get("coefficients", 2 * self.state.len())?;
        let clock = Clock::restored(state)?;
        let last_step = state.get("last_step", 1)?[0];
        let steps = state.counter("steps")?;
        if let StepControl::Adaptive(controller) = &mut self.control {
            controller.restore(state.get("controller", STATE_LEN)?);
        }
        for (c, pair) in self.state.iter_mut().zip(flat.chunks_exact(2)) {
            *c = Complex64::new(pair[0], pair[1]);
        }
        (self.clock, self.last_step, self.steps) = (clock, last_step, steps);
        Ok(())
    }
}
