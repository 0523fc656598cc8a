//! From the fluxes to a matrix and a right-hand side.
//!
//! Row i holds the equation of cell i times its volume, so that the matrix is symmetric where the
//! equation is, on stretched grids too:
//!
//! ```text
//! sum over its faces of F + V_i r_i u_i = V_i f_i
//! ```

use pdesolve_krylov::{Csr, NullSpace};
use pdesolve_mesh::{Centring, Grid};

use super::boundary::{EllipticBoundary, EllipticCondition};
use super::conductivity::{CellTensor, sample};
use super::cross::{CrossEntry, Term, cross_terms};
use super::error::EllipticError;
use super::faces::{TwoPoint, two_point};
use super::geometry::Geometry;
use super::problem::Terms;

/// A system A x = b.
pub struct Assembly {
    /// A, one row a cell, x fastest.
    pub matrix: Csr<f64>,
    /// b.
    pub rhs: Vec<f64>,
    /// The null space of A and of its transpose, where there is one: the constants.
    pub null_space: Option<NullSpace<f64>>,
}

/// The discretised equation: all fluxes, before boundary values and sources are known.
pub struct Discretisation {
    pub(super) grid: Grid,
    pub(super) geometry: Geometry,
    pub(super) two_point: TwoPoint,
    pub(super) cross: Vec<CrossEntry>,
    pub(super) tensor: CellTensor,
    pub(super) reaction: Option<Vec<f64>>,
    conditions: Vec<EllipticCondition>,
    matrix: Csr<f64>,
    singular: bool,
    symmetric: bool,
    indefinite: bool,
}

impl Discretisation {
    /// Discretises the equation on a grid of cells; `seed` is that of random coefficients.
    ///
    /// # Errors
    /// All that is wrong, not only the first thing.
    pub fn new(
        terms: &Terms,
        grid: &Grid,
        boundary: &EllipticBoundary,
        seed: u64,
    ) -> Result<Self, Vec<EllipticError>> {
        if grid.centring() != Centring::Cell {
            return Err(vec![EllipticError::Centring]);
        }
        let mut errors = Vec::new();
        let (key, tensor) = &terms.conductivity;
        let tensor = tensor.on(key, grid, seed).map_err(|e| errors.push(e)).ok();
        let full = tensor.as_ref().is_some_and(|t| !t.mixed.is_empty());
        let sides = boundary
            .resolve(grid, full)
            .map_err(|more| errors.extend(more))
            .ok();
        let reaction = terms.reaction.as_ref().map(|r| sample(r, grid));
        let bad = |r: &f64| !(r.is_finite() && (terms.indefinite || *r >= 0.0));
        if let Some(r) = &reaction
            && let Some(cell) = r.iter().position(bad)
        {
            let key = if terms.indefinite {
                "wave_number"
            } else {
                "reaction"
            };
            errors.push(EllipticError::Coefficient {
                key: key.to_owned(),
                reason: format!(
                    "`{key}` gives {} at {:?}: it must be finite, and a reaction not negative",
                    r[cell],
                    &grid.position(cell)[..grid.dim()]
                ),
            });
        }
        let (Some(tensor), Some(sides), true) = (tensor, sides, errors.is_empty()) else {
            return Err(errors);
        };
        let geometry = Geometry::new(grid);
        let flow = (terms.velocity.as_ref()).map(|(c, scheme)| (&c[..], *scheme));
        let ends = |axis: usize, place: [f64; 3]| terms.conductivity.1.along(axis, place);
        let two_point = two_point(&geometry, &tensor, &ends, flow, &sides);
        let cross = cross_terms(&geometry, &two_point, &tensor, &sides);
        let conditions = two_point
            .boundary
            .iter()
            .filter_map(|face| sides[face.axis][face.side].clone())
            .collect();
        let matrix =
            assemble(&geometry, &two_point, &cross, reaction.as_deref()).map_err(|error| {
                vec![EllipticError::TooLarge {
                    reason: error.to_string(),
                }]
            })?;
        let held = sides.iter().flatten().flatten().any(|c| c.alpha != 0.0)
            || reaction
                .as_ref()
                .is_some_and(|r| r.iter().any(|r| *r != 0.0));
        let known_null_space =
            || maps_constants_to_zero(&matrix) && maps_constants_to_zero(&matrix.transpose());
        if !(held || known_null_space()) {
            return Err(vec![EllipticError::Undetermined]);
        }
        Ok(Self {
            grid: grid.clone(),
            geometry,
            two_point,
            cross,
            tensor,
            reaction,
            conditions,
            matrix,
            singular: !held,
            symmetric: terms.velocity.is_none(),
            indefinite: terms.indefinite,
        })
    }

    /// The matrix: one row a cell, multiplied by its volume.
    pub fn matrix(&self) -> &Csr<f64> {
        &self.matrix
    }

    /// Whether the matrix is symmetric.
    pub fn is_symmetric(&self) -> bool {
        self.symmetric
    }

    /// Whether eigenvalues of both signs may occur.
    pub fn is_indefinite(&self) -> bool {
        self.indefinite
    }

    /// Whether u is fixed up to a constant only.
    pub fn is_singular(&self) -> bool {
        self.singular
    }

    /// The prescribed numbers of all boundary faces at time t.
    pub(super) fn boundary_data(&self, t: f64) -> Vec<f64> {
        let faces = self.two_point.boundary.iter();
        faces
            .zip(&self.conditions)
            .map(|(face, condition)| (condition.value)(t, face.centre))
            .collect()
    }

    /// b for the averages `source` of f over the cells and the boundary values `data`.
    pub(super) fn rhs(&self, source: &[f64], data: &[f64]) -> Vec<f64> {
        let mut rhs: Vec<f64> = source
            .iter()
            .zip(&self.geometry.volumes)
            .map(|(f, v)| f * v)
            .collect();
        for (face, g) in self.two_point.boundary.iter().zip(data) {
            let sign = if face.side == 0 { 1.0 } else { -1.0 };
            rhs[face.cell] += sign * face.factor * g;
        }
        for entry in &self.cross {
            if let Term::Data(k) = entry.term {
                for (cell, sign) in rows_of(&self.geometry, entry) {
                    rhs[cell] -= sign * entry.factor * data[k];
                }
            }
        }
        rhs
    }

    /// The system for the averages `source` of f over the cells and the boundary values at time t.
    pub fn assembly(&self, source: &[f64], t: f64) -> Assembly {
        Assembly {
            matrix: self.matrix.clone(),
            rhs: self.rhs(source, &self.boundary_data(t)),
            null_space: self.null_space(),
        }
    }

    /// The constants, where the matrix is singular.
    pub fn null_space(&self) -> Option<NullSpace<f64>> {
        (self.singular).then(|| NullSpace::constant(self.geometry.cells()))
    }
}

/// The rows that a flux enters, with its sign there: it leaves the cell below and enters the one
/// above. The doubled faces of a periodic axis serve one row each.
fn rows_of(geometry: &Geometry, entry: &CrossEntry) -> impl Iterator<Item = (usize, f64)> + use<> {
    let face = geometry.face(entry.axis, entry.face);
    let n = geometry.axes[entry.axis].n;
    let below = face
        .below
        .filter(|_| face.along > 0)
        .map(|cell| (cell, 1.0));
    let above = face
        .above
        .filter(|_| face.along < n)
        .map(|cell| (cell, -1.0));
    below.into_iter().chain(above)
}

fn assemble(
    geometry: &Geometry,
    two_point: &TwoPoint,
    cross: &[CrossEntry],
    reaction: Option<&[f64]>,
) -> Result<Csr<f64>, pdesolve_krylov::CsrError> {
    let n = geometry.cells();
    let mut row = Vec::with_capacity(8);
    let width = 2 * geometry.dim() + 1;
    if !cross.is_empty() {
        let mut entries = Vec::with_capacity(n * width + 2 * cross.len());
        for cell in 0..n {
            two_point_row(geometry, two_point, reaction, cell, &mut row);
            entries.extend(row.iter().map(|&(j, v)| (cell as u32, j, v)));
        }
        for entry in cross {
            if let Term::Cell(column) = entry.term {
                for (cell, sign) in rows_of(geometry, entry) {
                    entries.push((cell as u32, column as u32, sign * entry.factor));
                }
            }
        }
        return Csr::from_triplets(n, n, &entries);
    }
    let mut offsets = Vec::with_capacity(n + 1);
    let mut columns = Vec::with_capacity(n * width);
    let mut values = Vec::with_capacity(n * width);
    offsets.push(0);
    for cell in 0..n {
        two_point_row(geometry, two_point, reaction, cell, &mut row);
        columns.extend(row.iter().map(|(j, _)| *j));
        values.extend(row.iter().map(|(_, v)| *v));
        offsets.push(columns.len() as u32);
    }
    Csr::new(n, n, offsets, columns, values)
}

/// Columns, in order, and values of the row of a cell.
fn two_point_row(
    geometry: &Geometry,
    two_point: &TwoPoint,
    reaction: Option<&[f64]>,
    cell: usize,
    row: &mut Vec<(u32, f64)>,
) {
    row.clear();
    let mut add = |column: usize, value: f64| {
        let column = column as u32;
        match row.binary_search_by_key(&column, |(j, _)| *j) {
            Ok(k) => row[k].1 += value,
            Err(k) => row.insert(k, (column, value)),
        }
    };
    let mut diagonal = reaction.map_or(0.0, |r| r[cell] * geometry.volumes[cell]);
    for (axis, fluxes) in two_point.axes.iter().enumerate() {
        let [lower, upper] = geometry.faces_of(axis, cell);
        let own = &geometry.axes[axis];
        let i = geometry.along(axis, cell);
        diagonal += fluxes.below[upper] - fluxes.above[lower];
        let wrap = (own.n - 1) * own.stride;
        if i > 0 || own.periodic {
            let before = if i > 0 {
                cell - own.stride
            } else {
                cell + wrap
            };
            add(before, -fluxes.below[lower]);
        }
        if i + 1 < own.n || own.periodic {
            let after = if i + 1 < own.n {
                cell + own.stride
            } else {
                cell - wrap
            };
            add(after, fluxes.above[upper]);
        }
    }
    add(cell, diagonal);
}

/// Whether A 1 = 0 to rounding.
fn maps_constants_to_zero(matrix: &Csr<f64>) -> bool {
    (0..matrix.nrows()).all(|i| {
        let (_, values) = matrix.row(i);
        let sum: f64 = values.iter().sum();
        let size: f64 = values.iter().map(|v| v.abs()).sum();
        sum.abs() <= 1e-10 * size
    })
}
