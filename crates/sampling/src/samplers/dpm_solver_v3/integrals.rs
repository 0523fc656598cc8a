//! Integrals of the statistics over one step, by the trapezoidal rule.

use super::statistics::{Known, Linear};

/// What one step from s to t needs of the statistics of one unknown. With L and S the integrals of
/// l and s from lambda_s, and u = lambda - lambda_s:
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Integrals {
    /// e^(-L_t).
    pub decay: f64,
    /// e^(S_t).
    pub growth: f64,
    /// B_t = int e^(-S) b.
    pub shift: f64,
    /// int e^(L + S) B.
    pub constant: f64,
    /// int e^(L + S) u^k, k = 0..3.
    pub moments: [f64; 4],
}

/// The integrals from lambda = `from` to `to` over `cells` equal cells, unknown by unknown.
///
/// They begin at s, not at the start of sampling: over a long range e^L and e^S would leave the
/// range of floating-point numbers, and only ratios of them are used.
pub(super) fn integrate(
    statistics: &Known,
    from: f64,
    to: f64,
    cells: usize,
    unknowns: usize,
) -> Vec<Integrals> {
    let width = (to - from) / cells as f64;
    let mut before = vec![Linear::default(); unknowns];
    let mut after = before.clone();
    // L and S so far; B is `shift`.
    let mut exponents = vec![(0.0, 0.0); unknowns];
    let mut sums = vec![Integrals::default(); unknowns];
    statistics.at(from, &mut before);
    for cell in 0..cells {
        let (u0, u1) = (width * cell as f64, width * (cell + 1) as f64);
        statistics.at(from + u1, &mut after);
        for i in 0..unknowns {
            let (one, two) = (before[i], after[i]);
            let (l0, s0) = exponents[i];
            let l1 = l0 + 0.5 * width * (one.l + two.l);
            let s1 = s0 + 0.5 * width * (one.s + two.s);
            let (w0, w1) = (0.5 * width * (l0 + s0).exp(), 0.5 * width * (l1 + s1).exp());
            let sum = &mut sums[i];
            let b0 = sum.shift;
            let b1 = b0 + 0.5 * width * ((-s0).exp() * one.b + (-s1).exp() * two.b);
            sum.shift = b1;
            sum.constant += w0 * b0 + w1 * b1;
            for (k, moment) in sum.moments.iter_mut().enumerate() {
                *moment += w0 * u0.powi(k as i32) + w1 * u1.powi(k as i32);
            }
            exponents[i] = (l1, s1);
        }
        std::mem::swap(&mut before, &mut after);
    }
    for (sum, (l, s)) in sums.iter_mut().zip(exponents) {
        sum.decay = (-l).exp();
        sum.growth = s.exp();
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::statistics::{Known, Linear};
    use super::integrate;

    #[test]
    fn integrals_of_constant_statistics_are_the_closed_ones_to_second_order() {
        // l = 1, s = b = 0: int_0^h e^u du = e^h - 1 and int_0^h e^u u du = (h - 1) e^h + 1.
        let h: f64 = 0.7;
        let statistics = Known::Constant(Linear {
            l: 1.0,
            ..Linear::default()
        });
        let off = |cells| {
            let got = integrate(&statistics, -0.3, 0.4, cells, 1)[0];
            assert!((got.decay - (-h).exp()).abs() < 1e-14);
            assert!(got.growth == 1.0 && got.shift == 0.0 && got.constant == 0.0);
            [
                (got.moments[0] - h.exp_m1()).abs(),
                (got.moments[1] - ((h - 1.0) * h.exp() + 1.0)).abs(),
            ]
        };
        for (coarse, fine) in off(20).into_iter().zip(off(40)) {
            assert!((coarse / fine - 4.0).abs() < 0.01, "{coarse:e} {fine:e}");
        }
    }
}
