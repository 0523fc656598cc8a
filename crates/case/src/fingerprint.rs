//! What makes two cases the same run: everything that the state of the solver depends on.

use serde_json::Value;

use crate::schema::Case;

/// Keys that may change between a run and its continuation.
const FREE: &[&str] = &["title", "output", "plot", "expect", "converge", "sweep"];

/// The part of a case that its state depends on, as JSON. The end of the run and everything about
/// output may differ between a run and its continuation, and the solver of a steady problem.
pub(crate) fn fingerprint(case: &Case) -> String {
    let mut value = serde_json::to_value(case).unwrap_or(Value::Null);
    if let Some(table) = value.as_object_mut() {
        for key in FREE {
            table.shift_remove(*key);
        }
        // The iterate of a steady problem is a first guess for any solver.
        if case.problem.is_steady() {
            table.shift_remove("solver");
        }
        if let Some(time) = table.get_mut("time").and_then(Value::as_object_mut) {
            time.shift_remove("end");
        }
    }
    value.to_string()
}

/// The first key in which two fingerprints differ, with both values; `None` where they agree.
pub(crate) fn difference(checkpoint: &str, case: &str) -> Option<String> {
    if checkpoint == case {
        return None;
    }
    let parse = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
    Some(
        first_difference("", &parse(checkpoint), &parse(case))
            .unwrap_or_else(|| "they differ".to_owned()),
    )
}

fn first_difference(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(l), Value::Object(r)) => {
            let keys = l.keys().chain(r.keys().filter(|k| !l.contains_key(*k)));
            for key in keys {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let absent = Value::Null;
                let found = first_difference(
                    &inner,
                    l.get(key).unwrap_or(&absent),
                    r.get(key).unwrap_or(&absent),
                );
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        _ if left == right => None,
        _ => Some(format!(
            "`{path}` is {left} in the checkpoint, but {right} in this case"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_first_differing_key_is_named_with_both_values() {
        let left = r#"{"problem":{"kind":"burgers","viscosity":0.1},"seed":1}"#;
        let right = r#"{"problem":{"kind":"burgers","viscosity":0.2},"seed":1}"#;
        let text = difference(left, right).unwrap();
        assert_eq!(
            text,
            "`problem.viscosity` is 0.1 in the checkpoint, but 0.2 in this case"
        );
        assert_eq!(difference(left, left), None);
    }
}
