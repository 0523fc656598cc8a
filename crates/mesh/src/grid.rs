//! Tensor products of axes.

use crate::axis::Axis;

/// Where the values of a grid stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Centring {
    /// At the points.
    Point,
    /// Averages over the cells.
    Cell,
}

/// The two ends of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The end at the lower coordinate.
    Lower,
    /// The end at the upper coordinate.
    Upper,
}

/// Names of the boundaries: `[axis][lower, upper]`.
pub const BOUNDARY_NAMES: [[&str; 2]; 3] =
    [["left", "right"], ["bottom", "top"], ["back", "front"]];

/// A Cartesian grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    centring: Centring,
    axes: Vec<Axis>,
}

/// The samples of one grid line along x, at one time: what pointwise functions are given.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Time.
    pub t: f64,
    /// x of each sample.
    pub x: &'a [f64],
    /// y of the row; 0 in one dimension.
    pub y: f64,
    /// z of the row; 0 in one and two dimensions.
    pub z: f64,
}

impl Grid {
    /// A grid from its axes, x first.
    ///
    /// # Panics
    /// Unless there are 1, 2 or 3 axes.
    pub fn new(centring: Centring, axes: Vec<Axis>) -> Self {
        assert!(
            (1..=3).contains(&axes.len()),
            "a grid has 1, 2 or 3 axes, not {}",
            axes.len()
        );
        Self { centring, axes }
    }

    /// A periodic uniform point grid with `n` points and length `length` along each of `dim` axes,
    /// starting at 0: the grid of Fourier methods.
    ///
    /// # Panics
    /// Unless `dim` is 1 to 3, `n >= 2` and `length > 0`.
    pub fn periodic_box(dim: usize, n: usize, length: f64) -> Self {
        let axes = ['x', 'y', 'z'][..dim]
            .iter()
            .map(|&name| {
                Axis::points(name, 0.0, length, n, true)
                    .unwrap_or_else(|error| panic!("periodic_box: {error}"))
            })
            .collect();
        Self::new(Centring::Point, axes)
    }

    /// Number of dimensions.
    pub fn dim(&self) -> usize {
        self.axes.len()
    }

    /// Where values stand.
    pub fn centring(&self) -> Centring {
        self.centring
    }

    /// The axes, x first.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Samples along each axis, x first.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(Axis::len).collect()
    }

    /// Samples in all.
    pub fn len(&self) -> usize {
        self.axes.iter().map(Axis::len).product()
    }

    /// A grid always has samples.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Whether every axis is uniform.
    pub fn is_uniform(&self) -> bool {
        self.axes.iter().all(Axis::is_uniform)
    }

    /// Whether every axis is periodic.
    pub fn is_periodic(&self) -> bool {
        self.axes.iter().all(Axis::is_periodic)
    }

    /// Volume of the domain (length in 1-D, area in 2-D).
    pub fn volume(&self) -> f64 {
        self.axes.iter().map(Axis::length).product()
    }

    /// Splits a flat index into one index an axis, x first.
    pub fn indices(&self, flat: usize) -> Vec<usize> {
        let mut rest = flat;
        self.axes
            .iter()
            .map(|axis| {
                let i = rest % axis.len();
                rest /= axis.len();
                i
            })
            .collect()
    }

    /// Coordinates of a sample; axes the grid lacks give 0.
    pub fn position(&self, flat: usize) -> [f64; 3] {
        let mut position = [0.0; 3];
        for ((axis, i), x) in self.axes.iter().zip(self.indices(flat)).zip(&mut position) {
            *x = axis.samples()[i];
        }
        position
    }

    /// Volume of the (dual) cell of a sample: the weight of its value in an integral.
    pub fn cell_volume(&self, flat: usize) -> f64 {
        self.axes
            .iter()
            .zip(self.indices(flat))
            .map(|(axis, i)| axis.width(i))
            .product()
    }

    /// Number of grid lines along x.
    pub fn rows(&self) -> usize {
        self.len() / self.axes[0].len()
    }

    /// Grid line number `row` along x (samples `row * nx .. (row + 1) * nx`).
    pub fn row(&self, row: usize, t: f64) -> Row<'_> {
        let at = |axis: Option<&Axis>, i: usize| axis.map_or(0.0, |a| a.samples()[i]);
        let ny = self.axes.get(1).map_or(1, Axis::len);
        Row {
            t,
            x: self.axes[0].samples(),
            y: at(self.axes.get(1), row % ny),
            z: at(self.axes.get(2), row / ny),
        }
    }

    /// Names of the boundaries that are not periodic, in the order x, y, z, lower before upper.
    pub fn boundaries(&self) -> Vec<&'static str> {
        self.axes
            .iter()
            .zip(BOUNDARY_NAMES)
            .filter(|(axis, _)| !axis.is_periodic())
            .flat_map(|(_, names)| names)
            .collect()
    }
}
