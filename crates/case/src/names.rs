//! Names in messages: the nearest valid one, and lists.

/// The valid name nearest to `found`, where one is near enough to be a slip of the fingers.
pub fn nearest<'a>(found: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lowered = found.to_lowercase();
    // One letter is near every other letter: only its case may differ.
    let allowed = match found.chars().count() {
        0 | 1 => 0,
        letters => (letters / 3).clamp(1, 3),
    };
    let mut best: Option<(usize, &str)> = None;
    for name in valid {
        let distance = strsim::damerau_levenshtein(&lowered, &name.to_lowercase());
        // A name that merely lacks its end (`visc`) is as near as two slips.
        let distance = if lowered.len() >= 3 && name.to_lowercase().starts_with(&lowered) {
            distance.min(allowed)
        } else {
            distance
        };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// `a`, `b` and `c`, in back quotes.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join(names.into_iter().map(|name| format!("`{name}`")), "and")
}

/// A number as it would be written by hand: the 300 digits of 1e300 are left out.
pub(crate) fn number(x: f64) -> String {
    let size = x.abs();
    if size >= 1e6 || (size < 1e-6 && size > 0.0) {
        format!("{x:e}")
    } else {
        x.to_string()
    }
}

/// The nearest of `valid` as a question, or the list of them.
pub(crate) fn suggest(wanted: &str, valid: &[String]) -> String {
    let valid = || valid.iter().map(String::as_str);
    match nearest(wanted, valid()) {
        Some(name) => format!("did you mean `{name}`? Valid are {}", list(valid())),
        None => format!("valid are {}", list(valid())),
    }
}

/// Joins with commas, and a word before the last.
pub(crate) fn join(items: impl IntoIterator<Item = String>, word: &str) -> String {
    let mut items: Vec<String> = items.into_iter().collect();
    match (items.pop(), items.is_empty()) {
        (None, _) => "none".to_owned(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} {word} {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_fingers_find_their_name() {
        let names = ["viscosity", "velocity", "kind"];
        assert_eq!(nearest("viscocity", names), Some("viscosity"));
        assert_eq!(nearest("Viscosity", names), Some("viscosity"));
        assert_eq!(nearest("visc", names), Some("viscosity"));
        assert_eq!(nearest("knid", names), Some("kind"));
    }

    #[test]
    fn a_name_unlike_all_has_no_nearest() {
        assert_eq!(nearest("nu", ["viscosity", "kind"]), None);
        assert_eq!(nearest("temperature", ["tolerance"]), None);
        assert_eq!(nearest("v", ["u"]), None);
        assert_eq!(nearest("U", ["u"]), Some("u"));
    }

    #[test]
    fn huge_and_tiny_numbers_are_short() {
        assert_eq!(number(-1e300), "-1e300");
        assert_eq!(number(2.5e-9), "2.5e-9");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(999_999.5), "999999.5");
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list([]), "none");
    }
}
