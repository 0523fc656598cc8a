//! Colour maps and line colours.

use plotters::style::RGBColor;

use super::scale::{Range, Scale};

/// Stops of viridis (van der Walt and Smith 2015, CC0): perceptually uniform, readable in grey.
const VIRIDIS: [(u8, u8, u8); 11] = [
    (68, 1, 84),
    (72, 36, 117),
    (65, 68, 135),
    (53, 95, 141),
    (42, 120, 142),
    (33, 145, 140),
    (34, 168, 132),
    (68, 191, 112),
    (122, 209, 81),
    (189, 223, 38),
    (253, 231, 37),
];

/// Blue through white to red (Moreland 2009, "Diverging Color Maps for Scientific Visualization",
/// with a whiter middle).
const DIVERGING: [(u8, u8, u8); 9] = [
    (34, 68, 155),
    (72, 112, 200),
    (128, 162, 226),
    (192, 210, 242),
    (246, 246, 246),
    (246, 200, 184),
    (230, 142, 122),
    (202, 80, 70),
    (150, 20, 40),
];

/// Line colours that colour-blind people tell apart (Okabe and Ito 2008), darkest first.
pub(super) const LINES: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(60, 60, 60),
];

/// Colours of shaded stretches, light enough for curves of any colour to stand out.
pub(super) const SHADES: [RGBColor; 6] = [
    RGBColor(238, 238, 238),
    RGBColor(222, 235, 247),
    RGBColor(229, 245, 224),
    RGBColor(254, 237, 222),
    RGBColor(239, 237, 245),
    RGBColor(253, 245, 214),
];

/// Colour of values that are not numbers.
const NOT_A_NUMBER: RGBColor = RGBColor(170, 170, 170);

/// A colour for each number of a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColourMap {
    pub(super) range: Range,
    diverging: bool,
}

impl ColourMap {
    /// For the values of one picture: diverging and symmetric about 0 where they have both signs
    /// in earnest, sequential otherwise.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let range = Range::of(values, Scale::Linear)?;
        // A quarter of the range on either side of 0: a small undershoot does not count.
        let diverging = range.low < 0.0 && range.high > 0.0 && {
            let (small, large) = (range.high.min(-range.low), range.high.max(-range.low));
            small > 0.25 * large
        };
        let bound = range.high.max(-range.low);
        Some(Self {
            range: if diverging {
                Range {
                    low: -bound,
                    high: bound,
                    ..range
                }
            } else {
                range
            },
            diverging,
        })
    }

    pub(super) fn colour(&self, value: f64) -> RGBColor {
        if !value.is_finite() {
            return NOT_A_NUMBER;
        }
        let stops: &[_] = if self.diverging { &DIVERGING } else { &VIRIDIS };
        mix(stops, self.range.share(value))
    }
}

/// Colours of curves in a sequence, from dark violet to green; yellow is too pale on white.
pub(super) fn sequence(i: usize, n: usize) -> RGBColor {
    let share = if n > 1 {
        i as f64 / (n - 1) as f64
    } else {
        0.3
    };
    mix(&VIRIDIS, 0.86 * share)
}

fn mix(stops: &[(u8, u8, u8)], share: f64) -> RGBColor {
    let position = share.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let i = (position as usize).min(stops.len() - 2);
    let t = position - i as f64;
    let blend = |a: u8, b: u8| (f64::from(a) + t * (f64::from(b) - f64::from(a))).round() as u8;
    let (a, b) = (stops[i], stops[i + 1]);
    RGBColor(blend(a.0, b.0), blend(a.1, b.1), blend(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_field_has_white_at_zero() {
        let map = ColourMap::of([-1.0, 0.5].into_iter()).unwrap();
        assert_eq!(map.colour(0.0), RGBColor(246, 246, 246));
        assert_eq!(map.range.high, 1.0);
    }

    #[test]
    fn a_small_undershoot_does_not_make_a_field_signed() {
        let map = ColourMap::of([-1e-3, 1.0].into_iter()).unwrap();
        assert_eq!(map.colour(1.0), RGBColor(253, 231, 37));
    }
}
