//! Gauss-Seidel and SOR: M = D / omega + L, or D / omega + U in the backward direction.
//!
//! ```text
//! forward    z_i = omega / a_ii (r_i - sum_{j < i} a_ij z_j),   i = 1..n
//! ```
//!
//! One application to the residual is one sweep x <- x + M^-1 (b - A x) over the unknowns in their
//! order. Where no unknown depends on a later one, as in pure upwind advection ordered along the
//! stream ([`downstream`](super::ordering::downstream)), one sweep with omega = 1 is exact.
//!
//! Bad at: smooth errors of elliptic problems. Not symmetric, for that there is
//! [`Ssor`](super::Ssor).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;

use super::error::{SetupError, check_matrix, check_option};
use super::triangular::{Factors, Triangle};

/// The order in which a sweep visits the unknowns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// From the first to the last.
    #[default]
    Forward,
    /// From the last to the first.
    Backward,
}

/// Options of [`GaussSeidel`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GaussSeidelParams {
    /// omega, between 0 and 2. Default: 1.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 2.0))]
    pub omega: f64,
    /// Direction of the sweep. Default: `forward`.
    pub sweep: Sweep,
}

impl Default for GaussSeidelParams {
    fn default() -> Self {
        Self {
            omega: 1.0,
            sweep: Sweep::Forward,
        }
    }
}

/// z = (D / omega + L)^-1 r. Not symmetric.
#[derive(Clone, Debug)]
pub struct GaussSeidel<T> {
    factors: Factors<T>,
    params: GaussSeidelParams,
}

impl<T: Scalar> GaussSeidel<T> {
    /// From a matrix.
    ///
    /// # Errors
    /// [`SetupError::MissingDiagonal`], omega out of its range, and what makes no matrix.
    pub fn new(a: &Csr<T>, params: &GaussSeidelParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        check_omega(params.omega)?;
        let n = a.nrows();
        let omega = T::from_f64(params.omega);
        let inverse = inverse_diagonal(a)?;
        let empty = || Triangle {
            offsets: vec![0; n + 1],
            columns: Vec::new(),
            values: Vec::new(),
        };
        // D/omega + L = (I + omega L D^-1) D/omega, and D/omega + U = D/omega (I + omega D^-1 U).
        let (lower, upper) = match params.sweep {
            Sweep::Forward => (
                strict_part(a, false, |_, j, v| omega * v * inverse[j])?,
                empty(),
            ),
            Sweep::Backward => (
                empty(),
                strict_part(a, true, |i, _, v| omega * v * inverse[i])?,
            ),
        };
        let scaled = inverse.iter().map(|&d| omega * d).collect();
        Ok(Self {
            factors: Factors::new(lower, scaled, upper),
            params: params.clone(),
        })
    }

    /// From another matrix with the same options.
    ///
    /// # Errors
    /// As [`GaussSeidel::new`]; the old numbers then stay.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        *self = Self::new(a, &self.params)?;
        Ok(())
    }

    /// Bytes that the arrays take.
    pub fn memory_bytes(&self) -> usize {
        self.factors.memory_bytes()
    }
}

impl<T: Scalar> Preconditioner<T> for GaussSeidel<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.factors.solve(r, z);
    }
}

pub(crate) fn check_omega(omega: f64) -> Result<(), SetupError> {
    check_option(
        "omega",
        omega,
        omega > 0.0 && omega < 2.0,
        "between 0 and 2, both excluded",
    )
}

/// 1 / a_ii.
pub(crate) fn inverse_diagonal<T: Scalar>(a: &Csr<T>) -> Result<Vec<T>, SetupError> {
    let mut diagonal = a.diagonal();
    for (row, d) in diagonal.iter_mut().enumerate() {
        if *d == T::zero() {
            return Err(SetupError::MissingDiagonal { row });
        }
        *d = T::one() / *d;
    }
    Ok(diagonal)
}

/// The strict upper or lower triangle with the values `scaled(i, j, a_ij)`.
pub(crate) fn strict_part<T: Scalar>(
    a: &Csr<T>,
    above: bool,
    scaled: impl Fn(usize, usize, T) -> T,
) -> Result<Triangle<T>, SetupError> {
    let n = a.nrows();
    let mut out = Triangle::with_capacity(n, a.nnz() / 2);
    for i in 0..n {
        let (columns, values) = a.row(i);
        for (&j, &v) in columns.iter().zip(values) {
            let k = j as usize;
            if k != i && (k > i) == above {
                out.push(j, scaled(i, k, v));
            }
        }
        out.end_row()?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preconditioners::test_matrices::random_sparse;

    #[test]
    fn a_sweep_solves_with_the_triangle_of_the_matrix() {
        let n = 40;
        let a = random_sparse(n, 5, 9);
        let r = crate::gallery::noise(n, 3);
        for sweep in [Sweep::Forward, Sweep::Backward] {
            let params = GaussSeidelParams { omega: 1.3, sweep };
            let mut z = vec![0.0; n];
            GaussSeidel::new(&a, &params).unwrap().apply(&r, &mut z);
            for (i, &r) in r.iter().enumerate() {
                let (columns, values) = a.row(i);
                let mut sum = 0.0;
                for (&j, &v) in columns.iter().zip(values) {
                    let j = j as usize;
                    if j == i {
                        sum += v / 1.3 * z[j];
                    } else if (j > i) == (sweep == Sweep::Backward) {
                        sum += v * z[j];
                    }
                }
                assert!((sum - r).abs() <= 1e-13 * (1.0 + r.abs()), "{i}");
            }
        }
    }

    #[test]
    fn omega_out_of_range_is_named() {
        let a = crate::gallery::poisson(&[3]);
        let params = GaussSeidelParams {
            omega: 2.0,
            ..GaussSeidelParams::default()
        };
        assert!(matches!(
            GaussSeidel::new(&a, &params),
            Err(SetupError::Parameter { name: "omega", .. })
        ));
    }
}
