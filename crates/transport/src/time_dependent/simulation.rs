//! [`TransientTransport`] as a simulation: steps, fields, quantities, checkpoints.
//!
//! A checkpoint holds the angular flux and the precursors (with BDF2 those of the step before as
//! well). Flux moments are computed from the angular flux after each step in the same way, so that
//! a restored run starts its iterations from the same bits.

use pdesolve_core::{Clock, FieldSpec, Place, RestoreError, Simulation, State, Step, StepError};

use super::{Level, Rates, TransientTransport, balance};
use crate::discretization::Discretization;

impl Simulation for TransientTransport {
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
        let taken = self.step_into_next(start, fit.dt);
        let (rates, iterations, sweeps) = taken.map_err(|reason| StepError::LinearSolve {
            time: start,
            step: index,
            reason,
        })?;
        for g in 0..self.disc.groups() {
            let mut averages = self.next.flux.averages(g).enumerate();
            if let Some((cell, value)) = averages.find(|(_, phi)| !phi.is_finite()) {
                return Err(StepError::NonFinite {
                    field: self.fields[g].name.clone(),
                    value,
                    place: Place::Cell(vec![cell]),
                    time: start,
                    step: index,
                    dt: fit.dt,
                    cfl: f64::NAN,
                });
            }
        }
        if let Some(older) = &mut self.older {
            std::mem::swap(older, &mut self.now);
        }
        std::mem::swap(&mut self.now, &mut self.next);
        self.before = fit.dt;
        (self.rates, self.iterations, self.sweeps) = (rates, iterations, sweeps);
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
        self.fields.clone()
    }

    fn sample(&mut self, field: usize, out: &mut [f64]) {
        let groups = self.disc.groups();
        let values = if field < groups {
            self.now.flux.group(field)
        } else {
            &self.now.precursors[field - groups]
        };
        let averages = values.iter().step_by(self.disc.dofs());
        for (out, value) in out.iter_mut().zip(averages) {
            *out = *value;
        }
        if field < groups {
            for (cell, out) in out.iter_mut().enumerate() {
                *out += self.uncollided(cell);
            }
        }
    }

    fn quantity_names(&self) -> Vec<String> {
        let mut names = vec!["population".to_owned()];
        names.extend(self.fields.iter().map(|f| format!("integral({})", f.name)));
        names.extend(
            [
                "source",
                "prompt",
                "delayed",
                "absorption",
                "leakage(left)",
                "leakage(right)",
                "balance_residual",
                "iterations",
                "sweeps",
            ]
            .map(str::to_owned),
        );
        names
    }

    fn quantities(&mut self, out: &mut Vec<f64>) {
        let pulse = integral(
            &self.disc,
            (0..self.disc.mesh().len()).map(|cell| self.uncollided(cell)),
        );
        let speed = self.disc.material(0).velocity[0];
        out.push(balance::population(&self.disc, &self.now.flux) + pulse / speed);
        for g in 0..self.disc.groups() {
            let averages = self.now.flux.averages(g);
            out.push(integral(&self.disc, averages) + pulse);
        }
        for c in &self.now.precursors {
            out.push(integral(
                &self.disc,
                c.iter().step_by(self.disc.dofs()).copied(),
            ));
        }
        out.extend(self.rates.array());
        out.extend([self.iterations as f64, self.sweeps as f64]);
    }

    fn save(&self, state: &mut State) {
        put_level(state, "", &self.now);
        if let (Some(older), true) = (&self.older, self.before > 0.0) {
            put_level(state, "_before", older);
        }
        state.put("step_before", &[self.before]);
        state.put("rates", &self.rates.array());
        self.clock.save(state);
        state.put_counter("steps", self.steps);
        state.put_counter("iterations", self.iterations as u64);
        state.put_counter("sweeps", self.sweeps as u64);
    }

    fn restore(&mut self, state: &State) -> Result<(), RestoreError> {
        let before = state.get("step_before", 1)?[0];
        let mut now = self.now.clone();
        get_level(state, "", &mut now)?;
        let mut older = self.older.clone();
        if let (Some(older), true) = (&mut older, before > 0.0) {
            get_level(state, "_before", older)?;
            older.take_moments(&self.disc);
        }
        let rates = Rates::from_array(state.get("rates", Rates::LEN)?);
        let clock = Clock::restored(state)?;
        let steps = state.counter("steps")?;
        let iterations = state.counter("iterations")? as usize;
        let sweeps = state.counter("sweeps")? as usize;
        now.take_moments(&self.disc);
        (self.now, self.older, self.before) = (now, older, before);
        (self.rates, self.clock, self.steps) = (rates, clock, steps);
        (self.iterations, self.sweeps) = (iterations, sweeps);
        Ok(())
    }
}

/// Sum of volume times average.
fn integral(disc: &Discretization, averages: impl Iterator<Item = f64>) -> f64 {
    averages
        .enumerate()
        .map(|(cell, value)| disc.mesh().volume(cell) * value)
        .sum()
}

fn put_level(state: &mut State, when: &str, level: &Level) {
    for (g, psi) in level.psi.iter().enumerate() {
        state.put(&format!("angular_flux{when}_g{}", g + 1), psi);
    }
    for (j, c) in level.precursors.iter().enumerate() {
        state.put(&format!("precursors{when}_{}", j + 1), c);
    }
}

fn get_level(state: &State, when: &str, level: &mut Level) -> Result<(), RestoreError> {
    for (g, psi) in level.psi.iter_mut().enumerate() {
        let saved = state.get(&format!("angular_flux{when}_g{}", g + 1), psi.len())?;
        psi.copy_from_slice(saved);
    }
    for (j, c) in level.precursors.iter_mut().enumerate() {
        let saved = state.get(&format!("precursors{when}_{}", j + 1), c.len())?;
        c.copy_from_slice(saved);
    }
    Ok(())
}
