//! The invariants of docs/architecture.md that `cargo metadata` can tell: arrows point down only,
//! and crates on the lower layers know nothing of files, terminals or neural networks.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Layer of each crate; a crate may import those of lower layers only.
const LAYERS: &[(&str, u32)] = &[
    ("pdesolve-core", 0),
    ("pdesolve-mesh", 0),
    ("pdesolve-expr", 0),
    ("pdesolve-io", 1),
    ("pdesolve-krylov", 1),
    ("pdesolve-pde", 2),
    ("pdesolve-transport", 2),
    ("pdesolve-sampling", 2),
    ("pdesolve-inverse", 2),
    ("pdesolve-case", 4),
    ("pdesolve", 5),
    ("pdesolve-cli", 6),
];

/// Arrows within a layer: crates that build on the samplers of diffusion models.
const WITHIN_A_LAYER: &[(&str, &str)] = &[("pdesolve-inverse", "pdesolve-sampling")];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata")
}

/// Crates and what they depend on at run time.
fn dependencies(metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let names = package
                .dependencies
                .iter()
                .filter(|d| d.kind == DependencyKind::Normal)
                .map(|d| d.name.clone());
            (package.name.to_string(), names.collect())
        })
        .collect()
}

#[test]
fn arrows_point_down_only() {
    let layer = |name: &str| LAYERS.iter().find(|(n, _)| *n == name).map(|(_, l)| *l);
    for (name, imports) in dependencies(&metadata()) {
        let own = layer(&name).unwrap_or_else(|| panic!("{name} has no layer: give it one"));
        for import in imports.iter().filter(|i| i.starts_with("pdesolve")) {
            let below = layer(import).unwrap_or_else(|| panic!("{import} has no layer"));
            assert!(
                below < own || WITHIN_A_LAYER.contains(&(name.as_str(), import.as_str())),
                "{name} (layer {own}) imports {import} (layer {below})"
            );
        }
    }
}

#[test]
fn every_layered_crate_exists() {
    let found = dependencies(&metadata());
    for (name, _) in LAYERS {
        assert!(found.contains_key(*name), "{name} is not in the workspace");
    }
}

#[test]
fn solvers_know_no_files_terminals_or_networks() {
    let forbidden = [
        "hdf5",
        "hdf5-metno",
        "clap",
        "indicatif",
        "plotters",
        "toml",
        "burn",
    ];
    let found = dependencies(&metadata());
    for name in [
        "pdesolve-core",
        "pdesolve-mesh",
        "pdesolve-expr",
        "pdesolve-pde",
    ] {
        for import in &found[name] {
            assert!(
                !forbidden.contains(&import.as_str()),
                "{name} imports {import}"
            );
        }
    }
}

#[test]
fn no_crate_but_the_binary_talks_to_the_terminal() {
    for (name, imports) in dependencies(&metadata()) {
        if name != "pdesolve-cli" {
            for terminal in ["clap", "indicatif", "signal-hook"] {
                assert!(
                    !imports.iter().any(|i| i == terminal),
                    "{name} imports {terminal}"
                );
            }
        }
    }
}
