//! The splitting of Ruge and Stueben: coarse points one by one, the most useful first.
//!
//! S_i are the points on which i depends strongly, S_i^T those that depend on i. Points are
//! undecided (U), coarse (C) or fine (F).
//!
//! First pass, with lambda_i = |S_i^T in U| + 2 |S_i^T in F|:
//! 1. the undecided i with the largest lambda becomes C;
//! 2. the undecided of S_i^T become F, and lambda_k grows by one for the undecided k of their S;
//! 3. lambda_k falls by one for the undecided k of S_i.
//!
//! A point whose lambda is zero when its turn comes helps no one: it becomes F, unless it depends on
//! others none of which is C. So every F point that depends on any point depends on a C point.
//!
//! Second pass: interpolation between two F points that depend on each other needs a C point on which
//! both depend. Where there is none, one of the two becomes C. The interpolation used here does
//! without it, and coarse grids stay smaller.
//!
//! lambda lives in buckets, doubly linked, and each step costs the edges it touches. Within a bucket
//! the points that were raised wait at the end and those that were lowered come first, as in PyAMG:
//! on the five-point matrix this gives the red-black coarse grid and operator complexity 2.19; with
//! raised points first, fronts meet out of step and it is 2.28. The pass is sequential;
//! [PMIS](super::pmis) is not.
//!
//! Source: Ruge and Stueben (1987), in McCormick (ed.), Multigrid Methods, SIAM, section 4.6.

use super::strength::Graph;

const NONE: u32 = u32::MAX;

/// Whether each point is coarse. `s` holds S_i, `t` holds S_i^T.
pub(crate) fn ruge_stueben(s: &Graph, t: &Graph, second_pass: bool) -> Vec<bool> {
    let mut coarse = first_pass(s, t);
    if second_pass {
        share_coarse_points(s, &mut coarse);
    }
    coarse
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    Undecided,
    Coarse,
    Fine,
}

fn first_pass(s: &Graph, t: &Graph) -> Vec<bool> {
    let n = s.len();
    let mut state = vec![Point::Undecided; n];
    let mut buckets = Buckets::new(t);
    while let Some((i, lambda)) = buckets.pop() {
        if lambda == 0 {
            let alone = s.of(i).iter().all(|&j| state[j as usize] != Point::Coarse);
            state[i] = if alone && !s.of(i).is_empty() {
                Point::Coarse
            } else {
                Point::Fine
            };
            continue;
        }
        state[i] = Point::Coarse;
        for &j in t.of(i) {
            let j = j as usize;
            if state[j] != Point::Undecided {
                continue;
            }
            state[j] = Point::Fine;
            buckets.remove(j);
            for &k in s.of(j) {
                if state[k as usize] == Point::Undecided {
                    buckets.raise(k as usize);
                }
            }
        }
        for &k in s.of(i) {
            if state[k as usize] == Point::Undecided {
                buckets.lower(k as usize);
            }
        }
    }
    state.iter().map(|&p| p == Point::Coarse).collect()
}

/// The second pass: F points that depend on each other get a C point in common.
fn share_coarse_points(s: &Graph, coarse: &mut [bool]) {
    let n = s.len();
    // mark[j] = i + 1: i depends on the C point j.
    let mut mark = vec![0u32; n];
    for i in 0..n {
        if coarse[i] {
            continue;
        }
        let stamp = i as u32 + 1;
        for &j in s.of(i) {
            if coarse[j as usize] {
                mark[j as usize] = stamp;
            }
        }
        let mut tentative = None;
        for &j in s.of(i) {
            let j = j as usize;
            let shared = coarse[j]
                || s.of(j)
                    .iter()
                    .any(|&k| mark[k as usize] == stamp && coarse[k as usize]);
            if shared {
                continue;
            }
            match tentative {
                // The first such neighbour becomes C if that settles the matter, else i does.
                None => {
                    tentative = Some(j);
                    coarse[j] = true;
                    mark[j] = stamp;
                }
                Some(first) => {
                    coarse[first] = false;
                    coarse[i] = true;
                    break;
                }
            }
        }
    }
}

/// Undecided points by lambda.
struct Buckets {
    lambda: Vec<u32>,
    /// First and last point of each bucket.
    ends: Vec<[u32; 2]>,
    next: Vec<u32>,
    previous: Vec<u32>,
    /// No bucket above this one holds a point.
    top: usize,
}

impl Buckets {
    /// All points, lambda_i = |S_i^T|, the lowest index first in each bucket.
    fn new(t: &Graph) -> Self {
        let n = t.len();
        let lambda: Vec<u32> = (0..n).map(|i| t.of(i).len() as u32).collect();
        let top = lambda.iter().max().map_or(0, |&m| m as usize);
        let mut buckets = Self {
            lambda,
            ends: vec![[NONE; 2]; 2 * top + 2],
            next: vec![NONE; n],
            previous: vec![NONE; n],
            top,
        };
        for i in 0..n {
            buckets.insert_first(i);
        }
        buckets
    }

    /// The bucket of i, which from now on may hold it.
    fn open(&mut self, i: usize) -> usize {
        let bucket = self.lambda[i] as usize;
        if bucket >= self.ends.len() {
            self.ends.resize(bucket + 1, [NONE; 2]);
        }
        self.top = self.top.max(bucket);
        bucket
    }

    fn insert_first(&mut self, i: usize) {
        let bucket = self.open(i);
        let [first, last] = self.ends[bucket];
        (self.previous[i], self.next[i]) = (NONE, first);
        if first == NONE {
            self.ends[bucket] = [i as u32; 2];
        } else {
            self.previous[first as usize] = i as u32;
            self.ends[bucket] = [i as u32, last];
        }
    }

    fn insert_last(&mut self, i: usize) {
        let bucket = self.open(i);
        let [first, last] = self.ends[bucket];
        (self.previous[i], self.next[i]) = (last, NONE);
        if last == NONE {
            self.ends[bucket] = [i as u32; 2];
        } else {
            self.next[last as usize] = i as u32;
            self.ends[bucket] = [first, i as u32];
        }
    }

    fn remove(&mut self, i: usize) {
        let (before, after) = (self.previous[i], self.next[i]);
        let ends = &mut self.ends[self.lambda[i] as usize];
        if before == NONE {
            ends[0] = after;
        } else {
            self.next[before as usize] = after;
        }
        if after == NONE {
            ends[1] = before;
        } else {
            self.previous[after as usize] = before;
        }
    }

    fn raise(&mut self, i: usize) {
        self.remove(i);
        self.lambda[i] += 1;
        self.insert_last(i);
    }

    fn lower(&mut self, i: usize) {
        self.remove(i);
        self.lambda[i] -= 1;
        self.insert_first(i);
    }

    /// Takes out a point with the largest lambda.
    fn pop(&mut self) -> Option<(usize, u32)> {
        while self.ends[self.top][0] == NONE {
            self.top = self.top.checked_sub(1)?;
        }
        let i = self.ends[self.top][0] as usize;
        self.remove(i);
        Some((i, self.lambda[i]))
    }
}
