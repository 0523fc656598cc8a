//! Quadratures in the cosine mu.

mod double_gauss;
mod gauss_legendre;

pub use double_gauss::double_gauss;
pub use gauss_legendre::gauss_legendre;

/// Nodes and weights on [-1, 1]; the weights sum to 2.
#[derive(Clone, Debug, PartialEq)]
pub struct Quadrature {
    /// Cosines, increasing.
    pub mu: Vec<f64>,
    /// Weights, sum 2.
    pub weight: Vec<f64>,
}

impl Quadrature {
    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.mu.len()
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.mu.is_empty()
    }

    /// sum_n w_n mu_n^power over all nodes.
    pub fn moment(&self, power: i32) -> f64 {
        self.mu
            .iter()
            .zip(&self.weight)
            .map(|(mu, w)| w * mu.powi(power))
            .sum()
    }
}

/// Legendre polynomial P_l(x).
pub fn legendre(l: usize, x: f64) -> f64 {
    let (mut before, mut now) = (1.0, x);
    if l == 0 {
        return before;
    }
    for n in 1..l {
        let n = n as f64;
        (before, now) = (now, ((2.0 * n + 1.0) * x * now - n * before) / (n + 1.0));
    }
    now
}
