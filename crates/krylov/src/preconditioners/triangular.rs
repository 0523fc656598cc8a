//! Forward and backward substitution: z = (L D U)^-1 r with unit triangular L and U.
//!
//! ```text
//! forward    y_i = r_i - sum_{j < i} l_ij y_j
//! backward   z_i = y_i / d_i - sum_{j > i} u_ij z_j
//! ```
//!
//! L and U are stored apart, each by rows, and 1/D in advance, so that a solve streams through
//! each array once and divides nowhere. Within a row the entry nearest to the diagonal comes last:
//! in natural order it multiplies the number that has just been computed, and whatever can be done
//! without that number is done before.
//!
//! Parallel by levels (Anderson and Saad 1989): row i stands one level above the highest row that
//! it needs, so rows of a level do not need each other. Rows are stored by levels; a level is then
//! one slice of the vector, and threads share it. One order serves both factors, because the levels
//! are those of the pattern of L + U^T. A row is computed by the same operations in the same order
//! as one after the other: the bits are the same for any number of threads, and with or without
//! levels.
//!
//! Bad at: long thin dependency chains (a tridiagonal matrix has n levels); those stay on one
//! thread.

use crate::scalar::Scalar;
use crate::vector;

use super::error::SetupError;

/// Rows below which a factor is not ordered by levels.
const LEVEL_ROWS: usize = 1 << 15;

/// Threads below which rows stay in natural order: fetching a vector in level order costs as much as
/// two threads save (7-point matrices of 64^3 and 128^3, twice the time on one thread).
const LEVEL_THREADS: usize = 4;

/// Mean rows of a level below which threads have too little to share.
const LEVEL_WIDTH: usize = 1 << 10;

/// Rows of a level below which it is not split further.
const LEVEL_GRAIN: usize = 1 << 10;

/// The strict part of a triangular matrix by rows, under construction or finished.
#[derive(Clone, Debug)]
pub(crate) struct Triangle<T> {
    pub(crate) offsets: Vec<u32>,
    pub(crate) columns: Vec<u32>,
    pub(crate) values: Vec<T>,
}

impl<T: Scalar> Triangle<T> {
    /// No rows yet, and room for `n` with `entries` in all.
    pub(crate) fn with_capacity(n: usize, entries: usize) -> Self {
        let mut offsets = Vec::with_capacity(n + 1);
        offsets.push(0);
        Self {
            offsets,
            columns: Vec::with_capacity(entries),
            values: Vec::with_capacity(entries),
        }
    }

    /// One more entry of the row that is being written.
    #[inline]
    pub(crate) fn push(&mut self, column: u32, value: T) {
        self.columns.push(column);
        self.values.push(value);
    }

    /// Ends the row that is being written.
    pub(crate) fn end_row(&mut self) -> Result<(), SetupError> {
        let end = u32::try_from(self.columns.len()).map_err(|_| SetupError::TooLarge)?;
        self.offsets.push(end);
        Ok(())
    }

    #[inline]
    pub(crate) fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    #[inline]
    pub(crate) fn row(&self, i: usize) -> (&[u32], &[T]) {
        let range = self.range(i);
        (&self.columns[range.clone()], &self.values[range])
    }

    /// start - sum over row i of values times what `z` gives.
    #[inline]
    fn eliminate(&self, i: usize, start: T, z: impl Fn(u32) -> T) -> T {
        let (columns, values) = self.row(i);
        let mut sum = start;
        for (&j, &v) in columns.iter().zip(values) {
            sum -= v * z(j);
        }
        sum
    }

    /// The conjugate transpose; columns of each row increase.
    pub(crate) fn adjoint(&self) -> Self {
        let n = self.offsets.len() - 1;
        let mut offsets = vec![0u32; n + 1];
        for &j in &self.columns {
            offsets[j as usize + 1] += 1;
        }
        for j in 0..n {
            offsets[j + 1] += offsets[j];
        }
        let mut next = offsets.clone();
        let mut columns = vec![0u32; self.columns.len()];
        let mut values = vec![T::zero(); self.values.len()];
        for i in 0..n {
            let (own, entries) = self.row(i);
            for (&j, &v) in own.iter().zip(entries) {
                let place = &mut next[j as usize];
                columns[*place as usize] = i as u32;
                values[*place as usize] = v.conj();
                *place += 1;
            }
        }
        Self {
            offsets,
            columns,
            values,
        }
    }

    /// Rows in another order, columns renamed; the order within a row stays.
    fn reordered(&self, order: &[u32], new_index: &[u32]) -> Self {
        let mut out = Self::with_capacity(order.len(), self.columns.len());
        for &old in order {
            let (columns, values) = self.row(old as usize);
            out.columns
                .extend(columns.iter().map(|&j| new_index[j as usize]));
            out.values.extend_from_slice(values);
            out.offsets.push(out.columns.len() as u32);
        }
        out
    }

    fn memory_bytes(&self) -> usize {
        size_of_val(&self.offsets[..])
            + size_of_val(&self.columns[..])
            + size_of_val(&self.values[..])
    }
}

/// Rows by levels.
#[derive(Clone, Debug)]
struct Levels {
    /// Where levels begin, in the new order.
    starts: Vec<u32>,
    /// New index -> old.
    order: Vec<u32>,
    /// Old index -> new.
    new_index: Vec<u32>,
}

/// The level of each row in the pattern of L + U^T, and their number.
fn levels_of<T: Scalar>(lower: &Triangle<T>, upper: &Triangle<T>) -> (Vec<u32>, usize) {
    let n = lower.offsets.len() - 1;
    let mut level = vec![0u32; n];
    let mut highest = 0;
    for i in 0..n {
        let below = lower.row(i).0.iter().map(|&j| level[j as usize] + 1).max();
        let own = level[i].max(below.unwrap_or(0));
        level[i] = own;
        highest = highest.max(own);
        for &j in upper.row(i).0 {
            let above = &mut level[j as usize];
            *above = (*above).max(own + 1);
        }
    }
    (level, highest as usize + 1)
}

fn sort_by_level(level: &[u32], count: usize) -> Levels {
    let mut starts = vec![0u32; count + 1];
    for &l in level {
        starts[l as usize + 1] += 1;
    }
    for l in 0..count {
        starts[l + 1] += starts[l];
    }
    let mut next = starts.clone();
    let mut order = vec![0u32; level.len()];
    let mut new_index = vec![0u32; level.len()];
    for (i, &l) in level.iter().enumerate() {
        let place = &mut next[l as usize];
        order[*place as usize] = i as u32;
        new_index[i] = *place;
        *place += 1;
    }
    Levels {
        starts,
        order,
        new_index,
    }
}

/// How the rows of a factor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// As they come: best on one thread where memory is read in order.
    Natural,
    /// By levels, to be shared among threads.
    Levels,
}

/// A factorisation L D U with unit triangular L, U, ready to be applied.
#[derive(Clone, Debug)]
pub(crate) struct Factors<T> {
    lower: Triangle<T>,
    upper: Triangle<T>,
    inverse_diagonal: Vec<T>,
    levels: Option<Levels>,
    /// The vector in level order.
    work: Vec<T>,
}

impl<T: Scalar> Factors<T> {
    /// From the strict parts of L and U, columns of each row increasing, and 1/D.
    ///
    /// Rows are ordered by levels where that gives several threads enough to do.
    pub(crate) fn new(lower: Triangle<T>, inverse_diagonal: Vec<T>, upper: Triangle<T>) -> Self {
        let n = inverse_diagonal.len();
        let mut schedule = Schedule::Natural;
        if n >= LEVEL_ROWS && rayon::current_num_threads() >= LEVEL_THREADS {
            let (_, count) = levels_of(&lower, &upper);
            if n / count >= LEVEL_WIDTH {
                schedule = Schedule::Levels;
            }
        }
        Self::with_schedule(lower, inverse_diagonal, upper, schedule)
    }

    pub(crate) fn with_schedule(
        lower: Triangle<T>,
        mut inverse_diagonal: Vec<T>,
        mut upper: Triangle<T>,
        schedule: Schedule,
    ) -> Self {
        let n = inverse_diagonal.len();
        for i in 0..n {
            let range = upper.range(i);
            upper.columns[range.clone()].reverse();
            upper.values[range].reverse();
        }
        if schedule == Schedule::Natural {
            return Self {
                lower,
                upper,
                inverse_diagonal,
                levels: None,
                work: Vec::new(),
            };
        }
        let (level, count) = levels_of(&lower, &upper);
        let levels = sort_by_level(&level, count);
        inverse_diagonal = levels
            .order
            .iter()
            .map(|&i| inverse_diagonal[i as usize])
            .collect();
        Self {
            lower: lower.reordered(&levels.order, &levels.new_index),
            upper: upper.reordered(&levels.order, &levels.new_index),
            inverse_diagonal,
            levels: Some(levels),
            work: vec![T::zero(); n],
        }
    }

    /// z = U^-1 D^-1 L^-1 r.
    pub(crate) fn solve(&mut self, r: &[T], z: &mut [T]) {
        let n = self.inverse_diagonal.len();
        assert!(r.len() == n && z.len() == n, "vectors that fit the matrix");
        let Self {
            lower,
            upper,
            inverse_diagonal,
            levels,
            work,
        } = self;
        let Some(levels) = levels else {
            for i in 0..n {
                z[i] = lower.eliminate(i, r[i], |j| z[j as usize]);
            }
            for i in (0..n).rev() {
                z[i] = upper.eliminate(i, inverse_diagonal[i] * z[i], |j| z[j as usize]);
            }
            return;
        };
        for level in levels.starts.windows(2) {
            let (start, end) = (level[0] as usize, level[1] as usize);
            let (done, rest) = work.split_at_mut(start);
            for_rows(start, &mut rest[..end - start], &|i, _| {
                let start = r[levels.order[i] as usize];
                lower.eliminate(i, start, |j| done[j as usize])
            });
        }
        for level in levels.starts.windows(2).rev() {
            let (start, end) = (level[0] as usize, level[1] as usize);
            let (head, done) = work.split_at_mut(end);
            for_rows(start, &mut head[start..], &|i, y| {
                upper.eliminate(i, inverse_diagonal[i] * y, |j| done[j as usize - end])
            });
        }
        vector::for_blocks(z, &|start, z: &mut [T]| {
            for (z, &k) in z.iter_mut().zip(&levels.new_index[start..]) {
                *z = work[k as usize];
            }
        });
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.inverse_diagonal.len()
    }

    /// Entries off the diagonal.
    pub(crate) fn nnz_off_diagonal(&self) -> usize {
        self.lower.values.len() + self.upper.values.len()
    }

    /// Bytes that the arrays take.
    pub(crate) fn memory_bytes(&self) -> usize {
        let levels = self.levels.as_ref().map_or(0, |levels| {
            size_of_val(&levels.starts[..])
                + size_of_val(&levels.order[..])
                + size_of_val(&levels.new_index[..])
        });
        self.lower.memory_bytes()
            + self.upper.memory_bytes()
            + size_of_val(&self.inverse_diagonal[..])
            + size_of_val(&self.work[..])
            + levels
    }
}

/// y_i = f(i, y_i) for the rows of a level, shared among threads.
fn for_rows<T: Send + Copy>(start: usize, y: &mut [T], f: &(impl Fn(usize, T) -> T + Sync)) {
    if y.len() <= LEVEL_GRAIN {
        for (k, y) in y.iter_mut().enumerate() {
            *y = f(start + k, *y);
        }
        return;
    }
    let middle = y.len() / 2;
    let (left, right) = y.split_at_mut(middle);
    rayon::join(
        || for_rows(start, left, f),
        || for_rows(start + middle, right, f),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L, 1/D and U of the 7-point pattern on a box, with entries that all differ.
    fn box_factors(m: usize) -> (Triangle<f64>, Vec<f64>, Triangle<f64>) {
        let a = crate::gallery::poisson(&[m, m, m]);
        let n = a.nrows();
        let mut lower = Triangle::with_capacity(n, 3 * n);
        let mut upper = Triangle::with_capacity(n, 3 * n);
        for i in 0..n {
            for &j in a.row(i).0 {
                let value = 0.3 / (1.0 + ((i * 31 + j as usize * 17) % 101) as f64 * 0.05);
                if (j as usize) < i {
                    lower.push(j, -value);
                } else if j as usize > i {
                    upper.push(j, value);
                }
            }
            lower.end_row().unwrap();
            upper.end_row().unwrap();
        }
        let d = (0..n).map(|i| 0.5 + (i % 7) as f64 * 0.1).collect();
        (lower, d, upper)
    }

    #[test]
    fn substitution_undoes_the_product_of_the_factors() {
        let (lower, d, upper) = box_factors(6);
        let n = d.len();
        let x = crate::gallery::noise(n, 3);
        // eliminate(i, -x_i) is minus the product of a row of a unit triangle with x.
        let dux: Vec<f64> = (0..n)
            .map(|i| -upper.eliminate(i, -x[i], |j| x[j as usize]) / d[i])
            .collect();
        let r: Vec<f64> = (0..n)
            .map(|i| -lower.eliminate(i, -dux[i], |j| dux[j as usize]))
            .collect();
        let mut z = vec![0.0; n];
        Factors::new(lower, d, upper).solve(&r, &mut z);
        for (z, x) in z.iter().zip(&x) {
            assert!((z - x).abs() <= 1e-13, "{z} {x}");
        }
    }

    #[test]
    fn levels_and_threads_do_not_change_a_bit() {
        let (lower, d, upper) = box_factors(40);
        let r = crate::gallery::noise(d.len(), 5);
        let solve = |schedule, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let mut factors =
                Factors::with_schedule(lower.clone(), d.clone(), upper.clone(), schedule);
            let mut z = vec![f64::NAN; r.len()];
            pool.install(|| factors.solve(&r, &mut z));
            z
        };
        let serial = solve(Schedule::Natural, 1);
        assert!(serial.iter().all(|v| v.is_finite()));
        for threads in [1, 2, 4] {
            assert!(serial == solve(Schedule::Levels, threads), "{threads}");
        }
    }

    #[test]
    fn adjoint_of_a_triangle_mirrors_and_conjugates() {
        use num_complex::Complex;
        let mut lower = Triangle::with_capacity(2, 1);
        lower.end_row().unwrap();
        lower.push(0, Complex::new(1.0, 2.0));
        lower.end_row().unwrap();
        let upper = lower.adjoint();
        assert_eq!(upper.row(0), (&[1u32][..], &[Complex::new(1.0, -2.0)][..]));
        assert!(upper.row(1).0.is_empty());
    }
}
