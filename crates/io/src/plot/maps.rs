//! Pictures of fields in colour.

use std::path::Path;

use super::canvas::{Anchor, Canvas, INK};
use super::colours::ColourMap;
use super::panel::{LARGE, MEDIUM, Panel, SMALL, fit, width_of, with_factor};
use super::scale::{Range, Scale};
use super::{Frame, Labels};
use crate::error::IoError;

/// A 1-D field over x (to the right) and t (upwards): `values[step][sample]`.
///
/// # Errors
/// [`IoError`] where lengths do not fit, there is no finite value, the extension is neither
/// `.png` nor `.svg`, or the file cannot be written.
pub fn space_time(
    path: &Path,
    labels: &Labels,
    x: &[f64],
    t: &[f64],
    values: &[Vec<f64>],
) -> Result<(), IoError> {
    if values.len() != t.len() {
        return Err(IoError::Count {
            path: path.to_owned(),
            what: "the field over time".to_owned(),
            found: values.len(),
            expected: t.len(),
        });
    }
    let mut flat = Vec::with_capacity(x.len() * t.len());
    for (step, row) in values.iter().enumerate() {
        check_len(path, &format!("step {step}"), row.len(), x.len())?;
        flat.extend_from_slice(row);
    }
    let frame = Frame {
        title: String::new(),
        values: &flat,
    };
    draw(path, labels, x, t, &[frame], None)
}

/// One or more 2-D fields side by side, with one colour bar and equal lengths along x and y.
/// Each frame holds `values[j * x.len() + i]` at `(x[i], y[j])`.
///
/// # Errors
/// As [`space_time`].
pub fn colour_map(
    path: &Path,
    labels: &Labels,
    x: &[f64],
    y: &[f64],
    frames: &[Frame<'_>],
) -> Result<(), IoError> {
    for frame in frames {
        let what = format!("the frame `{}`", frame.title);
        check_len(path, &what, frame.values.len(), x.len() * y.len())?;
    }
    let (ex, ey) = (edges(x), edges(y));
    let aspect = match (ex.first(), ex.last(), ey.first(), ey.last()) {
        (Some(x0), Some(x1), Some(y0), Some(y1)) => (y1 - y0) / (x1 - x0),
        _ => 1.0,
    };
    draw(path, labels, x, y, frames, Some(aspect))
}

fn check_len(path: &Path, what: &str, found: usize, expected: usize) -> Result<(), IoError> {
    if found == expected {
        Ok(())
    } else {
        Err(IoError::Count {
            path: path.to_owned(),
            what: what.to_owned(),
            found,
            expected,
        })
    }
}

/// Bounds of the cells around samples: midway between neighbours, and as far outside.
fn edges(samples: &[f64]) -> Vec<f64> {
    match *samples {
        [] => Vec::new(),
        [one] => vec![one - 0.5, one + 0.5],
        [first, second, ..] => {
            let n = samples.len();
            let mut edges = vec![first - 0.5 * (second - first)];
            edges.extend(samples.windows(2).map(|s| 0.5 * (s[0] + s[1])));
            edges.push(samples[n - 1] + 0.5 * (samples[n - 1] - samples[n - 2]));
            edges
        }
    }
}

/// Panels at most this many in a row.
const COLUMNS: usize = 4;

fn draw(
    path: &Path,
    labels: &Labels,
    x: &[f64],
    y: &[f64],
    frames: &[Frame<'_>],
    aspect: Option<f64>,
) -> Result<(), IoError> {
    let nothing = |reason: &str| IoError::Plot {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let map = ColourMap::of(frames.iter().flat_map(|f| f.values).copied())
        .ok_or_else(|| nothing("no finite value"))?;
    let increasing = |v: &[f64]| v.windows(2).all(|w| w[0] < w[1]);
    let (x_edges, y_edges) = (edges(x), edges(y));
    if !(increasing(&x_edges) && increasing(&y_edges)) {
        return Err(nothing("the coordinates do not increase"));
    }
    let range = |edges: &[f64]| {
        Range::of(edges.iter().copied(), Scale::Linear).ok_or_else(|| nothing("no coordinates"))
    };
    let (x_range, y_range) = (range(&x_edges)?, range(&y_edges)?);
    let columns = frames.len().min(COLUMNS);
    let rows = frames.len().div_ceil(columns);
    let (width, height) = panel_size(columns, aspect);
    let mut panel = Panel {
        left: 0.0,
        top: 0.0,
        width,
        height,
        x: x_range,
        y: y_range,
    };
    let left = panel.y_label_width() + 34.0;
    let title = if labels.title.is_empty() { 16.0 } else { 44.0 };
    let frame_title = if frames.iter().all(|f| f.title.is_empty()) {
        0.0
    } else {
        26.0
    };
    let gap = panel.y_label_width() + 16.0;
    let pitch = (width + gap, height + 62.0 + frame_title);
    let grid_width = columns as f64 * pitch.0 - gap;
    let grid_height = rows as f64 * pitch.1;
    let bar = Bar {
        left: left + grid_width + 22.0,
        top: title + frame_title,
        height: grid_height - 62.0 - frame_title,
    };
    let total = bar.left + bar.room(&map) + 8.0;
    let mut canvas = Canvas::new(total, title + grid_height);
    for (i, frame) in frames.iter().enumerate() {
        panel.left = left + (i % columns) as f64 * pitch.0;
        panel.top = title + frame_title + (i / columns) as f64 * pitch.1;
        paint(&mut canvas, &panel, &x_edges, &y_edges, frame.values, &map);
        panel.axes(&mut canvas, labels, i % columns == 0);
        canvas.text(
            &fit(&frame.title, MEDIUM, width),
            (panel.left + 0.5 * width, panel.top - 14.0),
            MEDIUM,
            Anchor::Centre,
        );
    }
    bar.draw(&mut canvas, &map, &labels.value);
    canvas.text(
        &fit(&labels.title, LARGE, total - 20.0),
        (0.5 * total, 22.0),
        LARGE,
        Anchor::Centre,
    );
    canvas.save(path)
}

/// Size of one panel: of the given height over width, or free.
fn panel_size(columns: usize, aspect: Option<f64>) -> (f64, f64) {
    let (room_x, room_y) = match columns {
        1 => (620.0, 460.0),
        2 => (400.0, 400.0),
        3 => (300.0, 300.0),
        _ => (250.0, 250.0),
    };
    match aspect {
        None => (room_x, room_y),
        // Very long domains are not drawn to scale: a strip of a few pixels shows nothing.
        Some(aspect) => {
            let aspect = aspect.clamp(0.1, 10.0);
            let width = f64::min(room_x, room_y / aspect);
            (width.round(), (width * aspect).round())
        }
    }
}

/// By how much cells reach below their neighbours, in units.
const OVERLAP: f64 = 0.5;

/// Fills the cells of one panel; cells smaller than half a unit are sampled.
fn paint(
    canvas: &mut Canvas,
    panel: &Panel,
    x_edges: &[f64],
    y_edges: &[f64],
    values: &[f64],
    map: &ColourMap,
) {
    let columns = spans(panel.width, |s| {
        cell_at(x_edges, panel.x.low + s * (panel.x.high - panel.x.low))
    });
    let rows = spans(panel.height, |s| {
        cell_at(y_edges, panel.y.high - s * (panel.y.high - panel.y.low))
    });
    let nx = x_edges.len() - 1;
    for &(top, bottom, j) in &rows {
        let mut run: Option<(f64, f64, plotters::style::RGBColor)> = None;
        let mut flush = |run: Option<(f64, f64, plotters::style::RGBColor)>| {
            if let Some((from, to, colour)) = run {
                // What is drawn next, to the right and below, covers the overlap; without it
                // viewers of SVG show hairlines between cells.
                let (to, bottom) = (
                    (to + OVERLAP).min(panel.width),
                    (bottom + OVERLAP).min(panel.height),
                );
                canvas.block(
                    (panel.left + from, panel.top + top),
                    (to - from, bottom - top),
                    colour,
                );
            }
        };
        for &(from, to, i) in &columns {
            let colour = map.colour(values[j * nx + i]);
            run = match run {
                Some((start, _, same)) if same == colour => Some((start, to, same)),
                other => {
                    flush(other);
                    Some((from, to, colour))
                }
            };
        }
        flush(run);
    }
}

/// Stretches of half units that show the same cell: `(from, to, cell)`.
fn spans(length: f64, cell: impl Fn(f64) -> usize) -> Vec<(f64, f64, usize)> {
    let pixels = (2.0 * length).round() as usize;
    let mut spans: Vec<(f64, f64, usize)> = Vec::new();
    for p in 0..pixels {
        let index = cell((p as f64 + 0.5) / pixels as f64);
        let (from, to) = (p as f64 / 2.0, (p + 1) as f64 / 2.0);
        match spans.last_mut() {
            Some(last) if last.2 == index => last.1 = to,
            _ => spans.push((from, to, index)),
        }
    }
    spans
}

fn cell_at(edges: &[f64], position: f64) -> usize {
    let above = edges.partition_point(|&e| e <= position);
    above.saturating_sub(1).min(edges.len() - 2)
}

/// The colour bar.
struct Bar {
    left: f64,
    top: f64,
    height: f64,
}

const BAR_WIDTH: f64 = 18.0;

impl Bar {
    /// Room for the bar, its labels and its name.
    fn room(&self, map: &ColourMap) -> f64 {
        BAR_WIDTH + 10.0 + width_of(&self.ticks(map).0) + 34.0
    }

    fn ticks(&self, map: &ColourMap) -> (Vec<super::scale::Tick>, i32) {
        map.range.ticks(((self.height / 55.0) as usize).max(4))
    }

    fn draw(&self, canvas: &mut Canvas, map: &ColourMap, name: &str) {
        let steps = 256;
        for s in 0..steps {
            let (from, to) = (
                f64::from(s) / f64::from(steps),
                f64::from(s + 1) / f64::from(steps),
            );
            let value =
                map.range.low + (1.0 - 0.5 * (from + to)) * (map.range.high - map.range.low);
            canvas.block(
                (self.left, self.top + from * self.height),
                (BAR_WIDTH, (to - from) * self.height + 0.5),
                map.colour(value),
            );
        }
        let (right, bottom) = (self.left + BAR_WIDTH, self.top + self.height);
        canvas.line(
            vec![
                (self.left, self.top),
                (right, self.top),
                (right, bottom),
                (self.left, bottom),
                (self.left, self.top),
            ],
            INK,
            1.0,
        );
        let (ticks, exponent) = self.ticks(map);
        for tick in &ticks {
            let y = self.top + self.height * (1.0 - map.range.share(tick.at));
            canvas.line(vec![(right, y), (right + 5.0, y)], INK, 1.0);
            if let Some(label) = &tick.label {
                canvas.text(label, (right + 8.0, y), SMALL, Anchor::Left);
            }
        }
        canvas.text_upwards(
            &with_factor(name, exponent),
            (
                right + 10.0 + width_of(&ticks) + 18.0,
                self.top + 0.5 * self.height,
            ),
            MEDIUM,
        );
    }
}
