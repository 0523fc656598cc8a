"""Checks a file after each single write of its writer, as a kill at that moment would leave it.

    strace -f -xx -s 4000000 -e trace=openat,close,pwrite64,ftruncate,rename -o trace \\
        target/release/examples/write_samples --loop file.vtkhdf 0        # stop it after seconds
    python tests/vtk/replay.py trace scratch.h5

Replays the trace write by write (and page by page inside longer writes) and opens the result with
h5py each time. Needs strace and h5py; a few seconds of trace take minutes.
"""

import re
import sys

import h5py
import numpy as np

trace, scratch = sys.argv[1:3]


def text(quoted):
    return bytes(int(digits, 16) for digits in quoted.split("\\x")[1:])


def operations(lines):
    """("write", offset, data), ("length", n) and ("publish",) on the file that becomes the output."""
    descriptors = set()
    for line in lines:
        match = re.match(r"^(?:\d+\s+)?(\w+)\((.*)\)\s*=\s*(-?\d+)", line)
        if not match or int(match[3]) < 0:
            continue
        name, arguments, result = match[1], match[2], int(match[3])
        if name == "openat":
            if text(re.search(r'"([^"]*)"', arguments)[1]).endswith(b".new"):
                descriptors.add(result)
                if "O_TRUNC" in arguments:
                    yield "length", 0
        elif name == "close":
            descriptors.discard(int(arguments))
        elif name == "rename":
            yield ("publish",)
        elif int(arguments.split(",")[0]) in descriptors:
            last = int(arguments.rsplit(",", 1)[1])
            if name == "ftruncate":
                yield "length", last
            else:
                yield "write", last, text(re.search(r'"([^"]*)"', arguments)[1])


def check(image, promised):
    """Steps the file promises, after reading all of them."""
    with open(scratch, "wb") as out:
        out.write(image)
    with h5py.File(scratch, "r", locking=False) as file:
        steps = file["VTKHDF/Steps"]
        n = int(steps.attrs["NSteps"])
        k = np.arange(n)
        assert n >= promised, f"{promised} steps became {n}"
        # VTK overruns its memory where there are more times than steps.
        assert steps["Values"].shape == (n,), "times and steps differ in number"
        assert (steps["Values"][:] == 0.5 * k).all()
        for field, name in enumerate(["u", "v"]):
            assert (steps["PointDataOffsets/" + name][:n] == k).all()
            found = file["VTKHDF/PointData/" + name][:n].reshape(n, 256)
            assert (found == 1000.0 * k[:, None] + np.arange(256) + 0.25 * field).all()
        rows = int(file["pdesolve/history"].attrs["rows"])
        if rows:
            assert (file["pdesolve/history/time"][:rows] == 0.5 * np.arange(rows)).all()
    return n


def main():
    image, published, promised, checked, bad = bytearray(), False, 0, 0, 0

    def judge(number, operation):
        nonlocal promised, checked, bad
        checked += 1
        try:
            promised = check(image, promised)
        except (AssertionError, KeyError, OSError) as error:
            bad += 1
            print(f"after operation {number} ({operation}): {error}")

    for number, operation in enumerate(operations(open(trace))):
        if operation[0] == "publish":
            published = True
        elif operation[0] == "length":
            n = operation[1]
            image = image[:n] + bytes(max(0, n - len(image)))
        else:
            _, offset, data = operation
            image.extend(bytes(max(0, offset + len(data) - len(image))))
            for cut in range(4096 - offset % 4096, len(data), 4096):
                image[offset : offset + cut] = data[:cut]
                if published:
                    judge(number, "torn write")
            image[offset : offset + len(data)] = data
        if published:
            judge(number, operation[0])
    print(f"{checked} moments, {promised} steps, {bad} invalid files")
    sys.exit(bad > 0)


main()
