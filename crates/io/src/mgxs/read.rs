//! Reading a library.

use std::path::Path;

use hdf5::Group;

use super::{MgxsData, MgxsEntry, MgxsFamily, MgxsLibrary, MgxsProduction};
use crate::error::IoError;
use crate::hdf::{self, Context, malformed};

/// Boltzmann's constant, eV/K.
const BOLTZMANN: f64 = 8.617_333_262e-5;

/// What the file should be, in messages.
const EXPECTED: &str = "a multigroup cross-section library of OpenMC";

/// Groups that are read, at most: scattering is unfolded from each group to each other.
const MOST_GROUPS: usize = 5000;

/// Numbers of a material's unfolded scattering, at most (half a gigabyte).
const MOST_ENTRIES: usize = 1 << 26;

/// The scattering layout there is; another is refused by OpenMC too.
const SHAPE: &str = "[G][G'][Order]";

/// Reads a library.
///
/// # Errors
/// [`IoError`]: no such file, no such layout, arrays that contradict each other, data that depend
/// on the direction of flight or scattering that is no Legendre series; each with the object at
/// fault.
pub fn read(path: &Path) -> Result<MgxsLibrary, IoError> {
    let file = hdf::open(path)?;
    let missing = |name: &str| IoError::NotOurs {
        path: path.to_owned(),
        expected: EXPECTED,
        missing: name.to_owned(),
    };
    let filetype = word(path, &file, "filetype")?.ok_or_else(|| missing("filetype"))?;
    if filetype != "mgxs" {
        return Err(malformed(
            path,
            "filetype",
            format!("`{filetype}`"),
            "`mgxs`",
        ));
    }
    let version = attribute(path, &file, "version")?.ok_or_else(|| missing("version"))?;
    if version.first() != Some(&1.0) {
        return Err(IoError::Version {
            path: path.to_owned(),
            found: version.first().map_or(0, |v| *v as u64),
            supported: 1,
        });
    }
    let groups = whole(path, &file, "energy_groups")?.ok_or_else(|| missing("energy_groups"))?;
    if !(1..=MOST_GROUPS).contains(&groups) {
        return Err(malformed(
            path,
            "energy_groups",
            groups.to_string(),
            format!("a number of groups from 1 to {MOST_GROUPS}"),
        ));
    }
    let families = whole(path, &file, "delayed_groups")?.unwrap_or(0);
    let mut energy_bounds =
        attribute(path, &file, "group structure")?.ok_or_else(|| missing("group structure"))?;
    let rising = energy_bounds.windows(2).all(|w| w[0] < w[1]);
    if energy_bounds.len() != groups + 1 || !rising {
        return Err(malformed(
            path,
            "group structure",
            format!("{energy_bounds:?}"),
            format!("{} rising energies", groups + 1),
        ));
    }
    energy_bounds.reverse();
    let reader = Reader {
        path,
        groups,
        families,
    };
    let mut names = (file.member_names()).during(path, || "list the materials".to_owned())?;
    names.sort();
    let entries = names
        .iter()
        .map(|name| {
            let group = file.group(name).during(path, || format!("open `{name}`"))?;
            reader.entry(name, &group)
        })
        .collect::<Result<_, _>>()?;
    Ok(MgxsLibrary {
        groups,
        energy_bounds,
        entries,
    })
}

/// What is the same for all entries.
struct Reader<'a> {
    path: &'a Path,
    groups: usize,
    families: usize,
}

/// Numbers with their shape.
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Reader<'_> {
    fn entry(&self, name: &str, group: &Group) -> Result<MgxsEntry, IoError> {
        let path = self.path;
        for (attribute, wanted) in [
            ("representation", "isotropic"),
            ("scatter_format", "legendre"),
            ("scatter_shape", SHAPE),
        ] {
            let found = word(path, group, attribute)?.unwrap_or_else(|| wanted.to_owned());
            if !found.eq_ignore_ascii_case(wanted) {
                return Err(malformed(
                    path,
                    &format!("{name}/{attribute}"),
                    format!("`{found}`"),
                    format!("`{wanted}`; nothing else can be read"),
                ));
            }
        }
        let order = whole(path, group, "order")?.ok_or_else(|| {
            malformed(
                path,
                &format!("{name}/order"),
                "nothing",
                "the Legendre order of the scattering",
            )
        })?;
        let members = (group.member_names()).during(path, || format!("list `{name}`"))?;
        let mut temperatures = Vec::new();
        for label in members.iter().filter(|m| *m != "kTs") {
            let place = format!("{name}/{label}");
            let data = (group.group(label)).during(path, || format!("open `{place}`"))?;
            let kt = self.array(group, &format!("kTs/{label}"), name)?;
            let kt = kt.as_ref().and_then(|a| a.values.first()).ok_or_else(|| {
                malformed(
                    path,
                    &format!("{name}/kTs/{label}"),
                    "nothing",
                    "the temperature times Boltzmann's constant",
                )
            })?;
            let mut data = self.data(&place, &data, order)?;
            data.temperature = kt / BOLTZMANN;
            temperatures.push(data);
        }
        if temperatures.is_empty() {
            return Err(malformed(
                path,
                name,
                "no data",
                "a group for each temperature, such as `294K`",
            ));
        }
        temperatures.sort_by(|a, b| a.temperature.total_cmp(&b.temperature));
        Ok(MgxsEntry {
            name: name.to_owned(),
            temperatures,
        })
    }

    fn data(&self, place: &str, group: &Group, order: usize) -> Result<MgxsData, IoError> {
        let none = || vec![0.0; self.groups];
        Ok(MgxsData {
            temperature: 0.0,
            total: self.required(group, "total", place)?,
            absorption: self.required(group, "absorption", place)?,
            scattering: self.scattering(place, group, order)?,
            fission: self.vector(group, "fission", place)?.unwrap_or_else(none),
            production: self.production(place, group)?,
            inverse_velocity: (self.vector(group, "inverse-velocity", place)?).unwrap_or_default(),
        })
    }

    fn scattering(
        &self,
        place: &str,
        group: &Group,
        order: usize,
    ) -> Result<Vec<Vec<f64>>, IoError> {
        let groups = self.groups;
        let unfolded = (groups * groups).saturating_mul(order.saturating_add(1));
        if unfolded > MOST_ENTRIES {
            return Err(malformed(
                self.path,
                &format!("{place}/scatter_data/scatter_matrix"),
                format!("moments to order {order} between {groups} groups"),
                format!("no more than {MOST_ENTRIES} numbers, groups^2 (order + 1)"),
            ));
        }
        let inside = |name: &str| format!("scatter_data/{name}");
        let first = self.bounds(group, &inside("g_min"), place)?;
        let last = self.bounds(group, &inside("g_max"), place)?;
        if let Some(from) = (0..groups).find(|&g| first[g] > last[g]) {
            return Err(malformed(
                self.path,
                &format!("{place}/scatter_data/g_min"),
                format!("{} for group {}", first[from], from + 1),
                format!("no more than g_max, {}", last[from]),
            ));
        }
        let entries: usize = (0..groups).map(|g| last[g] - first[g] + 1).sum();
        let moments = order + 1;
        let matrix = self.flat(group, &inside("scatter_matrix"), place, entries * moments)?;
        let matrix = matrix.ok_or_else(|| {
            malformed(
                self.path,
                &format!("{place}/scatter_data/scatter_matrix"),
                "nothing",
                "the scattering moments",
            )
        })?;
        let multiplicity = self.flat(group, &inside("multiplicity_matrix"), place, entries)?;
        let mut all = vec![vec![0.0; groups * groups]; moments];
        let mut at = 0;
        for from in 0..groups {
            for to in first[from] - 1..last[from] {
                let particles = multiplicity.as_ref().map_or(1.0, |m| m[at]);
                for (l, moment) in all.iter_mut().enumerate() {
                    moment[from * groups + to] = particles * matrix[at * moments + l];
                }
                at += 1;
            }
        }
        Ok(all)
    }

    fn production(&self, place: &str, group: &Group) -> Result<Option<MgxsProduction>, IoError> {
        let groups = self.groups;
        let array = |name: &str| self.array(group, name, place);
        let (total, prompt) = (array("nu-fission")?, array("prompt-nu-fission")?);
        let given = total.is_some();
        let Some(found) = total.or(prompt) else {
            return Ok(None);
        };
        let name = if given {
            "nu-fission"
        } else {
            "prompt-nu-fission"
        };
        let mut chi = self.spectrum(group, "chi-prompt", place)?;
        if chi.is_none() {
            chi = self.spectrum(group, "chi", place)?;
        }
        // By the group that causes the fission: particles, and their spectrum.
        let (mut nu_fission, spectrum) = match found.shape[..] {
            [n] if n == groups => {
                let chi = chi.ok_or_else(|| {
                    malformed(
                        self.path,
                        &format!("{place}/chi"),
                        "nothing",
                        format!("a spectrum, for `{name}` is a vector"),
                    )
                })?;
                (found.values, chi.repeat(groups))
            }
            [n, m] if n == groups && m == groups => {
                let rows = found.values.chunks_exact(groups);
                let sums: Vec<f64> = rows.map(|row| row.iter().sum()).collect();
                (sums, normalized(found.values, groups))
            }
            _ => return Err(self.shape_fault(place, name, &found.shape, "[G] or [G][G']")),
        };
        let fractions = self.fractions(place, group, given, &mut nu_fission)?;
        let families = self.families(place, group, fractions, &spectrum)?;
        Ok(Some(MgxsProduction {
            nu_fission,
            spectrum,
            families,
        }))
    }

    /// Part of the production of each family: `[family][group]`. Where `nu_fission` holds the
    /// prompt part only, the delayed one is put in: added where it is given, else by dividing by
    /// 1 - beta.
    fn fractions(
        &self,
        place: &str,
        group: &Group,
        total_is_given: bool,
        nu_fission: &mut [f64],
    ) -> Result<Vec<Vec<f64>>, IoError> {
        let (groups, families) = (self.groups, self.families);
        if let Some(beta) = self.array(group, "beta", place)? {
            let fractions: Vec<Vec<f64>> = match beta.shape[..] {
                [d] if d == families => beta.values.iter().map(|&b| vec![b; groups]).collect(),
                [d, g] if d == families && g == groups => beta
                    .values
                    .chunks_exact(groups)
                    .map(<[f64]>::to_vec)
                    .collect(),
                _ => return Err(self.shape_fault(place, "beta", &beta.shape, "[D] or [D][G]")),
            };
            for (g, nu) in nu_fission.iter_mut().enumerate() {
                let delayed: f64 = fractions.iter().map(|f| f[g]).sum();
                if !total_is_given && *nu != 0.0 {
                    if delayed >= 1.0 {
                        return Err(malformed(
                            self.path,
                            &format!("{place}/beta"),
                            format!("a sum of {delayed} for group {}", g + 1),
                            "less than 1, for `prompt-nu-fission` is given",
                        ));
                    }
                    *nu /= 1.0 - delayed;
                }
            }
            return Ok(fractions);
        }
        let Some(delayed) = self.array(group, "delayed-nu-fission", place)? else {
            return Ok(Vec::new());
        };
        if delayed.shape != [families, groups] {
            let name = "delayed-nu-fission";
            return Err(self.shape_fault(place, name, &delayed.shape, "[D][G]"));
        }
        if !total_is_given {
            for row in delayed.values.chunks_exact(groups) {
                for (total, part) in nu_fission.iter_mut().zip(row) {
                    *total += part;
                }
            }
        }
        let fraction = |(part, total): (&f64, &f64)| if *part == 0.0 { 0.0 } else { part / total };
        Ok((delayed.values.chunks_exact(groups))
            .map(|row| row.iter().zip(nu_fission.iter()).map(fraction).collect())
            .collect())
    }

    fn families(
        &self,
        place: &str,
        group: &Group,
        fractions: Vec<Vec<f64>>,
        prompt: &[f64],
    ) -> Result<Vec<MgxsFamily>, IoError> {
        let groups = self.groups;
        if fractions.is_empty() {
            return Ok(Vec::new());
        }
        let count = fractions.len();
        let Some(decay) = self.array(group, "decay-rate", place)? else {
            return Err(malformed(
                self.path,
                &format!("{place}/decay-rate"),
                "nothing",
                format!("{count} decay constants"),
            ));
        };
        if decay.shape != [count] {
            return Err(self.shape_fault(place, "decay-rate", &decay.shape, "[D]"));
        }
        let spectra = match self.array(group, "chi-delayed", place)? {
            None => prompt[..groups].repeat(count),
            Some(chi) => match chi.shape[..] {
                [g] if g == groups => normalized(chi.values, groups).repeat(count),
                [d, g] if d == count && g == groups => normalized(chi.values, groups),
                _ => {
                    let name = "chi-delayed";
                    return Err(self.shape_fault(place, name, &chi.shape, "[G'] or [D][G']"));
                }
            },
        };
        Ok((fractions.into_iter())
            .zip(&decay.values)
            .zip(spectra.chunks_exact(groups))
            .map(|((fraction, &decay), spectrum)| MgxsFamily {
                decay,
                fraction,
                spectrum: spectrum.to_vec(),
            })
            .collect())
    }

    fn spectrum(
        &self,
        group: &Group,
        name: &str,
        place: &str,
    ) -> Result<Option<Vec<f64>>, IoError> {
        let chi = self.vector(group, name, place)?;
        Ok(chi.map(|chi| normalized(chi, self.groups)))
    }

    fn required(&self, group: &Group, name: &str, place: &str) -> Result<Vec<f64>, IoError> {
        self.vector(group, name, place)?.ok_or_else(|| {
            malformed(
                self.path,
                &format!("{place}/{name}"),
                "nothing",
                format!("{} numbers", self.groups),
            )
        })
    }

    /// One number for each group.
    fn vector(&self, group: &Group, name: &str, place: &str) -> Result<Option<Vec<f64>>, IoError> {
        self.flat(group, name, place, self.groups)
    }

    /// `n` numbers in one dimension.
    fn flat(
        &self,
        group: &Group,
        name: &str,
        place: &str,
        n: usize,
    ) -> Result<Option<Vec<f64>>, IoError> {
        match self.array(group, name, place)? {
            Some(array) if array.shape != [n] => Err(malformed(
                self.path,
                &format!("{place}/{name}"),
                format!("shape {:?}", array.shape),
                format!("{n} numbers in one dimension"),
            )),
            array => Ok(array.map(|a| a.values)),
        }
    }

    /// Group numbers from 1.
    fn bounds(&self, group: &Group, name: &str, place: &str) -> Result<Vec<usize>, IoError> {
        let values = self.required(group, name, place)?;
        let most = self.groups as f64;
        match values.iter().find(|v| !(1.0..=most).contains(*v)) {
            Some(value) => Err(malformed(
                self.path,
                &format!("{place}/{name}"),
                value.to_string(),
                format!("a group from 1 to {}", self.groups),
            )),
            None => Ok(values.iter().map(|v| *v as usize).collect()),
        }
    }

    /// A dataset, if there is one.
    fn array(&self, group: &Group, name: &str, place: &str) -> Result<Option<Array>, IoError> {
        let object = format!("{place}/{name}");
        // `link_exists` needs each step of a longer name to be there.
        let parent = name.rsplit_once('/').map(|(parent, _)| parent);
        if parent.is_some_and(|p| !group.link_exists(p)) || !group.link_exists(name) {
            return Ok(None);
        }
        let dataset = (group.dataset(name)).during(self.path, || format!("open `{object}`"))?;
        hdf::check_plausible(self.path, &object, Some(dataset.size()))?;
        let values: Vec<f64> =
            (dataset.read_raw()).during(self.path, || format!("read `{object}`"))?;
        if let Some(value) = values.iter().find(|v| !v.is_finite()) {
            return Err(malformed(
                self.path,
                &object,
                value.to_string(),
                "finite numbers",
            ));
        }
        Ok(Some(Array {
            shape: dataset.shape(),
            values,
        }))
    }

    fn shape_fault(&self, place: &str, name: &str, found: &[usize], expected: &str) -> IoError {
        malformed(
            self.path,
            &format!("{place}/{name}"),
            format!("shape {found:?}"),
            format!(
                "shape {expected} with {} groups and {} families",
                self.groups, self.families
            ),
        )
    }
}

/// Each row scaled to sum 1; rows of zeros stay.
fn normalized(mut rows: Vec<f64>, groups: usize) -> Vec<f64> {
    for row in rows.chunks_exact_mut(groups) {
        let sum: f64 = row.iter().sum();
        if sum != 0.0 {
            for value in row {
                *value /= sum;
            }
        }
    }
    rows
}

/// The numbers of an attribute, if there is one.
fn attribute(path: &Path, group: &Group, name: &str) -> Result<Option<Vec<f64>>, IoError> {
    if !has_attribute(path, group, name)? {
        return Ok(None);
    }
    (group.attr(name))
        .and_then(|a| a.read_raw())
        .during(path, || format!("read the attribute `{name}`"))
        .map(Some)
}

fn whole(path: &Path, group: &Group, name: &str) -> Result<Option<usize>, IoError> {
    let Some(values) = attribute(path, group, name)? else {
        return Ok(None);
    };
    match values[..] {
        [value] if value >= 0.0 && value.fract() == 0.0 => Ok(Some(value as usize)),
        _ => Err(malformed(
            path,
            &format!("{}/{name}", group.name()),
            format!("{values:?}"),
            "a whole number",
        )),
    }
}

fn word(path: &Path, group: &Group, name: &str) -> Result<Option<String>, IoError> {
    if !has_attribute(path, group, name)? {
        return Ok(None);
    }
    (group.attr(name))
        .and_then(|a| hdf::text(&a))
        .during(path, || format!("read the attribute `{name}`"))
        .map(Some)
}

fn has_attribute(path: &Path, group: &Group, name: &str) -> Result<bool, IoError> {
    let names = (group.attr_names()).during(path, || "list the attributes".to_owned())?;
    Ok(names.iter().any(|n| n == name))
}
