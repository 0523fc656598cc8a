//! Random initial fields on periodic grids, reproducible from a seed.
//!
//! Every number is drawn from a generator keyed by (seed, field, trajectory), in an order that
//! does not depend on the grid: the same seed gives the same function on a finer grid, save for
//! [`RandomField::Noise`], which is defined by its grid.

use std::f64::consts::TAU;

use pdesolve_core::rng;
use pdesolve_mesh::Grid;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A family of random functions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RandomField {
    /// u = sum_{i=1..waves} A_i sin(2 pi l_i (x - x_lower) / L + phi_i), A_i uniform in
    /// [-amplitude, amplitude], l_i a uniform integer in [min_mode, max_mode], phi_i uniform in
    /// [0, 2 pi). In 2-D and 3-D each wave has one l_i an axis. With 10 waves, amplitude 0.5 and
    /// modes 1 to 2 this is the family of the Kuramoto-Sivashinsky data of Brandstetter et al.
    /// (arXiv 2202.07643).
    SineSeries {
        /// Number of waves.
        #[serde(default = "ten")]
        #[schemars(range(min = 1, max = 100_000))]
        waves: usize,
        /// Bound of |A_i|, in units of the field.
        #[serde(default = "half")]
        amplitude: f64,
        /// Least l_i. In 2-D and 3-D modes of either sign are drawn with |l_i| in the range.
        #[serde(default = "one")]
        #[schemars(range(max = 1_000_000))]
        min_mode: usize,
        /// Largest l_i.
        #[serde(default = "two")]
        #[schemars(range(min = 1, max = 1_000_000))]
        max_mode: usize,
    },
    /// A Gaussian random field with zero mean: independent Fourier modes with 0 < |l| <=
    /// max_mode (l: integer wave vector) and expected energy E(|l|) ~ |l|^p exp(-(|l| /
    /// peak)^2) in each shell, scaled to the given root mean square.
    Spectrum {
        /// Root mean square of the field over space, exactly.
        #[schemars(range(min = 0.0))]
        rms: f64,
        /// Exponent p of the low modes.
        #[serde(default)]
        exponent: f64,
        /// Wave number at which the spectrum falls off.
        #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1e5))]
        peak: f64,
        /// Largest |l|. Default: 3 times `peak`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(max = 1_000_000))]
        max_mode: Option<usize>,
        /// Mean value added.
        #[serde(default)]
        mean: f64,
    },
    /// u = mean + amplitude U(-1, 1), independent at each grid point.
    Noise {
        /// Largest departure from the mean.
        amplitude: f64,
        /// Mean value.
        #[serde(default)]
        mean: f64,
    },
}

fn ten() -> usize {
    10
}
fn half() -> f64 {
    0.5
}
fn one() -> usize {
    1
}
fn two() -> usize {
    2
}

impl RandomField {
    /// Draws field number `field` of trajectory `trajectory`, one value a grid point, x fastest.
    pub fn draw(&self, grid: &Grid, seed: u64, field: u64, trajectory: u64) -> Vec<f64> {
        let mut random = rng(seed, field, trajectory);
        let mut uniform = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
        match *self {
            Self::SineSeries {
                waves,
                amplitude,
                min_mode,
                max_mode,
            } => {
                let span = (max_mode + 1).saturating_sub(min_mode).max(1) as f64;
                let modes: Vec<Mode> = (0..waves)
                    .map(|_| {
                        let size = uniform(-amplitude, amplitude);
                        let phase = uniform(0.0, TAU);
                        let mut l = [0.0; 3];
                        for (axis, entry) in l.iter_mut().enumerate().take(grid.dim()) {
                            *entry = min_mode as f64 + uniform(0.0, span).floor();
                            if axis > 0 && uniform(0.0, 1.0) < 0.5 {
                                *entry = -*entry;
                            }
                        }
                        // A sin(theta + phi) = A sin(phi) cos(theta) + A cos(phi) sin(theta).
                        Mode {
                            l,
                            cosine: size * phase.sin(),
                            sine: size * phase.cos(),
                        }
                    })
                    .collect();
                sum_of_modes(grid, &modes)
            }
            Self::Spectrum {
                rms,
                exponent,
                peak,
                max_mode,
                mean,
            } => {
                let cut = max_mode.unwrap_or((3.0 * peak).ceil() as usize) as i64;
                let modes: Vec<Mode> = half_ball(cut, grid.dim())
                    .into_iter()
                    .map(|l| {
                        let radius = (l.iter().map(|c| c * c).sum::<i64>() as f64).sqrt();
                        // Energy of a shell is shared by ~ |l|^(dim - 1) modes.
                        let shell = radius.powi(grid.dim() as i32 - 1);
                        let energy = radius.powf(exponent) * (-(radius / peak).powi(2)).exp();
                        let size = (energy / shell).sqrt();
                        // Box-Muller.
                        let r = (-2.0 * uniform(0.0, 1.0).max(f64::MIN_POSITIVE).ln()).sqrt();
                        let angle = uniform(0.0, TAU);
                        Mode {
                            l: l.map(|c| c as f64),
                            cosine: size * r * angle.cos(),
                            sine: size * r * angle.sin(),
                        }
                    })
                    .collect();
                let power: f64 = modes
                    .iter()
                    .map(|m| 0.5 * (m.cosine * m.cosine + m.sine * m.sine))
                    .sum();
                let scale = if power > 0.0 { rms / power.sqrt() } else { 0.0 };
                let mut values = sum_of_modes(grid, &modes);
                for value in &mut values {
                    *value = mean + scale * *value;
                }
                values
            }
            Self::Noise { amplitude, mean } => (0..grid.len())
                .map(|_| mean + uniform(-amplitude, amplitude))
                .collect(),
        }
    }
}

/// `cosine cos(theta) + sine sin(theta)`, theta = 2 pi sum_a l_a (x_a - lower_a) / L_a.
pub(crate) struct Mode {
    /// Waves along each axis.
    pub(crate) l: [f64; 3],
    pub(crate) cosine: f64,
    pub(crate) sine: f64,
}

/// Integer vectors with 0 < |l| <= cut, one of each pair l, -l, sorted by |l| so that a larger
/// cut only appends.
fn half_ball(cut: i64, dim: usize) -> Vec<[i64; 3]> {
    let range = |axis: usize| if axis < dim { -cut..=cut } else { 0..=0 };
    let mut ball = Vec::new();
    for z in range(2) {
        for y in range(1) {
            for x in range(0) {
                let squared = x * x + y * y + z * z;
                let first_sign = [z, y, x].into_iter().find(|&c| c != 0).unwrap_or(0);
                if first_sign > 0 && squared <= cut * cut {
                    ball.push([x, y, z]);
                }
            }
        }
    }
    ball.sort_by_key(|l| (l.iter().map(|c| c * c).sum::<i64>(), *l));
    ball
}

/// The sum of the modes at all samples of the grid.
pub(crate) fn sum_of_modes(grid: &Grid, modes: &[Mode]) -> Vec<f64> {
    let nx = grid.axes()[0].len();
    let mut values = vec![0.0; grid.len()];
    let angle = |axis: usize, x: f64| {
        let a = &grid.axes()[axis];
        let lower = if a.is_periodic() {
            a.samples()[0]
        } else {
            a.faces()[0]
        };
        TAU * (x - lower) / a.length()
    };
    for mode in modes {
        let x_part: Vec<(f64, f64)> = grid.axes()[0]
            .samples()
            .iter()
            .map(|&x| (mode.l[0] * angle(0, x)).sin_cos())
            .collect();
        for (row, line) in values.chunks_exact_mut(nx).enumerate() {
            let at = grid.row(row, 0.0);
            let mut across = 0.0;
            if grid.dim() > 1 {
                across += mode.l[1] * angle(1, at.y);
            }
            if grid.dim() > 2 {
                across += mode.l[2] * angle(2, at.z);
            }
            // Rotate the pair by the angle of the row: one sin_cos a row, not a point.
            let (s, c) = across.sin_cos();
            let on_cos = mode.cosine * c + mode.sine * s;
            let on_sin = mode.sine * c - mode.cosine * s;
            for (value, &(sin_x, cos_x)) in line.iter_mut().zip(&x_part) {
                *value += on_cos * cos_x + on_sin * sin_x;
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use pdesolve_mesh::Norms;

    #[test]
    fn a_spectrum_has_its_mean_and_root_mean_square_exactly() {
        let grid = Grid::periodic_box(2, 32, 3.0);
        let family = RandomField::Spectrum {
            rms: 1.5,
            exponent: 2.0,
            peak: 3.0,
            max_mode: None,
            mean: 0.25,
        };
        let mut values = family.draw(&grid, 7, 0, 0);
        assert!((Norms::of(&grid, &values).integral / grid.volume() - 0.25).abs() < 1e-13);
        values.iter_mut().for_each(|v| *v -= 0.25);
        let rms = Norms::of(&grid, &values).l2 / grid.volume().sqrt();
        assert!((rms - 1.5).abs() < 1e-12, "{rms}");
    }

    #[test]
    fn the_same_seed_gives_the_same_function_on_a_finer_grid() {
        let family = RandomField::SineSeries {
            waves: 10,
            amplitude: 0.5,
            min_mode: 1,
            max_mode: 2,
        };
        for dim in 1..=3 {
            let coarse = family.draw(&Grid::periodic_box(dim, 8, 2.0), 3, 1, 5);
            let fine = family.draw(&Grid::periodic_box(dim, 16, 2.0), 3, 1, 5);
            for (i, value) in coarse.iter().enumerate() {
                let (x, y, z) = (i % 8, i / 8 % 8, i / 64);
                let twin = fine[2 * x + 16 * (2 * y) + 256 * (2 * z)];
                assert!((value - twin).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn trajectories_and_fields_differ() {
        let grid = Grid::periodic_box(1, 16, 1.0);
        let family = RandomField::Noise {
            amplitude: 1.0,
            mean: 0.0,
        };
        let base = family.draw(&grid, 0, 0, 0);
        assert_ne!(base, family.draw(&grid, 0, 0, 1));
        assert_ne!(base, family.draw(&grid, 0, 1, 0));
        assert_ne!(base, family.draw(&grid, 1, 0, 0));
        assert_eq!(base, family.draw(&grid, 0, 0, 0));
    }
}
