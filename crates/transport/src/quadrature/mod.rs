//! Quadratures in the cosine mu and on the unit sphere.
//!
//! | rule | file | for |
//! |---|---|---|
//! | double Gauss | [`double_gauss`] | slabs |
//! | Gauss-Legendre | [`gauss_legendre`] | spheres, slabs |
//! | Gauss-Lobatto | [`lobatto`] | slabs |
//! | Chebyshev-Legendre, square and triangular | [`chebyshev_legendre`] | cylinders |
//! | level symmetric | [`level_symmetric`] | cylinders |
//!
//! [`self_test`] tells which moments each is to integrate exactly, and how well it does.

mod chebyshev_legendre;
mod direction_set;
mod double_gauss;
mod gauss_legendre;
mod level_symmetric;
mod lobatto;
mod self_test;

pub use chebyshev_legendre::{chebyshev_legendre, triangular_chebyshev_legendre};
pub use direction_set::DirectionSet;
pub use double_gauss::double_gauss;
pub use gauss_legendre::gauss_legendre;
pub use level_symmetric::level_symmetric;
pub use lobatto::lobatto;
pub use self_test::{MomentError, MomentKind, self_test};

use crate::discretization::TransportError;
use crate::params::{QuadratureKind, QuadratureParams};

/// Refuses an order that the rule does not have.
pub(crate) fn check_order(params: &QuadratureParams) -> Result<(), TransportError> {
    let n = params.order;
    if n == 0 || !n.is_multiple_of(2) {
        let nearest = if n < 2 {
            "2".to_owned()
        } else {
            format!("{} or {}", n - 1, n + 1)
        };
        return Err(TransportError::Unsupported(format!(
            "the order of an S_N quadrature is even, not {n}: try {nearest}"
        )));
    }
    let largest = level_symmetric::LARGEST;
    if params.kind == QuadratureKind::LevelSymmetric && n > largest {
        return Err(TransportError::Unsupported(format!(
            "level_symmetric quadratures end at order {largest}, {n} is too large: try {largest}, \
             or chebyshev_legendre"
        )));
    }
    Ok(())
}

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
