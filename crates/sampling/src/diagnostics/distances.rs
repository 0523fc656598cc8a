//! Distances between two batches of samples.
//!
//! ```text
//! sliced W2   [mean over directions u of integral_0^1 (F_u^-1(q) - G_u^-1(q))^2 dq]^(1/2)
//! MMD^2       mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean k(x_i, y_j)
//! energy      2 mean |x_i - y_j| - mean_{i != j} |x_i - x_j| - mean_{i != j} |y_i - y_j|
//! ```
//!
//! In one dimension W2 is a sort: the optimal plan keeps the order. The other two are unbiased
//! (U-statistics), hence may come out slightly negative for equal laws; they cost the product of
//! the two sizes. All are invariant under permutation of the samples.
//!
//! Sources: Rabin, Peyre, Delon and Bernot (2012) for slices; Gretton et al. (2012) for the MMD;
//! Szekely and Rizzo (2013) for the energy distance.
//!
//! Two finite batches of one law are apart too: hold every figure against [`noise_floor`].

use pdesolve_core::rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Directions of [`sliced_wasserstein`].
pub const DIRECTIONS: usize = 128;

/// Seed of its directions: the same ones always, so that two figures can be compared.
const DIRECTION_SEED: u64 = 128;

/// Sliced 2-Wasserstein distance of two batches `[sample][unknown]`, along [`DIRECTIONS`] fixed
/// random directions. The batches may differ in size. NaN where one of them is empty.
pub fn sliced_wasserstein(a: &[f64], b: &[f64], unknowns: usize) -> f64 {
    let squares: Vec<f64> = (0..DIRECTIONS)
        .into_par_iter()
        .map(|direction| {
            let u = unit_vector(direction, unknowns);
            wasserstein_squared(project(a, &u), project(b, &u))
        })
        .collect();
    // Added in order, so that the sum does not depend on the threads.
    (squares.iter().sum::<f64>() / DIRECTIONS as f64).sqrt()
}

/// The sliced distance of two independent batches of one law: what a perfect sampler shows at
/// that size. `draws` holds both, one after the other.
pub fn noise_floor(draws: &[f64], unknowns: usize) -> f64 {
    let half = draws.len() / unknowns / 2 * unknowns;
    sliced_wasserstein(&draws[..half], &draws[half..2 * half], unknowns)
}

fn unit_vector(direction: usize, unknowns: usize) -> Vec<f64> {
    let mut generator = rng(DIRECTION_SEED, direction as u64, 0);
    let mut u: Vec<f64> = (0..unknowns)
        .map(|_| StandardNormal.sample(&mut generator))
        .collect();
    let norm = u.iter().map(|v| v * v).sum::<f64>().sqrt();
    for v in &mut u {
        *v /= norm;
    }
    u
}

fn project(x: &[f64], u: &[f64]) -> Vec<f64> {
    x.chunks(u.len())
        .map(|x| x.iter().zip(u).map(|(x, u)| x * u).sum())
        .collect()
}

/// W2^2 of two sets of numbers: both quantile functions are steps, integrated over their common
/// pieces.
pub fn wasserstein_squared(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    if a.is_empty() || b.is_empty() {
        return f64::NAN;
    }
    a.sort_unstable_by(f64::total_cmp);
    b.sort_unstable_by(f64::total_cmp);
    let (n, m) = (a.len() as u64, b.len() as u64);
    let (mut i, mut j) = (0, 0);
    // Places in units of 1/(n m), so that equal ends are equal.
    let mut place = 0;
    let mut sum = 0.0;
    while i < n && j < m {
        let next = u64::min((i + 1) * m, (j + 1) * n);
        sum += (next - place) as f64 * (a[i as usize] - b[j as usize]).powi(2);
        place = next;
        i += u64::from(next == (i + 1) * m);
        j += u64::from(next == (j + 1) * n);
    }
    sum / (n as f64 * m as f64)
}

/// Kernel of the MMD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// (x.y/d + 1)^p, d being the number of unknowns.
    Polynomial {
        /// The power p; 3 is usual.
        power: i32,
    },
    /// exp(-|x - y|^2/(2 l^2)).
    Gaussian {
        /// The length l.
        length: f64,
    },
}

impl Kernel {
    fn value(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Self::Polynomial { power } => {
                let dot: f64 = x.iter().zip(y).map(|(x, y)| x * y).sum();
                (dot / x.len() as f64 + 1.0).powi(power)
            }
            Self::Gaussian { length } => (-0.5 * squared(x, y) / (length * length)).exp(),
        }
    }
}

/// Squared maximum mean discrepancy of two batches `[sample][unknown]`, unbiased. NaN where one of
/// them has fewer than two samples.
pub fn mmd_squared(a: &[f64], b: &[f64], unknowns: usize, kernel: Kernel) -> f64 {
    let value = |x: &[f64], y: &[f64]| kernel.value(x, y);
    mean_apart(a, unknowns, &value) + mean_apart(b, unknowns, &value)
        - 2.0 * mean_between(a, b, unknowns, &value)
}

/// Energy distance (its square, as Szekely and Rizzo define it) of two batches
/// `[sample][unknown]`, unbiased. NaN where one of them has fewer than two samples.
pub fn energy_distance(a: &[f64], b: &[f64], unknowns: usize) -> f64 {
    let value = |x: &[f64], y: &[f64]| squared(x, y).sqrt();
    2.0 * mean_between(a, b, unknowns, &value)
        - mean_apart(a, unknowns, &value)
        - mean_apart(b, unknowns, &value)
}

fn squared(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum()
}

/// Mean of `value` over pairs of different samples of one batch.
fn mean_apart(x: &[f64], unknowns: usize, value: &(dyn Fn(&[f64], &[f64]) -> f64 + Sync)) -> f64 {
    let n = x.len() / unknowns;
    let rows: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|i| {
            let one = &x[i * unknowns..(i + 1) * unknowns];
            x[(i + 1) * unknowns..]
                .chunks(unknowns)
                .map(|other| value(one, other))
                .sum()
        })
        .collect();
    2.0 * rows.iter().sum::<f64>() / (n as f64 * (n as f64 - 1.0))
}

/// Mean of `value` over pairs of a sample of one batch and a sample of the other.
fn mean_between(
    a: &[f64],
    b: &[f64],
    unknowns: usize,
    value: &(dyn Fn(&[f64], &[f64]) -> f64 + Sync),
) -> f64 {
    let rows: Vec<f64> = a
        .par_chunks(unknowns)
        .map(|one| b.chunks(unknowns).map(|other| value(one, other)).sum())
        .collect();
    rows.iter().sum::<f64>() / ((a.len() / unknowns) as f64 * (b.len() / unknowns) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;

    fn normal(seed: u64, samples: usize, unknowns: usize) -> Vec<f64> {
        let mut x = vec![0.0; samples * unknowns];
        Noise::new(seed).normal(0, unknowns, &mut x);
        x
    }

    #[test]
    fn sorting_finds_the_cheapest_of_all_plans() {
        let a = [0.3, -1.2, 2.0, 0.7, -0.1];
        let b = [1.5, 0.2, -0.4, 3.0, 0.9];
        let mut order = [0, 1, 2, 3, 4];
        let mut least = f64::INFINITY;
        permute(&mut order, 0, &mut |order| {
            let cost: f64 = (0..5).map(|i| f64::powi(a[i] - b[order[i]], 2)).sum();
            least = least.min(cost / 5.0);
        });
        let found = wasserstein_squared(a.to_vec(), b.to_vec());
        assert!((found - least).abs() < 1e-14, "{found} {least}");
        // Every value of one side twice changes nothing.
        let twice: Vec<f64> = b.iter().flat_map(|v| [*v, *v]).collect();
        assert!((wasserstein_squared(a.to_vec(), twice) - least).abs() < 1e-14);
    }

    fn permute(order: &mut [usize; 5], at: usize, visit: &mut dyn FnMut(&[usize; 5])) {
        if at == 5 {
            return visit(order);
        }
        for i in at..5 {
            order.swap(at, i);
            permute(order, at + 1, visit);
            order.swap(at, i);
        }
    }

    #[test]
    fn a_shift_and_a_scaling_give_their_closed_forms() {
        let x = normal(1, 2000, 3);
        let shift = [0.3, -0.4, 1.2];
        let shifted: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(i, x)| x + shift[i % 3])
            .collect();
        let exact = ((0..DIRECTIONS)
            .map(|k| project(&shift, &unit_vector(k, 3))[0].powi(2))
            .sum::<f64>()
            / DIRECTIONS as f64)
            .sqrt();
        let found = sliced_wasserstein(&x, &shifted, 3);
        assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        // The mean of (u.shift)^2 over the sphere is |shift|^2/3; 128 directions know it to 10 %.
        assert!(
            (found / (1.69_f64 / 3.0).sqrt() - 1.0).abs() < 0.1,
            "{found}"
        );
        // W2 of N(0, 1) and N(0, 4) is 1 along every direction.
        let wide: Vec<f64> = normal(2, 20_000, 2).iter().map(|x| 2.0 * x).collect();
        let found = sliced_wasserstein(&normal(3, 20_000, 2), &wide, 2);
        assert!((found - 1.0).abs() < 0.03, "{found}");
    }

    #[test]
    fn the_noise_floor_falls_with_the_square_root_of_the_size() {
        let floor = |n: usize| noise_floor(&normal(4, 2 * n, 2), 2);
        let ratio = floor(1000) / floor(16_000);
        assert!((2.5..6.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn energy_and_discrepancy_of_a_few_points_are_those_by_hand() {
        // x = {0, 1}, y = {2, 4}: between 2 4 1 3, apart 1 and 2.
        let (x, y) = ([0.0, 1.0], [2.0, 4.0]);
        assert!((energy_distance(&x, &y, 1) - (2.0 * 2.5 - 1.0 - 2.0)).abs() < 1e-14);
        // (x y + 1)^2: apart 1 and 81, between 1 1 9 25.
        let square = Kernel::Polynomial { power: 2 };
        assert!((mmd_squared(&x, &y, 1, square) - (1.0 + 81.0 - 18.0)).abs() < 1e-12);
    }

    #[test]
    fn energy_and_discrepancy_of_gaussians_are_their_integrals() {
        // x ~ N(0, 1), y ~ N(m, 1): differences are N(0, 2) and N(m, 2).
        let m = 1.0_f64;
        let x = normal(5, 3000, 1);
        let y: Vec<f64> = normal(6, 3000, 1).iter().map(|y| y + m).collect();
        // E exp(-d^2/2) of d ~ N(m, 2) is exp(-m^2/6)/sqrt(3).
        let exact = 2.0 * (1.0 - (-m * m / 6.0).exp()) / 3f64.sqrt();
        let found = mmd_squared(&x, &y, 1, Kernel::Gaussian { length: 1.0 });
        assert!((found - exact).abs() < 0.02, "{found} {exact}");
        // E|d| = 2/sqrt(pi) exp(-m^2/4) + m erf(m/2), erf(1/2) = 0.5204998778.
        let root = 2.0 / std::f64::consts::PI.sqrt();
        let exact = 2.0 * (root * (-0.25_f64).exp() + 0.520_499_877_8) - 2.0 * root;
        let found = energy_distance(&x, &y, 1);
        assert!((found - exact).abs() < 0.06, "{found} {exact}");
        // Equal laws: nothing but noise.
        let same = normal(7, 3000, 1);
        assert!(energy_distance(&x, &same, 1).abs() < 5e-3);
    }
}
