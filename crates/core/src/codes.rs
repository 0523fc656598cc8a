//! The error codes that users see, each with its explanation.
//!
//! E01xx: the file and its syntax. E02xx: what the schema asks. E03xx: the meaning of a case.
//! E04xx: checkpoints, output files and matrices. E05xx: the run.

/// One kind of error a user can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Stable name, for instance `E0102`.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it means, why it matters and what to do, in a few sentences with an example.
    pub explanation: &'static str,
}

/// Finds a code by its id, without regard to case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id))
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $explanation:literal;)*) => {
        $(#[doc = $title] pub const $name: &str = $id;)*

        /// All codes, in order of their id.
        pub const ALL: &[Code] = &[
            $(Code { id: $id, title: $title, explanation: $explanation },)*
        ];
    };
}

codes! {
    CANNOT_READ = "E0101", "a case file cannot be read",
"The file does not exist, may not be read, is a folder, or is not UTF-8 text.
Paths are taken relative to the folder the command is started in:

    pdesolve run cases/burgers.toml

`pdesolve list` shows the cases found below `cases/`; `pdesolve new NAME` writes
a first case of your own.";

    SYNTAX = "E0102", "a case file is not valid TOML",
"A case is a TOML file: `key = value` lines below `[table]` headers. Text stands
in quotes, lists in brackets with commas between their entries, and every key
and every table may stand once only:

    [problem]
    kind = \"burgers\"          # not: kind = burgers

    [mesh]
    points = [256, 256]       # not: points = [256 256]

    [initial]
    u = \"exp(-x^2)\"           # an expression is text, too

After an unclosed quote or bracket all that follows looks wrong, so only the
first few errors are shown: begin with the first.";

    SCHEMA_VERSION = "E0103", "a case file has another schema version",
"The key `schema` at the top of a case says for which version of the case file
it was written. This program reads version 1:

    schema = 1

A larger number means that the case was made for a newer pdesolve. The rest of
the file is not looked at, since its errors would only mislead.";

    BAD_SET = "E0104", "a `--set` argument cannot be applied",
"`--set` takes the path of a key, `=`, and a value in TOML. List entries are
counted from 0. Quotes around text may be left out:

    pdesolve run cases/burgers.toml --set time.end=20
    pdesolve run cases/burgers.toml --set mesh.points=[512]
    pdesolve run cases/burgers.toml --set 'mesh.points[0]=512'
    pdesolve run cases/burgers.toml --set 'initial.u=sin(x)'

The shell sees the argument first: put it in single quotes where it holds
brackets, parentheses, spaces or `*`. The value is then checked as if it stood
in the file.";

    UNKNOWN_KEY = "E0201", "a key or table is not known",
"Keys that nobody reads are errors, not ignored: a misspelt key would otherwise
leave its default in force and give a wrong result without a word.

    [problem]
    kind = \"burgers\"
    viscocity = 0.05          # the key is `viscosity`

The message names the nearest valid key and lists all of them. What each means
is told by `pdesolve show KIND` for problems and solvers, and by
`pdesolve schema` for the whole case. Keys of `[problem]` and `[solver]` depend
on `kind`: after changing it, old keys may have to go.";

    WRONG_TYPE = "E0202", "a value has the wrong type",
"A key wants a number and was given text, a list was wanted and a single number
was given, and so on. Numbers may also be written as constant expressions in
quotes; whole numbers are written without a point:

    [mesh]
    points = [256]            # one entry an axis, also in one dimension
    upper = [\"2*pi\"]          # a constant expression for a number
    periodic = [true]         # no quotes";

    OUT_OF_RANGE = "E0203", "a number is out of range",
"The number cannot be meant: a negative size, a step of zero, a number that is
not finite. The message states the bounds.

    [mesh]
    points = [-256]           # at least 2

    [time]
    step = 0                  # greater than 0";

    UNKNOWN_NAME = "E0204", "a value is not one of the known names",
"Some keys take one of a list of names: `problem.kind`, `solver.kind`, the kind
of a boundary, and others. The message names the nearest and lists all.

    [problem]
    kind = \"burger\"           # the kind is `burgers`

`pdesolve list` shows all problems with their equations, `pdesolve show KIND`
the parameters of one.";

    MISSING_KEY = "E0205", "a key or table is missing",
"Keys without a default must be given. The smallest complete case is

    schema = 1
    title = \"Burgers equation\"
    [problem]
    kind = \"burgers\"
    viscosity = 0.05
    [mesh]
    points = [256]
    upper = [\"2*pi\"]
    [initial]
    u = \"sin(x)\"
    [solver]
    kind = \"spectral\"
    [time]
    end = 1.0
    step = 0.01

`pdesolve new NAME` writes such a case with comments.";

    BAD_CONSTANT = "E0206", "a text does not stand for a number",
"Where a number is wanted, text in quotes is evaluated as a constant expression:
numbers, `pi`, `e`, the operations + - * / ^ and the usual functions. Neither
coordinates nor the names of `[parameters]` may stand there:

    upper = [\"2*pi\"]
    step = \"1/512\"
    viscosity = \"0.01/pi\"";

    LIST_LENGTH = "E0207", "a list has the wrong length",
"Lists of `[mesh]` have one entry an axis, in the order x, y, z, so they have 1,
2 or 3 entries, and all of them equally many:

    [mesh]
    points = [128, 64]
    upper = [2.0, 1.0]";

    UNREADABLE_CASE = "E0208", "a case passed the checks but cannot be used",
"The case agrees with its schema, and still could not be turned into what the
program works with. That is a fault of pdesolve, not of the case: please report
it together with the file.";

    BAD_EXPRESSION = "E0301", "an expression cannot be understood",
"Initial data, sources, boundary values and right-hand sides are expressions:
numbers, + - * / ^, parentheses, comparisons (< > <= >= give 0 or 1), `pi`, `e`,
the coordinates x, y, z, the names of `[parameters]`, and functions such as
sin, cos, tanh, exp, log, sqrt, abs, max, min, if(condition, a, b) and
sum(i, from, to, term). Multiplication is written out:

    u = \"2*sin(x)\"            # not: 2 sin(x)

The caret points at the first place that makes no sense.";

    BAD_VARIABLE = "E0302", "an expression uses a coordinate or time that is not there",
"A one-dimensional mesh has no y, and initial data do not depend on time. Time t
may stand in sources, boundary values and exact solutions:

    [source]
    u = \"sin(x)*cos(t)\"       # finite volumes";

    BAD_INITIAL = "E0303", "initial data or a source do not fit the fields",
"`[initial]` needs one entry for each field of the problem, under the field's
name, and its values must be finite everywhere on the grid; a field named in
`[source]` must exist as well. The fields of a problem are shown by
`pdesolve show KIND`.

    [problem]
    kind = \"gray_scott\"
    [initial]
    u = 1.0
    v = \"exp(-100*((x-0.5)^2+(y-0.5)^2))\"";

    BAD_MESH = "E0304", "a mesh cannot be built",
"A mesh is given by `points` (spectral methods) or `cells` (finite volumes), not
both. All lists have one entry an axis, and `upper` must exceed `lower` on every
axis. On a periodic axis the point at `upper` is the one at `lower`.

    [mesh]
    points = [256]
    lower = [0.0]
    upper = [\"2*pi\"]";

    BAD_TIME = "E0305", "the time span or the steps make no sense",
"A run goes from `time.start` (0 unless given) to a later `time.end`, with steps
of fixed size (`step`), or of a size chosen by error control (`tolerance`) or by
the Courant number (`cfl`, finite volumes):

    [time]
    end = 10.0
    step = 0.01

A steady problem (`poisson`, `steady_diffusion`, `darcy`, ...) has no time, and
takes no `[time]`.";

    BAD_SCHEDULE = "E0306", "output times make no sense",
"Frames are written every so often (`every`) or at given, increasing times
(`at`), not both, and inside the run:

    [output]
    every = 0.1

Steps are cut so that output times are hit exactly.";

    NO_SUCH_OUTPUT = "E0307", "an output names a field or quantity that does not exist",
"`output.fields` takes names of fields, `output.monitor` names of quantities of
the problem, such as `l2(u)`. A name that does not exist would silently leave a
hole in the output, so it is an error before the run. The message lists what
there is.

    [output]
    fields = [\"u\"]
    monitor = [\"l2(u)\"]";

    SOLVER_MISMATCH = "E0308", "problem, mesh and solver do not fit together",
"Spectral methods want a uniform, periodic grid of `points`, and take neither
`[boundary]` nor `[source]`; finite volumes want a mesh of `cells` and solve
scalar conservation laws in one or two dimensions; elliptic problems want a mesh
of `cells` and the solver `linear`, or `implicit` for heat in time.
`pdesolve show KIND` tells which solvers a problem has, and in how many
dimensions it lives.

    [problem]
    kind = \"burgers\"
    [mesh]
    cells = [400]
    upper = [1.0]
    periodic = [false]
    [solver]
    kind = \"finite_volume\"";

    BAD_BOUNDARY = "E0309", "boundary conditions do not fit the mesh",
"Every end of an axis that is not periodic needs a condition, and a periodic
axis has no ends. The ends are called `left` and `right` (x), `bottom` and `top`
(y), `back` and `front` (z):

    [mesh]
    cells = [400]
    upper = [1.0]
    periodic = [false]
    [boundary]
    left = { kind = \"dirichlet\", value = 0.0 }
    right = { kind = \"outflow\" }";

    BAD_EXPECTATION = "E0310", "an `[[expect]]` table makes no sense",
"Each `[[expect]]` table states one value that the run must reproduce. It needs
a quantity, either `tolerance` or `relative_tolerance`, and a source; errors
need `exact`, point values need `at`, and the time must lie inside the run:

    [[expect]]
    quantity = \"relative_l2\"
    field = \"u\"
    exact = \"exp(-t)*sin(x)\"
    tolerance = 1e-8
    source = \"exact solution\"";

    BAD_STUDY = "E0311", "a convergence study cannot be made",
"`pdesolve converge` needs a `[converge]` table that says what is refined and
which order is expected. Refining the step needs steps of fixed size:

    [converge]
    refine = \"step\"
    field = \"u\"
    expected_order = 4.0";

    BAD_COEFFICIENT = "E0312", "a coefficient does not fit the equation",
"A conductivity, permeability or diffusivity must be positive in every cell, a
tensor positive definite (for two axes: xx > 0 and xx * yy > xy^2), a reaction
not negative: otherwise heat would flow from cold to warm, and there is no
solution. A velocity has one entry an axis, a tensor one entry `xx`, `yy`, `zz`
an axis:

    [problem]
    kind = \"steady_diffusion\"
    conductivity = { xx = 2.0, yy = \"1 + x^2\", xy = 0.5 }";

    BAD_CROSS_SECTION = "E0313", "cross sections make no sense, or no problem can be made of them",
"Cross sections are in 1/cm, not negative, one value a group in every material;
scattering is a matrix, row `from`, column `to`. `total` is needed, or
`absorption` from which it follows; a void has `total = 0`. Without absorption
or a boundary to leave through, particles pile up and there is no steady flux;
where fission makes more than is lost there is none either. An eigenvalue
problem needs a material with fission.

    [problem.materials.fuel]
    total = [0.2208, 0.3360]
    scattering = [[0.0792, 0.0432], [0.0, 0.23616]]
    fission = [0.0936, 0.08544]
    nu = [3.10, 2.93]
    chi = [0.575, 0.425]";

    BAD_REGION = "E0314", "regions do not fill the mesh",
"Every cell belongs to one region: regions neither overlap nor leave a gap, and
they end at edges of the mesh. `mesh.layers` puts edges where they are wanted:

    [mesh]
    layers = [{ to = 2, cells = 40 }, { to = 3, cells = 20 }]
    periodic = [false]

    [[problem.regions]]
    material = \"absorber\"
    to = 2
    source = 50

    [[problem.regions]]
    material = \"shield\"
    from = 2";

    BAD_SWEEP = "E0320", "a parameter sweep cannot be made",
"`pdesolve sweep` runs a case for every combination of the values of some keys,
which stand in `--vary` arguments or in a table of the case:

    pdesolve sweep cases/burgers.toml --vary problem.viscosity=0.05,0.1,0.2

    [sweep]
    vary = { \"problem.viscosity\" = [0.05, 0.1, 0.2], \"time.end\" = [1, 2] }
    report = [\"l2(u)\"]
    x = \"problem.viscosity\"

A picture needs a key with numbers for its horizontal axis.";

    BAD_CHECKPOINT = "E0401", "a checkpoint cannot be read",
"The checkpoint beside the output file is not an HDF5 file of pdesolve, or was
damaged. Checkpoints are written aside and renamed, so that a run that is killed
never leaves half of one: something else wrote to it. Nothing was overwritten.
Remove the checkpoint to start afresh, or run without `--resume`.";

    OTHER_CASE = "E0402", "a checkpoint belongs to another case",
"`--resume` continues a run only where the checkpoint was made by the same
problem, mesh, initial data, solver and steps: anything else would give a result
that belongs to neither. `time.end` and everything about output may change, so a
finished run can be extended:

    pdesolve run cases/burgers.toml --resume --set time.end=20

Choose another file with `--output`, or run without `--resume`.";

    CANNOT_WRITE = "E0403", "an output file cannot be written",
"The folder does not exist or may not be written to, the disk is full, or
another program holds the file. This is tried before the first step, so nothing
is lost. Choose another place with `--output PATH`.";

    WOULD_OVERWRITE = "E0404", "an existing file would be overwritten",
"The file exists and was not written by a run of this case, or holds work that
would be lost. Give `--force` to overwrite it, `--resume` to continue it, or
another name.";

    NOT_OUR_FILE = "E0405", "an output file cannot be read",
"`pdesolve plot` reads the `.vtkhdf` files that `pdesolve run` writes. The file
is missing, is something else, or lacks what was asked for.

    pdesolve plot burgers.vtkhdf --field u";

    MATRIX_UNREADABLE = "E0406", "a matrix file cannot be read",
"Matrices and vectors are read from Matrix Market files (text, also compressed
by gzip) and from HDF5 files. The file is missing, is empty, is a folder, was
cut off while it was copied, or is another kind of file: zip, tar and MATLAB
files must be unpacked or converted first. From Python:

    scipy.io.mmwrite(\"A.mtx\", A)
    scipy.io.mmwrite(\"b.mtx\", b.reshape(-1, 1))";

    MATRIX_HEADER = "E0407", "the head of a matrix file cannot be understood",
"A Matrix Market file begins with a banner of five words and, after comments,
one line of sizes (rows, columns and, for `coordinate`, entries):

    %%MatrixMarket matrix coordinate real symmetric
    % a comment
    3 3 4

The third word is `coordinate` (a list of entries) or `array` (all values), the
fourth `real`, `integer`, `complex` or `pattern`, the fifth `general`,
`symmetric`, `skew-symmetric` or `hermitian`. A matrix with a symmetry is
square, and rows and columns are counted with 32 bits.";

    MATRIX_ENTRY = "E0408", "an entry of a matrix file is wrong",
"Each line after the sizes holds one entry: row, column and value, with rows and
columns counted from 1. `complex` has two numbers for the value, `pattern` none.
For a symmetric matrix only the lower triangle is stored (row >= column). NaN
and infinities are errors: no solver can do anything with them.

    %%MatrixMarket matrix coordinate real symmetric
    2 2 3
    1 1  2.0
    2 1 -1.0                  % not: 1 2 -1.0
    2 2  2.0";

    MATRIX_COUNT = "E0409", "a matrix file has too few or too many entries",
"The line of sizes says how many entries follow. Fewer mean that the file was cut
off while it was written or copied; more, that the sizes belong to another
version of it. A matrix with missing entries would be another matrix, so nothing
is guessed. Write the file again, or correct the number.";

    SYSTEM_LAYOUT = "E0410", "an HDF5 file holds no linear system",
"A matrix is a group with the datasets `indptr`, `indices` and `data` of the
compressed-row form and its `shape`, as anndata writes it; `b` (right-hand side)
and `x` (first guess or solution) may stand in the same group or at the root:

    with h5py.File(\"system.h5\", \"w\") as f:
        A = scipy.sparse.csr_matrix(A)
        f[\"A/data\"], f[\"A/indices\"], f[\"A/indptr\"] = (
            A.data, A.indices, A.indptr)
        f[\"A\"].attrs[\"shape\"] = A.shape
        f[\"b\"] = b

Where a file has several such groups, name the one that is meant.";

    SYSTEM_UNSOLVABLE = "E0411", "a linear system cannot be solved as it stands",
"The matrix is empty, has rows without entries, is not square where the method
needs it to be, holds infinities, or does not fit its right-hand side; or the
preconditioner cannot be made from it: a pivot is zero, or the matrix is not
positive definite. The message says which. `--method auto --pc auto` takes what
suits the matrix:

    pdesolve linsolve A.mtx
    pdesolve linsolve A.mtx --method gmres --pc ilut
    pdesolve linsolve A.mtx --compare";

    NON_FINITE = "E0501", "the solution became infinite or not a number",
"The run stopped at the first value that is not finite, and kept the last good
state. Usually the step is too large for the method (look at the CFL number in
the message: above 1 explicit methods fail), or the grid is too coarse for the
smallest scale of the solution, or the equation itself blows up. Try, in this
order: half the step, error control (`time.tolerance`), twice the points.

Spectral methods couple all points, so that all fail in the same step. The cell
in the message is then the one where the last good state was largest.";

    STEP_TOO_SMALL = "E0502", "error control asked for too small a step",
"To meet `time.tolerance` the step would have to be smaller than
`time.min_step`. The solution may have a singularity or a discontinuity, or the
tolerance is near rounding (1e-13 and below cannot be met). Loosen the
tolerance, or choose a solver made for shocks (`finite_volume`).";

    LINEAR_SOLVE = "E0503", "a linear system inside a step could not be solved",
"The implicit part of the step gave a system that is singular or not finite, or
that was not solved in the allowed iterations. The usual causes are a negative
diffusivity, a step that is far too large, and in transport a medium that grows
faster than the step, or too few `solver.max_iterations`.";

    EXPECTATION_FAILED = "E0504", "a result is not what was expected",
"A value differs from that of its `[[expect]]` table by more than the tolerance,
or a convergence study stayed below the expected order. The table printed shows
value, reference and tolerance. If the case was changed on purpose, its
expectation must be derived anew, from the source that it names.";

    BEYOND_COURANT = "E0505", "a fixed step is beyond the Courant limit",
"Explicit transport is unstable where |speed| * step / width, summed over the
axes, exceeds 1 in any cell: errors would grow by a factor in each step, and the
run would end with huge numbers. The state before the step was kept. Speeds may
grow during a run (a source, a boundary value), so this can come late. Give a
smaller step, or let the Courant number choose it:

    [time]
    end = 1.0
    cfl = 0.4                 # instead of step";

    TIME_STANDS_STILL = "E0506", "a step is too small to move the time",
"Times have 16 digits. Near t = 1e17 neighbouring numbers are 16 apart, and a
step of 1 added to such a time gives the same time again: the run would never
end. Take larger steps, or count the time from a nearer `time.start`.";

    NOT_SOLVED = "E0507", "a linear system was not solved to its tolerance",
"The residual of a steady problem did not fall to `solver.relative_tolerance` in
the allowed iterations, or the method met a matrix that it is not made for. The
last iterate was kept. The message says how the solve ended and what to try; the
choice of the program is a good start:

    [solver]
    kind = \"linear\"
    method = \"auto\"
    preconditioner = \"auto\"
    relative_tolerance = 1e-8
    max_iterations = 10000

Transport (`discrete_ordinates`) has `tolerance`, `max_iterations` and, for
eigenvalues, `max_outer_iterations`; where source iteration is slow, give it
`acceleration = { kind = \"consistent\" }` or `iteration = \"gmres\"`.";

    STEP_FAILED = "E0508", "a step of a sampler failed",
"The method could not take its step: its error control asked for steps too small
to go on, or the model gave numbers that it cannot use. The frames before the
step were kept. Take more steps (`solver.steps`), a looser tolerance where the
method has one, or another `solver.sampler`.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_unique() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    #[test]
    fn each_explanation_is_more_than_its_title() {
        for code in ALL {
            assert!(code.explanation.len() > 100, "{}", code.id);
            let widest = code.explanation.lines().map(str::len).max();
            assert!(widest <= Some(80), "{} is wider than a terminal", code.id);
        }
    }

    #[test]
    fn codes_are_found_in_either_case() {
        assert_eq!(find("e0201").map(|code| code.id), Some("E0201"));
        assert_eq!(find("E9999"), None);
    }
}
