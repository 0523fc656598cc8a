//! Smoothers on vectors in their natural order: damped Jacobi, and zebra lines.
//!
//! ```text
//! x = x + omega B^-1 (b - A x)   on the samples of one colour
//! ```
//!
//! B is the diagonal, or the tridiagonal part of A along one axis, factorised once (Thomas). Lines
//! have the colour of the sum of their other two indices. They damp what is rough across strongly
//! coupled lines, however strong the coupling: for grid-aligned anisotropy, where points fail.
//!
//! On a periodic axis B leaves out the coupling across the seam, and on one of odd length two
//! neighbouring lines share a colour; B stays larger than A / 2 in both cases, so that the smoother
//! converges, a little slower. Red-black smoothing of points takes this way on grids with a periodic
//! axis of odd length.

use crate::operator::LinearOperator;
use crate::scalar::Real;
use crate::stencil::{GridStencil, for_rows};

/// One partial sweep.
#[derive(Clone, Copy, Debug)]
struct Step<T> {
    /// Axis of the lines; none for points.
    axis: Option<usize>,
    /// 0 or 1; none for all samples.
    colour: Option<usize>,
    omega: T,
}

/// LU factors of the tridiagonal parts along one axis, in natural order.
#[derive(Clone, Debug)]
struct Lines<T> {
    axis: usize,
    /// t of the lower face over the pivot before; 0 at the first sample.
    multiplier: Vec<T>,
    /// 1 / pivot.
    inverse: Vec<T>,
    /// t of the upper face; 0 at the last sample.
    upper: Vec<T>,
}

/// A level smoothed in natural order.
#[derive(Clone, Debug)]
pub(super) struct Natural<T> {
    shape: [usize; 3],
    steps: Vec<Step<T>>,
    lines: Vec<Lines<T>>,
    inverse: Vec<T>,
    pub(super) r: Vec<T>,
}

impl<T: Real> Natural<T> {
    /// Damped Jacobi.
    pub(super) fn jacobi(stencil: &(impl GridStencil<T> + LinearOperator<T>)) -> Self {
        let dim = stencil.shape().iter().filter(|&&n| n > 1).count().max(1) as f64;
        let step = Step {
            axis: None,
            colour: None,
            omega: T::from_f64(2.0 * dim / (2.0 * dim + 1.0)),
        };
        Self::new(stencil, vec![step])
    }

    /// Gauss-Seidel on two colours of points.
    pub(super) fn points(stencil: &(impl GridStencil<T> + LinearOperator<T>), omega: T) -> Self {
        let steps = [0, 1].map(|colour| Step {
            axis: None,
            colour: Some(colour),
            omega,
        });
        Self::new(stencil, steps.to_vec())
    }

    /// Zebra lines along these axes, one after the other.
    pub(super) fn zebra(
        stencil: &(impl GridStencil<T> + LinearOperator<T>),
        axes: &[usize],
    ) -> Self {
        let steps = axes
            .iter()
            .flat_map(|&axis| {
                [0, 1].map(|colour| Step {
                    axis: Some(axis),
                    colour: Some(colour),
                    omega: T::one(),
                })
            })
            .collect();
        Self::new(stencil, steps)
    }

    fn new(stencil: &(impl GridStencil<T> + LinearOperator<T>), steps: Vec<Step<T>>) -> Self {
        let shape = stencil.shape();
        let n: usize = shape.iter().product();
        let mut axes: Vec<usize> = steps.iter().filter_map(|step| step.axis).collect();
        axes.dedup();
        let at = |i: usize| {
            [
                i % shape[0],
                i / shape[0] % shape[1],
                i / (shape[0] * shape[1]),
            ]
        };
        let lines = axes
            .into_iter()
            .map(|axis| {
                let stride: usize = shape[..axis].iter().product();
                let (mut multiplier, mut inverse) = (vec![T::zero(); n], vec![T::zero(); n]);
                let mut upper = vec![T::zero(); n];
                for i in 0..n {
                    let at = at(i);
                    let mut pivot = stencil.diagonal_at(at);
                    if at[axis] > 0 {
                        let t = stencil.face(axis, at);
                        multiplier[i] = t * inverse[i - stride];
                        pivot -= t * multiplier[i];
                    }
                    if at[axis] + 1 < shape[axis] {
                        let mut above = at;
                        above[axis] += 1;
                        upper[i] = stencil.face(axis, above);
                    }
                    inverse[i] = reciprocal(pivot);
                }
                Lines {
                    axis,
                    multiplier,
                    inverse,
                    upper,
                }
            })
            .collect();
        let inverse = if steps.iter().any(|step| step.axis.is_none()) {
            (0..n)
                .map(|i| reciprocal(stencil.diagonal_at(at(i))))
                .collect()
        } else {
            Vec::new()
        };
        Self {
            shape,
            steps,
            lines,
            inverse,
            r: vec![T::zero(); n],
        }
    }

    /// `count` smoothing steps, their partial sweeps in reverse order where `backward`.
    pub(super) fn smooth<A: LinearOperator<T>>(
        &mut self,
        a: &A,
        b: &[T],
        x: &mut [T],
        count: usize,
        backward: bool,
    ) {
        for _ in 0..count {
            for s in 0..self.steps.len() {
                let s = if backward {
                    self.steps.len() - 1 - s
                } else {
                    s
                };
                self.step(a, b, x, self.steps[s]);
            }
        }
    }

    fn step<A: LinearOperator<T>>(&mut self, a: &A, b: &[T], x: &mut [T], step: Step<T>) {
        a.residual(b, x, &mut self.r);
        if let Some(lines) = self.lines.iter().find(|l| Some(l.axis) == step.axis) {
            lines.solve(self.shape, &mut self.r);
        }
        let [nx, ny, _] = self.shape;
        let (r, inverse) = (&self.r, &self.inverse);
        for_rows(x, nx, &|row, x: &mut [T]| {
            let r = &r[row * nx..][..nx];
            let (j, k) = (row % ny, row / ny);
            // Along x a line has one colour, along y or z colours alternate with i.
            let (others, alternating) = match step.axis {
                None => (j + k, true),
                Some(0) => (j + k, false),
                Some(1) => (k, true),
                Some(_) => (j, true),
            };
            let (start, stride) = match step.colour {
                None => (0, 1),
                Some(colour) if alternating => ((colour + others) % 2, 2),
                Some(colour) if others % 2 == colour => (0, 1),
                Some(_) => return,
            };
            match step.axis {
                None => {
                    let inverse = &inverse[row * nx..][..nx];
                    for i in (start..nx).step_by(stride) {
                        x[i] += step.omega * inverse[i] * r[i];
                    }
                }
                Some(_) => {
                    for i in (start..nx).step_by(stride) {
                        x[i] += step.omega * r[i];
                    }
                }
            }
        });
    }
}

impl<T: Real> Lines<T> {
    /// r = B^-1 r on all lines.
    fn solve(&self, shape: [usize; 3], r: &mut [T]) {
        let [nx, ny, _] = shape;
        // Lines lie within a slab: a row, a plane, or for z everything.
        let (slab, stride) = match self.axis {
            0 => (nx, 1),
            1 => (nx * ny, nx),
            _ => (r.len(), nx * ny),
        };
        for_rows(r, slab, &|s, r: &mut [T]| {
            let range = s * slab..(s + 1) * slab;
            let (multiplier, inverse) = (
                &self.multiplier[range.clone()],
                &self.inverse[range.clone()],
            );
            let upper = &self.upper[range];
            for start in (stride..slab).step_by(stride) {
                let (below, own) = r.split_at_mut(start);
                let below = &below[start - stride..];
                let multiplier = &multiplier[start..][..stride];
                for ((own, &below), &m) in own.iter_mut().zip(below).zip(multiplier) {
                    *own += m * below;
                }
            }
            for start in (0..slab).step_by(stride).rev() {
                let (own, above) = r.split_at_mut(start + stride);
                let own = &mut own[start..];
                let inverse = &inverse[start..][..stride];
                if above.is_empty() {
                    for (own, &inverse) in own.iter_mut().zip(inverse) {
                        *own *= inverse;
                    }
                } else {
                    let upper = &upper[start..][..stride];
                    for (((own, &above), &inverse), &t) in
                        own.iter_mut().zip(&above[..stride]).zip(inverse).zip(upper)
                    {
                        *own = (*own + t * above) * inverse;
                    }
                }
            }
        });
    }
}

/// 1 / d, and 0 for an isolated sample.
fn reciprocal<T: Real>(d: T) -> T {
    if d > T::zero() {
        T::one() / d
    } else {
        T::zero()
    }
}
