"""Copies of data that grow: servers that have not looked yet, and the command that goes on."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tileserver.plan import ReadPlan
from tileserver.scale.optimize import Optimizer, Wanted
from tileserver.scale.reading import newest
from tileserver.scale.target import Target
from tileserver.scale.task import Threads
from tileserver.sources.manifest import folder_of
from tileserver.sources.opening import Origin

from .cubes import append, noisy, write_cube

PATIENCE_S = 60


def bring(path: Path, *, grace_s: int = 0, tell: Callable[..., object] | None = None) -> None:
    target = Target(folder_of(str(path)))
    optimizer = Optimizer(
        Origin((str(path),), path.parent), target, Wanted(), Threads(2), grace_s=grace_s
    )
    optimizer.tell = tell or optimizer.tell
    optimizer.run()


def covered(path: Path) -> int:
    """The steps of the copy along time that is published."""
    manifest = Target(folder_of(str(path))).manifest()
    return manifest.time_series.steps if manifest and manifest.time_series else 0


def until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_was_replaced_is_there_until_servers_have_looked(tmp_path: Path) -> None:
    """Who opened the copies before segments were merged reads values, not gaps, meanwhile."""
    values = noisy(48, 90, 180, gaps=0)
    path = write_cube(tmp_path / "a.zarr", {"t": values[:40]}, chunks=(1, 90, 180))
    bring(path)
    for stop in (42, 44, 46):
        append(path, {"t": values[stop - 2 : stop]})
        bring(path)
    old = newest(Origin((str(path),), tmp_path), copies=True)
    series = len(old.cube.variables["t"].levels)
    seen: list[np.ndarray] = []

    def read(what: str, done: int, total: int) -> None:
        if what.startswith("until servers") and done == 0:
            window = (slice(0, 46), slice(50, 51), slice(100, 101))
            seen.append(old.read(ReadPlan("t", series, window))[:, 0, 0])

    append(path, {"t": values[46:]})
    bring(path, grace_s=1, tell=read)
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], values[:46, 50, 100])
    folder = Target(folder_of(str(path))).folders()
    along = next(name for name in folder if name.startswith("time-series-"))
    kept = sorted(each.name for each in (tmp_path / "a.optimized" / along).iterdir())
    assert len(kept) == 2


def test_nothing_is_waited_for_where_nothing_was_replaced(tmp_path: Path) -> None:
    """Steps that are added are published, and that is all."""
    values = noisy(42, 90, 180)
    path = write_cube(tmp_path / "a.zarr", {"t": values[:40]}, chunks=(1, 90, 180))
    bring(path)
    append(path, {"t": values[40:]})
    told: list[str] = []
    bring(path, grace_s=1, tell=lambda what, done, total: told.append(what))
    assert set(told) == {"time series"}
    assert covered(path) == 42


def test_data_that_grow_are_followed(tmp_path: Path) -> None:
    """Added steps are published while it runs; damage is told, and does not end it."""
    values = noisy(6, 90, 180)
    path = write_cube(tmp_path / "a.zarr", {"t": values[:2]}, chunks=(1, 90, 180))
    command = [sys.executable, "-m", "tileserver", "optimize", str(path), "--follow", "1"]
    log = tmp_path / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream, text=True) as process,
    ):
        try:
            until(lambda: covered(path) == 2, process)
            metadata = (path / "zarr.json").read_bytes()
            (path / "zarr.json").write_bytes(b"{")
            until(lambda: "tried again in 1 s" in log.read_text(), process)
            (path / "zarr.json").write_bytes(metadata)
            append(path, {"t": values[2:]})
            until(lambda: covered(path) == 6, process)
        finally:
            process.terminate()
    assert not re.search(r"Traceback", log.read_text())
