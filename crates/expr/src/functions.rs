//! The functions an expression may call.

use crate::kernel::Code;

/// One function of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Name as it is called.
    pub name: &'static str,
    /// Number of arguments.
    pub arity: usize,
    /// How it is called, for messages and help: `atan2(y, x)`.
    pub usage: &'static str,
    /// What it gives, in a few words.
    pub meaning: &'static str,
    pub(crate) code: Code,
}

const fn f(
    name: &'static str,
    arity: usize,
    usage: &'static str,
    meaning: &'static str,
    code: Code,
) -> Function {
    Function {
        name,
        arity,
        usage,
        meaning,
        code,
    }
}

/// All functions but `sum`, in the order in which help shows them.
pub const ALL: &[Function] = &[
    f("sin", 1, "sin(x)", "sine, x in radians", Code::Sin),
    f("cos", 1, "cos(x)", "cosine, x in radians", Code::Cos),
    f("tan", 1, "tan(x)", "tangent, x in radians", Code::Tan),
    f("asin", 1, "asin(x)", "arc sine, -pi/2 to pi/2", Code::Asin),
    f("acos", 1, "acos(x)", "arc cosine, 0 to pi", Code::Acos),
    f(
        "atan",
        1,
        "atan(x)",
        "arc tangent, -pi/2 to pi/2",
        Code::Atan,
    ),
    f(
        "atan2",
        2,
        "atan2(y, x)",
        "angle of the point (x, y), -pi to pi",
        Code::Atan2,
    ),
    f("sinh", 1, "sinh(x)", "hyperbolic sine", Code::Sinh),
    f("cosh", 1, "cosh(x)", "hyperbolic cosine", Code::Cosh),
    f("tanh", 1, "tanh(x)", "hyperbolic tangent", Code::Tanh),
    f("exp", 1, "exp(x)", "exponential", Code::Exp),
    f("log", 1, "log(x)", "natural logarithm", Code::Log),
    f("ln", 1, "ln(x)", "natural logarithm", Code::Log),
    f("log10", 1, "log10(x)", "logarithm to base 10", Code::Log10),
    f("sqrt", 1, "sqrt(x)", "square root", Code::Sqrt),
    f(
        "cbrt",
        1,
        "cbrt(x)",
        "cube root, also of negative x",
        Code::Cbrt,
    ),
    f("abs", 1, "abs(x)", "absolute value", Code::Abs),
    f("sign", 1, "sign(x)", "-1, 0 or 1", Code::Sign),
    f("floor", 1, "floor(x)", "largest integer <= x", Code::Floor),
    f("ceil", 1, "ceil(x)", "smallest integer >= x", Code::Ceil),
    f("erf", 1, "erf(x)", "error function", Code::Erf),
    f(
        "heaviside",
        1,
        "heaviside(x)",
        "1 where x >= 0, else 0",
        Code::Heaviside,
    ),
    f("max", 2, "max(a, b)", "the larger", Code::Max),
    f("min", 2, "min(a, b)", "the smaller", Code::Min),
    f(
        "mod",
        2,
        "mod(a, b)",
        "a - b floor(a/b), of the sign of b",
        Code::Mod,
    ),
    f(
        "if",
        3,
        "if(condition, a, b)",
        "a where the condition is not 0, else b",
        Code::Select,
    ),
];

/// How a sum is written: `i` stands for an integer from `first` to `last` in `term`.
pub const SUM_USAGE: &str = "sum(i, first, last, term)";

/// The named constants.
pub const CONSTANTS: &[(&str, f64)] = &[("pi", std::f64::consts::PI), ("e", std::f64::consts::E)];

/// The function of that name; `sum` is not among them.
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|function| function.name == name)
}

/// Value of a named constant.
pub fn find_constant(name: &str) -> Option<f64> {
    CONSTANTS
        .iter()
        .find(|(constant, _)| *constant == name)
        .map(|(_, value)| *value)
}
