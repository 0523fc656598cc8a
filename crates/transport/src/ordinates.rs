//! The directions of a sweep in one dimension, and the angular basis functions whose moments the
//! scattering needs.
//!
//! In slab and sphere the flux depends on one cosine, and the basis is P_l(mu). In a cylinder it
//! depends on the axial cosine xi and the angle omega from the radius, and is even in both; the
//! basis is
//!
//! ```text
//! R_lm = sqrt((2 - delta_m0) (l - m)!/(l + m)!) P_l^m(xi) cos(m omega),   m = 0..l, l + m even
//! ```
//!
//! scaled so that the addition theorem P_l(Omega . Omega') = sum_m R_lm R'_lm has no factors: the
//! factor (2 l + 1)/W holds in all geometries, and R_11 is mu.

use crate::discretization::TransportError;
use crate::mesh::Geometry;
use crate::params::{QuadratureKind, QuadratureParams};
use crate::quadrature::{
    DirectionSet, Quadrature, chebyshev_legendre, check_order, double_gauss, gauss_legendre,
    legendre, level_symmetric, lobatto, triangular_chebyshev_legendre,
};

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
    /// The basis functions in the direction of each level that flies straight to the centre, where
    /// sweeps in curved geometry start: `[moment][level]`.
    pub start_basis: Vec<Vec<f64>>,
    /// Factor with which moment m of an emission density enters the angular source:
    /// q(n) = sum_m factor_m basis_mn q_m; (2 l + 1)/W in every geometry.
    pub factor: Vec<f64>,
}

impl Ordinates {
    /// The ordinates that a case asks for, with moments up to order `order` of the scattering.
    ///
    /// # Errors
    /// [`TransportError::Unsupported`] for an order that the rule does not have, and for a rule
    /// that does not fit the geometry.
    pub fn from_params(
        geometry: Geometry,
        params: &QuadratureParams,
        order: usize,
    ) -> Result<Self, TransportError> {
        use QuadratureKind as Kind;
        check_order(params)?;
        let n = params.order;
        Ok(match (geometry, params.kind) {
            (Geometry::Slab | Geometry::Sphere, Kind::DoubleGauss) => {
                Self::legendre(&double_gauss(n), order)
            }
            (Geometry::Slab | Geometry::Sphere, Kind::GaussLegendre) => {
                Self::legendre(&gauss_legendre(n), order)
            }
            (Geometry::Slab, Kind::Lobatto) => Self::legendre(&lobatto(n), order),
            (Geometry::Cylinder, Kind::ChebyshevLegendre) => {
                Self::cylinder(&chebyshev_legendre(n), order)
            }
            (Geometry::Cylinder, Kind::TriangularChebyshevLegendre) => {
                Self::cylinder(&triangular_chebyshev_legendre(n), order)
            }
            (Geometry::Cylinder, Kind::LevelSymmetric) => {
                Self::cylinder(&level_symmetric(n), order)
            }
            (geometry, kind) => return Err(misfit(geometry, kind)),
        })
    }

    /// Ordinates of a slab or a sphere, with moments up to Legendre order `order`.
    pub fn legendre(quadrature: &Quadrature, order: usize) -> Self {
        let n = quadrature.len();
        let total: f64 = quadrature.weight.iter().sum();
        Self {
            mu: quadrature.mu.clone(),
            weight: quadrature.weight.clone(),
            axial: Vec::new(),
            levels: std::iter::once(0..n).collect(),
            mirror: (0..n).rev().collect(),
            order: (0..=order).collect(),
            basis: (0..=order)
                .map(|l| quadrature.mu.iter().map(|&mu| legendre(l, mu)).collect())
                .collect(),
            start_basis: (0..=order).map(|l| vec![legendre(l, -1.0)]).collect(),
            factor: (0..=order).map(|l| (2 * l + 1) as f64 / total).collect(),
        }
    }

    /// Ordinates of a cylinder whose axis is z, with moments up to order `order`.
    ///
    /// The flux is the same above and below the plane and left and right of the radius: the
    /// directions with y > 0 and z > 0 stand for all, with weights that sum to 2.
    pub fn cylinder(directions: &DirectionSet, order: usize) -> Self {
        let mut quarter: Vec<([f64; 3], f64)> = (directions.omega.iter().copied())
            .zip(directions.weight.iter().copied())
            .filter(|([_, y, z], _)| *y > 0.0 && *z > 0.0)
            .collect();
        let same = |a: f64, b: f64| (a - b).abs() < 1e-10;
        quarter.sort_by(|([x, _, z], _), ([a, _, c], _)| {
            let level = if same(*z, *c) {
                std::cmp::Ordering::Equal
            } else {
                z.total_cmp(c)
            };
            level.then(x.total_cmp(a))
        });
        let mut levels: Vec<std::ops::Range<usize>> = Vec::new();
        for (n, ([_, _, z], _)) in quarter.iter().enumerate() {
            match levels.last_mut() {
                Some(level) if same(quarter[level.start].0[2], *z) => level.end = n + 1,
                _ => levels.push(n..n + 1),
            }
        }
        let axial: Vec<f64> = levels.iter().map(|l| quarter[l.start].0[2]).collect();
        let sum: f64 = quarter.iter().map(|(_, w)| w).sum();
        let moments: Vec<(usize, usize)> = (0..=order)
            .flat_map(|l| (l % 2..=l).step_by(2).map(move |m| (l, m)))
            .collect();
        let mut mirror = vec![0; quarter.len()];
        for level in &levels {
            for n in level.clone() {
                mirror[n] = level.start + level.end - 1 - n;
            }
        }
        Self {
            mu: quarter.iter().map(|([x, _, _], _)| *x).collect(),
            weight: quarter.iter().map(|(_, w)| 2.0 * w / sum).collect(),
            levels,
            mirror,
            order: moments.iter().map(|&(l, _)| l).collect(),
            basis: (moments.iter())
                .map(|&(l, m)| {
                    (quarter.iter())
                        .map(|([x, y, z], _)| harmonic(l, m, *z, y.atan2(*x)))
                        .collect()
                })
                .collect(),
            start_basis: (moments.iter())
                .map(|&(l, m)| {
                    (axial.iter())
                        .map(|&xi| harmonic(l, m, xi, std::f64::consts::PI))
                        .collect()
                })
                .collect(),
            factor: (moments.iter())
                .map(|&(l, _)| (2 * l + 1) as f64 / 2.0)
                .collect(),
            axial,
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

    /// Largest |mu| in a level: that of a flight straight to the centre.
    pub fn radial(&self, level: usize) -> f64 {
        (self.axial.get(level)).map_or(1.0, |xi| ((1.0 - xi) * (1.0 + xi)).sqrt())
    }
}

/// R_lm(xi, omega).
fn harmonic(l: usize, m: usize, xi: f64, omega: f64) -> f64 {
    // P_m^m = (2 m - 1)!! (1 - xi^2)^(m/2), without the alternating sign; the norm
    // sqrt((l - m)!/(l + m)!) is multiplied in step by step.
    let sine = ((1.0 - xi) * (1.0 + xi)).sqrt();
    let mut now: f64 = (1..=m).map(|k| (2 * k - 1) as f64 * sine).product();
    let mut before = 0.0;
    for k in m..l {
        let k1 = k as f64 + 1.0;
        (before, now) = (
            now,
            ((2.0 * k1 - 1.0) * xi * now - (k1 - 1.0 + m as f64) * before) / (k1 - m as f64),
        );
    }
    let norm: f64 = (l - m + 1..=l + m)
        .map(|k| 1.0 / (k as f64).sqrt())
        .product();
    let both = if m == 0 {
        1.0
    } else {
        std::f64::consts::SQRT_2
    };
    both * norm * now * (m as f64 * omega).cos()
}

fn misfit(geometry: Geometry, kind: QuadratureKind) -> TransportError {
    let (name, fitting) = match geometry {
        Geometry::Slab => ("slab", "double_gauss, gauss_legendre or lobatto"),
        Geometry::Sphere => ("sphere", "gauss_legendre or double_gauss"),
        Geometry::Cylinder => (
            "cylinder",
            "chebyshev_legendre, triangular_chebyshev_legendre or level_symmetric",
        ),
    };
    let kind_name = match kind {
        QuadratureKind::DoubleGauss => "double_gauss",
        QuadratureKind::GaussLegendre => "gauss_legendre",
        QuadratureKind::Lobatto => "lobatto",
        QuadratureKind::ChebyshevLegendre => "chebyshev_legendre",
        QuadratureKind::TriangularChebyshevLegendre => "triangular_chebyshev_legendre",
        QuadratureKind::LevelSymmetric => "level_symmetric",
    };
    let why = if geometry == Geometry::Sphere && kind == QuadratureKind::Lobatto {
        " (its node at mu = -1 is the starting direction, which carries no weight)"
    } else {
        ""
    };
    TransportError::Unsupported(format!(
        "the quadrature {kind_name} does not fit a {name}{why}: try {fitting}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(kind: QuadratureKind, order: usize) -> QuadratureParams {
        QuadratureParams { kind, order }
    }

    #[test]
    fn weights_sum_to_2_in_every_geometry() {
        use QuadratureKind as Kind;
        for (geometry, kind) in [
            (Geometry::Slab, Kind::Lobatto),
            (Geometry::Slab, Kind::DoubleGauss),
            (Geometry::Sphere, Kind::GaussLegendre),
            (Geometry::Cylinder, Kind::ChebyshevLegendre),
            (Geometry::Cylinder, Kind::TriangularChebyshevLegendre),
            (Geometry::Cylinder, Kind::LevelSymmetric),
        ] {
            let o = Ordinates::from_params(geometry, &params(kind, 8), 1).unwrap();
            assert!(
                (o.weight_sum() - 2.0).abs() < 1e-13,
                "{geometry:?} {kind:?}"
            );
            let second: f64 = o.mu.iter().zip(&o.weight).map(|(mu, w)| w * mu * mu).sum();
            assert!((second - 2.0 / 3.0).abs() < 1e-13, "{geometry:?} {kind:?}");
            for (n, &m) in o.mirror.iter().enumerate() {
                assert_eq!(o.mu[n], -o.mu[m]);
                assert_eq!(o.weight[n], o.weight[m]);
            }
        }
    }

    #[test]
    fn cylinder_moments_are_orthogonal_and_the_first_is_mu() {
        let o = Ordinates::cylinder(&chebyshev_legendre(8), 5);
        for a in 0..o.moments() {
            for b in 0..o.moments() {
                let sum: f64 = (0..o.len())
                    .map(|n| o.weight[n] * o.factor[a] * o.basis[a][n] * o.basis[b][n])
                    .sum();
                let exact = f64::from(u8::from(a == b));
                assert!((sum - exact).abs() < 1e-13, "{a} {b}: {sum}");
            }
        }
        for (r, mu) in o.basis[1].iter().zip(&o.mu) {
            assert!((r - mu).abs() < 1e-15);
        }
    }

    #[test]
    fn cylinder_basis_obeys_the_addition_theorem_in_the_even_part() {
        // sum_m R_lm R'_lm is P_l of the cosine between the directions, averaged over the signs
        // of the axial cosine and of the angle.
        let (xi, omega, xi2, omega2) = (0.3, 0.7, 0.8, 2.1);
        for l in 0..7 {
            let sum: f64 = (l % 2..=l)
                .step_by(2)
                .map(|m| harmonic(l, m, xi, omega) * harmonic(l, m, xi2, omega2))
                .sum();
            let mut mean = 0.0;
            for (a, b) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
                let sines = ((1.0 - xi * xi) * (1.0 - xi2 * xi2)).sqrt();
                let cosine = a * xi * xi2 + sines * f64::cos(omega - b * omega2);
                mean += 0.25 * legendre(l, cosine);
            }
            assert!((sum - mean).abs() < 1e-14, "l = {l}: {sum} {mean}");
        }
    }

    #[test]
    fn misfits_say_what_to_try() {
        use QuadratureKind as Kind;
        for (geometry, kind, order, words) in [
            (Geometry::Slab, Kind::GaussLegendre, 7, "try 6 or 8"),
            (Geometry::Slab, Kind::GaussLegendre, 1, "try 2"),
            (Geometry::Slab, Kind::LevelSymmetric, 8, "double_gauss"),
            (Geometry::Sphere, Kind::Lobatto, 8, "gauss_legendre"),
            (
                Geometry::Cylinder,
                Kind::DoubleGauss,
                8,
                "chebyshev_legendre",
            ),
            (Geometry::Cylinder, Kind::LevelSymmetric, 18, "16"),
        ] {
            let error = Ordinates::from_params(geometry, &params(kind, order), 0).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
