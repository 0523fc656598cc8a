//! Algebraic multigrid: a hierarchy of ever smaller matrices made from the entries of one.
//!
//! Relaxation removes errors that vary from row to row, and leaves those that are smooth along the
//! large entries of A. The latter are represented on fewer unknowns, where the same works again:
//!
//! 1. the [`Coarsen`]ing chooses coarse unknowns and the interpolation P;
//! 2. A_c = R A P, R = P^T for symmetric A (Galerkin);
//! 3. repeat with A_c until it is small enough for an explicit inverse.
//!
//! One cycle is the preconditioner z = M^-1 r: a fixed linear map, symmetric positive
//! definite where A is, with a cost in proportion to the unknowns. With conjugate gradients it solves
//! diffusion problems in a number of iterations that hardly grows with their size.
//!
//! The hierarchy is stored in f32 by default, also for f64 solves: a preconditioner needs no more,
//! and memory sets the speed.
//!
//! ```
//! use pdesolve_krylov::amg::{Amg, AmgParams};
//! use pdesolve_krylov::{Solver, gallery, methods::Cg};
//!
//! let a = gallery::poisson(&[40, 40]);
//! let mut amg = Amg::new(&a, &AmgParams::default())?;
//! println!("{}", amg.info());
//! let mut x = vec![0.0; 1600];
//! let report = Solver::new(Cg::default()).solve(&a, &mut amg, &[1.0; 1600], &mut x)?;
//! assert!(report.converged() && report.iterations < 15);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Not for indefinite problems, nor for transport without diffusion: for the latter there is [`Air`].

mod aggregation;
pub mod air;
pub mod classical;
mod coarse;
mod cycle;
mod evolution;
mod hierarchy;
mod info;
mod params;
mod smoothed_aggregation;
mod smoothers;
mod strength;
mod tentative;
#[cfg(test)]
mod tests;

pub use air::{Air, AirParams};
pub use classical::Classical;
pub use info::{AmgInfo, LevelInfo};
pub use params::{AmgParams, Coarsening, Cycle, Precision};
pub use smoothed_aggregation::{SmoothedAggregation, StrengthMeasure};
pub use smoothers::Relaxation;

use hierarchy::Hierarchy;
use smoothed_aggregation::Aggregator;

use crate::csr::{Csr, CsrError};
use crate::preconditioner::Preconditioner;
use crate::scalar::Real;
use crate::vector;

/// Interpolation between two levels.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Interpolation P: fine rows, coarse columns.
    pub p: Csr<f64>,
    /// Restriction R; P^T where there is none.
    pub r: Option<Csr<f64>>,
}

/// A way to make coarse levels.
pub trait Coarsen {
    /// Interpolation from the next coarser level to A; none where A does not get smaller.
    ///
    /// Levels come in order, 0 the finest.
    ///
    /// # Errors
    /// [`AmgError`] where A does not allow it.
    fn coarsen(&mut self, a: &Csr<f64>, level: usize) -> Result<Option<Transfer>, AmgError>;
}

/// A matrix for which no hierarchy can be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AmgError {
    /// The matrix is not square.
    #[error("multigrid needs a square matrix, this one has {rows} rows and {columns} columns")]
    NotSquare {
        /// Rows.
        rows: usize,
        /// Columns.
        columns: usize,
    },
    /// The matrix has no rows.
    #[error("the matrix has no rows")]
    Empty,
    /// The matrix of a level holds an infinity or a NaN.
    #[error(
        "the matrix of level {level} (0 is the given one) is infinite, NaN, or too large for the precision of the hierarchy at row {row}, column {column} (from 0)"
    )]
    NotFinite {
        /// Level.
        level: usize,
        /// Row.
        row: usize,
        /// Column.
        column: usize,
    },
    /// The relaxation of a level holds an infinity or a NaN.
    #[error(
        "the relaxation of level {level} overflows: its diagonal entries are too small; scale the matrix, or use `double` precision"
    )]
    Relaxation {
        /// Level.
        level: usize,
    },
    /// A rebuild with another pattern.
    #[error("a rebuild needs the pattern of the first matrix, only values may change: build anew")]
    PatternChanged,
    /// Near null vectors or blocks that do not fit.
    #[error("{what}: {found} where {expected} was expected")]
    Shape {
        /// What does not fit.
        what: &'static str,
        /// What was found.
        found: usize,
        /// What fits.
        expected: usize,
    },
    /// A level has too many entries.
    #[error(transparent)]
    Matrix(#[from] CsrError),
}

/// An algebraic multigrid cycle as preconditioner.
#[derive(Clone, Debug)]
pub struct Amg {
    levels: Levels,
    n: usize,
}

#[derive(Clone, Debug)]
enum Levels {
    Single(Hierarchy<f32>),
    Double(Hierarchy<f64>),
}

impl Amg {
    /// Builds the hierarchy of A.
    ///
    /// # Errors
    /// [`AmgError`] for a matrix that is not square, empty, or not finite.
    pub fn new(a: &Csr<f64>, params: &AmgParams) -> Result<Self, AmgError> {
        Self::with_near_null_space(a, params, &[])
    }

    /// As [`Amg::new`], with vectors that A nearly maps to zero, as the rigid body motions of
    /// elasticity: smoothed aggregation reproduces them on all levels. Without any it takes the
    /// constant vector. Other coarsenings do not use them.
    ///
    /// # Errors
    /// As [`Amg::new`], and for vectors whose length is not that of a row.
    pub fn with_near_null_space(
        a: &Csr<f64>,
        params: &AmgParams,
        near_null: &[Vec<f64>],
    ) -> Result<Self, AmgError> {
        let n = a.nrows();
        if let Some(v) = near_null.iter().find(|v| v.len() != n) {
            return Err(AmgError::Shape {
                what: "entries of a near null vector",
                found: v.len(),
                expected: n,
            });
        }
        let block = params.block_size.max(1);
        if !n.is_multiple_of(block) {
            return Err(AmgError::Shape {
                what: "rows that do not fill a block",
                found: n % block,
                expected: 0,
            });
        }
        match &params.coarsening {
            Coarsening::SmoothedAggregation(own) => {
                let near_null = if near_null.is_empty() {
                    constants(n, block)
                } else {
                    near_null.to_vec()
                };
                let mut aggregator = Aggregator {
                    params: own,
                    near_null,
                    block,
                };
                Self::with_coarsening(a, params, &mut aggregator)
            }
            Coarsening::Classical(own) => Self::with_coarsening(a, params, &mut own.clone()),
        }
    }

    /// Builds the hierarchy with a coarsening of one's own; [`AmgParams::coarsening`] is not used.
    ///
    /// # Errors
    /// As [`Amg::new`], and what the coarsening finds.
    pub fn with_coarsening(
        a: &Csr<f64>,
        params: &AmgParams,
        coarsening: &mut dyn Coarsen,
    ) -> Result<Self, AmgError> {
        let n = a.nrows();
        if n != a.ncols() {
            return Err(AmgError::NotSquare {
                rows: n,
                columns: a.ncols(),
            });
        }
        if n == 0 {
            return Err(AmgError::Empty);
        }
        let levels = match params.precision {
            Precision::Single => Levels::Single(Hierarchy::new(a, coarsening, params)?),
            Precision::Double => Levels::Double(Hierarchy::new(a, coarsening, params)?),
        };
        Ok(Self { levels, n })
    }

    /// Takes new values of A with the same pattern; interpolation stays as it was, coarse matrices
    /// are computed anew without looking for their patterns.
    ///
    /// # Errors
    /// [`AmgError::PatternChanged`], which leaves the hierarchy as it was; [`AmgError::NotFinite`]
    /// and [`AmgError::Relaxation`], after which it must be rebuilt before it is used again.
    pub fn rebuild(&mut self, a: &Csr<f64>) -> Result<(), AmgError> {
        match &mut self.levels {
            Levels::Single(hierarchy) => hierarchy.rebuild(a),
            Levels::Double(hierarchy) => hierarchy.rebuild(a),
        }
    }

    /// The levels: rows, entries, memory.
    pub fn info(&self) -> AmgInfo {
        match &self.levels {
            Levels::Single(hierarchy) => hierarchy.info(),
            Levels::Double(hierarchy) => hierarchy.info(),
        }
    }
}

/// The indicator of each component of a node.
fn constants(n: usize, block: usize) -> Vec<Vec<f64>> {
    (0..block)
        .map(|c| {
            (0..n)
                .map(|i| if i % block == c { 1.0 } else { 0.0 })
                .collect()
        })
        .collect()
}

impl<T: Real> Preconditioner<T> for Amg {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        assert!(
            r.len() == self.n && z.len() == self.n,
            "vectors that fit the matrix"
        );
        match &mut self.levels {
            Levels::Single(hierarchy) => run(hierarchy, r, z),
            Levels::Double(hierarchy) => run(hierarchy, r, z),
        }
    }
}

/// z = cycle(r).
///
/// r is scaled by a power of two near its norm, so that f32 neither overflows nor underflows
/// however small the residual; in exact arithmetic the map stays linear.
fn run<S: Real, T: Real>(hierarchy: &mut Hierarchy<S>, r: &[T], z: &mut [T]) {
    let norm = vector::norm2_f64(r);
    if !(norm > 0.0 && norm.is_finite()) {
        vector::fill(if norm == 0.0 { T::zero() } else { T::nan() }, z);
        return;
    }
    let exponent = norm.log2().floor().clamp(-1000.0, 1000.0);
    let scale = (-exponent).exp2();
    let back = exponent.exp2();
    vector::for_blocks(hierarchy.rhs(), &|start, b: &mut [S]| {
        for (b, r) in b.iter_mut().zip(&r[start..]) {
            *b = S::from_f64(r.as_f64() * scale);
        }
    });
    hierarchy.run();
    let x = hierarchy.solution();
    vector::for_blocks(z, &|start, z: &mut [T]| {
        for (z, x) in z.iter_mut().zip(&x[start..]) {
            *z = T::from_f64(x.as_f64() * back);
        }
    });
}
