"""Prints the tables of a run from its JSON lines: medians over the rounds, and ratios ours over peer.

    table.py LINES [LINES ...]
"""

import json
import statistics
import sys
from collections import defaultdict

OURS = "pdesolve"
# What our best AMG, set-up and solve, may take of each peer's time on one thread at 128^3.
LIMITS = {
    ("pyamg", "sa+cg"): 0.35,
    ("petsc", "boomeramg+cg"): 0.30,
    ("petsc", "boomeramg_tuned+cg"): 0.55,
    ("petsc", "icc0+cg"): 0.65,
}


def read(paths):
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.startswith("{"))


def total(record):
    return record["set_up_s"] + record["solve_s"]


def medians(records):
    """One record a solver: the medians of its times; the rest is the same in all rounds."""
    groups = defaultdict(list)
    for record in records:
        groups[record["n"], record["threads"], record["program"], record["solver"]].append(record)
    for key, group in groups.items():
        record = dict(group[-1], rounds=len(group), totals=sorted(map(total, group)))
        record["iterations"] = "/".join(map(str, sorted({r["iterations"] for r in group})))
        record["converged"] = all(r["converged"] for r in group)
        for field in ["set_up_s", "solve_s", "set_up_cpu_s", "solve_cpu_s", "extra_peak_bytes"]:
            values = [r[field] for r in group if field in r]
            if values:
                record[field] = statistics.median(values)
        record["total_s"] = statistics.median(record["totals"])
        yield key, record


def fastest(solves, n, threads, kind):
    mine = [
        record
        for (m, count, program, _), record in solves.items()
        if (m, count, program) == (n, threads, OURS) and record["kind"] == kind and record["converged"]
    ]
    return min(mine, key=lambda record: record["total_s"], default=None)


def ratio(mine, record):
    return f"{mine['total_s'] / record['total_s']:.2f}" if mine else "-"


def print_solves(solves, n, threads):
    print(f"\n3-D Poisson {n}^3, {threads} thread(s): seconds, medians over the rounds\n")
    print(
        "| program | solver | iterations | set-up | solve | total (spread) | CPU | residual | memory/A | complexity "
        "| our best AMG/this | our best of its kind/this |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    rows = [(key, r) for key, r in solves.items() if key[:2] == (n, threads)]
    amg = fastest(solves, n, threads, "amg")
    for (_, _, program, solver), r in sorted(rows, key=lambda row: (row[0][2] != OURS, row[1]["total_s"])):
        complexity = f"{r['operator_complexity']:.2f}" if "operator_complexity" in r else "-"
        memory = f"{r['extra_peak_bytes'] / r['matrix_bytes']:.2f}" if "extra_peak_bytes" in r else "-"
        print(
            f"| {program} {r['version']} | {solver} | {r['iterations']}{'' if r['converged'] else ' (NOT CONVERGED)'} "
            f"| {r['set_up_s']:.3f} | {r['solve_s']:.3f} "
            f"| {r['total_s']:.3f} ({r['totals'][0]:.3f}..{r['totals'][-1]:.3f}) "
            f"| {r['set_up_cpu_s'] + r['solve_cpu_s']:.3f} | {r['relative_residual']:.1e} | {memory} | {complexity} "
            f"| {ratio(amg, r)} | {ratio(fastest(solves, n, threads, r['kind']), r)} |"
        )


def print_kernels(records):
    best = {}
    for r in records:
        key = (r["kernel"], r.get("n", 0), r["threads"], r["program"])
        if key not in best or r["seconds"] < best[key]["seconds"]:
            best[key] = r
    if not best:
        return
    triad = defaultdict(float)
    for (kernel, _, threads, _), r in best.items():
        if kernel == "triad":
            triad[threads] = max(triad[threads], r["bytes"] / r["seconds"])
    print("\nKernels: best of all rounds; GB/s of the bytes that must move\n")
    print("| kernel | n | threads | program | ms | GB/s | of the triad |")
    print("|---|---|---|---|---|---|---|")
    for (kernel, n, threads, program), r in sorted(best.items()):
        speed = r["bytes"] / r["seconds"]
        share = f"{speed / triad[threads]:.2f}" if threads in triad else "-"
        print(
            f"| {kernel} | {n or '-'} | {threads} | {program} {r.get('version', '')} | {1e3 * r['seconds']:.3f} "
            f"| {speed / 1e9:.1f} | {share} |"
        )


def print_limits(solves):
    amg = fastest(solves, 128, 1, "amg")
    if amg is None:
        return
    print("\nWhat must hold at 128^3\n")
    print("| figure | measured | limit | |")
    print("|---|---|---|---|")

    def row(figure, measured, limit, holds):
        print(f"| {figure} | {measured:.2f} | {limit} | {'holds' if holds else 'MISSED'} |")

    for (program, solver), limit in LIMITS.items():
        record = solves.get((128, 1, program, solver))
        if record:
            measured = amg["total_s"] / record["total_s"]
            row(f"our {amg['solver']} / {program} {solver}, 1 thread", measured, f"<= {limit}", measured <= limit)
    two = solves.get((128, 2, OURS, amg["solver"]))
    if two:
        measured = amg["total_s"] / two["total_s"]
        row(f"our {amg['solver']}, 1 thread / 2 threads", measured, ">= 1.7", measured >= 1.7)
    gmg = fastest(solves, 128, 1, "gmg")
    if gmg:
        measured = gmg["total_s"] / amg["total_s"]
        row(f"our {gmg['solver']} / our {amg['solver']}", measured, "<= 0.3", measured <= 0.3)
    if "extra_peak_bytes" in amg:
        measured = amg["extra_peak_bytes"] / amg["matrix_bytes"]
        row(f"memory of our {amg['solver']} / matrix", measured, "<= 2.5", measured <= 2.5)


def main():
    records = list(read(sys.argv[1:]))
    solves = dict(medians(r for r in records if "solver" in r))
    for n, threads in sorted({key[:2] for key in solves}):
        print_solves(solves, n, threads)
    print_kernels([r for r in records if "kernel" in r])
    print_limits(solves)


if __name__ == "__main__":
    main()
