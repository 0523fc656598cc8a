//! The Krylov-Schur method on the fission source.
//!
//! The operator A = F (L - S)^-1 chi on fission sources `[cell][dof]` is applied by solving one
//! multigroup problem (`pdesolve_krylov::eigen::arnoldi`). Two eigenvalues are asked for:
//! the second gives the dominance ratio. It starts from the flux given, slightly tilted, or from noise.
//! The observer hears of every product, and may stop there. Every product is solved to a tenth of the tolerance from
//! nothing, since the method needs one linear map: where power iteration converges fast it does more
//! work than power iteration.

use std::sync::Mutex;

use num_complex::Complex;
use pdesolve_core::{Control, Iterate};
use pdesolve_krylov::LinearOperator;
use pdesolve_krylov::eigen::{ArnoldiParams, Eigenpairs, arnoldi_from};

use super::{EigenvalueReport, Fission, change, fission_source, plausible, production, tilt};
use crate::discretization::{Discretization, TransportError};
use crate::flux::Moments;
use crate::params::DiscreteOrdinatesParams;

/// A on the fission source of the fissile cells: a source elsewhere emits nothing.
struct Products<'a> {
    disc: &'a Discretization,
    cells: Vec<usize>,
    work: Mutex<Work>,
}

struct Work {
    operator: Fission,
    flux: Moments,
    fission: Vec<f64>,
    converged: bool,
}

impl Products<'_> {
    /// The flux that the source x makes.
    fn solve(&self, x: &[f64], work: &mut Work) {
        let dofs = self.disc.dofs();
        work.fission.fill(0.0);
        for (x, &cell) in x.chunks_exact(dofs).zip(&self.cells) {
            work.fission[cell * dofs..(cell + 1) * dofs].copy_from_slice(x);
        }
        work.flux.values.fill(0.0);
        let Work {
            operator,
            flux,
            fission,
            converged,
        } = work;
        *converged &= operator.solve(self.disc, fission, flux);
        fission_source(self.disc, flux, fission);
    }
}

impl LinearOperator<f64> for Products<'_> {
    fn nrows(&self) -> usize {
        self.cells.len() * self.disc.dofs()
    }

    fn ncols(&self) -> usize {
        self.nrows()
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        let dofs = self.disc.dofs();
        let mut work = self.work.lock().expect("a product does not panic");
        self.solve(x, &mut work);
        for (y, &cell) in y.chunks_exact_mut(dofs).zip(&self.cells) {
            y.copy_from_slice(&work.fission[cell * dofs..(cell + 1) * dofs]);
        }
    }
}

/// Times that a smaller residual is asked for.
const ROUNDS: usize = 4;

/// Finds k, the dominance ratio and the fundamental mode; see [`solve`](super::solve).
///
/// # Errors
/// [`TransportError::Unsolvable`] where a product is not finite, or the dominant eigenvalue not real
/// and positive.
pub fn solve(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
    flux: &mut Moments,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) -> Result<EigenvalueReport, TransportError> {
    let mut operator = Fission::new(disc, params);
    operator
        .solver
        .set_tolerance((0.1 * params.tolerance).max(1e-13));
    let cells: Vec<usize> = (0..disc.mesh().len())
        .filter(|&cell| disc.material(cell).is_fissile())
        .collect();
    let products = Products {
        disc,
        cells,
        work: Mutex::new(Work {
            operator,
            flux: disc.zeros(),
            fission: vec![0.0; disc.mesh().len() * disc.dofs()],
            converged: true,
        }),
    };
    let fault = |e: pdesolve_krylov::eigen::EigenError| TransportError::Unsolvable(e.to_string());
    let mut report = EigenvalueReport::default();
    let start = given_source(&products, flux);
    let mut residual = params.tolerance;
    for _ in 0..ROUNDS {
        let asked = ArnoldiParams {
            count: 2.min(products.nrows()),
            subspace: 8,
            tolerance: residual,
            max_restarts: params.max_outer_iterations,
            ..ArnoldiParams::default()
        };
        let done = report.outer_iterations;
        let pairs = arnoldi_from(
            &products,
            &asked,
            start.as_deref(),
            &mut |count, estimate| {
                report.error = estimate;
                let heard = observer(&Iterate {
                    index: done + count,
                    residual: estimate,
                    target: params.tolerance,
                });
                report.interrupted = heard == Control::Interrupt;
                heard
            },
        )
        .map_err(fault)?;
        if report.interrupted {
            report.outer_iterations = done + pairs.products;
            leave_early(&products, &pairs, &mut report, flux);
            return Ok(report);
        }
        let dominant = pairs.values[0];
        if dominant.im.abs() > params.tolerance.max(1e-9) * dominant.norm() {
            return Err(TransportError::Unsolvable(format!(
                "the dominant eigenvalue is complex, {:.6} + {:.6} i: a medium that does not \
                 multiply without fission has a real one. Refine the mesh, or take a scheme that \
                 stays positive (step)",
                dominant.re,
                dominant.im.abs()
            )));
        }
        report.k = plausible(dominant.re)?;
        let mode: Vec<f64> = pairs.vectors[0].iter().map(|v| v.re).collect();
        let mut work = products.work.lock().expect("a product does not panic");
        // One more product makes the flux, and shows the error of the mode.
        products.solve(&mode, &mut work);
        let total = production(disc, &work.fission);
        flux.values.copy_from_slice(&work.flux.values);
        flux.values.iter_mut().for_each(|phi| *phi /= total);
        let mut before = vec![0.0; work.fission.len()];
        let dofs = disc.dofs();
        for (x, &cell) in mode.chunks_exact(dofs).zip(&products.cells) {
            before[cell * dofs..(cell + 1) * dofs].copy_from_slice(x);
        }
        let after: Vec<f64> = work.fission.iter().map(|f| f / report.k).collect();
        let (_, moved) = change(disc, &after, &before);
        report.dominance_ratio = pairs.values.get(1).map(|v| v.norm() / report.k);
        report.error = moved / (1.0 - report.dominance_ratio.unwrap_or(0.0));
        report.history.push(report.error);
        report.k_history.push(report.k);
        report.outer_iterations += pairs.products + 1;
        report.sweeps = work.operator.sweeps;
        report.converged = pairs.converged && work.converged && report.error <= params.tolerance;
        let heard = observer(&Iterate {
            index: report.outer_iterations,
            residual: report.error,
            target: params.tolerance,
        });
        report.interrupted = heard == Control::Interrupt;
        if report.converged || report.interrupted || !pairs.converged || !work.converged {
            break;
        }
        // The residual of the pair bounds the error of the mode up to the distance of the next
        // eigenvalue, which is known now.
        residual = (0.1 * residual * params.tolerance / report.error).max(1e-14);
        work.operator
            .solver
            .set_tolerance((0.1 * residual).max(1e-14));
    }
    Ok(report)
}

/// The fission source of a given flux in the fissile cells, tilted; `None` where there is none.
fn given_source(products: &Products<'_>, flux: &Moments) -> Option<Vec<f64>> {
    let disc = products.disc;
    let dofs = disc.dofs();
    let mut fission = vec![0.0; disc.mesh().len() * dofs];
    fission_source(disc, flux, &mut fission);
    let total = production(disc, &fission);
    if !(total.is_finite() && total > 0.0) {
        return None;
    }
    // A symmetric start would miss a second mode that is odd.
    tilt(disc, &mut fission);
    let of_cell = |&cell: &usize| fission[cell * dofs..(cell + 1) * dofs].iter().copied();
    Some(products.cells.iter().flat_map(of_cell).collect())
}

/// What an interrupted search knows: k and the flux of the best pair so far, for one product more.
/// The flux stays where that pair cannot be the fundamental mode yet; k is then not a number.
fn leave_early(
    products: &Products<'_>,
    pairs: &Eigenpairs<Complex<f64>, Complex<f64>>,
    report: &mut EigenvalueReport,
    flux: &mut Moments,
) {
    let mut work = products.work.lock().expect("a product does not panic");
    report.k = plausible(pairs.values[0].re).unwrap_or(f64::NAN);
    if report.k.is_finite() {
        let mode: Vec<f64> = pairs.vectors[0].iter().map(|v| v.re).collect();
        products.solve(&mode, &mut work);
        report.outer_iterations += 1;
        let total = production(products.disc, &work.fission);
        if total.is_finite() && total != 0.0 {
            for (phi, found) in flux.values.iter_mut().zip(&work.flux.values) {
                *phi = found / total;
            }
        }
    }
    report.sweeps = work.operator.sweeps;
}
