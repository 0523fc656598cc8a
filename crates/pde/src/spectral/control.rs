//! Step sizes: fixed, or chosen from a ladder by error control.
//!
//! Coefficients belong to a step size, so error control may only choose sizes on a ladder
//! h_j = h_0 2^(j/4), and coefficients are computed once a rung. A proportional-integral
//! controller (K. Gustafsson, ACM TOMS 17 (1991) 533; E. Hairer, G. Wanner, Solving ODEs II, IV.2)
//!
//! ```text
//! h_new = 0.9 h e_n^(-0.7/(q+1)) e_(n-1)^(0.4/(q+1))
//! ```
//!
//! with e the estimated error over the tolerance and q the order of the estimate asks for a size;
//! the rung below it is taken.

/// 2^(j/4) for j = 0..4. A rung four below is half the size, to the bit.
const QUARTERS: [f64; 4] = [
    1.0,
    1.189_207_115_002_721,
    std::f64::consts::SQRT_2,
    1.681_792_830_507_429,
];
/// At most this many rungs up (a factor 4) and down (a factor 16) at once.
const MOST_UP: f64 = 8.0;
const MOST_DOWN: f64 = -16.0;

/// Step sizes of a run.
#[derive(Clone, Debug)]
pub(super) enum StepControl {
    Fixed(f64),
    Adaptive(Controller),
}

/// Error control.
#[derive(Clone, Debug)]
pub(super) struct Controller {
    /// Error allowed in a step, relative to the largest value of the state.
    pub(super) tolerance: f64,
    pub(super) min_step: f64,
    first_step: f64,
    /// Highest rung, from the largest step allowed.
    top: i32,
    /// Exponent base: order of the error estimate plus 1.
    order: f64,
    rung: i32,
    /// Error over tolerance of the last accepted step.
    previous: f64,
    /// The last attempt was refused: the next step may not grow.
    refused: bool,
}

/// What a checkpoint holds of a controller.
pub(super) const STATE_LEN: usize = 3;

impl Controller {
    pub(super) fn new(
        tolerance: f64,
        first_step: f64,
        min_step: f64,
        max_step: f64,
        estimate_order: u32,
    ) -> Self {
        let top = (4.0 * (max_step / first_step).log2() + 1e-9).floor() as i32;
        Self {
            tolerance,
            min_step,
            first_step,
            top,
            order: f64::from(estimate_order) + 1.0,
            rung: 0.min(top),
            previous: 1.0,
            refused: false,
        }
    }

    /// Size of the current rung.
    pub(super) fn step(&self) -> f64 {
        self.first_step
            * 2f64.powi(self.rung.div_euclid(4))
            * QUARTERS[self.rung.rem_euclid(4) as usize]
    }

    /// Takes note of an accepted step. A step that was cut to land on an output time says nothing
    /// about the rung.
    pub(super) fn accept(&mut self, error: f64, cut: bool) {
        if cut {
            return;
        }
        let error = error.max(1e-10);
        let factor = 0.9 * error.powf(-0.7 / self.order) * self.previous.powf(0.4 / self.order);
        let rungs = (4.0 * factor.log2()).floor().clamp(MOST_DOWN, MOST_UP);
        let rungs = if self.refused { rungs.min(0.0) } else { rungs };
        self.rung = (self.rung + rungs as i32).min(self.top);
        self.previous = error.max(1e-4);
        self.refused = false;
    }

    /// Takes note of a refused step of size `dt`; `error` may be infinite.
    pub(super) fn refuse(&mut self, error: f64, dt: f64) {
        let factor = if error.is_finite() {
            0.9 * error.powf(-1.0 / self.order)
        } else {
            0.25
        };
        // From the step actually tried, which may have been cut.
        let tried = 4.0 * (dt / self.first_step).log2();
        let rungs = (4.0 * factor.log2()).clamp(MOST_DOWN, -1.0);
        self.rung = self.rung.min((tried + rungs + 1e-9).floor() as i32);
        self.refused = true;
    }

    pub(super) fn save(&self) -> [f64; STATE_LEN] {
        [
            f64::from(self.rung),
            self.previous,
            f64::from(u8::from(self.refused)),
        ]
    }

    pub(super) fn restore(&mut self, state: &[f64]) {
        self.rung = state[0] as i32;
        self.previous = state[1];
        self.refused = state[2] != 0.0;
    }
}

/// `dt` with the last 16 bits of its mantissa cleared, a relative change below 2^-36.
///
/// Steps cut to land on evenly spaced output times differ from one another by rounding; so
/// treated most share their coefficients. The size that a step uses depends on nothing but the
/// cut itself, as a bit-exact restart demands.
pub(super) fn rounded(dt: f64) -> f64 {
    f64::from_bits(dt.to_bits() & !0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_rungs_down_is_half_the_step_to_the_bit() {
        let mut control = Controller::new(1e-6, 0.0123, 1e-12, 1.0, 4);
        for rung in -20..20 {
            control.rung = rung;
            let h = control.step();
            control.rung = rung - 4;
            assert_eq!(control.step(), 0.5 * h);
        }
    }

    #[test]
    fn steps_grow_where_the_error_is_small_and_shrink_where_it_is_large() {
        let mut control = Controller::new(1e-6, 0.01, 1e-12, 0.1, 4);
        control.accept(1e-6, false);
        assert!(control.step() > 0.02);
        for _ in 0..50 {
            control.accept(1e-6, false);
        }
        assert!(control.step() <= 0.1 && control.step() > 0.08);
        let before = control.step();
        control.refuse(50.0, before);
        assert!(control.step() < before / 2.0);
        let after = control.step();
        control.accept(1e-6, false);
        assert_eq!(control.step(), after, "no growth right after a refusal");
    }
}
