//! Fourier transforms between kept modes and grid points, in 1, 2 and 3 dimensions.
//!
//! Along x a grid line goes to its half-spectrum (in 1-D by a real FFT, else two lines at a time by
//! one complex FFT); along y and z complex FFTs follow.
//! Modes above the dealiasing cut are never transformed: with the 2/3 rule a third of the columns
//! falls away along y, five ninths of them along z.
//!
//! The data passes through two arrays, and no full array of grid values exists:
//!
//! ```text
//! coefficients [pencil][mode] --inverse along last axis--> inverse [pencil][input][point]
//! inverse --one slab at a time: inverse FFTs, pointwise work, forward FFTs--> forward [slab][product][pencil]
//! forward --forward along last axis--> coefficients
//! ```
//!
//! A *slab* is what has one coordinate along the last axis: a grid line in 2-D, a plane in 3-D.
//! Pencils and slabs are the units of parallel work; each writes its own part of an array and
//! gathers what it needs from the other array in blocks of whole cache lines, so that the
//! transposition costs no pass of its own and results do not depend on the number of threads.
//!
//! Each transform is by rustfft (mixed radix, Bluestein for large primes) and realfft.

use std::sync::Arc;

use num_complex::Complex64;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use super::modes::Modes;

/// Pencils, rows or columns moved together: 8 complex numbers are two cache lines.
pub(super) const BLOCK: usize = 8;
/// Planes worked on together in 3-D: 4 complex numbers are one cache line.
pub(super) const PLANES: usize = 4;
/// Most inputs, and most products, an equation may have.
pub(super) const MAX_OPERANDS: usize = 32;

struct ComplexAxis {
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    n: usize,
    kept: usize,
    cut: usize,
}

impl ComplexAxis {
    /// Puts kept modes where an FFT of n points expects them.
    fn spread(&self, kept: &[Complex64], full: &mut [Complex64]) {
        if self.kept == self.n {
            full.copy_from_slice(kept);
            return;
        }
        let low = self.cut + 1;
        full[..low].copy_from_slice(&kept[..low]);
        full[low..self.n - self.cut].fill(Complex64::ZERO);
        full[self.n - self.cut..].copy_from_slice(&kept[low..]);
    }

    /// The two runs of kept modes in the result of an FFT, each with the place of its first mode.
    fn runs<'a>(&self, full: &'a [Complex64]) -> [(usize, &'a [Complex64]); 2] {
        if self.kept == self.n {
            return [(0, full), (self.n, &[])];
        }
        let low = self.cut + 1;
        [(0, &full[..low]), (low, &full[self.n - self.cut..])]
    }
}

/// Plans for one grid.
pub(super) struct Transform {
    to_complex: Arc<dyn RealToComplex<f64>>,
    to_real: Arc<dyn ComplexToReal<f64>>,
    x_forward: Arc<dyn Fft<f64>>,
    x_inverse: Arc<dyn Fft<f64>>,
    /// y in 2-D; y and z in 3-D.
    axes: Vec<ComplexAxis>,
    nx: usize,
    /// Length of the half-spectrum of a line.
    half: usize,
    /// Modes kept along x.
    pub(super) kept_x: usize,
}

/// Buffers of one thread.
pub(super) struct Scratch {
    /// Gathered slabs in 3-D: `[plane][input][plane mode]`.
    planes: Vec<Complex64>,
    /// A plane with x in modes and y in points: `[kx][input][y]`, then `[y][product][kx]`.
    columns: Vec<Complex64>,
    rows: Vec<Complex64>,
    /// Spectra of a block of lines.
    lines: Vec<Complex64>,
    /// Inputs at grid points: `[input][line of the block][x]`.
    inputs: Vec<f64>,
    /// Products at grid points: `[line of a pair][product][x]`.
    products: Vec<f64>,
    /// A block of columns.
    pub(super) block: Vec<Complex64>,
    pub(super) fft: Vec<Complex64>,
    /// What a nonlinear evaluation and a stage need of one pencil.
    pub(super) nonlinear: Vec<Complex64>,
    pub(super) value: Vec<Complex64>,
}

impl Transform {
    pub(super) fn new(modes: &Modes) -> Self {
        let mut real = RealFftPlanner::new();
        let mut complex = FftPlanner::new();
        let x = &modes.axes[0];
        Self {
            to_complex: real.plan_fft_forward(x.n),
            to_real: real.plan_fft_inverse(x.n),
            x_forward: complex.plan_fft_forward(x.n),
            x_inverse: complex.plan_fft_inverse(x.n),
            axes: modes.axes[1..]
                .iter()
                .map(|axis| ComplexAxis {
                    forward: complex.plan_fft_forward(axis.n),
                    inverse: complex.plan_fft_inverse(axis.n),
                    n: axis.n,
                    kept: axis.kept,
                    cut: axis.cut,
                })
                .collect(),
            nx: x.n,
            half: x.n / 2 + 1,
            kept_x: x.kept,
        }
    }

    /// Buffers for `inputs` inputs, `products` products and `fields` fields.
    pub(super) fn scratch(&self, inputs: usize, products: usize, fields: usize) -> Scratch {
        let zeros = |n: usize| vec![Complex64::ZERO; n];
        let most = inputs.max(products).max(1);
        let dim = 1 + self.axes.len();
        // Lines of inputs and of products at a time, and complex numbers for their spectra.
        let (lines, pair, spectra) = if dim == 1 {
            (1, 1, self.half)
        } else {
            (BLOCK, 2, BLOCK / 2 * pitch(self.nx))
        };
        let (mut planes, mut columns, mut rows) = (0, 0, 0);
        if let [y, _] = &self.axes[..] {
            planes = PLANES * inputs * self.kept_x * y.kept;
            columns = points_pitch(inputs, y.n) * self.kept_x;
            rows = products * self.kept_x * y.n;
        }
        let longest = self.axes.iter().map(|a| a.n).max().unwrap_or(0);
        let last = self.axes.last().map_or(self.kept_x, |a| a.kept);
        let fft = (self.axes.iter())
            .flat_map(|a| [&a.forward, &a.inverse])
            .chain([&self.x_forward, &self.x_inverse])
            .map(|p| p.get_inplace_scratch_len())
            .chain([
                self.to_complex.get_scratch_len(),
                self.to_real.get_scratch_len(),
            ])
            .max();
        Scratch {
            planes: zeros(planes),
            columns: zeros(columns),
            rows: zeros(rows),
            lines: zeros(spectra),
            inputs: vec![0.0; most * lines * self.nx],
            products: vec![0.0; pair * products.max(1) * self.nx],
            block: zeros(BLOCK * (longest + BLOCK / 2)),
            fft: zeros(fft.unwrap_or(0)),
            nonlinear: zeros(BLOCK * fields * last),
            value: zeros(fields * last),
        }
    }

    /// Half-spectrum to grid line. Unused high modes of `line` must be 0; `line` is spoilt.
    fn line_to_real(&self, line: &mut [Complex64], out: &mut [f64], fft: &mut [Complex64]) {
        // realfft insists that what must be real is so to the bit.
        line[0].im = 0.0;
        if self.nx.is_multiple_of(2) {
            line[self.half - 1].im = 0.0;
        }
        self.to_real
            .process_with_scratch(line, out, fft)
            .unwrap_or_else(|error| unreachable!("buffers fit the plan: {error}"));
    }

    fn line_to_complex(&self, values: &mut [f64], line: &mut [Complex64], fft: &mut [Complex64]) {
        self.to_complex
            .process_with_scratch(values, line, fft)
            .unwrap_or_else(|error| unreachable!("buffers fit the plan: {error}"));
    }

    /// One dimension, input side: `fill(i, line)` writes the kept modes of each of `inputs`
    /// inputs; then `pointwise(inputs, products)` and `take(q, line)` for each of `products`
    /// products, whose modes are those of an unnormalised forward transform.
    pub(super) fn line(
        &self,
        inputs: usize,
        products: usize,
        scratch: &mut Scratch,
        mut fill: impl FnMut(usize, &mut [Complex64]),
        pointwise: impl FnOnce(&[&[f64]], &mut [&mut [f64]]),
        mut take: impl FnMut(usize, &[Complex64]),
    ) {
        let nx = self.nx;
        for (i, values) in scratch.inputs.chunks_exact_mut(nx).take(inputs).enumerate() {
            let line = &mut scratch.lines[..];
            fill(i, &mut line[..self.kept_x]);
            line[self.kept_x..].fill(Complex64::ZERO);
            self.line_to_real(line, values, &mut scratch.fft);
        }
        call_pointwise(
            &scratch.inputs,
            nx,
            inputs,
            &mut scratch.products,
            nx,
            products,
            pointwise,
        );
        for (q, values) in scratch
            .products
            .chunks_exact_mut(nx)
            .take(products)
            .enumerate()
        {
            self.line_to_complex(values, &mut scratch.lines, &mut scratch.fft);
            take(q, &scratch.lines[..self.kept_x]);
        }
    }

    /// Inverse transform along the last axis of all `inputs` inputs of one pencil.
    ///
    /// `fill(i, modes)` writes the kept modes of input i; `points` is `[input][point]`.
    pub(super) fn pencil_inverse(
        &self,
        inputs: usize,
        points: &mut [Complex64],
        block: &mut [Complex64],
        fft: &mut [Complex64],
        mut fill: impl FnMut(usize, &mut [Complex64]),
    ) {
        let axis = &self.axes[self.axes.len() - 1];
        let points = &mut points[..inputs * axis.n];
        for (i, points) in points.chunks_exact_mut(axis.n).enumerate() {
            fill(i, &mut block[..axis.kept]);
            axis.spread(&block[..axis.kept], points);
        }
        axis.inverse.process_with_scratch(points, fft);
    }

    /// Forward transforms along the last axis of product `product` for the pencils
    /// `first..first + count`, at most [`BLOCK`] of them.
    ///
    /// `forward` is `[slab][product][pencil]`; `take(b, start, modes)` receives, for pencil
    /// `first + b`, runs of kept modes and the storage index of the first of each run.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn pencil_forward(
        &self,
        forward: &[Complex64],
        (product, products): (usize, usize),
        (first, count): (usize, usize),
        pencils: usize,
        block: &mut [Complex64],
        fft: &mut [Complex64],
        mut take: impl FnMut(usize, usize, &[Complex64]),
    ) {
        let axis = &self.axes[self.axes.len() - 1];
        self.gather_columns(
            axis,
            &forward[product * pencils + first..],
            products * pencils,
            count,
            block,
        );
        for (b, column) in columns_of(block, axis.n).take(count).enumerate() {
            axis.forward.process_with_scratch(column, fft);
            for (start, run) in axis.runs(column) {
                if !run.is_empty() {
                    take(b, start, run);
                }
            }
        }
    }

    /// Copies `count` neighbouring columns of an array with rows `stride` apart.
    fn gather_columns(
        &self,
        axis: &ComplexAxis,
        from: &[Complex64],
        stride: usize,
        count: usize,
        block: &mut [Complex64],
    ) {
        let pitch = pitch(axis.n);
        for j in 0..axis.n {
            let row = &from[j * stride..j * stride + count];
            for (b, &value) in row.iter().enumerate() {
                block[b * pitch + j] = value;
            }
        }
    }

    /// Slabs `first..first + count`: from `inverse` (all of it) to grid points, `pointwise` on each
    /// grid line, and back into `forward` (the part of these slabs).
    ///
    /// `inverse` is `[pencil][input][slab]`, `forward` `[slab][product][pencil]`.
    /// `pointwise(row, inputs, products)` is given the number of the grid line.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn slabs(
        &self,
        (first, count): (usize, usize),
        inverse: &[Complex64],
        inputs: usize,
        forward: &mut [Complex64],
        products: usize,
        scratch: &mut Scratch,
        mut pointwise: impl FnMut(usize, &[&[f64]], &mut [&mut [f64]]),
    ) {
        let Scratch {
            planes,
            columns,
            rows,
            lines,
            inputs: values_in,
            products: values_out,
            block,
            fft,
            ..
        } = scratch;
        match &self.axes[..] {
            [y] => self.lines(
                (first, count, 0),
                inverse,
                y.n,
                inputs,
                forward,
                products,
                (lines, values_in, values_out, fft),
                &mut pointwise,
            ),
            [y, z] => {
                let modes = self.kept_x * y.kept;
                gather_planes(inverse, z.n, inputs * modes, inputs, first, count, planes);
                for plane in 0..count {
                    let kept = &planes[plane * inputs * modes..(plane + 1) * inputs * modes];
                    let pitch = points_pitch(inputs, y.n).max(1);
                    for (kx, of_kx) in columns.chunks_exact_mut(pitch).enumerate() {
                        let of_kx = &mut of_kx[..inputs * y.n];
                        for (i, column) in of_kx.chunks_exact_mut(y.n).enumerate() {
                            let at = (i * self.kept_x + kx) * y.kept;
                            y.spread(&kept[at..at + y.kept], column);
                        }
                        y.inverse.process_with_scratch(of_kx, fft);
                    }
                    for line in (0..y.n).step_by(BLOCK) {
                        let of_block = BLOCK.min(y.n - line);
                        let width = products * self.kept_x;
                        self.lines(
                            (line, of_block, (first + plane) * y.n),
                            columns,
                            y.n,
                            inputs,
                            &mut rows[line * width..(line + of_block) * width],
                            products,
                            (lines, values_in, values_out, fft),
                            &mut pointwise,
                        );
                    }
                    for q in 0..products {
                        let at = (plane * products + q) * modes;
                        let out = &mut forward[at..at + modes];
                        for kx in (0..self.kept_x).step_by(BLOCK) {
                            let of_block = BLOCK.min(self.kept_x - kx);
                            let from = &rows[q * self.kept_x + kx..];
                            self.gather_columns(y, from, products * self.kept_x, of_block, block);
                            for (b, column) in columns_of(block, y.n).take(of_block).enumerate() {
                                y.forward.process_with_scratch(column, fft);
                                for (start, run) in y.runs(column) {
                                    let at = (kx + b) * y.kept + start;
                                    out[at..at + run.len()].copy_from_slice(run);
                                }
                            }
                        }
                    }
                }
            }
            _ => unreachable!("slabs exist in 2-D and 3-D"),
        }
    }

    /// Grid lines `first..first + count` of a plane whose first line has number `offset`.
    ///
    /// `columns` is `[kx][input][y]` (see [`points_pitch`]), `out` `[line][product][kx]`. Two lines
    /// u, v share one complex transform of u + i v: no pass over twiddle factors as a real FFT
    /// of half the length has, and modes above the cut are skipped in packing and unpacking.
    /// (On 256 x 256 as fast as realfft within what could be measured; what takes the time here
    /// is the gather from `columns`.)
    #[allow(clippy::too_many_arguments)]
    fn lines(
        &self,
        (first, count, offset): (usize, usize, usize),
        columns: &[Complex64],
        ny: usize,
        inputs: usize,
        out: &mut [Complex64],
        products: usize,
        (lines, values_in, values_out, fft): (
            &mut [Complex64],
            &mut [f64],
            &mut [f64],
            &mut [Complex64],
        ),
        pointwise: &mut impl FnMut(usize, &[&[f64]], &mut [&mut [f64]]),
    ) {
        let (nx, kept) = (self.nx, self.kept_x);
        let pitch = pitch(nx);
        let stride = points_pitch(inputs, ny);
        for i in 0..inputs {
            for kx in 0..kept {
                let at = kx * stride + i * ny + first;
                // The mean and the Nyquist mode are real.
                let real = kx == 0 || 2 * kx == nx;
                for (c, pair) in columns[at..at + count].chunks(2).enumerate() {
                    let u = pair[0];
                    let v = pair.get(1).copied().unwrap_or_default();
                    if real {
                        lines[c * pitch + kx] = Complex64::new(u.re, v.re);
                    } else {
                        lines[c * pitch + kx] = Complex64::new(u.re - v.im, u.im + v.re);
                        lines[c * pitch + nx - kx] = Complex64::new(u.re + v.im, v.re - u.im);
                    }
                }
            }
            for c in 0..count.div_ceil(2) {
                let line = &mut lines[c * pitch..c * pitch + nx];
                if kept + kept <= nx {
                    line[kept..=nx - kept].fill(Complex64::ZERO);
                }
                self.x_inverse.process_with_scratch(line, fft);
                let at = (i * BLOCK + 2 * c) * nx;
                let (u, v) = values_in[at..at + 2 * nx].split_at_mut(nx);
                for ((u, v), z) in u.iter_mut().zip(v).zip(&*line) {
                    (*u, *v) = (z.re, z.im);
                }
            }
        }
        for b in (0..count).step_by(2) {
            let (low, high) = values_out.split_at_mut(products * nx);
            for (b, values_out) in [(b, &mut *low), (b + 1, &mut *high)] {
                if b < count {
                    let inputs_of_line = values_in.get(b * nx..).unwrap_or_default();
                    call_pointwise(
                        inputs_of_line,
                        BLOCK * nx,
                        inputs,
                        values_out,
                        nx,
                        products,
                        |i: &[&[f64]], p: &mut [&mut [f64]]| pointwise(offset + first + b, i, p),
                    );
                }
            }
            let pairs = low.chunks_exact(nx).zip(high.chunks_exact(nx));
            for (q, (u, v)) in pairs.take(products).enumerate() {
                let line = &mut lines[..nx];
                for ((z, &u), &v) in line.iter_mut().zip(u).zip(v) {
                    *z = Complex64::new(u, v);
                }
                self.x_forward.process_with_scratch(line, fft);
                // u_k = (z_k + conj z_-k) / 2,  v_k = (z_k - conj z_-k) / 2i.
                let at = (b * products + q) * kept;
                let (out_u, rest) = out[at..].split_at_mut(kept);
                let mirrored = line[..1].iter().chain(line[1..].iter().rev());
                let modes = line.iter().zip(mirrored).take(kept);
                if b + 1 < count {
                    let out_v = &mut rest[(products - 1) * kept..products * kept];
                    for ((u, v), (z, m)) in out_u.iter_mut().zip(out_v).zip(modes) {
                        *u = Complex64::new(0.5 * (z.re + m.re), 0.5 * (z.im - m.im));
                        *v = Complex64::new(0.5 * (z.im + m.im), 0.5 * (m.re - z.re));
                    }
                } else {
                    for (u, (z, m)) in out_u.iter_mut().zip(modes) {
                        *u = Complex64::new(0.5 * (z.re + m.re), 0.5 * (z.im - m.im));
                    }
                }
            }
        }
    }

    /// Slabs of the grid: points along the last axis.
    pub(super) fn slab_count(&self) -> usize {
        self.axes.last().map_or(1, |axis| axis.n)
    }

    /// Slabs worked on together.
    pub(super) fn slabs_together(&self) -> usize {
        if self.axes.len() == 2 { PLANES } else { BLOCK }
    }
}

/// Distance between the columns of a block: half a BLOCK more than a power of two, lest eight
/// columns share the same few places of the first-level cache.
fn pitch(n: usize) -> usize {
    n + BLOCK / 2
}

/// Complex numbers a pencil takes in an array `[pencil][input][point]`: for the same reason some
/// more than a multiple of a power of two.
pub(super) fn points_pitch(inputs: usize, n: usize) -> usize {
    if inputs == 0 { 0 } else { inputs * n + PAD }
}

/// Unused numbers after a pencil: one cache line.
const PAD: usize = 4;

fn columns_of(block: &mut [Complex64], n: usize) -> impl Iterator<Item = &mut [Complex64]> {
    block
        .chunks_exact_mut(pitch(n))
        .map(move |column| &mut column[..n])
}

/// Gathers planes `first..first + count` of `[pencil][input][plane]` into `[plane][input][pencil]`.
fn gather_planes(
    inverse: &[Complex64],
    nz: usize,
    size: usize,
    inputs: usize,
    first: usize,
    count: usize,
    planes: &mut [Complex64],
) {
    if inputs == 0 {
        return;
    }
    let modes = size / inputs;
    for (pencil, of_pencil) in inverse.chunks_exact(points_pitch(inputs, nz)).enumerate() {
        for (i, points) in of_pencil.chunks_exact(nz).take(inputs).enumerate() {
            for (b, &value) in points[first..first + count].iter().enumerate() {
                planes[b * size + i * modes + pencil] = value;
            }
        }
    }
}

/// Calls `pointwise` with slices of length `nx`: inputs `stride` apart, products one after another.
fn call_pointwise(
    inputs: &[f64],
    stride: usize,
    input_count: usize,
    products: &mut [f64],
    nx: usize,
    product_count: usize,
    pointwise: impl FnOnce(&[&[f64]], &mut [&mut [f64]]),
) {
    // Arrays on the stack: no allocation a row.
    let mut parts = products.chunks_exact_mut(nx);
    let mut out: [&mut [f64]; MAX_OPERANDS] =
        std::array::from_fn(|_| parts.next().unwrap_or_default());
    let mut values: [&[f64]; MAX_OPERANDS] = [&[]; MAX_OPERANDS];
    for (i, value) in values.iter_mut().enumerate().take(input_count) {
        *value = &inputs[i * stride..i * stride + nx];
    }
    pointwise(&values[..input_count], &mut out[..product_count]);
}
