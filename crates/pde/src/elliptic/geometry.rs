//! Cells, faces and their sizes on a tensor-product grid.
//!
//! Along an axis with n cells there are n + 1 faces on each grid line; face i lies between cells
//! i - 1 and i. On a periodic axis faces 0 and n are the same face, stored twice.

use pdesolve_mesh::{Axis, Grid};

/// One axis as the assembly sees it.
pub(super) struct GridAxis {
    /// Cells along the axis.
    pub(super) n: usize,
    /// Distance of neighbours along the axis in arrays of cells.
    pub(super) stride: usize,
    pub(super) periodic: bool,
    pub(super) width: Vec<f64>,
    /// Coordinates of the n + 1 faces.
    pub(super) face: Vec<f64>,
}

/// The grid as the assembly sees it.
pub(super) struct Geometry {
    pub(super) axes: Vec<GridAxis>,
    pub(super) volumes: Vec<f64>,
    centres: Vec<Vec<f64>>,
}

/// A face, with the cells on its two sides; `None` beyond a boundary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    /// Number along the axis, 0 to n.
    pub(super) along: usize,
    pub(super) below: Option<usize>,
    pub(super) above: Option<usize>,
    /// Area (1 in 1-D).
    pub(super) area: f64,
}

impl Geometry {
    pub(super) fn new(grid: &Grid) -> Self {
        let mut stride = 1;
        let axes: Vec<GridAxis> = grid
            .axes()
            .iter()
            .map(|axis| {
                let own = GridAxis {
                    n: axis.len(),
                    stride,
                    periodic: axis.is_periodic(),
                    width: (0..axis.len()).map(|i| axis.width(i)).collect(),
                    face: axis.faces().to_vec(),
                };
                stride *= axis.len();
                own
            })
            .collect();
        Self {
            axes,
            volumes: (0..grid.len()).map(|cell| grid.cell_volume(cell)).collect(),
            centres: grid
                .axes()
                .iter()
                .map(Axis::samples)
                .map(<[f64]>::to_vec)
                .collect(),
        }
    }

    pub(super) fn dim(&self) -> usize {
        self.axes.len()
    }

    pub(super) fn cells(&self) -> usize {
        self.volumes.len()
    }

    /// Number of a cell along an axis.
    pub(super) fn along(&self, axis: usize, cell: usize) -> usize {
        cell / self.axes[axis].stride % self.axes[axis].n
    }

    /// Faces of an axis, the doubled ones of a periodic axis included.
    pub(super) fn face_count(&self, axis: usize) -> usize {
        self.cells() / self.axes[axis].n * (self.axes[axis].n + 1)
    }

    /// Numbers of the faces below and above a cell.
    pub(super) fn faces_of(&self, axis: usize, cell: usize) -> [usize; 2] {
        let GridAxis { n, stride, .. } = self.axes[axis];
        let (outer, rest) = (cell / (n * stride), cell % (n * stride));
        let below = outer * (n + 1) * stride + rest;
        [below, below + stride]
    }

    /// Number of the cell at these numbers along the axes.
    pub(super) fn cell_index(&self, at: [usize; 3]) -> usize {
        self.axes
            .iter()
            .zip(at)
            .map(|(axis, i)| axis.stride * i)
            .sum()
    }

    /// Number of the face of `axis` at these numbers along the axes.
    pub(super) fn face_index(&self, axis: usize, at: [usize; 3]) -> usize {
        let (mut index, mut stride) = (0, 1);
        for (a, (own, i)) in self.axes.iter().zip(at).enumerate() {
            index += stride * i;
            stride *= own.n + usize::from(a == axis);
        }
        index
    }

    /// A face by its number.
    pub(super) fn face(&self, axis: usize, index: usize) -> Face {
        let GridAxis {
            n,
            stride,
            periodic,
            ..
        } = self.axes[axis];
        let (outer, rest) = (index / ((n + 1) * stride), index % ((n + 1) * stride));
        let (along, inner) = (rest / stride, rest % stride);
        let cell = |i: usize| (outer * n + i) * stride + inner;
        let below = match along {
            0 if periodic => Some(cell(n - 1)),
            0 => None,
            i => Some(cell(i - 1)),
        };
        let above = match along {
            i if i < n => Some(cell(i)),
            _ if periodic => Some(cell(0)),
            _ => None,
        };
        let beside = above.or(below).unwrap_or(0);
        let area = (0..self.dim())
            .filter(|&a| a != axis)
            .map(|a| self.axes[a].width[self.along(a, beside)])
            .product();
        Face {
            along,
            below,
            above,
            area,
        }
    }

    /// Centre of a face.
    pub(super) fn face_centre(&self, axis: usize, face: &Face) -> [f64; 3] {
        let cell = face.above.or(face.below).unwrap_or(0);
        let mut centre = [0.0; 3];
        for (a, x) in centre.iter_mut().enumerate().take(self.dim()) {
            *x = if a == axis {
                self.axes[a].face[face.along]
            } else {
                self.centres[a][self.along(a, cell)]
            };
        }
        centre
    }

    /// Half the width of a cell along an axis.
    pub(super) fn half_width(&self, axis: usize, cell: usize) -> f64 {
        0.5 * self.axes[axis].width[self.along(axis, cell)]
    }
}
