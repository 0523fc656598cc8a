//! Ranges and tick marks.

/// How numbers become lengths along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; numbers that are not positive are left out.
    Log,
}

/// A tick mark; minor ones have no label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: Option<String>,
}

/// A finite, non-empty range of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) scale: Scale,
}

impl Range {
    /// The range of the drawable numbers among `values`, widened where it is empty; `None` where
    /// there are none.
    pub(super) fn of(values: impl Iterator<Item = f64>, scale: Scale) -> Option<Self> {
        let (low, high) = values
            .filter(|v| v.is_finite() && (scale == Scale::Linear || *v > 0.0))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        if low > high {
            return None;
        }
        let range = Self { low, high, scale };
        // A constant, up to rounding, is drawn as one: not as a picture of the rounding.
        let flat = match scale {
            Scale::Linear => high - low <= 1e-12 * high.abs().max(low.abs()),
            Scale::Log => high / low < 1.0 + 1e-12,
        };
        Some(match (flat, scale) {
            (false, _) => range,
            (true, Scale::Log) => Self {
                low: low / 2.0,
                high: high * 2.0,
                scale,
            },
            (true, Scale::Linear) => {
                let margin = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
                Self {
                    low: low - margin,
                    high: high + margin,
                    scale,
                }
            }
        })
    }

    /// The same with `share` of its length added at either end.
    pub(super) fn padded(self, share: f64) -> Self {
        match self.scale {
            Scale::Linear => {
                let margin = share * (self.high - self.low);
                Self {
                    low: self.low - margin,
                    high: self.high + margin,
                    ..self
                }
            }
            Scale::Log => {
                let factor = (self.high / self.low).powf(share);
                Self {
                    low: self.low / factor,
                    high: self.high * factor,
                    ..self
                }
            }
        }
    }

    /// Position in the range: 0 at its low end, 1 at its high end.
    pub(super) fn share(self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        }
    }

    pub(super) fn shows(self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    /// About `wanted` labelled ticks, and the power of ten their labels are to be multiplied by
    /// (0 for none).
    pub(super) fn ticks(self, wanted: usize) -> (Vec<Tick>, i32) {
        match self.scale {
            Scale::Linear => linear_ticks(self.low, self.high, wanted),
            Scale::Log => (log_ticks(self.low, self.high, wanted), 0),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64, wanted: usize) -> (Vec<Tick>, i32) {
    let raw = (high - low) / wanted.max(1) as f64;
    let decade = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|m| m * decade)
        .find(|step| *step >= raw * 0.999)
        .unwrap_or(10.0 * decade);
    let largest = low.abs().max(high.abs());
    let exponent = largest.log10().floor() as i32;
    let exponent = if (-3..5).contains(&exponent) {
        0
    } else {
        exponent
    };
    let unit = 10f64.powi(exponent);
    let decimals = (-(step / unit).log10() - 1e-9).ceil().clamp(0.0, 15.0) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let ticks = (first..=last)
        .map(|i| {
            let at = i as f64 * step;
            // Adding zero turns -0 into 0.
            let shown = if i == 0 { 0.0 } else { at / unit };
            Tick {
                at,
                label: Some(format!("{shown:.decimals$}").replace('-', "\u{2212}")),
            }
        })
        .collect();
    (ticks, exponent)
}

/// Decades, every second or third where they are many, and 2 and 5 times them where they are few.
fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let (first, last) = (
        low.log10().floor() as i32,
        (high.log10() + 1e-9).floor() as i32,
    );
    let decades = (high / low).log10();
    let stride = (decades / wanted.max(1) as f64).ceil().max(1.0) as i32;
    let mut ticks = Vec::new();
    for exponent in first..=last {
        for multiple in 1..10 {
            let at = f64::from(multiple) * 10f64.powi(exponent);
            if at < low * (1.0 - 1e-9) || at > high * (1.0 + 1e-9) {
                continue;
            }
            let labelled = match multiple {
                1 => exponent.rem_euclid(stride) == 0,
                2 | 5 => decades < 2.0,
                _ => decades < 0.5,
            };
            if multiple != 1 && stride > 1 {
                continue;
            }
            let label = labelled.then(|| {
                if multiple == 1 {
                    power_of_ten(exponent)
                } else {
                    format!("{multiple}\u{b7}{}", power_of_ten(exponent))
                }
            });
            ticks.push(Tick { at, label });
        }
    }
    ticks
}

/// `10^{-3}`, which the canvas draws raised.
pub(super) fn power_of_ten(exponent: i32) -> String {
    format!("10^{{{}}}", exponent.to_string().replace('-', "\u{2212}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, scale: Scale) -> (Vec<String>, i32) {
        let (ticks, exponent) = Range { low, high, scale }.ticks(5);
        (
            ticks.into_iter().filter_map(|t| t.label).collect(),
            exponent,
        )
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(
            labels(0.0, 1.0, Scale::Linear).0,
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(-7.3, 6.1, Scale::Linear).0, ["\u{2212}5", "0", "5"]);
    }

    #[test]
    fn very_large_and_small_numbers_share_a_power_of_ten() {
        let (ticks, exponent) = labels(0.0, 4e-7, Scale::Linear);
        assert_eq!((ticks[1].as_str(), exponent), ("1", -7));
    }

    #[test]
    fn logarithmic_ticks_are_decades() {
        assert_eq!(
            labels(1e-9, 1e-6, Scale::Log).0,
            ["−9", "−8", "−7", "−6"].map(|e| format!("10^{{{e}}}"))
        );
    }

    #[test]
    fn a_constant_up_to_rounding_gets_a_range_of_its_own_size() {
        let range = Range::of([5.0, 5.0 + 1e-15].into_iter(), Scale::Linear).unwrap();
        assert!(range.low < 4.6 && range.high > 5.4);
        assert_eq!(Range::of([f64::NAN].into_iter(), Scale::Linear), None);
        assert_eq!(Range::of([-1.0].into_iter(), Scale::Log), None);
    }
}
