//! Which moments a quadrature is to integrate, and how well it does.

use super::{
    DirectionSet, Quadrature, chebyshev_legendre, double_gauss, gauss_legendre, level_symmetric,
    lobatto, triangular_chebyshev_legendre,
};
use crate::discretization::TransportError;
use crate::params::{QuadratureKind, QuadratureParams};

/// What is integrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentKind {
    /// mu^degree over [-1, 1], divided by 2.
    FullRange,
    /// mu^degree over [0, 1].
    HalfRange,
    /// The worst of all monomials x^a y^b z^c of the degree, their mean over the sphere.
    Sphere,
    /// Mean of z^degree over the sphere, z along the polar axis.
    Axial,
}

/// One row of the moment table of a quadrature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentError {
    /// What is integrated.
    pub kind: MomentKind,
    /// Degree of the polynomials.
    pub degree: usize,
    /// Largest absolute error.
    pub error: f64,
    /// Whether the rule is to be exact.
    pub exact: bool,
}

/// The moment table of a rule, up to one degree above the last that it is to integrate exactly.
///
/// # Errors
/// [`TransportError::Unsupported`] for an order that the rule does not have.
pub fn self_test(params: &QuadratureParams) -> Result<Vec<MomentError>, TransportError> {
    super::check_order(params)?;
    let n = params.order;
    let on_sphere = |set: DirectionSet| set.self_test(set.exact_axial + 1);
    Ok(match params.kind {
        QuadratureKind::GaussLegendre => full_range(&gauss_legendre(n), 2 * n - 1),
        QuadratureKind::Lobatto => full_range(&lobatto(n), 2 * n - 3),
        QuadratureKind::DoubleGauss => {
            let q = double_gauss(n);
            let mut table = full_range(&q, n - 1);
            table.extend((0..=n).map(|degree| {
                let half: f64 = (q.mu.iter().zip(&q.weight))
                    .filter(|(mu, _)| **mu > 0.0)
                    .map(|(mu, w)| w * mu.powi(degree as i32))
                    .sum();
                MomentError {
                    kind: MomentKind::HalfRange,
                    degree,
                    error: (half - 1.0 / (degree + 1) as f64).abs(),
                    exact: degree < n,
                }
            }));
            table
        }
        QuadratureKind::ChebyshevLegendre => on_sphere(chebyshev_legendre(n)),
        QuadratureKind::TriangularChebyshevLegendre => on_sphere(triangular_chebyshev_legendre(n)),
        QuadratureKind::LevelSymmetric => on_sphere(level_symmetric(n)),
    })
}

fn full_range(q: &Quadrature, last: usize) -> Vec<MomentError> {
    (0..=last + 1)
        .map(|degree| {
            let exact = if degree % 2 == 0 {
                1.0 / (degree + 1) as f64
            } else {
                0.0
            };
            MomentError {
                kind: MomentKind::FullRange,
                degree,
                error: (0.5 * q.moment(degree as i32) - exact).abs(),
                exact: degree <= last,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_keeps_its_promises_and_is_not_exact_beyond() {
        for kind in [
            QuadratureKind::DoubleGauss,
            QuadratureKind::GaussLegendre,
            QuadratureKind::Lobatto,
            QuadratureKind::ChebyshevLegendre,
            QuadratureKind::TriangularChebyshevLegendre,
            QuadratureKind::LevelSymmetric,
        ] {
            for order in [2, 4, 6, 8] {
                let table = self_test(&QuadratureParams { kind, order }).unwrap();
                for row in &table {
                    assert!(!row.exact || row.error < 1e-14, "{kind:?} {order} {row:?}");
                }
                let last = table.last().unwrap();
                assert!(last.error > 1e-10, "{kind:?} {order} {last:?}");
            }
        }
    }
}
