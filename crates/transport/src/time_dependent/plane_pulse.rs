//! A pulse of particles from a plane, its uncollided flux kept apart.
//!
//! A plane at x_0 that emits one particle per cm^2 evenly in all directions at t = 0 has the
//! uncollided flux
//!
//! ```text
//! phi_u(x, t) = exp(-sigma_t v t)/(2 t)        for |x - x_0| < v t
//! ```
//!
//! Any set of ordinates turns it into a row of pulses, one a direction, and a mesh smears its front.
//! Known as it is, only what collides is left to the sweeps, with the source sigma_s phi_u: each
//! cell gets its exact integral over space, however short the time.
//!
//! Without it the L2 error of AZURV1 at t = 1 stays at 2 % with 256 ordinates and cells of 1/200;
//! with it 32 ordinates and cells of 1/40 give 0.4 %.
//!
//! Bad at: anything but one group in a homogeneous slab with isotropic scattering.
//!
//! Source: Ganapol, Nucl. Sci. Eng. 92 (1986) 272, for the multiple-collision solution.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::formula::Formula;
use crate::boundary::Boundary;
use crate::discretization::{Discretization, TransportError};
use crate::material::CrossSections;
use crate::mesh::Geometry;
use crate::quadrature::{gauss_legendre, legendre};

/// Times in a step at which the source of first collisions is taken.
const POINTS: usize = 6;

/// The pulse of a plane source at t = 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanePulse {
    /// Where, cm. Default: 0.
    #[serde(default)]
    pub position: f64,
    /// Particles per cm^2, half of them to either side. Default: 1.
    #[serde(default = "one")]
    pub strength: f64,
}

fn one() -> f64 {
    1.0
}

impl PlanePulse {
    /// Adds `scale` times the uncollided flux at time `t` to Legendre coefficients on the cell from
    /// `a` to `b`.
    pub fn add_uncollided(
        &self,
        material: &CrossSections,
        t: f64,
        (a, b): (f64, f64),
        scale: f64,
        coefficients: &mut [f64],
    ) {
        let front = material.velocity[0] * t;
        // The lit part of the cell, in xi from -1 to 1.
        let xi = |x: f64| ((2.0 * x - a - b) / (b - a)).clamp(-1.0, 1.0);
        let (left, right) = (xi(self.position - front), xi(self.position + front));
        if right <= left {
            return;
        }
        let height = self.strength * (-material.total[0] * front).exp() / (2.0 * t);
        coefficients[0] += scale * height * 0.5 * (right - left);
        for (d, c) in coefficients.iter_mut().enumerate().skip(1) {
            // (2 d + 1) P_d is the derivative of P_(d+1) - P_(d-1).
            let primitive = |xi: f64| legendre(d + 1, xi) - legendre(d - 1, xi);
            *c += scale * height * 0.5 * (primitive(right) - primitive(left));
        }
    }

    /// Average over the cell from `a` to `b` of the uncollided flux as t goes to 0: speed times the
    /// particles that start in it. A plane on an edge shares its particles between the two sides.
    pub(super) fn at_birth(&self, material: &CrossSections, (a, b): (f64, f64)) -> f64 {
        let share = if self.position == a || self.position == b {
            0.5
        } else if (a..b).contains(&self.position) {
            1.0
        } else {
            0.0
        };
        share * self.strength * material.velocity[0] / (b - a)
    }

    /// density += sigma_s phi_u for the step `(t, h)`.
    ///
    /// Schemes of one step get the average over the step, so that what leaves the uncollided flux
    /// and what enters the sweeps are the same number of particles; BDF2 needs the value at t*.
    pub(super) fn add_first_collisions(
        &self,
        disc: &Discretization,
        formula: &Formula,
        (t, h): (f64, f64),
        density: &mut [f64],
    ) {
        let one_step = formula.older == 0.0;
        let rule = gauss_legendre(if one_step { POINTS } else { 1 });
        let m = disc.material(0);
        for (node, w) in rule.mu.iter().zip(&rule.weight) {
            let at = if one_step {
                t + 0.5 * h * (1.0 + node)
            } else {
                t + formula.at
            };
            let scale = 0.5 * w * m.scatter(0, 0, 0);
            let cells = density.chunks_exact_mut(disc.dofs());
            for (cell, edges) in cells.zip(disc.mesh().edges.windows(2)) {
                self.add_uncollided(m, at, (edges[0], edges[1]), scale, cell);
            }
        }
    }

    /// Refuses what the closed form does not hold for.
    pub(super) fn check(&self, disc: &Discretization, start: f64) -> Result<(), TransportError> {
        let mesh = disc.mesh();
        let m = disc.material(0);
        let plain = mesh.geometry == Geometry::Slab
            && disc.groups() == 1
            && mesh.material.iter().all(|&other| other == mesh.material[0])
            && mesh.scattering_factor.is_empty()
            && !m.is_fissile()
            && (1..=m.order()).all(|l| m.scatter(l, 0, 0) == 0.0);
        if !plain {
            return Err(TransportError::Unsupported(
                "a plane pulse needs a slab of one material without fission, one group and \
                 isotropic scattering"
                    .to_owned(),
            ));
        }
        let ends = [mesh.edges[0], mesh.edges[mesh.len()]];
        let open = disc.boundaries().iter().zip(ends).all(|(boundary, end)| {
            let mirrored = *boundary == Boundary::MIRROR && end == self.position;
            mirrored || matches!(boundary, Boundary::Vacuum | Boundary::Incident(_))
        });
        if !open {
            return Err(TransportError::Unsupported(
                "nothing of a plane pulse may come back: its boundaries are vacuum, or a mirror in \
                 its own plane"
                    .to_owned(),
            ));
        }
        if start != 0.0 {
            return Err(TransportError::Unsupported(format!(
                "a plane pulse is given off at t = 0, the run starts at {start}"
            )));
        }
        Ok(())
    }
}
