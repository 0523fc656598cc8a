//! Which Fourier modes a field keeps, in which order, and their wavenumbers.
//!
//! A real field on nx x ny x nz points is u(x) = sum_k u_k exp(i k.x) with u_-k the conjugate of
//! u_k, so that kx >= 0 suffices. Of N modes along an axis those with |j| < dealias N / 2 are
//! kept. With dealias = 2/3 a product of two kept fields, formed at the grid points, is free of
//! aliasing (S. A. Orszag, J. Atmos. Sci. 28 (1971) 1074): the method is then the Galerkin
//! method, and conserves what that conserves. Nothing else is stored or computed: the state has
//! 2/3, 4/9, 8/27 of the numbers of the grid in 1, 2, 3 dimensions.
//!
//! # Order
//! The **last axis runs fastest**: `[kx]`, `[kx][ky]`, `[kx][ky][kz]`, so that the transform along
//! it (the one across threads) reads contiguous numbers. Modes with the same wavenumbers along all
//! axes but the last form a *pencil*. kx runs 0..=K, the others 0, 1, .., K, -K, .., -1.

use num_complex::Complex64;
use pdesolve_mesh::Grid;

use super::equation::Wavenumber;

/// One axis: `n` points, `kept` modes, none above `cut`.
#[derive(Clone, Debug)]
pub(super) struct ModeAxis {
    /// Points.
    pub(super) n: usize,
    /// Modes kept; those of the half-spectrum for x.
    pub(super) kept: usize,
    /// Largest |j| kept.
    pub(super) cut: usize,
    /// 2 pi / length.
    unit: f64,
    half: bool,
}

impl ModeAxis {
    fn new(n: usize, length: f64, dealias: f64, half: bool) -> Self {
        // The largest integer strictly below dealias n / 2; everything where nothing is cut.
        let cut = if dealias >= 1.0 {
            n / 2
        } else {
            ((dealias * n as f64 * 0.5 - 1e-9).ceil() as usize).saturating_sub(1)
        };
        let kept = if half { cut + 1 } else { (2 * cut + 1).min(n) };
        Self {
            n,
            kept,
            cut,
            unit: std::f64::consts::TAU / length,
            half,
        }
    }

    /// Signed mode number at storage index `index`.
    fn number(&self, index: usize) -> f64 {
        if self.half || index <= self.cut {
            index as f64
        } else {
            index as f64 - self.kept as f64
        }
    }

    fn is_nyquist(&self, index: usize) -> bool {
        self.n.is_multiple_of(2) && index == self.n / 2 && self.cut == self.n / 2
    }

    /// Storage index of minus the mode at `index` (full axes).
    fn mirrored(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.kept - index }
    }
}

/// The kept modes of a field on a periodic grid.
#[derive(Clone, Debug)]
pub(super) struct Modes {
    /// Axes x, y, z as far as the grid has them.
    pub(super) axes: Vec<ModeAxis>,
}

impl Modes {
    pub(super) fn new(grid: &Grid, dealias: f64) -> Self {
        let axes = grid
            .axes()
            .iter()
            .enumerate()
            .map(|(a, axis)| ModeAxis::new(axis.len(), axis.length(), dealias, a == 0))
            .collect();
        Self { axes }
    }

    /// Numbers stored a field.
    pub(super) fn len(&self) -> usize {
        self.axes.iter().map(|a| a.kept).product()
    }

    /// The axis whose modes are contiguous.
    pub(super) fn last(&self) -> &ModeAxis {
        &self.axes[self.axes.len() - 1]
    }

    /// Number of pencils: 1 in one dimension.
    pub(super) fn pencils(&self) -> usize {
        self.len() / self.last().kept
    }

    /// Index along x, y, z of mode `mode`; 0 along axes the grid lacks.
    fn indices(&self, mode: usize) -> [usize; 3] {
        let mut indices = [0; 3];
        let mut rest = mode;
        for (a, axis) in self.axes.iter().enumerate().rev() {
            indices[a] = rest % axis.kept;
            rest /= axis.kept;
        }
        indices
    }

    /// Wavenumber of mode `mode`; Nyquist components count as positive.
    pub(super) fn wavenumber(&self, mode: usize) -> Wavenumber {
        let indices = self.indices(mode);
        let along = |a: usize| {
            self.axes
                .get(a)
                .map_or(0.0, |axis| axis.unit * axis.number(indices[a]))
        };
        Wavenumber {
            x: along(0),
            y: along(1),
            z: along(2),
        }
    }

    /// A symbol at mode `mode`, averaged over the signs of its Nyquist components.
    ///
    /// On an even grid exp(i N x / 2) and exp(-i N x / 2) have the same values, so one
    /// coefficient stands for half of each. The average is what keeps the field real: it makes
    /// odd derivatives vanish there and leaves even ones alone.
    pub(super) fn symbol(
        &self,
        mode: usize,
        function: &dyn Fn(Wavenumber) -> Complex64,
    ) -> Complex64 {
        let indices = self.indices(mode);
        let nyquist: [bool; 3] =
            std::array::from_fn(|a| self.axes.get(a).is_some_and(|x| x.is_nyquist(indices[a])));
        let k = self.wavenumber(mode);
        if nyquist == [false; 3] {
            return function(k);
        }
        let signs = |a: usize| -> &[f64] { if nyquist[a] { &[1.0, -1.0] } else { &[1.0] } };
        let mut sum = Complex64::ZERO;
        let mut count = 0.0;
        for sx in signs(0) {
            for sy in signs(1) {
                for sz in signs(2) {
                    sum += function(Wavenumber {
                        x: sx * k.x,
                        y: sy * k.y,
                        z: sz * k.z,
                    });
                    count += 1.0;
                }
            }
        }
        sum / count
    }

    /// How many modes of the full spectrum coefficient `mode` stands for: 1 where kx is 0 or
    /// Nyquist, 2 elsewhere.
    pub(super) fn weight(&self, mode: usize) -> f64 {
        let ix = self.indices(mode)[0];
        if ix == 0 || self.axes[0].is_nyquist(ix) {
            1.0
        } else {
            2.0
        }
    }

    /// Makes u_-k the conjugate of u_k where both are stored, that is where kx is 0 or Nyquist.
    ///
    /// Rounding leaves a remainder of 1e-16 that no transform to real values sees, but that a
    /// growing linear part (Kuramoto-Sivashinsky, Swift-Hohenberg) would amplify without limit.
    /// `coefficients` is `[pencil][field][mode of the last axis]`.
    pub(super) fn symmetrize(&self, fields: usize, coefficients: &mut [Complex64]) {
        let last = self.last();
        let x = &self.axes[0];
        for ix in [0, x.kept - 1] {
            if ix != 0 && !x.is_nyquist(ix) {
                continue;
            }
            if self.axes.len() == 1 {
                for field in coefficients.chunks_exact_mut(last.kept) {
                    field[ix].im = 0.0;
                }
                continue;
            }
            let across = if self.axes.len() == 3 {
                self.axes[1].kept
            } else {
                1
            };
            let start = |iy: usize, f: usize| ((ix * across + iy) * fields + f) * last.kept;
            for iy in 0..across {
                let mirror_y = if across == 1 {
                    0
                } else {
                    self.axes[1].mirrored(iy)
                };
                if mirror_y < iy {
                    continue;
                }
                for f in 0..fields {
                    for j in 0..last.kept {
                        let (a, b) = (start(iy, f) + j, start(mirror_y, f) + last.mirrored(j));
                        let mean = 0.5 * (coefficients[a] + coefficients[b].conj());
                        coefficients[a] = mean;
                        coefficients[b] = mean.conj();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn two_thirds_of_the_modes_are_kept_strictly_below_the_cut() {
        for (n, cut) in [(64, 21), (256, 85), (384, 127), (9, 2), (10, 3)] {
            assert_eq!(ModeAxis::new(n, 1.0, 2.0 / 3.0, false).cut, cut, "n = {n}");
        }
        assert_eq!(ModeAxis::new(8, 1.0, 1.0, false).kept, 8);
        assert_eq!(ModeAxis::new(9, 1.0, 1.0, false).kept, 9);
        assert_eq!(ModeAxis::new(8, 1.0, 1.0, true).kept, 5);
    }

    #[test]
    fn odd_derivatives_vanish_and_even_ones_stay_at_the_nyquist_mode() {
        let modes = Modes::new(&Grid::periodic_box(2, 8, TAU), 1.0);
        let nyquist_y = 4;
        assert_eq!(
            modes.symbol(nyquist_y, &|k| k.derivative(1, 1)),
            Complex64::ZERO
        );
        assert_eq!(modes.symbol(nyquist_y, &|k| k.derivative(1, 2)).re, -16.0);
        let nyquist_x = 4 * 8 + 3;
        assert_eq!(
            modes.symbol(nyquist_x, &|k| k.derivative(0, 1)),
            Complex64::ZERO
        );
        assert_eq!(modes.symbol(nyquist_x, &|k| k.derivative(1, 1)).im, 3.0);
    }
}
