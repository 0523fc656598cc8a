//! Complex matrices of a few rows, by rows.

use num_complex::Complex;

pub(crate) type C = Complex<f64>;

/// A square matrix by rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) n: usize,
    pub(crate) entries: Vec<C>,
}

impl Matrix {
    pub(crate) fn zeros(n: usize) -> Self {
        Self {
            n,
            entries: vec![C::default(); n * n],
        }
    }

    pub(crate) fn at(&self, i: usize, j: usize) -> C {
        self.entries[i * self.n + j]
    }

    pub(crate) fn at_mut(&mut self, i: usize, j: usize) -> &mut C {
        &mut self.entries[i * self.n + j]
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let n = self.n;
        let mut product = Self::zeros(n);
        for i in 0..n {
            for k in 0..n {
                let a = self.at(i, k);
                for j in 0..n {
                    product.entries[i * n + j] += a * other.at(k, j);
                }
            }
        }
        product
    }

    fn norm(&self) -> f64 {
        self.entries.iter().map(C::norm_sqr).sum::<f64>().sqrt()
    }

    /// X with self X = `right`, column by column of `right` (`[row][column]`), by elimination with
    /// row pivoting. A vanishing pivot gives infinities.
    pub(crate) fn solve(mut self, right: &mut [Vec<C>]) {
        let n = self.n;
        for k in 0..n {
            let p = (k..n)
                .max_by(|&i, &j| self.at(i, k).norm().total_cmp(&self.at(j, k).norm()))
                .unwrap_or(k);
            for j in 0..n {
                self.entries.swap(k * n + j, p * n + j);
            }
            right.swap(k, p);
            let pivot = self.at(k, k);
            for i in (0..n).filter(|&i| i != k) {
                let factor = self.at(i, k) / pivot;
                for j in k..n {
                    let a = self.at(k, j);
                    *self.at_mut(i, j) -= factor * a;
                }
                for j in 0..right[k].len() {
                    let b = right[k][j];
                    right[i][j] -= factor * b;
                }
            }
        }
        for (k, row) in right.iter_mut().enumerate() {
            row.iter_mut().for_each(|x| *x /= self.at(k, k));
        }
    }

    /// Largest absolute value of the eigenvalues: ||A^(2^k)||^(1/2^k) for growing k.
    pub(crate) fn spectral_radius(&self) -> f64 {
        if self.n == 1 {
            return self.entries[0].norm();
        }
        if self.n == 2 {
            let half = 0.5 * (self.at(0, 0) + self.at(1, 1));
            let apart = 0.5 * (self.at(0, 0) - self.at(1, 1));
            let root = (apart * apart + self.at(0, 1) * self.at(1, 0)).sqrt();
            return (half + root).norm().max((half - root).norm());
        }
        let mut power = self.clone();
        let (mut log, mut before, mut exponent) = (0.0, f64::INFINITY, 1.0);
        for _ in 0..40 {
            let norm = power.norm();
            if norm == 0.0 || !norm.is_finite() {
                return norm;
            }
            power.entries.iter_mut().for_each(|x| *x /= norm);
            log += norm.ln() / exponent;
            if (log - before).abs() < 1e-9 {
                break;
            }
            before = log;
            power = power.times(&power);
            exponent *= 2.0;
        }
        log.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectral_radius_of_a_matrix_with_known_eigenvalues() {
        // Companion matrix of (x - 2)(x + 1)(x^2 + 9): the largest is 3.
        let c = [18.0, 9.0, -7.0, 1.0];
        let mut m = Matrix::zeros(4);
        for i in 0..3 {
            *m.at_mut(i, i + 1) = C::from(1.0);
        }
        for (j, c) in c.into_iter().enumerate() {
            *m.at_mut(3, j) = C::from(c);
        }
        assert!((m.spectral_radius() - 3.0).abs() < 1e-7);
    }

    #[test]
    fn a_solution_meets_its_equations() {
        let n = 4;
        let mut m = Matrix::zeros(n);
        for (i, x) in m.entries.iter_mut().enumerate() {
            *x = C::new((i as f64 * 1.3).sin(), (i as f64 * 0.7).cos());
        }
        let mut x: Vec<Vec<C>> = (0..n).map(|i| vec![C::new(i as f64, 1.0)]).collect();
        m.clone().solve(&mut x);
        for i in 0..n {
            let row: C = (0..n).map(|j| m.at(i, j) * x[j][0]).sum();
            assert!((row - C::new(i as f64, 1.0)).norm() < 1e-12);
        }
    }
}
