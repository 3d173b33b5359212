"""What it takes to build copies, through kills and on a cluster: equal bytes, few tasks twice.

    python -m tests.benchmarks.copies FOLDER [STEPS HEIGHT WIDTH CHUNK [--overviews|--time-series]]

Writes a cube of float32 in chunks 1 × CHUNK × CHUNK below FOLDER, and tells of `tileserver
optimize`: seconds and peak memory; what xarray makes of the first step, by level; runs
that are killed at 30, 60 and 90 % and go on; a cluster of two processes of which one is killed;
ten more steps. As it comes: 200 × 720 × 1440 in chunks of a step. All is removed in the end.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path

import numpy as np
import xarray as xr
import zarr
from distributed import Client, LocalCluster

from tests.scale.cubes import append, noisy, write_cube
from tests.scale.test_optimize import done
from tileserver.scale.target import Target

USUAL = (200, 720, 1440, 1440)
LONGEST_S = 900
ADDED = 10


def cube(path: Path, steps: int, height: int, width: int, chunk: int) -> None:
    """Step by step, for one of them fits into memory."""
    chunks = (1, min(chunk, height), min(chunk, width))
    write_cube(path, {"t": noisy(1, height, width)}, chunks=chunks)
    for number in range(1, steps):
        append(path, {"t": noisy(1, height, width) + np.float32(number)})


def command(source: Path, to: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "tileserver", "optimize", str(source), "--to", str(to), *more]


def run(source: Path, to: Path, *more: str) -> str:
    """Seconds and peak memory of a run, for people."""
    start = time.perf_counter()
    with subprocess.Popen(command(source, to, *more), stderr=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"optimize ended with {process.returncode}")
    cpu = used.ru_utime + used.ru_stime
    seconds = time.perf_counter() - start
    return f"{seconds:.1f} s, {cpu:.1f} s of CPU, peak {used.ru_maxrss / 2**20:.2f} GiB"


def begun(source: Path, to: Path, count: int, *more: str) -> subprocess.Popen[bytes]:
    """A run of which so many tasks are done."""
    process = subprocess.Popen(command(source, to, *more), stderr=subprocess.DEVNULL)
    end = time.monotonic() + LONGEST_S
    while len(done(to)) < count:
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise SystemExit("the run ended before it could be disturbed")
        time.sleep(0.01)
    return process


def digest(folder: Path) -> str:
    """Of all files, names and bytes."""
    whole = blake2b(digest_size=12)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        whole.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def tasks(source: Path, to: Path, *more: str) -> int:
    """How many a run has, by its estimate."""
    dry = command(source, to, *more, "--dry-run")
    told = subprocess.run(dry, check=True, capture_output=True, text=True).stderr
    return sum(int(line.split(": ")[1].split()[0]) for line in told.splitlines())


def compare(source: Path, to: Path) -> None:
    """The largest relative difference of each level's first step to xarray's coarsen."""
    manifest = Target(str(to)).manifest()
    if manifest is None or manifest.overviews is None:
        return
    first = np.asarray(zarr.open_group(source, mode="r")["t"][0], np.float64)  # type: ignore[index]
    fine = xr.DataArray(first, dims=("y", "x"))
    for number, (y, x) in enumerate(manifest.overviews.variables["t"].factors, 1):
        level = zarr.open_group(to / manifest.overviews.store, mode="r")[f"{number}/t"]
        own = np.asarray(level[0], np.float64)  # type: ignore[index]
        coarse = fine.coarsen(y=y, x=x, boundary="pad").mean().to_numpy()
        print(f"level {number}: {np.nanmax(np.abs(own / coarse - 1)):.1e} off xarray's mean")


def killed(source: Path, folder: Path, total: int, expected: str, *more: str) -> None:
    for part in (0.3, 0.6, 0.9):
        to = folder / f"killed{part}"
        process = begun(source, to, int(part * total), *more)
        process.send_signal(signal.SIGKILL)
        process.wait()
        noted = len(done(to))
        half = "some published" if (to / "manifest.json").exists() else "nothing published"
        again = run(source, to, *more)
        same = digest(to) == expected
        print(f"killed at {noted} of {total} ({half}), then {again}; same bytes: {same}")
        shutil.rmtree(to)


def clustered(source: Path, folder: Path, total: int, expected: str, *more: str) -> None:
    to = folder / "cluster"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0",
                      host="127.0.0.1", silence_logs=logging.CRITICAL) as own:  # fmt: skip
        with Client(own.scheduler_address, set_as_default=False) as client:
            victim = next(iter(client.run(os.getpid).values()))
        start = time.perf_counter()
        process = begun(source, to, total // 2, *more, "--scheduler", own.scheduler_address)
        os.kill(victim, signal.SIGKILL)
        process.wait(LONGEST_S)
    seconds = time.perf_counter() - start
    print(f"cluster, a worker killed: {seconds:.1f} s; same bytes: {digest(to) == expected}")
    shutil.rmtree(to)


def main(folder: Path, sizes: tuple[int, ...], copies: list[str]) -> None:
    shutil.rmtree(folder / "source.zarr", ignore_errors=True)
    for copy in copies:
        source, whole = folder / "source.zarr", folder / "whole"
        shutil.rmtree(whole, ignore_errors=True)
        cube(source, *sizes)
        total = tasks(source, whole, copy)
        shape = " × ".join(map(str, sizes[:3]))
        print(f"{copy} of {shape}, {total} tasks: {run(source, whole, copy)}")
        compare(source, whole)
        expected = digest(whole)
        killed(source, folder, total, expected, copy)
        clustered(source, folder, total, expected, copy)
        append(source, {"t": noisy(ADDED, *sizes[1:3])})
        print(f"{ADDED} steps more: {run(source, whole, copy)}")
        print(f"nothing to do: {run(source, whole, copy)}")
        shutil.rmtree(whole)
        shutil.rmtree(source)


if __name__ == "__main__":
    place, *given = sys.argv[1:]
    numbers = tuple(int(each) for each in given if each.isdigit()) or USUAL
    wanted = [each for each in given if each.startswith("--")]
    main(Path(place), numbers, wanted or ["--overviews", "--time-series"])
