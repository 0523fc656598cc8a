//! The multiplication factor k: the largest k for which
//!
//! ```text
//! L phi = S phi + (1/k) chi F phi,     F phi = sum_g nu sigma_f,g phi_g
//! ```
//!
//! has a solution, and that solution, the fundamental mode, which alone is positive. With the
//! multigroup solution operator, A = F (L - S)^-1 chi takes a fission source to the next: k is the
//! dominant eigenvalue of A.
//! Of an infinite medium it follows from G equations
//! ([`infinite_medium_k`](crate::material::infinite_medium_k)).
//!
//! | method | file |
//! |---|---|
//! | power iteration | [`power_iteration`] |
//! | Krylov-Schur, which also gives the dominance ratio | [`arnoldi`] |
//! | power iteration accelerated by coarse-mesh finite differences | [`cmfd`] |
//! | power iteration accelerated by the second-moment method | [`second_moment`] |

mod accelerated;
pub mod arnoldi;
pub mod cmfd;
pub(crate) mod coarse_diffusion;
pub(crate) mod existence;
pub mod power_iteration;
pub mod second_moment;

use pdesolve_core::{Control, Iterate};

use crate::discretization::{Discretization, TransportError};
use crate::fixed_source::{FixedSource, SourceTerms};
use crate::flux::Moments;
use crate::params::{DiscreteOrdinatesParams, EigenvalueAcceleration, EigenvalueMethod};

/// How the search for the fundamental mode ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EigenvalueReport {
    /// Multiplication factor.
    pub k: f64,
    /// k_2/k_1, the ratio of the next eigenvalue to k, by which power iteration reduces the error:
    /// measured from successive changes, or found by Arnoldi. With an acceleration it is that of
    /// the low-order diffusion problem at the end, close to that of transport where the coarse
    /// cells resolve the second mode. Power iteration sees only modes that its first guess holds:
    /// its own guess holds those of every symmetry, a given flux perhaps not. `None` where it was
    /// not found: after too few iterations, or with one unknown only.
    pub dominance_ratio: Option<f64>,
    /// Iterations on the fission source (for Arnoldi: products with the operator).
    pub outer_iterations: usize,
    /// Transport sweeps over one group, all together.
    pub sweeps: usize,
    /// The number held against the tolerance, of the last iterate: the estimated relative error of
    /// k or of the fission source, whichever is larger.
    pub error: f64,
    /// That number, iteration by iteration.
    pub history: Vec<f64>,
    /// k, iteration by iteration.
    pub k_history: Vec<f64>,
    /// Whether it is below the tolerance.
    pub converged: bool,
    /// Whether the observer asked to stop.
    pub interrupted: bool,
}

/// Finds k and the fundamental mode. `flux` is the first guess (an even fission source where it is
/// zero), and becomes the mode with one fission particle a second in the whole problem.
///
/// # Errors
/// [`TransportError::Unsolvable`] where there is no k: nothing is fissile, no fission follows from
/// fission, or the medium multiplies without fission (`existence.rs`); also where the mode found is
/// not of one sign, or the iteration diverges. [`TransportError::Unsupported`] where a flux is
/// given at a boundary, an acceleration does not know the problem, or is asked for with Arnoldi.
pub fn solve(
    disc: &Discretization,
    params: &DiscreteOrdinatesParams,
    flux: &mut Moments,
    observer: &mut dyn FnMut(&Iterate) -> Control,
) -> Result<EigenvalueReport, TransportError> {
    existence::check(disc, params)?;
    let report = match (params.eigenvalue, params.eigenvalue_acceleration) {
        (EigenvalueMethod::Arnoldi, _) => arnoldi::solve(disc, params, flux, observer),
        (EigenvalueMethod::Power, EigenvalueAcceleration::None) => {
            power_iteration::solve(disc, params, flux, observer)
        }
        (EigenvalueMethod::Power, _) => accelerated::solve(disc, params, flux, observer),
    }?;
    if report.converged && !existence::has_one_sign(disc, flux) {
        return Err(TransportError::Unsolvable(format!(
            "the mode found, of k = {:.6}, is negative in a part of the medium, which the \
             fundamental mode is not: refine the mesh, or take a scheme that stays positive (step)",
            report.k
        )));
    }
    Ok(report)
}

/// The given k, where it can be one.
///
/// # Errors
/// [`TransportError::Unsolvable`] where it is zero, negative or not a number.
pub(crate) fn plausible(k: f64) -> Result<f64, TransportError> {
    if k.is_finite() && k > 0.0 {
        Ok(k)
    } else if k == 0.0 {
        Err(existence::no_chain())
    } else if k < 0.0 {
        Err(existence::scattering_multiplies())
    } else {
        Err(TransportError::Unsolvable(format!(
            "the iteration for k diverged: k became {k}. Try `iteration = \"gmres\"`, another \
             `eigenvalue_acceleration`, or a finer mesh"
        )))
    }
}

/// The operator A of the module: a multigroup solver with a fission source.
pub(crate) struct Fission {
    pub(crate) solver: FixedSource,
    /// Emission density chi times the fission source.
    density: Moments,
    pub(crate) sweeps: usize,
}

impl Fission {
    pub(crate) fn new(disc: &Discretization, params: &DiscreteOrdinatesParams) -> Self {
        Self {
            solver: FixedSource::new(disc, params),
            density: disc.zeros(),
            sweeps: 0,
        }
    }

    /// Solves the multigroup problem for the fission source, from the flux given on. Whether it
    /// converged.
    pub(crate) fn solve(
        &mut self,
        disc: &Discretization,
        fission: &[f64],
        flux: &mut Moments,
    ) -> bool {
        self.emit(disc, fission);
        let report = self
            .solver
            .solve(disc, &SourceTerms::new(&self.density), flux);
        self.sweeps += report.sweeps;
        report.converged
    }

    /// Sweeps each group once for the fission source, with scattering from the flux as it stands;
    /// the edge currents go to `currents`, `[group][edge]`.
    pub(crate) fn sweep(
        &mut self,
        disc: &Discretization,
        fission: &[f64],
        flux: &mut Moments,
        currents: &mut [Vec<f64>],
    ) {
        self.emit(disc, fission);
        let source = SourceTerms::new(&self.density);
        for (g, current) in currents.iter_mut().enumerate() {
            let next = (self.solver).sweep_group(disc, g, &source, flux, None, Some(current));
            flux.group_mut(g).copy_from_slice(next);
        }
    }

    /// Sweeps of single groups done so far.
    pub(crate) fn swept(&self) -> usize {
        (self.solver.groups.iter())
            .map(|g| g.sweeper().sweeps())
            .sum()
    }

    /// Fills `self.density` with chi times the fission source.
    fn emit(&mut self, disc: &Discretization, fission: &[f64]) {
        let dofs = disc.dofs();
        for g in 0..disc.groups() {
            let out = self.density.group_mut(g);
            for (cell, (out, f)) in (out.chunks_exact_mut(dofs))
                .zip(fission.chunks_exact(dofs))
                .enumerate()
            {
                let chi = disc.material(cell).chi[g];
                for (out, f) in out.iter_mut().zip(f) {
                    *out = chi * f;
                }
            }
        }
    }
}

/// The fission source F phi: `[cell][dof]`.
pub fn fission_source(disc: &Discretization, flux: &Moments, out: &mut [f64]) {
    let dofs = disc.dofs();
    out.fill(0.0);
    for g in 0..disc.groups() {
        let flux = flux.group(g);
        for (cell, (out, phi)) in (out.chunks_exact_mut(dofs))
            .zip(flux.chunks_exact(dofs))
            .enumerate()
        {
            let sigma = disc.material(cell).nu_fission[g];
            for (out, phi) in out.iter_mut().zip(phi) {
                *out += sigma * phi;
            }
        }
    }
}

/// Integral of a fission source over the problem.
pub fn production(disc: &Discretization, fission: &[f64]) -> f64 {
    (fission.chunks_exact(disc.dofs()).enumerate())
        .map(|(cell, f)| disc.mesh().volume(cell) * f[0])
        .sum()
}

/// A first fission source of integral 1: that of the flux, or an even one where the flux is zero,
/// tilted if so wished.
pub(crate) fn first_source(disc: &Discretization, flux: &Moments, tilted: bool) -> Vec<f64> {
    let dofs = disc.dofs();
    let mut fission = vec![0.0; disc.mesh().len() * dofs];
    fission_source(disc, flux, &mut fission);
    let given = production(disc, &fission);
    let usable = given.is_finite() && given > 0.0;
    if !usable {
        for (cell, f) in fission.chunks_exact_mut(dofs).enumerate() {
            f.fill(0.0);
            f[0] = f64::from(u8::from(disc.material(cell).is_fissile()));
        }
        if tilted {
            tilt(disc, &mut fission);
        }
    }
    let scale = 1.0 / production(disc, &fission);
    fission.iter_mut().for_each(|f| *f *= scale);
    fission
}

/// Makes a source a tenth larger towards the upper end and smaller towards the lower one: it then
/// holds modes of every symmetry.
pub(crate) fn tilt(disc: &Discretization, fission: &mut [f64]) {
    let edges = &disc.mesh().edges;
    let (first, last) = (edges[0], edges[edges.len() - 1]);
    for (f, e) in (fission.chunks_exact_mut(disc.dofs())).zip(edges.windows(2)) {
        let along = (e[0] + e[1] - first - last) / (last - first);
        f.iter_mut().for_each(|f| *f *= 1.0 + 0.1 * along);
    }
}

/// The larger of two numbers; not a number where one of them is none, unlike [`f64::max`].
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b <= a { a } else { b }
}

/// L2 norm of the change of the cell averages of a fission source, and the largest change relative
/// to the largest value.
pub(crate) fn change(disc: &Discretization, new: &[f64], old: &[f64]) -> (f64, f64) {
    let dofs = disc.dofs();
    let (mut squares, mut largest, mut scale) = (0.0, 0.0_f64, 0.0_f64);
    for (new, old) in new.iter().zip(old).step_by(dofs) {
        let d = new - old;
        squares += d * d;
        largest = larger(largest, d.abs());
        scale = larger(scale, new.abs());
    }
    (f64::sqrt(squares), largest / scale)
}

#[cfg(test)]
pub(crate) mod tests;
