//! What can be wrong with an elliptic problem.

/// An elliptic problem that cannot be set up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EllipticError {
    /// The values stand at points.
    #[error("elliptic problems need `cells` in the mesh, this one has `points`")]
    Centring,
    /// A coefficient that the equation cannot have.
    #[error("{reason}")]
    Coefficient {
        /// Its key in the problem.
        key: String,
        /// What is wrong with it, with numbers.
        reason: String,
    },
    /// The source is infinite or NaN somewhere.
    #[error("the source at {place:?} is {value}")]
    Source {
        /// Centre of the cell.
        place: Vec<f64>,
        /// Its value.
        value: f64,
    },
    /// A boundary has no condition.
    #[error(
        "boundary `{name}` has no condition: give one (dirichlet, neumann, robin) or make axis {axis} periodic"
    )]
    MissingCondition {
        /// Name of the boundary.
        name: &'static str,
        /// Its axis.
        axis: char,
    },
    /// A condition for a boundary that is identified with the opposite one.
    #[error("boundary `{name}` has a condition, but axis {axis} is periodic")]
    PeriodicCondition {
        /// Name of the boundary.
        name: &'static str,
        /// Its axis.
        axis: char,
    },
    /// A condition for a boundary the grid lacks.
    #[error("there is no boundary `{name}`: this mesh has {}", .known.join(", "))]
    UnknownBoundary {
        /// Name given.
        name: String,
        /// Names of the grid's boundaries.
        known: Vec<&'static str>,
    },
    /// A Robin condition that leaves the solution unbounded, or says nothing.
    #[error(
        "boundary `{name}`: alpha = {alpha} and beta = {beta}; neither may be negative, and not both zero"
    )]
    Robin {
        /// Name of the boundary.
        name: String,
        /// Weight of u.
        alpha: f64,
        /// Weight of du/dn.
        beta: f64,
    },
    /// A Robin condition beside a full tensor.
    #[error(
        "boundary `{name}`: a Robin condition is not offered with a full conductivity tensor; give dirichlet or neumann"
    )]
    RobinWithTensor {
        /// Name of the boundary.
        name: &'static str,
    },
    /// A transport problem that no boundary value fixes.
    #[error(
        "no boundary has a Dirichlet or Robin condition and nothing is consumed, so the solution is fixed up to a multiple of a function that is not known beforehand: give u at one boundary at least"
    )]
    Undetermined,
    /// The matrix has too many entries.
    #[error("the matrix of this mesh is too large: {reason}")]
    TooLarge {
        /// What is too large.
        reason: String,
    },
    /// A key of `[time]` out of range.
    #[error("`{key}` {reason}")]
    Time {
        /// Name of the key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The linear solver cannot be set up.
    #[error("{reason}")]
    Solver {
        /// What is wrong.
        reason: String,
    },
}
