//! Tridiagonal and cyclic tridiagonal systems, factored once and solved in place.
//!
//! Gaussian elimination without pivoting (Thomas), which is stable for the diagonally dominant
//! matrices of diffusion. A cyclic matrix is the tridiagonal T plus a rank-one term u v^T that
//! holds its corners (Sherman and Morrison): x = y - (v.y)/(1 + v.z) z with T y = b, T z = u.
//!
//! Source: Press et al., Numerical Recipes, section 2.7.

/// A factored matrix; row i is lower_i x_(i-1) + diagonal_i x_i + upper_i x_(i+1).
pub(super) struct Tridiagonal {
    lower: Vec<f64>,
    /// 1/pivot.
    inverse: Vec<f64>,
    /// upper/pivot.
    upper: Vec<f64>,
    cyclic: Option<Cyclic>,
}

struct Cyclic {
    /// v_0 and v_(n-1).
    v: [f64; 2],
    /// z/(1 + v.z).
    z: Vec<f64>,
}

impl Tridiagonal {
    /// Factors a matrix; where it is `cyclic`, row 0 reaches round to the last unknown with
    /// `lower[0]` and the last row to the first with its `upper`.
    ///
    /// A pivot that vanishes against its row is replaced by the row: in the problems here that
    /// happens in the last row of a singular matrix (all closed, nothing absorbed), whose solution
    /// is only known up to a constant.
    pub(super) fn new(
        mut lower: Vec<f64>,
        mut diagonal: Vec<f64>,
        mut upper: Vec<f64>,
        cyclic: bool,
    ) -> Self {
        let n = diagonal.len();
        // Rounding leaves about this much of a pivot that should be zero.
        let tiny = 1e-14;
        if cyclic && n <= 2 {
            // Each unknown meets the other one from both sides; alone it meets itself.
            if n == 1 {
                diagonal[0] += lower[0] + upper[0];
            } else {
                upper[0] += lower[0];
                lower[1] += upper[1];
            }
        }
        let corners = (cyclic && n > 2).then(|| {
            let (beta, alpha) = (lower[0], upper[n - 1]);
            let shift = -diagonal[0];
            diagonal[0] -= shift;
            diagonal[n - 1] -= alpha * beta / shift;
            (shift, alpha, beta)
        });
        let mut inverse = vec![0.0; n];
        for i in 0..n {
            let row = diagonal[i].abs();
            let pivot = match i {
                0 => diagonal[0],
                _ => diagonal[i] - lower[i] * upper[i - 1],
            };
            inverse[i] = 1.0 / if pivot.abs() > tiny * row { pivot } else { row };
            upper[i] *= inverse[i];
        }
        let mut me = Self {
            lower,
            inverse,
            upper,
            cyclic: None,
        };
        if let Some((shift, alpha, beta)) = corners {
            let mut z = vec![0.0; n];
            (z[0], z[n - 1]) = (shift, alpha);
            me.solve(&mut z);
            let v = [1.0, beta / shift];
            let denominator = 1.0 + v[0] * z[0] + v[1] * z[n - 1];
            let largest = 1.0 + z[0].abs() + (v[1] * z[n - 1]).abs();
            let scale = if denominator.abs() > tiny * largest {
                1.0 / denominator
            } else {
                0.0
            };
            z.iter_mut().for_each(|z| *z *= scale);
            me.cyclic = Some(Cyclic { v, z });
        }
        me
    }

    /// Solves in place.
    pub(super) fn solve(&self, x: &mut [f64]) {
        let n = x.len();
        x[0] *= self.inverse[0];
        for i in 1..n {
            x[i] = (x[i] - self.lower[i] * x[i - 1]) * self.inverse[i];
        }
        for i in (0..n - 1).rev() {
            x[i] -= self.upper[i] * x[i + 1];
        }
        if let Some(cyclic) = &self.cyclic {
            let along = cyclic.v[0] * x[0] + cyclic.v[1] * x[n - 1];
            for (x, z) in x.iter_mut().zip(&cyclic.z) {
                *x -= along * z;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_meets_the_equations_cyclic_or_not() {
        for cyclic in [false, true] {
            for n in [1_usize, 2, 3, 4, 17] {
                let lower: Vec<f64> = (0..n).map(|i| -1.0 - 0.1 * i as f64).collect();
                let upper: Vec<f64> = (0..n).map(|i| -0.5 - 0.2 * (i % 3) as f64).collect();
                let diagonal: Vec<f64> = (0..n).map(|i| 5.0 + 0.3 * i as f64).collect();
                let b: Vec<f64> = (0..n).map(|i| (1.7 * i as f64).sin() + 0.3).collect();
                let mut x = b.clone();
                Tridiagonal::new(lower.clone(), diagonal.clone(), upper.clone(), cyclic)
                    .solve(&mut x);
                for i in 0..n {
                    let mut row = diagonal[i] * x[i];
                    if cyclic || i > 0 {
                        row += lower[i] * x[(i + n - 1) % n];
                    }
                    if cyclic || i + 1 < n {
                        row += upper[i] * x[(i + 1) % n];
                    }
                    assert!((row - b[i]).abs() < 1e-12, "{cyclic} {n} {i}");
                }
            }
        }
    }
}
