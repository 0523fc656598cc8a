//! Direct solution of separable problems by sine, cosine and Fourier transforms.
//!
//! ```text
//! A = sum_a K_a + c     on uniform grids, K_a the second differences along axis a times k_a / h_a^2
//! ```
//!
//! The eigenvectors of K_a are sines, cosines or waves, whatever the boundary, and its eigenvalues
//! are known. So A is inverted *exactly*, not up to the discretisation error, by
//!
//! 1. transforming the right-hand side along every axis,
//! 2. dividing by the sum of the eigenvalues and c,
//! 3. transforming back.
//!
//! | axis | transform | eigenvalues of h^2 K / k |
//! |---|---|---|
//! | Dirichlet, points, at distance h of the walls | DST-I | 4 sin^2(pi (j + 1) / (2 (n + 1))) |
//! | Dirichlet, cells | DST-II | 4 sin^2(pi (j + 1) / (2 n)) |
//! | Neumann, points, the first and last on the walls | DCT-I | 4 sin^2(pi j / (2 (n - 1))) |
//! | Neumann, cells | DCT-II | 4 sin^2(pi j / (2 n)) |
//! | periodic | real DFT | 4 sin^2(pi j / n) |
//!
//! In a point-centred Neumann axis the end points own half a cell: their rows of A, and so the
//! right-hand side, are halved, which keeps A symmetric ([`FastPoisson::operator`] is that A).
//! Where constants map to zero, a multiple of the widths of the cells is left out of the right-hand
//! side, so that its sum vanishes, and the solution has mean zero.
//!
//! Cost: O(log n) operations an unknown. Source: Swarztrauber (1977), SIAM Review 19, 490;
//! Buzbee, Golub and Nielson (1970), SIAM J. Numer. Anal. 7, 627. Bad at: anything but constant
//! coefficients on uniform grids; there it is a preconditioner.

mod axis;
#[cfg(test)]
mod tests;
mod transform;

pub use axis::{PoissonAxis, PoissonBoundary};

use rayon::prelude::*;
use realfft::{FftNum, RealFftPlanner};
use transform::{Scratch, Transform, real};

use crate::operator::LinearOperator;
use crate::preconditioner::Preconditioner;
use crate::scalar::Real;
use crate::stencil::{SeparableStencil, StencilError};

/// Columns gathered together: a cache line of f64.
const COLUMNS: usize = 8;

/// Portions of a pass, each with memory of its own.
const PORTIONS: usize = 64;

/// Entries below which a pass stays on one thread.
const GRAIN: usize = 16 * 1024;

/// A direct solver with its plans and memory.
///
/// ```
/// use pdesolve_krylov::{Preconditioner, fast_poisson::{FastPoisson, PoissonAxis}};
///
/// let mut solver = FastPoisson::<f64>::new(&[PoissonAxis::dirichlet_points(30, 1.0); 2], 0.0)?;
/// let (b, mut x) = (vec![1.0; 900], vec![0.0; 900]);
/// solver.apply(&b, &mut x);
/// # Ok::<(), pdesolve_krylov::stencil::StencilError>(())
/// ```
pub struct FastPoisson<T: Real + FftNum> {
    operator: SeparableStencil<T>,
    /// z, y, x: the order in which they are transformed.
    transforms: [Option<Transform<T>>; 3],
    shape: [usize; 3],
    eigenvalues: [Vec<f64>; 3],
    reaction: f64,
    /// Below this a sum of eigenvalues is zero.
    null: f64,
    work: [Vec<T>; 2],
    portions: Vec<Portion<T>>,
}

struct Portion<T> {
    columns: Vec<T>,
    /// By axis: x, y, z.
    scratch: [Scratch<T>; 3],
}

/// What is done to the lines of a pass.
#[derive(Clone, Copy)]
enum Pass {
    Forward(usize),
    Backward(usize),
    /// Forward along x, division by the eigenvalues, backward along x.
    Divide,
    /// Nothing but the transposition.
    Turn,
}

impl<T: Real + FftNum> FastPoisson<T> {
    /// The solver for these axes, x first, and c = `reaction`.
    ///
    /// # Errors
    /// [`StencilError`] for other than 1 to 3 axes, empty ones, fewer than two Neumann points, or
    /// negative numbers.
    pub fn new(axes: &[PoissonAxis], reaction: f64) -> Result<Self, StencilError> {
        let few = |axis: &PoissonAxis| {
            axis.n == 0 || (axis.n < 2 && axis.boundary == PoissonBoundary::NeumannPoints)
        };
        if axes.iter().any(few) {
            return Err(StencilError::Shape {
                shape: axes.iter().map(|axis| axis.n).collect(),
            });
        }
        let stencil = axes.iter().map(PoissonAxis::stencil).collect();
        let operator = SeparableStencil::new(stencil, real(reaction))?;
        let mut planner = RealFftPlanner::new();
        let transforms: [Option<Transform<T>>; 3] = std::array::from_fn(|a| {
            axes.get(a)
                .map(|axis| Transform::new(axis.kind(), axis.n, &mut planner))
        });
        let shape: [usize; 3] = std::array::from_fn(|a| axes.get(a).map_or(1, |axis| axis.n));
        let eigenvalues: [Vec<f64>; 3] = std::array::from_fn(|a| {
            axes.get(a)
                .map_or_else(|| vec![0.0], PoissonAxis::eigenvalues)
        });
        let n: usize = shape.iter().product();
        let longest = shape.iter().copied().max().unwrap_or(1);
        let largest: f64 = axes.iter().map(|axis| 4.0 * axis.weight).sum();
        let portions = (0..if n > GRAIN { PORTIONS } else { 1 })
            .map(|_| Portion {
                columns: vec![real(0.0); COLUMNS * longest],
                scratch: std::array::from_fn(|a| {
                    transforms[a]
                        .as_ref()
                        .map_or_else(Scratch::default, Transform::scratch)
                }),
            })
            .collect();
        Ok(Self {
            operator,
            transforms,
            shape,
            eigenvalues,
            reaction,
            null: 1e-15 * (largest + reaction),
            work: [vec![real(0.0); n], vec![real(0.0); n]],
            portions,
        })
    }

    /// The operator A that is inverted.
    pub fn operator(&self) -> &SeparableStencil<T> {
        &self.operator
    }

    /// x = A^-1 b; see the [module](self) for singular A. Relative error: a few roundings times the
    /// condition number of A, relative residual: near rounding.
    ///
    /// # Panics
    /// Unless b and x have an entry a sample.
    pub fn solve(&mut self, b: &[T], x: &mut [T]) {
        let n = self.operator.nrows();
        assert!(b.len() == n && x.len() == n, "vectors that fit the grid");
        let [mut u, mut v] = std::mem::take(&mut self.work);
        // [z][y][x] turns to [y][x][z], [x][z][y] and back, and so twice. Axes of one sample leave
        // the order in memory as it is.
        let mut passes = [Pass::Turn; 6];
        let mut count = 0;
        let mut push = |pass| {
            passes[count] = pass;
            count += 1;
        };
        let across = || [2, 1].into_iter().filter(|&a| self.transforms[a].is_some());
        across().for_each(|a| push(Pass::Forward(a)));
        push(Pass::Divide);
        across().for_each(|a| push(Pass::Backward(a)));
        if self.transforms[1].is_some() {
            push(Pass::Turn);
        }
        let passes = &passes[..count];
        for (i, &pass) in passes.iter().enumerate() {
            let last = i + 1 == passes.len();
            match (i == 0, last) {
                (true, true) => self.pass(pass, b, x),
                (true, false) => self.pass(pass, b, &mut v),
                (false, true) => self.pass(pass, &u, x),
                (false, false) => self.pass(pass, &u, &mut v),
            }
            std::mem::swap(&mut u, &mut v);
        }
        self.work = [u, v];
        if self.operator.null_space().is_some() {
            self.take_out_mean(x);
        }
    }

    /// x = x - mean of x.
    fn take_out_mean(&self, x: &mut [T]) {
        let n = real(x.len() as f64);
        let sum = crate::vector::reduce(0..x.len(), &|range: std::ops::Range<usize>| {
            x[range].iter().copied().sum::<T>()
        });
        let mean = sum / n;
        crate::vector::for_blocks(x, &|_, x: &mut [T]| x.iter_mut().for_each(|x| *x -= mean));
    }

    /// One pass: `from` is a matrix of n_a rows, its columns are the lines along an axis; they become
    /// the rows of `to`, transformed.
    fn pass(&mut self, pass: Pass, from: &[T], to: &mut [T]) {
        let axis = match pass {
            Pass::Forward(axis) | Pass::Backward(axis) => axis,
            Pass::Divide | Pass::Turn => 0,
        };
        let Self {
            transforms,
            shape,
            eigenvalues,
            reaction,
            null,
            portions,
            ..
        } = self;
        let Some(transform) = &transforms[axis] else {
            return;
        };
        let n = shape[axis];
        let lines = from.len() / n;
        let ny = shape[1];
        let lambda = &eigenvalues[0];
        let do_lines = |first: usize, to: &mut [T], portion: &mut Portion<T>| {
            let scratch = &mut portion.scratch[axis];
            for (block, to) in to.chunks_mut(COLUMNS * n).enumerate() {
                let start = first + block * COLUMNS;
                let count = to.len() / n;
                for i in 0..n {
                    let row = &from[i * lines + start..][..count];
                    for (c, &v) in row.iter().enumerate() {
                        portion.columns[c * n + i] = v;
                    }
                }
                to.copy_from_slice(&portion.columns[..count * n]);
                for (c, line) in to.chunks_exact_mut(n).enumerate() {
                    match pass {
                        Pass::Forward(_) => transform.forward(line, scratch),
                        Pass::Backward(_) => transform.backward(line, scratch),
                        Pass::Turn => {}
                        Pass::Divide => {
                            transform.forward(line, scratch);
                            let (j, k) = ((start + c) % ny, (start + c) / ny);
                            let other = eigenvalues[1][j] + eigenvalues[2][k] + *reaction;
                            for (v, &own) in line.iter_mut().zip(lambda) {
                                let sum = own + other;
                                *v = if sum > *null {
                                    *v / real(sum)
                                } else {
                                    real(0.0)
                                };
                            }
                            transform.backward(line, scratch);
                        }
                    }
                }
            }
        };
        if portions.len() == 1 {
            do_lines(0, to, &mut portions[0]);
            return;
        }
        let each = lines.div_ceil(PORTIONS).next_multiple_of(COLUMNS);
        to.par_chunks_mut(each * n)
            .zip(portions.par_iter_mut())
            .enumerate()
            .for_each(|(p, (to, portion))| do_lines(p * each, to, portion));
    }
}

impl<T: Real + FftNum> Preconditioner<T> for FastPoisson<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.solve(r, z);
    }
}
