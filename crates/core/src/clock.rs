//! The time of a simulation, kept so that rounding does not add up over many steps.

use crate::state::{RestoreError, State};

/// Current time, as a number of equal steps since the last time that was hit exactly.
///
/// After k steps of size dt from `origin` the time is `origin + k dt`, rounded once; a running sum
/// would drift by k roundings, and a run of 150 000 steps would end in slivers. A step of another
/// size, and each landing, starts the count anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    time: f64,
    origin: f64,
    /// Size of the steps counted; 0 where none are.
    step: f64,
    count: u64,
}

/// A step fitted to the next time that must be hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Size to take.
    pub dt: f64,
    /// Whether the step ends on the limit.
    pub lands: bool,
    /// Time after the step; the limit itself where the step lands.
    pub time: f64,
}

impl Clock {
    /// A clock that stands at `time`.
    pub fn new(time: f64) -> Self {
        Self {
            time,
            origin: time,
            step: 0.0,
            count: 0,
        }
    }

    /// Current time.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Fits a wished step `dt` to `limit`, a later time.
    ///
    /// A remainder within 1e-9 of `dt`, or within the rounding of the times, counts as `dt`, so
    /// that a fixed step whose multiples are the output times never changes size (and its
    /// coefficients are computed once). Where `dt` is too small to move the time, the time of the
    /// result is not above the current one.
    pub fn fit(&self, dt: f64, limit: f64) -> Fit {
        let left = limit - self.time;
        // Limit, origin, count times step and their sum are each rounded.
        let largest = self.time.abs().max(limit.abs()).max(self.origin.abs());
        let rounding = 8.0 * f64::EPSILON * largest;
        let slack = (1e-9 * dt).max(rounding.min(0.25 * dt));
        let land = |dt| Fit {
            dt,
            lands: true,
            time: limit,
        };
        if dt.is_finite() && (left - dt).abs() <= slack {
            return land(dt);
        }
        if left < dt {
            return land(left);
        }
        let time = if dt == self.step {
            self.origin + (self.count + 1) as f64 * dt
        } else {
            self.time + dt
        };
        if time < limit {
            Fit {
                dt,
                lands: false,
                time,
            }
        } else {
            land(dt)
        }
    }

    /// Moves on by a step that [`Clock::fit`] gave.
    pub fn advance(&mut self, fit: &Fit) {
        if fit.lands {
            *self = Self::new(fit.time);
            return;
        }
        if fit.dt == self.step {
            self.count += 1;
        } else {
            (self.origin, self.step, self.count) = (self.time, fit.dt, 1);
        }
        self.time = fit.time;
    }

    /// Writes the array `time` and the counter `steps_since_landing`.
    pub fn save(&self, state: &mut State) {
        state.put("time", &[self.time, self.origin, self.step]);
        state.put_counter("steps_since_landing", self.count);
    }

    /// Reads what [`Clock::save`] wrote.
    ///
    /// # Errors
    /// [`RestoreError`] where an entry is missing or has another length.
    pub fn restored(state: &State) -> Result<Self, RestoreError> {
        let time = state.get("time", 3)?;
        Ok(Self {
            time: time[0],
            origin: time[1],
            step: time[2],
            count: state.counter("steps_since_landing")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs through the limits; gives back the number of steps and of different sizes.
    fn run(clock: &mut Clock, dt: f64, limits: impl Iterator<Item = f64>) -> (u64, usize) {
        let (mut steps, mut sizes) = (0, std::collections::BTreeSet::new());
        for limit in limits {
            while clock.time() < limit {
                let fit = clock.fit(dt, limit);
                assert!(fit.time > clock.time());
                clock.advance(&fit);
                sizes.insert(fit.dt.to_bits());
                steps += 1;
            }
            assert_eq!(clock.time(), limit);
        }
        (steps, sizes.len())
    }

    #[test]
    fn a_step_within_rounding_of_the_limit_keeps_its_size() {
        let fit = Clock::new(0.9 + 1e-13).fit(0.1, 1.0);
        let landed = Fit {
            dt: 0.1,
            lands: true,
            time: 1.0,
        };
        assert_eq!(fit, landed);
    }

    #[test]
    fn a_step_past_the_limit_is_cut() {
        let fit = Clock::new(0.95).fit(0.1, 1.0);
        assert!(fit.lands && (fit.dt - 0.05).abs() < 1e-15);
        assert!(!Clock::new(0.0).fit(0.1, 1.0).lands);
        let endless = Clock::new(0.0).fit(f64::INFINITY, 1.0);
        assert_eq!((endless.dt, endless.lands), (1.0, true));
    }

    #[test]
    fn fixed_steps_are_counted_exactly_over_long_runs() {
        let every = (1..=30).map(|k| f64::from(k) * 0.1);
        assert_eq!(run(&mut Clock::new(0.0), 2e-5, every), (150_000, 1));
        let at_the_end = std::iter::once(3.0);
        assert_eq!(run(&mut Clock::new(0.0), 2e-5, at_the_end), (150_000, 1));
        let long = std::iter::once(1000.0);
        assert_eq!(run(&mut Clock::new(0.0), 1e-4, long), (10_000_000, 1));
        // Far from 0 the times themselves are rounded by more than 1e-9 of a step.
        let far = (1..=10).map(|k| 1e6 + f64::from(k) * 0.1);
        assert_eq!(run(&mut Clock::new(1e6), 1e-5, far), (100_000, 1));
        let through_zero = std::iter::once(3.0);
        let (steps, sizes) = run(&mut Clock::new(-1e4), 0.001, through_zero);
        assert_eq!((steps, sizes), (10_003_000, 1));
    }

    #[test]
    fn a_restored_clock_shows_the_same_bits() {
        let mut straight = Clock::new(0.3);
        for _ in 0..12_345 {
            straight.advance(&straight.fit(2e-5, 3.0));
        }
        let mut state = State::default();
        straight.save(&mut state);
        let mut resumed = Clock::restored(&state).unwrap();
        for _ in 0..12_345 {
            straight.advance(&straight.fit(2e-5, 3.0));
            resumed.advance(&resumed.fit(2e-5, 3.0));
            assert_eq!(straight.time().to_bits(), resumed.time().to_bits());
        }
        state.arrays.remove("time");
        assert!(Clock::restored(&state).is_err());
    }

    #[test]
    fn a_step_lost_in_rounding_does_not_move_the_time() {
        let clock = Clock::new(1e17);
        assert!(clock.fit(1e-300, 1e17 + 100.0).time <= clock.time());
    }
}
