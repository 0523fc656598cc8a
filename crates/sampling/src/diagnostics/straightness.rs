//! How straight the trajectories of a batch are.
//!
//! ```text
//! S = mean over samples of int_0^1 |dx/dtau - (x(1) - x(0))|^2 dtau
//! ```
//!
//! with tau the time scaled to run from 0 to 1 (Liu, Gong and Liu 2023). S = 0 where every sample
//! moves along a straight line at constant speed: one Euler step is then exact. The integral is that
//! of the polygon through the recorded states, which is the true one to second order in their
//! distance and never larger.

/// S of a path `[time][sample][unknown]` recorded at `times`; in squared units of the unknowns.
///
/// NaN where the path holds fewer than two times or no sample.
pub fn straightness(times: &[f64], path: &[f64], unknowns: usize) -> f64 {
    let batch = path.len() / times.len().max(1);
    if times.len() < 2 || batch == 0 {
        return f64::NAN;
    }
    let last = times.len() - 1;
    let whole = times[last] - times[0];
    let chord = |i: usize| path[last * batch + i] - path[i];
    let mut sum = 0.0;
    for (k, pair) in times.windows(2).enumerate() {
        let tau = (pair[1] - pair[0]) / whole;
        for i in 0..batch {
            let velocity = (path[(k + 1) * batch + i] - path[k * batch + i]) / tau;
            sum += tau * (velocity - chord(i)).powi(2);
        }
    }
    sum / (batch / unknowns) as f64
}

/// Mean over the samples of the length of the path over the distance of its ends: 1 where it is
/// straight, at whatever speed. A path `[time][sample][unknown]` of `times` states.
///
/// NaN or infinite where the ends of a sample fall together.
pub fn length_over_chord(times: usize, path: &[f64], unknowns: usize) -> f64 {
    let samples = path.len() / times / unknowns;
    let at = |k: usize, sample: usize| {
        let first = (k * samples + sample) * unknowns;
        &path[first..first + unknowns]
    };
    let distance = |a: &[f64], b: &[f64]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let ratio = |sample: usize| {
        let length: f64 = (1..times)
            .map(|k| distance(at(k - 1, sample), at(k, sample)))
            .sum();
        length / distance(at(0, sample), at(times - 1, sample))
    };
    (0..samples).map(ratio).sum::<f64>() / samples as f64
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::*;

    #[test]
    fn a_straight_path_at_constant_speed_has_none_whichever_way_time_runs() {
        let times = [1.0, 0.7, 0.1, 0.0];
        // Two samples of two unknowns.
        let path: Vec<f64> = times
            .iter()
            .flat_map(|t| [3.0 * t, 1.0 - t, 0.5, 2.0 * t])
            .collect();
        assert!(straightness(&times, &path, 2) < 1e-28);
        assert!((length_over_chord(4, &path, 2) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_quarter_of_a_circle_has_its_closed_form() {
        let n = 2000;
        let times: Vec<f64> = (0..=n).map(|k| 3.0 * k as f64 / n as f64).collect();
        let path: Vec<f64> = times
            .iter()
            .flat_map(|t| [(FRAC_PI_2 * t / 3.0).cos(), (FRAC_PI_2 * t / 3.0).sin()])
            .collect();
        // int |v|^2 - |chord|^2
        let exact = FRAC_PI_2.powi(2) - 2.0;
        let found = straightness(&times, &path, 2);
        assert!((found - exact).abs() < 1e-6, "{found} {exact}");
        let found = length_over_chord(n + 1, &path, 2);
        assert!((found - FRAC_PI_2 / 2f64.sqrt()).abs() < 1e-6, "{found}");
    }

    #[test]
    fn a_straight_path_at_changing_speed_is_long_as_its_chord_but_not_straight() {
        let n = 1000;
        let times: Vec<f64> = (0..=n).map(|k| k as f64 / n as f64).collect();
        let path: Vec<f64> = times.iter().map(|t| t * t).collect();
        // int (2 t - 1)^2 dt = 1/3
        assert!((straightness(&times, &path, 1) - 1.0 / 3.0).abs() < 1e-5);
        assert!((length_over_chord(n + 1, &path, 1) - 1.0).abs() < 1e-12);
    }
}
