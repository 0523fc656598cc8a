"""Prints the table of benches/transport/README.md, the best of all rounds of one session.

usage: table.py LINES
"""

import json
import sys

times = {}
for line in open(sys.argv[1]):
    run = json.loads(line)
    key = (run["scheme"], run["cells"], run["program"], run["threads"])
    times.setdefault(key, []).append(run["best_ns"])

columns = sorted({key[1:] for key in times}, key=lambda c: (c[0], c[1] != "pdesolve", c))
print("| scheme | " + " | ".join(f"{p}, {t} thread{'s' * (t > 1)}, {n:.0e}" for n, p, t in columns) + " |")
print("|---" * (len(columns) + 1) + "|")
for scheme in dict.fromkeys(key[0] for key in sorted(times, key=lambda k: times[k])):
    row = [times.get((scheme, *column)) for column in columns]
    print(f"| `{scheme}` | " + " | ".join(f"{min(r):.2f}" if r else "" for r in row) + " |")
