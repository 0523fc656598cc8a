//! -div(k grad u) + c u in finite volumes, with any coefficient.
//!
//! The transmissibilities are stored, one array an axis, and the diagonal: 32 bytes an unknown in
//! three dimensions and f64, against 88 of compressed rows.

use super::{GridStencil, StencilError, check, for_rows, padded};
use crate::operator::{AdjointOperator, LinearOperator, NullSpace};
use crate::scalar::Real;
use crate::stencil::separable::{after, before};

/// A matrix-free operator with a transmissibility a face; see the [module](super).
///
/// Vectors: `[z][y][x]`, one entry a sample.
#[derive(Clone, Debug)]
pub struct DiffusionStencil<T> {
    shape: [usize; 3],
    dim: usize,
    periodic: [bool; 3],
    faces: [Vec<T>; 3],
    extra: Option<Vec<T>>,
    diagonal: Vec<T>,
    norm: f64,
    zeros: Vec<T>,
    null_space: Option<NullSpace<T>>,
}

impl<T: Real> DiffusionStencil<T> {
    /// The operator on `shape` samples, x first.
    ///
    /// * `periodic[a]`: whether axis a closes on itself.
    /// * `faces[a]`: t of the faces along axis a, in the order of samples, x fastest, with one more
    ///   along a: `[z][y][n_x + 1]`, `[z][n_y + 1][x]`, `[n_z + 1][y][x]`. Face i along a lies below
    ///   sample i; the first and the last are the boundaries.
    /// * `extra`: e of the samples, `[z][y][x]`; none for zero.
    ///
    /// # Errors
    /// [`StencilError`] for wrong lengths, negative numbers or numbers that are not finite.
    pub fn new(
        shape: &[usize],
        periodic: &[bool],
        faces: Vec<Vec<T>>,
        extra: Option<Vec<T>>,
    ) -> Result<Self, StencilError> {
        let dim = shape.len();
        let n = padded(shape)?;
        if periodic.len() != dim || faces.len() != dim {
            return Err(StencilError::Length {
                what: "the list of axes",
                axis: 0,
                found: periodic.len().min(faces.len()),
                expected: dim,
            });
        }
        let total: usize = n.iter().product();
        let mut closed = [false; 3];
        closed[..dim].copy_from_slice(periodic);
        let mut faces = faces.into_iter();
        // Axes that are not there need no faces: `face` answers zero for them.
        let mut faces: [Vec<T>; 3] = std::array::from_fn(|_| faces.next().unwrap_or_default());
        for (a, faces) in faces.iter_mut().enumerate().take(dim) {
            let expected = total / n[a] * (n[a] + 1);
            check("the array of faces", a, faces, expected)?;
            if closed[a] {
                if n[a] == 1 {
                    // A single sample would exchange with itself, to no effect.
                    faces.fill(T::zero());
                }
                let inner: usize = n[..a].iter().product();
                let agree = faces
                    .chunks_exact(inner * (n[a] + 1))
                    .all(|slab| slab[..inner] == slab[inner * n[a]..]);
                if !agree {
                    return Err(StencilError::Periodic { axis: a });
                }
            }
        }
        if let Some(extra) = &extra {
            check("the extra", 0, extra, total)?;
        }
        let mut stencil = Self {
            shape: n,
            dim,
            periodic: closed,
            faces,
            extra,
            diagonal: Vec::new(),
            norm: 0.0,
            zeros: vec![T::zero(); n[0]],
            null_space: None,
        };
        stencil.diagonal = (0..total)
            .map(|i| stencil.diagonal_at([i % n[0], i / n[0] % n[1], i / (n[0] * n[1])]))
            .collect();
        let largest = |m: f64, d: &T| m.max(d.as_f64());
        stencil.norm = 2.0 * stencil.diagonal.iter().fold(0.0, largest);
        if stencil.maps_constants_to_zero() {
            stencil.null_space = Some(NullSpace::constant(total));
        }
        Ok(stencil)
    }

    /// Number of axes.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Whether samples have an extra.
    pub(crate) fn has_extra(&self) -> bool {
        self.extra.is_some()
    }

    /// t of the faces along `axis`; the shape stands at [`DiffusionStencil::new`].
    pub fn faces(&self, axis: usize) -> &[T] {
        &self.faces[axis]
    }

    /// y_i = finish(i, (A x)_i) for all samples.
    #[inline]
    fn product(&self, x: &[T], y: &mut [T], finish: impl Fn(usize, T) -> T + Sync) {
        match self.dim {
            1 => self.product_in::<1>(x, y, finish),
            2 => self.product_in::<2>(x, y, finish),
            _ => self.product_in::<3>(x, y, finish),
        }
    }

    #[inline]
    fn product_in<const DIM: usize>(
        &self,
        x: &[T],
        y: &mut [T],
        finish: impl Fn(usize, T) -> T + Sync,
    ) {
        let [nx, ny, nz] = self.shape;
        assert!(
            x.len() == nx * ny * nz && y.len() == x.len(),
            "vectors that fit the grid"
        );
        let [px, py, pz] = self.periodic;
        let row_at = |row: Option<usize>| match row {
            Some(row) => &x[row * nx..][..nx],
            None => &self.zeros[..nx],
        };
        let faces_at = |axis: usize, row: usize| {
            // Axes that are not there are not read.
            if axis < DIM {
                &self.faces[axis][row * nx..][..nx]
            } else {
                &self.zeros[..nx]
            }
        };
        for_rows(y, nx, &|row, y: &mut [T]| {
            let y = &mut y[..nx];
            let (j, k) = (row % ny, row / ny);
            let own = row_at(Some(row));
            let south = row_at(before(j, ny, py).map(|j| j + ny * k));
            let north = row_at(after(j, ny, py).map(|j| j + ny * k));
            let below = row_at(before(k, nz, pz).map(|k| j + ny * k));
            let above = row_at(after(k, nz, pz).map(|k| j + ny * k));
            let tx = &self.faces[0][row * (nx + 1)..][..nx + 1];
            let (ts, tn) = (
                faces_at(1, j + (ny + 1) * k),
                faces_at(1, j + 1 + (ny + 1) * k),
            );
            let (tb, ta) = (faces_at(2, row), faces_at(2, row + ny));
            let diagonal = &self.diagonal[row * nx..][..nx];
            let across = |i: usize| {
                let mut sum = diagonal[i] * own[i];
                if DIM > 1 {
                    sum -= ts[i] * south[i] + tn[i] * north[i];
                }
                if DIM > 2 {
                    sum -= tb[i] * below[i] + ta[i] * above[i];
                }
                sum
            };
            let first = row * nx;
            if nx > 2 {
                let n = nx - 2;
                let (west, centre, east) = (&own[..n], &own[1..][..n], &own[2..][..n]);
                let (tw, te) = (&tx[1..][..n], &tx[2..][..n]);
                let diagonal = &diagonal[1..][..n];
                let (south, north) = (&south[1..][..n], &north[1..][..n]);
                let (below, above) = (&below[1..][..n], &above[1..][..n]);
                let (ts, tn) = (&ts[1..][..n], &tn[1..][..n]);
                let (tb, ta) = (&tb[1..][..n], &ta[1..][..n]);
                for (i, y) in y[1..][..n].iter_mut().enumerate() {
                    let mut sum = diagonal[i] * centre[i] - (tw[i] * west[i] + te[i] * east[i]);
                    if DIM > 1 {
                        sum -= ts[i] * south[i] + tn[i] * north[i];
                    }
                    if DIM > 2 {
                        sum -= tb[i] * below[i] + ta[i] * above[i];
                    }
                    *y = finish(first + 1 + i, sum);
                }
            }
            for i in [0, nx - 1] {
                let west = before(i, nx, px).map_or(T::zero(), |w| tx[i] * own[w]);
                let east = after(i, nx, px).map_or(T::zero(), |e| tx[i + 1] * own[e]);
                y[i] = finish(first + i, across(i) - (west + east));
            }
        });
    }
}

impl<T: Real> GridStencil<T> for DiffusionStencil<T> {
    fn shape(&self) -> [usize; 3] {
        self.shape
    }

    fn periodic(&self) -> [bool; 3] {
        self.periodic
    }

    fn face(&self, axis: usize, at: [usize; 3]) -> T {
        if axis >= self.dim {
            return T::zero();
        }
        let mut n = self.shape;
        n[axis] += 1;
        self.faces[axis][at[0] + n[0] * (at[1] + n[1] * at[2])]
    }

    fn extra(&self, at: [usize; 3]) -> T {
        let [nx, ny, _] = self.shape;
        self.extra
            .as_ref()
            .map_or(T::zero(), |extra| extra[at[0] + nx * (at[1] + ny * at[2])])
    }

    fn maps_constants_to_zero(&self) -> bool {
        let [nx, ny, nz] = self.shape;
        let ends = |axis: usize| {
            let n = self.shape[axis];
            (0..nx * ny * nz / n).all(|line| {
                let at = |i: usize| match axis {
                    0 => [i, line % ny, line / ny],
                    1 => [line % nx, i, line / nx],
                    _ => [line % nx, line / nx, i],
                };
                self.face(axis, at(0)) == T::zero() && self.face(axis, at(n)) == T::zero()
            })
        };
        self.extra
            .as_ref()
            .is_none_or(|extra| extra.iter().all(|e| *e == T::zero()))
            && (0..self.dim).all(|axis| self.periodic[axis] || ends(axis))
    }
}

impl<T: Real> LinearOperator<T> for DiffusionStencil<T> {
    fn nrows(&self) -> usize {
        self.shape.iter().product()
    }

    fn ncols(&self) -> usize {
        self.nrows()
    }

    fn apply(&self, x: &[T], y: &mut [T]) {
        self.product(x, y, |_, ax| ax);
    }

    fn residual(&self, b: &[T], x: &[T], r: &mut [T]) {
        assert_eq!(b.len(), r.len(), "vectors that fit the grid");
        self.product(x, r, |i, ax| b[i] - ax);
    }

    fn diagonal(&self) -> Option<Vec<T>> {
        Some(self.diagonal.clone())
    }

    fn norm(&self) -> Option<f64> {
        Some(self.norm)
    }

    fn null_space(&self) -> Option<&NullSpace<T>> {
        self.null_space.as_ref()
    }
}

impl<T: Real> AdjointOperator<T> for DiffusionStencil<T> {
    /// y = A x: A is symmetric.
    fn apply_adjoint(&self, x: &[T], y: &mut [T]) {
        self.apply(x, y);
    }
}
