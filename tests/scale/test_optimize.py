"""Copies built by the command, held to their source by xarray and zarr."""

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from distributed import Client

from tileserver.errors import CatalogError
from tileserver.scale.optimize import Optimizer, Wanted
from tileserver.scale.target import Target
from tileserver.scale.task import Threads
from tileserver.sources.manifest import Manifest, folder_of
from tileserver.sources.opening import Origin

from .cubes import append, noisy, write_cube


def optimizer(path: Path, *, wanted: Wanted | None = None, to: Path | None = None) -> Optimizer:
    origin = Origin((str(path),), path.parent)
    target = Target(str(to or folder_of(str(path))))
    return Optimizer(origin, target, wanted or Wanted(), Threads(2), grace_s=0)


def published(path: Path) -> Manifest:
    manifest = Target(folder_of(str(path))).manifest()
    assert manifest is not None
    return manifest


def opened(path: Path, store: str, group: str | None = None) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return xr.open_zarr(Path(folder_of(str(path))) / store, group=group, chunks=None)


def series_of(path: Path, name: str) -> np.ndarray:
    """All segments, one behind the other."""
    told = published(path).time_series
    assert told is not None
    parts = [opened(path, segment.store)[name].values for segment in told.segments]
    return np.concatenate(parts)


def test_levels_are_what_xarray_makes(tmp_path: Path) -> None:
    """Each level equals xarray's coarsen of the source, with its coordinates and times."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(5, 600, 1200)}, chunks=(1, 250, 250))
    assert optimizer(path).run()
    told = published(path).overviews
    assert told is not None
    source = xr.open_zarr(path, chunks=None, consolidated=False)
    for number, (y, x) in enumerate(told.variables["t"].factors, 1):
        level = opened(path, told.store, str(number))
        coarse = source["t"].astype(np.float64).coarsen(lat=y, lon=x, boundary="pad").mean()
        np.testing.assert_allclose(level["t"].values, coarse.values, rtol=1e-5)
        np.testing.assert_allclose(level.lon.values, coarse.lon.values)
        assert level.time.equals(source.time)
    assert told.variables["t"].low == pytest.approx(np.nanmin(source["t"].values))


def test_copy_along_time_is_the_source(tmp_path: Path) -> None:
    """All cells at all steps, in chunks of all steps."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(30, 90, 180)})
    optimizer(path).run()
    told = published(path).time_series
    assert told is not None
    array = zarr.open_group(Path(folder_of(str(path))) / told.segments[0].store, mode="r")["t"]
    assert array.chunks[0] == 30
    np.testing.assert_array_equal(series_of(path, "t"), zarr.open_group(path, mode="r")["t"][...])


def test_packing_and_classes_are_kept(tmp_path: Path) -> None:
    """Stored numbers keep their type and packing; classes are the most frequent."""
    rng = np.random.default_rng(1)
    values = {
        "packed": rng.integers(-5, 500, (3, 400, 800)).astype(np.int16),
        "classes": rng.integers(0, 4, (3, 400, 800)).astype(np.uint8),
    }
    attributes: dict[str, dict[str, object]] = {
        "packed": {"scale_factor": 0.01, "add_offset": 3.0, "missing_value": -5},
        "classes": {"flag_values": [0, 1, 2, 3], "flag_meanings": "sea ice land lake"},
    }
    path = write_cube(tmp_path / "a.zarr", values, chunks=(1, 400, 800), attributes=attributes)
    optimizer(path).run()
    told = published(path).overviews
    assert told is not None
    assert {n: r.method for n, r in told.variables.items()} == {"packed": "mean", "classes": "mode"}
    level = opened(path, told.store, "1")
    source = xr.open_zarr(path, chunks=None, consolidated=False)["packed"]
    coarse = source.coarsen(lat=2, lon=2).mean()
    assert np.abs(level["packed"].values - coarse.values).max() <= 0.0051
    assert level["classes"].dtype == np.uint8


def test_what_is_there_is_not_done_again(tmp_path: Path) -> None:
    """A second run finds nothing to do, and changes nothing."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(4, 300, 600)})
    assert optimizer(path).run()
    before = stamps(tmp_path)
    assert optimizer(path).estimate() == []
    assert not optimizer(path).run()
    assert stamps(tmp_path) == before


def test_steps_that_are_added_are_all_that_is_done(tmp_path: Path) -> None:
    """What was published stays as it is; few tasks bring the rest; small segments are merged."""
    values = noisy(48, 270, 360)
    path = write_cube(tmp_path / "a.zarr", {"t": values[:40]}, chunks=(1, 270, 360))
    optimizer(path).run()
    first = stamps(tmp_path / "a.optimized")
    for stop in (42, 44, 46, 48):
        append(path, {"t": values[stop - 2 : stop]})
        costs = dict(optimizer(path).estimate())
        assert costs["overviews"].read_bytes == 2 * values[0].nbytes
        optimizer(path).run()
    np.testing.assert_array_equal(series_of(path, "t"), values)
    told = published(path)
    assert told.time_series is not None
    assert [s.stop for s in told.time_series.segments] == [40, 48]
    assert told.overviews is not None
    level = opened(path, told.overviews.store, "1")["t"]
    coarse = xr.DataArray(values.astype(np.float64), dims=("time", "lat", "lon"))
    expected = coarse.coarsen(lat=2, lon=2).mean()
    np.testing.assert_allclose(level.values, expected.values, rtol=1e-5)
    chunks = {key for key in first if "/c/" in key and "/t/" in key}
    after = stamps(tmp_path / "a.optimized")
    assert chunks
    assert {key: after.get(key) for key in chunks} == {key: first[key] for key in chunks}


def test_source_that_was_rewritten_is_copied_anew(tmp_path: Path) -> None:
    """Other values of the same shape: nothing of the old copies stays."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(4, 300, 600)})
    optimizer(path).run()
    old = published(path)
    shutil.rmtree(path)
    values = noisy(4, 300, 600) + 1
    write_cube(path, {"t": values})
    assert optimizer(path).run()
    new = published(path)
    assert new.overviews is not None
    assert old.overviews is not None
    assert new.overviews.store != old.overviews.store
    np.testing.assert_array_equal(series_of(path, "t"), values)
    assert {p.name for p in (tmp_path / "a.optimized").iterdir()} == {
        "manifest.json",
        new.overviews.store,
        new.time_series.segments[0].store.partition("/")[0] if new.time_series else "",
    }


@pytest.mark.parametrize(
    ("copy", "part"),
    [("--overviews", 0.5), ("--time-series", 0.3), ("--time-series", 0.6), ("--time-series", 0.9)],
)
def test_killed_run_goes_on(tmp_path: Path, copy: str, part: float) -> None:
    """What was done when it was killed is not done again, and the result has the same bytes."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(40, 280, 280)}, chunks=(1, 280, 280))
    wanted = Wanted(overviews=copy == "--overviews", time_series=copy == "--time-series")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    [(_, cost)] = optimizer(path, wanted=wanted, to=whole).estimate()
    optimizer(path, wanted=wanted, to=whole).run()
    command = [sys.executable, "-m", "tileserver", "optimize", str(path), "--to", str(broken)]
    with subprocess.Popen([*command, copy], stderr=subprocess.DEVNULL) as process:
        while len(done(broken)) < part * cost.tasks:
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert not (broken / "manifest.json").exists()
    again = optimizer(path, wanted=wanted, to=broken)
    told: list[int] = []
    again.tell = lambda what, count, total: told.append(count)
    again.run()
    assert told[0] >= part * cost.tasks
    assert contents(broken) == contents(whole)


def test_task_that_fails_keeps_what_is_done(tmp_path: Path) -> None:
    """The error is told, nothing is published, and the next run does the rest."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(6, 300, 600)}, chunks=(1, 300, 600))
    chunk = path / "t" / "c" / "4" / "0" / "0"
    sound = chunk.read_bytes()
    chunk.write_bytes(sound[: len(sound) // 2])
    with pytest.raises(Exception, match="damaged"):
        optimizer(path).run()
    assert Target(folder_of(str(path))).manifest() is None
    chunk.write_bytes(sound)
    assert optimizer(path).run()


def test_what_cannot_be_copied_says_why(tmp_path: Path) -> None:
    """Small maps need no overviews, methods have names, folders belong to one source."""
    small = write_cube(tmp_path / "small.zarr", {"t": noisy(2, 45, 90)}, chunks=(1, 45, 90))
    with pytest.raises(CatalogError, match="no variable needs any"):
        optimizer(small, wanted=Wanted(overviews=True)).run()
    still = write_cube(tmp_path / "still.zarr", {"t": noisy(1, 45, 90)}, chunks=(1, 45, 90))
    with pytest.raises(CatalogError, match="nothing to gain"):
        optimizer(still).run()
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(2, 300, 600)})
    with pytest.raises(CatalogError, match=r"method=t=average: expected one of mean"):
        optimizer(path, wanted=Wanted(methods={"t": "average"})).run()
    optimizer(path).run()
    with pytest.raises(CatalogError, match="name another folder"):
        optimizer(small, to=tmp_path / "a.optimized").run()


def test_executors_agree(tmp_path: Path, cluster: str) -> None:
    """Workers of a Dask cluster write the same bytes as threads."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(12, 300, 600)}, chunks=(1, 300, 600))
    for to, more in (("threads", []), ("cluster", ["--scheduler", cluster])):
        command = [sys.executable, "-m", "tileserver", "optimize", str(path), *more]
        subprocess.run([*command, "--to", str(tmp_path / to)], check=True, capture_output=True)
    assert contents(tmp_path / "threads") == contents(tmp_path / "cluster")


def test_worker_that_is_killed_is_made_up_for(tmp_path: Path, cluster: str) -> None:
    """One of the cluster's two processes dies in the middle: the result has the same bytes."""
    path = write_cube(tmp_path / "a.zarr", {"t": noisy(40, 280, 280)}, chunks=(1, 280, 280))
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    optimizer(path, to=whole).run()
    command = [sys.executable, "-m", "tileserver", "optimize", str(path), "--to", str(broken)]
    with Client(cluster, set_as_default=False) as client:
        victim = next(iter(client.run(os.getpid).values()))
    with subprocess.Popen([*command, "--scheduler", cluster], stderr=subprocess.DEVNULL) as process:
        while len(done(broken)) < 10:
            assert process.poll() is None
            time.sleep(0.002)
        os.kill(victim, signal.SIGKILL)
    assert process.returncode == 0
    assert contents(broken) == contents(whole)


def done(folder: Path) -> list[Path]:
    """The notes of tasks that are done."""
    found = []
    for root, _, names in os.walk(folder):
        if "/done/" in root:
            found += [Path(root, name) for name in names if name.endswith(".json")]
    return found


def stamps(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_partial_cells_are_known_by_level(tmp_path: Path) -> None:
    """The manifest has the most of any step, as xarray counts them."""
    values = noisy(3, 300, 600, gaps=0)
    values[0, 10:20, 5:9] = np.nan
    values[2, 33:34, 77:300] = np.nan
    path = write_cube(tmp_path / "a.zarr", {"t": values}, chunks=(1, 100, 200))
    optimizer(path).run()
    overviews = published(path).overviews
    assert overviews is not None
    told = overviews.variables["t"]
    known = xr.DataArray(values, dims=("time", "y", "x")).notnull().astype("f8")
    for (y, x), most in zip(told.factors, told.partial, strict=True):
        share = known.coarsen(y=y, x=x).mean()
        assert most == int(((share > 0) & (share < 1)).sum(("y", "x")).max())
