//! Grid rows handed to threads.

/// Samples below which rows are not shared among threads.
const GRAIN: usize = 16 * 1024;

/// Hands the rows of `y`, of `length` entries each, to `leaf(row, entries)`, in parallel where
/// there are many.
///
/// Every row is written by itself, so the bits do not depend on who does it.
pub(crate) fn for_rows<T, L>(y: &mut [T], length: usize, leaf: &L)
where
    T: Send,
    L: Fn(usize, &mut [T]) + Sync,
{
    from(0, y, length.max(1), leaf);
}

fn from<T, L>(first: usize, y: &mut [T], length: usize, leaf: &L)
where
    T: Send,
    L: Fn(usize, &mut [T]) + Sync,
{
    if y.len() <= GRAIN.max(length) {
        for (k, row) in y.chunks_exact_mut(length).enumerate() {
            leaf(first + k, row);
        }
        return;
    }
    let middle = (y.len() / length).div_ceil(2);
    let (left, right) = y.split_at_mut(middle * length);
    rayon::join(
        || from(first, left, length, leaf),
        || from(first + middle, right, length, leaf),
    );
}
