"""Times AMGCL as PyPI has it: pyamgcl of 2017, compiled without options for the processor at hand.

Its defaults are those of that year (fewer levels, a larger direct solve at the bottom): newer headers
are timed by amgcl.cpp. Threads are those of OpenMP.
"""

import importlib.metadata
import re

import pyamgcl
import scipy.sparse as sp

import problem as p

COARSENING = {"sa": "smoothed_aggregation", "rs": "ruge_stuben"}
RELAXATION = {"spai0": "spai0", "gs": "gauss_seidel"}
SOLVERS = [f"{c}_{r}+cg" for c in COARSENING for r in RELAXATION]


def main():
    args = p.arguments(SOLVERS)
    indptr, indices, data = p.poisson(args.n)
    a = sp.csr_matrix((data, indices, indptr), shape=(args.n**3,) * 2)
    b = p.right_hand_side(args)
    for solver in args.solver:
        coarsening, relaxation = solver.removesuffix("+cg").split("_")
        watch = p.Stopwatch()
        hierarchy = pyamgcl.amg(
            a, {"coarsening.type": COARSENING[coarsening], "relax.type": RELAXATION[relaxation]}
        )
        solve_with = pyamgcl.solver(hierarchy, {"type": "cg", "tol": p.RTOL, "maxiter": 1000})
        set_up = watch.lap()
        x = solve_with(b)
        solve = watch.lap()
        p.report_solve(
            args,
            watch=watch,
            program="pyamgcl",
            version=importlib.metadata.version("pyamgcl"),
            solver=solver,
            kind="amg",
            iterations=solve_with.iters,
            operator_complexity=float(re.search(r"Operator complexity: *([\d.]+)", repr(hierarchy))[1]),
            set_up=set_up,
            solve=solve,
            x=x,
            b=b,
        )


if __name__ == "__main__":
    main()
