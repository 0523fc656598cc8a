//! Multigrid by approximate ideal restriction (AIR): for advection, where A is far from symmetric.
//!
//! Errors of upwind transport do not become smooth under relaxation; they are carried along. But the
//! value at an F point follows from those upstream, so what matters is to have C points exact: then
//! relaxation of F points finishes the work. The restriction R sees to it that the
//! coarse equation does not depend on the errors of F points; interpolation may be crude.
//!
//! ```text
//! x_C = cycle(R b),  A_C = R A P          no relaxation before
//! x = P x_C
//! x_F = x_F + D_F^-1 (b - A x)_F          twice
//! x_C = x_C + D_C^-1 (b - A x)_C          once
//! ```
//!
//! The cycle is a fixed linear map, not symmetric: for GMRES, BiCGStab, or alone as x = x + M^-1 r.
//! Upwind differences on grids make A triangular in the order of the flow; then A_FF is so as well
//! and F relaxation is exact after as many sweeps as a stream passes F points in a row.
//!
//! Not for central differences at large cell Peclet numbers, where rows have entries of the sign of
//! the diagonal; for diffusion [classical](super::classical) multigrid does with less.
//!
//! Sources: Manteuffel, Ruge and Southworth (2018), SIAM J. Sci. Comput. 40, A4105; Manteuffel,
//! Muenzenmaier, Ruge and Southworth (2019), SIAM J. Sci. Comput. 41, S242.

mod restriction;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classical::strength::{Graph, classical_strength};
use super::classical::{Splitting, split};
use super::coarse::DenseInverse;
use super::{AmgError, AmgInfo, LevelInfo};
use crate::csr::Csr;
use crate::csr::galerkin::galerkin;
use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::vector;

/// Most rows that are solved by a dense inverse where coarsening comes to a halt.
const LARGEST_INVERSE: usize = 2000;

/// Parameters of [`Air`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AirParams {
    /// For the splitting and interpolation an entry is strong from this part of the largest negative
    /// one of the row. Default: 0.3.
    #[schemars(range(min = 0, max = 1))]
    pub theta: f64,
    /// For restriction an entry is strong from this part of the largest of the row. Default: 0.05.
    #[schemars(range(min = 0, max = 1))]
    pub restriction_theta: f64,
    /// Strong steps from a C point to the F points of its row of R: 1 or 2. Default: 2.
    #[schemars(range(min = 1, max = 2))]
    pub distance: usize,
    /// How points are split. Default: `ruge_stueben_two_pass`.
    pub splitting: Splitting,
    /// Jacobi sweeps over F points, after the coarse correction. Default: 2.
    #[schemars(range(min = 1))]
    pub fine_sweeps: usize,
    /// Jacobi sweeps over C points, after those. Default: 1.
    pub coarse_sweeps: usize,
    /// A level of at most this many rows is the last and solved exactly. Default: 100.
    #[schemars(range(min = 1))]
    pub coarse_size: usize,
    /// Most levels. Default: 30.
    #[schemars(range(min = 1))]
    pub max_levels: usize,
}

impl Default for AirParams {
    fn default() -> Self {
        Self {
            theta: 0.3,
            restriction_theta: 0.05,
            distance: 2,
            splitting: Splitting::RugeStuebenTwoPass,
            fine_sweeps: 2,
            coarse_sweeps: 1,
            coarse_size: 100,
            max_levels: 30,
        }
    }
}

/// A multigrid cycle with approximate ideal restriction, as preconditioner.
///
/// ```
/// use pdesolve_krylov::amg::{Air, AirParams};
/// use pdesolve_krylov::{LinearOperator, Preconditioner, gallery, vector};
///
/// let a = gallery::upwind_advection(64);
/// let b = gallery::noise(a.nrows(), 1);
/// let mut air = Air::new(&a, &AirParams::default())?;
/// let (mut x, mut r, mut z) = (vec![0.0; b.len()], b.clone(), b.clone());
/// for _ in 0..15 {
///     air.apply(&r, &mut z);
///     vector::axpy(1.0, &z, &mut x);
///     a.residual(&b, &x, &mut r);
/// }
/// assert!(vector::norm2(&r) < 1e-8 * vector::norm2(&b));
/// # Ok::<(), pdesolve_krylov::amg::AmgError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Air {
    levels: Vec<Level>,
    coarsest: Coarsest,
    fine_sweeps: usize,
    coarse_sweeps: usize,
}

#[derive(Clone, Debug)]
struct Level {
    a: Csr<f64>,
    p: Csr<f64>,
    r: Csr<f64>,
    /// 1 / a_ii.
    inverse: Vec<f64>,
    fine: Vec<u32>,
    coarse: Vec<u32>,
    b: Vec<f64>,
    x: Vec<f64>,
    update: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Coarsest {
    a: Csr<f64>,
    /// None where the level is too large: then only D^-1 is applied.
    solve: Option<DenseInverse<f64>>,
    inverse: Vec<f64>,
    b: Vec<f64>,
    x: Vec<f64>,
}

impl Air {
    /// Builds the hierarchy of A.
    ///
    /// # Errors
    /// [`AmgError`] for a matrix that is not square, empty, or not finite, or whose coarse matrices
    /// are not.
    pub fn new(a: &Csr<f64>, params: &AirParams) -> Result<Self, AmgError> {
        if a.nrows() != a.ncols() {
            return Err(AmgError::NotSquare {
                rows: a.nrows(),
                columns: a.ncols(),
            });
        }
        if a.nrows() == 0 {
            return Err(AmgError::Empty);
        }
        let mut levels = Vec::new();
        let mut current = a.clone();
        loop {
            if let Some((row, column)) = current.first_not_finite() {
                let level = levels.len();
                return Err(AmgError::NotFinite { level, row, column });
            }
            if current.nrows() <= params.coarse_size || levels.len() + 1 >= params.max_levels {
                break;
            }
            match Level::new(current, params)? {
                (level, Some(coarser)) => {
                    levels.push(level);
                    current = coarser;
                }
                (level, None) => {
                    current = level.a;
                    break;
                }
            }
        }
        Ok(Self {
            levels,
            coarsest: Coarsest::new(current),
            fine_sweeps: params.fine_sweeps,
            coarse_sweeps: params.coarse_sweeps,
        })
    }

    /// The levels: rows, entries, memory.
    pub fn info(&self) -> AmgInfo {
        let bytes = |v: &[f64]| size_of_val(v);
        let mut levels: Vec<LevelInfo> = self
            .levels
            .iter()
            .map(|l| LevelInfo {
                rows: l.a.nrows(),
                entries: l.a.nnz(),
                interpolation_entries: l.p.nnz(),
                memory_bytes: l.a.memory_bytes()
                    + l.p.memory_bytes()
                    + l.r.memory_bytes()
                    + size_of_val(&l.fine[..])
                    + size_of_val(&l.coarse[..])
                    + bytes(&l.inverse)
                    + bytes(&l.b)
                    + bytes(&l.x)
                    + bytes(&l.update),
            })
            .collect();
        let c = &self.coarsest;
        levels.push(LevelInfo {
            rows: c.a.nrows(),
            entries: c.a.nnz(),
            interpolation_entries: 0,
            memory_bytes: c.a.memory_bytes()
                + c.solve.as_ref().map_or(0, DenseInverse::memory_bytes)
                + bytes(&c.inverse)
                + bytes(&c.b)
                + bytes(&c.x),
        });
        AmgInfo {
            levels,
            exact_coarsest: c.solve.is_some(),
        }
    }
}

impl Level {
    /// A level of A, and the coarser matrix; none where A does not get smaller.
    fn new(a: Csr<f64>, params: &AirParams) -> Result<(Self, Option<Csr<f64>>), AmgError> {
        let n = a.nrows();
        let strong = classical_strength(&a, &a.par_diagonal(), params.theta);
        let is_coarse = split(&Graph::marked(&a, &strong), params.splitting);
        let points = |kind: bool| -> Vec<u32> {
            (0..n as u32)
                .filter(|&i| is_coarse[i as usize] == kind)
                .collect()
        };
        let (fine, coarse) = (points(false), points(true));
        let r = restriction::restriction(
            &a,
            &is_coarse,
            params.restriction_theta,
            params.distance.clamp(1, 2),
        )?;
        let p = restriction::one_point_interpolation(&a, &strong, &is_coarse)?;
        let coarser = if fine.is_empty() || coarse.is_empty() {
            None
        } else {
            Some(galerkin(&r, &a, &p)?)
        };
        let level = Self {
            inverse: reciprocal_diagonal(&a),
            a,
            p,
            r,
            update: vec![0.0; fine.len().max(coarse.len())],
            fine,
            coarse,
            b: vec![0.0; n],
            x: vec![0.0; n],
        };
        Ok((level, coarser))
    }
}

impl Coarsest {
    fn new(a: Csr<f64>) -> Self {
        let n = a.nrows();
        let solve = (n <= LARGEST_INVERSE).then(|| DenseInverse::new(&a));
        Self {
            solve: solve.filter(DenseInverse::is_finite),
            inverse: reciprocal_diagonal(&a),
            a,
            b: vec![0.0; n],
            x: vec![0.0; n],
        }
    }

    fn run(&mut self) {
        match &self.solve {
            Some(inverse) => inverse.solve(&self.b, &mut self.x),
            None => {
                for ((x, b), d) in self.x.iter_mut().zip(&self.b).zip(&self.inverse) {
                    *x = d * b;
                }
            }
        }
    }
}

/// 1 / a_ii, 0 where a_ii = 0.
fn reciprocal_diagonal(a: &Csr<f64>) -> Vec<f64> {
    let mut inverse = a.par_diagonal();
    for d in &mut inverse {
        *d = if *d == 0.0 { 0.0 } else { 1.0 / *d };
    }
    inverse
}

/// x_i = x_i + (b - A x)_i / a_ii at once for all i of `points`.
fn relax(
    a: &Csr<f64>,
    inverse: &[f64],
    b: &[f64],
    points: &[u32],
    x: &mut [f64],
    update: &mut [f64],
) {
    let old = &*x;
    let update = &mut update[..points.len()];
    vector::for_blocks(update, &|start, update: &mut [f64]| {
        for (u, &i) in update.iter_mut().zip(&points[start..]) {
            let i = i as usize;
            let (columns, values) = a.row(i);
            let mut sum = b[i];
            for (&j, &v) in columns.iter().zip(values) {
                sum -= v * old[j as usize];
            }
            *u = inverse[i] * sum;
        }
    });
    for (&i, u) in points.iter().zip(update) {
        x[i as usize] += *u;
    }
}

impl Preconditioner<f64> for Air {
    fn apply(&mut self, r: &[f64], z: &mut [f64]) {
        let Self {
            levels,
            coarsest,
            fine_sweeps,
            coarse_sweeps,
        } = self;
        match levels.first_mut() {
            Some(level) => vector::copy(r, &mut level.b),
            None => vector::copy(r, &mut coarsest.b),
        }
        for index in 0..levels.len() {
            let (done, below) = levels.split_at_mut(index + 1);
            let level = &done[index];
            let next = below.first_mut().map_or(&mut coarsest.b, |l| &mut l.b);
            level.r.apply(&level.b, next);
        }
        coarsest.run();
        for index in (0..levels.len()).rev() {
            let (done, below) = levels.split_at_mut(index + 1);
            let level = &mut done[index];
            let correction = below.first().map_or(&coarsest.x, |l| &l.x);
            level.p.apply(correction, &mut level.x);
            let Level {
                a,
                inverse,
                fine,
                coarse,
                b,
                x,
                update,
                ..
            } = level;
            for _ in 0..*fine_sweeps {
                relax(a, inverse, b, fine, x, update);
            }
            for _ in 0..*coarse_sweeps {
                relax(a, inverse, b, coarse, x, update);
            }
        }
        vector::copy(levels.first().map_or(&coarsest.x, |l| &l.x), z);
    }
}
