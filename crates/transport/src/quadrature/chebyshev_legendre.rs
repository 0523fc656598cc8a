//! Product quadrature on the sphere: Gauss-Legendre in the axial cosine xi, Gauss-Chebyshev in the
//! azimuthal angle phi.
//!
//! ```text
//! xi_l: the N nodes of Gauss-Legendre        levels
//! phi_lm = pi (m - 1/2)/M_l, m = 1..2 M_l    evenly over each level, with equal weights
//! ```
//!
//! Square: M_l = N on every level, 2 N^2 directions; all polynomials up to degree 2 N - 1 are
//! exact. Triangular: M_l = 2 i on level i from the pole, N (N + 2) directions, as many as level
//! symmetric; only powers of xi keep degree 2 N - 1, the four directions next to the pole resolve
//! cos(m phi) up to m = 3.
//!
//! Source: Abu-Shumays, Nucl. Sci. Eng. 64 (1977) 299.

use std::f64::consts::PI;

use super::{DirectionSet, gauss_legendre};

/// The square product with `n` levels.
///
/// # Panics
/// Where `n` is odd.
pub fn chebyshev_legendre(n: usize) -> DirectionSet {
    product(n, |_| n / 2, 2 * n - 1)
}

/// The triangular product with `n` levels.
///
/// # Panics
/// Where `n` is odd.
pub fn triangular_chebyshev_legendre(n: usize) -> DirectionSet {
    product(n, |from_pole| from_pole, 3)
}

/// `quarter(i)` is the number of directions in one octant on level i from the pole, i = 1, 2, ...
fn product(n: usize, quarter: impl Fn(usize) -> usize, exact: usize) -> DirectionSet {
    assert!(
        n.is_multiple_of(2),
        "a level in the equator would not fly along any radius"
    );
    let polar = gauss_legendre(n);
    let mut octant = Vec::new();
    for from_pole in 1..=n / 2 {
        let xi = polar.mu[n - from_pole];
        let sine = (1.0 - xi * xi).sqrt();
        let count = quarter(from_pole);
        for m in 0..count {
            let phi = 0.5 * PI * (m as f64 + 0.5) / count as f64;
            let weight = polar.weight[n - from_pole] / count as f64;
            octant.push(([sine * phi.cos(), sine * phi.sin(), xi], weight));
        }
    }
    DirectionSet::from_octant(&octant, exact, 2 * n - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promises_hold(set: &DirectionSet, degree: usize) {
        let sum: f64 = set.weight.iter().sum();
        assert!((sum - 4.0 * PI).abs() < 1e-12);
        for row in set.self_test(degree) {
            assert!(!row.exact || row.error < 1e-14, "{row:?}");
        }
    }

    #[test]
    fn square_products_integrate_all_polynomials_of_degree_2n_minus_1() {
        for n in [2, 4, 8, 16] {
            let set = chebyshev_legendre(n);
            assert_eq!(set.len(), 2 * n * n);
            promises_hold(&set, 2 * n - 1);
        }
    }

    #[test]
    fn triangular_products_integrate_degree_3_and_all_axial_powers() {
        for n in [2, 4, 8, 16] {
            let set = triangular_chebyshev_legendre(n);
            assert_eq!(set.len(), n * (n + 2));
            promises_hold(&set, 2 * n - 1);
        }
    }
}
