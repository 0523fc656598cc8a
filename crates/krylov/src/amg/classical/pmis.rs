//! The splitting PMIS: a maximal independent set of the strong graph, found in parallel.
//!
//! w_i = |S_i^T| + (a number in \[0, 1) from the index i). In each round, at once for all undecided
//! points:
//! 1. i becomes C where w_i exceeds the w_j of all undecided neighbours, in S_i and in S_i^T;
//! 2. undecided points that depend on a C point become F.
//!
//! Points without neighbours become F. In the end no two C points depend on each other both ways, and
//! every F point that depends on any point depends on a C point. Two F points that depend on each
//! other need not share a C point: use [extended+i](super::Interpolation) interpolation.
//!
//! The numbers come from a hash of the index, and each round reads the states of the one before: the
//! result is the same for any number of threads.
//!
//! Source: De Sterck, Yang and Heys (2006), SIAM J. Matrix Anal. Appl. 27, 1019.

use rayon::prelude::*;

use super::strength::Graph;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    Undecided,
    Coarse,
    Fine,
}

/// Fewest points that one task looks at.
const GRAIN: usize = 4096;

/// Whether each point is coarse. `s` holds S_i, `t` holds S_i^T.
pub(crate) fn pmis(s: &Graph, t: &Graph) -> Vec<bool> {
    let n = s.len();
    let weight = |i: u32| (t.of(i as usize).len(), hash(u64::from(i)), i);
    let mut state = vec![Point::Undecided; n];
    let mut undecided: Vec<u32> = Vec::with_capacity(n);
    for (i, state) in state.iter_mut().enumerate() {
        if s.of(i).is_empty() && t.of(i).is_empty() {
            *state = Point::Fine;
        } else {
            undecided.push(i as u32);
        }
    }
    while !undecided.is_empty() {
        let chosen: Vec<u32> = undecided
            .par_iter()
            .with_min_len(GRAIN)
            .copied()
            .filter(|&i| {
                let own = weight(i);
                let wins =
                    |&j: &u32| state[j as usize] != Point::Undecided || own > weight(j) || i == j;
                s.of(i as usize).iter().all(wins) && t.of(i as usize).iter().all(wins)
            })
            .collect();
        for &i in &chosen {
            state[i as usize] = Point::Coarse;
        }
        let fine: Vec<u32> = undecided
            .par_iter()
            .with_min_len(GRAIN)
            .copied()
            .filter(|&i| {
                let depends = |&j: &u32| state[j as usize] == Point::Coarse;
                state[i as usize] == Point::Undecided && s.of(i as usize).iter().any(depends)
            })
            .collect();
        for &i in &fine {
            state[i as usize] = Point::Fine;
        }
        undecided.retain(|&i| state[i as usize] == Point::Undecided);
    }
    state.iter().map(|&p| p == Point::Coarse).collect()
}

/// The finaliser of splitmix64 (Steele, Lea and Flood 2014): every bit of the index moves every bit
/// of the result.
fn hash(i: u64) -> u64 {
    let mut z = i.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
