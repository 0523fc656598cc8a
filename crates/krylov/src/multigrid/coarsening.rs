//! Coarsening of one axis by two: how values, volumes and faces of the coarse axis come from those
//! of the fine one. Everything on a grid is a product of such maps.
//!
//! **Values.** e_fine = P e_coarse. Coarse sample I reaches the fine samples 2I - 1, 2I, 2I + 1 and
//! 2I + 2 at most. Restriction is P^T.
//!
//! * *Point*: the coarse samples are the odd ones where the lower wall is coupled (on n = 2^m - 1
//!   points between two walls this is the textbook's grid, any other n works as well), the even
//!   ones otherwise. A sample between them has value (t_l e_l + t_r e_r) / (t_l + t_r), with e = 0
//!   in a wall: in one dimension and without reaction this is exact.
//! * *Cell*: cells 2I and 2I + 1 become one; a single cell may remain at the end. Linear weights
//!   between centres, with the value u_g = (1 - t_wall / t_inner) u behind a wall, which is -u for
//!   Dirichlet and u for Neumann; or constant ones.
//!
//! **Faces.** Resistances 1 / t of the fine faces between two coarse samples add up (for cells:
//! half of those inside the two cells, and the one between).
//!
//! **Volumes.** Point: with the weights of P, so that constants keep their integral; cell: sums.
//!
//! Coarse operators made so are those of the grid of double spacing wherever that grid exists, and
//! they keep the form of the fine operator, which Galerkin's product does not.

use super::params::Coarsening;
use crate::scalar::Real;

/// A pair (index, weight).
pub(super) type Term<T> = (usize, T);

/// Coarsening of one axis, or the axis left alone.
#[derive(Clone, Debug)]
pub struct AxisCoarsening<T> {
    pub(super) fine: usize,
    pub(super) coarse: usize,
    pub(super) periodic: bool,
    /// Weights of coarse sample I at the fine samples 2I - 1, 2I, 2I + 1, 2I + 2; none where the
    /// axis is left alone.
    pub(super) weights: Option<[Vec<T>; 4]>,
    /// P^T by coarse sample: fine samples and weights.
    pub(super) restriction: Vec<Vec<Term<T>>>,
    /// P by fine sample: coarse samples and weights.
    pub(super) interpolation: Vec<Vec<Term<T>>>,
    /// Interpolation of solutions, by fine sample: cubic through the four nearest coarse samples.
    pub(super) cubic: Vec<Vec<Term<T>>>,
    /// Fine volumes in a coarse one.
    pub(super) volumes: Vec<Vec<Term<T>>>,
    /// Fine faces whose resistances add up to that of a coarse face, `coarse + 1` lists.
    pub(super) resistances: Vec<Vec<Term<T>>>,
}

impl<T: Real> AxisCoarsening<T> {
    /// The axis as it is.
    pub(super) fn none(n: usize, periodic: bool) -> Self {
        let same = |n: usize| (0..n).map(|i| vec![(i, T::one())]).collect::<Vec<_>>();
        Self {
            fine: n,
            coarse: n,
            periodic,
            weights: None,
            restriction: same(n),
            interpolation: same(n),
            cubic: same(n),
            volumes: same(n),
            resistances: same(n + 1),
        }
    }

    /// The axis coarsened; `faces` are its n + 1 transmissibilities, averaged over the grid.
    pub(super) fn new(faces: &[T], periodic: bool, how: Coarsening) -> Self {
        let n = faces.len() - 1;
        match how {
            Coarsening::Point => Self::point(n, faces, periodic),
            _ => Self::cell(n, faces, periodic, how == Coarsening::CellLinear),
        }
    }

    fn point(n: usize, faces: &[T], periodic: bool) -> Self {
        let walled = !periodic && faces[0] > T::from_f64(0.25) * faces[1];
        let first = usize::from(walled && n > 1);
        let kept: Vec<usize> = (first..n).step_by(2).collect();
        let coarse = kept.len();
        let mut weights = zeros(coarse);
        for (i, &c) in kept.iter().enumerate() {
            // c is 2I + first: it lies at place 1 + first of the four.
            weights[1 + first][i] = T::one();
            let place = 1 + first;
            if c > 0 || (periodic && n.is_multiple_of(2)) {
                // The sample below has c at its upper side.
                let f = (c + n - 1) % n;
                weights[place - 1][i] = share(faces[f + 1], faces[f]);
            }
            if c + 1 < n && (c + 2 < n || !periodic || n.is_multiple_of(2)) {
                weights[place + 1][i] = share(faces[c + 1], faces[c + 2]);
            }
        }
        let mut resistances: Vec<Vec<Term<T>>> = (0..=coarse)
            .map(|i| {
                let from = if i == 0 { 0 } else { kept[i - 1] + 1 };
                let to = if i == coarse { n } else { kept[i] };
                (from..=to).map(|f| (f, T::one())).collect()
            })
            .collect();
        if periodic {
            resistances[0] = resistances[coarse].clone();
        }
        let positions: Vec<f64> = kept.iter().map(|&c| c as f64).collect();
        let mut axis = Self::from_weights(n, periodic, weights, resistances, &positions);
        axis.volumes.clone_from(&axis.restriction);
        axis
    }

    fn cell(n: usize, faces: &[T], periodic: bool, linear: bool) -> Self {
        let coarse = n.div_ceil(2);
        let single = n % 2 == 1;
        let (one, half) = (T::one(), T::from_f64(0.5));
        let mut weights = zeros(coarse);
        // Centre of coarse cell I in units of fine cells, counted on past the ends where periodic.
        let centre = |i: isize| -> f64 {
            let (c, n) = (coarse as isize, n as f64);
            let turns = i.div_euclid(c);
            let i = i.rem_euclid(c);
            let own = if single && i + 1 == c {
                n - 1.0
            } else {
                2.0 * i as f64 + 0.5
            };
            own + turns as f64 * n
        };
        if linear {
            for i in 0..coarse as isize {
                for (place, weights) in weights.iter_mut().enumerate() {
                    let f = 2 * i + place as isize - 1;
                    if !periodic && !(0..n as isize).contains(&f) {
                        continue;
                    }
                    let (own, x) = (centre(i), f as f64);
                    let next = centre(if x >= own { i + 1 } else { i - 1 });
                    let weight = 1.0 - (x - own).abs() / (next - own).abs();
                    weights[i as usize] = T::from_f64(weight.max(0.0));
                }
            }
            if single && periodic {
                // The last cell stands alone: constant across the seam, where pairs break.
                let last = coarse - 1;
                (weights[2][last], weights[3][last]) = (T::zero(), T::zero());
                weights[0][0] = T::zero();
                (weights[1][0], weights[1][last]) = (one, one);
            }
            if !periodic {
                let ghost = |wall: T, inner: T| {
                    if inner > T::zero() {
                        num_traits::Float::max(one - wall / inner, -one)
                    } else {
                        one
                    }
                };
                // The neighbour behind the wall has the value of the first centre, times `ghost`.
                let quarter = T::from_f64(0.25);
                if n > 1 {
                    weights[1][0] = T::from_f64(0.75) + quarter * ghost(faces[0], faces[1]);
                    if !single {
                        weights[2][coarse - 1] =
                            T::from_f64(0.75) + quarter * ghost(faces[n], faces[n - 1]);
                    }
                }
                if n == 2 {
                    weights[2][0] = T::from_f64(0.75) + quarter * ghost(faces[2], faces[1]);
                }
            }
        } else {
            weights[1].fill(one);
            weights[2][..n / 2].fill(one);
        }
        let inside = |i: usize| (2 * i + 1 < n).then_some((2 * i + 1, half));
        let mut resistances: Vec<Vec<Term<T>>> = (0..=coarse)
            .map(|i| {
                let own = if i == coarse { n } else { 2 * i };
                let mut list = vec![(own, one)];
                list.extend(i.checked_sub(1).and_then(inside));
                if i < coarse {
                    list.extend(inside(i));
                }
                list
            })
            .collect();
        if periodic {
            // The wall between the last and the first cell.
            let mut wall = resistances[coarse].clone();
            wall.extend(inside(0));
            resistances[0].clone_from(&wall);
            resistances[coarse] = wall;
        }
        let positions: Vec<f64> = (0..coarse as isize).map(centre).collect();
        let mut axis = Self::from_weights(n, periodic, weights, resistances, &positions);
        axis.volumes = (0..coarse)
            .map(|i| (2 * i..n.min(2 * i + 2)).map(|f| (f, one)).collect())
            .collect();
        axis
    }

    fn from_weights(
        n: usize,
        periodic: bool,
        weights: [Vec<T>; 4],
        resistances: Vec<Vec<Term<T>>>,
        positions: &[f64],
    ) -> Self {
        let coarse = positions.len();
        let mut restriction = vec![Vec::new(); coarse];
        let mut interpolation = vec![Vec::new(); n];
        for i in 0..coarse {
            for (place, weights) in weights.iter().enumerate() {
                if weights[i] != T::zero() {
                    let f = (2 * i + place + n - 1) % n;
                    restriction[i].push((f, weights[i]));
                    interpolation[f].push((i, weights[i]));
                }
            }
        }
        Self {
            fine: n,
            coarse,
            periodic,
            weights: Some(weights),
            restriction,
            interpolation,
            cubic: cubic(n, periodic, positions),
            volumes: Vec::new(),
            resistances,
        }
    }

    /// The first fine sample that is a coarse one: 0 or 1.
    pub(super) fn first(&self) -> usize {
        let odd = |w: &[Vec<T>; 4]| w[2].first() == Some(&T::one()) && w[1][0] != T::one();
        usize::from(self.weights.as_ref().is_some_and(odd))
    }

    /// Series connection of the fine faces between two coarse samples.
    pub(super) fn series(&self, face: usize, t: impl Fn(usize) -> T) -> T {
        let mut resistance = T::zero();
        for &(f, weight) in &self.resistances[face] {
            let t = t(f);
            if t == T::zero() {
                return T::zero();
            }
            resistance += weight / t;
        }
        T::one() / resistance
    }
}

/// Lagrange's weights of the four coarse samples nearest to each of n fine ones; `positions` in
/// units of fine samples. No wall is used: its value may be anything.
fn cubic<T: Real>(n: usize, periodic: bool, positions: &[f64]) -> Vec<Vec<Term<T>>> {
    let coarse = positions.len() as isize;
    let at = |i: isize| {
        positions[i.rem_euclid(coarse) as usize] + (i.div_euclid(coarse) * n as isize) as f64
    };
    (0..n)
        .map(|f| {
            let x = f as f64;
            let above = (-1..=coarse).find(|&i| at(i) > x).unwrap_or(coarse);
            let (mut from, mut to) = (above - 2, above + 2);
            if !periodic || coarse < 4 {
                from = from.min(coarse - 4).max(0);
                to = (from + 4).min(coarse);
            }
            (from..to)
                .map(|i| {
                    let others = (from..to).filter(|&j| j != i);
                    let weight: f64 = others.map(|j| (x - at(j)) / (at(i) - at(j))).product();
                    (i.rem_euclid(coarse) as usize, T::from_f64(weight))
                })
                .filter(|&(_, weight)| weight != T::zero())
                .collect()
        })
        .collect()
}

fn zeros<T: Real>(n: usize) -> [Vec<T>; 4] {
    std::array::from_fn(|_| vec![T::zero(); n])
}

/// The part of `own` in own + other.
fn share<T: Real>(own: T, other: T) -> T {
    if own == T::zero() {
        T::zero()
    } else {
        own / (own + other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_interpolated_exactly_away_from_walls() {
        for how in [
            Coarsening::Point,
            Coarsening::CellLinear,
            Coarsening::CellConstant,
        ] {
            for n in 2..12 {
                for periodic in [false, true] {
                    let mut faces = vec![1.0; n + 1];
                    if !periodic {
                        faces[0] = 0.0;
                        faces[n] = 0.0;
                    }
                    let axis = AxisCoarsening::<f64>::new(&faces, periodic, how);
                    for (f, terms) in axis.interpolation.iter().enumerate() {
                        let sum: f64 = terms.iter().map(|t| t.1).sum();
                        assert!(
                            (sum - 1.0).abs() < 1e-15,
                            "{how:?} {n} {periodic} {f} {sum}"
                        );
                    }
                    for (f, terms) in axis.cubic.iter().enumerate() {
                        let sum: f64 = terms.iter().map(|t| t.1).sum();
                        assert!(
                            (sum - 1.0).abs() < 1e-14,
                            "{how:?} {n} {periodic} {f} {sum}"
                        );
                    }
                    let volume: f64 = axis.volumes.iter().flatten().map(|t| t.1).sum();
                    assert!((volume - n as f64).abs() < 1e-13);
                    if periodic {
                        assert_eq!(axis.resistances[0], axis.resistances[axis.coarse]);
                    }
                }
            }
        }
    }

    #[test]
    fn solutions_are_interpolated_exactly_up_to_cubics() {
        for how in [Coarsening::Point, Coarsening::CellLinear] {
            for n in 8..14 {
                let axis = AxisCoarsening::<f64>::new(&vec![1.0; n + 1], false, how);
                let p = |x: f64| 1.0 + x * (0.5 - x * (0.3 - 0.01 * x));
                let centre = |i: usize| match how {
                    Coarsening::Point => (2 * i + 1) as f64,
                    _ if 2 * i + 1 == n => (n - 1) as f64,
                    _ => 2.0 * i as f64 + 0.5,
                };
                for (f, terms) in axis.cubic.iter().enumerate() {
                    let value: f64 = terms.iter().map(|&(i, w)| w * p(centre(i))).sum();
                    assert!((value - p(f as f64)).abs() < 1e-12, "{how:?} {n} {f}");
                }
            }
        }
    }

    #[test]
    fn points_between_walls_keep_the_total_resistance() {
        // In one dimension the coarse operator is the Schur complement: P^T A P.
        for n in 2..12 {
            let faces: Vec<f64> = (0..=n).map(|i| 1.0 + (i * 7 % 5) as f64).collect();
            let axis = AxisCoarsening::<f64>::new(&faces, false, Coarsening::Point);
            let total: f64 = faces.iter().map(|t| 1.0 / t).sum();
            let coarse: f64 = (0..=axis.coarse)
                .map(|face| 1.0 / axis.series(face, |f| faces[f]))
                .sum();
            assert!((total - coarse).abs() < 1e-13);
        }
    }
}
