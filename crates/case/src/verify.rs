//! Runs a case and holds its output against its `[[expect]]` tables.
//!
//! An expectation may hold for other values of the case than those of the file (`set`). All that
//! share a set are held against one run of the case with these values.

use std::collections::BTreeMap;

use pdesolve_io::VtkHdfFile;
use serde_json::Value as Json;

use crate::diagnostic::Diagnostics;
use crate::document::Value;
use crate::finding::Finding;
use crate::load::LoadedCase;
use crate::measure::{MeasureError, Measured, measure};
use crate::overrides::Change;
use crate::progress::Progress;
use crate::run::{RunError, RunOptions, run};
use crate::schema::Case;

/// A case that could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The output lacks what is measured.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The run was interrupted.
    #[error("interrupted at t = {time}")]
    Interrupted {
        /// Time reached.
        time: f64,
    },
}

/// The expectations of a case that are held against one run.
#[derive(Clone, Debug)]
pub struct Group {
    /// The values that are changed, in a few words; empty for the case as it stands.
    pub set: String,
    /// The case with these values; its expectations are those of the group.
    pub loaded: LoadedCase,
    /// Numbers of these expectations in the file.
    members: Vec<usize>,
}

/// Whether `verify` would run this case: it has an expectation of the asked kind.
pub fn is_verifiable(case: &Case, long: bool) -> bool {
    case.expect.iter().any(|expect| long || !expect.long)
}

/// The expectations of a case (those marked `long` only if `long`), one group for each distinct
/// set of values, in the order of the file.
///
/// # Errors
/// All that is wrong with the sets: keys that do not exist, values of a wrong type or out of
/// range, each at its place in the file.
pub fn groups(loaded: &LoadedCase, long: bool) -> Result<Vec<Group>, Diagnostics> {
    let mut sets: Vec<(&BTreeMap<String, Json>, Vec<usize>)> = Vec::new();
    for (i, expect) in loaded.case.expect.iter().enumerate() {
        if expect.long && !long {
            continue;
        }
        match sets.iter_mut().find(|(set, _)| *set == &expect.set) {
            Some((_, members)) => members.push(i),
            None => sets.push((&expect.set, vec![i])),
        }
    }
    let mut groups = Vec::new();
    let mut found = Diagnostics::default();
    for (set, members) in sets {
        match with_set(loaded, members[0]) {
            Ok(mut changed) => {
                let expects = members.iter().map(|&i| {
                    let mut expect = loaded.case.expect[i].clone();
                    expect.set.clear();
                    expect
                });
                changed.case.expect = expects.collect();
                groups.push(Group {
                    set: describe_set(set),
                    loaded: changed,
                    members,
                });
            }
            Err(faults) => found.extend(faults),
        }
    }
    if found.has_errors() {
        found.sort();
        return Err(found);
    }
    Ok(groups)
}

/// The case with the values that expectation `i` sets.
fn with_set(loaded: &LoadedCase, i: usize) -> Result<LoadedCase, Diagnostics> {
    let (node, there) = loaded.node(&format!("expect[{i}].set"));
    let Value::Table(entries) = &node.value else {
        return loaded.with(&[]);
    };
    if !there {
        return loaded.with(&[]);
    }
    let mut found = Diagnostics::default();
    let mut changes = Vec::new();
    for entry in entries {
        match Change::from_entry(&entry.key, &entry.key_place, entry.node.clone()) {
            Ok(change) => changes.push(change),
            Err(fault) => found.push(*fault),
        }
    }
    match loaded.with(&changes) {
        Ok(changed) if !found.has_errors() => Ok(changed),
        Ok(_) => Err(found),
        Err(faults) => {
            found.extend(faults);
            Err(found)
        }
    }
}

/// `viscosity = 0.1, points[0] = 64`
fn describe_set(set: &BTreeMap<String, Json>) -> String {
    let keys: Vec<&str> = set.keys().map(String::as_str).collect();
    let texts: Vec<String> = short_names(&keys)
        .into_iter()
        .zip(set.values())
        .map(|(key, value)| match value {
            Json::String(text) => format!("{key} = {text}"),
            other => format!("{key} = {other}"),
        })
        .collect();
    texts.join(", ")
}

/// The last names of each key path, as few as tell it from the others.
pub(crate) fn short_names(keys: &[&str]) -> Vec<String> {
    fn ending(key: &str, names: usize) -> &str {
        let start = key.rmatch_indices('.').nth(names - 1);
        start.map_or(key, |(dot, _)| &key[dot + 1..])
    }
    let is_alone = |key: &str, names: usize| {
        let same = |other: &&&str| ending(other, names) == ending(key, names);
        keys.iter().filter(same).count() == 1
    };
    let name = |key: &&str| {
        let most = key.matches('.').count() + 1;
        let names = (1..most).find(|&names| is_alone(key, names));
        ending(key, names.unwrap_or(most)).to_owned()
    };
    keys.iter().map(name).collect()
}

impl Group {
    /// Ties findings about the case of this group to their places in the file.
    pub fn diagnose(&self, findings: &[Finding]) -> Diagnostics {
        let findings: Vec<Finding> = findings.iter().map(|f| self.in_file(f)).collect();
        self.noted(self.loaded.diagnose(&findings))
    }

    /// What to say of a run that failed.
    pub fn diagnose_run(&self, error: &RunError) -> Diagnostics {
        match error {
            RunError::Case(findings) => self.diagnose(findings),
            other => self.noted(self.loaded.diagnose_run(other)),
        }
    }

    /// The case numbers the expectations of this group only, the file all of them.
    fn in_file(&self, finding: &Finding) -> Finding {
        let renumbered = finding.path.strip_prefix("expect[").and_then(|rest| {
            let (number, rest) = rest.split_once(']')?;
            let i = self.members.get(number.parse::<usize>().ok()?)?;
            Some(format!("expect[{i}]{rest}"))
        });
        let mut finding = finding.clone();
        finding.path = renumbered.unwrap_or(finding.path);
        finding
    }

    fn noted(&self, found: Diagnostics) -> Diagnostics {
        if self.set.is_empty() {
            return found;
        }
        let mut noted = Diagnostics::default();
        noted.extend(found.into_iter().map(|diagnostic| {
            diagnostic.note(format!(
                "with `expect[{}].set`: {}",
                self.members[0], self.set
            ))
        }));
        noted
    }
}

/// Runs the case and measures each of its expectations (those marked `long` only if `long`).
///
/// # Errors
/// [`VerifyError`]. An expectation that is not met is no error, but a [`Measured`] that does not
/// pass.
pub fn verify(
    case: &Case,
    options: &RunOptions<'_>,
    long: bool,
    progress: &mut dyn Progress,
) -> Result<Vec<Measured>, VerifyError> {
    let finished = run(case, options, progress)?;
    if !finished.reached_end {
        return Err(VerifyError::Interrupted {
            time: finished.time,
        });
    }
    let file = VtkHdfFile::open(&options.output).map_err(MeasureError::from)?;
    case.expect
        .iter()
        .filter(|expect| long || !expect.long)
        .map(|expect| measure(case, expect, &file).map_err(VerifyError::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::short_names;

    #[test]
    fn keys_are_shortened_to_what_tells_them_apart() {
        let keys = [
            "time.end",
            "mesh.layers[0].cells",
            "mesh.layers[1].cells",
            "seed",
        ];
        let short = ["end", "layers[0].cells", "layers[1].cells", "seed"];
        assert_eq!(short_names(&keys), short);
        assert_eq!(short_names(&["a.b", "b"]), ["a.b", "b"]);
    }
}
