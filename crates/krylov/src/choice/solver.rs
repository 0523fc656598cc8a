//! A solver put together from names.

use std::any::Any;

use faer::traits::ComplexField;
use num_complex::Complex;
use pdesolve_core::Control;

use super::auto::{Choice, IC0_RELAXATION, choose, is_one_sided};
use super::params::{Hints, LinearParams, MethodName, PreconditionerName};
use crate::amg::{Air, Amg, AmgError, Classical, Coarsening};
use crate::csr::Csr;
use crate::methods::{
    BiCgStab, BiCgStabL, Cg, DeflatedCg, Fgmres, FlexibleCg, Gcr, GcroDr, Gmres, IdrS, Memory,
    Minres, Tfqmr,
};
use crate::operator::LinearOperator;
use crate::preconditioner::{Identity, Preconditioner};
use crate::preconditioners::{
    AdditiveSchwarz, BlockJacobi, Chebyshev, DirectCholesky, DirectLu, Ic0, Ic0Params, Ict, Ilu0,
    IluK, Ilut, Jacobi, SetupError, Spai0, Ssor,
};
use crate::scalar::Scalar;
use crate::solve::{Iteration, Report, SolveError, Solver};

/// A solver that cannot be put together, or a system that it cannot take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LinearError {
    /// The matrix holds an infinity or a NaN.
    #[error("the matrix holds {value} at row {row}, column {column} (from 0)")]
    NotFinite {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// The entry, as text.
        value: String,
    },
    /// Method, preconditioner and matrix do not go together.
    #[error("{what} does not go with {with}: {why}")]
    Incompatible {
        /// What was asked for.
        what: String,
        /// With what.
        with: String,
        /// Why not.
        why: &'static str,
    },
    /// The preconditioner cannot be made.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The hierarchy cannot be built.
    #[error(transparent)]
    Amg(#[from] AmgError),
    /// The system is not one that the method can take.
    #[error(transparent)]
    Solve(#[from] SolveError),
}

impl LinearError {
    pub(super) fn not_finite<T: Scalar>(matrix: &Csr<T>, row: usize, column: usize) -> Self {
        Self::NotFinite {
            row,
            column,
            value: matrix.get(row, column).to_string(),
        }
    }

    /// What to try, in one sentence; empty where the message says it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotFinite { .. } => {
                "the program that made the matrix divided by zero or overflowed: mend it there"
            }
            Self::Incompatible { .. } => "let `auto` choose, or take another pair",
            Self::Setup(_) | Self::Solve(_) => "",
            Self::Amg(_) => "take another preconditioner, or `auto`",
        }
    }
}

/// How a solve went, and by what.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub report: Report,
    /// The tested residual norm: entry k after k iterations.
    pub history: Vec<f64>,
    /// The method.
    pub method: String,
    /// The preconditioner.
    pub preconditioner: String,
    /// Why these, where the choice was automatic.
    pub reason: String,
    /// The preconditioner from inside: levels of a hierarchy, fill of a factor.
    pub description: String,
    /// Bytes of the preconditioner.
    pub memory_bytes: usize,
}

/// A preconditioner with what there is to say of it.
struct Built<T> {
    preconditioner: Box<dyn Preconditioner<T>>,
    description: String,
    memory_bytes: usize,
}

/// Numbers that [`LinearSolver`] works with: f64, for which there are all preconditioners, and its
/// complex pairs, for which there are those that need no order of the numbers.
pub trait Chooseable: Scalar + ComplexField {}
impl Chooseable for f64 {}
impl Chooseable for Complex<f64> {}

macro_rules! engines {
    ($($variant:ident($method:ty)),* $(,)?) => {
        enum Engine<T> {
            $($variant(Box<Solver<T, $method>>),)*
        }

        impl<T: Scalar> Engine<T> {
            fn solve<A: LinearOperator<T> + ?Sized>(
                &mut self,
                operator: &A,
                preconditioner: &mut Box<dyn Preconditioner<T>>,
                b: &[T],
                x: &mut [T],
                observer: &mut dyn FnMut(&Iteration) -> Control,
            ) -> Result<Report, SolveError> {
                match self {
                    $(Self::$variant(solver) => {
                        solver.solve_observed(operator, preconditioner, b, x, observer)
                    })*
                }
            }

            fn history(&self) -> &[f64] {
                match self {
                    $(Self::$variant(solver) => solver.history(),)*
                }
            }
        }
    };
}

engines! {
    Cg(Cg<T>),
    FlexibleCg(FlexibleCg<T>),
    DeflatedCg(DeflatedCg<T>),
    Minres(Minres<T>),
    Gmres(Gmres<T>),
    Fgmres(Fgmres<T>),
    Gcr(Gcr<T>),
    GcroDr(GcroDr<T>),
    Bicgstab(BiCgStab<T>),
    BicgstabL(BiCgStabL<T>),
    Idr(IdrS<T>),
    Tfqmr(Tfqmr<T>),
}

impl<T: Scalar> Engine<T> {
    /// A method for `n` unknowns: no space is larger than that.
    fn new(method: MethodName, params: &LinearParams, n: usize) -> Self {
        let rule = params.stop.clone();
        let restart = params.restart.min(n.max(1));
        let recycled = params.recycled.min((n / 2).max(1));
        let directions = params.directions.min(n.max(1));
        macro_rules! make {
            ($variant:ident, $method:expr) => {
                Self::$variant(Box::new(Solver::with_rule($method, rule)))
            };
        }
        match method {
            MethodName::Cg => make!(Cg, Cg::default()),
            MethodName::FlexibleCg => make!(FlexibleCg, FlexibleCg::new(directions)),
            MethodName::DeflatedCg => {
                let kept = recycled;
                make!(DeflatedCg, DeflatedCg::new(kept, restart.max(2 * kept + 1)))
            }
            MethodName::Minres => make!(Minres, Minres::default()),
            MethodName::Fgmres => make!(Fgmres, Fgmres::new(restart)),
            MethodName::Gcr => make!(Gcr, Gcr::new(restart, Memory::default())),
            MethodName::GcroDr => {
                let kept = recycled;
                make!(GcroDr, GcroDr::new(restart.max(kept + 2), kept))
            }
            MethodName::Bicgstab => make!(Bicgstab, BiCgStab::default()),
            MethodName::BicgstabL => make!(BicgstabL, BiCgStabL::new(params.bicgstab_l)),
            MethodName::Idr => make!(Idr, IdrS::new(params.idr)),
            MethodName::Tfqmr => make!(Tfqmr, Tfqmr::default()),
            // A direct solve is refined by the method that needs the fewest products.
            _ => make!(Gmres, Gmres::new(restart)),
        }
    }
}

/// A linear solver as [`LinearParams`] describe it, set up for one matrix.
pub struct LinearSolver<T> {
    engine: Engine<T>,
    built: Built<T>,
    choice: Choice,
}

impl<T: Chooseable> LinearSolver<T> {
    /// Sets up method and preconditioner for a matrix.
    ///
    /// # Errors
    /// [`LinearError`] where the matrix is not finite, the two do not go together, or the
    /// preconditioner cannot be made.
    pub fn new(matrix: &Csr<T>, params: &LinearParams) -> Result<Self, LinearError> {
        Self::with_hints(matrix, params, &Hints::default())
    }

    /// As [`LinearSolver::new`], with what is known beside the entries of the matrix.
    ///
    /// # Errors
    /// As [`LinearSolver::new`].
    pub fn with_hints(
        matrix: &Csr<T>,
        params: &LinearParams,
        hints: &Hints,
    ) -> Result<Self, LinearError> {
        if let Some((row, column)) = matrix.first_not_finite() {
            return Err(LinearError::not_finite(matrix, row, column));
        }
        let choice = choose(matrix, params, hints);
        check(matrix, &choice, params, hints)?;
        let built = if choice.method == MethodName::Direct {
            direct(matrix, choice.hermitian)?
        } else {
            build(matrix, &choice, params, hints)?
        };
        Ok(Self {
            engine: Engine::new(choice.method, params, matrix.nrows()),
            built,
            choice,
        })
    }

    /// The method and the preconditioner, and why these.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// Solves A x = b from the guess in x.
    ///
    /// # Errors
    /// [`LinearError::Solve`].
    pub fn solve<A: LinearOperator<T> + ?Sized>(
        &mut self,
        operator: &A,
        b: &[T],
        x: &mut [T],
        observer: &mut dyn FnMut(&Iteration) -> Control,
    ) -> Result<Outcome, LinearError> {
        let preconditioner = &mut self.built.preconditioner;
        let report = self
            .engine
            .solve(operator, preconditioner, b, x, observer)?;
        Ok(Outcome {
            report,
            history: self.engine.history().to_vec(),
            method: self.choice.method.name().to_owned(),
            preconditioner: self.choice.preconditioner.name().to_owned(),
            reason: self.choice.reason.clone(),
            description: self.built.description.clone(),
            memory_bytes: self.built.memory_bytes,
        })
    }
}

/// Refuses pairs that are known to fail.
fn check<T: Scalar>(
    matrix: &Csr<T>,
    choice: &Choice,
    params: &LinearParams,
    hints: &Hints,
) -> Result<(), LinearError> {
    use MethodName as M;
    use PreconditionerName as P;
    let incompatible = |what: &str, with: &str, why: &'static str| {
        Err(LinearError::Incompatible {
            what: what.to_owned(),
            with: with.to_owned(),
            why,
        })
    };
    let (method, preconditioner) = (choice.method, choice.preconditioner);
    if matrix.nrows() != matrix.ncols() {
        return Ok(());
    }
    let symmetric_method = matches!(method, M::Cg | M::FlexibleCg | M::DeflatedCg | M::Minres);
    if symmetric_method && !choice.hermitian {
        return incompatible(
            method.name(),
            "this matrix",
            "the method needs a symmetric matrix, and this one is not",
        );
    }
    if method == M::Direct && !matches!(preconditioner, P::None | P::Auto) {
        return incompatible(
            method.name(),
            preconditioner.name(),
            "a direct solve takes no preconditioner",
        );
    }
    if method == M::Direct && hints.singular {
        return incompatible(
            method.name(),
            "a singular problem",
            "complete factors would divide by zero: let an iterative method keep to the null space",
        );
    }
    if symmetric_method && is_one_sided(preconditioner, params) {
        return incompatible(
            method.name(),
            preconditioner.name(),
            "the method needs a symmetric preconditioner, and this one is not",
        );
    }
    Ok(())
}

/// Complete factors: Cholesky where the matrix allows it, LU otherwise.
fn direct<T: Chooseable>(a: &Csr<T>, hermitian: bool) -> Result<Built<T>, LinearError> {
    if hermitian && let Ok(made) = DirectCholesky::new(a) {
        return Ok(Built {
            description: format!(
                "sparse Cholesky factor with {} entries, {:.1} times those of A",
                made.nnz(),
                made.nnz() as f64 / a.nnz() as f64
            ),
            memory_bytes: made.memory_bytes(),
            preconditioner: Box::new(made),
        });
    }
    Ok(Built {
        preconditioner: Box::new(DirectLu::new(a)?),
        description: "sparse LU factors with pivoting".to_owned(),
        memory_bytes: 0,
    })
}

/// Makes a preconditioner by name.
fn build<T: Chooseable>(
    a: &Csr<T>,
    choice: &Choice,
    params: &LinearParams,
    hints: &Hints,
) -> Result<Built<T>, LinearError> {
    use PreconditionerName as P;
    let name = choice.preconditioner;
    fn plain<T, M: Preconditioner<T> + 'static>(made: M, memory_bytes: usize) -> Built<T>
    where
        T: Scalar,
    {
        Built {
            preconditioner: Box::new(made),
            description: String::new(),
            memory_bytes,
        }
    }
    macro_rules! make {
        ($made:expr) => {{
            let made = $made?;
            let bytes = made.memory_bytes();
            plain(made, bytes)
        }};
    }
    Ok(match name {
        P::None | P::Auto => plain(Identity, 0),
        P::Jacobi => make!(Jacobi::new(a, &params.jacobi)),
        P::BlockJacobi => make!(BlockJacobi::new(a, &params.block_jacobi)),
        P::Ssor => make!(Ssor::new(a, &params.ssor)),
        P::Ict => make!(Ict::new(a, &params.ict)),
        P::Spai0 => make!(Spai0::new(a)),
        P::Chebyshev => make!(Chebyshev::new(a.clone(), &params.chebyshev)),
        P::AdditiveSchwarz => make!(AdditiveSchwarz::new(a, &params.additive_schwarz)),
        P::Ic0 => {
            let mut own = params.ic0.clone();
            if choice.open && own == Ic0Params::default() {
                own.relaxation = IC0_RELAXATION;
            }
            make!(Ic0::new(a, &own))
        }
        P::Ilu0 => make!(Ilu0::new(a, &params.ilu0)),
        P::Iluk => make!(IluK::new(a, &params.iluk)),
        P::Ilut => make!(Ilut::new(a, &params.ilut)),
        P::Amg | P::ClassicalAmg | P::Air => {
            let Some(a) = (a as &dyn Any).downcast_ref::<Csr<f64>>() else {
                return Err(LinearError::Incompatible {
                    what: name.name().to_owned(),
                    with: "this matrix".to_owned(),
                    why: "algebraic multigrid here is for real numbers",
                });
            };
            if name == P::Air {
                let air = Air::new(a, &params.air)?;
                let info = air.info();
                return Ok(real(air, info.to_string(), info.memory_bytes()));
            }
            let mut own = params.amg.clone();
            if name == P::ClassicalAmg && !matches!(own.coarsening, Coarsening::Classical(_)) {
                own.coarsening = Coarsening::Classical(Classical::default());
            }
            let amg = Amg::with_near_null_space(a, &own, &hints.near_null_space)?;
            let info = amg.info();
            real(amg, info.to_string(), info.memory_bytes())
        }
    })
}

/// A preconditioner of real numbers where T is f64.
fn real<T: Scalar>(
    made: impl Preconditioner<f64> + 'static,
    description: String,
    memory_bytes: usize,
) -> Built<T> {
    let boxed: Box<dyn Preconditioner<f64>> = Box::new(made);
    let any: Box<dyn Any> = Box::new(boxed);
    let preconditioner = *any
        .downcast::<Box<dyn Preconditioner<T>>>()
        .expect("called for f64 only");
    Built {
        preconditioner,
        description,
        memory_bytes,
    }
}
