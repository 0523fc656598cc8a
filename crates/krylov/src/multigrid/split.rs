//! Grid values with the two colours of a chequerboard stored apart, and the stencils on them.
//!
//! Samples with i + j + k even are red, the others black; neighbours have different colours. Row
//! (j, k) of parity p = (j + k) mod 2 holds the red samples i = 2m + p, and apart from them the
//! black ones i = 2m + 1 - p. The neighbours of red m then stand at m in the black rows around, and
//! at m - 1 + p and m + p in its own: a sweep reads consecutive numbers only, no number twice, and
//! threads write one colour while they read the other.

use crate::scalar::Real;
use crate::stencil::{DiffusionStencil, GridStencil, SeparableStencil, for_rows};

/// Where a sample stands in the storage by colours.
#[derive(Clone, Copy, Debug)]
pub struct Halves {
    pub(super) nx: usize,
    pub(super) ny: usize,
    pub(super) nz: usize,
    /// Entries of a row of one colour, the last one idle where n_x is odd and the row has less.
    pub(super) half: usize,
    periodic: [bool; 3],
}

/// Neighbouring rows of one colour.
struct Rows<'a, T> {
    own: &'a [T],
    south: &'a [T],
    north: &'a [T],
    below: &'a [T],
    above: &'a [T],
}

impl Halves {
    pub(super) fn new(shape: [usize; 3], periodic: [bool; 3]) -> Self {
        Self {
            nx: shape[0],
            ny: shape[1],
            nz: shape[2],
            half: shape[0].div_ceil(2),
            periodic,
        }
    }

    /// Whether neighbours always differ in colour: no periodic axis of odd length.
    pub(super) fn two_colours(shape: [usize; 3], periodic: [bool; 3]) -> bool {
        (0..3).all(|a| !periodic[a] || shape[a].is_multiple_of(2) || shape[a] == 1)
    }

    pub(super) fn len(&self) -> usize {
        self.half * self.ny * self.nz
    }

    /// First sample of a row in a colour: 0 or 1.
    pub(super) fn offset(&self, row: usize, colour: usize) -> usize {
        (row % self.ny + row / self.ny + colour) % 2
    }

    fn neighbours<'a, T>(&self, row: usize, x: &'a [T], zeros: &'a [T]) -> Rows<'a, T> {
        let (ny, nz, h) = (self.ny, self.nz, self.half);
        let (j, k) = (row % ny, row / ny);
        let at = |j: usize, k: usize| &x[(j + ny * k) * h..][..h];
        let zeros = &zeros[..h];
        let [_, py, pz] = self.periodic;
        let step = |i: usize, n: usize, periodic: bool| {
            let lower = (i > 0).then(|| i - 1).or(periodic.then_some(n - 1));
            let upper = (i + 1 < n).then_some(i + 1).or(periodic.then_some(0));
            (lower, upper)
        };
        let (south, north) = step(j, ny, py);
        let (below, above) = step(k, nz, pz);
        Rows {
            own: at(j, k),
            south: south.map_or(zeros, |j| at(j, k)),
            north: north.map_or(zeros, |j| at(j, k)),
            below: below.map_or(zeros, |k| at(j, k)),
            above: above.map_or(zeros, |k| at(j, k)),
        }
    }

    /// Places of the neighbours west and east of entry m in the row of the other colour.
    fn sides(&self, m: usize, offset: usize) -> (Option<usize>, Option<usize>) {
        let i = 2 * m + offset;
        let wraps = self.periodic[0];
        let place = |i: usize| i / 2;
        let west = (i > 0)
            .then(|| place(i - 1))
            .or(wraps.then_some(place(self.nx - 1)));
        let east = (i + 1 < self.nx)
            .then(|| place(i + 1))
            .or(wraps.then_some(0));
        (west, east)
    }

    /// Entries of a row of one colour that stand for a sample.
    pub(super) fn count(&self, offset: usize) -> usize {
        (self.nx + 1 - offset) / 2
    }
}

/// An operator in storage by colours.
pub trait SplitOperator<T: Real>: Send + Sync {
    /// y_i = finish(i, sum of t_f x_f over the faces of i, D_i, 1 / D_i, y_i) for the samples i of
    /// `colour`, x being of the other.
    fn sweep<F>(&self, colour: usize, x: &[T], y: &mut [T], finish: F)
    where
        F: Fn(usize, T, T, T, T) -> T + Sync;

    /// How samples are stored.
    fn halves(&self) -> &Halves;
}

/// A [`SeparableStencil`] by colours: the coefficients are a few numbers a row.
#[derive(Clone, Debug)]
pub struct SplitSeparable<T> {
    stencil: SeparableStencil<T>,
    halves: Halves,
    zeros: Vec<T>,
}

impl<T: Real> SplitSeparable<T> {
    pub(super) fn new(stencil: &SeparableStencil<T>) -> Self {
        let halves = Halves::new(stencil.shape(), stencil.periodic());
        Self {
            stencil: stencil.clone(),
            halves,
            zeros: vec![T::zero(); halves.half],
        }
    }

    #[inline]
    fn sweep_in<const DIM: usize, F>(&self, colour: usize, x: &[T], y: &mut [T], finish: F)
    where
        F: Fn(usize, T, T, T, T) -> T + Sync,
    {
        let halves = &self.halves;
        let h = halves.half;
        let [ax, ay, az] = &self.stencil.axes;
        assert!(
            x.len() == halves.len() && y.len() == x.len(),
            "halves that fit the grid"
        );
        for_rows(y, h, &|row, y: &mut [T]| {
            let y = &mut y[..h];
            let (j, k) = (row % halves.ny, row / halves.ny);
            let offset = halves.offset(row, colour);
            let other = halves.neighbours(row, x, &self.zeros);
            let (wy, wz) = (ay.widths[j], az.widths[k]);
            let (ts, tn) = (ay.faces[j] * wz, ay.faces[j + 1] * wz);
            let (tb, ta) = (az.faces[k] * wy, az.faces[k + 1] * wy);
            let across = (ts + tn) + (tb + ta) + self.stencil.reaction * (wy * wz);
            let first = row * h;
            let ends = |m: usize, y: &mut [T]| {
                let i = 2 * m + offset;
                let (tw, te) = (ax.faces[i] * (wy * wz), ax.faces[i + 1] * (wy * wz));
                let width = ax.widths[i];
                let (west, east) = halves.sides(m, offset);
                let west = west.map_or(T::zero(), |w| tw * other.own[w]);
                let east = east.map_or(T::zero(), |e| te * other.own[e]);
                let sum = match DIM {
                    1 => T::zero(),
                    2 => ts * other.south[m] + tn * other.north[m],
                    _ => {
                        (ts * other.south[m] + tn * other.north[m])
                            + (tb * other.below[m] + ta * other.above[m])
                    }
                };
                let diagonal = tw + te + width * across;
                let sum = west + east + width * sum;
                y[m] = finish(first + m, sum, diagonal, T::one() / diagonal, y[m]);
            };
            let count = halves.count(offset);
            if h > 4 {
                let n = h - 3;
                let width = ax.widths[2];
                let tx = ax.faces[2] * (wy * wz);
                let (ts, tn, tb, ta) = (width * ts, width * tn, width * tb, width * ta);
                let diagonal = tx + tx + width * across;
                let inverse = T::one() / diagonal;
                let (west, east) = (&other.own[offset..][..n], &other.own[1 + offset..][..n]);
                let (south, north) = (&other.south[1..][..n], &other.north[1..][..n]);
                let (below, above) = (&other.below[1..][..n], &other.above[1..][..n]);
                for (m, y) in y[1..][..n].iter_mut().enumerate() {
                    let mut sum = tx * (west[m] + east[m]);
                    if DIM > 1 {
                        sum += ts * south[m] + tn * north[m];
                    }
                    if DIM > 2 {
                        sum += tb * below[m] + ta * above[m];
                    }
                    *y = finish(first + 1 + m, sum, diagonal, inverse, *y);
                }
                ends(0, y);
                for m in h - 2..count {
                    ends(m, y);
                }
            } else {
                for m in 0..count {
                    ends(m, y);
                }
            }
            // An idle entry stays what neighbours behind a wall are: zero.
            y[count..].fill(T::zero());
        });
    }
}

impl<T: Real> SplitOperator<T> for SplitSeparable<T> {
    #[inline]
    fn sweep<F>(&self, colour: usize, x: &[T], y: &mut [T], finish: F)
    where
        F: Fn(usize, T, T, T, T) -> T + Sync,
    {
        match self.stencil.dim() {
            1 => self.sweep_in::<1, F>(colour, x, y, finish),
            2 => self.sweep_in::<2, F>(colour, x, y, finish),
            _ => self.sweep_in::<3, F>(colour, x, y, finish),
        }
    }

    fn halves(&self) -> &Halves {
        &self.halves
    }
}

/// A [`DiffusionStencil`] by colours: every sample has its lower face along each axis, and finds its
/// upper one at its neighbour, which has the other colour.
#[derive(Clone, Debug)]
pub struct SplitDiffusion<T> {
    halves: Halves,
    dim: usize,
    /// `[colour][axis]`.
    lower: [[Vec<T>; 3]; 2],
    diagonal: [Vec<T>; 2],
    inverse: [Vec<T>; 2],
    zeros: Vec<T>,
}

impl<T: Real> SplitDiffusion<T> {
    pub(super) fn new(stencil: &DiffusionStencil<T>) -> Self {
        let halves = Halves::new(stencil.shape(), stencil.periodic());
        let dim = stencil.dim();
        let gather = |colour: usize, value: &dyn Fn([usize; 3]) -> T| {
            let mut all = vec![T::zero(); halves.len()];
            for (row, own) in all.chunks_exact_mut(halves.half).enumerate() {
                let offset = halves.offset(row, colour);
                for (m, v) in own.iter_mut().enumerate().take(halves.count(offset)) {
                    *v = value([2 * m + offset, row % halves.ny, row / halves.ny]);
                }
            }
            all
        };
        let by_colour = |value: &dyn Fn([usize; 3]) -> T| [gather(0, value), gather(1, value)];
        let inverted = |at| {
            let d = stencil.diagonal_at(at);
            if d > T::zero() {
                T::one() / d
            } else {
                T::zero()
            }
        };
        Self {
            halves,
            dim,
            lower: std::array::from_fn(|colour| {
                std::array::from_fn(|axis| {
                    if axis < dim {
                        gather(colour, &|at| stencil.face(axis, at))
                    } else {
                        Vec::new()
                    }
                })
            }),
            diagonal: by_colour(&|at| stencil.diagonal_at(at)),
            inverse: by_colour(&inverted),
            zeros: vec![T::zero(); halves.half],
        }
    }

    #[inline]
    fn sweep_in<const DIM: usize, F>(&self, colour: usize, x: &[T], y: &mut [T], finish: F)
    where
        F: Fn(usize, T, T, T, T) -> T + Sync,
    {
        let halves = &self.halves;
        let h = halves.half;
        assert!(
            x.len() == halves.len() && y.len() == x.len(),
            "halves that fit the grid"
        );
        let (lower, upper) = (&self.lower[colour], &self.lower[1 - colour]);
        for_rows(y, h, &|row, y: &mut [T]| {
            let y = &mut y[..h];
            let offset = halves.offset(row, colour);
            let other = halves.neighbours(row, x, &self.zeros);
            let own = |v: &'_ [T]| -> std::ops::Range<usize> {
                debug_assert!(v.len() >= (row + 1) * h, "a face a sample");
                row * h..(row + 1) * h
            };
            let zeros = &self.zeros[..h];
            let tw = &lower[0][own(&lower[0])];
            let tx = &upper[0][own(&upper[0])];
            let (ts, tn) = if DIM > 1 {
                let above = halves.neighbours(row, &upper[1], zeros);
                (&lower[1][own(&lower[1])], above.north)
            } else {
                (zeros, zeros)
            };
            let (tb, ta) = if DIM > 2 {
                let above = halves.neighbours(row, &upper[2], zeros);
                (&lower[2][own(&lower[2])], above.above)
            } else {
                (zeros, zeros)
            };
            let diagonal = &self.diagonal[colour][row * h..][..h];
            let inverse = &self.inverse[colour][row * h..][..h];
            let first = row * h;
            let ends = |m: usize, y: &mut [T]| {
                let (west, east) = halves.sides(m, offset);
                let mut sum = west.map_or(T::zero(), |w| tw[m] * other.own[w])
                    + east.map_or(T::zero(), |e| tx[e] * other.own[e]);
                if DIM > 1 {
                    sum += ts[m] * other.south[m] + tn[m] * other.north[m];
                }
                if DIM > 2 {
                    sum += tb[m] * other.below[m] + ta[m] * other.above[m];
                }
                y[m] = finish(first + m, sum, diagonal[m], inverse[m], y[m]);
            };
            let count = halves.count(offset);
            if h > 2 {
                let n = h - 2;
                let (west, east) = (&other.own[offset..][..n], &other.own[1 + offset..][..n]);
                let (tw, te) = (&tw[1..][..n], &tx[1 + offset..][..n]);
                let (south, north) = (&other.south[1..][..n], &other.north[1..][..n]);
                let (below, above) = (&other.below[1..][..n], &other.above[1..][..n]);
                let (ts, tn) = (&ts[1..][..n], &tn[1..][..n]);
                let (tb, ta) = (&tb[1..][..n], &ta[1..][..n]);
                let (diagonal, inverse) = (&diagonal[1..][..n], &inverse[1..][..n]);
                for (m, y) in y[1..][..n].iter_mut().enumerate() {
                    let mut sum = tw[m] * west[m] + te[m] * east[m];
                    if DIM > 1 {
                        sum += ts[m] * south[m] + tn[m] * north[m];
                    }
                    if DIM > 2 {
                        sum += tb[m] * below[m] + ta[m] * above[m];
                    }
                    *y = finish(first + 1 + m, sum, diagonal[m], inverse[m], *y);
                }
                ends(0, y);
                for m in h - 1..count {
                    ends(m, y);
                }
            } else {
                for m in 0..count {
                    ends(m, y);
                }
            }
            y[count..].fill(T::zero());
        });
    }
}

impl<T: Real> SplitOperator<T> for SplitDiffusion<T> {
    #[inline]
    fn sweep<F>(&self, colour: usize, x: &[T], y: &mut [T], finish: F)
    where
        F: Fn(usize, T, T, T, T) -> T + Sync,
    {
        match self.dim {
            1 => self.sweep_in::<1, F>(colour, x, y, finish),
            2 => self.sweep_in::<2, F>(colour, x, y, finish),
            _ => self.sweep_in::<3, F>(colour, x, y, finish),
        }
    }

    fn halves(&self) -> &Halves {
        &self.halves
    }
}
