//! Cells that are alike: same material, width and scattering factor.
//!
//! The response of a cell in a low-order problem depends on these alone, and most meshes have few
//! kinds. Widths count as equal where they differ by rounding; where that leaves more than
//! [`MANY`] kinds, as on graded meshes, widths within one part in a thousand share a response. The
//! low-order problem is then solved for slightly different widths, which costs less than
//! 1e-3 in the spectral radius and changes nothing in what the iteration converges to.

use std::collections::HashMap;

use crate::mesh::Mesh;

/// Kinds beyond which nearly equal widths are taken as one.
const MANY: usize = 4096;

/// Material, width and scattering factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kind {
    pub(crate) material: usize,
    pub(crate) width: f64,
    pub(crate) scattering_factor: f64,
}

/// The kinds, and the kind of each cell.
pub(crate) fn cell_kinds(mesh: &Mesh) -> (Vec<Kind>, Vec<u32>) {
    // The edges of a million equal cells are rounded to about 1e-10 of a width.
    group(mesh, 1e-8, MANY)
        .or_else(|| group(mesh, 1e-3, usize::MAX))
        .expect("no limit on the kinds")
}

fn group(mesh: &Mesh, tolerance: f64, limit: usize) -> Option<(Vec<Kind>, Vec<u32>)> {
    let mut numbers = HashMap::new();
    let mut kinds = Vec::new();
    let mut of_cell = Vec::with_capacity(mesh.len());
    for i in 0..mesh.len() {
        let kind = Kind {
            material: mesh.material[i] as usize,
            width: mesh.width(i),
            scattering_factor: mesh.scattering_factor(i),
        };
        let key = (
            kind.material,
            (kind.width.ln() / tolerance).round() as i64,
            kind.scattering_factor.to_bits(),
        );
        let number = *numbers.entry(key).or_insert_with(|| {
            kinds.push(kind);
            kinds.len() as u32 - 1
        });
        if kinds.len() > limit {
            return None;
        }
        of_cell.push(number);
    }
    Some((kinds, of_cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Geometry;

    #[test]
    fn a_uniform_mesh_has_a_kind_or_two_and_a_graded_one_not_many() {
        let mut mesh = Mesh::uniform(Geometry::Slab, -3.0, 7.1, 100_000);
        let (kinds, of_cell) = cell_kinds(&mesh);
        assert!(kinds.len() <= 2 && of_cell.len() == 100_000);
        mesh.edges = (0..=100_000).map(|i| (1e-4 * i as f64).exp()).collect();
        let (kinds, of_cell) = cell_kinds(&mesh);
        assert!(kinds.len() <= 10_002, "{}", kinds.len());
        for (i, &kind) in of_cell.iter().enumerate() {
            let width = kinds[kind as usize].width;
            assert!((mesh.width(i) / width - 1.0).abs() < 1.1e-3);
        }
    }
}
