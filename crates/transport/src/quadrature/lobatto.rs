//! Gauss-Lobatto quadrature: N nodes on [-1, 1], two of them the ends; exact for polynomials up to
//! degree 2 N - 3.
//!
//! The inner nodes are the zeros of P'_{N-1}, found by Newton's method from the Chebyshev points
//! cos(pi n/(N - 1)) between which they lie; the weights are 2/(N (N - 1) P_{N-1}(mu)^2).
//!
//! The nodes at the ends give the flux along the normal of a boundary without interpolation. Two
//! nodes of N are spent on that: the rule is a little less accurate than Gauss-Legendre.
//!
//! Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 25.4.32.

use super::{Quadrature, legendre};

/// The rule with `n` nodes.
///
/// # Panics
/// Where there are fewer than two nodes.
pub fn lobatto(n: usize) -> Quadrature {
    assert!(n >= 2, "both ends are nodes");
    let degree = (n - 1) as f64;
    let (mut mu, mut weight) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n.div_ceil(2) {
        let mut x = if 2 * i + 1 == n {
            0.0
        } else {
            (std::f64::consts::PI * i as f64 / degree).cos()
        };
        if i > 0 {
            for _ in 0..100 {
                // (1 - x^2) P' = p (P_{p-1} - x P_p) and its derivative -p (p + 1) P_p.
                let value = legendre(n - 1, x);
                let slope = degree * (legendre(n - 2, x) - x * value);
                let step = -slope / (degree * (degree + 1.0) * value);
                x -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
        }
        let value = legendre(n - 1, x);
        let w = 2.0 / (n as f64 * degree * value * value);
        (mu[i], mu[n - 1 - i]) = (-x, x);
        (weight[i], weight[n - 1 - i]) = (w, w);
    }
    Quadrature { mu, weight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_polynomials_up_to_degree_2n_minus_3() {
        for n in [2, 3, 4, 8, 16, 33, 64] {
            let q = lobatto(n);
            assert_eq!((q.mu[0], q.mu[n - 1]), (-1.0, 1.0));
            for power in 0..(2 * n as i32 - 2) {
                let exact = if power % 2 == 0 {
                    2.0 / f64::from(power + 1)
                } else {
                    0.0
                };
                assert!((q.moment(power) - exact).abs() < 1e-13, "{n}, mu^{power}");
            }
        }
    }

    #[test]
    fn four_nodes_are_the_published_ones() {
        let q = lobatto(4);
        assert!((q.mu[2] - 0.2_f64.sqrt()).abs() < 1e-15);
        assert!((q.weight[0] - 1.0 / 6.0).abs() < 1e-15);
        assert!((q.weight[1] - 5.0 / 6.0).abs() < 1e-15);
    }
}
