//! Power iteration on the fission source.
//!
//! ```text
//! solve   (L - S) phi = chi f                     f: fission source of integral 1
//! k = int F phi dV,    f = F phi / k
//! ```
//!
//! The error falls by the dominance ratio sigma = k_2/k_1 in each iteration, measured as the ratio of
//! successive changes of f. The first f is an even one with a slight tilt, so that it holds the second
//! mode also where that is odd. k_2 is next to k_1 in systems many mean free paths wide: then use an
//! acceleration, or [`arnoldi`](super::arnoldi).
//!
//! It stops when the estimated errors of f and of k, change times sigma/(1 - sigma), are below the
//! tolerance. Each multigroup problem is solved ten times better than f changed before it, from
//! the flux of the one before.

use pdesolve_core::{Control, Iterate};

use super::{EigenvalueReport, Fission, change, first_source, fission_source, larger};
use super::{plausible, production};
use crate::discretization::{Discretization, TransportError};
use crate::energy::gauss_seidel::ratio;
use crate::flux::Moments;
use crate::params::{DiscreteOrdinatesParams, StoppingCriterion};

/// No relative accuracy beyond this is asked of a multigroup problem.
const ROUNDING: f64 = 1e-13;

/// Finds k and the fundamental mode; see [`solve`](super::solve).
///
/// # Errors
/// [`TransportError::Unsolvable`] where k does not stay positive and finite.
pub fn solve(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
    flux: &mut Moments,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) -> Result<EigenvalueReport, TransportError> {
    let mut operator = Fission::new(disc, params);
    let mut report = EigenvalueReport::default();
    let mut f = first_source(disc, flux, true);
    let mut next = vec![0.0; f.len()];
    let mut changes = Vec::new();
    let mut k_before = f64::NAN;
    let mut inner: f64 = 1e-2;
    while report.outer_iterations < params.max_outer_iterations {
        report.outer_iterations += 1;
        operator.solver.set_tolerance(inner);
        let solved = operator.solve(disc, &f, flux);
        fission_source(disc, flux, &mut next);
        let k = plausible(production(disc, &next))?;
        for f in &mut next {
            *f /= k;
        }
        let (size, largest) = change(disc, &next, &f);
        std::mem::swap(&mut f, &mut next);
        let k_change = ((k - k_before) / k).abs();
        k_before = k;
        changes.push(size);
        let sigma = ratio(&changes);
        report.k = k;
        report.k_history.push(k);
        report.dominance_ratio = match changes[..] {
            [.., a, _, b] => Some(f64::sqrt(b / a)).filter(|s| s.is_finite()),
            _ => None,
        };
        // The first iteration has no k before it.
        let moved = if report.outer_iterations == 1 {
            largest
        } else {
            larger(largest, k_change)
        };
        report.error = match (params.stopping, sigma) {
            (StoppingCriterion::Change, _) => moved,
            (StoppingCriterion::Error, Some(s)) if s < 1.0 => moved * s.max(0.1) / (1.0 - s),
            // The rounding of a sum over all cells: there is nothing to gain.
            _ if moved <= ROUNDING => moved,
            (StoppingCriterion::Error, _) => f64::INFINITY,
        };
        report.history.push(report.error);
        let heard = observer(&Iterate {
            index: report.outer_iterations,
            residual: report.error,
            target: params.tolerance,
        });
        if report.error <= params.tolerance && inner <= params.tolerance.max(ROUNDING) {
            report.converged = solved;
            break;
        }
        if heard == Control::Interrupt {
            report.interrupted = true;
            break;
        }
        inner = inner.min(0.1 * largest);
        if report.error <= params.tolerance {
            inner = inner.min(0.1 * params.tolerance);
        }
        inner = inner.max(ROUNDING);
    }
    let scale = 1.0 / report.k;
    flux.values.iter_mut().for_each(|phi| *phi *= scale);
    report.sweeps = operator.sweeps;
    Ok(report)
}
