//! How a [`Grid`] becomes a VTKHDF mesh: array shapes, chunks, points and cells.

use std::ops::Range;

use pdesolve_mesh::{Axis, Centring, Grid};

/// Largest chunk, in values: 4 MiB of f64. Readers hold whole chunks.
const CHUNK_VALUES: usize = 1 << 19;

/// The two kinds of mesh the writer makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Every axis uniform: VTK `ImageData`.
    Image,
    /// Some axis stretched: VTK `UnstructuredGrid` of lines, quadrilaterals or hexahedra.
    Unstructured,
}

/// Shapes of the field arrays of one file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) kind: Kind,
    /// `PointData` or `CellData`.
    pub(crate) group: &'static str,
    /// Values in one step of one field.
    pub(crate) len: usize,
    /// Array shape of one step, slowest axis first; flat for unstructured meshes.
    pub(crate) step: Vec<usize>,
    /// Chunk shape, the time axis included.
    pub(crate) chunk: Vec<usize>,
}

impl Layout {
    pub(crate) fn of(grid: &Grid) -> Self {
        let kind = if grid.is_uniform() {
            Kind::Image
        } else {
            Kind::Unstructured
        };
        let len = grid.len();
        let (step, chunk) = match kind {
            Kind::Image => {
                let step: Vec<usize> = grid.shape().into_iter().rev().collect();
                let chunk = image_chunk(&step);
                (step, chunk)
            }
            Kind::Unstructured => (vec![len], vec![flat_chunk(len)]),
        };
        Self {
            kind,
            group: match grid.centring() {
                Centring::Point => "PointData",
                Centring::Cell => "CellData",
            },
            len,
            step,
            chunk,
        }
    }

    /// Shape of a field array that holds `steps` steps.
    pub(crate) fn shape(&self, steps: usize) -> Vec<usize> {
        match self.kind {
            Kind::Image => [&[steps], &self.step[..]].concat(),
            Kind::Unstructured => vec![steps * self.len],
        }
    }

    /// The part of a field array that step `k` fills.
    pub(crate) fn slab(&self, k: usize) -> Vec<Range<usize>> {
        match self.kind {
            Kind::Image => std::iter::once(k..k + 1)
                .chain(self.step.iter().map(|&n| 0..n))
                .collect(),
            Kind::Unstructured => std::iter::once(k * self.len..(k + 1) * self.len).collect(),
        }
    }

    /// Where step `k` begins, in the units of VTK's offset arrays.
    pub(crate) fn offset(&self, k: usize) -> i64 {
        let offset = match self.kind {
            Kind::Image => k,
            Kind::Unstructured => k * self.len,
        };
        offset as i64
    }
}

/// One step, with the slowest axis cut where a step exceeds [`CHUNK_VALUES`].
fn image_chunk(step: &[usize]) -> Vec<usize> {
    let mut chunk = vec![1];
    let mut room = CHUNK_VALUES;
    let mut fitted: Vec<usize> = step
        .iter()
        .rev()
        .map(|&n| {
            let take = n.min(room).max(1);
            room /= take;
            take
        })
        .collect();
    fitted.reverse();
    chunk.extend(fitted);
    chunk
}

/// The largest divisor of `len` up to [`CHUNK_VALUES`]: no chunk may straddle two steps, or
/// appending one would rewrite a chunk of the other. A length with no fair divisor is one chunk.
fn flat_chunk(len: usize) -> usize {
    (1..=len)
        .map(|parts| len.div_ceil(parts))
        .find(|&chunk| chunk <= CHUNK_VALUES && len.is_multiple_of(chunk))
        .filter(|&chunk| chunk >= CHUNK_VALUES / 64 || chunk == len)
        .unwrap_or(len)
}

/// Geometry of an `ImageData`: cells along x, y, z; origin; spacing.
pub(crate) struct Image {
    pub(crate) cells: [i64; 3],
    pub(crate) origin: [f64; 3],
    pub(crate) spacing: [f64; 3],
}

impl Image {
    pub(crate) fn of(grid: &Grid) -> Self {
        let mut image = Self {
            cells: [0; 3],
            origin: [0.0; 3],
            spacing: [1.0; 3],
        };
        for (a, axis) in grid.axes().iter().enumerate() {
            let n = axis.len();
            let nodes = nodes(axis, grid.centring());
            image.cells[a] = match grid.centring() {
                Centring::Point => n as i64 - 1,
                Centring::Cell => n as i64,
            };
            image.origin[a] = nodes[0];
            image.spacing[a] = (nodes[nodes.len() - 1] - nodes[0]) / (nodes.len() - 1) as f64;
        }
        image
    }
}

/// Coordinates of the mesh points along an axis: samples, or the faces of the cells.
fn nodes(axis: &Axis, centring: Centring) -> &[f64] {
    match centring {
        Centring::Point => axis.samples(),
        Centring::Cell => axis.faces(),
    }
}

/// An `UnstructuredGrid`: points `[np][3]`, and cells as VTK orders their corners.
pub(crate) struct Mesh {
    pub(crate) points: Vec<[f64; 3]>,
    pub(crate) connectivity: Vec<i64>,
    pub(crate) offsets: Vec<i64>,
    pub(crate) cell_type: u8,
}

impl Mesh {
    pub(crate) fn of(grid: &Grid) -> Self {
        let along: Vec<&[f64]> = grid
            .axes()
            .iter()
            .map(|axis| nodes(axis, grid.centring()))
            .collect();
        let flat: &[f64] = &[0.0];
        let at = |a: usize| along.get(a).copied().unwrap_or(flat);
        let (x, y, z) = (at(0), at(1), at(2));
        let mut points = Vec::with_capacity(x.len() * y.len() * z.len());
        for &z in z {
            for &y in y {
                points.extend(x.iter().map(|&x| [x, y, z]));
            }
        }
        // Corners of a cell relative to its first, counter-clockwise, the lower face first.
        let (nx, nxy) = (x.len(), x.len() * y.len());
        let quad = [0, 1, nx + 1, nx];
        let (corners, cell_type): (Vec<usize>, u8) = match grid.dim() {
            1 => (vec![0, 1], 3),
            2 => (quad.to_vec(), 9),
            _ => (
                quad.iter().copied().chain(quad.map(|c| c + nxy)).collect(),
                12,
            ),
        };
        let cells_along = |nodes: &[f64]| (nodes.len() - 1).max(1);
        let mut connectivity = Vec::new();
        for k in 0..cells_along(z) {
            for j in 0..cells_along(y) {
                for i in 0..cells_along(x) {
                    let first = i + nx * j + nxy * k;
                    connectivity.extend(corners.iter().map(|c| (first + c) as i64));
                }
            }
        }
        let offsets = (0..=connectivity.len() / corners.len())
            .map(|c| (c * corners.len()) as i64)
            .collect();
        Self {
            points,
            connectivity,
            offsets,
            cell_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_one_step_and_at_most_four_mebibytes() {
        assert_eq!(image_chunk(&[256]), [1, 256]);
        assert_eq!(image_chunk(&[64, 128]), [1, 64, 128]);
        assert_eq!(image_chunk(&[256, 256, 256]), [1, 8, 256, 256]);
        assert_eq!(image_chunk(&[4096, 4096]), [1, 128, 4096]);
    }

    #[test]
    fn no_flat_chunk_straddles_two_steps() {
        for len in [
            1,
            7,
            1000,
            1 << 21,
            257 * 257 * 257,
            1_000_003,
            128 * 129 * 130,
        ] {
            let chunk = flat_chunk(len);
            assert_eq!(len % chunk, 0, "{len} in chunks of {chunk}");
        }
        assert_eq!(flat_chunk(1 << 21), CHUNK_VALUES);
    }

    #[test]
    fn a_hexahedron_has_its_corners_in_the_order_of_vtk() {
        let axes = ['x', 'y', 'z']
            .iter()
            .map(|&name| Axis::points(name, 0.0, 1.0, 2, false).unwrap())
            .collect();
        let mesh = Mesh::of(&Grid::new(Centring::Point, axes));
        assert_eq!(mesh.connectivity, [0, 1, 3, 2, 4, 5, 7, 6]);
        assert_eq!(mesh.offsets, [0, 8]);
        assert_eq!(mesh.points[6], [0.0, 1.0, 1.0]);
    }
}
