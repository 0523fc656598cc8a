//! Operators on Cartesian grids that need no matrix.
//!
//! On a grid of n_x x n_y x n_z samples, x fastest, every sample exchanges with its neighbours
//! along the axes, through the face between them:
//!
//! ```text
//! (A u)_i = sum over the faces f of i of t_f (u_i - u_f) + e_i u_i
//! ```
//!
//! with u_f the value on the other side of the face, the *transmissibility* t_f >= 0 of the face
//! (k area / distance for a diffusivity k), and an extra e_i >= 0 (c volume for a reaction term).
//! Such an A is symmetric and positive semidefinite; no row of it has a negative sum, so that
//! ||A||_2 <= ||A||_inf <= 2 max A_ii.
//!
//! **Boundaries.** Behind a boundary face stands a known value; its product with t_f belongs to the
//! right-hand side, so that here u_f = 0:
//!
//! | condition | t of the boundary face |
//! |---|---|
//! | Dirichlet | k area / distance from the sample to the boundary |
//! | Neumann | 0 |
//! | Robin, a u + b k du/dn = g | area / (distance / k + b / a) |
//!
//! On a periodic axis the first face and the last are one and couple the last sample to the first.
//!
//! Two kinds hold the numbers t_f differently: [`SeparableStencil`] as products of arrays along the
//! axes, which takes no memory and is an order of magnitude faster than compressed rows;
//! [`DiffusionStencil`] as one array an axis, for any coefficient and stretched cells.

mod diffusion;
mod rows;
mod separable;
#[cfg(test)]
mod tests;

pub use diffusion::DiffusionStencil;
pub(crate) use rows::for_rows;
pub use separable::{Axis, SeparableStencil};

use crate::csr::Csr;
use crate::scalar::Real;

/// A stencil that is not one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StencilError {
    /// A grid of no or more than three axes, or an empty axis.
    #[error("a stencil needs 1 to 3 axes of at least one sample, found the shape {shape:?}")]
    Shape {
        /// The shape given.
        shape: Vec<usize>,
    },
    /// An array of the wrong length.
    #[error("{what} along axis {axis} has {found} entries, {expected} are needed")]
    Length {
        /// The array.
        what: &'static str,
        /// Number of the axis, x = 0.
        axis: usize,
        /// Entries found.
        found: usize,
        /// Entries expected.
        expected: usize,
    },
    /// A transmissibility, width or extra that is negative or not finite.
    #[error(
        "{what} along axis {axis}, entry {index} is {value}: it must be finite and not negative"
    )]
    Value {
        /// The array.
        what: &'static str,
        /// Number of the axis, x = 0.
        axis: usize,
        /// Index in the array.
        index: usize,
        /// The entry.
        value: f64,
    },
    /// The first and the last face of a periodic axis are one face, but have two values.
    #[error("axis {axis} is periodic: its first and last face are one and must agree")]
    Periodic {
        /// Number of the axis, x = 0.
        axis: usize,
    },
}

/// What the two stencils have in common: their faces, one by one. For set-up, not for hot loops.
pub trait GridStencil<T: Real>: Sync {
    /// Samples along x, y and z; 1 for an axis that is not there.
    fn shape(&self) -> [usize; 3];

    /// Which axes close on themselves.
    fn periodic(&self) -> [bool; 3];

    /// t of the lower face of sample `at` along `axis`; `at[axis]` may be the number of samples,
    /// for the last face.
    fn face(&self, axis: usize, at: [usize; 3]) -> T;

    /// e of a sample.
    fn extra(&self, at: [usize; 3]) -> T;

    /// The diagonal entry of a sample: the sum of its faces, and its extra.
    fn diagonal_at(&self, at: [usize; 3]) -> T {
        let mut sum = self.extra(at);
        for axis in 0..3 {
            let mut upper = at;
            upper[axis] += 1;
            sum += self.face(axis, at) + self.face(axis, upper);
        }
        sum
    }

    /// Whether constants are mapped to zero.
    fn maps_constants_to_zero(&self) -> bool;

    /// The matrix, in compressed rows.
    ///
    /// # Panics
    /// Where it has more than 2^32 entries.
    fn to_csr(&self) -> Csr<T> {
        let [nx, ny, nz] = self.shape();
        let strides = [1, nx, nx * ny];
        let n = nx * ny * nz;
        let mut offsets = Vec::with_capacity(n + 1);
        let mut columns = Vec::with_capacity(7 * n);
        let mut values = Vec::with_capacity(7 * n);
        offsets.push(0u32);
        let mut entries: Vec<(u32, T)> = Vec::with_capacity(7);
        for row in 0..n {
            let at = [row % nx, row / nx % ny, row / (nx * ny)];
            entries.clear();
            entries.push((row as u32, self.diagonal_at(at)));
            for axis in 0..3 {
                let (m, stride) = (self.shape()[axis], strides[axis]);
                let origin = row - at[axis] * stride;
                let mut upper = at;
                upper[axis] += 1;
                let periodic = self.periodic()[axis];
                if at[axis] > 0 || periodic {
                    let other = (at[axis] + m - 1) % m;
                    entries.push(((origin + other * stride) as u32, -self.face(axis, at)));
                }
                if at[axis] + 1 < m || periodic {
                    let other = (at[axis] + 1) % m;
                    entries.push(((origin + other * stride) as u32, -self.face(axis, upper)));
                }
            }
            entries.sort_by_key(|&(column, _)| column);
            let begin = columns.len();
            for &(column, value) in &entries {
                match values.last_mut() {
                    // Two samples on a periodic axis meet through two faces.
                    Some(last) if columns.len() > begin && columns.last() == Some(&column) => {
                        *last += value;
                    }
                    _ => {
                        columns.push(column);
                        values.push(value);
                    }
                }
            }
            offsets.push(u32::try_from(columns.len()).expect("below 2^32 entries"));
        }
        Csr::new(n, n, offsets, columns, values).expect("rows are sorted")
    }
}

/// Shape with 1 for axes that are not there.
fn padded(shape: &[usize]) -> Result<[usize; 3], StencilError> {
    if shape.is_empty() || shape.len() > 3 || shape.contains(&0) {
        return Err(StencilError::Shape {
            shape: shape.to_vec(),
        });
    }
    let mut padded = [1; 3];
    padded[..shape.len()].copy_from_slice(shape);
    Ok(padded)
}

fn check<T: Real>(
    what: &'static str,
    axis: usize,
    values: &[T],
    expected: usize,
) -> Result<(), StencilError> {
    if values.len() != expected {
        return Err(StencilError::Length {
            what,
            axis,
            found: values.len(),
            expected,
        });
    }
    match values.iter().position(|v| !v.finite() || *v < T::zero()) {
        Some(index) => Err(StencilError::Value {
            what,
            axis,
            index,
            value: values[index].as_f64(),
        }),
        None => Ok(()),
    }
}
