//! The keys with which a case file or a command line chooses a linear solver.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::amg::{AirParams, AmgParams};
use crate::methods::{BiCgStabLParams, IdrSParams};
use crate::preconditioners::{
    AdditiveSchwarzParams, BlockJacobiParams, ChebyshevParams, Ic0Params, IctParams, Ilu0Params,
    IluKParams, IlutParams, JacobiParams, SsorParams,
};
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
        /// Sparse Cholesky or LU factors, with iterative refinement.
        Direct = "direct",
        /// Conjugate gradients, for symmetric positive definite matrices.
        Cg = "cg",
        /// Flexible conjugate gradients, for symmetric positive definite matrices and any
        /// preconditioner.
        FlexibleCg = "flexible_cg",
        /// Conjugate gradients deflated by Ritz vectors of the solves before.
        DeflatedCg = "deflated_cg",
        /// Minimal residuals, for symmetric matrices that may be indefinite.
        Minres = "minres",
        /// GMRES with restarts, for all matrices.
        Gmres = "gmres",
        /// Flexible GMRES with restarts, for all matrices and any preconditioner.
        Fgmres = "fgmres",
        /// Generalised conjugate residuals, for all matrices and any preconditioner.
        Gcr = "gcr",
        /// GMRES that keeps a recycled space over restarts and solves.
        GcroDr = "gcro_dr",
        /// BiCGStab, for all matrices, with short recurrences.
        Bicgstab = "bicgstab",
        /// BiCGStab(l), for spectra with large imaginary parts.
        BicgstabL = "bicgstab_l",
        /// IDR(s), for all matrices, with short recurrences.
        Idr = "idr",
        /// Transpose-free QMR, for all matrices, with short recurrences.
        Tfqmr = "tfqmr",
        /// LSQR, for rectangular matrices.
        Lsqr = "lsqr",
        /// LSMR, for rectangular matrices.
        Lsmr = "lsmr",
        /// CGLS, for rectangular matrices.
        Cgls = "cgls",
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
        /// The diagonal.
        Jacobi = "jacobi",
        /// Dense diagonal blocks.
        BlockJacobi = "block_jacobi",
        /// Symmetric successive over-relaxation.
        Ssor = "ssor",
        /// Incomplete Cholesky factors on the pattern of A.
        Ic0 = "ic0",
        /// Incomplete Cholesky factors by threshold.
        Ict = "ict",
        /// Incomplete LU factors on the pattern of A.
        Ilu0 = "ilu0",
        /// Incomplete LU factors by level of fill.
        Iluk = "iluk",
        /// Incomplete LU factors by threshold.
        Ilut = "ilut",
        /// The diagonal that is nearest to the inverse.
        Spai0 = "spai0",
        /// A Chebyshev polynomial of A.
        Chebyshev = "chebyshev",
        /// Overlapping subdomains, each solved directly.
        AdditiveSchwarz = "additive_schwarz",
        /// Smoothed-aggregation multigrid.
        Amg = "amg",
        /// Classical (Ruge-Stueben) multigrid.
        ClassicalAmg = "classical_amg",
        /// Multigrid by approximate ideal restriction, for advection.
        Air = "air",
    }
}

/// Whether a table says nothing but the defaults: it is then left out of a printed case.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A linear solver: method, preconditioner, stopping rule, and the options of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Iterations between restarts, and directions kept, of `gmres`, `fgmres`, `gcr` and
    /// `gcro_dr`; window in which `deflated_cg` looks for Ritz vectors. Default: 50.
    #[schemars(range(min = 1, max = 10000))]
    pub restart: usize,
    /// Directions against which `flexible_cg` orthogonalises. Default: 1.
    #[schemars(range(min = 1, max = 1000))]
    pub directions: usize,
    /// Vectors that `gcro_dr` and `deflated_cg` keep for the next solve. Default: 8.
    #[schemars(range(min = 1, max = 1000))]
    pub recycled: usize,
    /// Options of `bicgstab_l`.
    #[serde(skip_serializing_if = "is_default")]
    pub bicgstab_l: BiCgStabLParams,
    /// Options of `idr`.
    #[serde(skip_serializing_if = "is_default")]
    pub idr: IdrSParams,
    /// Options of `jacobi`.
    #[serde(skip_serializing_if = "is_default")]
    pub jacobi: JacobiParams,
    /// Options of `block_jacobi`.
    #[serde(skip_serializing_if = "is_default")]
    pub block_jacobi: BlockJacobiParams,
    /// Options of `ssor`.
    #[serde(skip_serializing_if = "is_default")]
    pub ssor: SsorParams,
    /// Options of `ic0`.
    #[serde(skip_serializing_if = "is_default")]
    pub ic0: Ic0Params,
    /// Options of `ict`.
    #[serde(skip_serializing_if = "is_default")]
    pub ict: IctParams,
    /// Options of `ilu0`.
    #[serde(skip_serializing_if = "is_default")]
    pub ilu0: Ilu0Params,
    /// Options of `iluk`.
    #[serde(skip_serializing_if = "is_default")]
    pub iluk: IluKParams,
    /// Options of `ilut`.
    #[serde(skip_serializing_if = "is_default")]
    pub ilut: IlutParams,
    /// Options of `chebyshev`.
    #[serde(skip_serializing_if = "is_default")]
    pub chebyshev: ChebyshevParams,
    /// Options of `additive_schwarz`.
    #[serde(skip_serializing_if = "is_default")]
    pub additive_schwarz: AdditiveSchwarzParams,
    /// Options of `amg` and `classical_amg`; the latter takes classical coarsening where this table
    /// names none.
    #[serde(skip_serializing_if = "is_default")]
    pub amg: AmgParams,
    /// Options of `air`.
    #[serde(skip_serializing_if = "is_default")]
    pub air: AirParams,
}

impl Default for LinearParams {
    fn default() -> Self {
        Self {
            method: MethodName::Auto,
            preconditioner: PreconditionerName::Auto,
            stop: StoppingRule::default(),
            restart: 50,
            directions: 1,
            recycled: 8,
            bicgstab_l: BiCgStabLParams::default(),
            idr: IdrSParams::default(),
            jacobi: JacobiParams::default(),
            block_jacobi: BlockJacobiParams::default(),
            ssor: SsorParams::default(),
            ic0: Ic0Params::default(),
            ict: IctParams::default(),
            ilu0: Ilu0Params::default(),
            iluk: IluKParams::default(),
            ilut: IlutParams::default(),
            chebyshev: ChebyshevParams::default(),
            additive_schwarz: AdditiveSchwarzParams::default(),
            amg: AmgParams::default(),
            air: AirParams::default(),
        }
    }
}

impl LinearParams {
    /// The automatic choice with another relative tolerance.
    pub fn relative(relative_tolerance: f64) -> Self {
        Self {
            stop: StoppingRule::relative(relative_tolerance),
            ..Self::default()
        }
    }
}

/// What the caller knows of a matrix and its entries do not show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// Eigenvalues of both signs may occur although the diagonal is positive.
    pub indefinite: bool,
    /// The matrix is singular and the systems are consistent: complete factors would divide by zero.
    pub singular: bool,
    /// Vectors that the matrix nearly maps to zero, as rigid body motions: for `amg`.
    pub near_null_space: Vec<Vec<f64>>,
}
