//! Kinetic energy of a path of Gaussians.
//!
//! Data N(0, s^2 I) in d unknowns are at time t of a schedule N(0, V I), V = alpha^2 s^2 + sigma^2.
//! The velocity of its flow is x times (sqrt V)'/sqrt V, and its energy
//!
//! ```text
//! E = int E|dx/dt|^2 dt = d int (d sqrt(V)/dt)^2 dt.
//! ```
//!
//! Least, d (1 - s)^2 from t = 0 to 1, where sqrt(V) is linear in t: see
//! [`KineticOptimal`](crate::schedule::KineticOptimal). For s = 1 every variance-preserving schedule
//! has none, and the straight path alpha = 1 - t, sigma = t has 2 - pi/2 an unknown.

use crate::schedule::NoiseSchedule;

/// Nodes and weights of the Gauss-Legendre rule of five points on [-1, 1].
const GAUSS: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
    (-0.538_469_310_105_683, 0.478_628_670_499_366_5),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683, 0.478_628_670_499_366_5),
    (0.906_179_845_938_664, 0.236_926_885_056_189_1),
];

const PANELS: usize = 400;

/// Energy of the path from time `from` to time `to`, for Gaussian data of standard deviation
/// `deviation` in `unknowns` unknowns. Five Gauss points on each of 400 panels: near rounding for
/// smooth schedules.
pub fn kinetic_energy(
    schedule: &dyn NoiseSchedule,
    deviation: f64,
    unknowns: usize,
    from: f64,
    to: f64,
) -> f64 {
    let half = 0.5 * (to - from) / PANELS as f64;
    let mut sum = 0.0;
    for panel in 0..PANELS {
        let middle = from + half * (2 * panel + 1) as f64;
        for (place, weight) in GAUSS {
            let node = schedule.node(middle + half * place);
            let s2 = deviation * deviation;
            let v = node.alpha.powi(2) * s2 + node.sigma.powi(2);
            let half_v_dot = node.alpha * node.alpha_dot * s2 + node.sigma * node.sigma_dot;
            // (sqrt V)'^2
            sum += weight * half * half_v_dot.powi(2) / v;
        }
    }
    unknowns as f64 * sum
}

#[cfg(test)]
mod tests {
    use super::kinetic_energy;
    use crate::schedule::{Flow, KineticOptimal, VarianceLinear};

    #[test]
    fn of_the_straight_path_of_a_unit_gaussian_is_two_less_half_pi() {
        let found = kinetic_energy(&Flow::default(), 1.0, 1, 0.0, 1.0);
        assert!((found - 0.4292036732).abs() < 1e-8, "{found}");
        let three = kinetic_energy(&Flow::default(), 1.0, 3, 0.0, 1.0);
        assert!((three - 3.0 * found).abs() < 1e-14);
    }

    #[test]
    fn of_a_variance_preserving_path_of_a_unit_gaussian_is_none() {
        let found = kinetic_energy(&VarianceLinear::default(), 1.0, 1, 1e-3, 1.0);
        assert!(found.abs() < 1e-20, "{found:e}");
    }

    #[test]
    fn is_least_on_the_optimal_schedule() {
        for s in [0.2, 0.5, 1.0, 1.5] {
            let optimal = KineticOptimal {
                deviation: s,
                ..KineticOptimal::default()
            };
            let found = kinetic_energy(&optimal, s, 2, 0.0, 1.0);
            let least = 2.0 * f64::powi(1.0 - s, 2);
            assert!((found - least).abs() < 1e-12, "{s}: {found} {least}");
            let straight = kinetic_energy(&Flow::default(), s, 2, 0.0, 1.0);
            assert!(straight > found + 1e-3, "{s}: {straight} {found}");
        }
    }
}
