//! Coarse operators of the two stencils, and one level of the hierarchy.

use super::coarsening::AxisCoarsening;
use super::natural::Natural;
use super::params::{MultigridParams, Smoother};
use super::red_black::RedBlack;
use super::split::{Halves, SplitDiffusion, SplitOperator, SplitSeparable};
use super::transfer::Transfer;
use crate::operator::LinearOperator;
use crate::scalar::Real;
use crate::stencil::{Axis, DiffusionStencil, GridStencil, SeparableStencil};
use crate::vector;

/// Keeps the list of stencils that multigrid knows closed.
pub(super) mod sealed {
    use super::*;

    pub trait Coarsen<T: Real>: Sized {
        type Split: super::SplitOperator<T> + Clone + std::fmt::Debug;
        fn split(&self) -> Self::Split;
        /// The operator on the coarse grid.
        fn coarsen(&self, axes: &[AxisCoarsening<T>; 3]) -> Self;
        /// Faces along an axis, averaged over the grid.
        fn mean_faces(&self, axis: usize) -> Vec<T>;
    }
}

/// A stencil that multigrid can coarsen: [`SeparableStencil`] or [`DiffusionStencil`].
pub trait CoarsenableStencil<T: Real>:
    GridStencil<T> + LinearOperator<T> + Clone + std::fmt::Debug + Send + sealed::Coarsen<T>
{
}

impl<T: Real> CoarsenableStencil<T> for SeparableStencil<T> {}
impl<T: Real> CoarsenableStencil<T> for DiffusionStencil<T> {}

impl<T: Real> sealed::Coarsen<T> for SeparableStencil<T> {
    type Split = SplitSeparable<T>;

    fn split(&self) -> SplitSeparable<T> {
        SplitSeparable::new(self)
    }

    fn coarsen(&self, axes: &[AxisCoarsening<T>; 3]) -> Self {
        let coarse = self
            .axes()
            .iter()
            .zip(axes)
            .map(|(fine, axis)| Axis {
                faces: (0..=axis.coarse)
                    .map(|face| axis.series(face, |f| fine.faces[f]))
                    .collect(),
                widths: axis
                    .volumes
                    .iter()
                    .map(|terms| terms.iter().map(|&(i, w)| w * fine.widths[i]).sum())
                    .collect(),
                periodic: fine.periodic,
            })
            .collect();
        Self::new(coarse, self.reaction()).expect("a coarse axis is uniform where the fine one is")
    }

    fn mean_faces(&self, axis: usize) -> Vec<T> {
        let mut mean = T::one();
        for (a, other) in self.axes.iter().enumerate() {
            if a != axis {
                let sum: T = other.widths.iter().copied().sum();
                mean *= sum / T::from_f64(other.widths.len() as f64);
            }
        }
        self.axes[axis].faces.iter().map(|&t| mean * t).collect()
    }
}

impl<T: Real> sealed::Coarsen<T> for DiffusionStencil<T> {
    type Split = SplitDiffusion<T>;

    fn split(&self) -> SplitDiffusion<T> {
        SplitDiffusion::new(self)
    }

    fn coarsen(&self, axes: &[AxisCoarsening<T>; 3]) -> Self {
        let dim = self.dim();
        let coarse: [usize; 3] = std::array::from_fn(|a| axes[a].coarse);
        let faces = (0..dim)
            .map(|a| {
                let (b, c) = ((a + 1) % 3, (a + 2) % 3);
                let mut n = coarse;
                n[a] += 1;
                let mut faces = vec![T::zero(); n.iter().product()];
                crate::stencil::for_rows(&mut faces, n[0], &|row, faces: &mut [T]| {
                    for (i, face) in faces.iter_mut().enumerate() {
                        let at = [i, row % n[1], row / n[1]];
                        let mut sum = T::zero();
                        for &(p, wp) in &axes[b].volumes[at[b]] {
                            for &(q, wq) in &axes[c].volumes[at[c]] {
                                let t = axes[a].series(at[a], |f| {
                                    let mut at = [0; 3];
                                    (at[a], at[b], at[c]) = (f, p, q);
                                    self.face(a, at)
                                });
                                sum += wp * wq * t;
                            }
                        }
                        *face = sum;
                    }
                });
                faces
            })
            .collect();
        let extra = self.has_extra().then(|| {
            let [nx, ny, nz] = coarse;
            (0..nx * ny * nz)
                .map(|i| {
                    let mut sum = T::zero();
                    for &(p, wp) in &axes[0].volumes[i % nx] {
                        for &(q, wq) in &axes[1].volumes[i / nx % ny] {
                            for &(s, ws) in &axes[2].volumes[i / (nx * ny)] {
                                sum += wp * wq * ws * self.extra([p, q, s]);
                            }
                        }
                    }
                    sum
                })
                .collect()
        });
        Self::new(&coarse[..dim], &self.periodic()[..dim], faces, extra)
            .expect("sums of finite numbers that are not negative")
    }

    fn mean_faces(&self, axis: usize) -> Vec<T> {
        let n = self.shape();
        let (b, c) = ((axis + 1) % 3, (axis + 2) % 3);
        let lines = T::from_f64((n[b] * n[c]) as f64);
        let mut mean = vec![T::zero(); n[axis] + 1];
        for q in 0..n[c] {
            for p in 0..n[b] {
                for (f, mean) in mean.iter_mut().enumerate() {
                    let mut at = [0; 3];
                    (at[axis], at[b], at[c]) = (f, p, q);
                    *mean += self.face(axis, at);
                }
            }
        }
        mean.iter_mut().for_each(|t| *t /= lines);
        mean
    }
}

/// How the axes are coarsened below `stencil`; none where they cannot be.
pub(super) fn axes_to_coarsen<T: Real, S: CoarsenableStencil<T>>(
    stencil: &S,
    params: &MultigridParams,
) -> Option<[AxisCoarsening<T>; 3]> {
    let (shape, periodic) = (stencil.shape(), stencil.periodic());
    let faces: [Vec<T>; 3] = std::array::from_fn(|a| stencil.mean_faces(a));
    let strength: [f64; 3] = std::array::from_fn(|a| {
        let n = shape[a];
        let inner = &faces[a][1..n];
        inner.iter().map(|t| t.as_f64()).sum::<f64>() / inner.len().max(1) as f64
    });
    let strongest = (0..3)
        .filter(|&a| shape[a] > 1)
        .fold(0.0, |m: f64, a| m.max(strength[a]));
    let threshold = match params.smoother {
        Smoother::RedBlack | Smoother::Jacobi => params.semicoarsening,
        _ => 0.0,
    };
    let chosen = |a: usize| shape[a] > 1 && strength[a] >= threshold * strongest;
    (0..3).any(chosen).then(|| {
        std::array::from_fn(|a| {
            if chosen(a) {
                AxisCoarsening::new(&faces[a], periodic[a], params.coarsening)
            } else {
                AxisCoarsening::none(shape[a], periodic[a])
            }
        })
    })
}

/// The first guess of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// x = 0.
    Zero,
    /// What x holds.
    Given,
}

#[derive(Clone, Debug)]
enum Smoothing<T: Real, S: CoarsenableStencil<T>> {
    RedBlack(RedBlack<T, S::Split>),
    Natural(Natural<T>),
}

/// One level, with the way to the next coarser one.
#[derive(Clone, Debug)]
pub(super) struct Level<T: Real, S: CoarsenableStencil<T>> {
    pub(super) stencil: S,
    smoothing: Smoothing<T, S>,
    symmetric: bool,
    pub(super) transfer: Transfer<T>,
    /// Right-hand side and correction of the coarse problem.
    pub(super) coarse_b: Vec<T>,
    pub(super) coarse_x: Vec<T>,
}

impl<T: Real, S: CoarsenableStencil<T>> Level<T, S> {
    pub(super) fn new(stencil: S, axes: [AxisCoarsening<T>; 3], params: &MultigridParams) -> Self {
        let omega = T::from_f64(params.relaxation);
        let smoothing = match params.smoother {
            Smoother::RedBlack if Halves::two_colours(stencil.shape(), stencil.periodic()) => {
                let lead = axes.iter().map(AxisCoarsening::first).sum::<usize>() % 2;
                let smoother = RedBlack::new(stencil.split(), omega, lead, params.symmetric);
                Smoothing::RedBlack(smoother)
            }
            Smoother::RedBlack => Smoothing::Natural(Natural::points(&stencil, omega)),
            Smoother::Jacobi => Smoothing::Natural(Natural::jacobi(&stencil)),
            Smoother::ZebraX => Smoothing::Natural(Natural::zebra(&stencil, &[0])),
            Smoother::ZebraY => Smoothing::Natural(Natural::zebra(&stencil, &[1])),
            Smoother::ZebraZ => Smoothing::Natural(Natural::zebra(&stencil, &[2])),
            Smoother::AlternatingZebra => {
                let shape = stencil.shape();
                let axes: Vec<usize> = (0..3).filter(|&a| shape[a] > 1).collect();
                Smoothing::Natural(Natural::zebra(&stencil, &axes))
            }
        };
        let coarse: usize = axes.iter().map(|axis| axis.coarse).product();
        Self {
            stencil,
            smoothing,
            symmetric: params.symmetric,
            transfer: Transfer::new(axes),
            coarse_b: vec![T::zero(); coarse],
            coarse_x: vec![T::zero(); coarse],
        }
    }

    /// Smooths x for the right-hand side b, and restricts the residual to `coarse_b`.
    pub(super) fn descend(&mut self, b: &[T], x: &mut [T], start: Start, steps: usize) {
        match &mut self.smoothing {
            Smoothing::RedBlack(smoother) => {
                let zero = start == Start::Zero;
                smoother.load(b, (!zero).then_some(&*x));
                smoother.before(steps, zero);
                smoother.restrict(&mut self.transfer, &mut self.coarse_b);
            }
            Smoothing::Natural(smoother) => {
                if start == Start::Zero {
                    vector::fill(T::zero(), x);
                }
                smoother.smooth(&self.stencil, b, x, steps, false);
                self.stencil.residual(b, x, &mut smoother.r);
                self.transfer
                    .restrict_natural(&smoother.r, &mut self.coarse_b);
            }
        }
    }

    /// Adds the correction `coarse_x` to x, and smooths.
    pub(super) fn ascend(&mut self, b: &[T], x: &mut [T], steps: usize) {
        match &mut self.smoothing {
            Smoothing::RedBlack(smoother) => {
                smoother.correct(&mut self.transfer, &self.coarse_x);
                smoother.after(steps);
                smoother.store(x);
            }
            Smoothing::Natural(smoother) => {
                self.transfer.interpolate_natural(&self.coarse_x, x);
                smoother.smooth(&self.stencil, b, x, steps, self.symmetric);
            }
        }
    }
}
