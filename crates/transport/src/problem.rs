//! Parameters of a transport problem, as a case file gives them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::edits::Reaction;
use crate::material::{ByGroup, MaterialParams};
use crate::mesh::Geometry;
use crate::time_dependent::PlanePulse;

/// Transport of neutral particles in one dimension: materials, where they are, and what is
/// measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransportParams {
    /// The symmetry. Default: slab.
    #[serde(default)]
    pub geometry: Geometry,
    /// File of cross sections, from the folder of the case: TOML (`docs/cross-sections.md`) or the
    /// HDF5 library of OpenMC. Its materials are known under their names there; what a
    /// table of `materials` says of the same name takes the place of the library's entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// Temperature in K at which data are taken from an OpenMC library, the nearest that it has.
    /// Default: 294.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub temperature: Option<f64>,
    /// Cross sections by name of the material.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub materials: BTreeMap<String, MaterialParams>,
    /// Regions, which fill the mesh without gaps or overlaps.
    #[schemars(length(min = 1))]
    pub regions: Vec<RegionParams>,
    /// Solve the adjoint problem: the sources are then detector responses, and the flux is the
    /// importance of particles. Default: false.
    #[serde(default)]
    pub adjoint: bool,
    /// A plane source that emits all its particles at t = 0; its uncollided flux is followed
    /// analytically (problems in time, one group, isotropic scattering, one material).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<PlanePulse>,
    /// Begin from the critical state with this many particles (per cm^2 of a slab, per cm of a
    /// cylinder): all production is divided by k, the flux is the fundamental mode, and precursors
    /// are in equilibrium with it (problems in time).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub critical_population: Option<f64>,
    /// What is measured besides balances and averages; each becomes a quantity of its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<EditParams>,
}

/// A stretch of the mesh, of one material.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionParams {
    /// Name in balances and averages. Default: `region1`, `region2`, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of the material.
    pub material: String,
    /// Where it begins, cm. Default: where the mesh begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Where it ends, cm. Default: where the mesh ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// Isotropic source density, particles per cm^3 and s: a number for one group, or a list by
    /// group. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ByGroup>,
    /// Factor on the scattering cross sections, an expression in x, averaged over each cell; the
    /// total cross section stays. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scattering_factor: Option<String>,
}

/// Something to be measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EditParams {
    /// The scalar flux at a point.
    Flux {
        /// Name of the quantity.
        name: String,
        /// Where, cm.
        x: f64,
        /// Number of the group, from 1. Default: the sum over all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        group: Option<usize>,
    },
    /// The net current along x or r at an edge of the mesh.
    Current {
        /// Name of the quantity.
        name: String,
        /// Where, cm; the nearest edge is taken, which must be within a hundredth of a cell.
        x: f64,
        /// Number of the group, from 1. Default: the sum over all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        group: Option<usize>,
    },
    /// The angular flux at a point in a direction, on the quadrature or not: the emission density
    /// is integrated along the ray.
    AngularFlux {
        /// Name of the quantity.
        name: String,
        /// Where, cm.
        x: f64,
        /// Cosine of the direction with the x axis.
        #[schemars(range(min = -1, max = 1))]
        mu: f64,
        /// Number of the group, from 1. Default: the sum over all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        group: Option<usize>,
    },
    /// A reaction rate, integrated over a region or all of the mesh.
    ReactionRate {
        /// Name of the quantity.
        name: String,
        /// Which reaction.
        reaction: Reaction,
        /// Name of the region. Default: all of the mesh.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
        /// Number of the group, from 1. Default: the sum over all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        group: Option<usize>,
    },
    /// The ratio of the scalar flux at a point to that at another.
    FluxRatio {
        /// Name of the quantity.
        name: String,
        /// Where, cm.
        x: f64,
        /// Where the flux is that it is divided by, cm. Default: 0.
        #[serde(default)]
        to: f64,
        /// Number of the group, from 1. Default: the sum over all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 1))]
        group: Option<usize>,
    },
}

impl EditParams {
    /// Name of the quantity.
    pub fn name(&self) -> &str {
        match self {
            Self::Flux { name, .. }
            | Self::Current { name, .. }
            | Self::AngularFlux { name, .. }
            | Self::ReactionRate { name, .. }
            | Self::FluxRatio { name, .. } => name,
        }
    }

    /// Number of the group, from 1.
    pub fn group(&self) -> Option<usize> {
        match self {
            Self::Flux { group, .. }
            | Self::Current { group, .. }
            | Self::AngularFlux { group, .. }
            | Self::ReactionRate { group, .. }
            | Self::FluxRatio { group, .. } => *group,
        }
    }

    /// Places at which something is measured.
    pub fn places(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Flux { x, .. } | Self::Current { x, .. } | Self::AngularFlux { x, .. } => {
                vec![("x", *x)]
            }
            Self::FluxRatio { x, to, .. } => vec![("x", *x), ("to", *to)],
            Self::ReactionRate { .. } => Vec::new(),
        }
    }
}
