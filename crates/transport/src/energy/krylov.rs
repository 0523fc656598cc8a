//! GMRES over all groups that upscatter couples.
//!
//! One pass through the groups, each swept once with the scattering of the groups before it as the
//! pass has made them and corrected by its diffusion problem, is an affine map
//!
//! ```text
//! phi -> K phi + b,     the answer is its fixed point:  (I - K) phi = b.
//! ```
//!
//! GMRES solves the latter. The pass is the preconditioner: where nothing scatters up and within
//! groups the diffusion correction is good, K is small already. A two-grid correction, where there
//! is one, belongs to the pass.
//!
//! One iteration costs one sweep of every group, whatever the spectral radius; memory grows by all
//! flux moments of the groups with each iteration up to the restart.
//!
//! Bad at: nothing in particular, but without upscatter Gauss-Seidel needs no iteration at all.
//!
//! Source: Warsa, Wareing and Morel, Nucl. Sci. Eng. 147 (2004) 218, for one group.

use std::sync::Mutex;

use pdesolve_core::{Control, Iterate};
use pdesolve_krylov::methods::Gmres;
use pdesolve_krylov::{Identity, LinearOperator, Reference, Solver, Status, StoppingRule};

use crate::discretization::Discretization;
use crate::fixed_source::{FixedSource, FixedSourceReport, SourceTerms};
use crate::flux::Moments;
use crate::params::StoppingCriterion;
use crate::stopping::{ROUNDING, difference};

/// Passes before GMRES takes over.
const FIRST: usize = 4;

/// Iterations between restarts.
const RESTART: usize = 40;

/// Everything a product with I - K needs.
struct Workspace<'a> {
    problem: &'a mut FixedSource,
    flux: Moments,
    report: FixedSourceReport,
}

/// I - K: a pass without source, in a medium that nothing enters.
struct Passes<'a> {
    disc: &'a Discretization,
    nothing: &'a Moments,
    work: Mutex<Workspace<'a>>,
    len: usize,
}

impl LinearOperator<f64> for Passes<'_> {
    fn nrows(&self) -> usize {
        self.len
    }

    fn ncols(&self) -> usize {
        self.len
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let mut work = self.work.lock().expect("a pass does not panic");
        let work = &mut *work;
        let at = work.problem.block.start * self.disc.group_len();
        work.flux.values[at..at + self.len].copy_from_slice(x);
        let source = SourceTerms::new(self.nothing);
        pass(
            work.problem,
            self.disc,
            &source,
            &mut work.flux,
            &mut work.report,
        );
        for (y, (x, k)) in y
            .iter_mut()
            .zip(x.iter().zip(&work.flux.values[at..at + self.len]))
        {
            *y = x - k;
        }
    }
}

/// One pass: phi = K phi + b.
fn pass(
    problem: &mut FixedSource,
    disc: &Discretization,
    source: &SourceTerms<'_>,
    flux: &mut Moments,
    report: &mut FixedSourceReport,
) {
    let n = disc.group_len();
    let block = problem.block.clone();
    problem
        .before
        .copy_from_slice(&flux.values[block.start * n..block.end * n]);
    for g in block {
        problem.groups[g].limit_iterations(1);
        problem.solve_group(disc, g, source, flux, report, &mut |_| Control::Continue);
    }
    if let Some(two_grid) = &mut problem.two_grid {
        two_grid.correct(disc, &problem.before, flux);
    }
}

/// Solves the block of coupled groups of `problem`.
///
/// A few passes measure how much their change falls; then GMRES runs until the change that a pass
/// makes, times what the error has been found to exceed it by, is below the tolerance, relative to
/// the flux at each point; a few times, since GMRES itself sees one norm only.
pub(crate) fn solve(
    problem: &mut FixedSource,
    disc: &Discretization,
    source: &SourceTerms<'_>,
    flux: &mut Moments,
    report: &mut FixedSourceReport,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) {
    let params = problem.params.clone();
    let block = problem.block.clone();
    let n = disc.group_len();
    let range = block.start * n..block.end * n;
    let dark = disc.without_incident();
    let nothing = disc.zeros();
    let mut update = vec![0.0; range.len()];
    let mut residual = vec![0.0; range.len()];
    report.iterations = 0;
    report.converged = false;
    // How many times the error exceeds the change that a pass makes, as far as is known.
    let mut excess = 1.0_f64;
    let mut last: Option<f64> = None;
    while report.iterations < params.max_energy_iterations {
        let old = flux.values[range.clone()].to_vec();
        pass(problem, disc, source, flux, report);
        report.iterations += 1;
        let new = &flux.values[range.clone()];
        let change = difference(disc, params.error_scale, new, &old);
        let largest = change.largest;
        if let Some(last) = last.replace(change.norm) {
            let rho = change.norm / last;
            report.spectral_radius = Some(rho);
            excess = excess.max(if rho < 1.0 { rho / (1.0 - rho) } else { 1.0 });
        }
        for ((r, new), old) in residual.iter_mut().zip(new).zip(&old) {
            *r = new - old;
        }
        report.error = match params.stopping {
            StoppingCriterion::Error if largest > ROUNDING => largest * excess,
            _ => largest,
        };
        report.history.push(report.error);
        let heard = observer(&Iterate {
            index: report.iterations,
            residual: report.error,
            target: params.tolerance,
        });
        if heard == Control::Interrupt {
            report.interrupted = true;
            break;
        }
        if report.error <= params.tolerance {
            report.converged = true;
            break;
        }
        if !largest.is_finite() {
            break;
        }
        // The ratios of a few passes come first: GMRES knows no distance from the answer.
        if report.iterations < FIRST {
            continue;
        }
        last = None;
        let mut solver = Solver::with_rule(
            Gmres::new(RESTART),
            StoppingRule {
                relative_tolerance: (0.1 * params.tolerance / (excess * largest)).clamp(1e-12, 0.1),
                max_iterations: params.max_energy_iterations - report.iterations,
                reference: Reference::InitialResidual,
                ..StoppingRule::default()
            },
        );
        let operator = Passes {
            disc: &dark,
            nothing: &nothing,
            len: range.len(),
            work: Mutex::new(Workspace {
                problem,
                flux: disc.zeros(),
                report: FixedSourceReport {
                    groups: report.groups.clone(),
                    ..FixedSourceReport::default()
                },
            }),
        };
        update.fill(0.0);
        let done = report.iterations;
        let (error, mut first) = (report.error, None);
        let mut hears = |i: &pdesolve_krylov::Iteration| {
            observer(&Iterate {
                index: done + i.index,
                residual: error * i.residual / *first.get_or_insert(i.residual),
                target: params.tolerance,
            })
        };
        let solved =
            solver.solve_observed(&operator, &mut Identity, &residual, &mut update, &mut hears);
        let Ok(one) = solved else {
            break;
        };
        let work = operator.work.into_inner().expect("a pass does not panic");
        report.sweeps += work.report.sweeps;
        report.inner_iterations += work.report.inner_iterations;
        report.iterations += one.iterations;
        for ((phi, old), d) in flux.values[range.clone()].iter_mut().zip(&old).zip(&update) {
            *phi = old + d;
        }
        // The update is the error that went with the residual.
        let moved = difference(disc, params.error_scale, &flux.values[range.clone()], &old);
        for ratio in [moved.norm / change.norm, moved.largest / change.largest] {
            if ratio.is_finite() {
                excess = excess.max(ratio);
            }
        }
        if one.status == Status::Interrupted {
            report.interrupted = true;
            break;
        }
    }
    for g in block {
        problem.groups[g].limit_iterations(params.max_iterations);
        report.groups[g].converged = report.converged;
        // A pass is one step of each group: what is known of its error is known of all.
        report.groups[g].error = report.error;
        report.groups[g].diverged = false;
        report.groups[g].stagnated = false;
    }
}
