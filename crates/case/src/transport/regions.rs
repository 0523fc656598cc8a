//! Regions: which material and region each cell is of.

use pdesolve_transport::problem::RegionParams;
use pdesolve_transport::{Mesh, TransportParams, project};

use crate::finding::Finding;
use crate::function::Function;
use crate::names::{number, suggest};
use crate::schema::Case;

/// Ends of a region, where it says so or where the mesh ends.
fn ends(region: &RegionParams, mesh: &Mesh) -> (f64, f64) {
    let last = mesh.edges.len() - 1;
    (
        region.from.unwrap_or(mesh.edges[0]),
        region.to.unwrap_or(mesh.edges[last]),
    )
}

/// Gives every cell its material and region; returns the names of the regions.
pub(super) fn regions(
    case: &Case,
    problem: &TransportParams,
    materials: &[String],
    mesh: &mut Mesh,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let names: Vec<String> = (problem.regions.iter().enumerate())
        .map(|(i, r)| r.name.clone().unwrap_or_else(|| format!("region{}", i + 1)))
        .collect();
    let groups = problem.materials.values().find_map(|m| m.groups());
    let mut owner: Vec<Option<usize>> = vec![None; mesh.len()];
    let mut placed = true;
    for (i, region) in problem.regions.iter().enumerate() {
        let path = format!("problem.regions[{i}]");
        if let Some(twin) = names[..i].iter().position(|name| *name == names[i]) {
            findings.push(Finding::new(
                "E0314",
                format!("{path}.name"),
                format!(
                    "regions {} and {} are both called `{}`",
                    twin + 1,
                    i + 1,
                    names[i]
                ),
            ));
        }
        let material = materials.iter().position(|name| *name == region.material);
        if material.is_none() && !problem.materials.contains_key(&region.material) {
            findings.push(
                Finding::new(
                    "E0314",
                    format!("{path}.material"),
                    format!("there is no material `{}`", region.material),
                )
                .help(suggest(
                    &region.material,
                    &problem.materials.keys().cloned().collect::<Vec<_>>(),
                )),
            );
        }
        if let (Some(source), Some(groups)) = (&region.source, groups) {
            source_fault(source.values(), groups, &path, findings);
        }
        let (from, to) = ends(region, mesh);
        if from.is_nan() || to.is_nan() || to <= from {
            findings.push(Finding::new(
                "E0314",
                format!("{path}.to"),
                format!(
                    "region `{}` runs from {} to {}",
                    names[i],
                    number(from),
                    number(to)
                ),
            ));
            placed = false;
            continue;
        }
        let edges = [("from", from), ("to", to)].map(|(key, x)| {
            let edge = nearest_edge(mesh, x);
            let found = mesh.edges[edge];
            let last = mesh.edges[mesh.edges.len() - 1];
            let length = last - mesh.edges[0];
            if x < mesh.edges[0] - 1e-9 * length || x > last + 1e-9 * length {
                findings.push(Finding::new(
                    "E0314",
                    format!("{path}.{key}"),
                    format!(
                        "region `{}` reaches x = {}, but the mesh runs from {} to {}",
                        names[i],
                        number(x),
                        number(mesh.edges[0]),
                        number(last)
                    ),
                ));
                placed = false;
            } else if (found - x).abs() > 1e-9 * length {
                findings.push(
                    Finding::new(
                        "E0314",
                        format!("{path}.{key}"),
                        format!("region `{}` ends inside a cell at x = {}", names[i], number(x)),
                    )
                    .help(format!(
                        "the nearest edge of the mesh is at {}; `mesh.layers` puts edges where the regions end",
                        number(found)
                    )),
                );
                placed = false;
            }
            edge
        });
        let cells = edges[0]..edges[1];
        let taken = cells.clone().find_map(|cell| Some((cell, owner[cell]?)));
        if let Some((cell, other)) = taken.filter(|_| placed) {
            findings.push(Finding::new(
                "E0314",
                path.clone(),
                format!(
                    "regions `{}` and `{}` overlap at x = {}",
                    names[other],
                    names[i],
                    number(mesh.centre(cell))
                ),
            ));
            placed = false;
        }
        owner[cells.clone()].fill(Some(i));
        mesh.region[cells.clone()].fill(i as u32);
        mesh.material[cells.clone()].fill(material.unwrap_or(0) as u32);
        if let Some(text) = &region.scattering_factor {
            let path = format!("{path}.scattering_factor");
            match Function::compile(text, &path, 1, false, &case.parameters) {
                Ok(function) => {
                    let averages = project(mesh, 1, &mut |x| function.at(0.0, [x, 0.0, 0.0]));
                    mesh.scattering_factor.resize(mesh.len(), 1.0);
                    if let Some(bad) = cells
                        .clone()
                        .find(|&c| averages[c].is_nan() || averages[c] < 0.0)
                    {
                        findings.push(Finding::new(
                            "E0314",
                            path,
                            format!(
                                "the factor is {} at x = {}; it must not be negative",
                                number(averages[bad]),
                                number(mesh.centre(bad))
                            ),
                        ));
                    }
                    mesh.scattering_factor[cells.clone()].copy_from_slice(&averages[cells]);
                }
                Err(fault) => findings.push(fault),
            }
        }
    }
    if let (Some(first), true) = (owner.iter().position(Option::is_none), placed) {
        let end = (first..owner.len())
            .find(|&c| owner[c].is_some())
            .unwrap_or(owner.len());
        findings.push(
            Finding::new(
                "E0314",
                "problem.regions",
                format!(
                    "no region covers x from {} to {}",
                    number(mesh.edges[first]),
                    number(mesh.edges[end])
                ),
            )
            .help("a void is a region too: give it a material with `total = 0`"),
        );
    }
    names
}

fn source_fault(values: &[f64], groups: usize, path: &str, findings: &mut Vec<Finding>) {
    let path = format!("{path}.source");
    if values.len() != groups {
        findings.push(Finding::new(
            "E0314",
            path,
            format!(
                "the source has {} groups, the materials have {groups}",
                values.len()
            ),
        ));
    } else if let Some(bad) = values.iter().find(|q| !q.is_finite()) {
        findings.push(Finding::new("E0314", path, format!("the source is {bad}")));
    }
}

pub(super) fn nearest_edge(mesh: &Mesh, x: f64) -> usize {
    let after = mesh
        .edges
        .partition_point(|&e| e < x)
        .min(mesh.edges.len() - 1);
    if after > 0 && x - mesh.edges[after - 1] < mesh.edges[after] - x {
        after - 1
    } else {
        after
    }
}
