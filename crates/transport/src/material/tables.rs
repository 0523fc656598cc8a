//! Cross sections from the tables of a data library, such as the HDF5 files of OpenMC.
//!
//! Such a library may give fission as a matrix, from the group that causes it to the group of the
//! new particle, and fractions of delayed particles by group. Here a material has one spectrum
//! and one fraction a family. Where the tables do depend on the group, their mean is taken with
//! the production in an infinite medium of the material:
//!
//! 1. chi = sum_g w_g chi_g, with weights w_g = nu sigma_f,g phi_g, scaled to sum 1, and any
//!    spectrum to begin with;
//! 2. phi = the flux of the infinite medium for chi; back to 1 until the weights stand still.
//!
//! The multiplication of the infinite medium is then that of the matrix. Bad at: spectra far from
//! that of the infinite medium.

use super::params::{ByGroup, DelayedParams, GroupMatrix, MaterialParams};
use super::{CrossSections, infinite_medium_flux};

/// Fission in a table, by the group that causes it.
#[derive(Clone, Debug, PartialEq)]
pub struct FissionTables<'a> {
    /// nu sigma_f, prompt and delayed, 1/cm: `[group]`.
    pub nu_fission: &'a [f64],
    /// Spectrum of prompt particles, rows of sum 1: `[from * groups + to]`.
    pub spectrum: &'a [f64],
    /// Families of precursors.
    pub families: Vec<FamilyTables<'a>>,
}

/// A family of precursors in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilyTables<'a> {
    /// Decay constant, 1/s.
    pub decay: f64,
    /// Part of all fission particles, by the group that causes the fission: `[group]`.
    pub fraction: &'a [f64],
    /// Spectrum, sum 1: `[group]`.
    pub spectrum: &'a [f64],
}

impl FissionTables<'_> {
    /// Whether neither spectrum nor fractions depend on the group, so that no mean is taken.
    pub fn is_separable(&self) -> bool {
        let groups = self.nu_fission.len();
        let fissile: Vec<usize> = (0..groups).filter(|&g| self.nu_fission[g] > 0.0).collect();
        let Some(&first) = fissile.first() else {
            return true;
        };
        let row = |g: usize| &self.spectrum[g * groups..(g + 1) * groups];
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9;
        fissile.iter().all(|&g| {
            row(g).iter().zip(row(first)).all(|(a, b)| close(*a, *b))
                && (self.families.iter()).all(|f| close(f.fraction[g], f.fraction[first]))
        })
    }

    /// Spectrum of all particles, prompt and delayed, weighed with `weight[group]`.
    fn whole_spectrum(&self, weight: &[f64]) -> Vec<f64> {
        let groups = self.nu_fission.len();
        let mut chi = vec![0.0; groups];
        for (from, w) in weight.iter().enumerate() {
            let delayed: f64 = self.families.iter().map(|f| f.fraction[from]).sum();
            for (to, chi) in chi.iter_mut().enumerate() {
                *chi += w * (1.0 - delayed) * self.spectrum[from * groups + to];
                for family in &self.families {
                    *chi += w * family.fraction[from] * family.spectrum[to];
                }
            }
        }
        chi
    }

    /// Part of the production of each group in an infinite medium.
    fn production(&self, total: &[f64], scattering: &[f64]) -> Vec<f64> {
        let material = CrossSections {
            total: total.to_vec(),
            scattering: vec![scattering.to_vec()],
            ..CrossSections::default()
        };
        let sum: f64 = self.nu_fission.iter().sum();
        let mut weight: Vec<f64> = self.nu_fission.iter().map(|x| x / sum).collect();
        for _ in 0..200 {
            let phi = infinite_medium_flux(&material, &self.whole_spectrum(&weight));
            let next: Vec<f64> = (self.nu_fission.iter().zip(&phi))
                .map(|(nf, phi)| nf * phi)
                .collect();
            let sum: f64 = next.iter().sum();
            // Without absorption there is no such flux: the plain mean stays.
            if !(sum.is_finite() && sum > 0.0) {
                break;
            }
            let mut moved: f64 = 0.0;
            for (w, next) in weight.iter_mut().zip(next) {
                moved = moved.max((next / sum - *w).abs());
                *w = next / sum;
            }
            if moved < 1e-15 {
                break;
            }
        }
        weight
    }
}

impl MaterialParams {
    /// A material from tables: `total` and `fission` `[group]`, `scattering`
    /// `[l][from * groups + to]` without the factor 2 l + 1, `inverse_velocity` `[group]` in s/cm
    /// or empty.
    ///
    /// chi becomes the spectrum of prompt particles with `prompt`, as a problem in time wants it,
    /// and else that of all.
    pub fn from_tables(
        total: &[f64],
        scattering: &[Vec<f64>],
        fission: &[f64],
        production: Option<&FissionTables<'_>>,
        inverse_velocity: &[f64],
        prompt: bool,
    ) -> Self {
        let groups = total.len();
        let each = |values: &[f64]| Some(ByGroup::Each(values.to_vec()));
        let matrix = |values: &Vec<f64>| {
            GroupMatrix::Rows(values.chunks(groups.max(1)).map(<[f64]>::to_vec).collect())
        };
        let mut material = Self {
            total: each(total),
            scattering: scattering.first().map(matrix),
            anisotropic: scattering.iter().skip(1).map(matrix).collect(),
            ..Self::default()
        };
        if !inverse_velocity.is_empty() {
            let speed: Vec<f64> = inverse_velocity.iter().map(|v| 1.0 / v).collect();
            material.velocity = each(&speed);
        }
        let Some(tables) = production else {
            return material;
        };
        material.nu_fission = each(tables.nu_fission);
        material.fission = each(fission);
        if tables.nu_fission.iter().all(|&x| x == 0.0) {
            return material;
        }
        let none = vec![0.0; groups * groups];
        let weight = tables.production(total, scattering.first().unwrap_or(&none));
        let mean = |values: &[f64]| values.iter().zip(&weight).map(|(x, w)| x * w).sum::<f64>();
        let chi = if prompt {
            let rows = tables.spectrum;
            let column = |to| {
                rows.iter()
                    .skip(to)
                    .step_by(groups)
                    .copied()
                    .collect::<Vec<_>>()
            };
            (0..groups).map(|to| mean(&column(to))).collect()
        } else {
            tables.whole_spectrum(&weight)
        };
        material.chi = each(&chi);
        material.delayed = (tables.families.iter())
            .map(|family| DelayedParams {
                decay: family.decay,
                fraction: mean(family.fraction),
                chi: each(family.spectrum),
            })
            .collect();
        material
    }
}
