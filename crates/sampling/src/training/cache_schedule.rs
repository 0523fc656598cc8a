//! Which steps evaluate the whole model and which reuse its features, and how reuse is corrected.
//!
//! The steps 0..N fall into groups; the first step of a group evaluates the model, the others take its
//! features over. With c(i, j) the error of a group of the steps i to j and a budget of K evaluations
//!
//! ```text
//! E(k, j) = min over i of E(k-1, i-1) + c(i, j),   E(1, j) = c(0, j),   the least error is min_k E(k, N-1)
//! ```
//!
//! by dynamic programming in O(K N^2): the best of all schedules, since the errors of groups add up.
//!
//! What reuse does on average a channel can take back. From features f~ that were reused and f that
//! were meant, over a calibration batch,
//!
//! ```text
//! f ~ a f~ + b,   a = Cov(f~, f)/Var(f~),   b = mean f - a mean f~
//! ```
//!
//! is the least-squares fit, never worse than a = 1, b = 0. Errors of quantisation are corrected by a
//! second fit of the same kind, on features that the first has corrected.
//!
//! Idea: Liu et al., CacheQuant (2025). Bad where errors of groups do not add up: c is measured on the
//! path of the full model, and reuse bends the path.

use crate::error::SamplingError;

/// Groups of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheSchedule {
    /// First step of each group, increasing from 0: where the model is evaluated.
    pub evaluations: Vec<usize>,
    /// Sum of the errors of all groups.
    pub error: f64,
}

/// The groups of least summed error with at most `budget` evaluations.
///
/// `costs` is `[first step][last step]`, `steps` of each: the error where the features of the first
/// step serve up to the last. Entries below the diagonal are not read. Of equal schedules the one with
/// fewer evaluations is taken.
///
/// # Errors
/// [`SamplingError::Parameter`] for no steps, no budget, a wrong size, and costs that are negative or
/// not finite.
pub fn best_schedule(
    costs: &[f64],
    steps: usize,
    budget: usize,
) -> Result<CacheSchedule, SamplingError> {
    let n = steps;
    if n == 0 || costs.len() != n * n {
        return Err(SamplingError::parameter(
            "costs",
            format!(
                "there are {} for {n} steps, and N steps, at least one, need N^2",
                costs.len()
            ),
        ));
    }
    if budget == 0 {
        return Err(SamplingError::parameter(
            "budget",
            "it is 0, and the first step needs an evaluation",
        ));
    }
    for i in 0..n {
        for j in i..n {
            let cost = costs[i * n + j];
            if !(cost.is_finite() && cost >= 0.0) {
                return Err(SamplingError::parameter(
                    "costs",
                    format!(
                        "that of the steps {i} to {j} is {cost}, and all are finite and not negative"
                    ),
                ));
            }
        }
    }
    let groups = budget.min(n);
    // least[k][j] of the steps 0 to j in k + 1 groups, first[k][j] the first step of the last of them.
    let mut least = vec![f64::INFINITY; groups * n];
    let mut first = vec![0; groups * n];
    least[..n].copy_from_slice(&costs[..n]);
    for k in 1..groups {
        for j in k..n {
            for i in k..=j {
                let error = least[(k - 1) * n + i - 1] + costs[i * n + j];
                if error < least[k * n + j] {
                    least[k * n + j] = error;
                    first[k * n + j] = i;
                }
            }
        }
    }
    let mut k = 0;
    for more in 1..groups {
        if least[more * n + n - 1] < least[k * n + n - 1] {
            k = more;
        }
    }
    let error = least[k * n + n - 1];
    let mut evaluations = vec![0; k + 1];
    let mut last = n - 1;
    for k in (1..=k).rev() {
        evaluations[k] = first[k * n + last];
        last = evaluations[k] - 1;
    }
    Ok(CacheSchedule { evaluations, error })
}

/// Costs for [`best_schedule`]: c(i, j) = sum over l = i..j of mean |f_l - f_i|^2, from `features` of
/// the full model, `[step][feature]`.
///
/// # Errors
/// [`SamplingError::Parameter`] where there are no steps or the features do not share out among them.
pub fn reuse_costs(features: &[f64], steps: usize) -> Result<Vec<f64>, SamplingError> {
    if steps == 0 || features.is_empty() || !features.len().is_multiple_of(steps) {
        return Err(SamplingError::parameter(
            "features",
            format!(
                "there are {} for {steps} steps, and each step has equally many, at least one",
                features.len()
            ),
        ));
    }
    let m = features.len() / steps;
    let step = |i: usize| &features[i * m..][..m];
    let mut costs = vec![0.0; steps * steps];
    for i in 0..steps {
        for j in i + 1..steps {
            let apart: f64 = step(i)
                .iter()
                .zip(step(j))
                .map(|(a, b)| (a - b) * (a - b))
                .sum();
            costs[i * steps + j] = costs[i * steps + j - 1] + apart / m as f64;
        }
    }
    Ok(costs)
}

/// f ~ a f~ + b, channel by channel.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineCorrection {
    /// a of each channel.
    pub slope: Vec<f64>,
    /// b of each channel.
    pub shift: Vec<f64>,
}

impl AffineCorrection {
    /// Fits `wanted` by `reused`, both `[sample][channel]`. A channel that reuse leaves constant has
    /// a = 1.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for sizes that do not fit, and for infinities and NaN.
    pub fn fit(reused: &[f64], wanted: &[f64], channels: usize) -> Result<Self, SamplingError> {
        if channels == 0
            || reused.is_empty()
            || reused.len() != wanted.len()
            || !reused.len().is_multiple_of(channels)
        {
            return Err(SamplingError::parameter(
                "reused",
                format!(
                    "{} numbers that were reused and {} that were meant are given with {channels} channels, and both are as many: whole samples, at least one",
                    reused.len(),
                    wanted.len()
                ),
            ));
        }
        if !reused.iter().chain(wanted).all(|f| f.is_finite()) {
            return Err(SamplingError::parameter(
                "reused",
                "there are infinities or NaN among the features",
            ));
        }
        let count = (reused.len() / channels) as f64;
        let (mut slope, mut shift) = (Vec::new(), Vec::new());
        for channel in 0..channels {
            let pairs = || {
                let of = |f: &[f64]| f[channel];
                reused
                    .chunks(channels)
                    .map(of)
                    .zip(wanted.chunks(channels).map(of))
            };
            let (mut x, mut y) = (0.0, 0.0);
            for (reused, wanted) in pairs() {
                x += reused / count;
                y += wanted / count;
            }
            let (mut variance, mut covariance) = (0.0, 0.0);
            for (reused, wanted) in pairs() {
                variance += (reused - x) * (reused - x);
                covariance += (reused - x) * (wanted - y);
            }
            // Deviations that are the rounding of the mean hold no slope.
            let rounding = count * (4.0 * f64::EPSILON * x).powi(2);
            let a = if variance > rounding {
                covariance / variance
            } else {
                1.0
            };
            slope.push(a);
            shift.push(y - a * x);
        }
        Ok(Self { slope, shift })
    }

    /// f <- a f + b for `[sample][channel]`.
    pub fn apply(&self, features: &mut [f64]) {
        for sample in features.chunks_mut(self.slope.len()) {
            for ((f, a), b) in sample.iter_mut().zip(&self.slope).zip(&self.shift) {
                *f = a * *f + b;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AffineCorrection, best_schedule, reuse_costs};
    use crate::noise::Noise;

    fn normal(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Noise::new(seed).normal(0, 1, &mut values);
        values
    }

    fn error(costs: &[f64], n: usize, evaluations: &[usize]) -> f64 {
        let ends = evaluations[1..].iter().copied().chain([n]);
        evaluations
            .iter()
            .zip(ends)
            .map(|(&first, end)| costs[first * n + end - 1])
            .sum()
    }

    #[test]
    fn the_schedule_is_the_best_of_all() {
        for n in 1..=10 {
            for seed in 0..5 {
                // Costs without any structure.
                let costs: Vec<f64> = normal(n * n, seed).iter().map(|c| c * c).collect();
                for budget in 1..=n + 1 {
                    let mut best = f64::INFINITY;
                    for chosen in 0..1_u32 << (n - 1) {
                        if chosen.count_ones() as usize >= budget {
                            continue;
                        }
                        let evaluations: Vec<usize> = (0..n)
                            .filter(|&i| i == 0 || chosen >> (i - 1) & 1 == 1)
                            .collect();
                        best = best.min(error(&costs, n, &evaluations));
                    }
                    let found = best_schedule(&costs, n, budget).expect("schedule");
                    assert!(found.evaluations.len() <= budget);
                    assert!(
                        (found.error - best).abs() < 1e-12,
                        "{n} {budget}: {found:?} {best}"
                    );
                    let again = error(&costs, n, &found.evaluations);
                    assert!((found.error - again).abs() < 1e-12);
                }
            }
        }
    }

    /// Features that move fast at first, as e^(-l/5) of step l.
    #[test]
    fn evaluations_crowd_where_features_change() {
        let n = 40;
        let features: Vec<f64> = (0..n).map(|l| (-(l as f64) / 5.0).exp()).collect();
        let costs = reuse_costs(&features, n).expect("costs");
        let best = best_schedule(&costs, n, 8).expect("schedule");
        let even = error(&costs, n, &[0, 5, 10, 15, 20, 25, 30, 35]);
        assert!(best.error < 0.2 * even, "{} {even}", best.error);
        let early = best.evaluations.iter().filter(|&&i| i < 10).count();
        assert!(early >= 5, "{best:?}");
    }

    #[test]
    fn features_that_stay_need_one_evaluation() {
        let costs = reuse_costs(&[2.5; 12], 6).expect("costs");
        let best = best_schedule(&costs, 6, 4).expect("schedule");
        assert_eq!((best.evaluations, best.error), (vec![0], 0.0));
    }

    #[test]
    fn an_affine_error_is_corrected_to_rounding() {
        let wanted = normal(300, 1);
        let affine = AffineCorrection {
            slope: vec![0.5, -2.0, 1.5],
            shift: vec![1.0, 0.0, -30.0],
        };
        let mut reused = wanted.clone();
        affine.apply(&mut reused);
        let fit = AffineCorrection::fit(&reused, &wanted, 3).expect("fit");
        fit.apply(&mut reused);
        for (found, wanted) in reused.iter().zip(&wanted) {
            assert!((found - wanted).abs() < 1e-13, "{found} {wanted}");
        }
    }

    /// Normal equations: what is left has no mean and no correlation with what was reused.
    #[test]
    fn what_the_fit_leaves_is_orthogonal_to_what_was_reused() {
        let (wanted, apart) = (normal(2000, 2), normal(2000, 3));
        let reused: Vec<f64> = wanted
            .iter()
            .zip(&apart)
            .map(|(f, e)| 0.7 * f + 0.3 * e)
            .collect();
        let mut corrected = reused.clone();
        AffineCorrection::fit(&reused, &wanted, 2)
            .expect("fit")
            .apply(&mut corrected);
        let mut left = [0.0; 2];
        for channel in 0..2 {
            let (mut mean, mut with_reused) = (0.0, 0.0);
            for i in (channel..2000).step_by(2) {
                let rest = wanted[i] - corrected[i];
                mean += rest;
                with_reused += rest * reused[i];
                left[channel] += rest * rest / 1000.0;
            }
            assert!(mean.abs() < 1e-10 && with_reused.abs() < 1e-10);
            // Var(f | reused) = 1 - 0.7^2/(0.7^2 + 0.3^2), and 0.18 without a correction.
            let theory = 0.09 / 0.58;
            assert!((left[channel] / theory - 1.0).abs() < 0.15, "{left:?}");
        }
    }

    #[test]
    fn constant_features_are_shifted() {
        let fit = AffineCorrection::fit(&[0.1; 3], &[1.0, 2.0, 3.0], 1).expect("fit");
        assert_eq!(fit.slope, [1.0]);
        assert!((fit.shift[0] - 1.9).abs() < 1e-15);
    }

    #[test]
    fn refuses_what_has_no_schedule() {
        assert!(best_schedule(&[], 0, 1).is_err());
        assert!(best_schedule(&[0.0; 4], 2, 0).is_err());
        assert!(best_schedule(&[0.0, -1.0, 0.0, 0.0], 2, 1).is_err());
        assert!(best_schedule(&[0.0, f64::NAN, 0.0, 0.0], 2, 1).is_err());
        assert!(reuse_costs(&[1.0; 5], 2).is_err());
        assert!(AffineCorrection::fit(&[1.0; 3], &[1.0; 2], 1).is_err());
        assert!(AffineCorrection::fit(&[f64::NAN], &[1.0], 1).is_err());
    }
}
