//! Orders of the unknowns: reverse Cuthill-McKee, and along the stream.
//!
//! Incomplete factors and Gauss-Seidel sweeps depend on the order in which unknowns are eliminated.
//! [`Permutation::apply`] gives P A P^T, [`Permuted`] uses a preconditioner of it for A.

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::{Real, Scalar};
use crate::vector;

use super::error::SetupError;

/// An order of n unknowns: the unknown `order[k]` comes at place k.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permutation {
    order: Vec<u32>,
    place: Vec<u32>,
}

impl Permutation {
    /// From the unknowns in their new order.
    ///
    /// # Errors
    /// [`SetupError::NotPermutation`] unless each of 0..n comes once.
    pub fn new(order: Vec<u32>) -> Result<Self, SetupError> {
        const OPEN: u32 = u32::MAX;
        let n = order.len();
        let mut place = vec![OPEN; n];
        for (k, &i) in order.iter().enumerate() {
            match place.get_mut(i as usize) {
                Some(slot) if *slot == OPEN => *slot = k as u32,
                _ => {
                    return Err(SetupError::NotPermutation {
                        index: i as usize,
                        n,
                    });
                }
            }
        }
        Ok(Self { order, place })
    }

    /// Unknowns in their new order.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Number of unknowns.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are no unknowns.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The opposite order.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let last = self.len().saturating_sub(1) as u32;
        Self {
            order: self.order.iter().rev().copied().collect(),
            place: self.place.iter().map(|&k| last - k).collect(),
        }
    }

    /// P A P^T: rows and columns in the new order.
    ///
    /// # Panics
    /// Unless A is square with as many rows as there are unknowns.
    pub fn apply<T: Scalar>(&self, a: &Csr<T>) -> Csr<T> {
        let n = self.len();
        assert!(
            a.nrows() == n && a.ncols() == n,
            "a square matrix of this many unknowns"
        );
        let mut offsets = Vec::with_capacity(n + 1);
        let mut columns = Vec::with_capacity(a.nnz());
        let mut values = Vec::with_capacity(a.nnz());
        let mut row: Vec<(u32, T)> = Vec::new();
        offsets.push(0);
        for &i in &self.order {
            let (own, entries) = a.row(i as usize);
            row.extend(
                own.iter()
                    .zip(entries)
                    .map(|(&j, &v)| (self.place[j as usize], v)),
            );
            row.sort_unstable_by_key(|&(j, _)| j);
            for (j, v) in row.drain(..) {
                columns.push(j);
                values.push(v);
            }
            offsets.push(columns.len() as u32);
        }
        Csr::from_parts(n, n, offsets, columns, values)
    }

    /// y = P x.
    pub fn gather<T: Scalar>(&self, x: &[T], y: &mut [T]) {
        take(&self.order, x, y);
    }

    /// x = P^T y.
    pub fn scatter<T: Scalar>(&self, y: &[T], x: &mut [T]) {
        take(&self.place, y, x);
    }
}

/// y_k = x at indices_k.
fn take<T: Scalar>(indices: &[u32], x: &[T], y: &mut [T]) {
    assert_eq!(indices.len(), y.len(), "vectors of one length");
    vector::for_blocks(y, &|start, y: &mut [T]| {
        for (y, &i) in y.iter_mut().zip(&indices[start..]) {
            *y = x[i as usize];
        }
    });
}

/// A preconditioner of P A P^T used for A: z = P^T M^-1 P r. Symmetric where M is.
#[derive(Clone, Debug)]
pub struct Permuted<T, M> {
    permutation: Permutation,
    inner: M,
    r: Vec<T>,
    z: Vec<T>,
}

impl<T: Scalar, M: Preconditioner<T>> Permuted<T, M> {
    /// Makes the inner preconditioner from the matrix in the new order.
    ///
    /// # Errors
    /// Those of `make`, which name rows in the new order.
    ///
    /// # Panics
    /// As [`Permutation::apply`].
    pub fn new<E>(
        permutation: Permutation,
        a: &Csr<T>,
        make: impl FnOnce(&Csr<T>) -> Result<M, E>,
    ) -> Result<Self, E> {
        let inner = make(&permutation.apply(a))?;
        let n = permutation.len();
        Ok(Self {
            permutation,
            inner,
            r: vec![T::zero(); n],
            z: vec![T::zero(); n],
        })
    }

    /// The preconditioner of the reordered matrix.
    pub fn inner(&self) -> &M {
        &self.inner
    }
}

impl<T: Scalar, M: Preconditioner<T>> Preconditioner<T> for Permuted<T, M> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        self.permutation.gather(r, &mut self.r);
        self.inner.apply(&self.r, &mut self.z);
        self.permutation.scatter(&self.z, z);
    }
}

/// The graph of A + A^T without loops: neighbours of each unknown, increasing.
pub(crate) struct Graph {
    offsets: Vec<u32>,
    neighbours: Vec<u32>,
}

impl Graph {
    pub(crate) fn of<T: Scalar>(a: &Csr<T>) -> Self {
        let n = a.nrows();
        let t = a.transpose();
        let mut offsets = Vec::with_capacity(n + 1);
        let mut neighbours: Vec<u32> = Vec::with_capacity(a.nnz());
        offsets.push(0);
        let mut own: Vec<u32> = Vec::new();
        for i in 0..n {
            own.clear();
            own.extend_from_slice(a.row(i).0);
            own.extend_from_slice(t.row(i).0);
            own.sort_unstable();
            own.dedup();
            neighbours.extend(own.iter().filter(|&&j| j as usize != i));
            offsets.push(neighbours.len() as u32);
        }
        Self {
            offsets,
            neighbours,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn neighbours(&self, i: usize) -> &[u32] {
        &self.neighbours[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }

    fn degree(&self, i: usize) -> usize {
        self.neighbours(i).len()
    }

    /// Visits the unvisited part of the graph that `root` reaches, level by level, neighbours by
    /// rising degree. Returns where the last level begins in `order`, and the number of levels.
    pub(crate) fn visit(
        &self,
        root: usize,
        visited: &mut [bool],
        order: &mut Vec<u32>,
    ) -> (usize, usize) {
        let (mut level, mut count, mut at) = (order.len(), 1, order.len());
        visited[root] = true;
        order.push(root as u32);
        let mut end_of_level = order.len();
        while at < order.len() {
            if at == end_of_level {
                level = at;
                count += 1;
                end_of_level = order.len();
            }
            let begin = order.len();
            for &j in self.neighbours(order[at] as usize) {
                if !visited[j as usize] {
                    visited[j as usize] = true;
                    order.push(j);
                }
            }
            order[begin..].sort_by_key(|&j| self.degree(j as usize));
            at += 1;
        }
        (level, count)
    }

    /// A vertex at the rim of the part of the graph that `start` reaches (George and Liu 1979):
    /// while visits have more and more levels, begin the next at a vertex of least degree of the
    /// last level.
    pub(crate) fn rim(&self, start: usize, visited: &mut [bool], order: &mut Vec<u32>) -> usize {
        let base = order.len();
        let (mut root, mut most) = (start, 0);
        loop {
            let (last, levels) = self.visit(root, visited, order);
            let candidate = order[last..]
                .iter()
                .map(|&j| j as usize)
                .min_by_key(|&j| (self.degree(j), j));
            for &j in &order[base..] {
                visited[j as usize] = false;
            }
            order.truncate(base);
            match candidate {
                Some(candidate) if levels > most => (root, most) = (candidate, levels),
                _ => return root,
            }
        }
    }
}

/// Reverse Cuthill-McKee: breadth first from a vertex at the rim, neighbours by rising degree, then
/// backwards. The pattern is that of A + A^T.
///
/// It keeps the bandwidth small, and with it the fill that incomplete factors drop: for a matrix
/// from an unstructured mesh do this before ILU. A grid in natural order gains nothing.
///
/// Source: Cuthill and McKee (1969); the reversal George (1971).
pub fn reverse_cuthill_mckee<T: Scalar>(a: &Csr<T>) -> Permutation {
    let graph = Graph::of(a);
    let n = graph.len();
    let mut order = Vec::with_capacity(n);
    let mut visited = vec![false; n];
    for start in 0..n {
        if !visited[start] {
            let root = graph.rim(start, &mut visited, &mut order);
            graph.visit(root, &mut visited, &mut order);
        }
    }
    order.reverse();
    permutation_of(order)
}

/// Along the stream: each unknown after all those on which its row depends.
///
/// Row i depends on j where |a_ij| > theta |a_ii|, with `theta` in 0..1: 0 counts every entry, 0.1
/// leaves weak diffusion aside. Unknowns that depend on each other in a circle form a
/// strongly connected component; components are ordered, within one the unknowns keep their order.
/// Where the flow has no circles, the reordered matrix is lower triangular and one forward
/// Gauss-Seidel sweep solves the system exactly.
///
/// Components by Tarjan (1972), SIAM J. Comput. 1, 146, which gives them upstream first. Bad at:
/// recirculating flow, where one component holds nearly everything.
pub fn downstream<T: Scalar>(a: &Csr<T>, theta: f64) -> Permutation {
    const NEW: u32 = u32::MAX;
    let n = a.nrows();
    let threshold: Vec<f64> = a
        .diagonal()
        .iter()
        .map(|d| theta * d.modulus().as_f64())
        .collect();

    let mut order: Vec<u32> = Vec::with_capacity(n);
    // Number of each unknown as it is found, and the least number it leads back to.
    let mut found = vec![NEW; n];
    let mut least = vec![0u32; n];
    let mut open: Vec<u32> = Vec::new();
    let mut is_open = vec![false; n];
    // Unknowns on the path from the root, with the next entry of their row to look at.
    let mut path: Vec<(u32, u32)> = Vec::new();
    let mut count = 0;
    for root in 0..n as u32 {
        if found[root as usize] != NEW {
            continue;
        }
        path.push((root, a.offsets()[root as usize]));
        while let Some((i, at)) = path.last_mut() {
            let row = *i as usize;
            if found[row] == NEW {
                found[row] = count;
                least[row] = count;
                count += 1;
                open.push(*i);
                is_open[row] = true;
            }
            if *at < a.offsets()[row + 1] {
                let k = *at as usize;
                *at += 1;
                let j = a.columns()[k] as usize;
                if j == row || a.values()[k].modulus().as_f64() <= threshold[row] {
                    continue;
                }
                if found[j] == NEW {
                    path.push((j as u32, a.offsets()[j]));
                } else if is_open[j] {
                    least[row] = least[row].min(found[j]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                least[parent as usize] = least[parent as usize].min(least[row]);
            }
            if least[row] == found[row] {
                let begin = order.len();
                while let Some(j) = open.pop() {
                    is_open[j as usize] = false;
                    order.push(j);
                    if j as usize == row {
                        break;
                    }
                }
                order[begin..].sort_unstable();
            }
        }
    }
    permutation_of(order)
}

fn permutation_of(order: Vec<u32>) -> Permutation {
    Permutation::new(order).expect("each unknown is visited once")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::operator::LinearOperator;
    use crate::preconditioners::test_matrices::random_sparse;
    use crate::preconditioners::{GaussSeidel, GaussSeidelParams};

    fn bandwidth(a: &Csr<f64>) -> usize {
        (0..a.nrows())
            .flat_map(|i| a.row(i).0.iter().map(move |&j| i.abs_diff(j as usize)))
            .max()
            .unwrap_or(0)
    }

    /// Unknowns in an order that has nothing to do with the grid.
    fn shuffled(n: usize, seed: u64) -> Permutation {
        let keys = gallery::noise(n, seed);
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.sort_by(|&i, &j| keys[i as usize].total_cmp(&keys[j as usize]));
        Permutation::new(order).unwrap()
    }

    #[test]
    fn permuting_moves_entries_and_vectors_alike() {
        let a = random_sparse(30, 4, 1);
        let p = shuffled(30, 2);
        let b = p.apply(&a);
        let x = gallery::noise(30, 3);
        let (mut ax, mut px, mut bpx, mut back) =
            (vec![0.0; 30], vec![0.0; 30], vec![0.0; 30], vec![0.0; 30]);
        a.apply(&x, &mut ax);
        p.gather(&x, &mut px);
        b.apply(&px, &mut bpx);
        p.scatter(&bpx, &mut back);
        for (v, w) in ax.iter().zip(&back) {
            assert!((v - w).abs() <= 1e-12 * (1.0 + v.abs()));
        }
        assert!(matches!(
            Permutation::new(vec![0, 2, 2]),
            Err(SetupError::NotPermutation { index: 2, n: 3 })
        ));
    }

    #[test]
    fn reverse_cuthill_mckee_finds_the_band_of_a_shuffled_grid() {
        let a = gallery::poisson(&[30, 12]);
        let shuffled = shuffled(360, 5).apply(&a);
        assert!(bandwidth(&shuffled) > 300);
        let ordered = reverse_cuthill_mckee(&shuffled).apply(&shuffled);
        assert!(bandwidth(&ordered) <= 14, "{}", bandwidth(&ordered));
    }

    /// Upwind advection by (cos t, sin t) with inflow from outside, m x m points.
    fn advection(m: usize, direction: (f64, f64)) -> Csr<f64> {
        let (u, v) = direction;
        let mut entries = Vec::new();
        for y in 0..m {
            for x in 0..m {
                let row = (y * m + x) as u32;
                entries.push((row, row, u.abs() + v.abs()));
                let upwind_x = if u > 0.0 {
                    x.checked_sub(1)
                } else {
                    Some(x + 1)
                };
                if let Some(x) = upwind_x.filter(|&x| x < m) {
                    entries.push((row, (y * m + x) as u32, -u.abs()));
                }
                let upwind_y = if v > 0.0 {
                    y.checked_sub(1)
                } else {
                    Some(y + 1)
                };
                if let Some(y) = upwind_y.filter(|&y| y < m) {
                    entries.push((row, (y * m + x) as u32, -v.abs()));
                }
            }
        }
        Csr::from_triplets(m * m, m * m, &entries).unwrap()
    }

    /// ||b - A M^-1 b|| / ||b|| of one downstream sweep.
    fn residual_of_a_sweep(a: &Csr<f64>) -> f64 {
        let n = a.nrows();
        let mut m = Permuted::new(downstream(a, 0.0), a, |a| {
            GaussSeidel::new(a, &GaussSeidelParams::default())
        })
        .unwrap();
        let b = gallery::noise(n, 4);
        let (mut z, mut r) = (vec![0.0; n], vec![0.0; n]);
        m.apply(&b, &mut z);
        a.residual(&b, &z, &mut r);
        vector::norm2(&r) / vector::norm2(&b)
    }

    #[test]
    fn one_downstream_sweep_solves_pure_upwind_advection() {
        for direction in [(0.8, 0.6), (-0.8, 0.6), (0.3, -0.9), (-0.6, -0.8)] {
            let a = shuffled(63 * 63, 7).apply(&advection(63, direction));
            let residual = residual_of_a_sweep(&a);
            assert!(residual <= 1e-14, "{direction:?}: {residual:e}");
        }
    }

    #[test]
    fn circles_are_kept_together_and_everything_else_follows_the_stream() {
        // 4 -> 2 -> {0, 3, 5} in a circle -> 1, written as: row depends on column.
        let edges = [(2, 4), (0, 2), (3, 0), (5, 3), (0, 5), (1, 5)];
        let mut entries: Vec<(u32, u32, f64)> = (0..6).map(|i| (i, i, 2.0)).collect();
        entries.extend(edges.iter().map(|&(i, j)| (i, j, -1.0)));
        let a = Csr::from_triplets(6, 6, &entries).unwrap();
        assert_eq!(downstream(&a, 0.0).order(), [4, 2, 0, 3, 5, 1]);
        // In a recirculating flow no entry may be lost, only the sweep is no longer exact.
        let a = gallery::recirculating_flow(20, 1e-4);
        assert_eq!(downstream(&a, 0.0).len(), 400);
        assert!(residual_of_a_sweep(&a) > 1e-3);
    }

    #[test]
    fn weak_entries_can_be_left_out_of_the_stream() {
        let strong = advection(12, (-0.8, -0.6));
        let mut entries = Vec::new();
        for i in 0..144usize {
            let (columns, values) = strong.row(i);
            for (&j, &v) in columns.iter().zip(values) {
                entries.push((i as u32, j, v));
                entries.push((j, i as u32, 1e-3 * v));
            }
        }
        let a = Csr::from_triplets(144, 144, &entries).unwrap();
        let above = |theta| {
            let b = downstream(&a, theta).apply(&a);
            (0..144)
                .flat_map(|i| {
                    let (columns, values) = b.row(i);
                    columns
                        .iter()
                        .zip(values)
                        .filter(move |(j, _)| **j as usize > i)
                        .map(|(_, v)| v.abs())
                        .collect::<Vec<_>>()
                })
                .fold(0.0, f64::max)
        };
        assert!(above(0.05) < 1e-2, "only weak entries above the diagonal");
        assert!(above(0.0) > 0.1, "natural order runs against this flow");
    }
}
