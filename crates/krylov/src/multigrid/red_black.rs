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
//! **Storage.** Row (j, k) of parity p = (j + k) mod 2 holds the red samples i = 2m + p, and apart
//! from them the black ones i = 2m + 1 - p. The neighbours of red m then stand at m in the black
//! rows around, and at m - 1 + p and m + p in its own: a sweep reads consecutive numbers only, no
//! number twice, and threads write one colour while they read the other.
//!
//! **What need not be done.** With omega = 1 the residual of the colour relaxed last is zero, so that
//! only the other is restricted; from x = 0 the first sweep reads no neighbours; and the colour that
//! is relaxed first after the correction needs no correction at all.

use super::transfer::Transfer;
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

    fn len(&self) -> usize {
        self.half * self.ny * self.nz
    }

    /// First sample of a row in a colour: 0 or 1.
    fn offset(&self, row: usize, colour: usize) -> usize {
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
    fn count(&self, offset: usize) -> usize {
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
