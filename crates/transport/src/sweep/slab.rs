//! Sweeps in slabs: blocks of ordinates side by side, each through all cells.
//!
//! Flight is the same mathematics in both directions once the cell is mirrored: for ordinates
//! that enter at the upper end the odd Legendre coefficients change sign on the way in and on the
//! way out.
//!
//! Four ordinates are carried at once, so that the chain from edge to edge of one hides behind
//! the arithmetic of the others. The blocks of a half are dealt to two tasks with an accumulator
//! each, always the same two: the sums are the same for any number of threads.

use pdesolve_mesh::Side;

use super::SweepSource;
use super::half::{HalfSweep, Target, enters};
use crate::discretization::Discretization;

/// Ordinates side by side.
pub const LANES: usize = 4;

/// One number for each ordinate of a block.
pub type Lanes = [f64; LANES];

/// How a cell of a slab is solved, seen in the direction of flight.
///
/// `D` is the number of Legendre coefficients of source and flux. With xi from -1 (where the
/// flight enters) to 1, s = sum_d source_d P_d(xi) and psi = sum_d psi_d P_d(xi).
pub trait CellScheme<const D: usize>: Copy + Send + Sync {
    /// From the entering edge flux to the leaving one, in place, and the flux in the cell.
    ///
    /// `mu` are absolute values; `total` may be 0.
    fn solve(
        &self,
        total: f64,
        h: f64,
        mu: &Lanes,
        source: &[Lanes; D],
        edge: &mut Lanes,
        psi: &mut [Lanes; D],
    );
}

/// The ordinates of one block; lanes without an ordinate have weight 0.
struct Block {
    ordinate: [usize; LANES],
    used: usize,
    mu: Lanes,
    /// weight times basis: `[moment]`.
    weight: Vec<Lanes>,
    /// `[moment]`.
    basis: Vec<Lanes>,
}

struct Slab<const D: usize, S> {
    scheme: S,
    /// `[side]`.
    blocks: [Vec<Block>; 2],
    /// The second task's flux and current.
    flux: Vec<f64>,
    current: Vec<f64>,
}

/// The sweep of a slab with a cell scheme.
pub(super) fn boxed<const D: usize, S: CellScheme<D> + 'static>(
    disc: &Discretization,
    scheme: S,
) -> Box<dyn HalfSweep> {
    debug_assert_eq!(disc.dofs(), D);
    let blocks = [Side::Lower, Side::Upper].map(|side| {
        let o = disc.ordinates();
        let mine: Vec<usize> = (0..o.len()).filter(|&n| enters(o.mu[n], side)).collect();
        mine.chunks(LANES)
            .map(|chunk| {
                let mut ordinate = [chunk[0]; LANES];
                ordinate[..chunk.len()].copy_from_slice(chunk);
                let lanes = |f: &dyn Fn(usize) -> f64| ordinate.map(f);
                let weight = (0..o.moments())
                    .map(|m| {
                        let mut w = lanes(&|n| o.weight[n] * o.basis[m][n]);
                        w[chunk.len()..].fill(0.0);
                        w
                    })
                    .collect();
                Block {
                    ordinate,
                    used: chunk.len(),
                    mu: lanes(&|n| o.mu[n].abs()),
                    weight,
                    basis: (0..o.moments())
                        .map(|m| lanes(&|n| o.basis[m][n]))
                        .collect(),
                }
            })
            .collect()
    });
    Box::new(Slab::<D, S> {
        scheme,
        blocks,
        flux: vec![0.0; disc.group_len()],
        current: Vec::new(),
    })
}

/// A slice of the angular flux that each block writes its own ordinates of.
struct Angular<'a>(Vec<Option<&'a mut [f64]>>);

impl<const D: usize, S: CellScheme<D>> HalfSweep for Slab<D, S> {
    fn half(
        &mut self,
        disc: &Discretization,
        total: &[f64],
        side: Side,
        source: &SweepSource<'_>,
        entering: &[f64],
        leaving: &mut [f64],
        target: &mut Target<'_>,
    ) {
        let blocks = &self.blocks[side as usize];
        let ordinates = disc.ordinates().len();
        let n = disc.mesh().len() * D;
        let wants_angular = target.angular.is_some();
        let mut angular = Angular((0..ordinates).map(|_| None).collect());
        if let Some(values) = target.angular.as_deref_mut() {
            for (slot, values) in angular.0.iter_mut().zip(values.chunks_exact_mut(n)) {
                *slot = Some(values);
            }
        }
        let split = blocks.len().div_ceil(2);
        let (first, second) = blocks.split_at(split);
        let mut theirs = Angular((0..ordinates).map(|_| None).collect());
        for block in second {
            for &n in &block.ordinate[..block.used] {
                theirs.0[n] = angular.0[n].take();
            }
        }
        let wants_current = target.current.is_some();
        let edges = if wants_current {
            disc.mesh().edges.len()
        } else {
            0
        };
        if !second.is_empty() {
            self.flux.fill(0.0);
            self.current.clear();
            self.current.resize(edges, 0.0);
        }
        let (mut left_first, mut left_second) = (vec![0.0; ordinates], vec![0.0; ordinates]);
        let scheme = self.scheme;
        let more = disc.ordinates().moments() > 1
            || source.angular.is_some()
            || wants_angular
            || wants_current;
        let sweep = if more {
            sweep_block::<D, true, S>
        } else {
            sweep_block::<D, false, S>
        };
        let one = |blocks: &[Block],
                   flux: &mut [f64],
                   current: Option<&mut [f64]>,
                   angular: &mut Angular<'_>,
                   leaving: &mut [f64]| {
            let mut current = current;
            for block in blocks {
                sweep(
                    scheme,
                    disc,
                    total,
                    side,
                    source,
                    block,
                    entering,
                    leaving,
                    flux,
                    current.as_deref_mut(),
                    angular,
                );
            }
        };
        let mut mine = || {
            one(
                first,
                target.flux,
                target.current.as_deref_mut(),
                &mut angular,
                &mut left_first,
            )
        };
        if second.is_empty() {
            mine();
        } else {
            let other = || {
                let current = wants_current.then_some(self.current.as_mut_slice());
                one(
                    second,
                    &mut self.flux,
                    current,
                    &mut theirs,
                    &mut left_second,
                );
            };
            rayon::join(mine, other);
            for (a, b) in target.flux.iter_mut().zip(&self.flux) {
                *a += b;
            }
            if let Some(current) = target.current.as_deref_mut() {
                for (a, b) in current.iter_mut().zip(&self.current) {
                    *a += b;
                }
            }
        }
        for (blocks, values) in [(first, &left_first), (second, &left_second)] {
            for block in blocks {
                for &n in &block.ordinate[..block.used] {
                    leaving[n] = values[n];
                }
            }
        }
    }
}

/// One block of ordinates through all cells. Only with `MORE` are there moments above the first,
/// a source or flux by direction, or currents: without, the loop has no branch but that of the
/// cell.
#[allow(clippy::too_many_arguments)]
fn sweep_block<const D: usize, const MORE: bool, S: CellScheme<D>>(
    scheme: S,
    disc: &Discretization,
    total: &[f64],
    side: Side,
    source: &SweepSource<'_>,
    block: &Block,
    entering: &[f64],
    leaving: &mut [f64],
    flux: &mut [f64],
    mut current: Option<&mut [f64]>,
    angular: &mut Angular<'_>,
) {
    let mesh = disc.mesh();
    let cells = mesh.len();
    let n = cells * D;
    let moments = if MORE { block.basis.len() } else { 1 };
    // Sign of the odd coefficients, and of the flight along the axis.
    let sign = if side == Side::Lower { 1.0 } else { -1.0 };
    let odd = |d: usize| if d % 2 == 1 { sign } else { 1.0 };
    let mut edge = block.ordinate.map(|n| entering[n]);
    let weight = block.weight[0];
    let add_current = |edge: &Lanes, at: usize, current: &mut Option<&mut [f64]>| {
        if MORE && let Some(current) = current {
            for l in 0..LANES {
                current[at] += sign * weight[l] * block.mu[l] * edge[l];
            }
        }
    };
    let first_edge = if side == Side::Lower { 0 } else { cells };
    add_current(&edge, first_edge, &mut current);
    for step in 0..cells {
        let cell = if side == Side::Lower {
            step
        } else {
            cells - 1 - step
        };
        let mut s = [[0.0; LANES]; D];
        for (d, s) in s.iter_mut().enumerate() {
            // The first basis function is 1.
            *s = [odd(d) * source.emission[cell * D + d]; LANES];
        }
        for m in 1..moments {
            for (d, s) in s.iter_mut().enumerate() {
                let value = odd(d) * source.emission[m * n + cell * D + d];
                for (s, basis) in s.iter_mut().zip(block.basis[m]) {
                    *s += basis * value;
                }
            }
        }
        if MORE && let Some(given) = source.angular {
            for (d, s) in s.iter_mut().enumerate() {
                for (s, ordinate) in s.iter_mut().zip(block.ordinate) {
                    *s += odd(d) * given[ordinate * n + cell * D + d];
                }
            }
        }
        let mut psi = [[0.0; LANES]; D];
        let h = mesh.width(cell);
        scheme.solve(
            total[mesh.material[cell] as usize],
            h,
            &block.mu,
            &s,
            &mut edge,
            &mut psi,
        );
        for m in 0..moments {
            let w = &block.weight[m];
            for (d, psi) in psi.iter().enumerate() {
                let mut sum = 0.0;
                for l in 0..LANES {
                    sum += w[l] * psi[l];
                }
                flux[m * n + cell * D + d] += odd(d) * sum;
            }
        }
        if MORE {
            for l in 0..block.used {
                if let Some(values) = angular.0[block.ordinate[l]].as_deref_mut() {
                    for (d, psi) in psi.iter().enumerate() {
                        values[cell * D + d] = odd(d) * psi[l];
                    }
                }
            }
        }
        add_current(
            &edge,
            if side == Side::Lower { cell + 1 } else { cell },
            &mut current,
        );
    }
    for l in 0..block.used {
        leaving[block.ordinate[l]] = edge[l];
    }
}
