"""Times SciPy: conjugate gradients without preconditioner, and the product of a CSR matrix.

SciPy's sparse products use one thread whatever is asked for.
"""

import scipy
import scipy.sparse as sp
import scipy.sparse.linalg as la

import problem as p


def main():
    args = p.arguments(["cg"])
    indptr, indices, data = p.poisson(args.n)
    a = sp.csr_matrix((data, indices, indptr), shape=(args.n**3,) * 2)
    b = p.right_hand_side(args)
    for solver in args.solver:
        if solver == "spmv":
            p.time_spmv(args, lambda: a @ b, "scipy", scipy.__version__)
            continue
        iterations = 0

        def count(_):
            nonlocal iterations
            iterations += 1

        watch = p.Stopwatch()
        set_up = watch.lap()
        x, _ = la.cg(a, b, rtol=p.RTOL, atol=0.0, maxiter=10_000, callback=count)
        solve = watch.lap()
        p.report_solve(
            args,
            watch=watch,
            program="scipy",
            version=scipy.__version__,
            solver=solver,
            kind="krylov",
            iterations=iterations,
            set_up=set_up,
            solve=solve,
            x=x,
            b=b,
        )


if __name__ == "__main__":
    main()
