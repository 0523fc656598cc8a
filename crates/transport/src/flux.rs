//! Flux moments of all groups.

/// Values `[group][moment][cell][dof]`, contiguous in that order.
///
/// A moment is that of an angular basis function ([`Ordinates::basis`](crate::Ordinates)); moment
/// 0 is the scalar flux. The degrees of freedom of a cell are coefficients of Legendre
/// polynomials on it, P_0 (the cell average) first: with xi in [-1, 1] across the cell,
/// phi(xi) = sum_d phi_d P_d(xi).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moments {
    groups: usize,
    moments: usize,
    cells: usize,
    dofs: usize,
    /// The values.
    pub values: Vec<f64>,
}

impl Moments {
    /// All zero.
    pub fn zeros(groups: usize, moments: usize, cells: usize, dofs: usize) -> Self {
        Self {
            groups,
            moments,
            cells,
            dofs,
            values: vec![0.0; groups * moments * cells * dofs],
        }
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Number of angular moments.
    pub fn moments(&self) -> usize {
        self.moments
    }

    /// Number of cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Degrees of freedom of a cell.
    pub fn dofs(&self) -> usize {
        self.dofs
    }

    /// Values of one group: `[moment][cell][dof]`.
    pub fn group(&self, group: usize) -> &[f64] {
        let n = self.moments * self.cells * self.dofs;
        &self.values[group * n..(group + 1) * n]
    }

    /// Values of one group: `[moment][cell][dof]`.
    pub fn group_mut(&mut self, group: usize) -> &mut [f64] {
        let n = self.moments * self.cells * self.dofs;
        &mut self.values[group * n..(group + 1) * n]
    }

    /// Cell averages of the scalar flux of a group.
    pub fn averages(&self, group: usize) -> impl Iterator<Item = f64> + '_ {
        self.group(group)[..self.cells * self.dofs]
            .chunks_exact(self.dofs)
            .map(|cell| cell[0])
    }
}
