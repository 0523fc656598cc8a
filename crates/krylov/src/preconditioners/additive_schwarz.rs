//! Additive Schwarz: local solves on overlapping subdomains, added up.
//!
//! ```text
//! z = sum_s  W_s^T A_s^-1 R_s r,     A_s = R_s A R_s^T
//! ```
//!
//! R_s picks the unknowns of subdomain s. Subdomains come from a partition of the graph of A + A^T by
//! recursive bisection, each grown by `overlap` layers of neighbours. W_s = R_s gives the symmetric
//! method. In the restricted variant (RAS) W_s keeps only the unknowns that s owns, so that nothing
//! is added twice: fewer iterations, but not symmetric, so not for CG.
//!
//! Local systems are solved by sparse LU or Cholesky, or only approximately by ILU(0) or IC(0); all
//! subdomains at once, and added in their order, so the bits do not depend on the number of threads.
//!
//! Sources: Dryja and Widlund (1987); Cai and Sarkis (1999), SIAM J. Sci. Comput. 21, 792, for RAS.
//! Bad at: many subdomains. Without a coarse problem information travels one subdomain an iteration,
//! and the count grows with their number across the domain.

use faer::traits::ComplexField;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::csr::Csr;
use crate::preconditioner::Preconditioner;
use crate::scalar::Scalar;
use crate::vector;

use super::direct::{DirectCholesky, DirectLu};
use super::error::{SetupError, check_matrix, check_option};
use super::ic0::{Ic0, Ic0Params};
use super::ilu0::{Ilu0, Ilu0Params};
use super::ordering::Graph;

/// How local solutions are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchwarzVariant {
    /// Added in the overlap: symmetric where A is.
    #[default]
    Additive,
    /// Each unknown from the subdomain that owns it: not symmetric.
    Restricted,
}

/// How local systems are solved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LocalSolver {
    /// Sparse LU: any matrix.
    #[default]
    Lu,
    /// Sparse Cholesky: Hermitian positive definite matrices.
    Cholesky,
    /// ILU(0).
    Ilu0,
    /// IC(0): Hermitian positive definite matrices.
    Ic0,
}

/// Options of [`AdditiveSchwarz`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdditiveSchwarzParams {
    /// Number of subdomains; at most one an unknown. Default: 8.
    #[schemars(range(min = 1))]
    pub subdomains: usize,
    /// Layers of neighbours that a subdomain takes in. Default: 1.
    pub overlap: usize,
    /// How local solutions are put together. Default: `additive`.
    pub variant: SchwarzVariant,
    /// How local systems are solved. Default: `lu`.
    pub local: LocalSolver,
}

impl Default for AdditiveSchwarzParams {
    fn default() -> Self {
        Self {
            subdomains: 8,
            overlap: 1,
            variant: SchwarzVariant::Additive,
            local: LocalSolver::Lu,
        }
    }
}

/// A subdomain: its unknowns, increasing, and the solver of its system.
struct Subdomain<T> {
    unknowns: Vec<u32>,
    /// Places in `unknowns` that are written to z.
    written: Vec<u32>,
    solver: Box<dyn Preconditioner<T>>,
    r: Vec<T>,
    z: Vec<T>,
}

/// z = sum over subdomains of W^T A_s^-1 R r. Hermitian positive definite where A is, unless
/// restricted.
pub struct AdditiveSchwarz<T> {
    n: usize,
    subdomains: Vec<Subdomain<T>>,
    params: AdditiveSchwarzParams,
}

impl<T: Scalar + ComplexField> AdditiveSchwarz<T> {
    /// Partitions the graph of a matrix and factors the local systems.
    ///
    /// # Errors
    /// Those of the local solver, with rows counted within the subdomain; no subdomains, and what
    /// makes no matrix.
    pub fn new(a: &Csr<T>, params: &AdditiveSchwarzParams) -> Result<Self, SetupError> {
        check_matrix(a)?;
        let parts = params.subdomains;
        check_option("subdomains", parts as f64, parts > 0, "at least 1")?;
        let graph = Graph::of(a);
        let owner = partition(&graph, parts.min(a.nrows()));
        Self::on_partition(a, &graph, &owner, params)
    }

    /// With a given partition: `owner[i]` is the subdomain of unknown i, counted from 0; the number
    /// in the options is not looked at.
    ///
    /// # Errors
    /// As [`AdditiveSchwarz::new`].
    ///
    /// # Panics
    /// Unless there is an owner for each unknown.
    pub fn with_partition(
        a: &Csr<T>,
        owner: &[u32],
        params: &AdditiveSchwarzParams,
    ) -> Result<Self, SetupError> {
        check_matrix(a)?;
        assert_eq!(owner.len(), a.nrows(), "an owner for each unknown");
        Self::on_partition(a, &Graph::of(a), owner, params)
    }

    fn on_partition(
        a: &Csr<T>,
        graph: &Graph,
        owner: &[u32],
        params: &AdditiveSchwarzParams,
    ) -> Result<Self, SetupError> {
        let n = a.nrows();
        let count = owner.iter().max().map_or(0, |&s| s as usize + 1);
        let mut owned: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (i, &s) in owner.iter().enumerate() {
            owned[s as usize].push(i as u32);
        }
        let subdomains = owned
            .into_iter()
            .enumerate()
            .filter(|(_, unknowns)| !unknowns.is_empty())
            .map(|(s, mut unknowns)| {
                grow(graph, &mut unknowns, params.overlap);
                let written = (0..unknowns.len() as u32)
                    .filter(|&k| {
                        params.variant == SchwarzVariant::Additive
                            || owner[unknowns[k as usize] as usize] as usize == s
                    })
                    .collect();
                let size = unknowns.len();
                Ok(Subdomain {
                    solver: local_solver(&local_matrix(a, &unknowns), params.local)?,
                    written,
                    unknowns,
                    r: vec![T::zero(); size],
                    z: vec![T::zero(); size],
                })
            })
            .collect::<Result<_, SetupError>>()?;
        Ok(Self {
            n,
            subdomains,
            params: params.clone(),
        })
    }

    /// Factors the local systems of another matrix on the same subdomains.
    ///
    /// # Errors
    /// As [`AdditiveSchwarz::new`], and [`SetupError::PatternChanged`] for another size; subdomains
    /// already done are then new, the others old.
    pub fn rebuild(&mut self, a: &Csr<T>) -> Result<(), SetupError> {
        check_matrix(a)?;
        if a.nrows() != self.n {
            return Err(SetupError::PatternChanged);
        }
        for subdomain in &mut self.subdomains {
            let local = local_matrix(a, &subdomain.unknowns);
            subdomain.solver = local_solver(&local, self.params.local)?;
        }
        Ok(())
    }
}

impl<T> AdditiveSchwarz<T> {
    /// Whether M is Hermitian where A is.
    pub fn is_symmetric(&self) -> bool {
        self.params.variant == SchwarzVariant::Additive
    }

    /// Unknowns of each subdomain, overlap included.
    pub fn subdomains(&self) -> impl Iterator<Item = &[u32]> {
        self.subdomains.iter().map(|s| &s.unknowns[..])
    }

    /// Bytes that indices and vectors take, without the local factors.
    pub fn memory_bytes(&self) -> usize {
        self.subdomains
            .iter()
            .map(|s| {
                size_of_val(&s.unknowns[..])
                    + size_of_val(&s.written[..])
                    + 2 * size_of_val(&s.r[..])
            })
            .sum()
    }
}

impl<T: Scalar> Preconditioner<T> for AdditiveSchwarz<T> {
    fn apply(&mut self, r: &[T], z: &mut [T]) {
        assert!(
            r.len() == self.n && z.len() == self.n,
            "vectors that fit the matrix"
        );
        self.subdomains.par_iter_mut().for_each(|s| {
            for (own, &i) in s.r.iter_mut().zip(&s.unknowns) {
                *own = r[i as usize];
            }
            s.solver.apply(&s.r, &mut s.z);
        });
        vector::fill(T::zero(), z);
        for s in &self.subdomains {
            for &k in &s.written {
                z[s.unknowns[k as usize] as usize] += s.z[k as usize];
            }
        }
    }
}

fn local_solver<T: Scalar + ComplexField>(
    a: &Csr<T>,
    local: LocalSolver,
) -> Result<Box<dyn Preconditioner<T>>, SetupError> {
    Ok(match local {
        LocalSolver::Lu => Box::new(DirectLu::new(a)?),
        LocalSolver::Cholesky => Box::new(DirectCholesky::new(a)?),
        LocalSolver::Ilu0 => Box::new(Ilu0::new(a, &Ilu0Params::default())?),
        LocalSolver::Ic0 => Box::new(Ic0::new(a, &Ic0Params::default())?),
    })
}

/// Adds `layers` of neighbours.
fn grow(graph: &Graph, unknowns: &mut Vec<u32>, layers: usize) {
    for _ in 0..layers {
        let before = unknowns.len();
        let mut more: Vec<u32> = unknowns
            .iter()
            .flat_map(|&i| graph.neighbours(i as usize).iter().copied())
            .collect();
        unknowns.append(&mut more);
        unknowns.sort_unstable();
        unknowns.dedup();
        if unknowns.len() == before {
            return;
        }
    }
}

/// Rows and columns of these unknowns, which increase.
fn local_matrix<T: Scalar>(a: &Csr<T>, unknowns: &[u32]) -> Csr<T> {
    let n = unknowns.len();
    let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for &i in unknowns {
        let (own, entries) = a.row(i as usize);
        for (j, &v) in own.iter().zip(entries) {
            if let Ok(k) = unknowns.binary_search(j) {
                columns.push(k as u32);
                values.push(v);
            }
        }
        offsets.push(columns.len() as u32);
    }
    Csr::from_parts(n, n, offsets, columns, values)
}

/// Subdomain of each vertex, by bisection again and again. A part is cut between two vertices u, v
/// at its opposite ends, along d(u, .) - d(v, .): a shortest path to u never increases that
/// difference, so the side of u hangs together, and that of v but for a few vertices at the cut.
fn partition(graph: &Graph, parts: usize) -> Vec<u32> {
    let n = graph.len();
    let mut owner = vec![0u32; n];
    // Vertices outside the part at hand count as visited.
    let mut visited = vec![true; n];
    let (mut from_u, mut from_v) = (vec![OUTSIDE; n], vec![OUTSIDE; n]);
    let mut open: Vec<(Vec<u32>, u32, usize)> = vec![((0..n as u32).collect(), 0, parts)];
    while let Some((vertices, first, count)) = open.pop() {
        if count == 1 {
            for &i in &vertices {
                owner[i as usize] = first;
            }
            continue;
        }
        for &i in &vertices {
            visited[i as usize] = false;
        }
        let mut order: Vec<u32> = Vec::with_capacity(vertices.len());
        for &start in &vertices {
            if visited[start as usize] {
                continue;
            }
            let begin = order.len();
            let u = graph.rim(start as usize, &mut visited, &mut order);
            graph.visit(u, &mut visited, &mut order);
            let reached = &mut order[begin..];
            let v = reached[reached.len() - 1] as usize;
            distances(graph, u, reached, &mut from_u);
            distances(graph, v, reached, &mut from_v);
            reached.sort_by_key(|&i| {
                let (u, v) = (from_u[i as usize], from_v[i as usize]);
                (i64::from(u) - i64::from(v), u, i)
            });
            for &i in &order[begin..] {
                from_u[i as usize] = OUTSIDE;
                from_v[i as usize] = OUTSIDE;
            }
        }
        let left = count / 2;
        let right = order.split_off(order.len() * left / count);
        open.push((order, first, left));
        open.push((right, first + left as u32, count - left));
    }
    owner
}

const OUTSIDE: u32 = u32::MAX;

/// Edges from `root` to each of `vertices`, which all hang together with it by paths among them. On
/// entry every distance is [`OUTSIDE`].
fn distances(graph: &Graph, root: usize, vertices: &[u32], distance: &mut [u32]) {
    const OPEN: u32 = OUTSIDE - 1;
    for &i in vertices {
        distance[i as usize] = OPEN;
    }
    distance[root] = 0;
    let mut queue = Vec::with_capacity(vertices.len());
    queue.push(root as u32);
    let mut at = 0;
    while at < queue.len() {
        let i = queue[at] as usize;
        at += 1;
        for &j in graph.neighbours(i) {
            if distance[j as usize] == OPEN {
                distance[j as usize] = distance[i] + 1;
                queue.push(j);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery;
    use crate::methods::Cg;
    use crate::preconditioners::test_matrices::assert_symmetric_positive;
    use crate::solve::Solver;

    fn apply(a: &Csr<f64>, params: &AdditiveSchwarzParams, r: &[f64]) -> Vec<f64> {
        let mut z = vec![f64::NAN; r.len()];
        AdditiveSchwarz::new(a, params).unwrap().apply(r, &mut z);
        z
    }

    #[test]
    fn one_subdomain_is_the_direct_solver() {
        for (a, local) in [
            (gallery::recirculating_flow(12, 0.01), LocalSolver::Lu),
            (gallery::poisson(&[12, 12]), LocalSolver::Cholesky),
        ] {
            for variant in [SchwarzVariant::Additive, SchwarzVariant::Restricted] {
                let params = AdditiveSchwarzParams {
                    subdomains: 1,
                    variant,
                    local,
                    ..AdditiveSchwarzParams::default()
                };
                let r = gallery::noise(144, 1);
                let z = apply(&a, &params, &r);
                let mut back = vec![0.0; 144];
                crate::LinearOperator::residual(&a, &r, &z, &mut back);
                assert!(vector::norm2(&back) <= 1e-12 * vector::norm2(&r));
            }
        }
    }

    #[test]
    fn subdomains_are_balanced_connected_and_cover_everything() {
        let a = gallery::poisson(&[24, 24]);
        let graph = Graph::of(&a);
        let owner = partition(&graph, 6);
        for s in 0..6 {
            let own: Vec<u32> = (0..576).filter(|&i| owner[i as usize] == s).collect();
            assert_eq!(own.len(), 96);
            let mut visited: Vec<bool> = owner.iter().map(|&o| o != s).collect();
            let mut reached = Vec::new();
            graph.visit(own[0] as usize, &mut visited, &mut reached);
            assert!(reached.len() >= 90, "{} of 96 hang together", reached.len());
        }
    }

    #[test]
    fn without_overlap_it_is_block_jacobi_on_the_partition() {
        let a = gallery::poisson(&[40]);
        let owner: Vec<u32> = (0..40).map(|i| i / 8).collect();
        let params = AdditiveSchwarzParams {
            overlap: 0,
            ..AdditiveSchwarzParams::default()
        };
        let r = gallery::noise(40, 2);
        let (mut z, mut y) = (vec![0.0; 40], vec![0.0; 40]);
        AdditiveSchwarz::with_partition(&a, &owner, &params)
            .unwrap()
            .apply(&r, &mut z);
        let blocks = crate::preconditioners::BlockJacobiParams { block_size: 8 };
        crate::preconditioners::BlockJacobi::new(&a, &blocks)
            .unwrap()
            .apply(&r, &mut y);
        for (z, y) in z.iter().zip(&y) {
            assert!((z - y).abs() <= 1e-13 * (1.0 + y.abs()));
        }
    }

    #[test]
    fn it_is_symmetric_unless_restricted_and_overlap_saves_iterations() {
        let a = gallery::poisson(&[40, 40]);
        let n = a.nrows();
        let b = gallery::noise(n, 1);
        let mut last = usize::MAX;
        for overlap in [0, 1, 4] {
            let params = AdditiveSchwarzParams {
                overlap,
                local: LocalSolver::Cholesky,
                ..AdditiveSchwarzParams::default()
            };
            let mut m = AdditiveSchwarz::new(&a, &params).unwrap();
            assert!(m.is_symmetric());
            assert_symmetric_positive(n, &mut m);
            let mut x = vec![0.0; n];
            let report = Solver::new(Cg::default())
                .solve(&a, &mut m, &b, &mut x)
                .unwrap();
            assert!(report.converged());
            assert!(report.iterations < last, "{} {last}", report.iterations);
            last = report.iterations;
        }
        let restricted = AdditiveSchwarzParams {
            variant: SchwarzVariant::Restricted,
            ..AdditiveSchwarzParams::default()
        };
        let mut m = AdditiveSchwarz::new(&a, &restricted).unwrap();
        assert!(!m.is_symmetric());
        let (u, v) = (gallery::noise(n, 1), gallery::noise(n, 2));
        let (mut mu, mut mv) = (vec![0.0; n], vec![0.0; n]);
        m.apply(&u, &mut mu);
        m.apply(&v, &mut mv);
        assert!((vector::dot(&u, &mv) - vector::dot(&mu, &v)).abs() > 1e-6);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let a = gallery::recirculating_flow(40, 0.01);
        let r = gallery::noise(1600, 1);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| apply(&a, &AdditiveSchwarzParams::default(), &r))
        };
        let one = run(1);
        assert!(one == run(2) && one == run(4));
    }

    #[test]
    fn rebuilding_equals_making_anew() {
        let a = gallery::recirculating_flow(20, 0.01);
        let b = a.map(|v| 3.0 * v);
        let params = AdditiveSchwarzParams {
            local: LocalSolver::Ilu0,
            ..AdditiveSchwarzParams::default()
        };
        let r = gallery::noise(400, 1);
        let mut m = AdditiveSchwarz::new(&a, &params).unwrap();
        m.rebuild(&b).unwrap();
        let mut z = vec![0.0; 400];
        m.apply(&r, &mut z);
        assert_eq!(z, apply(&b, &params, &r));
    }
}
