//! Inverses of matrices of a few rows.

/// The inverse of an n x n matrix, by rows, by Gauss-Jordan elimination with row pivoting; `None`
/// where a pivot vanishes against the largest entry of a row, or entries are not finite.
///
/// Rows are scaled first: those of a thick cell differ by its thickness in mean free paths.
pub(crate) fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut a = matrix.to_vec();
    let mut b = vec![0.0; n * n];
    for i in 0..n {
        let row = &mut a[i * n..(i + 1) * n];
        let largest = row.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        row.iter_mut().for_each(|x| *x /= largest);
        b[i * n + i] = 1.0 / largest;
    }
    for k in 0..n {
        let p = (k..n).max_by(|&i, &j| a[i * n + k].abs().total_cmp(&a[j * n + k].abs()))?;
        let pivot = a[p * n + k];
        if !pivot.is_finite() || pivot.abs() <= 1e-14 {
            return None;
        }
        for j in 0..n {
            a.swap(p * n + j, k * n + j);
            b.swap(p * n + j, k * n + j);
        }
        for j in 0..n {
            a[k * n + j] /= pivot;
            b[k * n + j] /= pivot;
        }
        for i in (0..n).filter(|&i| i != k) {
            let factor = a[i * n + k];
            for j in 0..n {
                a[i * n + j] -= factor * a[k * n + j];
                b[i * n + j] -= factor * b[k * n + j];
            }
        }
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_the_identity() {
        let n = 6;
        let a: Vec<f64> = (0..n * n).map(|i| ((i * i + 1) as f64).sin()).collect();
        let b = inverse(&a, n).unwrap();
        for i in 0..n {
            for j in 0..n {
                let sum: f64 = (0..n).map(|k| a[i * n + k] * b[k * n + j]).sum();
                assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
        assert_eq!(inverse(&[1.0, 2.0, 2.0, 4.0], 2), None);
        assert_eq!(inverse(&[1.0, 2.0, 0.0, 0.0], 2), None);
        assert_eq!(inverse(&[1.0, f64::NAN, 2.0, 1.0], 2), None);
        let stiff = inverse(&[1.0, 0.5, 0.5, 1e20], 2).unwrap();
        assert!((stiff[0] - 1.0).abs() < 1e-15 && (stiff[3] / 1e-20 - 1.0).abs() < 1e-15);
    }
}
