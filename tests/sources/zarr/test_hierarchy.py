"""Trees of groups: found however their metadata is kept, and what groups take from those above."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from tests.sources.zarr.zarrs import opened, read
from tileserver.cube import Cube
from tileserver.errors import CatalogError

pytestmark = pytest.mark.filterwarnings("ignore:Consolidated metadata")
FORMATS = [2, 3]
HOW = ["consolidated", "listed"]
SHAPE = (6, 8)
UTM = {"proj:code": "EPSG:32632"}


def put(
    group: zarr.Group, name: str, values: Any, dims: tuple[str, ...], **attrs: object
) -> zarr.Array:
    """One array with its dimensions, in either format."""
    data = np.asarray(values)
    is_new = group.metadata.zarr_format == 3
    array = group.create_array(
        name, shape=data.shape, dtype=data.dtype, **({"dimension_names": dims} if is_new else {})
    )
    array.attrs.update({**({} if is_new else {"_ARRAY_DIMENSIONS": list(dims)}), **attrs})
    array[...] = data
    return array


def axes(group: zarr.Group, step: float = 10.0, shape: tuple[int, int] = SHAPE) -> None:
    put(group, "y", 5_000_000.0 - step * (np.arange(shape[0]) + 0.5), ("y",))
    put(group, "x", 600_000.0 + step * (np.arange(shape[1]) + 0.5), ("x",))


def finished(root: zarr.Group, how: str = "consolidated") -> Path:
    path = Path(str(root.store).removeprefix("file://"))
    if how == "consolidated":
        zarr.consolidate_metadata(path)
    return path


def numbers(seed: int = 0) -> np.ndarray:
    return (np.arange(48).reshape(SHAPE) * 7 + seed) % 101


def tree(path: Path, zarr_format: int, how: str) -> Path:
    """Bands and a mask in groups, with coordinates and the CRS above them."""
    root = zarr.create_group(path, zarr_format=zarr_format)
    root.attrs.update({**UTM, "title": "Product"})
    measured = root.create_group("measurements")
    axes(measured)
    put(measured.create_group("reflectance"), "b04", numbers(4), ("y", "x"), long_name="Red")
    put(root["measurements/reflectance"], "b08", numbers(8), ("y", "x"))
    mask = root.create_group("quality/mask")
    axes(mask, 20.0)
    put(mask, "b04", numbers(5), ("y", "x"), long_name="Red")
    put(root.create_group("conditions"), "angle", np.arange(3.0), ("n",))
    return finished(root, how)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("zarr_format", FORMATS)
def test_groups_are_parts_of_ids(tmp_path: Path, zarr_format: int, how: str) -> None:
    """All maps below the root, each on the coordinates of the nearest group that has them."""
    path = tree(tmp_path / "a.zarr", zarr_format, how)
    cube = opened(path).cube
    assert set(cube.variables) == {
        "measurements.reflectance.b04", "measurements.reflectance.b08", "quality.mask.b04",
    }  # fmt: skip
    np.testing.assert_array_equal(read(path, "measurements.reflectance.b08"), numbers(8))
    np.testing.assert_array_equal(read(path, "quality.mask.b04"), numbers(5))
    assert cube.variables["measurements.reflectance.b04"].grid.bounds == (
        600_000.0, 4_999_940.0, 600_080.0, 5_000_000.0,
    )  # fmt: skip
    assert cube.variables["quality.mask.b04"].grid.resolution == (20.0, 20.0)
    assert all(v.grid.crs.to_epsg() == 32632 for v in cube.variables.values())
    assert (cube.title, len(cube.warnings)) == ("Product", int(how == "listed"))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.parametrize("group", ["measurements/reflectance", "/measurements/reflectance/"])
def test_a_group_alone(tmp_path: Path, zarr_format: int, how: str, group: str) -> None:
    """Its ids begin below it; coordinates and the CRS come from above all the same."""
    path = tree(tmp_path / "a.zarr", zarr_format, how)
    cube = opened(path, group=group).cube
    assert list(cube.variables) == ["b04", "b08"]
    assert cube.variables["b04"].grid.crs.to_epsg() == 32632
    np.testing.assert_array_equal(read(path, "b04", group=group), numbers(4))


@pytest.mark.parametrize("zarr_format", FORMATS)
def test_a_group_that_alone_is_consolidated(tmp_path: Path, zarr_format: int) -> None:
    """Its own documents are one; those above are read one by one."""
    path = tree(tmp_path / "a.zarr", zarr_format, "listed")
    zarr.consolidate_metadata(path, path="measurements/reflectance")
    cube = opened(path, group="measurements/reflectance").cube
    assert list(cube.variables) == ["b04", "b08"]
    assert cube.warnings == ()


@pytest.mark.parametrize("group", ["measurement", "measurements/b04", "quality/mask/b04/none"])
@pytest.mark.parametrize("how", HOW)
def test_no_such_group(tmp_path: Path, how: str, group: str) -> None:
    """Its name is told."""
    path = tree(tmp_path / "a.zarr", 2, how)
    with pytest.raises(CatalogError, match=f"group='{group}': no such group"):
        opened(path, group=group)


def test_titles_tell_variables_apart(tmp_path: Path) -> None:
    """Of two of one name each is followed by its id."""
    cube = opened(tree(tmp_path / "a.zarr", 2, "consolidated")).cube
    titles = {name: variable.title for name, variable in cube.variables.items()}
    assert titles["measurements.reflectance.b08"] is None
    assert titles["quality.mask.b04"] == "Red (quality.mask.b04)"


def test_degrees_take_no_crs_from_above(tmp_path: Path) -> None:
    """Weather on longitudes and latitudes in a product that lies in a UTM zone."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    root.attrs.update({"stac_discovery": {"properties": {"proj:epsg": 32632}}})
    axes(root)
    put(root, "b", numbers(), ("y", "x"))
    weather = root.create_group("weather")
    put(weather, "latitude", 45 - 0.1 * np.arange(6), ("latitude",), units="degrees_north")
    put(weather, "longitude", 9 + 0.1 * np.arange(8), ("longitude",), units="degrees_east")
    put(weather, "t", numbers(), ("latitude", "longitude"))
    found = opened(finished(root)).cube.variables
    assert found["b"].grid.crs.to_epsg() == 32632
    assert found["weather.t"].grid.crs.is_geographic


def test_metres_are_no_degrees(tmp_path: Path) -> None:
    """A CRS that cannot be that of the coordinates is told, rather than drawn somewhere."""
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    root.attrs.update({"proj:code": "EPSG:4326"})
    axes(root)
    put(root, "b", numbers(), ("y", "x"))
    path = finished(root)
    with pytest.raises(CatalogError, match=r"coordinates reach 5e\+06, which are no degrees"):
        opened(path)
    assert opened(path, crs="EPSG:32632").cube.variables["b"].grid.crs.to_epsg() == 32632


def stepped(path: Path, times: dict[str, list[int]]) -> Cube:
    """Groups with a time axis of their own each."""
    root = zarr.create_group(path, zarr_format=3)
    root.attrs.update(UTM)
    axes(root)
    for name, steps in times.items():
        group = root.require_group(name)
        if "time" not in group:
            put(group, "time", np.array(steps), ("time",), units="days since 2024-01-01")
        for part in "pq"[: 1 + (name == "daily")]:
            put(group, part, np.stack([numbers()] * len(steps)), ("time", "y", "x"))
    return opened(finished(root, "listed")).cube


def test_axes_that_differ_have_names_of_their_own(tmp_path: Path) -> None:
    """`time` is that of most variables; equal ones are one."""
    cube = stepped(tmp_path / "a.zarr", {"a": [0, 31], "daily": [0, 1, 2], "z": [0, 31]})
    assert {n: v.dims for n, v in cube.variables.items()} == {
        "a.p": ("time",), "z.p": ("time",), "daily.p": ("time_daily",), "daily.q": ("time_daily",),
    }  # fmt: skip
    assert {name: d.size for name, d in cube.dimensions.items()} == {"time": 2, "time_daily": 3}
    assert cube.dimensions["time_daily"].kind == "time"
    assert cube.time is not None
    assert cube.time.last == "2024-02-01T00:00:00Z"


def test_as_many_steps_need_not_be_the_same(tmp_path: Path) -> None:
    """Axes of one size with other times are two."""
    cube = stepped(tmp_path / "a.zarr", {"a": [0, 31], "b": [5, 6], "c": [0, 31]})
    assert {n: v.dims for n, v in cube.variables.items()} == {
        "a.p": ("time",), "b.p": ("time_b",), "c.p": ("time",),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["../secret", "a/../../secret", "/etc", "a//b", "c\\d"])
@pytest.mark.parametrize("zarr_format", FORMATS)
def test_names_that_lead_out(tmp_path: Path, zarr_format: int, name: str) -> None:
    """Metadata names no path out of the store."""
    path = tree(tmp_path / "a.zarr", zarr_format, "consolidated")
    file = path / (".zmetadata" if zarr_format == 2 else "zarr.json")
    document = json.loads(file.read_text())
    if zarr_format == 2:
        array = document["metadata"]["quality/mask/b04/.zarray"]
        document["metadata"][f"{name}/.zarray"] = array
    else:
        entries = document["consolidated_metadata"]["metadata"]
        entries[name] = entries["quality/mask/b04"]
    file.write_text(json.dumps(document))
    with pytest.raises(CatalogError, match="which is no path in the store"):
        opened(path)


def test_groups_without_end(tmp_path: Path) -> None:
    """Groups in groups are followed so far and no farther."""
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    for _ in range(17):
        group = group.create_group("g")
    with pytest.raises(CatalogError, match="more than 16 deep: name one as the group"):
        opened(tmp_path / "a.zarr")


@pytest.mark.parametrize("group", ["", "measurements/reflectance"])
def test_a_product_is_called_by_its_item(tmp_path: Path, group: str) -> None:
    """Where nothing has a title, whichever group is asked for."""
    path = tree(tmp_path / "a.zarr", 2, "listed")
    root = zarr.open_group(path)
    root.attrs.put({**UTM, "stac_discovery": {"id": "S2A_MSIL2A", "properties": None}})
    assert opened(path, group=group).cube.title == "S2A_MSIL2A"
