//! From text to tree: the grammar is `grammar.pest`, the precedence is here.

use std::ops::Range;
use std::sync::LazyLock;

use pest::Parser;
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};

use crate::ast::{BinaryOp, Node, NodeKind};
use crate::error::ParseError;

/// The parser that pest derives from the grammar, in a module of its own because the derived
/// items carry no documentation.
#[allow(missing_docs, unreachable_pub)]
mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

/// Bounds on nesting and length, so that no text can exhaust the stack.
const MAX_PARENTHESES: usize = 100;
const MAX_OPERATORS: usize = 1000;

/// From loose to tight.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::less)
            | left(Rule::less_equal)
            | left(Rule::greater)
            | left(Rule::greater_equal))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide))
        .op(Op::prefix(Rule::negate) | Op::prefix(Rule::keep))
        .op(Op::infix(Rule::power, Assoc::Right))
});

pub(crate) fn parse(text: &str) -> Result<Node, ParseError> {
    if text.trim().is_empty() {
        return Err(ParseError::new("the expression is empty", 0..text.len())
            .with_help("write a number or a formula such as `sin(2*pi*x)`"));
    }
    check_size(text)?;
    let mut pairs =
        Grammar::parse(Rule::text, text).map_err(|error| unexpected(text, position(&error)))?;
    let expression = pairs.next().and_then(|text| text.into_inner().next());
    match expression {
        Some(pair) => expression_node(text, pair.into_inner()),
        None => Err(unexpected(text, 0)),
    }
}

/// Refuses what nests or repeats too far for recursive functions, and parentheses that do not
/// match, for which a grammar has poor words.
fn check_size(text: &str) -> Result<(), ParseError> {
    let mut open = Vec::new();
    let mut operators = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => {
                open.push(at);
                if open.len() > MAX_PARENTHESES {
                    let message = format!("more than {MAX_PARENTHESES} nested parentheses");
                    return Err(ParseError::new(message, at..at + 1));
                }
            }
            b')' if open.pop().is_none() => {
                return Err(ParseError::new("this `)` closes nothing", at..at + 1)
                    .with_help("remove it, or add the missing `(` before it"));
            }
            b'+' | b'-' | b'*' | b'/' | b'^' | b'<' | b'>' => operators += 1,
            _ => {}
        }
        if operators > MAX_OPERATORS {
            return Err(ParseError::new(
                format!("more than {MAX_OPERATORS} operators in one expression"),
                at..at + 1,
            )
            .with_help("a repeated pattern can be written sum(i, first, last, term)"));
        }
    }
    match open.pop() {
        // Anything else that is wrong before the end is found by the grammar first.
        Some(at) => match Grammar::parse(Rule::text, text) {
            Err(error) if position(&error) < text.trim_end().len() => {
                Err(unexpected(text, position(&error)))
            }
            _ => {
                Err(ParseError::new("this `(` is never closed", at..at + 1).with_help("add a `)`"))
            }
        },
        None => Ok(()),
    }
}

fn position(error: &pest::error::Error<Rule>) -> usize {
    match error.location {
        pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
    }
}

/// Words for the place where the grammar could not go on.
fn unexpected(text: &str, at: usize) -> ParseError {
    // The grammar may stop before blanks; the user sees the token after them.
    let at = at + text[at..].len() - text[at..].trim_start().len();
    let before = text[..at].trim_end();
    let wants_value = before
        .chars()
        .next_back()
        .is_none_or(|c| "+-*/^<>=(,".contains(c));
    let expected = if wants_value {
        "a number, a name or `(`"
    } else {
        "an operator"
    };
    let token = token_at(text, at);
    if token.is_empty() {
        return ParseError::new(
            format!("the expression ends where {expected} is expected"),
            before.len()..before.len(),
        );
    }
    let span = at..at + token.len();
    let error = ParseError::new(
        format!("unexpected `{token}`: expected {expected}"),
        span.clone(),
    );
    let starts_value = token.starts_with(|c: char| c.is_alphanumeric() || "_(".contains(c));
    if token == "*" && before.ends_with('*') {
        error.with_help("powers are written `^`")
    } else if token.starts_with('=') {
        error.with_help("comparisons are < > <= >=; an expression holds no assignment")
    } else if token == ")" || token == "," {
        error
    } else if !wants_value && starts_value && token.is_ascii() {
        error.with_help(format!("write `*{token}` to multiply"))
    } else {
        error
    }
}

/// The name, number or single character at a position; empty at the end.
fn token_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let word = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
        .unwrap_or(rest.len());
    let length = match rest.chars().next() {
        Some(first) if word == 0 => first.len_utf8(),
        _ => word,
    };
    &rest[..length]
}

fn range(pair: &Pair<'_, Rule>) -> Range<usize> {
    let span = pair.as_span();
    span.start()..span.end()
}

fn expression_node(text: &str, pairs: Pairs<'_, Rule>) -> Result<Node, ParseError> {
    PRECEDENCE
        .map_primary(|pair| primary(text, pair))
        .map_prefix(|sign, operand| {
            let operand = operand?;
            let span = range(&sign).start..operand.span.end;
            Ok(match sign.as_rule() {
                Rule::negate => Node::new(NodeKind::Neg(Box::new(operand)), span),
                _ => Node { span, ..operand },
            })
        })
        .map_infix(|left, sign, right| binary(left?, &sign, right?))
        .parse(pairs)
}

fn primary(text: &str, pair: Pair<'_, Rule>) -> Result<Node, ParseError> {
    let span = range(&pair);
    let kind = match pair.as_rule() {
        Rule::number => match pair.as_str().parse::<f64>() {
            Ok(value) if value.is_finite() => NodeKind::Number(value),
            _ => {
                let message = format!("{} is not a 64-bit number", pair.as_str());
                return Err(ParseError::new(message, span).with_help("the largest is 1.8e308"));
            }
        },
        Rule::name => NodeKind::Name(pair.as_str().to_owned()),
        Rule::group => {
            let Some(inner) = pair.into_inner().next() else {
                return Err(unexpected(text, span.start));
            };
            let node = expression_node(text, inner.into_inner())?;
            return Ok(Node { span, ..node });
        }
        _ => {
            let mut inner = pair.into_inner();
            let name = inner.next().map_or("", |name| name.as_str()).to_owned();
            let args = inner
                .map(|argument| expression_node(text, argument.into_inner()))
                .collect::<Result<_, _>>()?;
            NodeKind::Call { name, args }
        }
    };
    Ok(Node::new(kind, span))
}

fn binary(left: Node, sign: &Pair<'_, Rule>, right: Node) -> Result<Node, ParseError> {
    let op = match sign.as_rule() {
        Rule::add => BinaryOp::Add,
        Rule::subtract => BinaryOp::Sub,
        Rule::multiply => BinaryOp::Mul,
        Rule::divide => BinaryOp::Div,
        Rule::power => BinaryOp::Pow,
        Rule::less => BinaryOp::Less,
        Rule::less_equal => BinaryOp::LessEqual,
        Rule::greater => BinaryOp::Greater,
        _ => BinaryOp::GreaterEqual,
    };
    let chained = matches!(left.kind, NodeKind::Binary { op: inner, .. } if inner.is_comparison());
    // A parenthesised comparison ends with its parenthesis, not with its right operand.
    let bare = match &left.kind {
        NodeKind::Binary { right: last, .. } => last.span.end == left.span.end,
        _ => false,
    };
    if op.is_comparison() && chained && bare {
        return Err(
            ParseError::new("comparisons cannot be chained", range(sign))
                .with_help("write 0 < x < 1 as (0 < x)*(x < 1)"),
        );
    }
    let span = left.span.start..right.span.end;
    let (left, right) = (Box::new(left), Box::new(right));
    Ok(Node::new(NodeKind::Binary { op, left, right }, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with all parentheses.
    fn shape(node: &Node) -> String {
        match &node.kind {
            NodeKind::Number(value) => value.to_string(),
            NodeKind::Name(name) => name.clone(),
            NodeKind::Neg(operand) => format!("(-{})", shape(operand)),
            NodeKind::Binary { op, left, right } => {
                let sign = match op {
                    BinaryOp::Add => "+",
                    BinaryOp::Sub => "-",
                    BinaryOp::Mul => "*",
                    BinaryOp::Div => "/",
                    BinaryOp::Pow => "^",
                    BinaryOp::Less => "<",
                    BinaryOp::LessEqual => "<=",
                    BinaryOp::Greater => ">",
                    BinaryOp::GreaterEqual => ">=",
                };
                format!("({}{sign}{})", shape(left), shape(right))
            }
            NodeKind::Call { name, args } => {
                let args: Vec<_> = args.iter().map(shape).collect();
                format!("{name}({})", args.join(","))
            }
        }
    }

    #[test]
    fn precedence_and_associativity() {
        for (text, expected) in [
            ("1+2*3", "(1+(2*3))"),
            ("1-2-3", "((1-2)-3)"),
            ("8/4/2", "((8/4)/2)"),
            ("2^3^2", "(2^(3^2))"),
            ("-x^2", "(-(x^2))"),
            ("2^-1*3", "((2^(-1))*3)"),
            ("2^-x^2", "(2^(-(x^2)))"),
            ("-x*y", "((-x)*y)"),
            ("2*-3", "(2*(-3))"),
            ("--x", "(-(-x))"),
            ("+x", "x"),
            ("a+b < c*d", "((a+b)<(c*d))"),
            ("a <= b+1", "(a<=(b+1))"),
            ("(a<b)>=(c>d)", "((a<b)>=(c>d))"),
            ("(1+2)*3", "((1+2)*3)"),
            ("sin(x)^2", "(sin(x)^2)"),
            ("atan2(y, -x)", "atan2(y,(-x))"),
            ("1e-3*.5e+2 + 2.", "((0.001*50)+2)"),
            ("  f( )  ", "f()"),
            ("laplace(u^3 - u)", "laplace(((u^3)-u))"),
        ] {
            assert_eq!(shape(&parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn nodes_know_their_place_in_the_text() {
        let text = " 2 * (a + sin( b )) ^ 2";
        let root = parse(text).unwrap();
        assert_eq!(&text[root.span.clone()], "2 * (a + sin( b )) ^ 2");
        let power = root.children()[1];
        assert_eq!(&text[power.span.clone()], "(a + sin( b )) ^ 2");
        let group = power.children()[0];
        assert_eq!(&text[group.span.clone()], "(a + sin( b ))");
        let call = group.children()[1];
        assert_eq!(&text[call.span.clone()], "sin( b )");
        assert_eq!(&text[call.name_span()], "sin");
    }

    #[test]
    fn errors_point_at_what_is_wrong() {
        for (text, span, message, help) in [
            ("", 0..0, "the expression is empty", Some("write a number")),
            ("  ", 0..2, "the expression is empty", Some("write")),
            ("1 +", 3..3, "ends where a number, a name or `(`", None),
            ("1 + * 2", 4..5, "unexpected `*`: expected a number", None),
            (
                "2 x",
                2..3,
                "unexpected `x`: expected an operator",
                Some("`*x`"),
            ),
            ("2x", 1..2, "unexpected `x`", Some("write `*x` to multiply")),
            (
                "2**3",
                2..3,
                "unexpected `*`",
                Some("powers are written `^`"),
            ),
            ("sin(x", 3..4, "this `(` is never closed", Some("add a `)`")),
            (
                "(a + b)) * 2",
                7..8,
                "this `)` closes nothing",
                Some("remove"),
            ),
            ("sin(x,)", 6..7, "unexpected `)`: expected a number", None),
            (
                "(1 + 2 $ 3",
                7..8,
                "unexpected `$`: expected an operator",
                None,
            ),
            ("3 \u{d7} 4", 2..4, "unexpected `\u{d7}`", None),
            ("x = 3", 2..3, "unexpected `=`", Some("no assignment")),
            ("a == b", 2..3, "unexpected `=`", Some("comparisons are")),
            (
                "0 < x < 1",
                6..7,
                "cannot be chained",
                Some("(0 < x)*(x < 1)"),
            ),
            (
                "1e999",
                0..5,
                "1e999 is not a 64-bit number",
                Some("1.8e308"),
            ),
            ("1.2.3", 3..5, "unexpected `.3`", None),
            ("()", 1..2, "unexpected `)`: expected a number", None),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.span, span, "{text}: {error:?}");
            assert!(error.message.contains(message), "{text}: {error:?}");
            match help {
                Some(help) => {
                    let found = error.help.as_deref().unwrap_or_default();
                    assert!(found.contains(help), "{text}: {error:?}");
                }
                None => assert_eq!(error.help, None, "{text}"),
            }
        }
    }

    #[test]
    fn hostile_texts_are_refused_not_crashed_on() {
        for text in [
            "(".repeat(100_000),
            "-".repeat(100_000) + "x",
            "2^".repeat(100_000) + "x",
            "x+".repeat(100_000) + "x",
            "sin(".repeat(99) + &"(".repeat(99),
        ] {
            assert!(parse(&text).is_err());
        }
        let deepest = "(".repeat(100) + "x" + &")".repeat(100);
        assert!(parse(&deepest).is_ok());
        assert!(parse(&("-".repeat(1000) + "x")).is_ok());
        assert!(parse(&("2^".repeat(1000) + "x")).is_ok());
    }
}
