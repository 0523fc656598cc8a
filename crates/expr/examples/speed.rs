//! Prints how fast expressions are evaluated over a million points, against plain Rust.

use std::collections::BTreeMap;
use std::time::Instant;

use pdesolve_expr::{Expr, Program, Scratch, Value};

#[allow(clippy::print_stdout)]
fn main() -> Result<(), pdesolve_expr::ParseError> {
    let x: Vec<f64> = (0..1_000_000).map(|i| f64::from(i) * 1e-6).collect();
    let mut out = vec![0.0; x.len()];
    let mut scratch = Scratch::default();
    type Function = fn(f64) -> f64;
    let plain: [(&str, Function); 3] = [
        ("x^3 - x + 0.5", |x| x * x * x - x + 0.5),
        ("sin(2*pi*x)*exp(-x^2)", |x| {
            (std::f64::consts::TAU * x).sin() * (-x * x).exp()
        }),
        ("if(x < 0.5, 1, 0.5*x^2)", |x| {
            if x < 0.5 { 1.0 } else { 0.5 * x * x }
        }),
    ];
    for (text, function) in plain {
        let program = Program::compile(&Expr::parse(text)?, &["x"], &BTreeMap::new())?;
        let mut best = [f64::INFINITY; 2];
        for _ in 0..10 {
            let start = Instant::now();
            program.evaluate(&[Value::Slice(&x)], &mut out, &mut scratch);
            best[0] = best[0].min(start.elapsed().as_secs_f64());
            let start = Instant::now();
            for (out, &x) in out.iter_mut().zip(&x) {
                *out = function(std::hint::black_box(x));
            }
            best[1] = best[1].min(start.elapsed().as_secs_f64());
        }
        let [ours, rust] = best.map(|seconds| seconds * 1e3);
        println!("{text:28} {ours:7.3} ms a million points, plain Rust {rust:7.3} ms");
    }
    Ok(())
}
