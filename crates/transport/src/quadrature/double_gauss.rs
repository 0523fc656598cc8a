//! Double Gauss quadrature DP_N: a Gauss-Legendre rule on each of [-1, 0] and [0, 1].
//!
//! The angular flux in a slab jumps at mu = 0 on boundaries and interfaces; a rule that does not
//! integrate across the jump converges much faster there than Gauss-Legendre.

use super::{Quadrature, gauss_legendre};

/// The rule with `n` nodes in all; half-range moments are exact up to degree n - 1.
///
/// # Panics
/// Where `n` is odd.
pub fn double_gauss(n: usize) -> Quadrature {
    assert!(
        n.is_multiple_of(2),
        "a double rule has as many nodes on either side"
    );
    let half = gauss_legendre(n / 2);
    let positive = half.mu.iter().map(|mu| 0.5 * (1.0 + mu));
    let mu = positive
        .clone()
        .rev()
        .map(|mu| -mu)
        .chain(positive)
        .collect();
    let one: Vec<f64> = half.weight.iter().map(|w| 0.5 * w).collect();
    let weight = one.iter().rev().chain(&one).copied().collect();
    Quadrature { mu, weight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_range_moments_are_exact_up_to_degree_n_minus_1() {
        for n in [2, 4, 8, 16, 64] {
            let q = double_gauss(n);
            for power in 0..n as i32 {
                let half: f64 = (q.mu.iter().zip(&q.weight))
                    .filter(|(mu, _)| **mu > 0.0)
                    .map(|(mu, w)| w * mu.powi(power))
                    .sum();
                assert!(
                    (half - 1.0 / f64::from(power + 1)).abs() < 1e-13,
                    "DP{n}, mu^{power}"
                );
            }
        }
    }
}
