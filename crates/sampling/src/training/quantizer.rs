//! Affine quantisers: numbers on a grid of 2^b levels, and what that costs.
//!
//! ```text
//! delta = (max - min)/(2^b - 1),   zero = round(-min/delta)
//! n(x)  = clamp(round(x/delta) + zero, 0, 2^b - 1),   q(x) = delta (n(x) - zero)
//! ```
//!
//! |q(x) - x| <= delta/2 between min and max, so that the mean square error is delta^2/12 for densities
//! that are smooth on the scale of delta: it falls by 4 with each bit. q(q(x)) = q(x).
//!
//! This is a *fake* quantiser: q(x) is a float again. Integer arithmetic would give the same numbers.
//!
//! 1. Calibrate on what the model meets along the whole path ([`calibration_inputs`]): its inputs
//!    change in size from step to step, and a range taken at one end clips at the other.
//! 2. Where two parts of different size are joined in one input, give each its own quantiser
//!    ([`SplitQuantizer`]): a shared delta follows the wide one and the narrow one drowns.
//!
//! Source: Li et al., Q-Diffusion (2023). Bad at densities with far tails, since min and max follow the
//! farthest value, and at few bits where a density is not smooth within delta.

use crate::error::SamplingError;
use crate::noise::Noise;
use crate::problem::Problem;
use crate::sampler::Sampler;
use crate::schedule::Node;

/// A grid of 2^b evenly spaced levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantizer {
    bits: u32,
    delta: f64,
    zero: f64,
}

impl Quantizer {
    /// The one of `bits` (1 to 24) that spans `values`. Equal values are spanned together with 0.
    ///
    /// # Errors
    /// [`SamplingError::Parameter`] for other numbers of bits, no values, infinities and NaN, and for
    /// values that stand closer together than their rounding.
    pub fn fit(values: &[f64], bits: u32) -> Result<Self, SamplingError> {
        if !(1..=24).contains(&bits) {
            return Err(SamplingError::parameter(
                "bits",
                format!("it is {bits}, and lies between 1 and 24"),
            ));
        }
        if values.is_empty() {
            return Err(SamplingError::parameter(
                "values",
                "there are none, and a range needs one at least",
            ));
        }
        if let Some(at) = values.iter().position(|x| !x.is_finite()) {
            return Err(SamplingError::parameter(
                "values",
                format!("number {at} is {}, and all are finite", values[at]),
            ));
        }
        let mut min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let mut max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if min == max {
            (min, max) = (min.min(0.0), max.max(0.0));
        }
        if min == max {
            max = 1.0;
        }
        let delta = (max - min) / levels(bits);
        let zero = (-min / delta).round();
        // Beyond 2^52 levels off zero the grid is finer than the numbers themselves.
        if !delta.is_normal() || zero.abs() > (1_u64 << 52) as f64 {
            return Err(SamplingError::parameter(
                "values",
                format!(
                    "they run from {min:e} to {max:e}, and {bits} bits between are not representable; shift or scale them"
                ),
            ));
        }
        Ok(Self { bits, delta, zero })
    }

    /// Distance of two levels.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// Number of the level that stands for 0; outside 0 to 2^b - 1 where the values are of one sign.
    pub fn zero(&self) -> f64 {
        self.zero
    }

    /// Number of bits.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// n(x), a whole number from 0 to 2^b - 1.
    pub fn level(&self, x: f64) -> f64 {
        ((x / self.delta).round() + self.zero).clamp(0.0, levels(self.bits))
    }

    /// q(x).
    pub fn quantize(&self, x: f64) -> f64 {
        self.delta * (self.level(x) - self.zero)
    }

    /// x <- q(x) for a whole array.
    pub fn apply(&self, x: &mut [f64]) {
        for x in x {
            *x = self.quantize(*x);
        }
    }

    /// Derivative of q as training takes it (straight-through): 1 where x is not clamped, 0 where it is.
    pub fn slope(&self, x: f64) -> f64 {
        let level = (x / self.delta).round() + self.zero;
        f64::from((0.0..=levels(self.bits)).contains(&level))
    }
}

fn levels(bits: u32) -> f64 {
    f64::from((1_u32 << bits) - 1)
}

/// Two quantisers for rows that join two parts, `[row][first part, second part]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitQuantizer {
    first: usize,
    row: usize,
    parts: [Quantizer; 2],
}

impl SplitQuantizer {
    /// Fits each part of rows of length `row`, the first `first` numbers of which are the first part.
    ///
    /// # Errors
    /// As [`Quantizer::fit`], and [`SamplingError::Parameter`] where a part is empty or a row incomplete.
    pub fn fit(values: &[f64], row: usize, first: usize, bits: u32) -> Result<Self, SamplingError> {
        if first == 0 || first >= row || !values.len().is_multiple_of(row) {
            return Err(SamplingError::parameter(
                "first",
                format!(
                    "it is {first} in {} numbers of rows of {row}, and both parts of whole rows hold one number at least",
                    values.len()
                ),
            ));
        }
        let part = |of: fn(&[f64], usize) -> &[f64]| -> Vec<f64> {
            values
                .chunks(row)
                .flat_map(|row| of(row, first).iter().copied())
                .collect()
        };
        let parts = [
            Quantizer::fit(&part(|row, first| &row[..first]), bits)?,
            Quantizer::fit(&part(|row, first| &row[first..]), bits)?,
        ];
        Ok(Self { first, row, parts })
    }

    /// The quantisers of the two parts.
    pub fn parts(&self) -> [Quantizer; 2] {
        self.parts
    }

    /// x <- q(x) for whole rows, each part by its own.
    ///
    /// # Panics
    /// In debug builds, where a row is incomplete.
    pub fn apply(&self, x: &mut [f64]) {
        debug_assert_eq!(x.len() % self.row, 0);
        for row in x.chunks_mut(self.row) {
            let (first, second) = row.split_at_mut(self.first);
            self.parts[0].apply(first);
            self.parts[1].apply(second);
        }
    }
}

/// The inputs that a model meets while `sampler` goes along `grid`: the batch at every `interval`-th
/// node from the first on, one after another, `[node][sample][unknown]`.
///
/// Each node taken contributes a whole batch, so that all times weigh the same.
///
/// # Errors
/// As [`Sampler::start`] and [`Trajectory::advance`](crate::Trajectory::advance);
/// [`SamplingError::Parameter`] for an interval of 0.
pub fn calibration_inputs(
    sampler: &dyn Sampler,
    problem: &Problem,
    grid: &[Node],
    start: Vec<f64>,
    noise: Noise,
    interval: usize,
) -> Result<Vec<f64>, SamplingError> {
    if interval == 0 {
        return Err(SamplingError::parameter(
            "interval",
            "it is 0, and is at least 1",
        ));
    }
    let mut trajectory = sampler.start(problem, grid, start, noise)?;
    let mut inputs = Vec::new();
    let mut step = 0_usize;
    // The model is not asked at the end.
    while !trajectory.finished() {
        if step.is_multiple_of(interval) {
            inputs.extend_from_slice(trajectory.batch());
        }
        trajectory.advance()?;
        step += 1;
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Quantizer, SplitQuantizer, calibration_inputs};
    use crate::analytic::GaussianMixture;
    use crate::grid::GridParams;
    use crate::noise::Noise;
    use crate::problem::Problem;
    use crate::samplers::Ddim;
    use crate::schedule::VarianceExploding;

    fn normal(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Noise::new(seed).normal(0, 1, &mut values);
        values
    }

    fn mean_square(q: &[f64], x: &[f64]) -> f64 {
        q.iter().zip(x).map(|(q, x)| (q - x).powi(2)).sum::<f64>() / x.len() as f64
    }

    #[test]
    fn the_error_is_at_most_half_a_level_and_its_square_a_twelfth() {
        let x = normal(200_000, 1);
        for bits in [4, 6, 8] {
            let quantizer = Quantizer::fit(&x, bits).expect("fit");
            let delta = quantizer.delta();
            let mut q = x.clone();
            quantizer.apply(&mut q);
            for (q, x) in q.iter().zip(&x) {
                assert!(
                    (q - x).abs() <= 0.5 * delta * (1.0 + 1e-12),
                    "{bits} bits: {x}"
                );
            }
            let ratio = mean_square(&q, &x) / (delta * delta / 12.0);
            assert!((ratio - 1.0).abs() < 0.01, "{bits} bits: {ratio}");
            let once = q.clone();
            quantizer.apply(&mut q);
            assert_eq!(q, once);
            let mut levels: Vec<u64> = q.iter().map(|q| q.to_bits()).collect();
            levels.sort_unstable();
            levels.dedup();
            assert!(levels.len() <= 1 << bits, "{} levels", levels.len());
        }
    }

    /// 2 bits from -1 to 2: delta = 1, zero = 1, levels -1, 0, 1, 2.
    #[test]
    fn two_bits_by_hand() {
        let quantizer = Quantizer::fit(&[2.0, -1.0], 2).expect("fit");
        assert_eq!((quantizer.delta(), quantizer.zero()), (1.0, 1.0));
        let mut x = [-7.0, -0.6, 0.4, 0.6, 1.9, 5.0];
        assert_eq!(
            x.map(|x| quantizer.slope(x)),
            [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]
        );
        quantizer.apply(&mut x);
        assert_eq!(x, [-1.0, -1.0, 0.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn values_of_one_sign_and_equal_values_are_spanned() {
        let away: Vec<f64> = normal(1000, 2).iter().map(|x| 50.0 + x).collect();
        let quantizer = Quantizer::fit(&away, 8).expect("fit");
        for &x in &away {
            assert!((quantizer.quantize(x) - x).abs() <= 0.5 * quantizer.delta() * (1.0 + 1e-9));
        }
        for constant in [3.7, -0.2, 0.0] {
            let quantizer = Quantizer::fit(&[constant; 3], 4).expect("fit");
            assert!((quantizer.quantize(constant) - constant).abs() < 1e-15);
        }
    }

    /// The second part is 50 times smaller: with one quantiser its error is 2500 times what it is with
    /// its own, and the first part loses nothing.
    #[test]
    fn a_quantiser_for_each_part_spares_the_narrow_one() {
        let mut x = normal(64_000, 3);
        for row in x.chunks_mut(8) {
            row[5..].iter_mut().for_each(|x| *x *= 0.02);
        }
        let shared = Quantizer::fit(&x, 8).expect("fit");
        let split = SplitQuantizer::fit(&x, 8, 5, 8).expect("fit");
        let (mut together, mut apart) = (x.clone(), x.clone());
        shared.apply(&mut together);
        split.apply(&mut apart);
        let error = |q: &[f64], from: usize, to: usize| {
            let part = |x: &[f64]| -> Vec<f64> {
                x.chunks(8).flat_map(|row| row[from..to].to_vec()).collect()
            };
            mean_square(&part(q), &part(&x))
        };
        let gain = error(&together, 5, 8) / error(&apart, 5, 8);
        assert!((1500.0..4000.0).contains(&gain), "{gain}");
        assert_eq!(split.parts()[0], shared);
        assert_eq!(error(&together, 0, 5), error(&apart, 0, 5));
    }

    /// Where the noise explodes the model's inputs shrink from tens to ones.
    #[test]
    fn calibration_over_all_times_clips_at_none() {
        let problem = Problem::new(
            Arc::new(VarianceExploding::default()),
            Arc::new(GaussianMixture::three()),
        );
        let grid = GridParams::lambda()
            .nodes(problem.schedule.as_ref(), 20)
            .expect("grid");
        let start = problem.prior(&grid[0], 200, &Noise::new(4));
        let inputs = |interval| {
            calibration_inputs(
                &Ddim::default(),
                &problem,
                &grid,
                start.clone(),
                Noise::new(4),
                interval,
            )
            .expect("inputs")
        };
        let all = inputs(1);
        assert_eq!(all.len(), 20 * start.len());
        assert_eq!(all[..start.len()], start);
        let every_fourth = inputs(4);
        assert_eq!(every_fourth.len(), 5 * start.len());
        let over_times = Quantizer::fit(&every_fourth, 8).expect("fit");
        let at_the_end = Quantizer::fit(&all[19 * start.len()..], 8).expect("fit");
        let clipped = |quantizer: Quantizer| {
            all.iter()
                .filter(|&&x| (quantizer.quantize(x) - x).abs() > 0.51 * quantizer.delta())
                .count()
        };
        assert_eq!(clipped(over_times), 0);
        assert!(clipped(at_the_end) > all.len() / 20);
    }

    #[test]
    fn refuses_what_has_no_range() {
        assert!(Quantizer::fit(&[], 8).is_err());
        assert!(Quantizer::fit(&[f64::NAN], 8).is_err());
        assert!(Quantizer::fit(&[1.0], 0).is_err());
        assert!(Quantizer::fit(&[-f64::MAX, f64::MAX], 8).is_err());
        assert!(Quantizer::fit(&[1e16, 1e16 + 2.0], 24).is_err());
        assert!(SplitQuantizer::fit(&[1.0; 4], 2, 2, 8).is_err());
        assert!(SplitQuantizer::fit(&[1.0; 5], 2, 1, 8).is_err());
    }
}
