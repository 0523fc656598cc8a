//! The scattering within one group: source iteration, accelerated by a low-order problem.
//!
//! ```text
//! Omega . grad psi^(l+1/2) + sigma_t psi^(l+1/2) = S phi^l + q     one sweep
//! phi^(l+1) = phi^(l+1/2) + f                                      low-order correction
//! ```
//!
//! Without f the error falls by the scattering ratio c in each iteration of a thick problem. f
//! solves a diffusion problem whose source is S (phi^(l+1/2) - phi^l) ([`LowOrder`](crate::dsa::LowOrder)), the slow
//! part of the error.
//!
//! Sources: Larsen, Nucl. Sci. Eng. 82 (1982) 47; Adams and Larsen, Prog. Nucl. Energy 40 (2002) 3.

use crate::discretization::Discretization;
use crate::dsa::{LowOrder, low_order};
use crate::params::{DiscreteOrdinatesParams, ErrorScale, StoppingCriterion};
use crate::sweep::{Sweep, SweepSource, Sweeper};

/// Relative change that rounding makes in a converged flux.
const ROUNDING: f64 = 32.0 * f64::EPSILON;

/// How the iteration within a group ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupReport {
    /// Iterations.
    pub iterations: usize,
    /// Transport sweeps.
    pub sweeps: usize,
    /// Last ratio of successive changes in the L2 norm: the measured spectral radius. `None`
    /// before there are two changes, and where a Krylov method did the work.
    pub spectral_radius: Option<f64>,
    /// The number held against the tolerance, of the last iterate.
    pub error: f64,
    /// Whether it is below the tolerance.
    pub converged: bool,
    /// What was held against the tolerance, iteration by iteration.
    pub history: Vec<f64>,
}

/// Solves one group for a given source; owns its workspace.
pub struct GroupSolver {
    group: usize,
    sweeper: Sweeper,
    low_order: Option<Box<dyn LowOrder>>,
    params: DiscreteOrdinatesParams,
    source: Vec<f64>,
    next: Vec<f64>,
}

impl GroupSolver {
    /// A solver of group `group`.
    pub fn new(disc: &Discretization, group: usize, params: &DiscreteOrdinatesParams) -> Self {
        let sweeper = Sweeper::new(disc, group);
        Self {
            group,
            low_order: low_order(disc, group, params.acceleration, sweeper.total()),
            sweeper,
            params: params.clone(),
            source: vec![0.0; disc.group_len()],
            next: vec![0.0; disc.group_len()],
        }
    }

    /// Asks for another accuracy from now on.
    pub fn set_tolerance(&mut self, tolerance: f64) {
        self.params.tolerance = tolerance;
    }

    /// Allows this many iterations from now on.
    pub fn limit_iterations(&mut self, most: usize) {
        self.params.max_iterations = most;
    }

    /// The sweeper.
    pub fn sweeper(&self) -> &Sweeper {
        &self.sweeper
    }

    /// Solves the group, from the flux given on.
    ///
    /// `fixed` is what does not come from the group itself: external, fission and in-scattering
    /// emission density, `[moment][cell][dof]`.
    pub fn solve(
        &mut self,
        disc: &Discretization,
        fixed: &SweepSource<'_>,
        flux: &mut [f64],
    ) -> GroupReport {
        let mut report = GroupReport::default();
        let scatters = (disc.materials().iter())
            .any(|m| (0..=m.order()).any(|l| m.scatter(l, self.group, self.group) != 0.0));
        let before = self.sweeper.sweeps();
        let mut change_before = None;
        while report.iterations < self.params.max_iterations {
            self.sweep(disc, fixed, flux, None, None);
            report.iterations += 1;
            if !scatters {
                flux.copy_from_slice(&self.next);
                report.converged = true;
                break;
            }
            // `source` is free after the sweep: it holds the change.
            for ((d, next), old) in self.source.iter_mut().zip(&self.next).zip(flux.iter()) {
                *d = next - old;
            }
            if let Some(low_order) = &mut self.low_order {
                low_order.correct(disc, &self.source, &mut self.next);
            }
            let (change, largest) = difference(disc, self.params.error_scale, &self.next, flux);
            flux.copy_from_slice(&self.next);
            let rho = change_before.map(|before: f64| change / before);
            report.spectral_radius = rho.filter(|r| r.is_finite());
            change_before = Some(change);
            report.error = match (self.params.stopping, rho) {
                (StoppingCriterion::Change, _) => largest,
                // Changes as small as rounding have no ratio.
                _ if largest <= ROUNDING => largest,
                (StoppingCriterion::Error, Some(rho)) if rho < 1.0 => largest * rho / (1.0 - rho),
                (StoppingCriterion::Error, _) => f64::INFINITY,
            };
            report.history.push(report.error);
            if report.error <= self.params.tolerance {
                report.converged = true;
                break;
            }
            if !change.is_finite() {
                break;
            }
        }
        report.sweeps = self.sweeper.sweeps() - before;
        report
    }

    /// One sweep with the scattering of `flux`, into `self.next`; with the angular flux and the
    /// edge currents where they are wanted.
    pub fn sweep(
        &mut self,
        disc: &Discretization,
        fixed: &SweepSource<'_>,
        flux: &[f64],
        angular: Option<&mut [f64]>,
        current: Option<&mut [f64]>,
    ) -> &[f64] {
        self.source.copy_from_slice(fixed.emission);
        disc.add_scattering(self.group, self.group, flux, &mut self.source);
        let source = SweepSource {
            emission: &self.source,
            angular: fixed.angular,
        };
        let out = Sweep {
            flux: &mut self.next,
            angular,
            current,
        };
        self.sweeper.sweep(disc, &source, out);
        &self.next
    }
}

/// L2 norm of the change of the cell averages of the scalar flux, and its largest relative value.
fn difference(disc: &Discretization, scale: ErrorScale, new: &[f64], old: &[f64]) -> (f64, f64) {
    let dofs = disc.dofs();
    let n = disc.mesh().len() * dofs;
    let averages = new[..n].iter().step_by(dofs);
    let floor = match scale {
        ErrorScale::Cell => 0.0,
        ErrorScale::Group => averages.fold(0.0, |top: f64, v| top.max(v.abs())),
    };
    let (mut squares, mut largest) = (0.0, 0.0_f64);
    for (new, old) in new[..n]
        .iter()
        .step_by(dofs)
        .zip(old[..n].iter().step_by(dofs))
    {
        let d = new - old;
        squares += d * d;
        if d != 0.0 {
            let relative = d.abs() / new.abs().max(floor);
            largest = if relative > largest || relative.is_nan() {
                relative
            } else {
                largest
            };
        }
    }
    (f64::sqrt(squares), largest)
}
