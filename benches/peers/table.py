"""Prints the table of a run: medians over all rounds, ratios ours over peer, checksums side by side."""

import json
import statistics
import sys
from collections import defaultdict

times, about = defaultdict(list), {}
for line in open(sys.argv[1], encoding="utf-8"):
    if not line.startswith("{"):
        continue
    record = json.loads(line)
    key = (record["problem"], record["threads"], record["peer"])
    times[key].append(record["us_per_nominal_step"])
    about[key] = record

print("| problem | threads | program | scheme | us/step | spread | ours/this | rms at check | value at check |")
print("|---|---|---|---|---|---|---|---|---|")
worst = {}
for key in sorted(times, key=lambda k: (k[0], k[1], k[2] != "pdesolve", k[2])):
    problem, threads, peer = key
    record, mine = about[key], times.get((problem, threads, "pdesolve"))
    median = statistics.median(times[key])
    ratio = statistics.median(mine) / median if mine else float("nan")
    if peer != "pdesolve":
        # "Same scheme" means a spectral method: py-pde's differences are another discretisation.
        kind = "differences" if peer == "py-pde" else "spectral"
        group = worst.setdefault((problem, threads), {})
        group[kind] = max(group.get(kind, (0.0, "")), (ratio, peer))
    check = record["checksum"]
    print(
        f"| {problem} | {threads} | {peer} {record['version']} | {record['scheme']}, dt {record['dt']:g} | {median:.1f} "
        f"| {min(times[key]):.1f}..{max(times[key]):.1f} | {ratio:.2f} | {check['rms']:.9f} | {check['value']:.9f} |"
    )
print()
for (problem, threads), group in sorted(worst.items()):
    text = "; ".join(f"fastest with {kind}: {peer}, ratio {ratio:.2f}" for kind, (ratio, peer) in sorted(group.items(), reverse=True))
    print(f"{problem}, {threads} thread(s): {text}")
