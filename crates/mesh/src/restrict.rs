//! From a fine grid to a coarse one that it refines.

use crate::grid::{Centring, Grid};

/// Brings values on `fine` to `coarse`, whose sample counts divide those of `fine`: points are
/// picked, cells averaged. `None` unless the counts divide (for points of an axis that is not
/// periodic: the interval counts).
pub fn restrict(fine: &Grid, values: &[f64], coarse: &Grid) -> Option<Vec<f64>> {
    if fine.dim() != coarse.dim() || fine.centring() != coarse.centring() {
        return None;
    }
    let mut ratio = [1; 3];
    for ((f, c), r) in fine.axes().iter().zip(coarse.axes()).zip(&mut ratio) {
        let ends = usize::from(fine.centring() == Centring::Point && !f.is_periodic());
        let (fine_intervals, coarse_intervals) = (f.len() - ends, c.len() - ends);
        if fine_intervals % coarse_intervals != 0 {
            return None;
        }
        *r = fine_intervals / coarse_intervals;
    }
    let shape = fine.shape();
    let size = |axis: usize| shape.get(axis).copied().unwrap_or(1);
    let at = |i: usize, j: usize, k: usize| values[i + size(0) * (j + size(1) * k)];
    let mut restricted = Vec::with_capacity(coarse.len());
    for sample in 0..coarse.len() {
        let index = coarse.indices(sample);
        let corner = |axis: usize| index.get(axis).map_or(0, |i| i * ratio[axis]);
        let (i0, j0, k0) = (corner(0), corner(1), corner(2));
        restricted.push(match coarse.centring() {
            Centring::Point => at(i0, j0, k0),
            Centring::Cell => {
                let mut sum = 0.0;
                for k in k0..k0 + ratio[2] {
                    for j in j0..j0 + ratio[1] {
                        for i in i0..i0 + ratio[0] {
                            sum += at(i, j, k);
                        }
                    }
                }
                sum / (ratio[0] * ratio[1] * ratio[2]) as f64
            }
        });
    }
    Some(restricted)
}

#[cfg(test)]
mod tests {
    use super::restrict;
    use crate::{Axis, Centring, Grid};

    #[test]
    fn restriction_keeps_point_values_and_cell_integrals() {
        let points = |n| Grid::periodic_box(2, n, 1.0);
        let fine: Vec<f64> = (0..64).map(|i| (i as f64).sin()).collect();
        let coarse = restrict(&points(8), &fine, &points(4)).unwrap();
        assert_eq!(coarse[1], fine[2]);
        assert_eq!(coarse[4], fine[16]);
        let cells = |n| {
            Grid::new(
                Centring::Cell,
                vec![Axis::cells('x', 0.0, 1.0, n, false).unwrap()],
            )
        };
        let averaged = restrict(&cells(4), &[1.0, 3.0, 5.0, 9.0], &cells(2)).unwrap();
        assert_eq!(averaged, [2.0, 7.0]);
        assert!(restrict(&cells(4), &[0.0; 4], &cells(3)).is_none());
    }
}
