//! A list of shapes, drawn to PNG or SVG at the end.
//!
//! Coordinates are in units of a 96th of an inch, y downwards. Both kinds of picture are drawn with
//! [`SCALE`] pixels a unit; a PNG is then averaged down by [`REDUCE`], which smooths the lines.
//!
//! In texts `^{...}` raises what stands between the braces: the font lacks some superscripts.

use std::path::Path;
use std::sync::Once;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, register_font};

use crate::error::IoError;
use crate::hdf;

/// Pixels a unit.
const SCALE: f64 = 4.0;
/// Drawn pixels a pixel of a PNG, along each axis.
const REDUCE: usize = 2;
const FAMILY: &str = "sans-serif";

/// Where the given position lies on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Left,
    Centre,
    Right,
}

enum Item {
    Line {
        points: Vec<(f64, f64)>,
        colour: RGBColor,
        width: f64,
    },
    Block {
        corner: (f64, f64),
        size: (f64, f64),
        colour: RGBColor,
    },
    Dot {
        centre: (f64, f64),
        radius: f64,
        colour: RGBColor,
    },
    Text {
        text: String,
        at: (f64, f64),
        size: f64,
        anchor: Anchor,
        upwards: bool,
    },
}

/// A picture in the making.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    items: Vec<Item>,
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        static FONT: Once = Once::new();
        FONT.call_once(|| {
            // Fails on malformed font data only; texts then fail to draw, with an error.
            drop(register_font(
                FAMILY,
                FontStyle::Normal,
                epaint_default_fonts::UBUNTU_LIGHT,
            ));
        });
        Self {
            width,
            height,
            items: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, points: Vec<(f64, f64)>, colour: RGBColor, width: f64) {
        self.items.push(Item::Line {
            points,
            colour,
            width,
        });
    }

    pub(super) fn block(&mut self, corner: (f64, f64), size: (f64, f64), colour: RGBColor) {
        self.items.push(Item::Block {
            corner,
            size,
            colour,
        });
    }

    pub(super) fn dot(&mut self, centre: (f64, f64), radius: f64, colour: RGBColor) {
        self.items.push(Item::Dot {
            centre,
            radius,
            colour,
        });
    }

    /// Text whose vertical middle is at `at`.
    pub(super) fn text(&mut self, text: &str, at: (f64, f64), size: f64, anchor: Anchor) {
        self.items.push(Item::Text {
            text: text.to_owned(),
            at,
            size,
            anchor,
            upwards: false,
        });
    }

    /// Text read from below, centred at `at`.
    pub(super) fn text_upwards(&mut self, text: &str, at: (f64, f64), size: f64) {
        self.items.push(Item::Text {
            text: text.to_owned(),
            at,
            size,
            anchor: Anchor::Centre,
            upwards: true,
        });
    }

    /// Writes the picture; the extension of `path` says how.
    pub(super) fn save(self, path: &Path) -> Result<(), IoError> {
        hdf::check_writable(path)?;
        let size = (
            (self.width.ceil() * SCALE) as u32,
            (self.height.ceil() * SCALE) as u32,
        );
        let failed = |reason: String| IoError::Plot {
            path: path.to_owned(),
            reason,
        };
        if is_svg(path)? {
            let mut text = String::new();
            self.draw(SVGBackend::with_string(&mut text, size))
                .map_err(failed)?;
            // The drawing keeps its resolution, the page shows it at its size in units.
            let header = format!("width=\"{}\" height=\"{}\" viewBox", size.0, size.1);
            let wanted = format!(
                "width=\"{}\" height=\"{}\" viewBox",
                self.width, self.height
            );
            std::fs::write(path, text.replacen(&header, &wanted, 1))
                .map_err(|source| IoError::system("write", path, source))
        } else {
            let (width, height) = (size.0 as usize, size.1 as usize);
            let mut pixels = vec![0; 3 * width * height];
            self.draw(BitMapBackend::with_buffer(&mut pixels, size))
                .map_err(failed)?;
            // The encoder reports all causes alike; the standard library tells them apart.
            std::fs::File::create(path)
                .map_err(|source| IoError::system("create", path, source))?;
            encode(path, &reduce(&pixels, width), width / REDUCE).map_err(failed)
        }
    }

    fn draw<B: DrawingBackend>(&self, backend: B) -> Result<(), String> {
        let root = backend.into_drawing_area();
        root.fill(&WHITE).map_err(|e| e.to_string())?;
        for item in &self.items {
            item.draw(&root).map_err(|e| e.to_string())?;
        }
        root.present().map_err(|e| e.to_string())
    }
}

/// Averages squares of [`REDUCE`] by [`REDUCE`] pixels of three bytes.
fn reduce(pixels: &[u8], width: usize) -> Vec<[u8; 3]> {
    let height = pixels.len() / (3 * width);
    let mut reduced = Vec::with_capacity((width / REDUCE) * (height / REDUCE));
    for y in 0..height / REDUCE {
        for x in 0..width / REDUCE {
            reduced.push([0, 1, 2].map(|channel| {
                let sum: usize = (0..REDUCE * REDUCE)
                    .map(|i| (REDUCE * y + i / REDUCE) * width + REDUCE * x + i % REDUCE)
                    .map(|pixel| usize::from(pixels[3 * pixel + channel]))
                    .sum();
                ((sum + REDUCE * REDUCE / 2) / (REDUCE * REDUCE)) as u8
            }));
        }
    }
    reduced
}

fn encode(path: &Path, pixels: &[[u8; 3]], width: usize) -> Result<(), String> {
    let size = (width as u32, (pixels.len() / width) as u32);
    let root = BitMapBackend::new(path, size).into_drawing_area();
    for (i, &[r, g, b]) in pixels.iter().enumerate() {
        let at = ((i % width) as i32, (i / width) as i32);
        root.draw_pixel(at, &RGBColor(r, g, b))
            .map_err(|e| e.to_string())?;
    }
    root.present().map_err(|e| e.to_string())
}

type Area<B> = DrawingArea<B, plotters::coord::Shift>;

impl Item {
    fn draw<B: DrawingBackend>(
        &self,
        root: &Area<B>,
    ) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
        let pixel = |(x, y): (f64, f64)| ((x * SCALE).round() as i32, (y * SCALE).round() as i32);
        match self {
            Self::Line {
                points,
                colour,
                width,
            } => {
                let style = colour.stroke_width((width * SCALE).round().max(1.0) as u32);
                root.draw(&PathElement::new(
                    points.iter().map(|&p| pixel(p)).collect::<Vec<_>>(),
                    style,
                ))
            }
            Self::Block {
                corner,
                size,
                colour,
            } => {
                let (a, b) = (
                    pixel(*corner),
                    pixel((corner.0 + size.0, corner.1 + size.1)),
                );
                root.draw(&Rectangle::new([a, b], colour.filled()))
            }
            Self::Dot {
                centre,
                radius,
                colour,
            } => root.draw(&Circle::new(
                pixel(*centre),
                (radius * SCALE).round() as i32,
                colour.filled(),
            )),
            Self::Text {
                text,
                at,
                size,
                anchor,
                upwards,
            } => {
                let before = match anchor {
                    Anchor::Left => 0.0,
                    Anchor::Centre => 0.5,
                    Anchor::Right => 1.0,
                } * text_width(text, *size);
                // The letters' middle lies below the middle of the box that plotters centres.
                let sink = 0.1 * size;
                let mut along = -before;
                for (piece, size, rise) in pieces(text, *size) {
                    let mut style = font(size * SCALE)
                        .color(&INK)
                        .pos(Pos::new(HPos::Left, VPos::Center));
                    let at = if *upwards {
                        style = style.transform(FontTransform::Rotate270);
                        (at.0 + sink - rise, at.1 - along)
                    } else {
                        (at.0 + along, at.1 + sink - rise)
                    };
                    root.draw_text(piece, &style, pixel(at))?;
                    along += plain_width(piece, size);
                }
                Ok(())
            }
        }
    }
}

/// Colour of frames and letters.
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
/// Colour of grid lines.
pub(super) const PALE: RGBColor = RGBColor(226, 226, 226);

fn font(size: f64) -> TextStyle<'static> {
    (FAMILY, size).into_font().into()
}

/// Parts of a text: what to write, its size, and how far it is raised.
fn pieces(text: &str, size: f64) -> impl Iterator<Item = (&str, f64, f64)> {
    let mut rest = text;
    let mut raised = false;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (mark, now) = (if raised { "}" } else { "^{" }, raised);
        let piece = match rest.split_once(mark) {
            Some((piece, after)) => {
                rest = after;
                raised = !raised;
                piece
            }
            None => std::mem::take(&mut rest),
        };
        Some(if now {
            (piece, 0.72 * size, 0.34 * size)
        } else {
            (piece, size, 0.0)
        })
    })
    .filter(|(piece, _, _)| !piece.is_empty())
}

/// Width of a text in units.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    pieces(text, size)
        .map(|(piece, size, _)| plain_width(piece, size))
        .sum()
}

fn plain_width(text: &str, size: f64) -> f64 {
    (FAMILY, size * SCALE)
        .into_font()
        .box_size(text)
        .map_or(0.6 * size * text.chars().count() as f64, |(width, _)| {
            f64::from(width) / SCALE
        })
}

/// Says early whether a picture can be written to a path.
///
/// # Errors
/// [`IoError`] where the extension is neither `.png` nor `.svg`, or no file can be made there.
pub fn check_place(path: &Path) -> Result<(), IoError> {
    hdf::check_writable(path)?;
    is_svg(path).map(|_| ())
}

/// Whether the path asks for SVG; PNG otherwise.
fn is_svg(path: &Path) -> Result<bool, IoError> {
    let extension = path
        .extension()
        .map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("svg") => Ok(true),
        Some("png") => Ok(false),
        other => Err(IoError::Extension {
            path: path.to_owned(),
            found: other.map_or("nothing".to_owned(), |e| format!(".{e}")),
        }),
    }
}
