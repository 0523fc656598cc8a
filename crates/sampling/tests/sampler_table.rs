//! The table of all samplers in docs/methods/sampling.md says what the code says and does.

#[allow(dead_code, reason = "what prints the tables is not needed here")]
#[path = "../examples/sampler_table.rs"]
mod sampler_table;

use sampler_table::{HEAD, Row, rows};

const PAGE: &str = include_str!("../../../docs/methods/sampling.md");

/// Cells of the page's table, a row each, the head and the rule below it left out.
fn shown() -> Vec<Vec<&'static str>> {
    let (_, table) = PAGE.split_once(HEAD).expect("the head of the table");
    (table.trim_start().lines())
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

fn figure(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

#[test]
fn the_page_lists_every_preset_with_what_it_claims() {
    let rows = rows().expect("an exact flow");
    let shown = shown();
    for (row, cells) in rows.iter().zip(&shown) {
        let mut expected = row.cells();
        let measured = std::mem::take(&mut expected[3]);
        let mut found = cells.clone();
        assert_eq!(found.len(), expected.len(), "write {}", row.line());
        // Rounding to two digits, and what another processor rounds otherwise.
        let close = match (figure(found[3]), figure(&measured)) {
            (Some(page), Some(now)) => (page - now).abs() < 0.025,
            (None, None) => found[3] == measured,
            _ => false,
        };
        found[3] = "";
        assert!(
            found == expected && close,
            "`cargo run --release -p pdesolve-sampling --example sampler_table` writes {}",
            row.line()
        );
    }
    assert_eq!(shown.len(), rows.len());
}

#[test]
fn every_deterministic_sampler_measures_the_order_it_claims() {
    let fixed = |row: &&Row| !row.properties.stochastic && !row.properties.adaptive;
    let rows = rows().expect("an exact flow");
    for row in rows.iter().filter(fixed) {
        let claimed = row.properties.order.unwrap_or(0.0);
        let measured = row.measured.unwrap_or(f64::NAN);
        assert!(measured > claimed - 0.15, "{}", row.line());
    }
}
