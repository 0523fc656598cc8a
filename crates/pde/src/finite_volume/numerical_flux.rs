//! What a conservation law states, and the fluxes between two states at a face.
//!
//! The numerical flux F(l, r) answers the Riemann problem: u = l on one side of a face, u = r on
//! the other; what flows through the face?
//!
//! * **Godunov** (1959): the flux of the exact solution; F = min of f over [l, r] where l <= r and
//!   max of f over [r, l] where l > r. The least dissipative monotone flux; entropy solutions
//!   only.
//! * **Rusanov** (local Lax-Friedrichs, 1961): F = (f(l) + f(r))/2 - a (r - l)/2 with a the larger of
//!   |f'(l)| and |f'(r)| (the maximum over the interval for convex f). Simplest, smears more at
//!   sonic points and standing shocks.
//!
//! Source: R. J. LeVeque, *Finite Volume Methods for Hyperbolic Problems* (2002), sections 12.1-12.5.

use pdesolve_core::FieldSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The flux between the two states at a face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumericalFlux {
    /// Flux of the exact Riemann solution (upwind for linear advection).
    #[default]
    Godunov,
    /// Mean of the two fluxes with dissipation by the larger speed.
    Rusanov,
}

/// A scalar conservation law u_t + div f(u) = nu div grad u with convex (or linear) flux.
///
/// An implementation states [`flux`](Self::flux), [`speed`](Self::speed) and the exact Riemann flux
/// [`godunov`](Self::godunov); the methods over slices are provided, compiled for each law, so that
/// the inner loops hold no dynamic call.
pub trait ScalarLaw: Send + Sync {
    /// Name and unit of u.
    fn field(&self) -> FieldSpec {
        FieldSpec::new("u")
    }

    /// Says what is wrong with the parameters on a grid with `dim` axes.
    ///
    /// # Errors
    /// A sentence that names the parameter, what was found and what is expected.
    fn check(&self, dim: usize) -> Result<(), String>;

    /// Diffusivity nu, length^2/time; 0 for none.
    fn diffusivity(&self) -> f64;

    /// Flux f_axis(u).
    fn flux(&self, axis: usize, u: f64) -> f64;

    /// Speed df_axis/du, length/time.
    fn speed(&self, axis: usize, u: f64) -> f64;

    /// Flux of the exact solution of the Riemann problem with states `left` and `right`.
    fn godunov(&self, axis: usize, left: f64, right: f64) -> f64;

    /// Fills `flux` with the numerical flux at each face of a line.
    fn face_fluxes(
        &self,
        kind: NumericalFlux,
        axis: usize,
        left: &[f64],
        right: &[f64],
        flux: &mut [f64],
    ) {
        let states = left.iter().zip(right);
        match kind {
            NumericalFlux::Godunov => {
                for (f, (&l, &r)) in flux.iter_mut().zip(states) {
                    *f = self.godunov(axis, l, r);
                }
            }
            NumericalFlux::Rusanov => {
                for (f, (&l, &r)) in flux.iter_mut().zip(states) {
                    let a = self.speed(axis, l).abs().max(self.speed(axis, r).abs());
                    *f = 0.5 * (self.flux(axis, l) + self.flux(axis, r) - a * (r - l));
                }
            }
        }
    }

    /// Largest sum over the axes of |speed| / width along a row of cells: the Courant number a
    /// unit of time. `per_dx` holds 1 / width of each cell, `per_dy` 1 / height of the row (0 in
    /// 1-D).
    fn courant_rate(&self, u: &[f64], per_dx: &[f64], per_dy: f64) -> f64 {
        let mut largest = 0.0f64;
        for (&u, &per_dx) in u.iter().zip(per_dx) {
            let mut rate = self.speed(0, u).abs() * per_dx;
            if per_dy > 0.0 {
                rate += self.speed(1, u).abs() * per_dy;
            }
            largest = largest.max(rate);
        }
        largest
    }
}
