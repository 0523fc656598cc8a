//! Lists of operations, and their evaluation over chunks of columns.

use std::collections::BTreeMap;

use crate::ast::{Expr, Node};
use crate::check::Scope;
use crate::compile::{Compiler, Source};
use crate::error::ParseError;
use crate::kernel::{Code, run, scalar};

/// Values computed at a time: an operand fills 1 KiB, so that dozens stay in the first-level
/// cache.
const CHUNK: usize = 128;

/// Values of one variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The same number at all points.
    Scalar(f64),
    /// One number a point.
    Slice(&'a [f64]),
}

impl<'a> Value<'a> {
    pub(crate) fn at(self, i: usize) -> f64 {
        match self {
            Self::Scalar(value) => value,
            Self::Slice(values) => values[i],
        }
    }

    fn chunk(self, start: usize, len: usize) -> Value<'a> {
        match self {
            Self::Scalar(_) => self,
            Self::Slice(values) => Value::Slice(&values[start..start + len]),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Operation {
    code: Code,
    args: [Source; 3],
    /// Buffer that holds the result while it is needed.
    register: usize,
}

/// One or more expressions, compiled for evaluation over slices.
#[derive(Clone, Debug)]
pub struct Program {
    operations: Vec<Operation>,
    outputs: Vec<Source>,
    registers: usize,
    variables: usize,
    used: Vec<bool>,
}

/// Workspace of [`Program::evaluate`], for any program; it allocates when a program needs more
/// than any before.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    registers: Vec<Vec<f64>>,
    /// Results that are the same at all points, by operation.
    uniform: Vec<Option<f64>>,
}

impl Program {
    /// Compiles one expression. `variables` stand in the order in which their values will be
    /// given; `parameters` are folded in as constants.
    ///
    /// # Errors
    /// [`ParseError`] for the first unknown name (with the nearest one that is known), wrong
    /// number of arguments, or bad bound of a sum.
    pub fn compile(
        expr: &Expr,
        variables: &[&str],
        parameters: &BTreeMap<String, f64>,
    ) -> Result<Self, ParseError> {
        let operators = &[];
        let scope = Scope {
            variables,
            parameters,
            operators,
        };
        match scope.check(expr).into_iter().next() {
            Some(error) => Err(error),
            None => Self::compile_nodes(&[expr.root()], variables, parameters),
        }
    }

    /// Compiles several trees into one program with as many outputs; what they share is computed
    /// once.
    ///
    /// # Errors
    /// As [`Program::compile`].
    pub fn compile_nodes(
        nodes: &[&Node],
        variables: &[&str],
        parameters: &BTreeMap<String, f64>,
    ) -> Result<Self, ParseError> {
        let mut compiler = Compiler::new(variables, parameters);
        let outputs = nodes
            .iter()
            .map(|node| compiler.node(node))
            .collect::<Result<_, _>>()?;
        Ok(Self::schedule(
            compiler.operations,
            outputs,
            variables.len(),
        ))
    }

    /// Drops what no output needs and gives each result a buffer until its last use.
    fn schedule(
        operations: Vec<(Code, [Source; 3])>,
        outputs: Vec<Source>,
        variables: usize,
    ) -> Self {
        // Last operation that reads each result; outputs are read at the end.
        let end = operations.len();
        let mut last_use = vec![None; end];
        for output in &outputs {
            if let Source::Operation(number) = output {
                last_use[*number] = Some(end);
            }
        }
        for (number, (_, args)) in operations.iter().enumerate().rev() {
            if last_use[number].is_some() {
                for arg in args {
                    if let Source::Operation(read) = arg {
                        last_use[*read] = last_use[*read].max(Some(number));
                    }
                }
            }
        }
        let mut used = vec![false; variables];
        let mut renumbered = vec![0; end];
        let mut free: Vec<usize> = Vec::new();
        let mut registers = 0;
        let mut kept: Vec<Operation> = Vec::new();
        let rename = |source: Source, renumbered: &[usize]| match source {
            Source::Operation(number) => Source::Operation(renumbered[number]),
            other => other,
        };
        for (number, (code, args)) in operations.into_iter().enumerate() {
            if last_use[number].is_none() {
                continue;
            }
            // Taken before the operands' buffers are freed: a result never overwrites an operand.
            let register = free.pop().unwrap_or_else(|| {
                registers += 1;
                registers - 1
            });
            let mut freed = Vec::new();
            for arg in args {
                match arg {
                    Source::Operation(read) if last_use[read] == Some(number) => {
                        freed.push(kept[renumbered[read]].register);
                    }
                    Source::Variable(variable) => used[variable] = true,
                    _ => {}
                }
            }
            freed.sort_unstable();
            freed.dedup();
            free.extend(freed);
            renumbered[number] = kept.len();
            kept.push(Operation {
                code,
                args: args.map(|arg| rename(arg, &renumbered)),
                register,
            });
        }
        for output in &outputs {
            if let Source::Variable(variable) = output {
                used[*variable] = true;
            }
        }
        let outputs = outputs
            .into_iter()
            .map(|output| rename(output, &renumbered))
            .collect();
        Self {
            operations: kept,
            outputs,
            registers,
            variables,
            used,
        }
    }

    /// Number of outputs: 1 for [`Program::compile`].
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// Number of operations a point; shared ones count once.
    pub fn operations(&self) -> usize {
        self.operations.len()
    }

    /// Whether variable number `variable` matters.
    pub fn uses(&self, variable: usize) -> bool {
        self.used.get(variable).copied().unwrap_or(false)
    }

    /// Whether no variable matters.
    pub fn is_constant(&self) -> bool {
        !self.used.contains(&true)
    }

    /// Evaluates a program with one output at `out.len()` points.
    ///
    /// # Panics
    /// Unless `values` has one entry a variable, with slices as long as `out`.
    pub fn evaluate(&self, values: &[Value<'_>], out: &mut [f64], scratch: &mut Scratch) {
        self.evaluate_all(values, &mut [out], scratch);
    }

    /// Evaluates all outputs, one slice each and all of one length.
    ///
    /// # Panics
    /// Unless there is one value a variable and one slice an output, all as long as the first.
    pub fn evaluate_all(
        &self,
        values: &[Value<'_>],
        outs: &mut [&mut [f64]],
        scratch: &mut Scratch,
    ) {
        assert_eq!(values.len(), self.variables, "one value a variable");
        assert_eq!(outs.len(), self.outputs.len(), "one slice an output");
        let len = outs.first().map_or(0, |out| out.len());
        assert!(
            values
                .iter()
                .all(|value| !matches!(value, Value::Slice(v) if v.len() != len))
                && outs.iter().all(|out| out.len() == len),
            "all slices have one length"
        );
        scratch.fit(self);
        self.find_uniform(values, &mut scratch.uniform);
        for start in (0..len).step_by(CHUNK) {
            let count = CHUNK.min(len - start);
            self.run_chunk(values, start, count, scratch);
            for (out, &source) in outs.iter_mut().zip(&self.outputs) {
                let out = &mut out[start..start + count];
                match self.view(source, values, start, count, scratch) {
                    Value::Scalar(value) => out.fill(value),
                    Value::Slice(result) => out.copy_from_slice(result),
                }
            }
        }
    }

    /// Evaluates a program with one output at one point.
    ///
    /// # Panics
    /// Unless `values` has one entry a variable.
    pub fn evaluate_scalar(&self, values: &[f64]) -> f64 {
        assert_eq!(values.len(), self.variables, "one value a variable");
        let mut stack = [0.0; 64];
        let mut heap;
        let results = if self.operations.len() <= stack.len() {
            &mut stack[..]
        } else {
            heap = vec![0.0; self.operations.len()];
            &mut heap[..]
        };
        let value = |source, results: &[f64]| match source {
            Source::Constant(value) => value,
            Source::Variable(number) => values[number],
            Source::Operation(number) => results[number],
        };
        for (number, operation) in self.operations.iter().enumerate() {
            let args = operation.args.map(|arg| value(arg, results));
            results[number] = scalar(operation.code, args);
        }
        value(self.outputs[0], results)
    }

    /// Computes what depends on scalars alone, once a call.
    fn find_uniform(&self, values: &[Value<'_>], uniform: &mut [Option<f64>]) {
        for (number, operation) in self.operations.iter().enumerate() {
            let args = operation.args.map(|arg| match arg {
                Source::Constant(value) => Some(value),
                Source::Variable(variable) => match values[variable] {
                    Value::Scalar(value) => Some(value),
                    Value::Slice(_) => None,
                },
                Source::Operation(read) => uniform[read],
            });
            uniform[number] = match args {
                [Some(a), Some(b), Some(c)] => Some(scalar(operation.code, [a, b, c])),
                _ => None,
            };
        }
    }

    fn run_chunk(&self, values: &[Value<'_>], start: usize, count: usize, scratch: &mut Scratch) {
        for (number, operation) in self.operations.iter().enumerate() {
            if scratch.uniform[number].is_some() {
                continue;
            }
            // Taken out while it is written, so that the operands' buffers can be read.
            let mut result = std::mem::take(&mut scratch.registers[operation.register]);
            let args = operation
                .args
                .map(|arg| self.view(arg, values, start, count, scratch));
            run(operation.code, args, &mut result[..count]);
            scratch.registers[operation.register] = result;
        }
    }

    fn view<'a>(
        &self,
        source: Source,
        values: &[Value<'a>],
        start: usize,
        count: usize,
        scratch: &'a Scratch,
    ) -> Value<'a> {
        match source {
            Source::Constant(value) => Value::Scalar(value),
            Source::Variable(number) => values[number].chunk(start, count),
            Source::Operation(number) => match scratch.uniform[number] {
                Some(value) => Value::Scalar(value),
                None => Value::Slice(&scratch.registers[self.operations[number].register][..count]),
            },
        }
    }
}

impl Scratch {
    fn fit(&mut self, program: &Program) {
        while self.registers.len() < program.registers {
            self.registers.push(vec![0.0; CHUNK]);
        }
        if self.uniform.len() < program.operations.len() {
            self.uniform.resize(program.operations.len(), None);
        }
    }
}
