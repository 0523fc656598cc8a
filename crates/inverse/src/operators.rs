//! Maps from the unknowns to the data, with their adjoints.
//!
//! | operator | (A x)_i | A A^T |
//! |---|---|---|
//! | [`Mask`] | x at sensor i | I |
//! | [`BlockAverage`] | mean of x over block i | I/cells of a block |
//! | [`DenseMatrix`] | sum_j A_ij x_j | any |
//!
//! Where A A^T is a multiple of I, one conjugate gradient step solves the system of the data.

use pdesolve_krylov::{AdjointOperator, LinearOperator};

use crate::error::InverseError;

/// Sensors: picks some unknowns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    unknowns: usize,
    sensors: Vec<usize>,
}

impl Mask {
    /// The unknowns numbered `sensors`, of `unknowns`.
    ///
    /// # Errors
    /// [`InverseError::Parameter`] for a number that is too large or given twice.
    pub fn new(unknowns: usize, sensors: Vec<usize>) -> Result<Self, InverseError> {
        let mut taken = vec![false; unknowns];
        for &sensor in &sensors {
            if sensor >= unknowns || std::mem::replace(&mut taken[sensor], true) {
                return Err(InverseError::parameter(
                    "sensors",
                    format!("{sensor} is given twice, or is not below the {unknowns} unknowns"),
                ));
            }
        }
        Ok(Self { unknowns, sensors })
    }
}

impl LinearOperator<f64> for Mask {
    fn nrows(&self) -> usize {
        self.sensors.len()
    }

    fn ncols(&self) -> usize {
        self.unknowns
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        for (y, &sensor) in y.iter_mut().zip(&self.sensors) {
            *y = x[sensor];
        }
    }
}

impl AdjointOperator<f64> for Mask {
    fn apply_adjoint(&self, x: &[f64], y: &mut [f64]) {
        y.fill(0.0);
        for (x, &sensor) in x.iter().zip(&self.sensors) {
            y[sensor] = *x;
        }
    }
}

/// A matrix by its entries.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseMatrix {
    columns: usize,
    /// `[row][column]`
    entries: Vec<f64>,
}

impl DenseMatrix {
    /// The matrix with these rows.
    ///
    /// # Errors
    /// [`InverseError::Parameter`] unless all rows have the same length, at least 1, and are finite.
    pub fn new(rows: &[Vec<f64>]) -> Result<Self, InverseError> {
        let columns = rows.first().map_or(0, Vec::len);
        let usable = |r: &Vec<f64>| r.len() == columns && r.iter().all(|v| v.is_finite());
        if columns == 0 || !rows.iter().all(usable) {
            return Err(InverseError::parameter(
                "rows",
                "there is at least one, and all have the same number of finite entries",
            ));
        }
        Ok(Self {
            columns,
            entries: rows.concat(),
        })
    }
}

impl LinearOperator<f64> for DenseMatrix {
    fn nrows(&self) -> usize {
        self.entries.len() / self.columns
    }

    fn ncols(&self) -> usize {
        self.columns
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        for (y, row) in y.iter_mut().zip(self.entries.chunks(self.columns)) {
            *y = row.iter().zip(x).map(|(a, x)| a * x).sum();
        }
    }
}

impl AdjointOperator<f64> for DenseMatrix {
    fn apply_adjoint(&self, x: &[f64], y: &mut [f64]) {
        y.fill(0.0);
        for (x, row) in x.iter().zip(self.entries.chunks(self.columns)) {
            for (y, a) in y.iter_mut().zip(row) {
                *y += a * x;
            }
        }
    }
}

/// Means over blocks of a plane: a coarse look at a fine field, `[row][column]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockAverage {
    shape: [usize; 2],
    block: [usize; 2],
}

impl BlockAverage {
    /// Blocks of `block` rows and columns in a plane of `shape` rows and columns.
    ///
    /// # Errors
    /// [`InverseError::Parameter`] unless the blocks divide the plane.
    pub fn new(shape: [usize; 2], block: [usize; 2]) -> Result<Self, InverseError> {
        if (0..2).any(|d| block[d] == 0 || shape[d] == 0 || !shape[d].is_multiple_of(block[d])) {
            return Err(InverseError::parameter(
                "block",
                format!("{block:?} does not divide {shape:?}"),
            ));
        }
        Ok(Self { shape, block })
    }

    fn block_of(&self, cell: usize) -> usize {
        let (row, column) = (cell / self.shape[1], cell % self.shape[1]);
        row / self.block[0] * (self.shape[1] / self.block[1]) + column / self.block[1]
    }

    fn weight(&self) -> f64 {
        1.0 / (self.block[0] * self.block[1]) as f64
    }
}

impl LinearOperator<f64> for BlockAverage {
    fn nrows(&self) -> usize {
        self.ncols() / (self.block[0] * self.block[1])
    }

    fn ncols(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) {
        y.fill(0.0);
        for (cell, x) in x.iter().enumerate() {
            y[self.block_of(cell)] += self.weight() * x;
        }
    }
}

impl AdjointOperator<f64> for BlockAverage {
    fn apply_adjoint(&self, x: &[f64], y: &mut [f64]) {
        for (cell, y) in y.iter_mut().enumerate() {
            *y = self.weight() * x[self.block_of(cell)];
        }
    }
}

#[cfg(test)]
mod tests {
    use pdesolve_krylov::{AdjointOperator, LinearOperator};
    use pdesolve_sampling::Noise;

    use super::{BlockAverage, DenseMatrix, Mask};

    #[test]
    fn adjoints_satisfy_their_definition() {
        let mut entries = vec![0.0; 5 * 24];
        Noise::new(3).normal(0, entries.len(), &mut entries);
        let rows: Vec<Vec<f64>> = entries.chunks(24).map(<[f64]>::to_vec).collect();
        let operators: [&dyn AdjointOperator<f64>; 3] = [
            &Mask::new(24, vec![3, 0, 17]).unwrap(),
            &DenseMatrix::new(&rows).unwrap(),
            &BlockAverage::new([4, 6], [2, 3]).unwrap(),
        ];
        for a in operators {
            let (m, n) = (a.nrows(), a.ncols());
            let (mut x, mut y) = (vec![0.0; n], vec![0.0; m]);
            Noise::new(1).normal(0, n, &mut x);
            Noise::new(2).normal(0, m, &mut y);
            let (mut ax, mut aty) = (vec![0.0; m], vec![0.0; n]);
            a.apply(&x, &mut ax);
            a.apply_adjoint(&y, &mut aty);
            let dot = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(u, v)| u * v).sum::<f64>();
            assert!((dot(&ax, &y) - dot(&x, &aty)).abs() < 1e-12);
            assert!(dot(&ax, &ax) > 0.0);
        }
    }

    #[test]
    fn averages_of_a_linear_field_are_its_values_at_block_centres() {
        let a = BlockAverage::new([2, 4], [2, 2]).unwrap();
        let x: Vec<f64> = (0..8).map(f64::from).collect();
        let mut y = [0.0; 2];
        a.apply(&x, &mut y);
        assert_eq!(y, [2.5, 4.5]);
    }

    #[test]
    fn impossible_operators_are_refused() {
        assert!(Mask::new(4, vec![1, 1]).is_err());
        assert!(Mask::new(4, vec![4]).is_err());
        assert!(DenseMatrix::new(&[vec![1.0], vec![]]).is_err());
        assert!(BlockAverage::new([4, 6], [3, 2]).is_err());
    }
}
