"""Pyramids: what metadata may say wrong, which levels are left out, examples of conventions."""

import asyncio
import json
import math
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import zarr

from tests.sources.zarr.test_hierarchy import axes, finished, put
from tests.sources.zarr.zarrs import opened, read
from tileserver.errors import CatalogError
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.zarr.hierarchy import Hierarchy
from tileserver.sources.zarr.pyramid import Pyramids
from tileserver.sources.zarr.pyramid_folder import read_store

EXAMPLES = Path(__file__).parents[4] / "shared/data/eopf/zcm_multiscales_examples"
DIMS = ("y", "x")
SIZES = {"0": 32, "1": 16, "2": 8}


def pyramid(path: Path, attrs: dict[str, object]) -> Path:
    """Three groups of one variable, each with coordinates of its own."""
    root = zarr.create_group(path, zarr_format=2)
    root.attrs.update({"proj:code": "EPSG:32632", **attrs})
    for number, (name, size) in enumerate(SIZES.items()):
        group = root.create_group(name)
        axes(group, 10.0 * 2**number, (size, size))
        put(group, "a", np.full((size, size), number, "u1"), DIMS)
    return finished(root)


def layout(*items: object) -> dict[str, object]:
    return {"multiscales": {"layout": list(items)}}


def datasets(*items: object) -> dict[str, object]:
    return {"multiscales": [{"datasets": list(items)}]}


@pytest.mark.parametrize(
    "attrs",
    [
        {"multiscales": 5},
        {"multiscales": {}},
        {"multiscales": []},
        {"multiscales": [None]},
        {"multiscales": [{"datasets": 7}]},
        {"multiscales": {"layout": None, "tile_matrix_limits": ["0"]}},
        {"multiscales": {"tile_matrix_set": {"tileMatrices": [None, {"id": ["0"]}]}}},
        {"ome": ["multiscales"]},
        layout(None, 3, {}, {"asset": 0}, {"asset": "../0"}, {"asset": "nowhere"}),
        datasets(None, {"path": 0}, {"path": "../../0"}, {"path": "none"}),
        {"spatial:transform": "10 0 0"},
    ],
)
def test_what_tells_no_level_makes_none(tmp_path: Path, attrs: dict[str, object]) -> None:
    """The groups are variables then, and nothing else is harmed."""
    assert set(opened(pyramid(tmp_path / "a.zarr", attrs)).cube.variables) == {"0.a", "1.a", "2.a"}


@pytest.mark.parametrize(
    "about",
    [
        {"transform": {"scale": ["a", None]}},
        {"transform": {"scale": [0.0, 0.0]}, "derived_from": "0"},
        {"transform": {"scale": [1e999, math.nan]}, "derived_from": "1"},
        {"transform": 5, "derived_from": {"asset": "0"}},
        {"spatial:transform": [math.nan] * 6},
        {"spatial:transform": ["a", 0, 0, 0, 0, 0]},
        {"proj:transform": [1, 2]},
    ],
)
def test_coordinates_are_believed_before_transforms(
    tmp_path: Path, about: dict[str, object]
) -> None:
    """Levels with coordinates lie where these say, whatever the list of levels says of them."""
    items = [{"asset": name, **about} for name in SIZES]
    [variable] = opened(pyramid(tmp_path / "a.zarr", layout(*items))).cube.variables.values()
    assert [level.grid.resolution[0] for level in variable.levels] == [10.0, 20.0, 40.0]
    assert len({level.grid.bounds for level in variable.levels}) == 1


@pytest.mark.parametrize("scale", [[0, 0], ["a", "b"], [1e999, 1.0], 3])
def test_arrays_of_no_place(tmp_path: Path, scale: object) -> None:
    """Without a usable scale, transform or coordinate there is a reason, and no map."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    put(root, "0", np.ones((8, 8)), DIMS)
    steps = [{"type": "scale", "scale": scale}]
    root.attrs.update(datasets({"path": "0", "coordinateTransformations": steps}))
    path = finished(root)
    with pytest.raises(CatalogError, match="nothing here is a map: variable 'data'"):
        opened(path, crs="EPSG:32632")


def test_levels_of_one_resolution_are_one(tmp_path: Path) -> None:
    """Two pyramids of one band meet: what both have is taken once."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    root.attrs.update({"proj:code": "EPSG:32632"})
    for name, number in (("r10m/0", 0), ("r10m/1", 1), ("r20m/0", 1), ("r20m/1", 2)):
        group, size = root.require_group(name), 32 // 2**number
        axes(group, 10.0 * 2**number, (size, size))
        put(group, "a", np.full((size, size), number, "u1"), DIMS)
    for name in ("r10m", "r20m"):
        root[name].attrs.update(layout({"asset": "0"}, {"asset": "1"}))
    cube = opened(finished(root)).cube
    [variable] = cube.variables.values()
    assert variable.id == "a"
    assert [level.shape for level in variable.levels] == [(32, 32), (16, 16), (8, 8)]
    assert cube.warnings == ()


def unlike(path: Path, **attrs: object) -> tuple[int, tuple[str, ...]]:
    """How many levels are left where the second has other attributes, and what is told."""
    found = pyramid(path, layout(*({"asset": name} for name in SIZES)))
    array = zarr.open_group(found)["1/a"]
    array.attrs.update(attrs)
    zarr.consolidate_metadata(found)
    cube = opened(found).cube
    return len(cube.variables["a"].levels), cube.warnings


def test_levels_that_are_none_are_told(tmp_path: Path) -> None:
    """Each reason with the arrays that it is of."""
    count, [told] = unlike(tmp_path / "a.zarr", scale_factor=0.1)
    assert (count, told) == (
        2, "levels 1/a are left out, being of numbers stored otherwise than in the finest level",
    )  # fmt: skip
    count, [told] = unlike(tmp_path / "b.zarr", **{"proj:code": "EPSG:32633"})
    assert (count, told) == (
        2, "levels 1/a are left out, being of another CRS than the finest level",
    )  # fmt: skip


def test_levels_of_other_times_are_left_out(tmp_path: Path) -> None:
    """As many steps, but not the same ones."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=3)
    root.attrs.update({"proj:code": "EPSG:32632"})
    for name, step, first in (("r10m", 10.0, 0), ("r20m", 20.0, 0), ("r40m", 40.0, 7)):
        group, size = root.create_group(name), int(320 / step)
        axes(group, step, (size, size))
        put(group, "time", first + np.arange(2), ("time",), units="days since 2024-01-01")
        put(group, "a", np.zeros((2, size, size), "u1"), ("time", *DIMS))
    cube = opened(finished(root, "listed")).cube
    assert len(cube.variables["a"].levels) == 2
    assert "levels r40m/a are left out, being of other steps than the finest level" in cube.warnings


def test_one_band_can_be_had_alone(tmp_path: Path) -> None:
    """A level named as the group is no pyramid."""
    path = pyramid(tmp_path / "a.zarr", layout(*({"asset": name} for name in SIZES)))
    [variable] = opened(path, group="1").cube.variables.values()
    assert [level.shape for level in variable.levels] == [(16, 16)]
    assert (read(path, "a", group="1") == 1).all()


@pytest.mark.parametrize(
    ("name", "rungs"),
    [
        ("power-of-2-pyramid", {"0": (1, None), "1": (2, None), "2": (8, None)}),
        ("custom-pyramid-levels", {"full": (1, None), "half": (2, None), "eighth": (64, None)}),
        ("geospatial-pyramid", {"0": (1, 10.0), "1": (2, 20.0), "2": (4, 40.0)}),
        ("sentinel-2-multiresolution", {"r10m": (1, 10.0), "r60m": (6, 60.0), "r720m": (72, 720)}),
        ("dem-multiresolution", {"dem_30m": (1, 0.000277778), "dem_270m": (9, 0.0025)}),
        ("array-based-pyramid", {"0/data": (1, None), "2/data": (4, None)}),
    ],
)
def test_examples_of_the_convention(name: str, rungs: dict[str, tuple[float, float]]) -> None:
    """Levels, their sizes in cells of the first, and their own transforms."""
    file = EXAMPLES / f"{name}.json"
    if not file.exists():
        pytest.skip("needs ../shared/data/eopf")
    attrs = json.loads(file.read_text())["attributes"]
    assets = [item["asset"] for item in attrs["multiscales"]["layout"]]
    arrays = {a if a.endswith("data") else f"{a}/data": {} for a in assets}
    known = {"": attrs, **{a: {} for a in assets}, **{a: {} for a in arrays}}
    found = Pyramids.of(Hierarchy(arrays, known, consolidated=True))
    assert {found.variable_id(path, "") for path in arrays} == {"data"}
    for path, (factor, step) in rungs.items():
        rung = found.rungs[path]
        assert rung.factor == (factor, factor)
        assert (rung.transform and rung.transform[0]) == step


def test_arrays_of_their_own_names_are_no_levels_of_each_other(tmp_path: Path) -> None:
    """As GDAL lists overviews: of two arrays, in a group beside them."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=3)
    names = ("b04", "b08", "ovr_2x/b04", "ovr_2x/b08")
    root.attrs.update({"proj:code": "EPSG:32632", **layout(*({"asset": n} for n in names))})
    axes(root, 10.0, (16, 16))
    axes(root.create_group("ovr_2x"), 20.0, (8, 8))
    for number, name in enumerate(names):
        size = 8 if "/" in name else 16
        group, _, last = name.rpartition("/")
        put(root[group] if group else root, last, np.full((size, size), number, "u1"), DIMS)
    path = finished(root, "listed")
    found = opened(path).cube.variables
    assert {n: [level.shape[0] for level in v.levels] for n, v in found.items()} == {
        "b04": [16, 8], "b08": [16, 8],
    }  # fmt: skip
    assert (read(path, "b08") == 1).all()


def test_ids_that_meet_are_told(tmp_path: Path) -> None:
    """A dot in a name may make two arrays one id: the second is not taken for a level."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=3)
    root.attrs.update({"proj:code": "EPSG:32632"})
    axes(root, 10.0, (8, 8))
    for group, name in (("a", "b.c"), ("a.b", "c")):
        put(root.create_group(group), name, np.zeros((8, 8), "u1"), DIMS)
    cube = opened(finished(root, "listed")).cube
    assert list(cube.variables) == ["a.b.c"]
    assert "array 'a/b.c': 'a.b/c' has its id already: rename one" in cube.warnings


class Silent(SimpleHTTPRequestHandler):
    """Serves files, and no listings."""

    def list_directory(self, path: object) -> None:
        self.send_error(404)

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.parametrize(
    "about", [None, {"num_levels": 2}, {"num_levels": "2"}, {"num_levels": -1}]
)
def test_a_levels_folder_that_cannot_be_listed(
    tmp_path: Path, about: dict[str, object] | None
) -> None:
    """Over HTTP its levels are looked for by their names."""
    folder = tmp_path / "a.levels"
    for number in (0, 1):
        source = pyramid(tmp_path / f"p{number}", {})
        shutil.copytree(source / str(number), folder / f"{number}.zarr")
        zarr.consolidate_metadata(folder / f"{number}.zarr")
    if about is not None:
        (folder / ".zlevels").write_text(json.dumps(about))
    handler = partial(Silent, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a.levels"
        store = open_store(url, Storage(allow_http=True, allow_private=True))
        found = asyncio.run(read_store(store, ""))
        server.shutdown()
    assert sorted(found.arrays) == [f"{n}.zarr/{name}" for n in (0, 1) for name in ("a", "x", "y")]
    assert found.consolidated


@pytest.mark.parametrize("link", ["s3://bucket/base.zarr", "/etc", "..", ".", "a/../../b", "\0"])
def test_links_out_of_the_dataset_are_refused(tmp_path: Path, link: str) -> None:
    """Whatever they are called."""
    folder = tmp_path / "a.levels"
    shutil.copytree(pyramid(tmp_path / "p", {}) / "1", folder / "1.zarr")
    (folder / "0.link").write_text(link)
    with pytest.raises(CatalogError, match=r"0\.link names|no Zarr store at"):
        opened(folder)
