//! A JSON Schema as the checks read it: the subset that schemars derives from serde types.

use serde_json::{Map, Value as Json};

/// One of the forms that a schema allows a value to have: `$ref` followed, `anyOf` and `oneOf`
/// taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Shape<'a> {
    /// The schema objects that all apply, outermost first.
    layers: Vec<&'a Map<String, Json>>,
}

/// The JSON type of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Integer,
    Text,
    Boolean,
    List,
    Table,
    /// No type given: all is welcome.
    Any,
}

impl Kind {
    /// With an article, for messages.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Text => "a string",
            Self::Boolean => "`true` or `false`",
            Self::List => "a list",
            Self::Table => "a table",
            Self::Any => "any value",
        }
    }
}

/// The names that an enum without data can be called in a case file.
pub(crate) fn names_of<T: schemars::JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T).to_value();
    let listed = schema.get("enum").and_then(Json::as_array);
    let each = schema.get("oneOf").and_then(Json::as_array);
    let text = |value: &Json| value.as_str().map(str::to_owned);
    (listed.into_iter().flatten().filter_map(text))
        .chain((each.into_iter().flatten()).flat_map(|form| {
            let one = form.get("const").and_then(text);
            let some = form.get("enum").and_then(Json::as_array);
            one.into_iter()
                .chain(some.into_iter().flatten().filter_map(text))
                .collect::<Vec<_>>()
        }))
        .collect()
}

/// All shapes that `schema`, a part of `root`, allows; `null` is left out, TOML has none.
pub(crate) fn shapes<'a>(root: &'a Json, schema: &'a Json) -> Vec<Shape<'a>> {
    let mut out = Vec::new();
    expand(root, schema, Vec::new(), &mut out);
    out
}

fn expand<'a>(
    root: &'a Json,
    schema: &'a Json,
    mut layers: Vec<&'a Map<String, Json>>,
    out: &mut Vec<Shape<'a>>,
) {
    let Json::Object(object) = schema else {
        out.push(Shape { layers });
        return;
    };
    if object.get("type").and_then(Json::as_str) == Some("null") {
        return;
    }
    layers.push(object);
    for part in list(object, "allOf") {
        layers.extend(resolve(root, part).as_object());
    }
    let branches = list(object, "anyOf").chain(list(object, "oneOf"));
    let branches: Vec<&Json> = branches.collect();
    if object.contains_key("$ref") {
        expand(root, resolve(root, schema), layers, out);
    } else if branches.is_empty() {
        out.push(Shape { layers });
    } else {
        for branch in branches {
            expand(root, branch, layers.clone(), out);
        }
    }
}

fn list<'a>(object: &'a Map<String, Json>, key: &str) -> impl Iterator<Item = &'a Json> + use<'a> {
    object
        .get(key)
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
}

/// What a `$ref` points to; the schema itself where it has none, or a broken one.
fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    schema
        .get("$ref")
        .and_then(Json::as_str)
        .and_then(|reference| root.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema)
}

impl<'a> Shape<'a> {
    /// The first value of a keyword, from the outside in.
    pub(crate) fn get(&self, keyword: &str) -> Option<&'a Json> {
        self.layers.iter().find_map(|layer| layer.get(keyword))
    }

    /// A bound or other numeric keyword.
    pub(crate) fn number(&self, keyword: &str) -> Option<f64> {
        self.get(keyword).and_then(Json::as_f64)
    }

    /// The innermost documentation: that of the form itself, not of the key that has it.
    pub(crate) fn inner_description(&self) -> Option<&'a str> {
        let of = |layer: &&'a Map<String, Json>| layer.get("description").and_then(Json::as_str);
        self.layers.iter().rev().find_map(of)
    }

    /// Type of the values.
    pub(crate) fn kind(&self) -> Kind {
        let name = match self.get("type") {
            Some(Json::String(name)) => name.as_str(),
            Some(Json::Array(names)) => names
                .iter()
                .filter_map(Json::as_str)
                .find(|name| *name != "null")
                .unwrap_or_default(),
            _ => match self.constants().first() {
                Some(Json::String(_)) => "string",
                Some(Json::Number(_)) => "number",
                _ if self.get("properties").is_some() => "object",
                _ => "",
            },
        };
        match name {
            "number" => Kind::Number,
            "integer" => Kind::Integer,
            "string" => Kind::Text,
            "boolean" => Kind::Boolean,
            "array" => Kind::List,
            "object" => Kind::Table,
            _ => Kind::Any,
        }
    }

    /// The only values allowed; empty where the shape does not list them.
    pub(crate) fn constants(&self) -> Vec<&'a Json> {
        match (self.get("const"), self.get("enum")) {
            (Some(one), _) => vec![one],
            (None, Some(Json::Array(several))) => several.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Keys of a table and their schemas, those of outer layers first.
    pub(crate) fn properties(&self) -> Vec<(&'a str, &'a Json)> {
        let mut properties: Vec<(&str, &Json)> = Vec::new();
        for layer in &self.layers {
            let of_layer = layer.get("properties").and_then(Json::as_object);
            for (key, schema) in of_layer.into_iter().flatten() {
                if !properties.iter().any(|(known, _)| known == key) {
                    properties.push((key.as_str(), schema));
                }
            }
        }
        properties
    }

    /// Keys that must be there.
    pub(crate) fn required(&self) -> Vec<&'a str> {
        let mut required = Vec::new();
        for layer in &self.layers {
            for key in list(layer, "required").filter_map(Json::as_str) {
                if !required.contains(&key) {
                    required.push(key);
                }
            }
        }
        required
    }

    /// Schema of the values under keys that are not properties; `None` where there may be none.
    pub(crate) fn additional(&self) -> Option<&'a Json> {
        const ANY: &Json = &Json::Bool(true);
        let closed = Json::Bool(false);
        let keywords = ["additionalProperties", "unevaluatedProperties"];
        let found: Vec<&Json> = self
            .layers
            .iter()
            .flat_map(|layer| keywords.iter().filter_map(|keyword| layer.get(*keyword)))
            .collect();
        if found.contains(&&closed) {
            None
        } else {
            Some(found.first().copied().unwrap_or(ANY))
        }
    }

    /// The tag of a form of an internally tagged enum: its key and value (`kind`, `burgers`).
    pub(crate) fn tag(&self) -> Option<(&'a str, &'a str)> {
        self.properties().into_iter().find_map(|(key, schema)| {
            schema
                .get("const")
                .and_then(Json::as_str)
                .map(|value| (key, value))
        })
    }
}

/// Lets a string stand wherever a number is wanted, for editors: the program evaluates it as a
/// constant expression.
pub(crate) fn widen_numbers(schema: &mut Json) {
    match schema {
        Json::Array(items) => items.iter_mut().for_each(widen_numbers),
        Json::Object(object) => {
            let fixed = object.contains_key("const") || object.contains_key("enum");
            if let (Some(names), false) = (object.get_mut("type"), fixed) {
                let mut list = match &*names {
                    Json::Array(list) => list.clone(),
                    one => vec![one.clone()],
                };
                let has = |name: &str| list.iter().any(|item| item.as_str() == Some(name));
                if (has("number") || has("integer")) && !has("string") {
                    list.push(Json::from("string"));
                    *names = Json::Array(list);
                }
            }
            object.values_mut().for_each(widen_numbers);
        }
        _ => {}
    }
}
