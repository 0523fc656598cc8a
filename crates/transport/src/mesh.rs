//! Cells in one dimension, and what each is made of.

/// The symmetry that leaves one coordinate.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Geometry {
    /// Infinite plane layers; the coordinate is x.
    #[default]
    Slab,
    /// Infinite coaxial cylinders; the coordinate is the distance r from the axis.
    Cylinder,
    /// Concentric spheres; the coordinate is the distance r from the centre.
    Sphere,
}

impl Geometry {
    /// Area of the surface at coordinate `r`: 1, 2 pi r (per unit of height) or 4 pi r^2.
    pub fn area(self, r: f64) -> f64 {
        use std::f64::consts::PI;
        match self {
            Self::Slab => 1.0,
            Self::Cylinder => 2.0 * PI * r,
            Self::Sphere => 4.0 * PI * r * r,
        }
    }

    /// Volume between `a` and `b`, per unit of area (slab) or height (cylinder).
    pub fn volume(self, a: f64, b: f64) -> f64 {
        use std::f64::consts::PI;
        match self {
            Self::Slab => b - a,
            Self::Cylinder => PI * (b - a) * (b + a),
            Self::Sphere => 4.0 / 3.0 * PI * (b - a) * (b * b + a * b + a * a),
        }
    }
}

/// A mesh in one dimension: cell i lies between edges i and i + 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// The symmetry.
    pub geometry: Geometry,
    /// Coordinates of the edges, increasing, cm: `[edge]`.
    pub edges: Vec<f64>,
    /// Number of the material of each cell: `[cell]`.
    pub material: Vec<u32>,
    /// Number of the region of each cell, for balances and averages: `[cell]`.
    pub region: Vec<u32>,
    /// Factor on all scattering cross sections of each cell, `[cell]`; empty where it is 1.
    pub scattering_factor: Vec<f64>,
}

impl Mesh {
    /// A mesh of one region and one material.
    pub fn uniform(geometry: Geometry, lower: f64, upper: f64, cells: usize) -> Self {
        let h = (upper - lower) / cells as f64;
        let mut edges: Vec<f64> = (0..=cells).map(|i| lower + i as f64 * h).collect();
        edges[cells] = upper;
        Self {
            geometry,
            edges,
            material: vec![0; cells],
            region: vec![0; cells],
            scattering_factor: Vec::new(),
        }
    }

    /// A mesh from layers, in order: `(thickness, cells, material)`; each layer is one region.
    pub fn layers(geometry: Geometry, lower: f64, layers: &[(f64, usize, u32)]) -> Self {
        let mut mesh = Self {
            geometry,
            edges: vec![lower],
            material: Vec::new(),
            region: Vec::new(),
            scattering_factor: Vec::new(),
        };
        let mut from = lower;
        for (region, &(thickness, cells, material)) in layers.iter().enumerate() {
            for i in 1..=cells {
                mesh.edges.push(from + thickness * i as f64 / cells as f64);
                mesh.material.push(material);
                mesh.region.push(region as u32);
            }
            from += thickness;
        }
        mesh
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.material.len()
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.material.is_empty()
    }

    /// Width of a cell, cm.
    pub fn width(&self, cell: usize) -> f64 {
        self.edges[cell + 1] - self.edges[cell]
    }

    /// Middle of a cell, cm.
    pub fn centre(&self, cell: usize) -> f64 {
        0.5 * (self.edges[cell + 1] + self.edges[cell])
    }

    /// Volume of a cell; see [`Geometry::volume`].
    pub fn volume(&self, cell: usize) -> f64 {
        self.geometry.volume(self.edges[cell], self.edges[cell + 1])
    }

    /// Area of an edge; see [`Geometry::area`].
    pub fn area(&self, edge: usize) -> f64 {
        self.geometry.area(self.edges[edge])
    }

    /// Number of regions.
    pub fn regions(&self) -> usize {
        self.region.iter().max().map_or(0, |&r| r as usize + 1)
    }

    /// Factor on the scattering cross sections of a cell.
    pub fn scattering_factor(&self, cell: usize) -> f64 {
        self.scattering_factor.get(cell).copied().unwrap_or(1.0)
    }
}
