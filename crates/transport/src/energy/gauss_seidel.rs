//! Gauss-Seidel over the groups that upscatter couples.
//!
//! ```text
//! (L - S_gg) phi_g^(l+1/2) = sum_(g' < g) S_g'g phi_g'^(l+1/2) + sum_(g' > g) S_g'g phi_g'^l + q_g
//! phi^(l+1) = phi^(l+1/2) + xi_g e      two-grid correction
//! ```
//!
//! In a large medium the error falls by the spectral radius rho of (T - S_L - S_D)^-1 S_U, with T
//! the total cross sections and S_L, S_D, S_U down-, in-group and upscatter: close to 1 for
//! graphite or heavy water, whose absorption is small. There the two-grid correction is needed.
//!
//! The iteration stops when change times rho/(1 - rho), with rho the measured ratio of successive
//! changes, is below the tolerance. That bounds the error once the slowest mode dominates; the
//! groups themselves are solved ten times better than the last change, so that the ratio is not
//! one of leftovers.

use pdesolve_core::{Control, Iterate};

use crate::discretization::Discretization;
use crate::fixed_source::{FixedSource, FixedSourceReport, SourceTerms};
use crate::flux::Moments;
use crate::stopping::{self, difference};

/// No relative accuracy beyond this is asked of a group.
const ROUNDING: f64 = 1e-13;

/// Iterates on the block of coupled groups of `problem`.
pub(crate) fn solve(
    problem: &mut FixedSource,
    disc: &Discretization,
    source: &SourceTerms<'_>,
    flux: &mut Moments,
    report: &mut FixedSourceReport,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) {
    let block = problem.block.clone();
    let tolerance = problem.params.tolerance;
    let n = disc.group_len();
    let (start, end) = (block.start * n, block.end * n);
    let mut changes = Vec::new();
    let mut inner = tolerance.max(1e-2);
    report.iterations = 0;
    report.converged = false;
    while report.iterations < problem.params.max_energy_iterations {
        report.iterations += 1;
        problem.before.copy_from_slice(&flux.values[start..end]);
        for g in block.clone() {
            problem.groups[g].set_tolerance(inner);
            problem.solve_group(disc, g, source, flux, report, &mut |_| Control::Continue);
        }
        if let Some(two_grid) = &mut problem.two_grid {
            two_grid.correct(disc, &problem.before, flux);
        }
        let scale = problem.params.error_scale;
        let change = difference(disc, scale, &flux.values[start..end], &problem.before);
        let largest = change.largest;
        changes.push(change.norm);
        let rho = ratio(&changes);
        report.spectral_radius = rho;
        report.error = if largest <= ROUNDING {
            largest
        } else {
            stopping::error(problem.params.stopping, largest, rho)
        };
        report.history.push(report.error);
        let heard = observer(&Iterate {
            index: report.iterations,
            residual: report.error,
            target: problem.params.tolerance,
        });
        if heard == Control::Interrupt {
            report.interrupted = true;
            break;
        }
        // A small change right after groups that were solved loosely says little.
        if report.error <= tolerance && inner <= tolerance.max(ROUNDING) {
            report.converged = block.clone().all(|g| report.groups[g].converged);
            break;
        }
        if !change.norm.is_finite() {
            break;
        }
        inner = (0.1 * largest).min(inner);
        if report.error <= tolerance {
            inner = inner.min(0.1 * tolerance);
        }
        inner = inner.max(ROUNDING);
    }
    for g in block {
        problem.groups[g].set_tolerance(tolerance);
    }
}

/// Ratio of successive changes, the larger mean over the last two and the last four: the number of
/// iterations that the groups take may come and go with a period, and single ratios with it.
pub(crate) fn ratio(changes: &[f64]) -> Option<f64> {
    let n = changes.len();
    let last = *changes.last()?;
    let mean = |w: usize| (n > w).then(|| (last / changes[n - 1 - w]).powf(1.0 / w as f64));
    let rho = match (mean(2), mean(4)) {
        (Some(two), Some(four)) => Some(two.max(four)),
        (Some(two), None) => Some(two),
        _ => mean(1),
    };
    rho.filter(|r| r.is_finite())
}
