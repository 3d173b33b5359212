"""A source and its copies read as one."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from tileserver.cache import ByteCache
from tileserver.config import DatasetConfig
from tileserver.cube import Raw
from tileserver.dataset import make_dataset
from tileserver.errors import CatalogError, InvalidParameter
from tileserver.layer import find_layer, select
from tileserver.plan import ReadPlan
from tileserver.scale.optimize import Optimizer, Wanted
from tileserver.scale.target import Target
from tileserver.scale.task import Threads
from tileserver.services import coverage, statistics, transect
from tileserver.sources.manifest import Manifest, folder_of
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.optimized import OptimizedSource
from tileserver.sources.source import Source

from ..scale.cubes import append, noisy, write_cube

STEPS, HEIGHT, WIDTH = 12, 300, 600
WINDOW = (slice(3, 9), slice(10, 20), slice(590, 600))


def optimize(path: Path, wanted: Wanted | None = None) -> None:
    origin = Origin((str(path),), path.parent)
    target = Target(folder_of(str(path)))
    Optimizer(origin, target, wanted or Wanted(), Threads(2), grace_s=0).run()


def opened(path: Path, **told: object) -> Source:
    cache: ByteCache[Raw] = ByteCache(64 << 20, lambda chunk: chunk.nbytes)
    origin = Origin((str(path),), path.parent, **told)  # type: ignore[arg-type]
    return asyncio.run(open_source(origin, cache=cache, pool=ThreadPoolExecutor(1)))


def read(source: Source, level: int, window: tuple[slice, ...] = WINDOW) -> Raw:
    return asyncio.run(source.read(ReadPlan("t", level, window)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A cube with all copies."""
    values = {"t": noisy(STEPS, HEIGHT, WIDTH)}
    path = write_cube(tmp_path / "a.zarr", values, chunks=(1, HEIGHT, WIDTH))
    optimize(path)
    return path


def test_levels_and_series_are_the_variables(path: Path) -> None:
    """The cube's variable has the levels of the overviews, and the copy along time."""
    source = opened(path)
    variable = source.cube.variables["t"]
    assert isinstance(source, OptimizedSource)
    assert [level.shape[-2:] for level in variable.levels] == [(300, 600), (150, 300), (75, 150)]
    assert all(level.grid.x.wraps for level in variable.levels)
    assert variable.series is not None
    assert variable.series.chunks[0] == STEPS
    assert source.cube.warnings == opened(path, optimized=False).cube.warnings


def test_series_are_the_sources_numbers(path: Path) -> None:
    """What is read along time is what the finest level holds, across the grid's seam too."""
    source = opened(path)
    series = len(source.cube.variables["t"].levels)
    for cols in (slice(590, 600), slice(595, 605)):
        window = (*WINDOW[:2], cols)
        np.testing.assert_array_equal(read(source, series, window), read(source, 0, window))


def test_steps_that_were_added_are_read_from_the_source(path: Path) -> None:
    """Beyond what the copies cover: series go on, coarse levels are not offered."""
    append(path, {"t": noisy(STEPS + 2, HEIGHT, WIDTH)[:2]})
    source = opened(path)
    variable = source.cube.variables["t"]
    assert variable.series is not None
    assert variable.series.steps == STEPS
    assert [level.steps for level in variable.levels] == [None, STEPS, STEPS]
    assert len(variable.reaching(STEPS - 1).levels) == 3
    assert len(variable.reaching(STEPS).levels) == 1
    window = (slice(STEPS - 3, STEPS + 2), *WINDOW[1:])
    np.testing.assert_array_equal(
        read(source, len(variable.levels), window), read(source, 0, window)
    )


def test_segments_are_one_series(path: Path) -> None:
    """Steps of several segments come one behind the other."""
    append(path, {"t": noisy(STEPS + 2, HEIGHT, WIDTH)[:2]})
    optimize(path)
    source = opened(path)
    assert isinstance(source, OptimizedSource)
    assert [part.stop for part in source.series] == [STEPS, STEPS + 2]
    window = (slice(STEPS - 3, STEPS + 2), *WINDOW[1:])
    series = len(source.cube.variables["t"].levels)
    np.testing.assert_array_equal(read(source, series, window), read(source, 0, window))


def test_copies_of_other_data_are_not_used(path: Path) -> None:
    """The source was written anew: it is served without its copies, and says what to do."""
    shutil.rmtree(path)
    write_cube(path, {"t": noisy(STEPS, HEIGHT, WIDTH) + 1}, chunks=(1, HEIGHT, WIDTH))
    source = opened(path)
    assert len(source.cube.variables["t"].levels) == 1
    assert source.cube.variables["t"].series is None
    assert [w for w in source.cube.warnings if "tileserver optimize" in w]


@pytest.mark.parametrize("text", [b"{", b'{"format": 9}', b'{"format": 1, "source": "a.zarr"}'])
def test_damaged_manifest_harms_no_source(path: Path, text: bytes) -> None:
    """The source is served as it is, with a warning."""
    (path.parent / "a.optimized" / "manifest.json").write_bytes(text)
    source = opened(path)
    assert len(source.cube.variables["t"].levels) == 1
    assert any(w.startswith("manifest.json: ") for w in source.cube.warnings)


def test_copies_are_noticed_when_they_change(path: Path) -> None:
    """The watch tells of a new manifest."""
    source = opened(path)
    assert asyncio.run(source.watch.is_current())
    target = Target(folder_of(str(path)))
    manifest = target.manifest()
    assert manifest is not None
    target.publish(Manifest(manifest.source, manifest.group, None, manifest.time_series))
    assert not asyncio.run(source.watch.is_current())


def test_manifests_are_read_as_they_are_written(path: Path) -> None:
    """To JSON and back."""
    manifest = Target(folder_of(str(path))).manifest()
    assert manifest is not None
    assert Manifest.parse(manifest.to_json()) == manifest


@pytest.mark.parametrize("name", ["../other", "/etc", "", "a/../../b"])
def test_manifest_names_nothing_outside(path: Path, name: str) -> None:
    """Stores lie below the manifest's folder."""
    manifest = (path.parent / "a.optimized" / "manifest.json").read_text()
    store = Manifest.parse(manifest.encode()).overviews
    assert store is not None
    with pytest.raises(CatalogError, match="damaged"):
        Manifest.parse(manifest.replace(store.store, name).encode())


def test_folder_that_the_catalogue_names(path: Path, tmp_path: Path) -> None:
    """Copies may lie elsewhere; false means none."""
    shutil.move(tmp_path / "a.optimized", tmp_path / "copies")
    assert len(opened(path).cube.variables["t"].levels) == 1
    assert len(opened(path, optimized="copies").cube.variables["t"].levels) == 3
    assert len(opened(path, optimized=False).cube.variables["t"].levels) == 1


def test_steps_without_overviews_are_read_from_the_finest(path: Path) -> None:
    """Statistics, blocks and sections of a step that was added take no level that lacks it."""
    append(path, {"t": noisy(STEPS + 2, HEIGHT, WIDTH)[:2]})
    dataset = make_dataset(DatasetConfig(id="a", url=str(path)), opened(path))
    cube, layer = dataset.source.cube, find_layer(dataset, "t", None)
    box, line = (-180.0, -90.0, 180.0, 90.0), [(-170.0, -80.0), (170.0, 80.0)]
    for step, coarse in ((STEPS - 1, True), (STEPS, False)):
        time = cube.dimensions["time"].label(step)
        selection = select(cube, layer, {"time": time})
        block = coverage.prepare(cube, layer, selection, box, size=(9, 18), most_steps=1,
                                 start=time, end=time)  # fmt: skip
        section = transect.prepare(cube, layer, selection, line, points=8)
        parts = (*block.parts, *section.parts)
        assert [part.level > 0 for part in parts] == [coarse, coarse]
        levels = layer.reaching(step).variables[0].levels
        assert len(levels) == (3 if coarse else 1)
        with pytest.raises(InvalidParameter) if not coarse else nullcontext():
            statistics.prepare(layer, selection, level=2)


def test_stores_that_were_exchanged_are_not_read(path: Path, tmp_path: Path) -> None:
    """Copies of another shape than the manifest says harm nothing, and are told of."""
    other = tmp_path / "b.zarr"
    write_cube(other, {"t": noisy(STEPS, HEIGHT * 2, WIDTH * 2)}, chunks=(1, 600, 1200))
    optimize(other)
    for pattern in ("overviews-*.zarr", "time-series-*/*.zarr"):
        [mine] = (tmp_path / "a.optimized").glob(pattern)
        [others] = (tmp_path / "b.optimized").glob(pattern)
        shutil.rmtree(mine)
        shutil.copytree(others, mine)
    source = opened(path)
    variable = source.cube.variables["t"]
    assert (len(variable.levels), variable.series) == (1, None)
    assert sum("shapes" in warning for warning in source.cube.warnings) == 2


def test_stack_of_tiffs_has_copies(tmp_path: Path) -> None:
    """Beside its folder; packed numbers are rounded once, in cells that the edge cuts too."""
    values = np.random.default_rng(1).integers(0, 10_000, (3, 601, 703)).astype(np.int16)
    values[:, :50, :50] = -1
    (tmp_path / "n").mkdir()
    for day, numbers in enumerate(values, 1):
        profile = {"driver": "GTiff", "dtype": "int16", "count": 1, "nodata": -1, "tiled": True}
        place = {"crs": "EPSG:32632", "transform": from_origin(3e5, 5.9e6, 100, 100)}
        size = {"height": 601, "width": 703, "blockxsize": 256, "blockysize": 256}
        with rasterio.open(tmp_path / f"n/2020010{day}.tif", "w", **profile, **place, **size) as f:
            f.write(numbers, 1)
            f.scales = (0.1,)
    pattern = r"(?P<time>\d{8})\.tif"
    url = str(tmp_path / "n" / "*.tif")
    target = Target(folder_of(url))
    origin = Origin((url,), tmp_path, time_pattern=pattern)
    Optimizer(origin, target, Wanted(True, True), Threads(2), grace_s=0).run()
    cache: ByteCache[Raw] = ByteCache(64 << 20, lambda chunk: chunk.nbytes)
    source = asyncio.run(open_source(origin, cache=cache, pool=ThreadPoolExecutor(1)))
    [variable] = source.cube.variables.values()
    assert [level.shape for level in variable.levels] == [
        (3, 601, 703),
        (3, 301, 352),
        (3, 151, 176),
    ]
    whole = tuple(slice(0, n) for n in variable.levels[1].shape)
    data = xr.DataArray(np.where(values == -1, np.nan, values), dims=("time", "y", "x"))
    means = data.coarsen(y=2, x=2, boundary="pad").mean().round().fillna(-1)
    level = asyncio.run(source.read(ReadPlan(variable.id, 1, whole)))
    np.testing.assert_array_equal(level, means.astype(np.int16))
    window = (slice(1, 3), slice(590, 601), slice(600, 703))
    series = asyncio.run(source.read(ReadPlan(variable.id, 3, window)))
    np.testing.assert_array_equal(series, values[window])
