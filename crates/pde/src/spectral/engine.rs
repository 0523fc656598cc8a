//! One step of one trajectory: nonlinear terms and stages, fused with the transforms.
//!
//! In 1-D a trajectory's whole step is done by one thread, in cache. In 2-D and 3-D a stage is
//! two parallel sweeps: over slabs (to grid points, products, back), and over pencils (finish the
//! transform of the products, add up N, do the stage, begin the transform of the next inputs).

use std::sync::{Arc, Mutex, PoisonError};

use num_complex::Complex64;
use pdesolve_mesh::Grid;
use rayon::prelude::*;

use super::equation::SpectralEquation;
use super::modes::Modes;
use super::multiplier::Multiplier;
use super::phi::Coefficients;
use super::scheme::{Scheme, Update};
use super::transform::{BLOCK, Scratch, Transform, points_pitch};

/// Coefficients of all fields for one step size.
pub(super) struct StepCoefficients {
    pub(super) h: f64,
    pub(super) fields: Vec<Coefficients>,
}

/// The equation on its grid.
pub(super) struct Engine {
    pub(super) equation: Arc<dyn SpectralEquation>,
    pub(super) grid: Grid,
    pub(super) modes: Modes,
    pub(super) transform: Transform,
    pub(super) fields: usize,
    /// Field and multiplier of each input.
    pub(super) inputs: Vec<(usize, Multiplier)>,
    /// Field and multiplier of each product, the 1/N of the transforms included.
    pub(super) outputs: Vec<(usize, Multiplier)>,
    /// Transform of the steady source, `[pencil][field][mode]`; empty where there is none.
    pub(super) source: Vec<Complex64>,
    pub(super) scheme: Scheme,
}

/// What a thread, or a group of threads, needs to advance one trajectory.
pub(super) struct Workspace {
    /// `[pencil][input][point of the last axis]`.
    inverse: Vec<Complex64>,
    /// `[slab][product][pencil]`.
    forward: Vec<Complex64>,
    /// Registers of the scheme: `[pencil][field][register][mode]`.
    work: Vec<Complex64>,
    /// One for each thread. A thread takes the one with its own number, so that the lock is never
    /// waited for.
    scratch: Vec<Mutex<Scratch>>,
}

/// Buffers for bringing one field to the grid points.
pub(super) struct Probe {
    inverse: Vec<Complex64>,
    scratch: Vec<Mutex<Scratch>>,
}

impl Engine {
    pub(super) fn workspace(&self, threads: usize) -> Workspace {
        let last = self.modes.last();
        let pencils = self.modes.pencils();
        let zeros = |n: usize| vec![Complex64::ZERO; n];
        let several = self.modes.axes.len() > 1;
        let if_several = |n: usize| zeros(if several { n } else { 0 });
        Workspace {
            inverse: if_several(pencils * points_pitch(self.inputs.len(), last.n)),
            forward: if_several(pencils * last.n * self.outputs.len()),
            work: zeros(self.state_len() * self.scheme.registers()),
            scratch: (0..threads.max(1))
                .map(|_| {
                    Mutex::new(self.transform.scratch(
                        self.inputs.len(),
                        self.outputs.len(),
                        self.fields,
                    ))
                })
                .collect(),
        }
    }

    /// Coefficients of all fields of one trajectory, `[pencil][field][mode]`.
    pub(super) fn state_len(&self) -> usize {
        self.fields * self.modes.len()
    }

    /// Advances one trajectory from `from` at time `t` to `to` at `t + h`.
    pub(super) fn step(
        &self,
        coefficients: &StepCoefficients,
        t: f64,
        from: &[Complex64],
        to: &mut [Complex64],
        workspace: &mut Workspace,
        parallel: bool,
    ) {
        if self.modes.axes.len() == 1 {
            self.step_line(coefficients, t, from, to, workspace);
        } else {
            self.begin_inputs(from, workspace, parallel);
            for (stage, node) in self.scheme.nodes().iter().enumerate() {
                self.sweep_slabs(t + node * coefficients.h, workspace, parallel);
                self.sweep_pencils(coefficients, stage, from, to, workspace, parallel);
            }
        }
        self.modes.symmetrize(self.fields, to);
    }

    /// Copies the embedded error estimate of the last step.
    pub(super) fn embedded_error(
        &self,
        register: usize,
        workspace: &Workspace,
        error: &mut [Complex64],
    ) {
        let kept = self.modes.last().kept;
        let registers = self.scheme.registers();
        let work = workspace.work.chunks_exact(registers * kept);
        for (error, work) in error.chunks_exact_mut(kept).zip(work) {
            error.copy_from_slice(&work[register * kept..(register + 1) * kept]);
        }
    }

    fn step_line(
        &self,
        coefficients: &StepCoefficients,
        t: f64,
        from: &[Complex64],
        to: &mut [Complex64],
        workspace: &mut Workspace,
    ) {
        let kept = self.modes.last().kept;
        let registers = self.scheme.registers();
        let Workspace { work, scratch, .. } = workspace;
        let scratch = scratch[0].get_mut().unwrap_or_else(PoisonError::into_inner);
        // Taken out so that the transform can borrow the rest of the scratch.
        let mut nonlinear = std::mem::take(&mut scratch.nonlinear);
        let mut value = std::mem::take(&mut scratch.value);
        let stages = self.scheme.nodes();
        for (stage, node) in stages.iter().enumerate() {
            let n = &mut nonlinear[..self.fields * kept];
            if self.source.is_empty() {
                n.fill(Complex64::ZERO);
            } else {
                n.copy_from_slice(&self.source);
            }
            let u = if stage == 0 { from } else { &value[..] };
            if !self.outputs.is_empty() {
                self.transform.line(
                    self.inputs.len(),
                    self.outputs.len(),
                    scratch,
                    |i, line| {
                        let (field, symbol) = &self.inputs[i];
                        symbol.apply(0, &u[field * kept..(field + 1) * kept], line);
                    },
                    |inputs, products| {
                        let row = self.grid.row(0, t + node * coefficients.h);
                        self.equation.products(row, inputs, products);
                    },
                    |q, line| {
                        let (field, symbol) = &self.outputs[q];
                        symbol.add(0, line, &mut n[field * kept..(field + 1) * kept]);
                    },
                );
            }
            for field in 0..self.fields {
                let run = field * kept..(field + 1) * kept;
                self.scheme.update(
                    &coefficients.fields[field],
                    coefficients.h,
                    Update {
                        stage,
                        range: 0..kept,
                        v: &from[run.clone()],
                        n: &n[run.clone()],
                        work: &mut work[field * registers * kept..(field + 1) * registers * kept],
                        out: &mut to[run.clone()],
                        value: &mut value[run],
                    },
                );
            }
        }
        scratch.nonlinear = nonlinear;
        scratch.value = value;
    }

    /// Inputs of the first stage, along the last axis.
    fn begin_inputs(&self, from: &[Complex64], workspace: &mut Workspace, parallel: bool) {
        let last = self.modes.last();
        let size = self.fields * last.kept;
        let Workspace {
            inverse, scratch, ..
        } = workspace;
        let points_len = points_pitch(self.inputs.len(), last.n);
        let chunk = BLOCK * points_len;
        for_each_chunk(parallel, inverse, chunk, |block, points| {
            let mut scratch = lock(scratch);
            let Scratch {
                block: modes, fft, ..
            } = &mut *scratch;
            for (b, points) in points.chunks_exact_mut(points_len).enumerate() {
                let pencil = block * BLOCK + b;
                let u = &from[pencil * size..(pencil + 1) * size];
                self.begin_pencil(pencil, u, points, modes, fft);
            }
        });
    }

    /// Inputs of one pencil from its fields `u`, brought to points along the last axis.
    fn begin_pencil(
        &self,
        pencil: usize,
        u: &[Complex64],
        points: &mut [Complex64],
        modes: &mut [Complex64],
        fft: &mut [Complex64],
    ) {
        let kept = self.modes.last().kept;
        self.transform
            .pencil_inverse(self.inputs.len(), points, modes, fft, |i, modes| {
                let (field, symbol) = &self.inputs[i];
                symbol.apply(pencil * kept, &u[field * kept..(field + 1) * kept], modes);
            });
    }

    /// Products at the grid points at time `t`, from `inverse` to `forward`.
    fn sweep_slabs(&self, t: f64, workspace: &mut Workspace, parallel: bool) {
        let Workspace {
            inverse,
            forward,
            scratch,
            ..
        } = workspace;
        let together = self.transform.slabs_together();
        let slab = self.outputs.len() * self.modes.pencils();
        for_each_chunk(parallel, forward, together * slab, |block, forward| {
            self.transform.slabs(
                (block * together, forward.len() / slab),
                inverse,
                self.inputs.len(),
                forward,
                self.outputs.len(),
                &mut lock(scratch),
                |row, inputs, products| {
                    self.equation
                        .products(self.grid.row(row, t), inputs, products);
                },
            );
        });
    }

    /// N, the stage and the next inputs, pencil by pencil.
    fn sweep_pencils(
        &self,
        coefficients: &StepCoefficients,
        stage: usize,
        from: &[Complex64],
        to: &mut [Complex64],
        workspace: &mut Workspace,
        parallel: bool,
    ) {
        let last = self.modes.last();
        let (kept, pencils) = (last.kept, self.modes.pencils());
        let registers = self.scheme.registers();
        let is_last = stage + 1 == self.scheme.nodes().len();
        let size = self.fields * kept;
        let points_len = points_pitch(self.inputs.len(), last.n);
        let Workspace {
            inverse,
            forward,
            work,
            scratch,
        } = workspace;
        let body = |block: usize,
                    to: &mut [Complex64],
                    work: &mut [Complex64],
                    points: &mut [Complex64]| {
            let mut scratch = lock(scratch);
            let Scratch {
                block: columns,
                fft,
                nonlinear,
                value,
                ..
            } = &mut *scratch;
            let first = block * BLOCK;
            let count = to.len() / size;
            let nonlinear = &mut nonlinear[..count * size];
            if self.source.is_empty() {
                nonlinear.fill(Complex64::ZERO);
            } else {
                nonlinear.copy_from_slice(&self.source[first * size..(first + count) * size]);
            }
            for (q, (field, symbol)) in self.outputs.iter().enumerate() {
                self.transform.pencil_forward(
                    forward,
                    (q, self.outputs.len()),
                    (first, count),
                    pencils,
                    columns,
                    fft,
                    |b, start, run| {
                        let at = b * size + field * kept + start;
                        let n = &mut nonlinear[at..at + run.len()];
                        symbol.add((first + b) * kept + start, run, n);
                    },
                );
            }
            for b in 0..count {
                let pencil = first + b;
                let v = &from[pencil * size..(pencil + 1) * size];
                for field in 0..self.fields {
                    let run = field * kept..(field + 1) * kept;
                    let of_block = b * size + run.start..b * size + run.end;
                    let registers_at = (b * self.fields + field) * registers * kept;
                    self.scheme.update(
                        &coefficients.fields[field],
                        coefficients.h,
                        Update {
                            stage,
                            range: pencil * kept..(pencil + 1) * kept,
                            v: &v[run.clone()],
                            n: &nonlinear[of_block.clone()],
                            work: &mut work[registers_at..registers_at + registers * kept],
                            out: &mut to[of_block],
                            value: &mut value[run],
                        },
                    );
                }
                if !is_last {
                    let points = &mut points[b * points_len..(b + 1) * points_len];
                    self.begin_pencil(pencil, value, points, columns, fft);
                }
            }
        };
        let to = (to, BLOCK * size);
        let work = (&mut work[..], BLOCK * size * registers);
        let inverse = (&mut inverse[..], BLOCK * points_len);
        for_each_block(parallel, pencils.div_ceil(BLOCK), to, work, inverse, body);
    }

    /// Buffers for [`Engine::sample`].
    pub(super) fn probe(&self) -> Probe {
        let points = if self.modes.axes.len() == 1 {
            0
        } else {
            self.modes.pencils() * points_pitch(1, self.modes.last().n)
        };
        Probe {
            inverse: vec![Complex64::ZERO; points],
            scratch: self.scratches(1, 0),
        }
    }

    /// Writes the values of one field at the grid points, after multiplication by `symbol`.
    pub(super) fn sample(
        &self,
        state: &[Complex64],
        field: usize,
        symbol: &Multiplier,
        out: &mut [f64],
        probe: &mut Probe,
        parallel: bool,
    ) {
        let kept = self.modes.last().kept;
        let nx = self.modes.axes[0].n;
        let Probe { inverse, scratch } = probe;
        if self.modes.axes.len() == 1 {
            self.transform.line(
                1,
                0,
                &mut lock(scratch),
                |_, line| symbol.apply(0, &state[field * kept..(field + 1) * kept], line),
                |inputs, _| out.copy_from_slice(inputs[0]),
                |_, _| {},
            );
            return;
        }
        let n = self.modes.last().n;
        for_each_chunk(parallel, inverse, points_pitch(1, n), |pencil, points| {
            let mut scratch = lock(scratch);
            let Scratch { block, fft, .. } = &mut *scratch;
            let at = (pencil * self.fields + field) * kept;
            self.transform
                .pencil_inverse(1, points, block, fft, |_, modes| {
                    symbol.apply(pencil * kept, &state[at..at + kept], modes);
                });
        });
        let together = self.transform.slabs_together();
        let rows = self.grid.rows() / self.transform.slab_count();
        let slab = rows * nx;
        for_each_chunk(parallel, out, together * slab, |block, out| {
            let first = block * together;
            self.transform.slabs(
                (first, out.len() / slab),
                inverse,
                1,
                &mut [],
                0,
                &mut lock(scratch),
                |row, inputs, _| {
                    let at = (row - first * rows) * nx;
                    out[at..at + nx].copy_from_slice(inputs[0]);
                },
            );
        });
    }

    /// Coefficients of grid values: the inverse of [`Engine::sample`] on kept modes.
    pub(super) fn analyse(
        &self,
        values: &[f64],
        field: usize,
        state: &mut [Complex64],
        parallel: bool,
    ) {
        let kept = self.modes.last().kept;
        let nx = self.modes.axes[0].n;
        let scale = 1.0 / self.grid.len() as f64;
        if self.modes.axes.len() == 1 {
            let mut scratch = self.transform.scratch(0, 1, 0);
            self.transform.line(
                0,
                1,
                &mut scratch,
                |_, _| {},
                |_, products| products[0].copy_from_slice(values),
                |_, line| {
                    for (c, &u) in state[field * kept..].iter_mut().zip(line) {
                        *c = scale * u;
                    }
                },
            );
        } else {
            let pencils = self.modes.pencils();
            let mut forward = vec![Complex64::ZERO; self.modes.last().n * pencils];
            let scratch = self.scratches(0, 1);
            let together = self.transform.slabs_together();
            for_each_chunk(
                parallel,
                &mut forward,
                together * pencils,
                |block, forward| {
                    self.transform.slabs(
                        (block * together, forward.len() / pencils),
                        &[],
                        0,
                        forward,
                        1,
                        &mut lock(&scratch),
                        |row, _, products| {
                            products[0].copy_from_slice(&values[row * nx..(row + 1) * nx]);
                        },
                    );
                },
            );
            let size = self.fields * kept;
            for_each_chunk(parallel, state, BLOCK * size, |block, state| {
                let mut scratch = lock(&scratch);
                let Scratch {
                    block: columns,
                    fft,
                    ..
                } = &mut *scratch;
                self.transform.pencil_forward(
                    &forward,
                    (0, 1),
                    (block * BLOCK, state.len() / size),
                    pencils,
                    columns,
                    fft,
                    |b, start, run| {
                        let at = b * size + field * kept + start;
                        for (c, &u) in state[at..at + run.len()].iter_mut().zip(run) {
                            *c = scale * u;
                        }
                    },
                );
            });
        }
        self.modes.symmetrize(self.fields, state);
    }

    fn scratches(&self, inputs: usize, products: usize) -> Vec<Mutex<Scratch>> {
        (0..rayon::current_num_threads())
            .map(|_| Mutex::new(self.transform.scratch(inputs, products, 0)))
            .collect()
    }
}

/// The scratch of the current thread.
fn lock(scratch: &[Mutex<Scratch>]) -> std::sync::MutexGuard<'_, Scratch> {
    let index = rayon::current_thread_index().unwrap_or(0) % scratch.len();
    // A panic elsewhere leaves nothing in a scratch that matters.
    scratch[index]
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn for_each_chunk<T: Send>(
    parallel: bool,
    data: &mut [T],
    chunk: usize,
    body: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    if data.is_empty() {
        return;
    }
    if parallel {
        (data.par_chunks_mut(chunk).enumerate()).for_each(|(i, part)| body(i, part));
    } else {
        for (i, part) in data.chunks_mut(chunk).enumerate() {
            body(i, part);
        }
    }
}

/// Runs `body` on corresponding chunks of three arrays; the second and third may be empty.
fn for_each_block(
    parallel: bool,
    blocks: usize,
    (a, chunk_a): (&mut [Complex64], usize),
    (b, chunk_b): (&mut [Complex64], usize),
    (c, chunk_c): (&mut [Complex64], usize),
    body: impl Fn(usize, &mut [Complex64], &mut [Complex64], &mut [Complex64]) + Send + Sync,
) {
    // Splits where rayon's own chunks of an empty array would end the loop.
    fn halve(data: &mut [Complex64], at: usize) -> (&mut [Complex64], &mut [Complex64]) {
        let at = at.min(data.len());
        data.split_at_mut(at)
    }
    #[allow(clippy::too_many_arguments)]
    fn recurse(
        parallel: bool,
        first: usize,
        blocks: usize,
        (a, chunk_a): (&mut [Complex64], usize),
        (b, chunk_b): (&mut [Complex64], usize),
        (c, chunk_c): (&mut [Complex64], usize),
        body: &(impl Fn(usize, &mut [Complex64], &mut [Complex64], &mut [Complex64]) + Send + Sync),
    ) {
        if blocks <= 1 {
            if blocks == 1 {
                body(first, a, b, c);
            }
            return;
        }
        let left = blocks / 2;
        let (a0, a1) = halve(a, left * chunk_a);
        let (b0, b1) = halve(b, left * chunk_b);
        let (c0, c1) = halve(c, left * chunk_c);
        let mut low = || {
            let (a, b, c) = (
                (&mut *a0, chunk_a),
                (&mut *b0, chunk_b),
                (&mut *c0, chunk_c),
            );
            recurse(parallel, first, left, a, b, c, body);
        };
        let mut high = || {
            let (a, b, c) = (
                (&mut *a1, chunk_a),
                (&mut *b1, chunk_b),
                (&mut *c1, chunk_c),
            );
            recurse(parallel, first + left, blocks - left, a, b, c, body);
        };
        if parallel {
            rayon::join(low, high);
        } else {
            low();
            high();
        }
    }
    recurse(
        parallel,
        0,
        blocks,
        (a, chunk_a),
        (b, chunk_b),
        (c, chunk_c),
        &body,
    );
}
