//! Pictures of results, as PNG or SVG (the extension of the file name says which).
//!
//! | function | shows |
//! |---|---|
//! | [`lines`] | curves over x, for instance snapshots of a 1-D field |
//! | [`space_time`] | a 1-D field over x and t in colour |
//! | [`colour_map`] | one or more 2-D fields in colour, to scale |
//! | [`convergence`] | error against step, with the line of the order |
//! | [`points`] | curves with a dot at each value, for parameter studies |
//! | [`panels`] | many curves, one panel a group |
//! | [`history`] | quantities over time |
//!
//! Fields of one sign are drawn in viridis, fields of both signs in blue-white-red with white at
//! zero; values that are not numbers are grey. Letters are Ubuntu Light, compiled in: no font need
//! be installed.

mod canvas;
mod colours;
mod curves;
mod maps;
mod panel;
mod panels;
mod scale;

pub use canvas::check_place;
pub use curves::{convergence, history, lines, lines_and_dots, lines_over, points};
pub use maps::{colour_map, space_time};
pub use panels::{Group, panels};
pub use scale::Scale;

/// The words of a picture. An empty text leaves its place empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Above the picture.
    pub title: String,
    /// Along the horizontal axis; see [`quantity`].
    pub x: String,
    /// Along the vertical axis.
    pub y: String,
    /// Along the colour bar; line plots do not use it.
    pub value: String,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Entry of the legend; none where it is empty.
    pub label: String,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates, as many. A value that cannot be shown leaves a gap.
    pub y: Vec<f64>,
}

/// A stretch of the horizontal axis that is shaded and named: a material, say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Band {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Name, at its top; left out where there is no room.
    pub label: String,
    /// Bands with the same number have the same shade.
    pub shade: usize,
}

/// One panel of [`colour_map`].
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Above the panel, for instance `t = 2`.
    pub title: String,
    /// `[y][x]`, x fastest.
    pub values: &'a [f64],
}

/// The errors of one method at several steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// Entry of the legend.
    pub label: String,
    /// Step sizes (in time or space).
    pub step: Vec<f64>,
    /// Errors, as many.
    pub error: Vec<f64>,
    /// The order the method should have; the reference line then has this slope.
    pub expected_order: Option<f64>,
}

/// `name [unit]`, or the name alone where the unit is empty.
pub fn quantity(name: &str, units: &str) -> String {
    if units.is_empty() {
        name.to_owned()
    } else {
        format!("{name} [{units}]")
    }
}
