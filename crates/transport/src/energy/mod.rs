//! The coupling of the groups, and media that multiply.
//!
//! | what | file |
//! |---|---|
//! | Gauss-Seidel over the groups that upscatter couples | [`gauss_seidel`] |
//! | its two-grid acceleration | [`two_grid`] |
//! | GMRES over all coupled groups | [`krylov`] |
//! | fission as scattering, subcritical media | [`multiplication`] |

pub mod gauss_seidel;
pub mod krylov;
pub mod multiplication;
pub mod two_grid;

pub use multiplication::{check_solvable, check_subcritical, multiplying};

use std::ops::Range;

use crate::discretization::Discretization;

/// The groups that upscatter couples: from the fastest that receives some to the slowest that
/// gives some. Empty where particles only slow down.
pub fn upscatter_block(disc: &Discretization) -> Range<usize> {
    let groups = disc.groups();
    let (mut first, mut last) = (groups, 0);
    for m in disc.used_materials() {
        for l in 0..=m.order() {
            for from in 0..groups {
                for to in (0..from).filter(|&to| m.scatter(l, from, to) != 0.0) {
                    first = first.min(to);
                    last = last.max(from);
                }
            }
        }
    }
    if first < groups {
        first..last + 1
    } else {
        0..0
    }
}

#[cfg(test)]
mod tests;
