//! Multigroup cross sections in the HDF5 library format of OpenMC.
//!
//! # Layout
//! ```text
//! /                      attr filetype = "mgxs", version = [1, 0], energy_groups, delayed_groups,
//!                        group structure [groups + 1] in eV, rising
//! /NAME                  attr representation, scatter_format, scatter_shape, order
//! /NAME/kTs/294K         k T in eV
//! /NAME/294K             total [G], absorption [G], fission [G], inverse-velocity [G] (s/cm)
//!                        nu-fission [G] with chi [G'], or nu-fission [G][G'] with no chi
//!                        or prompt-nu-fission [G] and delayed-nu-fission [D][G]
//!                        chi-prompt [G'], chi-delayed [G'] or [D][G'], beta [D] or [D][G],
//!                        decay-rate [D] (1/s)
//! /NAME/294K/scatter_data
//!                        g_min, g_max [G], from 1: the groups that row G scatters to
//!                        scatter_matrix: [G][G' in g_min..=g_max][order + 1], flattened
//!                        multiplicity_matrix: [G][G'], likewise
//! ```
//! G is the group before and G' the one after, from the fastest to the slowest, though the group
//! structure rises.
//!
//! # Conventions
//! * The Legendre moments in the file carry no factor 2 l + 1, and neither do ours.
//! * The multiplicity counts particles per scattering, as in (n, 2n). It is multiplied into the
//!   moments here, so that they count particles; `total` counts collisions as before.
//! * Spectra are scaled to sum 1, as OpenMC does when it reads them.
//!
//! Refused: data that depend on the direction of flight (`representation = "angle"`), and
//! scattering given as a histogram or a table.
//!
//! Source of the layout: the OpenMC manual, "Multi-Group Cross Section Library Format", version 1.

mod read;
#[cfg(test)]
mod tests;

pub use read::read;

/// A library.
#[derive(Clone, Debug, PartialEq)]
pub struct MgxsLibrary {
    /// Number of groups.
    pub groups: usize,
    /// Bounds of the groups, eV, falling, as the groups are numbered: `[group]`, one more.
    pub energy_bounds: Vec<f64>,
    /// What there are data of, sorted by name.
    pub entries: Vec<MgxsEntry>,
}

/// One material or nuclide.
#[derive(Clone, Debug, PartialEq)]
pub struct MgxsEntry {
    /// Name.
    pub name: String,
    /// Data at one or more temperatures, rising.
    pub temperatures: Vec<MgxsData>,
}

/// Cross sections at one temperature, 1/cm for a material and barn for a nuclide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MgxsData {
    /// Temperature, K.
    pub temperature: f64,
    /// Total cross section: `[group]`.
    pub total: Vec<f64>,
    /// Absorption cross section: `[group]`.
    pub absorption: Vec<f64>,
    /// Legendre moments of the scattering, multiplicity included: `[l][from * groups + to]`.
    pub scattering: Vec<Vec<f64>>,
    /// Fission cross section: `[group]`; 0 where the file has none.
    pub fission: Vec<f64>,
    /// Fission particles; `None` where nothing is fissile.
    pub production: Option<MgxsProduction>,
    /// Mean of 1/speed, s/cm: `[group]`; empty where the file has none.
    pub inverse_velocity: Vec<f64>,
}

/// Particles from fission.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MgxsProduction {
    /// nu times fission cross section, prompt and delayed: `[group]`.
    pub nu_fission: Vec<f64>,
    /// Spectrum of (prompt) particles, sum 1, by the group that causes the fission:
    /// `[from * groups + to]`. In most files it is the same for all.
    pub spectrum: Vec<f64>,
    /// Families of precursors of delayed particles.
    pub families: Vec<MgxsFamily>,
}

/// One family of precursors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MgxsFamily {
    /// Decay constant, 1/s.
    pub decay: f64,
    /// Part of all fission particles, by the group that causes the fission: `[group]`.
    pub fraction: Vec<f64>,
    /// Spectrum, sum 1: `[group]`.
    pub spectrum: Vec<f64>,
}

impl MgxsLibrary {
    /// Names of all entries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.name.as_str())
    }

    /// The entry of that name.
    pub fn entry(&self, name: &str) -> Option<&MgxsEntry> {
        self.entries.iter().find(|e| e.name == name)
    }
}

impl MgxsEntry {
    /// The data at the temperature nearest to `temperature` in K. `None` only for an entry
    /// without data, which [`read`] refuses.
    pub fn nearest(&self, temperature: f64) -> Option<&MgxsData> {
        self.temperatures.iter().min_by(|a, b| {
            let distance = |d: &MgxsData| (d.temperature - temperature).abs();
            distance(a).total_cmp(&distance(b))
        })
    }
}
