//! The syntax tree.

use std::ops::Range;

use crate::error::ParseError;

/// A parsed expression and its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    text: String,
    root: Node,
}

impl Expr {
    /// Parses `text`; names and numbers of arguments are not looked at.
    ///
    /// # Errors
    /// [`ParseError`] for the first thing that is not an expression.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let root = crate::parse::parse(text)?;
        Ok(Self {
            text: text.to_owned(),
            root,
        })
    }

    /// Root of the tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A node and the bytes of the text it stands for, outer parentheses included.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What the node is.
    pub kind: NodeKind,
    /// Byte range in the text.
    pub span: Range<usize>,
}

/// The kinds of nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A number.
    Number(f64),
    /// A variable, parameter, constant or summation index.
    Name(String),
    /// Minus the operand.
    Neg(Box<Node>),
    /// An operation on two operands.
    Binary {
        /// Which operation.
        op: BinaryOp,
        /// Left operand.
        left: Box<Node>,
        /// Right operand.
        right: Box<Node>,
    },
    /// A function, or an operator such as `laplace(u)`.
    Call {
        /// Its name.
        name: String,
        /// Its arguments.
        args: Vec<Node>,
    },
}

/// Operations on two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// a / b
    Div,
    /// a ^ b
    Pow,
    /// 1 where a < b, else 0
    Less,
    /// 1 where a <= b, else 0
    LessEqual,
    /// 1 where a > b, else 0
    Greater,
    /// 1 where a >= b, else 0
    GreaterEqual,
}

impl BinaryOp {
    /// Whether the result is 0 or 1.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Less | Self::LessEqual | Self::Greater | Self::GreaterEqual
        )
    }
}

impl Node {
    /// A node that stands for `span`.
    pub fn new(kind: NodeKind, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// The direct operands or arguments.
    pub fn children(&self) -> Vec<&Node> {
        match &self.kind {
            NodeKind::Number(_) | NodeKind::Name(_) => Vec::new(),
            NodeKind::Neg(operand) => vec![operand],
            NodeKind::Binary { left, right, .. } => vec![left, right],
            NodeKind::Call { args, .. } => args.iter().collect(),
        }
    }

    /// For a call, the bytes of its name alone.
    pub fn name_span(&self) -> Range<usize> {
        match &self.kind {
            NodeKind::Call { name, .. } => self.span.start..self.span.start + name.len(),
            _ => self.span.clone(),
        }
    }
}
