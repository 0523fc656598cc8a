//! Gauss-Legendre quadrature S_N: N nodes on [-1, 1], exact for polynomials up to degree 2 N - 1.
//!
//! The nodes are the zeros of P_N, found by Newton's method from the asymptotic guess
//! cos(pi (n - 1/4)/(N + 1/2)); the weights are 2/((1 - mu^2) P_N'(mu)^2).

use super::Quadrature;

/// The rule with `n` nodes.
pub fn gauss_legendre(n: usize) -> Quadrature {
    let (mut mu, mut weight) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n.div_ceil(2) {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        if 2 * i + 1 == n {
            x = 0.0;
        }
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = value_and_slope(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                slope = value_and_slope(n, x).1;
                break;
            }
        }
        let w = 2.0 / ((1.0 - x * x) * slope * slope);
        (mu[i], mu[n - 1 - i]) = (-x, x);
        (weight[i], weight[n - 1 - i]) = (w, w);
    }
    Quadrature { mu, weight }
}

/// P_n(x) and its derivative.
fn value_and_slope(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut now) = (1.0, x);
    for k in 1..n {
        let k = k as f64;
        (before, now) = (now, ((2.0 * k + 1.0) * x * now - k * before) / (k + 1.0));
    }
    (now, n as f64 * (x * now - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_polynomials_up_to_degree_2n_minus_1() {
        for n in [1, 2, 3, 4, 8, 16, 33, 64] {
            let q = gauss_legendre(n);
            for power in 0..(2 * n as i32) {
                let exact = if power % 2 == 0 {
                    2.0 / f64::from(power + 1)
                } else {
                    0.0
                };
                assert!((q.moment(power) - exact).abs() < 1e-13, "S{n}, mu^{power}");
            }
        }
    }
}
