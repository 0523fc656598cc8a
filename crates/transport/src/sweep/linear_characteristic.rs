//! Linear characteristic scheme (linear moments): exact flight through a cell with a linear
//! source.
//!
//! With t = sigma_t h/mu, source s_0 + s_1 xi and xi from -1 to 1 in the direction of flight, the
//! scheme is balance, first moment and the exact edge flux:
//!
//! ```text
//! psi_out - psi_in + t psi_0 = (h/mu) s_0
//! psi_out + psi_in - 2 psi_0 + (t/3) psi_1 = (h/mu) s_1/3
//! psi_out = e psi_in + (h/mu) (E s_0 + t H s_1)
//! ```
//!
//! Solved for the two moments that is
//!
//! ```text
//! psi_0 = E psi_in + (h/mu) (F s_0 - H s_1)
//! psi_1 = -3 t H psi_in + (h/mu) (3 H s_0 + K s_1)
//! e = exp(-t)        E = (1 - e)/t              F = (1 - E)/t
//! H = (2 F - E)/t    K = (1 - 3 (2 + t) H)/t
//! ```
//!
//! Read from left to right each division by t loses digits of thin cells. There K comes from its
//! series and the others from K, read from right to left, where nothing cancels:
//!
//! ```text
//! K = 3 sum_{n >= 1} (-1)^(n+1) n (n + 3)/(n + 4)! t^n
//! H = (1 - t K)/(3 (2 + t))    F = (1 + t H)/(2 + t)    E = 1 - t F    e = 1 - t E
//! ```
//!
//! A void cell (t = 0) is no special case. Order 4 in cell averages and edge fluxes, 2 at points
//! inside cells; with the diffusion limit. Edge fluxes and averages are positive where the linear
//! source is. Bad at: cost, an exponential or a series of 17 terms for each cell and ordinate.
//!
//! Sources: Vaidyanathan, Nucl. Sci. Eng. 71 (1979) 46; Larsen, Nucl. Sci. Eng. 82 (1982) 47.

use super::slab::{CellScheme, LANES, Lanes};

/// Exact flight with a linear source.
#[derive(Clone, Copy, Debug)]
pub struct LinearCharacteristic;

/// What a cell of optical path t does; see the head of this file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flight {
    e: f64,
    big_e: f64,
    f: f64,
    h: f64,
    k: f64,
}

/// Below this optical path the series is used.
const SERIES_BELOW: f64 = 1.0;

/// Terms of the series that reach the last digit at t = 1.
const TERMS: usize = 17;

/// 3 (-1)^(n+1) n (n + 3)/(n + 4)! for n from 1.
const SERIES: [f64; TERMS] = {
    let mut series = [0.0; TERMS];
    let mut factorial = 24.0;
    let mut sign = 3.0;
    let mut n = 1;
    while n <= TERMS {
        factorial *= (n + 4) as f64;
        series[n - 1] = sign * (n * (n + 3)) as f64 / factorial;
        sign = -sign;
        n += 1;
    }
    series
};

/// K by its series, for all ordinates of a block at once.
#[inline(always)]
fn series(t: &Lanes) -> Lanes {
    let mut sum = [0.0; LANES];
    for c in SERIES.iter().rev() {
        for n in 0..LANES {
            sum[n] = (sum[n] + c) * t[n];
        }
    }
    sum
}

/// From K down to e.
#[inline(always)]
fn thin(t: f64, k: f64) -> Flight {
    let over = 1.0 / (2.0 + t);
    let h = (1.0 - t * k) * over / 3.0;
    let f = (1.0 + t * h) * over;
    let big_e = 1.0 - t * f;
    let e = 1.0 - t * big_e;
    Flight { e, big_e, f, h, k }
}

/// From e up to K.
#[inline(always)]
fn thick(t: f64) -> Flight {
    let e = (-t).exp();
    let over_t = 1.0 / t;
    let big_e = (1.0 - e) * over_t;
    let f = (1.0 - big_e) * over_t;
    let h = (2.0 * f - big_e) * over_t;
    let k = (1.0 - 3.0 * (2.0 + t) * h) * over_t;
    Flight { e, big_e, f, h, k }
}

impl CellScheme<2> for LinearCharacteristic {
    #[inline(always)]
    fn solve(
        &self,
        total: f64,
        h: f64,
        mu: &Lanes,
        source: &[Lanes; 2],
        edge: &mut Lanes,
        psi: &mut [Lanes; 2],
    ) {
        let path = mu.map(|mu| h / mu);
        let t = path.map(|path| total * path);
        let thinnest = t.iter().copied().fold(f64::INFINITY, f64::min);
        let k = if thinnest < SERIES_BELOW {
            series(&t)
        } else {
            [0.0; LANES]
        };
        for n in 0..LANES {
            let (t, path) = (t[n], path[n]);
            let x = if t < SERIES_BELOW {
                thin(t, k[n])
            } else {
                thick(t)
            };
            let inside = edge[n];
            let (q0, q1) = (path * source[0][n], path * source[1][n]);
            psi[0][n] = x.big_e * inside + x.f * q0 - x.h * q1;
            psi[1][n] = 3.0 * x.h * (q0 - t * inside) + x.k * q1;
            edge[n] = x.e * inside + x.big_e * q0 + t * x.h * q1;
        }
    }
}
