//! Fourier analysis: how fast the iteration within a group converges, before it runs.
//!
//! On an infinite lattice of equal cells in a slab, errors phi_j = a e^(i theta j) stay apart from
//! each other: one iteration maps the coefficients a of a cell (moments times degrees of freedom)
//! by a small matrix, the symbol. With the response of a cell to one ordinate of mu > 0,
//! psi = B s + b psi_in and psi_out = d s + t psi_in, the lattice has psi_out = e^(i theta) psi_in,
//!
//! ```text
//! psi = (B + b (e^(i theta) - t)^-1 d) s
//! L = sum over ordinates of w basis psi, for the scattering source s of a     sweep
//! T = L + P (L - I)                                                 with acceleration
//! ```
//!
//! where P is the symbol of the low-order problem. The spectral radius is the largest |eigenvalue|
//! of T over theta in (0, pi]; lambda = theta/tau, tau = sigma_t h, is the wave number in units of
//! sigma_t.
//!
//! 1. The responses of the cell come out of the kernels that the sweep uses,
//! 2. those of the low-order problem from its own blocks.
//! 3. The radius is sampled over theta, evenly and evenly in log theta.
//! 4. The best samples are refined by golden section.
//!
//! Boundaries are left out: they make the iteration faster, as particles leak. Neighbours of very
//! different thickness are left out as well.
//!
//! Source: Adams and Larsen, Prog. Nucl. Energy 40 (2002) 3, section II.

mod measure;
mod small;

pub use measure::measure;
pub(crate) use small::{C, Matrix};

use crate::boundary::Boundary;
use crate::discretization::Discretization;
use crate::dsa;
use crate::dsa::cell_kinds::{Kind, cell_kinds};
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::{Acceleration, Scheme};
use crate::quadrature::Quadrature;
use crate::sweep::{CellResponse, cell_response};

/// A spectral radius, and where it is attained.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Radius {
    /// The spectral radius.
    pub rho: f64,
    /// Phase from cell to cell of the slowest error.
    pub theta: f64,
    /// theta/tau.
    pub lambda: f64,
}

/// The spectral radius of source iteration in cells of `tau` mean free paths with isotropic
/// scattering and scattering ratio `c`.
///
/// # Panics
/// For the fix-up of diamond difference, which is not linear.
pub fn spectral_radius(
    scheme: Scheme,
    quadrature: &Quadrature,
    acceleration: Acceleration,
    tau: f64,
    c: f64,
) -> Radius {
    let disc = lattice(scheme, quadrature, tau, c, 1, Boundary::Periodic);
    let kind = cell_kinds(disc.mesh()).0[0];
    Lattice::new(&disc, 0, &disc.totals(0), acceleration, kind).spectral_radius(160)
}

/// The largest over the kinds of cells of a problem; at most 16 of them are looked at, spread over
/// all. `total` is the total cross section by material.
pub fn predict(
    disc: &Discretization,
    group: usize,
    acceleration: Acceleration,
    total: &[f64],
) -> Radius {
    let mut kinds = cell_kinds(disc.mesh()).0;
    kinds.retain(|k| {
        total[k.material] > 0.0 && disc.materials()[k.material].scatter(0, group, group) != 0.0
    });
    kinds.sort_by(|a, b| {
        (a.material, a.width)
            .partial_cmp(&(b.material, b.width))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let step = kinds.len().div_ceil(16).max(1);
    (kinds.into_iter().step_by(step))
        .map(|kind| Lattice::new(disc, group, total, acceleration, kind).spectral_radius(32))
        .fold(Radius::default(), |a, b| if b.rho > a.rho { b } else { a })
}

/// A slab of `cells` cells of width 1, with one condition at both ends.
fn lattice(
    scheme: Scheme,
    quadrature: &Quadrature,
    tau: f64,
    c: f64,
    cells: usize,
    ends: Boundary,
) -> Discretization {
    Discretization::new(
        Mesh::uniform(Geometry::Slab, 0.0, cells as f64, cells),
        vec![CrossSections::one_group(tau, c * tau)],
        Ordinates::legendre(quadrature, 0),
        scheme,
        [ends.clone(), ends],
    )
    .expect("a slab of equal cells is a problem")
}

/// One kind of cell, over and over.
pub(crate) struct Lattice<'a> {
    disc: &'a Discretization,
    group: usize,
    total: &'a [f64],
    acceleration: Acceleration,
    /// Floor of an interior penalty; that of the quadrature where it is `None`.
    least_penalty: Option<f64>,
    kind: Kind,
    /// Of each ordinate, in its direction of flight.
    responses: Vec<CellResponse>,
}

impl<'a> Lattice<'a> {
    pub(crate) fn new(
        disc: &'a Discretization,
        group: usize,
        total: &'a [f64],
        acceleration: Acceleration,
        kind: Kind,
    ) -> Self {
        let responses = (disc.ordinates().mu.iter())
            // Flight along the layers sees no edges: a cosine of almost 0 has the same limit.
            .map(|mu| {
                cell_response(
                    disc.scheme(),
                    total[kind.material],
                    kind.width,
                    mu.abs().max(1e-12),
                )
            })
            .collect();
        Self {
            disc,
            group,
            total,
            acceleration,
            least_penalty: None,
            kind,
            responses,
        }
    }

    /// The matrix of one iteration on `[moment][dof]`.
    pub(crate) fn iteration(&self, theta: f64) -> Matrix {
        let sweep = self.sweep(theta);
        let n = sweep.n;
        let dofs = self.disc.dofs();
        let Some(low) = dsa::symbol(
            self.disc,
            self.group,
            self.total,
            self.acceleration,
            self.least_penalty,
            &self.kind,
            theta,
        ) else {
            return sweep;
        };
        // The low-order problem knows the flux and, where there is one, the current.
        let places: Vec<usize> = [Some(0), dsa::current_moment(self.disc.ordinates())]
            .into_iter()
            .flatten()
            .flat_map(|m| m * dofs..(m + 1) * dofs)
            .collect();
        let mut all = sweep.clone();
        for (i, &row) in places.iter().enumerate().take(low.n) {
            for (j, &from) in places.iter().enumerate().take(low.n) {
                let p = low.at(i, j);
                for column in 0..n {
                    let change = sweep.at(from, column) - f64::from(u8::from(from == column));
                    *all.at_mut(row, column) += p * change;
                }
            }
        }
        all
    }

    /// The matrix L of a sweep with the scattering source.
    fn sweep(&self, theta: f64) -> Matrix {
        let o = self.disc.ordinates();
        let (moments, dofs) = (o.moments(), self.disc.dofs());
        let material = &self.disc.materials()[self.kind.material];
        let sigma: Vec<f64> = (0..moments)
            .map(|m| {
                self.kind.scattering_factor
                    * o.factor[m]
                    * material.scatter(o.order[m], self.group, self.group)
            })
            .collect();
        let mut l = Matrix::zeros(moments * dofs);
        for (n, response) in self.responses.iter().enumerate() {
            let forward = o.mu[n] >= 0.0;
            let phase = C::from_polar(1.0, if forward { theta } else { -theta });
            let odd = |d: usize| if !forward && d % 2 == 1 { -1.0 } else { 1.0 };
            let enters = 1.0 / (phase - response.edge_from_edge);
            for i in 0..dofs {
                for j in 0..dofs {
                    let psi = (enters * response.flux_from_edge[i] * response.edge_from_source[j]
                        + response.flux_from_source[i][j])
                        * (odd(i) * odd(j));
                    for to in 0..moments {
                        for (from, sigma) in sigma.iter().enumerate() {
                            let weight = o.weight[n] * o.basis[to][n] * o.basis[from][n] * sigma;
                            *l.at_mut(to * dofs + i, from * dofs + j) += weight * psi;
                        }
                    }
                }
            }
        }
        l
    }

    /// The largest over theta, from `samples` evenly spaced and as many logarithmically spaced.
    pub(crate) fn spectral_radius(&self, samples: usize) -> Radius {
        let tau = self.total[self.kind.material] * self.kind.width;
        let pi = std::f64::consts::PI;
        let least = (1e-3 * tau).clamp(1e-8, 1e-2).ln();
        let mut thetas: Vec<f64> = (1..=samples)
            .map(|i| pi * i as f64 / samples as f64)
            .chain((0..samples).map(|i| {
                let part = i as f64 / samples as f64;
                (least + (pi.ln() - least) * part).exp()
            }))
            .collect();
        thetas.sort_by(f64::total_cmp);
        let rho = |theta: f64| self.iteration(theta).spectral_radius();
        let values: Vec<f64> = thetas.iter().map(|&theta| rho(theta)).collect();
        let mut peaks: Vec<usize> = (0..values.len())
            .filter(|&i| {
                (i == 0 || values[i] >= values[i - 1])
                    && values.get(i + 1).is_none_or(|next| values[i] >= *next)
            })
            .collect();
        peaks.sort_by(|&i, &j| values[j].total_cmp(&values[i]));
        let mut best = Radius::default();
        for &i in peaks.iter().take(3) {
            let from = thetas[i.saturating_sub(1)];
            let to = thetas[(i + 1).min(thetas.len() - 1)];
            let (theta, value) = golden(&rho, from, to);
            for (theta, value) in [(theta, value), (thetas[i], values[i])] {
                if value > best.rho {
                    best = Radius {
                        rho: value,
                        theta,
                        lambda: theta / tau,
                    };
                }
            }
        }
        best
    }
}

/// The largest value of `f` in an interval with one maximum, by golden section.
fn golden(f: &impl Fn(f64) -> f64, from: f64, to: f64) -> (f64, f64) {
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut a, mut b) = (from, to);
    let (mut x, mut y) = (b - ratio * (b - a), a + ratio * (b - a));
    let (mut fx, mut fy) = (f(x), f(y));
    for _ in 0..30 {
        if fx > fy {
            (b, y, fy) = (y, x, fx);
            x = b - ratio * (b - a);
            fx = f(x);
        } else {
            (a, x, fx) = (x, y, fy);
            y = a + ratio * (b - a);
            fy = f(y);
        }
    }
    if fx > fy { (x, fx) } else { (y, fy) }
}

#[cfg(test)]
mod stability_tests;
#[cfg(test)]
mod tests;
