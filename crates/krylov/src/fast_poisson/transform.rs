//! Sine, cosine and Fourier transforms of one real line, by real FFTs.
//!
//! | kind | coefficient j of x | FFT |
//! |---|---|---|
//! | DST-I | sum_i x_i sin(pi (i + 1) (j + 1) / (n + 1)) | of the odd extension, 2 (n + 1) |
//! | DST-II | sum_i x_i sin(pi (i + 1/2) (j + 1) / n) | DCT-II of (-1)^i x_i, reversed |
//! | DCT-I | sum_i w_i x_i cos(pi i j / (n - 1)), w = 1, 2, 2, .., 1 | of the even extension, 2 (n - 1) |
//! | DCT-II | sum_i x_i cos(pi (i + 1/2) j / n) | of the even samples, then the odd ones backwards, n |
//! | DFT | real and imaginary parts of sum_i x_i exp(-2 pi i j / n) | itself, n |
//!
//! Source of the DCT-II: Makhoul (1980), IEEE Trans. ASSP 28, 27.

use std::sync::Arc;

use num_complex::Complex;
use realfft::{ComplexToReal, FftNum, RealFftPlanner, RealToComplex};

use crate::scalar::Real;

/// The kinds of transforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sine1,
    Sine2,
    Cosine1,
    Cosine2,
    Fourier,
}

/// The plan of a transform of lines of n numbers.
#[derive(Clone)]
pub(super) struct Transform<T: FftNum> {
    kind: Kind,
    forward: Arc<dyn RealToComplex<T>>,
    backward: Arc<dyn ComplexToReal<T>>,
    /// exp(-i pi j / (2 n)), for the DCT-II.
    twiddles: Vec<Complex<T>>,
    /// What a forward and a backward transform multiply by, inverted.
    scale: T,
}

/// Memory of one transform at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch<T> {
    real: Vec<T>,
    complex: Vec<Complex<T>>,
    fft: Vec<Complex<T>>,
}

impl<T: Real + FftNum> Transform<T> {
    pub(super) fn new(kind: Kind, n: usize, planner: &mut RealFftPlanner<T>) -> Self {
        let length = match kind {
            Kind::Sine1 => 2 * (n + 1),
            Kind::Cosine1 => 2 * (n - 1),
            Kind::Sine2 | Kind::Cosine2 | Kind::Fourier => n,
        };
        let twiddles = (0..=n / 2)
            .map(|j| {
                let angle = -std::f64::consts::PI * j as f64 / (2.0 * n as f64);
                Complex::new(real(angle.cos()), real(angle.sin()))
            })
            .collect();
        let scale = match kind {
            Kind::Sine1 => 2.0 / (n + 1) as f64,
            Kind::Cosine1 => 1.0 / length as f64,
            Kind::Sine2 | Kind::Cosine2 | Kind::Fourier => 1.0 / n as f64,
        };
        Self {
            kind,
            forward: planner.plan_fft_forward(length),
            backward: planner.plan_fft_inverse(length),
            twiddles,
            scale: real(scale),
        }
    }

    pub(super) fn scratch(&self) -> Scratch<T> {
        let fft = self
            .forward
            .get_scratch_len()
            .max(self.backward.get_scratch_len());
        Scratch {
            real: self.forward.make_input_vec(),
            complex: self.forward.make_output_vec(),
            fft: vec![Complex::default(); fft],
        }
    }

    fn to_complex(&self, s: &mut Scratch<T>) {
        self.forward
            .process_with_scratch(&mut s.real, &mut s.complex, &mut s.fft)
            .expect("buffers made by the plan");
    }

    fn to_real(&self, s: &mut Scratch<T>) {
        // The spectrum of real numbers has a real mean and, for even lengths, a real last entry.
        let zero: T = real(0.0);
        s.complex[0].im = zero;
        if s.real.len().is_multiple_of(2) {
            let last = s.complex.len() - 1;
            s.complex[last].im = zero;
        }
        self.backward
            .process_with_scratch(&mut s.complex, &mut s.real, &mut s.fft)
            .expect("buffers made by the plan");
    }

    /// x becomes its coefficients.
    pub(super) fn forward(&self, x: &mut [T], s: &mut Scratch<T>) {
        match self.kind {
            Kind::Sine1 => self.sine1(x, s, real(1.0)),
            Kind::Cosine1 => {
                // Rows of the symmetric operator are halved at the ends.
                let last = x.len() - 1;
                x[0] = x[0] + x[0];
                x[last] = x[last] + x[last];
                self.cosine1(x, s, real(1.0));
            }
            Kind::Sine2 => {
                alternate(x);
                self.cosine2(x, s);
                x.reverse();
            }
            Kind::Cosine2 => self.cosine2(x, s),
            Kind::Fourier => {
                s.real.copy_from_slice(x);
                self.to_complex(s);
                x[0] = s.complex[0].re;
                for (pair, c) in x[1..].chunks_mut(2).zip(&s.complex[1..]) {
                    pair[0] = c.re;
                    if let Some(im) = pair.get_mut(1) {
                        *im = c.im;
                    }
                }
            }
        }
    }

    /// Coefficients become x again.
    pub(super) fn backward(&self, x: &mut [T], s: &mut Scratch<T>) {
        match self.kind {
            Kind::Sine1 => self.sine1(x, s, self.scale),
            Kind::Cosine1 => self.cosine1(x, s, self.scale),
            Kind::Sine2 => {
                x.reverse();
                self.cosine2_backward(x, s);
                alternate(x);
            }
            Kind::Cosine2 => self.cosine2_backward(x, s),
            Kind::Fourier => {
                let zero: T = real(0.0);
                s.complex[0] = Complex::new(x[0], zero);
                for (pair, c) in x[1..].chunks(2).zip(&mut s.complex[1..]) {
                    *c = Complex::new(pair[0], pair.get(1).copied().unwrap_or(zero));
                }
                self.to_real(s);
                for (x, &r) in x.iter_mut().zip(&s.real) {
                    *x = self.scale * r;
                }
            }
        }
    }

    fn sine1(&self, x: &mut [T], s: &mut Scratch<T>, scale: T) {
        let n = x.len();
        let zero: T = real(0.0);
        s.real[0] = zero;
        s.real[n + 1] = zero;
        s.real[1..=n].copy_from_slice(x);
        for (r, &x) in s.real[n + 2..].iter_mut().rev().zip(x.iter()) {
            *r = -x;
        }
        self.to_complex(s);
        let factor = scale * real(-0.5);
        for (x, c) in x.iter_mut().zip(&s.complex[1..]) {
            *x = factor * c.im;
        }
    }

    fn cosine1(&self, x: &mut [T], s: &mut Scratch<T>, scale: T) {
        let n = x.len();
        s.real[..n].copy_from_slice(x);
        for (r, &x) in s.real[n..].iter_mut().rev().zip(&x[1..]) {
            *r = x;
        }
        self.to_complex(s);
        for (x, c) in x.iter_mut().zip(&s.complex) {
            *x = scale * c.re;
        }
    }

    fn cosine2(&self, x: &mut [T], s: &mut Scratch<T>) {
        let n = x.len();
        for (r, pair) in s.real.iter_mut().zip(x.chunks(2)) {
            *r = pair[0];
        }
        for (r, pair) in s.real.iter_mut().rev().zip(x.chunks_exact(2)) {
            *r = pair[1];
        }
        self.to_complex(s);
        x[0] = s.complex[0].re;
        for j in 1..=n / 2 {
            let z = self.twiddles[j] * s.complex[j];
            x[n - j] = -z.im;
            x[j] = z.re;
        }
    }

    fn cosine2_backward(&self, x: &mut [T], s: &mut Scratch<T>) {
        let n = x.len();
        s.complex[0] = Complex::new(x[0], real(0.0));
        for j in 1..=n / 2 {
            s.complex[j] = self.twiddles[j].conj() * Complex::new(x[j], -x[n - j]);
        }
        self.to_real(s);
        for (&r, pair) in s.real.iter().zip(x.chunks_mut(2)) {
            pair[0] = self.scale * r;
        }
        for (&r, pair) in s.real.iter().rev().zip(x.chunks_exact_mut(2)) {
            pair[1] = self.scale * r;
        }
    }
}

/// A number as T: `FftNum` has a method of the same name as `Scalar`.
pub(super) fn real<T: Real>(value: f64) -> T {
    T::from_f64(value)
}

/// x_i = (-1)^i x_i.
fn alternate<T: Real>(x: &mut [T]) {
    for x in x.iter_mut().skip(1).step_by(2) {
        *x = -*x;
    }
}
