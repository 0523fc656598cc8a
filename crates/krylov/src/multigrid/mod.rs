//! Geometric multigrid on Cartesian grids, without matrices.
//!
//! Solves A x = b for the [stencils](crate::stencil) in a number of operations proportional to the
//! number of unknowns:
//!
//! ```text
//! cycle(l, b, x):   smooth x                         nu_1 times
//!                   b_c = P^T (b - A x)              restrict the residual
//!                   A_c x_c = b_c                    by cycle(l + 1, b_c, 0), once or twice
//!                   x = x + P x_c                    correct
//!                   smooth x                         nu_2 times
//! ```
//!
//! Smoothing damps the half of the errors that the coarse grid does not see. Coarse operators are
//! stencils of the same form, made from the faces of the fine one, for any number of samples, not
//! only powers of two: the rules stand in `coarsening.rs`. Axes with weak coupling are left alone
//! until the others have caught up (semicoarsening), which keeps point smoothing good for
//! grid-aligned anisotropy. Levels end at a dense inverse.
//!
//! With nu_1 = nu_2, and smoothing in reverse order after the correction, the V- and W-cycles are symmetric and positive definite: they precondition
//! [`Cg`](crate::methods::Cg). Singular problems (Neumann, periodic) need nothing special: coarse
//! grids keep the constants, and the coarsest level is solved with the pseudoinverse.
//!
//! Sources: Brandt (1977), Math. Comp. 31, 333; Trottenberg, Oosterlee and Schueller, *Multigrid*
//! (2001), chapters 2 and 5. Bad at: jumps of the coefficient inside coarse cells, which these
//! weights, averaged over the grid, do not see (a checkerboard of 1e4 in 64 x 64 cells takes CG 12
//! iterations with blocks of 8 cells, 35 with blocks of 5: there algebraic multigrid is better), and
//! anisotropy that is not along the axes.

mod coarsening;
mod direct;
mod level;
mod natural;
mod params;
mod red_black;
mod single;
mod split;
#[cfg(test)]
mod tests;
mod transfer;

pub use level::CoarsenableStencil;
pub use params::{Coarsening, Cycle, MultigridParams, Smoother};
pub use single::InSinglePrecision;

use direct::DenseInverse;
use level::{Level, Start, axes_to_coarsen};

use crate::preconditioner::Preconditioner;
use crate::scalar::Real;
use crate::vector;

/// A hierarchy that cannot be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MultigridError {
    /// A parameter out of its range.
    #[error("`{name}` is {value}: {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it should be.
        expected: &'static str,
    },
    /// The coarsest operator has no Cholesky factorisation.
    #[error("the coarsest operator, of {n} unknowns, is not positive definite")]
    CoarseNotDefinite {
        /// Its size.
        n: usize,
    },
}

/// A hierarchy of grids, with the memory of its cycles.
///
/// ```
/// use pdesolve_krylov::{Solver, methods::Cg, multigrid::Multigrid, stencil::SeparableStencil};
///
/// let a = SeparableStencil::<f64>::poisson(&[40, 40, 40]);
/// let mut multigrid = Multigrid::new(&a, &Default::default())?;
/// let (b, mut x) = (vec![1.0; 64_000], vec![0.0; 64_000]);
/// let report = Solver::new(Cg::default()).solve(&a, &mut multigrid, &b, &mut x)?;
/// assert!(report.converged() && report.iterations <= 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Multigrid<T: Real, S: CoarsenableStencil<T>> {
    levels: Vec<Level<T, S>>,
    coarsest: DenseInverse<T>,
    shape_of_coarsest: [usize; 3],
    params: MultigridParams,
}

impl<T: Real, S: CoarsenableStencil<T>> Multigrid<T, S> {
    /// The hierarchy below `stencil`.
    ///
    /// # Errors
    /// [`MultigridError`] for parameters out of range.
    pub fn new(stencil: &S, params: &MultigridParams) -> Result<Self, MultigridError> {
        check(params)?;
        let mut levels = Vec::new();
        let mut stencil = stencil.clone();
        while stencil.nrows() > params.coarsest {
            let Some(axes) = axes_to_coarsen(&stencil, params) else {
                break;
            };
            let coarse = stencil.coarsen(&axes);
            levels.push(Level::new(stencil, axes, params));
            stencil = coarse;
        }
        let coarsest = DenseInverse::new(&stencil.to_csr(), stencil.maps_constants_to_zero())?;
        Ok(Self {
            levels,
            coarsest,
            shape_of_coarsest: stencil.shape(),
            params: params.clone(),
        })
    }

    /// Samples along x, y and z on each level, the finest first.
    pub fn shapes(&self) -> Vec<[usize; 3]> {
        let levels = self.levels.iter().map(|level| level.stencil.shape());
        levels.chain([self.shape_of_coarsest]).collect()
    }

    /// One cycle: improves x, the approximate solution of A x = b.
    ///
    /// # Panics
    /// Unless b and x have as many entries as the grid has samples.
    pub fn cycle(&mut self, b: &[T], x: &mut [T]) {
        self.run(b, x, Start::Given);
    }

    fn run(&mut self, b: &[T], x: &mut [T], start: Start) {
        let n: usize = self.samples();
        assert!(b.len() == n && x.len() == n, "vectors that fit the grid");
        let Self {
            levels,
            coarsest,
            params,
            ..
        } = self;
        descend_and_ascend(levels, coarsest, params, params.cycle, b, x, start);
    }

    fn samples(&self) -> usize {
        let finest = self.levels.first().map(|level| level.stencil.shape());
        finest.unwrap_or(self.shape_of_coarsest).iter().product()
    }

    /// Full multigrid: solves A x = b from the coarsest level upwards, each time with the
    /// solution, interpolated by cubics, as first guess of `cycles` cycles. What x held is lost.
    ///
    /// Two stand-alone cycles (not symmetric, relaxation 1.15) come within a tenth of the error of
    /// the discretisation where the solution is smooth and the grid nearly uniform, one comes within
    /// twice that error: coarse right-hand sides are averages, and so themselves off by O(h^2). It
    /// allocates the vectors of the levels.
    ///
    /// # Panics
    /// Unless b and x have as many entries as the grid has samples.
    pub fn full_multigrid(&mut self, b: &[T], x: &mut [T], cycles: usize) {
        let n = self.samples();
        assert!(b.len() == n && x.len() == n, "vectors that fit the grid");
        let mut rhs = vec![b.to_vec()];
        for (l, level) in self.levels.iter_mut().enumerate() {
            let mut coarse = vec![T::zero(); level.coarse_b.len()];
            level.transfer.restrict_natural(&rhs[l], &mut coarse);
            rhs.push(coarse);
        }
        let Self {
            levels,
            coarsest,
            params,
            ..
        } = self;
        let mut guess = vec![T::zero(); rhs[levels.len()].len()];
        coarsest.solve(&rhs[levels.len()], &mut guess);
        for l in (0..levels.len()).rev() {
            let mut finer = levels[l].transfer.interpolate_solution(&guess);
            for _ in 0..cycles {
                let cycle = params.cycle;
                let (b, start) = (&rhs[l], Start::Given);
                descend_and_ascend(
                    &mut levels[l..],
                    coarsest,
                    params,
                    cycle,
                    b,
                    &mut finer,
                    start,
                );
            }
            guess = finer;
        }
        vector::copy(&guess, x);
    }
}

fn descend_and_ascend<T: Real, S: CoarsenableStencil<T>>(
    levels: &mut [Level<T, S>],
    coarsest: &DenseInverse<T>,
    params: &MultigridParams,
    cycle: Cycle,
    b: &[T],
    x: &mut [T],
    start: Start,
) {
    let Some((level, coarser)) = levels.split_first_mut() else {
        coarsest.solve(b, x);
        return;
    };
    level.descend(b, x, start, params.pre_smoothing);
    let (b_c, x_c) = (&level.coarse_b, &mut level.coarse_x);
    let visits: &[(Cycle, Start)] = match cycle {
        Cycle::V => &[(Cycle::V, Start::Zero)],
        // The coarsest level is solved exactly by one visit.
        _ if coarser.is_empty() => &[(Cycle::V, Start::Zero)],
        Cycle::W => &[(Cycle::W, Start::Zero), (Cycle::W, Start::Given)],
        Cycle::F => &[(Cycle::F, Start::Zero), (Cycle::V, Start::Given)],
    };
    for &(cycle, start) in visits {
        descend_and_ascend(coarser, coarsest, params, cycle, b_c, x_c, start);
    }
    level.ascend(b, x, params.post_smoothing);
}

impl<T: Real, S: CoarsenableStencil<T>> Preconditioner<T> for Multigrid<T, S> {
    /// One cycle from zero.
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.run(r, z, Start::Zero);
    }
}

fn check(params: &MultigridParams) -> Result<(), MultigridError> {
    let fault = |name, value, expected| {
        Err(MultigridError::Parameter {
            name,
            value,
            expected,
        })
    };
    for (name, steps) in [
        ("pre_smoothing", params.pre_smoothing),
        ("post_smoothing", params.post_smoothing),
    ] {
        if steps == 0 {
            return fault(name, 0.0, "at least one smoothing step is needed");
        }
    }
    if !(params.relaxation > 0.0 && params.relaxation < 2.0) {
        return fault(
            "relaxation",
            params.relaxation,
            "Gauss-Seidel converges between 0 and 2 only",
        );
    }
    if !(0.0..=1.0).contains(&params.semicoarsening) {
        return fault(
            "semicoarsening",
            params.semicoarsening,
            "a fraction between 0 and 1 is needed",
        );
    }
    if params.coarsest == 0 || params.coarsest > 4096 {
        return fault(
            "coarsest",
            params.coarsest as f64,
            "between 1 and 4096 samples can be solved directly",
        );
    }
    Ok(())
}
