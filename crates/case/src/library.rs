//! Files of cross sections that a transport case names.
//!
//! The materials that its regions use are read into the case: the effective case, which is kept
//! in the output, holds all data of the run.

use std::path::Path;

use pdesolve_transport::material::{LIBRARY_FORMAT, LibraryParams};

use crate::diagnostic::Diagnostics;
use crate::finding::Finding;
use crate::load::{LoadedCase, load_as};
use crate::names::suggest;

/// Reads `problem.library`, where there is one, and puts the materials that the regions name into
/// `problem.materials`.
///
/// # Errors
/// All that is wrong with the file, at its places; or that it cannot be what is wanted, at the key
/// of the case.
pub(crate) fn inline(mut loaded: LoadedCase) -> Result<LoadedCase, Diagnostics> {
    let mut case = loaded.case.clone();
    let Some(problem) = case.problem.transport_mut() else {
        return Ok(loaded);
    };
    let Some(name) = problem.library.take() else {
        return Ok(loaded);
    };
    let path = loaded.path.parent().unwrap_or(Path::new("")).join(&name);
    let library = read(&path)?;
    let found = |finding: Finding| -> Diagnostics { loaded.diagnose(&[finding]) };
    if library.format != LIBRARY_FORMAT || library.version != 1 {
        return Err(found(
            Finding::new(
                "E0313",
                "problem.library",
                format!(
                    "{} has the format `{}`, version {}",
                    path.display(),
                    library.format,
                    library.version
                ),
            )
            .help(format!("this program reads `{LIBRARY_FORMAT}`, version 1")),
        ));
    }
    let names: Vec<String> = library.materials.keys().cloned().collect();
    let mut missing = Vec::new();
    for (i, region) in problem.regions.iter().enumerate() {
        if problem.materials.contains_key(&region.material) {
            continue;
        }
        match library.materials.get(&region.material) {
            Some(material) => {
                problem
                    .materials
                    .insert(region.material.clone(), material.clone());
            }
            None => missing.push(
                Finding::new(
                    "E0314",
                    format!("problem.regions[{i}].material"),
                    format!(
                        "there is no material `{}` in the case, nor in {}",
                        region.material,
                        path.display()
                    ),
                )
                .help(suggest(&region.material, &names)),
            ),
        }
    }
    if missing.is_empty() {
        loaded.case = case;
        Ok(loaded)
    } else {
        Err(loaded.diagnose(&missing))
    }
}

fn read(path: &Path) -> Result<LibraryParams, Diagnostics> {
    load_as::<LibraryParams>(path, &[]).map(|library| library.case)
}
