//! Integrals and norms over a grid, with the same bits for any number of threads.

use crate::grid::Grid;

/// Values summed together before partial sums are added: fixes the order of additions.
const BLOCK: usize = 1024;

/// Sums `n` terms in blocks of fixed size: the result does not depend on how the terms are
/// computed or by how many threads, and the rounding error grows with `n / 1024`, not `n`.
pub fn deterministic_sum(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    (0..n)
        .step_by(BLOCK)
        .map(|start| (start..(start + BLOCK).min(n)).map(&term).sum::<f64>())
        .sum()
}

/// Integral, norms and extrema of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norms {
    /// Integral of u over the domain.
    pub integral: f64,
    /// Integral of |u| over the domain.
    pub l1: f64,
    /// Square root of the integral of u^2 over the domain.
    pub l2: f64,
    /// Least value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Norms {
    /// Norms of `values` on `grid`.
    ///
    /// # Panics
    /// Unless `values` has one value a sample.
    pub fn of(grid: &Grid, values: &[f64]) -> Self {
        assert_eq!(values.len(), grid.len(), "one value a sample");
        let nx = grid.axes()[0].len();
        let x_width: Vec<f64> = (0..nx).map(|i| grid.axes()[0].width(i)).collect();
        let mut norms = Self {
            integral: 0.0,
            l1: 0.0,
            l2: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        };
        for (row, line) in values.chunks_exact(nx).enumerate() {
            // Volume of the row's cells over their x widths.
            let across = grid.cell_volume(row * nx) / x_width[0];
            norms.integral += across * deterministic_sum(nx, |i| x_width[i] * line[i]);
            norms.l1 += across * deterministic_sum(nx, |i| x_width[i] * line[i].abs());
            norms.l2 += across * deterministic_sum(nx, |i| x_width[i] * line[i] * line[i]);
            for &value in line {
                norms.min = norms.min.min(value);
                norms.max = norms.max.max(value);
            }
        }
        norms.l2 = norms.l2.sqrt();
        norms
    }
}

/// `(||u - v||_2 / ||v||_2, max |u - v|)` over a grid; where v is zero the first is `||u||_2`. A
/// NaN in either field shows in both.
///
/// # Panics
/// Unless both have one value a sample.
pub fn difference_norms(grid: &Grid, u: &[f64], v: &[f64]) -> (f64, f64) {
    let difference: Vec<f64> = u.iter().zip(v).map(|(a, b)| a - b).collect();
    let scale = Norms::of(grid, v).l2;
    let l2 = Norms::of(grid, &difference).l2;
    let max = difference.iter().fold(0.0, |worst: f64, d| {
        if d.is_nan() {
            f64::NAN
        } else {
            worst.max(d.abs())
        }
    });
    let max = if l2.is_nan() { f64::NAN } else { max };
    (if scale > 0.0 { l2 / scale } else { l2 }, max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MeshParams, Stretching};

    #[test]
    fn integral_of_a_constant_is_the_volume_on_every_kind_of_grid() {
        for (cells, points) in [(Some(vec![7, 5, 4]), None), (None, Some(vec![7, 5, 4]))] {
            for periodic in [true, false] {
                for stretching in [Stretching::Uniform, Stretching::Tanh { strength: 2.0 }] {
                    let grid = MeshParams {
                        cells: cells.clone(),
                        points: points.clone(),
                        lower: Some(vec![-1.0, 0.0, 2.0]),
                        upper: Some(vec![1.0, 3.0, 2.5]),
                        layers: None,
                        periodic: Some(vec![periodic; 3]),
                        stretching: Some(vec![stretching.clone(); 3]),
                    }
                    .build()
                    .unwrap();
                    let norms = Norms::of(&grid, &vec![2.0; grid.len()]);
                    assert!((norms.integral - 6.0).abs() < 1e-13, "{}", norms.integral);
                    assert!((norms.l2 - 12.0f64.sqrt()).abs() < 1e-13);
                }
            }
        }
    }

    #[test]
    fn trapezoidal_rule_on_points_is_spectral_for_periodic_functions() {
        let grid = Grid::periodic_box(1, 24, std::f64::consts::TAU);
        let values: Vec<f64> = grid.axes()[0]
            .samples()
            .iter()
            .map(|x| x.sin().exp())
            .collect();
        // Integral of exp(sin x) over a period: 2 pi I_0(1).
        let exact = 7.954_926_521_012_844;
        assert!((Norms::of(&grid, &values).integral - exact).abs() < 1e-13);
    }

    #[test]
    fn every_fault_of_a_mesh_table_is_reported() {
        let errors = MeshParams {
            cells: Some(vec![4, 0]),
            points: None,
            lower: None,
            upper: Some(vec![1.0, -1.0]),
            layers: None,
            periodic: None,
            stretching: None,
        }
        .build()
        .unwrap_err();
        assert_eq!(errors.len(), 1);
        let errors = MeshParams {
            cells: Some(vec![4, 4]),
            points: None,
            lower: Some(vec![0.0]),
            upper: Some(vec![1.0]),
            layers: None,
            periodic: None,
            stretching: None,
        }
        .build()
        .unwrap_err();
        assert_eq!(errors.len(), 2);
    }
}
