"""Times PETSc, with hypre inside, through petsc4py: conjugate gradients with several preconditioners.

PETSc and this hypre have no threads: two are two processes (`mpirun -n 2`), each with half of the
rows. IC(0) is then block Jacobi with IC(0) in the blocks, which is another, weaker preconditioner.
"""

import sys

import petsc4py

petsc4py.init([sys.argv[0]])

import numpy as np
from petsc4py import PETSc

import problem as p

# Options of PETSc. The norm that is tested is that of the true residual, as in all other programs.
BOOMER = {"pc_type": "hypre", "pc_hypre_type": "boomeramg"}
SOLVERS = {
    "cg": ("krylov", {"pc_type": "none"}),
    "icc0+cg": ("ic", {"pc_type": "icc"}),
    "gamg+cg": ("amg", {"pc_type": "gamg"}),
    "boomeramg+cg": ("amg", BOOMER),
    "boomeramg_tuned+cg": ("amg", {**BOOMER, "pc_hypre_boomeramg_strong_threshold": 0.5}),
    "boomeramg_hmis+cg": (
        "amg",
        {
            **BOOMER,
            "pc_hypre_boomeramg_coarsen_type": "HMIS",
            "pc_hypre_boomeramg_interp_type": "ext+i",
            "pc_hypre_boomeramg_agg_nl": 1,
            "pc_hypre_boomeramg_P_max": 4,
        },
    ),
}


def build(n, b):
    """Matrix and right-hand side; each process holds its rows only."""
    size = n**3
    rows = PETSc.Vec().create()
    rows.setSizes(size)
    rows.setFromOptions()
    first, last = rows.getOwnershipRange()
    local = (last - first, size)
    a = PETSc.Mat().createAIJ((local, local), csr=p.poisson(n, first, last))
    a.setOption(PETSc.Mat.Option.SPD, True)
    a.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    rows.setArray(b[first:last])
    return a, rows


def over_processes(value):
    """Sum and maximum of a number of each process."""
    comm = PETSc.COMM_WORLD
    all_values = PETSc.Vec().createMPI((1, comm.size))
    all_values.setValue(comm.rank, value)
    all_values.assemble()
    return all_values.sum(), all_values.max()[1]


def gathered(x):
    """The whole vector on process 0."""
    scatter, whole = PETSc.Scatter.toZero(x)
    scatter.scatter(x, whole)
    return np.array(whole.getArray())


def main():
    args = p.arguments(SOLVERS)
    comm = PETSc.COMM_WORLD
    if comm.size != args.threads:
        sys.exit(f"--threads {args.threads} needs mpirun -n {args.threads}")
    version = ".".join(str(part) for part in PETSc.Sys.getVersion())
    numbers = p.right_hand_side(args)
    a, b = build(args.n, numbers)
    for solver in args.solver:
        if solver == "spmv":
            y = b.duplicate()
            quiet = p.report
            if comm.rank:
                p.report = lambda **_: None
            p.time_spmv(args, lambda: a.mult(b, y), "petsc", version)
            p.report = quiet
            continue
        kind, options = SOLVERS[solver]
        if kind == "ic" and comm.size > 1:
            options = {"pc_type": "bjacobi", "sub_pc_type": "icc"}
        # The entries of the command line would be read at each solve; hypre has no other way in.
        database = PETSc.Options()
        for name, value in options.items():
            database[name] = value
        x = b.duplicate()
        comm.barrier()
        watch = p.Stopwatch()
        ksp = PETSc.KSP().create()
        ksp.setOperators(a)
        ksp.setType("cg")
        ksp.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        ksp.setTolerances(rtol=p.RTOL, atol=0.0, max_it=10_000)
        ksp.setFromOptions()
        ksp.setUp()
        set_up = watch.lap()
        ksp.solve(b, x)
        solve = watch.lap()
        extra = over_processes(watch.extra_peak())[0]
        watch.extra_peak = lambda extra=extra: int(extra)
        wall = [over_processes(lap[0])[1] for lap in (set_up, solve)]
        cpu = [over_processes(lap[1])[0] for lap in (set_up, solve)]
        iterations = ksp.getIterationNumber()
        complexity = None
        if options["pc_type"] == "gamg":
            # In 3.18 the bindings do not pass PCMGGetGridComplexity on: sum over the levels.
            levels = ksp.pc.getMGLevels()
            nonzeros = [
                (ksp.pc.getMGSmoother(level) if level else ksp.pc.getMGCoarseSolve())
                .getOperators()[0]
                .getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["nz_used"]
                for level in range(levels)
            ]
            complexity = sum(nonzeros) / nonzeros[-1]
        whole = gathered(x)
        if comm.rank == 0:
            p.report_solve(
                args,
                watch=watch,
                program="petsc",
                version=version,
                solver=solver,
                kind=kind,
                iterations=iterations,
                operator_complexity=complexity,
                set_up=(wall[0], cpu[0]),
                solve=(wall[1], cpu[1]),
                x=whole,
                b=numbers,
            )
        ksp.destroy()
        for name in options:
            database.delValue(name)


if __name__ == "__main__":
    main()
