//! The operations, one loop each over a chunk of columns.

use crate::program::Value;

/// One operation of a compiled program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Code {
    Neg,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    Sinh,
    Cosh,
    Tanh,
    Exp,
    Log,
    Log10,
    Sqrt,
    Cbrt,
    Abs,
    Sign,
    Floor,
    Ceil,
    Erf,
    Heaviside,
    Max,
    Min,
    Mod,
    Select,
}

fn map(a: Value<'_>, out: &mut [f64], f: impl Fn(f64) -> f64) {
    match a {
        Value::Scalar(a) => out.fill(f(a)),
        Value::Slice(a) => {
            for (out, &a) in out.iter_mut().zip(a) {
                *out = f(a);
            }
        }
    }
}

fn zip(a: Value<'_>, b: Value<'_>, out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    match (a, b) {
        (Value::Slice(a), Value::Slice(b)) => {
            for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
                *out = f(a, b);
            }
        }
        (a, Value::Scalar(b)) => map(a, out, |a| f(a, b)),
        (Value::Scalar(a), b) => map(b, out, |b| f(a, b)),
    }
}

fn select(condition: Value<'_>, a: Value<'_>, b: Value<'_>, out: &mut [f64]) {
    for (i, out) in out.iter_mut().enumerate() {
        let chosen = if condition.at(i) != 0.0 { a } else { b };
        *out = chosen.at(i);
    }
}

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Computes `code` of the operands into `out`; slices are as long as `out`.
pub(crate) fn run(code: Code, [a, b, c]: [Value<'_>; 3], out: &mut [f64]) {
    match code {
        Code::Neg => map(a, out, |a| -a),
        Code::Add => zip(a, b, out, |a, b| a + b),
        Code::Sub => zip(a, b, out, |a, b| a - b),
        Code::Mul => zip(a, b, out, |a, b| a * b),
        Code::Div => zip(a, b, out, |a, b| a / b),
        Code::Pow => zip(a, b, out, f64::powf),
        Code::Less => zip(a, b, out, |a, b| truth(a < b)),
        Code::LessEqual => zip(a, b, out, |a, b| truth(a <= b)),
        Code::Greater => zip(a, b, out, |a, b| truth(a > b)),
        Code::GreaterEqual => zip(a, b, out, |a, b| truth(a >= b)),
        Code::Sin => map(a, out, f64::sin),
        Code::Cos => map(a, out, f64::cos),
        Code::Tan => map(a, out, f64::tan),
        Code::Asin => map(a, out, f64::asin),
        Code::Acos => map(a, out, f64::acos),
        Code::Atan => map(a, out, f64::atan),
        Code::Atan2 => zip(a, b, out, f64::atan2),
        Code::Sinh => map(a, out, f64::sinh),
        Code::Cosh => map(a, out, f64::cosh),
        Code::Tanh => map(a, out, f64::tanh),
        Code::Exp => map(a, out, f64::exp),
        Code::Log => map(a, out, f64::ln),
        Code::Log10 => map(a, out, f64::log10),
        Code::Sqrt => map(a, out, f64::sqrt),
        Code::Cbrt => map(a, out, f64::cbrt),
        Code::Abs => map(a, out, f64::abs),
        Code::Sign => map(a, out, |a| if a == 0.0 { 0.0 } else { a.signum() }),
        Code::Floor => map(a, out, f64::floor),
        Code::Ceil => map(a, out, f64::ceil),
        Code::Erf => map(a, out, libm::erf),
        Code::Heaviside => map(a, out, |a| truth(a >= 0.0)),
        Code::Max => zip(a, b, out, f64::max),
        Code::Min => zip(a, b, out, f64::min),
        Code::Mod => zip(a, b, out, |a, b| a - b * (a / b).floor()),
        Code::Select => select(a, b, c, out),
    }
}

/// The same at one point.
pub(crate) fn scalar(code: Code, args: [f64; 3]) -> f64 {
    let mut out = [0.0];
    run(code, args.map(Value::Scalar), &mut out);
    out[0]
}
