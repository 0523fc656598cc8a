//! What a transport case measures must be there.

use pdesolve_transport::problem::EditParams;
use pdesolve_transport::{Mesh, TransportParams};

use super::regions::nearest_edge;
use crate::finding::Finding;
use crate::names::{number, suggest};

/// What is measured must be there.
pub(super) fn check_edits(
    problem: &TransportParams,
    regions: &[String],
    groups: usize,
    mesh: &Mesh,
    findings: &mut Vec<Finding>,
) {
    let (lower, upper) = (mesh.edges[0], mesh.edges[mesh.len()]);
    for (i, edit) in problem.edits.iter().enumerate() {
        let path = format!("problem.edits[{i}]");
        if problem.edits[..i]
            .iter()
            .any(|other| other.name() == edit.name())
        {
            findings.push(Finding::new(
                "E0307",
                format!("{path}.name"),
                format!("two edits are called `{}`", edit.name()),
            ));
        }
        if let Some(group) = edit.group().filter(|&g| g > groups) {
            findings.push(Finding::new(
                "E0307",
                format!("{path}.group"),
                format!("there is no group {group}: the materials have {groups}"),
            ));
        }
        for (key, x) in edit.places() {
            if !(lower..=upper).contains(&x) {
                findings.push(Finding::new(
                    "E0307",
                    format!("{path}.{key}"),
                    format!(
                        "{} lies outside the mesh from {} to {}",
                        number(x),
                        number(lower),
                        number(upper)
                    ),
                ));
            } else if let EditParams::Current { .. } = edit {
                let edge = nearest_edge(mesh, x);
                let near = mesh.edges[edge];
                if (near - x).abs() > 0.01 * mesh.width(edge.min(mesh.len() - 1)) {
                    findings.push(
                        Finding::new(
                            "E0307",
                            format!("{path}.{key}"),
                            format!(
                                "currents are known at the edges of the mesh, and {} is none",
                                number(x)
                            ),
                        )
                        .help(format!("the nearest edge is at {}", number(near))),
                    );
                }
            }
        }
        if let EditParams::AngularFlux { mu, .. } = edit
            && *mu == 0.0
        {
            findings.push(Finding::new(
                "E0307",
                format!("{path}.mu"),
                "a ray with mu = 0 never leaves its plane",
            ));
        }
        if let EditParams::ReactionRate {
            region: Some(region),
            ..
        } = edit
            && !regions.contains(region)
        {
            findings.push(
                Finding::new(
                    "E0307",
                    format!("{path}.region"),
                    format!("there is no region `{region}`"),
                )
                .help(suggest(region, regions)),
            );
        }
    }
}

/// Columns that every history, or table of a sweep, has.
const COLUMNS: [&str; 4] = ["iteration", "residual", "time", "seconds"];

/// An edit becomes a quantity of its own name, so that no other may have it. `names` are those of
/// all quantities, edits included.
pub(super) fn edits_named_like_quantities(
    problem: &TransportParams,
    names: &[String],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, edit) in problem.edits.iter().enumerate() {
        let name = edit.name();
        let others = names.iter().filter(|n| *n == name).count() - 1;
        let twin = problem.edits.iter().filter(|e| e.name() == name).count() > 1;
        let text = if name.is_empty() || name.contains('/') {
            format!("`{name}` cannot be the name of a column: it must not be empty or hold a `/`")
        } else if COLUMNS.contains(&name) || (others > 0 && !twin) {
            format!("`{name}` is a quantity of every such run already")
        } else {
            continue;
        };
        findings.push(
            Finding::new("E0307", format!("problem.edits[{i}].name"), text)
                .help("give the edit another name"),
        );
    }
    findings
}
