//! The keys with which a case file or a command line chooses a linear solver.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::solve::StoppingRule;

macro_rules! names {
    ($(#[$outer:meta])* $enum:ident { $($(#[$inner:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum $enum {
            $($(#[$inner])* #[serde(rename = $name)] $variant,)*
        }

        impl $enum {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Name in a case file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one with this name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

names! {
    /// A Krylov method, or a direct solve.
    MethodName {
        /// What suits the matrix; the report says what it is and why.
        #[default]
        Auto = "auto",
        /// Conjugate gradients, for symmetric positive definite matrices.
        Cg = "cg",
    }
}

names! {
    /// A preconditioner.
    PreconditionerName {
        /// What suits the matrix and the method; the report says what it is and why.
        #[default]
        Auto = "auto",
        /// None.
        None = "none",
    }
}

/// A linear solver: method, preconditioner, stopping rule, and the options of each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false))]
pub struct LinearParams {
    /// The method. Default: `auto`.
    pub method: MethodName,
    /// The preconditioner. Default: `auto`.
    pub preconditioner: PreconditionerName,
    /// When to stop.
    #[serde(flatten)]
    pub stop: StoppingRule,
}
