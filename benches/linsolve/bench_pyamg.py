"""Times PyAMG: smoothed aggregation and Ruge-Stueben, each with its defaults, inside its own CG.

PyAMG uses one thread: its kernels are serial and sparse products are SciPy's.
"""

import numpy as np
import pyamg
import scipy.sparse as sp

import problem as p

SOLVERS = {
    "sa+cg": pyamg.smoothed_aggregation_solver,
    "rs+cg": pyamg.ruge_stuben_solver,
}


def main():
    args = p.arguments(SOLVERS)
    indptr, indices, data = p.poisson(args.n)
    a = sp.csr_matrix((data, indices, indptr), shape=(args.n**3,) * 2)
    b = p.right_hand_side(args)
    for solver in args.solver:
        # The start of the estimate of spectral radii is random.
        np.random.seed(0)
        watch = p.Stopwatch()
        hierarchy = SOLVERS[solver](a)
        set_up = watch.lap()
        norms = []
        x = hierarchy.solve(b, tol=p.RTOL, maxiter=1000, accel="cg", residuals=norms)
        solve = watch.lap()
        p.report_solve(
            args,
            watch=watch,
            program="pyamg",
            version=pyamg.__version__,
            solver=solver,
            kind="amg",
            iterations=len(norms) - 1,
            levels=len(hierarchy.levels),
            operator_complexity=float(hierarchy.operator_complexity()),
            set_up=set_up,
            solve=solve,
            x=x,
            b=b,
        )
        del hierarchy


if __name__ == "__main__":
    main()
