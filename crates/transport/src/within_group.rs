//! The scattering within one group: source iteration or a Krylov method, accelerated by a
//! low-order problem.
//!
//! ```text
//! Omega . grad psi^(l+1/2) + sigma_t psi^(l+1/2) = S phi^l + q     one sweep
//! phi^(l+1) = phi^(l+1/2) + f                                      low-order correction
//! ```
//!
//! Without f the error falls by the scattering ratio c in each iteration of a thick problem. f
//! solves a diffusion problem whose source is S (phi^(l+1/2) - phi^l)
//! ([`LowOrder`]), the slow part of the error. Sweep and correction are an
//! affine map phi -> K phi + b; with L^-1 the sweep and D the moments,
//!
//! ```text
//! I - K = (I + P S)(I - D L^-1 S),      P the low-order solution
//! ```
//!
//! 1. Source iteration applies the map until the change is small.
//! 2. The Krylov methods solve (I - K) d = phi^(l+1) - phi^l, which is the transport equation for
//!    the flux moments with I + P S as its preconditioner, and add d. Their residual is a change
//!    of the accelerated iteration, thus an error up to a factor 1/(1 - rho), where the plain
//!    residual would be off by 1/(1 - c). One step of the map checks the result at each point;
//!    where it is not good enough the method goes on.
//! 3. `auto` begins with source iteration and takes up GMRES from the flux where it stands once
//!    three ratios of changes in a row exceed 0.6.
//!
//! Under [`StoppingCriterion::Error`](crate::params::StoppingCriterion) the largest relative change
//! times rho/(1 - rho) is held against the tolerance. In source iteration rho is the larger of the
//! last two ratios of changes in the L2 norm, or that of the largest changes. A Krylov method
//! begins after a few accelerated iterations; its factor is the largest of 1, those of the ratio
//! measured by then and of the prediction of [`fourier`], and the ratios of its own updates to the
//! residuals they were found for. Source iteration ends as diverged when the change exceeds a million times the
//! first, and as stagnated when the prediction is below 0.6 and 30 iterations bring no smaller
//! change: what is left is rounding.
//!
//! Sources: Larsen, Nucl. Sci. Eng. 82 (1982) 47; Adams and Larsen, Prog. Nucl. Energy 40 (2002)
//! 3; Warsa, Wareing and Morel, Nucl. Sci. Eng. 147 (2004) 218.

use std::sync::Mutex;

use pdesolve_core::{Control, Iterate};
use pdesolve_krylov::methods::{BiCgStab, Gmres};
use pdesolve_krylov::{Identity, LinearOperator, Reference, Solver, Status, StoppingRule};

use crate::discretization::Discretization;
use crate::dsa::{LowOrder, low_order};
use crate::fourier;
use crate::params::{DiscreteOrdinatesParams, Iteration, Scheme, StoppingCriterion};
use crate::stopping::{Change, cautious_error, difference, error, larger};
use crate::sweep::{Sweep, SweepSource, Sweeper};

/// Growth of the change at which an iteration is given up.
const DIVERGENCE: f64 = 1e6;

/// Ratio of successive changes above which a Krylov method is the better choice.
const SLOW: f64 = 0.6;

/// Relative changes below this have ratios that rounding, grown by slowly decaying modes, makes.
const NOISE: f64 = 1e-11;

/// Iterations without a smaller change after which one that should be fast is given up.
const PATIENCE: usize = 30;

/// Relative changes below this may be rounding that thick cells have grown.
const GROWN_NOISE: f64 = 1e-6;

/// Accelerated iterations before a Krylov method, whose changes tell how far it is to the answer.
const FIRST: usize = 4;

/// The least distance from 1 of a spectral radius that is predicted, not measured.
const AWAY: f64 = 1e-4;

/// Solves by a Krylov method that do not halve the change after which it is given up.
const PATIENCE_RESTARTS: usize = 5;

/// Iterations of GMRES between restarts.
const RESTART: usize = 30;

/// How the iteration within a group ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupReport {
    /// Iterations.
    pub iterations: usize,
    /// Transport sweeps.
    pub sweeps: usize,
    /// Last ratio of successive changes in the L2 norm: the measured spectral radius. `None`
    /// before there are two changes.
    pub spectral_radius: Option<f64>,
    /// The spectral radius of source iteration that Fourier analysis predicts; `None` where there
    /// were too few iterations to ask for it.
    pub predicted_spectral_radius: Option<f64>,
    /// Whether a Krylov method did the work, or went on where source iteration was slow.
    pub krylov: bool,
    /// Whether the iteration was given up because its changes grew.
    pub diverged: bool,
    /// Whether source iteration was given up because its changes no longer fell: the tolerance is
    /// below what rounding allows.
    pub stagnated: bool,
    /// Whether the observer asked to stop.
    pub interrupted: bool,
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
    predicted: Option<f64>,
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
            predicted: None,
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

    /// The spectral radius that Fourier analysis predicts for the accelerated iteration: the
    /// largest over the kinds of cells. Made on the first call.
    pub fn predicted_spectral_radius(&mut self, disc: &Discretization) -> f64 {
        let (group, acceleration) = (self.group, self.params.acceleration);
        let total = self.sweeper.total();
        *self
            .predicted
            .get_or_insert_with(|| fourier::predict(disc, group, acceleration, total).rho)
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
        self.solve_observed(disc, fixed, flux, &mut |_| Control::Continue)
    }

    /// As [`GroupSolver::solve`]; `observer` hears of each iteration and may stop the solve, which
    /// then leaves its last flux.
    pub fn solve_observed(
        &mut self,
        disc: &Discretization,
        fixed: &SweepSource<'_>,
        flux: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
    ) -> GroupReport {
        let mut report = GroupReport::default();
        let before = self.sweeper.sweeps();
        let scatters = (disc.used_materials())
            .any(|m| (0..=m.order()).any(|l| m.scatter(l, self.group, self.group) != 0.0));
        // A fix-up is not linear; a single iteration is a sweep whatever the method.
        let linear = disc.scheme() != Scheme::DiamondDifferenceFixup;
        let krylov = linear && scatters && self.params.max_iterations > 1;
        match self.params.iteration {
            _ if !scatters => {
                self.step(disc, fixed, flux);
                flux.copy_from_slice(&self.next);
                report.iterations = 1;
                report.converged = true;
                report.history.push(0.0);
                report.interrupted = self.hears(observer, &report, 0.0) == Control::Interrupt;
            }
            Iteration::Gmres | Iteration::Bicgstab if krylov => {
                let most = self.params.max_iterations;
                self.params.max_iterations = FIRST.min(most);
                self.source_iteration(disc, fixed, flux, observer, false, &mut report);
                self.params.max_iterations = most;
                if !(report.converged || report.interrupted) {
                    report.diverged = false;
                    self.krylov(disc, fixed, flux, observer, &mut report);
                }
            }
            iteration => {
                let may_switch = krylov && iteration == Iteration::Auto;
                self.source_iteration(disc, fixed, flux, observer, may_switch, &mut report);
                if report.krylov {
                    self.krylov(disc, fixed, flux, observer, &mut report);
                }
            }
        }
        if report.iterations > 2 {
            report.predicted_spectral_radius = Some(self.predicted_spectral_radius(disc));
        }
        report.sweeps = self.sweeper.sweeps() - before;
        report
    }

    /// Source iteration; sets `report.krylov` and ends where it may and should be left.
    fn source_iteration(
        &mut self,
        disc: &Discretization,
        fixed: &SweepSource<'_>,
        flux: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
        may_switch: bool,
        report: &mut GroupReport,
    ) {
        let mut ratios = Ratios::default();
        let (mut least, mut least_at) = (f64::INFINITY, 0);
        while report.iterations < self.params.max_iterations {
            self.step(disc, fixed, flux);
            report.iterations += 1;
            let change = difference(disc, self.params.error_scale, &self.next, flux);
            flux.copy_from_slice(&self.next);
            ratios.add(&change);
            report.spectral_radius = ratios.of_norms.last().copied();
            // From a first guess as good as the answer there is nothing but rounding to measure.
            let rounding = report.iterations > 1 && change.norm <= NOISE * change.flux_norm;
            let rho = match ratios.slowest() {
                None if rounding => Some(self.predicted_spectral_radius(disc).min(0.9999)),
                measured => measured,
            };
            // One ratio alone may be small by accident, and a prediction too.
            let judge = if report.iterations == 2 || rounding {
                cautious_error
            } else {
                error
            };
            report.error = judge(self.params.stopping, change.largest, rho);
            report.history.push(report.error);
            let heard = self.hears(observer, report, report.error);
            if report.error <= self.params.tolerance {
                report.converged = true;
                return;
            }
            if !change.norm.is_finite() || change.norm > DIVERGENCE * ratios.first {
                report.diverged = true;
                return;
            }
            if heard == Control::Interrupt {
                report.interrupted = true;
                return;
            }
            if change.largest < least {
                (least, least_at) = (change.largest, report.iterations);
            }
            if report.iterations - least_at >= PATIENCE
                && self.predicted_spectral_radius(disc) < SLOW
            {
                report.stagnated = true;
                return;
            }
            let last = &ratios.of_norms[ratios.of_norms.len().saturating_sub(3)..];
            let slow = last.len() == 3 && last.iter().all(|&rho| rho > SLOW);
            if may_switch && slow {
                // Where all should be fast, a small change that comes and goes is rounding.
                let noise = change.norm < GROWN_NOISE * change.flux_norm
                    && report.iterations > least_at
                    && self.predicted_spectral_radius(disc) < SLOW;
                if noise {
                    continue;
                }
                report.krylov = true;
                return;
            }
        }
    }

    /// Krylov method on the flux moments.
    fn krylov(
        &mut self,
        disc: &Discretization,
        fixed: &SweepSource<'_>,
        flux: &mut [f64],
        observer: &mut dyn FnMut(&Iterate) -> Control,
        report: &mut GroupReport,
    ) {
        report.krylov = true;
        let predicted = self.predicted_spectral_radius(disc).min(1.0 - AWAY);
        let measured = report.spectral_radius.filter(|rho| *rho < 1.0);
        // How many times the error exceeds a change, as far as changes have told.
        let mut excess = factor(measured.map_or(predicted, |rho| rho.max(predicted)));
        let dark = disc.without_incident();
        let nothing = vec![0.0; flux.len()];
        let mut residual = vec![0.0; flux.len()];
        let mut update = vec![0.0; flux.len()];
        let mut first = None;
        let (mut least, mut fruitless) = (f64::INFINITY, 0);
        while report.iterations < self.params.max_iterations {
            self.step(disc, fixed, flux);
            report.iterations += 1;
            let change = difference(disc, self.params.error_scale, &self.next, flux);
            report.error = match self.params.stopping {
                StoppingCriterion::Change => change.largest,
                StoppingCriterion::Error => change.largest * excess,
            };
            report.history.push(report.error);
            if report.error <= self.params.tolerance {
                flux.copy_from_slice(&self.next);
                self.hears(observer, report, report.error);
                report.converged = true;
                return;
            }
            let first = *first.get_or_insert(change.norm);
            if !change.norm.is_finite() || change.norm > DIVERGENCE * first {
                report.diverged = true;
                return;
            }
            // Restarts that bring nothing more are at what rounding allows.
            if change.largest < 0.5 * least {
                (least, fruitless) = (change.largest, 0);
            } else {
                fruitless += 1;
            }
            if fruitless >= PATIENCE_RESTARTS {
                report.stagnated = true;
                return;
            }
            for ((r, next), old) in residual.iter_mut().zip(&self.next).zip(flux.iter()) {
                *r = next - old;
            }
            let rule = StoppingRule {
                relative_tolerance: (0.1 * self.params.tolerance / (excess * change.largest))
                    .clamp(1e-12, 0.1),
                max_iterations: self.params.max_iterations - report.iterations,
                reference: Reference::InitialResidual,
                ..StoppingRule::default()
            };
            update.fill(0.0);
            let tolerance = self.params.tolerance;
            let bicgstab = self.params.iteration == Iteration::Bicgstab;
            let done = report.iterations;
            let scale = report.error / norm(&residual);
            let mut hears = |i: &pdesolve_krylov::Iteration| {
                observer(&Iterate {
                    index: done + i.index,
                    residual: scale * i.residual,
                    target: tolerance,
                })
            };
            let operator = Residual {
                disc: &dark,
                nothing: SweepSource {
                    emission: &nothing,
                    angular: None,
                },
                solver: Mutex::new(self),
                len: flux.len(),
            };
            let (b, x, eye) = (&residual, &mut update, &mut Identity);
            let solved = if bicgstab {
                Solver::with_rule(BiCgStab::default(), rule)
                    .solve_observed(&operator, eye, b, x, &mut hears)
            } else {
                Solver::with_rule(Gmres::new(RESTART), rule)
                    .solve_observed(&operator, eye, b, x, &mut hears)
            };
            let Ok(solved) = solved else {
                report.diverged = true;
                return;
            };
            report.iterations += solved.iterations;
            self.next.copy_from_slice(flux);
            for (phi, d) in flux.iter_mut().zip(&update) {
                *phi += d;
            }
            // The update is the error that went with the residual: another measure of the excess.
            let moved = difference(disc, self.params.error_scale, flux, &self.next);
            for ratio in [moved.norm / change.norm, moved.largest / change.largest] {
                if ratio.is_finite() {
                    excess = excess.max(ratio);
                }
            }
            if solved.status == Status::Interrupted {
                report.interrupted = true;
                return;
            }
        }
    }

    fn hears(
        &self,
        observer: &mut dyn FnMut(&Iterate) -> Control,
        report: &GroupReport,
        residual: f64,
    ) -> Control {
        observer(&Iterate {
            index: report.iterations,
            residual,
            target: self.params.tolerance,
        })
    }

    /// One iteration without a stopping rule: the next flux, accelerated.
    pub fn step(&mut self, disc: &Discretization, fixed: &SweepSource<'_>, flux: &[f64]) -> &[f64] {
        self.sweep(disc, fixed, flux, None, None);
        // `source` is free after the sweep: it holds the change.
        for ((d, next), old) in self.source.iter_mut().zip(&self.next).zip(flux) {
            *d = next - old;
        }
        if let Some(low_order) = &mut self.low_order {
            low_order.correct(disc, &self.source, &mut self.next);
        }
        &self.next
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

/// x - K x: what one iteration without source, into which nothing enters, leaves of x.
struct Residual<'a> {
    disc: &'a Discretization,
    nothing: SweepSource<'a>,
    /// The solver is its own workspace.
    solver: Mutex<&'a mut GroupSolver>,
    len: usize,
}

impl LinearOperator<f64> for Residual<'_> {
    fn nrows(&self) -> usize {
        self.len
    }

    fn ncols(&self) -> usize {
        self.len
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let mut solver = self.solver.lock().expect("a step does not panic");
        let next = solver.step(self.disc, &self.nothing, x);
        for ((y, x), next) in y.iter_mut().zip(x).zip(next) {
            *y = x - next;
        }
    }
}

/// Ratios of successive changes.
#[derive(Default)]
struct Ratios {
    /// Norm of the first change.
    first: f64,
    /// The last change.
    last: Option<Change>,
    /// Ratios of L2 norms, as far as they are not those of rounding errors.
    of_norms: Vec<f64>,
    /// Ratio of the largest relative changes, likewise.
    of_largest: f64,
}

impl Ratios {
    fn add(&mut self, change: &Change) {
        match &self.last {
            None => self.first = change.norm,
            Some(last) => {
                // Many cells with errors of rounding hide a few that still change.
                if change.norm > NOISE * change.flux_norm {
                    self.of_norms.push(change.norm / last.norm);
                }
                self.of_largest = if change.largest > NOISE && self.of_norms.len() > 2 {
                    change.largest / last.largest
                } else {
                    0.0
                };
            }
        }
        self.last = Some(*change);
    }

    /// The largest that the last two changes speak for.
    fn slowest(&self) -> Option<f64> {
        (self.of_norms.iter().rev().take(2).copied())
            .reduce(larger)
            .map(|rho| larger(rho, self.of_largest))
            .filter(|rho| rho.is_finite())
    }
}

/// Times that the error exceeds a change where changes fall by `rho`; at least once.
fn factor(rho: f64) -> f64 {
    (rho / (1.0 - rho)).max(1.0)
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
