"""Reads files of `write_samples` with VTK's own reader and compares every step.

    read_back.py <directory>            all sample files
    read_back.py --growing <file> <n>   a file a writer is still appending to, n times
    read_back.py --settled <file> <n>   the same, each time in the pause after a frame

Field f at sample i of step k is 1000 k + i + 0.25 f. Exit code 1 on the first mismatch.
"""

import sys
import time
from pathlib import Path

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkVersion
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as Pipeline
from vtkmodules.vtkIOHDF import vtkHDFReader

SIZES = {1: [9], 2: [9, 7], 3: [6, 5, 4]}
LOWER, UPPER = [-1.0, -1.0, -1.0], [1.0, 2.0, 3.0]


def check(what, found, expected):
    if found != expected:
        raise SystemExit(f"FAILED {what}: found {found}, expected {expected}")


def open_file(path):
    reader = vtkHDFReader()
    reader.SetFileName(str(path))
    check(f"{path}: readable", bool(reader.CanReadFile(str(path))), True)
    reader.UpdateInformation()
    times = reader.GetOutputInformation(0).Get(Pipeline.TIME_STEPS())
    return reader, list(times) if times else []


def step_data(reader, t):
    reader.UpdateTimeStep(t)
    return reader.GetOutputDataObject(0)


def check_fields(what, attributes, n, step):
    check(f"{what}: number of arrays", attributes.GetNumberOfArrays(), 2)
    for field, name in enumerate(["u", "v"]):
        array = attributes.GetArray(name)
        if array is None:
            raise SystemExit(f"FAILED {what}: no array {name}")
        values = vtk_to_numpy(array)
        expected = 1000.0 * step + np.arange(n) + 0.25 * field
        check(f"{what}: {name}, number of values", values.size, n)
        check(f"{what}: {name}, first value", values[0], expected[0])
        check(f"{what}: {name}, last value", values[-1], expected[-1])
        check(f"{what}: {name}, all values", bool((values == expected).all()), True)


def check_sample(path):
    dim, centring, spacing = path.stem.split("_")
    size = SIZES[int(dim[0])]
    cells = [n if centring == "cell" else n - 1 for n in size]
    points = [n + 1 for n in cells]
    reader, times = open_file(path)
    check(f"{path.name}: times", times, [0.0, 0.5, 1.0, 1.5])
    # Backwards as well: ParaView's user drags the slider both ways.
    for step in [0, 1, 2, 3, 1, 0]:
        what = f"{path.name}, step {step}"
        data = step_data(reader, times[step])
        kind = "vtkImageData" if spacing == "uniform" else "vtkUnstructuredGrid"
        check(f"{what}: kind", data.GetClassName(), kind)
        check(f"{what}: points", data.GetNumberOfPoints(), int(np.prod(points)))
        check(f"{what}: cells", data.GetNumberOfCells(), int(np.prod(cells)))
        bounds = data.GetBounds()
        for a in range(len(size)):
            # Samples begin and end on the boundary; so do the faces of cells.
            for found, expected in zip(bounds[2 * a : 2 * a + 2], [LOWER[a], UPPER[a]]):
                check(f"{what}: bounds", abs(found - expected) < 1e-12, True)
        if centring == "point":
            check_fields(what, data.GetPointData(), int(np.prod(points)), step)
        else:
            check_fields(what, data.GetCellData(), int(np.prod(cells)), step)
        if spacing == "stretched":
            check(f"{what}: cell type", data.GetCellType(0), {1: 3, 2: 9, 3: 12}[len(size)])


def wait_for_pause(path):
    """Waits until a frame has just been written.

    VTK 9.7.2 opens the file once for the number of steps and once more for their times; when a
    frame is added in between (about a millisecond) it writes beyond the end of its array. No file
    layout prevents that; 9.3.1 opens the file once and may come at any moment.
    """
    before = path.stat().st_mtime_ns
    while path.stat().st_mtime_ns == before:
        time.sleep(0.002)
    while time.time_ns() - path.stat().st_mtime_ns < 20_000_000:
        time.sleep(0.002)


def check_growing(path, times_to_read, settled):
    seen, reads = set(), 0
    while reads < times_to_read:
        if settled:
            wait_for_pause(path)
        reader, times = open_file(path)
        check("growing: times", times, [0.5 * k for k in range(len(times))])
        for step in {0, len(times) // 2, len(times) - 1}:
            data = step_data(reader, times[step])
            check("growing: points", data.GetNumberOfPoints(), 256)
            check_fields(f"growing, step {step} of {len(times)}", data.GetPointData(), 256, step)
        seen.add(len(times))
        reads += 1
        # HDF5 shares what it has read among all readers that have the file open.
        del reader, data
        time.sleep(0.01)
    check("growing: the file grew between reads", len(seen) > 1, True)
    print(f"read {reads} times while it grew from {min(seen)} to {max(seen)} steps")


def main():
    print("VTK", vtkVersion.GetVTKVersion())
    if sys.argv[1] in ("--growing", "--settled"):
        check_growing(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[1] == "--settled")
        return
    files = sorted(Path(sys.argv[1]).glob("*.vtkhdf"))
    check("number of sample files", len(files), 12)
    for path in files:
        check_sample(path)
        print("ok", path.name)


main()
