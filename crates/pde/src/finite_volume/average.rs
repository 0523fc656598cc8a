//! Averages of point functions over cells, by Gauss-Legendre quadrature.
//!
//! Finite volumes carry cell averages. The value at the centre differs from the average by
//! h^2 u''/24, so initial data, exact solutions and sources must be averaged wherever an order
//! above 2 is claimed. With n points an axis the rule is of order 2n.

use pdesolve_mesh::{Grid, Row};

/// Nodes on [-1/2, 1/2] and weights of unit sum.
fn gauss(points: usize) -> &'static [(f64, f64)] {
    match points {
        0 | 1 => &[(0.0, 1.0)],
        2 => &[
            (-0.288_675_134_594_812_9, 0.5),
            (0.288_675_134_594_812_9, 0.5),
        ],
        3 => &[
            (-0.387_298_334_620_741_7, 5.0 / 18.0),
            (0.0, 8.0 / 18.0),
            (0.387_298_334_620_741_7, 5.0 / 18.0),
        ],
        4 => &[
            (-0.430_568_155_797_026_3, 0.173_927_422_568_726_93),
            (-0.169_990_521_792_428_13, 0.326_072_577_431_273_07),
            (0.169_990_521_792_428_13, 0.326_072_577_431_273_07),
            (0.430_568_155_797_026_3, 0.173_927_422_568_726_93),
        ],
        _ => &[
            (-0.453_089_922_969_332, 0.118_463_442_528_094_54),
            (-0.269_234_655_052_841_55, 0.239_314_335_249_683_23),
            (0.0, 64.0 / 225.0),
            (0.269_234_655_052_841_55, 0.239_314_335_249_683_23),
            (0.453_089_922_969_332, 0.118_463_442_528_094_54),
        ],
    }
}

/// Quadrature points of all cells of a grid, an axis at a time.
pub(super) struct CellQuadrature {
    /// x of node q in each cell, and the weight of the node: `x[q][i]`.
    x: Vec<(Vec<f64>, f64)>,
    /// y (then z) of node q in each cell of the axis; one node at 0 where the grid lacks the axis.
    across: [Vec<(Vec<f64>, f64)>; 2],
}

impl CellQuadrature {
    /// `points` (1 to 5) Gauss points an axis.
    pub(super) fn new(grid: &Grid, points: usize) -> Self {
        let along = |axis: usize| -> Vec<(Vec<f64>, f64)> {
            let Some(axis) = grid.axes().get(axis) else {
                return vec![(vec![0.0], 1.0)];
            };
            let place = |node: f64| {
                (0..axis.len())
                    .map(|i| axis.samples()[i] + node * axis.width(i))
                    .collect()
            };
            gauss(points)
                .iter()
                .map(|&(node, weight)| (place(node), weight))
                .collect()
        };
        Self {
            x: along(0),
            across: [along(1), along(2)],
        }
    }

    /// Averages `function` at time `t` over the cells of grid line `row`; `point` is scratch as
    /// long as the line.
    pub(super) fn average_row(
        &self,
        function: &(impl Fn(Row<'_>, &mut [f64]) + ?Sized),
        row: usize,
        t: f64,
        point: &mut [f64],
        out: &mut [f64],
    ) {
        let [ys, zs] = &self.across;
        let ny = ys[0].0.len();
        out.fill(0.0);
        for (z, z_weight) in zs {
            for (y, y_weight) in ys {
                for (x, x_weight) in &self.x {
                    let row = Row {
                        t,
                        x,
                        y: y[row % ny],
                        z: z[row / ny],
                    };
                    function(row, point);
                    let weight = x_weight * y_weight * z_weight;
                    for (out, point) in out.iter_mut().zip(&*point) {
                        *out += weight * point;
                    }
                }
            }
        }
    }
}

/// Cell averages, in grid order, of a function given along grid lines, at time `t`, with `points`
/// (1 to 5) Gauss points an axis.
pub fn cell_averages_of_rows(
    grid: &Grid,
    points: usize,
    t: f64,
    function: impl Fn(Row<'_>, &mut [f64]),
) -> Vec<f64> {
    let nx = grid.axes()[0].len();
    let quadrature = CellQuadrature::new(grid, points);
    let mut averages = vec![0.0; grid.len()];
    let mut point = vec![0.0; nx];
    for (row, out) in averages.chunks_exact_mut(nx).enumerate() {
        quadrature.average_row(&function, row, t, &mut point, out);
    }
    averages
}

/// Cell averages, in grid order, of a function of position, with `points` (1 to 5) Gauss points an
/// axis.
pub fn cell_averages(grid: &Grid, points: usize, function: impl Fn([f64; 3]) -> f64) -> Vec<f64> {
    cell_averages_of_rows(grid, points, 0.0, |row, out| {
        for (out, &x) in out.iter_mut().zip(row.x) {
            *out = function([x, row.y, row.z]);
        }
    })
}
