//! The documents, held against the program: each case in them passes `pdesolve check`, each
//! relative link leads to a file, each test they name exists.

mod util;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use util::Dir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Files below `folder` whose name ends in `.extension`, sorted.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// README.md and all of docs/, each with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = files_below(&root().join("docs"), "md");
    paths.push(root().join("README.md"));
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a document in UTF-8");
            (path, text)
        })
        .collect()
}

/// A line between two fences, or outside of any.
enum Line<'a> {
    /// The opening fence and the language after it.
    Open(&'a str),
    Code(&'a str),
    Close,
    Prose(&'a str),
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut inside = false;
    text.lines()
        .map(move |line| match line.strip_prefix("```") {
            Some(language) if !inside => {
                inside = true;
                Line::Open(language.trim())
            }
            Some(_) => {
                inside = false;
                Line::Close
            }
            None if inside => Line::Code(line),
            None => Line::Prose(line),
        })
}

/// TOML blocks that are whole cases, each with the number of its first line.
fn cases(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for (number, line) in lines(text).enumerate() {
        match line {
            Line::Open("toml") => block = Some((number + 2, String::new())),
            Line::Code(line) => {
                if let Some((_, body)) = &mut block {
                    body.push_str(line);
                    body.push('\n');
                }
            }
            Line::Close => found.extend(block.take()),
            Line::Open(_) | Line::Prose(_) => {}
        }
    }
    found.retain(|(_, body)| {
        body.lines()
            .find(|line| !line.trim().is_empty() && !line.starts_with('#'))
            .is_some_and(|line| line.starts_with("schema = 1"))
    });
    found
}

#[test]
fn every_case_in_the_documents_passes_the_check() {
    let dir = Dir::new();
    let mut checked = 0;
    for (path, text) in documents() {
        for (line, case) in cases(&text) {
            dir.write("case.toml", &case);
            let ran = dir.run(&["check", "case.toml"]);
            assert_eq!(
                ran.code,
                0,
                "the case at {}:{line}\n{}",
                path.display(),
                ran.stderr
            );
            checked += 1;
        }
    }
    assert!(checked >= 10, "only {checked} cases were found");
}

/// Targets of `[text](target)` in a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?;
        target.split_whitespace().next()
    })
}

#[test]
fn every_relative_link_in_the_documents_leads_to_a_file() {
    let mut followed = 0;
    let mut broken = Vec::new();
    for (path, text) in documents() {
        let folder = path.parent().expect("the folder of a document");
        for (number, line) in lines(&text).enumerate() {
            let Line::Prose(line) = line else { continue };
            for target in targets(line) {
                let file = target.split('#').next().unwrap_or_default();
                if file.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                followed += 1;
                if !folder.join(file).exists() {
                    broken.push(format!("{}:{}: {target}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    assert!(followed >= 20, "only {followed} links were found");
}

/// Names in backticks with at least three underscores: those are tests, nothing else is so long
/// (but some presets of samplers).
fn test_names(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2).filter(|name| {
        name.matches('_').count() >= 3
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

#[test]
fn every_test_named_in_the_documents_exists() {
    let sources: Vec<PathBuf> = ["crates", "tests"]
        .iter()
        .flat_map(|folder| files_below(&root().join(folder), "rs"))
        .collect();
    let functions: BTreeSet<String> = sources
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("a source file in UTF-8");
            text.lines()
                .filter_map(|line| line.trim_start().strip_prefix("fn ")?.split('(').next())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let presets = pdesolve::sampling::SamplerParams::presets();
    let is_preset = |name: &str| presets.iter().any(|(preset, _)| *preset == name);
    let mut named = 0;
    let mut missing = Vec::new();
    for (path, text) in documents() {
        for (number, line) in lines(&text).enumerate() {
            let Line::Prose(line) = line else { continue };
            for name in test_names(line).filter(|name| !is_preset(name)) {
                named += 1;
                if !functions.contains(name) {
                    missing.push(format!("{}:{}: {name}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
    assert!(named >= 20, "only {named} names were found");
}
