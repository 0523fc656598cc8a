//! The choice of method and preconditioner by a cost model.
//!
//! The unit of cost is one visit to all stored entries, about one product A x. What a solver costs
//! follows from what two passes over the matrix show: size, symmetry, signs, the spread of its
//! diagonal, and L, the number of levels of a breadth-first walk through its graph, which is the
//! extent of the grid in nodes.
//!
//! | pair | iterations | set-up and solve cost as much as |
//! |---|---|---|
//! | CG + IC(0), relaxed by 0.97 | 0.2 L (1 + 0.9 log10(spread)) | so many of its iterations |
//! | CG + AMG | about 12 for all L | 80 of them |
//! | BiCGStab + ILU(0) | 0.55 L | so many of its iterations |
//! | BiCGStab + ILUT | about 15 for all L | 60 of them |
//!
//! Incomplete factors leave the condition number growing with L, hence L; jumps of the coefficient
//! add eigenvectors that no pattern of A sees, hence the spread. Where there are no jumps L counts
//! strong couplings only (a quarter of the largest of the row or more): along the weak ones
//! incomplete factors are all but exact. The factors are fitted to the gallery
//! ([`SPD`](crate::gallery::SPD) and [`NONSYMMETRIC`](crate::gallery::NONSYMMETRIC);
//! `examples/compare_choices.rs` prints the times). For one solve IC(0) wins up to about
//! 128^3 points of a smooth 3-D problem and AMG beyond, or where the coefficient jumps, and where the
//! hierarchy is used again. Where the matrix is no M-matrix (elasticity, rotated anisotropy) AMG is
//! not to be trusted without its null space, and incomplete factors are taken.

use super::params::{Hints, LinearParams, MethodName, PreconditionerName};
use crate::csr::Csr;
use crate::operator::LinearOperator;
use crate::preconditioners::SchwarzVariant;
use crate::scalar::{Real, Scalar};
use crate::vector;

/// Set-up and solve by AMG in iterations of CG with IC(0).
const AMG_COST: f64 = 80.0;

/// Set-up and solve by ILUT in iterations of BiCGStab with ILU(0).
const ILUT_COST: f64 = 60.0;

/// Part of the dropped fill that goes to the diagonal where IC(0) is chosen here: it makes the
/// condition number grow with L, not its square (Gustafsson 1978).
pub(super) const IC0_RELAXATION: f64 = 0.97;

/// What was chosen, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The method.
    pub method: MethodName,
    /// The preconditioner.
    pub preconditioner: PreconditionerName,
    /// Why; empty where both were given by name.
    pub reason: String,
    /// Whether the matrix is Hermitian, as far as two products tell.
    pub hermitian: bool,
    /// Whether the preconditioner was left open: its options may then follow the choice.
    pub open: bool,
}

/// What the cost model looks at.
#[derive(Clone, Debug, PartialEq)]
struct Features {
    rows: usize,
    /// Stored entries a row.
    width: f64,
    hermitian: bool,
    /// The diagonal is positive throughout, and nothing speaks against a definite matrix.
    positive_diagonal: bool,
    /// Part of the off-diagonal entries, by size, that are not negative.
    positive_part: f64,
    /// Part of the off-diagonal entries, by number, below a quarter of the largest of their row.
    weak_part: f64,
    /// Sum of |a_ij - conj(a_ji)| over that of |a_ij + conj(a_ji)|, off the diagonal.
    skewness: f64,
    /// Largest over smallest diagonal entry.
    spread: f64,
    /// Levels of a breadth-first walk; along strong entries where the spread is small.
    levels: usize,
}

/// Chooses what `params` leave open.
pub fn choose<T: Scalar>(a: &Csr<T>, params: &LinearParams, hints: &Hints) -> Choice {
    use MethodName as M;
    use PreconditionerName as P;
    let square = a.nrows() == a.ncols();
    let hermitian = square && looks_hermitian(a);
    let mut choice = Choice {
        method: params.method,
        preconditioner: params.preconditioner,
        reason: String::new(),
        hermitian,
        open: params.preconditioner == P::Auto,
    };
    if params.method == M::Direct {
        if params.preconditioner == P::Auto {
            choice.preconditioner = P::None;
        }
        return choice;
    }
    if params.method != M::Auto && params.preconditioner != P::Auto || !square {
        return choice;
    }
    let mut features = features(a, hermitian);
    features.positive_diagonal &= !hints.indefinite;
    let (method, preconditioner, reason) = recommend::<T>(&features, hints);
    if choice.method == M::Auto {
        choice.method = match params.preconditioner {
            given if is_one_sided(given, params) => M::Gmres,
            _ if method == M::Direct && params.preconditioner != P::Auto => {
                if hermitian && features.positive_diagonal {
                    M::Cg
                } else {
                    M::Gmres
                }
            }
            _ => method,
        };
    }
    if choice.preconditioner == P::Auto {
        let symmetric = matches!(
            choice.method,
            M::Cg | M::FlexibleCg | M::DeflatedCg | M::Minres
        );
        choice.preconditioner = match preconditioner {
            P::Ilut | P::None if symmetric && choice.method != M::Minres => P::Ic0,
            P::Ilut if symmetric => P::None,
            P::None if !symmetric && choice.method != M::Direct => P::Ilut,
            found => found,
        };
    }
    choice.reason = reason;
    choice
}

/// Whether a preconditioner is not symmetric even where the matrix is.
pub(super) fn is_one_sided(preconditioner: PreconditionerName, params: &LinearParams) -> bool {
    match preconditioner {
        PreconditionerName::Ilut | PreconditionerName::Air => true,
        PreconditionerName::AdditiveSchwarz => {
            params.additive_schwarz.variant == SchwarzVariant::Restricted
        }
        _ => false,
    }
}

/// Method and preconditioner of least cost, and the reason.
fn recommend<T: Scalar>(f: &Features, hints: &Hints) -> (MethodName, PreconditionerName, String) {
    use MethodName as M;
    use PreconditionerName as P;
    if f.rows <= 1000 && !hints.singular {
        let reason = format!("{} rows are few enough to eliminate", f.rows);
        return (M::Direct, P::None, reason);
    }
    if f.hermitian && f.positive_diagonal {
        let iterations = 0.2 * f.levels as f64 * (1.0 + 0.9 * f.spread.log10());
        let text = |taken: &str| {
            format!(
                "the matrix is symmetric with a positive diagonal, and {taken} (IC(0): about {iterations:.0} iterations; AMG costs {AMG_COST:.0} of them)"
            )
        };
        if T::IS_COMPLEX {
            return (M::Cg, P::Ic0, text("complex"));
        }
        if f.positive_part > 0.1 {
            return (M::Cg, P::Ic0, text("no M-matrix"));
        }
        if iterations <= AMG_COST && f.weak_part > 0.3 {
            let taken = "many couplings are weak: factors without them are cheaper";
            return (M::Cg, P::Ict, text(taken));
        }
        if iterations <= AMG_COST {
            return (
                M::Cg,
                P::Ic0,
                text("one solve is cheaper without a hierarchy"),
            );
        }
        return if f.spread > 100.0 {
            let taken = "a hierarchy pays off, one that follows the jumps of the coefficient";
            (M::Cg, P::ClassicalAmg, text(taken))
        } else {
            (M::Cg, P::Amg, text("a hierarchy pays off"))
        };
    }
    if f.hermitian {
        let reason = "the matrix is symmetric and indefinite".to_owned();
        return (M::Minres, P::None, reason);
    }
    let iterations = 0.55 * f.levels as f64;
    let reason = format!(
        "the matrix is not symmetric (ILU(0): about {iterations:.0} iterations; ILUT costs {ILUT_COST:.0} of them)"
    );
    if iterations <= ILUT_COST {
        (M::Bicgstab, P::Ilu0, reason)
    } else if f.skewness < 0.25 && f.positive_diagonal && f.positive_part < 0.1 && !T::IS_COMPLEX {
        (M::Bicgstab, P::Amg, format!("{reason}, but nearly so"))
    } else {
        (M::Bicgstab, P::Ilut, reason)
    }
}

fn features<T: Scalar>(a: &Csr<T>, hermitian: bool) -> Features {
    let mut positive_diagonal = true;
    let (mut low, mut high) = (f64::INFINITY, 0.0f64);
    let (mut positive, mut all) = (0.0, 0.0);
    let (mut weak, mut others) = (0usize, 0usize);
    let (mut skew, mut even) = (0.0, 0.0);
    for i in 0..a.nrows() {
        let (columns, values) = a.row(i);
        let mut diagonal = 0.0;
        let largest = largest_off_diagonal(i, columns, values);
        for (&j, &v) in columns.iter().zip(values) {
            let size = v.modulus().as_f64();
            if j as usize == i {
                diagonal = v.re().as_f64();
                continue;
            }
            all += size;
            others += 1;
            weak += usize::from(size < 0.25 * largest);
            if v.re().as_f64() > 0.0 {
                positive += size;
            }
            if !hermitian {
                let mirror = a.get(j as usize, i).conj();
                skew += (v - mirror).modulus().as_f64();
                even += (v + mirror).modulus().as_f64();
            }
        }
        positive_diagonal &= diagonal > 0.0;
        low = low.min(diagonal.abs());
        high = high.max(diagonal.abs());
    }
    let spread = if low > 0.0 { high / low } else { 1e16 };
    Features {
        rows: a.nrows(),
        width: a.nnz() as f64 / a.nrows().max(1) as f64,
        hermitian,
        positive_diagonal,
        positive_part: if all > 0.0 { positive / all } else { 0.0 },
        weak_part: weak as f64 / others.max(1) as f64,
        skewness: if skew > 0.0 { skew / even } else { 0.0 },
        spread,
        levels: levels(a, if spread < 10.0 { 0.25 } else { 0.0 }),
    }
}

fn largest_off_diagonal<T: Scalar>(i: usize, columns: &[u32], values: &[T]) -> f64 {
    let others = columns
        .iter()
        .zip(values)
        .filter(|(j, _)| **j as usize != i);
    others.fold(0.0, |m: f64, (_, v)| m.max(v.modulus().as_f64()))
}

/// Levels of a breadth-first walk from the first row, the longest over all components, along entries of
/// at least `strong` times the largest off the diagonal of their row.
fn levels<T: Scalar>(a: &Csr<T>, strong: f64) -> usize {
    let n = a.nrows();
    let mut seen = vec![false; n];
    let mut longest = 0;
    let (mut front, mut next) = (Vec::new(), Vec::new());
    for start in 0..n {
        if seen[start] {
            continue;
        }
        seen[start] = true;
        front.push(start as u32);
        let mut count = 0;
        while !front.is_empty() {
            count += 1;
            for &i in &front {
                let (columns, values) = a.row(i as usize);
                let largest = largest_off_diagonal(i as usize, columns, values);
                for (&j, v) in columns.iter().zip(values) {
                    if v.modulus().as_f64() >= strong * largest
                        && !std::mem::replace(&mut seen[j as usize], true)
                    {
                        next.push(j);
                    }
                }
            }
            front.clear();
            std::mem::swap(&mut front, &mut next);
        }
        longest = longest.max(count);
    }
    longest
}

/// Whether u^H A v = (A u)^H v for two vectors of noise: true for Hermitian A, and for others with
/// probability zero.
fn looks_hermitian<T: Scalar>(a: &Csr<T>) -> bool {
    let n = a.nrows();
    // Numbers from -1 to 1 by a hash of the index (Steele, Lea and Flood 2014, SplitMix64): cheaper than
    // normal noise, which would take as long as ten products.
    let uniform = |key: u64| {
        let mut z = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * 2f64.powi(-52) - 1.0
    };
    let draw = |seed: u64| -> Vec<T> {
        let mut w = vec![T::zero(); n];
        vector::for_blocks(&mut w, &|start, w: &mut [T]| {
            for (k, w) in w.iter_mut().enumerate() {
                let key = 4 * (start + k) as u64 + seed;
                let part = |key| T::from_f64(uniform(key)).re();
                *w = T::from_parts(part(key), part(key + 1));
            }
        });
        w
    };
    // Rows and columns are balanced: one large row must not hide what the others say.
    let balance: Vec<f64> = (0..n)
        .map(|i| {
            let row = a.row(i).1;
            let largest = row
                .iter()
                .fold(0.0, |m: f64, v| m.max(v.modulus().as_f64()));
            if largest > 0.0 {
                largest.sqrt().recip()
            } else {
                0.0
            }
        })
        .collect();
    let balanced = |x: &mut [T]| {
        vector::for_blocks(x, &|start, x: &mut [T]| {
            for (x, &s) in x.iter_mut().zip(&balance[start..]) {
                *x *= T::from_f64(s);
            }
        });
    };
    let (mut u, mut v) = (draw(1), draw(3));
    let size = vector::norm2(&u).as_f64();
    balanced(&mut u);
    balanced(&mut v);
    let mut w = vec![T::zero(); n];
    a.apply(&v, &mut w);
    let right = vector::dot(&u, &w);
    balanced(&mut w);
    let size = size * vector::norm2(&w).as_f64();
    a.apply(&u, &mut w);
    let left = vector::dot(&w, &v);
    (left - right).modulus().as_f64() <= 1e-12 * size
}

/// The pairs worth comparing on a matrix, as `method+preconditioner,...`.
pub fn comparison<T: Scalar>(a: &Csr<T>) -> String {
    if a.nrows() != a.ncols() {
        return "lsqr+none,lsmr+none,cgls+none".to_owned();
    }
    let features = features(a, looks_hermitian(a));
    let mut pairs = vec!["auto+auto"];
    // Complete factors of a matrix that is wide or large fill the memory.
    if features.rows <= 20_000 || (features.rows <= 200_000 && features.width < 6.0) {
        pairs.push("direct");
    }
    pairs.extend(match (features.hermitian, features.positive_diagonal) {
        (true, true) => &["cg+none", "cg+jacobi", "cg+ssor", "cg+ic0", "cg+ict"][..],
        (true, false) => &["minres+none", "gmres+ilut"][..],
        _ => &[
            "gmres+ilu0",
            "gmres+ilut",
            "bicgstab+ilu0",
            "bicgstab+ilut",
            "idr+ilut",
            "tfqmr+ilut",
        ][..],
    });
    if !T::IS_COMPLEX && features.positive_diagonal {
        pairs.extend(if features.hermitian {
            &["cg+amg", "cg+classical_amg"][..]
        } else {
            &["bicgstab+amg", "gmres+classical_amg"][..]
        });
    }
    pairs.join(",")
}
