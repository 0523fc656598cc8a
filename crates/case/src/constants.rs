//! Constant expressions where a case file wants a number: `"2*pi"`.

use std::ops::Range;

/// Why a text is not a constant expression, and which bytes of it are to blame.
pub(crate) struct BadConstant {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
    pub(crate) help: Option<String>,
}

/// Evaluates a constant expression to a finite number.
pub(crate) fn evaluate(text: &str) -> Result<f64, BadConstant> {
    let value = pdesolve_expr::constant(text).map_err(|error| BadConstant {
        message: error.message,
        span: error.span,
        help: error.help,
    })?;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(BadConstant {
            message: format!("this is {value}, not a finite number"),
            span: 0..text.len(),
            help: None,
        })
    }
}
