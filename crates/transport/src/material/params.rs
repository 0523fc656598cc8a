//! Cross sections as a case file or a library file gives them, and their checks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CrossSections, Delayed};

/// How far the sum of a spectrum may be from 1: printed tables carry five digits.
const SPECTRUM_TOLERANCE: f64 = 1e-3;

/// One number for each group; in a problem of one group the number alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ByGroup {
    /// The number of the only group.
    One(f64),
    /// A number for each group, the fastest first.
    Each(Vec<f64>),
}

impl ByGroup {
    /// Values by group.
    pub fn values(&self) -> &[f64] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Each(values) => values,
        }
    }
}

/// A matrix over the groups; in a problem of one group the number alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum GroupMatrix {
    /// The only entry.
    One(f64),
    /// A row for each group the particle comes from, with an entry for each group it goes to.
    Rows(Vec<Vec<f64>>),
}

/// One family of precursors of delayed particles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelayedParams {
    /// Decay constant, 1/s.
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub decay: f64,
    /// Part of all fission particles that goes through this family.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub fraction: f64,
    /// Spectrum of what is emitted, sum 1. Default: the chi of the material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chi: Option<ByGroup>,
}

/// Multigroup cross sections of one material, 1/cm. Groups are numbered from the fastest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaterialParams {
    /// Total cross section. Needed unless absorption is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<ByGroup>,
    /// Absorption cross section, capture and fission, in place of total: total is then absorption
    /// and all scattering out of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absorption: Option<ByGroup>,
    /// Scattering cross section, from group (row) to group (column). Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scattering: Option<GroupMatrix>,
    /// Scattering over total, in place of scattering, for one group.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub scattering_ratio: Option<f64>,
    /// Legendre moments 1, 2, ... of the scattering cross section, without the factor 2 l + 1.
    /// Default: isotropic scattering.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub anisotropic: Vec<GroupMatrix>,
    /// Particles from fission times fission cross section. Default: fission times nu.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nu_fission: Option<ByGroup>,
    /// Fission cross section. Default: nu_fission over nu; without nu, not known (0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fission: Option<ByGroup>,
    /// Particles from one fission, prompt and delayed: by group, or one number for all groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nu: Option<ByGroup>,
    /// Spectrum of fission particles, sum 1. Default: all in group 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chi: Option<ByGroup>,
    /// Speed, cm/s; needed in problems in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub velocity: Option<ByGroup>,
    /// Families of precursors of delayed particles. Default: none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delayed: Vec<DelayedParams>,
}

/// A fault in the cross sections of a material.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("material {material}: {key}: {message}")]
pub struct MaterialError {
    /// Name of the material.
    pub material: String,
    /// What is wrong, below the table of the material, such as `scattering[0][1]`.
    pub key: String,
    /// Why.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A file of cross sections: `format = "pdesolve-cross-sections"`, `version = 1`, and a table
/// `[materials.NAME]` for each material, as in a case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibraryParams {
    /// Always `pdesolve-cross-sections`.
    pub format: String,
    /// Version of the format: 1.
    pub version: u32,
    /// What the data are and where they are from. Default: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Number of groups.
    pub groups: usize,
    /// Bounds of the groups, eV, falling: one more than there are groups. Default: not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub energy_bounds: Vec<f64>,
    /// Cross sections by name.
    pub materials: BTreeMap<String, MaterialParams>,
}

/// The format name that a library file begins with.
pub const LIBRARY_FORMAT: &str = "pdesolve-cross-sections";

impl LibraryParams {
    /// The cross sections of all materials, by name.
    ///
    /// # Errors
    /// Every fault of the file: another format or version, energy bounds that do not fit, and all
    /// of [`MaterialParams::build`]. Faults of the file as a whole have an empty material name.
    pub fn build(&self) -> Result<BTreeMap<String, CrossSections>, Vec<MaterialError>> {
        let mut faults = Faults::new("");
        if self.format != LIBRARY_FORMAT {
            faults.add(
                "format",
                format!("`{}` is not `{LIBRARY_FORMAT}`", self.format),
            );
        }
        if self.version != 1 {
            faults.add(
                "version",
                format!("version {} is not known; this is version 1", self.version),
            );
        }
        if self.groups == 0 {
            faults.add("groups", "there must be at least one group".to_owned());
        }
        let bounds = &self.energy_bounds;
        if !bounds.is_empty() && bounds.len() != self.groups + 1 {
            faults.add(
                "energy_bounds",
                format!(
                    "{} groups have {} bounds, not {}",
                    self.groups,
                    self.groups + 1,
                    bounds.len()
                ),
            );
        }
        for (i, pair) in bounds.windows(2).enumerate() {
            if pair[1].is_nan() || pair[1] >= pair[0] {
                faults.add(
                    &format!("energy_bounds[{}]", i + 1),
                    format!("{} is not below {}, the one before", pair[1], pair[0]),
                );
            }
        }
        let mut errors = faults.list;
        let mut built = BTreeMap::new();
        for (name, material) in &self.materials {
            match material.build(name, Some(self.groups)) {
                Ok(x) => {
                    built.insert(name.clone(), x);
                }
                Err(mut e) => errors.append(&mut e),
            }
        }
        if errors.is_empty() {
            Ok(built)
        } else {
            Err(errors)
        }
    }
}

impl MaterialParams {
    /// Number of groups that the data speak of: that of the first entry given.
    pub fn groups(&self) -> Option<usize> {
        let list = |x: &ByGroup| match x {
            ByGroup::One(_) => 1,
            ByGroup::Each(values) => values.len(),
        };
        let matrix = |x: &GroupMatrix| match x {
            GroupMatrix::One(_) => 1,
            GroupMatrix::Rows(rows) => rows.len(),
        };
        (self.total.as_ref().or(self.absorption.as_ref()).map(list))
            .or(self.scattering.as_ref().map(matrix))
            .or(self.nu_fission.as_ref().or(self.fission.as_ref()).map(list))
    }

    /// The cross sections, in `groups` groups; `None` takes as many as the data have.
    ///
    /// Scattering above total and negative entries of the scattering matrix, as a transport
    /// correction makes them, pass: see [`CrossSections::excess`] and
    /// [`CrossSections::negative_scattering`].
    ///
    /// # Errors
    /// Every fault that there is, each with the key below the material's table.
    pub fn build(
        &self,
        name: &str,
        groups: Option<usize>,
    ) -> Result<CrossSections, Vec<MaterialError>> {
        let mut faults = Faults::new(name);
        let Some(groups) = groups.or_else(|| self.groups()).filter(|&g| g > 0) else {
            faults.add_with_help(
                "total",
                "is missing".to_owned(),
                "give `total`, or `absorption` and `scattering`, in 1/cm",
            );
            return Err(faults.list);
        };
        let read = Read { groups };
        let scattering = self.scattering(&read, &mut faults);
        let total = self.total(&read, &scattering[0], &mut faults);
        let (nu_fission, fission) = self.production(&read, &mut faults);
        let fissile = nu_fission.iter().any(|&x| x > 0.0);
        let chi = match &self.chi {
            Some(chi) => read.spectrum("chi", chi, &mut faults),
            None => read.unit(fissile),
        };
        let velocity = match &self.velocity {
            Some(v) => read.list("velocity", v, Sign::Positive, &mut faults),
            None => Vec::new(),
        };
        let delayed = self.delayed(&read, &chi, &mut faults);
        if !faults.list.is_empty() {
            return Err(faults.list);
        }
        // Where only the ratio is given the scattering follows from the total.
        let scattering = match self.scattering_ratio {
            Some(c) => {
                let mut all = scattering;
                all[0] = vec![c * total[0]];
                all
            }
            None => scattering,
        };
        Ok(CrossSections {
            total,
            scattering,
            nu_fission,
            fission,
            chi,
            velocity,
            delayed,
        })
    }

    fn scattering(&self, read: &Read, faults: &mut Faults) -> Vec<Vec<f64>> {
        let groups = read.groups;
        if let Some(c) = self.scattering_ratio {
            if groups != 1 {
                faults.add_with_help(
                    "scattering_ratio",
                    format!("is for one group; there are {groups}"),
                    "give `scattering` as a matrix",
                );
            }
            if self.scattering.is_some() {
                faults.add(
                    "scattering_ratio",
                    "and scattering are both given; one is enough".to_owned(),
                );
            }
            if self.total.is_none() {
                faults.add("scattering_ratio", "needs total".to_owned());
            }
            if c.is_nan() || c < 0.0 || c.is_infinite() {
                faults.add(
                    "scattering_ratio",
                    format!("{c} is not a number of 0 or more"),
                );
            }
        }
        let mut all = vec![match &self.scattering {
            Some(matrix) => read.matrix("scattering", matrix, faults),
            None => vec![0.0; groups * groups],
        }];
        for (l, matrix) in self.anisotropic.iter().enumerate() {
            all.push(read.matrix(&format!("anisotropic[{l}]"), matrix, faults));
        }
        all
    }

    fn total(&self, read: &Read, scattering: &[f64], faults: &mut Faults) -> Vec<f64> {
        match (&self.total, &self.absorption) {
            (Some(total), None) => read.list("total", total, Sign::NotNegative, faults),
            (None, Some(absorption)) => {
                let absorption = read.list("absorption", absorption, Sign::NotNegative, faults);
                (absorption.iter())
                    .zip(scattering.chunks(read.groups))
                    .map(|(a, out)| a + out.iter().sum::<f64>())
                    .collect()
            }
            (Some(_), Some(_)) => {
                faults.add_with_help(
                    "absorption",
                    "and total are both given; one is enough".to_owned(),
                    "absorption is total less all scattering out of the group",
                );
                vec![0.0; read.groups]
            }
            (None, None) => {
                faults.add_with_help(
                    "total",
                    "is missing".to_owned(),
                    "give `total`, or `absorption` and `scattering`, in 1/cm",
                );
                vec![0.0; read.groups]
            }
        }
    }

    /// nu sigma_f and sigma_f.
    fn production(&self, read: &Read, faults: &mut Faults) -> (Vec<f64>, Vec<f64>) {
        let none = || vec![0.0; read.groups];
        let mut list = |key: &str, x: &Option<ByGroup>| {
            x.as_ref()
                .map(|x| read.list(key, x, Sign::NotNegative, faults))
        };
        let nu_fission = list("nu_fission", &self.nu_fission);
        let fission = list("fission", &self.fission);
        let nu = match &self.nu {
            // nu hardly depends on the group: one number for all is common.
            Some(ByGroup::One(nu)) => list("nu", &Some(ByGroup::Each(vec![*nu; read.groups]))),
            nu => list("nu", nu),
        };
        let product = |a: Vec<f64>, b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect();
        match (nu_fission, fission, nu) {
            (None, None, None) => (none(), none()),
            (Some(nf), Some(f), None) => (nf, f),
            (Some(nf), None, None) => (nf, none()),
            (None, Some(f), Some(nu)) => (product(nu, &f), f),
            (Some(nf), None, Some(nu)) => {
                let f = (nf.iter().zip(&nu))
                    .map(|(&nf, &nu)| if nf == 0.0 { 0.0 } else { nf / nu })
                    .collect::<Vec<f64>>();
                if let Some(g) = f.iter().position(|f| !f.is_finite()) {
                    faults.add(
                        &at("nu", g, read.groups),
                        "is 0 where nu_fission is not".to_owned(),
                    );
                }
                (nf, f)
            }
            (Some(_), Some(_), Some(_)) => {
                faults.add(
                    "nu",
                    "nu, fission and nu_fission are all given; two are enough".to_owned(),
                );
                (none(), none())
            }
            (None, Some(_), None) => {
                faults.add_with_help(
                    "fission",
                    "needs nu or nu_fission".to_owned(),
                    "give `nu`, the particles from one fission",
                );
                (none(), none())
            }
            (None, None, Some(_)) => {
                faults.add("nu", "needs fission or nu_fission".to_owned());
                (none(), none())
            }
        }
    }

    fn delayed(&self, read: &Read, chi: &[f64], faults: &mut Faults) -> Vec<Delayed> {
        let before = faults.list.len();
        let mut sum = 0.0;
        let mut families = Vec::with_capacity(self.delayed.len());
        for (i, family) in self.delayed.iter().enumerate() {
            let (decay, fraction) = (family.decay, family.fraction);
            if !(decay > 0.0 && decay.is_finite()) {
                faults.add(
                    &format!("delayed[{i}].decay"),
                    format!("{decay} is not a positive number"),
                );
            }
            if !(0.0..=1.0).contains(&fraction) {
                faults.add(
                    &format!("delayed[{i}].fraction"),
                    format!("{fraction} is not between 0 and 1"),
                );
            }
            sum += fraction;
            families.push(Delayed {
                decay,
                fraction,
                chi: match &family.chi {
                    Some(chi) => read.spectrum(&format!("delayed[{i}].chi"), chi, faults),
                    None => chi.to_vec(),
                },
            });
        }
        if faults.list.len() == before && sum > 1.0 {
            faults.add(
                "delayed",
                format!("the fractions add up to {sum}, more than 1"),
            );
        }
        families
    }
}

/// The faults found so far in one material.
struct Faults {
    material: String,
    list: Vec<MaterialError>,
}

impl Faults {
    fn new(material: &str) -> Self {
        Self {
            material: material.to_owned(),
            list: Vec::new(),
        }
    }

    fn add(&mut self, key: &str, message: String) {
        self.list.push(MaterialError {
            material: self.material.clone(),
            key: key.to_owned(),
            message,
            help: None,
        });
    }

    fn add_with_help(&mut self, key: &str, message: String, help: &str) {
        self.add(key, message);
        if let Some(last) = self.list.last_mut() {
            last.help = Some(help.to_owned());
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    NotNegative,
    Positive,
}

/// `key[group]`, or `key` alone where there is one group, for then it may be a plain number.
fn at(key: &str, group: usize, groups: usize) -> String {
    if groups == 1 {
        key.to_owned()
    } else {
        format!("{key}[{group}]")
    }
}

/// Reads lists and matrices of a number of groups; a fault leaves zeros.
struct Read {
    groups: usize,
}

impl Read {
    /// All particles in group 1, or nothing.
    fn unit(&self, fissile: bool) -> Vec<f64> {
        let mut chi = vec![0.0; self.groups];
        chi[0] = if fissile { 1.0 } else { 0.0 };
        chi
    }

    fn list(&self, key: &str, x: &ByGroup, sign: Sign, faults: &mut Faults) -> Vec<f64> {
        let values = match x {
            ByGroup::One(value) => vec![*value],
            ByGroup::Each(values) => values.clone(),
        };
        if values.len() != self.groups {
            faults.add(
                key,
                format!(
                    "there are {} groups, but the number of values is {}",
                    self.groups,
                    values.len()
                ),
            );
            return vec![0.0; self.groups];
        }
        for (g, &value) in values.iter().enumerate() {
            let key = at(key, g, self.groups);
            if !value.is_finite() {
                faults.add(&key, format!("{value} is not a finite number"));
            } else if value < 0.0 {
                faults.add(&key, format!("{value} is negative"));
            } else if value == 0.0 && sign == Sign::Positive {
                faults.add(&key, "is 0 and must be positive".to_owned());
            }
        }
        values
    }

    fn spectrum(&self, key: &str, x: &ByGroup, faults: &mut Faults) -> Vec<f64> {
        let before = faults.list.len();
        let chi = self.list(key, x, Sign::NotNegative, faults);
        let sum: f64 = chi.iter().sum();
        if faults.list.len() == before && (sum - 1.0).abs() > SPECTRUM_TOLERANCE {
            faults.add(key, format!("the values add up to {sum}, not to 1"));
        }
        chi
    }

    fn matrix(&self, key: &str, x: &GroupMatrix, faults: &mut Faults) -> Vec<f64> {
        let groups = self.groups;
        let rows = match x {
            GroupMatrix::One(value) => vec![vec![*value]],
            GroupMatrix::Rows(rows) => rows.clone(),
        };
        if rows.len() != groups {
            faults.add_with_help(
                key,
                format!(
                    "there are {groups} groups, but the number of rows is {}",
                    rows.len()
                ),
                "a row is the group a particle comes from",
            );
            return vec![0.0; groups * groups];
        }
        let mut all = vec![0.0; groups * groups];
        for (from, row) in rows.iter().enumerate() {
            if row.len() != groups {
                faults.add_with_help(
                    &format!("{key}[{from}]"),
                    format!(
                        "there are {groups} groups, but the number of values is {}",
                        row.len()
                    ),
                    "the matrix is square: an entry of a row is the group a particle goes to",
                );
                continue;
            }
            for (to, &value) in row.iter().enumerate() {
                if !value.is_finite() {
                    let key = match x {
                        GroupMatrix::One(_) => key.to_owned(),
                        GroupMatrix::Rows(_) => format!("{key}[{from}][{to}]"),
                    };
                    faults.add(&key, format!("{value} is not a finite number"));
                }
                all[from * groups + to] = value;
            }
        }
        all
    }
}
