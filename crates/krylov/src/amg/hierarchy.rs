//! The levels of a multigrid hierarchy, from fine to coarse.
//!
//! ```text
//! A_0 = A,   A_{l+1} = R_l A_l P_l,   R_l = P_l^T unless the coarsening gives another
//! ```
//!
//! Set-up computes in f64 and stores each level in `T`. P is rounded to `T` before the product, so
//! A_{l+1} is the Galerkin matrix of the P that the cycle uses, and a rebuild from changed values
//! gives the bits of a fresh one with the same P.

use super::coarse::DenseInverse;
use super::params::{AmgParams, Cycle};
use super::smoothers::Smoother;
use super::{AmgError, Coarsen, Relaxation, Transfer};
use crate::csr::Csr;
use crate::csr::galerkin::{galerkin, galerkin_values};
use crate::csr::row_sum::Widen;
use crate::scalar::Real;
use crate::vector;

/// Most rows that are still solved by a dense inverse where coarsening comes to a halt.
const LARGEST_INVERSE: usize = 2000;

/// A level that has a coarser one.
#[derive(Clone, Debug)]
pub(crate) struct Level<T> {
    pub(crate) a: Csr<T>,
    pub(crate) p: Csr<T>,
    pub(crate) r: Csr<T>,
    pub(crate) smoother: Smoother<T>,
    pub(crate) x: Vec<T>,
    pub(crate) b: Vec<T>,
    /// Residual, and the iterate before a sweep.
    pub(crate) work: Vec<T>,
    /// The first of two corrections in a W-cycle; else empty.
    pub(crate) kept: Vec<T>,
}

/// How the coarsest level is solved.
#[derive(Clone, Debug)]
pub(crate) enum CoarsestSolve<T> {
    /// Exactly.
    Inverse(DenseInverse<T>),
    /// By relaxation, where it is too large: a diagonal matrix, or one that does not coarsen.
    Relaxation(Smoother<T>),
}

/// The coarsest level.
#[derive(Clone, Debug)]
pub(crate) struct Coarsest<T> {
    pub(crate) a: Csr<T>,
    pub(crate) solve: CoarsestSolve<T>,
    pub(crate) x: Vec<T>,
    pub(crate) b: Vec<T>,
    pub(crate) work: Vec<T>,
    pub(crate) kept: Vec<T>,
}

/// All levels.
#[derive(Clone, Debug)]
pub(crate) struct Hierarchy<T> {
    pub(crate) levels: Vec<Level<T>>,
    pub(crate) coarsest: Coarsest<T>,
    pub(crate) cycle: Cycle,
    pub(crate) sweeps: usize,
    relaxation: Relaxation,
}

impl<T: Real + Widen<f64>> Hierarchy<T> {
    pub(crate) fn new(
        a: &Csr<f64>,
        coarsening: &mut dyn Coarsen,
        params: &AmgParams,
    ) -> Result<Self, AmgError> {
        let mut levels = Vec::new();
        let mut owned: Option<Csr<f64>> = None;
        let coarsest = loop {
            let current = owned.as_ref().unwrap_or(a);
            check_finite::<T>(current, levels.len())?;
            let last =
                current.nrows() <= params.coarse_size || levels.len() + 1 >= params.max_levels;
            let transfer = if last {
                None
            } else {
                coarsening
                    .coarsen(current, levels.len())?
                    .filter(|t| t.p.ncols() > 0 && t.p.ncols() * 10 < current.nrows() * 9)
            };
            let Some(Transfer { p, r }) = transfer else {
                break Coarsest::new(current, params);
            };
            let p: Csr<T> = p.into_map(T::from_f64);
            let r: Csr<T> = r.map_or_else(|| p.transpose(), |r| r.into_map(T::from_f64));
            let coarse = galerkin(&r, current, &p)?;
            let smoother = Smoother::new(params.relaxation, current);
            if !smoother.is_finite() {
                return Err(AmgError::Relaxation {
                    level: levels.len(),
                });
            }
            let n = current.nrows();
            let zeros = || vec![T::zero(); n];
            levels.push(Level {
                p,
                r,
                smoother,
                x: zeros(),
                b: zeros(),
                work: zeros(),
                kept: kept(params.cycle, levels.len(), n),
                a: match owned.take() {
                    Some(own) => own.into_map(T::from_f64),
                    None => a.par_map(T::from_f64),
                },
            });
            owned = Some(coarse);
        };
        Ok(Self {
            levels,
            coarsest,
            cycle: params.cycle,
            sweeps: params.sweeps.max(1),
            relaxation: params.relaxation,
        })
    }

    /// New values of A through the same interpolation.
    pub(crate) fn rebuild(&mut self, a: &Csr<f64>) -> Result<(), AmgError> {
        let fits = |own: &Csr<T>| {
            own.nrows() == a.nrows() && own.offsets() == a.offsets() && own.columns() == a.columns()
        };
        if !fits(self.levels.first().map_or(&self.coarsest.a, |l| &l.a)) {
            return Err(AmgError::PatternChanged);
        }
        let mut owned: Option<Csr<f64>> = None;
        for index in 0..self.levels.len() {
            let (done, below) = self.levels.split_at_mut(index + 1);
            let level = &mut done[index];
            let current = owned.as_ref().unwrap_or(a);
            check_finite::<T>(current, index)?;
            let pattern = below.first().map_or(&self.coarsest.a, |l| &l.a);
            let mut coarse = pattern.par_map(|_| 0.0);
            galerkin_values(&level.r, current, &level.p, &mut coarse);
            level.smoother = Smoother::new(self.relaxation, current);
            if !level.smoother.is_finite() {
                return Err(AmgError::Relaxation { level: index });
            }
            round_values(current, &mut level.a);
            owned = Some(coarse);
        }
        let current = owned.as_ref().unwrap_or(a);
        check_finite::<T>(current, self.levels.len())?;
        round_values(current, &mut self.coarsest.a);
        self.coarsest.solve = CoarsestSolve::new(current, self.relaxation);
        Ok(())
    }
}

impl<T: Real> Coarsest<T> {
    fn new(a: &Csr<f64>, params: &AmgParams) -> Self {
        let n = a.nrows();
        Self {
            solve: CoarsestSolve::new(a, params.relaxation),
            x: vec![T::zero(); n],
            b: vec![T::zero(); n],
            work: vec![T::zero(); n],
            kept: kept(params.cycle, 1, n),
            a: a.par_map(T::from_f64),
        }
    }
}

impl<T: Real> CoarsestSolve<T> {
    fn new(a: &Csr<f64>, relaxation: Relaxation) -> Self {
        if a.nrows() <= LARGEST_INVERSE {
            let inverse = DenseInverse::new(a);
            if inverse.is_finite() {
                return Self::Inverse(inverse);
            }
        }
        Self::Relaxation(Smoother::new(relaxation, a))
    }
}

/// The vector that a W-cycle needs on levels below the finest.
fn kept<T: Real>(cycle: Cycle, level: usize, n: usize) -> Vec<T> {
    match cycle {
        Cycle::W if level > 0 => vec![T::zero(); n],
        _ => Vec::new(),
    }
}

fn round_values<T: Real>(from: &Csr<f64>, to: &mut Csr<T>) {
    let from = from.values();
    vector::for_blocks(to.values_mut(), &|start, to: &mut [T]| {
        for (to, &from) in to.iter_mut().zip(&from[start..]) {
            *to = T::from_f64(from);
        }
    });
}

/// Whether A is finite, also as `T`.
fn check_finite<T: Real>(a: &Csr<f64>, level: usize) -> Result<(), AmgError> {
    // A sum of zeros times the entries is zero, or NaN where one of them is not finite.
    let values = a.values();
    let sum: T = vector::reduce(0..values.len(), &|range: std::ops::Range<usize>| {
        values[range]
            .iter()
            .map(|&v| T::from_f64(v) * T::zero())
            .sum::<T>()
    });
    if sum == T::zero() {
        return Ok(());
    }
    let place = a.map(T::from_f64).first_not_finite();
    let (row, column) = place.unwrap_or_default();
    Err(AmgError::NotFinite { level, row, column })
}
