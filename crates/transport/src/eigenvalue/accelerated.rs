//! Power iteration with a low-order eigenproblem: the loop that its accelerations share.
//!
//! Each outer iteration sweeps every group once, makes the low-order problem agree with the sweep,
//! solves it, and carries its flux over. It stops as power iteration does, with the measured ratio
//! of successive changes in place of the dominance ratio. The dominance ratio that it reports is that
//! of the low-order problem at the end, without the diffusion added for stability.

use pdesolve_core::{Control, Iterate};

use super::cmfd::ADDED;
use super::coarse_diffusion::CoarseDiffusion;
use super::second_moment;
use super::{EigenvalueReport, Fission, change, cmfd, first_source, fission_source};
use super::{larger, plausible, production};
use crate::discretization::{Discretization, TransportError};
use crate::energy::gauss_seidel::ratio;
use crate::flux::Moments;
use crate::params::{DiscreteOrdinatesParams, EigenvalueAcceleration, StoppingCriterion};

/// Finds k and the fundamental mode; see [`solve`](super::solve).
///
/// # Errors
/// [`TransportError::Unsupported`] in a periodic slab, [`TransportError::Unsolvable`] where k does
/// not stay positive and finite.
pub(super) fn solve(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
    flux: &mut Moments,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) -> Result<EigenvalueReport, TransportError> {
    let additive = params.eigenvalue_acceleration == EigenvalueAcceleration::SecondMoment;
    let cells = cmfd::coarse_cells(disc, if additive { 0.0 } else { 1.0 });
    let mut low_order = CoarseDiffusion::new(disc, cells)?;
    let mut operator = Fission::new(disc, params);
    let mut report = EigenvalueReport::default();
    let mut currents = vec![vec![0.0; disc.mesh().edges.len()]; disc.groups()];
    let mut f = first_source(disc, flux, false);
    let mut next = vec![0.0; f.len()];
    let mut changes = Vec::new();
    // The low-order problem corrects this from the first iteration on.
    report.k = 1.0;
    while report.outer_iterations < params.max_outer_iterations {
        report.outer_iterations += 1;
        let source: Vec<f64> = f.iter().map(|f| f / report.k).collect();
        operator.sweep(disc, &source, flux, &mut currents);
        // Production 1, so that what the low-order problem adds has the same scale.
        fission_source(disc, flux, &mut next);
        let made = plausible(production(disc, &next))?;
        low_order.collapse(disc, flux);
        if additive {
            second_moment::couple(&mut low_order, disc, &currents, ADDED);
            low_order.given.iter_mut().for_each(|j| *j /= made);
        } else {
            cmfd::couple(&mut low_order, &currents, ADDED);
        }
        let swept: Vec<f64> = low_order.flux.clone();
        let k_before = report.k;
        // Where the low-order problem has no answer the sweep stands.
        report.k = plausible(low_order.solve(k_before).unwrap_or(k_before * made))?;
        carry_over(disc, &low_order, &swept, made, additive, flux);
        fission_source(disc, flux, &mut next);
        let total = plausible(production(disc, &next))?;
        next.iter_mut().for_each(|f| *f /= total);
        flux.values.iter_mut().for_each(|phi| *phi /= total);
        let (size, largest) = change(disc, &next, &f);
        std::mem::swap(&mut f, &mut next);
        changes.push(size);
        let moved = larger(largest, ((report.k - k_before) / report.k).abs());
        report.k_history.push(report.k);
        report.error = match (params.stopping, ratio(&changes)) {
            (StoppingCriterion::Change, _) => moved,
            (StoppingCriterion::Error, Some(s)) if s < 1.0 => moved * s.max(0.1) / (1.0 - s),
            // The rounding of sums over all cells: there is nothing to gain.
            _ if moved <= 1e-13 => moved,
            (StoppingCriterion::Error, _) => f64::INFINITY,
        };
        report.history.push(report.error);
        let heard = observer(&Iterate {
            index: report.outer_iterations,
            residual: report.error,
            target: params.tolerance,
        });
        if report.error <= params.tolerance {
            report.converged = true;
            break;
        }
        if heard == Control::Interrupt {
            report.interrupted = true;
            break;
        }
    }
    if report.converged {
        // What is added for stability would damp the second mode.
        low_order.collapse(disc, flux);
        if additive {
            second_moment::couple(&mut low_order, disc, &currents, 0.0);
        } else {
            cmfd::couple(&mut low_order, &currents, 0.0);
        }
        report.dominance_ratio = low_order.dominance_ratio();
    }
    report.sweeps = operator.swept();
    Ok(report)
}

/// Carries the low-order flux over to the fine cells: times the ratio to that of the sweep, or
/// (`additive`) plus the difference. `made` is the production of the sweep.
fn carry_over(
    disc: &Discretization,
    low_order: &CoarseDiffusion,
    swept: &[f64],
    made: f64,
    additive: bool,
    flux: &mut Moments,
) {
    let dofs = disc.dofs();
    let (groups, moments) = (disc.groups(), disc.ordinates().moments());
    let n = disc.mesh().len();
    for g in 0..groups {
        let values = flux.group_mut(g);
        for (i, range) in low_order.cells.iter().enumerate() {
            let (new, old) = (low_order.flux[i * groups + g], swept[i * groups + g] / made);
            if additive {
                values
                    .iter_mut()
                    .skip(range.start * dofs)
                    .take(range.len() * dofs)
                    .step_by(dofs)
                    .for_each(|phi| *phi += made * (new - old));
                continue;
            }
            let factor = if old > 0.0 { new / old } else { 1.0 };
            for m in 0..moments {
                let at = m * n * dofs;
                for phi in &mut values[at + range.start * dofs..at + range.end * dofs] {
                    *phi *= factor;
                }
            }
        }
    }
}
