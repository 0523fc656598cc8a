//! A rectangle with axes.

use super::Labels;
use super::canvas::{Anchor, Canvas, INK, PALE, text_width};
use super::scale::{Range, Tick, power_of_ten};

/// Size of tick labels, of axis names and of the title, in units.
pub(super) const SMALL: f64 = 14.0;
pub(super) const MEDIUM: f64 = 16.0;
pub(super) const LARGE: f64 = 18.0;

/// A frame on the canvas with a range along each side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) x: Range,
    pub(super) y: Range,
}

impl Panel {
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.left + self.width * self.x.share(x),
            self.top + self.height * (1.0 - self.y.share(y)),
        )
    }

    fn x_ticks(&self) -> (Vec<Tick>, i32) {
        self.x.ticks(((self.width / 80.0) as usize).max(4))
    }

    fn y_ticks(&self) -> (Vec<Tick>, i32) {
        self.y.ticks(((self.height / 55.0) as usize).max(4))
    }

    /// Room the labels along y need to the left of the frame, the axis name not counted.
    pub(super) fn y_label_width(&self) -> f64 {
        width_of(&self.y_ticks().0) + 10.0
    }

    pub(super) fn grid_lines(&self, canvas: &mut Canvas) {
        for tick in self.x_ticks().0.iter().filter(|t| t.label.is_some()) {
            let (x, _) = self.at(tick.at, self.y.low);
            canvas.line(vec![(x, self.top), (x, self.top + self.height)], PALE, 0.5);
        }
        for tick in self.y_ticks().0.iter().filter(|t| t.label.is_some()) {
            let (_, y) = self.at(self.x.low, tick.at);
            canvas.line(vec![(self.left, y), (self.left + self.width, y)], PALE, 0.5);
        }
    }

    /// Frame, ticks and tick labels; the names of both axes where asked for.
    pub(super) fn axes(&self, canvas: &mut Canvas, labels: &Labels, name_y: bool) {
        let (right, bottom) = (self.left + self.width, self.top + self.height);
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
        let (ticks, exponent) = self.x_ticks();
        for tick in &ticks {
            let (x, _) = self.at(tick.at, self.y.low);
            let length = if tick.label.is_some() { 5.0 } else { 3.0 };
            canvas.line(vec![(x, bottom), (x, bottom + length)], INK, 1.0);
            if let Some(label) = &tick.label {
                canvas.text(label, (x, bottom + 16.0), SMALL, Anchor::Centre);
            }
        }
        canvas.text(
            &with_factor(&labels.x, exponent),
            (self.left + 0.5 * self.width, bottom + 40.0),
            MEDIUM,
            Anchor::Centre,
        );
        let (ticks, exponent) = self.y_ticks();
        for tick in &ticks {
            let (_, y) = self.at(self.x.low, tick.at);
            let length = if tick.label.is_some() { 5.0 } else { 3.0 };
            canvas.line(vec![(self.left, y), (self.left - length, y)], INK, 1.0);
            if let Some(label) = &tick.label {
                canvas.text(label, (self.left - 9.0, y), SMALL, Anchor::Right);
            }
        }
        if name_y {
            canvas.text_upwards(
                &with_factor(&labels.y, exponent),
                (
                    self.left - self.y_label_width() - 16.0,
                    self.top + 0.5 * self.height,
                ),
                MEDIUM,
            );
        }
    }
}

pub(super) fn width_of(ticks: &[Tick]) -> f64 {
    ticks
        .iter()
        .filter_map(|tick| tick.label.as_ref())
        .map(|label| text_width(label, SMALL))
        .fold(0.0, f64::max)
}

/// `u [m/s]  (×10^{-6})`.
pub(super) fn with_factor(name: &str, exponent: i32) -> String {
    if exponent == 0 {
        name.to_owned()
    } else {
        format!("{name}  (\u{d7}{})", power_of_ten(exponent))
    }
}

/// Cuts a text that is wider than `room`, with an ellipsis.
pub(super) fn fit(text: &str, size: f64, room: f64) -> String {
    if text_width(text, size) <= room {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while !cut.is_empty() && text_width(&format!("{cut}\u{2026}"), size) > room {
        cut.pop();
    }
    format!("{}\u{2026}", cut.trim_end())
}
