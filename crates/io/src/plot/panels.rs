//! Many curves in small panels: each shows one group in colour over all the others in grey.

use std::path::Path;

use plotters::style::RGBColor;

use super::canvas::{Anchor, Canvas, text_width};
use super::colours::LINES;
use super::panel::{LARGE, MEDIUM, Panel, SMALL, fit};
use super::scale::{Range, Scale};
use super::{Curve, Labels};
use crate::error::IoError;

/// Curves that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Title of its panel.
    pub title: String,
    /// Its curves.
    pub curves: Vec<Curve>,
}

/// Size of the curves' panel, the legend beside it and the room around.
const PANEL: (f64, f64) = (330.0, 290.0);
const LEGEND: f64 = 165.0;
const COLUMNS: usize = 2;
const HEAD: f64 = 44.0;
/// Colour of the curves of other groups.
const OTHERS: RGBColor = RGBColor(205, 205, 205);

/// One panel a group, with common axes; in each the curves of the others stand in grey.
///
/// # Errors
/// [`IoError::Plot`] where nothing can be shown, and where the file cannot be written.
pub fn panels(
    path: &Path,
    labels: &Labels,
    groups: &[Group],
    x: Scale,
    y: Scale,
) -> Result<(), IoError> {
    let all = |pick: fn(&Curve) -> &Vec<f64>| {
        groups
            .iter()
            .flat_map(|g| &g.curves)
            .flat_map(move |c| pick(c).iter().copied())
    };
    let nothing = || IoError::Plot {
        path: path.to_owned(),
        reason: "no value that its axes can show".to_owned(),
    };
    let x = Range::of(all(|c| &c.x), x)
        .ok_or_else(nothing)?
        .padded(0.05);
    let y = Range::of(all(|c| &c.y), y)
        .ok_or_else(nothing)?
        .padded(0.05);
    let probe = Panel {
        left: 0.0,
        top: 0.0,
        width: PANEL.0,
        height: PANEL.1,
        x,
        y,
    };
    let margin = probe.y_label_width() + 34.0;
    let cell = (margin + PANEL.0 + LEGEND, PANEL.1 + 96.0);
    let columns = COLUMNS.min(groups.len());
    let rows = groups.len().div_ceil(columns);
    let width = cell.0 * columns as f64;
    let mut canvas = Canvas::new(width, HEAD + cell.1 * rows as f64);
    canvas.text(
        &fit(&labels.title, LARGE, width - 40.0),
        (0.5 * width, 22.0),
        LARGE,
        Anchor::Centre,
    );
    for (number, group) in groups.iter().enumerate() {
        let (column, row) = (number % columns, number / columns);
        let panel = Panel {
            left: cell.0 * column as f64 + margin,
            top: HEAD + cell.1 * row as f64 + 30.0,
            ..probe
        };
        panel.grid_lines(&mut canvas);
        for (other, group) in groups.iter().enumerate() {
            for curve in group.curves.iter().filter(|_| other != number) {
                canvas.line(shown(&panel, curve), OTHERS, 1.0);
            }
        }
        for (i, curve) in group.curves.iter().enumerate() {
            let colour = LINES[i % LINES.len()];
            let hollow = i >= LINES.len();
            let points = shown(&panel, curve);
            for &at in &points {
                mark(&mut canvas, at, colour, hollow);
            }
            canvas.line(points, colour, 1.6);
            let at = (
                panel.left + PANEL.0 + 12.0,
                panel.top + 8.0 + 18.0 * i as f64,
            );
            canvas.line(vec![at, (at.0 + 20.0, at.1)], colour, 1.6);
            mark(&mut canvas, (at.0 + 10.0, at.1), colour, hollow);
            let room = LEGEND - 44.0;
            let label = fit(&curve.label, SMALL, room);
            debug_assert!(text_width(&label, SMALL) <= room + 1.0);
            canvas.text(&label, (at.0 + 26.0, at.1), SMALL, Anchor::Left);
        }
        panel.axes(&mut canvas, labels, column == 0);
        canvas.text(
            &fit(&group.title, MEDIUM, PANEL.0 + LEGEND),
            (panel.left, panel.top - 14.0),
            MEDIUM,
            Anchor::Left,
        );
    }
    canvas.save(path)
}

/// Where the axes can show the curve.
fn shown(panel: &Panel, curve: &Curve) -> Vec<(f64, f64)> {
    (curve.x.iter().zip(&curve.y))
        .filter(|&(&x, &y)| panel.x.shows(x) && panel.y.shows(y))
        .map(|(&x, &y)| panel.at(x, y))
        .collect()
}

/// A dot; the second seven curves of a group, whose colours come again, have a white middle.
fn mark(canvas: &mut Canvas, at: (f64, f64), colour: RGBColor, hollow: bool) {
    canvas.dot(at, 3.5, colour);
    if hollow {
        canvas.dot(at, 2.0, RGBColor(255, 255, 255));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_become_a_picture_and_nothing_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("panels.png");
        let group = |n: usize| Group {
            title: format!("group {n}"),
            curves: (1..=n)
                .map(|i| Curve {
                    label: format!("curve {i}"),
                    x: vec![5.0, 10.0, 20.0],
                    y: vec![1.0 / i as f64, 0.1 / i as f64, 0.01 / i as f64],
                })
                .collect(),
        };
        let labels = Labels::default();
        panels(
            &path,
            &labels,
            &[group(2), group(9), group(1)],
            Scale::Log,
            Scale::Log,
        )
        .expect("a picture");
        assert!(std::fs::metadata(&path).expect("the file").len() > 1000);
        let empty = panels(&path, &labels, &[group(0)], Scale::Log, Scale::Log);
        assert!(matches!(empty, Err(IoError::Plot { .. })));
    }
}
