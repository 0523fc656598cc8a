//! What can stand in a table, told from the schema: for `pdesolve show` and `pdesolve new`.

use schemars::JsonSchema;
use serde_json::Value as Json;

use crate::json_schema::{Shape, shapes, widen_numbers};
use crate::load::schema_of;
use crate::names::join;

/// One form of a table that is named by its key `kind`.
#[derive(Clone, Debug, PartialEq)]
pub struct KindDoc {
    /// Value of `kind`.
    pub kind: String,
    /// What it is.
    pub doc: String,
    /// The keys beside `kind`.
    pub keys: Vec<KeyDoc>,
}

/// One key of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDoc {
    /// The key.
    pub name: String,
    /// What may stand there, for instance `a number greater than 0`.
    pub accepts: String,
    /// Value where it is left out, as TOML; `None` where there is none.
    pub default: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// Its documentation.
    pub doc: String,
}

/// The forms of a top-level table of the case `T` (`problem`, `solver`).
pub fn kinds<T: JsonSchema>(table: &str) -> Vec<KindDoc> {
    let root = schema_of::<T>();
    let Some(schema) = root.get("properties").and_then(|p| p.get(table)) else {
        return Vec::new();
    };
    shapes(&root, schema)
        .iter()
        .filter_map(|form| {
            let (tag, kind) = form.tag()?;
            let required = form.required();
            let keys = form
                .properties()
                .into_iter()
                .filter(|(name, _)| *name != tag)
                .map(|(name, schema)| key_doc(&root, name, schema, required.contains(&name)));
            Some(KindDoc {
                kind: kind.to_owned(),
                doc: form.inner_description().unwrap_or_default().to_owned(),
                keys: keys.collect(),
            })
        })
        .collect()
}

fn key_doc(root: &Json, name: &str, schema: &Json, required: bool) -> KeyDoc {
    let forms = shapes(root, schema);
    let names: Vec<String> = forms
        .iter()
        .flat_map(Shape::constants)
        .map(ToString::to_string)
        .collect();
    let mut accepts: Vec<String> = Vec::new();
    if !names.is_empty() {
        accepts.push(join(names, "or"));
    }
    for form in forms.iter().filter(|form| form.constants().is_empty()) {
        let mut text = form.kind().describe().to_owned();
        let bounds: Vec<String> = [
            ("minimum", "at least"),
            ("exclusiveMinimum", "greater than"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "less than"),
        ]
        .into_iter()
        .filter_map(|(keyword, words)| Some(format!("{words} {}", form.number(keyword)?)))
        .collect();
        if !bounds.is_empty() {
            text = format!("{text} {}", join(bounds, "and"));
        }
        if !accepts.contains(&text) {
            accepts.push(text);
        }
    }
    let text = |keyword: &str| schema.get(keyword).and_then(Json::as_str);
    KeyDoc {
        name: name.to_owned(),
        accepts: join(accepts, "or"),
        default: schema.get("default").and_then(toml_text),
        required,
        doc: text("description").unwrap_or_default().to_owned(),
    }
}

/// A JSON value as TOML; `None` for null.
fn toml_text(value: &Json) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let value = toml::Value::try_from(value).ok()?;
    Some(value.to_string())
}

/// The JSON Schema of the case `T` with all its documentation, for editors: wherever a number is
/// wanted, text (a constant expression) is welcome as well.
pub fn json_schema<T: JsonSchema>() -> Json {
    let mut schema = schema_of::<T>();
    widen_numbers(&mut schema);
    schema
}
