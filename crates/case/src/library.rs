//! Files of cross sections that a transport case names.
//!
//! The materials that its regions use are read into the case: the effective case, which is kept
//! in the output, holds all data of the run.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use pdesolve_io::mgxs;
use pdesolve_transport::material::{
    FamilyTables, FissionTables, LibraryParams, MaterialError, MaterialParams,
};

use crate::diagnostic::Diagnostics;
use crate::finding::Finding;
use crate::load::{LoadedCase, load_as, toml_files};
use crate::names::suggest;
use crate::registry::Problem;
use crate::transport::{dotted, fault_of};

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
    if !path.is_file() {
        let folder = path.parent().unwrap_or(Path::new(""));
        let here: Vec<String> = toml_files(folder)
            .iter()
            .filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()))
            .collect();
        let wanted = path.file_name().unwrap_or_default().to_string_lossy();
        let finding = Finding::new(
            "E0313",
            "problem.library",
            format!("there is no file {}", path.display()),
        )
        .help(if here.is_empty() {
            "the path begins in the folder of the case".to_owned()
        } else {
            suggest(&wanted, &here)
        });
        return Err(loaded.diagnose(&[finding]));
    }
    let prompt = matches!(loaded.case.problem, Problem::TransportTransient(_));
    let materials = if is_hdf5(&path) {
        let kelvin = problem.temperature.unwrap_or(ROOM_TEMPERATURE);
        match read_mgxs(&path, kelvin, prompt) {
            Ok(materials) => materials,
            Err(finding) => return Err(loaded.diagnose(&[finding])),
        }
    } else {
        let library = load_as::<LibraryParams>(&path, &[])?;
        if let Err(errors) = library.case.build() {
            let findings: Vec<Finding> = errors.iter().map(fault).collect();
            return Err(library.diagnose(&findings));
        }
        library.case.materials
    };
    let names: Vec<String> = materials.keys().cloned().collect();
    let mut missing = Vec::new();
    let mut merged: Vec<String> = Vec::new();
    for (i, region) in problem.regions.iter().enumerate() {
        let of_library = materials.get(&region.material);
        let of_case = problem.materials.get(&region.material);
        if merged.contains(&region.material) {
            continue;
        }
        match (of_library, of_case) {
            (Some(of_library), of_case) => {
                let material = match of_case {
                    Some(of_case) => overlaid(of_library, of_case),
                    None => of_library.clone(),
                };
                merged.push(region.material.clone());
                problem.materials.insert(region.material.clone(), material);
            }
            (None, Some(_)) => {}
            (None, None) => missing.push(
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

/// The material of the library, with the entries that the case gives in their place.
fn overlaid(of_library: &MaterialParams, of_case: &MaterialParams) -> MaterialParams {
    let value = |m: &MaterialParams| serde_json::to_value(m).unwrap_or_default();
    let (mut base, over) = (value(of_library), value(of_case));
    if let (Some(base), Some(over)) = (base.as_object_mut(), over.as_object()) {
        for (key, value) in over {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                base.insert(key.clone(), value.clone());
            }
        }
    }
    // Both came from the same type.
    serde_json::from_value(base).unwrap_or_else(|_| of_case.clone())
}

/// A fault of a library, at its place in that file.
fn fault(error: &MaterialError) -> Finding {
    let (path, message) = if error.material.is_empty() {
        (
            error.key.clone(),
            format!("`{}`: {}", error.key, error.message),
        )
    } else {
        let path = format!("materials.\"{}\"{}", error.material, dotted(&error.key));
        (path, fault_of(&error.material, &error.key, &error.message))
    };
    let finding = Finding::new("E0313", path, message);
    match &error.help {
        Some(help) => finding.help(help.clone()),
        None => finding,
    }
}

/// Kelvin.
const ROOM_TEMPERATURE: f64 = 294.0;

/// Whether a file begins as HDF5 files do.
fn is_hdf5(path: &Path) -> bool {
    let mut head = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *b"\x89HDF\r\n\x1a\n"
}

/// The materials of an OpenMC library at the temperature nearest to the one wanted.
fn read_mgxs(
    path: &Path,
    kelvin: f64,
    prompt: bool,
) -> Result<BTreeMap<String, MaterialParams>, Finding> {
    let library = mgxs::read(path)
        .map_err(|error| Finding::new("E0313", "problem.library", error.to_string()))?;
    let material = |entry: &mgxs::MgxsEntry| {
        let data = entry.nearest(kelvin)?;
        let production = data.production.as_ref().map(|p| FissionTables {
            nu_fission: &p.nu_fission,
            spectrum: &p.spectrum,
            families: (p.families.iter())
                .map(|f| FamilyTables {
                    decay: f.decay,
                    fraction: &f.fraction,
                    spectrum: &f.spectrum,
                })
                .collect(),
        });
        Some(MaterialParams::from_tables(
            &data.total,
            &data.scattering,
            &data.fission,
            production.as_ref(),
            &data.inverse_velocity,
            prompt,
        ))
    };
    Ok((library.entries.iter())
        .filter_map(|entry| Some((entry.name.clone(), material(entry)?)))
        .collect())
}
