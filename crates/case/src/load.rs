//! The one door for case files: from text to a typed case that holds no unknown key, no wrong
//! type and no number out of range, or to all that is wrong with it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pdesolve_core::codes;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Source};
use crate::document::{Node, Value, parse, place_in_string};
use crate::finding::Finding;
use crate::key_path::KeyPath;
use crate::library;
use crate::names::nearest;
use crate::overrides::{self, Change};
use crate::schema::{Case, SCHEMA};
use crate::validate::validate;

/// A case read from a file, with its places.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The case.
    pub case: T,
    /// The file, as it was given.
    pub path: PathBuf,
    source: Arc<Source>,
    root: Node,
}

/// A case file as `run` and all other commands see it.
pub type LoadedCase = Loaded<Case>;

/// Reads and checks a case file, with `--set` arguments applied to it in order.
///
/// # Errors
/// See [`load_as`].
pub fn load(path: &Path, overrides: &[String]) -> Result<LoadedCase, Diagnostics> {
    load_as(path, overrides).and_then(library::inline)
}

/// Reads and checks a case file, with `--set` arguments applied to it in order.
///
/// # Errors
/// All that is wrong with the file and the arguments: syntax errors alone where there are some,
/// otherwise everything that does not fit the schema.
pub fn load_as<T: DeserializeOwned + JsonSchema>(
    path: &Path,
    overrides: &[String],
) -> Result<Loaded<T>, Diagnostics> {
    let text = read(path)?;
    load_text(path, text, overrides)
}

/// As [`load_as`], from a text that is already in memory; `path` only names it.
///
/// # Errors
/// As [`load_as`].
pub fn load_text<T: DeserializeOwned + JsonSchema>(
    path: &Path,
    text: String,
    overrides: &[String],
) -> Result<Loaded<T>, Diagnostics> {
    let source = Arc::new(Source {
        name: path.display().to_string(),
        text,
    });
    let mut root = parse(&source)?;
    let mut found = Diagnostics::default();
    for argument in overrides {
        if let Err(diagnostic) = overrides::apply(&mut root, argument) {
            found.push(*diagnostic);
        }
    }
    checked(path.to_owned(), source, root, found)
}

/// Checks the tree of a case against its schema, and makes the case.
fn checked<T: DeserializeOwned + JsonSchema>(
    path: PathBuf,
    source: Arc<Source>,
    mut root: Node,
    mut found: Diagnostics,
) -> Result<Loaded<T>, Diagnostics> {
    check_version(&root)?;
    let schema = schema_of::<T>();
    found.extend(validate(&schema, &mut root));
    if found.has_errors() {
        found.sort();
        return Err(found);
    }
    let case = serde_json::from_value(root.to_json()).map_err(|error| {
        let message = format!("this case cannot be read: {error}");
        Diagnostic::error(codes::UNREADABLE_CASE, message)
            .at(Place::whole(&source), "")
            .note("the schema accepts it, so this is a fault of pdesolve: please report it")
    })?;
    Ok(Loaded {
        case,
        path,
        source,
        root,
    })
}

/// The JSON Schema of `T`, as checked.
pub(crate) fn schema_of<T: JsonSchema>() -> Json {
    schemars::schema_for!(T).to_value()
}

fn read(path: &Path) -> Result<String, Diagnostics> {
    let error = match std::fs::read(path) {
        Ok(bytes) => {
            return String::from_utf8(bytes).map_err(|error| {
                let good = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..good]
                    .iter()
                    .filter(|b| **b == b'\n')
                    .count();
                Diagnostic::error(
                    codes::CANNOT_READ,
                    format!("{} is not UTF-8 text", path.display()),
                )
                .note(format!("the first bad byte is number {good}, on line {}", line + 1))
                .help("a case is a text file in UTF-8; is this an output file? `pdesolve plot` shows those")
                .into()
            });
        }
        Err(error) => error,
    };
    let shown = path.display();
    let diagnostic = |message| Diagnostic::error(codes::CANNOT_READ, message);
    if error.kind() == std::io::ErrorKind::NotFound {
        let mut diagnostic = diagnostic(format!("there is no file {shown}"));
        let names = candidates(path);
        let wanted = path.file_stem().unwrap_or_default().to_string_lossy();
        let stems = names.iter().filter_map(|p| p.file_stem()?.to_str());
        match nearest(&wanted, stems).and_then(|stem| {
            names
                .iter()
                .find(|p| p.file_stem().is_some_and(|s| s == stem))
        }) {
            Some(near) => {
                diagnostic = diagnostic.help(format!("did you mean {}?", near.display()));
            }
            None if names.is_empty() => {
                diagnostic = diagnostic.help("`pdesolve new NAME` writes a first case");
            }
            None => {
                let list: Vec<String> = names.iter().map(|p| p.display().to_string()).collect();
                diagnostic = diagnostic.note(format!("cases here: {}", list.join(", ")));
            }
        }
        return Err(diagnostic.into());
    }
    if path.is_dir() {
        let mut diagnostic = diagnostic(format!("{shown} is a folder, not a case file"));
        if let Some(first) = toml_files(path).first() {
            let first = first.display();
            diagnostic = diagnostic.help(format!("give one of its files, for instance {first}"));
        }
        return Err(diagnostic.into());
    }
    Err(diagnostic(format!("cannot read {shown}: {error}")).into())
}

/// Case files that may have been meant: those beside the missing one, here, and in `cases`.
fn candidates(path: &Path) -> Vec<PathBuf> {
    let beside = path.parent().unwrap_or(Path::new(""));
    let mut files = toml_files(beside);
    for folder in ["cases", ""] {
        if Path::new(folder) != beside {
            files.extend(toml_files(Path::new(folder)));
        }
    }
    files
}

/// The `.toml` files of a folder, sorted, cargo's own left out.
pub fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let listed = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(listed)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(folder.join(entry.ok()?.file_name())))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            !["Cargo.toml", "rustfmt.toml", "clippy.toml", "deny.toml"]
                .iter()
                .any(|other| name == *other)
        })
        .collect();
    files.sort();
    files
}

/// A file of another version is told so, and nothing else: all its other errors would mislead.
fn check_version(root: &Node) -> Result<(), Diagnostics> {
    let error = |message: String| Diagnostic::error(codes::SCHEMA_VERSION, message);
    match root.entry("schema") {
        // Reported together with all else that is missing.
        None => Ok(()),
        Some(entry) => match &entry.node.value {
            Value::Integer(n) if *n != i64::from(SCHEMA) => Err(error(format!(
                "this case is written for version {n} of the case file"
            ))
            .at(
                entry.node.place.clone(),
                format!("this program reads version {SCHEMA}"),
            )
            .help(if *n > i64::from(SCHEMA) {
                "the case was made for a newer pdesolve: update the program"
            } else {
                "versions are counted from 1: write `schema = 1`"
            })
            .into()),
            _ => Ok(()),
        },
    }
}

impl LoadedCase {
    /// The case with some of its values changed: checked as the file itself is, every fault at
    /// the place of the value that makes it.
    ///
    /// # Errors
    /// As [`load`].
    pub(crate) fn with(&self, changes: &[Change]) -> Result<Self, Diagnostics> {
        let mut root = self.root.clone();
        let mut found = Diagnostics::default();
        for change in changes {
            if let Err(diagnostic) = change.apply(&mut root) {
                found.push(*diagnostic);
            }
        }
        let source = Arc::clone(&self.source);
        checked(self.path.clone(), source, root, found).and_then(library::inline)
    }
}

impl<T> Loaded<T> {
    /// The text of the file.
    pub fn source(&self) -> &str {
        &self.source.text
    }

    /// Where the value at a key path such as `mesh.points[1]` stands: in the file or in a
    /// `--set` argument. Where the file does not go so far, the innermost table that it has.
    pub fn at(&self, path: &str) -> Place {
        self.node(path).0.place.clone()
    }

    /// Where bytes `span` of the string at a key path stand.
    pub fn at_offset(&self, path: &str, span: Range<usize>) -> Place {
        match self.node(path) {
            (node, true) => place_in_string(node, span),
            (node, false) => node.place.clone(),
        }
    }

    /// Ties findings about the meaning of the case to the places of their keys.
    pub fn diagnose(&self, findings: &[Finding]) -> Diagnostics {
        let mut found = Diagnostics::default();
        found.extend(findings.iter().map(|finding| {
            let place = match &finding.span {
                Some(span) => self.at_offset(&finding.path, span.clone()),
                None => self.at(&finding.path),
            };
            let (message, label) = match &finding.span {
                // Faults of an expression are short and stand beside the caret.
                Some(_) => (
                    format!("bad expression for `{}`", finding.path),
                    finding.message.clone(),
                ),
                None => (finding.message.clone(), String::new()),
            };
            let mut diagnostic = Diagnostic::error(finding.code, message).at(place, label);
            diagnostic.helps.extend(finding.help.clone());
            diagnostic
        }));
        found.sort();
        found
    }

    /// The value at a key path; the flag tells whether the file goes so far.
    pub(crate) fn node(&self, path: &str) -> (&Node, bool) {
        match KeyPath::parse(path) {
            Ok(path) => self.root.follow(&path),
            Err(_) => (&self.root, false),
        }
    }
}

impl<T: Serialize> Loaded<T> {
    /// The effective case as TOML: the file with `--set` applied, constant expressions
    /// evaluated and defaults filled in. Reads back as the same case.
    ///
    /// # Errors
    /// Where a value has no form in TOML.
    pub fn effective(&self) -> Result<String, Diagnostics> {
        toml::to_string(&self.case).map_err(|error| {
            Diagnostic::error(
                codes::UNREADABLE_CASE,
                format!("the case cannot be written as TOML: {error}"),
            )
            .into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;

    /// A small case with every form of value that the real one has.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Small {
        #[schemars(range(min = 1, max = 1))]
        schema: u32,
        problem: Problem,
        mesh: Mesh,
        #[serde(default)]
        parameters: BTreeMap<String, f64>,
        #[serde(default)]
        initial: BTreeMap<String, Initial>,
        #[serde(default)]
        expect: Vec<Expect>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Problem {
        Burgers(Burgers),
        Heat(Heat),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Burgers {
        /// Viscosity nu.
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        viscosity: f64,
        #[serde(default)]
        form: Form,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Heat {
        diffusivity: f64,
    }

    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Form {
        /// In conservation form.
        #[default]
        Conservative,
        /// As written in the paper.
        GradientNorm,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Mesh {
        #[schemars(length(min = 1, max = 3), inner(range(min = 2)))]
        points: Vec<usize>,
        upper: Vec<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        periodic: Option<Vec<bool>>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Initial {
        Constant(f64),
        Expression(String),
        Random(Random),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Random {
        modes: u32,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Expect {
        tolerance: f64,
    }

    const GOOD: &str = "schema = 1
[problem]
kind = \"burgers\"
viscosity = \"1/20\"
[mesh]
points = [256]
upper = [\"2*pi\"]
[initial]
u = \"sin(x)\"
";

    fn load(text: &str, set: &[&str]) -> Result<Loaded<Small>, Diagnostics> {
        let set: Vec<String> = set.iter().map(|&s| s.to_owned()).collect();
        load_text(Path::new("a.toml"), text.to_owned(), &set)
    }

    /// Codes with line and column, in the order in which they are reported.
    fn faults(text: &str, set: &[&str]) -> Vec<(&'static str, (usize, usize))> {
        let found = load(text, set).unwrap_err();
        found
            .iter()
            .map(|d| {
                let at = d.place.as_ref().and_then(Place::line_column);
                (d.code, at.unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_good_case_loads_with_its_constant_expressions_evaluated() {
        let case = load(GOOD, &[]).unwrap().case;
        let Problem::Burgers(burgers) = case.problem else {
            panic!("{:?}", case.problem)
        };
        assert_eq!(burgers.viscosity, 0.05);
        assert_eq!(case.mesh.upper, [2.0 * std::f64::consts::PI]);
        assert_eq!(
            case.initial["u"],
            Initial::Expression("sin(x)".to_owned()),
            "text stays text where text is wanted"
        );
    }

    #[test]
    fn the_effective_case_reads_back_as_the_same_case() {
        let loaded = load(GOOD, &["mesh.upper=[0.1]", "initial.v={modes=3}"]).unwrap();
        let text = loaded.effective().unwrap();
        assert_eq!(load(&text, &[]).unwrap().case, loaded.case, "{text}");
    }

    #[test]
    fn all_faults_come_at_once_and_each_at_its_place() {
        let text = "schema = 1
[problem]
kind = \"burgers\"
viscocity = 0.05
form = \"conservativ\"
[mesh]
points = [-256, 2.5]
upper = 1.0
periodic = [\"true\"]
[extra]
";
        assert_eq!(
            faults(text, &[]),
            [
                (codes::UNKNOWN_KEY, (4, 1)),
                (codes::UNKNOWN_NAME, (5, 8)),
                (codes::OUT_OF_RANGE, (7, 11)),
                (codes::WRONG_TYPE, (7, 17)),
                (codes::WRONG_TYPE, (8, 9)),
                (codes::WRONG_TYPE, (9, 13)),
                (codes::UNKNOWN_KEY, (10, 2)),
            ]
        );
    }

    #[test]
    fn a_misspelt_required_key_is_not_reported_as_missing_as_well() {
        let text = GOOD.replace("viscosity", "viscocity");
        assert_eq!(faults(&text, &[]), [(codes::UNKNOWN_KEY, (4, 1))]);
        let text = GOOD.replace("viscosity = \"1/20\"", "");
        assert_eq!(faults(&text, &[]), [(codes::MISSING_KEY, (2, 1))]);
    }

    #[test]
    fn faults_in_a_constant_expression_point_into_it() {
        let text = GOOD.replace("2*pi", "2*pie");
        assert_eq!(faults(&text, &[]), [(codes::BAD_CONSTANT, (7, 13))]);
        let text = GOOD.replace("\"2*pi\"", "'''2*pie'''");
        assert_eq!(faults(&text, &[]), [(codes::BAD_CONSTANT, (7, 15))]);
        // An escape takes six bytes in the file and one in the text.
        let text = GOOD.replace("2*pi", "\\u0032*pie");
        assert_eq!(faults(&text, &[]), [(codes::BAD_CONSTANT, (7, 18))]);
    }

    #[test]
    fn set_goes_through_the_same_checks_and_names_itself() {
        let found = load(GOOD, &["mesh.points[0]=-4"]).unwrap_err();
        let fault = found.iter().next().unwrap();
        assert_eq!(fault.code, codes::OUT_OF_RANGE);
        let place = fault.place.as_ref().unwrap();
        assert_eq!(place.source.name, "--set");
        assert_eq!(place.line_column(), Some((1, 16)));
        let case = load(GOOD, &["mesh.points[0]=2^5", "problem.form=gradient_norm"]);
        assert_eq!(case.map(|c| c.case.mesh.points), Ok(vec![32]));
    }

    #[test]
    fn broken_set_arguments_say_where() {
        for (argument, column) in [
            ("mesh.points", 12),
            ("mesh..points=1", 6),
            ("mesh.points[3]=1", 13),
            ("mesh.points.x=1", 13),
            ("mesh.points=[1,", 16),
            ("schema.x=1", 8),
            ("mesh.points=", 13),
        ] {
            assert_eq!(
                faults(GOOD, &[argument]),
                [(codes::BAD_SET, (1, column))],
                "{argument}"
            );
        }
    }

    #[test]
    fn syntax_errors_are_reported_with_their_place() {
        let text = GOOD.replace("\"burgers\"", "burgers");
        assert_eq!(faults(&text, &[]), [(codes::SYNTAX, (3, 8))]);
        let text = GOOD.replace("[mesh]", "[problem]");
        assert_eq!(faults(&text, &[])[0], (codes::SYNTAX, (5, 2)));
    }

    #[test]
    fn another_schema_version_is_told_alone() {
        let text = GOOD.replace("schema = 1", "schema = 2\nnew_key = 1");
        assert_eq!(faults(&text, &[]), [(codes::SCHEMA_VERSION, (1, 10))]);
    }

    #[test]
    fn forms_without_a_tag_are_told_apart_by_type_and_keys() {
        let text = format!("{GOOD}v = {{ modes = 0, modez = 1 }}\nw = true\n");
        assert_eq!(
            faults(&text, &[]),
            [(codes::UNKNOWN_KEY, (10, 18)), (codes::WRONG_TYPE, (11, 5))]
        );
    }

    #[test]
    fn entries_of_table_arrays_are_checked_one_by_one() {
        let text = format!("{GOOD}[[expect]]\ntolerance = 1\n[[expect]]\ntoleranze = 1\n");
        assert_eq!(faults(&text, &[]), [(codes::UNKNOWN_KEY, (13, 1))]);
    }

    #[test]
    fn places_of_keys_and_of_text_inside_strings_are_found() {
        let loaded = load(GOOD, &[]).unwrap();
        assert_eq!(loaded.at("mesh.points[0]").line_column(), Some((6, 11)));
        assert_eq!(loaded.at("mesh.lower").line_column(), Some((5, 1)));
        assert_eq!(loaded.at("output.fields").span, None);
        let x = loaded.at_offset("initial.u", 4..5);
        assert_eq!(x.line_column(), Some((9, 10)));
    }

    #[test]
    fn a_missing_file_names_the_nearest_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("burgers.toml"), GOOD).unwrap();
        let found = load_as::<Small>(&folder.path().join("burger.toml"), &[]).unwrap_err();
        let fault = found.iter().next().unwrap();
        assert_eq!(fault.code, codes::CANNOT_READ);
        assert!(fault.helps[0].contains("burgers.toml"), "{found}");
    }

    #[test]
    fn editors_may_accept_text_wherever_a_number_is_wanted() {
        let mut schema = schema_of::<Small>();
        crate::json_schema::widen_numbers(&mut schema);
        let upper = &schema["$defs"]["Mesh"]["properties"]["upper"]["items"]["type"];
        assert_eq!(*upper, serde_json::json!(["number", "string"]));
    }
}
