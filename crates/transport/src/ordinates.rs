//! The directions of a sweep in one dimension, and the angular basis functions whose moments the
//! scattering needs.

use crate::quadrature::{Quadrature, legendre};

/// Directions of flight in one dimension.
///
/// A level is a set of directions that collisions aside pass into each other along a straight
/// flight in curved geometry: all of them in a sphere, those of one axial cosine in a cylinder.
/// Within a level mu increases. In a slab there is one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordinates {
    /// Cosine with the x or radial axis: `[ordinate]`.
    pub mu: Vec<f64>,
    /// Weights, sum [`Ordinates::weight_sum`]: `[ordinate]`.
    pub weight: Vec<f64>,
    /// Cosine with the axis of the cylinder, one a level; empty in slab and sphere.
    pub axial: Vec<f64>,
    /// Ordinates of each level.
    pub levels: Vec<std::ops::Range<usize>>,
    /// The ordinate with the opposite mu in the same level: `[ordinate]`.
    pub mirror: Vec<usize>,
    /// Legendre order l of each moment: `[moment]`.
    pub order: Vec<usize>,
    /// Angular basis functions: `[moment][ordinate]`; the first is 1. Moment m of the flux is
    /// sum_n weight_n basis_mn psi_n.
    pub basis: Vec<Vec<f64>>,
    /// Factor with which moment m of an emission density enters the angular source:
    /// q(n) = sum_m factor_m basis_mn q_m; (2 l + 1)/W for Legendre polynomials.
    pub factor: Vec<f64>,
}

impl Ordinates {
    /// Ordinates of a slab or a sphere, with moments up to Legendre order `order`.
    pub fn legendre(quadrature: &Quadrature, order: usize) -> Self {
        let n = quadrature.len();
        let total: f64 = quadrature.weight.iter().sum();
        Self {
            mu: quadrature.mu.clone(),
            weight: quadrature.weight.clone(),
            axial: Vec::new(),
            levels: vec![0..n],
            mirror: (0..n).rev().collect(),
            order: (0..=order).collect(),
            basis: (0..=order)
                .map(|l| quadrature.mu.iter().map(|&mu| legendre(l, mu)).collect())
                .collect(),
            factor: (0..=order).map(|l| (2 * l + 1) as f64 / total).collect(),
        }
    }

    /// Number of ordinates.
    pub fn len(&self) -> usize {
        self.mu.len()
    }

    /// Whether there are no ordinates.
    pub fn is_empty(&self) -> bool {
        self.mu.is_empty()
    }

    /// Number of moments.
    pub fn moments(&self) -> usize {
        self.order.len()
    }

    /// Sum of the weights: the normalisation of the angular flux.
    pub fn weight_sum(&self) -> f64 {
        self.weight.iter().sum()
    }

    /// Half-range moment sum_{mu > 0} w mu^power.
    pub fn half_range(&self, power: i32) -> f64 {
        (self.mu.iter().zip(&self.weight))
            .filter(|(mu, _)| **mu > 0.0)
            .map(|(mu, w)| w * mu.powi(power))
            .sum()
    }
}
