//! Pictures made of lines.

use std::path::Path;

use super::canvas::{Anchor, Canvas, text_width};
use super::colours::{LINES, SHADES, sequence};
use super::panel::{LARGE, Panel, SMALL, fit};
use super::scale::{Range, Scale};
use super::{Band, Curve, Labels, Study};
use crate::error::IoError;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 500.0;
/// The line of the order runs below the errors, by this factor, so that both can be seen.
const GUIDE: f64 = 0.6;
/// Legends beyond this many entries show every n-th.
const LEGEND: usize = 12;

/// Curves over x: snapshots of a 1-D field in time order, say. Colours run through a sequential
/// map from the first curve to the last; where there are at most 3 curves they are distinct.
///
/// # Errors
/// [`IoError`] where there is nothing to draw, the extension is neither `.png` nor `.svg`, or the
/// file cannot be written.
pub fn lines(path: &Path, labels: &Labels, curves: &[Curve]) -> Result<(), IoError> {
    lines_over(path, labels, curves, &[])
}

/// As [`lines`], over shaded stretches of the horizontal axis.
///
/// # Errors
/// As [`lines`].
pub fn lines_over(
    path: &Path,
    labels: &Labels,
    curves: &[Curve],
    bands: &[Band],
) -> Result<(), IoError> {
    let colours = |i| {
        if curves.len() <= 3 {
            LINES[i]
        } else {
            sequence(i, curves.len())
        }
    };
    let drawn: Vec<Drawn<'_>> = curves
        .iter()
        .enumerate()
        .map(|(i, c)| Drawn::new(c, colours(i)))
        .collect();
    draw_over(path, labels, &drawn, bands, Scale::Linear, Scale::Linear)
}

/// Curves with a dot at each value, linear or logarithmic in x and y: a quantity over a parameter,
/// say. More curves than there are distinct colours get those of a sequential map.
///
/// # Errors
/// As [`lines`].
pub fn points(
    path: &Path,
    labels: &Labels,
    curves: &[Curve],
    x: Scale,
    y: Scale,
) -> Result<(), IoError> {
    let colour = |i| {
        if curves.len() <= LINES.len() {
            LINES[i]
        } else {
            sequence(i, curves.len())
        }
    };
    let drawn: Vec<Drawn<'_>> = curves
        .iter()
        .enumerate()
        .map(|(i, c)| Drawn {
            dots: true,
            ..Drawn::new(c, colour(i))
        })
        .collect();
    draw(path, labels, &drawn, x, y)
}

/// Lines, and dots that belong to them: what theory says, and what was measured. Entry i of `dots`
/// has the colour of entry i of `lines`.
///
/// # Errors
/// As [`lines`].
pub fn lines_and_dots(
    path: &Path,
    labels: &Labels,
    lines: &[Curve],
    dots: &[Curve],
    x: Scale,
    y: Scale,
) -> Result<(), IoError> {
    let colour = |i: usize| LINES[i % LINES.len()];
    let theory = (lines.iter().enumerate()).map(|(i, c)| Drawn::new(c, colour(i)));
    let measured = dots.iter().enumerate().map(|(i, c)| Drawn {
        dots: true,
        bare: true,
        ..Drawn::new(c, colour(i))
    });
    let drawn: Vec<Drawn<'_>> = theory.chain(measured).collect();
    draw(path, labels, &drawn, x, y)
}

/// Quantities over time, linear or logarithmic in y.
///
/// # Errors
/// As [`lines`].
pub fn history(path: &Path, labels: &Labels, curves: &[Curve], y: Scale) -> Result<(), IoError> {
    let drawn: Vec<Drawn<'_>> = curves
        .iter()
        .enumerate()
        .map(|(i, c)| Drawn::new(c, LINES[i % LINES.len()]))
        .collect();
    draw(path, labels, &drawn, Scale::Linear, y)
}

/// Error against step, both logarithmic, each study with a dashed line of its expected order
/// below it, or of the order fitted by least squares where none is expected.
///
/// # Errors
/// As [`lines`].
pub fn convergence(path: &Path, labels: &Labels, studies: &[Study]) -> Result<(), IoError> {
    let mut curves = Vec::new();
    for (i, study) in studies.iter().enumerate() {
        let points: Vec<(f64, f64)> = study
            .step
            .iter()
            .copied()
            .zip(study.error.iter().copied())
            .filter(|&(h, e)| h > 0.0 && e > 0.0 && h.is_finite() && e.is_finite())
            .collect();
        let colour = LINES[i % LINES.len()];
        let fitted = slope(&points);
        let label = match fitted {
            Some(p) if study.expected_order.is_some() => {
                format!("{} (fitted {p:.2})", study.label)
            }
            _ => study.label.clone(),
        };
        let (x, y) = points.iter().copied().unzip();
        curves.push(Styled {
            curve: Curve { label, x, y },
            colour,
            dots: true,
        });
        if let Some((order, name)) = study
            .expected_order
            .map(|p| (p, "order"))
            .or(fitted.map(|p| (p, "fitted order")))
            && let Some(&(h0, e0)) = points.iter().min_by(|a, b| a.0.total_cmp(&b.0))
        {
            let last = points.iter().map(|p| p.0).fold(h0, f64::max);
            let ends = [h0, last];
            curves.push(Styled {
                curve: Curve {
                    label: format!("{name} {}", trim(order)),
                    x: ends.to_vec(),
                    y: ends
                        .iter()
                        .map(|h| GUIDE * e0 * (h / h0).powf(order))
                        .collect(),
                },
                colour,
                dots: false,
            });
        }
    }
    let drawn: Vec<Drawn<'_>> = curves
        .iter()
        .map(|s| Drawn {
            dots: s.dots,
            dashed: !s.dots,
            ..Drawn::new(&s.curve, s.colour)
        })
        .collect();
    draw(path, labels, &drawn, Scale::Log, Scale::Log)
}

struct Styled {
    curve: Curve,
    colour: plotters::style::RGBColor,
    dots: bool,
}

struct Drawn<'a> {
    curve: &'a Curve,
    colour: plotters::style::RGBColor,
    dots: bool,
    dashed: bool,
    /// No line between the dots.
    bare: bool,
}

impl<'a> Drawn<'a> {
    fn new(curve: &'a Curve, colour: plotters::style::RGBColor) -> Self {
        Self {
            curve,
            colour,
            dots: false,
            dashed: false,
            bare: false,
        }
    }
}

/// Slope of the least-squares line through the logarithms.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (sx, sy) = points
        .iter()
        .fold((0.0, 0.0), |(sx, sy), (h, e)| (sx + h.ln(), sy + e.ln()));
    let (mut sxx, mut sxy) = (0.0, 0.0);
    for (h, e) in points {
        let dx = h.ln() - sx / n;
        sxx += dx * dx;
        sxy += dx * (e.ln() - sy / n);
    }
    (sxx > 0.0).then_some(sxy / sxx)
}

/// At most two decimals, no trailing zeros.
fn trim(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn draw(
    path: &Path,
    labels: &Labels,
    curves: &[Drawn<'_>],
    x_scale: Scale,
    y_scale: Scale,
) -> Result<(), IoError> {
    draw_over(path, labels, curves, &[], x_scale, y_scale)
}

fn draw_over(
    path: &Path,
    labels: &Labels,
    curves: &[Drawn<'_>],
    bands: &[Band],
    x_scale: Scale,
    y_scale: Scale,
) -> Result<(), IoError> {
    let nothing = |reason: &str| IoError::Plot {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    for drawn in curves {
        if drawn.curve.x.len() != drawn.curve.y.len() {
            return Err(IoError::Count {
                path: path.to_owned(),
                what: format!("the curve `{}`", drawn.curve.label),
                found: drawn.curve.y.len(),
                expected: drawn.curve.x.len(),
            });
        }
    }
    let all =
        |pick: fn(&Curve) -> &Vec<f64>| curves.iter().flat_map(move |d| pick(d.curve)).copied();
    let x = Range::of(all(|c| &c.x), x_scale).ok_or_else(|| match x_scale {
        Scale::Linear => nothing("no finite abscissa"),
        Scale::Log => nothing("no positive abscissa for the logarithmic axis"),
    })?;
    let y = Range::of(all(|c| &c.y), y_scale)
        .ok_or_else(|| match y_scale {
            Scale::Linear => nothing("no finite value"),
            Scale::Log => nothing("no positive value for the logarithmic axis"),
        })?
        .padded(0.05);
    let x = if x_scale == Scale::Log {
        x.padded(0.05)
    } else {
        x
    };
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let legend = legend_entries(curves);
    let legend_width = legend
        .iter()
        .map(|d| text_width(&d.curve.label, SMALL))
        .fold(0.0, f64::max)
        .min(220.0);
    let right = if legend.is_empty() {
        24.0
    } else {
        legend_width + 60.0
    };
    let mut panel = Panel {
        left: 0.0,
        top: 44.0,
        width: WIDTH - right,
        height: HEIGHT - 44.0 - 62.0,
        x,
        y,
    };
    panel.left = panel.y_label_width() + 34.0;
    panel.width -= panel.left;
    for band in bands {
        draw_band(&mut canvas, &panel, band);
    }
    panel.grid_lines(&mut canvas);
    for band in bands {
        name_band(&mut canvas, &panel, band);
    }
    for drawn in curves {
        draw_curve(&mut canvas, &panel, drawn);
    }
    panel.axes(&mut canvas, labels, true);
    canvas.text(
        &fit(&labels.title, LARGE, WIDTH - 40.0),
        (panel.left + 0.5 * panel.width, 22.0),
        LARGE,
        Anchor::Centre,
    );
    let x0 = panel.left + panel.width + 14.0;
    for (i, drawn) in legend.iter().enumerate() {
        let y = panel.top + 12.0 + 22.0 * i as f64;
        stroke(&mut canvas, &[(x0, y), (x0 + 24.0, y)], drawn);
        if drawn.dots {
            canvas.dot((x0 + 12.0, y), 3.5, drawn.colour);
        }
        canvas.text(
            &fit(&drawn.curve.label, SMALL, 220.0),
            (x0 + 31.0, y),
            SMALL,
            Anchor::Left,
        );
    }
    canvas.save(path)
}

/// The curves with a label: all, or a dozen of them with the first and the last.
fn legend_entries<'a, 'b>(curves: &'b [Drawn<'a>]) -> Vec<&'b Drawn<'a>> {
    let named: Vec<_> = curves
        .iter()
        .filter(|d| !d.curve.label.is_empty())
        .collect();
    if named.len() <= LEGEND {
        return named;
    }
    (0..LEGEND)
        .map(|i| named[i * (named.len() - 1) / (LEGEND - 1)])
        .collect()
}

/// A shade over the height of the panel.
fn draw_band(canvas: &mut Canvas, panel: &Panel, band: &Band) {
    let (left, right) = (panel.left, panel.left + panel.width);
    let x0 = panel.at(band.from, 0.0).0.clamp(left, right);
    let x1 = panel.at(band.to, 0.0).0.clamp(left, right);
    canvas.block(
        (x0, panel.top),
        (x1 - x0, panel.height),
        SHADES[band.shade % SHADES.len()],
    );
}

/// The name of a shade, at the top of the panel.
fn name_band(canvas: &mut Canvas, panel: &Panel, band: &Band) {
    let (left, right) = (panel.left, panel.left + panel.width);
    let x0 = panel.at(band.from, 0.0).0.clamp(left, right);
    let x1 = panel.at(band.to, 0.0).0.clamp(left, right);
    let width = text_width(&band.label, SMALL);
    if width <= x1 - x0 - 4.0 {
        let at = (0.5 * (x0 + x1), panel.top + 11.0);
        let corner = (at.0 - 0.5 * width - 2.0, panel.top + 2.0);
        let shade = SHADES[band.shade % SHADES.len()];
        // Grid lines would strike the name through.
        canvas.block(corner, (width + 4.0, 18.0), shade);
        canvas.text(&band.label, at, SMALL, Anchor::Centre);
    }
}

fn draw_curve(canvas: &mut Canvas, panel: &Panel, drawn: &Drawn<'_>) {
    // A gap wherever a value cannot be shown.
    let mut piece = Vec::new();
    for (&x, &y) in drawn.curve.x.iter().zip(&drawn.curve.y) {
        if panel.x.shows(x) && panel.y.shows(y) {
            piece.push(panel.at(x, y));
        } else {
            stroke(canvas, &piece, drawn);
            piece.clear();
        }
    }
    stroke(canvas, &piece, drawn);
    if drawn.dots {
        for (&x, &y) in drawn.curve.x.iter().zip(&drawn.curve.y) {
            if panel.x.shows(x) && panel.y.shows(y) {
                canvas.dot(panel.at(x, y), 3.5, drawn.colour);
            }
        }
    }
}

fn stroke(canvas: &mut Canvas, points: &[(f64, f64)], drawn: &Drawn<'_>) {
    if drawn.bare {
        return;
    }
    if points.len() < 2 {
        if let (&[at], false) = (points, drawn.dots) {
            canvas.dot(at, 1.5, drawn.colour);
        }
        return;
    }
    if !drawn.dashed {
        canvas.line(points.to_vec(), drawn.colour, 1.6);
        return;
    }
    // Reference lines are straight: from end to end in dashes.
    let (a, b) = (points[0], points[points.len() - 1]);
    let length = (b.0 - a.0).hypot(b.1 - a.1);
    let dashes = (length / 7.0).ceil().max(1.0) as usize;
    let at = |s: f64| (a.0 + s * (b.0 - a.0), a.1 + s * (b.1 - a.1));
    for i in (0..dashes).step_by(2) {
        let (from, to) = (i as f64, ((i + 1) as f64).min(dashes as f64));
        canvas.line(
            vec![at(from / dashes as f64), at(to / dashes as f64)],
            drawn.colour,
            1.0,
        );
    }
}
