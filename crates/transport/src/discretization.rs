//! The discretized problem: where, what of, which directions, how a cell is solved.

use crate::boundary::Boundary;
use crate::flux::Moments;
use crate::material::CrossSections;
use crate::mesh::{Geometry, Mesh};
use crate::ordinates::Ordinates;
use crate::params::Scheme;

/// Mesh, materials, ordinates, scheme and boundaries that fit each other.
#[derive(Clone, Debug)]
pub struct Discretization {
    mesh: Mesh,
    materials: Vec<CrossSections>,
    ordinates: Ordinates,
    scheme: Scheme,
    boundaries: [Boundary; 2],
}

/// Parts that do not fit each other.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TransportError {
    /// A mesh without cells, or with edges that do not increase.
    #[error("{0}")]
    Mesh(String),
    /// A cell names a material that there is not.
    #[error("cell {cell} is of material {material}, but there are {materials}")]
    UnknownMaterial {
        /// The cell.
        cell: usize,
        /// Its material.
        material: u32,
        /// Number of materials.
        materials: usize,
    },
    /// Materials differ in the number of groups.
    #[error("material {material} has {found} groups, the first has {expected}")]
    Groups {
        /// Number of the material.
        material: usize,
        /// Its groups.
        found: usize,
        /// Groups of the first material.
        expected: usize,
    },
    /// A scheme or boundary condition that the geometry does not have.
    #[error("{0}")]
    Unsupported(String),
    /// A problem without a bounded solution, or without any.
    #[error("{0}")]
    Unsolvable(String),
}

impl Discretization {
    /// Puts the parts together. The boundaries are those at the lower and the upper end.
    ///
    /// # Errors
    /// [`TransportError`] where they do not fit each other.
    pub fn new(
        mesh: Mesh,
        materials: Vec<CrossSections>,
        ordinates: Ordinates,
        scheme: Scheme,
        boundaries: [Boundary; 2],
    ) -> Result<Self, TransportError> {
        if mesh.is_empty() || mesh.edges.len() != mesh.len() + 1 {
            return Err(TransportError::Mesh(format!(
                "a mesh of {} cells needs one edge more, not {}",
                mesh.len(),
                mesh.edges.len()
            )));
        }
        if let Some(i) = mesh
            .edges
            .windows(2)
            .position(|e| e[1].is_nan() || e[1] <= e[0])
        {
            return Err(TransportError::Mesh(format!(
                "edge {} at {} is not above the one before, at {}",
                i + 1,
                mesh.edges[i + 1],
                mesh.edges[i]
            )));
        }
        let curved = mesh.geometry != Geometry::Slab;
        if curved && mesh.edges[0] < 0.0 {
            return Err(TransportError::Mesh(format!(
                "the radius begins at {}, below 0",
                mesh.edges[0]
            )));
        }
        for (cell, &material) in mesh.material.iter().enumerate() {
            if material as usize >= materials.len() {
                return Err(TransportError::UnknownMaterial {
                    cell,
                    material,
                    materials: materials.len(),
                });
            }
        }
        let expected = materials[0].groups();
        for (material, m) in materials.iter().enumerate() {
            if m.groups() != expected {
                return Err(TransportError::Groups {
                    material,
                    found: m.groups(),
                    expected,
                });
            }
        }
        if curved && !matches!(scheme, Scheme::Step | Scheme::DiamondDifference) {
            return Err(TransportError::Unsupported(
                "in curved geometry the scheme is step or diamond_difference".to_owned(),
            ));
        }
        if (mesh.geometry == Geometry::Cylinder) == ordinates.axial.is_empty() {
            return Err(TransportError::Unsupported(
                "a cylinder needs ordinates on levels, and only a cylinder".to_owned(),
            ));
        }
        if curved && ordinates.mu[0] <= -1.0 {
            return Err(TransportError::Unsupported(
                "in a sphere mu = -1 is the starting direction and no ordinate".to_owned(),
            ));
        }
        let periodic = boundaries
            .iter()
            .filter(|&b| *b == Boundary::Periodic)
            .count();
        if periodic == 1 || (periodic == 2 && curved) {
            return Err(TransportError::Unsupported(
                "periodic boundaries come in pairs, in slabs".to_owned(),
            ));
        }
        if curved && mesh.edges[0] == 0.0 && boundaries[0] != Boundary::MIRROR {
            return Err(TransportError::Unsupported(
                "the centre is no boundary: nothing can be given there".to_owned(),
            ));
        }
        if scheme == Scheme::DiamondDifferenceFixup && !boundaries.iter().any(Boundary::is_given) {
            return Err(TransportError::Unsupported(
                "diamond_difference_fixup needs a vacuum or incident boundary at one end at least: \
                 the round trip between two ends that send particles back is found by superposing \
                 sweeps, which the fix-up forbids; use diamond_difference, or step where fluxes \
                 must stay positive"
                    .to_owned(),
            ));
        }
        Ok(Self {
            mesh,
            materials,
            ordinates,
            scheme,
            boundaries,
        })
    }

    /// The mesh.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// The materials.
    pub fn materials(&self) -> &[CrossSections] {
        &self.materials
    }

    /// The directions.
    pub fn ordinates(&self) -> &Ordinates {
        &self.ordinates
    }

    /// How a cell is solved.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Conditions at the lower and the upper end.
    pub fn boundaries(&self) -> &[Boundary; 2] {
        &self.boundaries
    }

    /// Replaces what is given at a boundary; for incident fluxes that change in time.
    pub fn set_boundary(&mut self, side: pdesolve_mesh::Side, boundary: Boundary) {
        self.boundaries[side as usize] = boundary;
    }

    /// The same problem where nothing enters at ends with a given flux: the linear part of a sweep.
    #[must_use]
    pub fn without_incident(&self) -> Self {
        let mut dark = self.clone();
        for boundary in &mut dark.boundaries {
            if matches!(boundary, Boundary::Incident(_)) {
                *boundary = Boundary::Vacuum;
            }
        }
        dark
    }

    /// The materials that cells are made of.
    pub fn used_materials(&self) -> impl Iterator<Item = &CrossSections> {
        let mut used = vec![false; self.materials.len()];
        for &material in &self.mesh.material {
            used[material as usize] = true;
        }
        (self.materials.iter().zip(used))
            .filter(|(_, used)| *used)
            .map(|(m, _)| m)
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.materials[0].groups()
    }

    /// Degrees of freedom of a cell.
    pub fn dofs(&self) -> usize {
        self.scheme.dofs()
    }

    /// Values of one group: moments x cells x degrees of freedom.
    pub fn group_len(&self) -> usize {
        self.ordinates.moments() * self.mesh.len() * self.dofs()
    }

    /// Moments of all groups, all zero.
    pub fn zeros(&self) -> Moments {
        Moments::zeros(
            self.groups(),
            self.ordinates.moments(),
            self.mesh.len(),
            self.dofs(),
        )
    }

    /// The material of a cell.
    pub fn material(&self, cell: usize) -> &CrossSections {
        &self.materials[self.mesh.material[cell] as usize]
    }

    /// Total cross section of one group by material.
    pub fn totals(&self, group: usize) -> Vec<f64> {
        self.materials.iter().map(|m| m.total[group]).collect()
    }
}
