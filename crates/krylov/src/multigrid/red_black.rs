//! Red-black Gauss-Seidel, with the two colours stored apart.
//!
//! Samples with i + j + k even are red, the others black; neighbours have different colours.
//!
//! ```text
//! x_c = x_c + omega ((b_c + T x_d) / D_c - x_c)        colours c, d = the other
//! ```
//!
//! T holds the faces, D the diagonal. Before the coarse correction the colour of the coarse samples
//! comes first, after it last: so the cycle is symmetric. In one dimension it is then exact; the
//! other way round the residual vanishes where the coarse grid looks, and the cycle gains a factor
//! 0.27 only.
//!
//! How the colours are stored stands in `split.rs`.
//!
//! **What need not be done.** With omega = 1 the residual of the colour relaxed last is zero, so that
//! only the other is restricted; from x = 0 the first sweep reads no neighbours; and the colour that
//! is relaxed first after the correction needs no correction at all.

use super::split::{Halves, SplitOperator};
use super::transfer::Transfer;
use crate::scalar::Real;
use crate::stencil::for_rows;

/// A level smoothed by red-black Gauss-Seidel.
#[derive(Clone, Debug)]
pub(super) struct RedBlack<T, O> {
    operator: O,
    omega: T,
    /// The colour relaxed first before the coarse correction: that of the coarse samples.
    lead: usize,
    /// Whether it comes last after the correction.
    symmetric: bool,
    /// By colour: red, black.
    x: [Vec<T>; 2],
    b: [Vec<T>; 2],
    r: [Vec<T>; 2],
}

impl<T: Real, O: SplitOperator<T>> RedBlack<T, O> {
    pub(super) fn new(operator: O, omega: T, lead: usize, symmetric: bool) -> Self {
        let n = operator.halves().len();
        let empty = || [vec![T::zero(); n], vec![T::zero(); n]];
        let mut r = empty();
        if omega == T::one() {
            r[1 - lead] = Vec::new();
        }
        Self {
            operator,
            omega,
            lead,
            symmetric,
            x: empty(),
            b: empty(),
            r,
        }
    }

    /// Takes b, and the first guess: x, or zero.
    pub(super) fn load(&mut self, b: &[T], x: Option<&[T]>) {
        let halves = self.operator.halves();
        for colour in 0..2 {
            split(halves, colour, b, &mut self.b[colour]);
            if let Some(x) = x {
                split(halves, colour, x, &mut self.x[colour]);
            }
        }
    }

    /// Gives x back.
    pub(super) fn store(&self, x: &mut [T]) {
        let halves = self.operator.halves();
        let nx = halves.nx;
        let [red, black] = &self.x;
        for_rows(x, nx, &|row, x: &mut [T]| {
            let (even, odd) = match halves.offset(row, 0) {
                0 => (red, black),
                _ => (black, red),
            };
            let range = row * halves.half..(row + 1) * halves.half;
            let pairs = even[range.clone()].iter().zip(&odd[range]);
            for (x, (&even, &odd)) in x.chunks_mut(2).zip(pairs) {
                x[0] = even;
                if let Some(x) = x.get_mut(1) {
                    *x = odd;
                }
            }
        });
    }

    fn relax(&mut self, colour: usize) {
        let (own, other) = pair(&mut self.x, colour);
        let (b, omega) = (&self.b[colour], self.omega);
        if omega == T::one() {
            self.operator
                .sweep(colour, other, own, |i, sum, _, inverse, _| {
                    (b[i] + sum) * inverse
                });
        } else {
            self.operator
                .sweep(colour, other, own, |i, sum, _, inverse, old| {
                    old + omega * ((b[i] + sum) * inverse - old)
                });
        }
    }

    /// `steps` sweeps, the leading colour first.
    pub(super) fn before(&mut self, steps: usize, from_zero: bool) {
        for step in 0..steps {
            if step == 0 && from_zero {
                let (b, omega) = (&self.b[self.lead], self.omega);
                let (own, other) = pair(&mut self.x, self.lead);
                if omega != T::one() {
                    other.fill(T::zero());
                }
                // The neighbours are zero: nothing of them is read.
                self.operator
                    .sweep(self.lead, other, own, |i, _, _, inverse, _| {
                        omega * (b[i] * inverse)
                    });
            } else {
                self.relax(self.lead);
            }
            self.relax(1 - self.lead);
        }
    }

    /// The colour relaxed first after the coarse correction.
    fn first_after(&self) -> usize {
        if self.symmetric {
            1 - self.lead
        } else {
            self.lead
        }
    }

    /// `steps` sweeps after the coarse correction.
    pub(super) fn after(&mut self, steps: usize) {
        let first = self.first_after();
        for _ in 0..steps {
            self.relax(first);
            self.relax(1 - first);
        }
    }

    /// b_c = P^T (b - A x), after [`RedBlack::before`].
    pub(super) fn restrict(&mut self, transfer: &mut Transfer<T>, coarse: &mut [T]) {
        let Self {
            operator,
            x,
            b,
            r,
            omega,
            lead,
            ..
        } = self;
        let whole = *omega != T::one();
        let colours = [*lead, 1 - *lead];
        let colours = if whole { &colours[..] } else { &colours[..1] };
        for &colour in colours {
            let (own, b) = (&x[colour], &b[colour]);
            operator.sweep(
                colour,
                &x[1 - colour],
                &mut r[colour],
                |i, sum, diagonal, _, _| b[i] + sum - diagonal * own[i],
            );
        }
        let halves = operator.halves();
        let h = halves.half;
        transfer.restrict(coarse, |row, w, even, odd| {
            for &colour in colours {
                let r = &r[colour][row * h..][..h];
                match halves.offset(row, colour) {
                    0 => super::transfer::add(w, r, even),
                    _ => super::transfer::add(w, r, odd),
                }
            }
        });
    }

    /// x = x + P e, before [`RedBlack::after`], which with omega = 1 overwrites the colour it begins
    /// with.
    pub(super) fn correct(&mut self, transfer: &mut Transfer<T>, e: &[T]) {
        let halves = *self.operator.halves();
        let overwritten = (self.omega == T::one()).then(|| self.first_after());
        for (colour, x) in self.x.iter_mut().enumerate() {
            if Some(colour) == overwritten {
                continue;
            }
            transfer.interpolate(e, x, halves.half, |row, x, values| {
                let offset = halves.offset(row, colour);
                values.for_each(offset, halves.count(offset), |m, value| x[m] += value);
            });
        }
    }
}

/// The samples of a colour, and the others.
fn pair<T>(x: &mut [Vec<T>; 2], colour: usize) -> (&mut Vec<T>, &mut Vec<T>) {
    let [red, black] = x;
    match colour {
        0 => (red, black),
        _ => (black, red),
    }
}

/// Gathers the samples of one colour.
fn split<T: Real>(halves: &Halves, colour: usize, x: &[T], own: &mut [T]) {
    let nx = halves.nx;
    for_rows(own, halves.half, &|row, own: &mut [T]| {
        let offset = halves.offset(row, colour);
        let count = halves.count(offset);
        let x = &x[row * nx..][..nx];
        for (own, pair) in own.iter_mut().zip(x[offset.min(nx)..].chunks(2)) {
            *own = pair[0];
        }
        own[count..].fill(T::zero());
    });
}
