//! Time integrators, each written as one step of backward Euler.
//!
//! With u' = A u + q, every scheme here solves
//!
//! ```text
//! (u* - H)/tau = A u* + q(t*)        H = current u_n + older u_(n-1)
//! u_(n+1) = reach u* + (1 - reach) u_n
//! ```
//!
//! | scheme | tau | H | t* | reach |
//! |---|---|---|---|---|
//! | backward Euler | h | u_n | t + h | 1 |
//! | Crank-Nicolson | h/2 | u_n | t + h/2 | 2 |
//! | BDF2 | h (1 + w)/(1 + 2 w) | ((1 + w)^2 u_n - w^2 u_(n-1))/(1 + 2 w) | t + h | 1 |
//!
//! h is the step and w its ratio to the step before. Crank-Nicolson is the implicit midpoint rule:
//! u* is the mean of the two ends, and sources are taken in the middle. The first step of BDF2 is
//! backward Euler: its error is of order h^2 once, so that the order 2 stays. So it is again after a
//! step more than 1 + sqrt(2) times shorter, where the formula for unequal steps is no longer
//! stable.
//!
//! Source: Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, 1993, III.5.

use crate::params::TimeScheme;

/// 1 + sqrt(2): BDF2 is zero-stable while steps grow by less (Grigorieff 1983).
const LARGEST_RATIO: f64 = 1.0 + std::f64::consts::SQRT_2;

/// One step as backward Euler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Formula {
    /// Step of the backward Euler equation.
    pub(super) tau: f64,
    /// Weight of u_n in H.
    pub(super) current: f64,
    /// Weight of u_(n-1) in H.
    pub(super) older: f64,
    /// t* - t.
    pub(super) at: f64,
    /// Weight of u* in u_(n+1).
    pub(super) reach: f64,
}

impl Formula {
    /// The formula of a step `h` after one of size `before`, if there was one.
    pub(super) fn new(scheme: TimeScheme, h: f64, before: Option<f64>) -> Self {
        let euler = Self {
            tau: h,
            current: 1.0,
            older: 0.0,
            at: h,
            reach: 1.0,
        };
        match (scheme, before) {
            (TimeScheme::BackwardEuler, _) => euler,
            (TimeScheme::CrankNicolson, _) => Self {
                tau: 0.5 * h,
                at: 0.5 * h,
                reach: 2.0,
                ..euler
            },
            (TimeScheme::Bdf2, Some(before)) if h < LARGEST_RATIO * before => {
                let w = h / before;
                let divisor = 1.0 + 2.0 * w;
                Self {
                    tau: h * (1.0 + w) / divisor,
                    current: (1.0 + w) * (1.0 + w) / divisor,
                    older: -w * w / divisor,
                    ..euler
                }
            }
            (TimeScheme::Bdf2, _) => euler,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadratics_are_exact_for_the_schemes_of_order_2_with_unequal_steps() {
        let u = |t: f64| 1.0 + 2.0 * t + 3.0 * t * t;
        let slope = |t: f64| 2.0 + 6.0 * t;
        for scheme in [TimeScheme::CrankNicolson, TimeScheme::Bdf2] {
            for (before, h) in [(0.1, 0.1), (0.1, 0.03), (0.05, 0.11)] {
                let f = Formula::new(scheme, h, Some(before));
                let history = f.current * u(1.0) + f.older * u(1.0 - before);
                let star = history + f.tau * slope(1.0 + f.at);
                let next = f.reach * star + (1.0 - f.reach) * u(1.0);
                assert!((next - u(1.0 + h)).abs() < 1e-14, "{scheme:?} {before} {h}");
            }
        }
    }
}
