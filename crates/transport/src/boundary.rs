//! Conditions at the two ends of a mesh in one dimension.

/// What enters through a boundary.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Boundary {
    /// Nothing enters.
    #[default]
    Vacuum,
    /// `albedo` times what leaves in the mirrored direction. The centre of a sphere and the axis
    /// of a cylinder are reflecting with albedo 1.
    Reflecting {
        /// Part that comes back, 0 to 1.
        albedo: f64,
    },
    /// `albedo` times the outgoing current, evenly over the entering directions.
    White {
        /// Part that comes back, 0 to 1.
        albedo: f64,
    },
    /// A given angular flux: `[group][ordinate]`; entries of ordinates that leave are not used.
    Incident(Vec<Vec<f64>>),
    /// What leaves at the other end (slabs; both ends must be periodic).
    Periodic,
}

impl Boundary {
    /// Everything comes back the way it came.
    pub const MIRROR: Self = Self::Reflecting { albedo: 1.0 };

    /// Whether what enters is known before anything leaves.
    pub fn is_given(&self) -> bool {
        match self {
            Self::Vacuum | Self::Incident(_) => true,
            Self::Reflecting { albedo } | Self::White { albedo } => *albedo == 0.0,
            Self::Periodic => false,
        }
    }

    /// Part of the outgoing partial current that comes back: the albedo of the diffusion problem.
    pub fn albedo(&self) -> f64 {
        match self {
            Self::Vacuum | Self::Incident(_) => 0.0,
            Self::Reflecting { albedo } | Self::White { albedo } => *albedo,
            Self::Periodic => 1.0,
        }
    }
}
