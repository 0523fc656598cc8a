//! Level-symmetric quadrature LQ_N: the same cosines on all three axes.
//!
//! In an octant the directions are (mu_i, mu_j, mu_k) with i + j + k = N/2 + 2. Being unit
//! vectors they leave one cosine free:
//!
//! ```text
//! mu_i^2 = mu_1^2 + 2 (i - 1)(1 - 3 mu_1^2)/(N - 2)
//! ```
//!
//! Directions that are permutations of each other have the same weight. Weights and mu_1 follow
//! from moments: the means of x^(2 n) over the sphere for n = 0, 2, 3, ..., N/2 (n = 1 holds
//! by symmetry), and that of x^4 y^4 z^4 as well for S14 and S16, which have a weight more than
//! those conditions. For given mu_1 all but the highest power are linear in the weights; mu_1 is
//! found by bisection on that one. The printed table of S16 has another condition than the one
//! on x^4 y^4 z^4: the same cosines and level weights, other point weights. With this one all
//! polynomials up to degree 15 are exact.
//!
//! No axis is singled out, at the price of a low order for the number of directions; soon after S16
//! weights turn negative, so it is the last here.
//!
//! Source: Carlson and Lathrop, in Computing Methods in Reactor Physics, 1968; Lewis and Miller,
//! Computational Methods of Neutron Transport, 1984, section 4-2.

use faer::Mat;
use faer::linalg::solvers::Solve;

use super::direction_set::{DirectionSet, exact_mean};

/// Highest order.
pub(super) const LARGEST: usize = 16;

/// The rule S_N; `n` even, 2 to 16.
///
/// # Panics
/// For other `n`.
pub fn level_symmetric(n: usize) -> DirectionSet {
    assert!(
        n.is_multiple_of(2) && (2..=LARGEST).contains(&n),
        "level-symmetric rules are S2 to S16, even"
    );
    let (squares, classes, weight) = solve(n);
    let mut octant = Vec::new();
    for (class, w) in classes.iter().zip(&weight) {
        for levels in class {
            octant.push((levels.map(|i| squares[i].sqrt()), *w));
        }
    }
    let exact = match n {
        2..=10 => n + 1,
        // x^4 y^4 z^4 and x^12 are independent; S12 has one condition for both.
        12 => 11,
        _ => 15,
    };
    DirectionSet::from_octant(&octant, exact, n + 1)
}

/// Directions as three level numbers, those that are permutations of each other together.
type Classes = Vec<Vec<[usize; 3]>>;

fn classes(n: usize) -> Classes {
    let last = n / 2 - 1;
    let mut classes: Classes = Vec::new();
    for i in 0..=last {
        for j in 0..=last - i {
            let levels = [i, j, last - i - j];
            let sorted = |mut x: [usize; 3]| {
                x.sort_unstable();
                x
            };
            match (classes.iter_mut()).find(|c| sorted(c[0]) == sorted(levels)) {
                Some(class) => class.push(levels),
                None => classes.push(vec![levels]),
            }
        }
    }
    classes
}

/// Squares of the cosines, the classes and the weight of a direction of each class.
fn solve(n: usize) -> (Vec<f64>, Classes, Vec<f64>) {
    let classes = classes(n);
    if n == 2 {
        return (vec![1.0 / 3.0], classes, vec![1.0]);
    }
    // The largest mu_1^2 with all levels apart is 1/3. The wanted root is the largest below: the
    // others crowd the levels at the pole and make negative weights.
    let excess = |square: f64| weights(n, square, &classes).1;
    const STEPS: usize = 4000;
    let at = |k: usize| (1.0 - 1e-6) / 3.0 * k as f64 / STEPS as f64;
    for k in (1..STEPS).rev() {
        let (mut low, mut high) = (at(k), at(k + 1));
        let sign = excess(low).is_sign_positive();
        if sign == excess(high).is_sign_positive() {
            continue;
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if excess(middle).is_sign_positive() == sign {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (weight, rest) = weights(n, low, &classes);
        if rest.abs() < 1e-10 && weight.iter().all(|&w| w > 0.0) {
            return (squares(n, low), classes, weight);
        }
    }
    unreachable!("S2 to S16 have a root with positive weights")
}

fn squares(n: usize, first: f64) -> Vec<f64> {
    let step = 2.0 * (1.0 - 3.0 * first) / (n as f64 - 2.0);
    (0..n / 2).map(|i| first + i as f64 * step).collect()
}

/// Weights for given mu_1^2, and what the mean of x^N is too large by.
fn weights(n: usize, first: f64, classes: &Classes) -> (Vec<f64>, f64) {
    let squares = squares(n, first);
    let mut powers = vec![[0, 0, 0]];
    powers.extend((2..n / 2).map(|k| [k, 0, 0]));
    if n >= 14 {
        powers.push([2, 2, 2]);
    }
    let mean = |power: [usize; 3], class: &[[usize; 3]]| -> f64 {
        (class.iter())
            .map(|levels| {
                (levels.iter().zip(power))
                    .map(|(&i, p)| squares[i].powi(p as i32))
                    .product::<f64>()
            })
            .sum()
    };
    let matrix = Mat::from_fn(powers.len(), classes.len(), |i, j| {
        mean(powers[i], &classes[j])
    });
    let right = Mat::from_fn(powers.len(), 1, |i, _| exact_mean(powers[i].map(|p| 2 * p)));
    let w = matrix.partial_piv_lu().solve(&right);
    let weight: Vec<f64> = (0..classes.len()).map(|j| w[(j, 0)]).collect();
    let highest = [n / 2, 0, 0];
    let sum: f64 = (classes.iter().zip(&weight))
        .map(|(class, w)| w * mean(highest, class))
        .sum();
    (weight, sum - exact_mean([n, 0, 0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_cosines_are_the_published_ones() {
        for (n, published) in [
            (2, 0.5773503),
            (4, 0.3500212),
            (6, 0.2666355),
            (8, 0.2182179),
            (12, 0.1672126),
            (16, 0.1389568),
        ] {
            let mu = solve(n).0[0].sqrt();
            // The tables are good to a few units of their last digit; the moments here are exact.
            assert!((mu - published).abs() < 3e-7, "S{n}: {mu}");
        }
    }

    #[test]
    fn weights_are_the_published_ones() {
        // Lewis and Miller, table 4-1, in ascending order.
        for (n, mut published) in [
            (4, vec![0.3333333]),
            (6, vec![0.1761263, 0.1572071]),
            (8, vec![0.1209877, 0.0907407, 0.0925926]),
            (
                12,
                vec![0.0707626, 0.0558811, 0.0373377, 0.0502819, 0.0258513],
            ),
        ] {
            let mut weight = solve(n).2;
            weight.sort_by(f64::total_cmp);
            published.sort_by(f64::total_cmp);
            for (w, p) in weight.iter().zip(&published) {
                assert!((w - p).abs() < 3e-7, "S{n}: {weight:?}");
            }
        }
    }

    #[test]
    fn level_weights_of_s16_are_the_published_ones() {
        // Classes (1,1,8) (1,2,7) (1,3,6) (1,4,5) (2,2,6) (2,3,5) (2,4,4) (3,3,4). The table has
        // another condition for its last weight than x^4 y^4 z^4; sums over a level agree.
        let p = [
            0.0489872, 0.0413296, 0.0212326, 0.0256207, 0.0360486, 0.0144589, 0.0344958, 0.0085179,
        ];
        let published = [
            2.0 * p[3] + 2.0 * p[6] + p[7],
            2.0 * p[3] + 2.0 * p[5],
            2.0 * p[2] + p[4],
            2.0 * p[1],
            p[0],
        ];
        let (_, classes, weight) = solve(16);
        for (level, published) in (3..8).zip(published) {
            let sum: f64 = (classes.iter().zip(&weight))
                .map(|(class, w)| w * class.iter().filter(|d| d[0] == level).count() as f64)
                .sum();
            assert!((sum - published).abs() < 6e-7, "{level}: {sum} {published}");
        }
    }

    #[test]
    fn promised_moments_are_exact() {
        for n in (2..=LARGEST).step_by(2) {
            let set = level_symmetric(n);
            assert_eq!(set.len(), n * (n + 2));
            for row in set.self_test(n + 1) {
                assert!(!row.exact || row.error < 1e-13, "S{n} {row:?}");
            }
        }
    }

    #[test]
    fn axes_are_interchangeable() {
        let set = level_symmetric(8);
        for power in [[4, 0, 0], [12, 2, 0]] {
            let [a, b, c] = power;
            let turned = set.mean([c, a, b]);
            assert!((set.mean(power) - turned).abs() < 1e-15);
        }
    }
}
