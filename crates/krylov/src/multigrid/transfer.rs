//! Restriction and interpolation between two levels, as products over the axes.
//!
//! Rows along x are combined over y and z first, while their even and odd samples lie apart: then
//! all loops run over consecutive numbers. x comes last, on a quarter of the rows.
//!
//! ```text
//! b_I = w0_I r_{2I-1} + w1_I r_{2I} + w2_I r_{2I+1} + w3_I r_{2I+2}
//! ```

use rayon::prelude::*;

use super::coarsening::AxisCoarsening;
use crate::scalar::Real;

/// Samples below which a transfer stays on one thread.
const GRAIN: usize = 16 * 1024;

/// Portions of a transfer, each with scratch of its own.
const PORTIONS: usize = 64;

/// P and P^T between a level and the next coarser one.
#[derive(Clone, Debug)]
pub(super) struct Transfer<T> {
    pub(super) axes: [AxisCoarsening<T>; 3],
    /// Half the samples of a fine row, rounded up.
    half: usize,
    /// By pair (2m, 2m + 1) of fine samples: weights of coarse m and m - 1 in the even one, of m and
    /// m + 1 in the odd one.
    even: [Vec<T>; 2],
    odd: [Vec<T>; 2],
    scratch: Vec<T>,
}

/// y = y + w x.
#[inline]
pub(super) fn add<T: Real>(w: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += w * x;
    }
}

impl<T: Real> Transfer<T> {
    pub(super) fn new(axes: [AxisCoarsening<T>; 3]) -> Self {
        let [x, y, z] = &axes;
        let half = x.fine.div_ceil(2);
        let mut even = [vec![T::zero(); half], vec![T::zero(); half]];
        let mut odd = [vec![T::zero(); half], vec![T::zero(); half]];
        if let Some([w0, w1, w2, w3]) = &x.weights {
            let nc = x.coarse;
            let wraps = x.periodic && x.fine % 2 == 0;
            for m in 0..half {
                even[0][m] = w1.get(m).copied().unwrap_or_default();
                odd[0][m] = w2.get(m).copied().unwrap_or_default();
                even[1][m] = match m {
                    0 if wraps => w3[nc - 1],
                    0 => T::zero(),
                    _ => w3[m - 1],
                };
                odd[1][m] = match m + 1 {
                    next if next < nc => w0[next],
                    _ if wraps => w0[0],
                    _ => T::zero(),
                };
            }
        }
        let rows = (y.fine * z.fine).max(y.coarse * z.coarse);
        let portions = rows.min(PORTIONS);
        let scratch = vec![T::zero(); portions * (2 * half + 4)];
        Self {
            axes,
            half,
            even,
            odd,
            scratch,
        }
    }

    /// b = P^T r; `add_row(row, w, even, odd)` adds w times the samples of a fine row to the two
    /// halves.
    pub(super) fn restrict<F>(&mut self, b: &mut [T], add_row: F)
    where
        F: Fn(usize, T, &mut [T], &mut [T]) + Sync,
    {
        let Self {
            axes: [x, y, z],
            half,
            scratch,
            ..
        } = self;
        let h = *half;
        let (nc, periodic) = (x.coarse, x.periodic);
        in_portions(b, nc, scratch, 2 * h + 4, &|row, b, scratch| {
            let (j, k) = (row % y.coarse, row / y.coarse);
            // Halves with a sample on either side: [_, even.., wrap], [wrap, odd.., _].
            let (even, odd) = scratch.split_at_mut(h + 2);
            even.fill(T::zero());
            odd.fill(T::zero());
            for &(k, wk) in &z.restriction[k] {
                for &(j, wj) in &y.restriction[j] {
                    add_row(j + y.fine * k, wj * wk, &mut even[1..=h], &mut odd[1..=h]);
                }
            }
            if let Some([w0, w1, w2, w3]) = &x.weights {
                if periodic && x.fine % 2 == 0 {
                    even[h + 1] = even[1];
                    odd[0] = odd[h];
                }
                let (e0, e1) = (&even[1..][..nc], &even[2..][..nc]);
                let (o0, o1) = (&odd[..nc], &odd[1..][..nc]);
                let (w0, w1, w2, w3) = (&w0[..nc], &w1[..nc], &w2[..nc], &w3[..nc]);
                for (i, b) in b[..nc].iter_mut().enumerate() {
                    *b = (w0[i] * o0[i] + w1[i] * e0[i]) + (w2[i] * o1[i] + w3[i] * e1[i]);
                }
            } else {
                for (i, b) in b.iter_mut().enumerate() {
                    *b = if i % 2 == 0 {
                        even[1 + i / 2]
                    } else {
                        odd[1 + i / 2]
                    };
                }
            }
        });
    }

    /// x = x + P e, row by row: `x` has rows of `length` entries, and `add_to(row, x, values)` adds
    /// to one of them the values of P e that belong there.
    pub(super) fn interpolate<F>(&mut self, e: &[T], x: &mut [T], length: usize, add_to: F)
    where
        F: Fn(usize, &mut [T], &InterpolatedRow<'_, T>) + Sync,
    {
        let Self {
            axes: [ax, y, z],
            half,
            even,
            odd,
            scratch,
        } = self;
        let h = *half;
        let nc = ax.coarse;
        in_portions(x, length, scratch, 2 * h + 4, &|row, x, scratch| {
            let (j, k) = (row % y.fine, row / y.fine);
            scratch.fill(T::zero());
            let own = &mut scratch[1..=nc];
            for &(k, wk) in &z.interpolation[k] {
                for &(j, wj) in &y.interpolation[j] {
                    add(wj * wk, &e[(j + y.coarse * k) * nc..][..nc], own);
                }
            }
            let coarsened = ax.weights.is_some();
            if coarsened && ax.periodic {
                scratch[0] = scratch[nc];
                scratch[nc + 1] = scratch[1];
            }
            add_to(
                row,
                x,
                &InterpolatedRow {
                    coarse: scratch,
                    half: h,
                    even,
                    odd,
                    coarsened,
                },
            );
        });
    }

    /// b = P^T r for a natural vector r.
    pub(super) fn restrict_natural(&mut self, r: &[T], b: &mut [T]) {
        let nx = self.axes[0].fine;
        self.restrict(b, |row, w, even, odd| {
            let pairs = r[row * nx..][..nx].chunks(2);
            for ((even, odd), pair) in even.iter_mut().zip(odd).zip(pairs) {
                *even += w * pair[0];
                if let Some(&r) = pair.get(1) {
                    *odd += w * r;
                }
            }
        });
    }

    /// The solution on the fine grid from that on the coarse one, by cubics along each axis.
    pub(super) fn interpolate_solution(&self, coarse: &[T]) -> Vec<T> {
        let mut values = coarse.to_vec();
        let mut inner = 1;
        for axis in &self.axes {
            let outer = values.len() / (inner * axis.coarse);
            let mut finer = vec![T::zero(); outer * axis.fine * inner];
            for (from, to) in values
                .chunks_exact(axis.coarse * inner)
                .zip(finer.chunks_exact_mut(axis.fine * inner))
            {
                for (to, terms) in to.chunks_exact_mut(inner).zip(&axis.cubic) {
                    for &(i, weight) in terms {
                        add(weight, &from[i * inner..][..inner], to);
                    }
                }
            }
            values = finer;
            inner *= axis.fine;
        }
        values
    }

    /// x = x + P e for a natural vector x.
    pub(super) fn interpolate_natural(&mut self, e: &[T], x: &mut [T]) {
        let nx = self.axes[0].fine;
        self.interpolate(e, x, nx, |_, x, row| {
            row.for_each(0, nx.div_ceil(2), |m, value| x[2 * m] += value);
            row.for_each(1, nx / 2, |m, value| x[2 * m + 1] += value);
        });
    }
}

/// A row of P e, combined over y and z, not yet along x.
pub(super) struct InterpolatedRow<'a, T> {
    coarse: &'a [T],
    half: usize,
    even: &'a [Vec<T>; 2],
    odd: &'a [Vec<T>; 2],
    coarsened: bool,
}

impl<T: Real> InterpolatedRow<'_, T> {
    /// `f(m, value)` for the fine samples 2 m + `parity`, m < `count`.
    #[inline]
    pub(super) fn for_each(&self, parity: usize, count: usize, mut f: impl FnMut(usize, T)) {
        let c = self.coarse;
        if !self.coarsened {
            for m in 0..count {
                f(m, c[1 + 2 * m + parity]);
            }
            return;
        }
        let h = self.half;
        let ([a, b], other) = if parity == 0 {
            (self.even, &c[..h])
        } else {
            (self.odd, &c[2..][..h])
        };
        let own = &c[1..][..h];
        let (a, b) = (&a[..h], &b[..h]);
        for m in 0..count.min(h) {
            f(m, a[m] * own[m] + b[m] * other[m]);
        }
    }
}

/// Hands rows of y, of `length` entries, to `leaf(row, entries, scratch)`.
fn in_portions<T, L>(y: &mut [T], length: usize, scratch: &mut [T], own: usize, leaf: &L)
where
    T: Send,
    L: Fn(usize, &mut [T], &mut [T]) + Sync,
{
    let rows = y.len() / length;
    if y.len() <= GRAIN {
        for (row, y) in y.chunks_exact_mut(length).enumerate() {
            leaf(row, y, &mut scratch[..own]);
        }
        return;
    }
    let each = rows.div_ceil(scratch.len() / own);
    y.par_chunks_mut(each * length)
        .zip(scratch.par_chunks_mut(own))
        .enumerate()
        .for_each(|(portion, (y, scratch))| {
            for (row, y) in y.chunks_exact_mut(length).enumerate() {
                leaf(portion * each + row, y, scratch);
            }
        });
}

#[cfg(test)]
mod tests {
    use super::super::params::Coarsening;
    use super::*;
    use crate::{gallery, vector};

    #[test]
    fn restriction_is_the_transpose_of_interpolation() {
        for how in [
            Coarsening::Point,
            Coarsening::CellLinear,
            Coarsening::CellConstant,
        ] {
            for shape in [[9, 1, 1], [8, 6, 1], [7, 5, 4], [2, 3, 6], [1, 4, 2]] {
                for (periodic, wall) in [(false, 1.0), (false, 0.0), (true, 1.0)] {
                    for left_alone in 0..4 {
                        let axes = std::array::from_fn(|a| {
                            let n: usize = shape[a];
                            if a == left_alone || n == 1 {
                                return AxisCoarsening::none(n, periodic);
                            }
                            let mut faces = vec![1.0; n + 1];
                            (faces[0], faces[n]) = (wall, wall);
                            AxisCoarsening::new(&faces, periodic, how)
                        });
                        let fine: usize = shape.iter().product();
                        let coarse: usize = axes
                            .iter()
                            .map(|a: &AxisCoarsening<f64>| a.coarse)
                            .product();
                        let mut transfer = Transfer::new(axes);
                        let (r, e) = (gallery::noise(fine, 1), gallery::noise(coarse, 2));
                        let (mut b, mut x) = (vec![0.0; coarse], vec![0.0; fine]);
                        transfer.restrict_natural(&r, &mut b);
                        transfer.interpolate_natural(&e, &mut x);
                        let (left, right) = (vector::dot(&b, &e), vector::dot(&r, &x));
                        assert!(
                            (left - right).abs() < 1e-12,
                            "{how:?} {shape:?} {periodic} {left_alone}"
                        );
                        // And P is what its lists say.
                        let axes = &transfer.axes;
                        for (i, &x) in x.iter().enumerate() {
                            let at = [
                                i % shape[0],
                                i / shape[0] % shape[1],
                                i / (shape[0] * shape[1]),
                            ];
                            let mut expected = 0.0;
                            for &(p, wp) in &axes[0].interpolation[at[0]] {
                                for &(q, wq) in &axes[1].interpolation[at[1]] {
                                    for &(s, ws) in &axes[2].interpolation[at[2]] {
                                        expected += wp
                                            * wq
                                            * ws
                                            * e[p + axes[0].coarse * (q + axes[1].coarse * s)];
                                    }
                                }
                            }
                            assert!((x - expected).abs() < 1e-13);
                        }
                    }
                }
            }
        }
    }
}
