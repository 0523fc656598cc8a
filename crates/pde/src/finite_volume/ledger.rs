//! The balance of a conserved quantity: what was there, what came, what left.
//!
//! Each term is a time integral made of the same fluxes and the same stage weights as the step, so
//! that `integral(t) - integral(0) + outflow - source` is zero up to rounding. The sums are
//! compensated (Neumaier 1974): after a million steps they are still good to the last digits.

/// Rates of one evaluation of the right-hand side, or their weighted sum over a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Integral of the outward flux over all boundaries.
    pub(super) outflow: f64,
    /// Integral of the source over the domain.
    pub(super) source: f64,
}

impl Rates {
    pub(super) fn add(&mut self, weight: f64, other: Self) {
        self.outflow += weight * other.outflow;
        self.source += weight * other.source;
    }
}

/// A sum that carries its rounding error along.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CompensatedSum {
    sum: f64,
    error: f64,
}

impl CompensatedSum {
    pub(crate) fn from_parts([sum, error]: [f64; 2]) -> Self {
        Self { sum, error }
    }

    pub(crate) fn parts(self) -> [f64; 2] {
        [self.sum, self.error]
    }

    pub(crate) fn value(self) -> f64 {
        self.sum + self.error
    }

    pub(crate) fn add(&mut self, term: f64) {
        let total = self.sum + term;
        self.error += if self.sum.abs() >= term.abs() {
            (self.sum - total) + term
        } else {
            (term - total) + self.sum
        };
        self.sum = total;
    }
}

/// Accumulated balance of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ledger {
    /// Integral of u at the start.
    pub(super) initial: f64,
    /// Time integral of the outflow.
    pub(super) outflow: CompensatedSum,
    /// Time integral of the source.
    pub(super) source: CompensatedSum,
}

impl Ledger {
    pub(super) fn new(initial: f64) -> Self {
        Self {
            initial,
            ..Self::default()
        }
    }

    /// Books a step; `step` is already multiplied by dt.
    pub(super) fn book(&mut self, step: Rates) {
        self.outflow.add(step.outflow);
        self.source.add(step.source);
    }

    /// What the integral has gained beyond what came in: zero up to rounding.
    pub(super) fn balance(&self, integral: f64) -> f64 {
        (integral - self.initial) + self.outflow.value() - self.source.value()
    }
}
